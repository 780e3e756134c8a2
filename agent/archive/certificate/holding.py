"""What the archive has of one device, under all its names, laid out by Z and by source.

    fiscal serial   report, mf, je      \\
                                         one Holding  -->  Z 412: {report: figures, p7b: figures}
    NUI             p7b, registers      /

The names are joined by the `nui` of a [[device]] table, or are the same. An owner with signed files
that no device of ours answers for is foreign: another shop's stick.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from agent.archive.index import ArchiveIndex, Progress, Reading, Wanted, ZRow
from agent.archive.sorts import Filed, Sort, Source, ZFigures
from drivers.model import Bani

SORTS = (Sort.Z, Sort.MF, Sort.JE, Sort.SIGNED_DAY, Sort.SIGNED_REGISTER)
BY_SORT = {Sort.Z: Source.REPORT, Sort.JE: Source.JE, Sort.SIGNED_DAY: Source.SIGNED}
TRUST = (Source.MF, Source.REPORT, Source.JE, Source.SIGNED)  # whose word is taken first
YEARS = range(2000, 2101)
Z_MAX = 9_999  # four digits [romania.md 3.2]


@dataclass(frozen=True, slots=True)
class Known:
    """A device of the configuration. "": it does not say."""

    device_id: str
    fiscal_serial: str = ""
    nui: str = ""


@dataclass(frozen=True, slots=True)
class Holding:
    """All that is there of one device. `device_id` "": no device of ours."""

    owner: str
    nui: str
    device_id: str
    rows: tuple[ZRow, ...] = ()
    filed: tuple[Filed, ...] = ()
    read: Mapping[Source, Progress] = field(default_factory=dict)  # how far, and when last

    @property
    def is_foreign(self) -> bool:
        signed = any(each.document.sort.startswith("p7b") for each in self.filed)
        return not self.device_id and (signed or any(r.source is Source.SIGNED for r in self.rows))


@dataclass(frozen=True, slots=True)
class SeenZ:
    """A Z by each source that has it; no figures: a document that told none."""

    number: int
    told: Mapping[Source, tuple[ZFigures, ...]]
    files: Mapping[Sort, tuple[Filed, ...]]

    @property
    def at(self) -> str:
        """When it was made, by the best source that says so; "" where none does."""
        times = (f.at for source in TRUST for f in self.told.get(source, ()) if f.at)
        kept = (each.document.at for files in self.files.values() for each in files)
        return next(times, "") or next((at for at in kept if at), "")

    @property
    def day(self) -> date | None:
        return day_of(self.at)

    def figures(self, source: Source) -> ZFigures | None:
        return next(iter(self.told.get(source, ())), None)


def gather(index: ArchiveIndex, devices: Sequence[Known]) -> list[Holding]:
    """Read the index whole: one holding for each device, and one for each foreign owner."""
    held = {owner: _of_owner(index, owner) for owner in index.owners()}
    found = []
    for device in devices:
        of_device = [h for h in held.values() if device.device_id in _named(h)]
        serial = device.fiscal_serial or _latest(h for h in of_device if h.owner != device.nui)
        serial = serial or device.device_id
        mine = held.pop(serial, Holding(serial, "", ""))
        signed = held.pop(device.nui, Holding("", "", ""))
        found.append(
            Holding(
                serial,
                device.nui or serial,
                device.device_id,
                mine.rows + signed.rows,
                mine.filed + signed.filed,
                mine.read,
            )
        )
    return found + [replace(h, device_id=max(_named(h), default="")) for h in held.values()]


def table(holding: Holding) -> dict[int, SeenZ]:
    """Lay it out by Z."""
    told: dict[int, dict[Source, list[ZFigures]]] = {}
    files: dict[int, dict[Sort, list[Filed]]] = {}
    for row in holding.rows:
        of_z = told.setdefault(row.figures.z_number, {})
        of_z.setdefault(row.source, []).append(row.figures)
    for filed in holding.filed:
        first, sort = filed.document.z_first, filed.document.sort
        if filed.document.facts.get("source") == Source.MF:
            continue  # made up for what nobody saw: the row of the fiscal memory says the same
        if sort in BY_SORT and first is not None and first == filed.document.z_last:
            files.setdefault(first, {}).setdefault(sort, []).append(filed)
            told.setdefault(first, {}).setdefault(BY_SORT[sort], [])
    return {
        z: SeenZ(
            z,
            {source: _with_facts(z, source, f, files.get(z, {})) for source, f in of_z.items()},
            {sort: tuple(documents) for sort, documents in files.get(z, {}).items()},
        )
        for z, of_z in sorted(told.items())
        if 0 < z <= Z_MAX
    }


def registers(holding: Holding) -> Iterator[tuple[int, int]]:
    """The Zs that a signed register of a month says there are."""
    for filed in holding.filed:
        first, last = filed.document.z_first, filed.document.z_last
        if filed.document.sort is not Sort.SIGNED_REGISTER or first is None or last is None:
            continue
        if 0 < first <= last <= Z_MAX:
            yield first, last


def day_of(at: str) -> date | None:
    moment = moment_of(at)
    return moment.date() if moment else None


def moment_of(at: str) -> datetime | None:
    """A device's local time as a value; None where it is no time that a device can have."""
    try:
        moment = datetime.fromisoformat(at).replace(tzinfo=None)
    except ValueError:
        return None
    return moment if moment.year in YEARS else None


def number_of(facts: Mapping[str, Any], name: str) -> int | None:
    value = facts.get(name)
    return value if isinstance(value, int) else None


def _of_owner(index: ArchiveIndex, owner: str) -> Holding:
    filed = (each for sort in SORTS for each in index.documents(Wanted(sort=sort, owner=owner)))
    pairs = ((Source.JE, Reading.JE), (Source.MF, Reading.MF))
    read = {source: index.progress(owner, reading) for source, reading in pairs}
    return Holding(owner, "", "", tuple(index.z_rows(owner)), tuple(filed), read)


def _named(holding: Holding) -> set[str]:
    return {each.document.device_id for each in holding.filed} - {""}


def _latest(holdings: Iterable[Holding]) -> str:
    """The owner of whom something came last: a printer is replaced, its place stays."""
    taken = [(max(f.taken_at_ms for f in h.filed), h.owner) for h in holdings if h.filed]
    return max(taken, default=(0, ""))[1]


def _with_facts(
    z: int, source: Source, told: list[ZFigures], files: Mapping[Sort, list[Filed]]
) -> tuple[ZFigures, ...]:
    """What a sealed day of the JE says of itself, where nobody noted its figures."""
    if source is not Source.JE or Sort.JE not in files:
        return tuple(told)
    document = files[Sort.JE][-1].document
    if document.facts.get("whole") is False:  # read from its middle: its sums are of a part
        return (ZFigures(z, document.at, None),)
    total, receipts = number_of(document.facts, "total"), number_of(document.facts, "receipts")
    sealed = ZFigures(z, document.at, None if total is None else Bani(total), receipts=receipts)
    if not told:
        return (sealed,)
    first = told[0]
    total = first.total if first.total is not None else sealed.total
    count = first.receipts if first.receipts is not None else receipts
    return (replace(first, total=total, receipts=count), *told[1:])
