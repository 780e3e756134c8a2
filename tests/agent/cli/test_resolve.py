"""A person's word on a held command: what is shown, what is written down, what the cloud hears."""

import getpass
import json
import re
from typing import Any

import pytest

from agent.cli.on_paper import NUMBER_MAX
from agent.cli.resolve import COUNTERS
from agent.cloud.schema import to_uploads
from agent.entries import Evidence, Incoming
from agent.ledger import Ledger
from agent.states import State
from drivers.clock import SystemClock
from tests.agent.amef import Amef
from tests.agent.world import counters, sale

SEEN = {
    "counters": {
        "fiscal_serial": "SIM1",
        "z_number": 3,
        "receipt_count": 42,
        "document_number": 93,
    },
    "open_receipt": None,
    "last_total": 900,
    "reference_found": None,
    "trace": None,
}
WHY = "2 receipts were closed since"


def held(
    ledger: Ledger,
    id_: str = "c1",
    kind: str = "print_receipt",
    payload: str = "",
    seen: dict[str, Any] = SEEN,
) -> None:
    body = payload or sale()
    ledger.accept(Incoming(id_, "dev_1", kind, body, body, 1))
    ledger.claimed(id_)
    ledger.lose(ledger.begin(ledger.entry(id_), counters(), 1), fault="no_answer", reason="silence")
    ledger.undecidable(ledger.entry(id_), WHY, seen)


def seen(**more: Any) -> dict[str, Any]:
    """What was seen, with other counters, or anything else in it."""
    after = SEEN["counters"] | {name: more.pop(name) for name in (*more,) if name in COUNTERS}
    return SEEN | {"counters": after} | more


def issued(ledger: Ledger, id_: str, number: int, z_number: int, serial: str = "SIM1") -> None:
    ledger.accept(Incoming(id_, "dev_1", "print_receipt", sale(), sale(), 1))
    ledger.claimed(id_)
    result = {"receipt_number": number, "z_number": z_number, "fiscal_serial": serial}
    ledger.finish(ledger.begin(ledger.entry(id_), counters(), 1), result, 1)


def told(ledger: Ledger, id_: str = "c1") -> dict[str, Any]:
    """The last thing that the cloud is told of a command."""
    uploads = to_uploads(ledger.history(id_)[-1], ledger.entry(id_), "shop")
    return uploads[0].body if uploads else {}


def test_both_counters_stand_side_by_side_with_the_reason_and_the_three_ways(
    ledger: Ledger, amef: Amef
) -> None:
    held(ledger)
    shown = amef("ledger", "show", "c1", "--lang", "en").stdout
    rows = [line.split() for line in shown.splitlines()]
    assert ["fiscal", "receipts", "40", "42", "*"] in rows
    assert ["last", "Z", "3", "3"] in rows
    assert WHY in shown
    for way in ("--on-paper NUMBER", "--not-on-paper requeue", "--drop --reason TEXT"):
        assert f"amef resolve c1 {way}\n" in shown


def test_a_held_command_is_explained_in_romanian(ledger: Ledger, amef: Amef) -> None:
    held(ledger)
    shown = amef("ledger", "show", "c1", "--lang", "ro").stdout
    assert "Un om trebuie să spună ce s-a întâmplat." in shown
    assert ["bonuri", "fiscale", "40", "42", "*"] in [line.split() for line in shown.splitlines()]


def test_the_list_of_commands_is_in_the_readers_language(ledger: Ledger, amef: Amef) -> None:
    held(ledger)
    ledger.operator_found(ledger.entry("c1"), {"receipt_number": 17}, {"who": "a", "reason": ""})
    assert "no. 17" in amef("ledger", "list", "--lang", "en").stdout
    romanian = amef("ledger", "list", "--lang", "ro").stdout
    assert "nr. 17" in romanian
    assert "comanda" in romanian
    assert "attempts" not in romanian


def test_every_label_of_a_command_has_its_romanian(ledger: Ledger, amef: Amef) -> None:
    held(ledger)
    shown = amef("ledger", "show", "c1", "--lang", "ro").stdout
    assert "stare: așteaptă un om (held)" in shown
    assert not re.search(r"^ *[a-z]+_[a-z_]+: ", shown, re.MULTILINE)


def test_json_keeps_everything_of_a_held_command(ledger: Ledger, amef: Amef) -> None:
    held(ledger)
    shown = json.loads(amef("ledger", "show", "c1", "--json").stdout)
    assert shown["state"] == "held"
    assert shown["events"][-1]["data"]["seen"] == SEEN
    assert shown["events"][-1]["data"]["baseline"]["receipt_count"] == 40


def test_only_held_commands_are_listed_when_asked_for(ledger: Ledger, amef: Amef) -> None:
    held(ledger)
    held(ledger, "c2")
    ledger.accept(Incoming("c3", "dev_1", "x_report", "{}", "{}", 1))
    found = json.loads(amef("ledger", "list", "--held", "--json").stdout)
    assert [entry["id"] for entry in found] == ["c1", "c2"]


