"""Is the ledger what was written? The file, the chain of its events, every command's life.

    file      SQLite's own check, the tables, and the write-ahead log: nothing promised is missing
    event     previous_hash is the hash of the row before, hash is of this row
    command   its device, state, counters, result and payload are what its events say (`states.py`)
    upload    it is of an event, and its body is what its hash says
    both      what they tell of is there

Only reads, and beside a running agent too.
"""

import json
import re
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from agent.entries import GENESIS, body_hash, entry_of, event_hash
from agent.ledger_file import (
    SCHEMA_VERSION,
    TROUBLE,
    LedgerDamaged,
    LedgerError,
    renamed,
    schema,
)
from agent.states import TRANSITIONS, State, Trigger
from drivers.model import Counters

RECOVERED, SALVAGED = "ledger_recovered", "salvaged"  # events of ledger_repair.py
UNTOLD = "SELECT command_id FROM event WHERE reported_at_ms IS NULL"
LIVING = f"SELECT id FROM command WHERE state NOT IN ('issued', 'rejected') OR id IN ({UNTOLD})"
WAL_MAGIC = (0x377F0682, 0x377F0683)  # the last bit: checksums over big-endian words
WAL_HEADER, WAL_FRAME = 32, 24
WAL_FORMAT = b"\x02\x02"  # of the file: read and written through the log
SENTENCE_MAX = 200

AnyRow = sqlite3.Row | dict[str, Any]


@dataclass(frozen=True, slots=True)
class Broken:
    """What is wrong, and where. `table` is "file" where no row can be named."""

    table: str
    row: str
    sentence: str

    def __str__(self) -> str:
        return " ".join(part for part in (self.table, self.row) if part) + f": {self.sentence}"


@dataclass(frozen=True, slots=True)
class Checked:
    commands: int
    events: int
    broken: Broken | None


@dataclass(frozen=True, slots=True)
class Life:
    """What the events say of a command so far; None is "they do not say"."""

    state: State = State.QUEUED
    device_id: str | None = None
    attempts: int | None = 0
    kind: str | None = None
    body_hash: str | None = None
    payload_hash: str | None = None
    expires_at_ms: int | None = None
    baseline: Any = None
    evidence: str | None = None
    result: Any = None


def verify(path: Path) -> Checked:
    """Check everything; name the first that is broken.

    Raises:
        LedgerError: it cannot be read at all, for want of a right or of the file.
    """
    return _checked(path, at_start=False)


def check_at_start(path: Path) -> None:
    """Check the file, and the rows of all that is not final or not told: those are acted on.

    Raises:
        LedgerDamaged: something is broken.
        LedgerError: it cannot be read.
    """
    checked = _checked(path, at_start=True)
    if checked.broken is not None:
        raise LedgerDamaged(f"{path}: {checked.broken}")


def _checked(path: Path, *, at_start: bool) -> Checked:
    try:
        with path.open("rb") as file:
            head = file.read(20)
        if head[:16] != b"SQLite format 3\0" or head[18:20] != WAL_FORMAT:
            return Checked(0, 0, Broken("file", "", "it does not begin as a ledger does"))
        with closing(_open(path)) as db:
            db.execute("BEGIN")  # one moment of a ledger that is being written
            # the log first: what was cut off it would look whole to every other check
            found = log_damage(path) or _file(db, at_start=at_start)
            found = found or next(_rows(db, living=at_start), None) or _orphan(db)
            counted = [0, 0]
            if found is None or found.table != "file":
                tables = ("command", "event")
                counted = [db.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in tables]
            return Checked(counted[0], counted[1], found)
    except TROUBLE as error:
        problem = renamed(error, path)
        if isinstance(problem, LedgerDamaged):
            return Checked(0, 0, Broken("file", "", str(error)[:SENTENCE_MAX]))
        raise problem from error
    except OSError as error:
        raise LedgerError(str(error)) from error


def _open(path: Path) -> sqlite3.Connection:
    """Open for reading: no write-ahead log is put away by looking."""
    db = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None)
    db.row_factory = sqlite3.Row
    return db


# the file


def _file(db: sqlite3.Connection, *, at_start: bool) -> Broken | None:
    said = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if said != "ok":
        return Broken("file", "", said[:SENTENCE_MAX])
    stands = _shape(db)
    with closing(sqlite3.connect(":memory:")) as model:
        model.executescript(schema(until=min(max(_version(db), 1), SCHEMA_VERSION)))
        for name, meant in _shape(model).items():
            if name not in stands:
                return Broken("file", "", f"{name} is not there")
            if stands[name] != meant and not at_start:
                return Broken("file", "", f"{name} is not as this program makes it")
    return None


