"""The ledger: one row a command, the order of work, what the database itself refuses.

Every test has a real file. `raw` is a connection of its own, a stranger with a SQL prompt; the
file itself, its events and transactions, are in test_file.py.
"""

import sqlite3
from collections.abc import Callable

import pytest

from agent.entries import Acceptance, Evidence, LedgerEntry
from agent.ledger import Ledger, LedgerError
from agent.ledger_devices import NOT_CONFIGURED
from agent.states import IllegalTransition, State
from tests.agent.ledger.rows import (
    PROBLEM,
    RESULT,
    contents,
    held,
    in_doubt,
    incoming,
    issuing,
    names,
    queued,
)
from tests.agent.outbox import unreported
from tests.agent.world import counters

# what comes in


def test_a_command_is_written_down_once(ledger: Ledger, raw: sqlite3.Connection) -> None:
    assert ledger.accept(incoming()) is Acceptance.ACCEPTED
    before = contents(raw)
    assert ledger.accept(incoming()) is Acceptance.ALREADY_KNOWN
    assert contents(raw) == before
    assert len(before["command"]) == len(before["event"]) == 1


def test_an_id_with_another_body_is_a_conflict_and_no_second_row(
    ledger: Ledger, raw: sqlite3.Connection
) -> None:
    ledger.accept(incoming())
    before = contents(raw)["command"]
    assert ledger.accept(incoming(body="another")) is Acceptance.CONFLICT
    assert contents(raw)["command"] == before
    assert names(ledger) == ["accept", "conflict"]
    assert ledger.accept(incoming()) is Acceptance.ALREADY_KNOWN


@pytest.mark.parametrize("make", [issuing, in_doubt, held], ids=lambda make: make.__name__)
def test_a_known_id_is_known_whatever_became_of_it(
    ledger: Ledger, make: Callable[[Ledger], LedgerEntry]
) -> None:
    state = make(ledger).state
    assert ledger.accept(incoming()) is Acceptance.ALREADY_KNOWN
    assert ledger.accept(incoming(body="another")) is Acceptance.CONFLICT
    assert ledger.entry("c1").state is state


def test_what_has_problems_is_written_down_as_rejected(ledger: Ledger) -> None:
    assert ledger.accept(incoming("c1", "body", "d1", PROBLEM)) is Acceptance.ACCEPTED
    entry = ledger.entry("c1")
    assert (entry.state, entry.payload, entry.body) == (State.REJECTED, None, "body")
    assert names(ledger) == ["accept", "reject"]
    assert ledger.history("c1")[1].data["problems"][0]["path"] == "lines[0].name"


def test_an_empty_id_is_refused(ledger: Ledger) -> None:
    with pytest.raises(LedgerError):
        ledger.accept(incoming(""))
    assert ledger.entries(10) == []


def test_what_the_cloud_has_not_given_us_is_never_taken(ledger: Ledger) -> None:
    for n in range(3):
        ledger.accept(incoming(f"c{n}"))
    assert ledger.next_queued("d1", 10**15) is None
    assert [entry.id for entry in ledger.unclaimed()] == ["c0", "c1", "c2"]
    ledger.claimed("c1")
    assert ledger.next_queued("d1", 0).id == "c1"
    assert [entry.id for entry in ledger.unclaimed()] == ["c0", "c2"]


# the order of work


def test_commands_are_taken_in_the_order_of_their_arrival(ledger: Ledger) -> None:
    ids = ["z", "a", "m", "b"]
    for id_ in ids:
        queued(ledger, id_)
    for id_ in ids:
        taken = ledger.next_queued("d1", 0)
        assert taken.id == id_
        ledger.finish(ledger.begin(taken, counters(), 1), RESULT, 2)
    assert ledger.next_queued("d1", 0) is None
    assert [entry.id for entry in ledger.entries(2)] == ["b", "m"]


def test_one_that_must_wait_holds_the_others_of_its_device_only(ledger: Ledger) -> None:
    ledger.absent(in_doubt(ledger, "c1"), 5_000)
    queued(ledger, "c2")
    queued(ledger, "other", device="d2")
    assert ledger.next_queued("d1", 4_999) is None
    assert ledger.next_queued("d2", 0).id == "other"
    assert ledger.next_queued("d1", 5_000).id == "c1"


