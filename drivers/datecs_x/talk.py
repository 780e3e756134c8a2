"""One request to a Datecs X device and the fields of its answer: where its error codes are read.

do(48, 1, "0001", 1, "", "")  ->  fields after the error code, through `read`
"-111016\\t"                   ->  Refused(wrong_state)
"""

from collections.abc import Callable
from typing import TypeVar

from drivers.datecs_x.codes import VARIABLE
from drivers.datecs_x.fields import nothing
from drivers.errors import Refused, no_sense
from drivers.faults import Fault
from drivers.link import Link
from drivers.status import load_faults
from protocol.errors import ReplyError
from protocol.exchange import READ, Budget, Reply, Request
from protocol.fields import split_tabbed, tabbed
from protocol.isl_exchange import PRINT
from protocol.text import ASCII, from_device, to_device

FAULTS = load_faults("datecs_x_errors.csv")

Value = TypeVar("Value")


class DatecsTalk:
    """Requests over one link. `acted` grows with each that may have printed."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.acted = 0
        self.code_page = ASCII

    def read(self, code: int, *parameters: str | int, read: Callable[[list[str]], Value]) -> Value:
        """Ask for something; changes nothing, so silence gets the same frame again."""
        return self.do(code, *parameters, budget=READ, repeatable=True, read=read)

    def variable(self, name: str, index: int | str = "", *, read: Callable[[str], Value]) -> Value:
        """255: read one of the device's variables."""
        return self.read(VARIABLE, name, index, "", read=lambda fields: read(fields[0]))

    def ask(self, code: int, data: bytes = b"") -> Reply:
        """Ask for something that does not answer in fields."""
        return self.link.execute(Request(code, data, repeatable=True))

    def do(
        self,
        code: int,
        *parameters: str | int,
        budget: Budget = PRINT,
        repeatable: bool = False,
        read: Callable[[list[str]], Value] = nothing,
    ) -> Value:
        """Send one request and read the fields after its error code.

        Raises:
            Refused: the device said no.
            ContactLost: no answer, or one that makes no sense.
        """
        told = self._told(code, *parameters, budget=budget, repeatable=repeatable)
        fields = split_tabbed(from_device(told, self.code_page)) if told else []
        try:
            return read(fields)
        except (ReplyError, IndexError) as error:
            raise no_sense(f"{code}", " | ".join(fields)) from error

    def rest(self, code: int, *parameters: str | int) -> bytes:
        """Ask for the one field that follows the error code, byte for byte; never sent twice.

        Raises:
            Refused, ContactLost: as `do`.
        """
        return self._told(code, *parameters).removesuffix(b"\t")

    def _told(
        self,
        code: int,
        *parameters: str | int,
        budget: Budget = PRINT,
        repeatable: bool = False,
    ) -> bytes:
        """Send one request; return what its answer holds after the error code."""
        self.acted += not repeatable
        data = to_device(tabbed(*parameters), self.code_page)
        reply = self.link.execute(Request(code, data, repeatable, budget))
        error_bytes, _, told = reply.data.partition(b"\t")
        error_code = from_device(error_bytes)
        if reply.status[0] & 0x02 and not error_code:
            raise Refused(Fault.UNKNOWN_COMMAND, device_code="0.1", doing=f"{code}")
        if error_code != "0":
            fault = FAULTS.get(error_code, Fault.DEVICE_ERROR)
            raise Refused(fault, device_code=error_code, doing=f"{code}")
        return told
