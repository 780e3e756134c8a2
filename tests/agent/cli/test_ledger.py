"""`amef ledger`: lists to pipe and to copy from, and one command as people read it."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import Result

from agent.entries import Incoming
from agent.ledger import Ledger
from agent.ledger_file import LEDGER_FILE
from drivers.model import Bani
from tests.agent.amef import Amef, on_a_terminal, program
from tests.agent.world import counters, sale

LONG = "cmd_" + "0123456789abcdef" * 3
WHY = "other sums went in or out since"
AT_MS = 1_790_000_000_000
FOREVER_MS = 10**15  # no calendar has it


def queued(ledger: Ledger, id_: str, expires_at_ms: int = AT_MS) -> None:
    ledger.accept(Incoming(id_, "dev_1", "print_receipt", sale(), sale(), expires_at_ms))


def held(ledger: Ledger, kind: str, payload: str = "{}", open_receipt: object = None) -> None:
    """One command `c1` that waits for a person; 100.00 lei were put in before, 150.00 after."""
    ledger.accept(Incoming("c1", "dev_1", kind, payload, payload, AT_MS))
    ledger.claimed("c1")
    before = replace(counters(), paid_in=Bani(10_000), paid_out=Bani(0))
    ledger.lose(ledger.begin(ledger.entry("c1"), before, 1), fault=None, reason="silence")
    after = {"fiscal_serial": "SIM1", "paid_in": 15_000, "paid_out": 0}
    seen = {"counters": after, "open_receipt": open_receipt, "reference_found": False}
    ledger.undecidable(ledger.entry("c1"), WHY, seen)


def lines(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return [" ".join(line.split()) for line in result.stdout.splitlines()]


# list


def test_in_a_pipe_a_list_is_lines_of_cells_and_every_id_is_whole(
    ledger: Ledger, alone: str
) -> None:
    queued(ledger, LONG)
    done = program("ledger", "list", "--config", alone)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "command\tkind\tdevice\tstate\tevidence\tattempts\tresult",
        f"{LONG}\tprint_receipt\tdev_1\tqueued\t\t0\t",
    ]


@pytest.mark.parametrize(("columns", "frame"), [(80, False), (200, True)])
def test_on_a_terminal_an_id_is_whole_however_narrow_it_is(
    ledger: Ledger, alone: str, columns: int, frame: bool
) -> None:
    queued(ledger, LONG)
    shown = on_a_terminal(columns, "ledger", "list", "--config", alone)
    assert f"{LONG} " in shown
    assert "print_receipt" in shown
    assert ("│" in shown) is frame


def test_a_list_names_any_document_by_its_number_and_says_why_others_wait(
    ledger: Ledger, amef: Amef
) -> None:
    held(ledger, "cash_in", '{"amount": 5000}')
    assert lines(amef("ledger", "list", "--lang", "ro"))[1].endswith("sau s-au scos alte sume")
    said = {"who": "a", "reason": ""}
    ledger.operator_found(ledger.entry("c1"), {"document_number": 93, "z_number": 4}, said)
    assert lines(amef("ledger", "list"))[1].endswith("no. 93")


def test_what_has_no_number_shows_none(ledger: Ledger, amef: Amef) -> None:
    held(ledger, "get_vat_rates")
    ledger.operator_found(ledger.entry("c1"), {"rates": {}}, {"who": "a", "reason": ""})
    assert "None" not in amef("ledger", "list").stdout


# show


def test_a_command_is_shown_a_line_for_each_thing_that_is_known(ledger: Ledger, amef: Amef) -> None:
    held(ledger, "cash_in", '{"amount": 5000}')
    shown = lines(amef("ledger", "show", "c1", "--lang", "ro"))
    for line in (
        "preluată: da",
        "nu înainte de: -",
        "contoare înainte:",
        "ultimul Z: 3",
        "bonuri fiscale: 40",
        "numerar introdus: 100.00 lei",
        "motiv: între timp s-au introdus sau s-au scos alte sume",
        "dovada: -",
    ):
        assert line in shown, line
    assert re.fullmatch(r"expiră: 2026-09-2\d \d\d:\d\d:\d\d", shown[7])
    assert not [line for line in shown if "None" in line or "{'" in line or WHY in line]


def test_a_result_is_shown_a_line_for_each_number(ledger: Ledger, amef: Amef) -> None:
    held(ledger, "print_receipt", sale())
    result = {"receipt_number": 41, "issued_at": None, "total": 1150, "folded": ["Pâine"]}
    ledger.operator_found(ledger.entry("c1"), result, {"who": "a", "reason": ""})
    shown = lines(amef("ledger", "show", "c1"))
    for line in ("receipt number: 41", "issued at: -", "total: 11.50 lei", 'folded: ["Pâine"]'):
        assert line in shown, line


def test_a_moment_that_no_calendar_has_is_shown_as_it_is(ledger: Ledger, amef: Amef) -> None:
    queued(ledger, "c1", FOREVER_MS)
    assert f"expires: {FOREVER_MS} ms" in lines(amef("ledger", "show", "c1"))


def test_what_came_cannot_move_a_terminals_cursor(ledger: Ledger, amef: Amef) -> None:
    ledger.accept(Incoming("c1", "dev_1", "print_receipt", "\x1b[2Jînghițit", None, AT_MS))
    shown = amef("ledger", "show", "c1").stdout
    assert "\x1b" not in shown
    assert "as it came: ·[2Jînghițit" in shown


@pytest.mark.parametrize("command", [("show", "nope"), ("show", "nope", "--json")], ids=" ".join)
def test_a_command_that_is_not_there_is_said(
    ledger: Ledger, amef: Amef, command: tuple[str, ...]
) -> None:
    done = amef("ledger", *command)
    assert done.exit_code == 1
    if "--json" in command:
        assert json.loads(done.stdout)["error"]["code"] == "no_such_command"
    else:
        assert "The ledger has no command 'nope'" in done.stderr
        assert "Registrul nu are comanda 'nope'" in done.stderr
        assert "[no_such_command]" in done.stderr


# a person is asked


@pytest.mark.parametrize(
    ("kind", "payload", "what"),
    [
        ("print_receipt", sale(), "bonul"),
        ("z_report", "{}", "documentul"),
        ("cash_in", '{"amount": 5000}', "documentul"),
        ("non_fiscal_receipt", '{"texts": ["Buna ziua"]}', "documentul"),
    ],
)
def test_a_person_is_told_what_to_look_for_and_why_in_romanian(
    ledger: Ledger, amef: Amef, kind: str, payload: str, what: str
) -> None:
    held(ledger, kind, payload)
    shown = amef("ledger", "show", "c1", "--lang", "ro").stdout
    assert f"\nCăutați {what} pe hârtie sau în JE. Apoi:\n" in shown
    assert "\nmotivul: între timp s-au introdus sau s-au scos alte sume\n" in shown
    assert "\nașteaptă un om de la: 20" in shown


def test_sums_and_what_was_seen_are_shown_as_people_write_them(ledger: Ledger, amef: Amef) -> None:
    held(ledger, "print_receipt", sale(), {"document_number": 91, "total": 1150, "paid": 300})
    shown = lines(amef("ledger", "show", "c1", "--lang", "ro"))
    assert "numerar introdus 100.00 150.00 *" in shown
    assert "referința noastră în JE nu" in shown
    assert "bon deschis documentul 91, total 11.50, plătit 3.00" in shown


# counts


def test_a_sound_ledger_is_counted_in_the_readers_language(ledger: Ledger, amef: Amef) -> None:
    queued(ledger, "c1")
    assert amef("ledger", "verify").stdout == "The ledger is whole: 1 command, 1 event\n"
    for number in range(2, 21):
        queued(ledger, f"c{number}")
    said = amef("ledger", "verify", "--lang", "ro").stdout
    assert said == "Registrul este întreg: 20 de comenzi, 20 de evenimente\n"


@pytest.mark.parametrize("command", ["verify", "list", "recover"])
def test_a_ledger_that_may_not_be_read_is_said_without_a_traceback(
    state_dir: Path, alone: str, command: str
) -> None:
    (state_dir / LEDGER_FILE).mkdir()
    done = program("ledger", command, "--config", alone)
    assert done.returncode == 74
    assert "Traceback" not in done.stderr
    why = "unable to open database file" if command == "list" else "Is a directory"
    assert why in done.stderr
