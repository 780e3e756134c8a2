"""One request to a Tremol device and its answer: data fields, or two digits that say yes or no.

read(0x71)            -> message 71 "0007;0000042"  -> fields, through `read`
do(0x38)              -> acknowledgement 30 30      -> nothing
do(0x30, "1;0000...") -> acknowledgement 34 32      -> Refused(receipt_open, "34 32")
"""

from collections.abc import Callable
from typing import TypeVar

from drivers.errors import ContactLost, Refused, no_sense
from drivers.faults import Fault
from drivers.link import Link
from drivers.status import load_faults
from drivers.tremol.dialects import Dialect
from protocol.errors import ReplyError
from protocol.exchange import Budget, Request
from protocol.zfp import GOOD
from protocol.zfp_exchange import Stream

READ = Budget(silence_s=1.5, total_s=12.0)  # programs wait 0.8 to 4 s [2.4]
PRINT = Budget(silence_s=8.0, total_s=30.0)
MONEY = Budget(silence_s=15.0, total_s=60.0)
LONG = Budget(silence_s=60.0, total_s=180.0)
STREAM = Budget(silence_s=10.0, total_s=600.0)  # a day of 1,000 receipts at 115,200: two minutes
LEFT = Budget(silence_s=0.5, total_s=600.0)  # of what is left: its rest has to go by

FAULTS = load_faults("tremol_errors.csv")
IN_RECEIPT = frozenset({0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x38, 0x39, 0x3C, 0x3E})
NOTHING_OPEN_NOT_LEGAL = "30 32"
NO_DISPLAY = "3A"  # says nothing of what was asked

Value = TypeVar("Value")


class TremolTalk:
    """Requests over one link."""

    def __init__(self, link: Link, dialect: Dialect) -> None:
        self.link = link
        self._dialect = dialect

    def read(self, command: int, data: str = "", *, read: Callable[[list[str]], Value]) -> Value:
        """Ask for something; changes nothing, so silence gets the same frame again.

        Raises:
            Refused: the device said no.
            ContactLost: no answer, or one that makes no sense.
        """
        raw = self.ask(command, data)
        fields = raw.decode(self._dialect.code_page, "replace").split(";")
        try:
            return read(fields)
        except (ReplyError, IndexError) as error:
            raise no_sense(f"{command:02X}", ";".join(fields)) from error

    def ask(self, command: int, data: str = "") -> bytes:
        """Read what is not in fields."""
        request = Request(command, self._encoded(data), repeatable=True, budget=READ)
        reply = self.link.execute(request)
        if reply.status:
            _need_good(command, reply.status)
            raise ContactLost(f"{command:02X} was acknowledged, and not answered")
        return reply.data

    def do(self, command: int, data: str = "", *, budget: Budget = PRINT) -> None:
        """Have something done; sent once, whatever happens.

        Raises:
            Refused: the device said no.
            ContactLost: no answer; whether it was done is unknown.
        """
        reply = self.link.execute(Request(command, self._encoded(data), budget=budget))
        _need_good(command, reply.status or GOOD)  # 3E answers with the value it applied

    def stream(self, command: int, data: str, take: Callable[[bytes], None]) -> None:
        """Read a stream, the JE or the fiscal memory: each line goes to `take` as it comes.

        Where it breaks, or `take` raises, what still comes goes by unread.
        """
        request = Stream(command, self._encoded(data), budget=STREAM)
        ended = False
        try:
            reply = self.link.execute(request, take=take)
            ended = True
        finally:
            if not ended:
                self.link.let_go_by(silence_s=LEFT.silence_s, total_s=LEFT.total_s)
        _need_good(command, reply.status)

    def lines(self, command: int, data: str) -> list[str]:
        """Read a stream at once."""
        taken: list[bytes] = []
        self.stream(command, data, taken.append)
        return [line.decode(self._dialect.code_page, "replace") for line in taken]

    def _encoded(self, data: str) -> bytes:
        """In the device's code page; texts were folded where they were made into fields."""
        return data.encode(self._dialect.code_page)


def _need_good(command: int, ste: bytes) -> None:
    if ste == GOOD:
        return
    raise Refused(fault_of(command, ste), device_code=ste.hex(" ").upper(), doing=f"{command:02X}")


def fault_of(command: int, ste: bytes) -> Fault:
    """What two digits mean: the pair, else how the device is, else what was wrong with the command.

    "Not legal now" with nothing open means, of what needs a receipt, that there is none. A display
    that is missing hides nothing: what was wrong with the command goes before it.
    """
    code = ste.hex(" ").upper()
    if code == NOTHING_OPEN_NOT_LEGAL and command in IN_RECEIPT:
        return Fault.NO_RECEIPT_OPEN
    device, request = code.split(" ")
    alone = [f"{device} *", f"* {request}"]
    for key in (code, *(reversed(alone) if device == NO_DISPLAY else alone)):
        if key in FAULTS:
            return FAULTS[key]
    return Fault.DEVICE_ERROR
