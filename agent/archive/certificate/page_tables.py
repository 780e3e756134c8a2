"""The tables of the page, a row for each thing; on a phone a row is a card.

Z 412-415 | since 2026-09-01 | what, in both languages | CODE
"""

from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element

from agent.archive.certificate.absences import Absence, SourceCoverage
from agent.archive.certificate.calendar_days import Carried
from agent.archive.certificate.compare import Disagreement, Field, ToldTwice
from agent.archive.certificate.markup import Piece, e
from agent.archive.certificate.remarks import Remark
from agent.archive.certificate.words import SOURCES, Weight, money, percent, shown
from agent.archive.sorts import Source

ROWS_MAX = 200
RUNS_MAX = 12  # in one cell
DASH = "\N{EN DASH}"
FIELDS = {
    Field.TOTAL: ("total", "total"),
    Field.VAT: ("TVA", "VAT"),
    Field.RATE: ("vânzări", "sales"),
    Field.RATE_VAT: ("TVA", "VAT"),
    Field.RECEIPTS: ("bonuri", "receipts"),
    Field.TIME: ("ora", "time"),
}
WEIGHTS = {Weight.ALARM: "!!", Weight.WARNING: "!", Weight.NOTE: "·"}


def english(text: str) -> Element:
    return e("span", text, class_="en", lang="en")


def remarks_table(remarks: Sequence[Remark]) -> list[Piece]:
    rows = [
        e(
            "tr",
            e("td", e("span", WEIGHTS[each.weight], class_="mark"), each.place, class_="z"),
            e("td", shown(each.since)[:16], class_="when", data_label="începând cu"),
            e("td", each.ro, english(each.en)),
            e("td", each.code, class_="code"),
            class_=each.weight,
        )
        for each in remarks[:ROWS_MAX]
    ]
    heads = (("Unde", "where"), ("Începând cu", "since"), ("Ce", "what"), ("Cod", "code"))
    return _table(heads, rows, len(remarks))


def sources_table(sources: Sequence[SourceCoverage]) -> list[Piece]:
    rows = []
    for kept in sources:
        name = SOURCES[kept.source]
        missing = [a for a in kept.absences if a.breaks]
        awaited = [a for a in kept.absences if a.code == "Z_AWAITED"]
        rows.append(
            e(
                "tr",
                e("td", name.ro[:1].upper() + name.ro[1:], english(name.en)),
                e("td", _z(kept.first), class_="n", data_label="primul Z"),
                e("td", _z(kept.last), class_="n", data_label="ultimul Z"),
                e("td", str(kept.count), class_="n", data_label="câte"),
                e("td", _runs(missing), data_label="lipsesc"),
                e("td", _runs(awaited), data_label="se așteaptă"),
            )
        )
    heads = (
        ("Sursa", "source"),
        ("Primul Z", "first"),
        ("Ultimul", "last"),
        ("Câte", "count"),
        ("Lipsesc, începând cu", "missing since"),
        ("Se așteaptă de la", "awaited since"),
    )
    return _table(heads, rows, len(rows))


def _runs(absences: Sequence[Absence]) -> list[Piece]:
    """Z 412-415, 2026-09-01; a line each."""
    pieces: list[Piece] = []
    for each in absences[:RUNS_MAX]:
        zs = f"Z {each.first}" if each.first == each.last else f"Z {each.first}-{each.last}"
        pieces.append(
            e("div", e("b", zs), " ", e("span", each.since[:10] or "?", class_="soft nowrap"))
        )
    if (more := len(absences) - RUNS_MAX) > 0:
        pieces.append(e("div", f"+{more}", class_="soft"))
    return pieces


def disagreements_table(found: Sequence[Disagreement]) -> list[Piece]:
    rows = [
        e(
            "tr",
            e("td", f"Z {each.z}", class_="z"),
            e("td", *_field(each)),
            _source(each.one),
            e("td", _value(each, each.one_value), class_="n"),
            _source(each.other),
            e("td", _value(each, each.other_value), class_="n"),
            e("td", _off(each), class_="n", data_label="diferența"),
        )
        for each in found[:ROWS_MAX]
    ]
    heads = (
        ("Z", ""),
        ("Ce", "what"),
        ("Sursa", "source"),
        ("Spune", "says"),
        ("Cealaltă", "the other"),
        ("Spune", "says"),
        ("Diferența (admis)", "off by (allowed)"),
    )
    return _table(heads, rows, len(found)) if found else []


def _source(source: Source) -> Element:
    name = SOURCES[source]
    return e("td", name.ro, english(name.en))


def _field(found: Disagreement) -> list[Piece]:
    ro, en = FIELDS[found.field]
    if found.rate is None:
        return [ro, english(en)]
    rate = percent(found.rate)
    return [f"{ro} {rate.ro}", english(f"{en} {rate.en}")]


def _value(found: Disagreement, value: int | str) -> str:
    if isinstance(value, str):
        return shown(value)
    return str(value) if found.field is Field.RECEIPTS else money(value).ro


def _off(found: Disagreement) -> str:
    one, other = found.one_value, found.other_value
    if isinstance(one, str) or isinstance(other, str):
        return f"({found.tolerance} s)"
    return f"{_value(found, other - one)} ({_value(found, found.tolerance)})"


def twice_table(found: Sequence[ToldTwice]) -> list[Piece]:
    """The figures of each telling side by side, a row each."""
    rows = [
        e(
            "tr",
            e("td", f"Z {each.z}", class_="z"),
            _source(each.source),
            e("td", shown(figures.at), class_="when"),
            e("td", money(figures.total).ro, class_="n"),
            e("td", money(figures.vat).ro, class_="n", data_label="TVA"),
            e("td", _count(figures.receipts), class_="n", data_label="bonuri"),
            e("td", figures.digest[:12], class_="code"),
        )
        for each in found[:ROWS_MAX]
        for figures in each.figures
    ]
    heads = (
        ("Z", ""),
        ("Sursa", "source"),
        ("Ora", "time"),
        ("Total", ""),
        ("TVA", "VAT"),
        ("Bonuri", "receipts"),
        ("Amprenta", "digest"),
    )
    return _table(heads, rows, len(found)) if found else []


def carried_table(found: Sequence[Carried]) -> list[Piece]:
    rows = [
        e(
            "tr",
            e("td", each.code, class_="code"),
            e("td", str(each.count), class_="n", data_label="de câte ori"),
            e("td", f"Z {each.zs}" if each.zs else "", class_="soft"),
            e("td", each.place, ": ", each.sentence),
        )
        for each in sorted(found, key=lambda each: each.is_known)
    ]
    heads = (("Cod", "code"), ("De câte ori", "times"), ("Z", ""), ("Primul loc", "first place"))
    return _table(heads, rows, len(rows)) if rows else []


def _table(heads: Iterable[tuple[str, str]], rows: Sequence[Element], count: int) -> list[Piece]:
    """A table with its heads; those above numbers stand to the right, as the numbers do."""
    columns = zip(heads, rows[0] if rows else [], strict=False)
    names = [
        e("th", ro, " ", english(en), class_=first.get("class", "")) for (ro, en), first in columns
    ]
    head = e("thead", e("tr", names))
    table: list[Piece] = [e("table", head, e("tbody", rows), class_="cards")]
    if count > ROWS_MAX:
        more = count - ROWS_MAX
        said = f"Încă {more} în certificate.json."
        table.append(e("p", said, " ", english(f"{more} more in certificate.json."), class_="soft"))
    return table if rows else []


def _z(number: int | None) -> str:
    return DASH if number is None else str(number)


def _count(number: int | None) -> str:
    return "?" if number is None else str(number)
