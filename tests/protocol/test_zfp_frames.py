"""ZFP messages, one at a time: published, added up by hand, and wrong in every way."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.checksum import nibbles
from protocol.errors import FrameError
from protocol.exchange import Request
from protocol.zfp import (
    DATA_MAX,
    Acknowledgement,
    Message,
    checksum,
    decode,
    encode_request,
    frame_size,
    log_in,
    signs_of,
)

FILE = Path(__file__).parents[1] / "data" / "vectors" / "tremol.json"
VECTORS: list[dict[str, Any]] = json.loads(FILE.read_text("utf-8"))
ECHOED_PING = "09"
SINGLE = [
    vector
    for vector in VECTORS
    if vector["note"] == "unpacked byte" and vector["direction"] == "rx"
]
COMMANDS = [vector for vector in VECTORS if "len_byte_in_frame" in vector["decoded"]]
MEANINGS = {  # the manual's words, and ours
    "yes": {"alive"},
    "busy": {"busy"},
    "no paper": {"no paper"},
    "head too hot": {"head too hot"},
    "head too hot, busy": {"head too hot", "busy"},
    "external display missing": {"display missing"},
    "display missing, busy": {"display missing", "busy"},
    "LAN: waiting for password": {"the network wants its password"},
    "LAN: another connection holds the device": {"another connection holds the device"},
    "LAN: wrong password": {"the network's password is wrong"},
}

# XORed on paper with the manual's rules; no program was asked [other_protocols.md 2.1].
BY_HAND = [
    # LEN 20+3=23; 23^20^20 = 23
    (0x20, 0x20, b"", "02 23 20 20 32 33 0a"),
    # LEN 23+1=24; 24^9F^7C^58 = 9F
    (0x9F, 0x7C, b"X", "02 24 9f 7c 58 39 3f 0a"),
    # LEN 23+3=26; 26^21^33^30^3B^31 = 0E
    (0x21, 0x33, b"0;1", "02 26 21 33 30 3b 31 30 3e 0a"),
]


def test_the_table_holds_as_many_vectors_as_were_copied() -> None:
    assert (len(VECTORS), len(SINGLE), len(COMMANDS)) == (20, 10, 4)


@pytest.mark.parametrize("vector", SINGLE, ids=lambda vector: vector["hex"])
def test_a_published_single_byte_means_what_its_publisher_says(vector: dict[str, Any]) -> None:
    assert set(signs_of(int(vector["hex"], 16))) == MEANINGS[vector["decoded"]["meaning"]]


def test_a_ping_that_comes_back_means_nothing() -> None:
    assert signs_of(int(ECHOED_PING, 16)) == ()
    assert [v["decoded"]["meaning"] for v in VECTORS if v["hex"] == ECHOED_PING] == [
        "port echoes the ping"
    ]


def test_the_published_acknowledgement_decodes_and_its_writing_is_the_same() -> None:
    (vector,) = [vector for vector in VECTORS if vector["check"] == "zfp"]
    raw = bytes.fromhex(vector["hex"])
    told = vector["decoded"]
    assert decode(raw) == Acknowledgement(int(told["nbl"], 16), bytes.fromhex(told["ste"]))
    assert raw[:-3] + checksum(raw[1:-3]) + b"\n" == raw


# Seen from an FP-28, STE "12" made up: t-core-one/ErpNet.FP.js, test/drivers/tremol-fp28.test.js.
@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        ("06 21 30 30 32 31 0a", Acknowledgement(0x21, b"00")),
        ("06 23 30 32 32 31 0a", Acknowledgement(0x23, b"02")),
        ("06 24 30 34 32 30 0a", Acknowledgement(0x24, b"04")),
        ("06 25 31 32 32 36 0a", Acknowledgement(0x25, b"12")),
        (
            "02 2a 21 20 80 80 80 f0 a1 80 80 3f 3a 0a",
            Message(0x21, 0x20, bytes.fromhex("80 80 80 f0 a1 80 80")),
        ),
    ],
)
def test_a_frame_that_a_device_was_seen_to_send_is_read(
    raw: str, meant: Acknowledgement | Message
) -> None:
    assert decode(bytes.fromhex(raw)) == meant


@pytest.mark.parametrize("raw", ["06 21 30 30 39 31 0a", "06 21 30 0a"])
def test_what_the_same_publisher_refuses_is_refused(raw: str) -> None:
    with pytest.raises(FrameError):
        decode(bytes.fromhex(raw))


def test_the_published_sum_is_ours() -> None:
    (vector,) = [vector for vector in VECTORS if vector["check"] == "zfp-cs-only"]
    assert checksum(bytes.fromhex(vector["hex"])).hex(" ") == vector["decoded"]["cs_hex"]


@pytest.mark.parametrize("vector", COMMANDS, ids=lambda vector: vector["decoded"]["meaning"])
def test_a_published_command_makes_a_frame_of_its_published_length(vector: dict[str, Any]) -> None:
    command, *data = bytes.fromhex(vector["hex"])
    raw = encode_request(0x41, Request(command, bytes(data)))
    assert raw[1] == int(vector["decoded"]["len_byte_in_frame"], 16)
    assert decode(raw) == Message(0x41, command, bytes(data))
    assert bytes(data).decode("ascii") == vector["decoded"]["data"]


def test_the_published_log_in_is_ours() -> None:
    (vector,) = [vector for vector in VECTORS if "log-in" in vector["decoded"]["meaning"]]
    assert log_in("1234") == bytes.fromhex(vector["hex"])


@pytest.mark.parametrize(("number", "command", "data", "frame"), BY_HAND)
def test_a_request_is_the_bytes_added_up_by_hand(
    number: int, command: int, data: bytes, frame: str
) -> None:
    assert encode_request(number, Request(command, data)).hex(" ") == frame
    assert decode(bytes.fromhex(frame)) == Message(number, command, data)


@given(
    number=st.integers(0x20, 0x9F),
    command=st.integers(0x20, 0xFF),
    data=st.binary(max_size=DATA_MAX).map(lambda raw: bytes(b for b in raw if b >= 0x20)),
)
@settings(max_examples=80, deadline=None)
def test_any_message_comes_back_from_its_frame(number: int, command: int, data: bytes) -> None:
    raw = encode_request(number, Request(command, data))
    assert decode(raw) == Message(number, command, data)
    assert frame_size(raw) == len(raw)


@pytest.mark.parametrize("number", [-1, 0x1F, 0x100])
def test_a_number_out_of_range_is_refused(number: int) -> None:
    with pytest.raises(FrameError, match="NBL"):
        encode_request(number, Request(0x20))


@pytest.mark.parametrize("command", [-1, 0x09, 0x1F, 0x100])
def test_a_command_out_of_range_is_refused(command: int) -> None:
    with pytest.raises(FrameError, match="CMD"):
        encode_request(0x20, Request(command))


def test_the_longest_data_fits_and_one_byte_more_is_refused() -> None:
    assert encode_request(0x20, Request(0x31, b"x" * 220))[1] == 0xFF
    with pytest.raises(FrameError, match="221 bytes"):
        encode_request(0x20, Request(0x31, b"x" * 221))


@pytest.mark.parametrize("byte", range(0x20))
def test_no_control_byte_may_stand_in_data(byte: int) -> None:
    with pytest.raises(FrameError, match=f"byte {byte:02X}"):
        encode_request(0x20, Request(0x37, b"a" + bytes([byte])))


@pytest.mark.parametrize("raw", [encode_request(0x31, Request(0x71, b"42;7")), b"\x061009 17\n"])
def test_a_frame_with_any_one_byte_changed_or_missing_is_refused(raw: bytes) -> None:
    if raw[0] == 0x06:
        raw = b"\x06\x3104" + checksum(b"\x3104") + b"\n"
    decode(raw)
    for place in range(len(raw)):
        for changed in (
            raw[:place] + bytes([raw[place] ^ 0x01]) + raw[place + 1 :],
            raw[:place] + raw[place + 1 :],
            raw[:place] + b"\x00" + raw[place:],
        ):
            with pytest.raises(FrameError):
                decode(changed)


def resummed(start: int, body: bytes) -> bytes:
    """Put a right sum on wrong bytes, so that only the check under test can refuse them."""
    total = 0
    for byte in body:
        total ^= byte
    return bytes([start]) + body + nibbles(total, 2) + b"\n"


@pytest.mark.parametrize(
    ("start", "body", "why"),
    [
        pytest.param(0x02, b"\x25\x31\x71;", "LEN", id="LEN too long"),
        pytest.param(0x02, b"\x23\x31\x71;", "LEN", id="LEN too short"),
        pytest.param(0x02, b"\x24\x1f\x71;", "NBL", id="NBL below 20"),
        pytest.param(0x02, b"\x24\x31\x1f;", "CMD", id="CMD below 20"),
        pytest.param(0x06, b"\x31000", "06", id="three digits"),
        pytest.param(0x06, b"\x1f00", "06", id="acknowledged NBL below 20"),
        pytest.param(0x01, b"\x24\x31\x71;", "neither", id="another start"),
    ],
)
def test_a_wrong_shape_is_refused_though_the_sum_is_right(
    start: int, body: bytes, why: str
) -> None:
    with pytest.raises(FrameError, match=why):
        decode(resummed(start, body))


def test_the_size_of_a_frame_is_known_from_its_first_bytes_and_not_before() -> None:
    raw = encode_request(0x31, Request(0x71, b"42;7"))
    assert frame_size(raw[:1]) is None
    assert frame_size(raw[:2]) == len(raw)
    assert frame_size(b"\x06") == 7


@pytest.mark.parametrize("length", [0x00, 0x1F, 0x22])
def test_a_len_that_no_frame_has_is_not_waited_for(length: int) -> None:
    with pytest.raises(FrameError, match="LEN"):
        frame_size(bytes([0x02, length]))


@given(raw=st.binary(max_size=40))
@settings(max_examples=150, deadline=None)
def test_random_bytes_are_a_frame_or_a_frame_error_and_nothing_else(raw: bytes) -> None:
    for whole in (raw, b"\x02" + raw + b"\n", b"\x06" + raw + b"\n"):
        try:
            found = decode(whole)
        except FrameError:
            continue
        assert found.number >= 0x20
