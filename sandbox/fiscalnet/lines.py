"""What the lines of a file mean, as commands of the virtual printer behind this FiscalNet.

    CF^RO123            48 with the buyer's code; 48 comes before the first S anyway
    S^...               49: name, price, quantity, unit, VAT group (1 is A), department
    DV MV DP MP         discount or surcharge: of the S above, or after ST of the subtotal (51)
    TL^text             54; a file of nothing else is 38, 42 ..., 39
    P^kind^bani         53, and 56 after the last
    X^ Z^ VB^ DS^       69 X, 69 Z, 60, 106; each alone

A file is read whole before the printer hears of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sandbox.printer.fields import join, money

ENCODING = "cp1250"
NAME_MAX, LINES_MAX, KINDS_MAX = 36, 500, 9
GROUPS_MAX = 7
OPERATOR, TILL = 1, 1
ALONE = {"X": (69, ("X",)), "Z": (69, ("Z",)), "VB": (60, ()), "DS": (106, ())}
ADJUSTS = {"MP": 1, "DP": 2, "MV": 3, "DV": 4}  # as the printer's own kinds of discount

Step = tuple[int, bytes]


class NotUnderstood(Exception):
    """A file that says nothing that can be done."""


@dataclass
class Sale:
    fields: tuple[object, ...]
    department: str
    unit: str
    adjust: tuple[object, object] = ("", "")


@dataclass
class Draft:
    """A receipt as far as it was read."""

    customer: str = ""
    sales: list[Sale] = field(default_factory=list)
    subtotals: list[tuple[object, object]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    payments: list[tuple[int, str]] = field(default_factory=list)
    after_subtotal: bool = False


def steps_of(raw: bytes, password: str) -> tuple[str, list[Step]]:
    """Say what kind of document a file asks for, and the commands that make it.

    Raises:
        NotUnderstood: nothing of it may be done.
    """
    rows = rows_of(raw)
    words = [row[0] for row in rows]
    if len(rows) == 1 and words[0] in ALONE:
        command, values = ALONE[words[0]]
        return words[0], [(command, join(values) if values else b"")]
    if set(words) == {"TL"}:
        texts = [(42, join(("^".join(row[1:]),))) for row in rows]
        return "TL", [(38, b""), *texts, (39, b"")]
    draft = Draft()
    for row in rows:
        _take(draft, row)
    if not draft.sales or not draft.payments:
        raise NotUnderstood("un bon are cel putin o vanzare si o plata")
    return "S", list(_steps(draft, password))


def rows_of(raw: bytes) -> list[list[str]]:
    if len(raw) > 256 * 1024 or b"\0" in raw:
        raise NotUnderstood("fisierul nu este text")
    rows = [row.strip() for row in raw.decode(ENCODING, "replace").splitlines()]
    found = [row.split("^") for row in rows if row]
    if not found or len(found) > LINES_MAX:
        raise NotUnderstood("fisierul este gol sau prea lung")
    if any(len(row) < 2 for row in found):
        raise NotUnderstood("o linie fara ^")
    return found


def _take(draft: Draft, row: list[str]) -> None:
    word, fields = row[0], row[1:]
    if word in ALONE:
        raise NotUnderstood(f"{word} sta singur in fisier")
    if draft.payments and word != "P":
        raise NotUnderstood(f"{word} dupa plata")
    match word:
        case "CF" if not draft.sales and not draft.customer and len(fields) == 1:
            draft.customer = fields[0]
        case "S" if len(fields) == 6:
            draft.sales.append(_sale(fields))
            draft.after_subtotal = False
        case "DV" | "MV" | "DP" | "MP" if len(fields) == 1 and draft.sales:
            _adjust(draft, (ADJUSTS[word], money(_whole(fields[0]))))
        case "ST" if not any(fields) and draft.sales:
            draft.after_subtotal = True
        case "TL" if draft.sales:
            draft.texts.append("^".join(fields))
        case "P" if len(fields) == 2 and draft.sales:
            kind = _whole(fields[0])
            if not 1 <= kind <= KINDS_MAX:
                raise NotUnderstood(f"plata {kind} nu exista")
            draft.payments.append((kind - 1, money(_whole(fields[1]))))
        case _:
            raise NotUnderstood(f"linia {word}^ nu este buna aici")


def _sale(fields: list[str]) -> Sale:
    name, price, quantity, unit, group, department = fields
    if not name.strip() or len(name) > NAME_MAX:
        raise NotUnderstood("denumirea are 1 pana la 36 de caractere")
    if not 1 <= _whole(group) <= GROUPS_MAX:
        raise NotUnderstood(f"grupa de TVA {group} nu exista")
    sold = (name, _whole(group), money(_whole(price)), money(_whole(quantity), decimals=3))
    return Sale(sold, str(_whole(department)), unit)


def _adjust(draft: Draft, adjust: tuple[object, object]) -> None:
    if draft.after_subtotal:
        draft.subtotals.append(adjust)
    elif draft.sales[-1].adjust != ("", ""):
        raise NotUnderstood("doua reduceri pe aceeasi linie")
    else:
        draft.sales[-1].adjust = adjust


def _steps(draft: Draft, password: str) -> Iterator[Step]:
    invoice = ("I", draft.customer) if draft.customer else ("", "")
    yield 48, join((OPERATOR, password, TILL, *invoice))
    for sale in draft.sales:
        yield 49, join((*sale.fields, *sale.adjust, sale.department, sale.unit))
    for adjust in draft.subtotals:
        yield 51, join((1, 0, *adjust))
    for text in draft.texts:
        yield 54, join((text,))
    for kind, amount in draft.payments:
        yield 53, join((kind, amount))
    yield 56, b""


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 10:
        raise NotUnderstood(f"{text!r} nu este un numar intreg")
    return int(text)
