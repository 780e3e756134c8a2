"""Shtrih-M on a bad day: nothing comes out twice, and what came out is known."""

from collections import Counter
from contextlib import suppress

import pytest

from agent.verdict import Proof, Verdict, decide
from drivers.errors import ContactLost, Refused
from drivers.faults import Fault
from drivers.je import DocumentKind
from drivers.model import Slip
from sandbox.printer.station import Answer
from sandbox.printer_shtrih.station import Station
from tests.drivers.bench import BENCHES, Bench
from tests.drivers.cables import Cable, Cut
from tests.drivers.receipts import CHEESE, REFERENCE, TWO_LINES
from tests.drivers.shtrih_device import both_wires, opened, receipt_of


def test_every_byte_of_the_handshake_may_be_lost_and_one_receipt_comes_out_at_most() -> None:
    """The signs too, which other tests let pass: 05, 06 and 15 are counted and cut here."""
    ways = Counter()
    for how in Cut:
        at, over = 0, False
        while not over and at < 200:
            with BENCHES["shtrih"]() as bench:
                bench.signs = frozenset()
                cable = Cable(bench)
                printer = bench.opened(cable)
                baseline = printer.counters()
                cable.cut(at, how)
                with suppress(ContactLost, Refused):
                    printer.issue_receipt(TWO_LINES)
                over = len(cable.writes) <= at
                papers = bench.papers("receipt")
                assert [paper.total for paper in papers] in ([], [TWO_LINES.total])
                seen = bench.opened().observe(since=baseline, reference=REFERENCE)
                verdict = decide(Proof.RECEIPT, baseline, seen, TWO_LINES).verdict
                ways[verdict] += 1
                wanted = {Verdict.ISSUED} if papers else {Verdict.NOT_ISSUED, Verdict.CANCEL}
                assert verdict in wanted, f"{how} at {at}"
            at += 1
    assert min(ways[one] for one in (Verdict.ISSUED, Verdict.NOT_ISSUED, Verdict.CANCEL)) > 5


@both_wires
@pytest.mark.parametrize(
    "spoiled", ["drop-reply@133", "bad-bcc@133", "truncate=3@133", "garbage=5@133", "echo@133"]
)
def test_a_lost_or_spoiled_answer_to_the_close_never_makes_a_second_receipt(
    family: str, spoiled: str
) -> None:
    with BENCHES[family]() as bench:
        printer = opened(bench, spoiled)
        baseline = printer.counters()
        with suppress(ContactLost):
            printer.issue_receipt(TWO_LINES)
        assert len(bench.papers("receipt")) == 1
        seen = bench.opened().observe(since=baseline, reference=REFERENCE)
        assert decide(Proof.RECEIPT, baseline, seen, TWO_LINES).verdict is Verdict.ISSUED


def test_a_lost_answer_is_fetched_and_the_receipt_goes_on() -> None:
    with BENCHES["shtrih"]() as bench:
        printer = opened(bench, "drop-reply@128", "bad-bcc@133", "nak=2@128#2", "wrong-command@137")
        assert printer.issue_receipt(TWO_LINES).total == TWO_LINES.total
        assert [len(paper.lines) for paper in bench.papers()] == [2]


def test_a_device_that_restarts_after_the_close_is_asked_and_not_told_again() -> None:
    with BENCHES["shtrih"]() as bench:
        cable = Cable(bench)
        printer = opened(bench, cable=cable)
        printer.counters()
        cable.cut(None)
        at = writes_until(bench, 0x85)
        cable.cut(at, Cut.RESTART)
        with pytest.raises(ContactLost):
            printer.issue_receipt(TWO_LINES)
        assert len(bench.papers("receipt")) == 1


def writes_until(bench: Bench, code: int) -> int:
    """How many frames go before that code, on another printer of the kind."""
    with BENCHES[bench.family]() as other:
        cable = Cable(other)
        printer = other.opened(cable)
        printer.counters()
        cable.cut(None)
        printer.issue_receipt(TWO_LINES)
        return next(n for n, frame in enumerate(cable.writes) if frame[2] == code)


def test_paper_that_ran_out_while_printing_is_gone_on_with_b0() -> None:
    with BENCHES["shtrih"]() as bench:
        printer = opened(bench, "paper-out=syn@128")
        with pytest.raises(Refused) as refused:
            printer.issue_receipt(TWO_LINES)
        assert refused.value.fault is Fault.PAPER_OUT
        assert printer.status().blocking == (Fault.PAPER_OUT, Fault.RECEIPT_OPEN)
        bench._device.cured()
        assert printer.status().blocking == (Fault.RECEIPT_OPEN,)
        printer.cancel_receipt()
        assert printer.issue_receipt(TWO_LINES).total == TWO_LINES.total
        assert [paper.kind for paper in bench.papers()] == ["cancelled", "receipt"]


