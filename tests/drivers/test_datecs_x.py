"""The Datecs X driver, byte for byte: every method against its transcript.

The requests in `transcripts/datecs_x/` are written after datecs.md with another encoder than ours;
where somebody published the frame, the session's first SEQ is chosen so that it is the same frame.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from drivers.archive import Archive
from drivers.base import FiscalPrinter, Operator, Service
from drivers.errors import ContactLost, Refused
from drivers.families.datecs_x import DatecsX
from drivers.faults import Fault
from drivers.model import (
    Bani,
    Counters,
    Drawer,
    FiscalResult,
    GroupTotal,
    Identity,
    OpenReceipt,
    Payment,
    PaymentKind,
    Receipt,
    Report,
    Slip,
    Tally,
)
from protocol.datecs_x import DATECS_X
from tests.drivers.cables import TRANSCRIPTS, FakeClock, Pair, Transcript, load
from tests.drivers.receipts import REFERENCE, TWO_LINES
from tests.protocol.play import reply_frame
from tests.protocol.vectors import vectors
from tests.sandbox.virtual_printer_host import encode

IDLE = bytes.fromhex("80 80 80 80 86 9A 80 80")
SERIAL = "DB4512345678"
AT = datetime(2026, 11, 21, 21, 55, tzinfo=UTC)
RATES = {"A": 21_00, "B": 11_00, "C": 9_00, "D": 0}
BEFORE = Counters(SERIAL, z_number=12, receipt_count=345, document_number=678)
RESULT = FiscalResult(17, 679, 13, SERIAL, "21-11-26 21:54:30", Bani(12_50))
SENT_BY_OTHERS = ("x05", "x21", "x22", "x08", "x11", "x14", "x10", "x12")
OPENING = [  # what `open` asks and is told, here without its bytes: those are in open.txt
    (74, b"", b"0\t" + IDLE + b"\t"),
    (74, b"", b"0\t" + IDLE + b"\t"),
    (50, b"", b"0\t12\t21.00\t11.00\t9.00\t0.00\t100.00\t100.02\t100.00\t01-08-25 00:00:00\t"),
    (123, b"1\t", b"0\tDB4512345678\t4512345678\tMAGAZIN\tSTR. X\tRO12345674\t"),
    (90, b"1\t", b"0\tDP-25X\t410236\t02Nov18\t1000\tFFFF\t00000000\tDB4512345678\t"),
]


def opening(first: int) -> Iterator[Pair]:
    for place, (command, asked, told) in enumerate(OPENING):
        sequence = 0x20 + (first - 0x20 + place) % 0x60
        yield encode(sequence, command, asked), [reply_frame(DATECS_X, sequence, command, told)]


@contextmanager
def playing(name: str, *, opened: bool = True) -> Iterator[DatecsX]:
    """Give a driver whose device plays this transcript, and nothing before or after it."""
    first, pairs = load(f"datecs_x/{name}")
    clock = FakeClock(seed=first - 0x20)
    if opened:
        pairs = [*opening(first), *pairs]
    with Transcript(pairs, clock) as cable:
        printer = DatecsX(cable, clock, Operator())
        if opened:
            printer.open(last_sequence=None)
        yield printer


def test_every_method_that_asks_the_device_has_a_transcript() -> None:
    names = {path.stem for path in (TRANSCRIPTS / "datecs_x").glob("*.txt")}
    asks_nothing = {"archive", "check", "close", "sequence", "service"}
    methods = {
        name for of in (FiscalPrinter, Service, Archive) for name in vars(of) if name[0] != "_"
    }
    methods -= asks_nothing
    assert {"issue_receipt", "z_report"} < methods
    assert not {method for method in methods if not any(name.startswith(method) for name in names)}


def test_the_published_frames_stand_in_the_transcripts() -> None:
    sent, received = set(), set()
    for path in (TRANSCRIPTS / "datecs_x").glob("*.txt"):
        for frame, answers in load(f"datecs_x/{path.stem}")[1]:
            sent.add(frame)
            received.update(answers)
    published = {vector.name: vector.raw for vector in vectors("frame", "tx", "rx")}
    assert {published[name] for name in SENT_BY_OTHERS} <= sent
    assert {published[name] for name in ("x04", "x17", "x19")} <= received


# --- who it is, what it remembers


def test_open_probes_twice_and_reads_the_rates_and_who_it_is() -> None:
    with playing("open", opened=False) as printer:
        identity = printer.open(last_sequence=None)
    assert identity == Identity("DP-25X", "410236", SERIAL, "4512345678", "RO12345674")


def test_open_understands_the_published_identity_with_commas() -> None:
    with playing("open_comma", opened=False) as printer:
        identity = printer.open(last_sequence=None)
    assert (identity.model, identity.firmware) == ("DP-150MX", "609428 20Jul23 1353")
    assert identity.fiscal_serial == SERIAL


def test_status_tells_an_open_receipt_from_eight_bytes() -> None:
    with playing("status") as printer:
        status = printer.status()
    assert status.raw == bytes.fromhex("80 80 88 80 86 9A 80 80")
    assert (status.receipt_open, status.fiscalised) == (True, True)
    assert status.blocking == (Fault.RECEIPT_OPEN,)


def test_a_device_that_is_not_fiscalised_says_so() -> None:
    with playing("status_not_fiscalised") as printer:
        assert printer.status().blocking == (Fault.NOT_FISCALISED,)


def test_counters_are_three_variables_and_the_serial() -> None:
    with playing("counters") as printer:
        assert printer.counters() == BEFORE


@pytest.mark.parametrize(
    ("name", "rates"),
    [
        ("vat_rates_five", RATES),
        ("vat_rates_eight", {"A": 21_00, "B": 11_00, "D": 0, "G": 5_00}),
    ],
)
def test_vat_rates_are_read_from_any_number_of_groups(name: str, rates: dict[str, int]) -> None:
    with playing(name) as printer:
        assert printer.vat_rates() == rates


@pytest.mark.parametrize(
    ("name", "shown"),
    [("clock", "21-11-26 21:54:32"), ("clock_summer", "21-07-26 21:54:32 DST")],
)
def test_the_clock_is_told_as_the_device_writes_it(name: str, shown: str) -> None:
    with playing(name) as printer:
        assert printer.clock().text == shown


def test_the_clock_is_set_as_the_device_writes_it() -> None:
    with playing("set_clock") as printer:
        printer.set_clock(AT, summer=False)


def test_the_drawer_is_asked_without_moving_anything() -> None:
    with playing("drawer") as printer:
        assert printer.drawer() == Drawer(Bani(216_50), Bani(100_00), Bani(50_25))


def test_day_totals_leave_foreign_currency_out() -> None:
    with playing("day_totals") as printer:
        report = printer.day_totals()
    assert report == REPORT_OF_DAY


def test_what_the_device_counts_of_its_day_is_read_register_by_register() -> None:
    with playing("day_registers") as printer:
        found = printer.day_registers()
    assert found is not None
    assert (found.receipts, found.vat["A"], found.vat["B"]) == (7, 21_00, 84)
    assert (found.surcharges, found.discounts) == (Tally(1, Bani(2_00)), Tally(3, Bani(4_50)))
    assert (found.voids, found.cancelled) == (Tally(3, Bani(9_00)), Tally(1, Bani(4_00)))
    assert (found.cash_in, found.cash_out) == (Tally(1, Bani(100_00)), Tally(2, Bani(50_25)))


def test_the_last_z_report_is_dated_by_the_fiscal_memory() -> None:
    with playing("last_z_report") as printer:
        report = printer.last_z_report()
    assert report == Report(12, SERIAL, GROUPS, (), "20-11-26 22:01:07")


def test_the_last_receipt_belongs_to_the_z_report_to_come() -> None:
    with playing("last_receipt") as printer:
        assert printer.last_receipt(Bani(12_50)) == RESULT


# --- what it shows when asked what happened


@pytest.mark.parametrize("name", ["observe_open", "observe_open_five"])
def test_an_open_receipt_is_seen_in_seven_fields_and_in_five(name: str) -> None:
    with playing(name) as printer:
        seen = printer.observe(since=BEFORE, reference=REFERENCE)
    assert seen.open_receipt == OpenReceipt(679, Bani(12_50), Bani(5_00))
    assert (seen.counters.receipt_count, seen.reference_found) == (345, None)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("observe_closed", True),
        ("observe_cancelled", False),
        ("observe_je_refused", None),
        ("observe_many_documents", None),
    ],
)
def test_the_reference_is_found_in_receipts_and_unknown_where_the_je_is_not_read(
    name: str, found: bool | None
) -> None:
    with playing(name) as printer:
        seen = printer.observe(since=BEFORE, reference=REFERENCE)
    assert (seen.open_receipt, seen.reference_found) == (None, found)


# --- what it prints


@pytest.mark.parametrize("name", ["issue_receipt", "issue_receipt_subtotal_refused"])
def test_a_receipt_is_sold_compared_paid_closed_and_read(name: str) -> None:
    with playing(name) as printer:
        assert printer.issue_receipt(TWO_LINES) == RESULT


def test_another_total_stops_a_receipt_before_the_first_payment() -> None:
    with playing("issue_receipt_other_total") as printer, pytest.raises(Refused) as caught:
        printer.issue_receipt(TWO_LINES)
    assert caught.value.fault is Fault.TOTAL_MISMATCH
    assert "18.80" in caught.value.device_code


def test_of_two_groups_with_one_rate_the_first_is_sold_in() -> None:
    with playing("issue_receipt_same_rates", opened=False) as printer:
        printer.open(last_sequence=None)
        with pytest.raises(Refused):
            printer.issue_receipt(TWO_LINES)


CUSTOMER = Receipt(TWO_LINES.lines, TWO_LINES.payments, REFERENCE, "RO12345674")


@pytest.mark.parametrize(
    ("name", "receipt", "code", "fault"),
    [
        ("issue_receipt_customer", CUSTOMER, "-111074", Fault.BAD_REQUEST),
        ("issue_receipt_short_answer", TWO_LINES, "-112202", Fault.BAD_REQUEST),
        ("issue_receipt_paper_out", TWO_LINES, "-112006", Fault.PAPER_OUT),
    ],
)
def test_a_refusal_ends_a_receipt_and_keeps_the_makers_code(
    name: str, receipt: Receipt, code: str, fault: Fault
) -> None:
    with playing(name) as printer, pytest.raises(Refused) as caught:
        printer.issue_receipt(receipt)
    assert (caught.value.device_code, caught.value.fault) == (code, fault)


@pytest.mark.parametrize(("name", "done"), [("complete_receipt", 1), ("complete_receipt_paid", 2)])
def test_a_receipt_is_completed_from_its_next_payment(name: str, done: int) -> None:
    with playing(name) as printer:
        assert printer.complete_receipt(TWO_LINES, payments_done=done) == RESULT


def test_a_published_refusal_under_clean_status_bytes_is_a_refusal() -> None:
    receipt = Receipt((), (Payment(PaymentKind.VALUE_TICKET, Bani(1_53)),), REFERENCE)
    with playing("payment_refused") as printer, pytest.raises(Refused) as caught:
        printer.complete_receipt(receipt, payments_done=0)
    assert caught.value.device_code == "-111016"
    assert caught.value.fault is Fault.NO_RECEIPT_OPEN


@pytest.mark.parametrize(
    ("name", "act"),
    [
        ("complete_receipt_payment", lambda it: it.complete_receipt(TWO_LINES, payments_done=1)),
        ("complete_receipt", lambda it: it.complete_receipt(TWO_LINES, payments_done=2)),
        ("cancel_receipt", lambda it: it.cancel_receipt()),
        ("x_report", lambda it: it.x_report()),
        ("z_report", lambda it: it.z_report()),
        ("set_clock", lambda it: it.set_clock(AT, summer=False)),
    ],
)
def test_what_could_be_done_twice_is_written_once_when_no_answer_comes(
    name: str, act: Callable[[DatecsX], object]
) -> None:
    with playing(f"{name}_silence") as printer, pytest.raises(ContactLost) as caught:
        act(printer)
    assert caught.value.fault is Fault.NO_ANSWER


def test_a_read_without_an_answer_is_written_again_the_same() -> None:
    with playing("clock_silence") as printer:
        assert printer.clock().text == "21-11-26 21:54:32"


def test_a_receipt_is_cancelled_with_60() -> None:
    with playing("cancel_receipt") as printer:
        printer.cancel_receipt()


def test_a_receipt_with_a_payment_cannot_be_cancelled() -> None:
    with playing("cancel_receipt_refused") as printer, pytest.raises(Refused) as caught:
        printer.cancel_receipt()
    assert (caught.value.device_code, caught.value.fault) == ("-111018", Fault.PAYMENT_STARTED)


GROUPS = (
    GroupTotal("A", 21_00, Bani(121_00)),
    GroupTotal("B", 11_00, Bani(8_50)),
    GroupTotal("C", 9_00, Bani(0)),
    GroupTotal("D", 0, Bani(0)),
)
PAYMENTS = (Payment(PaymentKind.CASH, Bani(100_00)), Payment(PaymentKind.CARD, Bani(29_50)))
REPORT = Report(13, SERIAL, GROUPS, PAYMENTS, "21-11-26 21:54:32")
REPORT_OF_DAY = Report(12, SERIAL, GROUPS, PAYMENTS, "21-11-26 21:54:32")


def test_an_x_report_is_an_x_and_nothing_else() -> None:
    with playing("x_report") as printer:
        assert printer.x_report() == REPORT


def test_a_z_report_reads_all_it_needs_before_it_prints() -> None:
    with playing("z_report") as printer:
        assert printer.z_report() == REPORT


def test_a_refused_z_report_keeps_the_makers_code() -> None:
    with playing("z_report_refused") as printer, pytest.raises(Refused) as caught:
        printer.z_report()
    assert (caught.value.device_code, caught.value.fault) == ("-111015", Fault.RECEIPT_OPEN)


def test_a_slip_is_printed_with_the_frames_of_a_published_capture() -> None:
    texts = [f"CAPTURE TEST {number}" for number in range(4)]
    with playing("print_slip") as printer:
        printer.print_slip(Slip((*texts, "Test")))


# --- answers that are no answers


def test_an_unknown_command_is_a_refusal_with_its_status_bit() -> None:
    with playing("unknown_command") as printer, pytest.raises(Refused) as caught:
        printer.clock()
    assert (caught.value.device_code, caught.value.fault) == ("0.1", Fault.UNKNOWN_COMMAND)


def test_a_counter_that_is_no_number_is_no_answer() -> None:
    with playing("nonsense") as printer, pytest.raises(ContactLost, match="12,5"):
        printer.counters()


def test_an_answer_with_too_few_fields_is_no_answer() -> None:
    with playing("too_few_fields") as printer, pytest.raises(ContactLost, match="no sense"):
        printer.observe(since=BEFORE, reference=REFERENCE)
