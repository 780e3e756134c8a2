"""What happened? Decided from what was counted before and what is seen now. Pure.

The table of all cases is made from this code: docs/verdict-table.md. The rule behind it: issue
again only with proof that nothing was issued; take money only on a receipt that is proved to be
ours; otherwise ask a person. What stands open and is worth nothing (an unpaid receipt, a slip) is
closed first, whatever else happened: left open it would stop the shop.
"""

from dataclasses import dataclass
from enum import Enum, auto

from agent.entries import Evidence
from drivers.je import DocumentKind
from drivers.model import CashMovement, Counters, Observation, OpenReceipt, Receipt


class Proof(Enum):
    """Which counter proves a kind of command."""

    RECEIPT = auto()  # the receipt counter, the total, our reference in the JE
    Z_NUMBER = auto()  # the number of the last Z report
    CASH = auto()  # what was put in and taken out since the last Z
    SLIP = auto()  # our reference in the JE
    DUPLICATE = auto()  # a document of a kind that the JE does not name
    NONE = auto()  # it changes nothing that counts, or to do it again changes nothing

    @property
    def document(self) -> DocumentKind:
        """What is looked for in the JE."""
        of = {Proof.SLIP: DocumentKind.SLIP, Proof.DUPLICATE: DocumentKind.COPY}
        return of.get(self, DocumentKind.RECEIPT)


class Verdict(Enum):
    ISSUED = auto()
    NOT_ISSUED = auto()
    CANCEL = auto()  # an open receipt without payment: cancel it, then ask again
    CLOSE_SLIP = auto()  # an open non-fiscal document: close it, then ask again
    COMPLETE = auto()  # our own receipt, partly or fully paid: go on with it
    UNDECIDABLE = auto()


@dataclass(frozen=True, slots=True)
class Decision:
    verdict: Verdict
    why: str
    evidence: Evidence = Evidence.COUNTER
    payments_done: int = 0


def decide(
    proof: Proof, baseline: Counters, seen: Observation, work: object, *, unpaid: bool = False
) -> Decision:
    """Say what happened since the baseline.

    Args:
        proof: which counter proves this kind of command.
        baseline: the counters before the first byte.
        seen: what the device shows now.
        work: what was asked: a Receipt, a CashMovement; of the others only the kind counts.
        unpaid: no payment of ours was sent; only receipts have any.
    """
    decision = _decide(proof, baseline, seen, work)
    unpaid = unpaid and proof is Proof.RECEIPT
    if unpaid and decision.verdict is Verdict.COMPLETE:
        return _undecidable("our receipt is open with payments that are not ours")
    if unpaid and decision.verdict is Verdict.ISSUED and decision.evidence is Evidence.COUNTER:
        return _undecidable(
            "a receipt was closed since that looks like ours, but we sent no payment"
        )
    return decision


def _decide(proof: Proof, baseline: Counters, seen: Observation, work: object) -> Decision:
    now = seen.counters
    if now.fiscal_serial != baseline.fiscal_serial:
        return _undecidable(f"another device answers: {now.fiscal_serial}")
    if seen.slip_open:
        return Decision(Verdict.CLOSE_SLIP, "a non-fiscal document is open")
    if proof is Proof.NONE:
        return Decision(Verdict.NOT_ISSUED, "it changes nothing: safe to do again")
    if not seen.counts:
        return _decide_by_reference(seen)
    if proof is Proof.RECEIPT and seen.open_receipt is not None:
        assert isinstance(work, Receipt)
        return _decide_open(baseline, now, seen.open_receipt, work)
    return _decide_of_the_day(proof, baseline, seen, work)


def _decide_of_the_day(
    proof: Proof, baseline: Counters, seen: Observation, work: object
) -> Decision:
    """Nothing of ours is open. A Z report in between takes the day's counters away."""
    now = seen.counters
    if proof is Proof.Z_NUMBER:
        return _decide_z(now.z_number - baseline.z_number)
    printed = now.document_number - baseline.document_number if seen.counts_slips else None
    if now.z_number != baseline.z_number:
        return _undecidable(f"a Z report was made since: {baseline.z_number} is {now.z_number}")
    if proof is Proof.SLIP:
        return _decide_slip(printed, seen)
    if proof is Proof.DUPLICATE:
        return _decide_duplicate(printed, seen.unnamed_documents)
    if proof is Proof.CASH:
        assert isinstance(work, CashMovement)
        return _decide_cash(baseline, now, work)
    assert isinstance(work, Receipt)
    return _decide_closed(now.receipt_count - baseline.receipt_count, printed, seen, work)


def _decide_by_reference(seen: Observation) -> Decision:
    """It counts nothing: what is not known of our own document is not known at all."""
    if seen.reference_found:
        return Decision(Verdict.ISSUED, "the answer to our own file came", Evidence.REPLY)
    if seen.reference_found is False:
        return Decision(Verdict.NOT_ISSUED, "our own file was refused, or never taken")
    return _undecidable("nothing says what became of our file, and no counters can be asked")


