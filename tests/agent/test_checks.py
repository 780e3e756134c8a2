"""What keeps a command from being done, said before the first byte: the device's state and the law.

Each case: the shop as it stands, a command, its path and code; and nothing that acts was sent.
"""

import base64
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.bitmap import PIXELS_MAX
from agent.states import State
from tests.agent.examples import (
    EXAMPLES,
    bmp,
    day_begun,
    day_closed,
    idle,
    with_open_receipt,
    words,
)
from tests.agent.world import START_MS, Printer, World, sale

READS = {50, 51, 62, 64, 68, 70, 74, 76, 86, 90, 110, 123, 124, 125, 255}
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
DAY_OPEN, Z_DUE_S = ("", "DAY_OPEN"), 25 * 3600


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def refused(world: World, kind: str, payload: str) -> list[tuple[str, str]]:
    """Say with which paths and codes it is refused; nothing may be begun, printed or set."""
    memory, papers = world.printer.device.memory, len(world.printer.documents())
    world.queue("c1", payload, kind)
    world.settle()
    assert (world.entry("c1").state, world.entry("c1").attempts) == (State.REJECTED, 0)
    assert set(world.cable.commands) <= READS
    assert (world.printer.device.memory, len(world.printer.documents())) == (memory, papers)
    problems = world.cloud.history("c1")[-1].data["problems"]
    assert all(len(problem["sentence"]) > 10 for problem in problems)
    return [(problem["path"], problem["code"]) for problem in problems]


# the day


SETTINGS = ["set_datetime", "set_vat_rates", "set_header", "set_footer", "set_operator"]


@pytest.mark.parametrize("kind", SETTINGS)
def test_with_receipts_since_the_last_z_nothing_is_set(world: World, kind: str) -> None:
    day_begun(world)
    assert refused(world, kind, EXAMPLES[kind].payload) == [DAY_OPEN]


@pytest.mark.parametrize("kind", ["set_vat_rates", "set_header", "set_datetime"])
def test_after_the_z_report_it_is(world: World, kind: str) -> None:
    day_closed(world)
    world.queue("c1", EXAMPLES[kind].payload, kind)
    world.settle()
    assert world.entry("c1").state is State.ISSUED


def test_a_password_alone_needs_no_closed_day(world: World) -> None:
    day_begun(world)
    world.queue("c1", words(number=3, old_password="0001", password="7"), "set_operator")
    world.settle()
    assert world.entry("c1").state is State.ISSUED


@pytest.mark.parametrize("name", ["", "Ana"])
def test_the_password_that_the_agent_sells_with_is_not_changed_under_it(
    world: World, name: str
) -> None:
    asked = words(number=1, name=name, old_password="0001", password="55")
    assert refused(world, "set_operator", asked) == [("password", "OPERATOR_IN_USE")]


def test_its_name_is_and_so_is_the_password_it_already_has(world: World) -> None:
    asked = words(number=1, name="Ana", old_password="0001", password="0001")
    world.queue("c1", asked, "set_operator")
    world.settle()
    world.queue("c2", sale())
    world.settle()
    assert [world.entry(id_).state for id_ in ("c1", "c2")] == [State.ISSUED] * 2


# the clock


def test_a_clock_before_a_change_of_the_vat_table_is_not_asked_for(world: World) -> None:
    world.printer.key(83, "21.00", "11.00", "9.00", "0.00", "100.00", "100.00", "100.00")
    asked = words(at_ms=START_MS - DAY_MS)
    assert refused(world, "set_datetime", asked) == [("at", "CLOCK_BEFORE_LAST_RECORD")]


def test_a_clock_that_only_the_device_refuses_ends_there_and_keeps_nothing_back(
    world: World,
) -> None:
    world.printer.device.refusing[61] = -111077
    world.queue("c1", words(at_ms=START_MS), "set_datetime")
    world.queue("c2", sale())
    world.settle()
    assert (world.entry("c1").state, world.entry("c1").attempts) == (State.REJECTED, 1)
    assert world.entry("c2").state is State.ISSUED


