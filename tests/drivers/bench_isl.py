"""The sandbox's virtual legacy ISL printers on a table, one class for each family and dialect."""

import re
from datetime import UTC, datetime

from drivers.base import FiscalPrinter, Operator
from drivers.families.daisy import Daisy
from drivers.families.datecs_legacy import DatecsLegacy
from drivers.families.eltrade import Eltrade
from drivers.families.incotex import Incotex
from drivers.faults import Fault
from drivers.isl.printer import IslPrinter
from drivers.model import Counters, PaymentKind
from drivers.transport import Transport
from sandbox.printer.memory import EPOCH, Memory
from sandbox.printer.paper import Settings
from sandbox.printer.station import Station
from sandbox.printer.store import Store
from sandbox.printer_isl.device import Device
from sandbox.printer_isl.makes import MAKES
from sandbox.printer_isl.station import IslStation
from sandbox.printer_isl.wire import LEGACY
from tests.drivers import bench
from tests.drivers.cables import FakeClock


class Isl(bench.DatecsX):
    """A virtual legacy device, without its process."""

    driver: type[IslPrinter]
    dialect = ""
    make = ""
    customers: tuple[str, ...] = ("",)
    result_late_s = 2
    names_the_z_that_is_due = False
    last_z_has_time = False
    unsaid: frozenset[Fault] = frozenset({Fault.COVER_OPEN, Fault.Z_REPORT_DUE})

    def __init__(self) -> None:
        self._store = Store(None, None)
        memory = Memory(self.serial, bench.RATES, EPOCH)
        self._device = Device(memory, Settings(), self._store, MAKES[self.make])
        self.clock = FakeClock()
        self.station = self._station()

    def __init_subclass__(cls) -> None:
        cls.family = cls.__dict__.get("family", cls.make)
        cls.serial = MAKES[cls.make].serial
        cls.baseline = Counters(cls.serial, 0, 0, 0)
        kinds = next(iter(cls.driver.dialects)) if not cls.dialect else cls.dialect
        can = cls.driver.dialects[kinds].capabilities
        cls.payment_kinds = tuple(kind for kind in PaymentKind if kind in can.payment_kinds)
        cls.name_length_max = can.name_length_max

    def restart(self) -> None:
        self.station = self._station()

    def _station(self) -> Station:
        return IslStation(self._device, (), codec=LEGACY)

    def printer(self, transport: Transport) -> FiscalPrinter:
        return self.driver(transport, self.clock, Operator(), dialect=self.dialect)

    def seconds_between(self, earlier: str, later: str) -> float:
        return (moment(later) - moment(earlier)).total_seconds()


class DatecsCompact(Isl):
    driver = DatecsLegacy
    make = "datecs_legacy"


class DatecsPrinter(Isl):
    driver = DatecsLegacy
    dialect = "printer"
    make = "datecs_legacy:printer"
    unsaid = frozenset({Fault.Z_REPORT_DUE})
    names_the_z_that_is_due = True


class EltradeBench(Isl):
    driver = Eltrade
    make = "eltrade"
    unsaid = frozenset({Fault.Z_REPORT_DUE})
    reads_je = False
    last_z_is_kept = False


class IncotexBench(Isl):
    driver = Incotex
    make = "incotex"
    customers = ("", "RO12345674", "12345674")
    unsaid = frozenset({Fault.COVER_OPEN})
    tells_memory_number = False
    reads_je = False
    names_the_z_that_is_due = True
    last_receipt_has_time = False
    counts_by_day = True


class DaisyBench(Isl):
    driver = Daisy
    make = "daisy"
    names_the_z_that_is_due = True
    last_receipt_has_time = False
    counts_by_day = True


class DaisyRoBench(DaisyBench):
    dialect = "ro"
    make = "daisy:ro"
    reads_je = False


def moment(text: str) -> datetime:
    """Read what a device writes: 22-11-26, 22-11-2026 or 22.11.26, and the time of day."""
    day, month, year, *rest = re.split(r"[-. :]", text)
    return datetime(2000 + int(year[-2:]), int(month), int(day), *map(int, rest), tzinfo=UTC)


ISL_BENCHES: dict[str, type[bench.DatecsX]] = {
    one.make: one
    for one in (
        DatecsCompact,
        DatecsPrinter,
        EltradeBench,
        IncotexBench,
        DaisyBench,
        DaisyRoBench,
    )
}
