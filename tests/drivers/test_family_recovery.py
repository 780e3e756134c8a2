"""What becomes of a receipt whose end was not heard: every family, its own counters, our verdict.

A receipt is interrupted at every frame in every way; then a new session looks, the verdict is made,
and what it says is done, as the worker does it, until nothing is left to do. Exactly one receipt
comes out; or a person is asked, and what came out till then is at most one.
"""

from collections import Counter
from functools import partial

import pytest

from agent.verdict import Proof, Verdict, decide
from drivers.base import FiscalPrinter
from drivers.errors import ContactLost, Refused
from drivers.model import Counters, Receipt
from tests.drivers.bench import BENCHES, FAMILIES, Bench, writes_of
from tests.drivers.cables import Cable, Cut
from tests.drivers.receipts import REFERENCE, THREE_PAYMENTS, TWO_LINES

ROUNDS_MAX = 6


def settled(bench: Bench, receipt: Receipt, baseline: Counters, *, unpaid: bool) -> Verdict:
    """Do what the verdict says until it is the last one."""
    for _ in range(ROUNDS_MAX):
        printer = bench.opened()
        seen = printer.observe(since=baseline, reference=REFERENCE)
        decision = decide(Proof.RECEIPT, baseline, seen, receipt, unpaid=unpaid)
        if decision.verdict is Verdict.NOT_ISSUED:
            result = printer.issue_receipt(receipt)
        elif decision.verdict is Verdict.COMPLETE:
            result = printer.complete_receipt(receipt, payments_done=decision.payments_done)
        elif decision.verdict is Verdict.CANCEL:
            printer.cancel_receipt()
            continue
        else:
            return decision.verdict
        assert result.total == receipt.total
        return decision.verdict
    raise AssertionError("it never ends")


def begin(printer: FiscalPrinter, receipt: Receipt) -> bool:
    try:
        printer.issue_receipt(receipt)
    except (ContactLost, Refused):
        return False
    return True


def paid(bench: Bench) -> int:
    """What is paid of the open receipt, whether the device tells it or not."""
    at_stake = bench.at_stake()
    return at_stake[1] if at_stake else 0


def told(moments: list[int], bench: Bench) -> None:
    """Note that payment begins: nothing is paid yet."""
    moments.append(paid(bench))
    assert moments == [0]


@pytest.mark.parametrize("how", Cut, ids=lambda how: how.name)
@pytest.mark.parametrize("receipt", [TWO_LINES, THREE_PAYMENTS], ids=["two", "three"])
@pytest.mark.parametrize("family", FAMILIES)
def test_an_interrupted_receipt_comes_out_exactly_once_or_a_person_is_asked(
    family: str, receipt: Receipt, how: Cut
) -> None:
    verdicts: Counter[Verdict] = Counter()
    for at in range(writes_of(family, "issue_receipt", receipt)):
        with BENCHES[family]() as bench:
            cable = Cable(bench)
            printer = bench.opened(cable)
            baseline = printer.counters()
            at_stake: list[int] = []
            printer.paying = partial(told, at_stake, bench)
            cable.cut(at, how)
            if begin(printer, receipt):
                assert len(bench.papers("receipt")) == 1
                continue
            assert at_stake or not (bench.papers("receipt") or paid(bench)), f"{how} at {at}"
            verdict = settled(bench, receipt, baseline, unpaid=not at_stake)
            verdicts[verdict] += 1
            papers = bench.papers("receipt")
            if verdict is Verdict.UNDECIDABLE:
                open_ = bench.open_receipt()
                assert open_ is not None and open_.paid is None, f"{how} at {at}"  # noqa: PT018
                assert papers == []
            else:
                assert [paper.total for paper in papers] == [receipt.total], f"{how} at {at}"
                assert bench.open_receipt() is None
    assert verdicts[Verdict.UNDECIDABLE] == 0 or not BENCHES[family].tells_paid


@pytest.mark.parametrize("how", Cut, ids=lambda how: how.name)
@pytest.mark.parametrize("family", FAMILIES)
def test_an_interrupted_z_report_is_made_exactly_once(family: str, how: Cut) -> None:
    for at in range(writes_of(family, "z_report")):
        with BENCHES[family]() as bench:
            cable = Cable(bench)
            printer = bench.opened(cable)
            printer.issue_receipt(TWO_LINES)
            baseline = printer.counters()
            cable.cut(at, how)
            try:
                printer.z_report()
            except ContactLost:
                again = bench.opened()
                seen = again.observe(since=baseline, reference="")
                if decide(Proof.Z_NUMBER, baseline, seen, None).verdict is Verdict.NOT_ISSUED:
                    again.z_report()
            assert len(bench.papers("z")) == 1, f"{how} at {at}"
