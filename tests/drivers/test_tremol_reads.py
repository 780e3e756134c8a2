"""Tremol, field by field: what comes is understood, or is no answer."""

from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from drivers.base import Operator
from drivers.errors import ContactLost, Refused
from drivers.families.tremol import Tremol
from drivers.faults import Fault
from drivers.je import UNANSWERED_MAX
from drivers.model import (
    Bani,
    Counters,
    PaymentKind,
)
from drivers.tremol.dialects import DIALECTS
from drivers.tremol.fields import (
    DIVIDERS,
    amounts,
    clean,
    device_time,
    model_and_firmware,
    payment_slots,
    progress,
    time_in,
    vat_table,
)
from protocol.errors import ReplyError
from tests.drivers.receipts import REFERENCE
from tests.drivers.spoken import CLOSED, NAMES, OPEN_NOTHING_PAID, Spoken, driver

RO, BG = DIALECTS["ro"], DIALECTS["bg"]


# --- what comes


def test_a_tremol_says_who_it_is() -> None:
    device = Spoken()
    identity = Tremol(device, device.clock, Operator()).open(last_sequence=None)
    assert (identity.model, identity.firmware) == ("TREMOL M20", "Ver. 2.03 C.S. 1A2B")
    assert identity.fiscal_serial == "ZK12345678"
    assert (identity.fiscal_memory_number, identity.tax_id) == ("4512345678", "RO12345674")


def test_the_published_version_of_a_bulgarian_device_is_understood() -> None:
    published = "1;823;19-04-2019 08:00;TREMOL S25; Ver.1.01 TRA25 C.S.D26C;"
    assert model_and_firmware(published.split(";")) == ("TREMOL S25", "Ver.1.01 TRA25 C.S.D26C")
    assert model_and_firmware(["S-PR"]) == ("S-PR", "S-PR")


def test_the_counters_are_what_71_and_73_and_6e_say() -> None:
    device = Spoken(x71=b"0007;0000042")
    counters = driver(device).counters(with_cash=True)
    assert counters == Counters("ZK12345678", 11, 42, 42, Bani(20_00), Bani(10_00))


def test_somebody_who_prints_between_two_looks_is_noticed() -> None:
    device = Spoken(x71=[b"0007;0000042", b"0008;0000043"])
    with pytest.raises(ContactLost, match="somebody"):
        driver(device).counters()


def test_the_rates_are_read_with_and_without_sign_and_what_is_none_is_unused() -> None:
    fields = ["21.00%", " 9.00 ", "0.00%", "100.00%", "--.--%", "0.00%"]
    assert vat_table(fields, RO) == dict(
        zip("ABCDE", (21_00, 9_00, 0, None, None), strict=True)  # never alte taxe: no VAT
    )


@pytest.mark.parametrize(
    ("flags", "change", "paid"),
    [("1;1", "0.00", 0), ("0;1", "0.00", None), ("0;0", "0.00", 12_50), ("0;0", "2.50", 15_00)],
)
def test_in_romania_0_is_begun_and_what_is_partly_paid_is_not_known(
    flags: str, change: str, paid: int | None
) -> None:
    text = f"1;002;6.30;6.20;0.00;0.00;0.00;0;0;0;{flags};0;0;{change};0;0.00"
    seen = progress(text.split(";"), RO)
    assert (seen.is_open, seen.sales, seen.total, seen.paid) == (True, 2, 12_50, paid)


@pytest.mark.parametrize(("flags", "paid"), [("0;0", 0), ("1;0", None), ("1;1", 17_50)])
def test_in_bulgaria_1_is_begun_and_the_sums_stand_apart(flags: str, paid: int | None) -> None:
    text = f"1;002;6.30;6.20;1.00;0;0;0;{flags};0;0;2.50;0;1.50;0.00;0.00;0.00;0.00;000043"
    seen = progress(text.split(";"), BG)
    assert (seen.total, seen.paid) == (15_00, paid)


@pytest.mark.parametrize("text", ["1;002;6.30", "x;" + "0;" * 16, "", OPEN_NOTHING_PAID[:-6]])
def test_a_72_of_another_shape_is_never_guessed_at(text: str) -> None:
    with pytest.raises(ReplyError):
        progress(text.split(";"), RO)


def test_registers_are_read_with_and_without_their_option() -> None:
    assert amounts(["4", "7.50", "5.00"], "4") == [750, 500]
    assert amounts(["7.50", "5.00"], "4") == [750, 500]
    with pytest.raises(ReplyError):
        amounts(["4"], "4")


