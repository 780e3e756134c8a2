r"""Datecs before the X series, with six status bytes: two dialects.

compact    registers DP-05, DP-15, DP-25, DP-35, DP-150, WP-50 (manual, group B, v2.04BG)
printer    printers FP-800, FP-2000, FP-650, SK1-21F, FMP-10, FP-700 (group A, v1.00BG)

Wire: `protocol/isl.py`, six status bytes. What a Romanian device adds is known only from a class of
2013 (48 is op,pwd,till; DP-25 with firmware of 2018 already speaks X) [datecs.md 1, 6].
Quirks: an error is a status bit, on printers also a code that 32 tells; amounts may come without
a point, in bani; 60 only before 53; no Z is due by any bit.

Archive: the JE comes as text, on registers by document (124, 125), on printers by day (119);
the reports of the fiscal memory (73, 79, 94, 95) only go to paper.

The JE after a doubt: printers give it as text by document and kind (119 R,#F), registers document
by document (125).

Unverified on hardware: all of it on a Romanian device; that a comma behind the model in 90 tells a
printer from a register, of which the wrong one is refused at the open; 110 ends with the next
fiscal receipt's number and counts no other document; 113 counts a document when it is opened; 76
shows the last receipt after it was closed, 0 after it was cancelled; the letters of payments: a
card is C on registers, D on printers (where C is a cheque), and 85 names what is behind I to L. A
Bulgarian DP-150 was seen to take a letter it does not know for cash: print one receipt of each.
"""

from collections.abc import Iterator
from typing import ClassVar

from drivers.archive import NoArchive
from drivers.base import FiscalPrinter
from drivers.capabilities import Capabilities, Feature, Told
from drivers.errors import Refused
from drivers.faults import Fault
from drivers.isl.datecs_legacy_archive import CANCELLED, PrinterArchive, RegisterArchive
from drivers.isl.dialect import FLAGGED_RATES, Dialect
from drivers.isl.fields import z_record
from drivers.isl.printer import IslPrinter
from drivers.isl.reads import DAY_PAYMENTS, JE_DOCUMENTS_MAX, LAST_Z
from drivers.isl.talk import Refusals
from drivers.je import DocumentKind, JeDocument, Trace
from drivers.model import Counters, Identity, PaymentKind
from drivers.status import load_status_bits
from protocol.fields import integer
from protocol.isl_exchange import ISL_LEGACY

LAST_ERROR, JE, JE_BY_NUMBER = 32, 119, 125
JE_LINES_MAX = 2000
TEXT_KINDS = {DocumentKind.RECEIPT: "F", DocumentKind.SLIP: "N"}  # of 119
COUNTED, SERVICE = frozenset("17"), "6"  # kinds of 125: a sale, one with an invoice; a slip


def between(first: int, last: int, fault: Fault) -> dict[str, Fault]:
    """A group of codes: the list of the manual says what they are about, not each one's meaning."""
    return {f"-{code}": fault for code in range(first, last + 1)}


FAULTS = {
    "-150001": Fault.BAD_REQUEST,
    "-150002": Fault.UNKNOWN_COMMAND,
    "-150003": Fault.WRONG_STATE,
    "-150010": Fault.SERVICE_NEEDED,
    "-150100": Fault.CLOCK_NOT_SET,
    "-150101": Fault.PAPER_OUT,
    "-150102": Fault.JE_FAILED,
    "-150104": Fault.OPERATOR_REFUSED,
    "-150109": Fault.PRINT_MECHANISM,
    "-150200": Fault.RECEIPT_OPEN,
    "-150201": Fault.NO_RECEIPT_OPEN,
    "-150202": Fault.DAY_OPEN,
    "-150204": Fault.Z_REPORT_DUE,
    **between(150205, 150207, Fault.CLOCK_NOT_SET),  # a date that cannot be
    **between(150209, 150232, Fault.JE_FAILED),
    **between(150300, 150314, Fault.FISCAL_MEMORY_FAILED),
    "-150400": Fault.BAD_REQUEST,  # the item
    "-150401": Fault.BAD_REQUEST,  # the department
    "-150402": Fault.VAT_RATE_UNKNOWN,
    "-150403": Fault.VAT_RATE_UNKNOWN,
    "-150404": Fault.OVERFLOW,
    "-150405": Fault.PAYMENT_STARTED,
    "-150406": Fault.AMOUNT_REFUSED,
    "-150408": Fault.BAD_REQUEST,
    "-150409": Fault.PAYMENT_STARTED,
    "-150411": Fault.PAYMENT_STARTED,
    "-150412": Fault.NOT_FULLY_PAID,
    "-150413": Fault.AMOUNT_REFUSED,
    "-150415": Fault.AMOUNT_REFUSED,
    "-150431": Fault.AMOUNT_REFUSED,
    **between(150800, 150819, Fault.SERVICE_NEEDED),  # registration, invoices, terminal
}

