"""What the lines of an archive say, as makers print them and as nobody does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.archive_text import (
    MemoryRate,
    MemoryRecord,
    Said,
    iso_time,
    memory_records,
    receipts_in,
    said_in,
    time_of_day,
)

REPORT = b"""
          RAPORT MEMORIE FISCALA DETALIAT
S/N: DB4200012345                MF 4200012345
------------------------------------------------
RAPORT Z NR: 0411          04-10-2026 21:40:10
BONURI FISCALE                                 1
TOTAL A 19,00%                            119,00
TVA A                                      19,00
TOTAL LEI                                 119,00
------------------------------------------------
RAPORT Z NR: 0412          05-10-2026 21:42:17
BONURI FISCALE                                 3
TOTAL A 21,00%                          1.242,00
TVA A                                     215,55
TOTAL E                                     1,25
TOTAL LEI                               1.243,25
================================================
RAPOARTE Z                                     2
BONURI FISCALE                                 4
TOTAL GENERAL LEI                       1.362,25
""".splitlines()


def test_a_detailed_report_is_cut_into_its_zs_with_the_rates_of_their_own_day() -> None:
    assert list(memory_records(REPORT)) == [
        MemoryRecord(
            411, "2026-10-04T21:40:10", 119_00, 1, (MemoryRate("A", 1900, 119_00, 19_00),)
        ),
        MemoryRecord(
            412,
            "2026-10-05T21:42:17",
            1243_25,
            3,
            (MemoryRate("A", 2100, 1242_00, 215_55), MemoryRate("E", None, 1_25)),
        ),
    ]


def test_the_number_of_a_z_may_stand_below_its_sums() -> None:
    lines = [
        line
        for number, total in ((7, "12,50"), (8, "1.030,25"))
        for line in (
            b"RAPORT FISCAL DE INCHIDERE ZILNICA",
            b"BONURI FISCALE                 2",
            f"TOTAL VANZARI LEI {total}".encode(),
            b"TOTAL A 21,00%              6,20",
            b"TVA A 21,00% DIN 6,20       1,08",
            f"RAPORT Z NR: 000{number}       Z: 000{number}".encode(),
            f"DATA 2{number}-11-2026     ORA 21:14:21".encode(),
        )
    ]
    rates = (MemoryRate("A", 2100, 6_20, 1_08),)
    assert list(memory_records(lines)) == [
        MemoryRecord(7, "2026-11-27T21:14:21", 12_50, 2, rates),
        MemoryRecord(8, "2026-11-28T21:14:21", 1030_25, 2, rates),
    ]


def test_a_date_behind_the_word_is_no_z_number() -> None:
    lines = [b"RAPORT Z NR: 22-11-2026 10:00:00", b"TOTAL LEI 9,00"]
    assert list(memory_records(lines)) == []


def test_a_block_without_its_total_is_not_told() -> None:
    assert [record.z_number for record in memory_records(REPORT[:13])] == [411]


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("21-11-26 21:54:30 DST", "2026-11-21T21:54:30"),
        ("21-11-2026 21:54:30", "2026-11-21T21:54:30"),
        ("21.11.2026 21:54", "2026-11-21T21:54:00"),
        ("DATA 21/11/26 09:00:00 ORA", "2026-11-21T09:00:00"),
        ("", ""),
        ("21:54:30", ""),
    ],
)
def test_a_time_is_found_in_whatever_it_stands(text: str, iso: str) -> None:
    assert iso_time(text) == iso


@pytest.mark.parametrize(
    ("line", "total"),
    [
        ("TOTAL LEI                    33,20", 33_20),
        ("TOTAL        33.20", 33_20),
        ("TOTAL DE PLATA: 1.033,20", 1033_20),
        ("TOTAL TVA       3,20", None),
        ("SUBTOTAL       33,20", None),
        ("TOTAL LEI", None),
        ("TOTAL LEI      33,2", None),
    ],
)
def test_the_total_of_a_receipt_is_its_own_line(line: str, total: int | None) -> None:
    assert said_in([line.encode()]).total == total


def test_the_total_of_a_day_has_other_words() -> None:
    line = [b"TOTAL VANZARI LEI       302,65"]
    assert (said_in(line).total, said_in(line, of_day=True).total) == (None, 302_65)


@pytest.mark.parametrize(
    "line", ["CIF CLIENT: RO12345674", "CUI CLIENT 12345674", "COD FISCAL CLIENT: 12345674"]
)
def test_the_buyer_and_the_reference_are_found(line: str) -> None:
    said = said_in([line.encode(), b"REF:K7Q2XMABCD"])
    assert said == Said(None, "12345674", "K7Q2XMABCD")


TITLE, TOTAL = b"*** BON FISCAL ***", b"TOTAL LEI      33,20"
OTHER = [b"BON FISCAL NR: 0001    Z: 0001", b"BONURI FISCALE   2", b"*** BON NEFISCAL ***"]


@pytest.mark.parametrize(
    ("lines", "count"),
    [
        ([TOTAL, TITLE] * 3, 3),
        ([TITLE, TOTAL] * 3, 3),
        ([TITLE, TOTAL, TITLE] * 3, 3),
        ([TOTAL, TITLE, TOTAL, TOTAL, TITLE], 2),  # a cancelled one between two
        ([TOTAL, *OTHER], None),
        ([], None),
    ],
    ids=["below", "above", "both", "cancelled", "untitled", "empty"],
)
def test_the_receipts_of_a_day_are_counted_wherever_their_title_stands(
    lines: list[bytes], count: int | None
) -> None:
    assert receipts_in([*lines, *OTHER]) == count


def test_the_time_of_a_day_is_the_last_that_stands_there() -> None:
    day = [b"DATA 05-10-2026   ORA 08:05:41", b"x", b"DATA 05-10-2026   ORA: 21:42:17"]
    assert time_of_day([*day, b"DATA 39-19-2026 ORA 29:00:00"]) == "2026-10-05T21:42:17"
    assert time_of_day([b"DATA 05-10-2026"]) == ""


def test_cancelled_receipts_are_not_the_count_of_receipts() -> None:
    lines = [b"RAPORT Z NR: 0001", b"BONURI FISCALE   2", b"BONURI ANULATE (0)  0,00"]
    (record,) = memory_records([*lines, b"TOTAL LEI 33,20"])
    assert record.receipts == 2


@given(st.lists(st.binary(max_size=60), max_size=20))
def test_whatever_stands_there_is_read_without_harm(lines: list[bytes]) -> None:
    records = list(memory_records([b"RAPORT Z NR: 0001 01-01-2026 10:00:00", *lines]))
    assert len(records) <= 1 + len(lines)
    assert said_in(lines).reference.isalnum() or said_in(lines).reference in ("", "_")
