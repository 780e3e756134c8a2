"""Daisy's own ways on the ISL wire: reports that come row by row, and frames longer than LEN says.

The rows are the published ones; a device that is fed by our answers is written here again from the
manual, with other means than `protocol/daisy.py`.
"""

from itertools import cycle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.daisy import DAISY, ROW_COMMANDS, RowsExchange, is_last_row
from protocol.errors import FrameError, Heard, NoReply
from protocol.exchange import READ, Came, Done, Request, Send
from protocol.incotex import INCOTEX
from protocol.isl import decode, encode_request, frame_size
from protocol.isl_exchange import ISL_LEGACY, IslExchange
from tests.protocol.play import SILENCE, play, reply_frame
from tests.protocol.vectors import bytes_of

TAKEN, TAKEN_EXPORT = b"\x11", b"\x1a"
PARTS = {raw: meaning for _, raw, meaning in bytes_of("part", "daisy")}
END = bytes.fromhex("1A 45 0D 0A")
REPORT_END = bytes.fromhex("1A 09 45 0D 0A")
ROW = next(raw for raw in PARTS if raw.startswith(b"\x1aT"))
JE = Request(0xC3, b"R1,2,3,A")
REPORT = Request(0x4F, b"010118,311219")
CLOSING = reply_frame(ISL_LEGACY, 0x31, 0xC3)


def rows(*reads: bytes, request: Request = JE) -> tuple[list[bytes], list[bytes]]:
    """Play a report: what is said to the device after the request, and the rows it brought."""
    played = play(DAISY.begin(0x31, request), reads)
    assert played.reply is not None
    return played.sent[1:], played.lines


# --- rows


def test_the_published_signs_of_a_row_report_are_what_is_sent_and_understood() -> None:
    assert {TAKEN, END, REPORT_END} <= set(PARTS)
    assert is_last_row(END[:-2])
    assert is_last_row(REPORT_END[:-2])
    assert not is_last_row(ROW[:-2])


def test_a_published_row_comes_through_as_it_was_sent() -> None:
    said, brought = rows(ROW, END + CLOSING)
    assert (said, brought) == ([TAKEN, TAKEN], [ROW[1:-2]])


def test_every_row_is_answered_once_and_the_end_too() -> None:
    texts = [b"\x1aT\tN R %d\r\n" % number for number in range(30)]
    said, brought = rows(*texts, END, CLOSING)
    assert said == [TAKEN] * 31
    assert brought == [text[1:-2] for text in texts]


def test_the_closing_reply_may_follow_the_last_row_at_once_and_the_line_go_silent() -> None:
    assert rows(ROW, END + CLOSING, SILENCE)[1] == [ROW[1:-2]]


@pytest.mark.parametrize("request_", [JE, REPORT])
def test_a_report_without_a_row_is_its_reply(request_: Request) -> None:
    closing = reply_frame(ISL_LEGACY, 0x31, request_.command, b"P")
    played = play(DAISY.begin(0x31, request_), [closing])
    assert played.reply is not None
    assert (played.reply.data, played.lines) == (b"P", [])


@given(sizes=st.lists(st.integers(1, 9), min_size=1, max_size=20))
@settings(max_examples=50, deadline=None)
def test_rows_come_through_in_whatever_pieces(sizes: list[int]) -> None:
    exchange = DAISY.begin(0x31, JE)
    action, left = exchange.start(), ROW + END + CLOSING
    told: list[bytes] = []
    for size in cycle(sizes):
        if not left:
            break
        action, left = exchange.receive(left[:size]), left[size:]
        told += [action.line] if isinstance(action, Came) else []
    while isinstance(action, Send | Came):
        action = exchange.receive(b"")
        told += [action.line] if isinstance(action, Came) else []
    assert isinstance(action, Done)
    assert told == [ROW[1:-2]]


def test_a_row_is_answered_only_when_the_next_is_wanted() -> None:
    exchange = DAISY.begin(0x31, JE)
    exchange.start()
    assert exchange.receive(ROW) == Came(ROW[1:-2])
    assert exchange.receive(b"") == Send(TAKEN)


def test_a_device_that_wants_the_other_sign_gets_it_after_a_silence_and_from_then_on() -> None:
    said, brought = rows(ROW, SILENCE, ROW, END, CLOSING)
    assert said == [TAKEN, TAKEN_EXPORT, TAKEN_EXPORT, TAKEN_EXPORT]
    assert brought == [ROW[1:-2]] * 2


def test_once_a_row_has_come_the_request_is_never_sent_again() -> None:
    repeatable = Request(0xC3, b"R1,2,3,A", repeatable=True)
    played = play(DAISY.begin(0x31, repeatable), [ROW, SILENCE, SILENCE])
    assert (played.reply, played.heard) == (None, Heard.OTHER_REPLY)
    assert played.sent[1:] == [TAKEN, TAKEN_EXPORT]


def test_a_report_that_is_refused_with_nak_is_sent_again_the_same() -> None:
    played = play(DAISY.begin(0x31, JE), [b"\x15", ROW, END + CLOSING])
    assert played.reply is not None
    assert played.sent[0] == played.sent[1]


