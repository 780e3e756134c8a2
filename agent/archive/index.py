"""The archive's index, in the ledger: which documents there are, and what is known of every Z.

    file      a document of the store; with the event "archived", in one transaction
    note_z    the figures of a Z as one source tells them; other figures stay beside the first
    add, seal documents of the JE as they are read; with its Z a day becomes one document

The same document filed twice is one row. A connection of its own, for one thread.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from agent.archive.sorts import (
    Filed,
    NewDocument,
    ReadDocument,
    Sort,
    Source,
    ZFigures,
    figures_of,
)
from agent.ledger_file import LedgerFile, understood
from drivers.model import Bani

ARCHIVED = "archived"
LIMIT_MAX = 100_000
# A register is made in the month after the one it is of. One that says no month is of that of the
# days whose Zs it names.
OF_DAYS = (
    "SELECT json_extract(day.facts, '$.period') AS month FROM document AS day"
    " WHERE document.sort = 'p7b_register' AND day.sort = 'p7b_day' AND day.owner = document.owner"
    " AND day.z_first BETWEEN document.z_first AND document.z_last AND month IS NOT NULL"
    " GROUP BY month ORDER BY count(*) DESC, month LIMIT 1"
)
MONTH = f"coalesce(json_extract(facts, '$.period'), ({OF_DAYS}), substr(at, 1, 7))"
ABOUT = "sort, owner, device_id, z_first, z_last, at, name, sha256, bytes, origin"


class Noted(StrEnum):
    """What a source's figures of a Z were to us."""

    NEW = "new"
    SAME = "same"
    OTHER = "other"  # it told others before: both stand, and that is a finding


