"""The virtual legacy ISL printers by themselves: frames by hand, faults, power, paper, a process.

No code of the agent is on this side: the bytes are put together here, as the manual adds them up.
"""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.families import FAMILIES
from sandbox.printer.faults import FaultyStation, fault
from sandbox.printer.memory import EPOCH, Memory
from sandbox.printer.paper import Settings
from sandbox.printer.store import Store
from sandbox.printer.wire import NAK
from sandbox.printer_isl.device import Device
from sandbox.printer_isl.makes import MAKES
from sandbox.printer_isl.start import begin_the_day_before, open_a_receipt, open_a_slip
from sandbox.printer_isl.station import IslStation
from sandbox.printer_isl.wire import LEGACY

ROOT = Path(__file__).parents[2]
RATES = (21_00, 11_00, 9_00, 0, 100_00, 100_00, 100_00)
NOT_NOW = (0x20, 0x02)  # bits 0.5 and 1.1
OPENINGS = {"eltrade": (144, "Casier"), "daisy": (48, "1,0001"), "daisy:ro": (48, "1,0001")}
CANCELS = {"incotex": 130, "daisy": 130, "daisy:ro": 130}
every_make = pytest.mark.parametrize("make", MAKES)


def digits(value: int) -> bytes:
    return bytes(0x30 + int(digit, 16) for digit in f"{value % 0x10000:04x}")


def encode(seq: int, command: int, data: bytes = b"") -> bytes:
    body = bytes([0x24 + len(data), seq, command]) + data + b"\x05"
    return b"\x01" + body + digits(sum(body)) + b"\x03"


class Desk:
    """A host that numbers its frames, and the printer before it."""

    def __init__(self, make: str, *faults: str, folder: Path | None = None) -> None:
        self.make = MAKES[make]
        self.paper = folder / "paper.jsonl" if folder else None
        self._state = folder / "state" if folder else None
        self._faults = [fault(text) for text in faults]
        self._seq = 0x20
        self.start()

    def start(self, *, cancels: bool = False) -> None:
        self.store = Store(self._state, self.paper)
        memory = self.store.load() or Memory(self.make.serial, RATES, EPOCH)
        self.device = Device(memory, Settings(), self.store, self.make, cancels_on_power_up=cancels)
        self.device.power_up()
        self.station: FaultyStation = IslStation(self.device, self._faults, codec=LEGACY)

    def exchange(self, raw: bytes) -> bytes:
        return b"".join(answer.bytes for answer in self.station.receive(raw))

    def ask(self, command: int, text: str = "") -> tuple[str, bytes]:
        """The data and the status of an answer."""
        self._seq = 0x20 + (self._seq - 0x1F) % 0x60
        raw = self.exchange(encode(self._seq, command, text.encode(self.make.code_page)))
        assert raw[:1] == b"\x01", raw.hex(" ")
        assert (raw[2], raw[3]) == (self._seq, command)
        return raw[4:-13].decode(self.make.code_page), raw[-12:-6]

    def sell(self, price: str = "10.00") -> None:
        command, text = OPENINGS.get(self.make.name, (48, "1,0001,1"))
        self.ask(command, text)
        self.ask(49, f"Paine\t{self.make.letters[0]}{price}*1.000")

    def receipt(self) -> None:
        self.sell()
        self.ask(53, "\tP10.00")
        self.ask(56)

    @property
    def kinds(self) -> list[str]:
        return [document.kind for document in self.store.documents()]


@pytest.fixture(params=MAKES)
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    made = Desk(request.param)
    yield made
    made.store.close()


def refused(status: bytes) -> bool:
    return bool(status[0] & 0x23 or status[1] & 0x03)


# --- what it does


def test_a_receipt_comes_out_and_moves_every_counter(desk: Desk) -> None:
    desk.receipt()
    assert desk.kinds == ["receipt"]
    assert desk.ask(113)[0] == "0000001"
    told = desk.ask(76, "T")[0].replace("+", "").split(",")
    assert (told[0], {int(value.replace(".", "")) for value in told[2:]}) == ("0", {1000})


