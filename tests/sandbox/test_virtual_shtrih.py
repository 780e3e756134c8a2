"""The virtual Shtrih-M: frames of its own, answers kept until confirmed, fiscal in 85 alone."""

import binascii
import json
import os
import select
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox.printer.faults import fault
from sandbox.printer.memory import EPOCH, Memory
from sandbox.printer.paper import Settings
from sandbox.printer.store import Store
from sandbox.printer_shtrih.device import Device
from sandbox.printer_shtrih.start import begin_the_day_before, open_a_receipt, open_a_slip
from sandbox.printer_shtrih.station import NumberedStation, Station

ROOT = Path(__file__).parents[2]
RATES = (21_00, 11_00, 9_00, 0, 100_00, 100_00, 100_00)
DEADLINE_S = 5
ENQ, ACK, NAK = b"\x05", b"\x06", b"\x15"


def le(value, width):
    return value.to_bytes(width, "little")


SYSTEM = le(30, 4)
SALE = le(2000, 5) + le(450, 5) + bytes([1, 2, 0, 0, 0]) + b"Apa".ljust(40, b"\0")
PAID = le(10_00, 5) + bytes(21 + 40)


def frame(code, data=SYSTEM):
    """02 N code data LRC"""
    counted = bytes([1 + len(data), code]) + data
    total = 0
    for byte in counted:
        total ^= byte
    return b"\x02" + counted + bytes([total])


def numbered(number, code=None, data=SYSTEM):
    """8F len num code data crc, stuffed"""
    body = le(number, 2) + (bytes([code]) + data if code else b"")
    counted = le(len(body), 2) + body
    whole = counted + le(binascii.crc_hqx(counted, 0xFFFF), 2)
    return b"\x8f" + whole.replace(b"\x9f", b"\x9f\x83").replace(b"\x8f", b"\x9f\x81")


class Desk:
    """One device without a process, and what it says."""

    def __init__(self, *faults, state=None, stationed=Station, opens_by_sale=False):
        self.store = Store(state, None)
        memory = self.store.load() or Memory("SIM0000001", RATES, EPOCH)
        settings = Settings(columns=42)
        self.device = Device(memory, settings, self.store, opens_by_sale=opens_by_sale)
        self.station = stationed(self.device, [fault(text) for text in faults])

    def send(self, raw):
        return b"".join(answer.bytes for answer in self.station.receive(raw))

    def ask(self, code, data=b"", password=30):
        """The answer behind 06, confirmed."""
        raw = self.send(frame(code, le(password, 4) + data))
        self.send(ACK)
        assert raw[:1] == ACK
        return raw[4:-1]

    def kinds(self):
        return [document.kind for document in self.store.documents()]

    def counter(self, number):
        return int.from_bytes(self.ask(0x1B, bytes([number]))[2:], "little")

    def sell(self):
        return [self.ask(*step)[0] for step in ((0x8D, b"\0"), (0x80, SALE), (0x85, PAID))]


@pytest.fixture
def desk():
    return Desk()


def test_idle_it_says_15_and_with_an_answer_06_and_the_answer_until_it_is_confirmed(desk):
    assert desk.send(ENQ) == NAK
    answer = desk.send(frame(0xFC, b""))
    assert answer[:2] == b"\x06\x02"
    assert desk.send(ENQ) == answer
    assert desk.send(NAK) == b""
    assert desk.send(ENQ) == answer
    assert desk.send(ACK) == b""
    assert desk.send(ENQ) == NAK


def test_the_published_question_who_it_is_is_understood(desk):
    assert desk.send(bytes.fromhex("02 01 FC FD"))[4:-1].endswith(b"SIM-FR-K")


def test_the_published_short_state_is_asked_in_the_name_of_30(desk):
    answer = desk.send(bytes.fromhex("02 05 10 1E 00 00 00 0B"))
    assert answer[3:7] == bytes.fromhex("10 00 1E 92")
    assert len(answer) == 1 + 0x10 + 3