def test_a_payment_that_the_device_has_programmed_as_another_is_not_offered() -> None:
    names = NAMES.split(";")[:-1]
    assert payment_slots(names, RO) == dict(RO.payments)
    names[3], names[8] = "VOUCHER", "altceva"
    assert PaymentKind.MEAL_TICKET not in payment_slots(names, RO)
    assert PaymentKind.OTHER in payment_slots(names, RO)
    assert set(payment_slots(names[:5], RO)) == {
        PaymentKind.CASH,
        PaymentKind.CARD,
        PaymentKind.VALUE_TICKET,
    }


def test_opening_narrows_what_can_be_paid_to_what_the_device_has() -> None:
    device = Spoken(x64=b"NUMERAR;CARD;;;;5.0000")
    kinds = driver(device).capabilities.payment_kinds
    assert PaymentKind.CARD in kinds
    assert PaymentKind.VOUCHER not in kinds


def test_a_document_s_time_is_found_in_its_text() -> None:
    text = "Lot 01-01-2020\nDATA 21.11.2026   ORA 21:54:32\n"
    assert time_in(text) == "21-11-2026 21:54"
    assert time_in("TOTAL 12.50") == ""
    assert device_time("00-00-0000").at is None
    assert device_time("21-11-2026").at == datetime(2026, 11, 21, tzinfo=UTC)


def test_texts_never_divide_a_field_or_a_line() -> None:
    assert not set(clean("a;b|c`dț")) & set(DIVIDERS)


# --- the JE


def observed(*lines: Iterable[str], counted: int = 1) -> tuple[bool | None, int | None]:
    """What a look finds whose receipts have these lines in the JE; None: it is refused."""
    device = Spoken(x72=CLOSED.encode(), x71=f"{6 + counted:04d};{41 + counted:07d}".encode())
    printer = driver(device)
    left = list(lines)

    def read(command: int, data: str) -> list[str]:
        assert (command, data[:5]) == (0x7C, "J0;N;")
        text = left.pop(0)
        if text is None:
            raise Refused(Fault.WRONG_STATE, device_code="30 32", doing="7C")
        return list(text)

    printer._talk.lines = read  # type: ignore[method-assign]
    since = Counters("ZK12345678", 11, 41, 41)
    seen = printer.observe(since=since, reference=REFERENCE)
    assert not seen.counts_slips
    return seen.reference_found, seen.trace and seen.trace.receipt_number


OURS, OTHER = ["BON", f"REF:{REFERENCE}", "21-11-2026 21:54"], ["BON", "REF:7F3A91C3"]


def test_our_line_in_the_je_is_found_with_the_number_printed_on_its_receipt() -> None:
    assert observed(OURS) == (True, 7)
    assert observed(OURS, OTHER, counted=2) == (True, 7)
    assert observed(OTHER, OURS, counted=2) == (True, 8)


def test_a_je_without_our_line_says_so_and_one_that_cannot_be_read_says_nothing() -> None:
    assert observed(OTHER) == (False, None)
    assert observed(counted=0) == (False, None)
    assert observed(None) == (None, None)
    assert observed(OTHER, None, counted=2) == (None, None)


def look(printer: Tremol) -> bool | None:
    since = Counters("ZK12345678", 11, 41, 41)
    return printer.observe(since=since, reference=REFERENCE).reference_found


def test_a_lost_answer_of_the_je_is_not_that_it_cannot_be_read() -> None:
    printer = driver(Spoken(x72=CLOSED.encode()))
    told = [ContactLost("silence"), OURS]

    def read(_command: int, _data: str) -> list[str]:
        if isinstance(what := told.pop(0), ContactLost):
            raise what
        return what

    printer._talk.lines = read  # type: ignore[method-assign]
    with pytest.raises(ContactLost):
        look(printer)
    assert look(printer) is True


def test_a_je_that_never_answers_counts_as_one_that_cannot_be_read() -> None:
    printer = driver(Spoken(x72=CLOSED.encode()))  # it acknowledges 7C, and no line comes
    for _ in range(UNANSWERED_MAX - 1):
        with pytest.raises(ContactLost):
            look(printer)
    assert look(printer) is None


def test_a_cancelled_receipt_with_our_line_proves_nothing() -> None:
    assert observed([*OURS, "*** BON ANULAT ***"]) == (None, None)


def test_alte_taxe_are_told_and_never_sold() -> None:
    device = Spoken(
        x62=b"21.00%;11.00%;9.00%;--.--%;--.--%;0.00%", x6D=b"6.20;0.00;0.00;0.00;0.00;1.00"
    )
    printer = driver(device)
    assert 0 not in printer.vat_rates().values()
    assert [(group.letter, group.total) for group in printer.day_totals().groups] == [
        ("A", 6_20),
        ("B", 0),
        ("C", 0),
        ("F", 1_00),
    ]
