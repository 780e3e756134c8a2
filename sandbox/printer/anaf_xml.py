"""What the device writes for ANAF: a day as A4203 (`msj`), a month's register as A4200 (`mReg`).

    msj @idM
     |- bon *  @idB [@nrC] @totB @totTva      one per receipt: no goods, no payment
     |    `- cote *  @cota @tva
     `- rB  @idR @nrAv @nrB @totB ...         the registers of the Z
          |- pl *     @tipP @valPl @monPl
          |- coteZ *  @cota @valOp @tva
          `- av *     @data                   the power came back

    idM, idR   NUI(10) YYYYMMDDhhmmss Z(4)            idB  the same, and the receipt's number(4)
    mReg @idM  NUI(10) YYYYMMDDhhmmss

Pure: values in, bytes out. The order of elements is that of the schema. Doubts of the reference,
decided here: `valOp` is gross unless `net`; `nrC` is the customer's tax id without RO, left out
where it is longer than ten digits; voids are voided lines; `sume_serv_in` and `sume_serv_out` are
what was put in and taken out; the seventh VAT group is the exempt one, so it is `totNet` and no
`cota`. The VAT of the Z is that of the registers, as on paper and in the fiscal memory, so it may
differ by roundings from the sum of the receipts. Without `mE`: what it means is not known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import quoteattr

from sandbox.printer.fields import money, vat_inside
from sandbox.printer.memory import GROUPS, PAYMENT_KINDS, RATE_UNUSED, Day, ZRecord

DAY_SPACE = "mfp:anaf:dgti:a4203:declaratie:v1"
REGISTER_SPACE = "mfp:anaf:dgti:a4200:declaratie:v1"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
EXEMPT = len(GROUPS) - 1
CUSTOMER_MAX = 10
BREAKDOWNS_MAX = 999
RECEIPTS_MAX = 9999  # four digits in idB
TIP_P = {  # of another nomenclature than the device's own modes and FiscalNet's
    "card": 1,
    "card_and_cash_advance": 1,
    "cash": 3,
    "meal_ticket": 4,
    "value_ticket": 5,
    "voucher": 6,
    "credit": 7,
    "modern": 8,
    "other": 9,
    "foreign": 9,
}
SURCHARGES, REDUCTIONS = (0, 2), (1, 3)  # places in Day.discounts


@dataclass(frozen=True, slots=True)
class Bon:
    """A receipt as far as the day's file tells it."""

    number: int
    at: datetime
    total_bani: int
    by_group: tuple[int, ...]
    customer_tax_id: str = ""


def day(nui: str, registers: Day, record: ZRecord, bons: Iterable[Bon], *, net: bool) -> bytes:
    """The file of one Z: `registers` as they stood when it was made."""
    mark = f"{nui}{record.at:%Y%m%d%H%M%S}{record.number:04d}"
    parts = [HEAD, f'<msj xmlns="{DAY_SPACE}"', attributes(idM=mark), ">"]
    for bon in sorted(bons, key=lambda one: one.number):
        parts.append(bon_text(nui, record, bon))
    parts += ["<rB", attributes(idR=mark, **sums(registers, record)), ">"]
    for tip, bani in payments(registers).items():
        parts += ["<pl", attributes(tipP=tip, valPl=money(bani), monPl="RON"), "/>"]
    turnover = by_rate(record.by_group, record.rates)
    for rate, vat in by_rate(record.vat_by_group, record.rates, among=record.by_group).items():
        worth = turnover[rate] - (vat if net else 0)
        told = attributes(cota=cota(rate), valOp=money(worth), tva=money(vat))
        parts += ["<coteZ", told, "/>"]
    for at in registers.breakdowns:
        parts += ["<av", attributes(data=f"{at:%d.%m.%Y %H:%M:%S}"), "/>"]
    return "".join([*parts, "</rB></msj>\n"]).encode()