def _version(db: sqlite3.Connection) -> int:
    """An older one is brought to ours when it is next opened for work."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _shape(db: sqlite3.Connection) -> dict[str, str]:
    """Name tables, indexes and triggers with their SQL, without its comments."""
    rows = db.execute("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
    bare = {f"{kind} {name}": re.sub(r"--[^\n]*", "", sql) for kind, name, sql in rows.fetchall()}
    return {name: " ".join(sql.split()) for name, sql in bare.items()}


def log_damage(path: Path) -> Broken | None:
    """Look twice: the first look may have met an agent that was writing."""
    return _log(path) and _log(path)


def _log(path: Path) -> Broken | None:
    """Find promised transactions in the write-ahead log that SQLite would silently leave out.

    SQLite ends at the first frame that is not whole, as if the power had gone there. It did not if
    the index says that more was written, or if a later transaction stands behind it.
    """
    log, index = path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")
    promises = index.read_bytes()[:96] if index.exists() else b""  # before the log grows on
    data = log.read_bytes() if log.exists() else b""
    if len(data) <= WAL_HEADER:
        return None
    magic, _, page, _, *salts = struct.unpack(">8I", data[:WAL_HEADER])[:6]
    promised = _promised(promises, data[16:24])
    if magic not in WAL_MAGIC or not 512 <= page <= 65536:
        return Broken("file", "", "the head of the write-ahead log is damaged")
    order = "<>"[magic & 1]
    whole, sums = 0, _sums((0, 0), data[:24], order)
    if sums != struct.unpack(">2I", data[24:32]):
        return Broken("file", "", "the head of the write-ahead log is damaged")
    size = WAL_FRAME + page
    starts = range(WAL_HEADER, len(data) - size + 1, size)
    for number, start in enumerate(starts, start=1):
        frame = data[start : start + size]
        if struct.unpack(">2I", frame[8:16]) != tuple(salts):
            break  # left over from before the log began anew
        sums = _sums(_sums(sums, frame[:8], order), frame[WAL_FRAME:], order)
        if sums != struct.unpack(">2I", frame[16:24]):
            break
        whole = number
    rest = [data[start : start + WAL_FRAME] for start in starts[whole:]]
    same = [f for f in rest if struct.unpack(">2I", f[8:16]) == tuple(salts)]
    commits = [n for n, frame in enumerate(same) if frame[4:8] != bytes(4)]
    if promised > whole or (commits and commits[0] < len(same) - 1):
        return Broken("file", "", f"frame {whole + 1} of the write-ahead log is damaged")
    return None


def _promised(head: bytes, salts: bytes) -> int:
    """Read from the head of the log's index how many frames were safe; 0: it does not say."""
    if len(head) < 96 or head[:48] != head[48:] or head[32:40] != salts:
        return 0
    return int(struct.unpack("=I", head[16:20])[0])


def _sums(sums: tuple[int, int], data: bytes, order: str) -> tuple[int, int]:
    """Add to the two checksums of the log [SQLite file format, 4.2]."""
    first, second = sums
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) & 0xFFFFFFFF
        second = (second + odd + first) & 0xFFFFFFFF
    return first, second


# the rows


class Wrong(Exception):
    """What is wrong with a row."""


def _rows(db: sqlite3.Connection, *, living: bool) -> Iterator[Broken]:
    """Walk the events, then the commands that they tell of; only some of them, without the chain.

    An event of `ledger_repair` begins the chain anew, and seals what was salvaged.
    """
    only = f"WHERE reported_at_ms IS NULL OR command_id IN ({LIVING})" if living else ""
    lives: dict[str, Life] = {}
    hashes: list[str] = []
    until = _salvaged_until(db)
    for row in db.execute(f"SELECT * FROM event {only} ORDER BY id"):
        try:
            own_hash(row)
            if not living and row["name"] == RECOVERED:
                _sealed(row, hashes)
            elif not living and row["id"] > until:
                _linked(row, hashes)
            if row["command_id"] is not None:
                with suppress(Wrong) if row["id"] < until else nullcontext():
                    live(lives, row)
        except (Wrong, ValueError, TypeError) as error:
            yield Broken("event", str(row["id"]), str(error))
        hashes.append(row["hash"])
    only = f"WHERE id IN ({LIVING})" if living else ""
    for row in db.execute(f"SELECT * FROM command {only} ORDER BY arrival"):
        try:
            compare(row, lives.get(row["id"]))
        except (Wrong, ValueError, TypeError) as error:
            yield Broken("command", str(row["id"]), str(error))
    yield from _uploads(db, living=living)


def _uploads(db: sqlite3.Connection, *, living: bool) -> Iterator[Broken]:
    if _version(db) < 2:
        return
    only = "WHERE fate IN ('waiting', 'paused')" if living else ""
    about = "(SELECT name FROM event WHERE id = event_id) AS about"
    for row in db.execute(f"SELECT *, {about} FROM upload {only} ORDER BY id"):
        try:
            own_body(row)
            if row["about"] is None:
                raise Wrong("there is no such event")
        except Wrong as error:
            yield Broken("upload", str(row["id"]), str(error))


