"""What the device says about itself; nothing prints.

76  open 0/1, items, amount, paid: of the open receipt, else of the last one (0 if it was cancelled)
90  who it is          99  tax number        83 or 97  VAT rates       113  the last document
110 payments of the day, then what the make counts    64 last Z record, 65 sums of the day
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from sandbox.printer import clock
from sandbox.printer.memory import RATE_UNUSED
from sandbox.printer_isl.asked import SYNTAX, Asked, Done, No, need_nothing_open

ON_WIRE, RECORD, DAY = "%d-%m-%y %H:%M:%S", "%d-%m-%Y %H:%M:%S", "%d%m%y"


def nothing(_: Asked) -> Done:
    """44, 45: feed, cut; no trace"""
    return Done()


def status(_: Asked) -> Done:
    """74: the status bytes stand in the frame"""
    return Done()


def in_progress(asked: Asked) -> Done:
    memory, make = asked.memory, asked.make
    items, amount = memory.last_document.items, memory.last_document.amount_bani
    paid = memory.last_document.paid_bani
    if memory.receipt:
        items, amount = len(memory.receipt.lines), memory.receipt.total_bani
        paid = memory.receipt.paid_bani
    is_open = int(bool(memory.receipt or memory.text))
    told = f"{is_open},{items:04d},{make.signed(amount)}"
    return Done(f"{told},{make.signed(paid)}" if asked.text == "T" else told)


def identity(asked: Asked) -> Done:
    memory = asked.memory
    fm = memory.fiscal_memory_number
    return Done(asked.make.identity.format(serial=memory.serial, memory=fm))


def tax_number(asked: Asked) -> Done:
    tax = asked.settings.tax_number
    return Done(asked.make.tax.format(tax=tax, serial=asked.memory.serial))


def rates(asked: Asked) -> Done:
    """97: in the order of the letters; a group that is not on tells 0.00 or what the make says"""
    told = [rate_text(rate, asked.make.rate_off) for rate in asked.make.told_rates(asked.memory)]
    return Done(",".join(told))


def flagged_rates(asked: Asked) -> Done:
    """83: multiplier, decimals, currency, which are on, rates"""
    if asked.text:
        raise No()
    held = asked.make.told_rates(asked.memory)
    flags = "".join("1" if rate < RATE_UNUSED else "0" for rate in held)
    return Done(f"0,2,LEI ,{flags}," + ",".join(rate_text(rate, "0.00") for rate in held))


def rate_text(rate: int, off: str) -> str:
    return f"{rate // 100:02d}.{rate % 100:02d}" if rate < RATE_UNUSED else off


def read_clock(asked: Asked) -> Done:
    return Done(asked.now.strftime(asked.make.clock))


def set_clock(asked: Asked) -> Done:
    if not re.fullmatch(r"\d\d-\d\d-\d\d \d\d:\d\d(:\d\d)?", asked.text, re.ASCII):
        raise No(SYNTAX)
    text = asked.text if asked.text.count(":") == 2 else f"{asked.text}:00"
    try:
        wanted = clock.from_wire(text)
    except ValueError as error:
        raise No(SYNTAX) from error
    need_nothing_open(asked.memory)
    if asked.memory.day.receipts or wanted < asked.memory.last_record_at:
        raise No()
    return Done(memory=replace(asked.memory, clock_offset_s=clock.offset_for(wanted)))


def last_record(asked: Asked) -> Done:
    """86: [T]; of the last receipt with the make that says so, else of the last Z record"""
    memory = asked.memory
    z_at = memory.last_z.at if memory.last_z else memory.fiscalised_at
    at: datetime = memory.last_receipt.at if asked.make.tells_receipt_time else z_at
    return Done(at.strftime(RECORD if asked.text == "T" else RECORD[:8]))


def last_document(asked: Asked) -> Done:
    return Done(f"{asked.memory.slip:07d}")


def last_error(asked: Asked) -> Done:
    """32: command, error, when, words; group A only"""
    return Done(f"0,{asked.last_error or '0'},{asked.now.strftime(ON_WIRE)},")


def last_z(asked: Asked) -> Done:
    record, make = asked.memory.last_z, asked.make
    if record is None:
        return Done("F")
    sums, day = ",".join(make.sums(record.by_group)), record.at.strftime(DAY)
    return Done(make.z_record.format(number=record.number, sums=sums, day=day))


def records_left(asked: Asked) -> Done:
    """68: free, all"""
    z_max = asked.settings.z_max
    return Done(f"{z_max - asked.memory.z_made},{z_max}")


def day_sums(asked: Asked) -> Done:
    return Done(",".join(asked.make.sums(asked.memory.day.by_group)))


def day_payments(asked: Asked) -> Done:
    """110, 173: a sum for each kind of payment, then what the make counts"""
    memory, make = asked.memory, asked.make
    sums = make.paid(memory.day.by_mode)
    tail = {
        "z,next": (memory.z_made, memory.receipts_ever + 1),
        "z,document,invoice": (memory.z_made, memory.slip + 1, 1),
    }[make.counts]
    return Done(",".join([*sums, *(f"{number:04d}" for number in tail)]))


def day_counts(asked: Asked) -> Done:
    """67 (Incotex): sales, negative, returned, paid, fiscal receipts, all documents"""
    day, make = asked.memory.day, asked.make
    total = make.money(sum(day.by_group))
    zero = make.money(0)
    return Done(f"{total},{zero},{zero},{total},{day.receipts},{asked.memory.slip}")


def operator_sums(asked: Asked) -> Done:
    """112: receipts, sales and their sum, name; all receipts of the day, whoever made them"""
    day = asked.memory.day
    return Done(f"{day.receipts},{day.receipts};{asked.make.money(sum(day.by_group))},OPERATOR")


def constants(asked: Asked) -> Done:
    """128 (Daisy): P1 .. P26; those that are not known here are 0"""
    told = dict.fromkeys(range(1, 27), "0")
    told |= {4: str(len(asked.make.told_letters)), 9: str(asked.settings.columns), 10: "28"}
    return Done(",".join(told.values()))
