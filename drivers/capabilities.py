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


NAMES = {  # as "this family has no ..." goes on
    Feature.ADVANCES: "known way to take an advance off a receipt",
    Feature.ARCHIVE: "archive that could be read: no fiscal memory, no JE",
    Feature.BARCODE: "known command that prints a barcode",
    Feature.DRAWER: "known command that opens a drawer",
    Feature.DUPLICATE: "known command that prints a copy of the last receipt",
    Feature.LOGO: "known command that loads a logo",
    Feature.OPERATORS: "known command that sets an operator",
    Feature.P7B: "known command that brings the signed daily files",
    Feature.REVERSAL: "known command that takes back a closed receipt",
    Feature.TEXTS: "known command that sets its header and footer lines",
    Feature.TIPS: "known way to print a tip",
    Feature.VAT_TABLE: "known command that sets its VAT table",
}


def has_no(feature: Feature) -> str:
    """Say that no configuration can switch this on."""
    return f"this family has no {NAMES[feature]}"


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
    lacks: frozenset[Feature] = frozenset()  # what its family does not have: nothing switches it on
    replaced: str = ""  # signs that divide its fields: it is given others in their place
