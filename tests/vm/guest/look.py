"""Looks at a copy of the ledger after a cut, before the agent does, and says what is in it.

    look.py FOLDER  -->  {"integrity": "ok", "events": {"17": "<hash>"}, "wrong": [], ...}

`wrong` names every row that does not fit: a broken link of the events' chain, a state that is not
where the events lead by the table in agent/states.py.
"""

import json
import sqlite3
import sys
from pathlib import Path
from typing import Any

from promising import GROWING

from agent.states import IllegalTransition, State, Trigger, after


def look(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {"integrity": "no file"}
    try:
        db = sqlite3.connect(path)
        integrity = "; ".join(row[0] for row in db.execute("PRAGMA integrity_check"))
        tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master")}
    except sqlite3.Error as error:
        return {"integrity": f"does not open: {error}"}
    if not {"command", "event", "device"} <= tables:
        return {"integrity": "no tables"}
    claimed, attempts, reported = db.execute(GROWING).fetchone()
    return {
        "integrity": integrity,
        "events": dict(db.execute("SELECT id, hash FROM event").fetchall()),
        "states": dict(db.execute("SELECT state, count(*) FROM command GROUP BY state").fetchall()),
        "claimed": claimed,
        "attempts": attempts,
        "reported": reported,
        "wrong": [*broken_links(db), *impossible_states(db)],
        "foreign": len(db.execute("PRAGMA foreign_key_check").fetchall()),
    }


def broken_links(db: sqlite3.Connection) -> list[str]:
    found, last = [], "0" * 64
    for id_, previous, digest in db.execute("SELECT id, previous_hash, hash FROM event"):
        if previous != last:
            found.append(f"event {id_} does not follow the one before it")
        last = digest
    return found


def impossible_states(db: sqlite3.Connection) -> list[str]:
    triggers = {str(trigger) for trigger in Trigger}
    found = []
    for id_, stands in db.execute("SELECT id, state FROM command"):
        state = State.QUEUED
        names = db.execute("SELECT name FROM event WHERE command_id = ? ORDER BY id", (id_,))
        try:
            for (name,) in names:
                state = after(state, Trigger(name)) if name in triggers else state
        except IllegalTransition as error:
            found.append(f"command {id_}: {error}")
        if state != stands:
            found.append(f"command {id_} is {stands}, its events lead to {state}")
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(look(Path(sys.argv[1]) / "ledger.sqlite3")))
