"""What the device says about itself, and what is set without paper: 1A 1B 1E 1F 21 to 23 2E FC.

    1A register   the receipt's (88 ..), the day's (193 .., 209 ..) and the drawer's sums (241 ..)
    1B counter    144 sales of the day, 148 sales ever, 152 documents, 157 cancelled of the day
    1F table      2 operators (1 password, 2 name), 5 payments (1 name), 6 taxes (1 rate)

The receipt's own registers keep what the last closed sale came to until the next is opened, and are
empty after a cancelled one. 22 sets no date: it waits for the same one in 23, and till then (mode
6) nothing else is done. Neither may go behind the last record, nor move in an open day.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from sandbox.printer import clock
from sandbox.printer.memory import OPERATORS, RATE_UNUSED, Document, Memory, padded, written
from sandbox.printer_shtrih.asked import (
    BAD_PARAMETERS,
    DAY_IS_OPEN,
    NO_TABLE,
    NOT_WRITABLE,
    SYSTEM,
    WRONG_DATE,
    WRONG_PASSWORD,
    Asked,
    Done,
    No,
    le,
    need_clock,
    need_no_receipt,
    number,
    words,
    written_text,
)
from sandbox.printer_shtrih.sales import MODES

PAYMENT_NAMES = ("NUMERAR", "CARD", "TICHETE MASA", "CREDIT")
MODEL = "SIM-FR-K"
NAME_WIDTH, PAYMENT_WIDTH, TAXES = 21, 20, 4
FIELDS = {  # table, field: its name, is it a text, its width
    (2, 1): ("PAROLA", False, 4),
    (2, 2): ("NUME OPERATOR", True, NAME_WIDTH),
    (5, 1): ("TIP PLATA", True, PAYMENT_WIDTH),
    (6, 1): ("COTA TVA", False, 2),
}


def who(asked: Asked) -> Done:
    """FC: type, subtype, protocol, subprotocol, model, language, name; without a password"""
    asked.parts()
    return Done(bytes([0, 0, 2, 0, 250, 1]) + MODEL.encode(), bare=True)


def cash_register(asked: Asked) -> Done:
    """1A: number"""
    register = asked.parts(1)[0][0]
    return Done(le(sums(asked.memory, asked.documents).get(register, 0), 6))


def sums(memory: Memory, documents: Callable[[], list[Document]]) -> dict[int, int]:
    """The registers that are not always empty."""
    day = memory.day
    by_group = memory.receipt.by_group if memory.receipt else last_groups(documents)
    told = {88 + 4 * n: by_group[n] for n in range(TAXES)}
    told |= {209 + 4 * n: day.by_group[n] for n in range(TAXES)}
    told |= {193 + 4 * slot: day.by_mode[mode] for slot, mode in enumerate(MODES)}
    reductions = sum(day.discounts[kind].sum_bani for kind in (1, 3))
    told |= {185: reductions, 189: sum(day.discounts[kind].sum_bani for kind in (0, 2))}
    told |= {241: memory.drawer_bani, 242: day.cash_in.sum_bani, 243: day.cash_out.sum_bani}
    return told


def last_groups(documents: Callable[[], list[Document]]) -> tuple[int, ...]:
    """What the last receipt came to by group, if it was not cancelled."""
    ended = [one for one in documents() if one.kind in ("receipt", "cancelled")]
    if not ended or ended[-1].kind != "receipt":
        return (0,) * TAXES
    told = ended[-1].more.get("by_group_bani", (0,) * TAXES)
    assert isinstance(told, list | tuple)
    return tuple(told[:TAXES])


def counter(asked: Asked) -> Done:
    """1B: number"""
    memory = asked.memory
    told = {
        144: memory.day.receipts,
        148: memory.receipts_ever,
        152: memory.slip,
        153: memory.day.cash_in.count,
        154: memory.day.cash_out.count,
        157: memory.day.cancelled.count,
    }
    return Done(le(told.get(asked.parts(1)[0][0], 0) & 0xFFFF, 2))


def read_table(asked: Asked) -> Done:
    """1F: table, row x2, field"""
    table, row, field = (number(raw) for raw in asked.parts(1, 2, 1))
    need_system(asked)
    _, is_text, width = field_of(table, field)
    value = cell(asked, table, row, field)
    told = written_text(value, width) if is_text else le(int(value), width)
    return Done(told.rstrip(b"\0") if is_text else told, bare=True)


def cell(asked: Asked, table: int, row: int, field: int) -> str:
    memory, at = asked.memory, row - 1
    rows = {2: OPERATORS, 5: len(PAYMENT_NAMES), 6: TAXES}[table]
    if not 0 <= at < rows:
        raise No(BAD_PARAMETERS)
    if table == 5:
        return PAYMENT_NAMES[at]
    if table == 6:
        rate = memory.rates[at]
        return str(0xFFFF if rate >= RATE_UNUSED else rate)
    if field == 1:
        return padded(memory.operator_passwords, OPERATORS)[at] or str(row)
    return padded(memory.operator_names, OPERATORS)[at] or f"Operator {row}"


def write_table(asked: Asked) -> Done:
    """1E: table, row x2, field, value; here only operators can be written"""
    need_system(asked)
    need_no_receipt(asked.memory)
    if len(asked.data) < 5:
        raise No(BAD_PARAMETERS)
    table, row, field = asked.data[0], number(asked.data[1:3]), asked.data[3]
    _, is_text, width = field_of(table, field)
    value, at = asked.data[4:], row - 1
    if table != 2:
        raise No(NOT_WRITABLE)
    if len(value) != width or not 0 <= at < OPERATORS:
        raise No(BAD_PARAMETERS)
    memory = asked.memory
    if is_text:
        names = written(memory.operator_names, at, words(value), OPERATORS)
        return Done(memory=replace(memory, operator_names=names), bare=True)
    passwords = written(memory.operator_passwords, at, str(number(value)), OPERATORS)
    return Done(memory=replace(memory, operator_passwords=passwords), bare=True)


def field_shape(asked: Asked) -> Done:
    """2E: table, field -> name x40, kind (1 a text), width"""
    table, field = (number(raw) for raw in asked.parts(1, 1))
    need_system(asked)
    name, is_text, width = field_of(table, field)
    limits = b"" if is_text else bytes(width) + b"\xff" * width
    return Done(written_text(name) + bytes([is_text, width]) + limits, bare=True)


def field_of(table: int, field: int) -> tuple[str, bool, int]:
    if table not in {known for known, _ in FIELDS}:
        raise No(NO_TABLE)
    if (table, field) not in FIELDS:
        raise No(BAD_PARAMETERS)
    return FIELDS[table, field]


def set_time(asked: Asked) -> Done:
    """21: h, m, s"""
    hour, minute, second = (raw[0] for raw in asked.parts(1, 1, 1))
    try:
        wanted = asked.now.replace(hour=hour, minute=minute, second=second, microsecond=0)
    except ValueError as error:
        raise No(BAD_PARAMETERS) from error
    return moved_to(asked, wanted)


def date_of(asked: Asked) -> bytes:
    """22: D, M, Y: one of the calendar, which waits for 23"""
    need_system(asked)
    need_closed_day(asked)
    raw = b"".join(asked.parts(1, 1, 1))
    on(asked, raw)
    return raw


def confirm_date(asked: Asked, waiting: bytes) -> Done:
    """23: the same date again"""
    if b"".join(asked.parts(1, 1, 1)) != waiting:
        raise No(WRONG_DATE)
    return moved_to(asked, on(asked, waiting))


def on(asked: Asked, raw: bytes) -> datetime:
    day, month, year = raw
    try:
        return datetime(2000 + year, month, day, tzinfo=UTC).replace(
            hour=asked.now.hour, minute=asked.now.minute, second=asked.now.second
        )
    except ValueError as error:
        raise No(BAD_PARAMETERS) from error


def moved_to(asked: Asked, wanted: datetime) -> Done:
    need_system(asked)
    need_closed_day(asked)
    need_clock(asked.memory, wanted)
    memory = replace(asked.memory, clock_offset_s=clock.offset_for(wanted))
    return Done(memory=memory, bare=True)


def need_closed_day(asked: Asked) -> None:
    need_no_receipt(asked.memory)
    if asked.memory.day.receipts:
        raise No(DAY_IS_OPEN)


def need_system(asked: Asked) -> None:
    if asked.operator != SYSTEM:
        raise No(WRONG_PASSWORD)
