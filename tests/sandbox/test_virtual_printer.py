"""The virtual Datecs X printer as a process: the wire, published frames, restarts, power cuts."""

import sqlite3
import subprocess
import sys
import time

import pytest
from virtual_printer_host import ROOT, Desk, encode

IDLE = bytes.fromhex("80 80 80 80 86 9A 80 80")
FISCAL = bytes.fromhex("80 80 88 80 86 9A 80 80")
TEXT = bytes.fromhex("80 80 A0 80 86 9A 80 80")

# Published frames, byte for byte (datecs_x.json: captures and manual examples).
X05 = bytes.fromhex("01 30 30 32 3A 20 30 30 34 3A 05 30 31 3B 3F 03")
X10 = bytes.fromhex("01 30 30 32 3A 25 30 30 34 3C 05 30 31 3C 36 03")
X22 = bytes.fromhex(
    "01 30 30 33 35 24 30 30 33 30 31 09 30 30 30 31 09 31 09 09 09 05 30 33 30 34 03"
)
X08 = bytes.fromhex("01 30 30 32 3A 23 30 30 32 36 05 30 31 3B 3C 03")
X15 = bytes.fromhex(
    "01 30 30 33 39 26 30 30 32 3A 54 65 73 74 09 30 09 30 09 30 09 30 09 30 09 05 30 34 38 39 03"
)
X14 = bytes.fromhex("01 30 30 32 3A 29 30 30 32 37 05 30 31 3C 33 03")
X18 = bytes.fromhex("01 30 30 33 33 30 30 30 33 35 34 09 31 2E 35 33 09 31 09 05 30 33 30 3A 03")
X19_ANSWER = bytes.fromhex(
    "01 30 30 33 3B 30 30 30 33 35 2D 31 31 31 30 31 36 09 04 80 80 80 80 86 9A 80 80 05"
    "30 37 34 3F 03"
)
X23 = bytes.fromhex("01 30 30 32 3A 20 30 30 32 31 05 30 31 3B 34 03")
X01 = bytes.fromhex("01 30 30 32 3F 24 30 30 32 3A 54 65 73 74 09 05 30 33 36 3F 03")
X03 = bytes.fromhex("01 30 30 33 33 2C 30 30 33 30 31 09 31 09 32 34 09 49 09 05 30 32 3E 3F 03")
X12 = bytes.fromhex("01 30 30 32 3A 27 30 30 34 3C 05 30 31 3C 38 03")
X11 = bytes.fromhex(
    "01 30 30 34 33 26 30 30 32 3A 43 41 50 54 55 52 45 20 54 45 53 54 20 32 09 30"
    "09 30 09 30 09 30 09 30 09 05 30 36 3A 3A 03"
)
X52_REJECTED = bytes.fromhex(
    "01 20 20 20 2E 20 20 20 23 20 31 09 30 30 30 31 09 31 05 20 21 2D 2D 03"
)
LEGACY_74 = bytes.fromhex("01 24 20 4A 05 30 30 39 33 03")


@pytest.fixture
def desk(tmp_path):
    with Desk(tmp_path) as desk:
        yield desk


# --- the wire


def test_published_requests_get_the_answers_of_their_kind(desk):
    assert desk.exchange(X05).data == b"0\t" + IDLE + b"\t"
    assert desk.exchange(X10).values == ["0", "0", "0", "1", "0000000001", "0", "0.00", "0.00"]
    assert desk.exchange(X08).status == TEXT
    assert desk.exchange(X15).data == b"0\t"
    assert desk.exchange(X14).values == ["0", "1"]
    opened = desk.exchange(X22)
    assert opened.values == ["0", "2", "1", "0000000001"]
    assert opened.status == FISCAL


def test_a_payment_without_a_receipt_gets_the_published_answer_to_the_byte(desk):
    assert desk.exchange(X18).raw == X19_ANSWER


def test_the_same_seq_repeats_the_last_answer_and_executes_nothing(desk):
    first = desk.exchange(X22)
    assert desk.exchange(X22).raw == first.raw
    assert desk.exchange(encode(0x24, 60)).raw == first.raw
    assert desk.ask(76).values[1] == "1"


def test_a_damaged_frame_gets_nak_and_the_whole_one_then_works(desk):
    desk.send(X05[:-2] + b"\x30\x03")
    assert desk.receive(b"\x15") == b"\x15"
    desk.send(encode(0x50, 49, b"a" * 214))
    assert desk.receive(b"\x15") == b"\x15"
    desk.send(X52_REJECTED)
    assert desk.receive(b"\x15") == b"\x15"
    assert desk.exchange(X05).status == IDLE


def test_a_frame_that_stops_in_the_middle_gets_nak(desk):
    desk.send(X05[:7])
    assert desk.receive(b"\x15") == b"\x15"


def test_a_frame_with_a_new_beginning_inside_is_the_second_frame(desk):
    assert desk.exchange(X05[:7] + X10).raw[5] == 0x25


def test_noise_outside_a_frame_is_ignored(desk):
    assert desk.exchange(b"AT\r\n\x15\x03" + X05).status == IDLE


