"""The sandbox's virtual Tremol on a table: Romanian, and Bulgarian."""

from dataclasses import replace
from datetime import datetime

from drivers.base import FiscalPrinter, Operator
from drivers.families.tremol import Tremol as Driver
from drivers.faults import Fault
from drivers.model import Bani, OpenReceipt
from drivers.transport import Transport
from drivers.tremol.dialects import DIALECTS
from drivers.tremol.fields import AMOUNT_MAX
from sandbox.printer.device import Switches
from sandbox.printer.memory import EPOCH, Memory
from sandbox.printer.paper import Settings
from sandbox.printer.store import Store
from sandbox.printer_zfp.device import Device
from sandbox.printer_zfp.profiles import PROFILES
from sandbox.printer_zfp.station import Station
from tests.drivers import bench
from tests.drivers.bench_paper import Paper, as_paper
from tests.drivers.cables import FakeClock

MINUTES = "%d-%m-%Y %H:%M"


class Tremol(bench.DatecsX):
    """One virtual printer, without its process."""

    family = "tremol"
    dialect = "ro"
    serial = "SIM0000001"
    payment_kinds = tuple(DIALECTS["ro"].payments)
    name_length_max = 30
    unsaid = frozenset({Fault.COVER_OPEN})
    last_z_has_time = False
    counts_documents = repeats_lines = tells_paid = tells_last_total = False
    payment_max = AMOUNT_MAX

    def __init__(self) -> None:
        self._store = Store(None, None)
        settings, profile = Settings(columns=32), PROFILES[self.dialect]
        memory = Memory(self.serial, bench.RATES, EPOCH)
        self._device = Device(memory, settings, self._store, profile=profile)
        self.clock = FakeClock()
        self.station = Station(self._device)

    def restart(self) -> None:
        self._device.power_up()
        self.station = Station(self._device)

    def printer(self, transport: Transport) -> FiscalPrinter:
        return Driver(transport, self.clock, Operator(), dialect=self.dialect)

    def hands(self, *, paper_out: bool = False, cover_open: bool = False) -> None:
        """It has no sensor in its cover."""
        self._device.switches = Switches(paper_out=paper_out)

    def let_hours_pass(self, hours: int) -> None:
        memory = self._device.memory
        offset_s = memory.clock_offset_s + 3600 * hours
        self._device.memory = replace(memory, clock_offset_s=offset_s)

    def seconds_between(self, earlier: str, later: str) -> float:
        """Count between two moments as the device writes them."""
        first, second = (datetime.strptime(text, MINUTES) for text in (earlier, later))  # noqa: DTZ007
        return (second - first).total_seconds()

    def open_receipt(self) -> OpenReceipt | None:
        """As it can be seen from outside."""
        receipt = self._device.memory.receipt
        if receipt is None:
            return None
        paid: int | None = receipt.paid_bani
        if not self.tells_paid and 0 < receipt.paid_bani < receipt.total_bani:
            paid = None
        number = self._device.memory.receipts_ever + 1
        return OpenReceipt(number, Bani(receipt.total_bani), paid)

    def papers(self, *kinds: str) -> list[Paper]:
        found, receipts = [], 0
        for document in self._store.documents():
            receipts += document.kind == "receipt"
            if not kinds or document.kind in kinds:
                found.append(as_paper(document, number=receipts, at=MINUTES))
        return found


class TremolBg(Tremol):
    """The Bulgarian table: it tells payments and the last total, and takes no CUI."""

    family = "tremol:bg"
    dialect = "bg"
    payment_kinds = tuple(DIALECTS["bg"].payments)
    customers: tuple[str, ...] = ("",)
    tells_paid = tells_last_total = True
    unsaid = frozenset({Fault.COVER_OPEN, Fault.Z_REPORT_DUE})


ZFP_BENCHES: dict[str, type[bench.DatecsX]] = {one.family: one for one in (Tremol, TremolBg)}
