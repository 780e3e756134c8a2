"""The content of a signed file, as values [romania.md 3.1-3.3].

    mReg                                          -> Register   which Zs a month has, no figures
    msj                                           -> Day        one Z
     +- bon *     idB nrC totB totTva             -> DayReceipt
     |   +- cote *   cota tva                     -> RateVat
     +- rB        idR, counts and totals          -> DayTotals
     |   +- pl *     tipP valPl monPl             -> DayPayment
     |   +- coteZ *  cota valOp tva               -> DayRate
     |   +- av *     data                         -> breakdowns
     +- mE        ev: dataI dataF tipE            -> Outage
    msj of A4201, A4202                           -> OtherDay   known and kept; inside not looked at

    idM "5000001234" "20261005214217" "0413"            -> Stamp: NUI, local time, Z
    idB "5000001234" "20261005080541" "0413" "0001"     and the receipt

Money is whole bani, rates hundredths of a percent. What is not there or cannot be read is None, and
a finding says so. `valOp` is kept as it stands: gross or net is decided in day_rules.py.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from agent.archive.signed import safe_xml, schema
from agent.archive.signed.refusals import NotSigned
from agent.archive.signed.safe_xml import Element
from agent.archive.sorts import Finding
from drivers.model import Bani, VatRate

NAMESPACE = re.compile(r"mfp:anaf:dgti:(a420[0-3]):declaratie:v1")
NAMESPACES = {family: f"mfp:anaf:dgti:{family}:declaratie:v1" for family in ("a4200", "a4203")}
STAMP = re.compile(r"(\d{10})(\d{14})(\d{4})?(\d{4})?", re.ASCII)
YEAR, MONTH = re.compile(r"20\d\d", re.ASCII), re.compile(r"0?[1-9]|1[0-2]", re.ASCII)
AMOUNT = re.compile(r"(\d{0,20})(?:\.(\d{0,2}))?", re.ASCII)
RATE = re.compile(r"(\d{1,2})(?:\.(\d{1,2}))?", re.ASCII)
BANI_MAX = 10**15  # the pattern allows 20 digits, a column of a database does not
COUNT_MAX = 9_999_999_999
SHOWN_MAX = 40
UNKNOWN_MAX = 1_000  # told of one file
COUNTS = {  # of rB, and what we call them
    "nrAv": "breakdowns",
    "nrB": "receipts",
    "nrBC": "receipts_with_tax_id",
    "nrA": "voids",
    "nrR": "discounts",
    "nrM": "surcharges",
}
AMOUNTS = {
    "totB": "total",
    "totBC": "total_with_tax_id",
    "totA": "voided",
    "totR": "discounted",
    "totM": "surcharged",
    "totTva": "vat",
    "totTvaC": "vat_with_tax_id",
    "totTaxe": "other_taxes",
    "totNet": "exempt",  # the name misleads [romania.md 3.3]
    "sume_serv_in": "cash_at_start",
    "sume_serv_out": "cash_at_end",
}


@dataclass(frozen=True, slots=True)
class Stamp:
    """An id: who, when by the device's clock, and which. `at` None: no such moment."""

    text: str
    nui: str
    at: datetime | None
    z_number: int | None = None
    receipt: int | None = None


@dataclass(frozen=True, slots=True)
class Register:
    id: Stamp | None
    period: str | None  # "2026-10"
    cif: str
    z_first: int | None
    z_last: int | None
    amef_type: str  # U usual, A airport, S exchange, T taxi


@dataclass(frozen=True, slots=True)
class RateVat:
    rate: VatRate | None
    vat: Bani | None


@dataclass(frozen=True, slots=True)
class DayReceipt:
    id: Stamp | None
    tax_id: str  # nrC; that it is the buyer's is assumed [romania.md 3.2]
    total: Bani | None
    vat: Bani | None
    rates: tuple[RateVat, ...]


@dataclass(frozen=True, slots=True)
class DayPayment:
    kind: str  # tipP: 1 is card, 3 is cash
    value: Bani | None
    currency: str


