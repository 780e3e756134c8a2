"""A receipt or slip as lines for FiscalNet, and what it cannot take of one.

Discounts and surcharges go out in bani, worked out here: percent lines are known from two programs
only, and a sum leaves nothing to round. Texts stand below the sales, before the payments, wherever
they were asked: that is the only place a program was seen to put them.
"""

from dataclasses import dataclass, field

from drivers.capabilities import Capabilities
from drivers.je import REFERENCE
from drivers.model import Line, PaymentKind, Problem, Receipt, Slip, VatRate
from drivers.receipt_check import path_of, receipt_problems
from protocol import fiscalnet
from protocol.fiscalnet import NAME_MAX, SEPARATOR
from protocol.text import fold, wrapped

UNIT = "buc"  # where none is asked for: an empty field was never seen
DEPARTMENT = 1
PAYMENTS = {
    PaymentKind.CASH: "1",
    PaymentKind.CARD: "2",
    PaymentKind.CREDIT: "3",
    PaymentKind.MEAL_TICKET: "4",
    PaymentKind.VALUE_TICKET: "5",
    PaymentKind.VOUCHER: "6",
    PaymentKind.MODERN: "7",
}  # 8 and 9 are contested: only where the configuration names them


@dataclass(frozen=True, slots=True)
class ByHand:
    """What FiscalNet does not tell, and somebody wrote into the configuration."""

    fiscal_serial: str = ""
    groups: dict[str, VatRate] = field(default_factory=dict)  # FiscalNet's VAT group: its rate
    payments: dict[str, PaymentKind] = field(default_factory=dict)  # over the known ones
    answer_s: int = 60  # how long an answer may take, before a person is asked


def payments_of(by_hand: ByHand) -> dict[PaymentKind, str]:
    """Which number stands for a kind of payment; one that was given another meaning is not ours."""
    usual = {kind: number for kind, number in PAYMENTS.items() if number not in by_hand.payments}
    return usual | {kind: number for number, kind in by_hand.payments.items()}


def receipt_lines(receipt: Receipt, by_hand: ByHand) -> list[str]:
    """The whole file of a receipt that was checked."""
    groups = {rate: group for group, rate in reversed(by_hand.groups.items())}
    numbers = payments_of(by_hand)
    lines = [fiscalnet.customer(receipt.customer_tax_id)] if receipt.customer_tax_id else []
    for line in receipt.lines:
        lines += _sale(line, groups[line.vat_rate])
    if receipt.adjustment and (amount := receipt.total - sum(each.total for each in receipt.lines)):
        lines += [fiscalnet.SUBTOTAL, fiscalnet.adjustment(amount)]
    lines += _texts((*receipt.texts_above, *receipt.texts_below), receipt.reference)
    return lines + [fiscalnet.payment(numbers[paid.kind], paid.amount) for paid in receipt.payments]


def slip_lines(slip: Slip) -> list[str]:
    return _texts(slip.texts, slip.reference)


def fiscalnet_problems(
    receipt: Receipt, capabilities: Capabilities, rates: frozenset[VatRate]
) -> list[Problem]:
    """Check a receipt against what a file can say."""
    problems = receipt_problems(receipt, capabilities, rates)
    named: dict[str, str] = {}
    for index, line in enumerate(receipt.lines):
        path = path_of(line, index)
        named |= {f"{path}.name": line.name, f"{path}.unit": line.unit}
        if line.is_void:
            sentence = "no line is known to take one back: leave out both, nothing is printed yet"
            problems.append(Problem(f"{path}.void", "UNSUPPORTED", sentence))
    for path, texts in (("texts_above", receipt.texts_above), ("texts_below", receipt.texts_below)):
        named |= {f"{path}[{index}]": text for index, text in enumerate(texts)}
    for path, text in (named | {"customer_tax_id": receipt.customer_tax_id}).items():
        if SEPARATOR in fold(text):
            sentence = f"{SEPARATOR} separates the fields of a file and cannot be printed"
            problems.append(Problem(path, "TEXT_NOT_PRINTABLE", sentence))
    return problems


def _sale(line: Line, group: str) -> list[str]:
    sold = fiscalnet.sale(
        fold(line.name).rstrip(),
        price=line.unit_price,
        quantity=line.quantity,
        unit=fold(line.unit) or UNIT,
        group=group,
        department=line.department or DEPARTMENT,
    )
    change = line.total - line.gross
    return [sold, fiscalnet.adjustment(change)] if change else [sold]


def _texts(texts: tuple[str, ...], reference: str) -> list[str]:
    pieces = [piece for text in texts for piece in wrapped(text, NAME_MAX)]
    if reference:
        pieces.append(f"{REFERENCE}{reference}")
    return [fiscalnet.text(piece) for piece in pieces]
