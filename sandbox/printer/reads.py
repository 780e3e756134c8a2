"""What the device says about itself: 50, 61, 62, 74, 76, 90, 99, 100, 123, 255; nothing prints.

76  closed: 0, last slip, Z now, FM number, items, amount, paid of the last document
    open:   1 (fiscal) or 5 (non-fiscal), its slip, Z now, FM number, items, amount, paid
90  with TAB: fields after an error code; without TAB: the comma form, no error code at all
255 Name, Index, Value (empty: read)
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sandbox.printer import clock
from sandbox.printer.asked import Asked, Done, day_is_over, need_clock, need_nothing_open
from sandbox.printer.clock import ON_WIRE
from sandbox.printer.fields import CODE_PAGE, Refusal, bad_syntax, bad_value, money
from sandbox.printer.memory import PAYMENT_KINDS
from sandbox.printer.paper import PAYMENT_NAMES

FIRMWARE = ("SIM-25X", "410236", "02Nov26", "1000", "FFFF", "00000000")
NEED_Z = -104000
WRONG_DATE_TIME = -112004
ACCESS_DENIED = -101014
WORDS_OF = {
    -100003: "End of data",
    -100004: "Not found",
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
    """33, 35, 45, 46, 47, 80, 106: display, PC mode, cutter, beep, drawer; none leaves a trace."""
    asked.fields.expect(0, 2)
    return Done()


def vat_rates(asked: Asked) -> Done:
    """50: nZ, TaxA..TaxG, DateTime"""
    asked.fields.expect(0, 0)
    memory = asked.memory
    rates = tuple(money(rate) for rate in memory.rates)
    return Done((memory.z_made, *rates, memory.fiscalised_at.strftime(ON_WIRE)))


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
    need_nothing_open(asked.memory)
    if asked.memory.day.receipts:
        raise Refusal(NEED_Z)
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
        first, second = (*settings.header, "", "")[:2]
        fm = memory.fiscal_memory_number
        return Done((memory.serial, fm, first, second, settings.tax_number))
    if kind == 2:
        return Done((3000, 7400, 0, 0))
    if kind == 3:
        last, record = memory.last_receipt, memory.last_z
        z_at = record.at if record else memory.fiscalised_at
        return Done((last.number, wire(last.at), memory.z_made, wire(z_at)))
    return Done() if kind == 4 else Done((7400, 100))


def wire(at: datetime) -> str:
    return at.strftime(ON_WIRE)


def variable(asked: Asked) -> Done:
    """255: Name, Index, Value (empty: read); this device lets nobody write"""
    fields = asked.fields
    fields.expect(1, 3)
    name = fields.text(1)
    rows = arrays(asked).get(name)
    single = singles(asked)
    if rows is None and name not in single:
        raise bad_value(1)
    index = fields.integer(2, 0, len(rows) - 1 if rows else 0, default=0)
    if fields.text(3):
        raise Refusal(ACCESS_DENIED)
    return Done((rows[index] if rows else single[name],))


def arrays(asked: Asked) -> dict[str, tuple[object, ...]]:
    settings = asked.settings
    return {
        "valVat": tuple(money(rate) for rate in asked.memory.rates),
        "PayName": PAYMENT_NAMES,
        "Header": (*settings.header, f"CIF: {settings.tax_number}"),
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
        "ServiceDate": asked.now.strftime("01-01-%y 00:00:00"),
        "AirPortLocated": 0,
        "DFR_needed": int(memory.day.receipts > 0),
        "Fiscalized": 1,
        "TAXnumber": settings.tax_number,
        "IDnumber": memory.serial,
        "FMnumber": memory.fiscal_memory_number,
        "FpComBaudRate": 9,
    }
