"""The command table: number -> function. What is not in it is an unknown command.

The Romanian list of the reference, without: 43 (header lines; its syntax is not public, so every
form of it is bad syntax, which is also what a Bulgarian storno deserves here), service commands
(72, 89, 91, 98, 127, 253), stored items (58, 87, 88, 107, 111), the raw fiscal memory (116)
and operators' registers (105, 112): those answer as unknown. 109 (duplicate) is not
in that list and unknown too, unless the settings say otherwise; 202 (logo) is not, and known here.
"""

from __future__ import annotations

from sandbox.printer import (
    electronic,
    fiscal_memory,
    programming,
    reads,
    reports,
    sales,
    texts,
    variables,
)
from sandbox.printer.asked import Asked, Command, Done
from sandbox.printer.fields import SYNTAX, Fields, Refusal
from sandbox.printer.paper import Settings


def bad_form(asked: Asked) -> Done:
    """43: no syntax of it is known"""
    raise Refusal(SYNTAX)


COMMANDS: dict[int, Command] = {
    33: reads.nothing,
    35: reads.nothing,
    38: texts.open_text,
    39: texts.close_text,
    42: texts.print_text,
    43: bad_form,
    44: texts.feed,
    45: reads.nothing,
    46: reads.nothing,
    47: reads.nothing,
    48: sales.open_receipt,
    49: sales.sell,
    50: reads.vat_rates,
    51: sales.subtotal,
    53: sales.pay,
    54: sales.fiscal_text,
    56: sales.close,
    60: sales.cancel,
    61: reads.set_clock,
    62: reads.read_clock,
    63: reads.read_clock,
    64: reports.last_z,
    65: reports.day_sums,
    68: reports.reports_left,
    69: reports.report,
    70: reports.cash,
    71: reports.diagnostics,
    74: reads.status,
    76: reads.in_progress,
    80: reads.nothing,
    83: programming.set_rates,
    84: texts.barcode,
    86: reports.last_record_date,
    90: reads.identity,
    92: texts.separator,
    94: fiscal_memory.by_date,
    95: fiscal_memory.by_number,
    99: reads.tax_number,
    100: reads.explain,
    101: programming.set_password,
    103: reports.receipt_by_group,
    106: reports.drawer,
    109: electronic.duplicate,
    110: reports.day_info,
    123: reads.device_info,
    124: electronic.find,
    125: electronic.read,
    202: programming.logo,
    255: variables.variable,
}
DUPLICATE = 109

PRINTING = frozenset({38, 39, 42, 44, 48, 49, 51, 53, 54, 56, 60, 69, 71, 84, 92, 109})
"""Refused with no paper or an open cover; so are 70 with a sum, 94 and 95
with a Type that prints, and 125 with 3: see `prints`."""


def command_of(number: int, settings: Settings) -> Command | None:
    """None: the device does not know it."""
    if number == DUPLICATE and not settings.duplicates:
        return None
    return COMMANDS.get(number)


def prints(number: int, fields: Fields) -> bool:
    if number == 70:
        return fields.text(2).strip("0.") != ""
    if number in (94, 95):
        return fields.text(1) in ("0", "1")
    return number in PRINTING or (number == 125 and fields.text(1) == "3")
