"""A receipt that was printed, as the cloud keeps receipts [cloud_ebon.md 14].

    our payload + the device's numbers  -->  {deviceId, type, items, payments, total, vatBreakdown,
                                              fiscalId, fiscalDate, fiscalSeries, customerCif, ...}

Prices hold VAT. What was paid is told without the change, so that it is the total.
"""

from collections import defaultdict
from dataclasses import replace
from datetime import tzinfo
from typing import Any

from agent.cloud.moments import fiscal_date
from agent.cloud.results import fiscal_id, known
from agent.entries import LedgerEntry
from agent.payloads import ReceiptPayload, to_receipt
from drivers.model import Bani, Line, PaymentKind, Receipt

RATE = 10_000  # a rate is in hundredths of a percent
ONE = 1000  # a quantity is in thousandths
METHODS = {PaymentKind.MEAL_TICKET: "voucher", PaymentKind.VALUE_TICKET: "voucher"}
METHODS |= {
    kind: str(kind) for kind in PaymentKind if kind in ("cash", "card", "credit", "voucher")
}


def receipt_of(
    entry: LedgerEntry, result: dict[str, Any], operator: str, zone: tzinfo
) -> dict[str, Any]:
    """Say what stands on the paper of an issued `print_receipt`."""
    receipt = to_receipt(ReceiptPayload.model_validate_json(entry.payload or ""), entry.id)
    lines = _standing(receipt.lines)
    body: dict[str, Any] = {
        "deviceId": entry.device_id,
        "type": "sale",
        "items": [_item(line) for line in lines],
        "payments": _payments(receipt),
        "total": receipt.total / 100,
        "vatBreakdown": _vat(lines, receipt.total),
        "operatorId": operator,
    }
    told = {
        "fiscalId": fiscal_id(result),
        "fiscalDate": fiscal_date(result["issued_at"], zone),
        "fiscalSeries": known("fiscal_serial", result["fiscal_serial"]),
    }
    body |= {name: value for name, value in told.items() if value is not None}
    if receipt.customer_tax_id:
        body["customerCif"] = receipt.customer_tax_id
    return body


def _standing(lines: tuple[Line, ...]) -> list[Line]:
    """Return what was sold: without what was taken back, and without its taking back."""
    kept: list[Line] = []
    for line in lines:
        if line.is_void:
            kept.remove(replace(line, is_void=False))
        else:
            kept.append(line)
    return kept


def _item(line: Line) -> dict[str, Any]:
    """A surcharge stands inside the price; what its rounding is too much is taken off again."""
    price, gross = line.unit_price, line.gross
    if line.total > gross:
        price = Bani(-(-line.total * ONE // line.quantity))
        gross = replace(line, unit_price=price).gross
    item = {
        "name": line.name,
        "quantity": line.quantity / ONE,
        "price": price / 100,
        "vatRate": line.vat_rate / 100,
        "department": line.department,
    }
    less = gross - line.total
    return item | {"discount": less / 100} if less else item


def _payments(receipt: Receipt) -> list[dict[str, Any]]:
    left, told = int(receipt.total), []
    for payment in receipt.payments:  # cash comes last: only it gives change
        amount = min(payment.amount, left)
        left -= amount
        told.append({"method": METHODS.get(payment.kind, "other"), "amount": amount / 100})
    return told


def _vat(lines: list[Line], total: int) -> list[dict[str, float]]:
    """Split the total by rate; what was taken off the whole goes by each rate's part of it."""
    by_rate: defaultdict[int, int] = defaultdict(int)
    for line in lines:
        by_rate[line.vat_rate] += line.total
    before, left, told = sum(by_rate.values()), total, []
    for number, (rate, gross) in enumerate(sorted(by_rate.items()), start=1):
        last = number == len(by_rate)
        share = left if last else _half_up(gross * total, before)
        left -= share
        base = _half_up(share * RATE, RATE + rate)
        told.append({"rate": rate / 100, "base": base / 100, "vat": (share - base) / 100})
    return told


def _half_up(amount: int, by: int) -> int:
    return (2 * amount + by) // (2 * by) if by else 0