@pytest.mark.parametrize("raw", [b"\x02\x01\xfc\xfc", b"\x02\x00\x00"])
def test_a_damaged_frame_is_15(desk, raw):
    assert desk.send(raw) == NAK


def test_half_a_frame_is_15_after_a_gap(desk):
    assert desk.send(frame(0x10)[:-2]) == b""
    assert b"".join(answer.bytes for answer in desk.station.gap()) == NAK


def test_a_repeated_frame_is_executed_again(desk):
    desk.ask(0x8D, b"\0")
    desk.send(frame(0x80, SYSTEM + SALE))
    desk.send(frame(0x80, SYSTEM + SALE))
    assert len(desk.device.memory.receipt.lines) == 2


def test_a_receipt_becomes_fiscal_in_85_and_nowhere_else(desk):
    assert desk.sell() == [0, 0, 0]
    (receipt,) = desk.store.documents()
    assert (receipt.kind, receipt.number, receipt.total_bani) == ("receipt", 1, 900)
    assert [(one["kind"], one["amount_bani"]) for one in receipt.more["payments"]] == [
        ("cash", 1000)
    ]
    assert receipt.more["change_bani"] == 100
    assert (desk.counter(148), desk.counter(144), desk.counter(152), desk.counter(157)) == (
        1,
        1,
        1,
        0,
    )


@pytest.mark.parametrize(
    ("before", "code", "data", "error"),
    [
        ([], 0x80, SALE, 0x55),
        ([], 0x85, PAID, 0x55),
        ([], 0x88, b"", 0x55),
        ([], 0x89, b"", 0x55),
        ([], 0x8D, b"\x02", 0x33),
        ([], 0x8D, b"", 0x7E),
        ([], 0x99, b"", 0x37),
        ([], 0x8C, b"", 0x56),
        ([], 0x51, le(1, 5), 0x46),
        ([], 0xB4, le(1, 2), 0xA9),
        ([], 0xB3, b"", 0xA9),
        ([], 0xB0, b"", 0x73),
        ([], 0x1F, bytes([9, 1, 0, 1]), 0x5D),
        ([], 0x1E, bytes([6, 1, 0, 1]) + le(1900, 2), 0x7A),
        ([], 0x23, bytes([1, 1, 30]), 0x73),
        ([(0x8D, b"\0")], 0x8D, b"\0", 0x4A),
        ([(0x8D, b"\0")], 0x41, b"", 0x4A),
        ([(0x8D, b"\0")], 0x85, PAID, 0x8E),
        ([(0x8D, b"\0")], 0x84, SALE, 0x2D),
        ([(0x8D, b"\0"), (0x80, SALE)], 0x85, le(8_99, 5) + PAID[5:], 0x45),
        ([(0x8D, b"\0"), (0x80, SALE)], 0x85, bytes(5) + le(9_01, 5) + PAID[10:], 0x4D),
        ([(0x8D, b"\0"), (0x80, SALE)], 0x86, le(9_01, 5) + b"\2" + bytes(43), 0x5A),
        ([(0x8D, b"\0")], 0x80, SALE[:11] + bytes([5, 0, 0, 0]) + SALE[15:], 0x33),
    ],
)
def test_what_cannot_be_is_refused_with_the_manuals_code(desk, before, code, data, error):
    for step in before:
        assert desk.ask(*step)[0] == 0
    memory = desk.device.memory
    assert desk.ask(code, data) == bytes([error])
    assert desk.device.memory == memory


def test_reports_want_29_tables_30_and_everything_somebody(desk):
    assert desk.ask(0x41, password=1) == b"\x4f"
    assert desk.ask(0x40, password=29) == b"\x00\x1d"
    assert desk.ask(0x1F, bytes([6, 1, 0, 1]), password=29) == b"\x4f"
    assert desk.ask(0x10, password=31) == b"\x4f"
    assert desk.send(frame(0x10, b"\x1e"))[4:-1] == b"\x7e"