def test_a_cancelled_receipt_is_worth_nothing(desk: Desk) -> None:
    desk.sell()
    _, status = desk.ask(CANCELS.get(desk.make.name, 60))
    assert not refused(status)
    assert desk.kinds == ["cancelled"]
    assert set(desk.ask(76, "T")[0].partition(",")[2].replace(",", "")) <= set("+0.1")


@pytest.mark.parametrize("command", [49, 51, 56])
def test_after_a_payment_nothing_is_sold_and_nothing_cancelled(desk: Desk, command: int) -> None:
    desk.sell()
    desk.ask(53, "\tP4.00")
    letter = desk.make.letters[0]
    text = {49: f"Lapte\t{letter}1.00*1.000", 51: "00", 56: ""}[command]
    if command == 51 and desk.make.name == "incotex":
        text = "0,0"
    for _, status in (desk.ask(command, text), desk.ask(CANCELS.get(desk.make.name, 60))):
        assert (status[0] & 0x20, status[1] & 0x02) == NOT_NOW
    assert desk.device.memory.receipt is not None


def test_the_other_s_commands_are_unknown(desk: Desk) -> None:
    for command in (48 if desk.make.opens == 144 else 144, 60 if desk.make.cancels == 130 else 130):
        assert desk.ask(command, "1,0001,1")[1][0] & 0x02


@pytest.mark.parametrize(
    "text",
    ["", "\t", "Paine", "Paine\t5.00", "\tA5.00", "Paine\tA5,00", "Paine\tA5.00*x", "x\tA-0"],
)
def test_a_line_that_is_none_is_bad_syntax(desk: Desk, text: str) -> None:
    command, opening = OPENINGS.get(desk.make.name, (48, "1,0001,1"))
    desk.ask(command, opening)
    status = desk.ask(49, text.replace("A", desk.make.letters[0]))[1]
    assert refused(status)
    assert desk.device.memory.receipt is not None
    assert not desk.device.memory.receipt.lines


def test_without_paper_what_prints_is_refused_and_what_reads_is_not(desk: Desk) -> None:
    desk.device.spoil_paper(cover=False)
    _, status = desk.ask(69, "2")
    assert status[2] & 0x01
    assert not status[1] & 0x02
    assert not refused(desk.ask(113)[1]) or desk.ask(113)[0] == "0000000"
    desk.device.cured()
    desk.ask(69, "2")
    assert desk.kinds == ["x"]


def test_more_than_is_due_is_taken_in_cash_alone(desk: Desk) -> None:
    desk.sell()
    other = desk.make.payments[1]
    assert desk.ask(53, f"\t{other}11.00")[0] == "F"
    assert desk.ask(53, "\tP11.00")[0][0] == "R"


def test_after_24_hours_no_receipt_is_opened_and_a_z_report_helps(desk: Desk) -> None:
    begin_the_day_before(desk.device)
    command, text = OPENINGS.get(desk.make.name, (48, "1,0001,1"))
    assert refused(desk.ask(command, text)[1])
    assert not refused(desk.ask(69, "0")[1])
    assert not refused(desk.ask(command, text)[1])


@every_make
def test_it_can_start_with_something_open(make: str) -> None:
    for start, bit in ((open_a_receipt, 0x08), (open_a_slip, 0x20)):
        desk = Desk(make)
        start(desk.device)
        assert desk.ask(74)[1][2] & bit
        desk.store.close()


# --- the line


def test_a_frame_with_the_last_seq_is_answered_from_memory(desk: Desk) -> None:
    desk.sell()
    raw = encode(0x7E, 49, f"Lapte\t{desk.make.letters[0]}1.00*1.000".encode(desk.make.code_page))
    assert desk.exchange(raw) == desk.exchange(raw)
    assert desk.device.memory.receipt is not None
    assert len(desk.device.memory.receipt.lines) == 2


