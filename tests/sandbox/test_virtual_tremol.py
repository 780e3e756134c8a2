"""The virtual Tremol: its own frames, nothing remembered, fiscal in 38 and nowhere else."""

import json
import os
import select
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.printer.faults import fault
from sandbox.printer.memory import EPOCH, Memory
from sandbox.printer.paper import Settings
from sandbox.printer.store import Store
from sandbox.printer_zfp.device import Device
from sandbox.printer_zfp.profiles import PROFILES
from sandbox.printer_zfp.start import begin_the_day_before, open_a_receipt, open_a_slip
from sandbox.printer_zfp.station import Station

ROOT = Path(__file__).parents[2]
RATES = (21_00, 11_00, 9_00, 0, 100_00, 100_00, 100_00)
OPEN, SALE = "1;0001;0;0;0", f"{'Apa`BUC'.ljust(36)};B;4.50*2.000"
DEADLINE_S = 5


def packet(command, text="", number=0x41):
    """02 LEN NBL CMD DATA CS CS 0A"""
    data = text.encode("cp1250")
    body = bytes([0x23 + len(data), number, command]) + data
    total = 0
    for byte in body:
        total ^= byte
    return b"\x02" + body + bytes([0x30 | total >> 4, 0x30 | total & 15]) + b"\n"


class Desk:
    """One device without a process, and what it says."""

    def __init__(self, *faults, profile="ro", state=None):
        self.store = Store(state, None)
        memory = self.store.load() or Memory("SIM0000001", RATES, EPOCH)
        chosen = PROFILES[profile]
        self.device = Device(memory, Settings(columns=32), self.store, profile=chosen)
        self.station = Station(self.device, [fault(text) for text in faults])

    def send(self, raw):
        return b"".join(answer.bytes for answer in self.station.receive(raw))

    def ask(self, command, text="", number=0x41):
        return self.send(packet(command, text, number))

    def ste(self, command, text=""):
        return self.ask(command, text)[2:4].decode()

    def data(self, command, text=""):
        return self.ask(command, text)[4:-3].decode("cp1250")

    def kinds(self):
        return [document.kind for document in self.store.documents()]

    def sell(self):
        return [self.ste(*step) for step in ((0x30, OPEN), (0x31, SALE), (0x35, '0;0;";1'))]


@pytest.fixture
def desk():
    return Desk()


def test_the_published_acknowledgement_is_what_a_syntax_error_looks_like(desk):
    assert desk.ask(0x31, "x", number=0x71) == bytes.fromhex("06 71 30 34 37 35 0A")


@pytest.mark.parametrize(
    ("sent", "heard"), [(b"\x04", b"\x04"), (b"\x09", b"\x40"), (b"\x03", b"")]
)
def test_single_bytes_are_answered_outside_of_packets(desk, sent, heard):
    assert desk.send(sent) == heard


def test_a_broken_packet_is_answered_15_and_does_nothing(desk):
    raw = packet(0x30, OPEN)
    for place in (1, 5, len(raw) - 2):
        assert desk.send(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :])[-1:] in (
            b"\x15",
            b"",
        )
        desk.station.gap()
    assert desk.device.memory.receipt is None


def test_a_packet_that_stops_is_answered_15(desk):
    assert desk.send(packet(0x30, OPEN)[:9]) == b""
    assert desk.station.in_frame
    assert [answer.bytes for answer in desk.station.gap()] == [b"\x15"]


def test_the_same_number_again_is_done_again(desk):
    desk.ask(0x30, OPEN)
    first = desk.ask(0x31, SALE)
    assert desk.ask(0x31, SALE) == first
    assert len(desk.device.memory.receipt.lines) == 2


def test_a_receipt_is_fiscal_in_38_and_nowhere_else(desk):
    assert desk.sell() == ["00"] * 3
    assert desk.kinds() == []
    assert desk.data(0x71) == "0000;0000000"
    assert desk.ste(0x38) == "00"
    assert desk.kinds() == ["receipt"]
    assert desk.data(0x71) == "0001;0000001"


