"""What would keep a command from being done, said before the first byte, each with its path.

Receipts against themselves (payments and total, the buyer's CUI) and against the device (VAT table,
columns); settings against what the device and the law allow.
"""

from dataclasses import replace
from datetime import timedelta

from agent.payloads import (
    DEPOSIT_NAME,
    TIP_NAME,
    ClockSetting,
    Closing,
    Logo,
    OperatorSetting,
    TextLines,
    Work,
)
from drivers.base import FiscalPrinter
from drivers.capabilities import Feature, Told
from drivers.faults import Fault, words
from drivers.model import CashMovement, PaymentKind, Problem, Receipt, Slip
from drivers.receipt_check import AMOUNT_MAX, TEXT_LENGTH_MAX, text_problems

TAX_ID_WEIGHTS = (7, 5, 3, 2, 1, 7, 5, 3, 2)  # of a CUI, right-aligned [romania.md 1]
LOGO_PIXELS_MAX = (384, 240)
OPERATOR_NAME_MAX = 32
CLOCK_STEP_MAX = timedelta(days=1)

LACKING = {
    Feature.REVERSAL: (
        "REVERSAL_NOT_ALLOWED",
        "a closed receipt cannot be reversed in Romania: correct it on paper, with the written"
        " report of HG 479/2003 art. 36 (goods brought back: art. 37)",
    ),
    Feature.P7B: (
        "P7B_NOT_ON_THE_WIRE",
        "the signed daily files (p7b) cannot be read over the cable, no public command does it:"
        " save them from the printer's own menu to its SD card or a USB stick and import that",
    ),
    Feature.ADVANCES: (
        "ADVANCE_NOT_ALLOWED",
        "taking an advance off a receipt is not switched on: ask the shop's accountant, then set"
        " `advances` in `features`",
    ),
    Feature.TIPS: ("TIP_NOT_ALLOWED", "tips are for restaurants and bars, and not switched on"),
}
UNTOLD = {
    Told.FISCAL_MEMORY: "no known command of this device brings it, at most it prints it",
    Told.JE: "no known command of this device brings it, at most it prints it",
    Told.JE_BY_DATE: "no known command of this device says which documents are of a date: say"
    " which Z, from which to which",
    Told.TEXTS: "no known command of this device brings its header and footer lines",
}


def lacking(feature: Feature) -> Problem:
    """Say why a feature is not there, and what to do instead."""
    sentence = f"{feature} is not switched on for this device (`features` in its table)"
    code, sentence = LACKING.get(feature, ("UNSUPPORTED", sentence))
    return Problem("", code, sentence)


def untold(what: Told) -> Problem:
    """Say why what every other device tells cannot be asked of this one."""
    why = UNTOLD.get(what, "this device is driven through a bridge that keeps it")
    return Problem("", "UNSUPPORTED", f"{what} cannot be asked: {why}")


def of_fault(fault: Fault, detail: str = "") -> Problem:
    return Problem("", fault.upper(), f"{words()[fault].en} {detail}".strip())


def nothing(_printer: FiscalPrinter, _: Work) -> list[Problem]:
    return []


def receipt(printer: FiscalPrinter, work: Work) -> list[Problem]:
    assert isinstance(work, Receipt)
    tipped = [line for line in work.lines if line.name == TIP_NAME]
    if tipped and Feature.TIPS not in printer.capabilities.features:
        return [replace(lacking(Feature.TIPS), path="tip")]
    deducts = work.adjustment is not None and work.adjustment.is_advance
    if deducts and Feature.ADVANCES not in printer.capabilities.features:
        return [replace(lacking(Feature.ADVANCES), path="advance")]
    return receipt_conflicts(work) + printer.check(work)


def receipt_conflicts(asked: Receipt) -> list[Problem]:
    """Say what in a receipt contradicts itself: payments against the total, the buyer's CUI."""
    problems = []
    paid = sum(payment.amount for payment in asked.payments)
    cashless = sum(p.amount for p in asked.payments if p.kind is not PaymentKind.CASH)
    if asked.total <= 0:
        pass  # what its lines are is said by those who look at them
    elif paid < asked.total:
        sentence = f"payments are {asked.total - paid} bani short of the total {asked.total}"
        problems.append(Problem("payments", "PAYMENTS_SHORT", sentence))
    elif cashless > asked.total:
        sentence = f"payments other than cash exceed the total by {cashless - asked.total} bani"
        problems.append(Problem("payments", "PAYMENTS_EXCEED_TOTAL", sentence))
    elif paid - asked.payments[-1].amount >= asked.total:
        # The device would refuse it on a paid receipt, which no one can cancel any more.
        problems.append(
            Problem("payments", "PAYMENTS_EXCEED_TOTAL", "nothing is left for the last payment")
        )
    if asked.adjustment and any(line.name in (DEPOSIT_NAME, TIP_NAME) for line in asked.lines):
        sentence = "it would fall on a deposit or a tip too: put it on the lines it is for"
        problems.append(Problem("adjustment", "ADJUSTMENT_NOT_ALLOWED", sentence))
    if asked.customer_tax_id and not is_tax_id(asked.customer_tax_id):
        sentence = f"{asked.customer_tax_id[:20]!r} is not a CUI: its check digit is wrong"
        problems.append(Problem("customer_tax_id", "CUSTOMER_TAX_ID_BAD", sentence))
    return problems


def is_tax_id(text: str) -> bool:
    """Check a CUI of 2 to 10 digits by its check digit; a person's 13 digits by their number."""
    if not text.isascii() or not text.isdigit():
        return False
    if len(text) == 13:
        return True
    digits = [int(digit) for digit in text[:-1].rjust(9, "0")]
    sum_ = sum(digit * weight for digit, weight in zip(digits, TAX_ID_WEIGHTS, strict=False))
    return 2 <= len(text) <= 10 and sum_ * 10 % 11 % 10 == int(text[-1])