COMPACT_PAYMENTS = {
    PaymentKind.CASH: "P",
    PaymentKind.CREDIT: "N",
    PaymentKind.CARD: "C",
    PaymentKind.OTHER: "D",
    PaymentKind.MEAL_TICKET: "I",
    PaymentKind.VALUE_TICKET: "J",
}
PRINTER_PAYMENTS = {
    PaymentKind.CASH: "P",
    PaymentKind.CREDIT: "N",
    PaymentKind.OTHER: "C",
    PaymentKind.CARD: "D",
    PaymentKind.MEAL_TICKET: "I",
    PaymentKind.VALUE_TICKET: "J",
    PaymentKind.VOUCHER: "K",
    PaymentKind.MODERN: "L",
}
PRINTER_ORDER = (  # 110: cash, credit, debit, cheque, then the programmed ones
    PaymentKind.CASH,
    PaymentKind.CREDIT,
    PaymentKind.CARD,
    PaymentKind.OTHER,
    PaymentKind.MEAL_TICKET,
    PaymentKind.VALUE_TICKET,
    PaymentKind.VOUCHER,
    PaymentKind.MODERN,
)
FEATURES = frozenset({Feature.ARCHIVE, Feature.DRAWER, Feature.TIPS, Feature.ADVANCES})
UNTOLD = frozenset({Told.FISCAL_MEMORY, Told.TEXTS})

COMPACT = Dialect(
    wire=ISL_LEGACY,
    capabilities=Capabilities(
        name_length_max=22,
        name_lines_max=2,
        lines_max=120,
        payment_kinds=frozenset(COMPACT_PAYMENTS),
        features=FEATURES,
        untold=UNTOLD,
    ),
    status_bits=load_status_bits("datecs_legacy_b_status.csv"),
    refusals=Refusals({(2, 0): Fault.PAPER_OUT}),
    letters="ABCDEFGH",
    payments=COMPACT_PAYMENTS,
    payment_order=tuple(COMPACT_PAYMENTS),
    columns=42,
    text_max=36,
    slip_text_max=40,
    rates=FLAGGED_RATES,
)
PRINTER = Dialect(
    wire=ISL_LEGACY,
    capabilities=Capabilities(
        name_length_max=42,
        name_lines_max=2,
        lines_max=500,
        payment_kinds=frozenset(PRINTER_PAYMENTS),
        features=FEATURES,
        untold=UNTOLD | {Told.JE_BY_DATE},
    ),
    status_bits=load_status_bits("datecs_legacy_a_status.csv"),
    refusals=Refusals(
        {(0, 6): Fault.COVER_OPEN, (0, 4): Fault.PRINT_MECHANISM, (2, 0): Fault.PAPER_OUT},
        asks=LAST_ERROR,
        codes=FAULTS,
    ),
    letters="ABCDEFGH",
    payments=PRINTER_PAYMENTS,
    payment_order=PRINTER_ORDER,
    columns=48,
    text_max=36,
    slip_text_max=42,
    rates=FLAGGED_RATES,
    unit_sign="#",
)