def test_a_legacy_frame_gets_syn_and_nak(desk):
    desk.send(LEGACY_74)
    assert desk.receive(b"\x15") == b"\x16\x15"


def test_an_unknown_command_gets_empty_data_and_the_bit(desk):
    heard = desk.ask(109)
    assert heard.data == b""
    assert heard.status[0] & 0x02
    assert desk.ask(74).status == IDLE


@pytest.mark.parametrize("frame", [X23, X01, X18, X22, X03, X12, X15, X14, X11, X08, X10, X05])
def test_every_published_request_is_understood(desk, frame):
    assert desk.exchange(frame).raw[6:10] == frame[6:10]


def test_mechanical_time_is_filled_with_syn(tmp_path):
    with Desk(tmp_path, "--print-ms", "20") as desk:
        desk.send(X22)
        heard = desk.receive()
    assert heard.startswith(b"\x16\x16\x01")


def test_a_pseudo_terminal_keeps_the_pace_of_its_baud(tmp_path):
    with Desk(tmp_path, "--baud", "9600") as desk:
        started = time.monotonic()
        answer = desk.exchange(X05).raw
        took = time.monotonic() - started
    assert took >= (len(X05) + len(answer)) * 10 / 9600


# --- coming and going


def test_an_open_receipt_and_the_counters_survive_a_kill(tmp_path):
    state = ("--state", str(tmp_path / "printer.db"))
    with Desk(tmp_path, *state) as desk:
        desk.receipt()
        desk.open()
        desk.sell()
        before = desk.ask(76).values
        desk.kill()
    with Desk(tmp_path, *state) as desk:
        assert desk.ask(76).values == before
        assert desk.ask(74).status == FISCAL
        desk.ask(53, "0", "")
        desk.ask(56)
    with Desk(tmp_path, *state) as desk:
        assert desk.ask(255, "nFBon", "", "").values[1] == "2"
        assert [out["number"] for out in desk.paper] == [1, 2]
    assert desk.status == 0


def test_the_last_frame_is_forgotten_over_a_restart(tmp_path):
    state = ("--state", str(tmp_path / "printer.db"))
    with Desk(tmp_path, *state) as desk:
        desk.exchange(X22)
    with Desk(tmp_path, *state) as desk:
        assert desk.exchange(X22).code == -111015


def test_a_device_may_cancel_what_it_finds_open(tmp_path):
    state = ("--state", str(tmp_path / "printer.db"))
    with Desk(tmp_path, *state) as desk:
        desk.open()
        desk.sell()
    with Desk(tmp_path, *state, "--on-power-up", "cancel") as desk:
        assert desk.ask(74).status == IDLE
        assert [out["kind"] for out in desk.paper] == ["cancelled"]


def test_after_24_hours_no_receipt_can_be_opened_before_a_z(tmp_path):
    state = ("--state", str(tmp_path / "printer.db"))
    with Desk(tmp_path, *state, "--clock", "2026-11-21T08:00:00") as desk:
        desk.receipt()
    with Desk(tmp_path, *state, "--clock", "2026-11-22T08:01:00") as desk:
        assert desk.ask(74).status[1] == 0x84
        assert desk.open().code == -111024
        assert desk.ask(255, "Block24h", "", "").values[1] == "1"
        assert desk.ask(69, "Z").code == 0
        assert desk.open().code == 0


def test_paper_that_a_power_cut_tore_is_mended_and_nothing_is_told_twice(tmp_path):
    state = tmp_path / "printer.db"
    with Desk(tmp_path, "--state", str(state)) as desk:
        desk.receipt()
        desk.receipt()
    whole = desk.paper_file.read_text()
    lines = whole.splitlines()
    database = sqlite3.connect(state)
    with database:
        database.execute("INSERT INTO unprinted VALUES (2, ?)", (lines[1],))
    desk.paper_file.write_text(whole[:-40])
    with Desk(tmp_path, "--state", str(state)) as desk:
        assert desk.paper_file.read_text() == whole
    with database:
        database.execute("INSERT INTO unprinted VALUES (2, ?)", (lines[1],))
    database.close()
    with Desk(tmp_path, "--state", str(state)) as desk:
        assert desk.paper_file.read_text() == whole


def test_tcp_serves_one_host_at_a_time_and_the_next_one_after_it(tmp_path):
    with Desk(tmp_path, "--tcp", "0") as desk:
        assert desk.address.startswith("127.0.0.1:")
        first = desk.exchange(X22)
        mine = desk._file
        desk.connect()
        assert desk.exchange_refused()
        desk.hang_up()
        desk._file = mine
        desk.hang_up()
        desk.connect()
        assert desk.exchange(X22).raw == first.raw


def test_a_host_may_leave_the_pseudo_terminal_and_come_back(desk):
    desk.open()
    desk.hang_up()
    desk.connect()
    assert desk.ask(76).values[1] == "1"


def test_a_serial_that_does_not_say_sim_is_refused():
    command = [sys.executable, "-m", "sandbox", "printer", "--family", "datecs_x"]
    ended = subprocess.run(
        [*command, "--serial", "DB4500001234"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert "serial is SIM" in ended.stderr
