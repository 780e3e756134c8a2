"""One request and its reply: the words between a wire protocol and the loop that moves its bytes.

    exchange.start()        -> Send(frame)
    exchange.sent()         -> Wait(0.5)       the caller reads, at most that long
    exchange.receive(bytes) -> Wait | Send | Came(line) | Done(reply)
    exchange.silence()      -> Wait | Send     or raises NoReply

A wire protocol knows no time: it only says how long a silence may last. The deadline of the whole
request belongs to the caller (`drivers/link.py`).
"""

from dataclasses import dataclass
from typing import Protocol

from protocol.errors import NoReply


@dataclass(frozen=True, slots=True)
class Budget:
    """How patient to be: seconds without a sign of life, and seconds for the whole request."""

    silence_s: float
    total_s: float


READ = Budget(silence_s=1.0, total_s=10.0)


@dataclass(frozen=True, slots=True)
class Request:
    """What goes to the device. `data` is already in the device's code page.

    `repeatable`: after silence the identical frame may go again. True only for what changes
    nothing, or what a later read proves before money is taken (open, lines, texts). A NAK always
    gets the identical frame again: the device says itself that it did not take the first.
    """

    command: int
    data: bytes = b""
    repeatable: bool = False
    budget: Budget = READ


@dataclass(frozen=True, slots=True)
class Reply:
    """What came from the device: its answer to one request, with its status bytes."""

    command: int
    data: bytes
    status: bytes


@dataclass(frozen=True, slots=True)
class Send:
    """Write these bytes, then call `sent()`."""

    frame: bytes


@dataclass(frozen=True, slots=True)
class Wait:
    """Read; if nothing comes for this long, call `silence()`."""

    silence_s: float


@dataclass(frozen=True, slots=True)
class Came:
    """A line of a stream; `receive(b"")` goes on, and only that says that it was taken."""

    line: bytes


@dataclass(frozen=True, slots=True)
class Done:
    """The exchange is over."""

    reply: Reply


Action = Send | Wait | Came | Done


class Exchange(Protocol):
    """One request in flight. Pure: every method only returns what to do next."""

    def start(self) -> Action: ...

    def sent(self) -> Action: ...

    def receive(self, data: bytes) -> Action: ...

    def silence(self) -> Action: ...

    def given_up(self) -> NoReply:
        """What there is to say when the caller's own time is over."""
        ...


class WireProtocol(Protocol):
    """A way of numbering, framing and repeating requests."""

    def begin(self, sequence: int, request: Request) -> Exchange:
        """Start an exchange.

        Raises:
            FrameError: the request does not fit the wire (too long, forbidden byte).
        """
        ...

    def first_sequence(self, *, not_this: int | None, seed: int) -> int:
        """Pick the first SEQ of a session from a random seed, never the one last used."""
        ...

    def next_sequence(self, sequence: int) -> int: ...
