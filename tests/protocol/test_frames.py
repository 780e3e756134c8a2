"""Frames, one at a time: added up by hand, round trips, and every way to be wrong."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.checksum import from_nibbles, nibbles, plain_sum
from protocol.datecs_x import DATECS_X
from protocol.errors import FrameError
from protocol.exchange import Request
from protocol.isl import DATA_MAX, FRAME_MAX, decode, encode_request, frame_size
from protocol.isl_exchange import ISL_LEGACY, Isl
from tests.protocol.play import both_wires, four_digits, reply_frame

# Added up on paper with the manual's rules; no program was asked [datecs.md 2.1].
BY_HAND = [
    # LEN 20+4=24; 24+7F+38+05 = E0
    (ISL_LEGACY, 0x7F, 0x38, b"", "01 24 7f 38 05 30 30 3e 30 03"),
    # LEN 24+5=29; 29+20+30+31+2C+31+2C+31+05 = 169
    (ISL_LEGACY, 0x20, 0x30, b"1,1,1", "01 29 20 30 31 2c 31 2c 31 05 30 31 36 39 03"),
    # LEN 24+3=27; 27+21+35+0A+09+FF+05 = 194: LF, TAB and FF may stand in legacy data
    (ISL_LEGACY, 0x21, 0x35, b"\n\t\xff", "01 27 21 35 0a 09 ff 05 30 31 39 34 03"),
    # LEN 20+0A=2A; 30+30+32+3A + 41 + 30+30+34+3A + 05 = CC+41+CE+05 = 1E0
    (DATECS_X, 0x41, 0x4A, b"", "01 30 30 32 3a 41 30 30 34 3a 05 30 31 3e 30 03"),
    # LEN 2A+4=2E; 30+30+32+3E + 7F + 30+30+33+38 + 41+09+42+09 + 05 = D0+7F+CB+95+05 = 2B4
    (
        DATECS_X,
        0x7F,
        0x38,
        b"A\tB\t",
        "01 30 30 32 3e 7f 30 30 33 38 41 09 42 09 05 30 32 3b 34 03",
    ),
    # LEN 2A+1=2B, CMD FF; 30+30+32+3B + 20 + 30+30+3F+3F + 7E + 05 = CD+20+DE+7E+05 = 24E
    (DATECS_X, 0x20, 0xFF, b"~", "01 30 30 32 3b 20 30 30 3f 3f 7e 05 30 32 34 3e 03"),
]


@pytest.mark.parametrize(("wire", "sequence", "command", "data", "frame"), BY_HAND)
def test_a_request_is_the_bytes_added_up_by_hand(
    wire: Isl, sequence: int, command: int, data: bytes, frame: str
) -> None:
    assert encode_request(wire.layout, sequence, Request(command, data)).hex(" ") == frame


def test_a_legacy_reply_added_up_by_hand_decodes() -> None:
    # LEN 2B+1=2C; 2C+20+48+46+04 = DE; 80+81+82+83+84+BA = 344; DE+344+05 = 427
    raw = bytes.fromhex("01 2c 20 48 46 04 80 81 82 83 84 ba 05 30 34 32 37 03")
    frame = decode(ISL_LEGACY.layout, raw, reply=True)
    assert (frame.sequence, frame.command, frame.data) == (0x20, 0x48, b"F")
    assert frame.status.hex(" ") == "80 81 82 83 84 ba"


@both_wires
@given(
    sequence=st.integers(0x20, 0xFF),
    command=st.integers(0x20, 0xFF),
    data=st.binary(max_size=DATA_MAX).map(lambda raw: bytes(b for b in raw if b >= 0x20)),
)
@settings(max_examples=60, deadline=None)
def test_any_request_comes_back_from_its_frame(
    wire: Isl, sequence: int, command: int, data: bytes
) -> None:
    raw = encode_request(wire.layout, sequence, Request(command, data))
    frame = decode(wire.layout, raw, reply=False)
    assert (frame.sequence, frame.command, frame.data) == (sequence, command, data)
    assert frame_size(wire.layout, raw) == len(raw)


@both_wires
@given(
    sequence=st.integers(0x20, 0xFF),
    command=st.integers(0x20, 0xFF),
    data=st.binary(max_size=200),
    status=st.binary(min_size=8, max_size=8).map(lambda raw: bytes(b | 0x80 for b in raw)),
)
@settings(max_examples=60, deadline=None)
def test_any_reply_comes_back_from_its_frame_whatever_is_in_its_data(
    wire: Isl, sequence: int, command: int, data: bytes, status: bytes
) -> None:
    status = status[: wire.layout.status_size]
    raw = reply_frame(wire, sequence, command, data, status)
    frame = decode(wire.layout, raw, reply=True)
    assert (frame.sequence, frame.command, frame.data) == (sequence, command, data)
    assert frame.status == status


@both_wires
@pytest.mark.parametrize("sequence", [-1, 0x00, 0x1F, 0x100])
def test_a_sequence_that_is_no_byte_of_20_or_more_is_refused(wire: Isl, sequence: int) -> None:
    with pytest.raises(FrameError, match="SEQ"):
        encode_request(wire.layout, sequence, Request(0x4A))


@both_wires
@pytest.mark.parametrize("command", [-1, 0x100])
def test_a_command_that_is_no_byte_is_refused(wire: Isl, command: int) -> None:
    with pytest.raises(FrameError, match="CMD"):
        encode_request(wire.layout, 0x20, Request(command))


@both_wires
def test_the_longest_data_fits_and_one_byte_more_is_refused(wire: Isl) -> None:
    raw = encode_request(wire.layout, 0x20, Request(0x4A, b"x" * 213))
    assert raw[1 : 1 + wire.layout.width] == (b"00??" if wire is DATECS_X else b"\xf9")
    with pytest.raises(FrameError, match="214 bytes"):
        encode_request(wire.layout, 0x20, Request(0x4A, b"x" * 214))


@both_wires
@pytest.mark.parametrize("byte", range(0x20))
def test_only_the_control_bytes_of_the_manual_may_stand_in_data(wire: Isl, byte: int) -> None:
    request = Request(0x4A, b"a" + bytes([byte]) + b"b")
    if byte in (b"\t" if wire is DATECS_X else b"\t\n"):
        assert decode(wire.layout, encode_request(wire.layout, 0x20, request), reply=False)
        return
    with pytest.raises(FrameError, match=f"byte {byte:02X}"):
        encode_request(wire.layout, 0x20, request)


@both_wires
def test_a_request_that_does_not_fit_begins_no_exchange(wire: Isl) -> None:
    with pytest.raises(FrameError):
        wire.begin(0x20, Request(0x4A, b"\x00"))


@both_wires
def test_a_reply_with_any_one_byte_changed_or_missing_is_refused(wire: Isl) -> None:
    raw = reply_frame(wire, 0x31, 0x4A, b"7\t12.50\t")
    for place in range(len(raw)):
        for changed in (
            raw[:place] + bytes([raw[place] ^ 0x01]) + raw[place + 1 :],
            raw[:place] + raw[place + 1 :],
            raw[:place] + b"\x00" + raw[place:],
        ):
            with pytest.raises(FrameError):
                decode(wire.layout, changed, reply=True)


def resummed(body: bytes) -> bytes:
    """Put a right sum on wrong bytes, so that only the check under test can refuse them."""
    return b"\x01" + body + four_digits(sum(body)) + b"\x03"


@both_wires
@pytest.mark.parametrize("off_by", [-1, 1])
def test_a_wrong_len_is_refused_though_the_sum_is_right(wire: Isl, off_by: int) -> None:
    body = bytearray(reply_frame(wire, 0x31, 0x4A, b"7")[1:-5])
    body[wire.layout.width - 1] += off_by
    with pytest.raises(FrameError, match="LEN"):
        decode(wire.layout, resummed(bytes(body)), reply=True)


@both_wires
def test_a_status_byte_below_80_is_refused_though_the_sum_is_right(wire: Isl) -> None:
    body = bytearray(reply_frame(wire, 0x31, 0x4A, b"7")[1:-5])
    body[-2] = 0x7F
    with pytest.raises(FrameError, match="below 80"):
        decode(wire.layout, resummed(bytes(body)), reply=True)


@both_wires
def test_a_reply_without_04_at_its_place_is_refused_though_the_sum_is_right(wire: Isl) -> None:
    body = bytearray(reply_frame(wire, 0x31, 0x4A, b"7")[1:-5])
    body[-2 - wire.layout.status_size] = 0x80
    with pytest.raises(FrameError, match="04"):
        decode(wire.layout, resummed(bytes(body)), reply=True)


def test_a_legacy_command_below_20_is_refused_both_ways_though_the_sum_is_right() -> None:
    with pytest.raises(FrameError, match="CMD 0x1f"):
        encode_request(ISL_LEGACY.layout, 0x20, Request(0x1F))
    for body, reply in (("24 31 1f 05", False), ("2a 31 04 80 80 80 80 80 80 05", True)):
        with pytest.raises(FrameError, match=r"CMD (1F|04) is below 20"):
            decode(ISL_LEGACY.layout, resummed(bytes.fromhex(body)), reply=reply)


def test_an_x_command_has_four_digits_and_may_be_any() -> None:
    raw = encode_request(DATECS_X.layout, 0x20, Request(0x05))
    assert decode(DATECS_X.layout, raw, reply=False).command == 0x05


@both_wires
@pytest.mark.parametrize(("data", "bad"), [("41 04 80", "04"), ("10 0c", "10"), ("41 10", "10")])
def test_a_request_that_nobody_may_write_is_not_read_either(wire: Isl, data: str, bad: str) -> None:
    raw = request_of(wire, bytes.fromhex(data))
    with pytest.raises(FrameError, match=f"byte {bad}"):
        decode(wire.layout, raw, reply=False)


@both_wires
def test_an_escaped_byte_of_a_display_command_may_stand_in_a_request(wire: Isl) -> None:
    data = bytes.fromhex("10 4c 10 5b 41")  # 0C and 1B, each + 40 [datecs.md 2.1]
    raw = request_of(wire, data)
    assert decode(wire.layout, raw, reply=False).data == data
    assert encode_request(wire.layout, 0x31, Request(0x4A, data), hand=True) == raw


@both_wires
def test_what_is_asked_of_a_printer_holds_no_escaped_byte(wire: Isl) -> None:
    """A driver's texts go out without one, whatever a cloud sends."""
    request = Request(0x4A, bytes.fromhex("10 4c"))
    with pytest.raises(FrameError, match="byte 10"):
        wire.begin(0x31, request).start()


