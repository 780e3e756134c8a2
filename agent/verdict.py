"""What happened? Decided from what was counted before and what is seen now. Pure.

The table of all cases is made from this code: docs/verdict-table.md. The rule behind it: issue
again only with proof that nothing was issued; take money only on a receipt that is proved to be
ours; otherwise ask a person. An open receipt without payment is cancelled first, whatever else
happened: it is worth nothing, and left open it would stop the shop.
"""

from dataclasses import dataclass
from enum import Enum, auto

from agent.entries import Evidence
from drivers.model import Counters, Observation, OpenReceipt, Receipt


class Proof(Enum):
    """Which counter proves a kind of command."""

    RECEIPT = auto()  # the receipt counter, the total, our reference in the JE
    Z_NUMBER = auto()  # the number of the last Z report
    NONE = auto()  # it changes nothing that counts: safe to do again


class Verdict(Enum):
    ISSUED = auto()
    NOT_ISSUED = auto()
    CANCEL = auto()  # an open receipt without payment: cancel it, then ask again
    COMPLETE = auto()  # our own receipt, partly or fully paid: go on with it
    UNDECIDABLE = auto()


@dataclass(frozen=True, slots=True)
class Decision:
    verdict: Verdict
    why: str
    evidence: Evidence = Evidence.COUNTER
    payments_done: int = 0


def decide(
    proof: Proof, baseline: Counters, seen: Observation, receipt: Receipt | None
) -> Decision:
    """Say what happened since the baseline.

    Args:
        proof: which counter proves this kind of command.
        baseline: the counters before the first byte.
        seen: what the device shows now.
        receipt: what was asked, for receipts.
    """
    now = seen.counters
    if now.fiscal_serial != baseline.fiscal_serial:
        return _undecidable(f"another device answers: {now.fiscal_serial}")
    if proof is Proof.NONE:
        return Decision(Verdict.NOT_ISSUED, "it changes nothing: safe to do again")
    if proof is Proof.Z_NUMBER:
        return _decide_z(now.z_number - baseline.z_number)
    assert receipt is not None, "a receipt is proved against the receipt that was asked"
    if seen.open_receipt is not None:
        return _decide_open(baseline, now, seen.open_receipt, receipt)
    if now.z_number != baseline.z_number:
        return _undecidable(f"a Z report was made since: {baseline.z_number} is {now.z_number}")
    return _decide_closed(now.receipt_count - baseline.receipt_count, seen, receipt)


def _decide_z(grown: int) -> Decision:
    if grown == 0:
        return Decision(Verdict.NOT_ISSUED, "the Z number is as before")
    if grown == 1:
        return Decision(Verdict.ISSUED, "the Z number went up by one")
    return _undecidable(f"the Z number moved by {grown}")


def _decide_open(
    baseline: Counters, now: Counters, open_: OpenReceipt, receipt: Receipt
) -> Decision:
    if open_.paid == 0:
        return Decision(Verdict.CANCEL, "a receipt is open and nothing is paid")
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


def _decide_closed(grown: int, seen: Observation, receipt: Receipt) -> Decision:
    if grown == 0:
        if seen.reference_found:
            return _undecidable("our reference stands in the JE, but no receipt was counted")
        return Decision(Verdict.NOT_ISSUED, "no receipt was closed since")
    if seen.reference_found:
        return Decision(Verdict.ISSUED, "our reference stands in the JE", Evidence.REFERENCE)
    if grown != 1:
        return _undecidable(f"{grown} receipts were closed since")
    if seen.reference_found is False or seen.last_total not in (None, receipt.total):
        return _undecidable("one receipt was closed since, but it does not look like ours")
    return Decision(Verdict.ISSUED, "one receipt was closed since, with our total")


def _undecidable(why: str) -> Decision:
    return Decision(Verdict.UNDECIDABLE, why)
