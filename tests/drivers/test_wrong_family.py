"""Every driver on every other family's printer, and on what is no printer: it never starts.

What opens wrongly counts another's counters and prints another's grammar; so this must be told
before the first byte that acts, with what it is instead wherever the device says it.
"""

import pytest

from drivers.errors import NotStarted
from drivers.faults import Fault, words
from drivers.recognise import TITLES, TITLES_RO, WIRES, make_of
from protocol.errors import Heard
from tests.drivers.bench import BENCHES, FAMILIES, MODULES
from tests.drivers.cables import Cable
from tests.drivers.far_end import Answer, JumpingClock, MemoryCable, echo, garbage, nak, silent

OPENING_S_MAX = 30.0
WEIGHT = b"\x02ST,GS,   0.000kg\r\n"


def name_of(family: str) -> str:
    return family.partition(":")[0]


PAIRS = [(one, other) for one in FAMILIES for other in FAMILIES if name_of(one) != name_of(other)]
every_driver = pytest.mark.parametrize("driver", FAMILIES)


@pytest.mark.parametrize(("driver", "printer"), PAIRS, ids=lambda family: family)
def test_a_driver_on_another_familys_printer_says_what_it_is_instead(
    driver: str, printer: str
) -> None:
    with BENCHES[driver]() as own, BENCHES[printer]() as far:
        cable = Cable(far)
        with pytest.raises(NotStarted) as refused:
            own.printer(cable).open(last_sequence=None)
        assert refused.value.fault is Fault.OTHER_DIALECT
        this, that = TITLES[name_of(driver)], TITLES[name_of(printer)]
        assert f"a cable: this is not {this}, it looks like {that}" in str(refused.value)
        assert not cable.is_open
        assert far.papers() == []


@every_driver
def test_after_another_printer_the_own_one_opens(driver: str) -> None:
    """Plugged into the right one at last, with the same driver object."""
    other = next(family for family in FAMILIES if name_of(family) != name_of(driver))
    with BENCHES[driver]() as own, BENCHES[other]() as far:
        cable = Cable(far)
        printer = own.printer(cable)
        with pytest.raises(NotStarted):
            printer.open(last_sequence=None)
        cable._far_end = own
        assert printer.open(last_sequence=None).fiscal_serial == own.serial


@every_driver
def test_a_printer_that_answered_once_is_never_asked_as_a_stranger(driver: str) -> None:
    """Switched off for a while it is silent: other dialects have no business on its cable."""
    with BENCHES[driver]() as bench:
        cable = Cable(bench)
        printer = bench.opened(cable)
        cable.cut(0)
        printer.close()
        with pytest.raises(NotStarted) as refused:
            printer.open(last_sequence=None)
        assert refused.value.fault is Fault.NO_ANSWER
        assert len(set(cable.writes)) == 1


def opened_on(
    driver: str, answer: Answer, *, idle: bytes = b"", seed: int = 0
) -> tuple[NotStarted, MemoryCable, float]:
    """Open a driver on something that is no printer: what it says, and how long it took."""
    clock = JumpingClock()
    clock.at_s += seed
    cable = MemoryCable(answer, clock, idle=idle)
    with BENCHES[driver]() as bench:
        bench.clock = clock
        printer = bench.printer(cable)
        started_s = clock.at_s
        with pytest.raises(NotStarted) as refused:
            printer.open(last_sequence=None)
    return refused.value, cable, clock.at_s - started_s


def half_a_frame(data: bytes) -> bytes:
    """Cut off in the middle of an answer, of whatever wire."""
    starts = {0x01: b"\x01\x2c" + data[2:5], 0x02: b"\x02\x30" + data[2:3], 0x05: b"\x15"}
    return starts.get(data[0], b"\x8f\x05" if data[0] == 0x8F else b"")