def _decide_z(grown: int) -> Decision:
    if grown == 0:
        return Decision(Verdict.NOT_ISSUED, "the Z number is as before")
    if grown == 1:
        return Decision(Verdict.ISSUED, "the Z number went up by one")
    return _undecidable(f"the Z number moved by {grown}")


def _decide_cash(baseline: Counters, now: Counters, work: CashMovement) -> Decision:
    paid_in = _grown(baseline.paid_in, now.paid_in)
    paid_out = _grown(baseline.paid_out, now.paid_out)
    if None in (paid_in, paid_out):
        return _undecidable("the day's sums of cash could not be read")
    if (paid_in, paid_out) == (0, 0):
        return Decision(Verdict.NOT_ISSUED, "no cash went in or out since")
    if (paid_in, paid_out) == (work.paid_in, work.paid_out):
        return Decision(Verdict.ISSUED, "our sum went in or out since")
    return _undecidable("other sums went in or out since")


def _grown(before: int | None, after: int | None) -> int | None:
    return None if before is None or after is None else after - before


def _decide_slip(printed: int | None, seen: Observation) -> Decision:
    if seen.reference_found:
        return Decision(Verdict.ISSUED, "our reference stands in the JE", Evidence.REFERENCE)
    if printed == 0:
        return Decision(Verdict.NOT_ISSUED, "no document came since")
    if seen.reference_found is False:
        return Decision(Verdict.NOT_ISSUED, "no document since carries our reference")
    if printed is None:
        return _undecidable("the device does not count slips, and none was found in its JE")
    return _undecidable("documents came since, and the JE cannot be read")


def _decide_duplicate(printed: int | None, unnamed: int | None) -> Decision:
    if printed == 0 or unnamed == 0:
        return Decision(Verdict.NOT_ISSUED, "no document came since that can be a copy")
    if unnamed == 1:
        return Decision(Verdict.ISSUED, "one document came since that can only be a copy")
    return _undecidable("documents came since that cannot be told apart")


def _decide_open(
    baseline: Counters, now: Counters, open_: OpenReceipt, receipt: Receipt
) -> Decision:
    if open_.paid == 0:
        return Decision(Verdict.CANCEL, "a receipt is open and nothing is paid")
    if open_.paid is None:
        return _undecidable("a receipt is open, partly paid; the device does not say how much")
    if (now.receipt_count, now.z_number) != (baseline.receipt_count, baseline.z_number):
        return _undecidable("a receipt is open, and another was closed or a Z made since")
    if open_.document_number != baseline.document_number + 1 or open_.total != receipt.total:
        return _undecidable("a partly paid receipt is open that cannot be proved to be ours")
    paid = 0
    for done, payment in enumerate(receipt.payments, start=1):
        paid += payment.amount
        if open_.paid in (paid, min(paid, receipt.total)):
            why = f"our receipt is open, {done} of {len(receipt.payments)} payments made"
            return Decision(Verdict.COMPLETE, why, Evidence.REPLY, payments_done=done)
    return _undecidable("our receipt is open with payments that are not ours")


def _decide_closed(
    grown: int, printed: int | None, seen: Observation, receipt: Receipt
) -> Decision:
    if grown == 0:
        if seen.reference_found:
            return _undecidable("our reference stands in the JE, but no receipt was counted")
        return Decision(Verdict.NOT_ISSUED, "no receipt was closed since")
    if seen.reference_found:
        return Decision(Verdict.ISSUED, "our reference stands in the JE", Evidence.REFERENCE)
    if doubt := _need_not_be_ours(grown, printed, seen, receipt):
        return _undecidable(doubt)
    return Decision(Verdict.ISSUED, f"{_one_closed(seen)}, and it alone came")


def _need_not_be_ours(grown: int, printed: int | None, seen: Observation, receipt: Receipt) -> str:
    """Say why the receipts that were closed since need not be ours, without the JE."""
    if grown != 1:
        return f"{grown} receipts were closed since"
    if seen.reference_found is False or seen.last_total not in (None, receipt.total):
        return "one receipt was closed since, but it does not look like ours"
    # Ours may have been cancelled, and this one typed by a cashier.
    if printed is None:
        return f"{_one_closed(seen)}; the device does not count what else came"
    return f"{_one_closed(seen)}, but not it alone came" if printed != 1 else ""


def _one_closed(seen: Observation) -> str:
    """What is known of the total is that it is not another."""
    total = "with our total" if seen.last_total is not None else "its total is not told"
    return f"one receipt was closed since, {total}"


def _undecidable(why: str) -> Decision:
    return Decision(Verdict.UNDECIDABLE, why)