@pytest.mark.parametrize(
    ("before", "off_ms", "expected"),
    [
        (day_closed, -1000, [("at", "CLOCK_BEFORE_LAST_RECORD")]),
        (day_closed, -10 * 365 * DAY_MS, [("at", "CLOCK_BEFORE_LAST_RECORD")]),
        (day_closed, DAY_MS + 1000, [("at", "CLOCK_STEP_TOO_LARGE")]),
        (idle, 3 * 365 * DAY_MS, [("at", "CLOCK_STEP_TOO_LARGE")]),
        (day_begun, HOUR_MS, [DAY_OPEN]),
        (day_begun, -1000, [("at", "CLOCK_BEFORE_LAST_RECORD")]),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_a_clock_goes_forward_of_the_last_record_by_a_day_at_most(
    world: World,
    before: Callable[[World], None],
    off_ms: int,
    expected: list[tuple[str, str]],
) -> None:
    before(world)
    assert refused(world, "set_datetime", words(at_ms=START_MS + off_ms)) == expected


@pytest.mark.parametrize("off_ms", [0, 1000, HOUR_MS, DAY_MS])
def test_at_the_last_record_and_up_to_a_day_ahead_it_is_set(world: World, off_ms: int) -> None:
    day_closed(world)
    world.queue("c1", words(at_ms=START_MS + off_ms), "set_datetime")
    world.settle()
    assert world.entry("c1").state is State.ISSUED
    assert world.printer.device.memory.clock_offset_s == off_ms // 1000


def test_a_clock_that_runs_ahead_is_set_back_as_far_as_its_last_record(world: World) -> None:
    day_closed(world)
    world.printer.change(clock_offset_s=600)
    world.queue("c1", "{}", "set_datetime")
    world.settle()
    assert world.entry("c1").state is State.ISSUED
    assert world.printer.device.memory.clock_offset_s == 0


# cash


@pytest.mark.parametrize(
    ("kind", "amount", "expected"),
    [
        ("cash_out", 901, [("amount", "NOT_ENOUGH_CASH")]),
        ("cash_out", 10_000_000_000, [("amount", "AMOUNT_TOO_LARGE")]),
        ("cash_in", 10_000_000_000, [("amount", "AMOUNT_TOO_LARGE")]),
        ("cash_in", 10**30, [("amount", "AMOUNT_TOO_LARGE")]),
        ("cash_in", 9_999_999_999 - 899, [("amount", "AMOUNT_TOO_LARGE")]),
    ],
)
def test_what_the_drawer_cannot_do_is_refused(
    world: World, kind: str, amount: int, expected: list[tuple[str, str]]
) -> None:
    day_begun(world)  # 9.00 lei
    assert refused(world, kind, words(amount=amount)) == expected


def test_the_drawer_can_be_filled_to_the_last_ban(world: World) -> None:
    day_begun(world)
    world.queue("c1", words(amount=9_999_999_999 - 900), "cash_in")
    world.settle()
    assert world.entry("c1").result["drawer"]["cash"] == 9_999_999_999


def test_the_last_bani_can_be_taken_out(world: World) -> None:
    day_begun(world)
    world.queue("c1", words(amount=900), "cash_out")
    world.settle()
    assert world.entry("c1").result["drawer"]["cash"] == 0


# texts, names, slips


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["x"] * 11, [("lines", "TOO_MANY_LINES")]),
        (["bun", "x" * 49], [("lines[1]", "TEXT_TOO_LONG")]),
        (["…" * 17], [("lines[0]", "TEXT_TOO_LONG")]),  # printed as three points each
        (["a\tb"], [("lines[0]", "TEXT_NOT_PRINTABLE")]),
        (["שלום"], [("lines[0]", "TEXT_NOT_PRINTABLE")]),
        (["\u202eabc"], [("lines[0]", "TEXT_NOT_PRINTABLE")]),
    ],
)
@pytest.mark.parametrize("kind", ["set_header", "set_footer"])
def test_lines_that_the_device_does_not_have_or_cannot_print_are_refused(
    world: World, kind: str, lines: list[str], expected: list[tuple[str, str]]
) -> None:
    assert refused(world, kind, words(lines=lines)) == expected


