"""One session with one device: its beginning, its deadlines, and the words for its end."""

from collections.abc import Callable

import pytest

from drivers.errors import ContactLost, DriverError, NotStarted
from drivers.faults import Fault
from drivers.link import Link
from protocol.datecs_x import DATECS_X
from protocol.errors import Heard
from protocol.exchange import Budget, Request
from protocol.isl import NAK, SEQUENCE_MAX, SEQUENCE_MIN, SYN
from protocol.isl_exchange import SENDS_MAX
from tests.drivers.cables import FakeClock, Transcript
from tests.protocol.play import reply_frame
from tests.sandbox.virtual_printer_host import encode

PROBE = Request(74, repeatable=True)
SALE = Request(49, b"x\t", repeatable=True, budget=Budget(2.0, 30.0))
CLOSE = Request(56, budget=Budget(5.0, 60.0))
BABBLE_EVERY_S = 0.06

Answer = Callable[[bytes], bytes]


def good(frame: bytes) -> bytes:
    command = int("".join(f"{digit - 0x30:x}" for digit in frame[6:10]), 16)
    return reply_frame(DATECS_X, frame[5], command, b"0\t")


def silence(_: bytes) -> bytes:
    return b""


def garbage(_: bytes) -> bytes:
    return b"\x80\x7f\x00hello"


def nak(_: bytes) -> bytes:
    return bytes([NAK])


def busy(_: bytes) -> bytes:
    return bytes([SYN])


def echo(frame: bytes) -> bytes:
    return frame


def stale(frame: bytes) -> bytes:
    """Another answer: that of a request long ago, under this SEQ."""
    return reply_frame(DATECS_X, frame[5], 0x45, b"0\t12\t")


def late(frame: bytes) -> bytes:
    """Answer the same command, one number before."""
    return reply_frame(DATECS_X, frame[5] - 1, 49, b"-111016\t")


class Device:
    """Answers each write with the next of its ways, the last one for ever; takes no real time."""

    name = "a port"

    def __init__(self, *ways: Answer) -> None:
        self._ways = list(ways)
        self.clock = FakeClock()
        self.is_open = False
        self.opened = 0
        self.writes: list[bytes] = []
        self.came = b""
        self.read_timeouts_s: list[float] = []

    def open(self) -> None:
        self.is_open = True
        self.opened += 1

    def close(self) -> None:
        self.is_open = False

    def discard(self) -> None:
        self.came = b""

    def write(self, data: bytes) -> None:
        assert self.is_open
        self.writes.append(data)
        way = self._ways.pop(0) if len(self._ways) > 1 else self._ways[0]
        self.came += way(data)

    def read(self, timeout_s: float) -> bytes:
        assert self.is_open
        self.read_timeouts_s.append(timeout_s)
        came, self.came = self.came, b""
        if not came:
            self.clock.let_pass(timeout_s)
        return came


class Babbles(Device):
    """Says one byte every 60 ms, for ever, to what is asked after the session began."""

    def __init__(self, byte: int) -> None:
        super().__init__(good, good, silence)
        self._byte = byte

    def read(self, timeout_s: float) -> bytes:
        if len(self.writes) <= 2:
            return super().read(timeout_s)
        self.clock.let_pass(BABBLE_EVERY_S)
        return bytes([self._byte])


class Missing(Device):
    def open(self) -> None:
        raise NotStarted("no such port")


def link_to(device: Device) -> Link:
    return Link(device, DATECS_X, device.clock)


def session(device: Device) -> Link:
    link = link_to(device)
    link.open(PROBE, last_sequence=None)
    device.read_timeouts_s.clear()
    return link


# --- the beginning


def test_a_session_begins_with_two_probes_under_two_numbers() -> None:
    device = Device(good)
    link = session(device)
    assert device.writes == [encode(0x20, 74), encode(0x21, 74)]
    assert link.sequence == 0x21