def test_what_is_on_paper_is_issued_with_what_the_person_read_and_nothing_guessed(
    ledger: Ledger, amef: Amef
) -> None:
    held(ledger)
    done = amef("resolve", "c1", "--on-paper", "41", "--reason", "read it", answer="y\n")
    assert done.exit_code == 0, done.output
    entry = ledger.entry("c1")
    assert (entry.state, entry.evidence) == (State.ISSUED, Evidence.OPERATOR)
    assert entry.result == {
        "receipt_number": 41,
        "document_number": None,
        "z_number": 4,
        "fiscal_serial": "SIM1",
        "issued_at": None,
        "total": 1150,
    }
    body = told(ledger)
    assert (body["status"], body["result"]["evidence"]) == ("completed", "operator")
    assert (body["result"]["receiptNumber"], body["result"]["total"]) == (41, 11.5)
    assert (body["result"]["documentNumber"], body["result"]["fiscalDate"]) == (None, None)
    event = ledger.history("c1")[-1]
    assert (event.data["who"], event.data["reason"]) == (getpass.getuser(), "read it")


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("cash_in", '{"amount": 5000}'),
        ("cash_out", '{"amount": 5000}'),
        ("non_fiscal_receipt", '{"texts": ["Buna ziua"]}'),
        ("print_duplicate", "{}"),
    ],
)
def test_any_other_paper_is_told_with_its_number_and_its_day(
    ledger: Ledger, amef: Amef, kind: str, payload: str
) -> None:
    held(ledger, kind=kind, payload=payload)
    shown = amef("ledger", "show", "c1", "--lang", "en").stdout
    assert "A person has to say what happened." in shown
    assert "total that was asked" not in shown
    assert amef("resolve", "c1", "--on-paper", "93", "--yes").exit_code == 0
    result = told(ledger)["result"]
    assert (result["documentNumber"], result["zNumber"], result["fiscalSeries"]) == (93, 4, "SIM1")
    assert (result["fiscalDate"], result["evidence"]) == (None, "operator")


@pytest.mark.parametrize("kind", ["cash_in", "non_fiscal_receipt", "print_duplicate"])
def test_any_other_paper_that_is_not_there_is_queued_again(
    ledger: Ledger, amef: Amef, kind: str
) -> None:
    payload = {"cash_in": '{"amount": 5}', "non_fiscal_receipt": '{"texts": ["a"]}'}
    held(ledger, kind=kind, payload=payload.get(kind, "{}"))
    assert amef("resolve", "c1", "--not-on-paper", "requeue", "--yes").exit_code == 0
    assert ledger.entry("c1").state is State.QUEUED


def test_a_z_on_paper_is_told_with_its_number_alone(ledger: Ledger, amef: Amef) -> None:
    held(ledger, kind="z_report", payload="{}", seen=seen(z_number=4))
    assert amef("resolve", "c1", "--on-paper", "4", "--yes").exit_code == 0
    result = told(ledger)["result"]
    assert (result["number"], result["totals"], result["fiscalSeries"]) == (4, None, "SIM1")


def test_what_is_not_on_paper_is_queued_again_with_a_new_time_to_live(
    ledger: Ledger, amef: Amef
) -> None:
    held(ledger)
    done = amef("resolve", "c1", "--not-on-paper", "requeue", "--yes")
    assert "180 s" in done.stdout
    entry = ledger.entry("c1")
    assert entry.state is State.QUEUED
    assert 0 < entry.expires_at_ms - SystemClock().now_ms() <= 180_000
    assert ledger.next_queued("dev_1", SystemClock().now_ms()) == entry
    assert told(ledger) == {}


def test_what_is_dropped_is_rejected_and_the_cloud_hears_by_whom_and_why(
    ledger: Ledger, amef: Amef
) -> None:
    held(ledger)
    assert amef("resolve", "c1", "--drop", "--reason", "paid by card", "--yes").exit_code == 0
    assert ledger.entry("c1").state is State.REJECTED
    body = told(ledger)
    assert (body["status"], body["errorCode"]) == ("failed", "DROPPED_BY_OPERATOR")
    assert getpass.getuser() in body["errorMessage"]
    assert "paid by card" in body["errorMessage"]


# the number itself: it is told for good


@pytest.mark.parametrize(
    ("kind", "found", "most"),
    [
        ("print_receipt", SEEN, 42),
        ("print_receipt", seen(receipt_count=0, z_number=4), 43),  # three documents came since 40
        ("print_receipt", seen(open_receipt={"paid": None}), 43),  # closed by hand since
        ("cash_in", SEEN, 93),
        ("z_report", seen(z_number=4), 4),
        ("print_receipt", {}, NUMBER_MAX),
        ("print_receipt", seen(fiscal_serial="SIM2"), NUMBER_MAX),
        ("print_receipt", seen(counts=False), NUMBER_MAX),
        ("non_fiscal_receipt", seen(counts_slips=False), NUMBER_MAX),
    ],
)
def test_a_number_above_what_was_counted_is_refused(
    ledger: Ledger, amef: Amef, kind: str, found: dict[str, Any], most: int
) -> None:
    payload = {"cash_in": '{"amount": 5}', "non_fiscal_receipt": '{"texts": ["a"]}'}
    held(ledger, kind=kind, payload=payload.get(kind, sale()), seen=found)
    for number in (most + 1, 10**30):
        done = amef("resolve", "c1", "--on-paper", str(number), "--yes")
        assert done.exit_code == 1
        why = "it has too many digits" if most == NUMBER_MAX else f"the printer had come to {most}"
        assert f"The number {number} cannot be: {why}." in done.stderr
        assert f"Numărul {number} nu se poate: " in done.stderr
        assert "[number_too_high]" in done.stderr
    assert ledger.entry("c1").state is State.HELD
    assert amef("resolve", "c1", "--on-paper", str(most), "--yes").exit_code == 0


