"""Looking for printers: real pseudo-terminals with real far ends, and memory where time matters."""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from drivers.clock import SystemClock
from drivers.discovery import (
    BAUDS,
    PORT_S_MAX,
    Finding,
    probe,
    probe_serial,
    probe_tcp,
    probe_usb,
)
from drivers.discovery_words import WORDS, Outcome
from drivers.errors import NotStarted
from drivers.faults import Fault
from drivers.serial_transport import SerialTransport
from tests.drivers.bench import BENCHES, FAMILIES
from tests.drivers.cables import Cable
from tests.drivers.far_end import (
    Answer,
    FarEnd,
    JumpingClock,
    Legacy,
    MemoryCable,
    busy,
    echo,
    garbage,
    nak,
    silent,
)
from tests.drivers.virtual_printer import virtual_printer

NOBODY = 65534
X_STATUS_REQUEST_COMMAND = b"\x30\x30\x34\x3a"
LEGACY_STATUS_REQUEST_COMMAND = b"\x4a\x05"
PING, WHO_OF_SHTRIH = b"\x03\x04", b"\x02\x01\xfc\xfd"
SIGNS = (b"\x05", b"\x06", b"\x15")  # of Shtrih-M
WEIGHT = b"\x02ST,GS,   0.000kg\r\n"


def look(path: str, *bauds: int) -> Finding:
    return probe_serial(path, bauds or (115200,), SystemClock())


def probed(*cables: MemoryCable, clock: JumpingClock) -> Finding:
    return probe("memory", "serial", list(zip(BAUDS, cables, strict=False)), clock)


@contextmanager
def without_rights(path: str) -> Iterator[None]:
    """Nobody may open it; root gives its own power up for the time."""
    os.chmod(path, 0)
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_printer_is_found_and_says_who_it_is(tmp_path: Path) -> None:
    with virtual_printer(tmp_path, "--serial", "SIM77") as printer:
        found = look(printer.address)
        assert found.outcome is Outcome.PRINTER
        assert (found.address, found.transport, found.baud) == (printer.address, "serial", 115200)
        assert found.family == "datecs_x"
        assert found.identity is not None
        assert found.identity.fiscal_serial == "SIM77"
        assert found.heard.startswith(b"\x01")


def test_looking_for_a_printer_prints_nothing_and_gives_the_port_back(tmp_path: Path) -> None:
    with virtual_printer(tmp_path) as printer:
        look(printer.address)
        again = SerialTransport(printer.address, 115200)
        again.open()
        again.close()
        assert printer.paper == []


def test_a_printer_at_another_baud_is_found_after_the_likelier_ones(tmp_path: Path) -> None:
    with virtual_printer(tmp_path, "--strict-baud", "--baud", "9600") as printer:
        found = look(printer.address, 115200, 9600, 38400)
    assert (found.outcome, found.baud) == (Outcome.PRINTER, 9600)
    assert [(step.baud, step.outcome) for step in found.steps] == [
        (115200, Outcome.SILENCE),
        (115200, Outcome.SILENCE),
        (115200, Outcome.SILENCE),
        (115200, Outcome.SILENCE),
        (9600, Outcome.SILENCE),
        (9600, Outcome.PRINTER),
    ]


def test_a_printer_behind_a_network_port_is_found(tmp_path: Path) -> None:
    with virtual_printer(tmp_path, "--tcp", "0") as printer:
        host, port = printer.address.split(":")
        found = probe_tcp(host, int(port), printer.address, SystemClock())
    assert (found.outcome, found.transport, found.baud) == (Outcome.PRINTER, "tcp", None)


def test_a_network_port_nobody_listens_on_is_missing() -> None:
    found = probe_tcp("127.0.0.1", 1, "127.0.0.1:1", SystemClock())
    assert found.outcome is Outcome.MISSING
    assert "refuses" in found.detail


def test_a_usb_address_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="USB address"):
        probe_usb("usb:zz", BAUDS, SystemClock())


