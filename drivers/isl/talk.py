"""One request to a legacy ISL device and the text of its answer: where its status bits are read.

do(48, "1,0001,1")  ->  "0042,0031"            the fields are separated by commas
status 1.1 set      ->  Refused(wrong_state)   the bits of the last request say no; 1.1/82 where
                                               the device gives its error a number (byte 3)
status 2.0 set      ->  Refused(paper_out)     of a request that prints: it was cancelled

A legacy device has no error code in its answer: only bits, and letters in some answers
[datecs.md 3.2, 6]. Bits marked # in the manuals stop what prints.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from drivers.errors import Refused, no_sense
from drivers.faults import Fault
from drivers.link import Link
from drivers.status import ErrorNumber
from protocol.errors import ReplyError
from protocol.exchange import READ, Budget, Reply, Request
from protocol.isl_exchange import LONG, PRINT
from protocol.text import ASCII, from_device

FISCAL_OPEN, NONFISCAL_OPEN = 0x08, 0x20  # bits 2.3 and 2.5
GENERAL_ERROR = 0, 5
ERROR_NUMBER = 3  # the status byte that holds it, in bits 0 to 6

BIT_ALONE = re.compile(r"[0-9]\.[0-9]")

Bit = tuple[int, int]
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Refusals:
    """How a device says no: the bits of the last request, what stops printing, its own numbers."""

    stops: Mapping[Bit, Fault]
    numbers: Mapping[int, Fault] | None = None  # of status byte 3; None: it has none there
    marker: str = ""  # what the data begins with when it holds a sentence about the error
    asks: int | None = None  # the request that tells the last error, where there is one
    codes: Mapping[str, Fault] = field(default_factory=dict)  # what it answers


REQUEST_BITS: dict[Bit, Fault] = {  # of the last request, the same for all; the first set counts
    (0, 1): Fault.UNKNOWN_COMMAND,
    (0, 0): Fault.BAD_REQUEST,
    (1, 0): Fault.OVERFLOW,
    (1, 1): Fault.WRONG_STATE,
}


@dataclass(frozen=True, slots=True)
class Doing:
    """What a request is for: what "not permitted" means with a document open, and without."""

    when_open: Fault = Fault.WRONG_STATE
    when_closed: Fault = Fault.WRONG_STATE
    prints: bool = True


READING = Doing(prints=False)
OPENING = Doing(when_open=Fault.RECEIPT_OPEN)
SELLING = Doing(when_closed=Fault.NO_RECEIPT_OPEN)
SUMMING = Doing(when_closed=Fault.NO_RECEIPT_OPEN, prints=False)
CLOSING = Doing(when_open=Fault.NOT_FULLY_PAID, when_closed=Fault.NO_RECEIPT_OPEN)
CANCELLING = Doing(when_open=Fault.PAYMENT_STARTED, when_closed=Fault.NO_RECEIPT_OPEN)


class IslTalk:
    """Requests over one link. `acted` grows with each that may have printed."""

    def __init__(self, link: Link, refusals: Refusals) -> None:
        self.link = link
        self.acted = 0
        self.code_page = ASCII
        self.status = b""  # as the last answer had it
        self._refusals = refusals

    def read(self, code: int, data: str, read: Callable[[list[str]], Value]) -> Value:
        """Ask for something; changes nothing, so silence gets the same frame again.

        Raises:
            Refused: the device said no.
            ContactLost: no answer, or one that makes no sense.
        """
        return understood(code, self.do(code, data, READING, budget=READ, repeatable=True), read)

    def next(self, code: int, data: str) -> list[str]:
        """Ask for the next line of something: a repeat would be the one after it."""
        return self.do(code, data, READING, budget=READ)

    def raw(self, code: int, data: str, *, repeatable: bool) -> bytes:
        """Ask for a line as the device has it, or, not repeatable, for the one after it."""
        reply = self.link.execute(Request(code, self._encoded(data), repeatable, READ))
        self._need_done(code, reply, READING)
        return reply.data

    def rows(self, code: int, data: str, take: Callable[[bytes], None]) -> None:
        """Ask for a report that comes row by row, each to `take`; never sent twice."""
        request = Request(code, self._encoded(data), repeatable=False, budget=LONG)
        self._need_done(code, self.link.execute(request, take=take), READING)

    def ask(self, code: int, data: str = "") -> Reply:
        """Ask for something whose status bytes matter."""
        reply = self.link.execute(Request(code, self._encoded(data), repeatable=True))
        self._need_done(code, reply, READING)
        return reply

    def do(
        self,
        code: int,
        data: str,
        doing: Doing,
        *,
        budget: Budget = PRINT,
        repeatable: bool = False,
    ) -> list[str]:
        """Send one request and return the fields of its answer.

        Raises:
            Refused: the device said no.
            ContactLost: no answer.
        """
        self.acted += not repeatable
        reply = self.link.execute(Request(code, self._encoded(data), repeatable, budget))
        self._need_done(code, reply, doing)
        return fields_of(reply)

    def error_of(self, status: bytes) -> ErrorNumber | None:
        """The number in the status, 0 for none; None: this family has none there."""
        if (numbers := self._refusals.numbers) is None:
            return None
        number = status[ERROR_NUMBER] & 0x7F
        return ErrorNumber(ERROR_NUMBER, number, numbers.get(number))

    def _encoded(self, text: str) -> bytes:
        """Encode what was folded to the code page before."""
        return text.encode(self.code_page)

    def _need_done(self, code: int, reply: Reply, doing: Doing) -> None:
        no, status = self._refusals, reply.status
        self.status = status
        for bit, fault in no.stops.items() if doing.prints else ():
            if is_set(status, bit):
                raise Refused(fault, device_code=named(bit), doing=f"{code}")
        refused = [bit for bit in REQUEST_BITS if is_set(status, bit)]
        if doing.prints and no.numbers is not None and status[ERROR_NUMBER] & 0x7F:
            refused.append(GENERAL_ERROR)
        if not refused:
            if no.marker and from_device(reply.data).startswith(no.marker):
                raise Refused(Fault.DEVICE_ERROR, device_code=no.marker, doing=f"{code}")
            return
        device_code, fault = self._why(status, refused[0])
        if fault is Fault.WRONG_STATE:
            is_open = status[2] & (FISCAL_OPEN | NONFISCAL_OPEN)
            fault = doing.when_open if is_open else doing.when_closed
        raise Refused(fault, device_code=device_code, doing=f"{code}")

    def _why(self, status: bytes, bit: Bit) -> tuple[str, Fault]:
        """The maker's own code for what was refused, and what it means."""
        no, code, fault = self._refusals, named(bit), REQUEST_BITS.get(bit, Fault.DEVICE_ERROR)
        if no.numbers is not None and (number := status[ERROR_NUMBER] & 0x7F):
            return f"{code}/{number}", no.numbers.get(number, fault)
        if no.asks is not None:
            fields = fields_of(self.link.execute(Request(no.asks, repeatable=True)))
            if len(fields) > 1 and fields[1].startswith("-"):
                return fields[1], no.codes.get(fields[1], fault)
        return code, fault


def named(bit: Bit) -> str:
    return f"{bit[0]}.{bit[1]}"


def tells_why(device_code: str) -> bool:
    """The maker's own code or number stands in it: -150300, 1.1/60; not the bit alone: 1.1."""
    return not BIT_ALONE.fullmatch(device_code)


def is_set(status: bytes, bit: Bit) -> bool:
    return bool(status[bit[0]] >> bit[1] & 1)


def fields_of(reply: Reply) -> list[str]:
    return from_device(reply.data).split(",")


def understood(code: int, fields: list[str], read: Callable[[list[str]], Value]) -> Value:
    try:
        return read(fields)
    except (ReplyError, ValueError, IndexError) as error:
        raise no_sense(f"{code}", ",".join(fields)) from error
