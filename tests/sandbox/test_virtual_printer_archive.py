"""What the virtual Datecs X printer remembers: its fiscal memory, also of old state files."""

import sqlite3

import pytest
from virtual_printer_host import Desk

END, EMPTY, NOT_PERMITTED, RECEIPT_OPEN = -100003, -100110, -112002, -111015


@pytest.fixture
def desk(tmp_path):
    with Desk(tmp_path) as desk:
        yield desk


def days(desk, count):
    for _ in range(count):
        desk.receipt()
        desk.ask(69, "Z")


def lines(desk, command, *asked):
    heard = desk.ask(command, *asked)
    if heard.code:
        return heard.code
    found = []
    while (heard := desk.ask(command, "3", "", "")).code == 0:
        found.append(heard.values[1])
    assert heard.code == END
    return found


def today(desk):
    return desk.ask(62).values[1].split(" ")[0]


def test_a_detailed_report_has_a_block_for_each_z_with_its_rates_and_the_sums(desk):
    days(desk, 3)
    text = [line.split() for line in lines(desk, 95, "11", "2", "3")]
    assert [line[3] for line in text if line[:3] == ["RAPORT", "Z", "NR:"]] == ["0002", "0003"]
    assert text.count(["TOTAL", "B", "11,00%", "7,00"]) == 2
    assert text.count(["TVA", "B", "0,69"]) == 2
    for sums in ("RAPOARTE Z 2", "BONURI FISCALE 2", "TOTAL GENERAL LEI 14,00"):
        assert sums.split() in text
    assert ["TOTAL", "GENERAL", "TVA", "1,38"] in text


def test_a_short_report_has_only_the_sums_and_by_date_it_is_the_same(desk):
    days(desk, 2)
    by_z, by_date = lines(desk, 95, "10", "1", "9"), lines(desk, 94, "10", today(desk), today(desk))
    assert not [line for line in by_z if "RAPORT Z NR" in line]
    assert by_z[-4:] == by_date[-4:]


def test_reading_to_pc_leaves_nothing_and_printing_leaves_a_document(desk):
    days(desk, 1)
    before = len(desk.paper)
    lines(desk, 95, "11", "1", "1")
    assert len(desk.paper) == before
    assert desk.ask(95, "0", "1", "1").code == 0
    assert [paper["kind"] for paper in desk.paper[before:]] == ["nonfiscal"]
    assert any("RAPORT MEMORIE FISCALA SUMAR" in line for line in desk.paper[-1]["text"])


@pytest.mark.parametrize(
    ("command", "asked", "code"),
    [
        (95, ("10", "5", "6"), EMPTY),
        (95, ("10", "2", "1"), -112203),
        (95, ("10", "0", "1"), -112202),
        (95, ("2", "1", "1"), -112201),
        (95, ("10", "x", "1"), -112102),
        (95, ("10", "1"), -112001),
        (95, ("3", "", ""), NOT_PERMITTED),
        (94, ("10", "01-01-20", "02-01-20"), EMPTY),
        (94, ("10", "31-02-26", "02-03-26"), -112202),
        (94, ("10", "2026-01-01", "02-03-26"), -112102),
        (94, ("10", "02-03-26", "01-03-26"), -112203),
    ],
)
def test_what_is_no_span_is_refused(desk, command, asked, code):
    days(desk, 1)
    assert desk.ask(command, *asked).code == code


def test_a_sale_in_between_ends_a_reading(desk):
    days(desk, 1)
    desk.ask(95, "11", "1", "1")
    desk.ask(125, "0", "1", "0")
    assert desk.ask(95, "3", "", "").code == 0
    assert desk.ask(125, "1", "", "").code == 0
    desk.open()
    assert desk.ask(95, "3", "", "").code == NOT_PERMITTED
    assert desk.ask(125, "1", "", "").code == NOT_PERMITTED
    assert desk.ask(95, "0", "1", "1").code == RECEIPT_OPEN
    assert lines(desk, 95, "10", "1", "1")


def test_the_fiscal_memory_survives_and_an_old_state_file_gets_its_own_back(tmp_path):
    state = tmp_path / "printer.db"
    with Desk(tmp_path, "--state", str(state)) as desk:
        days(desk, 3)
        told = lines(desk, 95, "11", "1", "9")
    with sqlite3.connect(state) as old:
        old.execute("DROP TABLE z_record")
        old.execute("UPDATE memory SET state = json_remove(state, '$.last_z.rates')")
    old.close()
    with Desk(tmp_path, "--state", str(state)) as desk:
        again = lines(desk, 95, "11", "1", "9")
        assert [line for line in again if "RAPORT Z NR" in line] == [
            line for line in told if "RAPORT Z NR" in line
        ]
        assert again[-4:] == told[-4:]
        days(desk, 1)
        assert any("RAPORT Z NR: 0004" in line for line in lines(desk, 95, "11", "4", "4"))
