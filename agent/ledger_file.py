"""The ledger as a file: opened, read, and written in whole transactions.

    LedgerError      the disk is full, read-only or gone: wait      nothing may be issued in either,
    LedgerDamaged    the file is not what was written: set aside    and neither loses anything

    schema.sql, schema_2, _3     a new ledger is made by all of them, an old one by those it lacks

The door to `sqlite3`, with `ledger_check.py` and `ledger_salvage.py` beside it, which look at files
that may be damaged.
"""

import json
import logging
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

from agent.entries import GENESIS, Event, LedgerEntry, entry_of, event_hash, event_of
from drivers.clock import Clock

log = logging.getLogger(__name__)

LEDGER_FILE = "ledger.sqlite3"
SCHEMAS = (
    "schema.sql",
    "schema_2.sql",
    "schema_3.sql",
)  # the n-th makes version n out of the one before
SCHEMA_VERSION = len(SCHEMAS)
VERSION_MAX = 1000  # a number beyond it was not written by a program of ours
BUSY_TIMEOUT_S = 10.0
EVENT = "id, at_ms, device_id, command_id, name, data"
# SQLITE_ERROR too: what we ask is always the same, and of a whole ledger it can be asked.
# A message that quotes damaged bytes cannot be decoded either.
TROUBLE = (sqlite3.Error, UnicodeDecodeError)
BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)


class LedgerError(Exception):
    """The ledger cannot be opened or written: nothing may be issued."""


class LedgerDamaged(LedgerError):
    """What stands in the file is not what was written: it must not be worked with."""


def renamed(error: sqlite3.Error | UnicodeDecodeError, path: Path | None = None) -> LedgerError:
    """Tell a file that is broken from a disk that is full, read-only or gone."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    broken = code in BROKEN or "decode" in str(error)
    return (LedgerDamaged if broken else LedgerError)(f"{path}: {error}" if path else str(error))


class LedgerFile:
    """A connection for one thread: what is read, and how it is written."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Open the ledger, making it if it is not there.

        Raises:
            LedgerDamaged: not a ledger.
            LedgerError: written by a newer program, or not writable.
        """
        self._clock = clock
        self._db = sqlite3.connect(":memory:")
        try:
            # Autocommit: every transaction is written out. The thread that uses it is not the one
            # that opened it.
            self._db = sqlite3.connect(
                path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            self._db.row_factory = sqlite3.Row
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA foreign_keys = ON")
            self._prepare()
        except TROUBLE as error:
            self._db.close()
            raise renamed(error, path) from error
        except LedgerError:
            self._db.close()
            raise

    def close(self) -> None:
        self._db.close()

    # reading

    def entry(self, command_id: str) -> LedgerEntry:
        """Return one command.

        Raises:
            LookupError: no such command.
        """
        found = self._entries("id = ?", command_id)
        if not found:
            raise LookupError(command_id)
        return found[0]

    def entries(self, limit: int) -> list[LedgerEntry]:
        return self._entries("TRUE ORDER BY arrival DESC LIMIT ?", limit)

    def held(self) -> list[LedgerEntry]:
        """Return what waits for a person, oldest first."""
        return self._entries("state = 'held' ORDER BY arrival")

    def began_at_ms(self) -> int:
        """When this file was made; what was due before is not ours to catch up."""
        rows = self._rows("SELECT min(at_ms) AS began FROM event")
        return rows[0]["began"] if rows and rows[0]["began"] is not None else self._clock.now_ms()

    def history(self, command_id: str) -> list[Event]:
        return self._events("command_id = ? ORDER BY id", command_id)

    def counts(self) -> dict[str, int]:
        """How many commands are in each state, and how many events wait for the cloud."""
        rows = self._rows("SELECT state, count(*) AS n FROM command GROUP BY state")
        waiting = self._rows("SELECT count(*) FROM event WHERE reported_at_ms IS NULL")
        return {row["state"]: row["n"] for row in rows} | {"unreported": waiting[0][0]}

    def _prepare(self) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        tables = self._db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        if not 0 <= version <= VERSION_MAX or bool(version) != bool(tables):
            raise LedgerDamaged(f"version {version} with {tables} tables: not a ledger")
        if version > SCHEMA_VERSION:
            raise LedgerError(
                f"the ledger is of version {version}, this program knows {SCHEMA_VERSION}"
            )
        if version < SCHEMA_VERSION:
            self._migrate()

    def _migrate(self) -> None:
        """Bring the file to our version, in one transaction; another program may just have."""
        with self._transaction():
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            for statement in statements(schema(since=version)):
                self._db.execute(statement)
            if version == 0:
                # Event numbers start at the time of making, so that a ledger that was lost and made
                # anew never tells the cloud another event under an old number.
                first = (self._clock.now_ms(),)
                self._db.execute("INSERT INTO sqlite_sequence VALUES ('event', ?)", first)
            elif version < SCHEMA_VERSION:
                log.warning("ledger.migrated", extra={"was": version, "now": SCHEMA_VERSION})
            self._db.execute(f"PRAGMA user_version = {max(version, SCHEMA_VERSION)}")

    # writing

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
        except TROUBLE as error:
            raise renamed(error) from error

    def _event(
        self, device_id: str, command_id: str | None, name: str, data: dict[str, Any]
    ) -> None:
        last = self._db.execute("SELECT hash FROM event ORDER BY id DESC LIMIT 1").fetchone()
        previous = last["hash"] if last else GENESIS
        log.info("ledger.%s", name, extra={"device_id": device_id, "command_id": command_id})
        row = (self._clock.now_ms(), device_id, command_id, name, json.dumps(data))
        digest = event_hash(previous, row)
        self._db.execute(
            "INSERT INTO event (at_ms, device_id, command_id, name, data, previous_hash, hash)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*row, previous, digest),
        )

    def _rows(self, question: str, *values: object) -> list[sqlite3.Row]:
        try:
            return self._db.execute(question, values).fetchall()
        except TROUBLE as error:
            raise renamed(error) from error

    def _entries(self, where: str, *values: object) -> list[LedgerEntry]:
        rows = self._rows(f"SELECT * FROM command WHERE {where}", *values)
        with understood():
            return [entry_of(dict(row)) for row in rows]

    def _events(self, where: str, *values: object) -> list[Event]:
        rows = self._rows(f"SELECT {EVENT} FROM event WHERE {where}", *values)
        with understood():
            return [event_of(dict(row)) for row in rows]


def schema(*, since: int = 0, until: int = SCHEMA_VERSION) -> str:
    """Return the SQL that leads from one version to another; SQLite would keep its comments."""
    folder = resources.files("agent")
    texts = [folder.joinpath(name).read_text(encoding="utf-8") for name in SCHEMAS[since:until]]
    return re.sub(r"[ ]*--[^\n]*", "", "\n".join(texts))


def statements(script: str) -> Iterator[str]:
    """Cut a script where SQLite says that a statement ends."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


@contextmanager
def understood() -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError) as error:
        raise LedgerDamaged(f"a row cannot be understood: {error}") from error
