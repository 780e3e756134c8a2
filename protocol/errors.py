"""What can be wrong with bytes.

ProtocolError
├── FrameError   these bytes are not a frame of this wire (checksum, length, shape)
├── ReplyError   a good frame whose content makes no sense (missing field, not a number)
└── NoReply      the device was asked and never gave a usable answer
"""

from collections.abc import Iterable
from enum import StrEnum
from functools import reduce


class Heard(StrEnum):
    """The best thing heard while waiting for a reply that never came, from nothing to nearly."""

    SILENCE = "silence"
    GARBAGE = "garbage"  # bytes that are no frame: wrong baud rate, noise, a foreign device
    ECHO = "echo"  # our own request came back: a loop in the cable, not a printer
    NAK = "nak"  # the device refuses our frames: it speaks another dialect
    BUSY = "busy"  # SYN only: it works, or waits for paper
    OTHER_REPLY = "other_reply"  # good frames, but not the answer to this request


def better(one: Heard, other: Heard) -> Heard:
    return max(one, other, key=list(Heard).index)


def best_of(heard: set[Heard], signs: Iterable[Heard], before: Heard = Heard.SILENCE) -> Heard:
    """The best of what one request was followed by.

    Args:
        heard: all of it.
        signs: what one byte says on this wire; among garbage it says nothing, noise holds them all.
        before: the best of what came after the sends before.
    """
    believed = heard.difference(signs) if Heard.GARBAGE in heard else heard
    return reduce(better, believed, before)


class ProtocolError(Exception):
    """Anything wrong with the bytes of a wire."""


class FrameError(ProtocolError):
    """Bytes that are not a frame of this wire protocol."""


class ReplyError(ProtocolError):
    """A frame that is well formed and still says nothing we can use."""


class NoReply(ProtocolError):
    """The device was asked and gave no usable answer; whether it acted is unknown."""

    def __init__(self, heard: Heard, sends: int) -> None:
        asked = f"after {sends} sends" if sends else "to a call"  # that goes before the frame
        super().__init__(f"no reply {asked}, heard: {heard}")
        self.heard = heard
        self.sends = sends
