"""`amef run` in the guest, and a word to the host after every COMMIT that returned.

    promising.py SYNCHRONOUS run --config ...

    COMMIT returns --> {"events": {"17": "<hash>"}, "claimed": 3, "attempts": 3, "reported": 9}
                       to the virtio port "promises", before the program goes on

SYNCHRONOUS is `full`, and nothing of the program is changed; or `normal` or `off`: the mutants,
which put theirs where the ledger asks for FULL. The numbers only ever grow, each for rows that no
event tells of.
"""

import functools
import json
import os
import re
import sqlite3
import sys
from typing import Any

from host_calls import port

from agent.cli import main as amef

ASKS_FULL = re.compile(r"PRAGMA synchronous\s*=\s*FULL", re.IGNORECASE)
GROWING = """
    SELECT coalesce(sum(claimed), 0), coalesce(sum(attempts), 0),
           (SELECT count(*) FROM event WHERE reported_at_ms IS NOT NULL)
    FROM command
"""


class Promising(sqlite3.Connection):
    """A connection that tells of what it committed."""

    synchronous = "full"
    line = -1

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._told = 0

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:  # type: ignore[override]
        if self.synchronous != "full":
            sql = ASKS_FULL.sub(f"PRAGMA synchronous = {self.synchronous}", sql)
        done = super().execute(sql, *values)
        if sql.strip().upper() == "COMMIT":
            self._tell()
        return done

    def _tell(self) -> None:
        rows = super().execute("SELECT id, hash FROM event WHERE id > ?", (self._told,))
        events = {row[0]: row[1] for row in rows}
        self._told = max(events, default=self._told)
        claimed, attempts, reported = super().execute(GROWING).fetchone()
        told = {"events": events, "claimed": claimed, "attempts": attempts, "reported": reported}
        os.write(self.line, json.dumps(told).encode() + b"\n")


def main() -> None:
    Promising.synchronous = sys.argv.pop(1)
    Promising.line = os.open(port("promises"), os.O_WRONLY)
    sqlite3.connect = functools.partial(sqlite3.connect, factory=Promising)  # type: ignore[assignment]
    amef()


if __name__ == "__main__":
    main()