def test_a_stale_first_answer_is_tolerated_and_the_second_one_is_taken() -> None:
    device = Device(*[stale] * SENDS_MAX, good)
    reply = link_to(device).open(PROBE, last_sequence=None)
    assert reply.data == b"0\t"
    assert device.writes == [encode(0x20, 74)] * SENDS_MAX + [encode(0x21, 74)]


def test_a_stale_second_answer_is_no_printer_of_ours() -> None:
    device = Device(stale)
    with pytest.raises(NotStarted) as caught:
        link_to(device).open(PROBE, last_sequence=None)
    assert (caught.value.heard, caught.value.fault) == (Heard.OTHER_REPLY, Fault.NO_ANSWER)


@pytest.mark.parametrize("last", range(SEQUENCE_MIN, SEQUENCE_MAX + 1))
def test_a_session_never_begins_with_the_number_used_last(last: int) -> None:
    device = Device(good)
    device.clock = FakeClock(seed=last - SEQUENCE_MIN)
    link_to(device).open(PROBE, last_sequence=last)
    assert device.writes[0][5] != last


def test_numbers_go_up_by_one_and_begin_again_after_7f() -> None:
    device = Device(good)
    device.clock = FakeClock(seed=0x7D - SEQUENCE_MIN)
    link = session(device)
    for _ in range(3):
        link.execute(PROBE)
    assert [frame[5] for frame in device.writes] == [0x7D, 0x7E, 0x7F, 0x20, 0x21]


def test_a_missing_port_is_told_as_it_was() -> None:
    with pytest.raises(NotStarted, match="no such port"):
        link_to(Missing(good)).open(PROBE, last_sequence=None)


WORDS = [
    (silence, Heard.SILENCE, Fault.NO_ANSWER),
    (garbage, Heard.GARBAGE, Fault.NOT_A_PRINTER),
    (echo, Heard.ECHO, Fault.NOT_A_PRINTER),
    (nak, Heard.NAK, Fault.OTHER_DIALECT),
    (busy, Heard.BUSY, Fault.BUSY),
]


@pytest.mark.parametrize(("way", "heard", "fault"), WORDS)
def test_what_was_heard_at_the_probe_has_its_own_word_and_gives_the_port_back(
    way: Answer, heard: Heard, fault: Fault
) -> None:
    device = Device(way)
    link = link_to(device)
    with pytest.raises(NotStarted) as caught:
        link.open(PROBE, last_sequence=None)
    assert (caught.value.heard, caught.value.fault) == (heard, fault)
    assert (device.is_open, link.sequence) == (False, None)


def test_a_session_can_begin_after_one_that_failed() -> None:
    device = Device(*[silence] * SENDS_MAX, good)
    link = link_to(device)
    with pytest.raises(NotStarted):
        link.open(PROBE, last_sequence=None)
    link.open(PROBE, last_sequence=None)
    assert (device.opened, device.is_open) == (2, True)


def test_nothing_is_sent_without_a_session() -> None:
    device = Device(good)
    link = session(device)
    link.close()
    with pytest.raises(ContactLost, match="no session"):
        link.execute(PROBE)
    assert len(device.writes) == 2


# --- deadlines and repeats


@pytest.mark.parametrize(("way", "heard", "fault"), WORDS)
def test_what_was_heard_instead_of_an_answer_has_its_own_word(
    way: Answer, heard: Heard, fault: Fault
) -> None:
    device = Device(good, good, way)
    with pytest.raises(ContactLost) as caught:
        session(device).execute(SALE)
    assert (caught.value.heard, caught.value.fault) == (heard, fault)
    assert "a port" in str(caught.value)
    assert device.writes[2:] == [encode(0x22, 49, b"x\t")] * SENDS_MAX


