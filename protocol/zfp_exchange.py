"""The ZFP exchange: one request in flight, repeated only where the device says it took nothing.

    start -> Send; receive -> Done | Wait | Send; silence -> Send | NoReply

What a repeat does: no manual says. It only wants each NBL to differ from the one before, and
promises no answer from memory [other_protocols.md 0.1, 2.4]. So after silence nothing goes again
but what changes nothing (`Request.repeatable`). 15 (malformed) and 0E (busy with another) say that
the message was not taken: it goes again, the same bytes, but only after a 09 was answered with
"ready". A device that had taken it answers it before the 09, or says busy; a 15 out of noise alone
sells nothing twice. Anything else heard in between is no refusal, and then there is no repeat.

A stream (`Stream`) is an acknowledgement, then messages of one line each, to one that is "@", of 75
with its segment before it; each line is told as it comes (`Came`). It has no numbers: one with
anything else in it is not whole, and given up. Nothing known makes a device end it before its end.
"""

from dataclasses import dataclass

from protocol.errors import FrameError, Heard, NoReply, best_of, better
from protocol.exchange import Action, Came, Done, Exchange, Reply, Request, Send, Wait
from protocol.zfp import (
    ACK,
    ANTI_ECHO,
    GOOD,
    NAK,
    NUMBER_MAX,
    NUMBER_MIN,
    PING,
    RETRY,
    STATE,
    STREAM_END,
    STX,
    Acknowledgement,
    Message,
    decode,
    encode_request,
    frame_size,
)

SENDS_MAX = 4  # the first and three repeats
ASKS_MAX = 40  # how often a busy device is asked whether it is ready
ASK_S = 0.3  # the manual gives no figure; programs wait 500 to 800 ms for a ping
STREAM_BYTES_MAX = 4_000_000
STATES = range(0x40, 0x50)
LAN_REFUSALS = (0x50, 0x60, 0x70)  # password wanted, another connection, wrong password
SIGNS = {NAK: Heard.NAK, RETRY: Heard.BUSY, ANTI_ECHO: Heard.ECHO}


@dataclass(frozen=True, slots=True)
class Stream(Request):
    """A request that is answered with many lines, one by one."""


class ZfpExchange:
    """One request in flight: sends, asks, and picks its own reply out of what comes."""

    def __init__(self, number: int, request: Request) -> None:
        self._number = number
        self._request = request
        self._frame = encode_request(number, request)
        self._buffer = b""
        self._sends = 0
        self._asks = 0
        self._asking = False  # 15 or 0E came, and since then 09 is asked
        self._heard = Heard.SILENCE
        self._heard_since_send: set[Heard] = set()
        self._streaming = False  # a stream was acknowledged: its lines come
        self._stream_bytes = 0

    def start(self) -> Action:
        self._sends += 1
        self._asking = False
        self._heard = self._best()
        self._heard_since_send = set()
        return Send(self._frame)

    def sent(self) -> Action:
        return Wait(ASK_S if self._asking else self._request.budget.silence_s)

    def receive(self, data: bytes) -> Action:
        """Take what came. Ignores noise, echoes, stale answers and answers to others."""
        self._buffer += data
        ready = False
        while self._buffer:
            byte = self._buffer[0]
            if byte in (STX, ACK):
                size = self._size()
                if size is None or len(self._buffer) < size:
                    break
                if (found := self._take(size)) and (action := self._answer(found)):
                    return action
                continue
            self._buffer = self._buffer[1:]
            if self._asking and byte in STATES:
                ready = not byte & 1
                continue
            if byte in SIGNS and not self._streaming:
                self._hear(SIGNS[byte])
                ready = False
            else:
                self._hear(Heard.GARBAGE)
        return self._next(ready=ready)

    def silence(self) -> Action:
        while self._buffer:  # half a frame and then nothing: its start may have been noise
            self._hear(Heard.GARBAGE)
            rest, self._buffer = self._buffer[1:], b""
            if not isinstance(action := self.receive(rest), Wait):
                return action
        if self._asking and self._may_repeat():
            return self._ask()
        if not self._request.repeatable or self._streaming:
            raise self.given_up()
        return self._again()

    def given_up(self) -> NoReply:
        return NoReply(self._best(), self._sends)

    def _next(self, *, ready: bool) -> Action:
        """What follows when all that came was looked at and was no answer."""
        if self._buffer:  # the start of one: it may be the answer
            return self.sent()
        if ready and self._may_repeat():
            return self._again()
        if not self._asking and self._may_repeat():
            return self._ask()
        return self.sent()

    def _may_repeat(self) -> bool:
        """Did the device say that it took nothing; where a repeat could harm, only that?"""
        refusals = self._heard_since_send & {Heard.NAK, Heard.BUSY}
        return bool(refusals) and (
            self._request.repeatable or self._heard_since_send <= {Heard.NAK, Heard.BUSY}
        )

    def _ask(self) -> Action:
        if self._asks == ASKS_MAX or self._sends == SENDS_MAX:
            raise self.given_up()
        self._asks += 1
        self._asking = True
        return Send(bytes([STATE]))

    def _again(self) -> Action:
        if self._sends == SENDS_MAX:
            raise self.given_up()
        return self.start()

    def _size(self) -> int | None:
        """The size of what is at the start of the buffer; 1 drops a 02 that starts nothing."""
        try:
            return frame_size(self._buffer)
        except FrameError:
            return 1

    def _take(self, size: int) -> Message | Acknowledgement | None:
        raw = self._buffer[:size]
        echo = raw == self._frame
        try:
            found = decode(raw)
        except FrameError:
            self._hear(Heard.GARBAGE)
            self._buffer = self._buffer[1:]
            return None
        self._buffer = self._buffer[size:]
        if echo:  # a request of ours without data looks like an answer without data
            self._hear(Heard.ECHO)
            return None
        return found

    def _answer(self, found: Message | Acknowledgement) -> Came | Done | None:
        """Turn it into our reply, or a line of it; None where it is neither."""
        command = self._request.command
        mine = found.number == self._number
        if not mine or (isinstance(found, Message) and found.command != command):
            self._hear(Heard.OTHER_REPLY)
            return None
        if isinstance(self._request, Stream):
            return self._line(found)
        if isinstance(found, Acknowledgement):
            return Done(Reply(command, b"", found.ste))
        return Done(Reply(command, found.data, b""))

    def _line(self, found: Message | Acknowledgement) -> Came | Done | None:
        """One piece of a stream. Damage before its acknowledgement does not matter."""
        command = self._request.command
        if isinstance(found, Acknowledgement):
            if found.ste != GOOD:
                return Done(Reply(command, b"", found.ste))
            self._streaming = True
            self._heard_since_send = set()
            return None
        if not self._streaming:
            self._hear(Heard.OTHER_REPLY)
            return None
        self._stream_bytes += len(found.data)
        if self._heard_since_send or self._stream_bytes > STREAM_BYTES_MAX:
            raise self.given_up()
        if STREAM_END.fullmatch(found.data):
            return Done(Reply(command, b"", GOOD))
        return Came(found.data)

    def _hear(self, what: Heard) -> None:
        self._heard_since_send.add(what)

    def _best(self) -> Heard:
        return best_of(self._heard_since_send, SIGNS.values(), self._heard)


