"""What the virtual ISL and ZFP printers tell of their past, and what of it only goes to paper."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from sandbox.printer_isl.asked import Reading
from tests.sandbox.test_virtual_isl import Desk, encode, refused
from tests.sandbox.test_virtual_tremol import Desk as TremolDesk

TAKEN = b"\x11"
REPORTS = (73, 79, 94, 95)


@pytest.fixture
def desk(make: str) -> Iterator[Desk]:
    made = Desk(make)
    for _ in range(2):
        made.receipt()
        made.ask(69, "0")
    made.receipt()
    yield made
    made.store.close()


@pytest.fixture
def tremol() -> Iterator[TremolDesk]:
    made = TremolDesk()
    for _ in range(2):
        made.sell()
        made.ask(0x38)
        made.ask(0x7C, "Z")
    yield made
    made.store.close()


def dates(command: int) -> str:
    return "010120,311260" if command in (79, 94) else "0001,0002"


def rows(desk: Desk, command: int, text: str) -> list[bytes]:
    """The rows of a report, each taken; the last has the closing answer behind it."""
    found = [desk.exchange(encode(0x31, command, text.encode()))]
    while found[-1].startswith(b"\x1a") and b"\x01" not in found[-1]:
        found.append(desk.exchange(TAKEN))
    return found


@pytest.mark.parametrize("make", ["daisy", "daisy:ro"])
@pytest.mark.parametrize("command", REPORTS)
def test_an_announced_report_comes_in_numbered_rows_and_nothing_is_printed(
    desk: Desk, command: int
) -> None:
    before = desk.kinds
    desk.ask(153)
    found = rows(desk, command, dates(command))
    assert found[0].startswith(b"\x1a000001\tN\t")
    assert found[-1].startswith(b"\x1a\tE\r\n\x01\x2b\x31")
    assert desk.kinds == before


@pytest.mark.parametrize("make", ["datecs_legacy", "datecs_legacy:printer", "eltrade", "incotex"])
@pytest.mark.parametrize("command", REPORTS)
def test_elsewhere_no_report_can_be_announced_and_it_is_printed(desk: Desk, command: int) -> None:
    assert desk.ask(153)[1][0] & 0x02
    assert not refused(desk.ask(command, dates(command))[1])
    assert desk.kinds[-1] == "nonfiscal"


@pytest.mark.parametrize("make", ["daisy"])
def test_a_report_that_comes_too_late_is_printed(desk: Desk) -> None:
    desk.ask(153)
    announced = desk.device._reading.announced_at
    assert announced is not None
    too_old = announced.replace(year=announced.year - 1)
    desk.device._reading = replace(desk.device._reading, announced_at=too_old)
    assert desk.ask(73, "0001,0002")[0] == ""
    assert desk.kinds[-1] == "nonfiscal"


@pytest.mark.parametrize("make", ["daisy"])
def test_an_announcement_is_for_one_report(desk: Desk) -> None:
    desk.ask(153)
    rows(desk, 73, "0001,0002")
    assert desk.device._reading == Reading()
    desk.ask(73, "0001,0002")
    assert desk.kinds[-1] == "nonfiscal"


@pytest.mark.parametrize("make", ["daisy"])
def test_a_row_that_is_not_answered_ends_the_sending(desk: Desk) -> None:
    assert desk.exchange(encode(0x31, 195, b"R1,1,1,A")).startswith(b"\x1aD\t")
    assert desk.ask(113)[0] == "0000005"
    assert desk.exchange(TAKEN) == b""


@pytest.mark.parametrize("make", ["daisy"])
@pytest.mark.parametrize(
    ("asked", "slips"),
    [
        ("R1,2,3,A", [2, 3]),
        ("R2,2,2,A", [3, 4]),
        ("R3,010120,311260,A", [1, 2, 3, 4, 5]),
        ("R12,1,2,A", [2, 4]),
        ("R21,1,9,A", [1, 3, 5]),
        ("R12,7,7,A", []),
    ],
)
def test_documents_are_chosen_by_number_z_date_and_kind(
    desk: Desk, asked: str, slips: list[int]
) -> None:
    heads = [row for row in rows(desk, 195, asked) if row.startswith(b"\x1aD\t")]
    assert [int(row.split(b"\t")[1]) for row in heads] == slips


@pytest.mark.parametrize("make", ["datecs_legacy"])
@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("Z,0,2,2", "P,3,4"),
        ("Z,0,1,9", "P,1,5"),
        ("Z,0,8,9", "F"),
        ("D,0,010120,311260", "P,1,5"),
        ("D,0,010120,020120", "F"),
    ],
)
def test_a_register_says_which_documents_it_has(desk: Desk, asked: str, told: str) -> None:
    assert desk.ask(124, asked)[0] == told
    assert desk.ask(124, "I")[0].split(",")[9:11] == ["1", "5"]


@pytest.mark.parametrize("make", ["datecs_legacy:printer"])
def test_a_printer_counts_the_documents_of_each_z_from_one(desk: Desk) -> None:
    assert desk.ask(119, "I")[0].split(",")[3:] == ["1", "3", "1", "5"]
    said, lines = desk.ask(119, "R,#A,*2,2")[0], 0
    while said.startswith("P,"):
        said, lines = desk.ask(119, "N")[0], lines + 1
    assert (said, lines > 5) == ("*,", True)
    assert desk.ask(119, "N")[0] == "F"
    assert desk.ask(119, "R,#A,*2,3")[0] == "F"


# --- Tremol


@pytest.mark.parametrize(
    ("command", "ends"),
    [
        (0x78, "0001;0002"),
        (0x79, "0001;0002"),
        (0x7A, "010120;311260"),
        (0x7B, "010120;311260"),
    ],
)
def test_a_report_of_the_fiscal_memory_is_a_stream_with_8_and_paper_without(
    tremol: TremolDesk, command: int, ends: str
) -> None:
    before = tremol.kinds()
    stream = tremol.ask(command, f"{ends};8")
    assert stream.startswith(b"\x06\x41\x30\x30")
    assert b"RAPORT MEMORIE FISCALA" in stream
    assert stream[-6:-3] == bytes([0x41, command]) + b"@"
    assert tremol.kinds() == before
    assert tremol.ste(command, ends) == "00"
    assert tremol.kinds() == [*before, "nonfiscal"]


def test_what_the_fiscal_memory_does_not_hold_is_refused(tremol: TremolDesk) -> None:
    assert tremol.ste(0x78, "0008;0009;8") == "02"


def test_the_zs_of_a_date_are_told(tremol: TremolDesk) -> None:
    day = f"{tremol.device.now:%d%m%y}"
    assert (tremol.data(0x5A, f"1;{day}"), tremol.data(0x5A, f"2;{day}")) == ("0001", "0002")
    assert tremol.ste(0x5A, "1;010120") == "02"


def test_the_je_comes_by_date_as_by_z(tremol: TremolDesk) -> None:
    whole = tremol.ask(0x7C, "J0;Z;0001;0002")
    assert tremol.ask(0x7C, "J0;D;010120;311260") == whole
    assert whole.count(b"RAPORT") >= 2
