"""What went wrong at a device, sorted by what we know about paper.

DriverError
├── NotStarted    nothing was sent that could print: the port is missing, busy, not a printer
│                 e.g. ttyUSB0 is unplugged; another program holds the port; silence at the probe
├── Refused       the device answered no; probably nothing came of it, a later look decides
│                 e.g. no paper (-111024 a Z report is due, -112006 no paper)
└── ContactLost   asked and not answered: it may have printed, it may not
                  e.g. the cable was pulled while the receipt was being closed
"""

from typing import NoReturn

from drivers.faults import Fault
from protocol.errors import Heard

TOLD_MAX = 120  # characters of an answer that are shown


class DriverError(Exception):
    """A device could not do what was asked."""

    fault: Fault = Fault.DEVICE_ERROR
    heard: Heard = Heard.SILENCE


class NotStarted(DriverError):
    """Nothing was sent that could print. Safe to try again later."""

    def __init__(
        self,
        sentence: str,
        *,
        fault: Fault = Fault.PORT_MISSING,
        heard: Heard = Heard.SILENCE,
    ) -> None:
        super().__init__(sentence)
        self.fault = fault
        self.heard = heard


class Refused(DriverError):
    """The device said no. `device_code` is the maker's own code, kept as it came."""

    def __init__(self, fault: Fault, *, device_code: str, doing: str) -> None:
        code = f" (device code {device_code})" if device_code else ""  # else our own refusal
        super().__init__(f"{doing}: {fault}{code}")
        self.fault = fault
        self.device_code = device_code


class ContactLost(DriverError):
    """No usable answer, or the cable broke. What happened on paper is unknown."""

    def __init__(
        self,
        sentence: str,
        *,
        fault: Fault = Fault.NO_ANSWER,
        heard: Heard = Heard.SILENCE,
    ) -> None:
        super().__init__(sentence)
        self.fault = fault
        self.heard = heard


def no_sense(request: str, told: str) -> ContactLost:
    """An answer that this family and dialect does not give; what was done is unknown."""
    shown = "".join(sign if sign.isprintable() else "?" for sign in told[:TOLD_MAX])
    sentence = f'the answer to {request} makes no sense: "{shown}"'
    return ContactLost(sentence, fault=Fault.OTHER_DIALECT, heard=Heard.OTHER_REPLY)


def no_such(doing: str) -> NoReturn:
    """Our own refusal of what a device or its family has not; no byte is sent.

    Raises:
        Refused: always.
    """
    raise Refused(Fault.UNKNOWN_COMMAND, device_code="", doing=doing)


def need_same_z(made: int, counted: int | None) -> None:
    """A Z report only follows the Z that was counted before, if anybody counted.

    Raises:
        Refused: another Z was made since: the day that was to be closed is closed.
    """
    if counted not in (None, made):
        code = f"the last Z is {made}, it was {counted}"
        raise Refused(Fault.DAY_OPEN, device_code=code, doing="z_report")
