"""Where the device keeps itself: a SQLite file (or memory), and the paper file beside it.

    memory    one row: Memory as JSON
    document  the electronic journal: one row per document, with the line of the paper file
    z_record  the fiscal memory: one row per Z report; a file of before has them in its documents
    unprinted the documents committed and not yet known to stand in the paper file

One command is one transaction: memory, documents and unprinted together. Only then is the paper
line appended and fsynced, and `unprinted` emptied. A crash between the two leaves a row there, and
the next start writes the missing paper line; so the paper file tells each document exactly once,
and the commit is the instant in which a receipt becomes fiscal.
"""

from __future__ import annotations

import json
import os
import sqlite3
from datetime import datetime
from pathlib import Path

from sandbox.printer.fields import vat_inside
from sandbox.printer.memory import (
    Document,
    Memory,
    ZRecord,
    from_json,
    record_from_json,
    record_to_json,
    to_json,
)

SCHEMA = """
CREATE TABLE IF NOT EXISTS memory (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS document (
    slip INTEGER PRIMARY KEY, kind TEXT NOT NULL, number INTEGER NOT NULL, z INTEGER NOT NULL,
    at TEXT NOT NULL, total_bani INTEGER NOT NULL, text TEXT NOT NULL, more TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS z_record (number INTEGER PRIMARY KEY, record TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS unprinted (slip INTEGER PRIMARY KEY, line TEXT NOT NULL);
"""


class Store:
    """Not for threads: one device, one store."""

    def __init__(self, state: Path | None, paper: Path | None) -> None:
        self._paper = paper
        self._database = sqlite3.connect(state or ":memory:", isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.executescript(SCHEMA)
        if paper:
            _cut_torn_line(paper)
        self._print(known=_last_slip(paper) if paper else None)

    def load(self) -> Memory | None:
        row = self._database.execute("SELECT state FROM memory").fetchone()
        memory = from_json(row[0]) if row else None
        if memory:
            self._fill_up_records(memory)
        return memory

    def save(self, memory: Memory, documents: tuple[Document, ...] = ()) -> None:
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.execute("REPLACE INTO memory VALUES (1, ?)", (to_json(memory),))
            if memory.last_z:
                self._keep(memory.last_z)
            for document in documents:
                self._database.execute(
                    "INSERT INTO document VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        document.slip,
                        document.kind,
                        document.number,
                        document.z,
                        document.at.isoformat(),
                        document.total_bani,
                        json.dumps(document.text),
                        json.dumps(document.more),
                    ),
                )
                self._database.execute(
                    "INSERT INTO unprinted VALUES (?, ?)", (document.slip, document.as_paper())
                )
        if documents:
            self._print()

    def documents(self) -> list[Document]:
        rows = self._database.execute("SELECT * FROM document ORDER BY slip").fetchall()
        return [_document(*row) for row in rows]

    def document(self, slip: int) -> Document | None:
        row = self._database.execute("SELECT * FROM document WHERE slip = ?", (slip,)).fetchone()
        return _document(*row) if row else None

    def records(self) -> list[ZRecord]:
        rows = self._database.execute("SELECT record FROM z_record ORDER BY number")
        return [record_from_json(row[0]) for row in rows]

    def close(self) -> None:
        self._database.close()

    def _keep(self, record: ZRecord) -> None:
        row = (record.number, record_to_json(record))
        self._database.execute("INSERT OR IGNORE INTO z_record VALUES (?, ?)", row)

    def _fill_up_records(self, memory: Memory) -> None:
        """Of a file that kept only its last Z, the rest from the Z documents, at today's rates."""
        if not memory.last_z:
            return
        with self._database:
            self._keep(memory.last_z)
            if len(self.records()) == memory.last_z.number:
                return
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
