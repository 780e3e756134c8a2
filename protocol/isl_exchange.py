"""The ISL exchange: one request in flight, repeated only where a repeat is harmless.

    start -> Send; receive -> Done | Wait | Send; silence -> Send | NoReply

What a repeat does: a frame with the SEQ of the last one executes nothing; the device repeats its
last answer [datecs.md 2.2, both manuals]. So a NAK, and a silence where `Request.repeatable`,
gets the identical frame. The manuals do not say that this memory survives a power cut: what could
be paid, closed or cancelled twice is never sent twice after silence, nor after a 15 that came with
anything else: in a garbled reply, or behind a SYN, it is no refusal.
"""

from dataclasses import dataclass

from protocol.errors import FrameError, Heard, NoReply, best_of
from protocol.exchange import Action, Budget, Done, Reply, Request, Send, Wait
from protocol.isl import (
    LEGACY,
    NAK,
    PREAMBLE,
    SEQUENCE_MAX,
    SEQUENCE_MIN,
    SYN,
    Frame,
    Layout,
    decode,
    encode_request,
    frame_size,
)

PRINT = Budget(silence_s=2.0, total_s=30.0)  # beside READ, on the legacy wire and on that of X
MONEY = Budget(silence_s=5.0, total_s=60.0)
LONG = Budget(silence_s=10.0, total_s=180.0)

SENDS_MAX = 4  # the first and three repeats
SIGNS = {NAK: Heard.NAK, SYN: Heard.BUSY}


class IslExchange:
    """One request in flight: sends, repeats, and picks its own reply out of what comes."""

    def __init__(self, layout: Layout, sequence: int, request: Request) -> None:
        self._layout = layout
        self._sequence = sequence
        self._request = request
        self._frame = encode_request(layout, sequence, request)
        self._buffer = b""
        self._sends = 0
        self._heard = Heard.SILENCE  # after the sends before the last one
        self._heard_since_send: set[Heard] = set()

    def start(self) -> Action:
        self._sends += 1
        self._heard = self._best()
        self._heard_since_send = set()
        return Send(self._frame)

    def sent(self) -> Action:
        return Wait(self._request.budget.silence_s)

    def receive(self, data: bytes) -> Action:
        """Take what came. Ignores noise, echoes, stale answers and answers to others."""
        self._buffer += data
        while self._buffer:
            byte = self._buffer[0]
            if byte == PREAMBLE:
                size = self._size()
                if size is None or len(self._buffer) < size:
                    break
                if (frame := self._take(size)) is not None:
                    return Done(Reply(frame.command, frame.data, frame.status))
                continue
            self._buffer = self._buffer[1:]
            self._heard_since_send.add(SIGNS.get(byte, Heard.GARBAGE))
        return self._again() if self._is_refused() and not self._buffer else self.sent()

    def silence(self) -> Action:
        while self._buffer:  # half a frame and then nothing: its start may have been noise
            self._heard_since_send.add(Heard.GARBAGE)
            rest, self._buffer = self._buffer[1:], b""
            if not isinstance(action := self.receive(rest), Wait):
                return action
        if not self._request.repeatable:
            raise self.given_up()
        return self._again()

    def given_up(self) -> NoReply:
        return NoReply(self._best(), self._sends)

    def _is_refused(self) -> bool:
        """Did the device say NAK to the last send; where a repeat could harm, only NAK?"""
        heard = self._heard_since_send
        return Heard.NAK in heard and (self._request.repeatable or heard == {Heard.NAK})

    def _again(self) -> Action:
        if self._sends == SENDS_MAX:
            raise self.given_up()
        return self.start()

    def _size(self) -> int | None:
        """The size of the frame at the start of the buffer; 1 drops a 01 that starts none."""
        try:
            return frame_size(self._layout, self._buffer)
        except FrameError:
            return 1

    def _take(self, size: int) -> Frame | None:
        raw = self._buffer[:size]
        try:
            frame = decode(self._layout, raw, reply=True)
        except FrameError:
            echo = raw == self._frame
            self._heard_since_send.add(Heard.ECHO if echo else Heard.GARBAGE)
            self._buffer = self._buffer[size if echo else 1 :]
            return None
        self._buffer = self._buffer[size:]
        if (frame.sequence, frame.command) == (self._sequence, self._request.command):
            return frame
        self._heard_since_send.add(Heard.OTHER_REPLY)
        return None

    def _best(self) -> Heard:
        """The best that any send was followed by, the last one included."""
        return best_of(self._heard_since_send, SIGNS.values(), self._heard)


@dataclass(frozen=True, slots=True)
class Isl:
    """The wire protocol of one layout."""

    layout: Layout

    def begin(self, sequence: int, request: Request) -> IslExchange:
        return IslExchange(self.layout, sequence, request)

    def first_sequence(self, *, not_this: int | None, seed: int) -> int:
        first = SEQUENCE_MIN + seed % (SEQUENCE_MAX - SEQUENCE_MIN + 1)
        return self.next_sequence(first) if first == not_this else first

    def next_sequence(self, sequence: int) -> int:
        return SEQUENCE_MIN if sequence >= SEQUENCE_MAX else sequence + 1


ISL_LEGACY = Isl(LEGACY)
