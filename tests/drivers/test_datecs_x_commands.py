"""The Datecs X driver byte for byte, beyond receipts and reports: cash, slips, copies, settings.

As in test_datecs_x.py: each method against its transcript; what is silent there is sent once.
"""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from drivers.capabilities import TextPlace
from drivers.errors import ContactLost, Refused
from drivers.families.datecs_x import DatecsX
from drivers.faults import Fault, words
from drivers.je import DocumentKind
from drivers.model import (
    Bani,
    CashMovement,
    Counters,
    DeviceTime,
    Drawer,
    Identity,
    Slip,
    VatRate,
)
from drivers.upkeep import Upkeep
from tests.drivers.receipts import REFERENCE
from tests.drivers.test_datecs_x import SERIAL, playing

RATES = frozenset({21_00, 11_00, 9_00, 0})
BEFORE = Counters(SERIAL, z_number=12, receipt_count=345, document_number=678)
WITH_CASH = Counters(SERIAL, 12, 345, 678, Bani(100_00), Bani(50_25))
IN = CashMovement(paid_in=Bani(12_34))
HEADER = TextPlace.HEADER


def at(day: int, hour: int, minute: int, second: int, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, second, tzinfo=UTC)


# reads


def test_it_says_again_who_it_is() -> None:
    with playing("identity") as printer:
        assert printer.identity() == Identity(
            "DP-25X", "410236", SERIAL, "4512345678", "RO12345674"
        )


def test_its_columns_are_asked() -> None:
    with playing("columns") as printer:
        assert printer.columns() == 42


@pytest.mark.parametrize(("name", "is_open"), [("day_is_open", True), ("day_is_open_not", False)])
def test_the_day_is_open_while_a_report_is_needed(name: str, *, is_open: bool) -> None:
    with playing(name) as printer:
        assert printer.day_is_open() is is_open


@pytest.mark.parametrize(
    ("name", "last"),
    [
        ("last_record_at", DeviceTime("21-11-26 21:54:30", at(21, 21, 54, 30))),
        ("last_record_at_z", DeviceTime("21-07-26 22:01:07 DST", at(21, 22, 1, 7, 7))),
        ("last_record_at_vat", DeviceTime("22-11-2026 08:00:00", at(22, 8, 0, 0))),
    ],
)
def test_the_last_record_is_the_latest_of_receipt_z_and_whatever_else_is_kept(
    name: str, last: DeviceTime
) -> None:
    with playing(name) as printer:
        assert printer.last_record_at() == last


def test_the_last_receipt_and_z_may_be_told_with_the_whole_year() -> None:
    with playing("last_record_at_whole_year") as printer:
        last = printer.last_record_at()
    assert last == DeviceTime("04-04-2020 17:38:25", datetime(2020, 4, 4, 17, 38, 25, tzinfo=UTC))


def test_what_is_no_date_is_no_record() -> None:
    with playing("last_record_at_none") as printer:
        assert printer.last_record_at().at is None


def test_cash_is_read_between_two_readings_of_the_document_number() -> None:
    with playing("counters_with_cash") as printer:
        assert printer.counters(with_cash=True) == WITH_CASH


def test_counters_that_move_while_they_are_read_are_none() -> None:
    with playing("counters_moved") as printer, pytest.raises(ContactLost, match="somebody printed"):
        printer.counters()


def test_upkeep_reads_when_the_day_began_and_how_long_it_will_go_on() -> None:
    with playing("upkeep") as printer:
        seen = printer.upkeep()
    assert seen == Upkeep(
        clock=DeviceTime("21-11-26 21:54:32", at(21, 21, 54, 32)),
        rates=RATES,
        day_is_open=True,
        day_opened_at=at(21, 8, 3, 0),
        z_reports_left=2488,
        service_at=datetime(2027, 3, 1, tzinfo=UTC),
        tax_office_until=None,
    )


def test_the_je_is_asked_with_two_digits_of_the_year_that_was_told_whole() -> None:
    with playing("upkeep_whole_year") as printer:
        assert printer.upkeep().day_opened_at == at(21, 8, 3, 0)


def test_what_an_old_firmware_does_not_say_is_unknown() -> None:
    with playing("upkeep_old_firmware") as printer:
        seen = printer.upkeep()
    assert (seen.day_is_open, seen.day_opened_at) == (False, None)
    assert (seen.z_reports_left, seen.service_at, seen.tax_office_until) == (None, None, None)


# cash, slips, copies, the drawer


@pytest.mark.parametrize(
    ("name", "movement", "drawer"),
    [
        ("move_cash_in", IN, Drawer(Bani(228_84), Bani(112_34), Bani(50_25))),
        (
            "move_cash_out",
            CashMovement(paid_out=Bani(50)),
            Drawer(Bani(216_00), Bani(100_00), Bani(50_75)),
        ),
    ],
)
def test_cash_goes_in_and_out_with_its_type(
    name: str, movement: CashMovement, drawer: Drawer
) -> None:
    with playing(name) as printer:
        assert printer.move_cash(movement) == drawer


def test_a_slip_is_broken_to_the_columns_and_ends_with_its_reference() -> None:
    texts = ("Unu doi trei patru cinci șase șapte opt", "")
    with playing("print_slip_reference") as printer:
        assert printer.print_slip(Slip(texts, REFERENCE)) == 680


def test_a_slip_that_stands_open_is_closed() -> None:
    with playing("close_slip") as printer:
        printer.close_slip()


