"""One ZFP request in flight: what it sends, what it waits for, and that it sends nothing twice."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import FrameError, Heard
from protocol.exchange import Action, Came, Done, Reply, Request, Send, Wait
from protocol.zfp import PING, checksum, encode_request
from protocol.zfp_exchange import (
    ASK_S,
    ASKS_MAX,
    SENDS_MAX,
    ZFP,
    Stream,
    ZfpExchange,
)
from tests.protocol.play import SILENCE, Played, play
from tests.protocol.test_noise import cut, places_to_cut

NUMBER = 0x31
READ = Request(0x71, repeatable=True)
CLOSE = Request(0x38)
JE = Stream(0x7C, b"J0;N;000001;000001")
NAK, RETRY, STATE, READY, BUSY = b"\x15", b"\x0e", b"\x09", b"\x40", b"\x41"
STATE_REQUEST = Request(STATE[0], repeatable=True)
NOISE = b"\x00\xff~\x03\x05\x04?\x80\xfe\n"
FRAMING = (0x02, 0x03, 0x06, 0x0A, 0x0E, 0x15, 0x24, 0x30, 0x38, 0x40, 0x41, 0x71, NUMBER)

both_requests = pytest.mark.parametrize("request_", [READ, CLOSE], ids=["repeatable", "once"])
likely = st.lists(st.sampled_from(FRAMING) | st.integers(0, 0xFF), max_size=40).map(bytes)
no_start = st.binary(max_size=60).map(lambda raw: raw.translate(None, b"\x02\x06\x0e\x15"))


def acknowledged(ste: bytes = b"00", number: int = NUMBER) -> bytes:
    body = bytes([number]) + ste
    return b"\x06" + body + checksum(body) + b"\n"


def told(command: int, data: bytes, number: int = NUMBER) -> bytes:
    return encode_request(number, Request(command, data))


def run(request: Request, reads: list[bytes]) -> Played:
    return play(ZFP.begin(NUMBER, request), reads)


def asked(played: Played) -> int:
    return played.sent.count(STATE)


def sent(played: Played) -> int:
    return len(played.sent) - asked(played)


# --- answers


@pytest.mark.parametrize("ste", [b"00", b"04", b"42", b";2"])
def test_an_acknowledgement_ends_the_exchange_with_its_two_digits(ste: bytes) -> None:
    played = run(CLOSE, [acknowledged(ste)])
    assert played.reply == Reply(CLOSE.command, b"", ste)
    assert played.sent == [encode_request(NUMBER, CLOSE)]


def test_data_ends_the_exchange_and_has_no_digits() -> None:
    assert run(READ, [told(0x71, b"0007;0000042")]).reply == Reply(0x71, b"0007;0000042", b"")


def test_an_answer_byte_by_byte_is_done_at_its_last_byte_and_not_before() -> None:
    exchange = ZFP.begin(NUMBER, CLOSE)
    exchange.start()
    raw = acknowledged()
    early = [exchange.receive(bytes([byte])) for byte in raw[:-1]]
    assert early == [exchange.sent()] * len(early)
    assert isinstance(exchange.receive(raw[-1:]), Done)


@pytest.mark.parametrize("noise", [NOISE, b"\x02" + NOISE, b"\x02\x02\x06", STATE])
def test_an_answer_is_found_behind_noise(noise: bytes) -> None:
    played = run(CLOSE, [noise + acknowledged()])
    assert played.reply is not None
    assert len(played.sent) == 1


def test_a_false_start_that_swallows_the_answer_gives_it_back() -> None:
    exchange = ZFP.begin(NUMBER, CLOSE)
    exchange.start()
    assert isinstance(exchange.receive(b"\x02\xff" + acknowledged()), Wait)
    assert isinstance(exchange.silence(), Done)


@pytest.mark.parametrize(
    "other",
    [acknowledged(number=NUMBER - 1), told(0x71, b"1", NUMBER - 1), told(0x72, b"1")],
    ids=["stale acknowledgement", "stale data", "another command"],
)
def test_an_answer_to_another_request_is_passed_over(other: bytes) -> None:
    alone = run(Request(0x71), [other])
    assert (alone.reply, alone.heard) == (None, Heard.OTHER_REPLY)
    followed = run(Request(0x71), [other + told(0x71, b"2")])
    assert followed.reply is not None
    assert followed.reply.data == b"2"


def test_an_echo_of_the_request_is_never_taken_though_it_looks_like_an_answer() -> None:
    echo = encode_request(NUMBER, READ)
    assert run(READ, [echo]).heard is Heard.ECHO
    assert run(READ, [echo + told(0x71, b"2")]).reply == Reply(0x71, b"2", b"")


# --- nothing twice


@pytest.mark.parametrize("first", [SILENCE, NOISE, b"\x02", acknowledged()[:-1], BUSY, READY])
def test_silence_never_repeats_what_changes_something(first: bytes) -> None:
    played = run(CLOSE, [first, SILENCE])
    assert played.sent == [encode_request(NUMBER, CLOSE)]
    assert played.reply is None


def test_silence_gets_the_identical_frame_again_where_it_changes_nothing() -> None:
    played = run(READ, [SILENCE, SILENCE, SILENCE, told(0x71, b"1")])
    assert played.reply is not None
    assert played.sent == [encode_request(NUMBER, READ)] * SENDS_MAX


def test_silence_for_ever_is_given_up_after_the_last_send() -> None:
    played = run(READ, [])
    assert (len(played.sent), played.reply, played.heard) == (SENDS_MAX, None, Heard.SILENCE)


@pytest.mark.parametrize("sign", [NAK, RETRY], ids=["15", "0E"])
@both_requests
def test_a_device_that_took_nothing_is_asked_and_gets_the_identical_frame_when_it_is_ready(
    request_: Request, sign: bytes
) -> None:
    played = run(request_, [sign, BUSY, SILENCE, READY, acknowledged()])
    frame = encode_request(NUMBER, request_)
    assert played.reply is not None
    assert played.sent == [frame, STATE, STATE, frame]


def test_between_15_and_the_repeat_a_busy_device_is_waited_for() -> None:
    exchange = ZFP.begin(NUMBER, CLOSE)
    exchange.start()
    assert exchange.receive(NAK) == Send(STATE)
    assert exchange.sent() == Wait(ASK_S)
    assert exchange.receive(BUSY) == Wait(ASK_S)
    assert exchange.silence() == Send(STATE)


def test_a_15_out_of_noise_before_a_late_answer_sells_nothing_twice() -> None:
    played = run(CLOSE, [NAK, acknowledged() + READY])
    assert played.reply is not None
    assert sent(played) == 1


@pytest.mark.parametrize("damage", [b"\x06\x31", NOISE, b"\x02\x24"])
def test_a_15_with_anything_else_is_no_refusal_of_what_could_be_done_twice(damage: bytes) -> None:
    for reads in ([damage + NAK, READY], [NAK, damage + READY], [NAK + damage, SILENCE, READY]):
        assert sent(run(CLOSE, [*reads, SILENCE, READY])) == 1


@both_requests
def test_ready_before_the_start_of_an_answer_repeats_nothing_wherever_the_read_ends(
    request_: Request,
) -> None:
    raw = acknowledged()
    for at in range(1, len(raw)):
        played = run(request_, [NAK, READY + raw[:at], raw[at:]])
        assert played.reply is not None, f"lost when cut at {at}"
        assert sent(played) == 1, f"sent again when cut at {at}"


def test_a_15_in_a_garbled_answer_is_no_refusal() -> None:
    raw = told(0x3E, b"1.50").replace(b"5", NAK)
    assert sent(run(Request(0x3E), [raw, READY])) == 1


def test_a_device_that_only_says_15_and_is_ready_is_given_up_after_the_last_send() -> None:
    played = run(CLOSE, [NAK, READY] * 20)
    assert (sent(played), played.heard) == (SENDS_MAX, Heard.NAK)


def test_a_device_that_is_busy_for_ever_is_given_up() -> None:
    played = run(CLOSE, [RETRY, *[BUSY, SILENCE] * 100])
    assert (sent(played), asked(played), played.heard) == (1, ASKS_MAX, Heard.BUSY)


# --- streams


def stream(*lines: bytes, end: bytes = b"@") -> bytes:
    return acknowledged() + b"".join(told(0x7C, line) for line in (*lines, end))


def test_a_stream_comes_back_line_by_line() -> None:
    played = run(JE, [stream(b"BON FISCAL", b"REF:7F3A91C2")])
    assert played.reply == Reply(0x7C, b"", b"00")
    assert played.lines == [b"BON FISCAL", b"REF:7F3A91C2"]


def test_each_line_is_told_before_the_next_is_looked_at() -> None:
    exchange = ZFP.begin(NUMBER, JE)
    exchange.start()
    assert exchange.receive(stream(b"a", b"b")) == Came(b"a")
    assert exchange.receive(b"") == Came(b"b")
    assert isinstance(exchange.receive(b""), Done)


@given(places=places_to_cut)
@settings(max_examples=60, deadline=None)
def test_a_stream_is_the_same_however_it_is_cut(places: list[int]) -> None:
    played = run(JE, cut(stream(b"a", b"@b", b"c"), places))
    assert played.reply is not None
    assert played.lines == [b"a", b"@b", b"c"]


@pytest.mark.parametrize("end", [b"@", b"0007@", b"@  ", b"0007@ "])
def test_a_stream_ends_with_its_sign_alone_or_behind_its_segment(end: bytes) -> None:
    lines = [b"a", b"TOTAL @ 1", b"b@", b"007@", b"@b", b" @"]
    played = run(JE, [stream(*lines, end=end)])
    assert played.reply is not None
    assert played.lines == lines


def test_a_refused_stream_is_a_refusal() -> None:
    assert run(JE, [acknowledged(b"02")]).reply == Reply(0x7C, b"", b"02")


@pytest.mark.parametrize(
    "damage",
    [b"~", told(0x7C, b"x")[:-1], told(0x7C, b"x", NUMBER + 1), NAK],
    ids=["noise", "half a line", "another number", "15"],
)
def test_a_stream_with_anything_else_in_it_is_given_up(damage: bytes) -> None:
    whole = acknowledged() + told(0x7C, b"a") + damage + told(0x7C, b"b") + told(0x7C, b"@")
    played = run(JE, [whole])
    assert played.reply is None
    assert len(played.sent) == 1


def test_a_stream_that_stops_is_given_up_and_not_asked_for_again() -> None:
    played = run(JE, [stream(b"a", b"b")[:-7]])
    assert (played.reply, len(played.sent)) == (None, 1)


def test_noise_before_a_stream_does_not_matter() -> None:
    assert run(JE, [NOISE + stream(b"a")]).lines == [b"a"]


# --- 09


@pytest.mark.parametrize("state", [0x40, 0x41, 0x4F, 0x50, 0x60, 0x70])
def test_the_state_is_one_byte(state: int) -> None:
    played = run(STATE_REQUEST, [bytes([state])])
    assert played.reply == Reply(9, bytes([state]), b"")
    assert played.sent == [STATE]


@pytest.mark.parametrize("echo", [STATE, b"\x03"])
def test_a_state_request_that_comes_back_is_an_echo(echo: bytes) -> None:
    assert run(STATE_REQUEST, [echo]).heard is Heard.ECHO


def test_garbage_is_no_state() -> None:
    assert run(STATE_REQUEST, [b"\x99", b"\x40\x40"]).heard is Heard.GARBAGE


# --- numbers and noise


def test_numbers_go_up_by_one_and_from_9f_to_20() -> None:
    seen = [0x20]
    for _ in range(128):
        seen.append(ZFP.next_sequence(seen[-1]))
    assert seen == [*range(0x20, 0xA0), 0x20]


@given(seed=st.integers(0, 10**13), last=st.integers(0x20, 0x9F) | st.none())
@settings(max_examples=100, deadline=None)
def test_the_first_number_is_never_the_last_one_of_before(seed: int, last: int | None) -> None:
    first = ZFP.first_sequence(not_this=last, seed=seed)
    assert first != last
    assert 0x20 <= first <= 0x9F


def test_a_request_that_does_not_fit_begins_no_exchange() -> None:
    with pytest.raises(FrameError):
        ZFP.begin(NUMBER, Request(0x37, b"\n"))


@given(reads=st.lists(likely | st.just(SILENCE), max_size=12), repeatable=st.booleans())
@settings(max_examples=200, deadline=None)
def test_random_bytes_end_in_a_bounded_number_of_identical_sends(
    reads: list[bytes], repeatable: bool
) -> None:
    played = run(Request(0x71, b"X", repeatable), reads)
    frames = [frame for frame in played.sent if frame != STATE]
    assert 1 <= len(frames) <= SENDS_MAX
    assert len(set(frames)) == 1
    signs = b"".join(reads)
    assert repeatable or len(frames) <= 1 + signs.count(NAK) + signs.count(RETRY)


@given(noise=no_start, places=places_to_cut)
@settings(max_examples=150, deadline=None)
def test_a_good_answer_after_noise_without_a_start_is_always_found(
    noise: bytes, places: list[int]
) -> None:
    played = run(CLOSE, cut(noise + acknowledged(), places))
    assert played.reply is not None
    assert played.sent == [encode_request(NUMBER, CLOSE)]


def test_giving_up_says_how_often_it_was_sent() -> None:
    exchange: ZfpExchange = ZfpExchange(NUMBER, CLOSE)
    action: Action = exchange.start()
    assert isinstance(action, Send)
    assert (exchange.given_up().sends, exchange.given_up().heard) == (1, Heard.SILENCE)


# --- the ping


def pinged(*reads: bytes) -> Played:
    return run(Request(PING), [*reads, SILENCE])


def test_a_ping_is_asked_behind_a_sign_that_an_echo_would_bring_back() -> None:
    played = pinged(b"\x04")
    assert played.reply == Reply(PING, b"\x04", b"")
    assert played.sent == [b"\x03\x04"]


@pytest.mark.parametrize(
    ("reads", "heard"),
    [
        ([], Heard.SILENCE),
        ([b"\x03\x04"], Heard.ECHO),
        ([b"\x03", b"\x04"], Heard.ECHO),
        ([b"\x04\x04"], Heard.GARBAGE),
        ([NOISE], Heard.GARBAGE),
        ([b"\x15"], Heard.GARBAGE),
    ],
)
def test_a_ping_is_answered_by_one_byte_alone_and_never_sent_again(
    reads: list[bytes], heard: Heard
) -> None:
    played = pinged(*reads)
    assert (played.reply, played.heard) == (None, heard)
    assert played.sent == [b"\x03\x04"]