def test_lines_are_as_long_as_the_columns_of_the_device(tmp_path: Path) -> None:
    world = World(tmp_path, Printer(columns=32))
    world.queue("c1", words(lines=["x" * 32]), "set_header")
    world.settle()
    assert world.entry("c1").state is State.ISSUED
    world.queue("c2", words(lines=["x" * 33]), "set_header")
    world.settle()
    assert world.entry("c2").state is State.REJECTED
    world.close()


@pytest.mark.parametrize(
    ("kind", "payload", "expected"),
    [
        ("set_operator", words(number=1, name="Ana\n"), [("name", "TEXT_NOT_PRINTABLE")]),
        ("set_operator", words(number=1, name="\u0301"), [("name", "TEXT_EMPTY")]),
        ("set_operator", words(number=1, name="…" * 11), [("name", "TEXT_TOO_LONG")]),
        ("non_fiscal_receipt", words(texts=["a", "\x1b[2J"]), [("texts[1]", "TEXT_NOT_PRINTABLE")]),
        ("non_fiscal_receipt", words(texts=["x" * 201]), [("texts[0]", "TEXT_TOO_LONG")]),
    ],
)
def test_other_texts_are_held_to_the_same(
    world: World, kind: str, payload: str, expected: list[tuple[str, str]]
) -> None:
    assert refused(world, kind, payload) == expected


@pytest.mark.parametrize("kind", ["set_header", "get_header"])
def test_a_device_without_such_texts_refuses_for_good_and_does_not_stop_the_queue(
    world: World, kind: str
) -> None:
    world.printer.device.refusing = {(255, b"Header"): -112001}
    world.queue("c1", EXAMPLES[kind].payload, kind)
    world.queue("c2", sale())
    world.settle()
    assert world.entry("c1").state is State.REJECTED
    assert world.entry("c2").state is State.ISSUED


# what stands open


@pytest.mark.parametrize("kind", ["cash_in", "z_report", "set_datetime", "print_receipt"])
def test_an_open_receipt_of_a_cashier_is_waited_for(world: World, kind: str) -> None:
    with_open_receipt(world)
    world.queue("c1", EXAMPLES[kind].payload, kind)
    world.steps(20)
    entry = world.entry("c1")
    if kind == "set_datetime":
        assert entry.state is State.REJECTED  # the day is open, and stays so
    else:
        assert (entry.state, entry.attempts) == (State.QUEUED, 0)
    assert world.printer.device.memory.receipt is not None


@pytest.mark.parametrize(
    ("kind", "goes"),
    [
        ("print_receipt", False),
        ("cash_in", False),
        ("non_fiscal_receipt", True),
        ("x_report", True),
        ("z_report", True),
        ("get_cash_amount", True),
    ],
)
def test_on_a_day_that_is_over_only_what_no_receipt_is_goes_on(
    world: World, kind: str, *, goes: bool
) -> None:
    day_begun(world)
    world.printer.change(clock_offset_s=Z_DUE_S)
    if goes:
        world.queue("c1", EXAMPLES[kind].payload, kind)
        world.settle()
        assert world.entry("c1").state is State.ISSUED
    else:
        assert refused(world, kind, EXAMPLES[kind].payload) == [("", "Z_REPORT_DUE")]


# pictures


def changed(image: bytes, at: int, number: int) -> bytes:
    return image[:at] + number.to_bytes(4, "little") + image[at + 4 :]


