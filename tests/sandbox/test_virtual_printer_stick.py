"""Where the signed days of a virtual printer are: on its card, on a stick, spoiled on a stick."""

import json
from contextlib import closing
from datetime import timedelta

import anaf_witness as witness
import pytest
from anaf_witness import NOVEMBER, NUI, day_name, filled, named, stick, told
from cryptography.exceptions import InvalidSignature
from virtual_printer_host import Desk

from sandbox.printer import anaf_stick, clock, history
from sandbox.printer.anaf_days import Card, file_name
from sandbox.printer.spoil import FILES, FOREIGN_FILES, FOREIGN_NUI
from sandbox.printer.store import Store


@pytest.fixture
def state(tmp_path):
    """Seventy days until the ninth of November: the first is of the first of September."""
    return filled(tmp_path, "70x3", "--clock", NOVEMBER)


# --- where they are, and how long


def test_days_live_for_sixty_days_by_the_clock_of_the_device(state, tmp_path):
    card = tmp_path / "card"
    options = ("--state", str(state), "--anaf", str(card))
    with Desk(tmp_path, *options) as desk:
        there = sorted(path.name for path in card.iterdir())
        assert there == [day_name(z) for z in range(11, 71)]
        (card / "IMG_1.JPG").write_bytes(b"a picture")
        assert desk.ask(61, "15-11-26 08:00:00").code == 0
        assert sorted(path.name for path in card.iterdir()) == [*there[5:], "IMG_1.JPG"]
        desk.receipt()
        desk.ask(69, "Z")
        assert (card / day_name(71)).exists()
    into = tmp_path / "stick"
    assert list(stick(state, into, "--day", "16")) == [day_name(16)]
    assert anaf_stick.main(["--state", str(state), "--into", str(into), "--day", "15"]) == 2


def test_files_that_grew_old_while_the_power_was_off_are_gone_at_the_next_start(state, tmp_path):
    card = tmp_path / "card"
    options = ("--state", str(state), "--anaf", str(card))
    with Desk(tmp_path, *options):
        assert len(list(card.iterdir())) == 60
    with Desk(tmp_path, *options, "--clock", "2026-12-10T08:00:00"):
        assert min(path.name for path in card.iterdir()) == day_name(41)
        assert len(list(card.iterdir())) == 30


def test_a_file_that_a_crash_kept_from_the_card_is_there_after_the_next_start(state, tmp_path):
    card = tmp_path / "card"
    options = ("--state", str(state), "--anaf", str(card))
    with Desk(tmp_path, *options):
        was = (card / day_name(70)).read_bytes()
    (card / day_name(70)).unlink()
    with Desk(tmp_path, *options):
        assert (card / day_name(70)).read_bytes() == was


def test_a_device_that_is_asked_for_no_file_makes_no_key(tmp_path):
    with Desk(tmp_path, "--state", str(tmp_path / "printer.db")) as desk:
        desk.receipt()
        desk.ask(69, "Z")
    with closing(Store(tmp_path / "printer.db", None)) as store:
        kept = store.days._database.execute("SELECT key_pem, nui FROM anaf_owner").fetchone()
        assert (kept, len(store.days.days())) == ((None, NUI), 1)


# --- the menu "monthly ANAF"


def test_a_month_on_a_stick_is_its_days_and_a_register_of_them(state, tmp_path, capsys):
    capsys.readouterr()
    files = stick(state, tmp_path / "stick", "--month", "102026")
    said = json.loads(capsys.readouterr().out)
    assert said == {"nui": NUI, "files": sorted(files)}
    register = told(witness.believed(files.pop("Perioada_raportare.p7b")))
    assert (register["space"], register["name"]) == ("mfp:anaf:dgti:a4200:declaratie:v1", "mReg")
    assert register["idM"].startswith(f"{NUI}20261110")
    span = {"an": "2026", "luna": "10", "cif": "12345674", "nrRapI": "31", "nrRapF": "61"}
    assert span.items() <= register.items()
    assert (register["tip_amef"], register["inside"]) == ("U", [])
    assert sorted(files) == [day_name(z) for z in range(31, 62)]


def test_a_stick_is_written_while_the_printer_sells(state, tmp_path):
    with Desk(tmp_path, "--state", str(state)) as desk:
        desk.receipt()
        assert desk.ask(69, "Z").code == 0
        desk.open()
        files = stick(state, tmp_path / "stick", "--day", "71")
        desk.sell()
        desk.ask(53, "0", "")
        assert desk.ask(56).code == 0
    bons = named(told(witness.believed(files[day_name(71)])), "bon")
    assert [bon["totB"] for bon in bons] == ["7.00"]


