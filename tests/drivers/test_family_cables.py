"""What every printer family does over bad cables: it knows what it does not know.

Contact is lost at every frame of a receipt and of a Z report, in every way a cable can be cut;
then the same receipt goes over cables that lose and add bytes. Whatever happens, at most one
fiscal document comes out, and a new session reads the truth.
"""

from collections.abc import Iterator
from contextlib import nullcontext, suppress

import pytest

from drivers.errors import ContactLost, NotStarted, Refused
from drivers.faults import Fault
from drivers.model import Observation, Slip
from tests.drivers.bench import BENCHES, FAMILIES, Bench, interrupt, leave_open, perform, writes_of
from tests.drivers.cables import CABLES, ByteByByte, Cable, Cut
from tests.drivers.receipts import REFERENCE, THREE_PAYMENTS, TWO_LINES

SEEDS = range(20)

every_family = pytest.mark.parametrize("family", FAMILIES)
every_cut = pytest.mark.parametrize("how", Cut, ids=lambda how: how.name)


def look(bench: Bench) -> Observation:
    """Ask in a new session what happened since the device was new."""
    return bench.opened().observe(since=bench.baseline, reference=REFERENCE)


def found(bench: Bench, *, there: bool) -> bool | None:
    """What a look into its JE finds: nothing is known, if it has none that can be read."""
    return there if bench.reads_je else None


def at_every_write(family: str, action: str, how: Cut) -> Iterator[tuple[Bench, str]]:
    """Do it once for each of its frames, losing contact there; give the printer and the place."""
    for at in range(writes_of(family, action, THREE_PAYMENTS)):
        with BENCHES[family]() as bench:
            cable = Cable(bench)
            printer = bench.opened(cable)
            cable.cut(at, how)
            outcome = "done"
            try:
                perform(printer, action, THREE_PAYMENTS)
            except (ContactLost, Refused) as error:
                outcome = type(error).__name__
            assert how in (Cut.ONE_ANSWER, Cut.RESTART) or outcome == "ContactLost", f"at {at}"
            yield bench, f"cut at write {at}: {outcome}"


# --- contact lost at every frame


@every_cut
@every_family
def test_a_receipt_interrupted_anywhere_comes_out_once_at_most_and_is_seen_as_it_is(
    family: str, how: Cut
) -> None:
    for bench, place in at_every_write(family, "issue_receipt", how):
        printed, open_ = bench.papers("receipt"), bench.open_receipt()
        assert len(printed) <= 1, place
        assert all(paper.total == THREE_PAYMENTS.total for paper in printed), place
        assert not (printed and open_), place
        assert printed or "done" not in place, place
        seen = look(bench)
        assert seen.open_receipt == open_, place
        assert seen.counters.receipt_count == len(printed), place
        if open_ is None:
            assert seen.reference_found is found(bench, there=bool(printed)), place
        if printed:
            assert seen.last_total == (THREE_PAYMENTS.total if bench.tells_last_total else None)


@every_family
def test_a_line_that_a_restarted_printer_sold_twice_is_never_paid(family: str) -> None:
    sold_twice = 0
    for at in range(writes_of(family, "issue_receipt", THREE_PAYMENTS)):
        with BENCHES[family]() as bench:
            cable = Cable(bench)
            printer = bench.opened(cable)
            cable.cut(at, Cut.RESTART)
            with suppress(ContactLost, Refused):
                printer.issue_receipt(THREE_PAYMENTS)
            open_ = bench.open_receipt()
            if open_ and open_.total > THREE_PAYMENTS.total:
                sold_twice += 1
                assert open_.paid == 0
                assert printer.status().receipt_open
    assert sold_twice == (len(THREE_PAYMENTS.lines) if BENCHES[family].repeats_lines else 0)


@every_cut
@every_family
def test_a_z_report_interrupted_anywhere_comes_out_once_at_most(family: str, how: Cut) -> None:
    for bench, place in at_every_write(family, "z_report", how):
        made = len(bench.papers("z"))
        assert made <= 1, place
        assert look(bench).counters.z_number == made, place
        assert len(bench.papers()) == made, place