def slip(printer: FiscalPrinter, work: Work) -> list[Problem]:
    assert isinstance(work, Slip)
    return [
        problem
        for index, text in enumerate(work.texts)
        for problem in text_problems(
            f"texts[{index}]", text, length_max=TEXT_LENGTH_MAX, page=_page(printer)
        )
    ]


def cash(printer: FiscalPrinter, work: Work) -> list[Problem]:
    assert isinstance(work, CashMovement)
    if max(work.paid_in, work.paid_out) > AMOUNT_MAX:
        return [Problem("amount", "AMOUNT_TOO_LARGE", "above 99,999,999.99 lei")]
    if work.paid_out and work.paid_out > (held := printer.drawer().cash):
        sentence = f"{work.paid_out} bani are asked, the drawer holds {held}"
        return [Problem("amount", "NOT_ENOUGH_CASH", sentence)]
    return []


def nothing_paid(printer: FiscalPrinter, _: Work) -> list[Problem]:
    seen = printer.observe(since=printer.counters(), reference="")
    if seen.open_receipt and seen.open_receipt.paid != 0:
        sentence = "the open receipt is paid, wholly or in part: it has to be finished"
        return [Problem("", "RECEIPT_PAID", sentence)]
    return []


def day_closed(printer: FiscalPrinter, _: Work) -> list[Problem]:
    if printer.day_is_open():
        sentence = "there are receipts since the last Z: make the Z report first"
        return [Problem("", "DAY_OPEN", sentence)]
    return []


def something_to_close(printer: FiscalPrinter, work: Work) -> list[Problem]:
    assert isinstance(work, Closing)
    if not work.only_if_open or printer.day_is_open():
        return []
    if Fault.RECEIPT_OPEN in printer.status().conditions:
        return []  # it is the first of its day: the Z waits for it
    return [Problem("", "DAY_CLOSED", "no receipt was issued since the last Z report")]


def a_receipt(printer: FiscalPrinter, _: Work) -> list[Problem]:
    if printer.last_receipt(None).receipt_number == 0:
        return [of_fault(Fault.NO_DATA, "It has not issued a receipt yet.")]
    return []


def clock_is_right(printer: FiscalPrinter, work: ClockSetting) -> bool:
    shown = printer.clock().at
    return shown is not None and abs((work.at - shown).total_seconds()) < work.only_if_off_s


def clock(printer: FiscalPrinter, work: Work) -> list[Problem]:
    """A fiscal clock goes forward of the last record only; one set too far stays there."""
    assert isinstance(work, ClockSetting)
    if clock_is_right(printer, work):
        return [Problem("", "CLOCK_RIGHT", f"the clock is less than {work.only_if_off_s} s off")]
    last = printer.last_record_at().at
    if last is not None and work.at < last:
        sentence = f"the device has a record of {last:%d-%m-%Y %H:%M:%S}, which is later"
        return [Problem("at", "CLOCK_BEFORE_LAST_RECORD", sentence)]
    shown = printer.clock().at
    if shown is not None and work.at - shown > CLOCK_STEP_MAX:
        sentence = "more than a day ahead of the device: a technician has to look at it"
        return [Problem("at", "CLOCK_STEP_TOO_LARGE", sentence)]
    return day_closed(printer, work)


def text_lines(printer: FiscalPrinter, work: Work) -> list[Problem]:
    assert isinstance(work, TextLines)
    columns, held = printer.columns(), printer.service.texts(work.place)
    problems = day_closed(printer, work)
    if len(work.lines) > len(held):
        sentence = f"{len(work.lines)} lines, the device has {len(held)}"
        problems.append(Problem("lines", "TOO_MANY_LINES", sentence))
    for index, text in enumerate(work.lines):
        problems += text_problems(f"lines[{index}]", text, length_max=columns, page=_page(printer))
    return problems


def operator(printer: FiscalPrinter, work: Work) -> list[Problem]:
    assert isinstance(work, OperatorSetting)
    problems = text_problems("name", work.name, length_max=OPERATOR_NAME_MAX, page=_page(printer))
    ours = printer.operator
    if work.number == ours.number and work.password not in ("", ours.password):
        sentence = (
            "this agent sells with this operator: with another password every receipt would be"
            " refused; change it on the device and in the configuration (`password`) together"
        )
        problems.append(Problem("password", "OPERATOR_IN_USE", sentence))
    return problems + (day_closed(printer, work) if work.name else [])


def logo(_printer: FiscalPrinter, work: Work) -> list[Problem]:
    """A monochrome BMP of a size that fits on paper; nothing else is sent to the device."""
    assert isinstance(work, Logo)
    head = work.image[:30]
    if len(head) < 30 or head[:2] != b"BM" or int.from_bytes(head[28:30], "little") != 1:
        return [Problem("image", "IMAGE_BAD", "not a BMP with one bit per pixel")]
    width = int.from_bytes(head[18:22], "little", signed=True)
    height = abs(int.from_bytes(head[22:26], "little", signed=True))
    if not (0 < width <= LOGO_PIXELS_MAX[0] and 0 < height <= LOGO_PIXELS_MAX[1]):
        sentence = f"{width} x {height} pixels, {LOGO_PIXELS_MAX[0]} x {LOGO_PIXELS_MAX[1]} at most"
        return [Problem("image", "IMAGE_TOO_LARGE", sentence)]
    return []


def _page(printer: FiscalPrinter) -> str:
    return printer.capabilities.code_page
