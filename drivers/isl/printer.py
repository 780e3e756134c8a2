"""What every legacy ISL device does alike: Datecs before the X series, Daisy, Eltrade, Incotex.

open, lines, texts   may go again after silence: the subtotal is compared before the first payment
pay, close, cancel, cash, X, Z, slips, copies   are sent once; after silence a look decides
open, close          must be confirmed by bit 2.3: an answer without an error bit proves little
"""

from datetime import datetime

from drivers.errors import ContactLost, Refused, need_same_z
from drivers.faults import Fault
from drivers.isl.fields import (
    CLOCKS,
    bani,
    drawer_sums,
)
from drivers.isl.reads import CASH, IslReads
from drivers.isl.talk import (
    CANCELLING,
    CLOSING,
    FISCAL_OPEN,
    OPENING,
    SELLING,
    SUMMING,
    Doing,
    tells_why,
    understood,
)
from drivers.je import REFERENCE
from drivers.model import (
    CashMovement,
    Drawer,
    FiscalResult,
    Receipt,
    Report,
    Slip,
)
from protocol.exchange import READ
from protocol.fields import integer, money
from protocol.isl_exchange import LONG, MONEY
from protocol.text import wrapped

OPEN_NONFISCAL, CLOSE_NONFISCAL, NONFISCAL_TEXT = 38, 39, 42
SALE, SUBTOTAL, PAYMENT, TEXT, CLOSE_RECEIPT = 49, 51, 53, 54, 56
SET_CLOCK, REPORT, DRAWER, DUPLICATE = 61, 69, 106, 109

REFUSING_LETTERS = "FEI"  # of 53: failed, negative totals
DRAWER_PULSE_MS = 50


