"""The fields of legacy ISL answers as our own values: amounts, dates, records, the drawer.

Fields are separated by commas; some answers begin with a letter, P done, F not [datecs.md 6].
"""

from datetime import UTC, datetime

from drivers.errors import Refused
from drivers.faults import Fault
from drivers.model import Bani, DeviceTime, Drawer
from drivers.precision import step_of
from protocol.fields import hundredths, integer

CASH, LAST_Z = 70, 64
CLOCKS = (
    "%d-%m-%y %H:%M:%S",  # as it is written
    "%d.%m.%y %H:%M:%S",
    "%d-%m-%Y %H:%M:%S",
    "%d-%m-%y %H:%M",
    "%d-%m-%Y",
    "%d%m%y",
)


def device_time(text: str) -> DeviceTime:
    """Read a date as any of these devices writes it, some without a time of day."""
    for shape in CLOCKS:
        try:
            at = datetime.strptime(text.strip(), shape).replace(tzinfo=UTC)
            return DeviceTime(text, at, step_of(shape))
        except ValueError:
            continue
    return DeviceTime(text, None)


def bani(text: str) -> Bani:
    """Read an amount: with a point as it stands, without one in bani [datecs.md 6, 76]."""
    return Bani(hundredths(text) if "." in text else integer(text.strip().removeprefix("+")))


def need_passed(code: int, fields: list[str], fault: Fault) -> list[str]:
    """Take off the P that says it was done.

    Raises:
        Refused: the letter is another one.
    """
    if fields[0] != "P":
        raise Refused(fault, device_code=fields[0], doing=f"{code}")
    return fields[1:]


def z_record(fields: list[str]) -> list[str]:
    """64: [P,] number, sums, date; F or number 0 where there is none."""
    told = fields[1:] if fields[0] == "P" else fields
    if told[0] == "F" or integer(told[0]) == 0:  # anything else that is no number is no answer
        raise Refused(Fault.NO_DATA, device_code=fields[0], doing=f"{LAST_Z}")
    return told


def drawer_sums(fields: list[str]) -> Drawer:
    """70: P, cash, in, out; one device tells what went out as a negative sum."""
    cash, paid_in, paid_out = need_passed(CASH, fields, Fault.AMOUNT_REFUSED)[:3]
    return Drawer(bani(cash), bani(paid_in), Bani(abs(bani(paid_out))))