def test_a_discount_behind_its_line_belongs_to_it_and_any_other_to_the_whole(desk):
    change = le(50, 5) + b"\2" + bytes(43)
    desk.ask(0x8D, b"\0")
    desk.ask(0x80, SALE)
    desk.ask(0x86, change)
    desk.ask(0x87, change)
    receipt = desk.device.memory.receipt
    assert [line.total_bani for line in receipt.lines] == [850]
    assert [sum(one.by_group) for one in receipt.discounts] == [50]
    assert int.from_bytes(desk.ask(0x89)[2:], "little") == 900


def test_free_lines_become_a_slip_when_something_else_begins(desk):
    line = b"\2" + b"Text".ljust(40, b"\0")
    desk.ask(0x17, line)
    desk.ask(0x25, b"\0")
    desk.ask(0x17, line)
    desk.sell()
    assert desk.kinds() == ["nonfiscal", "nonfiscal", "receipt"]


def test_registers_say_the_day_the_drawer_and_the_last_receipt(desk):
    desk.ask(0x50, le(50_00, 5))
    desk.sell()
    told = {
        n: int.from_bytes(desk.ask(0x1A, bytes([n]))[2:], "little") for n in (92, 193, 213, 241)
    }
    assert told == {92: 9_00, 193: 9_00, 213: 9_00, 241: 59_00}
    desk.ask(0x8D, b"\0")
    desk.ask(0x88)
    assert int.from_bytes(desk.ask(0x1A, bytes([92]))[2:], "little") == 0
    desk.ask(0x41)
    assert int.from_bytes(desk.ask(0x1A, bytes([213]))[2:], "little") == 0
    assert desk.kinds() == ["cash_in", "receipt", "cancelled", "z"]


def test_the_je_is_given_out_line_by_line_without_free_lines(desk):
    desk.ask(0x8D, b"\0")
    desk.ask(0x80, SALE)
    desk.ask(0x17, b"\2" + b"REF:ABC".ljust(40, b"\0"))
    desk.ask(0x85, PAID)
    assert desk.ask(0xB4, le(1, 2))[:9] == b"\0SIM-FR-K"
    lines = []
    while (answer := desk.ask(0xB3))[0] == 0:
        lines.append(answer[1:])
    assert answer == b"\xa9"
    assert b"Apa" in lines
    assert not [line for line in lines if b"REF" in line]
    desk.ask(0xB4, le(1, 2))
    desk.ask(0xAC)
    assert desk.ask(0xB3) == b"\xa9"


def test_paper_that_runs_out_while_printing_stops_all_until_b0():
    desk = Desk("paper-out=syn@128")
    desk.ask(0x8D, b"\0")
    assert desk.ask(0x80, SALE)[0] == 0
    assert desk.ask(0x80, SALE) == b"\x6b"
    assert desk.ask(0x10)[5] == 2
    desk.device.cured()
    assert desk.ask(0x10)[5] == 3
    assert desk.ask(0x80, SALE) == b"\x58"
    assert desk.ask(0xB0)[0] == 0
    assert desk.ask(0x85, PAID)[0] == 0


@pytest.mark.parametrize(
    ("text", "heard", "sold"),
    [
        ("drop-request@128", b"", 0),
        ("nak=1@128", NAK, 0),
        ("die-before@128", b"", 0),
        ("drop-reply@128", b"", 1),
        ("die-after@128", b"", 1),
        ("reboot=keep@128", b"", 0),
    ],
)
def test_a_fault_takes_the_frame_or_the_answer(text, heard, sold):
    desk = Desk(text)
    desk.ask(0x8D, b"\0")
    assert desk.send(frame(0x80, SYSTEM + SALE)) == heard
    assert len(desk.device.memory.receipt.lines) == sold


