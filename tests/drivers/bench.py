"""A virtual printer on a table, for every printer family: what the contract suite drives.

    with Bench() as bench:
        printer = bench.printer(Cable(bench))     the driver, over that cable
        bench.papers("receipt")                   what came out
        bench.hands(paper_out=True)               what hands can do to the machine

A new family brings a class like `DatecsX` and its line in `BENCHES`.
"""

import pkgutil
import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from config.settings import catalogue
from drivers import families
from drivers.base import FiscalPrinter, Operator
from drivers.errors import ContactLost
from drivers.faults import Fault
from drivers.model import Counters, Line, OpenReceipt, Payment, PaymentKind, Receipt
from drivers.transport import Transport
from sandbox.printer.clock import from_wire
from sandbox.printer.device import Device, Switches
from sandbox.printer.memory import EPOCH, Memory
from sandbox.printer.paper import Settings
from sandbox.printer.station import Station
from sandbox.printer.store import Store
from tests.drivers.bench_paper import RATES, Paper, as_paper
from tests.drivers.cables import Cable, Cut, FakeClock
from tests.drivers.receipts import TWO_LINES

WHOLE_YEAR = re.compile(r"-20(\d\d) ")
MODULES = sorted(  # those behind a folder have no cable: test_custom.py
    module.name
    for module in pkgutil.iter_modules(families.__path__)
    if catalogue()[module.name].transports != ["folder"]
)


class DatecsX:
    """The sandbox's virtual Datecs X, without its process."""

    family = "datecs_x"
    serial = "SIM0000001"
    baseline = Counters(serial, z_number=0, receipt_count=0, document_number=0)
    rates = frozenset(rate for rate in RATES if rate < 100_00)
    payment_kinds = tuple(kind for kind in PaymentKind if kind is not PaymentKind.FOREIGN)
    name_length_max = 72
    customers: tuple[str, ...] = ("", "RO12345674", "12345674")
    # what a family of less words or memory lacks
    unsaid: frozenset[Fault] = frozenset()  # conditions that its status does not show
    tells_memory_number = True
    reads_je = True
    names_the_z_that_is_due = True  # when it refuses a receipt after 24 hours
    result_late_s = 0  # where the time in a result is the clock's, read after the receipt
    last_receipt_has_time = True
    last_receipt_has_document = True
    last_z_is_kept = True
    last_z_has_time = True
    counts_by_day = False  # its receipts are counted from 1 after each Z
    counts_documents = True  # its document number moves with documents of every kind
    repeats_lines = True  # its driver sends a line again after silence
    tells_paid = True  # how much is paid of an open receipt
    tells_last_total = True  # what the receipt closed last came to
    pays_at_once = False  # all payments and the close are one request
    fetches_answers = False  # one that was lost is asked for, without the request
    on_network = False  # its wire is looked for behind network ports alone
    signs: frozenset[bytes] = frozenset()  # single signs between frames: neither counted nor cut
    payment_max = 99_999_999_99

    def __init__(self) -> None:
        self._store = Store(None, None)
        self._device = Device(Memory(self.serial, RATES, EPOCH), Settings(), self._store)
        self.clock = FakeClock()
        self.station = Station(self._device)

    def __enter__(self) -> "DatecsX":
        return self

    def __exit__(self, *_: object) -> None:
        self._store.close()

    def restart(self) -> None:
        self.station = Station(self._device)

    def printer(self, transport: Transport) -> FiscalPrinter:
        return families.printer(self.family, transport, self.clock, Operator())

    def opened(self, cable: Cable | None = None) -> FiscalPrinter:
        printer = self.printer(cable or Cable(self))
        printer.open(last_sequence=None)
        return printer

    def hands(self, *, paper_out: bool = False, cover_open: bool = False) -> None:
        self._device.switches = Switches(paper_out=paper_out, cover_open=cover_open)

    def let_hours_pass(self, hours: int) -> None:
        memory = self._device.memory
        offset_s = memory.clock_offset_s + 3600 * hours
        self._device.memory = replace(memory, clock_offset_s=offset_s)

    def seconds_between(self, earlier: str, later: str) -> float:
        """Count between two moments as the device writes them: 123 tells the whole year."""
        first, last = (from_wire(WHOLE_YEAR.sub(r"-\1 ", text)) for text in (earlier, later))
        return (last - first).total_seconds()

    def at_stake(self) -> tuple[int, int] | None:
        """What is sold and what is paid of the open receipt, told or not."""
        receipt = self._device.memory.receipt
        return receipt and (receipt.total_bani, receipt.paid_bani)

    def open_receipt(self) -> OpenReceipt | None:
        receipt = self._device.memory.receipt
        return receipt and OpenReceipt(receipt.slip, receipt.total_bani, receipt.paid_bani)

    def asked_payments(self, payments: Sequence[Payment]) -> list[tuple[str, int]]:
        return [asked_payment(payment) for payment in payments]

    def papers(self, *kinds: str) -> list[Paper]:
        return [
            as_paper(document, number=document.slip, at="%d-%m-%y %H:%M:%S")
            for document in self._store.documents()
            if not kinds or document.kind in kinds
        ]


