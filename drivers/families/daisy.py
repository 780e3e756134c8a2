r"""Daisy registers and printers: two dialects.

bg    eXpert SX, perfeKT, FX1200, Compact: manual 1.8.1 of 2023; VAT letters are Cyrillic, the JE
      comes row by row (C3)
ro    what is sold in Romania, built after the manual for export, the best public model there is:
      VAT letters are Latin, no JE can be read

Wire: `protocol/daisy.py`. Quirks: an error is a number in status byte 3; 130 cancels by voiding
every line and closing; a discount that is a sum has $ before it; 110 tells the next document, so
fiscal receipts are counted by 112, for our own operator and day; the clock answers with points.

Archive: the fiscal memory comes row by row (99, then 49, 4F, 5E or 5F), the JE too (C3), with `bg`
only: the manual for export has no command that reads it.

Unverified on hardware: everything in Romania, where no manual is public: the buyer's tax id (none
is sent), 48 as op,password without a UNP, the letters of payments (C a card, N credit, D meal and B
value tickets), 112 leaves cancelled receipts out, the columns of a D row in the JE, 99 and the
reports behind it, that a firmware whose name ends in BG or RO (90) is of that dialect: another one
is refused at the open.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from drivers.archive import NoArchive
from drivers.base import FiscalPrinter
from drivers.capabilities import Capabilities, Feature, Told
from drivers.faults import Fault
from drivers.isl.daisy_archive import DaisyArchive
from drivers.isl.dialect import Dialect
from drivers.isl.printer import IslPrinter
from drivers.isl.reads import DAY_PAYMENTS
from drivers.isl.talk import Refusals
from drivers.je import DocumentKind, JeDocument, Trace
from drivers.model import Counters, Identity, PaymentKind, Receipt
from drivers.status import load_status_bits
from protocol.daisy import DAISY, row_fields
from protocol.errors import ReplyError
from protocol.fields import integer
from protocol.text import from_device

OPERATOR_INFO, JE, CANCEL = 112, 0xC3, 130
DOCUMENT_ROW = "D\t"
FISCAL, KIND, SALE_KIND, SERVICE_KIND = 0x40, 0x3F, 1, 8  # in the DocDesc of a D row
CANCELLED = re.compile(r"^T\t.*\bANULAT\b\W*$", re.MULTILINE)  # a voided sale is a sale by its kind

FAULTS = {
    1: Fault.OVERFLOW,
    2: Fault.VAT_RATE_UNKNOWN,
    3: Fault.OVERFLOW,
    4: Fault.OVERFLOW,
    5: Fault.AMOUNT_REFUSED,
    6: Fault.PAYMENT_STARTED,
    8: Fault.VAT_RATE_UNKNOWN,
    10: Fault.CLOCK_NOT_SET,
    19: Fault.NOT_FULLY_PAID,
    21: Fault.BAD_REQUEST,
    22: Fault.AMOUNT_REFUSED,
    25: Fault.NO_RECEIPT_OPEN,
    30: Fault.FISCAL_MEMORY_FULL,
    50: Fault.NO_DATA,
    60: Fault.JE_FAILED,  # 60 to 65: the SD card
    61: Fault.JE_FAILED,
    62: Fault.JE_FAILED,
    63: Fault.JE_FAILED,
    64: Fault.JE_FAILED,
    65: Fault.JE_FAILED,
    66: Fault.OPERATOR_REFUSED,
    68: Fault.TAX_OFFICE_LINK,  # the certificate
    70: Fault.FISCAL_MEMORY_FAILED,
    71: Fault.FISCAL_MEMORY_FAILED,
    72: Fault.FISCAL_MEMORY_FAILED,
    73: Fault.FISCAL_MEMORY_FAILED,
    74: Fault.FISCAL_MEMORY_FAILED,
    76: Fault.TAX_OFFICE_LINK,
    81: Fault.Z_REPORT_DUE,
    82: Fault.Z_REPORT_DUE,
    83: Fault.Z_REPORT_DUE,
    84: Fault.Z_REPORT_DUE,
    85: Fault.Z_REPORT_DUE,
    86: Fault.CLOCK_NOT_SET,
    88: Fault.JE_FULL,
    90: Fault.DAY_OPEN,
    91: Fault.DAY_OPEN,
    92: Fault.DAY_OPEN,
    93: Fault.DAY_OPEN,
    95: Fault.DAY_OPEN,
    96: Fault.JE_FAILED,
    98: Fault.SERVICE_NEEDED,  # 98 to 100: the security module (SAM)
    99: Fault.SERVICE_NEEDED,
    100: Fault.SERVICE_NEEDED,
    **dict.fromkeys([*range(101, 108), *range(109, 114), 117], Fault.TAX_OFFICE_LINK),
    108: Fault.OPERATOR_REFUSED,
}

PAYMENTS = {
    PaymentKind.CASH: "P",
    PaymentKind.CREDIT: "N",
    PaymentKind.CARD: "C",
    PaymentKind.MEAL_TICKET: "D",
    PaymentKind.VALUE_TICKET: "B",
}

FEATURES = frozenset(
    {Feature.ARCHIVE, Feature.DRAWER, Feature.DUPLICATE, Feature.TIPS, Feature.ADVANCES}
)

BG = Dialect(
    wire=DAISY,
    capabilities=Capabilities(
        name_length_max=20,
        name_lines_max=3,
        lines_max=200,
        payment_kinds=frozenset(PAYMENTS),
        features=FEATURES,
        untold=frozenset({Told.TEXTS}),
    ),
    status_bits=load_status_bits("daisy_status.csv"),
    refusals=Refusals({(0, 4): Fault.PRINT_MECHANISM, (2, 0): Fault.PAPER_OUT}, numbers=FAULTS),
    letters="\N{CYRILLIC CAPITAL LETTER A}\N{CYRILLIC CAPITAL LETTER BE}"
    "\N{CYRILLIC CAPITAL LETTER VE}\N{CYRILLIC CAPITAL LETTER GHE}"
    "\N{CYRILLIC CAPITAL LETTER DE}\N{CYRILLIC CAPITAL LETTER IE}"
    "\N{CYRILLIC CAPITAL LETTER ZHE}\N{CYRILLIC CAPITAL LETTER ZE}",
    payments=PAYMENTS,
    payment_order=tuple(PAYMENTS),
    paid_ends=3,
    columns=32,
    text_max=28,
    slip_text_max=28,
    cancel=CANCEL,
    tells_last_record=False,
    status_data="",
    amount_sign="$",
    wire_page="cp1251",
)
RO = replace(
    BG,
    letters="ABCDE",
    wire_page="",
    capabilities=replace(BG.capabilities, untold=frozenset({Told.JE, Told.TEXTS})),
)


class Daisy(IslPrinter):
    """One Daisy device."""

    dialects: ClassVar[dict[str, Dialect]] = {"bg": BG, "ro": RO}

    def _identity(self, fields: list[str]) -> Identity:
        """90: model firmware date time, checksum, switches, country, serial, memory number."""
        model, firmware, *_ = [*fields[0].split(), ""]
        return Identity(model, firmware, fields[-2], fields[-1], "")

    def _open_text(self, receipt: Receipt) -> str:
        return f"{self.operator.number},{self.operator.password}"

    def _counts(self) -> tuple[int, int]:
        z_number = self._talk.read(DAY_PAYMENTS, "", lambda fields: integer(fields[-3]))
        who = f"{self.operator.number}"
        return z_number, self._talk.read(OPERATOR_INFO, who, lambda fields: integer(fields[0]))

    def _archive(self) -> NoArchive:
        return DaisyArchive(
            self._talk, lambda: self._counts()[0], has_je=self.dialect is self.dialects["bg"]
        )

    def _je(self, of: DocumentKind, since: Counters, last: int) -> Iterator[JeDocument] | None:
        if self.dialect is not BG:
            return None
        first = since.document_number + 1
        if first > last:
            return iter(())
        rows: list[bytes] = []
        self._talk.rows(JE, f"R1,{first},{last},A", rows.append)
        return documents([from_device(row) for row in rows], of, since)


def documents(rows: list[str], of: DocumentKind, since: Counters) -> Iterator[JeDocument]:
    """Cut the rows of C3 into documents: a D row says which, T rows what is on it.

    Raises:
        ReplyError: a document stands there twice, or is missing; rows have no numbers of their own.
    """
    receipts, wanted = since.receipt_count, since.document_number
    heads = [n for n, row in enumerate(rows) if row.startswith(DOCUMENT_ROW)]
    for start, end in zip(heads, [*heads[1:], len(rows)], strict=True):
        _, number, at, kind, *_ = row_fields(rows[start])
        wanted += 1
        if integer(number) != wanted:
            raise ReplyError(f"document {number} comes, where {wanted} should")
        text = "\n".join(rows[start + 1 : end])
        sold = integer(kind) & FISCAL and integer(kind) & KIND == SALE_KIND
        stands = bool(sold) if of is DocumentKind.RECEIPT else integer(kind) == SERVICE_KIND
        stands = stands and not CANCELLED.search(text)
        trace = Trace(receipts + 1, integer(number), since.z_number + 1, at)
        receipts += stands and of is DocumentKind.RECEIPT
        yield JeDocument(stands, trace, text)


DRIVER: type[FiscalPrinter] = Daisy
