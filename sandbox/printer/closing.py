"""What the fiscal memory gains when a receipt ends: issued or cancelled; and a Z report.

issued     registers of the day, receipt number, drawer, last receipt   -> kind "receipt"
cancelled  only the tally of cancelled receipts                         -> kind "cancelled"
closed_day a record of the fiscal memory, the day begins anew           -> kind "z"
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sandbox.printer import paper
from sandbox.printer.fields import money, vat_inside
from sandbox.printer.memory import (
    CASH,
    GROUPS,
    PAYMENT_KINDS,
    PERCENT_TYPES,
    Day,
    Document,
    LastDocument,
    LastReceipt,
    Memory,
    OpenReceipt,
    SoldLine,
    Tally,
    ZRecord,
)
from sandbox.printer.paper import Settings


def issued(
    memory: Memory,
    settings: Settings,
    receipt: OpenReceipt,
    now: datetime,
    *,
    number: int | None = None,
) -> tuple[Memory, Document]:
    number = number or memory.day.receipts + 1
    text = (*receipt.paper, *paper.receipt_end(memory, settings, receipt, now, number))
    total = receipt.total_bani
    document = Document(
        receipt.slip,
        "receipt",
        number,
        memory.z_now,
        now,
        total,
        text,
        told(memory, receipt),
    )
    cash = net_by_mode(receipt)[CASH]
    after = replace(
        memory,
        receipt=None,
        receipts_ever=memory.receipts_ever + 1,
        drawer_bani=memory.drawer_bani + cash,
        last_record_at=now,
        last_document=LastDocument(receipt.slip, len(receipt.lines), total, receipt.paid_bani),
        last_receipt=LastReceipt(number, now),
        day=day_with(memory, receipt, now),
    )
    return after, document


def cancelled(
    memory: Memory, settings: Settings, receipt: OpenReceipt, now: datetime
) -> tuple[Memory, Document]:
    end = (
        "** BON ANULAT **".center(settings.columns).rstrip(),
        *paper.foot(
            memory,
            settings,
            now,
            title="BON ANULAT",
            number=f"DOCUMENT NR: {receipt.slip}",
            z=memory.z_now,
        ),
    )
    document = Document(
        receipt.slip,
        "cancelled",
        receipt.slip,
        memory.z_now,
        now,
        receipt.total_bani,
        (*receipt.paper, *end),
        told(memory, receipt),
    )
    day = replace(memory.day, cancelled=memory.day.cancelled.plus(receipt.total_bani))
    after = replace(
        memory,
        receipt=None,
        day=day,
        last_record_at=max(memory.last_record_at, now),
        last_document=LastDocument(receipt.slip, len(receipt.lines)),
    )
    return after, document


def told(memory: Memory, receipt: OpenReceipt) -> dict[str, object]:
    """What the paper file says about a receipt beyond its text."""
    return {
        "lines": [line_told(line, memory.rates) for line in receipt.lines],
        "discounts": [
            {
                "type": one.discount_type,
                "value": money(one.value),
                "amount_bani": sum(one.by_group),
            }
            for one in receipt.discounts
        ],
        "payments": [
            {"mode": one.mode, "kind": PAYMENT_KINDS[one.mode], "amount_bani": one.amount_bani}
            for one in receipt.payments
        ],
        "reference": receipt.reference,
        "change_bani": max(0, receipt.paid_bani - receipt.total_bani),
        "customer_tax_id": receipt.customer_tax_id,
        "by_group_bani": list(receipt.by_group),
        "operator": receipt.operator,
        "texts": list(receipt.texts),
    }


def line_told(line: SoldLine, rates: tuple[int, ...]) -> dict[str, object]:
    discount = None
    if line.discount_type:
        discount = {
            "type": line.discount_type,
            "value": money(line.discount_value),
            "amount_bani": line.discount_bani,
        }
    return {
        "name": line.name,
        "quantity_thousandths": line.quantity_thousandths,
        "unit": line.unit,
        "price_bani": line.price_bani,
        "vat": GROUPS[line.group],
        "vat_rate": money(rates[line.group]),
        "total_bani": line.total_bani,
        "discount": discount,
        "department": line.department,
        "void": line.price_bani < 0,
    }


def net_by_mode(receipt: OpenReceipt) -> list[int]:
    """What was paid in each way; the change given leaves the cash."""
    sums = [0] * len(PAYMENT_KINDS)
    for paid in receipt.payments:
        sums[paid.mode] += paid.amount_bani
    sums[CASH] -= max(0, receipt.paid_bani - receipt.total_bani)
    return sums


def vat_by_group(by_group: tuple[int, ...], rates: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(vat_inside(gross, rate) for gross, rate in zip(by_group, rates, strict=True))


def day_with(memory: Memory, receipt: OpenReceipt, now: datetime) -> Day:
    """The registers of the day after one more receipt."""
    day, discounts, voids = memory.day, list(memory.day.discounts), memory.day.voids
    for line in receipt.lines:
        if line.price_bani < 0:
            voids = voids.plus(-line.total_bani)
        elif line.discount_type:
            index = line.discount_type - 1
            discounts[index] = discounts[index].plus(abs(line.discount_bani))
    for one in receipt.discounts:
        index = one.discount_type - 1
        discounts[index] = discounts[index].plus(abs(sum(one.by_group)))
    customer, customer_vat = day.with_customer, day.with_customer_vat_bani
    if receipt.customer_tax_id:
        customer = customer.plus(receipt.total_bani)
        customer_vat += sum(vat_by_group(receipt.by_group, memory.rates))
    return replace(
        day,
        first_receipt_at=day.first_receipt_at or now,
        receipts=day.receipts + 1,
        by_group=tuple(map(sum, zip(day.by_group, receipt.by_group, strict=True))),
        by_mode=tuple(map(sum, zip(day.by_mode, net_by_mode(receipt), strict=True))),
        discounts=tuple(discounts),
        voids=voids,
        with_customer=customer,
        with_customer_vat_bani=customer_vat,
    )


def record_of(memory: Memory, now: datetime) -> ZRecord:
    """The record that a Z report made now would leave."""
    day = memory.day
    return ZRecord(
        memory.z_now,
        now,
        day.receipts,
        day.by_group,
        vat_by_group(day.by_group, memory.rates),
        day.with_customer.sum_bani,
        memory.rates,
    )


def closed_day(memory: Memory, record: ZRecord) -> Memory:
    return replace(memory, last_z=record, day=Day())


def percent_and_sum(day: Day) -> tuple[Tally, ...]:
    """Surcharges %, discounts %, surcharges, discounts: the order of command 110-3."""
    percent = [day.discounts[kind - 1] for kind in PERCENT_TYPES]
    sums = [day.discounts[kind - 1] for kind in (3, 4)]
    return (*percent, *sums)