class DatecsLegacy(IslPrinter):
    """One Datecs device before the X series."""

    dialects: ClassVar[dict[str, Dialect]] = {"compact": COMPACT, "printer": PRINTER}

    def _identity(self, fields: list[str]) -> Identity:
        """90: model and firmware in the first fields; the manuals swap the last two.

        One is told to answer in five fields, its serial last and no memory number at all.
        """
        if len(fields) == 5 and " " not in fields[0]:
            return Identity(fields[0], fields[1], fields[4], "", "")
        model, *firmware = fields[:-4]
        if not firmware:
            model, _, text = model.partition(" ")
            firmware = [text]
        serial, memory = fields[-2:] if self.dialect is PRINTER else fields[:-3:-1]
        return Identity(model, " ".join(firmware), serial, memory, "")

    def _counts(self) -> tuple[int, int]:
        try:
            z_number = self._talk.read(LAST_Z, "", lambda fields: integer(z_record(fields)[0]))
        except Refused as error:
            if error.fault is not Fault.NO_DATA:
                raise
            z_number = 0
        following = self._talk.read(DAY_PAYMENTS, "", lambda fields: integer(fields[-1]))
        return z_number, following - 1

    def _archive(self) -> NoArchive:
        archive = PrinterArchive if self.dialect is PRINTER else RegisterArchive
        return archive(self._talk, lambda: self._counts()[0])

    def _receipt_time(self) -> str:
        """When the last receipt was closed; "" if it is not among the last documents."""
        last = self._documents()
        for number in range(last, max(0, last - JE_DOCUMENTS_MAX), -1):
            if at := self._receipt_at(number):
                return at
        return ""

    def _receipt_at(self, number: int) -> str:
        if self.dialect is PRINTER:
            return self._dated(number) if self._text(number, "F") else ""
        fields = self._choose(number)
        return fields[2] if fields[0] == "P" and fields[3] in COUNTED else ""

    def _je(self, of: DocumentKind, since: Counters, last: int) -> Iterator[JeDocument]:
        receipts = since.receipt_count
        for number in range(since.document_number + 1, last + 1):
            document = self._document(of, number, receipts, since.z_number + 1)
            receipts += document.stands is True and of is DocumentKind.RECEIPT
            yield document

    def _document(self, of: DocumentKind, number: int, receipts: int, day: int) -> JeDocument:
        if self.dialect is PRINTER:
            text = self._text(number, TEXT_KINDS[of])
            at = self._dated(number) if text else ""
            return JeDocument(bool(text), Trace(receipts + 1, number, day, at), text)
        _, _, at, kind, z_number, *_ = [*self._choose(number), "", "", "0", "0"]
        stands = kind in COUNTED if of is DocumentKind.RECEIPT else kind == SERVICE
        text = self._lines(JE_BY_NUMBER, "1")
        trace = Trace(receipts + 1, number, integer(z_number), at)
        return JeDocument(stands and not CANCELLED.search(text), trace, text)

    def _choose(self, number: int) -> list[str]:
        """125: P, DocNumber, Date, Type, Znumber; F where there is no such document."""
        return self._talk.read(JE_BY_NUMBER, f"0,{number},0", list)

    def _text(self, number: int, kind: str) -> str:
        """119: the text of a document, if it is of that kind; "" if it is of another."""
        first = self._talk.read(JE, f"R,#{kind},{number}", list)
        if first[0] != "P":
            return ""
        return "\n".join([",".join(first[1:]), self._lines(JE, "N")])

    def _dated(self, number: int) -> str:
        """119 W: the end of a document, from its line D,start,end."""
        fields = self._talk.read(JE, f"W,{number}", list)
        for _ in range(JE_LINES_MAX):
            if fields[0] in ("D", "F", "*"):
                break
            fields = self._talk.next(JE, "w")
        return fields[2] if fields[0] == "D" and len(fields) > 2 else ""

    def _lines(self, code: int, following: str) -> str:
        lines: list[str] = []
        for _ in range(JE_LINES_MAX):
            fields = self._talk.next(code, following)
            if fields[0] != "P":
                break
            lines.append(",".join(fields[1:]))
        return "\n".join(lines)


DRIVER: type[FiscalPrinter] = DatecsLegacy
