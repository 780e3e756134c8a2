"""One request to a Shtrih-M device and its answer: a result, then data; every number is binary.

read(0x1B, b"\\x94")     -> 1B 00 operator 2A 00    -> b"\\x2a\\x00", after the operator
do(0x85, ...)           -> 85 00 operator change    -> the change
do(0x80, ...)           -> 80 50                    -> still printing: waits, and gives it again
                        -> 80 58                    -> paper is back: B0 goes on, and again
                        -> 80 6B                    -> Refused(paper_out, "6B")

                        -> 80 7E                    -> a wrong length: gives it again

50, 58 and 7E say that the command was not begun, so it may go again; silence never lets it. 7E is
the cable's doing, not ours: a bit of the length turned over, and a byte of the frame happened to be
the check byte of what was left (1F with password 30, as one byte long: 01 xor 1F = 1E = 30).
"""

from drivers.errors import ContactLost, Refused
from drivers.faults import Fault
from drivers.link import Link
from drivers.status import load_faults
from protocol.exchange import Budget, Request

HELLO = Budget(silence_s=1.0, total_s=4.0)  # to what may be another device
READ = Budget(silence_s=3.0, total_s=15.0)  # 3 s for 10 and 11 [7.1]
PRINT = Budget(silence_s=10.0, total_s=40.0)
MONEY = Budget(silence_s=20.0, total_s=80.0)
LONG = Budget(silence_s=60.0, total_s=180.0)
JE = Budget(silence_s=60.0, total_s=150.0)  # 40 to 150 s [7.1]

FAULTS = load_faults("shtrih_errors.csv")
STATUS, CONTINUE = 0x10, 0xB0
STILL_PRINTING, WAITS_FOR_CONTINUE, WRONG_MODE, WRONG_LENGTH = 0x50, 0x58, 0x73, 0x7E
TRIES_MAX = 4
POLLS_MAX = 120
POLL_S = 0.25
PRINTING = {4, 5}  # submodes
PASSWORD_MAX = 0xFFFF_FFFF


def le(value: int, width: int) -> bytes:
    """A number as the wire has it: least byte first."""
    return value.to_bytes(width, "little")


def number(raw: bytes) -> int:
    return int.from_bytes(raw, "little")


class ShtrihTalk:
    """Requests over one link, in the name of one password."""

    def __init__(self, link: Link, password: str) -> None:
        self.link = link
        self._password = password

    def ask(self, command: int, data: bytes = b"", *, size: int = 0) -> bytes:
        """Read what needs no password, or has one in its data.

        Raises:
            Refused: the device said no.
            ContactLost: no answer, or one that is too short.
        """
        request = Request(command, data, repeatable=True, budget=READ)
        for _ in range(TRIES_MAX):
            reply = self.link.execute(request)
            if reply.status[0] != WRONG_LENGTH:
                break
        need_good(command, reply.status)
        return long_enough(command, reply.data, size)

    def read(self, command: int, data: bytes = b"", *, size: int) -> bytes:
        """Ask for something; what comes after the operator's number."""
        return self.ask(command, self.who + data, size=size + 1)[1:]

    def do(
        self, command: int, data: bytes = b"", *, budget: Budget = PRINT, size: int = 0
    ) -> bytes:
        """Have something done. It goes again only where the device says it was not begun.

        Raises:
            Refused: the device said no.
            ContactLost: no answer; whether it was done is unknown.
        """
        request = Request(command, self.who + data, budget=budget)
        for _ in range(TRIES_MAX):
            reply = self.link.execute(request)
            if reply.status[0] == WAITS_FOR_CONTINUE:
                self._continue()
            elif reply.status[0] not in (STILL_PRINTING, WRONG_LENGTH):
                break
            self.settle()
        need_good(command, reply.status)
        return long_enough(command, reply.data, size)

    def settle(self) -> None:
        """Wait until it does not print any more, or long enough."""
        for _ in range(POLLS_MAX):
            if self.read(STATUS, size=4)[3] not in PRINTING:
                return
            self.link.transport.read(POLL_S)  # nothing comes unasked: it is a pause

    @property
    def who(self) -> bytes:
        """The password, four bytes.

        Raises:
            Refused: it is no number.
        """
        if not (self._password.isascii() and self._password.isdecimal()) or (
            int(self._password) > PASSWORD_MAX
        ):
            raise Refused(Fault.OPERATOR_REFUSED, device_code="", doing="the password is no number")
        return le(int(self._password), 4)

    def _continue(self) -> None:
        status = self.link.execute(Request(CONTINUE, self.who, budget=PRINT)).status
        if status[0] != WRONG_MODE:  # somebody printed meanwhile: nothing waits any more
            need_good(CONTINUE, status)


def need_good(command: int, status: bytes) -> None:
    if status == b"\x00":
        return
    code = status.hex().upper()
    raise Refused(FAULTS.get(code, Fault.DEVICE_ERROR), device_code=code, doing=f"{command:02X}")


def long_enough(command: int, data: bytes, size: int) -> bytes:
    if len(data) < size:
        raise ContactLost(f"the answer to {command:02X} has {len(data)} bytes, {size} at least")
    return data
