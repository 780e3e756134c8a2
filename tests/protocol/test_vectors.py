"""Every published frame, both ways: read what others wrote, and write the same bytes."""

from dataclasses import replace

import pytest

from protocol.datecs_x import DATECS_X
from protocol.errors import FrameError, Heard
from protocol.exchange import Request
from protocol.isl import decode, encode_request
from protocol.isl_exchange import ISL_LEGACY
from tests.protocol.play import SILENCE, play
from tests.protocol.vectors import WIRES, Stream, Vector, bytes_of, streams, vectors

REQUESTS = vectors("frame", "tx")
REPLIES = vectors("frame", "rx")
NEGATIVES = vectors("negative", "tx", "rx")
STREAMS = streams()


ECHOES = [(family, *echo) for family in WIRES for echo in bytes_of("echo", family)]


def named(entry: Vector | Stream) -> str:
    return entry.name


def test_the_tables_hold_as_many_vectors_as_were_copied() -> None:
    assert [len(REQUESTS), len(REPLIES), len(NEGATIVES), len(STREAMS)] == [34, 21, 4, 4]


@pytest.mark.parametrize("vector", REQUESTS, ids=named)
def test_a_published_request_decodes_to_what_its_publisher_says(vector: Vector) -> None:
    frame = decode(vector.wire.layout, vector.raw, reply=False)
    seen = (frame.sequence, frame.command, frame.data, frame.status)
    assert seen == (vector.sequence, vector.command, vector.data, b"")


@pytest.mark.parametrize("vector", REQUESTS, ids=named)
def test_a_decoded_request_encodes_to_the_published_bytes(vector: Vector) -> None:
    frame = decode(vector.wire.layout, vector.raw, reply=False)
    request = Request(frame.command, frame.data)
    assert encode_request(vector.wire.layout, frame.sequence, request) == vector.raw


@pytest.mark.parametrize("vector", REQUESTS, ids=named)
def test_a_published_request_is_not_a_reply(vector: Vector) -> None:
    with pytest.raises(FrameError):
        decode(vector.wire.layout, vector.raw, reply=True)


@pytest.mark.parametrize("vector", REPLIES, ids=named)
def test_a_published_reply_decodes_to_what_its_publisher_says(vector: Vector) -> None:
    frame = decode(vector.wire.layout, vector.raw, reply=True)
    seen = (frame.sequence, frame.command, frame.data, frame.status)
    assert seen == (vector.sequence, vector.command, vector.data, vector.status)


@pytest.mark.parametrize("vector", REPLIES, ids=named)
def test_a_published_reply_is_not_a_request(vector: Vector) -> None:
    with pytest.raises(FrameError, match="byte 04"):
        decode(vector.wire.layout, vector.raw, reply=False)


@pytest.mark.parametrize("vector", REPLIES, ids=named)
def test_a_published_reply_answers_the_request_with_its_number(vector: Vector) -> None:
    assert vector.command is not None
    exchange = vector.wire.begin(vector.sequence, Request(vector.command))
    reply = play(exchange, [vector.raw]).reply
    assert reply is not None
    assert (reply.data, reply.status) == (vector.data, vector.status)


@pytest.mark.parametrize("vector", REPLIES, ids=named)
def test_a_published_reply_is_refused_by_the_other_layout(vector: Vector) -> None:
    other = ISL_LEGACY if vector.wire is DATECS_X else DATECS_X
    with pytest.raises(FrameError):
        decode(other.layout, vector.raw, reply=True)


@pytest.mark.parametrize(("family", "name", "raw", "_"), ECHOES)
def test_a_published_echo_is_a_request_and_no_reply(
    family: str, name: str, raw: bytes, _: object
) -> None:
    wire, probe = WIRES[family], Request(0x5A, b"1", repeatable=True)
    assert decode(wire.layout, raw, reply=False).command == 0x5A
    played = play(wire.begin(0x21, probe), [raw])
    assert (played.reply, played.heard) == (None, Heard.ECHO), name


@pytest.mark.parametrize("reply", [False, True])
@pytest.mark.parametrize("vector", NEGATIVES, ids=named)
def test_a_published_negative_is_refused(vector: Vector, reply: bool) -> None:
    with pytest.raises(FrameError):
        decode(vector.wire.layout, vector.raw, reply=reply)


@pytest.mark.parametrize("vector", NEGATIVES, ids=named)
def test_a_published_negative_ends_no_exchange(vector: Vector) -> None:
    exchange = vector.wire.begin(vector.sequence, Request(vector.command or 0x30))
    played = play(exchange, [vector.raw])
    assert (played.reply, played.heard) == (None, Heard.GARBAGE)


def request_of(stream: Stream) -> tuple[int, Request]:
    """Find what was asked: the stream's only frame says it; the one without frames asked 90."""
    if not stream.frames:
        return 0x21, Request(90, b"1")
    frame = decode(stream.wire.layout, stream.frames[0], reply=not stream.echo)
    return frame.sequence, Request(frame.command, frame.data if stream.echo else b"")


@pytest.mark.parametrize("stream", STREAMS, ids=named)
def test_a_published_stream_is_all_frames_and_single_signs(stream: Stream) -> None:
    rest = b"".join(stream.chunks)
    for frame in stream.frames:
        rest = rest.replace(frame, b"", 1)
    assert sorted(rest) == [0x15] * stream.nak + [0x16] * stream.syn


@pytest.mark.parametrize("stream", STREAMS, ids=named)
def test_a_published_stream_gives_its_reply_and_repeats_only_the_same(stream: Stream) -> None:
    sequence, request = request_of(stream)
    probe = replace(request, repeatable=True)
    played = play(stream.wire.begin(sequence, probe), stream.chunks)
    assert len(set(played.sent)) == 1
    assert (played.reply is not None) == (bool(stream.frames) and not stream.echo)


@pytest.mark.parametrize(
    ("name", "heard"), [("s05", Heard.ECHO), ("s03", Heard.BUSY)], ids=["echo", "syn and nak"]
)
def test_a_published_stream_without_a_reply_says_what_was_heard(name: str, heard: Heard) -> None:
    (stream,) = [stream for stream in STREAMS if stream.name == name]
    sequence, request = request_of(stream)
    played = play(stream.wire.begin(sequence, request), [*stream.chunks, SILENCE])
    assert (played.reply, played.heard) == (None, heard)