@dataclass(frozen=True, slots=True)
class DayRate:
    rate: VatRate | None
    turnover: Bani | None  # valOp, as it stands
    vat: Bani | None


@dataclass(frozen=True, slots=True)
class DayTotals:
    id: Stamp | None
    counts: Mapping[str, int | None]  # the values of COUNTS
    amounts: Mapping[str, Bani | None]  # the values of AMOUNTS
    currency: str


@dataclass(frozen=True, slots=True)
class Outage:
    """What the device could not do from when to when; `kind` 1 or 2, unverified which is which."""

    start: str
    end: str
    kind: str


@dataclass(frozen=True, slots=True)
class Day:
    id: Stamp | None
    period: str | None
    cif: str
    receipts: tuple[DayReceipt, ...]
    totals: DayTotals
    payments: tuple[DayPayment, ...]
    rates: tuple[DayRate, ...]
    breakdowns: tuple[str, ...]
    outages: tuple[Outage, ...]


@dataclass(frozen=True, slots=True)
class OtherDay:
    """An exchange day (a4201) or a taxi day (a4202)."""

    family: str
    id: Stamp | None
    attributes: Mapping[str, str]
    elements: Mapping[str, int]  # how many of each stand under the root


Content = Register | Day | OtherDay


def read(xml: bytes) -> tuple[Content, list[Finding]]:
    """Read what was signed, and hold it against its schema.

    Raises:
        NotSigned: it is not XML, harmful XML, or the XML of something else.
    """
    root = safe_xml.parse(xml)
    if root.name not in ("mReg", "msj"):
        sentence = f"what is signed is a {root.name[:SHOWN_MAX]!r}, not a day or a register"
        raise NotSigned("FOREIGN_CONTENT", sentence)
    known = NAMESPACE.fullmatch(root.namespace)
    if root.name == "msj" and known and known[1] in ("a4201", "a4202"):
        return _other_day(root, known[1])
    namespace = NAMESPACES["a4200" if root.name == "mReg" else "a4203"]
    values = _Values()
    if root.namespace != namespace:
        sentence = f"its namespace is {root.namespace[:80]!r}, {namespace!r} is expected"
        values.findings.append(Finding("NAMESPACE_WRONG", root.name, sentence))
    content = _register(root, values) if root.name == "mReg" else _day(root, values)
    return content, [*values.findings, *schema.findings_of(root, namespace)]


def stamp_of(text: str) -> Stamp | None:
    """Take an id apart; None if it has not the form of one."""
    found = STAMP.fullmatch(text)
    if found is None:
        return None
    nui, moment, z_number, receipt = found.groups()
    try:
        at = datetime.strptime(moment, "%Y%m%d%H%M%S")  # noqa: DTZ007 the device's own clock
    except ValueError:
        at = None
    return Stamp(
        text,
        nui,
        at,
        int(z_number) if z_number else None,
        int(receipt) if receipt else None,
    )


# one function for each element


def _register(root: Element, values: "_Values") -> Register:
    return Register(
        id=values.stamp(root, "idM", 24),
        period=values.period(root),
        cif=root.attributes.get("cif", ""),
        z_first=values.count(root, "nrRapI", 9_999),
        z_last=values.count(root, "nrRapF", 9_999),
        amef_type=root.attributes.get("tip_amef", ""),
    )


