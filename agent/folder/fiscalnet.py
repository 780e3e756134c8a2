r"""FiscalNet's text files, to our commands, and its answers [other_protocols.md 9; romania.md 6.1].

    CF^RO123                               the buyer's code, before the first sale
    S^Paine^350^2000^buc^1^1               name, price in bani, quantity in thousandths, unit, VAT
                                           group, department;  VS^... takes an equal line back
    DV^100  MV^100   DP^1000  MP^1000      bani, or hundredths of a percent, off or on: of the sale
                                           above, or after ST^ of the subtotal
    P^1^700                                1 cash 2 card 3 credit 4 meal 5 value 6 voucher 7 modern
                                           8, 9 other; in bani, 0: all that is left
    TL^text                                alone: a slip
    X^   Z^   VB^   I^5000   O^5000   DS^  reports, cancel, cash in and out, drawer

    BONOK=1 CRLF NRBON=17                  BONOK=0 CRLF ERRCODE=... CRLF ERRINFO=...

Sure: CF, S, DV, MV, ST, P 1-7, TL, X, Z, VB, and the answers. From two programs that write or read
it: VS, DP, MP, P 8-9, a payment of 0. From one: I, O, DS. Assumed: ERRCODE may be a word; NRBON of
a report is its number, and 0 of what has none. RF (memory export), CB, MD, POS are refused.
"""

from collections.abc import Callable

from agent.folder.draft import Asked, Draft
from agent.folder.words import (
    Ending,
    NotUnderstood,
    rows_of,
    sentence_of,
    shown,
    text_of,
    whole,
)
from agent.payloads import CashInPayload, CashOutPayload, LinePayload
from config.folder import FolderSettings
from drivers.model import AdjustmentKind, PaymentKind

PAYMENTS = {
    "1": PaymentKind.CASH,
    "2": PaymentKind.CARD,
    "3": PaymentKind.CREDIT,
    "4": PaymentKind.MEAL_TICKET,
    "5": PaymentKind.VALUE_TICKET,
    "6": PaymentKind.VOUCHER,
    "7": PaymentKind.MODERN,
    "8": PaymentKind.OTHER,
    "9": PaymentKind.OTHER,
}
ADJUSTMENTS = {
    "DV": AdjustmentKind.DISCOUNT_AMOUNT,
    "MV": AdjustmentKind.SURCHARGE_AMOUNT,
    "DP": AdjustmentKind.DISCOUNT_PERCENT,
    "MP": AdjustmentKind.SURCHARGE_PERCENT,
}
OTHERS = {"X": "x_report", "Z": "z_report", "VB": "void_open_receipt", "DS": "open_drawer"}
FIELDS_MIN, FIELDS_MAX = 5, 6  # of a sale: the department may be left out


def read(raw: bytes, settings: FolderSettings) -> Asked:
    """Say what a file asks for.

    Raises:
        NotUnderstood: nothing that can be done, and where.
    """
    draft = Draft()
    for at, row in rows_of(text_of(raw, settings.encoding)):
        first, *fields = row.split("^")
        word = first.strip().upper()
        if word not in LINES or not fields:
            raise NotUnderstood(at, "UNSUPPORTED_LINE", f"{shown(first)} is not done here")
        if word != "TL":  # a text may be moved to the middle with blanks
            fields = [field.strip() for field in fields]
        LINES[word](draft, settings, at, word, fields)
    return draft.finish()


def answer(ending: Ending) -> tuple[str, bytes]:
    """Return the name of the answer file, and what stands in it."""
    if ending.problem is None:
        rows = ["BONOK=1", f"NRBON={ending.number}"]
    else:
        code, sentence = ending.problem.code, sentence_of(ending.problem)
        rows = ["BONOK=0", f"ERRCODE={code}", f"ERRINFO={sentence}"]
    return ending.name, "".join(f"{row}\r\n" for row in rows).encode("ascii")


def answer_names(name: str) -> list[str]:
    return [name]


# one function for each kind of line