def another_sequence(data: bytes) -> bytes:
    """A good answer on each wire, and always to a request that was never made."""
    if data[0] in (0x05, 0x8F) or (data[0] == 0x02 and len(data) == data[1] + 3):
        return shtrih_answer(data)
    if data[0] == 0x02:
        return zfp_answer(0x20 + (data[2] - 0x1F) % 0x80, data[3])
    if data[0] != 0x01:
        return b""
    if data[1] >= 0x30 and data[2] >= 0x30:
        return x_answer(0x20 + (data[5] - 0x1F) % 0x60, data[6:10])
    return isl_answer(0x20 + (data[2] - 0x1F) % 0x60, data[3:4])


def x_answer(sequence: int, command: bytes) -> bytes:
    rest = bytes([sequence]) + command + b"0\t\x04" + b"\x80" * 8 + b"\x05"
    body = digits(0x24 + len(rest)) + rest
    return b"\x01" + body + digits(sum(body)) + b"\x03"


def isl_answer(sequence: int, command: bytes) -> bytes:
    rest = bytes([sequence]) + command + b"\x04" + b"\x80" * 6 + b"\x05"
    body = bytes([0x21 + len(rest)]) + rest
    return b"\x01" + body + digits(sum(body)) + b"\x03"


def shtrih_answer(data: bytes) -> bytes:
    """Idle, or its number, when that is asked; else an answer to something else."""
    if data == b"\x05":
        return b"\x15"
    if data[0] == 0x02:
        return b"\x06\x02\x02" + bytes([data[2] ^ 1, 0, data[2] ^ 3])
    if data == b"\x8f\x00\x00\x0f\x1d":
        return bytes.fromhex("8F 02 00 01 00 99 5A")
    return bytes.fromhex("8F 04 00 18 00 1E 00 A9 B6")  # published: to frame 24


def zfp_answer(number: int, command: int) -> bytes:
    body = bytes([0x2A, number, command]) + b"\x80" * 7
    check = 0
    for byte in body:
        check ^= byte
    return b"\x02" + body + bytes([0x30 + (check >> 4), 0x30 + (check & 0xF)]) + b"\x0a"


def digits(value: int) -> bytes:
    return bytes(0x30 + (value >> shift & 0xF) for shift in (12, 8, 4, 0))


STRANGERS: dict[str, tuple[Answer, bytes, set[Fault]]] = {
    "silence": (silent, b"", {Fault.NO_ANSWER}),
    "noise": (garbage, b"", {Fault.NOT_A_PRINTER}),
    "noise that never ends": (silent, b"\xfe", {Fault.NOT_A_PRINTER}),
    "a scale": (lambda _data: WEIGHT, b"", {Fault.NOT_A_PRINTER}),
    "a scale that talks unasked": (silent, WEIGHT, {Fault.NOT_A_PRINTER}),
    "a loop": (echo, b"", {Fault.NOT_A_PRINTER}),
    "half frames": (half_a_frame, b"", {Fault.NOT_A_PRINTER}),
    "a frame's start for ever": (silent, b"\x01", {Fault.NOT_A_PRINTER}),
    # five of them are a good frame of Shtrih-M, which nobody asked for
    "a ZFP start for ever": (silent, b"\x02", {Fault.NOT_A_PRINTER, Fault.NO_ANSWER}),
    "nothing but no": (nak, b"", {Fault.OTHER_DIALECT, Fault.NOT_A_PRINTER}),
    "another SEQ for ever": (another_sequence, b"", {Fault.NO_ANSWER}),
}


@every_driver
@pytest.mark.parametrize("what", list(STRANGERS))
def test_a_driver_on_what_is_no_printer_does_not_start_and_ends(driver: str, what: str) -> None:
    answer, idle, faults = STRANGERS[what]
    error, cable, took_s = opened_on(driver, answer, idle=idle)
    assert error.fault in faults, f"{error} ({error.fault})"
    assert took_s <= OPENING_S_MAX, f"{took_s} s"
    assert not cable.is_open
    assert "memory" in str(error)


@every_driver
def test_answers_for_another_sequence_are_told_apart_from_silence(driver: str) -> None:
    assert opened_on(driver, another_sequence)[0].heard is Heard.OTHER_REPLY


