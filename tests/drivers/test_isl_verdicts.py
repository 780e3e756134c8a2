"""Every legacy ISL family through the agent's own judgement: cut anywhere, it ends right.

Contact is lost at every frame of a receipt, a Z report and a movement of cash; then the verdict is
followed to its end, as the worker does. Nothing may come out twice, nothing that came out may be
called not issued, and no case may need a person.
"""

from collections.abc import Iterator

import pytest

from agent.verdict import Proof, Verdict, decide
from drivers.base import FiscalPrinter
from drivers.errors import ContactLost, Refused
from drivers.families.daisy import documents
from drivers.je import DocumentKind
from drivers.model import Bani, CashMovement, Counters, Payment, Receipt, Slip
from protocol.errors import ReplyError
from tests.drivers.bench import BENCHES, Bench
from tests.drivers.bench_isl import ISL_BENCHES
from tests.drivers.cables import Cable, Cut
from tests.drivers.receipts import BREAD, CASH, THREE_PAYMENTS

STEPS_MAX = 5
CASH_IN = CashMovement(paid_in=Bani(12_34))

every_cut = pytest.mark.parametrize("how", Cut, ids=lambda how: how.name)
every_isl_family = pytest.mark.parametrize("family", sorted(ISL_BENCHES))


def act(printer: FiscalPrinter, proof: Proof) -> None:
    """Do what the proof proves."""
    if proof is Proof.RECEIPT:
        printer.issue_receipt(THREE_PAYMENTS)
    elif proof is Proof.CASH:
        printer.move_cash(CASH_IN)
    else:
        printer.z_report()


def work_of(proof: Proof) -> object:
    return {Proof.RECEIPT: THREE_PAYMENTS, Proof.CASH: CASH_IN}.get(proof)


def writes(family: str, proof: Proof) -> int:
    with BENCHES[family]() as bench:
        cable = Cable(bench)
        printer = bench.opened(cable)
        printer.counters(with_cash=proof is Proof.CASH)
        cable.cut(None)
        act(printer, proof)
        return len(cable.writes)


def interrupted(family: str, proof: Proof, how: Cut) -> Iterator[tuple[Bench, Counters, bool, str]]:
    for at in range(writes(family, proof)):
        with BENCHES[family]() as bench:
            cable = Cable(bench)
            printer = bench.opened(cable)
            baseline = printer.counters(with_cash=proof is Proof.CASH)
            cable.cut(at, how)
            done = True
            try:
                act(printer, proof)
            except (ContactLost, Refused):
                done = False
            yield bench, baseline, done, f"cut at write {at}"


def resolved(bench: Bench, proof: Proof, baseline: Counters) -> Verdict:
    """Ask and follow the answer, in a new session each time, until it is settled."""
    work = work_of(proof)
    reference = THREE_PAYMENTS.reference if proof is Proof.RECEIPT else ""
    for _ in range(STEPS_MAX):
        printer = bench.opened()
        decision = decide(
            proof, baseline, printer.observe(since=baseline, reference=reference), work
        )
        if decision.verdict is Verdict.CANCEL:
            printer.cancel_receipt()
        elif decision.verdict is Verdict.COMPLETE:
            assert isinstance(work, Receipt)
            printer.complete_receipt(work, payments_done=decision.payments_done)
        else:
            return decision.verdict
    raise AssertionError("it is never settled")


@every_cut
@every_isl_family
def test_a_receipt_cut_anywhere_is_settled_without_a_person_and_as_it_is_on_paper(
    family: str, how: Cut
) -> None:
    for bench, baseline, done, place in interrupted(family, Proof.RECEIPT, how):
        verdict = resolved(bench, Proof.RECEIPT, baseline)
        printed = bench.papers("receipt")
        assert len(printed) <= 1, place
        assert bench.open_receipt() is None, place
        wanted = Verdict.ISSUED if printed else Verdict.NOT_ISSUED
        assert verdict is wanted, place
        assert printed or not done, place
        if printed:
            assert printed[0].total == THREE_PAYMENTS.total, place
            assert sum(amount for _, amount in printed[0].payments) == 13_00, place


@every_cut
@pytest.mark.parametrize(("proof", "kind"), [(Proof.Z_NUMBER, "z"), (Proof.CASH, "cash_in")])
@every_isl_family
def test_a_z_report_and_cash_cut_anywhere_are_settled_as_they_are_on_paper(
    family: str, proof: Proof, kind: str, how: Cut
) -> None:
    for bench, baseline, _, place in interrupted(family, proof, how):
        made = len(bench.papers(kind))
        assert made <= 1, place
        wanted = Verdict.ISSUED if made else Verdict.NOT_ISSUED
        assert resolved(bench, proof, baseline) is wanted, place


@pytest.mark.parametrize("other", ["x_report", "slip", "cash"])
@every_isl_family
def test_another_document_since_is_never_taken_for_our_receipt(family: str, other: str) -> None:
    with BENCHES[family]() as bench:
        printer = bench.opened()
        baseline = printer.counters()
        if other == "x_report":
            printer.x_report()
        elif other == "slip":
            printer.print_slip(Slip(("text",)))
        else:
            printer.move_cash(CASH_IN)
        assert resolved(bench, Proof.RECEIPT, baseline) is Verdict.NOT_ISSUED


@every_isl_family
def test_a_cashier_s_receipt_of_another_total_is_not_ours(family: str) -> None:
    with BENCHES[family]() as bench:
        baseline = bench.opened().counters()
        bench.opened().issue_receipt(Receipt((BREAD,), (Payment(CASH, Bani(10_00)),), "SOMEBODY"))
        assert resolved(bench, Proof.RECEIPT, baseline) is Verdict.UNDECIDABLE


def test_a_document_of_the_je_that_came_twice_or_not_at_all_proves_nothing() -> None:
    """Rows have no numbers of their own: from a doubled one the receipts would be miscounted."""
    first, second = (f"D\t000000{n}\t21.09.2026 14:13:39\t65\t0\t1\t1\t\t000000" for n in (1, 2))
    since = Counters("SIM", 0, 0, 0)
    assert len(list(documents([first, second], DocumentKind.RECEIPT, since))) == 2
    for rows in ([first, first], [second]):
        with pytest.raises(ReplyError):
            list(documents(rows, DocumentKind.RECEIPT, since))
