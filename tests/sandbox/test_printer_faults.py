"""The virtual printer's faults, byte by byte: what the host hears, and what was executed."""

import os
import select
import signal
import subprocess
import sys
import time

import pytest
from virtual_printer_host import DEADLINE_S, ROOT, Desk, encode, nibbles

from sandbox.printer.faults import KINDS, fault

SYN, NAK = b"\x16", b"\x15"
READ_76 = encode(0x31, 76)
THREE = (
    "\N{ARABIC-INDIC DIGIT THREE}"  # a digit to `str.isdecimal`, and no number on a command line
)
NO_PAPER, COVER_OPEN, JE_FULL = -112006, -112007, -105001


def desk_with(folder, *faults, **switches):
    options = [part for text in faults for part in ("--fault", text)]
    named = [part for name, value in switches.items() for part in (f"--{name}", str(value))]
    return Desk(folder, *options, *named)


def is_silent(desk, seconds=0.3):
    return not select.select([desk._file], [], [], seconds)[0]


def line(seq, name="Paine"):
    return encode(seq, 49, f"{name}\t2\t3.50\t1.000\t\t\t1\tBUC\t".encode())


def items(desk):
    return int(desk.ask(76).values[5])


def checksum(raw):
    return nibbles(sum(raw[1:-5])) == raw[-5:-1]


def read(desk, size):
    """So many bytes, however long they take."""
    heard = b""
    while len(heard) < size:
        assert select.select([desk._file], [], [], DEADLINE_S)[0], f"only {heard!r} came"
        heard += os.read(desk._file, 1)
    return heard


def ask_until_it_hears(desk, frame):
    """A deaf printer loses what it is sent."""
    for _ in range(10):
        desk.send(frame)
        if not is_silent(desk):
            return
    pytest.fail("it stays deaf")


# --- what a fault is called


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("drop-reply", "it has not the form KIND"),
        ("", "it has not the form KIND"),
        ("drop@56", "there is no kind 'drop'"),
        ("syn@49", "syn takes =SECONDS above 0 and up to 3600, not nothing"),
        ("late=-1@49", "late takes =SECONDS above 0 and up to 3600, not '-1'"),
        ("nak=0@49", "nak takes =N from 1 or =inf, not '0'"),
        (f"nak={THREE}@49", f"nak takes =N from 1 or =inf, not '{THREE}'"),
        ("nak=*@49", "nak takes =N from 1 or =inf, not '*'"),
        (f"truncate={THREE}@49", f"truncate takes =BYTES from 1 to 10000, not '{THREE}'"),
        (f"echo@49#{THREE}", f"the time '{THREE}' is not * or a number from 1"),
        ("truncate=x@49", "truncate takes =BYTES from 1 to 10000, not 'x'"),
        ("reboot@49", "reboot takes =keep or =forget, not nothing"),
        ("paper-out=yes@49", "paper-out takes =syn or no argument, not 'yes'"),
        ("echo=1@49", "echo takes no argument, not '1'"),
        ("echo@", "the command '' is not * or 16 to 255"),
        ("echo@300", "the command '300' is not * or 16 to 255"),
        ("echo@49#0", "the time '0' is not * or a number from 1"),
        ("echo@49#", "the time '' is not * or a number from 1"),
    ],
)
def test_a_bad_fault_is_refused_with_its_part_and_the_known_kinds(text, why):
    with pytest.raises(ValueError, match=why.replace("*", r"\*")) as refused:
        fault(text)
    assert all(kind in str(refused.value) for kind in KINDS)
    assert "\n" not in str(refused.value)


