"""What the device says about itself, and what is set without paper: 20, 21, 48, 49, 4A, 60 to 74.

72 in Romania   open; sales[3]; A..E; void; VAT; format; begun 0; finished 0; power; client; change;
                change kind; alte taxe                 ("0" says that payment has begun, or ended)
72 in Bulgaria  open; sales[3]; three sums; void; VAT; format; begun 1; finished 1; power; kind;
                change; change kind; five sums; number      P: payments of it; B: the QR data
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

from sandbox.printer import clock
from sandbox.printer.memory import OPERATORS, RATE_UNUSED, OpenReceipt, padded, written
from sandbox.printer.paper import header_of
from sandbox.printer_zfp.asked import (
    NOT_LEGAL,
    SYNTAX,
    TOO_LARGE,
    Z_NOT_ZERO,
    Asked,
    Done,
    No,
    integer,
    money,
    need_clock,
    need_nothing_open,
)
from sandbox.printer_zfp.profiles import NOT_USED

MINUTES, DAY = "%d-%m-%Y %H:%M", "%d-%m-%Y"
HEADER_LINES, FOOTER_LINES, NAME_WIDTH = 8, 3, 20
MODEL, VERSION = "SIM-M20", "Ver. 1.01 TRA20 C.S. 1A2B"
CLOCK = re.compile(r"\d\d-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)


def version(asked: Asked) -> Done:
    """21"""
    if asked.profile.name == "bg":
        return Done(f"1;823;19-04-2019 08:00;{MODEL};{VERSION};")
    return Done(f"{MODEL} {VERSION}")


def numbers(asked: Asked) -> Done:
    """60"""
    memory = asked.memory
    if asked.profile.name == "bg":
        return Done(f"{memory.serial};{memory.fiscal_memory_number}")
    return Done(memory.serial.ljust(11))


def registration(asked: Asked) -> Done:
    """61"""
    tax_number = asked.settings.tax_number
    if asked.profile.name == "bg":
        return Done(f"{tax_number.ljust(13)};0;000001;01-01-2018 00:00")
    return Done(f"{tax_number.ljust(15)};{asked.memory.fiscal_memory_number};1")


def rates(asked: Asked) -> Done:
    """62: of A to E and of alte taxe; an unused one is 100.00"""
    shown = [f"{money(rate):>6}%" for rate in asked.memory.rates[: len(asked.profile.letters)]]
    return Done(";".join([*shown, f"{money(RATE_UNUSED):>6}%"]))


def payment_names(asked: Asked) -> Done:
    """64: and the rate of exchange"""
    names = (name[:10].ljust(10) for name in asked.profile.payment_names)
    return Done(";".join([*names, "1.00000"]))


def set_clock(asked: Asked) -> Done:
    """48: DD-MM-YY HH:MM:SS; with the day closed, and never before the last record"""
    if CLOCK.fullmatch(asked.text) is None:
        raise No(SYNTAX)
    try:
        wanted = datetime.strptime(asked.text, clock.ON_WIRE).replace(tzinfo=UTC)
    except ValueError as error:
        raise No(SYNTAX) from error
    need_nothing_open(asked.memory)
    if asked.memory.day.receipts:
        raise No(Z_NOT_ZERO)
    need_clock(asked.memory, wanted)
    return Done(memory=replace(asked.memory, clock_offset_s=clock.offset_for(wanted)))


def read_clock(asked: Asked) -> Done:
    """68"""
    return Done(asked.now.strftime(MINUTES))


def set_text(asked: Asked) -> Done:
    """49: H; 1..8; text, F; 1..3; text"""
    key, line, text = (*asked.text.split(";", 2), "", "")[:3]
    memory = asked.memory
    need_nothing_open(memory)
    if len(text) > asked.settings.columns:
        raise No(TOO_LARGE)
    if key == "H":
        header = written(memory.header, integer(line, 1, HEADER_LINES) - 1, text, HEADER_LINES)
        return Done(memory=replace(memory, header=header))
    if key == "F":
        footer = written(memory.footer, integer(line, 1, FOOTER_LINES) - 1, text, FOOTER_LINES)
        return Done(memory=replace(memory, footer=footer))
    raise No(SYNTAX)


def read_text(asked: Asked) -> Done:
    """69: H; 1..8, F; 1..3"""
    key, line = asked.fields(2, 2)
    if key == "H":
        lines = header_of(asked.memory, asked.settings)
        text = lines[integer(line, 1, HEADER_LINES) - 1]
    elif key == "F":
        text = padded(asked.memory.footer, FOOTER_LINES)[integer(line, 1, FOOTER_LINES) - 1]
    else:
        raise No(SYNTAX)
    return Done(f"{key};{line};{text.ljust(asked.settings.columns)}")


def set_operator(asked: Asked) -> Done:
    """4A: number; name[20]; password"""
    who, name, password = asked.fields(3, 3)
    at, memory = integer(who, 1, 20) - 1, asked.memory
    if len(name) != NAME_WIDTH or len(password) != asked.profile.password_width:
        raise No(SYNTAX)
    names = written(memory.operator_names, at, name.strip(), OPERATORS)
    words = written(memory.operator_passwords, at, password.strip(), OPERATORS)
    return Done(memory=replace(memory, operator_names=names, operator_passwords=words))


def read_operator(asked: Asked) -> Done:
    """6A: number"""
    at = integer(asked.text, 1, 20) - 1
    name = padded(asked.memory.operator_names, OPERATORS)[at] or f"Operator {at + 1}"
    word = padded(asked.memory.operator_passwords, OPERATORS)[at] or asked.settings.password
    return Done(f"{asked.text};{name.ljust(NAME_WIDTH)};{word.ljust(asked.profile.password_width)}")


def day_sums(asked: Asked) -> Done:
    """6D"""
    sums = asked.memory.day.by_group[: len(asked.profile.letters)]
    return Done(";".join([*(money(bani) for bani in sums), money(0)]))


def registers(asked: Asked) -> Done:
    """6E: 0 on hand, 2 put in, 3 taken out, 4 received; by payment, after the option itself"""
    memory, modes = asked.memory, asked.profile.modes
    day, nothing = memory.day, [0] * len(modes)
    received = [0 if mode == NOT_USED else day.by_mode[mode] for mode in modes]
    cash_in = [day.cash_in.sum_bani, *nothing[1:]]
    cash_out = [day.cash_out.sum_bani, *nothing[1:]]
    sums = {
        "0": [memory.drawer_bani, *received[1:]],
        "2": [*cash_in, day.cash_in.count],
        "3": [*cash_out, day.cash_out.count],
        "4": received,
    }
    if asked.text not in sums:
        raise No(SYNTAX)
    told = [money(bani) for bani in sums[asked.text][: len(modes)]]
    counts = [str(count) for count in sums[asked.text][len(modes) :]]
    return Done(";".join([asked.text, *told, *counts]))


def last_numbers(asked: Asked) -> Done:
    """71: fiscal receipts, of the day and for ever"""
    memory = asked.memory
    if asked.profile.name == "bg":
        return Done(f"{memory.receipts_ever:06d}")
    return Done(f"{memory.last_receipt.number:04d};{memory.receipts_ever:07d}")


def in_progress(asked: Asked) -> Done:
    """72 [P, B]"""
    receipt = asked.memory.receipt
    bulgarian = asked.profile.name == "bg"
    if asked.text == "P" and bulgarian:
        return Done(payments(asked, receipt))
    if asked.text == "B" and bulgarian:
        return Done(qr_data(asked))
    if asked.text:
        raise No(SYNTAX)
    sums = [money(bani) for bani in (receipt.by_group if receipt else (0,) * 7)]
    is_open, sales = "01"[receipt is not None], len(receipt.lines) if receipt else 0
    begun = receipt is not None and bool(receipt.payments)
    finished = begun and receipt is not None and receipt.paid_bani >= receipt.total_bani
    over = receipt.paid_bani - receipt.total_bani if receipt and finished else 0
    client = "01"[bool(receipt and receipt.customer_tax_id)]
    if bulgarian:
        flags = ["0", "0", "0", "01"[begun], "01"[finished], "0", client, money(over), "0"]
        rest = [*sums[3:], money(0), f"{asked.memory.receipts_ever:06d}"]
        return Done(";".join([is_open, f"{sales:03d}", *sums[:3], *flags, *rest]))
    flags = ["0", "0", "0", "10"[begun], "10"[finished], "0", client, money(over), "0", money(0)]
    return Done(";".join([is_open, f"{sales:03d}", *sums[:5], *flags]))


def payments(asked: Asked, receipt: OpenReceipt | None) -> str:
    paid = receipt.payments if receipt else ()
    sums = [
        sum(one.amount_bani for one in paid if one.mode == mode) for mode in asked.profile.modes
    ]
    return ";".join(["P", "01"[receipt is not None], *(money(bani) for bani in sums)])


def qr_data(asked: Asked) -> str:
    receipts = [one for one in asked.documents() if one.kind == "receipt"]
    if not receipts:
        raise No(NOT_LEGAL)
    last, memory = receipts[-1], asked.memory.fiscal_memory_number
    at = last.at.strftime("%Y-%m-%d*%H:%M:%S")
    return f"{memory}*{len(receipts):06d}*{at}*{money(last.total_bani)}"


def last_z(asked: Asked) -> Done:
    """73: date and number of the last Z, how often the RAM was reset"""
    record, memory = asked.memory.last_z, asked.memory
    date = record.at.strftime(DAY) if record else "00-00-0000"
    told = f"{date};{memory.z_made:04d};0000"
    if asked.profile.name == "bg":
        at = memory.last_receipt.at.strftime(MINUTES)
        told += f";{memory.receipts_ever:06d};{at};01;0"
    return Done(told)


def z_left(asked: Asked) -> Done:
    """74"""
    return Done(f"{asked.settings.z_max - asked.memory.z_made:04d};")
