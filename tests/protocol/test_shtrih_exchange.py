"""One Shtrih-M request in flight: what it sends and fetches, and that it sends nothing twice."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import FrameError, Heard
from protocol.exchange import Budget, Done, Reply, Request, Send
from protocol.shtrih import ask_number, body_of, enclosed, encode_numbered, encode_request
from protocol.shtrih_exchange import (
    ASKS_MAX,
    OLD_REPLIES_MAX,
    SENDS_MAX,
    SHTRIH,
    SHTRIH_NUMBERED,
)
from tests.protocol.play import SILENCE, Played, play
from tests.protocol.test_noise import cut, places_to_cut

READ = Request(0x1B, b"\x1e\0\0\0\x94", repeatable=True)
CLOSE = Request(0x85, b"\x1e\0\0\0")
ENQ, ACK, NAK, IDLE, FILLER = b"\x05", b"\x06", b"\x15", b"\x15", b"\xff"
NOISE = b"\x00\x7f~\x03\x04?\x80\xfe\n"
FRAMING = (0x02, 0x05, 0x06, 0x15, 0xFF, 0x85, 0x1B, 0x00, 0x8F, 0x9F, 0x03)

both_requests = pytest.mark.parametrize("request_", [READ, CLOSE], ids=["repeatable", "once"])
likely = st.lists(st.sampled_from(FRAMING) | st.integers(0, 0xFF), max_size=40).map(bytes)


def said(request: Request, data: bytes = b"\x00\x1e") -> bytes:
    return enclosed(body_of(Request(request.command, data)))


def frame(request: Request) -> bytes:
    return encode_request(request)


def run(request: Request, reads: list[bytes]) -> Played:
    return play(SHTRIH.begin(0, request), reads)


def times(request: Request, played: Played) -> int:
    """How often the frame itself went."""
    return played.sent.count(frame(request))


# --- the handshake


@both_requests
def test_an_idle_device_is_given_the_frame_and_its_reply_is_confirmed(request_: Request) -> None:
    played = run(request_, [IDLE, ACK, said(request_, b"\x00\x1e\x2a")])
    assert played.reply == Reply(request_.command, b"\x1e\x2a", b"\x00")
    assert played.sent == [ENQ, frame(request_), ACK]


def test_a_refusal_is_a_reply_with_its_code() -> None:
    played = run(CLOSE, [IDLE, ACK, said(CLOSE, b"\x45")])
    assert played.reply == Reply(0x85, b"", b"\x45")


def test_the_published_reply_of_a_wide_code_has_its_result_third() -> None:
    played = run(Request(0xFF08), [IDLE, ACK, bytes.fromhex("02 03 FF 08 00 F4")])
    assert played.reply == Reply(0xFF08, b"", b"\x00")


def test_fillers_before_a_sign_are_passed_over() -> None:
    played = run(CLOSE, [FILLER + FILLER + IDLE, FILLER + ACK, said(CLOSE)])
    assert played.reply is not None
    assert played.heard is None


@pytest.mark.parametrize("noise", [b"", FILLER, NOISE])
def test_a_reply_without_its_confirmation_before_is_taken(noise: bytes) -> None:
    assert run(CLOSE, [IDLE, noise + said(CLOSE)]).reply is not None


def test_a_reply_byte_by_byte_is_done_at_its_last_byte_and_not_before() -> None:
    exchange = SHTRIH.begin(0, CLOSE)
    exchange.start()
    assert exchange.receive(IDLE) == Send(frame(CLOSE))
    raw = ACK + said(CLOSE)
    early = [exchange.receive(bytes([byte])) for byte in raw[:-1]]
    assert not [action for action in early if isinstance(action, Send | Done)]
    assert exchange.receive(raw[-1:]) == Send(ACK)
    assert isinstance(exchange.sent(), Done)


def test_a_reply_that_waits_for_somebody_else_is_fetched_and_dropped_before() -> None:
    old = said(Request(0x80))
    played = run(CLOSE, [ACK + old, IDLE, ACK, said(CLOSE)])
    assert played.reply is not None
    assert played.sent == [ENQ, ACK, ENQ, frame(CLOSE), ACK]


def test_an_old_reply_of_the_same_code_is_not_taken_for_ours() -> None:
    played = run(CLOSE, [ACK + said(CLOSE, b"\x45"), IDLE, ACK, said(CLOSE)])
    assert played.reply == Reply(0x85, b"\x1e", b"\x00")


def test_an_old_reply_behind_a_15_in_one_piece_is_not_taken_for_ours() -> None:
    """Noise said 15; what stood behind it came before our frame went."""
    old, new = (ACK + said(READ, b"\x00\x1e" + value) for value in (b"\x01", b"\x02"))
    played = run(READ, [IDLE + old, old, IDLE, IDLE, new])
    assert played.reply == Reply(0x1B, b"\x1e\x02", b"\x00")
    assert times(READ, played) == 1


def test_a_device_that_never_runs_out_of_old_replies_is_given_up() -> None:
    played = run(CLOSE, [ACK + said(CLOSE)] * 20)
    assert (played.reply, times(CLOSE, played)) == (None, 0)
    assert played.sent.count(ACK) == OLD_REPLIES_MAX


# --- nothing twice


@pytest.mark.parametrize("first", [SILENCE, NOISE, ACK, ACK + said(CLOSE)[:-1]])
def test_an_idle_device_after_silence_gets_nothing_twice_that_changes_something(
    first: bytes,
) -> None:
    played = run(CLOSE, [IDLE, first, SILENCE, IDLE])
    assert played.reply is None
    assert times(CLOSE, played) == 1


def test_an_idle_device_after_silence_gets_a_read_again() -> None:
    played = run(READ, [IDLE, SILENCE, IDLE, ACK + said(READ)])
    assert played.reply is not None
    assert played.sent == [ENQ, frame(READ), ENQ, frame(READ), ACK]


@both_requests
def test_a_lost_reply_is_fetched_with_05_and_the_frame_does_not_go_again(request_: Request) -> None:
    played = run(request_, [IDLE, SILENCE, ACK + said(request_)])
    assert played.reply is not None
    assert played.sent == [ENQ, frame(request_), ENQ, ACK]


def test_a_damaged_reply_is_refused_and_fetched_again() -> None:
    raw = said(CLOSE)
    played = run(CLOSE, [IDLE, ACK + raw[:-1] + b"\x00", ACK + raw])
    assert played.reply is not None
    assert played.sent == [ENQ, frame(CLOSE), NAK, ENQ, ACK]


def test_a_device_that_works_long_is_asked_until_it_has_done() -> None:
    played = run(CLOSE, [IDLE, ACK, *[SILENCE, ACK] * 5, said(CLOSE)])
    assert played.reply is not None
    assert times(CLOSE, played) == 1


@both_requests
def test_a_frame_that_was_not_taken_goes_again_when_the_device_is_idle(request_: Request) -> None:
    played = run(request_, [IDLE, NAK, IDLE, ACK + said(request_)])
    assert played.reply is not None
    assert played.sent == [ENQ, frame(request_), ENQ, frame(request_), ACK]


def test_a_15_out_of_noise_before_the_reply_sells_nothing_twice() -> None:
    played = run(CLOSE, [IDLE, NAK, ACK + said(CLOSE)])
    assert played.reply is not None
    assert times(CLOSE, played) == 1


@pytest.mark.parametrize("damage", [NOISE, b"\x02\x24", b"\x02\x03\x85"])
def test_a_15_with_anything_else_is_no_refusal_of_what_could_be_done_twice(damage: bytes) -> None:
    for reads in ([damage + NAK, IDLE], [NAK, damage + IDLE], [NAK + damage, SILENCE, IDLE]):
        assert times(CLOSE, run(CLOSE, [IDLE, *reads, SILENCE, IDLE])) == 1


@both_requests
def test_idle_before_the_start_of_a_reply_repeats_nothing_wherever_the_read_ends(
    request_: Request,
) -> None:
    raw = said(request_)
    for at in range(1, len(raw)):
        played = run(request_, [IDLE, NAK, IDLE + raw[:at], raw[at:]])
        assert played.reply is not None, f"lost when cut at {at}"
        assert times(request_, played) == 1, f"sent again when cut at {at}"


def test_a_late_answer_to_an_earlier_05_is_no_refusal_of_the_frame() -> None:
    played = run(CLOSE, [SILENCE, SILENCE, IDLE, IDLE + IDLE, ACK + said(CLOSE)])
    assert played.reply is not None
    assert times(CLOSE, played) == 1


def test_signs_inside_a_damaged_reply_are_no_signs() -> None:
    broken = enclosed(b"\x85\x15\x15\x15")[:-1] + b"\x00"
    played = run(CLOSE, [IDLE, broken, SILENCE, IDLE])
    assert times(CLOSE, played) == 1
    assert run(CLOSE, [b"\x02\x04\x15\x06\x15\x15", IDLE, ACK, said(CLOSE)]).sent[:2] == [ENQ, NAK]


def test_a_device_that_only_says_15_is_given_up_after_the_last_send() -> None:
    played = run(CLOSE, [IDLE] * 40)
    assert (times(CLOSE, played), played.heard) == (SENDS_MAX, Heard.NAK)


def test_a_reply_to_another_code_is_confirmed_and_not_taken() -> None:
    played = run(CLOSE, [IDLE, ACK + said(Request(0x80)), IDLE])
    assert (played.reply, played.heard) == (None, Heard.OTHER_REPLY)
    assert played.sent == [ENQ, frame(CLOSE), ACK, ENQ]


# --- strangers


def test_silence_for_ever_is_given_up_and_the_frame_never_goes() -> None:
    played = run(CLOSE, [])
    assert (played.sent, played.heard) == ([ENQ] * ASKS_MAX, Heard.SILENCE)


def test_a_probe_calls_once() -> None:
    played = run(Request(0xFC, budget=Budget(silence_s=0.25, total_s=1.0)), [])
    assert played.sent == [ENQ]


def test_an_echo_is_told_and_never_taken_though_it_looks_like_a_reply() -> None:
    assert run(CLOSE, [ENQ] * 3).heard is Heard.ECHO
    looks_alike = Request(0x10, b"\x01\0\0\0")
    played = run(looks_alike, [IDLE, frame(looks_alike), SILENCE, IDLE])
    assert (played.reply, played.heard) == (None, Heard.ECHO)


def test_a_request_that_does_not_fit_begins_no_exchange() -> None:
    for wire, size in ((SHTRIH, 255), (SHTRIH_NUMBERED, 4094)):
        with pytest.raises(FrameError):
            wire.begin(0, Request(0x17, b"x" * size))


def test_the_links_numbers_mean_nothing() -> None:
    first = SHTRIH.first_sequence(not_this=0, seed=7)
    assert SHTRIH.next_sequence(first) == first


@given(reads=st.lists(likely | st.just(SILENCE), max_size=12), repeatable=st.booleans())
@settings(max_examples=200, deadline=None)
def test_random_bytes_end_in_a_bounded_number_of_identical_sends(
    reads: list[bytes], repeatable: bool
) -> None:
    request = Request(0x85, b"X", repeatable)
    played = run(request, reads)
    assert times(request, played) <= SENDS_MAX
    assert set(played.sent) <= {ENQ, ACK, NAK, frame(request)}
    assert repeatable or times(request, played) <= 1 + b"".join(reads).count(NAK)


@given(places=places_to_cut)
@settings(max_examples=100, deadline=None)
def test_an_exchange_is_the_same_however_its_answers_are_cut(places: list[int]) -> None:
    played = run(CLOSE, [IDLE, *cut(ACK + said(CLOSE, b"\x00\x1e\x15\x06\x02"), places)])
    assert played.reply == Reply(0x85, b"\x1e\x15\x06\x02", b"\x00")
    assert played.sent == [ENQ, frame(CLOSE), ACK]


# --- the numbered wire

TOLD = encode_numbered(23, b"")  # its number


def numbered(request: Request, number: int = 24, data: bytes = b"\x00\x1e") -> bytes:
    return encode_numbered(number, body_of(Request(request.command, data)))


def run_numbered(request: Request, reads: list[bytes]) -> Played:
    return play(SHTRIH_NUMBERED.begin(0, request), reads)


def asked_as(request: Request, number: int = 24) -> bytes:
    return encode_numbered(number, body_of(request))


@both_requests
def test_the_devices_number_is_asked_and_ours_is_the_next(request_: Request) -> None:
    played = run_numbered(request_, [TOLD, numbered(request_)])
    assert played.reply == Reply(request_.command, b"\x1e", b"\x00")
    assert played.sent == [ask_number(), asked_as(request_)]


def test_after_ffff_comes_0() -> None:
    played = run_numbered(CLOSE, [encode_numbered(0xFFFF, b""), numbered(CLOSE, 0)])
    assert played.reply is not None
    assert played.sent[1] == asked_as(CLOSE, 0)


def test_the_published_reply_of_another_code_is_not_ours() -> None:
    full = Request(0x11, bytes.fromhex("1E 00 00 00"))
    played = run_numbered(full, [TOLD, bytes.fromhex("8F 04 00 18 00 1E 00 A9 B6")])
    assert (played.reply, played.heard) == (None, Heard.OTHER_REPLY)
    assert played.sent == [ask_number(), bytes.fromhex("8F 07 00 18 00 11 1E 00 00 00 F9 1A")]


@pytest.mark.parametrize("number", [23, 25, 0])
def test_a_reply_with_another_number_is_not_ours(number: int) -> None:
    assert run_numbered(CLOSE, [TOLD, numbered(CLOSE, number)]).heard is Heard.OTHER_REPLY
    assert run_numbered(CLOSE, [TOLD, numbered(CLOSE, number) + numbered(CLOSE)]).reply is not None


def test_on_the_numbered_wire_silence_never_repeats_what_changes_something() -> None:
    played = run_numbered(CLOSE, [TOLD, SILENCE, TOLD])
    assert (played.reply, played.sent) == (None, [ask_number(), asked_as(CLOSE)])


def test_on_the_numbered_wire_a_read_is_asked_anew_with_the_number_of_then() -> None:
    later = encode_numbered(24, b"")
    played = run_numbered(READ, [TOLD, SILENCE, later, numbered(READ, 25)])
    assert played.reply is not None
    assert played.sent == [ask_number(), asked_as(READ), ask_number(), asked_as(READ, 25)]


def test_a_numbered_device_that_does_not_tell_its_number_is_given_nothing() -> None:
    played = run_numbered(READ, [])
    assert played.sent == [ask_number()] * SENDS_MAX


def test_a_numbered_reply_is_found_behind_noise_and_echoes() -> None:
    for noise in (NOISE, b"\x8f\x02\x00", asked_as(CLOSE), ask_number()):
        assert run_numbered(CLOSE, [TOLD, noise + numbered(CLOSE)]).reply is not None
    assert run_numbered(CLOSE, [ask_number()]).heard is Heard.ECHO


@given(reads=st.lists(likely | st.just(SILENCE), max_size=12), repeatable=st.booleans())
@settings(max_examples=200, deadline=None)
def test_random_bytes_end_on_the_numbered_wire_too(reads: list[bytes], repeatable: bool) -> None:
    request = Request(0x85, b"X", repeatable)
    frames = [one for one in run_numbered(request, reads).sent if one != ask_number()]
    assert len(frames) <= (SENDS_MAX if repeatable else 1)