class StateExchange:
    """09 asked: what comes is one byte. 50, 60, 70 are answers too: of a network that refuses."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._sends = 0
        self._heard = Heard.SILENCE

    def start(self) -> Action:
        self._sends += 1
        return Send(bytes([self._request.command]))

    def sent(self) -> Action:
        return Wait(self._request.budget.silence_s)

    def receive(self, data: bytes) -> Action:
        if data[0] in (self._request.command, ANTI_ECHO):
            self._heard = Heard.ECHO
        elif len(data) == 1 and (data[0] in STATES or data[0] in LAN_REFUSALS):
            return Done(Reply(self._request.command, data, b""))
        else:
            self._heard = better(self._heard, Heard.GARBAGE)
        return self.sent()

    def silence(self) -> Action:
        if self._sends == SENDS_MAX:
            raise self.given_up()
        return self.start()

    def given_up(self) -> NoReply:
        return NoReply(self._heard, self._sends)


class PingExchange:
    """04 asked behind a 03: 04 alone is a Tremol; 03 coming back is an echo. Never sent again."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._heard = Heard.SILENCE

    def start(self) -> Action:
        return Send(bytes([ANTI_ECHO, PING]))

    def sent(self) -> Action:
        return Wait(self._request.budget.silence_s)

    def receive(self, data: bytes) -> Action:
        if data == bytes([PING]) and self._heard is Heard.SILENCE:
            return Done(Reply(PING, data, b""))
        heard = Heard.ECHO if data[0] == ANTI_ECHO else Heard.GARBAGE
        self._heard = better(self._heard, heard)
        return self.sent()

    def silence(self) -> Action:
        raise self.given_up()

    def given_up(self) -> NoReply:
        return NoReply(self._heard, 1)


@dataclass(frozen=True, slots=True)
class Zfp:
    """The wire protocol of Tremol."""

    def begin(self, sequence: int, request: Request) -> Exchange:
        if request.command == PING:
            return PingExchange(request)
        if request.command == STATE:
            return StateExchange(request)
        return ZfpExchange(sequence, request)

    def first_sequence(self, *, not_this: int | None, seed: int) -> int:
        first = NUMBER_MIN + seed % (NUMBER_MAX - NUMBER_MIN + 1)
        return self.next_sequence(first) if first == not_this else first

    def next_sequence(self, sequence: int) -> int:
        return NUMBER_MIN if sequence >= NUMBER_MAX else sequence + 1


ZFP = Zfp()