def test_a_device_that_still_prints_is_waited_for_and_given_the_request_again() -> None:
    with BENCHES["shtrih"]() as bench:
        bench.station = Refusing(bench._device)
        printer = bench.opened()
        assert printer.issue_receipt(TWO_LINES).total == TWO_LINES.total
        assert [len(paper.lines) for paper in bench.papers()] == [2]
        assert bench.station.refused == 2


def test_a_turned_bit_that_passes_the_check_is_not_taken_for_a_refusal() -> None:
    """1F with password 30 and length 9: as length 1, its check byte is the password's first."""
    with BENCHES["shtrih"]() as bench:
        cable = Turning(bench)
        printer = bench.opened(cable)
        cable.turns = 1
        assert printer.vat_rates() == bench.opened().vat_rates()
        assert cable.turns == 0


class Turning(Cable):
    """Turns a bit of the length in a 1F."""

    turns = 0

    def _spoil(self, data: bytes) -> bytes:
        if self.turns and data[:3] == b"\x02\x09\x1f":
            self.turns -= 1
            return bytes([data[0], data[1] ^ 8, *data[2:]])
        return data


def test_what_waited_to_be_gone_on_with_may_be_gone_meanwhile() -> None:
    """58, and when B0 comes somebody has printed: 73. The request goes again."""
    with BENCHES["shtrih"]() as bench:
        bench.station = Overtaken(bench._device)
        assert bench.opened().issue_receipt(TWO_LINES).total == TWO_LINES.total
        assert bench.station.asked == [0x8D, 0xB0, 0x8D]


class Overtaken(Station):
    """The first 8D finds it waiting for B0 (58), and then B0 finds nothing to go on with (73)."""

    def __init__(self, device):
        super().__init__(device)
        self.asked = []

    def exchange(self, call):
        told = {0: (0x8D, 0x58), 1: (0xB0, 0x73)}.get(len(self.asked))
        if call.code in (0x8D, 0xB0):
            self.asked.append(call.code)
        if told and told[0] == call.code:
            return answered(self, bytes(told))
        return super().exchange(call)


class Refusing(Station):
    """The first 80 and the first 85 find it printing (50); it has done when it was asked twice."""

    refused = 0
    _busy = 0

    def exchange(self, call):
        if self._busy and call.code == 0x10:
            self._busy -= 1
            return answered(self, b"\x10\x00\x1e\x92\x02\x08\x05" + bytes(9))
        if call.code == (0x80, 0x85, None)[self.refused]:
            self.refused += 1
            self._busy = 2
            return answered(self, bytes([call.code, 0x50]))
        return super().exchange(call)


def answered(station: Station, body: bytes) -> Answer:
    counted = bytes([len(body)]) + body
    total = 0
    for byte in counted:
        total ^= byte
    station._kept = b"\x02" + counted + bytes([total])
    return Answer(b"\x06" + station._kept)


def test_a_cashiers_receipt_after_our_cancelled_one_is_not_taken_for_ours() -> None:
    with BENCHES["shtrih"]() as bench:
        printer = opened(bench)
        baseline = printer.counters()
        cable = Cable(bench)
        other = bench.opened(cable)
        cable.cut(3)
        with pytest.raises(ContactLost):
            other.issue_receipt(TWO_LINES)
        printer.cancel_receipt()
        printer.issue_receipt(TWO_LINES)  # the same sum, typed by somebody
        seen = printer.observe(since=baseline, reference=REFERENCE)
        assert decide(Proof.RECEIPT, baseline, seen, TWO_LINES).verdict is Verdict.UNDECIDABLE


def test_a_receipt_of_another_total_is_not_taken_for_ours() -> None:
    with BENCHES["shtrih"]() as bench:
        printer = opened(bench)
        baseline = printer.counters()
        printer.issue_receipt(receipt_of(CHEESE, paid=10_00))
        seen = printer.observe(since=baseline, reference=REFERENCE)
        assert seen.last_total == CHEESE.total
        assert decide(Proof.RECEIPT, baseline, seen, TWO_LINES).verdict is Verdict.UNDECIDABLE


def test_a_slip_can_never_be_proved_and_waits_for_a_person() -> None:
    with BENCHES["shtrih"]() as bench:
        printer = opened(bench)
        baseline = printer.counters()
        printer.print_slip(Slip(("Curs valutar",), REFERENCE))
        for of, proof in ((DocumentKind.SLIP, Proof.SLIP), (DocumentKind.COPY, Proof.DUPLICATE)):
            seen = printer.observe(since=baseline, reference=REFERENCE, of=of)
            assert decide(proof, baseline, seen, None).verdict is Verdict.UNDECIDABLE
