"""The printer families of the simulator: who drives, what hangs on the cable, what its paper shows.

    family = FAMILIES["tremol:bg"]      named as `python -m sandbox printer --family` does
    family.made(cable, clock)           the driver
    family.shop                         the kinds and the ways to pay that can be asked there

Results differ. Tremol numbers receipts alone. Where nothing tells a receipt's time, its result has
what the clock said just after it. Of a Z that is made some tell the number and not the sums.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from agent.commands import KINDS
from config.settings import AgentSettings, CloudSettings, DeviceSettings, Settings
from drivers.base import Operator
from drivers.families.daisy import Daisy
from drivers.families.datecs_legacy import DatecsLegacy
from drivers.families.datecs_x import DatecsX as DatecsXDriver
from drivers.families.eltrade import Eltrade
from drivers.families.incotex import Incotex
from drivers.families.shtrih import Shtrih as ShtrihDriver
from drivers.families.tremol import Tremol
from sandbox.printer.memory import Document
from tests.simulation.orders import CASHLESS, WEIGHTS, Order, Shop
from tests.simulation.printer import FakeClock, Printer
from tests.simulation.printer_isl import isl
from tests.simulation.printer_shtrih import Shtrih, ShtrihBySale, ShtrihNumbered
from tests.simulation.printer_x import DatecsX
from tests.simulation.printer_zfp import Zfp, ZfpBg

DEVICE = "dev_1"
URL = "http://127.0.0.1:9"
FIRST = Operator()
CARD_AND_MEAL = ("card", "meal_ticket")
LATE_MAX = timedelta(seconds=120)  # of a clock that is read after the receipt was closed


@dataclass(frozen=True, slots=True)
class Family:
    """One family, in one dialect."""

    name: str
    driver: type[Any]
    printer: type[Printer]
    dialect: str = ""
    operator: Operator = FIRST
    cashless: tuple[str, ...] = CASHLESS
    tells_time: bool = False  # of a receipt; else the clock is read, or nothing is known
    tells_sums: bool = False  # of a Z that is made
    counts_documents: bool = True  # else its document number is that of the receipt, for ever
    pays_at_once: bool = False  # a sum for each kind of payment, cash first
    tells_documents: bool = True  # else the number of a receipt's document may stay unknown

    def made(self, cable: Any, clock: FakeClock, driver: type[Any]) -> Any:
        """`driver`: the family's own, or a mutant of it."""
        said = {"dialect": self.dialect} if self.dialect else {}
        return driver(cable, clock, self.operator, **said)

    @property
    def device(self) -> DeviceSettings:
        family = self.name.partition(":")[0]
        serial = self.printer.serial
        return DeviceSettings(
            id=DEVICE, family=family, address="/dev/simulated", fiscal_serial=serial
        )

    @property
    def settings(self) -> Settings:
        return settings_of(self.name)

    @property
    def shop(self) -> Shop:
        can = self.made(None, FakeClock(0), self.driver).capabilities
        weights = {kind: n for kind, n in WEIGHTS.items() if not KINDS[kind].lacking(can)}
        return Shop(weights, self.cashless)

    def payments(self, order: Order) -> tuple[tuple[str, int], ...]:
        """What the paper must show as paid."""
        if not self.pays_at_once:
            return order.payments
        kinds = ("cash", *self.cashless)
        sums = {kind: sum(paid for one, paid in order.payments if one == kind) for kind in kinds}
        return tuple((kind, paid) for kind, paid in sums.items() if paid)

    def numbers(self, paper: Document, printer: Printer) -> tuple[int, int, int]:
        """Of receipt, document and Z, as a result must tell them."""
        if self.counts_documents:
            return paper.number, paper.slip, paper.z
        receipts = [one for one in printer.papers.documents() if one.kind == "receipt"]
        return paper.number, 1 + receipts.index(paper), paper.z

    def is_time_of(self, told: str, paper: Document, printer: Printer) -> bool:
        if self.tells_time:
            return moment(told) == paper.at
        if not told or printer.jumps:
            return True
        return paper.at.replace(second=0) <= moment(told) <= paper.at + LATE_MAX


def moment(text: str) -> datetime:
    """Read what a device writes: 22-11-26, 22-11-2026 or 22.11.26, and the time of day."""
    day, month, year, *rest = map(int, re.split(r"[-. :]", text))
    return datetime(2000 + year % 100, month, day, *rest, tzinfo=UTC)


SHTRIH: dict[str, Any] = {
    "operator": Operator(30, "30"),
    "cashless": CARD_AND_MEAL,
    "pays_at_once": True,
    "tells_documents": False,
}
FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        Family("datecs_x", DatecsXDriver, DatecsX, tells_time=True, tells_sums=True),
        Family(
            "datecs_legacy",
            DatecsLegacy,
            isl("datecs_legacy"),
            cashless=CARD_AND_MEAL,
            tells_sums=True,
        ),
        Family(
            "datecs_legacy:printer",
            DatecsLegacy,
            isl("datecs_legacy:printer"),
            "printer",
            tells_sums=True,
        ),
        Family("daisy", Daisy, isl("daisy"), cashless=CARD_AND_MEAL, tells_sums=True),
        Family("daisy:ro", Daisy, isl("daisy:ro"), "ro", cashless=CARD_AND_MEAL, tells_sums=True),
        Family("eltrade", Eltrade, isl("eltrade"), cashless=CARD_AND_MEAL),
        Family("incotex", Incotex, isl("incotex"), tells_sums=True),
        Family("tremol", Tremol, Zfp, counts_documents=False),
        Family(
            "tremol:ro_five", Tremol, Zfp, "ro_five", cashless=("card",), counts_documents=False
        ),
        Family("tremol:bg", Tremol, ZfpBg, "bg", cashless=CARD_AND_MEAL, counts_documents=False),
        Family("shtrih", ShtrihDriver, Shtrih, **SHTRIH),
        Family("shtrih:by_sale", ShtrihDriver, ShtrihBySale, "by_sale", **SHTRIH),
        Family("shtrih:numbered", ShtrihDriver, ShtrihNumbered, "numbered", **SHTRIH),
    )
}


@cache
def settings_of(name: str) -> Settings:
    return Settings(
        agent=AgentSettings(id="shop-1", state_dir=Path("/nowhere")),
        cloud=CloudSettings(base_url=URL, poll_interval_s=5.0),
        device=[FAMILIES[name].device],
    )
