"""The Shtrih-M exchange: one request in flight, on the first wire or on the one with numbers.

    first wire    -> 05                     second wire   -> 8F 00 00 0F 1D    your number?
                  <- 15 idle                              <- its number n
                  -> frame                                -> frame n + 1
                  <- 06 taken                             <- its answer, numbered n + 1
                  <- its answer
                  -> 06

What a repeat does. The first wire has no numbers: a frame that comes twice is done twice. Only 05
tells what became of one: 06, a reply is there and is fetched, again if need be, and nothing is done
for it; 15, the device is idle: it took nothing, or it has done the work and forgot the reply. So a
request goes again after silence only if it changes nothing (`Request.repeatable`). A 15 that
answers the frame itself says that it was not taken [other_protocols.md 0.1, 7.1]: even then 05 is
asked first, and it goes again only if the device is idle and said nothing but 15 since; a 15 out of
noise alone sells nothing twice. An answer to a 05 of before is not taken for an answer to a frame.

Whatever waits before our frame goes is an answer to somebody else: it is fetched and dropped. On
the second wire the answer must carry our number. What a repeated number does nobody says: nothing
that changes anything is sent twice there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from protocol.errors import FrameError, Heard, NoReply, best_of, better
from protocol.exchange import Action, Done, Exchange, Reply, Request, Send, Wait
from protocol.shtrih import (
    ACK,
    ENQ,
    FILLER,
    NAK,
    NUMBER_MAX,
    STX,
    STX2,
    Message,
    ask_number,
    body_of,
    decode,
    decode_numbered,
    encode_numbered,
    encode_request,
    frame_size,
    numbered_size,
)

SENDS_MAX = 4  # of the frame: the first and three repeats
ASKS_MAX = 30  # 05 in a row without getting on; a printing device is asked for as long
OLD_REPLIES_MAX = 4  # that are fetched and dropped before our own frame
ASK_S = 1.0  # after 05; 50 to 100 ms are usual, a busy device may take 10 s [7.1]


class Stage(Enum):
    """What is waited for."""

    CALLING = auto()  # 05 went, our frame did not
    OLD_REPLY = auto()  # a reply to somebody else, before our frame
    GIVEN = auto()  # our frame went: 06 or 15
    REPLYING = auto()  # it was taken: the reply
    ASKING = auto()  # 05 went after our frame: what became of it?


class ShtrihExchange:
    """One request in flight on the first wire."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._frame = encode_request(request)
        self._buffer = b""
        self._stage = Stage.CALLING
        self._next: list[Send | Done] = []  # what follows what was just sent
        self._sends = self._asks = self._old_replies = 0
        self._owed = 0  # 05 that may still be answered
        self._heard_ever: set[Heard] = set()
        self._heard_since_send: set[Heard] = set()

    def start(self) -> Action:
        return self._ask(Stage.CALLING)

    def sent(self) -> Action:
        if self._next:
            return self._next.pop(0)
        short = self._stage in (Stage.CALLING, Stage.ASKING)
        silence_s = self._request.budget.silence_s
        return Wait(min(ASK_S, silence_s) if short else silence_s)

    def receive(self, data: bytes) -> Action:
        """Take what came. Ignores noise, echoes and answers to others."""
        self._buffer += data
        while self._buffer:
            if self._buffer[0] == STX:
                size = self._size()
                if size is None or len(self._buffer) < size:
                    break
                action = self._take(size)
            else:
                byte, self._buffer = self._buffer[0], self._buffer[1:]
                action = self._sign(byte)
            if action is not None:
                return action
        return self.sent()

    def silence(self) -> Action:
        while self._buffer:  # half a frame and then nothing: its start may have been noise
            self._skip()
            if self._buffer and not isinstance(action := self.receive(b""), Wait):
                return action
        if self._stage in (Stage.CALLING, Stage.OLD_REPLY):
            hurried = self._request.budget.silence_s < ASK_S
            if hurried and self._stage is Stage.CALLING:  # a probe: it calls once
                raise self.given_up()
            return self._ask(Stage.CALLING)
        return self._ask(Stage.ASKING)

    def given_up(self) -> NoReply:
        return NoReply(best_of(self._heard_ever, (Heard.ECHO, Heard.NAK)), self._sends)

    def _ask(self, stage: Stage) -> Send:
        if self._asks == ASKS_MAX:
            raise self.given_up()
        self._asks += 1
        self._owed += 1
        self._stage = stage
        return Send(bytes([ENQ]))

    def _give(self) -> Send:
        if self._sends == SENDS_MAX:
            raise self.given_up()
        self._sends += 1
        self._asks = 0
        self._heard_since_send = set()
        self._stage = Stage.GIVEN
        return Send(self._frame)

    def _sign(self, byte: int) -> Action | None:
        """One byte outside of frames; None: nothing follows from it."""
        if byte == FILLER:
            return None
        if byte not in (ACK, NAK):
            self._hear(Heard.ECHO if byte == ENQ else Heard.GARBAGE)
            return None
        if self._stage in (Stage.CALLING, Stage.ASKING):
            self._owed = max(0, self._owed - 1)
            return self._told(idle=byte == NAK)
        if byte == NAK and self._owed:  # a late answer to a 05, of before our frame
            self._owed -= 1
        elif byte == ACK and self._stage is Stage.GIVEN:
            self._stage = Stage.REPLYING
        elif byte == NAK and self._stage is Stage.GIVEN:
            self._hear(Heard.NAK)
            return self._ask(Stage.ASKING)
        return None

    def _told(self, *, idle: bool) -> Action | None:
        """05 is answered: it is idle, or there is a reply."""
        if self._stage is Stage.CALLING:
            if idle and self._buffer.strip(bytes([NAK])):  # what is idle says nothing behind it
                return self._ask(Stage.CALLING)
            if idle:
                self._owed = max(0, self._owed - len(self._buffer))
                self._buffer = b""
                return self._give()
            self._stage = Stage.OLD_REPLY
            return None
        if not idle:
            self._stage = Stage.REPLYING
            return None
        if self._buffer.strip(bytes([NAK])):  # the start of a reply: it was not the device's 15
            return None
        if self._request.repeatable or self._heard_since_send == {Heard.NAK}:
            return self._give()
        raise self.given_up()

    def _size(self) -> int | None:
        """The size of what is at the start of the buffer; 1 drops a 02 that starts nothing."""
        try:
            return frame_size(self._buffer)
        except FrameError:
            return 1

    def _take(self, size: int) -> Action | None:
        """One frame: ours, somebody else's, or damaged."""
        raw = self._buffer[:size]
        try:
            found = decode(raw)
        except FrameError:
            self._skip()
            return self._damaged() if size > 1 and not self._buffer else None
        self._buffer = self._buffer[size:]
        if raw == self._frame:
            self._hear(Heard.ECHO)
            return None
        if self._stage in (Stage.CALLING, Stage.OLD_REPLY):
            return self._drop()
        if (reply := reply_to(self._request, found)) is None:
            self._hear(Heard.OTHER_REPLY)
            return self._and_then(ACK, self._ask(Stage.ASKING))
        return self._and_then(ACK, Done(reply))

    def _skip(self) -> None:
        """Go on at the next start of a frame; 06 and 15 among wreckage mean nothing."""
        self._hear(Heard.GARBAGE)
        at = self._buffer.find(STX, 1)
        self._buffer = self._buffer[at:] if at > 0 else b""

    def _damaged(self) -> Action:
        """A damaged reply: 15, and 05 brings it again."""
        calling = self._stage in (Stage.CALLING, Stage.OLD_REPLY)
        return self._and_then(NAK, self._ask(Stage.CALLING if calling else Stage.ASKING))

    def _drop(self) -> Action:
        if self._old_replies == OLD_REPLIES_MAX:
            raise self.given_up()
        self._old_replies += 1
        self._hear(Heard.OTHER_REPLY)
        return self._and_then(ACK, self._ask(Stage.CALLING))

    def _and_then(self, sign: int, action: Send | Done) -> Send:
        self._next.append(action)
        return Send(bytes([sign]))

    def _hear(self, what: Heard) -> None:
        self._heard_since_send.add(what)
        self._heard_ever.add(what)


