"""A faulty device: what goes wrong, at which command, and the station that does it.

    KIND[=ARG]@COMMAND[#K]     drop-reply@56   syn=12@49#3   nak=inf@49   garbage=7@*#*

COMMAND is the device command, `*` every one. K counts the frames of it that come, repeats too: the
K-th (1 if left out), `*` each. More than one fault may strike the same frame: first those that keep
it from being executed, then those that hold it up, then those that spoil the reply. What is random
is seeded by the text of the fault. The stored answer stays good, so a repeat gets it right.

    takes the frame   drop-request  nak=N|inf (that many of them)  die-before  reboot=keep|forget
    holds it up       syn=SECONDS  paper-out[=syn]  cover-open[=syn]  die-during
    spoils the reply  drop-reply  bad-bcc  truncate=BYTES  late=SECONDS  garbage=BYTES  echo
                      wrong-seq (the one before)  wrong-command (lowest bit changed)  die-after

A dead device reads and never answers; another process with the same --state is the same device
after the power came back. die-during shows SYN for a moment and loses power in the middle: a
command that completes a document (56 and the like) has been registered, any other has not.
A rebooted device is deaf for a second. paper-out and cover-open last until `Device.cured`: print
commands are refused, or held up with SYN for as long as it takes, as a Romanian DP-25MX does.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from sandbox.printer.clock import monotonic
from sandbox.printer.station import SYN_INTERVAL_MS, Answer, Machine, Station
from sandbox.printer.wire import NAK, Broken, Codec, Frame, X

FORM = "KIND[=ARG]@COMMAND[#K]"
FOR_EVER = -1
SECONDS_MAX, BYTES_MAX, TIMES_MAX = 3600.0, 10_000, 1_000_000
DEAF_S = 1.0  # as long as a device takes to start
DYING_MS = 200
COMPLETING = frozenset({39, 56, 60, 69, 70, 71, 109, 130})  # they end a document

Argument = int | float | str | None


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault as it was asked for. `command` and `nth` None: every one."""

    text: str
    kind: str
    argument: Argument
    command: int | None
    nth: int | None

    def strikes(self, count: int) -> bool:
        """Does it strike the frame that is the count-th of its command?"""
        if self.kind != "nak":
            return self.nth in (None, count)
        if self.argument == FOR_EVER:
            return count >= (self.nth or 1)
        times = int(self.argument or 0)
        if self.nth is None:
            return (count - 1) % (times + 1) < times
        return self.nth <= count < self.nth + times


def fault(text: str) -> Fault:
    """Read one fault.

    Raises:
        ValueError: one sentence that names the part which is wrong, and the known kinds.
    """
    shape = re.fullmatch(r"([^=@#]*)(?:=([^@#]*))?@([^#]*)(?:#(.*))?", text, re.DOTALL)
    if shape is None:
        raise ValueError(_sentence(text, f"it has not the form {FORM}"))
    kind, argument, command, nth = shape.groups()
    if kind not in KINDS:
        raise ValueError(_sentence(text, f"there is no kind {kind!r}"))
    read, takes = KINDS[kind]
    if (value := read(argument)) is _WRONG:
        given = "nothing" if argument is None else repr(argument)
        raise ValueError(_sentence(text, f"{kind} takes {takes}, not {given}"))
    if not _is_number(command, 16, 255):
        raise ValueError(_sentence(text, f"the command {command!r} is not * or 16 to 255"))
    if nth is not None and not _is_number(nth, 1, TIMES_MAX):
        raise ValueError(_sentence(text, f"the time {nth!r} is not * or a number from 1"))
    return Fault(
        text,
        kind,
        value,
        None if command == "*" else int(command),
        None if nth == "*" else int(nth or 1),
    )


_WRONG = "wrong"  # no argument reads as this


def _number(argument: str | None) -> Argument:
    if argument is None or argument == "*" or not _is_number(argument, 1, BYTES_MAX):
        return _WRONG
    return int(argument)


def _times(argument: str | None) -> Argument:
    return FOR_EVER if argument == "inf" else _number(argument)


def _seconds(argument: str | None) -> Argument:
    if argument is None or not re.fullmatch(r"\d+(\.\d+)?", argument, re.ASCII):
        return _WRONG
    return float(argument) if 0 < float(argument) <= SECONDS_MAX else _WRONG


def _memory(argument: str | None) -> Argument:
    return argument if argument in ("keep", "forget") else _WRONG


def _way(argument: str | None) -> Argument:
    return argument if argument in (None, "syn") else _WRONG


def _none(argument: str | None) -> Argument:
    return None if argument is None else _WRONG


BYTES = _number, f"=BYTES from 1 to {BYTES_MAX}"
TIMES = _times, "=N from 1 or =inf"
SECONDS = _seconds, f"=SECONDS above 0 and up to {SECONDS_MAX:.0f}"
MEMORY = _memory, "=keep or =forget"
WAY = _way, "=syn or no argument"
NOTHING = _none, "no argument"
KINDS: dict[str, tuple[Callable[[str | None], Argument], str]] = {
    "drop-reply": NOTHING,
    "drop-request": NOTHING,
    "nak": TIMES,
    "syn": SECONDS,
    "bad-bcc": NOTHING,
    "truncate": BYTES,
    "late": SECONDS,
    "garbage": BYTES,
    "echo": NOTHING,
    "wrong-seq": NOTHING,
    "wrong-command": NOTHING,
    "die-before": NOTHING,
    "die-during": NOTHING,
    "die-after": NOTHING,
    "reboot": MEMORY,
    "paper-out": WAY,
    "cover-open": WAY,
}


