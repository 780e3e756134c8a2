"""The virtual FiscalNet: what comes out for which file, and the ways in which it goes wrong."""

import json
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sandbox.fiscalnet.bridge import Bridge
from sandbox.fiscalnet.faults import KINDS, fault
from sandbox.fiscalnet.lines import NotUnderstood, steps_of
from sandbox.printer.device import Device, Switches
from sandbox.printer.memory import EPOCH, Memory
from sandbox.printer.paper import Settings
from sandbox.printer.store import Store

ROOT = Path(__file__).parents[2]
RATES = (21_00, 11_00, 9_00, 0, 100_00, 100_00, 100_00)
SALE = b"S^Paine^350^2000^buc^2^1\r\nP^1^700\r\n"
STEPS_MAX = 20
DEADLINE_S = 10


class Counter:
    """A FiscalNet on a counter; time passes only when told."""

    def __init__(self, folder, *faults, **options):
        self.base = folder
        self.store = Store(None, None)
        self.device = Device(Memory("SIM0000001", RATES, EPOCH), Settings(), self.store)
        self.now_s = 0.0
        read = [fault(text) for text in faults]
        self.bridge = Bridge(folder, self.device, read, now_s=lambda: self.now_s, **options)
        self.bridge.prepare()

    def drop(self, raw, name="a.txt"):
        (self.base / "Bonuri" / name).write_bytes(raw)

    def run(self):
        for _ in range(STEPS_MAX):
            if not self.bridge.step():
                return
        raise AssertionError("it never rests")

    def answer(self, name="a.txt"):
        path = self.base / "Raspuns" / name
        return path.read_bytes() if path.exists() else None

    def asked(self, raw, name="a.txt"):
        self.drop(raw, name)
        self.run()
        return self.answer(name)

    @property
    def kinds(self):
        return [document.kind for document in self.store.documents()]

    @property
    def lying(self):
        return [path.name for path in (self.base / "Bonuri").iterdir()]


def test_a_sale_is_printed_and_answered_with_its_number(tmp_path):
    counter = Counter(tmp_path)
    assert counter.asked(SALE) == b"BONOK=1\r\nNRBON=1\r\n"
    assert counter.asked(SALE, "b.txt") == b"BONOK=1\r\nNRBON=2\r\n"
    assert (counter.kinds, counter.lying) == (["receipt", "receipt"], [])
    assert counter.store.documents()[0].total_bani == 700


def test_everything_a_sale_can_say_is_on_the_paper(tmp_path):
    counter = Counter(tmp_path)
    counter.asked(
        b"CF^RO12345674\nS^Paine^350^2000^buc^2^1\nDV^70\nS^Cafea^450^1000^buc^1^2\nMP^1000\n"
        b"ST^\nDV^125\nTL^REF:ABC\nP^2^500\nP^1^1000\n"
    )
    (paper,) = [json.loads(document.as_paper()) for document in counter.store.documents()]
    assert paper["total_bani"] == 630 + 495 - 125
    assert [line["total_bani"] for line in paper["lines"]] == [630, 495]
    assert [paid["amount_bani"] for paid in paper["payments"]] == [500, 1000]
    assert (paper["customer_tax_id"], paper["reference"]) == ("RO12345674", "ABC")
    assert paper["change_bani"] == 500


@pytest.mark.parametrize(
    ("raw", "kinds", "number"),
    [(b"X^", ["x"], 1), (b"Z^\r\n", ["z"], 1), (b"TL^Curs^1\nTL^valutar", ["nonfiscal"], 0)],
)
def test_reports_and_slips_are_printed(tmp_path, raw, kinds, number):
    counter = Counter(tmp_path)
    assert counter.asked(raw) == f"BONOK=1\r\nNRBON={number}\r\n".encode()
    assert counter.kinds == kinds


