"""An archive in memory for tests of the certificate: Zs by source, a Z a day, and its documents.

holding(report(1, 5), mf(1, 5), je(1, 5), p7b(1, 5))       five Zs, all there, all the same
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from agent.archive.certificate.certificate import Certificate, OwnerCertificate, certify
from agent.archive.certificate.holding import Holding
from agent.archive.index import ZRow
from agent.archive.sorts import Filed, NewDocument, RateSum, Sort, Source, ZFigures
from drivers.model import Bani, VatRate

ZONE = ZoneInfo("Europe/Bucharest")
SERIAL, NUI, DEVICE = "SIM0000001", "5000001234", "dev_1"
FIRST_DAY = date(2026, 9, 1)  # of Z 1
REGIME = "2025-08-01"
Piece = Iterable[ZRow | Filed]


def day_of_z(z: int) -> date:
    return FIRST_DAY + timedelta(days=z - 1)


def at_of_z(z: int, clock: str = "21:40:00") -> str:
    return f"{day_of_z(z)}T{clock}"


def ms(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp() * 1000)


def figures(z: int, at: str | None = None, receipts: int | None = 31, odd: int = 0) -> ZFigures:
    """A day of 605 and 395 lei and a little more with each Z; `odd` bani more at 21 %."""
    high, low = 605_00 + z + odd, 395_00
    at = at_of_z(z) if at is None else at
    rates = (VatRate(2100), VatRate(1100)) if at >= REGIME else (VatRate(1900), VatRate(900))
    return ZFigures(
        z,
        at,
        total=Bani(high + low),
        rates=(
            RateSum(rates[0], Bani(high), Bani(105_00), "A"),
            RateSum(rates[1], Bani(low), Bani(39_14), "B"),
        ),
        vat=Bani(144_14),
        receipts=receipts,
    )


def row(source: Source, told: ZFigures, seen: date | None = None) -> ZRow:
    owner = NUI if source is Source.SIGNED else SERIAL
    day = seen or max(FIRST_DAY, day_of_z(told.z_number))
    return ZRow(owner, source, told, ms(day))


def some(source: Source, first: int, last: int, without: Iterable[int] = ()) -> list[ZRow | Filed]:
    lacking = set(without)
    return [row(source, figures(z)) for z in range(first, last + 1) if z not in lacking]


def report(first: int, last: int, without: Iterable[int] = ()) -> list[ZRow | Filed]:
    return some(Source.REPORT, first, last, without)


def mf(first: int, last: int, without: Iterable[int] = ()) -> list[ZRow | Filed]:
    return some(Source.MF, first, last, without)


def p7b(first: int, last: int, without: Iterable[int] = ()) -> list[ZRow | Filed]:
    rows = some(Source.SIGNED, first, last, without)
    return rows + [signed_day(each.figures.z_number) for each in rows if isinstance(each, ZRow)]


def je(first: int, last: int, without: Iterable[int] = ()) -> list[ZRow | Filed]:
    lacking = set(without)
    return [je_day(z) for z in range(first, last + 1) if z not in lacking]


def je_day(z: int, **facts: object) -> Filed:
    """Forty documents of a Z, of which 31 are receipts."""
    told = {
        "first": 40 * z - 39,
        "last": 40 * z,
        "documents": 40,
        "receipts": 31,
        "receipt_first": 1,
        "receipt_last": 31,
        "missing": [],
        "total": figures(z).total,
        "whole": True,
    }
    return filed(Sort.JE, SERIAL, z, z, told | facts)


def signed_day(z: int, owner: str = NUI, device: str = DEVICE, **facts: object) -> Filed:
    return filed(Sort.SIGNED_DAY, owner, z, z, dict(facts), device)


def filed(
    sort: Sort,
    owner: str,
    first: int,
    last: int,
    facts: dict[str, object] | None = None,
    device: str = DEVICE,
) -> Filed:
    sha256 = f"{sort}{owner}{first}{last}{facts}".encode().hex()[-64:].rjust(64, "0")
    name = f"{owner}_Z{first:04d}.{sort}"
    at = at_of_z(last)
    document = NewDocument(
        sort, owner, name, sha256, 9, "device", device, first, last, at, facts or {}
    )
    return Filed(first, document, ms(max(FIRST_DAY, day_of_z(last))))


def holding(*pieces: Piece, device: str = DEVICE) -> Holding:
    every = [each for piece in pieces for each in piece]
    rows = tuple(each for each in every if isinstance(each, ZRow))
    documents = tuple(each for each in every if isinstance(each, Filed))
    return Holding(SERIAL, NUI, device, rows, documents)


def made(*pieces: Piece, on: date) -> tuple[Certificate, OwnerCertificate]:
    """The certificate of one device, as it is made on this day."""
    certificate = certify([holding(*pieces)], on, ZONE)
    return certificate, certificate.owners[0]


def said(owner: OwnerCertificate) -> list[tuple[str, str]]:
    """What is remarked on and where, without what is only to be known."""
    return [(r.code, r.place) for r in owner.remarks if r.weight != "note"]


TODAY = day_of_z(11)
WHOLE = (report(1, 10), mf(1, 10), je(1, 10), p7b(1, 10))


def without(source: Source, *zs: int) -> list[ZRow | Filed]:
    build = {Source.REPORT: report, Source.MF: mf, Source.JE: je, Source.SIGNED: p7b}
    return [each for s, piece in build.items() for each in piece(1, 10, zs if s is source else ())]


def with_row(source: Source, told: ZFigures) -> list[ZRow | Filed]:
    """The whole, but that one source tells something else of one Z."""
    return [*without(source, told.z_number), row(source, told)]