@pytest.mark.parametrize(
    ("before", "command", "text", "ste"),
    [
        ([], 0x38, "", "02"),
        ([], 0x31, SALE, "02"),
        ([], 0x7F, "", "01"),
        ([], 0x30, "1;9999;0;0;0", "92"),
        ([], 0x30, "1;0001;0;0", "04"),
        ([], 0x30, "1;0001;0;0;1", "04"),
        ([], 0x3B, "1;0001;0;-1.00", "08"),
        ([(0x30, OPEN)], 0x30, OPEN, "42"),
        ([(0x30, OPEN)], 0x7C, "Z", "42"),
        ([(0x30, OPEN)], 0x31, SALE.replace(";B;", ";E;"), "44"),
        ([(0x30, OPEN)], 0x31, SALE.replace("4.50", "0.00"), "46"),
        ([(0x30, OPEN)], 0x3C, SALE.replace("4.50", "-4.50"), "47"),
        ([(0x30, OPEN), (0x31, SALE)], 0x35, "1;0;9.01;1", "45"),
        ([(0x30, OPEN), (0x31, SALE)], 0x35, "2;0;1.00;1", "?2"),
        ([(0x30, OPEN), (0x31, SALE)], 0x35, "0;0;1.00", "44"),
        ([(0x30, OPEN), (0x31, SALE), (0x35, "1;0;5.00;1")], 0x39, "", "52"),
        ([(0x30, OPEN), (0x31, SALE), (0x35, "1;0;5.00;1")], 0x38, "", "52"),
        ([(0x30, OPEN), (0x31, SALE), (0x35, '0;0;";1')], 0x35, "0;0;1.00;1", "72"),
        ([(0x2E, "1;0001;0;0")], 0x30, OPEN, "62"),
    ],
)
def test_a_refusal_says_how_the_device_is_and_what_was_wrong(desk, before, command, text, ste):
    for step in before:
        assert desk.ste(*step) == "00", step
    memory = desk.device.memory
    assert desk.ste(command, text) == ste
    assert desk.device.memory == memory


@pytest.mark.parametrize("word", ["0000", "0", "1", "0001"])
def test_an_operator_without_a_password_comes_in_with_the_factory_s_his_number_or_the_shop_s(
    desk, word
):
    assert desk.ste(0x30, f"1;{word.ljust(4)};0;0;0") == "00"
    assert Desk(profile="bg").ste(0x30, f"1;{word.ljust(6)};0;0;0") == "00"


def test_one_with_a_password_of_his_own_comes_in_with_no_other(desk):
    assert desk.ste(0x4A, f"1;{'Ana'.ljust(20)};4711") == "00"
    assert [desk.ste(0x30, f"1;{word};0;0;0") for word in ("0000", "0   ", "0001")] == ["92"] * 3
    assert desk.ste(0x30, "1;4711;0;0;0") == "00"


def test_72_tells_the_open_receipt_in_both_countries(desk):
    desk.ask(0x30, OPEN)
    desk.ask(0x31, SALE)
    assert desk.data(0x72).split(";")[:4] == ["1", "001", "0.00", "9.00"]
    assert desk.data(0x72).split(";")[10:12] == ["1", "1"]
    desk.ask(0x35, "0;0;10.00;1")
    assert desk.data(0x72).split(";")[10:15] == ["0", "0", "0", "0", "1.00"]
    bulgarian = Desk(profile="bg")
    bulgarian.ask(0x30, "1;0001  ;0;0;0")
    assert len(bulgarian.data(0x72).split(";")) == 20
    assert bulgarian.data(0x72, "P").startswith("P;1;0.00;")


def test_a_power_cut_in_a_receipt_is_told_once(desk):
    desk.ask(0x30, OPEN)
    desk.device.power_up()
    assert desk.ste(0x31, SALE) == "=2"
    assert desk.ste(0x31, SALE) == "00"
    desk.device.power_up()
    assert desk.ask(0x20)[4] & 0x02
    assert desk.ste(0x31, SALE) == "00"


def test_without_paper_nothing_prints_and_everything_can_be_read(desk):
    desk.ask(0x30, OPEN)
    desk.device.spoil_paper(cover=False)
    assert desk.ste(0x31, SALE) == "12"
    assert desk.send(b"\x09") == b"\x42"
    assert desk.ask(0x20)[5] & 0x01
    assert desk.data(0x71) == "0000;0000000"
    desk.device.cured()
    assert desk.ste(0x31, SALE) == "00"


