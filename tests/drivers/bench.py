"""A virtual printer on a table, for every printer family: what the contract suite drives.

    with Bench() as bench:
        printer = bench.printer(Cable(bench))     the driver, over that cable
        bench.papers("receipt")                   what came out
        bench.hands(paper_out=True)               what hands can do to the machine

A new family brings a class like `DatecsX` and its line in `BENCHES`.
"""

import pkgutil
from dataclasses import dataclass, replace

import pytest

from drivers import families
from drivers.base import FiscalPrinter, Operator
from drivers.errors import ContactLost
from drivers.model import Counters, Line, OpenReceipt, Payment, PaymentKind, Receipt
from drivers.transport import Transport
from sandbox.printer.clock import from_wire
from sandbox.printer.device import Device, Switches
from sandbox.printer.memory import EPOCH, Memory
from sandbox.printer.paper import Settings
from sandbox.printer.station import Station
from sandbox.printer.store import Store
from tests.drivers.cables import Cable, Cut, FakeClock
from tests.drivers.receipts import TWO_LINES

FAMILIES = sorted(module.name for module in pkgutil.iter_modules(families.__path__))
WORDS = {"card_and_cash_advance": "card_cash_advance"}  # the sandbox has its own
RATES = (21_00, 11_00, 9_00, 0, 100_00, 100_00, 100_00)


@dataclass(frozen=True, slots=True)
class Paper:
    """One document as it came out. `lines` and `payments` in the order of the paper."""

    kind: str  # receipt, cancelled, z, x, nonfiscal
    number: int
    document: int
    z: int
    at: str  # as the device writes dates on the wire
    total: int
    lines: list[tuple[str, int, int, int, int]]  # name, price, quantity, VAT rate, total
    payments: list[tuple[str, int]]
    change: int
    reference: str
    customer_tax_id: str
    text: str


class DatecsX:
    """The sandbox's virtual Datecs X, without its process."""

    family = "datecs_x"
    serial = "SIM0000001"
    baseline = Counters(serial, z_number=0, receipt_count=0, document_number=0)
    rates = frozenset(rate for rate in RATES if rate < 100_00)
    payment_kinds = tuple(kind for kind in PaymentKind if kind is not PaymentKind.FOREIGN)

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
        """Count between two moments as the device writes them."""
        return (from_wire(later) - from_wire(earlier)).total_seconds()

    def open_receipt(self) -> OpenReceipt | None:
        receipt = self._device.memory.receipt
        return receipt and OpenReceipt(receipt.slip, receipt.total_bani, receipt.paid_bani)

    def papers(self, *kinds: str) -> list[Paper]:
        return [
            Paper(
                kind=document.kind,
                number=document.number,
                document=document.slip,
                z=document.z,
                at=document.at.strftime("%d-%m-%y %H:%M:%S"),
                total=document.total_bani,
                lines=[told_line(line) for line in document.more.get("lines", [])],
                payments=[told_payment(paid) for paid in document.more.get("payments", [])],
                change=document.more.get("change_bani", 0),
                reference=document.more.get("reference", ""),
                customer_tax_id=document.more.get("customer_tax_id", ""),
                text="\n".join(document.text),
            )
            for document in self._store.documents()
            if not kinds or document.kind in kinds
        ]


def told_line(told: dict) -> tuple[str, int, int, int, int]:
    rate = int(told["vat_rate"].replace(".", ""))
    quantity = told["quantity_thousandths"]
    return told["name"], told["price_bani"], quantity, rate, told["total_bani"]


def told_payment(told: dict) -> tuple[str, int]:
    return WORDS.get(told["kind"], told["kind"]), told["amount_bani"]


def asked_line(line: Line) -> tuple[str, int, int, int, int]:
    return line.name, line.unit_price, line.quantity, line.vat_rate, line.total


def asked_payment(payment: Payment) -> tuple[str, int]:
    return payment.kind, payment.amount


BENCHES = {"datecs_x": DatecsX}
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
            open_ = other.open_receipt()
        if open_ and (open_.total, open_.paid) == (receipt.total, made):
            interrupt(bench, receipt, at)
            return
    raise AssertionError("no interruption leaves such a receipt")
