"""What a device can do, beyond what every fiscal printer does.

A family says what its code can do; the catalogue and the configuration say what of it is switched
on for a device. What is not is refused before the first byte.
"""

from dataclasses import dataclass
from enum import StrEnum

from drivers.model import PaymentKind


class Feature(StrEnum):
    """What a device may have or not: off, unless the catalogue or the configuration has it."""

    ADVANCES = "advances"  # what was paid before may be taken off a receipt
    ARCHIVE = "archive"  # its fiscal memory and JE can be read
    BARCODE = "barcode"
    DRAWER = "drawer"
    DUPLICATE = "duplicate"
    LOGO = "logo"
    OPERATORS = "operators"
    P7B = "p7b"  # the signed daily files, on the wire: no device that we know
    REVERSAL = "reversal"
    TEXTS = "texts"  # its header and footer lines
    TIPS = "tips"
    VAT_TABLE = "vat_table"


class TextPlace(StrEnum):
    HEADER = "header"
    FOOTER = "footer"


class Told(StrEnum):
    """What every fiscal printer tells, and a bridge to one, or a poor wire, keeps to itself."""

    CASH = "cash"  # what is in the drawer, what went in and out
    CLOCK = "clock"
    COUNTERS = "counters"  # of receipts and Z reports
    FISCAL_MEMORY = "fiscal_memory"  # a report of it that is not paper
    JE = "je"  # its documents, as text
    JE_BY_DATE = "je_by_date"  # which of them are of a date
    OPEN_RECEIPT = "open_receipt"
    STATUS = "status"
    TEXTS = "texts"  # the header and footer lines that it prints
    VAT_TABLE = "vat_table"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a device can do. A longer name is wrapped, to `name_lines_max` lines."""

    name_length_max: int
    name_lines_max: int
    lines_max: int
    payment_kinds: frozenset[PaymentKind]
    payments_max: int = 10
    features: frozenset[Feature] = frozenset()
    code_page: str = "ascii"  # what has no letter in it is folded
    untold: frozenset[Told] = frozenset()  # what cannot be asked of it at all