@every_cut
@every_family
def test_a_cancelled_receipt_interrupted_anywhere_is_cancelled_once(family: str, how: Cut) -> None:
    with BENCHES[family]() as bench:
        leave_open(bench, TWO_LINES)
        cable = Cable(bench)
        printer = bench.opened(cable)
        cable.cut(0, how)
        fetched = how is Cut.ONE_ANSWER and bench.fetches_answers
        with nullcontext() if fetched else pytest.raises(ContactLost):
            printer.cancel_receipt()
        arrived = how not in (Cut.BEFORE, Cut.PULLED_BEFORE)
        assert [paper.kind for paper in bench.papers()] == ["cancelled"] * arrived
        assert (look(bench).open_receipt is None) is arrived


@every_cut
@every_family
def test_contact_lost_while_it_opens_raises_only_what_it_may(family: str, how: Cut) -> None:
    for at in range(5):
        with BENCHES[family]() as bench:
            cable = Cable(bench)
            cable.cut(at, how)
            printer = bench.printer(cable)
            with suppress(NotStarted, ContactLost):
                printer.open(last_sequence=None)
            printer.close()
            assert not cable.is_open
            assert bench.papers() == []


# --- what can be done about it


@every_family
def test_a_receipt_is_completed_from_every_payment(family: str) -> None:
    completed = set()
    for at in range(writes_of(family, "issue_receipt", THREE_PAYMENTS)):
        with BENCHES[family]() as bench:
            interrupt(bench, THREE_PAYMENTS, at)
            open_ = look(bench).open_receipt
            if open_ is None or open_.total != THREE_PAYMENTS.total or open_.paid is None:
                continue
            done = payments_done(open_.paid)
            result = bench.opened().complete_receipt(THREE_PAYMENTS, payments_done=done)
            (paper,) = bench.papers("receipt")
            assert (result.total, result.document_number) == (paper.total, paper.document)
            assert sum(amount for _, amount in paper.payments) == 13_00
            completed.add(done)
    if BENCHES[family].pays_at_once:
        assert completed == {0}
    else:
        assert completed == ({0, 1, 2, 3} if BENCHES[family].tells_paid else {0, 3})


def payments_done(paid: int) -> int:
    for done in range(len(THREE_PAYMENTS.payments) + 1):
        if sum(payment.amount for payment in THREE_PAYMENTS.payments[:done]) == paid:
            return done
    raise AssertionError(f"{paid} bani are no first payments of ours")


@every_family
def test_an_open_receipt_without_payments_is_cancelled_and_its_reference_counts_no_more(
    family: str,
) -> None:
    cancelled = 0
    for at in range(writes_of(family, "issue_receipt")):
        with BENCHES[family]() as bench:
            interrupt(bench, TWO_LINES, at)
            open_ = bench.open_receipt()
            if open_ is None or open_.paid != 0:
                continue
            bench.opened().cancel_receipt()
            cancelled += 1
            seen = look(bench)
            assert (seen.open_receipt, seen.reference_found) == (None, found(bench, there=False))
            assert seen.counters.receipt_count == 0
            assert [paper.kind for paper in bench.papers()] == ["cancelled"]
    assert cancelled > len(TWO_LINES.lines)


@every_family
def test_paper_that_runs_out_anywhere_refuses_and_comes_back_where_it_was(family: str) -> None:
    for at in range(writes_of(family, "issue_receipt", THREE_PAYMENTS)):
        with BENCHES[family]() as bench:
            cable = RunsOut(bench)
            printer = bench.opened(cable)
            cable.cut(at)
            refused = None
            try:
                printer.issue_receipt(THREE_PAYMENTS)
            except Refused as error:
                refused = error
            assert len(bench.papers("receipt")) == (refused is None)
            if refused:
                assert refused.fault is Fault.PAPER_OUT
                assert refused.device_code
            bench.hands()
            assert look(bench).open_receipt == bench.open_receipt()