def test_a_copy_is_printed() -> None:
    with playing("print_duplicate") as printer:
        printer.print_duplicate()


def test_the_drawer_gets_a_pulse() -> None:
    with playing("open_drawer") as printer:
        printer.open_drawer()


Act = Callable[[DatecsX], object]


@pytest.mark.parametrize(
    ("name", "act", "code", "fault"),
    [
        (
            "move_cash_refused",
            lambda it: it.move_cash(CashMovement(paid_out=Bani(9999_00))),
            "-111017",
            None,
        ),
        ("close_slip_refused", lambda it: it.close_slip(), "-111016", Fault.NO_RECEIPT_OPEN),
        ("print_duplicate_refused", lambda it: it.print_duplicate(), "-112002", None),
        ("texts_none", lambda it: it.service.texts(TextPlace.FOOTER), "-112201", Fault.BAD_REQUEST),
    ],
)
def test_a_refusal_keeps_the_makers_code(
    name: str, act: Act, code: str, fault: Fault | None
) -> None:
    with playing(name) as printer, pytest.raises(Refused) as caught:
        act(printer)
    assert caught.value.device_code == code
    assert fault in (None, caught.value.fault)


@pytest.mark.parametrize(
    ("name", "act"),
    [
        ("move_cash_silence", lambda it: it.move_cash(IN)),
        ("print_slip_silence", lambda it: it.print_slip(Slip(("Unu",), REFERENCE))),
        ("print_duplicate_silence", lambda it: it.print_duplicate()),
    ],
)
def test_what_would_come_out_twice_is_written_once_when_no_answer_comes(
    name: str, act: Act
) -> None:
    with playing(name) as printer, pytest.raises(ContactLost):
        act(printer)


# settings


def test_a_clock_in_summer_is_written_with_its_suffix() -> None:
    with playing("set_clock_summer") as printer:
        printer.set_clock(at(21, 21, 55, 0, 7), summer=True)


def test_a_clock_that_the_device_refuses_is_not_tried_again() -> None:
    with playing("set_clock_refused") as printer, pytest.raises(Refused) as refused:
        printer.set_clock(at(22, 8, 0, 0), summer=False)
    told = (refused.value.fault, refused.value.device_code)
    assert told == (Fault.BAD_REQUEST, "-111077")
    assert not words()[Fault.BAD_REQUEST].waits


def test_header_lines_are_read_until_there_are_no_more() -> None:
    with playing("texts") as printer:
        assert printer.service.texts(HEADER) == ("MAGAZIN DEMO", "STR. EXEMPLU 1")


def test_only_lines_that_differ_are_written_and_an_emptied_one_gets_a_blank() -> None:
    with playing("set_texts") as printer:
        printer.service.set_texts(HEADER, ("MAGAZIN DEMO", ""))


def test_the_whole_vat_table_is_written_at_once() -> None:
    rates = {"A": VatRate(21_00), "B": VatRate(11_00), "D": VatRate(0)}
    with playing("set_vat_rates") as printer:
        printer.service.set_vat_rates(rates)


def test_an_operator_s_name_is_read() -> None:
    with playing("operator_name") as printer:
        assert printer.service.operator_name(3) == "Maria"


def test_an_operator_gets_a_name_and_a_password() -> None:
    with playing("set_operator") as printer:
        printer.service.set_operator(3, name="Ana", old_password="0001", password="4711")


def test_a_password_that_was_set_before_its_answer_was_lost_is_no_refusal() -> None:
    with playing("set_operator_again") as printer:
        printer.service.set_operator(3, name="", old_password="0001", password="4711")


def test_a_logo_is_loaded_in_pieces() -> None:
    with playing("load_logo") as printer:
        printer.service.load_logo(bytes(range(150)))


# what it shows when asked what happened


def test_the_cash_is_seen_where_it_was_read_before() -> None:
    with playing("observe_cash") as printer:
        seen = printer.observe(since=WITH_CASH, reference="")
    assert (seen.counters.paid_in, seen.counters.paid_out) == (112_34, 50_25)
    assert seen.reference_found is None


def test_an_open_slip_is_seen() -> None:
    with playing("observe_slip_open") as printer:
        seen = printer.observe(since=BEFORE, reference=REFERENCE, of=DocumentKind.SLIP)
    assert (seen.slip_open, seen.open_receipt) == (True, None)


def test_our_reference_is_found_on_a_slip_where_a_slip_is_looked_for() -> None:
    with playing("observe_slip") as printer:
        seen = printer.observe(since=BEFORE, reference=REFERENCE, of=DocumentKind.SLIP)
    assert seen.reference_found is True
    assert seen.trace is not None
    assert seen.trace.document_number == 679


def test_our_reference_on_a_slip_proves_no_receipt() -> None:
    with playing("observe_receipt_in_slip") as printer:
        assert printer.observe(since=BEFORE, reference=REFERENCE).reference_found is None


@pytest.mark.parametrize(
    ("name", "unnamed"),
    [("observe_copy", 1), ("observe_copy_storno", 0), ("observe_copy_unknown", None)],
)
def test_documents_of_no_known_kind_are_counted(name: str, unnamed: int | None) -> None:
    with playing(name) as printer:
        seen = printer.observe(since=BEFORE, reference="", of=DocumentKind.COPY)
    assert seen.unnamed_documents == unnamed
