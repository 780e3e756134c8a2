"""The only loop that moves bytes: a Transport, a WireProtocol, and the deadline of a request.

A session begins with a read-only probe, sent twice: a device that knows our first SEQ from before
repeats an old answer; the second is certainly new [datecs.md 2.2, 7].
"""

from collections.abc import Callable
from contextlib import suppress

from drivers.clock import Clock
from drivers.errors import ContactLost, DriverError, NotStarted
from drivers.faults import Fault
from drivers.transport import Transport
from protocol.errors import Heard, NoReply
from protocol.exchange import Came, Done, Reply, Request, Send, WireProtocol

WHAT_TO_CHECK = "; check cable, power and baud (`amef devices detect PORT` finds the rate)"
_FAULTS = {
    Heard.SILENCE: Fault.NO_ANSWER,
    Heard.GARBAGE: Fault.NOT_A_PRINTER,
    Heard.ECHO: Fault.NOT_A_PRINTER,
    Heard.NAK: Fault.OTHER_DIALECT,
    Heard.BUSY: Fault.BUSY,
    Heard.OTHER_REPLY: Fault.NO_ANSWER,
}


class Link:
    """One session with one device."""

    def __init__(self, transport: Transport, wire: WireProtocol, clock: Clock) -> None:
        self.transport = transport
        self._wire = wire
        self.clock = clock
        self.sequence: int | None = None
        self.met = False  # a printer of this dialect answered once
        self.repeats = 0  # frames sent again, for whoever must know that one may count twice

    def open(self, probe: Request, *, last_sequence: int | None) -> Reply:
        """Take the port and ask twice. `last_sequence` is the last SEQ of an earlier session.

        Raises:
            NotStarted: no port, or no printer of this dialect answers.
        """
        self.transport.open()
        first = self._wire.first_sequence(not_this=last_sequence, seed=self.clock.now_ms())
        try:
            self._probe(first, probe)
            reply = self._exchange(self._wire.next_sequence(first), probe)
        except DriverError as error:
            self.close()
            heard = error.heard
            silent = heard is Heard.SILENCE and isinstance(error.__cause__, NoReply)
            hint = WHAT_TO_CHECK if silent else ""
            raise NotStarted(f"{error}{hint}", fault=_FAULTS[heard], heard=heard) from error
        self.met = True
        return reply

    def execute(self, request: Request, *, take: Callable[[bytes], None] | None = None) -> Reply:
        """Send one request and return its reply; of a stream, each line goes to `take` before.

        What `take` raises ends the stream there.

        Raises:
            ContactLost: silence, a broken cable, or the whole budget used; it may have acted.
        """
        if self.sequence is None:
            raise ContactLost("no session is open")
        return self._exchange(self._wire.next_sequence(self.sequence), request, take)

    def let_go_by(self, *, silence_s: float, total_s: float) -> None:
        """Read and drop what still comes, until nothing does: what is left of a stream."""
        deadline_s = self.clock.monotonic_s() + total_s
        with suppress(ContactLost):  # whoever asks next is told
            while self.clock.monotonic_s() < deadline_s and self.transport.read(silence_s):
                pass

    def close(self) -> None:
        self.sequence = None
        self.transport.close()

    def _probe(self, sequence: int, probe: Request) -> None:
        try:
            self._exchange(sequence, probe)
        except ContactLost as error:
            if error.heard is not Heard.OTHER_REPLY:  # that one is the repeated old answer
                raise

    def _exchange(
        self, sequence: int, request: Request, take: Callable[[bytes], None] | None = None
    ) -> Reply:
        self.sequence = sequence
        exchange = self._wire.begin(sequence, request)
        deadline_s = self.clock.monotonic_s() + request.budget.total_s
        self.transport.discard()
        action = exchange.start()
        sent = False
        try:
            while not isinstance(action, Done):
                if isinstance(action, Send):
                    self.repeats += sent
                    sent = True
                    self.transport.write(action.frame)
                    action = exchange.sent()
                    continue
                if isinstance(action, Came):
                    if take is not None:
                        take(action.line)
                    action = exchange.receive(b"")
                    continue
                left_s = deadline_s - self.clock.monotonic_s()
                if left_s <= 0:
                    raise exchange.given_up()
                data = self.transport.read(min(action.silence_s, left_s))
                action = exchange.receive(data) if data else exchange.silence()
        except NoReply as error:
            raise ContactLost(
                f"{self.transport.name}: {error}", fault=_FAULTS[error.heard], heard=error.heard
            ) from error
        return action.reply
