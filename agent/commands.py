"""Every kind of command, in our own words: its payload, what does it, what proves it.

    print_receipt   a fiscal receipt      proved by the receipt counter, the total, the reference
    x_report        read-only totals      nothing to prove
    z_report        closes the day        proved by the Z number

The cloud, the command line and the tests all speak this; how a cloud spells it is in
`cloud/schema.py`. A kind that is not in the table is answered UNSUPPORTED, never dropped.
"""

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from agent.verdict import Proof
from drivers.base import FiscalPrinter
from drivers.errors import ContactLost
from drivers.faults import Fault
from drivers.model import (
    Adjustment,
    AdjustmentKind,
    Bani,
    Line,
    Observation,
    Payment,
    PaymentKind,
    Problem,
    Receipt,
    Thousandths,
    VatRate,
)

REFERENCE_LENGTH = 10
TAX_ID_WEIGHTS = (7, 5, 3, 2, 1, 7, 5, 3, 2)  # of a CUI, right-aligned [romania.md 1]

Positive = Annotated[int, Field(gt=0)]


class _Payload(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class AdjustmentPayload(_Payload):
    kind: AdjustmentKind = Field(strict=False)
    value: Positive


class LinePayload(_Payload):
    name: Annotated[str, StringConstraints(min_length=1)]
    unit_price: Positive  # bani
    quantity: Positive  # thousandths
    vat_rate: Annotated[int, Field(ge=0)]  # hundredths of a percent
    adjustment: AdjustmentPayload | None = None
    department: Annotated[int, Field(ge=0, le=99)] = 1
    unit: str = ""


class PaymentPayload(_Payload):
    kind: PaymentKind = Field(strict=False)
    amount: Positive  # bani


class ReceiptPayload(_Payload):
    lines: Annotated[list[LinePayload], Field(min_length=1)]
    payments: Annotated[list[PaymentPayload], Field(min_length=1)]
    customer_tax_id: str = ""


class NoPayload(_Payload):
    pass


Work = Receipt | None
"""What a driver is given: a receipt, or nothing where the kind says it all."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of command.

    `perform` does it; `recall` reads its result when a later look proved that it was done (None
    where nothing is ever proved, for it may be done again).
    `tolerates` are the conditions of a device that do not keep it from being done.
    """

    name: str
    payload: type[BaseModel]
    proof: Proof
    perform: Callable[[FiscalPrinter, Work], dict[str, Any]]
    recall: Callable[[FiscalPrinter, Work, Observation], dict[str, Any]] | None
    tolerates: frozenset[Fault] = frozenset()


def understand(kind: Kind, payload: str, command_id: str) -> Work:
    """Turn a payload as the ledger keeps it into what a driver is given."""
    read = kind.payload.model_validate_json(payload)
    return to_receipt(read, command_id) if isinstance(read, ReceiptPayload) else None


def to_receipt(payload: ReceiptPayload, command_id: str) -> Receipt:
    """Non-cash payments go first, so that only cash gives change."""
    payments = [Payment(p.kind, Bani(p.amount)) for p in payload.payments]
    return Receipt(
        lines=tuple(_line(line) for line in payload.lines),
        payments=tuple(sorted(payments, key=lambda payment: payment.kind is PaymentKind.CASH)),
        reference=reference_of(command_id),
        customer_tax_id=payload.customer_tax_id,
    )


def reference_of(command_id: str) -> str:
    """Return the short text that is printed on the receipt and proves later whose it is."""
    digest = hashlib.sha256(command_id.encode()).digest()
    return base64.b32encode(digest).decode()[:REFERENCE_LENGTH]


def receipt_conflicts(receipt: Receipt) -> list[Problem]:
    """Say what in a receipt contradicts itself: payments against the total, the buyer's CUI."""
    problems = []
    paid = sum(payment.amount for payment in receipt.payments)
    cashless = sum(p.amount for p in receipt.payments if p.kind is not PaymentKind.CASH)
    if paid < receipt.total:
        sentence = f"payments are {receipt.total - paid} bani short of the total {receipt.total}"
        problems.append(Problem("payments", "PAYMENTS_SHORT", sentence))
    elif cashless > receipt.total:
        sentence = f"payments other than cash exceed the total by {cashless - receipt.total} bani"
        problems.append(Problem("payments", "PAYMENTS_EXCEED_TOTAL", sentence))
    elif paid - receipt.payments[-1].amount >= receipt.total:
        # The device would refuse it on a paid receipt, which no one can cancel any more.
        problems.append(
            Problem("payments", "PAYMENTS_EXCEED_TOTAL", "nothing is left for the last payment")
        )
    if receipt.customer_tax_id and not is_tax_id(receipt.customer_tax_id):
        sentence = f"{receipt.customer_tax_id[:20]!r} is not a CUI: its check digit is wrong"
        problems.append(Problem("customer_tax_id", "CUSTOMER_TAX_ID_BAD", sentence))
    return problems


def fold_tax_id(text: str) -> str:
    """Take away blanks and the RO prefix, which only says that the buyer pays VAT."""
    return re.sub(r"^RO", "", re.sub(r"\s", "", text).upper())


def is_tax_id(text: str) -> bool:
    """Check a CUI of 2 to 10 digits by its check digit; a person's 13 digits by their number."""
    if not text.isascii() or not text.isdigit():
        return False
    if len(text) == 13:
        return True
    digits = [int(digit) for digit in text[:-1].rjust(9, "0")]
    sum_ = sum(digit * weight for digit, weight in zip(digits, TAX_ID_WEIGHTS, strict=False))
    return 2 <= len(text) <= 10 and sum_ * 10 % 11 % 10 == int(text[-1])


def _line(line: LinePayload) -> Line:
    given = line.adjustment
    return Line(
        name=line.name,
        unit_price=Bani(line.unit_price),
        quantity=Thousandths(line.quantity),
        vat_rate=VatRate(line.vat_rate),
        adjustment=Adjustment(given.kind, given.value) if given else None,
        department=line.department,
        unit=line.unit,
    )


def _issue(printer: FiscalPrinter, work: Work) -> dict[str, Any]:
    assert work is not None
    return asdict(printer.issue_receipt(work))


def _recall_receipt(printer: FiscalPrinter, work: Work, seen: Observation) -> dict[str, Any]:
    assert work is not None
    if seen.trace is None:
        result = printer.last_receipt(work.total)
        _same(result.document_number, seen.counters.document_number)
        return asdict(result)
    # Others may have printed since: the numbers stand in the document with our reference.
    serial = seen.counters.fiscal_serial
    return asdict(seen.trace) | {"fiscal_serial": serial, "total": work.total}


def _x(printer: FiscalPrinter, _: Work) -> dict[str, Any]:
    return asdict(printer.x_report())


def _z(printer: FiscalPrinter, _: Work) -> dict[str, Any]:
    return asdict(printer.z_report())


def _recall_z(printer: FiscalPrinter, _: Work, seen: Observation) -> dict[str, Any]:
    report = printer.last_z_report()
    _same(report.number, seen.counters.z_number)
    return asdict(report)


def _same(read: int, seen: int) -> None:
    """Somebody printed since we looked: look again, rather than tell another's numbers."""
    if read != seen:
        raise ContactLost(f"number {read} came after {seen}, which was looked at")


_DAY_IS_OVER = frozenset({Fault.Z_REPORT_DUE})

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("print_receipt", ReceiptPayload, Proof.RECEIPT, _issue, _recall_receipt),
        Kind("x_report", NoPayload, Proof.NONE, _x, None, _DAY_IS_OVER),
        Kind("z_report", NoPayload, Proof.Z_NUMBER, _z, _recall_z, _DAY_IS_OVER),
    )
}