def asked_line(line: Line) -> tuple[str, int, int, int, int]:
    """Blanks at the end of a name are no part of it: some wires fill it up with them."""
    return line.name.rstrip(), line.unit_price, line.quantity, line.vat_rate, line.total


def asked_payment(payment: Payment) -> tuple[str, int]:
    return payment.kind, payment.amount


# Each takes its parent from here: only now can it be read.
from tests.drivers.bench_isl import ISL_BENCHES  # noqa: E402
from tests.drivers.bench_shtrih import SHTRIH_BENCHES  # noqa: E402
from tests.drivers.bench_zfp import ZFP_BENCHES  # noqa: E402

BENCHES: dict[str, type[DatecsX]] = {"datecs_x": DatecsX, **ISL_BENCHES, **ZFP_BENCHES}
BENCHES |= SHTRIH_BENCHES
FAMILIES = sorted(BENCHES)  # "family", or "family:dialect"
Bench = DatecsX


def perform(printer: FiscalPrinter, action: str, receipt: Receipt = TWO_LINES) -> None:
    """Call a method by its name, with the receipt where it wants one."""
    if action == "issue_receipt":
        printer.issue_receipt(receipt)
    elif action == "complete_receipt":
        printer.complete_receipt(receipt, payments_done=0)
    else:
        getattr(printer, action)()


def writes_of(family: str, action: str, receipt: Receipt = TWO_LINES) -> int:
    """Count the frames that an action takes over a good cable."""
    with BENCHES[family]() as bench:
        cable = Cable(bench)
        printer = bench.opened(cable)
        cable.cut(None)
        perform(printer, action, receipt)
        return len(cable.writes)


def interrupt(bench: Bench, receipt: Receipt, at: int, how: Cut = Cut.BEFORE) -> None:
    """Begin a receipt and lose the printer at a write."""
    cable = Cable(bench)
    printer = bench.opened(cable)
    cable.cut(at, how)
    with pytest.raises(ContactLost):
        printer.issue_receipt(receipt)


def leave_open(bench: Bench, receipt: Receipt, *, paid: int = 0) -> None:
    """Leave a receipt open on the device: its lines are sold, `paid` of its payments made."""
    made = sum(payment.amount for payment in receipt.payments[:paid])
    for at in range(writes_of(bench.family, "issue_receipt", receipt)):
        with BENCHES[bench.family]() as other:
            interrupt(other, receipt, at)
            at_stake = other.at_stake()
        if at_stake == (receipt.total, made):
            interrupt(bench, receipt, at)
            return
    raise AssertionError("no interruption leaves such a receipt")