def request_of(wire: Isl, data: bytes) -> bytes:
    """A request with any data, as a display or another program would be asked."""
    model = encode_request(wire.layout, 0x31, Request(0x4A, b"x" * len(data)))
    return resummed(model[1:-5].replace(b"x" * len(data), data))


@both_wires
def test_a_frame_without_05_before_its_sum_is_refused_though_the_sum_is_right(wire: Isl) -> None:
    body = reply_frame(wire, 0x31, 0x4A, b"7")[1:-6] + b"\x85"
    with pytest.raises(FrameError, match="05"):
        decode(wire.layout, resummed(body), reply=True)


@both_wires
def test_a_seq_below_20_is_refused_though_the_sum_is_right(wire: Isl) -> None:
    raw = reply_frame(wire, 0x1F, 0x4A, b"7")
    with pytest.raises(FrameError, match="SEQ"):
        decode(wire.layout, raw, reply=True)


@both_wires
def test_the_size_of_a_frame_is_known_from_its_first_bytes_and_not_before(wire: Isl) -> None:
    raw = reply_frame(wire, 0x31, 0x4A, b"7\t12.50\t")
    enough = 1 + wire.layout.width
    assert [frame_size(wire.layout, raw[:cut]) for cut in range(1, enough)] == [None] * (enough - 1)
    assert frame_size(wire.layout, raw[:enough]) == len(raw)