def _orphan(db: sqlite3.Connection) -> Broken | None:
    """A row that tells of one that is not there: of a command, it could be printed again."""
    row = db.execute("PRAGMA foreign_key_check").fetchone()
    return row and Broken(row["table"], str(row["rowid"]), f"its {row['parent']} is not there")


def _salvaged_until(db: sqlite3.Connection) -> int:
    """Before the last recovery there may be holes: its event seals what is left."""
    row = db.execute("SELECT max(id) FROM event WHERE name = ?", (RECOVERED,)).fetchone()
    return row[0] or 0


def own_hash(row: AnyRow) -> None:
    values = (row["at_ms"], row["device_id"], row["command_id"], row["name"], row["data"])
    if event_hash(row["previous_hash"], values) != row["hash"]:
        raise Wrong("its hash is not of what stands in it")


def own_body(row: AnyRow) -> None:
    if row["body"] is not None and body_hash(row["body"]) != row["body_hash"]:
        raise Wrong("its body is not what its hash says")


def _linked(row: AnyRow, hashes: list[str]) -> None:
    if row["previous_hash"] != (hashes[-1] if hashes else GENESIS):
        raise Wrong("it does not carry the hash of the event before it")


def _sealed(row: AnyRow, hashes: list[str]) -> None:
    if seal(hashes) != json.loads(row["data"])["salvaged_hash"]:
        raise Wrong("the events before it are not those that it sealed")


def seal(hashes: list[str]) -> str:
    return body_hash("".join(hashes))


def live(lives: dict[str, Life], row: AnyRow) -> None:
    id_, name, data = row["command_id"], row["name"], json.loads(row["data"])
    life = lives.get(id_)
    if name == SALVAGED or (name == "accept" and life is None):
        known = {field: data[field] for field in Life.__dataclass_fields__ if field in data}
        known["device_id"] = row["device_id"]
        if name == SALVAGED:  # by decree: what came before may be lost
            known = {"attempts": None} | known
        lives[id_] = replace(Life(), **known | {"state": State(data.get("state", "queued"))})
    elif name == "accept":
        raise Wrong(f"{id_}: it was accepted twice")
    elif name in set(Trigger):
        lives[id_] = _after(id_, life, Trigger(name), data)


def _after(id_: str, life: Life | None, trigger: Trigger, data: dict[str, Any]) -> Life:
    if life is None:
        raise Wrong(f"{id_}: {trigger} on a command that was never accepted")
    if (state := TRANSITIONS.get((life.state, trigger))) is None:
        raise Wrong(f"{id_}: {trigger} on a command that is {life.state}")
    life = replace(life, state=state)
    match trigger:
        case Trigger.BEGIN:
            tried = None if life.attempts is None else life.attempts + 1
            return replace(life, attempts=tried, baseline=data["baseline"])
        case Trigger.FINISH | Trigger.FOUND | Trigger.OPERATOR_FOUND:
            return replace(life, evidence=data["evidence"], result=data["result"])
        case Trigger.OPERATOR_REQUEUE | Trigger.GIVE_WAY:
            return replace(life, expires_at_ms=data["expires_at_ms"])
    return life


def _counters(told: Any) -> Counters | None:
    """What an older program wrote has fewer counters than ours."""
    return Counters(**told) if told else None


def compare(row: AnyRow, life: Life | None) -> None:
    entry = entry_of(dict(row))
    if life is None:
        raise Wrong("no event tells of it")
    if entry.state is not life.state:
        raise Wrong(f"it is {entry.state}, its events say {life.state}")
    if entry.body and body_hash(entry.body) != entry.body_hash:  # "" where it was not salvaged
        raise Wrong("what came is not what its hash says")
    # What an event never says (of a ledger from before it did) cannot be compared.
    said: dict[str, tuple[Any, Any]] = {
        "device": (life.device_id, entry.device_id),
        "kind": (life.kind or entry.kind, entry.kind),
        "attempts": (entry.attempts if life.attempts is None else life.attempts, entry.attempts),
        "payload": (life.payload_hash, body_hash(entry.payload or "")),
        "expiry": (life.expires_at_ms, entry.expires_at_ms),
        "baseline": (_counters(life.baseline), entry.baseline),
        "evidence": (life.evidence, entry.evidence),
        "result": (life.result, entry.result),
    }
    for name, (told, stands) in said.items():
        unsaid = told is None and name in ("payload", "expiry")
        if told != stands and not unsaid:
            raise Wrong(f"its {name} is not what its events say")
    if entry.state not in (State.QUEUED, State.REJECTED) and not entry.claimed:
        raise Wrong("its events say that it was begun, and it is not claimed")
