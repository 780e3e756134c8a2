"""A virtual printer with a past: thousands of Zs, great days, rates that changed, and gaps."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from itertools import pairwise

import anaf_witness as witness
import pytest
from anaf_witness import NOVEMBER, NUI, bani, day_name, filled, named, stick, told
from virtual_printer_host import ROOT, Desk

from sandbox import printer, printer_isl, printer_shtrih, printer_zfp
from sandbox.families import FAMILIES
from sandbox.printer import clock, history
from sandbox.printer.options import parser
from sandbox.printer.store import Store

END, EMPTY, NOT_FOUND, MEMORY_FULL = -100003, -100110, -100004, -100102


@pytest.fixture
def device(tmp_path):
    """Makes a device of a state file; what is asked of it needs no wire."""
    stores = []

    def made(state, *options):
        given = parser("datecs_x").parse_args(["--family", "datecs_x", *options])
        stores.append(Store(state, None))
        return printer.device_of(given, stores[-1])

    yield made
    for store in stores:
        store.close()


def ask(device, command, *values):
    data = "".join(f"{value}\t" for value in values).encode()
    return device.execute(command, data).data.decode("cp1250").split("\t")[:-1]


def report(device, *asked):
    """The lines of a report of the fiscal memory."""
    assert ask(device, 95, *asked) == ["0"]
    found = []
    while (heard := ask(device, 95, "3", "", ""))[0] == "0":
        found.append(heard[1])
    assert int(heard[0]) == END
    return found


def zs_told(device, first=1, last=9999):
    """Number of each Z of a detailed report, and what its first group sold."""
    text = report(device, "11", first, last)
    blocks = [at for at, line in enumerate(text) if line.startswith("RAPORT Z NR: ")]
    return [(int(text[at].split()[3]), text[at + 2].split()[-1]) for at in blocks]


def rows(state, sql):
    with closing(sqlite3.connect(state)) as database:
        return database.execute(sql).fetchall()


def ordered(folder, *options):
    return history.main(["--state", str(folder / "printer.db"), *options])


# --- great ones


@pytest.mark.parametrize("count", [1825, 2000, 3650])
def test_a_fiscal_memory_of_thousands_of_zs_is_read_whole_and_a_z_at_a_time(
    tmp_path, device, count
):
    state = filled(tmp_path, f"{count}x1", "--clock", NOVEMBER, "--z-max", str(count))
    full = device(state, "--z-max", str(count))
    assert [z for z, _ in zs_told(full)] == [*range(1, count + 1)]
    assert [z for z, _ in zs_told(full, count // 2, count // 2)] == [count // 2]
    assert ask(full, 68) == ["0", "0"]
    assert ask(full, 69, "Z") == [str(MEMORY_FULL)]
    first, last = ask(full, 64)[1], rows(state, "SELECT max(number) FROM z_record")[0][0]
    assert (int(first), last) == (count, count)


@pytest.mark.parametrize("count", [1000, 9999])
def test_a_day_of_many_receipts_has_each_of_them_in_its_memories_and_in_its_file(
    tmp_path, device, count
):
    state = filled(tmp_path, f"1x{count}", "--clock", NOVEMBER)
    receipts = rows(state, "SELECT number, total_bani, at FROM document WHERE kind = 'receipt'")
    assert [number for number, _, _ in receipts] == [*range(1, count + 1)]
    assert all(one[2] <= two[2] for one, two in pairwise(receipts))
    day = told(witness.believed(stick(state, tmp_path / "stick", "--day", "1")[day_name(1)]))
    bons = named(day, "bon")
    assert [int(one["idB"][-4:]) for one in bons] == [*range(1, count + 1)]
    assert {len(one["idB"]) for one in bons} == {32}
    registers = named(day, "rB")[0]
    total = sum(total for _, total, _ in receipts)
    assert (int(registers["nrB"]), bani(registers["totB"])) == (count, total)
    assert sum(bani(one["valPl"]) for one in named(registers, "pl")) == total
    text = report(device(state), "11", "1", "1")
    assert [line.split()[-1] for line in text if line.startswith("BONURI")] == [str(count)] * 2


def test_a_day_is_found_by_its_time_and_a_document_by_its_number(tmp_path, device):
    state = filled(tmp_path, "400x3", "--clock", NOVEMBER)
    old = device(state)
    day = rows(state, "SELECT slip, at FROM document WHERE z = 200 ORDER BY slip")
    start = clock.from_iso(day[0][1]).strftime("%d-%m-%y 00:00:00")
    found = ask(old, 124, start, start.replace("00:00:00", "23:59:59"), "0")
    assert found[3:] == ["200", str(day[0][0]), "200", str(day[-1][0])]
    chosen = ask(old, 125, "0", day[1][0], "1")
    assert (chosen[1], chosen[2], chosen[3]) == (str(day[1][0]), "200", "1")
    lines = []
    while (heard := ask(old, 125, "1", "", ""))[0] == "0":
        lines.append(heard[1])
    text = rows(state, f"SELECT text FROM document WHERE slip = {day[1][0]}")[0][0]
    assert lines == json.loads(text)


# --- what it is like


def test_every_number_goes_on_from_the_one_before(tmp_path):
    state = filled(tmp_path, "40x5", "--clock", NOVEMBER)
    slips = [slip for (slip,) in rows(state, "SELECT slip FROM document ORDER BY slip")]
    assert slips == [*range(1, len(slips) + 1)]
    zs = rows(state, "SELECT number, at FROM document WHERE kind = 'z' ORDER BY slip")
    days = [clock.from_iso(at).date() for _, at in zs]
    assert [z for z, _ in zs] == [*range(1, 41)]
    assert [two - one for one, two in pairwise(days)] == [timedelta(days=1)] * 39
    assert f"{days[-1]}" == "2026-11-09"
    kinds = {kind for (kind,) in rows(state, "SELECT kind FROM document")}
    assert kinds == {"receipt", "cancelled", "cash_in", "cash_out", "z"}


def test_the_same_order_makes_the_same_past_and_another_serial_another(tmp_path):
    texts = []
    for name, serial in (("a", "SIM1"), ("b", "SIM1"), ("c", "SIM2")):
        (tmp_path / name).mkdir()
        state = filled(tmp_path / name, "5x5", "--clock", NOVEMBER, "--serial", serial)
        texts.append(rows(state, "SELECT total_bani, at, more FROM document"))
    assert texts[0] == texts[1] != texts[2]


def test_a_history_begins_on_the_day_that_is_said(tmp_path):
    state = filled(tmp_path, "3x1", "--clock", NOVEMBER, "--from", "2024-02-28")
    days = [at[:10] for (at,) in rows(state, "SELECT at FROM document WHERE kind = 'z'")]
    assert days == ["2024-02-28", "2024-02-29", "2024-03-01"]
    assert rows(state, "SELECT z FROM anaf_day") == []


def test_rates_change_on_the_first_of_august_2025_in_all_memories(tmp_path, device):
    options = ("--from", "2025-07-30", "--clock", "2025-08-05T08:00:00")
    state = filled(tmp_path, "4x60", *options)
    text = report(device(state), "11", "1", "4")
    groups = [line.split()[1:3] for line in text if line.startswith("TOTAL ") and "%" in line]
    before = [["A", "19,00%"], ["B", "9,00%"], ["C", "5,00%"], ["D", "0,00%"]]
    after = [["A", "21,00%"], ["B", "11,00%"], ["C", "9,00%"], ["D", "0,00%"]]
    assert groups == [*before, *before, *after, *after]
    files = stick(state, tmp_path / "stick", *(f"--day={z}" for z in (2, 3)))
    rates = []
    for z in (2, 3):
        registers = named(told(witness.believed(files[day_name(z)])), "rB")[0]
        rates.append([one["cota"] for one in named(registers, "coteZ")])
    assert rates == [["19", "9", "5", "0"], ["21", "11", "0"]]


def test_rates_of_before_2017_are_those_of_then(tmp_path):
    state = filled(tmp_path, "2x9", "--from", "2016-12-31", "--clock", NOVEMBER)
    rates = rows(state, "SELECT json_extract(record, '$.rates') FROM z_record ORDER BY number")
    assert [json.loads(one)[0] for (one,) in rates] == [20_00, 19_00]


def test_nothing_of_it_goes_to_paper_unless_that_is_asked_for(tmp_path):
    with Desk(tmp_path, "--history", "3x2") as desk:
        assert desk.paper == []
        desk.receipt()
        assert [(one["kind"], one["z"]) for one in desk.paper] == [("receipt", 4)]
    paper = tmp_path / "past.jsonl"
    state = filled(tmp_path, "3x2", "--paper", str(paper))
    told_here = [json.loads(line) for line in paper.read_text().splitlines()]
    slips = [slip for (slip,) in rows(state, "SELECT slip FROM document ORDER BY slip")]
    assert [one["document"] for one in told_here] == slips
    assert {one["reference"] for one in told_here} == {""}


# --- a printer goes on from it


def test_a_printer_sells_and_closes_after_its_past(tmp_path):
    state = filled(tmp_path, "20x3")
    with Desk(tmp_path, "--state", str(state)) as desk:
        desk.receipt()
        assert (desk.paper[-1]["z"], desk.paper[-1]["number"]) == (21, 1)
        assert desk.ask(69, "Z").values[1] == "21"
        assert desk.ask(95, "11", "20", "21").code == 0
    month = f"{clock.machine_wall():%m%Y}"
    assert day_name(21) in stick(state, tmp_path / "stick", "--month", month)


def test_a_printer_gets_its_past_once_and_keeps_what_came_after(tmp_path):
    options = ("--state", str(tmp_path / "printer.db"), "--history", "5x2", "--spoil=missing-z=3")
    for _ in range(2):
        with Desk(tmp_path, *options) as desk:
            desk.receipt()
    zs = rows(tmp_path / "printer.db", "SELECT number FROM z_record")
    assert [z for (z,) in zs] == [1, 2, 4, 5]
    counted = "SELECT count(*) FROM document WHERE z = 6 AND kind = 'receipt'"
    assert rows(tmp_path / "printer.db", counted) == [(2,)]


@pytest.mark.parametrize("family", sorted(name for name in FAMILIES if name != "custom"))
def test_every_virtual_printer_can_have_a_past_and_a_card(tmp_path, family):
    made = {
        "sandbox.printer": printer.device_of,
        "sandbox.printer_isl": printer_isl.device_of,
        "sandbox.printer_zfp": printer_zfp.device_of,
        "sandbox.printer_shtrih": printer_shtrih.device_of,
    }[FAMILIES[family]]
    card = tmp_path / "card"
    options = ["--family", family, "--history", "3x2", "--anaf", str(card)]
    with closing(Store(None, None)) as store:
        device = made(parser(family).parse_args(options), store)
        assert device.memory.z_made == 3
        assert [record.number for record in store.records(1, 9)] == [1, 2, 3]
    assert sorted(path.name for path in card.iterdir()) == [day_name(z) for z in (1, 2, 3)]


# --- spoiled memories


@pytest.fixture
def spoiled(tmp_path, device):
    def made(*spoils):
        orders = [part for one in spoils for part in ("--spoil", one)]
        return device(filled(tmp_path, "9x3", "--clock", NOVEMBER, *orders))

    return made


def test_a_missing_z_is_in_no_report_of_the_fiscal_memory(spoiled):
    hurt = spoiled("missing-z=4")
    assert [z for z, _ in zs_told(hurt)] == [1, 2, 3, 5, 6, 7, 8, 9]
    assert ask(hurt, 95, "11", "4", "4") == [str(EMPTY)]
    assert ask(hurt, 64)[1] == "9"


def test_a_z_that_is_there_twice_is_told_twice_the_same(spoiled):
    told_zs = zs_told(spoiled("duplicate-z=4"))
    assert [z for z, _ in told_zs] == [1, 2, 3, 4, 4, 5, 6, 7, 8, 9]
    assert told_zs[3] == told_zs[4]


def test_a_changed_z_has_one_leu_more_in_its_first_group(tmp_path, device):
    good = filled(tmp_path, "9x3", "--clock", NOVEMBER)
    was = zs_told(device(good))
    assert ordered(tmp_path, "--spoil", "changed-z=4") == 0
    now = zs_told(device(good))
    changed = [(one, two) for one, two in zip(was, now, strict=True) if one != two]
    assert [one[0] for one, _ in changed] == [4]
    leu = [bani(lei.replace(",", ".")) for (_, lei) in changed[0]]
    assert leu[1] - leu[0] == 1_00


def test_a_missing_document_is_not_found_by_its_number_and_its_neighbours_are(spoiled):
    hurt = spoiled("missing-document=12")
    assert ask(hurt, 125, "0", "12", "0") == [str(NOT_FOUND)]
    assert [ask(hurt, 125, "0", slip, "0")[1] for slip in ("11", "13")] == ["11", "13"]


def test_a_missing_receipt_is_that_one_and_its_day_still_counts_it(spoiled, tmp_path):
    hurt = spoiled("missing-receipt=4.2")
    sql = "SELECT number FROM document WHERE kind = 'receipt' AND z = 4"
    assert [number for (number,) in rows(tmp_path / "printer.db", sql)] == [1, 3]
    text = report(hurt, "11", "4", "4")
    assert "3" in {line.split()[-1] for line in text if line.startswith("BONURI FISCALE")}
    files = stick(tmp_path / "printer.db", tmp_path / "stick", "--day", "4")
    assert len(named(told(witness.believed(files[day_name(4)])), "bon")) == 3


def test_spoils_add_up(spoiled):
    hurt = spoiled("missing-z=4", "missing-z=5", "duplicate-z=6")
    assert [z for z, _ in zs_told(hurt)] == [1, 2, 3, 6, 6, 7, 8, 9]


# --- what is refused


@pytest.mark.parametrize(
    "wrong",
    [
        ("--zs", "20y3"),
        ("--zs", "-1"),
        ("--zs", "20x"),
        ("--zs", "2x99999"),
        ("--zs", "1x1", "--from", "31.12.2025"),
        ("--zs", "1x1", "--spoil", "missing-day=1"),
        ("--zs", "1x1", "--spoil", "missing-z"),
        ("--zs", "1x1", "--spoil", "missing-receipt=1"),
        ("--zs", "1x1", "--z-max", "0"),
        ("--zs", "1x1", "--serial", "DT123456"),
        (),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path, wrong):
    with pytest.raises(SystemExit) as ended:
        ordered(tmp_path, *wrong)
    assert ended.value.code == 2
    assert not (tmp_path / "printer.db").exists()


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (("--zs", "0"), "0 Zs"),
        (("--zs", "2501"), "room for 2500"),
        (("--zs", "11", "--z-max", "10"), "room for 10"),
        (("--zs", "2", "--from", "2026-11-09", "--clock", NOVEMBER), "not over"),
        (("--zs", "1", "--from", "2030-01-01"), "not over"),
        (("--zs", "5", "--spoil", "missing-z=6"), "there is no 6"),
        (("--zs", "5", "--spoil", "missing-receipt=5.4"), "there is no 5.4"),
        (("--spoil", "missing-z=1"), "there is no 1"),
    ],
)
def test_what_cannot_be_done_leaves_no_past(tmp_path, capsys, wrong, why):
    assert ordered(tmp_path, *wrong) == 2
    assert why in capsys.readouterr().err
    assert rows(tmp_path / "printer.db", "SELECT count(*) FROM document") == [(0,)]
    assert rows(tmp_path / "printer.db", "SELECT count(*) FROM z_record") == [(0,)]
    assert ordered(tmp_path, "--zs", "2x1") == 0


def test_a_past_is_not_put_over_another(tmp_path, capsys):
    state = filled(tmp_path, "3x2")
    before = rows(state, "SELECT * FROM document")
    assert ordered(tmp_path, "--zs", "3x2") == 2
    assert "has a past already" in capsys.readouterr().err
    assert rows(state, "SELECT * FROM document") == before


def test_a_past_is_not_put_before_a_sale(tmp_path, capsys):
    with Desk(tmp_path, "--state", str(tmp_path / "printer.db")) as desk:
        desk.receipt()
    assert ordered(tmp_path, "--zs", "3x2") == 2
    assert "has a past already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--spoil", "missing-z=1"), "there is none"),
        (("--history", "2501"), "room for 2500"),
        (("--z-max", "2"), "3 Zs"),
        (("--serial", "SIM2"), "is of SIM0000001"),
        (("--nui", "5000001304"), f"is of NUI {NUI}"),
    ],
)
def test_a_printer_does_not_start_on_a_past_that_cannot_be(tmp_path, options, why):
    state = tmp_path / "new.db" if "--history" in options else filled(tmp_path, "3x1")
    order = [sys.executable, "-m", "sandbox", "printer", "--family", "datecs_x", "--tcp", "0"]
    ended = subprocess.run(
        [*order, "--state", state, *options], cwd=ROOT, capture_output=True, timeout=30, check=False
    )
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert why in ended.stderr.decode()