@pytest.mark.parametrize(
    ("wire", "start"),
    [
        pytest.param(ISL_LEGACY, b"\x01\x23", id="legacy, shorter than empty"),
        pytest.param(DATECS_X, b"\x010029", id="x, shorter than empty"),
        pytest.param(DATECS_X, b"\x010279", id="x, longer than FRAME_MAX"),
    ],
)
def test_a_len_that_no_frame_has_is_not_waited_for(wire: Isl, start: bytes) -> None:
    with pytest.raises(FrameError, match="LEN"):
        frame_size(wire.layout, start)


def test_the_longest_len_of_any_manual_is_waited_for() -> None:
    assert frame_size(DATECS_X.layout, b"\x010278") == FRAME_MAX + 6


@pytest.mark.parametrize(
    ("value", "digits"),
    [
        (0x0000, "30 30 30 30"),
        (0x01D2, "30 31 3d 32"),
        (0xFFFF, "3f 3f 3f 3f"),
        (0x0A9F, "30 3a 39 3f"),
    ],
)
def test_four_digits_are_the_hex_digits_each_plus_30(value: int, digits: str) -> None:
    assert nibbles(value, 4).hex(" ") == digits
    assert from_nibbles(bytes.fromhex(digits)) == value


@given(st.integers(0, 0xFFFF))
@settings(max_examples=60, deadline=None)
def test_any_number_comes_back_from_its_digits(value: int) -> None:
    assert from_nibbles(nibbles(value, 4)) == value


@pytest.mark.parametrize("digit", [0x2F, 0x40, 0x00, 0xFF])
def test_a_byte_that_is_no_digit_is_refused(digit: int) -> None:
    with pytest.raises(FrameError):
        from_nibbles(bytes([0x30, digit, 0x30, 0x30]))


def test_the_sum_has_sixteen_bits() -> None:
    assert plain_sum(b"\xff" * 257) == 0xFFFF
    assert plain_sum(b"\xff" * 257 + b"\x01") == 0