def test_one_that_is_to_be_tried_again_keeps_its_place(ledger: Ledger) -> None:
    lost = in_doubt(ledger, "c1")
    queued(ledger, "c2")
    ledger.absent(lost, 5_000)
    assert ledger.next_queued("d1", 4_999) is None
    again = ledger.next_queued("d1", 5_000)
    assert (again.id, again.attempts, again.fault) == ("c1", 1, "no_answer")
    begun = ledger.begin(again, counters(documents=91), 3)
    assert (begun.attempts, begun.fault, begun.reason) == (2, None, None)
    assert begun.baseline == counters(documents=91)


def test_what_is_in_doubt_is_found_for_its_own_device(ledger: Ledger) -> None:
    entry = in_doubt(ledger)
    assert ledger.in_doubt("d1") == entry
    assert ledger.in_doubt("d2") is None


# what is refused


@pytest.mark.parametrize("state", ["issuing", "in_doubt", "held"])
def test_nothing_begins_without_a_baseline(
    ledger: Ledger, raw: sqlite3.Connection, state: str
) -> None:
    queued(ledger)
    with pytest.raises(sqlite3.IntegrityError):
        raw.execute("UPDATE command SET state = ?", (state,))
    assert ledger.entry("c1").state is State.QUEUED


def test_a_baseline_is_not_taken_away_again(ledger: Ledger, raw: sqlite3.Connection) -> None:
    issuing(ledger)
    with pytest.raises(sqlite3.IntegrityError):
        raw.execute("UPDATE command SET baseline = NULL")


@pytest.mark.parametrize("missing", ["evidence", "result"])
def test_nothing_is_issued_without_evidence_and_result(
    ledger: Ledger, raw: sqlite3.Connection, missing: str
) -> None:
    issuing(ledger)
    given = {"evidence": "'reply'", "result": "'{}'"} | {missing: "NULL"}
    changes = ", ".join(f"{name} = {value}" for name, value in given.items())
    with pytest.raises(sqlite3.IntegrityError):
        raw.execute(f"UPDATE command SET state = 'issued', {changes}")
    raw.execute("UPDATE command SET state = 'issued', evidence = 'reply', result = '{}'")


@pytest.mark.parametrize(
    "bad", ["state = 'printed'", "evidence = 'guess'", "state = 'issuing', payload = NULL"]
)
def test_words_that_are_not_ours_are_refused(
    ledger: Ledger, raw: sqlite3.Connection, bad: str
) -> None:
    issuing(ledger)
    with pytest.raises(sqlite3.IntegrityError):
        raw.execute(f"UPDATE command SET {bad}")


@pytest.mark.parametrize("make", [issuing, in_doubt], ids=lambda make: make.__name__)
def test_a_second_unresolved_command_of_a_device_is_refused_by_the_database(
    ledger: Ledger, raw: sqlite3.Connection, make: Callable[[Ledger], LedgerEntry]
) -> None:
    make(ledger)
    second, elsewhere = queued(ledger, "c2"), queued(ledger, "c3", device="d2")
    with pytest.raises(LedgerError, match="UNIQUE"):
        ledger.begin(second, counters(), 1)
    with pytest.raises(sqlite3.IntegrityError):
        raw.execute("UPDATE command SET state = 'issuing', baseline = '{}' WHERE id = 'c2'")
    assert ledger.entry("c2") == second
    assert ledger.begin(elsewhere, counters(), 1).state is State.ISSUING


def test_a_held_command_does_not_keep_the_next_from_beginning(ledger: Ledger) -> None:
    held(ledger)
    assert issuing(ledger, "c2").state is State.ISSUING


def test_whether_a_payment_had_gone_is_known_of_the_last_attempt_alone(ledger: Ledger) -> None:
    entry = issuing(ledger)
    assert ledger.unpaid(entry)
    ledger.pay(entry)
    ledger.lose_unfinished()
    assert not ledger.unpaid(entry)
    ledger.absent(ledger.entry("c1"), 0)
    ledger.begin(ledger.entry("c1"), counters(), 1)
    assert ledger.unpaid(entry)