def test_an_open_receipt_is_cancelled_and_the_drawer_opened(tmp_path):
    counter = Counter(tmp_path)
    counter.device.execute(48, b"1\t0001\t1\t\t\t")
    assert counter.asked(b"VB^").startswith(b"BONOK=1")
    assert counter.asked(b"DS^", "b.txt").startswith(b"BONOK=1")
    assert (counter.kinds, counter.device.memory.drawer_pulses) == (["cancelled"], 1)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n",
        b"bon",
        b"\0\1\2",
        b"Q^1",
        b"X^\r\nZ^",
        b"S^Paine^350^2000^buc^2^1",
        b"P^1^700",
        b"P^1^700\nS^Paine^350^2000^buc^2^1",
        b"S^Paine^3.50^2000^buc^2^1\nP^1^700",
        b"S^Paine^350^2000^buc^9^1\nP^1^700",
        b"S^Paine^350^2000^buc^2\nP^1^700",
        b"S^" + b"x" * 37 + b"^350^2000^buc^2^1\nP^1^700",
        b"S^Paine^350^2000^buc^2^1\nDV^1\nDV^1\nP^1^698",
        b"S^Paine^350^2000^buc^2^1\nCF^1\nP^1^700",
        b"TL^a\nS^Paine^350^2000^buc^2^1\nP^1^700",
        b"S^Paine^350^2000^buc^2^1\nP^17^700",
    ],
)
def test_what_it_does_not_understand_is_refused_whole(tmp_path, raw):
    with pytest.raises(NotUnderstood):
        steps_of(raw, "0001")
    counter = Counter(tmp_path)
    assert counter.asked(raw).startswith(b"BONOK=0\r\nERRCODE=FORMAT\r\n")
    assert counter.kinds == []


@pytest.mark.parametrize("pay", [b"P^1^600", b"P^2^800"])
def test_what_the_printer_refuses_halfway_leaves_no_receipt(tmp_path, pay):
    counter = Counter(tmp_path)
    assert counter.asked(SALE.replace(b"P^1^700", pay)).startswith(b"BONOK=0")
    assert "receipt" not in counter.kinds


def test_without_paper_it_says_so(tmp_path):
    counter = Counter(tmp_path)
    counter.device.switches = Switches(paper_out=True)
    assert b"ERRCODE=PAPER_OUT" in counter.asked(SALE)
    assert counter.kinds == []


def test_other_files_are_left_alone_and_the_oldest_goes_first(tmp_path):
    counter = Counter(tmp_path)
    counter.drop(SALE, "note.doc")
    counter.drop(SALE.replace(b"350", b"300").replace(b"700", b"600"), "2.txt")
    counter.drop(SALE, "1.TXT")
    counter.run()
    assert counter.lying == ["note.doc"]
    assert [document.total_bani for document in counter.store.documents()] == [600, 700]


def test_a_name_comes_back_as_another_receipt_or_is_left_alone(tmp_path):
    (tmp_path / "again").mkdir()
    counter = Counter(tmp_path / "again")
    assert [counter.asked(SALE), counter.asked(SALE)][1] == b"BONOK=1\r\nNRBON=2\r\n"
    (tmp_path / "once").mkdir()
    counter = Counter(tmp_path / "once", once_per_name=True)
    assert [counter.asked(SALE), counter.asked(SALE)][1] == b"BONOK=1\r\nNRBON=1\r\n"
    assert (counter.kinds, counter.lying) == (["receipt"], ["a.txt"])


def test_it_says_that_it_is_virtual_and_serves_nowhere_else(tmp_path):
    counter = Counter(tmp_path)
    assert (tmp_path / "SIMULATED").read_text() == "SIM0000001\n"
    (tmp_path / "SIMULATED").unlink()
    assert counter.asked(SALE) is None
    assert (counter.kinds, counter.lying) == ([], ["a.txt"])


# --- what goes wrong


