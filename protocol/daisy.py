"""The Daisy wire: legacy ISL frames, and reports that come row by row [other_protocols.md 3, 4.5].

Request:  01 | LEN | SEQ | CMD | data |                05 | BCC x4 | 03
Reply:    01 | LEN | SEQ | CMD | data | 04 | status x6 | 05 | BCC x4 | 03
Rows:     1A .. 0D 0A, each answered with one byte 11; the last is 1A [09] 45 0D 0A; then the reply

A row is told as it comes (`Came`) and answered when the next is wanted: a row that is not answered
ends the report, which the device then stops sending [manual, as a program quotes it].

LEN FF also means "longer": such a reply ends where its own sum stands. What a repeat does: a frame
with the SEQ and the CMD of the last one executes nothing; the device repeats its last answer
[manual 2023]. A request that brings rows is never repeated once a row has come.

The export manual answers a row with 1A, not 11: if no row follows 11, 1A is tried, once.

Our own frame and signs, come back on a line that echoes, begin no reply and no row: they are passed
over before it is decided what comes.
Rows come for the JE (C3) and for reports announced with 99 [other_protocols.md 4.5].
"""

from dataclasses import dataclass

from protocol.errors import FrameError, Heard, NoReply
from protocol.exchange import Action, Came, Exchange, Request, Send, Wait
from protocol.isl import NAK, PREAMBLE, SYN, Layout
from protocol.isl import signs_of as isl_signs_of
from protocol.isl_exchange import Isl, IslExchange

LAYOUT = Layout(digits=0, status_size=6, controls=b"\t\n", data_max=200, open_len=0xFF)

ROW_START, ROW_END = 0x1A, b"\r\n"
ROW_TAKEN, ROW_TAKEN_EXPORT = b"\x11", b"\x1a"
SIGNS = {ROW_TAKEN: "row taken", ROW_TAKEN_EXPORT: "row taken, as the export manual has it"}
ROW_COMMANDS = frozenset({0x32, 0x49, 0x4F, 0x5E, 0x5F, 0x69, 0x6F, 0xA5, 0xA6, 0xC3})
ROW_BYTES_MAX, ROWS_MAX = 200, 20_000


class RowsExchange:
    """An exchange whose reply may be preceded by rows."""

    def __init__(self, exchange: IslExchange, request: Request) -> None:
        self._exchange = exchange
        self._wait = Wait(request.budget.silence_s)
        self._buffer = b""
        self._rows = 0
        self._owed = self._ended = self._tried_other = self._replying = False
        self._own = b""  # what we sent last, and may come back
        self._echoes = False

    def start(self) -> Action:
        return self._noted(self._exchange.start())

    def sent(self) -> Action:
        """What came together with a row that was just answered waits already."""
        return self.receive(b"") if self._buffer else self._wait

    def receive(self, data: bytes) -> Action:
        self._buffer += data
        if self._replying:
            return self._reply()
        if self._owed:
            self._owed = False
            return self._noted(Send(ROW_TAKEN_EXPORT if self._tried_other else ROW_TAKEN))
        while self._buffer[:1] and self._buffer[0] not in (ROW_START, PREAMBLE):
            sign, self._buffer = self._buffer[:1], self._buffer[1:]
            if sign[0] in (NAK, SYN) and not self._rows:
                action = self._exchange.receive(sign)
                if isinstance(action, Send):
                    return self._noted(action)
        if self._came_back():
            return self.receive(b"")
        if self._buffer[:1] == bytes([ROW_START]):
            return self._row()
        return self._wait if self._own.startswith(self._buffer) else self._reply()

    def _row(self) -> Action:
        """Tell the row at the start of the buffer, when it is there whole."""
        size = row_size(self._buffer)
        if size is None:
            if len(self._buffer) > ROW_BYTES_MAX or self._rows > ROWS_MAX:
                raise self.given_up()
            return self._wait
        row, self._buffer = self._buffer[: size - len(ROW_END)], self._buffer[size:]
        self._owed = True
        self._ended = is_last_row(row)
        if self._ended:
            return self.receive(b"")
        self._rows += 1
        return Came(row[1:])

    def silence(self) -> Action:
        if not isinstance(action := self.receive(b""), Wait):  # what came with the row before
            return action
        if not self._rows and not self._ended:
            if self._buffer[:1] == bytes([PREAMBLE]):  # it was no echo, and no more of it comes
                taken, self._buffer = self._buffer, b""
                self._exchange.receive(taken)
            return self._noted(self._exchange.silence())
        if self._tried_other:
            raise self.given_up()
        self._tried_other = True
        return self._noted(Send(ROW_TAKEN_EXPORT))

    def given_up(self) -> NoReply:
        return NoReply(Heard.OTHER_REPLY, 1) if self._rows else self._exchange.given_up()

    def _noted(self, action: Action) -> Action:
        """Remember what goes out: it may come back."""
        if isinstance(action, Send):
            self._own = action.frame
        return action

    def _came_back(self) -> bool:
        """Pass over what we sent ourselves. A row begins with 1A too: only an echo is before it."""
        own = self._own
        if not own or not self._buffer.startswith(own):
            return False
        if own == ROW_TAKEN_EXPORT and not self._echoes:
            return False
        if len(own) > 1:
            self._echoes = True
            self._exchange.receive(own)  # it is heard as an echo
        self._own, self._buffer = b"", self._buffer[len(own) :]
        return True

    def _reply(self) -> Action:
        """The closing reply has begun: all that comes now is of the ordinary exchange."""
        self._replying = True
        taken, self._buffer = self._buffer, b""
        return self._exchange.receive(taken)


def signs_of(byte: int, *, reply: bool) -> tuple[str, ...]:
    """Say what a byte outside of frames and rows means; () if it means nothing."""
    if reply:
        return isl_signs_of(byte, reply=True)
    return (SIGNS[sign],) if (sign := bytes([byte])) in SIGNS else ()


def row_size(buffer: bytes) -> int | None:
    """Say how long the row is that begins with 1A; None: its end has not come."""
    end = buffer.find(ROW_END)
    return None if end < 0 else end + len(ROW_END)


def read_row(raw: bytes) -> tuple[list[str], bool]:
    """Read one whole row, a character for each byte: its fields, and whether it is the last.

    Raises:
        FrameError: it is none, or more than one.
    """
    if raw[:1] != bytes([ROW_START]) or row_size(raw) != len(raw):
        raise FrameError("not 1A ... 0D 0A")
    row = raw[: -len(ROW_END)]
    return row_fields(row[1:].decode("latin-1")), is_last_row(row)


def is_last_row(row: bytes) -> bool:
    """1A 45 of the JE, 1A 09 45 of the reports."""
    return row[1:].lstrip(b"\t") == b"E"


def row_fields(row: str) -> list[str]:
    """Cut a row, its 1A already taken off: D and T rows of C3, numbered rows of the reports."""
    return row.split("\t")


@dataclass(frozen=True, slots=True)
class Daisy(Isl):
    """The wire protocol of Daisy."""

    def begin(self, sequence: int, request: Request) -> Exchange:  # type: ignore[override]
        exchange = IslExchange(self.layout, sequence, request)
        if request.command in ROW_COMMANDS:
            return RowsExchange(exchange, request)
        return exchange


DAISY = Daisy(LAYOUT)