@pytest.mark.parametrize(
    ("answer", "outcome", "heard"),
    [
        (nak, Outcome.NAK, b"\x15"),
        (garbage, Outcome.GARBAGE, b"\xfe\x00\xe6\x78"),
        (echo, Outcome.ECHO, PING),
        (silent, Outcome.SILENCE, b""),
    ],
)
def test_what_is_no_printer_is_called_by_what_it_says(
    answer: Answer, outcome: Outcome, heard: bytes
) -> None:
    with FarEnd(answer) as path:
        found = look(path)
    assert found.outcome is outcome
    assert found.heard[: len(heard)] == heard
    assert found.identity is None


def test_syn_for_ever_is_a_busy_printer() -> None:
    with FarEnd(busy, idle=b"\x16") as path:
        found = look(path, *BAUDS)
    assert (found.outcome, found.baud) == (Outcome.BUSY, 115200)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_printer_of_every_family_is_found_and_named(family: str) -> None:
    name, _, dialect = family.partition(":")
    with BENCHES[family]() as bench:
        baud = None if bench.on_network else 115200
        found = probe("cable", "serial", [(baud, Cable(bench))], bench.clock)
        assert (found.outcome, found.family) == (Outcome.PRINTER, name), found
        assert found.dialect in ("", dialect or FIRST_DIALECT.get(name, ""))
        assert found.identity is not None
        assert found.identity.fiscal_serial == bench.serial
        assert bench.papers() == []


FIRST_DIALECT = {"daisy": "bg", "datecs_legacy": "compact", "tremol": "ro"}


def test_a_printer_that_will_not_be_read_keeps_the_name_it_gave_itself() -> None:
    clock = JumpingClock()
    found = probed(MemoryCable(Legacy(), clock), clock=clock)
    assert (found.outcome, found.family) == (Outcome.PRINTER, "datecs_legacy")
    assert found.dialect == "printer"
    assert found.identity is not None
    assert (found.identity.model, found.identity.firmware) == ("FP-700", "1.00BG 25Mar20 1000")
    assert "unknown_command" in found.detail


def test_a_legacy_printer_of_an_unknown_make_is_told_with_what_it_says_of_itself() -> None:
    clock = JumpingClock()
    found = probed(MemoryCable(Legacy(b"ZIT B20,3.1,ROMANIA"), clock), clock=clock)
    assert (found.outcome, found.family) == (Outcome.OTHER_DIALECT, "")
    assert found.detail == "ZIT B20,3.1,ROMANIA"


@pytest.mark.parametrize(
    ("state", "outcome", "detail"),
    [
        (b"\x50", Outcome.LOCKED, "the network wants its password"),
        (b"\x60", Outcome.LOCKED, "another connection holds the device"),
        (b"\x40", Outcome.WRONG_MODE, "no reply"),
        (b"", Outcome.WRONG_MODE, "no reply"),
    ],
)
def test_a_tremol_that_takes_no_commands_is_told_why(
    state: bytes, outcome: Outcome, detail: str
) -> None:
    clock = JumpingClock()
    answers = {PING: b"\x04", b"\x09": state}
    found = probed(MemoryCable(lambda data: answers.get(data, b""), clock), clock=clock)
    assert (found.outcome, found.family) == (outcome, "tremol")
    assert detail in found.detail


@pytest.mark.parametrize("idle", [WEIGHT, b"5941234567890\r", b"RING\r\n"])
def test_a_device_that_sends_text_is_a_foreign_one(idle: bytes) -> None:
    clock = JumpingClock()
    found = probed(*(MemoryCable(lambda _data: idle, clock) for _ in BAUDS), clock=clock)
    assert found.outcome is Outcome.FOREIGN
    assert found.heard == idle[:24]


@pytest.mark.parametrize("idle", [b"@@@@@@", b"AB", b"\xc1BCDEF", b"\x01ABCDEF"])
def test_what_is_no_text_is_garbage(idle: bytes) -> None:
    clock = JumpingClock()
    found = probed(MemoryCable(lambda _data: idle, clock), clock=clock)
    assert found.outcome is Outcome.GARBAGE


