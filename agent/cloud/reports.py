"""An X or a Z as the cloud names it, whoever told its figures: a command's result, the archive.

Money in lei, rates in percent, null for what nobody told [cloud_ebon.md 11].
"""

from typing import Any

from agent.archive.sorts import RateSum, ZFigures

REGISTERS = {
    "discounts": "discounts",
    "surcharges": "surcharges",
    "voids": "voids",
    "cancelled": "cancelled",
    "cash_in": "cashIn",
    "cash_out": "cashOut",
}


def in_lei(bani: int | None) -> float | None:
    return None if bani is None else bani / 100


def report_model(figures: ZFigures) -> dict[str, Any]:
    """Say all of it but whose it is."""
    registers = {
        theirs: {"count": count, "amount": in_lei(figures.more.get(f"{ours}_total"))}
        for ours, theirs in REGISTERS.items()
        if (count := figures.more.get(f"{ours}_count")) is not None
    }
    return {
        "number": figures.z_number,
        "fiscalDate": figures.at,
        "totals": None if figures.total is None else {"sales": in_lei(figures.total)},
        "vatBreakdown": [_of_rate(rate) for rate in figures.rates],
        "payments": [{"type": k, "amount": in_lei(paid)} for k, paid in figures.payments.items()],
        "receiptCount": figures.receipts,
        "registers": registers or None,  # None: the device does not tell them
    }


def _of_rate(rate: RateSum) -> dict[str, Any]:
    return {
        "group": rate.letter or None,
        "rate": None if rate.rate is None else rate.rate / 100,
        "gross": in_lei(rate.gross),
        "base": None if rate.vat is None else in_lei(rate.gross - rate.vat),
        "amount": in_lei(rate.vat),
    }
