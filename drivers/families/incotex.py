r"""Incotex registers as they are in Romania: Succes M7, Partner 200, 300, 600.

Wire: `protocol/incotex.py`; 9600 baud. Manual: the Bulgarian one of 2019 [other_protocols.md 6],
corrected after a public Romanian program that drives a Succes M7 and names the vendor's protocol
text: 48 op,password,till[,I], the buyer's tax id by 57 before it, VAT letters A to F, texts by 54,
51 print,option, no + before an amount, bit 1.4 after 24 hours.
Quirks: an error is a number in status byte 3; 67 counts the receipts of the day; no JE can be read,
so that after a doubt only counters decide.

Archive: none; this wire reads no JE, the reports of the fiscal memory (49, 4F, 5E, 5F) only go to
paper, and 72 tells single sums of a record.

Unverified on hardware: everything; 110 and 173 end with the number of the last Z; the payments of
173 come in the order of the letters P N C D B I; the sums of 65 as N, T, A to F; 57 without a name.
The protocol says N card, C meal tickets; the program's author saw them the other way round, which
is the dialect `swapped`. A wrong letter registers a wrong payment: print one receipt with each and
look, before it goes to work. The Bulgarian grammar (48 with UNP, no 54) is not spoken.
"""

from dataclasses import replace
from typing import ClassVar

from drivers.base import FiscalPrinter
from drivers.capabilities import Capabilities, Feature, Told
from drivers.faults import Fault
from drivers.isl.dialect import SALE, Dialect
from drivers.isl.printer import IslPrinter
from drivers.isl.reads import DAY_PAYMENTS, TAX_NUMBER
from drivers.isl.talk import OPENING, Refusals
from drivers.model import Identity, PaymentKind, Receipt
from drivers.status import load_status_bits
from protocol.fields import integer
from protocol.incotex import INCOTEX

CUSTOMER, DAY_COUNTS = 57, 67
FISCAL_RECEIPTS = 4  # in the answer to 67
CANCEL, ALL_PAYMENTS = 130, 173
LETTERS = "PNCDBI"

FAULTS = {
    1: Fault.OVERFLOW,
    2: Fault.Z_REPORT_DUE,
    3: Fault.WRONG_STATE,
    4: Fault.AMOUNT_REFUSED,
    5: Fault.AMOUNT_REFUSED,
    6: Fault.OVERFLOW,
    7: Fault.OVERFLOW,
    8: Fault.AMOUNT_REFUSED,
    9: Fault.AMOUNT_REFUSED,
    12: Fault.RECEIPT_OPEN,
    13: Fault.BAD_REQUEST,
    14: Fault.AMOUNT_REFUSED,
    18: Fault.BAD_REQUEST,
    21: Fault.AMOUNT_REFUSED,
    22: Fault.Z_REPORT_DUE,
    23: Fault.OPERATOR_REFUSED,
    24: Fault.FISCAL_MEMORY_FULL,
    26: Fault.Z_REPORT_DUE,
    34: Fault.Z_REPORT_DUE,
    37: Fault.VAT_RATE_UNKNOWN,
    38: Fault.Z_REPORT_DUE,
    40: Fault.SERVICE_NEEDED,
    42: Fault.AMOUNT_REFUSED,
    43: Fault.SERVICE_NEEDED,  # no invoice number is left
    73: Fault.SERVICE_NEEDED,
    74: Fault.CLOCK_NOT_SET,
    75: Fault.OVERFLOW,
    76: Fault.CLOCK_NOT_SET,
    77: Fault.JE_FAILED,
    78: Fault.JE_FAILED,
    79: Fault.JE_FAILED,
    88: Fault.FISCAL_MEMORY_FAILED,
}

PAYMENTS = {
    PaymentKind.CASH: "P",
    PaymentKind.CARD: "N",
    PaymentKind.MEAL_TICKET: "C",
    PaymentKind.VALUE_TICKET: "D",
    PaymentKind.VOUCHER: "B",
    PaymentKind.CREDIT: "I",
}
SWAPPED = PAYMENTS | {PaymentKind.CARD: "C", PaymentKind.MEAL_TICKET: "N"}


def by_letter(payments: dict[PaymentKind, str]) -> tuple[PaymentKind, ...]:
    """Sort the kinds into the order in which 173 tells their sums."""
    return tuple(sorted(payments, key=lambda kind: LETTERS.index(payments[kind])))


RO = Dialect(
    wire=INCOTEX,
    capabilities=Capabilities(
        name_length_max=38,
        name_lines_max=2,
        lines_max=200,
        payment_kinds=frozenset(PAYMENTS),
        features=frozenset({Feature.DRAWER, Feature.DUPLICATE, Feature.TIPS, Feature.ADVANCES}),
        untold=frozenset({Told.FISCAL_MEMORY, Told.JE, Told.TEXTS}),
    ),
    status_bits=load_status_bits("incotex_status.csv"),
    refusals=Refusals({(2, 0): Fault.PAPER_OUT, (2, 1): Fault.PAPER_OUT}, numbers=FAULTS),
    letters="ABCDEF",
    sum_letters="NTABCDEF",
    payments=PAYMENTS,
    payment_order=by_letter(PAYMENTS),
    columns=38,
    text_max=38,
    slip_text_max=38,
    cancel=CANCEL,
    paid=ALL_PAYMENTS,
    paid_ends=0,  # all six sums come; what stands behind them is not known
    tells_last_record=False,
    sale=SALE.replace("{unit}{adjustment}", "{adjustment}{unit}"),
    unit_sign="@",
    subtotal=("0,0", "1,0"),
    cash_query="+0.00",
    cash="{amount},{operator}",
    with_customer=True,
)
RO_SWAPPED = replace(RO, payments=SWAPPED, payment_order=by_letter(SWAPPED))


class Incotex(IslPrinter):
    """One Incotex register."""

    dialects: ClassVar[dict[str, Dialect]] = {"ro": RO, "swapped": RO_SWAPPED}

    def _identity(self, fields: list[str]) -> Identity:
        """90: firmware and date, checksum, switches, country, factory number[, memory number]."""
        memory = fields[5] if len(fields) > 5 else ""
        return Identity("Incotex", fields[0], "", memory, "")

    def identity(self) -> Identity:
        return replace(super().identity(), fiscal_serial=self._serial())

    def _serial(self) -> str:
        """99: fiscal serial, tax id."""
        return self._talk.read(TAX_NUMBER, "", lambda fields: fields[0].strip())

    def _tax_id(self, fields: list[str]) -> str:
        return fields[1]

    def _counts(self) -> tuple[int, int]:
        z_number = self._talk.read(DAY_PAYMENTS, "", lambda fields: integer(fields[-2]))
        return z_number, self._talk.read(
            DAY_COUNTS, "", lambda fields: integer(fields[FISCAL_RECEIPTS])
        )

    def _open_text(self, receipt: Receipt) -> str:
        return super()._open_text(receipt) + (",I" if receipt.customer_tax_id else "")

    def _open_receipt(self, receipt: Receipt) -> None:
        """57 says who buys, and the receipt opened with I prints it."""
        if receipt.customer_tax_id:
            told = f"\t\t\t\t{receipt.customer_tax_id}\t"
            self._talk.do(CUSTOMER, told, OPENING, repeatable=True)
        super()._open_receipt(receipt)


DRIVER: type[FiscalPrinter] = Incotex