@every_driver
def test_a_silent_port_says_what_to_check_and_never_that_nothing_was_sent(driver: str) -> None:
    error = str(opened_on(driver, silent)[0])
    assert "no reply" in error
    assert error.endswith(
        "heard: silence; check cable, power and baud (`amef devices detect PORT` finds the rate)"
    )
    assert " 0 sends" not in error


def test_what_is_heard_wrongly_is_not_called_silent() -> None:
    assert "check cable" not in str(opened_on("datecs_x", garbage)[0])


def test_people_are_told_in_both_languages_how_the_rate_is_found() -> None:
    said = words()[Fault.NO_ANSWER]
    assert all("amef devices detect PORT" in text for text in (said.ro, said.en))


@every_driver
@pytest.mark.parametrize("seed", range(3))
def test_only_harmless_questions_go_to_a_stranger(driver: str, seed: int) -> None:
    """03 04, 09, 05, the status of each wire, and who are you: nothing else, whatever is heard."""
    for answer in (silent, garbage, nak, echo, half_a_frame):
        for frame in opened_on(driver, answer, seed=seed)[1].sent:
            assert asks(frame) in ("ping", "state", "sign", 74, 90, 0x20, 0xFC), frame.hex(" ")


def asks(frame: bytes) -> object:
    """Which question a frame is."""
    if frame in (b"\x03\x04", b"\x09"):
        return {b"\x03\x04": "ping", b"\x09": "state"}[frame]
    if frame in SIGNS:
        return "sign"
    if frame[0] == 0x8F:
        return frame[5]
    if frame[0] == 0x02 and len(frame) == frame[1] + 3:
        return frame[2]
    if frame[0] == 0x02:
        return frame[3]
    return frame[3] if frame[1] < 0x30 else int(frame[6:10].translate(NIBBLES), 16)


SIGNS = (b"\x05", b"\x06", b"\x15", b"\x8f\x00\x00\x0f\x1d")  # of both wires of Shtrih-M
NIBBLES = bytes.maketrans(bytes(range(0x30, 0x40)), b"0123456789abcdef")


# --- what tells the makes of one wire apart

PUBLISHED = {
    "CompactM ONL01-4.01BG 29-10-2018 11:34,FFFF,00,6,DY408097,36543869": ("daisy", "bg"),
    "ONL01-4.01RO 29-10-2018 11:34,FFFF,00,40,DY408097,36543869": ("daisy", "ro"),
    "A1,A1,EJ 1.17 260118 1025,FFFF,00,ED123456,44123456": ("eltrade", ""),
    "2.11 Jan 22 2019 14:00,DB44EEAD,0000,06,IN015013,54015013,284013911622147": ("incotex", ""),
    "2.11 Jan 22 2019 14:00,DB44EEAD,0000,07,1234567": ("incotex", ""),
    "FP-700,1.00BG 25Mar20 1000,FFFF,00000000,DT123456,02123456": ("datecs_legacy", "printer"),
    "DP-25 2.04BG 26Jan18 1025,FFFF,00000000,02123456,DT123456": ("datecs_legacy", "compact"),
}


@pytest.mark.parametrize("told", list(PUBLISHED))
def test_a_published_answer_to_90_names_its_make(told: str) -> None:
    made = make_of(told)
    assert made is not None
    assert (made.family, made.dialect) == PUBLISHED[told]


@pytest.mark.parametrize("told", ["", ",,,,,,", "ZIT B20,3.1,ROMANIA", "A,B,C,D,E,F,G", "P,1,2"])
def test_an_answer_of_an_unknown_shape_is_nobodys(told: str) -> None:
    assert make_of(told) is None


def test_every_family_has_a_wire_and_a_name() -> None:
    assert sorted({family for wire in WIRES for family in wire.families}) == MODULES
    assert sorted(TITLES) == sorted(TITLES_RO) == MODULES


def test_the_question_that_leaves_no_text_behind_goes_first() -> None:
    order = ["Tremol ZFP", "Datecs X", "legacy ISL", "Shtrih-M", "Shtrih-M, numbered"]
    assert [wire.title for wire in WIRES] == order