@pytest.mark.parametrize(
    ("text", "printed", "answered", "lies"),
    [
        ("deaf", 0, False, True),
        ("die-before", 0, False, False),
        ("die-after", 1, False, False),
        ("never", 1, False, False),
        ("late=5", 1, False, False),
        ("refuse", 0, True, False),
        ("refuse=PAPER_OUT", 0, True, False),
        ("lost", 1, True, False),
        ("half", 1, True, False),
        ("half=5", 1, True, False),
        ("empty", 1, True, False),
        ("garbage", 1, True, False),
        ("binary", 1, True, False),
        ("huge", 1, True, False),
        ("both", 1, True, False),
    ],
)
def test_a_fault_does_what_it_says(tmp_path, text, printed, answered, lies):
    counter = Counter(tmp_path, text)
    answer = counter.asked(SALE)
    assert len(counter.kinds) == printed
    assert (answer is not None, bool(counter.lying)) == (answered, lies)
    assert counter.bridge.is_gone == text.startswith("die")
    assert answer != b"BONOK=1\r\nNRBON=1\r\n"


def test_every_kind_of_fault_is_tried() -> None:
    marks = test_a_fault_does_what_it_says.pytestmark[0].args[1]
    assert {text.partition("=")[0] for text, *_ in marks} == set(KINDS)


@pytest.mark.parametrize("text", ["late=5", "half=5"])
def test_what_is_late_comes_when_it_is_due(tmp_path, text):
    counter = Counter(tmp_path, text)
    counter.asked(SALE)
    counter.now_s = 4.9
    counter.run()
    assert counter.answer() != b"BONOK=1\r\nNRBON=1\r\n"
    counter.now_s = 5.0
    counter.run()
    assert counter.answer() == b"BONOK=1\r\nNRBON=1\r\n"


def test_a_fault_strikes_the_file_it_is_for(tmp_path):
    counter = Counter(tmp_path, "refuse#2")
    answers = [counter.asked(SALE, f"{n}.txt")[:7] for n in range(3)]
    assert answers == [b"BONOK=1", b"BONOK=0", b"BONOK=1"]
    (tmp_path / "every").mkdir()
    counter = Counter(tmp_path / "every", "refuse#*")
    assert {counter.asked(SALE, f"{n}.txt")[:7] for n in range(3)} == {b"BONOK=0"}


@pytest.mark.parametrize("text", ["", "x", "late", "late=a", "late=-1", "never=3", "half=9999999"])
def test_a_fault_that_there_is_not_is_refused(text):
    with pytest.raises(ValueError, match=r"form|kind|seconds|SECONDS|argument"):
        fault(text)


def test_where_it_reads_first_a_file_lies_there_until_it_is_printed(tmp_path):
    counter = Counter(tmp_path, reads_first=True)
    counter.drop(SALE)
    counter.bridge.step()
    counter.bridge.step()
    assert (counter.kinds, counter.lying, counter.answer()) == (["receipt"], ["a.txt"], None)
    counter.run()
    assert (counter.lying, counter.answer()) == ([], b"BONOK=1\r\nNRBON=1\r\n")


# --- as a program


def test_as_a_program_it_serves_until_it_is_told_to_stop(tmp_path):
    command = [sys.executable, "-m", "sandbox", "printer", "--family", "custom"]
    command += ["--folder", str(tmp_path / "till"), "--paper", str(tmp_path / "paper.jsonl")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)
    try:
        ready = json.loads(process.stdout.readline())
        assert ready == {"family": "custom", "address": str(tmp_path / "till")}
        (tmp_path / "till" / "Bonuri" / "a.txt").write_bytes(SALE)
        answer = tmp_path / "till" / "Raspuns" / "a.txt"
        deadline_s = time.monotonic() + DEADLINE_S
        while not (answer.exists() and answer.read_bytes()) and time.monotonic() < deadline_s:
            select.select([], [], [], 0.05)
        assert answer.read_bytes() == b"BONOK=1\r\nNRBON=1\r\n"
    finally:
        process.terminate()
        status = process.wait(30)
        process.stdout.close()
    assert status == 0
    (line,) = (tmp_path / "paper.jsonl").read_text().splitlines()
    assert json.loads(line)["total_bani"] == 700


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "till").write_text("a file")
    command = [sys.executable, "-m", "sandbox", "printer", "--family", "custom"]
    ended = subprocess.run(
        [*command, "--folder", str(tmp_path / "till")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (ended.returncode, ended.stderr.startswith("printer: ")) == (2, True)