class RunsOut(Cable):
    """A good cable; at its cut the roll ends."""

    def write(self, data: bytes) -> None:
        if self._cut and self._cut[0] == len(self.writes):
            self._far_end.hands(paper_out=True)
            self._cut = None
        super().write(data)


@every_family
def test_the_reference_of_another_receipt_is_not_found(family: str) -> None:
    with BENCHES[family]() as bench:
        printer = bench.opened()
        since = printer.counters()
        printer.issue_receipt(TWO_LINES)
        for other in ("7F3A91C3", REFERENCE[:-1], f"{REFERENCE}0"):
            seen = printer.observe(since=since, reference=other)
            assert seen.reference_found is found(bench, there=False)
        seen = printer.observe(since=since, reference=REFERENCE)
        assert seen.reference_found is found(bench, there=True)


@every_family
def test_a_reference_from_before_is_not_found(family: str) -> None:
    with BENCHES[family]() as bench:
        printer = bench.opened()
        printer.issue_receipt(TWO_LINES)
        since = printer.counters()
        seen = printer.observe(since=since, reference=REFERENCE)
        assert seen.reference_found is found(bench, there=False)


@every_family
def test_our_reference_on_a_slip_is_no_receipt(family: str) -> None:
    with BENCHES[family]() as bench:
        printer = bench.opened()
        since = printer.counters()
        printer.print_slip(Slip((f"REF:{REFERENCE}",)))
        assert printer.observe(since=since, reference=REFERENCE).reference_found is not True


# --- four cables


@pytest.mark.parametrize("cable", [Cable, ByteByByte], ids=["good", "byte by byte"])
@every_family
def test_a_receipt_is_the_same_on_a_good_cable_in_one_piece_or_in_bytes(
    family: str, cable: type[Cable]
) -> None:
    with BENCHES[family]() as bench:
        result = bench.opened(cable(bench)).issue_receipt(THREE_PAYMENTS)
        (paper,) = bench.papers()
        assert (paper.total, paper.document) == (result.total, result.document_number)
        with BENCHES[family]() as other:
            other.opened().issue_receipt(THREE_PAYMENTS)
            assert without_time(other) == without_time(bench)


def without_time(bench: Bench) -> list[tuple[object, ...]]:
    return [
        (paper.kind, paper.number, paper.lines, paper.payments, paper.total, paper.reference)
        for paper in bench.papers()
    ]


def over_bad_cable(family: str, name: str, seed: int) -> str:
    """Issue one receipt over a bad cable, and hold what came out against what was said."""
    with BENCHES[family]() as bench:
        cable = CABLES[name](bench, seed)
        printer = bench.printer(cable)
        outcome = "issued"
        try:
            printer.open(last_sequence=None)
            printer.issue_receipt(THREE_PAYMENTS)
        except (NotStarted, ContactLost) as error:
            outcome = type(error).__name__
        printed = without_time(bench)
        good = (
            [("receipt", 1, *printed[0][2:4], THREE_PAYMENTS.total, REFERENCE)] if printed else []
        )
        assert printed == good
        assert bench.clock.monotonic_s() < 120
        assert printed or outcome != "issued"
        seen = look(bench)
        assert seen.counters.receipt_count == len(printed)
        assert seen.open_receipt == bench.open_receipt()
        return outcome


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ["lossy", "noisy"])
@every_family
def test_over_a_bad_cable_a_receipt_comes_out_right_or_contact_is_lost(
    family: str, name: str, seed: int
) -> None:
    assert over_bad_cable(family, name, seed) in ("issued", "ContactLost", "NotStarted")


@pytest.mark.parametrize("name", ["lossy", "noisy"])
@every_family
def test_the_bad_cables_are_bad_enough_and_not_too_bad(family: str, name: str) -> None:
    outcomes = [over_bad_cable(family, name, seed) for seed in SEEDS]
    assert "issued" in outcomes
    if not BENCHES[family].fetches_answers:  # it bears them too well
        assert "ContactLost" in outcomes, outcomes
