"""The life of a command, as data.

    queued --begin--> issuing --finish--> issued
    queued --reject--> rejected
    issuing --pay--> issuing              its first payment is about to go
    issuing --lose--> in_doubt            refusal, silence, crash: all the same
    issuing --give_way--> queued          a reading of the archive, left for what has to be printed
    in_doubt --found--> issued            the device proves it
    in_doubt --absent--> queued           the device proves it did not happen: may be tried again
    in_doubt --drop--> rejected           the same, and trying again would not help
    in_doubt --undecidable--> held        only a person can say
    held --operator_found--> issued       a person read the paper
    held --operator_requeue--> queued     the same: it is not there
    held --operator_drop--> rejected

Nothing else may happen to a command; `schema.sql` refuses the rest on disk.
"""

from enum import StrEnum


class State(StrEnum):
    QUEUED = "queued"
    ISSUING = "issuing"
    ISSUED = "issued"
    IN_DOUBT = "in_doubt"
    HELD = "held"
    REJECTED = "rejected"


class Trigger(StrEnum):
    BEGIN = "begin"
    PAY = "pay"
    FINISH = "finish"
    REJECT = "reject"
    LOSE = "lose"
    GIVE_WAY = "give_way"
    FOUND = "found"
    ABSENT = "absent"
    DROP = "drop"
    UNDECIDABLE = "undecidable"
    OPERATOR_FOUND = "operator_found"
    OPERATOR_REQUEUE = "operator_requeue"
    OPERATOR_DROP = "operator_drop"


TRANSITIONS: dict[tuple[State, Trigger], State] = {
    (State.QUEUED, Trigger.BEGIN): State.ISSUING,
    (State.QUEUED, Trigger.REJECT): State.REJECTED,
    (State.ISSUING, Trigger.PAY): State.ISSUING,
    (State.ISSUING, Trigger.FINISH): State.ISSUED,
    (State.ISSUING, Trigger.LOSE): State.IN_DOUBT,
    (State.ISSUING, Trigger.GIVE_WAY): State.QUEUED,
    (State.IN_DOUBT, Trigger.FOUND): State.ISSUED,
    (State.IN_DOUBT, Trigger.ABSENT): State.QUEUED,
    (State.IN_DOUBT, Trigger.DROP): State.REJECTED,
    (State.IN_DOUBT, Trigger.UNDECIDABLE): State.HELD,
    (State.HELD, Trigger.OPERATOR_FOUND): State.ISSUED,
    (State.HELD, Trigger.OPERATOR_REQUEUE): State.QUEUED,
    (State.HELD, Trigger.OPERATOR_DROP): State.REJECTED,
}


class IllegalTransition(Exception):
    """A state change that the table does not know: a bug. The process stops rather than guess."""


def after(state: State, trigger: Trigger) -> State:
    """Return the state after a trigger.

    Raises:
        IllegalTransition: the table has no such arrow.
    """
    try:
        return TRANSITIONS[state, trigger]
    except KeyError:
        raise IllegalTransition(f"{trigger} on a command that is {state}") from None