def _sale(draft: Draft, settings: FolderSettings, at: str, word: str, fields: list[str]) -> None:
    while len(fields) > FIELDS_MAX and not fields[-1]:
        fields = fields[:-1]
    if not FIELDS_MIN <= len(fields) <= FIELDS_MAX:
        sentence = "a sale is S^name^price^quantity^unit^VAT group^department"
        raise NotUnderstood(at, "LINE_UNREADABLE", sentence)
    name, price, quantity, unit, group = fields[:FIELDS_MIN]
    department = fields[FIELDS_MIN] if len(fields) == FIELDS_MAX else ""
    if group not in settings.vat_rates:
        sentence = f"the VAT group {shown(group)} is not in vat_rates"
        raise NotUnderstood(at, "VAT_GROUP_NOT_MAPPED", sentence)
    if not name:
        raise NotUnderstood(at, "LINE_UNREADABLE", "the name is missing")
    sold = LinePayload(
        name=name,
        unit_price=whole(at, price),
        quantity=whole(at, quantity),
        vat_rate=settings.vat_rates[group],
        department=department_of(at, department),
        unit=unit,
        void=word == "VS",
    )
    draft.sell(at, sold)


def department_of(at: str, text: str) -> int:
    number = whole(at, text) if text not in ("", "0") else 1
    if number > 99:
        raise NotUnderstood(at, "LINE_UNREADABLE", f"the department {number} is above 99")
    return number


def _adjust(draft: Draft, _: FolderSettings, at: str, word: str, fields: list[str]) -> None:
    draft.adjust(at, ADJUSTMENTS[word], whole(at, _only(at, fields)))


def _subtotal(draft: Draft, _: FolderSettings, at: str, __: str, fields: list[str]) -> None:
    if any(field.strip("0") for field in fields):  # ST^0 is met
        raise NotUnderstood(at, "LINE_UNREADABLE", "a subtotal says nothing more")
    draft.subtotal(at)


def _pay(draft: Draft, settings: FolderSettings, at: str, _: str, fields: list[str]) -> None:
    number = fields[0]
    kind = settings.payments.get(number) or PAYMENTS.get(number)
    if kind is None:
        raise NotUnderstood(at, "PAYMENT_KIND_UNKNOWN", f"payment {shown(number)} is not known")
    amount = _only(at, fields[1:])
    draft.pay(at, PaymentKind(kind), None if set(amount) == {"0"} else whole(at, amount))


def _text(draft: Draft, _: FolderSettings, at: str, __: str, fields: list[str]) -> None:
    draft.text(at, "^".join(fields).rstrip())


def _customer(draft: Draft, _: FolderSettings, at: str, __: str, fields: list[str]) -> None:
    draft.customer(at, _only(at, fields))


def _other(draft: Draft, _: FolderSettings, at: str, word: str, fields: list[str]) -> None:
    if any(fields):
        raise NotUnderstood(at, "LINE_UNREADABLE", f"{word} says nothing more")
    draft.other(at, OTHERS[word])


def _cash_in(draft: Draft, _: FolderSettings, at: str, __: str, fields: list[str]) -> None:
    draft.other(at, "cash_in", CashInPayload(amount=whole(at, _only(at, fields))))


def _cash_out(draft: Draft, _: FolderSettings, at: str, __: str, fields: list[str]) -> None:
    draft.other(at, "cash_out", CashOutPayload(amount=whole(at, _only(at, fields))))


def _only(at: str, fields: list[str]) -> str:
    if not fields or not fields[0] or any(fields[1:]):
        raise NotUnderstood(at, "LINE_UNREADABLE", "one value is expected")
    return fields[0]


LINES: dict[str, Callable[[Draft, FolderSettings, str, str, list[str]], None]] = {
    "S": _sale,
    "VS": _sale,
    **dict.fromkeys(ADJUSTMENTS, _adjust),
    "ST": _subtotal,
    "P": _pay,
    "TL": _text,
    "CF": _customer,
    **dict.fromkeys(OTHERS, _other),
    "I": _cash_in,
    "O": _cash_out,
}