def _is_number(text: str, least: int, most: int) -> bool:
    return text == "*" or (text.isascii() and text.isdecimal() and least <= int(text) <= most)


def _sentence(text: str, why: str) -> str:
    return f"{text!r}: {why}; the kinds are {', '.join(KINDS)}"


class Asking(Protocol):
    """A frame of a host, on whatever wire. `shown`: what the trace calls it."""

    @property
    def command(self) -> int: ...

    @property
    def raw(self) -> bytes: ...

    @property
    def shown(self) -> str: ...


class Armed:
    """A fault with what it remembers: how often its command came, and where its dice stand."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.kind, self.argument = fault.kind, fault.argument
        self._count = 0
        self._dice = random.Random(fault.text)

    def strikes(self, frame: Asking) -> bool:
        if self.fault.command not in (None, frame.command):
            return False
        self._count += 1
        return self.fault.strikes(self._count)

    def spoil(self, frame: Asking, answer: Answer, wrong: Callable[[bytes], bytes]) -> Answer:
        """The answer as it goes out. `wrong`: what the wire itself makes of bad-bcc, wrong-..."""
        raw, amount = answer.bytes, self.argument
        match self.kind:
            case "drop-reply" | "die-after":
                return Answer(b"")
            case "late":
                return self.late(answer)
            case "truncate":
                raw = raw[: int(amount or 0)]
            case "garbage":
                raw = self._dice.randbytes(int(amount or 0)) + raw
            case "echo":
                raw = frame.raw + raw
            case "bad-bcc" | "wrong-seq" | "wrong-command":
                raw = wrong(raw)
        return replace(answer, bytes=raw)

    def late(self, answer: Answer) -> Answer:
        return Answer(answer.bytes, silent_ms=round(float(self.argument or 0) * 1000))


class FaultyStation(Station):
    """A station with faults around its exchange. Its answers come one by one, as it works."""

    def __init__(
        self,
        device: Machine,
        faults: Iterable[Fault],
        *,
        print_ms: int = 0,
        trace: Callable[[str], None] | None = None,
        codec: Codec = X,
    ) -> None:
        super().__init__(device, print_ms=print_ms, trace=trace, codec=codec)
        self._faults = [Armed(fault) for fault in faults]
        self._dead = False
        self._waits_for_paper = False
        self._deaf_until_s = 0.0

    def receive(self, data: bytes) -> Iterator[Answer]:
        if self._is_deaf():
            return
        for found in self._reader.feed(data):
            if self._is_deaf():
                self._reader.forget()
                return
            if isinstance(found, Broken):
                yield self._answer(found)
            else:
                yield from self._faulty(found)

    def gap(self) -> list[Answer]:
        if self._is_deaf():
            self._reader.forget()
        return super().gap()

    def _is_deaf(self) -> bool:
        return self._dead or monotonic() < self._deaf_until_s

    def _faulty(self, frame: Frame) -> Iterator[Answer]:
        struck = [armed for armed in self._faults if armed.strikes(frame)]
        for armed in struck:
            self._trace(f"{frame.shown} fault {armed.fault.text}")
        for armed in struck:
            if (taken := self._take(armed)) is not None:
                yield taken
                return
        for armed in struck:
            yield from self._hold_up(armed, frame)
        while self._waits_for_paper and self._device.needs_paper(frame.command, frame.data):
            yield Answer(b"", busy_ms=SYN_INTERVAL_MS)
        if self._dead:
            return
        answer = self.exchange(frame)
        for armed in struck:
            answer = self._spoilt(armed, frame, answer)
        self._dead = any(armed.kind == "die-after" for armed in struck)
        yield answer

    def _spoilt(self, armed: Armed, frame: Frame, answer: Answer) -> Answer:
        return armed.spoil(frame, answer, lambda raw: self._wrong(armed.kind, frame, raw))

    def _wrong(self, kind: str, frame: Frame, raw: bytes) -> bytes:
        if kind == "bad-bcc":
            return raw[:-2] + bytes([raw[-2] ^ 1]) + raw[-1:]
        if kind == "wrong-seq":
            return self._codec.renumbered(raw, 0x20 + (frame.seq - 0x21) % 0xE0, 0)
        return self._codec.renumbered(raw, frame.seq, 1)

    def _take(self, armed: Armed) -> Answer | None:
        """What comes instead of taking the frame; None: it is taken."""
        match armed.kind:
            case "nak":
                return Answer(NAK)
            case "die-before":
                self._dead = True
            case "reboot":
                self._deaf_until_s = monotonic() + DEAF_S
                if armed.argument == "forget":
                    self._last = None
                self._device.power_up()
            case "drop-request":
                pass
            case _:
                return None
        return Answer(b"")

    def _hold_up(self, armed: Armed, frame: Frame) -> Iterator[Answer]:
        match armed.kind:
            case "syn":
                yield Answer(b"", busy_ms=round(float(armed.argument or 0) * 1000))
            case "paper-out" | "cover-open":
                self._device.spoil_paper(cover=armed.kind == "cover-open")
                self._waits_for_paper = armed.argument == "syn"
            case "die-during":
                yield Answer(b"", busy_ms=DYING_MS)
                if frame.command in COMPLETING:
                    self.exchange(frame)
                self._dead = True
