"""What would keep a command from being done, said before the first byte, each with its path.

Receipts against themselves (payments and total, the buyer's CUI) and against the device (VAT table,
columns); settings against what the device and the law allow.
"""

import re
from dataclasses import replace
from datetime import timedelta

from agent.bitmap import bitmap_trouble
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
from drivers.capabilities import Capabilities, Feature, Told, has_no
from drivers.faults import Fault, words
from drivers.model import CashMovement, PaymentKind, Problem, Receipt, Slip, lei
from drivers.precision import ahead_s
from drivers.receipt_check import (
    AMOUNT_MAX,
    TEXT_LENGTH_MAX,
    is_blank,
    is_named,
    path_of,
    text_problems,
)

TAX_ID_WEIGHTS = (7, 5, 3, 2, 1, 7, 5, 3, 2)  # of a CUI, right-aligned [romania.md 1]
PERSON_WEIGHTS = (2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)  # of a CNP
PERSON_DIGITS = 13
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
        "the signed daily files (p7b) are not read over the cable, no command for it is proven:"
        " save them from the printer's own menu to its SD card or a USB stick and import that",
    ),
    Feature.ADVANCES: (
        "ADVANCE_NOT_ALLOWED",
        "taking an advance off a receipt is not switched on: ask the shop's accountant, then set"
        " `advances` in `features`",
    ),
    Feature.TIPS: ("TIP_NOT_ALLOWED", "tips are for restaurants and bars, and not switched on"),
}
NOBODY_HAS = {Feature.REVERSAL, Feature.P7B}  # their sentences say what is done instead
UNTOLD = {
    Told.FISCAL_MEMORY: "no known command of this device brings it, at most it prints it",
    Told.JE: "no known command of this device brings it, at most it prints it",
    Told.JE_BY_DATE: "no known command of this device says which documents are of a date: say"
    " which Z, from which to which",
    Told.TEXTS: "no known command of this device brings its header and footer lines",
}


def lacking(feature: Feature, can: Capabilities) -> Problem:
    """Say why a feature is not there, and what to do instead."""
    if feature in can.lacks and feature not in NOBODY_HAS:
        return Problem("", "UNSUPPORTED", has_no(feature))
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
    can = printer.capabilities
    tipped = [n for n, line in enumerate(work.lines) if is_named(line.name, TIP_NAME)]
    if tipped and Feature.TIPS not in can.features:
        line = work.lines[tipped[0]]
        path = line.path if line.path == "tip" else f"{path_of(line, tipped[0])}.name"
        return [replace(lacking(Feature.TIPS, can), path=path)]
    deducts = work.adjustment is not None and work.adjustment.is_advance
    if deducts and Feature.ADVANCES not in can.features:
        return [replace(lacking(Feature.ADVANCES, can), path="advance")]
    return receipt_conflicts(work) + printer.check(work)


def receipt_conflicts(asked: Receipt) -> list[Problem]:
    """Say what in a receipt contradicts itself: payments against the total, the buyer's CUI."""
    problems = []
    paid = sum(payment.amount for payment in asked.payments)
    cashless = sum(p.amount for p in asked.payments if p.kind is not PaymentKind.CASH)
    if asked.total <= 0:
        pass  # what its lines are is said by those who look at them
    elif paid < asked.total:
        short, total = lei(asked.total - paid), lei(asked.total)
        sentence = f"payments are {short} lei short of the total {total}"
        problems.append(Problem("payments", "PAYMENTS_SHORT", sentence))
    elif cashless > asked.total:
        over = lei(cashless - asked.total)
        sentence = f"payments other than cash exceed the total by {over} lei"
        problems.append(Problem("payments", "PAYMENTS_EXCEED_TOTAL", sentence))
    elif paid - asked.payments[-1].amount >= asked.total:
        # The device would refuse it on a paid receipt, which no one can cancel any more.
        problems.append(
            Problem("payments", "PAYMENTS_EXCEED_TOTAL", "nothing is left for the last payment")
        )
    aside = (DEPOSIT_NAME, TIP_NAME)
    if asked.adjustment and any(is_named(x.name, name) for x in asked.lines for name in aside):
        sentence = "it would fall on a deposit or a tip too: put it on the lines it is for"
        path = "adjustment"
        if asked.adjustment.is_advance:
            sentence = "it would fall on a deposit or a tip too: make a receipt of their own"
            path = "advance"
        problems.append(Problem(path, "ADJUSTMENT_NOT_ALLOWED", sentence))
    if asked.customer_tax_id and not is_tax_id(asked.customer_tax_id):
        shown = ascii(asked.customer_tax_id[:20])
        sentence = f"{shown} is no CUI (2 to 10 digits) and no CNP (13): look at each digit"
        problems.append(Problem("customer_tax_id", "CUSTOMER_TAX_ID_BAD", sentence))
    return problems


def is_tax_id(text: str) -> bool:
    """Check a CUI of 2 to 10 digits, or a person's 13, by the last of them [romania.md 3.1, 3.5].

    Neither begins with 0: filled up to ten digits it is another number for the tax office.
    """
    if not re.fullmatch(r"[1-9][0-9]{1,9}|[1-9][0-9]{12}", text):
        return False
    digits, last = [int(digit) for digit in text[:-1]], int(text[-1])
    if len(text) == PERSON_DIGITS:
        rest = _weighed(digits, PERSON_WEIGHTS) % 11
        return (1 if rest == 10 else rest) == last
    padded = [0] * (len(TAX_ID_WEIGHTS) - len(digits)) + digits
    return _weighed(padded, TAX_ID_WEIGHTS) * 10 % 11 % 10 == last


def _weighed(digits: list[int], weights: tuple[int, ...]) -> int:
    return sum(digit * weight for digit, weight in zip(digits, weights, strict=True))


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
    held = printer.drawer().cash
    if held + work.paid_in > AMOUNT_MAX:
        sentence = f"the drawer would hold more than 99,999,999.99 lei, it has {lei(held)}"
        return [Problem("amount", "AMOUNT_TOO_LARGE", sentence)]
    if work.paid_out > held:
        sentence = f"{lei(work.paid_out)} lei are asked, the drawer holds {lei(held)}"
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
    last = printer.last_receipt(None)
    if last.receipt_number != 0:
        return []
    after_a_z = last.z_number > 1  # where receipts are counted anew after each
    since = "since the last Z report" if after_a_z else "yet"
    return [of_fault(Fault.NO_DATA, f"It tells of no receipt {since}.")]


def clock_is_right(printer: FiscalPrinter, work: ClockSetting) -> bool:
    off_s = ahead_s(printer.clock(), work.at)
    return off_s is not None and abs(off_s) < work.only_if_off_s


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
    if work.name and is_blank(work.name, _page(printer)):
        problems.append(Problem("name", "TEXT_EMPTY", "the name is blank"))
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
    trouble = bitmap_trouble("image", work.image)
    return [trouble] if trouble else []


def _page(printer: FiscalPrinter) -> str:
    return printer.capabilities.code_page
