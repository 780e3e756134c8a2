"""The command table: number -> function, less what a make does not know.

38 39 42 non-fiscal   48 49 51 53 54 56 60 receipt   69 X and Z   70 cash
73 79 94 95 the fiscal memory   119 124 125 195 the electronic journal   the rest reads
Eltrade opens with 144, Daisy and Incotex cancel with 130.
"""

from __future__ import annotations

from sandbox.printer_isl import electronic, fiscal_memory, reads, reports, sales
from sandbox.printer_isl.asked import Command
from sandbox.printer_isl.makes import Make

COMMANDS: dict[int, Command] = {
    32: reads.last_error,
    38: reports.open_text,
    39: reports.close_text,
    42: reports.print_text,
    44: reads.nothing,
    45: reads.nothing,
    48: sales.open_receipt,
    49: sales.sell,
    51: sales.subtotal,
    53: sales.pay,
    54: sales.fiscal_text,
    56: sales.close,
    57: sales.customer,
    60: sales.cancel,
    61: reads.set_clock,
    62: reads.read_clock,
    64: reads.last_z,
    65: reads.day_sums,
    67: reads.day_counts,
    68: reads.records_left,
    69: reports.report,
    70: reports.cash,
    73: fiscal_memory.detailed_by_z,
    74: reads.status,
    76: reads.in_progress,
    79: fiscal_memory.brief_by_date,
    83: reads.flagged_rates,
    86: reads.last_record,
    90: reads.identity,
    94: fiscal_memory.detailed_by_date,
    95: fiscal_memory.brief_by_z,
    97: reads.rates,
    99: reads.tax_number,
    106: reports.drawer,
    109: reports.duplicate,
    110: reads.day_payments,
    112: reads.operator_sums,
    113: reads.last_document,
    119: electronic.by_text,
    124: electronic.find,
    125: electronic.by_number,
    128: reads.constants,
    130: sales.cancel,
    144: sales.open_receipt,
    153: fiscal_memory.announce,
    173: reads.day_payments,
    195: electronic.by_rows,
}
OPENING, CANCELLING = frozenset({48, 144}), frozenset({60, 130})
PRINTING = OPENING | CANCELLING | {38, 39, 42, 49, 53, 54, 56, 69, 109}


def command_of(number: int, make: Make) -> Command | None:
    """None: the make does not know it."""
    other_opening = number in OPENING and number != make.opens
    other_cancelling = number in CANCELLING and number != make.cancels
    if other_opening or other_cancelling or number in make.without:
        return None
    return COMMANDS.get(number)


def prints(number: int, text: str, make: Make) -> bool:
    if number == 70:
        return any(digit in text.partition(",")[0] for digit in "123456789")
    return number in PRINTING and command_of(number, make) is not None