@pytest.mark.parametrize("seed", range(8))
def test_noise_is_garbage_whatever_bytes_are_in_it(seed: int) -> None:
    clock, noise = JumpingClock(), random.Random(seed)
    cables = [MemoryCable(lambda _data: noise.randbytes(400), clock) for _ in BAUDS]
    found = probed(*cables, clock=clock)
    assert {step.outcome for step in found.steps} == {Outcome.GARBAGE}


@pytest.mark.parametrize("off_by", [1, 5])
@pytest.mark.parametrize("unasked", [False, True], ids=["asked", "unasked"])
def test_good_answers_to_other_requests_are_told_as_such(off_by: int, unasked: bool) -> None:
    """Each carries the SEQ of another request, for ever; a byte of them is one of our calls."""
    clock = JumpingClock()

    def answers(data: bytes) -> bytes:
        sequence = data[2] if len(data) > 5 and not unasked else 0x77
        return legacy_answer((sequence + off_by - 0x20) % 0x60 + 0x20)

    cables = [MemoryCable(answers, clock) for _ in BAUDS]
    found = probed(*cables, clock=clock)
    assert (found.outcome, found.family) == (Outcome.OTHER_REPLY, "")
    assert found.heard.startswith(b"\x01\x2b")
    assert cables[1].sent == []


def legacy_answer(sequence: int) -> bytes:
    body = bytes([0x2B, sequence, 0x4A, 0x04]) + bytes.fromhex("80 80 80 80 86 9A") + b"\x05"
    return b"\x01" + body + digits(sum(body)) + b"\x03"


def test_a_call_of_one_byte_that_comes_back_alone_is_an_echo() -> None:
    """Half an echo: the ping of 03 04 is lost, and the 05 of Shtrih-M comes back."""
    clock = JumpingClock()
    found = probed(MemoryCable(lambda data: data if len(data) == 1 else b"", clock), clock=clock)
    assert found.outcome is Outcome.ECHO


def test_a_loop_is_left_after_its_first_baud() -> None:
    clock = JumpingClock()
    cables = [MemoryCable(echo, clock) for _ in BAUDS]
    found = probed(*cables, clock=clock)
    assert found.outcome is Outcome.ECHO
    assert cables[1].sent == []


def test_a_port_that_is_not_there_is_missing(tmp_path: Path) -> None:
    found = look(str(tmp_path / "ttyUSB0"), *BAUDS)
    assert found.outcome is Outcome.MISSING
    assert found.steps == ()


def test_a_port_we_may_not_open_is_forbidden() -> None:
    with FarEnd(silent) as path, without_rights(path):
        assert look(path, *BAUDS).outcome is Outcome.FORBIDDEN


def test_a_locked_port_is_held_and_hears_nothing() -> None:
    heard: list[bytes] = []

    def listens(data: bytes) -> bytes:
        heard.append(data)
        return b""

    with FarEnd(listens) as path:
        other = SerialTransport(path, 115200)
        other.open()
        found = look(path, *BAUDS)
        other.close()
    assert found.outcome is Outcome.HELD
    assert str(os.getpid()) in found.detail
    assert heard == []


def test_a_port_that_a_program_has_open_without_a_lock_is_not_even_opened(tmp_path: Path) -> None:
    port = tmp_path / "ttyS9"
    with port.open("w"):
        found = look(str(port), *BAUDS)
    assert found.outcome is Outcome.HELD
    assert str(os.getpid()) in found.detail


def test_a_silent_port_is_asked_on_every_wire_at_every_baud_within_its_time() -> None:
    clock = JumpingClock()
    cables = [MemoryCable(silent, clock) for _ in BAUDS]
    found = probed(*cables, clock=clock)
    assert (found.outcome, found.baud) == (Outcome.SILENCE, None)
    assert clock.at_s - 100 <= PORT_S_MAX
    for cable in cables:
        assert cable.sent[0] == PING
        assert any(X_STATUS_REQUEST_COMMAND in frame for frame in cable.sent)
        assert any(LEGACY_STATUS_REQUEST_COMMAND in frame for frame in cable.sent)


