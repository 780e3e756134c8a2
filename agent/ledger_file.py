"""The ledger as a file: opened, read, and written in whole transactions.

    LedgerError      the disk is full, read-only or gone: wait      nothing may be issued in either,
    LedgerDamaged    the file is not what was written: set aside    and neither loses anything

The door to `sqlite3`, with `ledger_check.py` and `ledger_salvage.py` beside it, which look at files
that may be damaged.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from agent.entries import Event, LedgerEntry, entry_of, event_of
from drivers.clock import Clock

LEDGER_FILE = "ledger.sqlite3"
SCHEMA_VERSION = 1
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
        if version == 0:
            # Event numbers start at the time of making, so that a ledger that was lost and made
            # anew never tells the cloud another event under an old number.
            first = f"INSERT INTO sqlite_sequence VALUES ('event', {self._clock.now_ms()});"
            self._db.executescript(
                f"BEGIN IMMEDIATE; {schema()} {first}"
                f" PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
            )

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


def schema() -> str:
    return resources.files("agent").joinpath("schema.sql").read_text(encoding="utf-8")


@contextmanager
def understood() -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError) as error:
        raise LedgerDamaged(f"a row cannot be understood: {error}") from error
