r"""A printer behind FiscalNet: driven through its folders, configured by hand (e-bon's `custom`).

Devices: whatever FiscalNet drives (Datecs, Activa, Tremol, Custom Q3X ...). Wire: text files,
`protocol/fiscalnet.py`; the folders: `fiscalnet/folder.py`, one question: `talk.py`.

    amef-<reference>.txt    receipts and slips: one name for the life of a command
    amef-<number>.txt       reports, drawer: the number stands in the baseline, so that the file
                            is found again after a crash

Quirks. It takes files and tells numbers of receipts, nothing else: no status, counters, cash,
clock, VAT table, no JE. So nothing but our own files proves anything (`Observation.counts`), and
Z reports are proved by their answers alone. Serial and VAT groups are what the configuration says;
a virtual FiscalNet leaves the file SIMULATED with its serial beside the folders, which goes before
what is configured. A refusal ends a command: FiscalNet may have begun, and is not asked twice.

Unverified on hardware: all of it. Above all whether a file is taken away before it is printed,
whether its number in an answer is the receipt's own, what answers X and Z, whether a refusal may
follow a receipt that came out (its words are looked at), TL between sales and payments, how
FiscalNet rounds price by quantity, kinds 8 and 9 of payment, DS.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import NoReturn

from drivers.archive import NoArchive
from drivers.base import Operator, unheeded
from drivers.capabilities import Capabilities, Feature, Told
from drivers.clock import Clock
from drivers.errors import NotStarted, Refused, no_such
from drivers.faults import Fault
from drivers.fiscalnet.folder import FiscalNetFolder
from drivers.fiscalnet.talk import IN_HAND_S, PREFIX, FiscalNetTalk
from drivers.fiscalnet.text import (
    ByHand,
    fiscalnet_problems,
    payments_of,
    receipt_lines,
    slip_lines,
)
from drivers.je import DocumentKind, Trace
from drivers.model import (
    Bani,
    CashMovement,
    Counters,
    DayRegisters,
    DeviceTime,
    Drawer,
    FiscalResult,
    Identity,
    Observation,
    Problem,
    Receipt,
    Report,
    Slip,
    VatRate,
)
from drivers.no_service import NoService
from drivers.status import DeviceStatus, StatusBit
from drivers.upkeep import Upkeep
from protocol.errors import FrameError
from protocol.fiscalnet import CANCEL, DRAWER, NAME_MAX, X_REPORT, Z_REPORT, FiscalNetAnswer

SIMULATED = "SIM"
UNTOLD = 0  # where a number has to stand and FiscalNet tells none
NO_Z = -1  # the Z that will hold what comes is 0: not told
NOT_SAID = DeviceTime("", None)
LINES_MAX = 200
NUMBERS_MAX = 1000
STUCK = StatusBit(
    0,
    0,
    Fault.NO_ANSWER,
    "files wait in Bonuri and FiscalNet does not take them",
    "în Bonuri așteaptă fișiere pe care FiscalNet nu le preia",
)


class Custom:
    """One printer behind one FiscalNet."""

    dialect_is_sure = False
    capabilities = Capabilities(
        name_length_max=NAME_MAX,
        name_lines_max=1,
        lines_max=LINES_MAX,
        payment_kinds=frozenset(payments_of(ByHand())),
        features=frozenset({Feature.DRAWER, Feature.TIPS}),
        untold=frozenset(Told),
    )

    def __init__(
        self,
        transport: FiscalNetFolder,
        clock: Clock,
        operator: Operator,
        *,
        by_hand: ByHand | None = None,
    ) -> None:
        self._folder = transport
        self._clock = clock
        self._by_hand = by_hand or ByHand()
        self._talk = FiscalNetTalk(transport, clock, self._by_hand.answer_s)
        self.operator = operator
        self.paying = unheeded
        self.service = NoService()
        self.archive = NoArchive()
        self._serial = self._by_hand.fiscal_serial
        self._number = 0  # the last that was given out; names files that carry no reference
        self._unused: int | None = None  # given out, and no file bears it yet
        self._waiting_s: dict[str, float] = {}  # since when a file is seen in Bonuri
        self._last_z: Report | None = None
        kinds = frozenset(payments_of(self._by_hand))
        self.capabilities = replace(self.capabilities, payment_kinds=kinds)

    @property
    def sequence(self) -> int | None:
        return None

    def open(self, *, last_sequence: int | None) -> Identity:
        self._folder.open(self._clock.now_ms())
        try:
            self._serial = self._who(self._folder.mark())
        except NotStarted:
            self._folder.close()
            raise
        return self.identity()

    def close(self) -> None:
        self._folder.close()

    def identity(self) -> Identity:
        return Identity("FiscalNet", "", self._serial, "", "")

    def status(self) -> DeviceStatus:
        """All that can be seen: whether the folders can be used, and files are taken from them."""
        now_s = self._clock.monotonic_s()
        waiting = self._folder.waiting()
        self._waiting_s = {name: self._waiting_s.get(name, now_s) for name in waiting}
        stuck = any(now_s - since_s >= IN_HAND_S for since_s in self._waiting_s.values())
        return DeviceStatus(bytes([stuck]), (STUCK,), receipt_open=False, fiscalised=True)

    def counters(self, *, with_cash: bool = False) -> Counters:
        """Nothing is counted but the number of our next file."""
        self._number = max(self._clock.now_ms(), self._folder.since_ms(), self._number) + 1
        for _ in range(NUMBERS_MAX):
            if not self._folder.known(_name("", self._number)):
                break
            self._number += 1
        self._unused = self._number
        return Counters(self._who(self._folder.mark()), NO_Z, UNTOLD, self._number)

    def vat_rates(self) -> dict[str, VatRate]:
        """As configured: nobody else tells."""
        return dict(self._by_hand.groups)

    def columns(self) -> int:
        return NAME_MAX

    def clock(self) -> DeviceTime:
        return NOT_SAID

    def last_record_at(self) -> DeviceTime:
        return NOT_SAID

    def day_is_open(self) -> bool:
        """It does not tell: a Z on a day without receipts harms nobody."""
        return True

    def upkeep(self) -> Upkeep:
        return Upkeep(NOT_SAID, frozenset(self._by_hand.groups.values()), day_is_open=True)

    def day_totals(self) -> Report:
        _unknown("the day's totals")

    def day_registers(self) -> DayRegisters | None:
        return None

    def drawer(self) -> Drawer:
        _unknown("the drawer's sums")

    def last_z_report(self) -> Report:
        """The one that was asked for last, from its answer."""
        if self._last_z is None:
            raise Refused(Fault.NO_DATA, device_code="", doing="last Z report")
        return self._last_z

    def last_receipt(self, total: Bani | None) -> FiscalResult:
        _unknown(f"the last receipt (total {total})")

    def check(self, receipt: Receipt) -> list[Problem]:
        return fiscalnet_problems(
            receipt, self.capabilities, frozenset(self._by_hand.groups.values())
        )

    def observe(
        self, *, since: Counters, reference: str, of: DocumentKind = DocumentKind.RECEIPT
    ) -> Observation:
        name, begun_ms = _name(reference, since.document_number), since.document_number
        found, answer = self._talk.look_for(name, begun_ms=begun_ms)
        number = (answer and answer.number) or UNTOLD
        trace = None
        if found:
            self._last_z = self._report(number)
            trace = Trace(number, UNTOLD, UNTOLD, "")
        serial = self._who(self._folder.mark())
        now = Counters(serial, number, UNTOLD, since.document_number)
        return Observation(now, None, None, found, trace, counts=False)

    def issue_receipt(self, receipt: Receipt) -> FiscalResult:
        self.paying()  # a file holds it all
        answer = self._ask(
            "issue", lambda: receipt_lines(receipt, self._by_hand), receipt.reference
        )
        number = answer.number or UNTOLD
        return FiscalResult(number, None, UNTOLD, self._serial, "", receipt.total)

    def complete_receipt(self, receipt: Receipt, *, payments_done: int) -> FiscalResult:
        _unknown(f"{len(receipt.payments) - payments_done} payments of a receipt that stands open")

    def cancel_receipt(self) -> None:
        self._ask("cancel", lambda: [CANCEL])

    def x_report(self) -> Report:
        answer = self._ask("X report", lambda: [X_REPORT])
        return self._report(answer.number or UNTOLD)

    def z_report(self) -> Report:
        answer = self._ask("Z report", lambda: [Z_REPORT])
        self._last_z = self._report(answer.number or UNTOLD)
        return self._last_z

    def move_cash(self, movement: CashMovement) -> Drawer:
        _unknown(f"cash ({movement.paid_in} in, {movement.paid_out} out)")

    def print_slip(self, slip: Slip) -> int | None:
        answer = self._ask("slip", lambda: slip_lines(slip), slip.reference)
        return answer.number

    def close_slip(self) -> None:
        _unknown("a slip that stands open")

    def print_duplicate(self) -> None:
        _unknown("a copy")

    def open_drawer(self) -> None:
        self._ask("drawer", lambda: [DRAWER])

    def set_clock(self, moment: datetime, *, summer: bool) -> None:
        _unknown(f"the clock ({moment}, summer {summer})")

    def _who(self, mark: str) -> str:
        """The serial: a virtual FiscalNet's own, else the one that is configured.

        Raises:
            NotStarted: nobody says one, or a real FiscalNet is called a virtual one.
        """
        if mark:
            return mark if mark.startswith(SIMULATED) else f"{SIMULATED}?"
        serial = self._by_hand.fiscal_serial
        if not serial:
            sentence = f"{self._folder.name}: FiscalNet tells no serial: configure fiscal_serial"
            raise NotStarted(sentence, fault=Fault.OTHER_PRINTER)
        if serial.startswith(SIMULATED):
            sentence = (
                f"{self._folder.name}: {serial} is configured, this FiscalNet is no virtual one"
            )
            raise NotStarted(sentence, fault=Fault.OTHER_PRINTER)
        return serial

    def _next_name(self, reference: str) -> str:
        """The number of the baseline, if there is one: it is looked for under that."""
        number = self._unused or self.counters().document_number
        self._unused = None
        return _name(reference, number)

    def _ask(
        self, doing: str, lines: Callable[[], list[str]], reference: str = ""
    ) -> FiscalNetAnswer:
        try:
            return self._talk.ask(self._next_name(reference), lines(), doing=doing)
        except FrameError as error:  # nothing was dropped
            raise Refused(Fault.BAD_REQUEST, device_code=str(error), doing=doing) from error

    def _report(self, number: int) -> Report:
        return Report(number, self._serial, (), (), "")


def _name(reference: str, number: int) -> str:
    return f"{PREFIX}{reference or number}"


def _unknown(doing: str) -> NoReturn:
    no_such(f"{doing}: FiscalNet has no such")


DRIVER = Custom