@pytest.mark.parametrize("idle", [b"\xfe", b"\x01", b"\x15\x40"])
def test_a_port_that_never_stops_talking_is_left_when_its_time_is_up(idle: bytes) -> None:
    clock = JumpingClock()
    cables = [MemoryCable(silent, clock, idle=idle) for _ in BAUDS]
    found = probed(*cables, clock=clock)
    assert found.outcome is Outcome.GARBAGE
    assert clock.at_s - 100 <= PORT_S_MAX + 1
    assert len(found.heard) <= 24


def test_nothing_but_the_status_is_asked_of_a_stranger() -> None:
    clock = JumpingClock()
    cables = [MemoryCable(answer, clock) for answer in (silent, nak, echo, garbage)]
    probed(*cables, clock=clock)
    commands = (PING, X_STATUS_REQUEST_COMMAND, LEGACY_STATUS_REQUEST_COMMAND, WHO_OF_SHTRIH)
    for frame in (frame for cable in cables for frame in cable.sent):
        assert frame in SIGNS or any(command in frame for command in commands)


def test_the_best_of_all_bauds_counts() -> None:
    clock = JumpingClock()
    answers = (silent, garbage, nak, silent, garbage)
    found = probed(*(MemoryCable(answer, clock) for answer in answers), clock=clock)
    assert (found.outcome, found.baud) == (Outcome.NAK, 38400)
    assert len(found.steps) == 4 * len(BAUDS)


@pytest.mark.parametrize("answer", [silent, nak, echo, garbage, busy, Legacy()])
def test_every_cable_is_closed_in_the_end(answer: Answer) -> None:
    clock = JumpingClock()
    cables = [MemoryCable(answer, clock) for _ in BAUDS]
    probed(*cables, clock=clock)
    assert not any(cable.is_open for cable in cables)


def test_a_cable_that_breaks_while_asking_is_closed_and_the_port_missing() -> None:
    clock = JumpingClock()
    cables = [MemoryCable(silent, clock, breaks=True) for _ in BAUDS]
    found = probed(*cables, clock=clock)
    assert found.outcome is Outcome.MISSING
    assert "broke" in found.detail
    assert not cables[0].is_open
    assert cables[1].sent == []


def test_a_baud_the_port_cannot_do_is_passed_over() -> None:
    clock = JumpingClock()
    cannot = NotStarted("memory cannot do 115200 baud", fault=Fault.BAD_REQUEST)
    found = probed(MemoryCable(silent, clock, refuses=cannot), MemoryCable(nak, clock), clock=clock)
    assert (found.outcome, found.baud) == (Outcome.NAK, 9600)


def test_a_printer_that_will_not_say_who_it_is_is_a_printer_all_the_same() -> None:
    clock = JumpingClock()
    found = probed(MemoryCable(status_only, clock), clock=clock)
    assert (found.outcome, found.family) == (Outcome.PRINTER, "datecs_x")
    assert found.identity is None
    assert "-112001" in found.detail


def status_only(frame: bytes) -> bytes:
    """An X device that refuses everything but 74."""
    command = frame[6:10]
    data = b"0\t" if command == X_STATUS_REQUEST_COMMAND else b"-112001\t"
    rest = frame[5:6] + command + data + b"\x04" + bytes.fromhex("80808080869A8080") + b"\x05"
    body = digits(0x24 + len(rest)) + rest
    return b"\x01" + body + digits(sum(body)) + b"\x03"


def digits(value: int) -> bytes:
    return bytes(0x30 + (value >> shift & 0xF) for shift in (12, 8, 4, 0))


def test_every_outcome_has_a_sentence_in_both_languages_with_right_letters() -> None:
    assert set(WORDS) == set(Outcome)
    for said in WORDS.values():
        assert said.ro != said.en
        assert not set("şţŞŢ") & set(said.ro)  # cedilla: the wrong letters