@pytest.mark.parametrize("place", [1, 2, 3, 5, 8])
def test_a_broken_frame_and_one_of_the_x_series_are_refused(desk: Desk, place: int) -> None:
    raw = bytearray(encode(0x31, 74, b"X"))
    raw[place] ^= 0x01
    assert desk.exchange(bytes(raw)) == NAK
    assert desk.exchange(bytes.fromhex("01 30 30 32 3a 41 30 30 34 3a 05 30 31 3e 30 03")) == NAK


@pytest.mark.parametrize("kind", ["drop-reply", "bad-bcc", "truncate=9", "wrong-seq", "echo"])
@every_make
def test_a_fault_spoils_one_answer_and_a_repeat_gets_the_good_one(make: str, kind: str) -> None:
    desk = Desk(make, f"{kind}@74#1")
    spoiled, good = (desk.exchange(encode(0x31, 74)) for _ in range(2))
    assert spoiled != good
    assert good[:4] == bytes([0x01, 0x2B, 0x31, 74])
    desk.store.close()


def test_a_wrong_seq_and_a_wrong_command_are_whole_frames() -> None:
    for kind in ("wrong-seq", "wrong-command"):
        desk = Desk("eltrade", f"{kind}@62#1")
        raw = desk.exchange(encode(0x31, 62))
        assert raw[1] == 0x20 + len(raw) - 6
        assert raw[-5:-1] == digits(sum(raw[1:-5]))
        assert (raw[2], raw[3]) != (0x31, 62)
        desk.store.close()


def test_rows_come_one_by_one_and_each_waits_for_its_sign() -> None:
    desk = Desk("daisy")
    desk.receipt()
    answer, rows = desk.exchange(encode(0x31, 195, b"R1,1,1,A")), []
    while answer.startswith(b"\x1a") and len(rows) < 200:
        rows.append(answer)
        answer = desk.exchange(b"\x11")
    assert rows[0].startswith(b"\x1aD\t0000001\t")
    assert rows[-1].startswith(b"\x1aE\r\n\x01\x2b\x31\xc3\x04")
    assert any("Paine" in row.decode("cp1251") for row in rows)
    desk.store.close()


# --- the power


@every_make
def test_a_power_cut_in_mid_close_leaves_a_fiscal_receipt_and_one_in_mid_sale_none(
    make: str, tmp_path: Path
) -> None:
    desk = Desk(make, "die-during@56", folder=tmp_path)
    desk.sell()
    desk.ask(53, "\tP10.00")
    assert desk.exchange(encode(0x31, 56)) == b""
    assert desk.exchange(encode(0x32, 74)) == b""
    desk.store.close()
    desk.start()
    assert desk.kinds == ["receipt"]
    assert desk.paper is not None
    assert len(desk.paper.read_text("utf-8").splitlines()) == 1
    desk.store.close()


@every_make
def test_what_is_open_stays_open_or_is_cancelled_when_the_power_comes_back(
    make: str, tmp_path: Path
) -> None:
    desk = Desk(make, folder=tmp_path)
    desk.sell()
    desk.store.close()
    desk.start()
    assert desk.device.memory.receipt is not None
    desk.store.close()
    desk.start(cancels=True)
    assert desk.device.memory.receipt is None
    assert desk.kinds == ["cancelled"]
    desk.store.close()


# --- a process of its own


@pytest.mark.parametrize("family", [name for name in FAMILIES if name in MAKES])
def test_each_is_started_by_its_name_and_answers_over_tcp(family: str) -> None:
    start = [sys.executable, "-m", "sandbox", "printer", "--family", family, "--tcp", "0"]
    with subprocess.Popen(start, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            told = json.loads(process.stdout.readline())
            assert told["family"] == family
            host, port = told["address"].split(":")
            with socket.create_connection((host, int(port)), timeout=5) as line:
                line.sendall(encode(0x31, 74))
                assert line.recv(100)[:4] == bytes([0x01, 0x2B, 0x31, 74])
        finally:
            process.terminate()
            process.wait(5)


def test_every_make_is_a_family_that_can_be_started() -> None:
    assert set(MAKES) == {name for name, place in FAMILIES.items() if place.endswith("_isl")}