class NumberedExchange:
    """One request in flight on the second wire: the device's number first, then ours."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._body = body_of(request)
        self._frame = ask_number()
        self._buffer = b""
        self._number: int | None = None  # ours, once the device told its own
        self._sends = self._asks = 0
        self._heard = Heard.SILENCE

    def start(self) -> Action:
        if self._asks == ASKS_MAX:
            raise self.given_up()
        self._asks += 1
        self._number = None
        self._frame = ask_number()
        return Send(self._frame)

    def sent(self) -> Action:
        asking = self._number is None
        silence_s = self._request.budget.silence_s
        return Wait(min(ASK_S, silence_s) if asking else silence_s)

    def receive(self, data: bytes) -> Action:
        self._buffer += data
        while self._buffer:
            if self._buffer[0] != STX2:
                self._skip()
                continue
            try:
                size = numbered_size(self._buffer)
            except FrameError:
                self._skip()
                continue
            if size is None:
                break
            if action := self._take(size):
                return action
        return self.sent()

    def silence(self) -> Action:
        while self._buffer:
            self._skip()
            rest, self._buffer = self._buffer, b""
            if rest and not isinstance(action := self.receive(rest), Wait):
                return action
        if self._number is not None and not self._request.repeatable:
            raise self.given_up()
        if self._sends == SENDS_MAX or (self._number is None and self._asks >= SENDS_MAX):
            raise self.given_up()
        return self.start()

    def given_up(self) -> NoReply:
        return NoReply(self._heard, self._sends)

    def _skip(self) -> None:
        self._hear(Heard.GARBAGE)
        self._buffer = self._buffer[1:]

    def _take(self, size: int) -> Action | None:
        raw = self._buffer[:size]
        try:
            found = decode_numbered(raw)
        except FrameError:
            self._skip()
            return None
        self._buffer = self._buffer[size:]
        if raw == self._frame:
            self._hear(Heard.ECHO)
            return None
        if self._number is None:
            return self._give(found)
        if found.number == self._number and (reply := reply_to(self._request, found)):
            return Done(reply)
        self._hear(Heard.OTHER_REPLY)
        return None

    def _give(self, found: Message) -> Action | None:
        """The device told its number: ours is the next."""
        if found.number is None or found.command is not None:
            self._hear(Heard.OTHER_REPLY)
            return None
        self._sends += 1
        self._number = 0 if found.number == NUMBER_MAX else found.number + 1
        self._frame = encode_numbered(self._number, self._body)
        return Send(self._frame)

    def _hear(self, what: Heard) -> None:
        self._heard = better(self._heard, what)


def reply_to(request: Request, found: Message) -> Reply | None:
    """The result as a status, the rest as data; None where it answers something else."""
    if found.command != request.command or not found.data:
        return None
    return Reply(request.command, found.data[1:], found.data[:1])


@dataclass(frozen=True, slots=True)
class Shtrih:
    """A wire of Shtrih-M. Link's numbers mean nothing: the first wire has none, the second asks."""

    exchange: Callable[[Request], Exchange]

    def begin(self, sequence: int, request: Request) -> Exchange:
        del sequence
        return self.exchange(request)

    def first_sequence(self, *, not_this: int | None, seed: int) -> int:
        del not_this, seed
        return 0

    def next_sequence(self, sequence: int) -> int:
        return sequence


SHTRIH = Shtrih(ShtrihExchange)
SHTRIH_NUMBERED = Shtrih(NumberedExchange)