@pytest.mark.parametrize(
    ("image", "code"),
    [
        (b"", "IMAGE_BAD"),
        (b"BM", "IMAGE_BAD"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "IMAGE_BAD"),
        (b"GIF89a" + bytes(100), "IMAGE_BAD"),
        (bmp(bits=24), "IMAGE_BAD"),
        (bmp(bits=8), "IMAGE_BAD"),
        (bmp(width=0), "IMAGE_BAD"),
        (bmp(height=0), "IMAGE_BAD"),
        (bmp()[:30], "IMAGE_BAD"),
        (bmp()[:62], "IMAGE_BAD"),
        (bmp()[:-1], "IMAGE_BAD"),
        (changed(bmp(), 2, 99_999), "IMAGE_BAD"),
        (changed(bmp(), 2, 0), "IMAGE_BAD"),
        (changed(bmp(), 10, 999_999), "IMAGE_BAD"),
        (changed(bmp(), 10, 0), "IMAGE_BAD"),
        (changed(bmp(), 14, 12), "IMAGE_BAD"),
        (changed(bmp(), 22, 2**32 - 40), "IMAGE_BAD"),
        (changed(bmp(), 30, 1), "IMAGE_BAD"),
        (bmp() + b"\0\0", "IMAGE_BAD"),
        (bmp(width=385), "IMAGE_TOO_LARGE"),
        (bmp(height=241), "IMAGE_TOO_LARGE"),
    ],
    ids=lambda value: value if isinstance(value, str) else repr(value[:6]),
)
def test_what_is_no_picture_of_a_logo_is_refused(world: World, image: bytes, code: str) -> None:
    payload = words(image=base64.b64encode(image).decode())
    assert refused(world, "set_logo", payload) == [("image", code)]


@pytest.mark.parametrize(
    ("after", "code"),
    [
        ("A" * 200_000, "IMAGE_TOO_LARGE"),
        ("====", "FIELD_INVALID"),
        ("*", "FIELD_INVALID"),
        ("\u0103", "FIELD_INVALID"),
    ],
)
def test_base64_with_more_behind_it_is_refused(world: World, after: str, code: str) -> None:
    payload = words(image=base64.b64encode(bmp(30, 40)).decode() + after)
    assert refused(world, "set_logo", payload) == [("image", code)]


def test_base64_in_lines_as_mail_has_it_passes(world: World) -> None:
    world.queue("c1", words(image=base64.encodebytes(bmp()).decode()), "set_logo")
    world.settle()
    assert world.entry("c1").state is State.ISSUED


def test_the_largest_picture_passes(world: World) -> None:
    width, height = PIXELS_MAX
    world.queue("c1", words(image=base64.b64encode(bmp(width, height)).decode()), "set_logo")
    world.settle()
    assert world.entry("c1").state is State.ISSUED


# what there is to read, and to close


def test_a_device_that_never_sold_has_no_last_receipt(world: World) -> None:
    assert refused(world, "get_last_receipt", "{}") == [("", "NO_DATA")]


def test_a_scheduled_z_waits_for_the_first_receipt_of_its_day(world: World) -> None:
    world.printer.key(48, 1, "0001", 1, "", "")
    world.printer.key(49, "Cafea", 1, "9.00", "1.000", "", "", 1, "")
    world.queue("c1", words(only_if_open=True), "z_report")
    world.steps(20)
    assert (world.entry("c1").state, world.paper("z")) == (State.QUEUED, [])
    world.printer.key(53, 0, "")
    world.printer.key(56)
    world.settle()
    assert (world.entry("c1").state, len(world.paper("z"))) == (State.ISSUED, 1)


def test_a_clock_that_the_device_will_not_set_is_not_tried_for_ever(world: World) -> None:
    world.printer.device.refusing[61] = -112002  # not permitted now
    world.queue("c1", words(at_ms=world.clock.ms), "set_datetime")
    world.settle()
    assert (world.entry("c1").state, world.entry("c1").attempts) == (State.REJECTED, 1)