BACKWARDS: dict[str, Callable[[Ledger, LedgerEntry], object]] = {
    "begin": lambda ledger, entry: ledger.begin(entry, counters(), 1),
    "finish": lambda ledger, entry: ledger.finish(entry, RESULT, 1),
    "reject": lambda ledger, entry: ledger.reject(entry, [PROBLEM]),
    "pay": lambda ledger, entry: ledger.pay(entry),
    "lose": lambda ledger, entry: ledger.lose(entry, fault=None, reason="again"),
    "found": lambda ledger, entry: ledger.found(entry, RESULT, Evidence.COUNTER),
    "absent": lambda ledger, entry: ledger.absent(entry, 0),
    "drop": lambda ledger, entry: ledger.drop(entry, PROBLEM),
    "undecidable": lambda ledger, entry: ledger.undecidable(entry, "why", {}),
}


@pytest.mark.parametrize("method", BACKWARDS)
def test_an_issued_command_stays_issued_whatever_is_tried(
    ledger: Ledger, raw: sqlite3.Connection, method: str
) -> None:
    entry = issuing(ledger)
    ledger.finish(entry, RESULT, 9)
    before = contents(raw)
    with pytest.raises(IllegalTransition):
        BACKWARDS[method](ledger, entry)
    assert contents(raw) == before


# devices


def test_a_device_s_health_is_told_when_it_changes_and_not_before(ledger: Ledger) -> None:
    online, out = {"status": "online", "faults": []}, {"status": "error", "faults": ["paper_out"]}
    noted = [ledger.note_device("d1", health) for health in (online, online, out, out, online)]
    assert noted == [True, False, True, False, True]
    assert ledger.note_device("d2", online)
    told = [(event.device_id, event.data["status"]) for event in unreported(ledger, 9)]
    assert told == [("d1", "online"), ("d1", "error"), ("d1", "online"), ("d2", "online")]
    assert ledger.devices() == {"d1": online, "d2": online}


def test_the_last_sequence_of_a_device_is_remembered_beside_its_health(ledger: Ledger) -> None:
    assert ledger.last_sequence("d1") is None
    ledger.note_device("d1", {"status": "online"})
    ledger.finish(issuing(ledger), RESULT, 0x43)
    assert ledger.last_sequence("d1") == 0x43
    assert ledger.devices() == {"d1": {"status": "online"}}


def test_what_waits_for_a_device_that_is_not_configured_says_why_until_it_is(
    ledger: Ledger,
) -> None:
    queued(ledger, "c1", "d1")
    queued(ledger, "c2", "d2")
    ledger.note_device("d2", {"status": "online", "faults": []})
    assert ledger.note_configured(["d1"]) == {"d2": 1}
    assert ledger.entry("c1").reason is None
    assert (ledger.entry("c2").state, ledger.entry("c2").reason) == (State.QUEUED, NOT_CONFIGURED)
    assert ledger.devices()["d2"]["status"] == "offline"
    events = len(unreported(ledger, 99))
    assert ledger.note_configured(["d1"]) == {"d2": 1}
    assert len(unreported(ledger, 99)) == events
    assert ledger.note_configured(["d1", "d2"]) == {}
    assert ledger.entry("c2").reason is None


def test_a_doubt_of_a_device_that_left_keeps_its_own_reason(ledger: Ledger) -> None:
    in_doubt(ledger)
    assert ledger.note_configured(["d2"]) == {"d1": 1}
    assert (ledger.entry("c1").state, ledger.entry("c1").reason) == (State.IN_DOUBT, "silence")


def test_who_a_device_was_is_known_though_it_answers_no_more(ledger: Ledger) -> None:
    assert ledger.last_identity("d1") == {}
    for serial in ("S1", "S2"):
        who = {"fiscal_serial": serial}
        ledger.note_device("d1", {"status": "online", "faults": [], "identity": who})
    ledger.note_device("d1", {"status": "offline", "faults": ["port_missing"]})
    ledger.note_device("d2", {"status": "online", "identity": {"fiscal_serial": "S3"}})
    assert ledger.last_identity("d1") == {"fiscal_serial": "S2"}
