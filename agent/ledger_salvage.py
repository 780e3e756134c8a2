"""Read what can be read of a damaged ledger, row by row, on a copy; say in words what cannot.

    both ends --> <-- to the damage, then every row between; a lost first page is lent

Changes nothing; what is made of it is in `ledger_repair.py`.
"""

import hashlib
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from agent.entries import entry_of
from agent.ledger_check import Life, Wrong, live, log_damage, own_body, own_hash
from agent.ledger_file import SCHEMA_VERSION, TROUBLE, schema

PARTS = ("", "-wal", "-shm")
PROBES_MAX = 100_000
UNREAD_MAX = 50
ARCHIVE_TABLES = ("document", "z_row", "je_document", "archive_place")
PAGE = 4096
PLACE = "place_of_row"  # no column of ours is called so

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Salvage:
    """What could be read of a set-aside file, and in words what could not."""

    file: Path
    sha256: dict[str, str]
    commands: dict[str, Row]
    events: list[Row]
    devices: list[Row]
    uploads: list[Row]
    archive: dict[str, list[Row]]
    log_is_whole: bool
    unread: tuple[str, ...]

    def lives(self) -> dict[str, Life | None]:
        """What the events say of every command; None where they contradict each other."""
        lives: dict[str, Life] = {}
        wrong = set()
        for row in self.events:
            if row["command_id"] is not None:
                try:
                    live(lives, row)
                except (Wrong, ValueError, TypeError):
                    wrong.add(row["command_id"])
        known = {row["command_id"] for row in self.events if row["command_id"] is not None}
        return {id_: None if id_ in wrong else lives.get(id_) for id_ in known}


def salvage(aside: Path) -> Salvage:
    """Read all that can be read, on a copy; the set-aside file stays as it is."""
    parts = [file for p in PARTS if (file := aside.with_name(aside.name + p)).exists()]
    sha256 = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in parts}
    damage = log_damage(aside)
    unread = [str(damage)] if damage else []
    commands: list[Row] = []
    events: list[Row] = []
    devices: list[Row] = []
    uploads: list[Row] = []
    archive: dict[str, list[Row]] = {}
    with tempfile.TemporaryDirectory(dir=aside.parent) as folder:
        copy = Path(folder) / "copy"
        for part in PARTS[:2]:
            if (file := aside.with_name(aside.name + part)).exists():
                shutil.copyfile(file, copy.with_name(copy.name + part))
        if (db := _opened(copy, unread)) is not None:
            with closing(db):
                commands = _sound(_read(db, "command", "arrival", unread), unread, entry_of)
                events = _sound(_read(db, "event", "id", unread), unread, own_hash)
                devices = _read(db, "device", "rowid", unread)
                if _has_table(db, "upload"):  # not in a ledger of version 1
                    uploads = _sound(_read(db, "upload", "id", unread), unread, own_body)
                archive = _archive(db, unread)
    rows = {row["id"]: row for row in commands}
    unread = list(dict.fromkeys(unread))
    if len(unread) > UNREAD_MAX:
        unread = [*unread[:UNREAD_MAX], f"and {len(unread) - UNREAD_MAX} more"]
    whole = damage is None
    return Salvage(aside, sha256, rows, events, devices, uploads, archive, whole, tuple(unread))


def _archive(db: sqlite3.Connection, unread: list[str]) -> dict[str, list[Row]]:
    """The archive's index, since version 3: those rows that a new ledger takes.

    One that it would not take must not keep the rest from being recovered.
    """
    found = {}
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as scratch:
        scratch.executescript(schema())
        for table in ARCHIVE_TABLES:
            if _has_table(db, table):
                check = partial(_fits, scratch, table)
                found[table] = _sound(_read(db, table, "rowid", unread), unread, check)
    return found


def _fits(scratch: sqlite3.Connection, table: str, row: Row) -> None:
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    try:
        scratch.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(row.values()))
        json.loads(next((row[name] for name in ("facts", "figures") if name in row), "{}"))
    except sqlite3.Error as error:
        raise Wrong(f"{table}: {error}") from error


def _opened(copy: Path, unread: list[str]) -> sqlite3.Connection | None:
    """Open as it is, else with the first page of a new ledger, which is the same in all.

    In all of a version, that is; the tables of the first stand in the same places ever since.
    """
    lend = [partial(_lend_first_page, version=v) for v in range(SCHEMA_VERSION, 0, -1)]
    attempts: list[Callable[[Path], None] | None] = [None, *lend, _drop_log]
    for attempt in attempts:
        if attempt is not None:
            attempt(copy)
        db = sqlite3.connect(copy, isolation_level=None)
        db.row_factory = sqlite3.Row
        try:
            db.execute("SELECT count(*) FROM command LIMIT 1").fetchone()
            db.execute("SELECT max(id) FROM event").fetchone()
        except TROUBLE as error:
            unread.append(f"the file: {error}")
            if attempt in lend and _has_table(db, "command"):
                return db
            db.close()
        else:
            return db
    return None


def _has_table(db: sqlite3.Connection, name: str) -> bool:
    try:
        return bool(db.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (name,)).fetchone())
    except TROUBLE:
        return False


def _lend_first_page(copy: Path, version: int) -> None:
    data = copy.read_bytes()
    if len(data) <= PAGE:
        return
    model = copy.with_name(f"model{version}")
    with closing(sqlite3.connect(model)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(f"{schema(until=version)} PRAGMA user_version = {version};")
    first = bytearray(model.read_bytes()[:PAGE])
    first[28:40] = (len(data) // PAGE).to_bytes(4, "big") + bytes(8)  # its pages, none of them free
    copy.write_bytes(bytes(first) + data[PAGE:])


def _drop_log(copy: Path) -> None:
    copy.with_name(f"{copy.name}-wal").unlink(missing_ok=True)


def _read(db: sqlite3.Connection, table: str, key: str, unread: list[str]) -> list[Row]:
    """Read from both ends to the damage, then ask for every row between."""
    rows: dict[int, Row] = {}
    ends: list[int] = []
    for order in ("ASC", "DESC"):
        last = 0
        try:
            for row in db.execute(
                f"SELECT {key} AS {PLACE}, * FROM {table} ORDER BY {key} {order}"
            ):
                last = row[PLACE]
                rows[last] = {name: row[name] for name in row.keys() if name != PLACE}  # noqa: SIM118
        except TROUBLE as error:
            unread.append(f"{table}: {error}"[:200])
            ends.append(last)
            continue
        return list(rows.values()) if order == "ASC" else _ordered(rows)
    first, end = ends
    for number in range(first + 1, min(end or first + PROBES_MAX, first + PROBES_MAX)):
        try:
            found = db.execute(f"SELECT * FROM {table} WHERE {key} = ?", (number,)).fetchone()
        except TROUBLE:
            continue
        if found is not None:
            rows[number] = dict(found)
    return _ordered(rows)


def _ordered(rows: dict[int, Row]) -> list[Row]:
    return [rows[key] for key in sorted(rows)]


def _sound(rows: Iterable[Row], unread: list[str], check: Callable[[Row], object]) -> list[Row]:
    kept = []
    for row in rows:
        try:
            check(row)
        except (Wrong, ValueError, TypeError) as error:
            unread.append(f"{row.get('id')!r}: {error}"[:200])
        else:
            kept.append(row)
    return kept
