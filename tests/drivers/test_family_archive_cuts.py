"""The archives of the families beside Datecs X and Shtrih, when something breaks or goes first.

Whatever breaks a reading on the way, what is told is the same or nothing, and nothing is printed.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from types import ModuleType

import pytest

from drivers.archive import ZSpan
from drivers.archive_stream import Take, again, twice, whole
from drivers.base import FiscalPrinter
from drivers.capabilities import Told
from drivers.errors import ContactLost, Refused
from drivers.faults import Fault
from drivers.isl import daisy_archive, datecs_legacy_archive
from drivers.model import Bani, Line, Payment, PaymentKind, Receipt, Thousandths, VatRate
from drivers.tremol import archive as tremol_archive
from tests.drivers.archive_bench import (
    ALL,
    Counting,
    Hurried,
    Hurry,
    busy,
    day,
    documents,
    kept,
)
from tests.drivers.bench import BENCHES, Bench
from tests.drivers.cables import ByteByByte, Cable
from tests.drivers.receipts import TWO_LINES

SEEDS = 12


@pytest.fixture
def bench(family: str) -> Iterator[Bench]:
    with BENCHES[family]() as bench:
        yield bench


# --- what breaks


def readings(bench: Bench, printer: FiscalPrinter) -> list[Callable[[], object]]:
    """All that can be read of a day."""
    found: list[Callable[[], object]] = []
    if Told.FISCAL_MEMORY not in printer.capabilities.untold:
        found.append(lambda: [*printer.archive.fiscal_memory(ZSpan(1, 1), detailed=True)])
    if Told.JE not in printer.capabilities.untold:
        numbers = [1] if printer.archive.by_day else [1, 2]
        found.append(lambda: documents(printer, *numbers))
    return found


@pytest.mark.parametrize("family", ALL)
def test_whichever_answer_is_lost_the_same_is_told_and_nothing_is_printed(bench: Bench) -> None:
    papers_before = len(kept(busy_bench(bench)))
    cable = Cable(bench)
    printer = bench.opened(cable)
    for place, read in enumerate(readings(bench, printer)):
        cable.cut(None)
        told, frames, dropped = read(), len(cable.writes), []
        for lost in range(frames):
            broken = DroppingCable(bench)
            again = bench.opened(broken)
            broken.writes, broken.lost = [], lost
            assert readings(bench, again)[place]() == told, f"frame {lost} of {frames}"
            dropped.append(broken.dropped)
        assert dropped.count(False) <= len(dropped) // 4  # to the last sign of Daisy nothing comes
    assert len(kept(bench)) == papers_before


def busy_bench(bench: Bench) -> Bench:
    busy(bench, 1).close()
    return bench


class DroppingCable(Cable):
    """Lets the answer to one frame vanish."""

    lost: int | None = None
    dropped = False

    def read(self, timeout_s: float) -> bytes:
        data = super().read(timeout_s)
        if data and len(self.writes) - 1 == self.lost and not self.dropped:
            self.dropped = True
            return b""
        return data


@pytest.mark.parametrize("family", ["tremol", "tremol:bg"])
def test_a_stream_that_is_cut_behind_any_line_begins_again_and_is_told_once(bench: Bench) -> None:
    cable = ShortCable(busy_bench(bench))
    printer = bench.opened(cable)
    for read in readings(bench, printer):
        told = read()
        lines = cable.came.count(b"\n")
        for line in range(lines):
            cable.lines_left = line
            assert read() == told, f"line {line} of {lines}"
            assert cable.lines_left is None
        assert lines > 15


class ShortCable(Cable):
    """Brings so many lines of one long answer, and then no more of it."""

    lines_left: int | None = None
    came = b""

    def read(self, timeout_s: float) -> bytes:
        data = super().read(timeout_s)
        if len(data) > 300:
            self.came = data
        if self.lines_left is not None and len(data) > 300:
            lines = data.splitlines(keepends=True)
            data, self.lines_left = b"".join(lines[: self.lines_left]), None
        return data


@pytest.mark.parametrize("family", ALL)
def test_an_archive_that_comes_byte_by_byte_is_the_same(bench: Bench) -> None:
    busy_bench(bench)
    printer, slow = bench.opened(), bench.opened(ByteByByte(bench))
    told = [read() for read in readings(bench, printer)]
    assert [read() for read in readings(bench, slow)] == told


@pytest.mark.parametrize("family", ALL)
def test_on_a_bad_line_it_is_the_same_or_is_not_told(bench: Bench) -> None:
    busy_bench(bench)
    told = [read() for read in readings(bench, bench.opened())]
    outcomes: list[bool] = []
    damaged = 0
    for seed in range(SEEDS):
        bad = BadLine(bench, seed)
        printer = bench.opened(bad)
        bad.one_in = 3_000
        for expected, read in zip(told, readings(bench, printer), strict=True):
            try:
                assert read() == expected, f"seed {seed}"
            except (ContactLost, Refused):
                outcomes.append(False)
            else:
                outcomes.append(True)
        damaged += bad.damaged
    assert damaged
    assert any(outcomes)
    assert not [one for one in kept(bench) if one.kind == "nonfiscal"]


class BadLine(Cable):
    """Loses, changes or adds one in so many bytes."""

    one_in = 0
    damaged = 0

    def _spoil(self, data: bytes) -> bytes:
        spoiled = bytearray()
        for byte in data:
            what = self._random.randrange(3 * self.one_in) if self.one_in else 3
            self.damaged += what < 3
            spoiled += (b"", bytes([byte ^ 8]), bytes([byte, byte]), bytes([byte]))[min(what, 3)]
        return bytes(spoiled)


@pytest.mark.parametrize("family", ALL)
@pytest.mark.parametrize("line", [1, 2, 7])
def test_it_can_be_left_before_any_line_and_a_receipt_goes_first(bench: Bench, line: int) -> None:
    busy_bench(bench)
    printer = bench.opened()
    told = [read() for read in readings(bench, printer)]
    for place, read in enumerate(readings(bench, printer)):
        printer.archive.patience = Hurried(line)
        with pytest.raises(Hurry):
            read()
        assert printer.issue_receipt(TWO_LINES).total == TWO_LINES.total
        assert readings(bench, printer)[place]() == told[place]


@pytest.mark.parametrize("family", ["datecs_legacy", "datecs_legacy:printer", "daisy"])
def test_what_was_read_before_is_not_read_again(bench: Bench) -> None:
    printer = busy(bench, 2)
    counting = Counting()
    numbers = (1,) if printer.archive.by_day else (1, 2)
    told = documents(printer, *numbers)
    printer.archive.patience = counting
    assert documents(printer, *numbers) == told
    lines = counting.lines
    printer.archive.patience = Hurried(lines * 3 // 4)
    with pytest.raises(Hurry):
        documents(printer, *numbers)
    counting = Counting()
    printer.archive.patience = counting
    assert documents(printer, *numbers) == told
    assert counting.lines < lines // 2 + 5


@pytest.mark.parametrize("family", ["datecs_legacy:printer"])
def test_what_was_read_of_one_device_is_not_told_of_another(bench: Bench) -> None:
    busy(bench, 1).close()
    cable = Cable(bench)
    printer = bench.opened(cable)
    printer.archive.patience = Hurried(20)
    with pytest.raises(Hurry):
        documents(printer, 1)
    printer.close()
    with BENCHES["datecs_legacy:printer"]() as other:
        memory = replace(other._device.memory, serial="SIM9999999")
        other._device.become(memory)
        receipt = Line("Altceva", Bani(100), Thousandths(1000), VatRate(11_00))
        sold = other.opened()
        sold.issue_receipt(Receipt((receipt,), (Payment(PaymentKind.CASH, Bani(100)),), "OTHER"))
        sold.counters()
        sold.z_report()
        cable._far_end = other
        printer.open(last_sequence=None)
        printer.archive.patience = Counting()
        assert documents(printer, 1)[0].lines == day(other, 1)


# --- streams by themselves


def test_a_stream_that_breaks_again_and_again_is_given_up() -> None:
    def broken(take: Take) -> None:
        take(b"a")
        raise ContactLost("silence")

    with pytest.raises(ContactLost):
        whole(broken, Counting(), lines_max=9)


def test_a_stream_that_comes_again_with_another_line_is_not_believed() -> None:
    tries = iter([[b"a", b"b"], [b"a", b"x", b"c"], [b"a"]])

    def other(take: Take) -> None:
        lines = next(tries)
        for line in lines:
            take(line)
        if lines[-1] == b"b":
            raise ContactLost("silence")

    with pytest.raises(ContactLost, match="ends after line 1"):
        whole(other, Counting(), lines_max=9)


def test_a_stream_begun_again_is_told_once() -> None:
    tries = iter([[b"a", b"b"], [b"a", b"b", b"c"]])

    def second_is_whole(take: Take) -> None:
        lines = next(tries)
        for line in lines:
            take(line)
        if len(lines) == 2:
            raise ContactLost("silence")

    assert whole(second_is_whole, Counting(), lines_max=9) == (b"a", b"b", b"c")


def test_a_stream_told_line_by_line_begins_again_and_tells_each_line_once() -> None:
    asked: list[bytes] = []

    def broken_twice() -> Iterator[bytes]:
        begun = asked.count(b"a")
        for line in (b"a", b"b", b"c")[: begun + 1]:
            asked.append(line)
            yield line
        if begun < 2:
            raise ContactLost("silence")

    lines = again(broken_twice)
    assert (next(lines), asked) == (b"a", [b"a"])
    assert [*lines] == [b"b", b"c"]
    assert asked == [b"a", b"a", b"b", b"a", b"b", b"c"]


@pytest.mark.parametrize("others", [[b"x"], []])
def test_a_stream_told_line_by_line_is_left_where_it_is_another(others: list[bytes]) -> None:
    tries = iter([[b"a"], others, others, []])

    def silent_at_first() -> Iterator[bytes]:
        lines = next(tries)
        yield from lines
        if lines == [b"a"]:
            raise ContactLost("silence")

    lines = again(silent_at_first)
    assert next(lines) == b"a"
    with pytest.raises(ContactLost, match="begun again"):
        next(lines)
    assert [*tries] == [[]]


def test_what_has_no_checksum_is_believed_when_it_came_twice_the_same() -> None:
    came = iter([(b"a",), (b"x",), (b"a",), (b"a",)])
    assert twice(lambda: next(came)) == (b"a",)
    never = iter([(b"%d" % number,) for number in range(9)])
    with pytest.raises(ContactLost):
        twice(lambda: next(never))


@pytest.mark.parametrize(
    ("family", "module", "limit"),
    [
        ("tremol", tremol_archive, "LINES_MAX"),
        ("daisy", daisy_archive, "DOCUMENT_LINES_MAX"),
        ("datecs_legacy", datecs_legacy_archive, "DOCUMENT_LINES_MAX"),
        ("datecs_legacy:printer", datecs_legacy_archive, "DAY_LINES_MAX"),
    ],
)
def test_a_text_without_end_is_not_read_for_ever(
    bench: Bench, module: ModuleType, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    printer = busy(bench, 1)
    monkeypatch.setattr(module, limit, 5)
    with pytest.raises(Refused) as caught:
        documents(printer, 1)
    assert caught.value.fault is Fault.RESULT_TOO_LARGE


# --- what would be printed


@pytest.mark.parametrize("family", ["daisy"])
def test_a_report_follows_its_announcement_only_where_that_was_answered_at_once(
    bench: Bench,
) -> None:
    busy(bench, 1).close()
    slow = SlowCable(bench)
    printer = bench.opened(slow)
    slow.slow_answers = 2
    assert [*printer.archive.fiscal_memory(ZSpan(1, 1), detailed=True)]
    commands = [frame[3] for frame in slow.writes if frame[:1] == b"\x01"]
    announced = [place for place, command in enumerate(commands) if command == 0x49]
    assert all(commands[place - 1] == 0x99 for place in announced)
    assert commands.count(0x99) == len(announced) + 2
    slow.slow_answers = 99
    with pytest.raises(ContactLost, match="too late"):
        list(printer.archive.fiscal_memory(ZSpan(1, 1), detailed=True))


class SlowCable(Cable):
    """Its first answers to 99 take seconds."""

    slow_answers = 0

    def read(self, timeout_s: float) -> bytes:
        data = super().read(timeout_s)
        if data and self.slow_answers and self.writes[-1][3:4] == b"\x99":
            self.slow_answers -= 1
            self._far_end.clock.let_pass(4.5)
        return data


@pytest.mark.parametrize("family", ["tremol"])
def test_what_is_left_of_a_stream_goes_by_before_anything_else_is_asked(bench: Bench) -> None:
    busy(bench, 1).close()
    cable = TricklingCable(bench)
    printer = bench.opened(cable)
    printer.archive.patience = Hurried(3)
    with pytest.raises(Hurry):
        documents(printer, 1)
    assert cable.read(1.0) == b""


class TricklingCable(Cable):
    """Brings a few bytes at a time."""

    def _read_size(self) -> int:
        return min(50, len(self._came))
