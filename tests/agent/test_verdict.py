"""What a look at the device proves: every combination, against the house's table.

The oracle below is the table of the house (section 4) as a list of rules, the first that fits
holds. Where the house leaves a cell open, the stricter answer stands here and says so.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from agent.commands import reference_of
from agent.entries import Evidence
from agent.verdict import Proof, Verdict, decide
from drivers.model import (
    Bani,
    Line,
    Observation,
    OpenReceipt,
    Payment,
    PaymentKind,
    Receipt,
    Thousandths,
    VatRate,
)
from tests.agent.world import counters

TOTAL = 1000
PAYMENTS = (300, 200, 800)  # 300 after one, 500 after two, 1300 handed over after three
DELTAS = (-1, 0, 1, 2)
OURS = counters().document_number + 1


def receipt() -> Receipt:
    line = Line("Paine", Bani(TOTAL), Thousandths(1000), VatRate(2100))
    kinds = (PaymentKind.CARD, PaymentKind.MEAL_TICKET, PaymentKind.CASH)
    paid = tuple(Payment(kind, Bani(n)) for kind, n in zip(kinds, PAYMENTS, strict=True))
    return Receipt((line,), paid, reference_of("c1"))


def open_(paid: int, *, number: int = OURS, total: int = TOTAL) -> OpenReceipt:
    return OpenReceipt(number, Bani(total), Bani(paid))


OPEN = {
    "nothing open": None,
    "foreign number, unpaid": open_(0, number=OURS + 1),
    "foreign number, paid like ours": open_(300, number=OURS + 1),
    "number of before, paid like ours": open_(300, number=OURS - 1),
    "other total, unpaid": open_(0, total=999),
    "other total, paid like ours": open_(300, total=999),
    "ours, unpaid": open_(0),
    "ours, first payment": open_(300),
    "ours, two payments": open_(500),
    "ours, full and the rest counted": open_(1300),
    "ours, full and the rest not counted": open_(1000),
    "ours, overpaid": open_(1301),
    "ours, odd amount": open_(301),
    "ours, one bani": open_(1),
}
STEPS_DONE = {300: 1, 500: 2, 1000: 3, 1300: 3}


@dataclass(frozen=True, slots=True)
class Seen:
    """One cell of the table, in the table's own words."""

    proof: Proof
    z: int
    receipts: int
    open_receipt: OpenReceipt | None
    reference: bool | None
    total: int | None
    same_device: bool

    def observation(self) -> Observation:
        before = counters()
        return Observation(
            counters(
                before.z_number + self.z,
                before.receipt_count + self.receipts,
                before.document_number + 1,
                before.fiscal_serial if self.same_device else "SIM2",
            ),
            self.open_receipt,
            None if self.total is None else Bani(self.total),
            self.reference,
        )

    @property
    def provably_ours(self) -> bool:
        found = self.open_receipt
        return found is not None and (found.document_number, found.total) == (OURS, TOTAL)


EVERYTHING = [
    Seen(*cell)
    for cell in itertools.product(
        Proof,
        DELTAS,
        DELTAS,
        OPEN.values(),
        (True, False, None),
        (TOTAL, 999, None),
        (True, False),
    )
]

Rule = tuple[Callable[[Seen], bool], Verdict]
RULES: list[Rule] = [
    (lambda seen: not seen.same_device, Verdict.UNDECIDABLE),
    (lambda seen: seen.proof is Proof.NONE, Verdict.NOT_ISSUED),
    (lambda seen: seen.proof is Proof.Z_NUMBER and seen.z == 0, Verdict.NOT_ISSUED),
    (lambda seen: seen.proof is Proof.Z_NUMBER and seen.z == 1, Verdict.ISSUED),
    (lambda seen: seen.proof is Proof.Z_NUMBER, Verdict.UNDECIDABLE),
    # Before all others, unlike the house's row: left open it would stop the shop.
    (lambda seen: bool(seen.open_receipt) and seen.open_receipt.paid == 0, Verdict.CANCEL),
    (lambda seen: seen.z != 0, Verdict.UNDECIDABLE),
    (lambda seen: bool(seen.open_receipt) and seen.receipts != 0, Verdict.UNDECIDABLE),
    (
        lambda seen: seen.provably_ours and seen.open_receipt.paid in STEPS_DONE,
        Verdict.COMPLETE,
    ),
    (lambda seen: bool(seen.open_receipt), Verdict.UNDECIDABLE),
    # The house's row does not say what a reference without a count means: nobody knows.
    (lambda seen: seen.receipts == 0 and bool(seen.reference), Verdict.UNDECIDABLE),
    (lambda seen: seen.receipts == 0, Verdict.NOT_ISSUED),
    (lambda seen: bool(seen.reference), Verdict.ISSUED),
    # Nor this: the JE could be read, and our reference is not in it. It is somebody else's receipt.
    (lambda seen: seen.reference is False, Verdict.UNDECIDABLE),
    (lambda seen: seen.receipts == 1 and seen.total in (TOTAL, None), Verdict.ISSUED),
    (lambda _: True, Verdict.UNDECIDABLE),
]