def test_busy_signs_between_rows_are_signs_of_life() -> None:
    assert rows(b"\x16\x16", ROW, b"\x16", END, b"\x16" + CLOSING)[1] == [ROW[1:-2]]


ECHO = encode_request(DAISY.layout, 0x31, JE)


@pytest.mark.parametrize(
    "reads",
    [
        pytest.param([ECHO, ROW, TAKEN, END + CLOSING], id="apart"),
        pytest.param([ECHO + ROW, TAKEN + END + CLOSING], id="together"),
        pytest.param([ECHO[:5], ECHO[5:] + ROW, TAKEN + END + CLOSING], id="in two pieces"),
        pytest.param([b"\x16\x16" + ECHO + b"\x16" + ROW, TAKEN + END + CLOSING], id="busy"),
    ],
)
def test_on_a_line_that_echoes_the_rows_come_through(reads: list[bytes]) -> None:
    said, brought = rows(*reads)
    assert (said, brought) == ([TAKEN, TAKEN], [ROW[1:-2]])


def test_the_other_sign_that_comes_back_begins_no_row() -> None:
    reads = [ECHO + ROW, TAKEN, SILENCE, TAKEN_EXPORT + ROW, TAKEN_EXPORT + END + CLOSING]
    said, brought = rows(*reads)
    assert said == [TAKEN, TAKEN_EXPORT, TAKEN_EXPORT, TAKEN_EXPORT]
    assert brought == [ROW[1:-2]] * 2


def test_a_line_that_only_echoes_a_report_is_heard_as_that() -> None:
    repeatable = Request(0xC3, b"R1,2,3,A", repeatable=True)
    played = play(DAISY.begin(0x31, repeatable), [ECHO, SILENCE] * 4)
    assert (played.reply, played.heard, len(played.sent)) == (None, Heard.ECHO, 4)


def test_half_a_reply_that_begins_as_our_frame_is_no_echo() -> None:
    repeatable = Request(0xC3, b"R1,2,3,A", repeatable=True)
    reads = [ECHO[:1], SILENCE, CLOSING]
    assert play(DAISY.begin(0x31, repeatable), reads).reply is not None


def test_a_row_that_never_ends_is_given_up() -> None:
    exchange = DAISY.begin(0x31, JE)
    exchange.start()
    with pytest.raises(NoReply):
        exchange.receive(b"\x1a" + b"x" * 500)


@pytest.mark.parametrize("command", sorted(ROW_COMMANDS))
def test_only_reports_bring_rows(command: int) -> None:
    assert isinstance(DAISY.begin(0x31, Request(command)), RowsExchange)
    assert isinstance(DAISY.begin(0x31, Request(0x4A)), IslExchange)


@given(reads=st.lists(st.binary(max_size=60), max_size=20))
@settings(max_examples=200, deadline=None)
def test_random_bytes_never_hang_a_report_and_are_never_its_reply(reads: list[bytes]) -> None:
    played = play(DAISY.begin(0x31, JE), [read for read in reads if read])
    assert played.reply is None


# --- frames longer than LEN can say


@pytest.mark.parametrize("size", [213, 219, 220, 221, 300, 480])
def test_a_reply_whose_len_is_ff_ends_with_its_own_sum(size: int) -> None:
    data = bytes(0x20 + number % 90 for number in range(size))
    body = bytes([min(0x2B + size, 0xFF), 0x31, 0x4A]) + data + b"\x04" + b"\x80" * 6 + b"\x05"
    digits = bytes(0x30 + int(digit, 16) for digit in f"{sum(body) % 0x10000:04x}")
    raw = b"\x01" + body + digits + b"\x03"
    assert frame_size(DAISY.layout, raw) == len(raw)
    assert frame_size(DAISY.layout, raw + b"\x01\x2b") == len(raw)
    assert decode(DAISY.layout, raw, reply=True).data == data
    reply = play(DAISY.begin(0x31, Request(0x4A)), [raw[:100], raw[100:]]).reply
    assert reply is not None
    assert reply.data == data
    if size > 212:
        with pytest.raises(FrameError):
            decode(ISL_LEGACY.layout, raw, reply=True)


def test_a_len_of_ff_and_no_end_is_given_up_as_noise() -> None:
    played = play(DAISY.begin(0x31, Request(0x4A, budget=READ)), [b"\x01\xff" + b"\x41" * 900])
    assert (played.reply, played.heard) == (None, Heard.GARBAGE)


# --- what fits


@pytest.mark.parametrize(("wire", "most"), [(DAISY, 200), (INCOTEX, 91)], ids=["daisy", "incotex"])
def test_a_request_that_is_longer_than_the_manual_allows_is_refused(wire: type, most: int) -> None:
    assert encode_request(wire.layout, 0x20, Request(0x31, b"x" * most))
    with pytest.raises(FrameError, match=f"{most} fit"):
        encode_request(wire.layout, 0x20, Request(0x31, b"x" * (most + 1)))