@pytest.mark.parametrize("way", [silence, garbage, echo, busy, stale, late])
def test_what_may_not_be_done_twice_is_written_once(way: Answer) -> None:
    device = Device(good, good, way)
    with pytest.raises(ContactLost):
        session(device).execute(CLOSE)
    assert device.writes[2:] == [encode(0x22, 56)]


def test_a_nak_gets_the_identical_frame_also_of_what_may_not_be_done_twice() -> None:
    device = Device(good, good, nak, nak, good)
    assert session(device).execute(CLOSE).data == b"0\t"
    assert device.writes[2:] == [encode(0x22, 56)] * 3


def test_silence_is_waited_for_as_long_as_the_request_says() -> None:
    device = Device(good, good, silence)
    with pytest.raises(ContactLost):
        session(device).execute(CLOSE)
    assert device.read_timeouts_s == [5.0]


def test_repeats_of_a_silent_device_stay_within_the_whole_budget() -> None:
    device = Device(good, good, silence)
    link = session(device)
    began_s = device.clock.monotonic_s()
    with pytest.raises(ContactLost) as caught:
        link.execute(Request(62, repeatable=True, budget=Budget(silence_s=4.0, total_s=10.0)))
    assert device.read_timeouts_s == [4.0, 4.0, 2.0]
    assert device.clock.monotonic_s() - began_s == 10.0
    assert caught.value.heard is Heard.SILENCE


@pytest.mark.parametrize("request_", [SALE, CLOSE], ids=["repeatable", "once"])
@pytest.mark.parametrize(
    ("byte", "heard", "fault"),
    [(SYN, Heard.BUSY, Fault.BUSY), (0xFE, Heard.GARBAGE, Fault.NOT_A_PRINTER)],
    ids=["busy", "garbage"],
)
def test_a_device_that_babbles_for_ever_is_left_when_the_whole_budget_is_used(
    request_: Request, byte: int, heard: Heard, fault: Fault
) -> None:
    device = Babbles(byte)
    link = session(device)
    began_s = device.clock.monotonic_s()
    with pytest.raises(ContactLost) as caught:
        link.execute(request_)
    used_s = device.clock.monotonic_s() - began_s
    assert 0 <= used_s - request_.budget.total_s <= BABBLE_EVERY_S + 0.001
    assert (caught.value.heard, caught.value.fault) == (heard, fault)
    assert len(device.writes) == 3


def test_what_came_before_the_request_is_thrown_away() -> None:
    device = Device(good)
    link = session(device)
    device.came = reply_frame(DATECS_X, 0x22, 49, b"-111016\t")  # the same SEQ, a round ago
    assert link.execute(SALE).data == b"0\t"


def test_an_answer_must_have_the_number_and_the_command_of_the_request() -> None:
    device = Device(good, good, late, stale, good)
    assert session(device).execute(SALE).data == b"0\t"
    assert device.writes[2:] == [encode(0x22, 49, b"x\t")] * 3


def test_a_session_plays_the_published_first_frame() -> None:
    x05 = bytes.fromhex("01 30 30 32 3A 20 30 30 34 3A 05 30 31 3B 3F 03")
    pairs = [(frame, [good(frame)]) for frame in (x05, encode(0x21, 74))]
    with Transcript(pairs, FakeClock()) as cable:
        link = Link(cable, DATECS_X, FakeClock())
        link.open(PROBE, last_sequence=0x7F)
    link.close()
    assert not cable.is_open


def test_the_end_of_a_session_forgets_its_number() -> None:
    link = session(Device(good))
    link.close()
    link.close()
    assert link.sequence is None


@pytest.mark.parametrize("error", [ContactLost("the cable broke"), NotStarted("no right to it")])
def test_a_port_that_breaks_at_the_probe_is_given_back(error: DriverError) -> None:
    class Breaks(Device):
        def write(self, data: bytes) -> None:
            raise error

    device = Breaks(good)
    with pytest.raises(NotStarted, match=str(error)):
        link_to(device).open(PROBE, last_sequence=None)
    assert not device.is_open