def verdict_of(seen: Seen) -> Verdict:
    return decide(seen.proof, counters(), seen.observation(), receipt()).verdict


def some(**wanted: object) -> list[Seen]:
    return [
        seen for seen in EVERYTHING if all(getattr(seen, name) == v for name, v in wanted.items())
    ]


def test_every_combination_is_decided_as_the_house_s_table_says() -> None:
    assert len(EVERYTHING) == 3 * 4 * 4 * 14 * 3 * 3 * 2
    for seen in EVERYTHING:
        expected = next(verdict for fits, verdict in RULES if fits(seen))
        assert verdict_of(seen) is expected, seen


def test_every_verdict_occurs_and_says_why() -> None:
    found = [decide(seen.proof, counters(), seen.observation(), receipt()) for seen in EVERYTHING]
    assert {decision.verdict for decision in found} == {*Verdict}
    assert all(len(decision.why) > 10 for decision in found)


def test_a_receipt_is_never_absent_once_the_receipt_counter_moved() -> None:
    for seen in some(proof=Proof.RECEIPT):
        if seen.receipts != 0:
            assert verdict_of(seen) is not Verdict.NOT_ISSUED, seen


def test_a_receipt_is_only_completed_after_one_of_our_own_payments() -> None:
    completed = 0
    for seen in EVERYTHING:
        decision = decide(seen.proof, counters(), seen.observation(), receipt())
        if decision.verdict is Verdict.COMPLETE:
            assert seen.provably_ours, seen
            assert seen.open_receipt is not None
            assert decision.payments_done == STEPS_DONE[seen.open_receipt.paid] > 0, seen
            completed += 1
        else:
            assert decision.payments_done == 0, seen
    assert completed == 4 * 3 * 3  # four stages, whatever the JE and the last total say


def test_a_receipt_is_only_cancelled_before_any_payment() -> None:
    for seen in EVERYTHING:
        if verdict_of(seen) is Verdict.CANCEL:
            assert seen.open_receipt is not None, seen
            assert seen.open_receipt.paid == 0, seen


@pytest.mark.parametrize("proof", Proof)
def test_another_device_proves_nothing(proof: Proof) -> None:
    for seen in some(proof=proof, same_device=False):
        assert verdict_of(seen) is Verdict.UNDECIDABLE, seen


def test_a_z_report_in_between_hides_what_became_of_a_receipt() -> None:
    for seen in some(proof=Proof.RECEIPT):
        if seen.z != 0 and verdict_of(seen) is not Verdict.CANCEL:
            assert verdict_of(seen) is Verdict.UNDECIDABLE, seen


def test_a_z_report_is_proved_by_its_number_alone() -> None:
    for seen in some(proof=Proof.Z_NUMBER, same_device=True):
        expected = {0: Verdict.NOT_ISSUED, 1: Verdict.ISSUED}.get(seen.z, Verdict.UNDECIDABLE)
        assert verdict_of(seen) is expected, seen


def test_the_reference_is_the_evidence_where_it_was_found_and_the_counter_where_not() -> None:
    for seen in some(proof=Proof.RECEIPT):
        decision = decide(seen.proof, counters(), seen.observation(), receipt())
        if decision.verdict is Verdict.ISSUED:
            expected = Evidence.REFERENCE if seen.reference else Evidence.COUNTER
            assert decision.evidence is expected, seen


def test_what_the_je_does_not_show_is_not_ours_even_with_our_total() -> None:
    for seen in some(proof=Proof.RECEIPT, reference=False):
        assert verdict_of(seen) is not Verdict.ISSUED, seen
