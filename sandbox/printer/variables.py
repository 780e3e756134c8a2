"""255: what the device keeps under a name, read and in part written.

    Name, Index, ''      -> the value
    Name, Index, Value   -> nothing more than the error code (manual)

Writable are Header [0..9], Footer [0..9] and OperName [1..30]; a blank value would be a read, so a
line is emptied by writing blanks. The third header line is printed below the tax number. Doubt of
the reference: which variables a host may write in Romania. Stricter here: only those, only with
nothing open and the day closed; everything else, valVat too, is denied.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sandbox.printer.asked import Asked, Done, day_is_over, need_closed_day
from sandbox.printer.clock import ON_WIRE
from sandbox.printer.fields import Refusal, bad_value, money
from sandbox.printer.memory import HEADER_LINES, OPERATORS, PAYMENT_KINDS, padded, written
from sandbox.printer.paper import PAYMENT_NAMES, header_of

ACCESS_DENIED = -101014
OPERATOR_NAME_MAX = 32
ONE_BASED = frozenset({"OperName"})


def variable(asked: Asked) -> Done:
    """255: Name, Index, Value (empty: read)"""
    fields = asked.fields
    fields.expect(1, 3)
    name = fields.text(1)
    rows = arrays(asked).get(name)
    single = singles(asked)
    if rows is None and name not in single:
        raise bad_value(1)
    if rows is None:
        fields.integer(2, 0, 0, default=0)
        if fields.text(3):
            raise Refusal(ACCESS_DENIED)
        return Done((single[name],))
    first = int(name in ONE_BASED)
    default = None if first else 0
    index = fields.integer(2, first, first + len(rows) - 1, default=default) - first
    if fields.text(3):
        return write(asked, name, index)
    return Done((rows[index],))


def write(asked: Asked, name: str, index: int) -> Done:
    memory, columns = asked.memory, asked.settings.columns
    if name not in {"Header", "Footer", "OperName"}:
        raise Refusal(ACCESS_DENIED)
    value = asked.fields.words(3, OPERATOR_NAME_MAX if name == "OperName" else columns)
    need_closed_day(memory)
    if name == "Header":
        header = written(memory.header, index, value, HEADER_LINES)
        return Done(memory=replace(memory, header=header))
    if name == "Footer":
        footer = written(memory.footer, index, value, HEADER_LINES)
        return Done(memory=replace(memory, footer=footer))
    names = written(memory.operator_names, index, value, OPERATORS)
    return Done(memory=replace(memory, operator_names=names))


def arrays(asked: Asked) -> dict[str, tuple[object, ...]]:
    memory = asked.memory
    return {
        "valVat": tuple(money(rate) for rate in memory.rates),
        "PayName": PAYMENT_NAMES,
        "Header": header_of(memory, asked.settings),
        "Footer": padded(memory.footer, HEADER_LINES),
        "OperName": padded(memory.operator_names, OPERATORS),
        "Payment_forbidden": tuple(int(kind == "foreign") for kind in PAYMENT_KINDS),
    }


def singles(asked: Asked) -> dict[str, object]:
    memory, settings = asked.memory, asked.settings
    return {
        "nZreport": memory.z_made,
        "nBon": memory.slip,
        "nFBon": memory.receipts_ever,
        "nFBonDailyCount": memory.day.receipts,
        "nRBonDailyCount": 0,
        "Block24h": int(day_is_over(memory, asked.now)),
        "EJNumber": 1,
        "ProfileType": 0,
        "Profile_startDate": wire(memory.fiscalised_at),
        "Profile_endDate": "",
        "UserIsVatRegistered": 1,
        "PrintColumns": settings.columns,
        "ServiceDate": f"01-01-{(asked.now.year + 1) % 100:02} 00:00:00",
        "AirPortLocated": 0,
        "DFR_needed": int(memory.day.receipts > 0),
        "Fiscalized": 1,
        "TAXnumber": settings.tax_number,
        "IDnumber": memory.serial,
        "FMnumber": memory.fiscal_memory_number,
        "FpComBaudRate": 9,
    }


def wire(at: datetime) -> str:
    return at.strftime(ON_WIRE)