@dataclass(frozen=True, slots=True)
class ZRow:
    """The figures of a Z, from one source."""

    owner: str
    source: Source
    figures: ZFigures
    seen_at_ms: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which documents are asked for; what is None is not asked about."""

    sort: Sort | None = None
    owner: str | None = None
    z: int | None = None
    zs: tuple[int, int] | None = None  # those that have nothing else but these
    month: str | None = None  # "2026-10"
    device_id: str | None = None


class Reading(StrEnum):
    """What of a device is read on and on."""

    JE = "je"  # documents, by number
    MF = "mf"  # Zs, by number
    COMPARED = "mf_compared"  # the newest Z there was when all were last begun to be read again


@dataclass(frozen=True, slots=True)
class Progress:
    number: int = 0  # nothing yet
    at_ms: int = 0


class ArchiveIndex(LedgerFile):
    """What the archive's readers, checks and commands ask and write down."""

    # documents

    def file(self, new: NewDocument) -> tuple[Filed, bool]:
        """Index a document of the store; say whether it is new to us."""
        with self._transaction():
            return self._file(new)

    def documents(self, wanted: Wanted = Wanted(), limit: int = LIMIT_MAX) -> list[Filed]:
        """Return them by owner, Z and sort; of one Z the latest taken last."""
        asked: list[str] = []
        values: list[object] = []
        for question, value in (
            ("sort = ?", wanted.sort),
            ("owner = ?", wanted.owner),
            ("device_id = ?", wanted.device_id),
            (f"{MONTH} = ?", wanted.month),
        ):
            if value is not None:
                asked.append(question)
                values.append(value)
        if wanted.z is not None:
            asked.append("? BETWEEN z_first AND z_last")
            values.append(wanted.z)
        if wanted.zs is not None:
            asked.append("z_first >= ? AND z_last <= ?")
            values += wanted.zs
        where = " AND ".join(asked) or "TRUE"
        order = "ORDER BY owner, z_first, sort, id LIMIT ?"
        return self._filed(f"{where} {order}", *values, limit)

    def document(self, number: int) -> Filed | None:
        found = self._filed("id = ?", number)
        return found[0] if found else None

    def keep(self, number: int, *, kept: bool) -> None:
        """Keep a document beyond its time (column `held`), or no longer; an event tells it."""
        with self._transaction():
            filed = self._filed("id = ?", number)[0]
            self._db.execute("UPDATE document SET held = ? WHERE id = ?", (kept, number))
            about = {"document": number, "kept": kept}
            self._event(filed.document.device_id, None, "archive_keep", about)

    def gone(self, number: int) -> None:
        """Write down that retention takes the bytes of a document; before they are taken."""
        with self._transaction():
            filed = self._filed("id = ?", number)[0]
            now_ms = self._clock.now_ms()
            self._db.execute(
                "UPDATE document SET gone_at_ms = ? WHERE id = ? AND NOT held", (now_ms, number)
            )
            about = {"document": number, "sha256": filed.document.sha256}
            self._event(filed.document.device_id, None, "archive_gone", about)

    # the figures of a Z

    def note_z(self, owner: str, source: Source, figures: ZFigures) -> Noted:
        with self._transaction():
            return self._note_z(owner, source, figures)

    def z_rows(self, owner: str, first: int = 0, last: int = LIMIT_MAX) -> list[ZRow]:
        """Return what every source told of these Zs, by number."""
        rows = self._rows(
            "SELECT * FROM z_row WHERE owner = ? AND z_number BETWEEN ? AND ?"
            " ORDER BY z_number, source, seen_at_ms, digest",
            owner,
            first,
            last,
        )
        with understood():
            return [
                ZRow(
                    row["owner"],
                    Source(row["source"]),
                    figures_of(row["figures"]),
                    row["seen_at_ms"],
                )
                for row in rows
            ]

    def last_z(self, owner: str, source: Source) -> int:
        """The highest Z that a source told of; 0: none."""
        rows = self._rows(
            "SELECT max(z_number) AS last FROM z_row WHERE owner = ? AND source = ?", owner, source
        )
        return rows[0]["last"] or 0

    def first_z(self, owner: str, source: Source) -> int:
        """The lowest Z that a source told of; 0: none."""
        rows = self._rows(
            "SELECT min(z_number) AS first FROM z_row WHERE owner = ? AND source = ?", owner, source
        )
        return rows[0]["first"] or 0

    def owners(self) -> list[str]:
        rows = self._rows(
            "SELECT owner FROM document UNION SELECT owner FROM z_row"
            " UNION SELECT owner FROM je_document ORDER BY owner"
        )
        return [row["owner"] for row in rows]

    # the JE, as it is read

    def progress(self, owner: str, reading: Reading) -> Progress:
        """How far a reading has come, and when it was last looked whether there is more."""
        rows = self._rows(
            "SELECT number, at_ms FROM archive_place WHERE owner = ? AND reading = ?",
            owner,
            reading,
        )
        return Progress(rows[0]["number"], rows[0]["at_ms"]) if rows else Progress()

    def come_to(self, owner: str, reading: Reading, number: int) -> None:
        with self._transaction():
            self._come_to(owner, reading, number)

    def add(self, owner: str, read: ReadDocument) -> None:
        """Write down one document of the JE; read once more, it is the same row."""
        with self._transaction():
            self._come_to(owner, Reading.JE, read.number)
            self._db.execute(
                "INSERT OR REPLACE INTO je_document VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    owner,
                    read.number,
                    read.z_number,
                    read.kind,
                    read.at,
                    read.receipt_number,
                    read.total,
                    read.tax_id,
                    read.reference,
                    read.text,
                ),
            )

    def je_days(self, owner: str) -> list[int]:
        """The Zs of which documents wait to be sealed."""
        rows = self._rows(
            "SELECT DISTINCT z_number FROM je_document WHERE owner = ? ORDER BY z_number", owner
        )
        return [row["z_number"] for row in rows]

    def je_documents(self, owner: str, z_number: int) -> Iterator[ReadDocument]:
        """Return the unsealed documents of a Z, in order, one at a time."""
        numbers = self._rows(
            "SELECT number FROM je_document WHERE owner = ? AND z_number = ? ORDER BY number",
            owner,
            z_number,
        )
        question = "SELECT * FROM je_document WHERE owner = ? AND number = ?"
        for row in numbers:
            yield _read(self._rows(question, owner, row["number"])[0])

    def seal(self, owner: str, new: NewDocument, figures: ZFigures) -> Filed:
        """File a whole day of the JE, note what it comes to, and forget its pieces."""
        with self._transaction():
            filed, _ = self._file(new)
            self._note_z(owner, Source.JE, figures)
            self._db.execute(
                "DELETE FROM je_document WHERE owner = ? AND z_number = ?",
                (owner, figures.z_number),
            )
        return filed

    # the pieces

    def _note_z(self, owner: str, source: Source, figures: ZFigures) -> Noted:
        told = self._rows(
            "SELECT digest FROM z_row WHERE owner = ? AND z_number = ? AND source = ?",
            owner,
            figures.z_number,
            source,
        )
        digests = {row["digest"] for row in told}
        if figures.digest in digests:
            return Noted.SAME
        self._db.execute(
            "INSERT INTO z_row VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                owner,
                figures.z_number,
                source,
                figures.digest,
                figures.at,
                figures.as_json(),
                self._clock.now_ms(),
            ),
        )
        return Noted.OTHER if digests else Noted.NEW

    def _come_to(self, owner: str, reading: Reading, number: int) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO archive_place VALUES (?, ?, ?, ?)",
            (owner, reading, number, self._clock.now_ms()),
        )

    def _file(self, new: NewDocument) -> tuple[Filed, bool]:
        known = "sort = ? AND owner = ? AND sha256 = ?"
        if found := self._filed(known, new.sort, new.owner, new.sha256):
            return found[0], False
        told = asdict(new)
        facts = json.dumps(told.pop("facts"), sort_keys=True)
        values = [told[name] for name in ABOUT.split(", ")]
        self._db.execute(
            f"INSERT INTO document ({ABOUT}, facts, taken_at_ms)"
            f" VALUES ({', '.join('?' * len(values))}, ?, ?)",
            (*values, facts, self._clock.now_ms()),
        )
        filed = self._filed(known, new.sort, new.owner, new.sha256)[0]
        findings = new.facts.get("findings", [])
        self._event(
            new.device_id, None, ARCHIVED, {"document": filed.id, **told, "findings": findings}
        )
        return filed, True

    def _filed(self, where: str, *values: object) -> list[Filed]:
        rows = self._rows(f"SELECT * FROM document WHERE {where}", *values)
        with understood():
            return [_of_row(dict(row)) for row in rows]


def _of_row(row: dict[str, Any]) -> Filed:
    about = {name: row[name] for name in ABOUT.split(", ") if name != "sort"}
    document = NewDocument(sort=Sort(row["sort"]), **about, facts=json.loads(row["facts"]))
    return Filed(row["id"], document, row["taken_at_ms"], bool(row["held"]), row["gone_at_ms"])


def _read(row: Any) -> ReadDocument:
    total = row["total"]
    return ReadDocument(
        number=row["number"],
        z_number=row["z_number"],
        kind=row["kind"],
        at=row["at"],
        receipt_number=row["receipt_number"],
        text=row["text"],
        total=None if total is None else Bani(total),
        tax_id=row["tax_id"],
        reference=row["reference"],
    )
