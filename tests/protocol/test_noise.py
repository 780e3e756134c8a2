"""Random bytes in random reads: an exchange always ends, and always finds the reply it can find."""

from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from protocol.errors import FrameError, Heard
from protocol.exchange import Request
from protocol.isl import decode
from protocol.isl_exchange import SENDS_MAX, Isl
from tests.protocol.play import SILENCE, both_wires, play, reply_frame

SEQUENCE = 0x31
READ = Request(0x4A, b"X", repeatable=True)
CLOSE = Request(0x38)
FRAMING = (0x01, 0x03, 0x04, 0x05, 0x15, 0x16, 0x30, 0x3F, SEQUENCE, 0x38, 0x4A, 0x80)

# Bytes as a bad cable makes them, with the bytes that mean something far more often than by chance.
likely = st.lists(st.sampled_from(FRAMING) | st.integers(0, 0xFF), max_size=40).map(bytes)
reads = st.lists(likely | st.just(SILENCE), max_size=12)
no_start = st.binary(max_size=60).map(lambda raw: raw.translate(None, b"\x01\x15"))


def cut(raw: bytes, places: list[int]) -> list[bytes]:
    """Cut bytes into reads at these places; no read is empty."""
    edges = sorted({0, len(raw), *(place % (len(raw) + 1) for place in places)})
    return [raw[start:end] for start, end in pairwise(edges)]


places_to_cut = st.lists(st.integers(0, 10_000), max_size=8)


@both_wires
@given(reads=reads, repeatable=st.booleans())
@settings(max_examples=150, deadline=None)
def test_random_bytes_end_in_a_bounded_number_of_identical_sends(
    wire: Isl, reads: list[bytes], repeatable: bool
) -> None:
    played = play(wire.begin(SEQUENCE, Request(0x4A, b"X", repeatable)), reads)
    assert 1 <= len(played.sent) <= SENDS_MAX
    assert len(set(played.sent)) == 1
    naks = b"".join(reads).count(0x15)
    assert repeatable or len(played.sent) <= 1 + naks


@both_wires
@given(raw=likely)
@settings(max_examples=150, deadline=None)
def test_random_bytes_are_a_frame_or_a_frame_error_and_nothing_else(wire: Isl, raw: bytes) -> None:
    for whole in (raw, b"\x01" + raw + b"\x03"):
        for reply in (True, False):
            try:
                frame = decode(wire.layout, whole, reply=reply)
            except FrameError:
                continue
            assert frame.sequence >= 0x20


@both_wires
@given(noise=no_start, data=st.binary(max_size=60), places=places_to_cut)
@example(noise=b"\x16\x03\x05", data=b"\x01\x15\x16", places=[1, 2, 3, 4, 5, 6])
@settings(max_examples=150, deadline=None)
def test_a_good_reply_after_noise_without_01_is_always_found(
    wire: Isl, noise: bytes, data: bytes, places: list[int]
) -> None:
    raw = noise + reply_frame(wire, SEQUENCE, CLOSE.command, data)
    played = play(wire.begin(SEQUENCE, CLOSE), cut(raw, places))
    assert played.reply is not None
    assert played.reply.data == data
    assert len(played.sent) == 1


@both_wires
@given(noise=no_start, naks=st.integers(0, SENDS_MAX - 1), places=places_to_cut)
@settings(max_examples=100, deadline=None)
def test_a_device_that_says_nak_and_then_answers_is_understood_through_noise(
    wire: Isl, noise: bytes, naks: int, places: list[int]
) -> None:
    refused = [read for _ in range(naks) for read in (*cut(noise, places), b"\x15")]
    replied = cut(noise + reply_frame(wire, SEQUENCE, READ.command, b"0\t"), places)
    played = play(wire.begin(SEQUENCE, READ), refused + replied)
    assert played.reply is not None
    assert len(played.sent) == 1 + naks


@both_wires
@given(noise=no_start, places=places_to_cut)
@settings(max_examples=100, deadline=None)
def test_a_reply_to_somebody_else_is_never_taken_from_the_noise(
    wire: Isl, noise: bytes, places: list[int]
) -> None:
    other = reply_frame(wire, SEQUENCE + 1, CLOSE.command, b"0\t")
    played = play(wire.begin(SEQUENCE, CLOSE), cut(noise + other + noise, places))
    assert (played.reply, played.heard) == (None, Heard.OTHER_REPLY)
