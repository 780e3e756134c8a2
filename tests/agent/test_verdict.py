"""What a look at the device proves: every combination, against the house's table.

The oracle below is the table of the house (section 4) as a list of rules, the first that fits
holds. Where the house leaves a cell open, the stricter answer stands here and says so. For each
proof, what decides is taken in every combination, and beside it whatever must not decide.
"""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import pytest

from agent.entries import Evidence
from agent.payloads import reference_of
from agent.verdict import Decision, Proof, Verdict, decide
from drivers.je import DocumentKind
from drivers.model import (
    Bani,
    CashMovement,
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
CASH_IN_BEFORE = 10_000
BEFORE = replace(counters(), paid_in=Bani(CASH_IN_BEFORE), paid_out=Bani(0))
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
    """One cell of the table, in the table's own words: how far each counter moved, what is open."""

    proof: Proof
    z: int
    receipts: int
    open_receipt: OpenReceipt | None
    reference: bool | None
    total: int | None
    same_device: bool
    slip_open: bool
    documents: int = 1
    paid_in: int | None = None  # None: could not be read
    paid_out: int | None = None
    unnamed: int | None = None
    work: Receipt | CashMovement | None = None

    def decision(self) -> Decision:
        return decide(self.proof, BEFORE, self.observation(), self.work)

    def observation(self) -> Observation:
        now = replace(
            BEFORE,
            z_number=BEFORE.z_number + self.z,
            receipt_count=BEFORE.receipt_count + self.receipts,
            document_number=BEFORE.document_number + self.documents,
            fiscal_serial=BEFORE.fiscal_serial if self.same_device else "SIM2",
            paid_in=None if self.paid_in is None else Bani(CASH_IN_BEFORE + self.paid_in),
            paid_out=None if self.paid_out is None else Bani(self.paid_out),
        )
        total = None if self.total is None else Bani(self.total)
        return Observation(
            now,
            self.open_receipt,
            total,
            self.reference,
            slip_open=self.slip_open,
            unnamed_documents=self.unnamed,
        )

    @property
    def provably_ours(self) -> bool:
        found = self.open_receipt
        return found is not None and (found.document_number, found.total) == (OURS, TOTAL)


def cells(proof: Proof, **more: Iterable[object]) -> list[Seen]:
    """Every combination of what the common words of the table can be, and of these."""
    common: dict[str, Iterable[object]] = {
        "z": DELTAS,
        "receipts": DELTAS,
        "open_receipt": OPEN.values(),
        "reference": (True, False, None),
        "total": (TOTAL, 999, None),
        "same_device": (True, False),
        "slip_open": (True, False),
    }
    words = common | more
    return [
        Seen(proof, **dict(zip(words, cell, strict=True)))
        for cell in itertools.product(*words.values())
    ]


FEW: dict[str, Iterable[object]] = {  # of what must not decide, enough to see it if it did
    "receipts": (0, 1),
    "open_receipt": (None, OPEN["foreign number, unpaid"], OPEN["ours, first payment"]),
    "total": (TOTAL, None),
}
ASKED = CashMovement(paid_in=Bani(500)), CashMovement(paid_out=Bani(500))
EVERYTHING = [
    *cells(Proof.RECEIPT, work=(receipt(),)),
    *cells(Proof.Z_NUMBER),
    *cells(Proof.NONE),
    *cells(
        Proof.CASH, **FEW, paid_in=(None, 0, 499, 500), paid_out=(None, 0, 499, 500), work=ASKED
    ),
    *cells(Proof.SLIP, **FEW, documents=(0, 1, 2)),
    *cells(Proof.DUPLICATE, **FEW, documents=(0, 1, 2), unnamed=(None, 0, 1, 2)),
]

Rule = tuple[Callable[[Seen], bool], Verdict]
FIRST: list[Rule] = [
    (lambda seen: not seen.same_device, Verdict.UNDECIDABLE),
    # Before all others, unlike the house's rows: left open it would stop the shop.
    (lambda seen: seen.slip_open, Verdict.CLOSE_SLIP),
]
LAST: list[Rule] = [(lambda _: True, Verdict.UNDECIDABLE)]
SAME_DAY: list[Rule] = [(lambda seen: seen.z != 0, Verdict.UNDECIDABLE)]
RULES: dict[Proof, list[Rule]] = {
    Proof.NONE: [(lambda _: True, Verdict.NOT_ISSUED)],
    Proof.Z_NUMBER: [
        (lambda seen: seen.z == 0, Verdict.NOT_ISSUED),
        (lambda seen: seen.z == 1, Verdict.ISSUED),
    ],
    Proof.RECEIPT: [
        # The same: an open receipt that is worth nothing.
        (lambda seen: bool(seen.open_receipt) and seen.open_receipt.paid == 0, Verdict.CANCEL),
        *SAME_DAY,
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
        # Nor this: the JE could be read, and our reference is not in it: somebody else's receipt.
        (lambda seen: seen.reference is False, Verdict.UNDECIDABLE),
        (lambda seen: seen.receipts == 1 and seen.total in (TOTAL, None), Verdict.ISSUED),
    ],
    Proof.CASH: [  # the house: the cash registers; they begin anew with each Z
        *SAME_DAY,
        (lambda seen: None in (seen.paid_in, seen.paid_out), Verdict.UNDECIDABLE),
        (lambda seen: seen.paid_in == seen.paid_out == 0, Verdict.NOT_ISSUED),
        (lambda seen: (seen.paid_in, seen.paid_out) == moved(seen.work), Verdict.ISSUED),
    ],
    Proof.SLIP: [
        *SAME_DAY,
        (lambda seen: bool(seen.reference), Verdict.ISSUED),
        (lambda seen: seen.documents == 0, Verdict.NOT_ISSUED),
        (lambda seen: seen.reference is False, Verdict.NOT_ISSUED),
    ],
    Proof.DUPLICATE: [
        *SAME_DAY,
        (lambda seen: seen.documents == 0, Verdict.NOT_ISSUED),
        (lambda seen: seen.unnamed == 0, Verdict.NOT_ISSUED),
        (lambda seen: seen.unnamed == 1, Verdict.ISSUED),
    ],
}


def moved(work: object) -> tuple[int, int]:
    assert isinstance(work, CashMovement)
    return work.paid_in, work.paid_out


def verdict_of(seen: Seen) -> Verdict:
    return seen.decision().verdict


def some(**wanted: object) -> list[Seen]:
    return [
        seen for seen in EVERYTHING if all(getattr(seen, name) == v for name, v in wanted.items())
    ]


def test_every_combination_is_decided_as_the_house_s_table_says() -> None:
    whole, few = 4 * 4 * 14 * 3 * 3 * 2 * 2, 4 * 2 * 3 * 3 * 2 * 2 * 2
    assert len(EVERYTHING) == 3 * whole + few * (4 * 4 * 2 + 3 + 3 * 4)
    for seen in EVERYTHING:
        rules = [*FIRST, *RULES[seen.proof], *LAST]
        expected = next(verdict for fits, verdict in rules if fits(seen))
        assert verdict_of(seen) is expected, seen


def test_every_verdict_occurs_and_says_why() -> None:
    found = [seen.decision() for seen in EVERYTHING]
    assert {decision.verdict for decision in found} == {*Verdict}
    assert all(len(decision.why) > 10 for decision in found)


def test_a_receipt_is_never_absent_once_the_receipt_counter_moved() -> None:
    for seen in some(proof=Proof.RECEIPT):
        if seen.receipts != 0:
            assert verdict_of(seen) is not Verdict.NOT_ISSUED, seen


def test_a_receipt_is_only_completed_after_one_of_our_own_payments() -> None:
    completed = 0
    for seen in EVERYTHING:
        decision = seen.decision()
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
    for proof in (Proof.RECEIPT, Proof.CASH, Proof.SLIP, Proof.DUPLICATE):
        for seen in some(proof=proof, slip_open=False):
            if seen.z != 0 and verdict_of(seen) is not Verdict.CANCEL:
                assert verdict_of(seen) is Verdict.UNDECIDABLE, seen


def test_a_z_report_is_proved_by_its_number_alone() -> None:
    for seen in some(proof=Proof.Z_NUMBER, same_device=True, slip_open=False):
        expected = {0: Verdict.NOT_ISSUED, 1: Verdict.ISSUED}.get(seen.z, Verdict.UNDECIDABLE)
        assert verdict_of(seen) is expected, seen


def test_the_reference_is_the_evidence_where_it_was_found_and_the_counter_where_not() -> None:
    for seen in some(proof=Proof.RECEIPT):
        decision = seen.decision()
        if decision.verdict is Verdict.ISSUED:
            expected = Evidence.REFERENCE if seen.reference else Evidence.COUNTER
            assert decision.evidence is expected, seen


def test_what_the_je_does_not_show_is_not_ours_even_with_our_total() -> None:
    for seen in some(proof=Proof.RECEIPT, reference=False):
        assert verdict_of(seen) is not Verdict.ISSUED, seen


def test_an_open_slip_is_closed_whatever_was_asked_and_only_on_the_same_device() -> None:
    for seen in some(slip_open=True):
        expected = Verdict.CLOSE_SLIP if seen.same_device else Verdict.UNDECIDABLE
        assert verdict_of(seen) is expected, seen


def test_a_slip_is_only_proved_by_its_reference() -> None:
    for seen in some(proof=Proof.SLIP):
        decision = seen.decision()
        if decision.verdict is Verdict.ISSUED:
            assert (seen.reference, decision.evidence) == (True, Evidence.REFERENCE), seen


def test_money_that_moved_is_never_absent() -> None:
    for seen in some(proof=Proof.CASH):
        if seen.paid_in or seen.paid_out:
            assert verdict_of(seen) is not Verdict.NOT_ISSUED, seen


def test_what_went_in_does_not_prove_what_should_come_out() -> None:
    for seen in some(proof=Proof.CASH, paid_in=500, paid_out=0, work=ASKED[1]):
        assert verdict_of(seen) is not Verdict.ISSUED, seen


def test_cash_whose_sums_were_not_read_before_is_not_decided() -> None:
    seen = some(proof=Proof.CASH, same_device=True, slip_open=False, z=0, paid_in=0, paid_out=0)[0]
    before = replace(BEFORE, paid_in=None, paid_out=None)
    decision = decide(Proof.CASH, before, seen.observation(), ASKED[0])
    assert decision.verdict is Verdict.UNDECIDABLE


def test_what_only_counts_looks_for_nothing_but_its_own_kind_in_the_je() -> None:
    looked_for = {proof: proof.document for proof in Proof}
    assert looked_for[Proof.SLIP] is DocumentKind.SLIP
    assert looked_for[Proof.DUPLICATE] is DocumentKind.COPY
    assert looked_for[Proof.RECEIPT] is DocumentKind.RECEIPT


def test_a_receipt_whose_payments_the_device_does_not_tell_is_neither_paid_nor_cancelled() -> None:
    seen = Observation(BEFORE, OpenReceipt(OURS, TOTAL, None))
    assert decide(Proof.RECEIPT, BEFORE, seen, receipt()).verdict is Verdict.UNDECIDABLE


@pytest.mark.parametrize("proof", [Proof.SLIP, Proof.DUPLICATE])
def test_a_number_that_no_slip_moves_does_not_prove_that_none_came(proof: Proof) -> None:
    seen = Observation(BEFORE, counts_slips=False)
    assert decide(proof, BEFORE, seen, None).verdict is Verdict.UNDECIDABLE
    assert decide(proof, BEFORE, replace(seen, counts_slips=True), None).verdict is (
        Verdict.NOT_ISSUED
    )


@pytest.mark.parametrize(("documents", "verdict"), [(1, Verdict.ISSUED), (2, Verdict.UNDECIDABLE)])
def test_a_counter_proves_a_receipt_only_where_nothing_else_came(
    documents: int, verdict: Verdict
) -> None:
    """Ours may have been cancelled, and a cashier have typed the same sum."""
    before = counters()
    now = counters(before.z_number, before.receipt_count + 1, before.document_number + documents)
    seen = Observation(now, None, Bani(TOTAL))
    assert decide(Proof.RECEIPT, before, seen, receipt()).verdict is verdict
    found = replace(seen, reference_found=True)
    assert decide(Proof.RECEIPT, before, found, receipt()).verdict is Verdict.ISSUED


def test_what_we_sent_no_payment_for_is_ours_by_its_reference_alone() -> None:
    changed = 0
    for seen in (one for one in EVERYTHING if one.proof is Proof.RECEIPT):
        made = seen.decision()
        known = decide(seen.proof, BEFORE, seen.observation(), seen.work, unpaid=True)
        counted = made.verdict is Verdict.ISSUED and made.evidence is Evidence.COUNTER
        theirs = counted or made.verdict is Verdict.COMPLETE
        assert known.verdict is (Verdict.UNDECIDABLE if theirs else made.verdict), seen
        changed += theirs
    assert changed > 0