def test_a_discount_on_the_sum_is_shared_out_to_the_ban(desk):
    desk.ask(0x30, OPEN)
    for letter in "ABC":
        desk.ask(0x31, f"{'Apa'.ljust(36)};{letter};0.33*1.000")
    assert desk.data(0x3E, "1;0,-10.00%") == "-0.10"
    assert desk.device.memory.receipt.total_bani == 89


def test_the_je_comes_as_a_stream_that_ends_in_an_at_sign(desk):
    desk.sell()
    desk.ask(0x37, "REF:ABC")
    desk.ask(0x38)
    raw = desk.ask(0x7C, "J0;N;000001;000001")
    assert raw.startswith(b"\x06\x4100")
    assert raw.endswith(packet(0x7C, "@"))
    assert packet(0x7C, "REF:ABC") in raw
    assert desk.ste(0x7C, "J0;N;000002;000002") == "02"


@pytest.mark.parametrize(
    ("text", "command", "heard"),
    [
        ("drop-request@48", 0x30, b""),
        ("nak=1@48", 0x30, b"\x15"),
        ("syn=30@48", 0x30, b"\x0e"),
        ("die-before@48", 0x30, b""),
    ],
)
def test_a_fault_keeps_a_packet_from_being_taken(text, command, heard):
    desk = Desk(text)
    assert desk.ask(command, OPEN) == heard
    assert desk.device.memory.receipt is None


def test_a_busy_device_says_so_and_takes_nothing():
    desk = Desk("syn=30@48")
    desk.ask(0x30, OPEN)
    assert desk.send(b"\x09") == b"\x41"
    assert desk.ask(0x30, OPEN) == b"\x0e"


@pytest.mark.parametrize("text", ["drop-reply@56", "die-after@56", "die-during@56"])
def test_a_fault_after_the_deed_leaves_the_receipt_issued(text):
    desk = Desk(text)
    desk.sell()
    assert desk.ask(0x38) == b""
    assert desk.kinds() == ["receipt"]


@pytest.mark.parametrize("text", ["bad-bcc@56", "truncate=3@56", "garbage=5@56", "wrong-seq@56"])
def test_a_spoilt_answer_is_not_the_good_one(text):
    good, spoilt = Desk(), Desk(text)
    for desk in (good, spoilt):
        desk.sell()
    assert good.ask(0x38) != spoilt.ask(0x38)


@pytest.mark.parametrize("profile", ["ro", "bg"])
def test_it_can_start_in_the_states_of_a_bad_morning(profile):
    desk = Desk(profile=profile)
    begin_the_day_before(desk.device)
    assert desk.kinds() == ["receipt"]
    desk.device.become(replace(desk.device.memory, day=replace(desk.device.memory.day)))
    open_a_slip(desk.device)
    assert desk.device.memory.text is not None
    with pytest.raises(ValueError, match="cannot start"):
        open_a_receipt(desk.device)


def test_what_it_remembers_survives_it(tmp_path):
    desk = Desk(state=tmp_path / "state.db")
    desk.sell()
    desk.store.close()
    again = Desk(state=tmp_path / "state.db")
    again.device.power_up()
    assert again.ask(0x20)[6] & 0x02
    assert again.ste(0x38) == "00"
    assert again.kinds() == ["receipt"]


@contextmanager
def process(folder):
    start = [sys.executable, "-m", "sandbox", "printer", "--family", "tremol"]
    paper = folder / "paper.jsonl"
    with subprocess.Popen(
        [*start, "--paper", str(paper)], stdout=subprocess.PIPE, cwd=ROOT
    ) as started:
        try:
            yield json.loads(started.stdout.readline())["address"], paper
        finally:
            started.terminate()


def test_it_serves_a_pseudo_terminal_and_writes_its_paper(tmp_path):
    steps = [(0x30, OPEN), (0x31, SALE), (0x35, '0;0;";1'), (0x38, "")]
    with process(tmp_path) as (address, paper):
        line = os.open(address, os.O_RDWR | os.O_NOCTTY)
        for step in steps:
            os.write(line, packet(*step))
            heard = b""
            while len(heard) < 7 and select.select([line], [], [], DEADLINE_S)[0]:
                heard += os.read(line, 64)
            assert heard == b"\x06\x4100" + heard[4:6] + b"\n"
        os.close(line)
        (told,) = [json.loads(text) for text in paper.read_text().splitlines()]
    assert (told["kind"], told["total_bani"]) == ("receipt", 9_00)
