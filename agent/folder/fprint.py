r"""FPrint's `.inp` files (FPrintWin, Fisco, DxPrint ...), to our commands, and their answers.

    S,1,______,_,__;Ceai;3.50;1.000;1;1;2;0;0;buc
    | |  '-- not yet executed   name;price;quantity;department;group;VAT;0;code;0 or unit
    | '-- number of the device
    '-- what it is

    C;kind;value       0 + %   1 - %   2 + lei   3 - lei: of the sale or the subtotal above
    T;kind;lei         payment; kind alone or 0 lei: all that is left; nothing at all: cash
    T;4   L            subtotal
    K;RO123            the buyer's code          P;text;...    up to five texts
    Y ... P ... T      a slip, as P alone        H   F   48   56    open and close: nothing to do
    I;0;lei   I;1;lei  cash in, cash out         D   O   duplicate, drawer
    Z;0   Z;1   Z      X report, Z report        A;;;X   A;;;Z       the same
    X                  cancels the open receipt; elsewhere the X report: `x_line`

Sure [datecs.md 9, romania.md 6.1; Datecs' own description; Romanian programs that write it]: S, C,
T 0, 1 and 4, P, I, Z;0, Z;1. From two or three programs: K, H and F, Z alone, a rate in the place
of the group ("21%"), a negative quantity for what is taken back. From one: L, A, 48, other numbers
of payments: those are to be named in `payments`, as a wrong one silently makes a wrong report.

The answer is assumed: `name.out` or `name.err`, the lines again with their service field filled in
(the device's last six signs, a digit that counts, 0 or -1), then in `.out` a line N with the number
of the receipt and of its Z, in `.err` ERRCODE= and ERRINFO=. What is wrong with the whole file is
marked at its first line.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Callable
from pathlib import PurePath

from agent.folder.draft import Asked, Draft
from agent.folder.fiscalnet import department_of
from agent.folder.words import (
    Ending,
    NotUnderstood,
    decimal,
    positive,
    rows_of,
    sentence_of,
    shown,
    text_of,
)
from agent.payloads import CashInPayload, CashOutPayload, LinePayload
from config.folder import FolderSettings
from drivers.model import AdjustmentKind, PaymentKind

PAYMENTS = {"0": PaymentKind.CASH, "1": PaymentKind.CARD}
SUBTOTAL = "4"
ADJUSTMENTS = {
    "0": AdjustmentKind.SURCHARGE_PERCENT,
    "1": AdjustmentKind.DISCOUNT_PERCENT,
    "2": AdjustmentKind.SURCHARGE_AMOUNT,
    "3": AdjustmentKind.DISCOUNT_AMOUNT,
}
REPORTS = {"0": "x_report", "1": "z_report", "": "z_report"}
LINE = re.compile(r"\s*([A-Za-z]|[0-9]{2,3}),\s*([0-9]{1,2}),\s*([^;]*?)\s*(?:;(.*))?", re.DOTALL)
NOT_EXECUTED = re.compile(r"_*,_*,_*")
SALE_FIELDS_MIN = 6
RESULT_OK, RESULT_BAD = "0 ", "-1"


def read(raw: bytes, settings: FolderSettings) -> Asked:
    """Say what a file asks for.

    Raises:
        NotUnderstood: nothing that can be done, and where.
    """
    draft = Draft()
    for at, row in rows_of(text_of(raw, settings.encoding)):
        found = LINE.fullmatch(row)
        if found is None:
            raise NotUnderstood(at, "LINE_UNREADABLE", f"{shown(row)} is no line of this format")
        if not NOT_EXECUTED.fullmatch(found[3]):
            raise NotUnderstood(at, "ALREADY_EXECUTED", f"{shown(found[3])} is a result")
        word = found[1].upper()
        if word not in LINES:
            raise NotUnderstood(at, "UNSUPPORTED_LINE", f"{shown(word)} is not done here")
        fields = (found[4] or "").split(";")
        if word != "P":  # a text may be moved to the middle with blanks
            fields = [field.strip() for field in fields]
        while fields and not fields[-1].strip():
            fields.pop()
        LINES[word](draft, settings, at, fields)
    return draft.finish()


def answer(ending: Ending) -> tuple[str, bytes]:
    """Return the name of the answer file, and what stands in it."""
    text = ending.raw.removeprefix(BOM_UTF8).decode("latin-1")  # every byte as it came
    done, problem = ending.problem is None, ending.problem
    rows, asked = [], rows_of(text)
    lines = [at for at, _ in asked]
    at_fault = lines.index(problem.path) if problem and problem.path in lines else 0
    for count, (_, row) in enumerate(asked, 1):
        bad = count == at_fault + 1  # the first, where it is of the whole file
        rows.append(_executed(row, ending, count) if done else _refused(row) if bad else row)
    if problem is None:
        told = ending.result or {}
        last = f"N,1,{_service(ending, len(rows) + 1)};{ending.number};{told.get('z_number', '')};"
        rows.append(last)
    else:
        rows += [f"ERRCODE={problem.code}", f"ERRINFO={sentence_of(problem)}"]
    name = _answer_name(ending.name, ".out" if done else ".err")
    return name, "".join(f"{row}\r\n" for row in rows).encode("latin-1")


def answer_names(name: str) -> list[str]:
    return [_answer_name(name, suffix) for suffix in (".out", ".err")]


def _answer_name(name: str, suffix: str) -> str:
    path = PurePath(name)
    return path.stem + (suffix.upper() if path.suffix.isupper() else suffix)


def _executed(row: str, ending: Ending, count: int) -> str:
    service = _service(ending, count)
    return re.sub(r"^([^,;]*,[^,;]*,)[^;]*;?", lambda head: f"{head[1]}{service};", row)


def _service(ending: Ending, count: int) -> str:
    serial = str((ending.result or {}).get("fiscal_serial", ""))
    return f"{serial[-6:]:_>6},{count % 10},{RESULT_OK}"


def _refused(row: str) -> str:
    return re.sub(r"^([^,;]*,[^,;]*,)[^;]*", rf"\g<1>______,_,{RESULT_BAD}", row)


# one function for each kind of line


def _sale(draft: Draft, settings: FolderSettings, at: str, fields: list[str]) -> None:
    if len(fields) < SALE_FIELDS_MIN or len(fields) > 10 or not fields[0]:
        sentence = "a sale is name;price;quantity;department;group;VAT;0;0;unit"
        raise NotUnderstood(at, "LINE_UNREADABLE", sentence)
    name, price_text, quantity_text, department, _, vat, *rest = fields
    price, quantity = decimal(at, price_text, 2), decimal(at, quantity_text, 3)
    if price < 0 and quantity < 0:
        raise NotUnderstood(at, "NOT_POSITIVE", "price and quantity are both negative")
    if rest and rest[0] not in ("", "0"):
        raise NotUnderstood(at, "LINE_UNREADABLE", f"{shown(rest[0])} after the VAT is not known")
    unit = next((field for field in rest[2:] if field and not field.isdigit()), "")
    sold = LinePayload(
        name=name,
        unit_price=positive(at, abs(price)),
        quantity=positive(at, abs(quantity)),
        vat_rate=_rate(settings, at, vat),
        department=department_of(at, department),
        unit=unit,
        void=price < 0 or quantity < 0,
    )
    draft.sell(at, sold)


def _rate(settings: FolderSettings, at: str, text: str) -> int:
    """Read a VAT group, or where the till writes it so, the rate itself: "21%"."""
    if text.endswith("%"):
        rate = decimal(at, text.removesuffix("%"), 2)
        if rate in settings.vat_rates.values():
            return rate
    elif text in settings.vat_rates:
        return settings.vat_rates[text]
    raise NotUnderstood(at, "VAT_GROUP_NOT_MAPPED", f"VAT {shown(text)} is not in vat_rates")


def _adjust(draft: Draft, _: FolderSettings, at: str, fields: list[str]) -> None:
    if len(fields) != 2 or fields[0] not in ADJUSTMENTS:
        raise NotUnderstood(at, "LINE_UNREADABLE", "a discount is kind 0 to 3;value")
    draft.adjust(at, ADJUSTMENTS[fields[0]], positive(at, decimal(at, fields[1], 2)))


def _total(draft: Draft, settings: FolderSettings, at: str, fields: list[str]) -> None:
    number, value, *rest = [*fields, "", ""][: max(2, len(fields))]
    if any(rest):
        raise NotUnderstood(at, "LINE_UNREADABLE", "a payment is kind;lei")
    amount = decimal(at, value or "0", 2)
    if number == SUBTOTAL and SUBTOTAL not in settings.payments and not amount:
        draft.subtotal(at)
        return
    number = number or "0"
    kind = settings.payments.get(number) or PAYMENTS.get(number)
    if kind is None:
        raise NotUnderstood(at, "PAYMENT_KIND_UNKNOWN", f"payment {shown(number)} is not known")
    if draft.is_slip or (draft.is_cash and not amount):  # it only closes it
        return
    draft.pay(at, PaymentKind(kind), positive(at, amount) if amount else None)


def _subtotal(draft: Draft, _: FolderSettings, at: str, fields: list[str]) -> None:
    _nothing_more(at, fields)
    draft.subtotal(at)


def _text(draft: Draft, _: FolderSettings, at: str, fields: list[str]) -> None:
    for text in fields or [""]:
        draft.text(at, text.rstrip())


def _customer(draft: Draft, _: FolderSettings, at: str, fields: list[str]) -> None:
    if len(fields) > 1 or (fields and not fields[0]):
        raise NotUnderstood(at, "LINE_UNREADABLE", "a buyer is their code alone")
    if fields:
        draft.customer(at, fields[0])


def _slip(draft: Draft, _: FolderSettings, at: str, fields: list[str]) -> None:
    _nothing_more(at, fields)
    draft.slip(at)


def _nothing(_: Draft, __: FolderSettings, at: str, fields: list[str]) -> None:
    """Opening and closing: we do both ourselves."""
    _nothing_more(at, fields)


def _open(_: Draft, __: FolderSettings, at: str, fields: list[str]) -> None:
    """Operator, password and till are those of our configuration; an invoice is another thing."""
    if fields[3:] and any(field.strip("0") for field in fields[3:]):
        raise NotUnderstood(at, "UNSUPPORTED_LINE", "only a plain receipt can be opened")


def _cash(draft: Draft, _: FolderSettings, at: str, fields: list[str]) -> None:
    if len(fields) != 2 or fields[0] not in ("0", "1"):
        raise NotUnderstood(at, "LINE_UNREADABLE", "cash is 0 (in) or 1 (out);lei")
    amount = positive(at, decimal(at, fields[1], 2))
    if fields[0] == "0":
        draft.other(at, "cash_in", CashInPayload(amount=amount))
    else:
        draft.other(at, "cash_out", CashOutPayload(amount=amount))


def _report(draft: Draft, _: FolderSettings, at: str, fields: list[str]) -> None:
    number, *rest = fields or [""]
    if number not in REPORTS or any(rest):
        raise NotUnderstood(at, "UNSUPPORTED_LINE", "of the reports, 0 (X) and 1 (Z) are done")
    draft.other(at, REPORTS[number])


def _report_by_letter(draft: Draft, _: FolderSettings, at: str, fields: list[str]) -> None:
    if len(fields) != 3 or fields[2] not in ("X", "Z") or any(fields[:2]):
        raise NotUnderstood(at, "UNSUPPORTED_LINE", "barcodes are not printed from a file")
    draft.other(at, "x_report" if fields[2] == "X" else "z_report")


def _x(draft: Draft, settings: FolderSettings, at: str, fields: list[str]) -> None:
    _nothing_more(at, fields)
    draft.other(at, "x_report" if settings.x_line == "report" else "void_open_receipt")


def _duplicate(draft: Draft, _: FolderSettings, at: str, fields: list[str]) -> None:
    _nothing_more(at, fields)
    draft.other(at, "print_duplicate")


def _drawer(draft: Draft, _: FolderSettings, at: str, fields: list[str]) -> None:
    _nothing_more(at, fields)
    draft.other(at, "open_drawer")


def _nothing_more(at: str, fields: list[str]) -> None:
    if fields:
        raise NotUnderstood(at, "UNSUPPORTED_LINE", f"{shown(';'.join(fields))} is not done here")


LINES: dict[str, Callable[[Draft, FolderSettings, str, list[str]], None]] = {
    "S": _sale,
    "C": _adjust,
    "T": _total,
    "L": _subtotal,
    "K": _customer,
    "P": _text,
    "Y": _slip,
    **dict.fromkeys(("H", "F", "56"), _nothing),
    "48": _open,
    "I": _cash,
    "Z": _report,
    "A": _report_by_letter,
    "X": _x,
    "D": _duplicate,
    "O": _drawer,
}