def test_a_number_that_was_told_of_another_command_is_refused_in_both_languages(
    ledger: Ledger, amef: Amef
) -> None:
    issued(ledger, "c0", 41, z_number=4)
    held(ledger)
    done = amef("resolve", "c1", "--on-paper", "41", "--yes")
    assert done.exit_code == 1
    assert "The number 41 is of the command c0: see amef ledger show c0." in done.stderr
    assert "Numărul 41 este al comenzii c0: vedeți amef ledger show c0." in done.stderr
    assert "number_taken" in done.stderr
    assert ledger.entry("c1").state is State.HELD
    assert amef("resolve", "c1", "--on-paper", "42", "--yes").exit_code == 0
    held(ledger, "c2")
    assert amef("resolve", "c2", "--on-paper", "42", "--yes").exit_code == 1  # as a person said


@pytest.mark.parametrize(
    ("others", "is_taken"),
    [
        ([(41, 3)], False),  # of the day before: it may have begun anew
        ([(41, 3), (7, 4)], False),  # and so it did
        ([(41, 2), (7, 3)], False),
        ([(39, 2), (41, 3)], True),  # it goes on from day to day
    ],
)
def test_the_number_of_another_day_is_free_unless_numbers_go_on(
    ledger: Ledger, amef: Amef, others: list[tuple[int, int]], is_taken: bool
) -> None:
    for place, (number, z_number) in enumerate(others):
        issued(ledger, f"before{place}", number, z_number)
    issued(ledger, "elsewhere", 41, z_number=4, serial="SIM2")
    held(ledger)
    done = amef("resolve", "c1", "--on-paper", "41", "--yes")
    assert done.exit_code == int(is_taken)


def test_the_number_under_which_the_device_has_our_reference_is_shown_and_offered(
    ledger: Ledger, amef: Amef
) -> None:
    trace = {"receipt_number": 41, "document_number": 92, "z_number": 4, "issued_at": "02-04-26"}
    held(ledger, seen=seen(trace=trace, reference_found=True))
    shown = amef("ledger", "show", "c1", "--lang", "en").stdout
    where = "the document with our reference: receipt 41, document 92, Z 4, at 02-04-26"
    assert where in shown
    assert "amef resolve c1 --on-paper 41\n" in shown
    romanian = amef("ledger", "show", "c1", "--lang", "ro").stdout
    assert "documentul cu referința noastră: bonul 41, documentul 92, Z 4, la 02-04-26" in romanian


@pytest.mark.parametrize(
    "wrong",
    [
        (),
        ("--on-paper", "1", "--drop", "--reason", "x"),
        ("--on-paper", "1", "--not-on-paper", "requeue"),
        ("--drop",),
        ("--not-on-paper", "drop"),
        ("--on-paper", "0"),
        ("--not-on-paper", "perhaps"),
    ],
)
def test_anything_but_one_clear_word_is_refused(
    ledger: Ledger, amef: Amef, wrong: tuple[str, ...]
) -> None:
    held(ledger)
    assert amef("resolve", "c1", *wrong, "--yes").exit_code == 2
    assert ledger.entry("c1").state is State.HELD


def test_a_no_to_the_question_changes_nothing(ledger: Ledger, amef: Amef) -> None:
    held(ledger)
    assert amef("resolve", "c1", "--on-paper", "41", answer="n\n").exit_code == 1
    assert ledger.entry("c1").state is State.HELD


def test_a_command_that_is_not_held_is_refused_with_its_state(ledger: Ledger, amef: Amef) -> None:
    ledger.accept(Incoming("c1", "dev_1", "x_report", "{}", "{}", 1))
    done = amef("resolve", "c1", "--on-paper", "41", "--yes")
    assert done.exit_code == 1
    assert "it is queued" in done.stderr
    assert amef("resolve", "nobody", "--on-paper", "41", "--yes").exit_code == 1


def test_a_command_whose_payload_was_lost_is_not_queued_again(ledger: Ledger, amef: Amef) -> None:
    held(ledger, payload="{}")
    done = amef("resolve", "c1", "--not-on-paper", "requeue", "--yes")
    assert done.exit_code == 1
    assert "payload_lost" in done.stderr
    assert ledger.entry("c1").state is State.HELD