class IslPrinter(IslReads):
    """One legacy ISL device; a family says the rest."""

    @property
    def _family(self) -> str:
        """With its dialect: a payment's letter means another one in another."""
        if self.dialect_is_sure:
            return super()._family
        spoken = (name for name, one in self.dialects.items() if one is self.dialect)
        return f"{super()._family}:{next(spoken)}"

    # what prints

    def issue_receipt(self, receipt: Receipt) -> FiscalResult:
        self._open_and_sell(receipt)
        self.paying()
        return self.complete_receipt(receipt, payments_done=0)

    def _open_and_sell(self, receipt: Receipt) -> None:
        repeats, counted = self._link.repeats, self._counted
        known = counted[0] == self._talk.acted
        self._open_receipt(receipt)
        if known and self._documents() - counted[1] not in (0, 1):
            raise ContactLost("somebody printed before our receipt was opened")
        self._sell(receipt)
        subtotal = understood(SUBTOTAL, self._subtotal(), lambda fields: bani(fields[0]))
        if subtotal != receipt.total:
            if self._link.repeats != repeats:  # a line stands there twice: that is no difference
                raise ContactLost("the device forgot what it had answered: total differs")
            code = f"{money(subtotal)} instead of {money(receipt.total)}"
            raise Refused(Fault.TOTAL_MISMATCH, device_code=code, doing="subtotal")

    def complete_receipt(self, receipt: Receipt, *, payments_done: int) -> FiscalResult:
        ours = self._documents() + (not self.dialect.counts_at_open)
        for payment in receipt.payments[payments_done:]:
            told = f"\t{self.dialect.payments[payment.kind]}{money(payment.amount)}"
            letter = self._talk.do(PAYMENT, told, SELLING, budget=MONEY)[0][:1]
            if letter in REFUSING_LETTERS:
                raise Refused(Fault.AMOUNT_REFUSED, device_code=letter, doing=f"{PAYMENT}")
        self._close()
        self._need_open(is_open=False)
        result = self._result(receipt.total, self.clock().text)
        if result.document_number != ours:
            raise ContactLost(f"document {result.document_number} came after our {ours}")
        return result

    def cancel_receipt(self) -> None:
        self._talk.do(self.dialect.cancel, "", CANCELLING, budget=MONEY)

    def x_report(self) -> Report:
        before, day = self._documents(), self.day_totals()
        self._talk.do(REPORT, self.dialect.x_report, OPENING, budget=LONG)
        self._need_next(before)
        return day

    def z_report(self) -> Report:
        before = self._before_z = self._documents()
        day = self._closing = self.day_totals()
        need_same_z(day.number - 1, self._z_number)
        told = self._talk.do(REPORT, self.dialect.z_report, OPENING, budget=LONG)
        if (made := understood(REPORT, told, lambda fields: integer(fields[0]))) != day.number:
            raise ContactLost(f"Z report {made} was made, it should be {day.number}")
        self._need_next(before)
        return day

    def move_cash(self, movement: CashMovement) -> Drawer:
        amount = -movement.paid_out if movement.paid_out else movement.paid_in
        told = self.dialect.cash.format(amount=money(amount), operator=self.operator.number)
        return understood(CASH, self._talk.do(CASH, told, OPENING, budget=MONEY), drawer_sums)

    def print_slip(self, slip: Slip) -> int | None:
        self._undone.slip_begun(slip.reference)
        self._talk.do(OPEN_NONFISCAL, "", OPENING)
        ours = self._documents() + (not self.dialect.counts_at_open)
        for text in slip.texts:
            for piece in wrapped(text, self.dialect.slip_text_max, self._page):
                self._talk.do(NONFISCAL_TEXT, piece, SELLING)
        self._undone.slip_told()
        if slip.reference:
            self._talk.do(NONFISCAL_TEXT, f"{REFERENCE}{slip.reference}", SELLING)
        self.close_slip()
        return ours

    def close_slip(self) -> None:
        self._talk.do(CLOSE_NONFISCAL, "", SELLING, budget=MONEY)

    def print_duplicate(self) -> None:
        self._talk.do(DUPLICATE, "1", OPENING, budget=MONEY)

    # what leaves no paper

    def open_drawer(self) -> None:
        self._talk.do(DRAWER, f"{DRAWER_PULSE_MS}", Doing(prints=False))

    def set_clock(self, moment: datetime, *, summer: bool) -> None:
        del summer  # these clocks know no summer time
        told = moment.strftime(CLOCKS[0])
        self._talk.do(SET_CLOCK, told, Doing(when_open=Fault.RECEIPT_OPEN, prints=False))

    # how it is done

    def _close(self) -> None:
        """Refused though all is paid, without a reason: the clock stands before the last record.

        Of what is refused by a bit alone no other reason is known, and a person has to set the
        clock: until then it is tried again. A code or number that we do not know is kept as it is,
        and a person decides: it may be the memory that failed.
        """
        try:
            self._talk.do(CLOSE_RECEIPT, "", CLOSING, budget=MONEY)
        except Refused as error:
            total, paid = self._in_progress()[:2]
            if error.fault is not Fault.NOT_FULLY_PAID or paid < total:
                raise
            code = error.device_code
            fault = Fault.WRONG_STATE if tells_why(code) else Fault.CLOCK_NOT_SET
            raise Refused(fault, device_code=code, doing=f"{error}") from error

    def _subtotal(self) -> list[str]:
        """It changes nothing; of a receipt that is not there any more it is told so."""
        told = self.dialect.subtotal[0]
        return self._talk.do(SUBTOTAL, told, SUMMING, budget=READ, repeatable=True)

    def _need_next(self, before: int) -> None:
        """A receipt between the sums that were read and the report is in the report alone."""
        if (now := self._documents()) != before + 1:
            raise ContactLost(f"document {now} is the last, the report should be {before + 1}")

    def _open_receipt(self, receipt: Receipt) -> None:
        opening = self._open_text(receipt)
        self._talk.do(self.dialect.open_receipt, opening, OPENING, repeatable=True)
        self._need_open(is_open=True)

    def _need_open(self, *, is_open: bool) -> None:
        """A legacy answer without an error bit proves little: its status must agree with it."""
        if bool(self._talk.status[2] & FISCAL_OPEN) is not is_open:
            raise ContactLost(f"done, it says, and with status {self._talk.status.hex(' ')}")

    def _sell(self, receipt: Receipt) -> None:
        """All that a receipt says before it is paid; a repeat of it shows in the subtotal."""
        letters = {rate: letter for letter, rate in reversed(self._rates.items())}
        self._texts(receipt.texts_above)
        for line in receipt.lines:
            name, *more = wrapped(line.name, self.capabilities.name_length_max, self._page)
            sold = self.dialect.sale_text(line, name, letters[line.vat_rate])
            self._talk.do(SALE, sold, SELLING, repeatable=True)
            self._texts(tuple(more))
        if receipt.adjustment:
            told = self.dialect.subtotal[1] + self.dialect.adjustment_text(receipt.adjustment)
            self._talk.do(SUBTOTAL, told, SELLING)
        self._texts((*receipt.texts_below, f"{REFERENCE}{receipt.reference}"))

    def _texts(self, texts: tuple[str, ...]) -> None:
        for text in texts:
            for piece in wrapped(text, self.dialect.text_max, self._page):
                self._talk.do(TEXT, piece, SELLING, repeatable=True)
