r"""Eltrade registers and printers (A1, A3, A6, PRP 250F and others).

Wire: `protocol/eltrade.py`. Manual: Bulgarian, 1.0.9 to 1.1.7 [other_protocols.md 5]; no Romanian
one was found. A receipt is opened with 90h and the operator's name, nothing more; 86 tells when the
last receipt was closed; cash taken out may be told as a negative sum; on failure the answer may
begin with "E:".

No JE and no record of a Z report can be read: after a doubt only the counters decide; the sums of a
Z report whose answer was lost are those read before it; where another document came too, or after
a restart of ours, nobody knows them: a person has to look. The buyer's tax id has no known command.

Archive: none; this wire reads no JE, and the reports of the fiscal memory (49, 4F, 5E, 5F) only go
to paper.

Unverified on hardware: everything on a Romanian device; VAT groups have Latin letters (the manual
prints Cyrillic ones); the operator's number serves as the name that opens a receipt; 110 ends with
the number of the last Z and of the next fiscal receipt, and counts no other document there; L is a
card, C and D value and meal tickets, M a bank transfer.
"""

from typing import ClassVar

from drivers.base import FiscalPrinter
from drivers.capabilities import Capabilities, Feature, Told
from drivers.errors import Refused
from drivers.faults import Fault
from drivers.isl.dialect import FLAGGED_RATES, Dialect
from drivers.isl.printer import IslPrinter
from drivers.isl.reads import DAY_PAYMENTS, LAST_RECORD, LAST_Z
from drivers.isl.talk import Refusals
from drivers.model import Identity, PaymentKind, Receipt, Report
from drivers.status import load_status_bits
from protocol.eltrade import ELTRADE
from protocol.fields import integer

OPEN_RECEIPT = 0x90
FAILED = "E:"

PAYMENTS = {
    PaymentKind.CASH: "P",
    PaymentKind.VALUE_TICKET: "C",
    PaymentKind.MEAL_TICKET: "D",
    PaymentKind.CARD: "L",
    PaymentKind.MODERN: "M",
}
ORDER = "PNCDIJKLMQR"  # of the eleven sums of 110
KINDS = {letter: kind for kind, letter in PAYMENTS.items()}

LATIN = Dialect(
    wire=ELTRADE,
    capabilities=Capabilities(
        name_length_max=30,
        name_lines_max=2,
        lines_max=200,
        payment_kinds=frozenset(PAYMENTS),
        features=frozenset({Feature.DRAWER, Feature.DUPLICATE, Feature.TIPS, Feature.ADVANCES}),
        untold=frozenset({Told.FISCAL_MEMORY, Told.JE, Told.TEXTS}),
    ),
    status_bits=load_status_bits("eltrade_status.csv"),
    refusals=Refusals(
        {(1, 5): Fault.COVER_OPEN, (0, 4): Fault.PRINT_MECHANISM, (2, 0): Fault.PAPER_OUT},
        marker=FAILED,
    ),
    letters="ABCDEFGH",
    payments=PAYMENTS,
    payment_order=tuple(KINDS.get(letter) for letter in ORDER),
    columns=46,
    text_max=46,
    slip_text_max=46,
    open_receipt=OPEN_RECEIPT,
    rates=FLAGGED_RATES,
)


class Eltrade(IslPrinter):
    """One Eltrade device."""

    dialects: ClassVar[dict[str, Dialect]] = {"latin": LATIN}

    def _identity(self, fields: list[str]) -> Identity:
        """90: model, type, firmware and date, checksum, switches, serial, memory number."""
        return Identity(fields[0], fields[2], fields[5], fields[6], "")

    def _open_text(self, receipt: Receipt) -> str:
        return f"{self.operator.number}"

    def _counts(self) -> tuple[int, int]:
        def read(fields: list[str]) -> tuple[int, int]:
            return integer(fields[-2]), integer(fields[-1]) - 1

        return self._talk.read(DAY_PAYMENTS, "", read)

    def _receipt_time(self) -> str:
        return self._talk.read(LAST_RECORD, "T", lambda fields: fields[0])

    def last_z_report(self) -> Report:
        """Tell what was read before the Z report: no record of it can be read after it.

        If another document came too, a receipt may stand in it that was not read.
        """
        alone = self._documents() == self._before_z + 1
        if self._closing is None or self._closing.number != self._counts()[0] or not alone:
            raise Refused(Fault.UNKNOWN_COMMAND, device_code="", doing=f"{LAST_Z}")
        return self._closing


DRIVER: type[FiscalPrinter] = Eltrade
