"""The states of a command: the house's table, arrow by arrow, and the same words on disk.

The picture below is copied from the house (section 4), not from the code. Its "absent, to queued or
rejected" are two arrows here, as a trigger leads to one state: absent and drop. Two came later
(DECISIONS.md, 39 and 20): `give_way`, a reading of the archive is left for what has to be printed,
and `pay`, the first payment is about to go.
"""

import itertools
import re
from importlib import resources

import pytest

from agent.states import TRANSITIONS, IllegalTransition, State, Trigger, after

HOUSE = """
queued --begin--> issuing --finish--> issued
queued --reject--> rejected
issuing --pay--> issuing
issuing --lose--> in_doubt
issuing --give_way--> queued
in_doubt --found--> issued
in_doubt --absent--> queued
in_doubt --drop--> rejected
in_doubt --undecidable--> held
held --operator_found--> issued
held --operator_requeue--> queued
held --operator_drop--> rejected
"""
ARROWS = {
    (start, trigger): end
    for start, trigger, end in re.findall(r"(?=\b(\w+) --(\w+)--> (\w+))", HOUSE)
}
every_pair = pytest.mark.parametrize(
    ("state", "trigger"), [*itertools.product(State, Trigger)], ids=str
)


def test_the_table_is_the_house_s_picture() -> None:
    assert {**TRANSITIONS} == ARROWS
    assert len(ARROWS) == 13


@every_pair
def test_a_trigger_leads_along_its_arrow_and_nowhere_else(state: State, trigger: Trigger) -> None:
    if (state, trigger) in ARROWS:
        assert after(state, trigger) == ARROWS[state, trigger]
    else:
        with pytest.raises(IllegalTransition, match=f"{trigger} on a command that is {state}"):
            after(state, trigger)


def test_issued_and_rejected_are_the_end() -> None:
    assert {*State} - {start for start, _ in ARROWS} == {State.ISSUED, State.REJECTED}


def test_nothing_is_issued_without_having_begun() -> None:
    before = {start for (start, _), end in ARROWS.items() if end == State.ISSUED}
    assert before == {State.ISSUING, State.IN_DOUBT, State.HELD}
    assert {start for (start, _), end in ARROWS.items() if end == State.ISSUING} == {
        State.QUEUED,
        State.ISSUING,
    }


def test_the_database_knows_the_same_states() -> None:
    schema = resources.files("agent").joinpath("schema.sql").read_text("utf-8")
    listed = re.search(r"CHECK \(state IN \(([^)]*)\)\)", schema)
    assert listed is not None
    assert re.findall(r"'(\w+)'", listed[1]) == [*State]
