"""The sandbox's virtual Shtrih-M on a table: on the first wire, an older one, a numbered one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from drivers.base import FiscalPrinter, Operator
from drivers.families.shtrih import Shtrih as Driver
from drivers.faults import Fault
from drivers.model import Bani, OpenReceipt, Payment, PaymentKind
from drivers.shtrih.fields import NAME_MAX
from drivers.transport import Transport
from sandbox.printer.device import Switches
from sandbox.printer.memory import EPOCH, Memory
from sandbox.printer.paper import Settings
from sandbox.printer.store import Store
from sandbox.printer_shtrih.device import PAPER_IN, Device
from sandbox.printer_shtrih.station import NumberedStation, Station
from tests.drivers import bench
from tests.drivers.bench_paper import Paper, as_paper
from tests.drivers.cables import FakeClock

SECONDS = "%d-%m-%Y %H:%M:%S"
SLOTS = (PaymentKind.CASH, PaymentKind.CARD, PaymentKind.MEAL_TICKET, PaymentKind.CREDIT)


class Shtrih(bench.DatecsX):
    """One virtual printer, without its process; hands leave its cover alone."""

    family = "shtrih"
    dialect = "enq"
    serial = "SIM0000001"
    payment_kinds = SLOTS
    name_length_max = NAME_MAX
    customers: tuple[str, ...] = ("",)
    unsaid = frozenset({Fault.COVER_OPEN})
    signs = frozenset({b"\x05", b"\x06", b"\x15"})
    tells_memory_number = reads_je = last_z_has_time = repeats_lines = False
    last_receipt_has_time = last_receipt_has_document = False
    pays_at_once = fetches_answers = True
    result_late_s = 2
    stationed: type[Station] = Station

    def __init__(self) -> None:
        self._store = Store(None, None)
        self._device = Device(
            Memory(self.serial, bench.RATES, EPOCH),
            Settings(columns=42),
            self._store,
            opens_by_sale=self.dialect == "by_sale",
        )
        self.clock = FakeClock()
        self.station = self.stationed(self._device)

    def restart(self) -> None:
        self._device.power_up()
        self.station = self.stationed(self._device)

    def printer(self, transport: Transport) -> FiscalPrinter:
        return Driver(transport, self.clock, Operator(30, "30"), dialect=self.dialect)

    def hands(self, *, paper_out: bool = False, cover_open: bool = False) -> None:
        self._device.switches = Switches(paper_out=paper_out)
        self._device.submode = int(paper_out) or PAPER_IN

    def let_hours_pass(self, hours: int) -> None:
        memory = self._device.memory
        offset_s = memory.clock_offset_s + 3600 * hours
        self._device.memory = replace(memory, clock_offset_s=offset_s)

    def seconds_between(self, earlier: str, later: str) -> float:
        """Count between two moments as the device writes them."""
        first, second = (datetime.strptime(text, SECONDS) for text in (earlier, later))  # noqa: DTZ007
        return (second - first).total_seconds()

    def open_receipt(self) -> OpenReceipt | None:
        """As it can be seen from outside: nothing is ever paid of it."""
        memory = self._device.memory
        if memory.receipt is None:
            return None
        number = memory.slip + memory.day.cancelled.count + 1
        return OpenReceipt(number, Bani(memory.receipt.total_bani), Bani(0))

    def asked_payments(self, payments: Sequence[Payment]) -> list[tuple[str, int]]:
        """One sum for each kind, in the device's order."""
        sums = {kind: sum(one.amount for one in payments if one.kind is kind) for kind in SLOTS}
        return [(kind, sum_) for kind, sum_ in sums.items() if sum_]

    def papers(self, *kinds: str) -> list[Paper]:
        return [
            as_paper(document, number=document.slip, at=SECONDS)
            for document in self._store.documents()
            if not kinds or document.kind in kinds
        ]


class ShtrihBySale(Shtrih):
    """An older one: no 8D, its first sale opens a receipt."""

    family = "shtrih:by_sale"
    dialect = "by_sale"


class ShtrihNumbered(Shtrih):
    """One with numbered frames, behind a network port."""

    family = "shtrih:numbered"
    dialect = "numbered"
    on_network = True
    fetches_answers = False
    signs = frozenset({b"\x8f\x00\x00\x0f\x1d"})
    stationed = NumberedStation


SHTRIH_BENCHES: dict[str, type[bench.DatecsX]] = {
    one.family: one for one in (Shtrih, ShtrihBySale, ShtrihNumbered)
}
