"""The cable of a world: a Transport whose bytes arrive when the fake clock says so.

    write(frame)  -> what goes wrong here? -> the printer hears it -> its answer is on the way
    read(timeout) -> the clock moves to the next byte, or by the whole timeout

What can go wrong is one method for each kind of fault, named after it.
"""

from collections import deque
from collections.abc import Callable

from drivers.errors import ContactLost, NotStarted
from drivers.faults import Fault as Wrong
from tests.simulation.plan import FRAME, Fault, Places, Tell, mix
from tests.simulation.printer import Deed, FakeClock, Printer

WRITE_MS, ANSWER_MS, SOON_MS = 2, 8, 20
SYN_EVERY_MS = 300
SYN_MS_MAX = 120_000
NAKS_MAX = 8
GARBAGE_MAX = 12
JE_DEAD_TIMES = 20
JUMPS_S = (-7200, 3600, 26 * 3600, -90)


def jump_s(fault: Fault) -> int:
    return JUMPS_S[fault.at % len(JUMPS_S)]


class Crash(BaseException):
    """The program is gone, between one instruction and the next."""


class Cable:
    """`meanwhile` lets the other thread of the program work while this one waits."""

    name = "simulated cable"

    def __init__(
        self,
        printer: Printer,
        clock: FakeClock,
        places: Places,
        tell: Tell,
        meanwhile: Callable[[], None],
    ) -> None:
        self._printer = printer
        self._clock = clock
        self._places = places
        self._tell = tell
        self._meanwhile = meanwhile
        self._incoming: deque[tuple[int, bytes]] = deque()
        self._inbox: deque[tuple[int, bytes]] = deque()  # what a busy printer has not yet read
        self._naks = 0
        self.pulled_until_ms = 0
        self.wrote: Callable[[Deed | None], None] = lambda _deed: None
        self.told_to_stop_now: Callable[[], None] = lambda: None

    def open(self) -> None:
        if self._clock.ms < self.pulled_until_ms:
            raise NotStarted(f"{self.name} is not there", fault=Wrong.PORT_MISSING)
        self.discard()

    def write(self, data: bytes) -> None:
        self._need_plug()
        self._clock.ms += WRITE_MS
        self.settle(self._clock.ms)
        command, meant = self._printer.said(data)
        self.wrote(self._printer.deed(command, meant))
        fault = self._places.draw(FRAME)
        number = self._places.numbers[FRAME] - 1
        if fault is None:
            self._tell("frame %s: %s %r", number, command, meant)
            self.deliver(data)
            return
        self._tell("frame %s: %s %r  ## %s", number, command, meant, fault)
        FAULTS[fault.kind](self, data, fault)

    def read(self, timeout_s: float) -> bytes:
        self._need_plug()
        until_ms = self._clock.ms + max(1, int(timeout_s * 1000))
        self.settle(until_ms)
        if self._incoming and self._incoming[0][0] <= until_ms:
            self._clock.ms = max(self._clock.ms, self._incoming[0][0])
            data = self._arrived()
            self._tell("        <- %r", data)
            return data
        self._clock.ms = until_ms
        self._tell("        <- nothing for %s s", timeout_s)
        self._meanwhile()
        return b""

    def discard(self) -> None:
        self._need_plug()
        self.settle(self._clock.ms)
        self._arrived()

    def close(self) -> None:
        """Give the port back; what is on its way still comes."""

    # what the faults are made of

    def settle(self, until_ms: int) -> None:
        """Let a busy printer read what it has not yet read, as far as time has come."""
        while self._inbox and self._inbox[0][0] <= until_ms:
            due_ms, data = self._inbox.popleft()
            before_ms, self._clock.ms = self._clock.ms, max(due_ms, self._clock.ms)
            self._tell("        the printer reads what waited: %s", self._printer.said(data)[0])
            self.answer(self._printer.hear(data))
            self._clock.ms = before_ms

    def deliver(self, data: bytes) -> None:
        self.answer(self.heard(data))

    def heard(self, data: bytes) -> bytes:
        """What the printer answers at once; b"" while it is busy or refuses."""
        if self._inbox:
            self._inbox.append((self._inbox[-1][0] + SOON_MS, data))
            return b""
        if self._naks and (refusal := self._printer.refusal(data)) is not None:
            self._naks -= 1
            return refusal
        return self._printer.hear(data)

    def answer(self, data: bytes, after_ms: int = ANSWER_MS) -> None:
        """Put bytes on their way; they never overtake others."""
        if data:
            due_ms = self._clock.ms + after_ms
            if self._incoming:
                due_ms = max(due_ms, self._incoming[-1][0])
            self._incoming.append((due_ms, data))

    def lose_inbox(self) -> None:
        self._inbox.clear()

    def nak(self, times: int) -> None:
        self._naks = times

    def pull(self, wait_ms: int) -> None:
        self.pulled_until_ms = self._clock.ms + wait_ms
        self._incoming.clear()
        raise ContactLost(f"{self.name} was pulled")

    def mend(self) -> None:
        """All trouble is over: what is on its way comes now."""
        self._naks = self.pulled_until_ms = 0
        for _ in range(len(self._inbox)):
            if self._inbox:  # a cut of the power empties it
                self.settle(self._inbox[0][0])
        self._incoming.clear()

    def _arrived(self) -> bytes:
        data = b""
        while self._incoming and self._incoming[0][0] <= self._clock.ms:
            data += self._incoming.popleft()[1]
        return data

    def _need_plug(self) -> None:
        if self._clock.ms < self.pulled_until_ms:
            raise ContactLost(f"{self.name} was pulled")

    # what goes wrong

    def request_lost(self, _data: bytes, _fault: Fault) -> None:
        pass

    def request_cut(self, data: bytes, fault: Fault) -> None:
        self.deliver(data[: fault.at % len(data)])
        if fault.wait_ms & 1:
            self.answer(self._printer.gap(), 200)

    def request_flipped(self, data: bytes, fault: Fault) -> None:
        self.deliver(flipped(data, fault.at))
        self.answer(self._printer.gap(), 200)

    def nak_once(self, data: bytes, _fault: Fault) -> None:
        self.nak(1)
        self.deliver(data)

    def nak_many(self, data: bytes, fault: Fault) -> None:
        self.nak(2 + fault.at % NAKS_MAX)
        self.deliver(data)

    def busy(self, data: bytes, fault: Fault) -> None:
        """It reads, executes and answers only after a while, all in order."""
        self._inbox.append((self._clock.ms + fault.wait_ms, data))

    def reply_lost(self, data: bytes, _fault: Fault) -> None:
        self.heard(data)

    def reply_cut(self, data: bytes, fault: Fault) -> None:
        whole = self.heard(data)
        self.answer(whole[: fault.at % max(1, len(whole))])

    def reply_flipped(self, data: bytes, fault: Fault) -> None:
        self.answer(flipped(self.heard(data), fault.at))

    def reply_twice(self, data: bytes, fault: Fault) -> None:
        whole = self.heard(data)
        self.answer(whole)
        self.answer(whole, fault.wait_ms)

    def reply_split(self, data: bytes, fault: Fault) -> None:
        whole = self.heard(data)
        cut = fault.at % max(1, len(whole))
        self.answer(whole[:cut])
        self.answer(whole[cut:], fault.wait_ms)

    def reply_late(self, data: bytes, fault: Fault) -> None:
        self.answer(self.heard(data), fault.wait_ms)

    def garbage(self, data: bytes, fault: Fault) -> None:
        noise = mix(fault.at).to_bytes(8, "big") + mix(fault.wait_ms).to_bytes(8, "big")
        self.answer(noise[: 1 + fault.at % GARBAGE_MAX])
        self.answer(self.heard(data), fault.wait_ms if fault.at & 0x100 else ANSWER_MS)

    def syn_storm(self, data: bytes, fault: Fault) -> None:
        lasts_ms = fault.wait_ms * 4 if fault.at & 1 else fault.wait_ms
        sign = self._printer.works(self._clock.ms + min(lasts_ms, SYN_MS_MAX))
        if not sign:
            return self.deliver(data)
        for after_ms in range(0, min(lasts_ms, SYN_MS_MAX), SYN_EVERY_MS):
            self.answer(sign, after_ms)
        self.answer(self.heard(data), lasts_ms)

    def echo(self, data: bytes, _fault: Fault) -> None:
        self.answer(data)
        self.deliver(data)

    def stale_first(self, data: bytes, fault: Fault) -> None:
        self.answer(self._older(fault))
        self.deliver(data)

    def stale_instead(self, data: bytes, fault: Fault) -> None:
        older = self._older(fault)
        self.heard(data)
        self.answer(older)

    def power_before(self, _data: bytes, fault: Fault) -> None:
        self._power_cut(fault)

    def power_within(self, data: bytes, fault: Fault) -> None:
        """Executed, and dead somewhere in the answer."""
        whole = self.heard(data)
        self.answer(whole[: fault.at % max(1, len(whole))])
        self._power_cut(fault)

    def power_after(self, data: bytes, fault: Fault) -> None:
        self.deliver(data)
        self._power_cut(fault)

    def paper_out(self, data: bytes, fault: Fault) -> None:
        self._printer.paper_until_ms = self._clock.ms + fault.wait_ms
        self.deliver(data)

    def cover_open(self, data: bytes, fault: Fault) -> None:
        self._printer.cover_until_ms = self._clock.ms + fault.wait_ms
        self.deliver(data)

    def key_receipt(self, data: bytes, fault: Fault) -> None:
        self._keyed(lambda: self._printer.key_receipt(fault.at >> 2), data, fault)

    def key_x(self, data: bytes, fault: Fault) -> None:
        self._keyed(lambda: self._printer.key_report("X"), data, fault)

    def key_z(self, data: bytes, fault: Fault) -> None:
        self._keyed(lambda: self._printer.key_report("Z"), data, fault)

    def key_cash(self, data: bytes, fault: Fault) -> None:
        self._keyed(lambda: self._printer.key_cash(fault.at >> 2), data, fault)

    def key_slip(self, data: bytes, fault: Fault) -> None:
        self._keyed(self._printer.key_slip, data, fault)

    def je_dead(self, data: bytes, fault: Fault) -> None:
        """The electronic journal cannot be read, for rather longer than other faults last."""
        self._printer.je_dead_until_ms = self._clock.ms + fault.wait_ms * JE_DEAD_TIMES
        self.deliver(data)

    def other_printer(self, _data: bytes, fault: Fault) -> None:
        """Somebody changes the cables; the port is gone for a moment."""
        self._printer.swapped_until_ms = self._clock.ms + fault.wait_ms
        self.lose_inbox()
        self.pull(SOON_MS)

    def told_to_stop(self, data: bytes, _fault: Fault) -> None:
        """SIGTERM: what is in hand is finished."""
        self.told_to_stop_now()
        self.deliver(data)

    def clock_jump(self, data: bytes, fault: Fault) -> None:
        self._printer.jump(jump_s(fault))
        self.deliver(data)

    def pulled_before(self, _data: bytes, fault: Fault) -> None:
        self.pull(fault.wait_ms)

    def pulled_after(self, data: bytes, fault: Fault) -> None:
        self.heard(data)
        self.pull(fault.wait_ms)

    def death_before(self, _data: bytes, _fault: Fault) -> None:
        raise Crash

    def death_after(self, data: bytes, _fault: Fault) -> None:
        self.deliver(data)
        raise Crash

    def _older(self, fault: Fault) -> bytes:
        answers = self._printer.answers
        return answers[fault.at % len(answers)] if answers else b""

    def _power_cut(self, fault: Fault) -> None:
        """Bits of `at`: memory of the last frame, open receipt, does the port go with it."""
        ways = mix(fault.at)
        self.lose_inbox()
        until_ms = self._clock.ms + fault.wait_ms
        self._printer.power_cut(until_ms, forget=bool(ways & 1), cancel=bool(ways & 2))
        if ways & 12 == 12:
            self.pull(fault.wait_ms)

    def _keyed(self, press: Callable[[], bool], data: bytes, fault: Fault) -> None:
        """Just before the frame, or just after it."""
        if fault.at & 1:
            self.deliver(data)
        self._tell("        a cashier types: %s", press())
        if not fault.at & 1:
            self.deliver(data)


FAULTS: dict[str, Callable[[Cable, bytes, Fault], None]] = {
    name: value for name, value in vars(Cable).items() if callable(value)
}


def flipped(data: bytes, at: int) -> bytes:
    """The same with one bit wrong."""
    if not data:
        return data
    bit = at % (8 * len(data))
    wrong = bytearray(data)
    wrong[bit // 8] ^= 1 << bit % 8
    return bytes(wrong)
