"""What stands on both sides of an exchange here: the caller's loop, and a device's replies.

`play` does what `drivers/link.py` does, with a list of reads for a port. `reply_frame` writes the
manual's arithmetic a second time, with other means than `protocol/`, so that the two check each
other [datecs.md 2.1].
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from protocol.datecs_x import DATECS_X
from protocol.errors import Heard, NoReply
from protocol.exchange import Action, Came, Done, Reply, Send
from protocol.isl_exchange import ISL_LEGACY, Isl, IslExchange

ACTIONS_MAX = 5_000
SILENCE = b""  # as a read: nothing came in time

both_wires = pytest.mark.parametrize(
    "wire", [pytest.param(ISL_LEGACY, id="legacy"), pytest.param(DATECS_X, id="x")]
)


@dataclass(frozen=True, slots=True)
class Played:
    """How an exchange ended: with a reply, or with what it says it heard; all it sent and told."""

    reply: Reply | None
    sent: list[bytes]
    heard: Heard | None = None
    sends_said: int | None = None
    lines: list[bytes] = field(default_factory=list)  # of a stream, as they came


def play(exchange: IslExchange, reads: Iterable[bytes]) -> Played:
    """Run an exchange to its end. After the last read there is only silence."""
    sent: list[bytes] = []
    lines: list[bytes] = []
    left = iter(reads)
    action: Action = exchange.start()
    try:
        for _ in range(ACTIONS_MAX):
            if isinstance(action, Done):
                return Played(action.reply, sent, lines=lines)
            if isinstance(action, Send):
                sent.append(action.frame)
                action = exchange.sent()
                continue
            if isinstance(action, Came):
                lines.append(action.line)
                action = exchange.receive(b"")
                continue
            data = next(left, SILENCE)
            action = exchange.receive(data) if data else exchange.silence()
    except NoReply as error:
        return Played(None, sent, error.heard, error.sends, lines)
    raise AssertionError(f"still going after {ACTIONS_MAX} actions")


def four_digits(value: int) -> bytes:
    return bytes(0x30 + int(digit, 16) for digit in f"{value:04x}")


def reply_frame(
    wire: Isl, sequence: int, command: int, data: bytes = b"", status: bytes | None = None
) -> bytes:
    """Write what a device answers, as the manual adds it up."""
    is_x = wire is DATECS_X
    status = status if status is not None else bytes([0x80] * (8 if is_x else 6))
    length = (0x33 if is_x else 0x2B) + len(data)
    numbers = four_digits if is_x else lambda value: value.to_bytes(1, "big")
    middle = numbers(length) + bytes([sequence]) + numbers(command)
    middle += data + b"\x04" + status + b"\x05"
    return b"\x01" + middle + four_digits(sum(middle) % 0x10000) + b"\x03"