def test_the_register_tells_days_that_have_no_file_any_more(state, tmp_path):
    files = stick(state, tmp_path / "stick", "--month", "092026")
    register = told(witness.believed(files.pop("Perioada_raportare.p7b")))
    assert (register["nrRapI"], register["nrRapF"]) == ("1", "30")
    assert sorted(files) == [day_name(z) for z in range(11, 31)]


@pytest.mark.parametrize(
    "wanted",
    [
        ("--month", "012026"),
        ("--day", "71"),
        ("--day", "10"),
        ("--month", "102026", "--spoil", "missing-day=62"),
        ("--day", "70", "--spoil", "missing-register"),
        ("--day", "70", "--spoil", "missing-bon=70.4"),
    ],
)
def test_what_is_not_there_is_not_written(state, tmp_path, capsys, wanted):
    into = tmp_path / "stick"
    assert anaf_stick.main(["--state", str(state), "--into", str(into), *wanted]) == 2
    assert capsys.readouterr().err.startswith("stick: ")
    assert not into.exists()


@pytest.mark.parametrize(
    "wanted",
    [
        (),
        ("--month", "132026"),
        ("--month", "2026-10"),
        ("--day", "70", "--spoil", "missing-z=3"),
        ("--day", "70", "--spoil", "missing-day"),
        ("--day", "70", "--spoil", "missing-bon=70"),
        ("--day", "70", "--spoil", "foreign-files=2"),
    ],
)
def test_what_cannot_be_meant_is_refused(state, tmp_path, wanted):
    with pytest.raises(SystemExit) as ended:
        anaf_stick.main(["--state", str(state), "--into", str(tmp_path / "stick"), *wanted])
    assert ended.value.code == 2


def test_there_is_no_stick_of_a_device_that_never_was(tmp_path, capsys):
    empty = tmp_path / "empty.db"
    Store(empty, None).close()
    for file in (tmp_path / "none.db", empty):
        order = ["--state", str(file), "--into", str(tmp_path / "stick"), "--day", "1"]
        assert anaf_stick.main(order) == 2
        assert capsys.readouterr().err.startswith("stick: ")
    assert not (tmp_path / "none.db").exists()


# --- whose it is


def test_the_owner_is_said_once_and_stands_on_paper_and_in_the_files(tmp_path):
    state = filled(tmp_path, "2x1", "--nui", "5000001304", "--cif", "14399840")
    with Desk(tmp_path, "--state", str(state)) as desk:
        desk.receipt()
        assert any("CIF: RO14399840" in line for line in desk.paper[-1]["text"])
    month = f"{clock.machine_wall() - timedelta(days=1):%m%Y}"
    files = stick(state, tmp_path / "stick", "--month", month)
    assert told(witness.believed(files["Perioada_raportare.p7b"]))["cif"] == "14399840"
    assert told(witness.believed(files[file_name("5000001304", 2)]))["idM"][:10] == "5000001304"


@pytest.mark.parametrize("other", [("--nui", "5000001304"), ("--cif", "14399840")])
def test_a_state_file_is_of_one_owner(state, other):
    with closing(Store(state, None)) as store, pytest.raises(ValueError, match="is of NUI"):
        store.days.settle(*(other[1] if name in other else None for name in ("--nui", "--cif")))


@pytest.mark.parametrize(
    "wrong", [("--nui", "500000123"), ("--cif", "RO12345674"), ("--cif", "0123")]
)
def test_numbers_of_another_form_are_refused(tmp_path, wrong):
    with pytest.raises(SystemExit):
        history.main(["--state", str(tmp_path / "printer.db"), "--zs", "1x1", *wrong])


# --- spoiled files


def hurt(state, folder, *spoils):
    """The stick as it should be, and as it is."""
    options = ("--month", "102026")
    orders = [part for spoil in spoils for part in ("--spoil", spoil)]
    return stick(state, folder / "good", *options), stick(state, folder / "bad", *options, *orders)


def test_a_missing_day_and_a_missing_register_are_not_on_the_stick(state, tmp_path):
    good, bad = hurt(state, tmp_path, "missing-day=40", "missing-register")
    assert set(good) - set(bad) == {day_name(40), "Perioada_raportare.p7b"}
    assert all(good[name] == bad[name] for name in bad)


