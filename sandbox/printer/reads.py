"""What the device says about itself: 50, 61, 62, 74, 76, 90, 99, 100, 123; nothing prints.

76  closed: 0, last slip, Z now, FM number, items, amount, paid of the last document
    open:   1 (fiscal) or 5 (non-fiscal), its slip, Z now, FM number, items, amount, paid
90  with TAB: fields after an error code; without TAB: the comma form, no error code at all
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sandbox.printer import clock
from sandbox.printer.asked import Asked, Done, need_clock, need_closed_day
from sandbox.printer.clock import ON_PAPER, ON_WIRE
from sandbox.printer.fields import CODE_PAGE, Refusal, bad_syntax, money
from sandbox.printer.paper import header_of

FIRMWARE = ("SIM-25X", "410236", "02Nov26", "1000", "FFFF", "00000000")
WRONG_DATE_TIME = -112004
WORDS_OF = {
    -100003: "End of data",
    -100004: "Not found",
    -100108: "No change of VAT rates is left",
    -101010: "Invalid format",
    -101014: "Access denied",
    -101015: "Wrong data length",
    -102009: "No VAT rate is set",
    -102002: "Wrong operator password",
    -104000: "Z report needed",
    -111015: "A receipt is open",
    -111016: "The receipt is closed",
    -111018: "Payment has begun",
    -111020: "No sales in the receipt",
    -111024: "24 hours have passed, Z report needed",
    -111050: "Payment has not begun",
    -112001: "Invalid syntax",
    -112002: "Command not permitted",
    -112006: "No paper",
    -112007: "Cover is open",
}


def nothing(asked: Asked) -> Done:
    """33, 35, 45, 46, 47, 80: display, PC mode, cutter, beep; none leaves a trace."""
    asked.fields.expect(0, 2)
    return Done()


def vat_rates(asked: Asked) -> Done:
    """50: nZ, TaxA..TaxG, DateTime (since when they are so)"""
    asked.fields.expect(0, 0)
    memory = asked.memory
    rates = tuple(money(rate) for rate in memory.rates)
    return Done((memory.z_made, *rates, memory.rates_since.strftime(ON_WIRE)))


def set_clock(asked: Asked) -> Done:
    """61: DateTime; only with the day closed, and never before the last record"""
    asked.fields.expect(1, 1)
    text = asked.fields.text(1)
    if not clock.looks_like_wire(text):
        raise bad_syntax(1)
    try:
        wanted = clock.from_wire(text)
    except ValueError as error:
        raise Refusal(WRONG_DATE_TIME) from error
    need_closed_day(asked.memory)
    need_clock(asked.memory, wanted)
    return Done(memory=replace(asked.memory, clock_offset_s=clock.offset_for(wanted)))


def read_clock(asked: Asked) -> Done:
    """62"""
    asked.fields.expect(0, 0)
    return Done((asked.now.strftime(ON_WIRE),))


def status(asked: Asked) -> Done:
    """74: nothing -> StatusBytes; 0 -> PrintBuffer, ReceiptStatus, Number, QR fields"""
    asked.fields.expect(0, 1)
    if not asked.fields.text(1):
        return Done(raw=b"0\t" + asked.status + b"\t")
    asked.fields.integer(1, 0, 0)
    memory = asked.memory
    return Done((0, is_open(asked), memory.slip, money(0), "", ""))


def is_open(asked: Asked) -> int:
    if asked.memory.receipt:
        return 1
    return 5 if asked.memory.text else 0


def in_progress(asked: Asked) -> Done:
    """76: IsOpen, Number, FMNumberRep, FMNumber, Items, Amount, Payed"""
    asked.fields.expect(0, 0)
    memory, last = asked.memory, asked.memory.last_document
    number, items, amount, paid = last.slip, last.items, last.amount_bani, last.paid_bani
    if memory.receipt:
        number, items = memory.receipt.slip, len(memory.receipt.lines)
        amount, paid = memory.receipt.total_bani, memory.receipt.paid_bani
    elif memory.text:
        number, items, amount, paid = memory.text.slip, 0, 0, 0
    fm = memory.fiscal_memory_number
    return Done((is_open(asked), number, memory.z_now, fm, items, money(amount), money(paid)))


def identity(asked: Asked) -> Done:
    """90 with TAB: Name, FwRev, FwDate, FwTime, Checksum, Sw, Serial"""
    asked.fields.expect(1, 1)
    asked.fields.integer(1, 0, 1)
    return Done((*FIRMWARE, asked.memory.serial))


def identity_comma(serial: str) -> bytes:
    """90 without TAB: no error code"""
    name, revision, day, hour, checksum, switches = FIRMWARE
    text = f"{name},{revision} {day} {hour},{checksum},{switches},{serial}"
    return text.encode(CODE_PAGE)


def tax_number(asked: Asked) -> Done:
    """99"""
    asked.fields.expect(0, 0)
    return Done((asked.settings.tax_number,))


def explain(asked: Asked) -> Done:
    """100: Code -> Code, Message"""
    asked.fields.expect(1, 1)
    text = asked.fields.text(1)
    if not text.removeprefix("-").isdigit():
        raise bad_syntax(1)
    code = int(text)
    return Done((code, WORDS_OF.get(code, "Error")))


def device_info(asked: Asked) -> Done:
    """123: 1 names and numbers, 2 batteries, 3 last receipt and Z, 4 JE check, 5 battery"""
    asked.fields.expect(1, 1)
    kind = asked.fields.integer(1, 1, 5)
    memory, settings = asked.memory, asked.settings
    if kind == 1:
        first, second = header_of(memory, settings)[:2]
        fm = memory.fiscal_memory_number
        return Done((memory.serial, fm, first, second, settings.tax_number))
    if kind == 2:
        return Done((3000, 7400, 0, 0))
    if kind == 3:
        last, record = memory.last_receipt, memory.last_z
        z_at = record.at if record else memory.fiscalised_at
        return Done((last.number, paper(last.at), memory.z_made, paper(z_at)))
    return Done() if kind == 4 else Done((7400, 100))


def paper(at: datetime) -> str:
    return at.strftime(ON_PAPER)
