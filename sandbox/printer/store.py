"""Where the device keeps itself: a SQLite file (or memory), and the paper file beside it.

    memory    one row: Memory as JSON
    document  the electronic journal: one row per document, with the line of the paper file
    z_record  the fiscal memory: one row per Z report; a file of before has them in its documents
    z_again   records that the fiscal memory tells a second time: it was spoiled (see `spoil`)
    anaf_*    whose device it is, and the days made for ANAF (see `anaf_days`)
    unprinted the documents committed and not yet known to stand in the paper file

One command is one transaction: memory, documents, the day of a Z and unprinted together. Only then
is the paper line appended and fsynced, and `unprinted` emptied. A crash between the two leaves a
row there, and the next start writes the missing paper line; so the paper file tells each document
exactly once, and the commit is the instant in which a receipt becomes fiscal.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sandbox.printer import anaf_xml, clock
from sandbox.printer.anaf_days import LIFE, Days, MadeDay
from sandbox.printer.fields import vat_inside
from sandbox.printer.memory import (
    GROUPS,
    NO_SUMS,
    Day,
    Document,
    Memory,
    ZRecord,
    from_json,
    record_from_json,
    record_to_json,
    to_json,
)
from sandbox.printer.spoil import Spoil, hurt_state

SCHEMA = """
CREATE TABLE IF NOT EXISTS memory (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS document (
    slip INTEGER PRIMARY KEY, kind TEXT NOT NULL, number INTEGER NOT NULL, z INTEGER NOT NULL,
    at TEXT NOT NULL, total_bani INTEGER NOT NULL, text TEXT NOT NULL, more TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS document_by_time ON document (at, kind);
CREATE INDEX IF NOT EXISTS document_by_z ON document (z, kind);
CREATE TABLE IF NOT EXISTS z_record (number INTEGER PRIMARY KEY, record TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS z_again (number INTEGER PRIMARY KEY, record TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS unprinted (slip INTEGER PRIMARY KEY, line TEXT NOT NULL);
"""
RECORDS = "SELECT number, record FROM z_record UNION ALL SELECT number, record FROM z_again"
SLIP_MAX = 9_999_999_999


@dataclass(frozen=True, slots=True)
class PastDay:
    """One fiscal day of a history: its documents, and what is remembered after its Z."""

    documents: tuple[Document, ...]
    registers: Day  # as they stood when the Z was made
    memory: Memory


class Store:
    """Not for threads: one device, one store."""

    def __init__(self, state: Path | None, paper: Path | None) -> None:
        self._paper = paper
        self._database = sqlite3.connect(state or ":memory:", isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.executescript(SCHEMA)
        self.days = Days(self._database)
        self._registers = Day()  # of the day that is open, as last saved
        self._z_kept = 0
        if paper:
            _cut_torn_line(paper)
        self._print(known=_last_slip(paper) if paper else None)

    def load(self) -> Memory | None:
        row = self._database.execute("SELECT state FROM memory").fetchone()
        memory = from_json(row[0]) if row else None
        if memory:
            self._fill_up_records(memory)
            self._saw(memory)
        return memory

    def save(self, memory: Memory, documents: tuple[Document, ...] = ()) -> None:
        made = None
        if memory.last_z and any(document.kind == "z" for document in documents):
            made = self._made_day(self._registers, memory.last_z, self._bons(memory.last_z.number))
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.execute("REPLACE INTO memory VALUES (1, ?)", (to_json(memory),))
            if memory.last_z and memory.z_made > self._z_kept:
                self._keep(memory.last_z)
            self._insert(documents)
            for document in documents:
                row = (document.slip, document.as_paper())
                self._database.execute("INSERT INTO unprinted VALUES (?, ?)", row)
            if made:
                self.days.keep(made)
        self._saw(memory)
        if documents:
            self._print()
        self.days.forget_old(clock.wall(memory.clock_offset_s))
        if made:
            self.days.show(made.z)

    def fill(self, past: Iterable[PastDay], spoils: list[Spoil], *, paper: bool) -> None:
        """Remember days that were before anybody looked, hurt as told, or nothing at all.

        Without `paper` no more than one day is held here. Raises ValueError.
        """
        self.days.settle(None, None)
        memory, now, lines = None, None, list[str]()
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            for day in past:
                memory, record = day.memory, day.memory.last_z
                assert record is not None
                now = now or clock.wall(memory.clock_offset_s)
                self._keep(record)
                self._insert(day.documents)
                if record.at >= now - LIFE:
                    bons = (bon_of(one) for one in day.documents if one.kind == "receipt")
                    self.days.keep(self._made_day(day.registers, record, bons))
                if paper:
                    lines += [document.as_paper() for document in day.documents]
            if memory:
                self._database.execute("REPLACE INTO memory VALUES (1, ?)", (to_json(memory),))
            hurt_state(self._database, spoils)
        if memory:
            self._saw(memory)
        if self._paper:
            _append(self._paper, lines)

    def hurt(self, spoils: list[Spoil]) -> None:
        """Let the state file tell less, or something else. Raises ValueError."""
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            hurt_state(self._database, spoils)

    def is_empty(self) -> bool:
        return self._database.execute("SELECT 1 FROM document LIMIT 1").fetchone() is None

    def documents(self, first: int = 1, last: int = SLIP_MAX) -> list[Document]:
        ends = (min(first, SLIP_MAX), min(last, SLIP_MAX))
        rows = self._database.execute(
            "SELECT * FROM document WHERE slip BETWEEN ? AND ? ORDER BY slip", ends
        )
        return [_document(*row) for row in rows]

    def document(self, slip: int) -> Document | None:
        found = self.documents(slip, slip)
        return found[0] if found else None

    def last_document(self) -> Document | None:
        row = self._database.execute("SELECT max(slip) FROM document").fetchone()
        return self.document(row[0]) if row[0] else None

    def span(
        self,
        kinds: tuple[str, ...],
        start: datetime | None,
        end: datetime | None,
        *,
        with_customer: bool,
    ) -> tuple[Document, Document] | None:
        """The first and the last document of these kinds in this time; no other text is read."""
        marks = ", ".join("?" * len(kinds))
        sql = f"SELECT min(slip), max(slip) FROM document WHERE kind IN ({marks})"
        values = list(kinds)
        for sign, moment in ((">=", start), ("<=", end)):
            if moment:
                sql += f" AND at {sign} ?"
                values.append(moment.isoformat())
        if with_customer:
            sql += " AND json_extract(more, '$.customer_tax_id') <> ''"
        first, last = self._database.execute(sql, values).fetchone()
        ends = (self.document(first), self.document(last)) if first else (None, None)
        return (ends[0], ends[1]) if ends[0] and ends[1] else None

    def records(self, first: int, last: int) -> list[ZRecord]:
        """The fiscal memory by Z number."""
        return self._records("number BETWEEN ? AND ?", first, last)

    def records_between(self, start: datetime, end: datetime) -> list[ZRecord]:
        """The fiscal memory by time, without the end."""
        at = "json_extract(record, '$.at')"
        return self._records(f"{at} >= ? AND {at} < ?", start.isoformat(), end.isoformat())

    def _records(self, which: str, *values: object) -> list[ZRecord]:
        sql = f"SELECT record FROM ({RECORDS}) WHERE {which} ORDER BY number"
        return [record_from_json(row[0]) for row in self._database.execute(sql, values)]

    def _bons(self, z: int) -> Iterator[anaf_xml.Bon]:
        """The receipts of a day, without their text."""
        rows = self._database.execute(
            "SELECT number, at, total_bani, more FROM document "
            "WHERE z = ? AND kind = 'receipt' ORDER BY slip",
            (z,),
        )
        for number, at, total_bani, more in rows:
            yield bon(number, datetime.fromisoformat(at), total_bani, json.loads(more))

    def _made_day(self, registers: Day, record: ZRecord, bons: Iterable[anaf_xml.Bon]) -> MadeDay:
        xml = anaf_xml.day(self.days.nui, registers, record, bons, net=self.days.card.net)
        return MadeDay(record.number, record.at, xml)

    def _insert(self, documents: tuple[Document, ...]) -> None:
        self._database.executemany(
            "INSERT INTO document VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    document.slip,
                    document.kind,
                    document.number,
                    document.z,
                    document.at.isoformat(),
                    document.total_bani,
                    json.dumps(document.text),
                    json.dumps(document.more),
                )
                for document in documents
            ),
        )

    def _saw(self, memory: Memory) -> None:
        self._registers, self._z_kept = memory.day, memory.z_made

    def close(self) -> None:
        self._database.close()

    def _keep(self, record: ZRecord) -> None:
        row = (record.number, record_to_json(record))
        self._database.execute("INSERT OR IGNORE INTO z_record VALUES (?, ?)", row)

    def _fill_up_records(self, memory: Memory) -> None:
        """Of a file that kept only its last Z, the rest from the Z documents, at today's rates."""
        kept = self._database.execute("SELECT 1 FROM z_record LIMIT 1").fetchone()
        if not memory.last_z or kept:
            return
        with self._database:
            self._keep(memory.last_z)
            for z in self.documents():
                sums, receipts = z.more.get("by_group_bani"), z.more.get("receipts")
                if z.kind == "z" and isinstance(sums, list) and isinstance(receipts, int):
                    pairs = list(zip(sums, memory.rates, strict=True))
                    vat = tuple(vat_inside(gross, rate) for gross, rate in pairs)
                    self._keep(ZRecord(z.number, z.at, receipts, tuple(sums), vat, 0))

    def _print(self, *, known: int | None = None) -> None:
        """`known`: the document that the paper file ends with, when that is in question."""
        rows = self._database.execute("SELECT slip, line FROM unprinted ORDER BY slip").fetchall()
        if not rows:
            return
        if self._paper:
            _append(self._paper, [line for slip, line in rows if slip != known])
        with self._database:
            self._database.execute("DELETE FROM unprinted")


def _document(
    slip: int, kind: str, number: int, z: int, at: str, total_bani: int, text: str, more: str
) -> Document:
    moment = datetime.fromisoformat(at)
    drawn = tuple(json.loads(text))
    return Document(slip, kind, number, z, moment, total_bani, drawn, json.loads(more))


def bon_of(document: Document) -> anaf_xml.Bon:
    return bon(document.number, document.at, document.total_bani, document.more)


def bon(number: int, at: datetime, total_bani: int, more: dict[str, object]) -> anaf_xml.Bon:
    """A receipt as its document tells it; one of before told its groups by the lines alone."""
    told, lines = more.get("by_group_bani"), more.get("lines")
    by_group = list(NO_SUMS)
    if isinstance(told, list):
        by_group = told
    elif isinstance(lines, list):
        for line in lines:
            by_group[GROUPS.index(line["vat"])] += line["total_bani"]
    customer = str(more.get("customer_tax_id", ""))
    return anaf_xml.Bon(number, at, total_bani, tuple(by_group), customer)


def _append(paper: Path, lines: list[str]) -> None:
    file = os.open(paper, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        for line in lines:
            os.write(file, f"{line}\n".encode())
        os.fsync(file)
    finally:
        os.close(file)


def _cut_torn_line(paper: Path) -> None:
    """A power cut in mid-write leaves a line without its end; its document is still unprinted."""
    if paper.exists():
        written = paper.read_bytes()
        whole = written.rfind(b"\n") + 1
        if whole != len(written):
            os.truncate(paper, whole)


def _last_slip(paper: Path) -> int | None:
    if not paper.exists() or paper.stat().st_size == 0:
        return None
    with paper.open("rb") as file:
        file.seek(max(0, paper.stat().st_size - 200_000))
        last = file.read().splitlines()[-1]
    slip: int = json.loads(last)["document"]
    return slip
