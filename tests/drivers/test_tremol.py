"""Tremol, field by field: what is sent is what the definitions say; money waits for agreement."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from drivers.base import Operator
from drivers.capabilities import Feature, TextPlace
from drivers.errors import ContactLost, NotStarted, Refused
from drivers.families.tremol import Tremol
from drivers.faults import Fault
from drivers.model import (
    Adjustment,
    AdjustmentKind,
    Bani,
    Barcode,
    BarcodeKind,
    CashMovement,
    Slip,
    VatRate,
)
from drivers.tremol.dialects import DIALECTS
from drivers.tremol.fields import (
    adjustment_field,
)
from drivers.tremol.talk import FAULTS, fault_of
from tests.drivers.receipts import BREAD, CHEESE, REFERENCE, TWO_LINES
from tests.drivers.spoken import BULGARIAN, CLOSED, OPEN_NOTHING_PAID, Spoken, driver

RO = DIALECTS["ro"]


# --- what is sent


def sold(receipt: object, **told: bytes | list[bytes]) -> Spoken:
    device = Spoken(**{"x71": [b"0007;0000042", b"0008;0000043"]} | told)
    driver(device).issue_receipt(receipt)
    return device


def test_a_receipt_is_the_requests_of_the_definitions_in_their_order() -> None:
    device = sold(TWO_LINES)
    written = [(f"{command:02X}", data.decode()) for command, data in device.asked]
    assert written[:5] == [
        ("30", "1;0000;0;0;0"),
        ("31", f"{'Paine alba`BUC'.ljust(36)};B;3.50*2.000,-10.00%"),
        ("31", f"{'Branza`KG'.ljust(36)};A;24.80*0.250"),
        ("37", f"REF:{REFERENCE}"),
        ("72", ""),
    ]
    assert [pair for pair in written[5:] if pair[0] in ("35", "38")] == [
        ("35", "1;0;5.00;1"),
        ("35", "0;0;10.00;1"),
        ("38", ""),
    ]


def test_the_buyer_s_cui_opens_the_other_form_with_blanks() -> None:
    (opened,) = sold(replace(TWO_LINES, customer_tax_id="RO12345674")).did(0x30)
    head, *fields = opened.split(";", 5)
    assert head == "1"
    assert opened.startswith("1;0000;0;0;1;RO12345674     ;")
    assert [len(field) for field in fields[4].split(";")] == [15, 30, 20, 20, 20, 20, 30]


def test_texts_adjustment_and_barcode_are_sent_between_the_lines_and_the_reference() -> None:
    receipt = replace(
        TWO_LINES,
        texts_above=("Sus; sus|jos",),
        texts_below=("a" * 29 + " " + "b" * 5,),
        adjustment=Adjustment(AdjustmentKind.DISCOUNT_PERCENT, 10_00),
        barcode=Barcode(BarcodeKind.EAN13, "5941234567899"),
    )
    left = OPEN_NOTHING_PAID.replace("6.30;6.20", "5.67;5.58").encode()
    device = sold(receipt, x72=left, x3E=b"-1.25")
    assert [f"{command:02X}" for command, _ in device.asked[:9]] == [
        *("30", "37", "31", "31", "3E", "37", "37", "51", "37")
    ]
    assert device.did(0x3E, 0x51) == ["1;0,-10.00%", "P;2;13;5941234567899"]
    assert device.did(0x37)[:3] == ["Sus, sus/jos", "a" * 29, "b" * 5]


def test_a_void_line_is_a_storno_with_a_minus_in_romania_and_a_correction_in_bulgaria() -> None:
    voided = replace(TWO_LINES, lines=(BREAD, CHEESE, CHEESE, replace(CHEESE, is_void=True)))
    assert sold(voided).did(0x3C) == [f"{'Branza`KG'.ljust(36)};A;-24.80*0.250"]
    assert DIALECTS["bg"].void_command == 0x31


def test_a_name_of_more_than_thirty_letters_goes_on_as_texts() -> None:
    line = replace(BREAD, name="Paine alba cu seminte de floarea soarelui si susan")
    device = sold(replace(TWO_LINES, lines=(line, CHEESE)))
    assert device.did(0x31)[0].startswith("Paine alba cu seminte de`BUC  ")
    assert device.did(0x37)[0] == "floarea soarelui si susan"


@pytest.mark.parametrize(
    ("kind", "sent", "reverse"),
    [
        (AdjustmentKind.DISCOUNT_PERCENT, ",-1.50%", ",-1.50%"),
        (AdjustmentKind.SURCHARGE_PERCENT, ",1.50%", ",1.50%"),
        (AdjustmentKind.DISCOUNT_AMOUNT, ":-1.50", ":1.50"),
        (AdjustmentKind.SURCHARGE_AMOUNT, ":1.50", ":-1.50"),
    ],
)
def test_an_adjustment_has_its_sign(kind: AdjustmentKind, sent: str, reverse: str) -> None:
    assert adjustment_field(Adjustment(kind, 150), RO) == sent
    assert adjustment_field(Adjustment(kind, 150), RO, reverse=True) == reverse
    bare = replace(RO, percent_sign="")
    assert adjustment_field(Adjustment(kind, 150), bare) == sent.removesuffix("%")


def test_cash_slips_reports_and_the_rest_are_the_requests_of_the_definitions() -> None:
    z_made = [b"20-11-2026;0011;0000"] * 3 + [b"21-11-2026;0012;0000"]
    device = Spoken(x72=CLOSED.encode(), x73=z_made)
    printer = driver(device)
    printer.move_cash(CashMovement(paid_in=Bani(10_00)))
    printer.move_cash(CashMovement(paid_out=Bani(5)))
    printer.print_slip(Slip(("unu", ""), "R1"))
    printer.print_duplicate()
    printer.open_drawer()
    printer.cancel_receipt()
    printer.x_report()
    printer.z_report()
    printer.set_clock(datetime(2026, 11, 21, 21, 54, 32, tzinfo=UTC), summer=True)
    assert device.did(0x3B) == ["1;0000;0;10.00", "1;0000;0;-0.05"]
    assert device.did(0x2E, 0x37, 0x2F) == ["1;0000;0;0", "unu", " ", "REF:R1", ""]
    assert device.did(0x3A, 0x2A, 0x39) == ["", "", ""]
    assert device.did(0x7C) == ["X", "Z"]
    assert device.did(0x48) == ["21-11-26 21:54:32"]


def test_an_operator_s_password_fills_its_field_and_the_network_s_opens_the_connection() -> None:
    device = Spoken(x72=CLOSED.encode())
    printer = Tremol(device, device.clock, Operator(2, "0"), network_password="123456")
    printer.open(last_sequence=None)
    printer.move_cash(CashMovement(paid_in=Bani(100)))
    assert device.raw[0] == b"123456\n"
    assert device.did(0x3B) == ["2;0   ;0;1.00"]


def test_texts_and_operators_are_written_where_they_differ() -> None:
    device = Spoken(
        x69=[b"F;1;Multumim  ", b"F;2;          ", b"F;3;          "] * 2,
        x6A=[b"1;Ana                 ;0000"] * 3,
    )
    service = driver(device).service
    assert service.texts(TextPlace.FOOTER) == ("Multumim", "", "")
    service.set_texts(TextPlace.FOOTER, ("Multumim", "La revedere", ""))
    assert device.did(0x49) == [f"F;2;{'La revedere'.ljust(32)}"]
    assert service.operator_name(1) == "Ana"
    service.set_operator(1, name="Ion", old_password="", password="")
    assert device.did(0x4A) == [f"1;{'Ion'.ljust(20)};0000"]
    with pytest.raises(Refused) as caught:
        service.set_operator(1, name="", old_password="1111", password="2222")
    assert caught.value.fault is Fault.OPERATOR_REFUSED


# --- nothing that it cannot do


def test_what_no_command_does_is_not_offered_and_refused_before_a_byte() -> None:
    device = Spoken()
    printer = driver(device)
    assert not printer.capabilities.features & {
        Feature.REVERSAL,
        Feature.VAT_TABLE,
        Feature.LOGO,
    }
    qr = replace(TWO_LINES, barcode=Barcode(BarcodeKind.QR, "https://x"))
    for refused in (
        lambda: printer.service.set_vat_rates({"A": VatRate(21_00)}),
        lambda: printer.service.load_logo(b"BM"),
        lambda: printer.issue_receipt(qr),
    ):
        with pytest.raises(Refused) as caught:
            refused()
        assert caught.value.fault is Fault.UNKNOWN_COMMAND
    assert device.asked == []


def problems(receipt: object, *, dialect: str = "ro", **told: bytes) -> set[tuple[str, str]]:
    printer = driver(Spoken(x60=b"ZK123456;50123456", **told), dialect=dialect)
    printer.capabilities = replace(printer.capabilities, features=frozenset(Feature))
    return {(problem.path, problem.code) for problem in printer.check(receipt)}


def test_what_does_not_fit_its_fields_is_a_problem_before_the_first_byte() -> None:
    big = Bani(10_000_000_00)
    line = replace(
        BREAD,
        unit="LITRU",
        unit_price=Bani(2_000_000_00),
        adjustment=Adjustment(AdjustmentKind.DISCOUNT_AMOUNT, 10_000_00),
    )
    lines = (line, replace(line, is_void=True), CHEESE)
    asked = replace(
        TWO_LINES,
        lines=lines,
        payments=(replace(TWO_LINES.payments[1], amount=big),),
        barcode=Barcode(BarcodeKind.QR, "https://x"),
    )
    assert problems(asked) == {
        ("lines[0].unit", "TEXT_TOO_LONG"),
        ("lines[0].adjustment", "AMOUNT_TOO_LARGE"),
        ("lines[1].unit", "TEXT_TOO_LONG"),
        ("lines[1].adjustment", "AMOUNT_TOO_LARGE"),
        ("lines[1]", "AMOUNT_TOO_LARGE"),
        ("payments[0].amount", "AMOUNT_TOO_LARGE"),
        ("barcode.kind", "UNSUPPORTED"),
    }


def test_bulgaria_has_no_known_place_for_the_buyer_s_cui() -> None:
    asked = replace(TWO_LINES, customer_tax_id="12345674")
    assert ("customer_tax_id", "UNSUPPORTED") in problems(asked, dialect="bg", x21=BULGARIAN)
    assert problems(asked) == set()


# --- money is only taken where all agrees


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(OPEN_NOTHING_PAID.replace("6.20", "6.21"), id="another total"),
        pytest.param(OPEN_NOTHING_PAID.replace(";1;1;0;0;", ";0;1;0;0;"), id="payment has begun"),
        pytest.param(OPEN_NOTHING_PAID.replace(";1;1;0;0;", ";0;0;0;0;"), id="already paid"),
        pytest.param("0" + OPEN_NOTHING_PAID[1:], id="nothing is open"),
    ],
)
def test_no_payment_is_sent_where_72_does_not_say_what_we_sold(seen: str) -> None:
    device = Spoken(x72=seen.encode())
    with pytest.raises(Refused) as caught:
        driver(device).issue_receipt(TWO_LINES)
    gone = seen.startswith("0")
    assert caught.value.fault is (Fault.NO_RECEIPT_OPEN if gone else Fault.TOTAL_MISMATCH)
    assert device.did(0x35, 0x38) == []


@pytest.mark.parametrize("after", [b"0007;0000042", b"0009;0000044"])
def test_a_receipt_that_was_not_counted_by_one_is_in_doubt(after: bytes) -> None:
    device = Spoken(x71=[b"0007;0000042", after])
    with pytest.raises(ContactLost, match="after our"):
        driver(device).issue_receipt(TWO_LINES)


def test_a_silent_device_gets_each_request_that_changes_something_once() -> None:
    device = Spoken()
    printer = driver(device)
    device.write = device.raw.append  # type: ignore[method-assign]
    device.raw.clear()
    for act in (
        printer.cancel_receipt,
        printer.z_report,
        printer.print_duplicate,
        printer.open_drawer,
        printer.close_slip,
    ):
        with pytest.raises(ContactLost):
            act()
    acts = [raw for raw in device.raw if raw[3] not in (0x71, 0x73, 0x60, 0x6D, 0x6E, 0x68)]
    assert len(acts) == len(set(acts)) == 4  # the Z report did not come past its reads


# --- refusals


@pytest.mark.parametrize(
    ("command", "ste", "fault"),
    [
        (0x30, b"42", Fault.RECEIPT_OPEN),
        (0x39, b"52", Fault.PAYMENT_STARTED),
        (0x39, b"02", Fault.NO_RECEIPT_OPEN),
        (0x48, b"02", Fault.WRONG_STATE),
        (0x31, b"44", Fault.BAD_REQUEST),
        (0x31, b"12", Fault.PAPER_OUT),
        (0x30, b";2", Fault.Z_REPORT_DUE),
        (0x30, b"92", Fault.OPERATOR_REFUSED),
        (0x3B, b"08", Fault.AMOUNT_REFUSED),
        (0x7F, b"01", Fault.UNKNOWN_COMMAND),
        (0x31, b"??", Fault.WRONG_STATE),
        (0x31, b"0?", Fault.DEVICE_ERROR),
        (0x31, b":4", Fault.BAD_REQUEST),
        (0x39, b":2", Fault.WRONG_STATE),
        (0x31, b":6", Fault.AMOUNT_REFUSED),
        (0x31, b":?", Fault.DEVICE_ERROR),
    ],
)
def test_two_digits_are_one_of_our_words(command: int, ste: bytes, fault: Fault) -> None:
    assert fault_of(command, ste) is fault


def test_every_digit_of_the_manual_has_a_word() -> None:
    device = {f"{digit:02X}" for digit in (*range(0x31, 0x34), *range(0x38, 0x40))}
    request = {f"{digit:02X}" for digit in range(0x31, 0x39)}
    assert {f"{digit} *" for digit in device} | {f"* {digit}" for digit in request} <= set(FAULTS)


def test_a_refusal_keeps_the_device_s_digits() -> None:
    device = Spoken(x39=b"!42")
    with pytest.raises(Refused) as caught:
        driver(device).cancel_receipt()
    assert (caught.value.fault, caught.value.device_code) == (Fault.RECEIPT_OPEN, "34 32")


@pytest.mark.parametrize("told", [b"", b"!00", b"x;y"])
def test_an_answer_that_makes_no_sense_is_no_answer(told: bytes) -> None:
    with pytest.raises(ContactLost):
        driver(Spoken(x71=told)).counters()


def test_a_port_where_nothing_answers_is_not_started() -> None:
    device = Spoken()
    device.write = device.raw.append  # type: ignore[method-assign]
    with pytest.raises(NotStarted):
        Tremol(device, device.clock, Operator()).open(last_sequence=None)
