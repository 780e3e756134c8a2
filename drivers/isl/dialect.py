r"""What differs between the legacy ISL devices, as a table: grammar, letters, commands, limits.

49 sale       {name}\t{letter}{price}*{quantity}{unit}{adjustment}   e.g. Paine\tA3.50*2.000,-10.00
53 payment    \t{letter}{amount}                                     e.g. \tP10.00
70 cash       {amount} in, -{amount} out
110 payments  a sum for each of `payment_order`, however many, then `paid_ends` numbers, of which
              each family reads its own: 0.00,5.00,0004,0131 is two sums, the last Z, a receipt
"""

from collections.abc import Mapping
from dataclasses import dataclass

from drivers.capabilities import Capabilities
from drivers.isl.talk import Refusals
from drivers.model import Adjustment, Line, PaymentKind, VatRate
from drivers.status import StatusBit
from protocol.exchange import WireProtocol
from protocol.fields import decimal_text, hundredths

UNUSED_RATE = 100_00
FLAGGED_RATES = 83
SALE = "{name}\t{letter}{price}*{quantity}{unit}{adjustment}"


@dataclass(frozen=True, slots=True)
class Dialect:
    """One dialect of the legacy ISL commands."""

    wire: WireProtocol
    capabilities: Capabilities
    status_bits: tuple[StatusBit, ...]
    refusals: Refusals
    letters: str  # VAT groups, in the order in which their rates and sums are told
    payments: Mapping[PaymentKind, str]
    payment_order: tuple[PaymentKind | None, ...]  # of the sums of 110; None: not one of ours
    columns: int
    text_max: int  # of a line of text in a receipt
    slip_text_max: int
    open_receipt: int = 48
    cancel: int = 60
    rates: int = 97
    paid: int = 110  # tells what was paid today
    paid_ends: int = 2  # numbers behind those sums: the last Z, the next receipt
    tells_last_record: bool = True  # 86; else the date of the last Z in 64
    status_data: str = "X"
    sale: str = SALE
    amount_sign: str = ";"  # before an adjustment that is a sum; a percentage has a comma
    unit_sign: str = ""  # "": the device knows no units
    subtotal: tuple[str, str] = ("00", "10")  # without print, with print
    cash_query: str = ""
    cash: str = "{amount}"
    x_report: str = "2"
    z_report: str = "0"
    with_customer: bool = False  # the buyer's tax id can be told and printed
    sum_letters: str = ""  # in which sums are told, if it is another order than that of the rates
    wire_page: str = ""  # where VAT groups are no Latin letters: texts are ASCII then
    counts_at_open: bool = True  # 113 counts a document when it is opened, not when it is closed

    def vat_table(self, fields: list[str]) -> dict[str, VatRate | None]:
        """83: multiplier, decimals, currency, which groups are on, rates; 97: rates alone."""
        flagged = self.rates == FLAGGED_RATES
        flags, rates = (fields[3], fields[4:]) if flagged else ("1" * len(fields), fields)
        told = zip(self.letters, flags, rates, strict=False)
        return {letter: rate_of(text) if on == "1" else None for letter, on, text in told}

    def sale_text(self, line: Line, name: str, letter: str) -> str:
        """49: a void line has a minus before its price."""
        price = -line.unit_price if line.is_void else line.unit_price
        return self.sale.format(
            name=name,
            letter=letter,
            price=decimal_text(price, 2),
            quantity=decimal_text(line.quantity, 3),
            unit=f"{self.unit_sign}{line.unit}" if self.unit_sign and line.unit else "",
            adjustment=self.adjustment_text(line.adjustment),
        )

    def adjustment_text(self, adjustment: Adjustment | None) -> str:
        """49, 51: a discount is negative, a surcharge positive."""
        if adjustment is None:
            return ""
        value = -adjustment.value if adjustment.kind.startswith("discount") else adjustment.value
        return f"{',' if adjustment.is_percent else self.amount_sign}{decimal_text(value, 2)}"


def rate_of(text: str) -> VatRate | None:
    """Read a VAT rate; -1 or 100 and more mark a group that is not programmed."""
    value = hundredths(text.strip().removesuffix("%"))
    return VatRate(value) if 0 <= value < UNUSED_RATE else None
