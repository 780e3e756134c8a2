"""From what a device told of a Z to its figures, whoever asked: a report, or its fiscal memory."""

from typing import Any

from agent.archive.sorts import RateSum, ZFigures
from drivers.archive_text import MemoryRecord, iso_time
from drivers.model import Bani

TALLIES = ("discounts", "surcharges", "voids", "cancelled", "cash_in", "cash_out")


def of_report(result: dict[str, Any]) -> ZFigures:
    """The result of an X or Z report, with the registers of its day where they were read."""
    registers = result.get("registers") or {}
    vat = registers.get("vat", {})
    rates = tuple(
        RateSum(group["rate"], group["total"], vat.get(group["letter"]), group["letter"])
        for group in result["groups"] or ()  # None: nobody told them
    )
    more = {
        f"{name}_{what}": registers[name][what]
        for name in TALLIES
        if name in registers
        for what in ("count", "total")
    }
    return ZFigures(
        z_number=result["number"],
        at=iso_time(result["issued_at"]),
        total=Bani(sum(rate.gross for rate in rates)) if rates else None,
        rates=rates,
        vat=Bani(sum(vat.values())) if vat else None,
        receipts=registers.get("receipts"),
        payments={paid["kind"]: paid["amount"] for paid in result["payments"] or ()},
        more=more,
    )


def of_memory(record: MemoryRecord) -> ZFigures:
    """A Z of a detailed report of the fiscal memory."""
    vats = [rate.vat for rate in record.rates if rate.vat is not None]
    return ZFigures(
        z_number=record.z_number,
        at=record.at,
        total=record.total,
        rates=tuple(RateSum(r.rate, r.gross, r.vat, r.letter) for r in record.rates),
        vat=Bani(sum(vats)) if vats else None,
        receipts=record.receipts,
    )