def _day(root: Element, values: "_Values") -> Day:
    reports = [*root.named("rB")]
    if len(reports) != 1:
        sentence = f"a day has one rB, there are {len(reports)}"
        values.findings.append(Finding("REPORT_NOT_ONE", "msj", sentence))
    report = reports[0] if reports else Element("rB", "", {})
    events = [event for holder in root.named("mE") for event in holder.named("ev")]
    return Day(
        id=values.stamp(root, "idM", 28),
        period=values.period(root),
        cif=root.attributes.get("cif", ""),
        receipts=tuple(_receipt(receipt, values) for receipt in root.named("bon")),
        totals=DayTotals(
            values.stamp(report, "idR", 28),
            {ours: values.count(report, name) for name, ours in COUNTS.items()},
            {ours: values.amount(report, name) for name, ours in AMOUNTS.items()},
            report.attributes.get("monRef", ""),
        ),
        payments=tuple(
            DayPayment(
                each.attributes.get("tipP", ""),
                values.amount(each, "valPl"),
                each.attributes.get("monPl", ""),
            )
            for each in report.named("pl")
        ),
        rates=tuple(
            DayRate(
                values.rate(each, "cota"), values.amount(each, "valOp"), values.amount(each, "tva")
            )
            for each in report.named("coteZ")
        ),
        breakdowns=tuple(each.attributes.get("data", "") for each in report.named("av")),
        outages=tuple(
            Outage(*(event.attributes.get(name, "") for name in ("dataI", "dataF", "tipE")))
            for event in events
        ),
    )


def _receipt(element: Element, values: "_Values") -> DayReceipt:
    return DayReceipt(
        values.stamp(element, "idB", 32),
        element.attributes.get("nrC", ""),
        values.amount(element, "totB"),
        values.amount(element, "totTva"),
        tuple(
            RateVat(values.rate(each, "cota"), values.amount(each, "tva"))
            for each in element.named("cote")
        ),
    )


def _other_day(root: Element, family: str) -> tuple[OtherDay, list[Finding]]:
    values = _Values()
    names = sorted({child.name for child in root.children})
    elements = {name: sum(1 for _ in root.named(name)) for name in names}
    day = OtherDay(family, values.stamp(root, "idM", 28), root.attributes, elements)
    sentence = f"it is a day of the family {family}, whose inside is not checked here"
    return day, [*values.findings, Finding("FAMILY_NOT_CHECKED", "msj", sentence)]


class _Values:
    """Attributes as values; what cannot be read is None and a finding."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def stamp(self, element: Element, name: str, length: int) -> Stamp | None:
        text = element.attributes.get(name)
        stamp = stamp_of(text) if text is not None and len(text) == length else None
        if stamp is None:
            self._unknown(element, name, text)
        return stamp

    def period(self, element: Element) -> str | None:
        """The month that the file says it is of; None if it says none, which it need not."""
        year, month = (element.attributes.get(name) for name in ("an", "luna"))
        if year is None and month is None:
            return None
        fit = True
        for name, text, pattern in (("an", year, YEAR), ("luna", month, MONTH)):
            if text is None or not pattern.fullmatch(text):
                self._unknown(element, name, text)
                fit = False
        return f"{year}-{int(month or 0):02}" if fit else None

    def count(self, element: Element, name: str, most: int = COUNT_MAX) -> int | None:
        text = element.attributes.get(name)
        if text is not None and re.fullmatch(r"\d{1,20}", text, re.ASCII) and int(text) <= most:
            return int(text)
        self._unknown(element, name, text)
        return None

    def amount(self, element: Element, name: str) -> Bani | None:
        text = element.attributes.get(name)
        found = AMOUNT.fullmatch(text) if text is not None else None
        if found and (found[1] or found[2]):
            bani = int(found[1] or "0") * 100 + int((found[2] or "").ljust(2, "0"))
            if bani <= BANI_MAX:
                return Bani(bani)
        self._unknown(element, name, text)
        return None

    def rate(self, element: Element, name: str) -> VatRate | None:
        text = element.attributes.get(name)
        if text is not None and (found := RATE.fullmatch(text)):
            return VatRate(int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")))
        self._unknown(element, name, text)
        return None

    def _unknown(self, element: Element, name: str, text: str | None) -> None:
        if len(self.findings) >= UNKNOWN_MAX:
            return
        place = f"{element.name} {name}"
        if text is None:
            self.findings.append(Finding("ATTRIBUTE_MISSING", place, "it is not there"))
        else:
            sentence = f"{text[:SHOWN_MAX]!r} cannot be read"
            self.findings.append(Finding("ATTRIBUTE_UNREADABLE", place, sentence))