def test_a_day_that_is_there_twice_differs_in_its_time_alone_and_both_are_believed(state, tmp_path):
    good, bad = hurt(state, tmp_path, "duplicate-day=40")
    second = f"{NUI}_Z0040_1.p7b"
    assert set(bad) - set(good) == {second}
    assert bad[day_name(40)] == good[day_name(40)]
    first, again = (told(witness.believed(bad[name])) for name in (day_name(40), second))
    assert again["idM"][24:] == first["idM"][24:] == "0040"
    times = [witness.moment(one["idM"][10:24]) for one in (first, again)]
    assert times[1] - times[0] == timedelta(minutes=1)
    assert named(again, "bon") == named(first, "bon")
    assert named(again, "rB")[0]["idR"] == again["idM"]


@pytest.mark.parametrize("form", [(), ("--anaf-der",)])
def test_a_changed_byte_is_no_longer_what_was_signed(state, tmp_path, form):
    good, bad = (
        stick(state, tmp_path / name, "--day", "40", *form, *spoil)[day_name(40)]
        for name, spoil in (("good", ()), ("bad", ("--spoil", "changed-byte=40")))
    )
    assert len(good) == len(bad)
    assert sum(a != b for a, b in zip(good, bad, strict=True)) == 1
    with pytest.raises(AssertionError):
        witness.believed(bad)


@pytest.mark.parametrize("form", [(), ("--anaf-der",)])
def test_a_bad_signature_is_wrong_in_its_last_byte(state, tmp_path, form):
    good, bad = (
        stick(state, tmp_path / name, "--day", "40", *form, *spoil)[day_name(40)]
        for name, spoil in (("good", ()), ("bad", ("--spoil", "bad-signature=40")))
    )
    assert witness.parts(bad) == witness.parts(good)
    assert witness.signature(bad)[:-1] == witness.signature(good)[:-1]
    with pytest.raises(InvalidSignature):
        witness.believed(bad)


def test_a_truncated_file_is_the_first_half_of_it(state, tmp_path):
    good, bad = hurt(state, tmp_path, "truncated=40")
    half = bad[day_name(40)]
    assert half == good[day_name(40)][: len(good[day_name(40)]) // 2]


def test_a_foreign_day_is_of_another_nui_everywhere(state, tmp_path):
    good, bad = hurt(state, tmp_path, "foreign-nui=40")
    assert set(bad) ^ set(good) == {day_name(40), file_name(FOREIGN_NUI, 40)}
    content = witness.believed(bad[file_name(FOREIGN_NUI, 40)])
    assert content == witness.believed(good[day_name(40)]).replace(
        NUI.encode(), FOREIGN_NUI.encode()
    )


def test_a_missing_bon_leaves_the_sums_and_is_believed(state, tmp_path):
    good, bad = hurt(state, tmp_path, "missing-bon=40.2")
    was, day = (told(witness.believed(files[day_name(40)])) for files in (good, bad))
    assert [one["idB"][-4:] for one in named(day, "bon")] == ["0001", "0003"]
    assert named(day, "rB") == named(was, "rB")


def test_foreign_files_are_what_else_people_have_on_a_stick(state, tmp_path):
    good, bad = hurt(state, tmp_path, "foreign-files")
    days = set(good) - {"Perioada_raportare.p7b"}  # which says when it was written
    assert all(bad[name] == good[name] for name in days)
    for name, content in FOREIGN_FILES.items():
        assert (tmp_path / "bad" / name).read_bytes() == content


def test_every_kind_of_spoiled_file_can_be_ordered_together(state, tmp_path):
    orders = [f"{kind}={40 + place}" for place, kind in enumerate(FILES[:6])]
    good, bad = hurt(state, tmp_path, *orders, "missing-bon=50.1", *FILES[7:])
    untouched = {day_name(z) for z in range(31, 62)} - {day_name(z) for z in (*range(40, 46), 50)}
    assert all(bad[name] == good[name] for name in untouched)
    assert len(FILES) == 9


def test_a_card_is_only_asked_for_what_it_holds(tmp_path):
    with closing(Store(None, None)) as store:
        store.days.use(Card(tmp_path / "card"))
        store.days.show(1)
        assert not list((tmp_path / "card").iterdir())