def bon_text(nui: str, record: ZRecord, bon: Bon) -> str:
    mark = f"{nui}{bon.at:%Y%m%d%H%M%S}{record.number:04d}{bon.number:04d}"
    vats = vat_of(bon.by_group, record.rates)
    rates = by_rate(vats, record.rates, among=bon.by_group)
    customer = bon.customer_tax_id.removeprefix("RO")
    told = {"idB": mark}
    if 0 < len(customer) <= CUSTOMER_MAX:
        told["nrC"] = customer
    told |= {"totB": money(bon.total_bani), "totTva": money(sum(rates.values()))}
    inside = [f"<cote{attributes(cota=cota(r), tva=money(v))}/>" for r, v in rates.items()]
    return f"<bon{attributes(**told)}>{''.join(inside)}</bon>"


def register(
    nui: str, cif: str, made_at: datetime, year: int, month: int, zs: tuple[int, int]
) -> bytes:
    """The register of a month: its first and last Z."""
    told = attributes(
        idM=f"{nui}{made_at:%Y%m%d%H%M%S}",
        an=year,
        luna=month,
        cif=cif,
        nrRapI=zs[0],
        nrRapF=zs[1],
        tip_amef="U",
    )
    return f'{HEAD}<mReg xmlns="{REGISTER_SPACE}"{told}/>\n'.encode()


def sums(registers: Day, record: ZRecord) -> dict[str, object]:
    """The attributes of rB after idR, in the order of the reference."""
    tallies = registers.discounts
    reductions = [tallies[place] for place in REDUCTIONS]
    surcharges = [tallies[place] for place in SURCHARGES]
    vat = by_rate(record.vat_by_group, record.rates, among=record.by_group)
    return {
        "nrAv": len(registers.breakdowns),
        "nrB": record.receipts,
        "totB": money(sum(record.by_group)),
        "nrBC": registers.with_customer.count,
        "totBC": money(registers.with_customer.sum_bani),
        "nrA": registers.voids.count,
        "totA": money(registers.voids.sum_bani),
        "nrR": sum(tally.count for tally in reductions),
        "totR": money(sum(tally.sum_bani for tally in reductions)),
        "nrM": sum(tally.count for tally in surcharges),
        "totM": money(sum(tally.sum_bani for tally in surcharges)),
        "totTva": money(sum(vat.values())),
        "totTvaC": money(registers.with_customer_vat_bani),
        "totTaxe": money(0),
        "totNet": money(record.by_group[EXEMPT]),
        "sume_serv_in": money(registers.cash_in.sum_bani),
        "sume_serv_out": money(registers.cash_out.sum_bani),
        "monRef": "RON",
    }


def payments(registers: Day) -> dict[int, int]:
    """What was paid, by ANAF's code; two of our ways may share one."""
    found: dict[int, int] = {}
    for kind, bani in zip(PAYMENT_KINDS, registers.by_mode, strict=True):
        if bani:
            found[TIP_P[kind]] = found.get(TIP_P[kind], 0) + bani
    return dict(sorted(found.items()))


def by_rate(
    values: tuple[int, ...], rates: tuple[int, ...], *, among: tuple[int, ...] | None = None
) -> dict[int, int]:
    """Sums by rate, highest rate first, of the groups with a turnover (`among`)."""
    found: dict[int, int] = {}
    turnover = values if among is None else among
    for group, (value, rate) in enumerate(zip(values, rates, strict=True)):
        if turnover[group] and rate < RATE_UNUSED and group != EXEMPT:
            found[rate] = found.get(rate, 0) + value
    return dict(sorted(found.items(), reverse=True))


def vat_of(by_group: tuple[int, ...], rates: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(vat_inside(gross, rate) for gross, rate in zip(by_group, rates, strict=True))


def cota(rate: int) -> str:
    """21.00 % is 21, 11.50 % is 11.5"""
    return money(rate).rstrip("0").rstrip(".")


def attributes(**told: object) -> str:
    return "".join(f" {name}={quoteattr(str(value))}" for name, value in told.items())
