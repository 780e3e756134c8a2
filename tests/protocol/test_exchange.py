"""One request in flight: what it sends, what it waits for, and which reply it takes as its own."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from protocol.errors import Heard, NoReply
from protocol.exchange import Budget, Done, Reply, Request, Send, Wait
from protocol.isl import SEQUENCE_MAX, SEQUENCE_MIN, encode_request
from protocol.isl_exchange import SENDS_MAX, Isl
from tests.protocol.play import SILENCE, both_wires, four_digits, play, reply_frame

SEQUENCE = 0x31
READ = Request(0x4A, b"X", repeatable=True)
CLOSE = Request(0x38)
NAK, SYN = b"\x15", b"\x16"
NOISE = b"\x00\xff~\x03\x05\x04?\x80\xfe"  # neither 01, NAK nor SYN

both_requests = pytest.mark.parametrize("request_", [READ, CLOSE], ids=["repeatable", "once"])


def answer(wire: Isl, request: Request = READ, data: bytes = b"0\t7.00\t") -> bytes:
    return reply_frame(wire, SEQUENCE, request.command, data)


def garbled(raw: bytes) -> bytes:
    """Break the last digit of the sum."""
    return raw[:-2] + bytes([raw[-2] ^ 1]) + raw[-1:]


@both_wires
@both_requests
def test_a_whole_reply_in_one_read_ends_the_exchange(wire: Isl, request_: Request) -> None:
    played = play(wire.begin(SEQUENCE, request_), [answer(wire, request_)])
    status = b"\x80" * wire.layout.status_size
    assert played.reply == Reply(request_.command, b"0\t7.00\t", status)
    assert played.sent == [encode_request(wire.layout, SEQUENCE, request_)]


@both_wires
def test_a_reply_byte_by_byte_is_done_at_its_last_byte_and_not_before(wire: Isl) -> None:
    exchange = wire.begin(SEQUENCE, CLOSE)
    exchange.start()
    raw = answer(wire, CLOSE)
    early = [exchange.receive(bytes([byte])) for byte in raw[:-1]]
    assert early == [exchange.sent()] * len(early)
    assert isinstance(exchange.receive(raw[-1:]), Done)


@both_wires
def test_a_reply_in_two_reads_is_found_at_every_cut(wire: Isl) -> None:
    raw = answer(wire, CLOSE)
    for cut in range(1, len(raw)):
        played = play(wire.begin(SEQUENCE, CLOSE), [raw[:cut], raw[cut:]])
        assert played.reply is not None, f"lost when cut at {cut}"


@both_wires
@pytest.mark.parametrize(
    "around",
    [
        pytest.param((NOISE, b""), id="noise before"),
        pytest.param((b"", NOISE), id="noise after"),
        pytest.param((NOISE, NOISE), id="noise on both sides"),
        pytest.param((b"\x01" + NOISE, b""), id="a lone 01 in the noise before"),
        pytest.param((b"\x01\x01\x01", b""), id="three 01 before"),
        pytest.param((SYN * 400, b""), id="a storm of SYN"),
        pytest.param((b"", b"\x01"), id="a lone 01 after"),
    ],
)
def test_a_reply_is_found_in_what_is_around_it(wire: Isl, around: tuple[bytes, bytes]) -> None:
    before, after = around
    played = play(wire.begin(SEQUENCE, CLOSE), [before + answer(wire, CLOSE) + after])
    assert played.reply is not None
    assert len(played.sent) == 1


@both_wires
def test_a_reply_after_a_storm_of_single_syn_reads_is_found_without_a_resend(wire: Isl) -> None:
    played = play(wire.begin(SEQUENCE, READ), [*[SYN] * 1000, answer(wire)])
    assert played.reply is not None
    assert len(played.sent) == 1


def false_start(wire: Isl) -> bytes:
    """A 01 in the noise, and a LEN that claims 118 bytes."""
    return b"\x01" + (four_digits(0x90) if wire.layout.digits else b"\x90")


@both_wires
@pytest.mark.parametrize("more", [b"", SYN * 118], ids=["at the silence", "when its bytes are in"])
def test_a_false_start_that_swallows_the_reply_gives_it_back(wire: Isl, more: bytes) -> None:
    read = false_start(wire) + answer(wire, CLOSE) + more
    exchange = wire.begin(SEQUENCE, CLOSE)
    exchange.start()
    action = exchange.receive(read)
    assert isinstance(action, Done if more else Wait)
    assert isinstance(exchange.silence() if not more else action, Done)


@both_wires
def test_what_came_before_a_resend_does_not_stand_before_its_reply(wire: Isl) -> None:
    exchange = wire.begin(SEQUENCE, READ)
    exchange.start()
    exchange.receive(false_start(wire) * 2)
    assert isinstance(exchange.silence(), Send)
    assert isinstance(exchange.receive(answer(wire)), Done)


@both_wires
@both_requests
def test_a_nak_gets_the_identical_frame_again(wire: Isl, request_: Request) -> None:
    played = play(wire.begin(SEQUENCE, request_), [NAK, answer(wire, request_)])
    assert played.reply is not None
    assert played.sent == [encode_request(wire.layout, SEQUENCE, request_)] * 2


@both_wires
@both_requests
def test_a_device_that_only_says_nak_is_given_up_after_the_last_send(
    wire: Isl, request_: Request
) -> None:
    played = play(wire.begin(SEQUENCE, request_), [NAK] * 20)
    assert played.sent == [encode_request(wire.layout, SEQUENCE, request_)] * SENDS_MAX
    assert (played.reply, played.heard) == (None, Heard.NAK)


@both_wires
def test_silence_gets_the_identical_frame_again_where_the_request_is_repeatable(wire: Isl) -> None:
    played = play(wire.begin(SEQUENCE, READ), [SILENCE, SILENCE, SILENCE, answer(wire)])
    assert played.reply is not None
    assert played.sent == [encode_request(wire.layout, SEQUENCE, READ)] * SENDS_MAX


@both_wires
def test_silence_for_ever_is_given_up_after_the_last_send(wire: Isl) -> None:
    played = play(wire.begin(SEQUENCE, READ), [])
    assert len(played.sent) == SENDS_MAX
    assert (played.reply, played.heard) == (None, Heard.SILENCE)
    assert played.sends_said == SENDS_MAX


@both_wires
@pytest.mark.parametrize("first", [SILENCE, NAK, SYN, NOISE, b"\x01"])
def test_silence_never_repeats_a_request_that_could_be_paid_twice(wire: Isl, first: bytes) -> None:
    played = play(wire.begin(SEQUENCE, CLOSE), [first, SILENCE])
    assert len(played.sent) == (2 if first == NAK else 1)
    assert played.reply is None


@both_wires
def test_a_reply_in_the_same_read_as_a_nak_is_not_lost(wire: Isl) -> None:
    assert play(wire.begin(SEQUENCE, CLOSE), [NAK + answer(wire, CLOSE)]).reply is not None


@both_wires
def test_naks_of_one_read_cost_one_send(wire: Isl) -> None:
    played = play(wire.begin(SEQUENCE, CLOSE), [NAK * 4, answer(wire, CLOSE)])
    assert played.reply is not None
    assert len(played.sent) == 2


@both_wires
def test_two_false_starts_one_inside_the_other_do_not_lose_the_reply(wire: Isl) -> None:
    start = b"\x01" + (four_digits(0x90) if wire.layout.digits else b"\x90")
    played = play(wire.begin(SEQUENCE, CLOSE), [start + start + answer(wire, CLOSE)])
    assert played.reply is not None


@both_wires
def test_a_15_in_a_garbled_reply_is_no_nak_for_what_could_be_paid_twice(wire: Isl) -> None:
    raw = answer(wire, CLOSE, b"5").replace(b"5\x04", b"\x15\x04")  # one bit of "5" flipped
    assert len(play(wire.begin(SEQUENCE, CLOSE), [raw]).sent) == 1


@both_wires
def test_a_nak_behind_a_syn_is_no_refusal_of_what_could_be_paid_twice(wire: Isl) -> None:
    assert len(play(wire.begin(SEQUENCE, CLOSE), [SYN, NAK]).sent) == 1


@both_wires
@both_requests
def test_a_nak_before_the_start_of_a_reply_is_no_refusal_wherever_the_read_ends(
    wire: Isl, request_: Request
) -> None:
    raw = answer(wire, request_)
    for at in range(1, len(raw)):
        played = play(wire.begin(SEQUENCE, request_), [NAK + raw[:at], raw[at:]])
        assert played.reply is not None, f"lost when cut at {at}"
        assert len(played.sent) == 1, f"sent again when cut at {at}"


@both_wires
def test_naks_and_silences_share_one_count_of_sends(wire: Isl) -> None:
    played = play(wire.begin(SEQUENCE, READ), [NAK, SILENCE, NAK, SILENCE, answer(wire)])
    assert len(played.sent) == SENDS_MAX
    assert played.reply is None


@both_wires
@pytest.mark.parametrize(
    ("reads", "heard"),
    [
        pytest.param([], Heard.SILENCE, id="silence"),
        pytest.param([NOISE], Heard.GARBAGE, id="garbage"),
        pytest.param([b"\x01"], Heard.GARBAGE, id="the start of a frame"),
        pytest.param([SYN, SYN], Heard.BUSY, id="busy"),
        pytest.param([SYN, NOISE], Heard.GARBAGE, id="a SYN before garbage"),
        pytest.param([NOISE + SYN + NOISE], Heard.GARBAGE, id="a SYN in garbage"),
        pytest.param([NAK], Heard.NAK, id="nak"),
        pytest.param([NOISE, NAK, NOISE], Heard.GARBAGE, id="a NAK in garbage"),
        pytest.param([NAK, SYN], Heard.BUSY, id="busy is more than nak"),
    ],
)
def test_what_was_heard_is_the_best_of_it(wire: Isl, reads: list[bytes], heard: Heard) -> None:
    assert play(wire.begin(SEQUENCE, CLOSE), reads).heard == heard


@both_wires
def test_each_send_is_heard_for_itself_and_the_best_counts(wire: Isl) -> None:
    garbled_once = [NOISE, SILENCE, SYN, SILENCE, NOISE, SILENCE, NOISE]
    assert play(wire.begin(SEQUENCE, READ), garbled_once).heard == Heard.BUSY
    assert play(wire.begin(SEQUENCE, READ), [NOISE + SYN, SILENCE] * 4).heard == Heard.GARBAGE


@both_wires
@given(noise=st.lists(st.binary(min_size=20, max_size=60), min_size=4, max_size=12))
def test_random_noise_is_neither_busy_nor_another_dialect(wire: Isl, noise: list[bytes]) -> None:
    whole = [each + b"\xfe" for each in noise]
    assert play(wire.begin(SEQUENCE, READ), whole).heard is Heard.GARBAGE


@both_wires
def test_an_echo_of_the_request_is_heard_as_an_echo_and_never_taken(wire: Isl) -> None:
    echo = encode_request(wire.layout, SEQUENCE, CLOSE)
    played = play(wire.begin(SEQUENCE, CLOSE), [NOISE, echo])
    assert (played.reply, played.heard) == (None, Heard.ECHO)


@both_wires
def test_an_echo_of_every_resend_is_still_no_reply(wire: Isl) -> None:
    echo = encode_request(wire.layout, SEQUENCE, READ)
    played = play(wire.begin(SEQUENCE, READ), [echo, SILENCE] * SENDS_MAX)
    assert (played.reply, played.heard) == (None, Heard.ECHO)
    assert len(played.sent) == SENDS_MAX


@both_wires
@pytest.mark.parametrize("together", [True, False])
def test_the_reply_after_an_echo_is_taken(wire: Isl, together: bool) -> None:
    echo = encode_request(wire.layout, SEQUENCE, CLOSE)
    reads = [echo + answer(wire, CLOSE)] if together else [echo, answer(wire, CLOSE)]
    played = play(wire.begin(SEQUENCE, CLOSE), reads)
    assert played.reply is not None
    assert len(played.sent) == 1


@both_wires
@pytest.mark.parametrize(
    ("sequence", "command"),
    [
        pytest.param(SEQUENCE - 1, CLOSE.command, id="stale SEQ"),
        pytest.param(SEQUENCE + 1, CLOSE.command, id="SEQ to come"),
        pytest.param(SEQUENCE, READ.command, id="another command"),
    ],
)
def test_a_reply_to_another_request_is_passed_over(wire: Isl, sequence: int, command: int) -> None:
    other = reply_frame(wire, sequence, command, b"1\t")
    alone = play(wire.begin(SEQUENCE, CLOSE), [other])
    assert (alone.reply, alone.heard) == (None, Heard.OTHER_REPLY)
    followed = play(wire.begin(SEQUENCE, CLOSE), [other + answer(wire, CLOSE)])
    assert followed.reply is not None
    assert followed.reply.data == b"0\t7.00\t"


@both_wires
def test_a_reply_with_a_bad_sum_is_ignored_and_then_there_is_silence(wire: Isl) -> None:
    played = play(wire.begin(SEQUENCE, CLOSE), [garbled(answer(wire, CLOSE))])
    assert (played.reply, played.heard) == (None, Heard.GARBAGE)
    assert len(played.sent) == 1


@both_wires
def test_a_reply_with_a_bad_sum_is_asked_for_again_where_repeatable(wire: Isl) -> None:
    played = play(wire.begin(SEQUENCE, READ), [garbled(answer(wire)), SILENCE, answer(wire)])
    assert played.reply is not None
    assert len(played.sent) == 2


@both_wires
@pytest.mark.parametrize("off_by", [-2, -1, 1, 2])
def test_a_reply_with_a_wrong_len_and_a_right_sum_is_never_taken(wire: Isl, off_by: int) -> None:
    body = bytearray(answer(wire, CLOSE)[1:-5])
    body[wire.layout.width - 1] += off_by
    wrong = b"\x01" + bytes(body) + four_digits(sum(body)) + b"\x03"
    played = play(wire.begin(SEQUENCE, CLOSE), [wrong])
    assert (played.reply, played.heard) == (None, Heard.GARBAGE)


@both_wires
def test_a_reply_inside_the_data_of_another_reply_is_not_taken_from_there(wire: Isl) -> None:
    outer = reply_frame(wire, SEQUENCE - 1, CLOSE.command, answer(wire, CLOSE, b"inner"))
    played = play(wire.begin(SEQUENCE, CLOSE), [outer + answer(wire, CLOSE, b"real")])
    assert played.reply is not None
    assert played.reply.data == b"real"


@both_wires
def test_the_patience_of_every_wait_is_the_budget_of_the_request(wire: Isl) -> None:
    patient = Request(0x45, b"", budget=Budget(silence_s=7.5, total_s=180))
    exchange = wire.begin(SEQUENCE, patient)
    assert exchange.start() == Send(encode_request(wire.layout, SEQUENCE, patient))
    assert exchange.sent() == Wait(7.5)
    assert exchange.receive(SYN) == Wait(7.5)
    assert exchange.receive(b"\x01") == Wait(7.5)


@both_wires
def test_giving_up_says_how_often_it_was_sent_and_what_was_heard(wire: Isl) -> None:
    exchange = wire.begin(SEQUENCE, CLOSE)
    exchange.start()
    exchange.receive(SYN)
    with pytest.raises(NoReply, match="after 1 sends, heard: busy"):
        exchange.silence()


@both_wires
def test_sequences_go_up_by_one_and_from_7f_to_20(wire: Isl) -> None:
    seen = [SEQUENCE_MIN]
    for _ in range(96):
        seen.append(wire.next_sequence(seen[-1]))
    assert seen == [*range(0x20, 0x80), 0x20]
    assert (SEQUENCE_MIN, SEQUENCE_MAX) == (0x20, 0x7F)


@both_wires
@pytest.mark.parametrize("beyond", [0x80, 0xFE, 0xFF])
def test_after_a_sequence_above_7f_comes_20(wire: Isl, beyond: int) -> None:
    assert wire.next_sequence(beyond) == 0x20


@both_wires
@given(seed=st.integers(), last=st.none() | st.integers(0x20, 0x7F))
@example(seed=0x5F, last=0x7F)
@example(seed=0, last=0x20)
@settings(max_examples=60, deadline=None)
def test_the_first_sequence_is_in_range_and_never_the_last_used(
    wire: Isl, seed: int, last: int | None
) -> None:
    first = wire.first_sequence(not_this=last, seed=seed)
    assert first != last
    assert SEQUENCE_MIN <= first <= SEQUENCE_MAX


@both_wires
def test_every_sequence_can_be_the_first(wire: Isl) -> None:
    firsts = {wire.first_sequence(not_this=None, seed=seed) for seed in range(96)}
    assert firsts == set(range(0x20, 0x80))