def test_a_printer_with_a_bad_fault_does_not_start():
    command = [sys.executable, "-m", "sandbox", "printer", "--family", "datecs_x"]
    ended = subprocess.run(
        [*command, "--fault", "burn@56"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert "'burn@56': there is no kind 'burn'; the kinds are drop-reply" in ended.stderr


@pytest.mark.parametrize(
    ("text", "struck"),
    [
        ("echo@49", [1]),
        ("echo@49#3", [3]),
        ("echo@49#*", [1, 2, 3, 4, 5, 6]),
        ("nak=2@49", [1, 2]),
        ("nak=2@49#3", [3, 4]),
        ("nak=2@49#*", [1, 2, 4, 5]),
        ("nak=inf@49#4", [4, 5, 6]),
    ],
)
def test_a_fault_strikes_at_its_times(text, struck):
    assert [count for count in range(1, 7) if fault(text).strikes(count)] == struck


# --- what keeps a frame from being executed


def test_a_dropped_request_was_never_there(tmp_path):
    with desk_with(tmp_path, "drop-request@49") as desk:
        desk.open()
        desk.send(line(0x50))
        assert is_silent(desk)
        assert items(desk) == 0
        assert desk.exchange(line(0x51)).code == 0
        assert items(desk) == 1


def test_nak_comes_as_often_as_told_and_then_the_frame_is_taken(tmp_path):
    with desk_with(tmp_path, "nak=2@49") as desk:
        desk.open()
        for _ in range(2):
            desk.send(line(0x50))
            assert desk.receive(NAK) == NAK
        assert desk.exchange(line(0x50)).code == 0
        assert items(desk) == 1


def test_nak_for_ever_leaves_other_commands_alone(tmp_path):
    with desk_with(tmp_path, "nak=inf@49") as desk:
        desk.open()
        for _ in range(10):
            desk.send(line(0x50))
            assert desk.receive(NAK) == NAK
        assert items(desk) == 0


def test_a_star_is_every_command(tmp_path):
    with desk_with(tmp_path, "nak=1@*#2") as desk:
        assert desk.exchange(encode(0x40, 74)).status
        desk.send(encode(0x41, 62))
        assert desk.receive(NAK) == NAK
        assert desk.exchange(encode(0x41, 62)).code == 0


@pytest.mark.parametrize("kind", ["die-before", "die-during", "die-after"])
def test_a_dead_printer_reads_and_never_answers_until_the_power_comes_back(tmp_path, kind):
    state = tmp_path / "printer.db"
    with desk_with(tmp_path, f"{kind}@49", state=state) as desk:
        desk.open()
        desk.send(line(0x50) + READ_76[:6])
        heard = desk.receive(SYN) if kind == "die-during" else b""
        assert set(heard) <= set(SYN)
        while select.select([desk._file], [], [], 0.3)[0]:
            assert os.read(desk._file, 1) == SYN
        desk.send(line(0x50) + READ_76 + READ_76[:6])
        assert is_silent(desk, 0.6)
        assert desk.process.poll() is None
    with desk_with(tmp_path, state=state) as desk:
        assert items(desk) == (1 if kind == "die-after" else 0)


@pytest.mark.parametrize(
    ("kind", "papers"), [("die-before", 0), ("die-during", 1), ("die-after", 1)]
)
def test_a_printer_that_dies_in_the_close_has_registered_it_from_the_middle_on(
    tmp_path, kind, papers
):
    with desk_with(tmp_path, f"{kind}@56") as desk:
        desk.open()
        desk.sell()
        desk.ask(53, "0", "")
        desk.send(encode(0x50, 56))
        while select.select([desk._file], [], [], 0.8)[0]:
            assert os.read(desk._file, 1) == SYN
        assert len(desk.paper) == papers


@pytest.mark.parametrize(("memory", "lines"), [("keep", 1), ("forget", 2)])
def test_a_rebooted_printer_is_deaf_and_comes_back_with_or_without_its_last_frame(
    tmp_path, memory, lines
):
    with desk_with(tmp_path, f"reboot={memory}@76") as desk:
        desk.open()
        assert desk.exchange(line(0x50)).code == 0
        desk.send(READ_76)
        assert is_silent(desk)
        ask_until_it_hears(desk, line(0x50))
        assert desk.receive()[5] == 0x50
        assert items(desk) == lines


@pytest.mark.parametrize(("power", "left"), [("keep", "1"), ("cancel", "0")])
def test_a_reboot_does_with_an_open_receipt_what_the_power_up_says(tmp_path, power, left):
    with Desk(tmp_path, "--fault", "reboot=keep@62", "--on-power-up", power) as desk:
        desk.open()
        desk.send(encode(0x50, 62))
        assert is_silent(desk)
        ask_until_it_hears(desk, encode(0x51, 74))
        assert desk.receive()[5] == 0x51
        assert desk.ask(76).values[1] == left


# --- what holds a frame up


def test_syn_comes_every_60_ms_and_then_the_frame_is_executed(tmp_path):
    with desk_with(tmp_path, "syn=0.6@49#2") as desk:
        desk.open()
        desk.sell()
        started = time.monotonic()
        desk.send(line(0x50))
        heard = desk.receive()
        assert time.monotonic() - started >= 0.6
        assert 5 <= heard.count(SYN) <= 11
        assert heard.lstrip(SYN)[5] == 0x50
        assert items(desk) == 2


@pytest.mark.parametrize(
    ("kind", "code", "byte", "bits"),
    [("paper-out", NO_PAPER, 2, 0x01), ("cover-open", COVER_OPEN, 0, 0x40)],
)
def test_without_paper_print_commands_are_refused_until_the_operator_comes(
    tmp_path, kind, code, byte, bits
):
    with desk_with(tmp_path, f"{kind}@49#2") as desk:
        desk.open()
        assert desk.sell().code == 0
        refused = desk.sell()
        assert (refused.code, refused.status[byte] & bits) == (code, bits)
        assert desk.ask(56).code == code
        assert items(desk) == 1
        desk.process.send_signal(signal.SIGUSR1)
        assert desk.sell().code == 0
        assert not desk.ask(74).status[byte] & bits


@pytest.mark.parametrize("kind", ["paper-out", "cover-open"])
def test_without_paper_a_device_may_send_syn_until_the_operator_comes(tmp_path, kind):
    with desk_with(tmp_path, f"{kind}=syn@49") as desk:
        desk.open()
        desk.send(line(0x50))
        assert [desk.receive(SYN) for _ in range(8)] == [SYN] * 8
        desk.process.send_signal(signal.SIGUSR1)
        heard = desk.receive().lstrip(SYN)
        assert heard[5] == 0x50
        assert items(desk) == 1


def test_a_printer_that_waits_for_paper_can_be_ended(tmp_path):
    with desk_with(tmp_path, "paper-out=syn@48") as desk:
        desk.send(encode(0x50, 48, b"1\t0001\t1\t\t\t"))
        desk.receive(SYN)
    assert desk.status == 0


# --- what spoils a reply: it was executed, and a repeat gets it right


ASK = encode(0x50, 62)
ANSWER_SIZE = 10 + len("0\t21-11-26 21:54:32\t") + 15


def spoilt(folder, text, size):
    """What comes instead of a reply, so many bytes; and the same reply as it is in memory."""
    with desk_with(folder, f"{text}@62") as desk:
        desk.send(ASK + ASK)
        raw, good = read(desk, size), read(desk, ANSWER_SIZE)
        assert is_silent(desk, 0.1)
    assert (good[:1], good[5], good[6:10], good[-1:]) == (b"\x01", 0x50, nibbles(62), b"\x03")
    assert checksum(good)
    return raw, good


def test_a_dropped_reply_is_not_there(tmp_path):
    assert spoilt(tmp_path, "drop-reply", 0)[0] == b""


def test_a_bad_bcc_is_one_bit_away(tmp_path):
    raw, good = spoilt(tmp_path, "bad-bcc", ANSWER_SIZE)
    assert not checksum(raw)
    assert raw[:-5] + raw[-1:] == good[:-5] + good[-1:]


def test_a_truncated_reply_is_its_beginning(tmp_path):
    raw, good = spoilt(tmp_path, "truncate=7", 7)
    assert raw == good[:7]


def test_garbage_stands_before_the_reply_and_is_the_same_every_time(tmp_path):
    raw, good = spoilt(tmp_path, "garbage=12", 12 + ANSWER_SIZE)
    assert raw[12:] == good
    assert spoilt(tmp_path, "garbage=12", 12 + ANSWER_SIZE)[0][:12] == raw[:12]


def test_an_echo_is_the_request_itself(tmp_path):
    raw, good = spoilt(tmp_path, "echo", len(ASK) + ANSWER_SIZE)
    assert raw == ASK + good


def test_a_wrong_seq_is_the_one_before(tmp_path):
    raw, good = spoilt(tmp_path, "wrong-seq", ANSWER_SIZE)
    assert (raw[5], raw[6:-5], checksum(raw)) == (0x4F, good[6:-5], True)


def test_a_wrong_command_has_everything_else_right(tmp_path):
    raw, good = spoilt(tmp_path, "wrong-command", ANSWER_SIZE)
    assert raw[6:10] == nibbles(63)
    assert (raw[:6], raw[10:-5], checksum(raw)) == (good[:6], good[10:-5], True)


def test_what_was_answered_badly_was_executed_once(tmp_path):
    with desk_with(tmp_path, "drop-reply@49") as desk:
        desk.open()
        desk.send(line(0x50) + line(0x50))
        assert desk.receive()[5] == 0x50
        assert items(desk) == 1


def test_a_late_reply_was_executed_at_once(tmp_path):
    with desk_with(tmp_path, "late=2@56") as desk:
        desk.open()
        desk.sell()
        desk.ask(53, "0", "")
        desk.send(encode(0x50, 56))
        assert is_silent(desk, 0.3)
        assert [out["kind"] for out in desk.paper] == ["receipt"]
        assert desk.receive()[5] == 0x50


def test_several_faults_may_strike_the_same_frame(tmp_path):
    with desk_with(tmp_path, "echo@62", "truncate=20@62", "syn=0.1@62") as desk:
        desk.send(encode(0x50, 62))
        assert desk.receive(b"\x05").lstrip(SYN) == encode(0x50, 62)[:11]


# --- states to start in


def test_a_foreign_receipt_stands_open(tmp_path):
    with Desk(tmp_path, "--open-receipt") as desk:
        assert desk.ask(76).values[1:2] == ["1"]
        assert items(desk) == 1
        assert desk.ask(74).status[2] & 0x08


def test_a_day_may_be_older_than_24_hours_and_a_z_ends_it(tmp_path):
    state = ("--state", str(tmp_path / "printer.db"))
    with Desk(tmp_path, *state, "--day-over-24h") as desk:
        assert desk.ask(74).status[1] & 0x04
        assert desk.open().code == -111024
    with Desk(tmp_path, *state) as desk:
        assert desk.open().code == -111024
        assert desk.ask(69, "Z").code == 0
        assert desk.open().code == 0


def test_a_day_that_is_open_becomes_old(tmp_path):
    state = ("--state", str(tmp_path / "printer.db"))
    with Desk(tmp_path, *state) as desk:
        desk.receipt()
    with Desk(tmp_path, *state, "--day-over-24h") as desk:
        assert desk.open().code == -111024
        assert len(desk.paper) == 1


def test_with_a_full_electronic_journal_nothing_begins(tmp_path):
    with Desk(tmp_path, "--ej-full") as desk:
        assert desk.ask(74).status[2] & 0x04
        assert [desk.open().code, desk.ask(69, "Z").code] == [JE_FULL, JE_FULL]
        assert desk.ask(70, "0", "0.00").code == 0


def test_a_state_that_cannot_be_made_is_said_and_the_printer_does_not_start(tmp_path):
    state = ("--state", str(tmp_path / "printer.db"))
    with Desk(tmp_path, *state) as desk:
        desk.receipt()
        desk.ask(69, "Z")
    command = [sys.executable, "-m", "sandbox", "printer", "--family", "datecs_x", *state]
    ended = subprocess.run(
        [*command, "--day-over-24h"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert "cannot start in this state" in ended.stderr