def test_a_dropped_answer_is_there_when_it_is_asked_for():
    desk = Desk("drop-reply@16", "bad-bcc@17")
    assert desk.send(frame(0x10)) == b""
    good = desk.send(ENQ)
    assert good[:3] == b"\x06\x02\x10"
    desk.send(ACK)
    broken = desk.send(frame(0x11))
    assert desk.send(ENQ)[:-1] == broken[:-1]
    assert desk.send(ENQ) != broken


def test_a_device_that_dies_in_the_close_has_registered_it():
    desk = Desk("die-during@133")
    desk.ask(0x8D, b"\0")
    desk.ask(0x80, SALE)
    assert desk.send(frame(0x85, SYSTEM + PAID)) == b""
    assert desk.send(ENQ) == b""
    assert desk.kinds() == ["receipt"]


def test_the_numbered_wire_takes_only_the_next_number():
    desk = Desk(stationed=NumberedStation)
    assert desk.send(bytes.fromhex("8F 00 00 0F 1D")) == numbered(0)
    assert desk.send(numbered(7, 0x10)) == numbered(0)
    assert desk.send(numbered(1, 0x8D, SYSTEM + b"\0")) == numbered(1, 0x8D, b"\0\x1e")
    assert desk.send(numbered(1, 0x8D, SYSTEM + b"\0")) == numbered(1)
    assert desk.send(ENQ + numbered(2, 0x80, SYSTEM + SALE)) == numbered(2, 0x80, b"\0\x1e")
    assert desk.send(b"\x8f\x07\x00\x00\x00\x00\x00") == b""


def test_an_older_one_opens_with_its_first_sale():
    desk = Desk(opens_by_sale=True)
    assert desk.sell() == [0x37, 0, 0]
    assert desk.kinds() == ["receipt"]


def test_it_starts_in_the_states_that_are_asked_for():
    desk = Desk()
    begin_the_day_before(desk.device)
    assert desk.ask(0x10)[4] == 3
    assert desk.ask(0x8D, b"\0") == b"\x4e"
    open_a_slip(desk.device)
    assert desk.device.memory.text
    fresh = Desk()
    open_a_receipt(fresh.device)
    assert fresh.ask(0x10)[4] == 8
    assert fresh.device.memory.receipt.total_bani == 100


def test_after_a_power_cut_it_remembers_what_it_was(tmp_path):
    first = Desk(state=tmp_path / "state.db")
    first.sell()
    open_a_receipt(first.device)
    first.store.close()
    again = Desk(state=tmp_path / "state.db")
    assert again.device.memory.receipt == first.device.memory.receipt
    assert again.counter(148) == 1


@contextmanager
def process(*switches):
    start = [sys.executable, "-m", "sandbox", "printer", *switches]
    with subprocess.Popen(start, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as one:
        try:
            yield one
        finally:
            one.terminate()
            one.wait(DEADLINE_S)


@pytest.mark.parametrize(
    ("family", "sent", "heard"),
    [
        ("shtrih", ENQ, NAK),
        ("shtrih:by_sale", ENQ, NAK),
        ("shtrih:numbered", numbered(0)[:1] + bytes.fromhex("00 00 0F 1D"), numbered(0)),
    ],
)
def test_the_process_answers_on_a_pseudo_terminal(tmp_path, family, sent, heard):
    with process("--family", family, "--paper", str(tmp_path / "paper.jsonl")) as printer:
        told = json.loads(printer.stdout.readline())
        assert told["family"] == family
        line = os.open(told["address"], os.O_RDWR | os.O_NOCTTY)
        try:
            os.write(line, sent)
            came = b""
            while len(came) < len(heard) and select.select([line], [], [], DEADLINE_S)[0]:
                came += os.read(line, 64)
        finally:
            os.close(line)
        assert came == heard


def test_a_serial_that_is_no_number_is_refused():
    with process("--family", "shtrih", "--serial", "SIM77") as printer:
        assert printer.wait(DEADLINE_S) == 2
        assert b"seven digits" in printer.stderr.read()
