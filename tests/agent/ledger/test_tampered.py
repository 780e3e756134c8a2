"""A row that a stranger changed, added or took out: it is named, and nothing is printed for it."""

from contextlib import closing
from pathlib import Path

import pytest

from agent.ledger import Ledger
from agent.ledger_check import verify
from agent.ledger_file import LedgerDamaged
from agent.ledger_repair import recover
from agent.ledger_salvage import salvage
from tests.agent.clocks import FakeClock
from tests.agent.ledger.broken import changed, set_aside, set_aside_by_hand, states
from tests.agent.ledger.rows import incoming

TAMPERED = {
    "an amount in an event": (
        "UPDATE event SET data = replace(data, '1150', '1') WHERE id % 100 = 3",
        "its hash is not of what stands in it",
    ),
    "an event taken out": (
        "DELETE FROM event WHERE id % 100 = 4",
        "it does not carry the hash of the event before it",
    ),
    "a state": (
        "UPDATE command SET state = 'queued' WHERE id = 'done7'",
        "it is queued, its events say issued",
    ),
    "a payload": (
        "UPDATE command SET payload = '[]' WHERE id = 'waits'",
        "its payload is not what its events say",
    ),
    "a baseline": (
        "UPDATE command SET baseline = replace(baseline, '40', '41') WHERE id = 'begun'",
        "its baseline is not what its events say",
    ),
    "what came": (
        "UPDATE command SET body = 'x' WHERE id = 'done3'",
        "what came is not what its hash says",
    ),
    "a device": (
        "UPDATE command SET device_id = 'd2' WHERE id = 'waits'",
        "its device is not what its events say",
    ),
    "a claim": (
        "UPDATE command SET claimed = 0 WHERE id = 'done3'",
        "its events say that it was begun, and it is not claimed",
    ),
    "a whole command": (
        "DELETE FROM command WHERE id = 'done3'",
        "its command is not there",
    ),
    "a guard of the database": (
        "DROP INDEX one_unresolved",
        "index one_unresolved is not there",
    ),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_the_first_broken_row_is_named(whole: Path, what: str) -> None:
    statement, sentence = TAMPERED[what]
    broken = verify(changed(whole, statement)).broken
    assert broken is not None
    assert broken.sentence == sentence
    assert broken.table == {"an": "event", "wh": "command"}.get(what[:2], broken.table)


def test_a_command_that_was_taken_out_is_not_taken_as_new_and_ends_in_a_recovery(
    whole: Path, clock: FakeClock
) -> None:
    changed(whole, "DELETE FROM command WHERE id = 'done3'")
    with closing(Ledger(whole, clock)) as ledger, pytest.raises(LedgerDamaged, match="done3"):
        ledger.accept(incoming("done3"))
    recover(whole, salvage(set_aside(whole, clock)), clock)
    assert verify(whole).broken is None
    assert states(whole)["done3"] == "issued"


@pytest.mark.parametrize("change", ["device_id = 'd2'", "claimed = 0"])
@pytest.mark.parametrize("id_", ["done3", "begun", "c1", "waits"])
def test_what_was_changed_in_a_command_does_not_outlive_a_recovery(
    whole: Path, clock: FakeClock, change: str, id_: str
) -> None:
    changed(whole, f"UPDATE command SET {change} WHERE id = '{id_}'")
    if (id_, change) == ("waits", "claimed = 0"):  # it is claimed again
        assert verify(whole).broken is None
        return
    assert verify(whole).broken is not None
    recover(whole, salvage(set_aside_by_hand(whole, clock)), clock)
    assert verify(whole).broken is None
    with closing(Ledger(whole, clock)) as ledger:
        assert ledger.entry(id_).device_id == "d1"
