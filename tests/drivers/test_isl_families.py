"""The legacy ISL families where they are not alike: who they are, and how each is spoken to."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from drivers.base import Operator
from drivers.errors import Refused
from drivers.families.daisy import Daisy
from drivers.families.incotex import Incotex
from drivers.faults import Fault
from drivers.model import (
    Adjustment,
    AdjustmentKind,
    Bani,
    CashMovement,
    DeviceTime,
    PaymentKind,
    VatRate,
)
from drivers.status import ErrorNumber
from drivers.wire_tool import decode_frame, encode_frame
from tests.drivers.cables import Cable
from tests.drivers.isl_device import DRIVERS, WHO, Device, every_family, selling
from tests.drivers.receipts import BREAD, CHEESE, TWO_LINES
from tests.protocol.vectors import vectors

# --- what others published


def test_a_published_cancel_and_its_published_refusal_are_ours() -> None:
    (sent,) = [one for one in vectors("frame", "tx") if one.command == 0x3C]
    said = next(one for one in vectors("frame", "rx") if one.command == 0x3C)
    device = Device("datecs_legacy", seed=0x5E)  # 7E 7F 20 .. 23 open the session, 24 is next
    device.raw = said.raw
    cable = device.printer._link.transport
    cable.cut(None)
    with pytest.raises(Refused) as caught:
        device.printer.cancel_receipt()
    assert cable.writes == [sent.raw]
    assert (caught.value.fault, caught.value.device_code) == (Fault.NO_RECEIPT_OPEN, "1.1")


@pytest.mark.parametrize(
    ("family", "model", "serial", "memory"),
    [
        ("daisy", "CompactM", "DY408097", "36543869"),
        ("incotex", "Incotex", "SERIE1", "54015013"),
        ("eltrade", "A1", "ED000001", "44000001"),
        ("datecs_legacy", "DP-25", "DT000001", "36000001"),
        ("datecs_legacy:printer", "FP-800", "DT000001", "02000001"),
    ],
)
def test_each_says_in_its_own_order_who_it_is(
    family: str, model: str, serial: str, memory: str
) -> None:
    identity = Device(family).printer.identity()
    told = (identity.model, identity.fiscal_serial, identity.fiscal_memory_number)
    assert told == (model, serial, memory)
    assert identity.tax_id == "RO12345674"


@pytest.mark.parametrize("family", ["datecs_legacy", "datecs_legacy:printer"])
def test_a_datecs_that_tells_no_memory_number_is_not_told_its_switches_for_one(family: str) -> None:
    """Read on the wire from an SY55 (Blameja.FiscalBridge, "Hardware Verification 1B-1")."""
    device = Device(family)
    device.answers[90] = b"SY55,354628 06Nov15 1800,5339,00000000,AC215101278"
    identity = device.printer.identity()
    told = (identity.model, identity.firmware, identity.fiscal_serial)
    assert told == ("SY55", "354628 06Nov15 1800", "AC215101278")
    assert identity.fiscal_memory_number == ""


def test_a_published_answer_of_eltrade_about_its_drawer_is_read() -> None:
    device = Device("eltrade")
    device.answers[70] = b"P,0.00,0.00,0.00"
    assert device.printer.drawer().cash == 0


# --- the grammar of each


@pytest.mark.parametrize(
    ("family", "first", "second", "payment"),
    [
        (
            "datecs_legacy",
            b"Paine alba\tB3.50*2.000,-10.00",
            b"Branza\tA24.80*0.250;1.00",
            b"\tC5.00",
        ),
        (
            "datecs_legacy:printer",
            b"Paine alba\tB3.50*2.000#BUC,-10.00",
            b"Branza\tA24.80*0.250#KG;1.00",
            b"\tD5.00",
        ),
        ("eltrade", b"Paine alba\tB3.50*2.000,-10.00", b"Branza\tA24.80*0.250;1.00", b"\tL5.00"),
        (
            "incotex",
            b"Paine alba\tB3.50*2.000,-10.00@BUC",
            b"Branza\tA24.80*0.250;1.00@KG",
            b"\tN5.00",
        ),
        (
            "daisy",
            b"Paine alba\t\xc13.50*2.000,-10.00",
            b"Branza\t\xc024.80*0.250$1.00",
            b"\tC5.00",
        ),
    ],
)
def test_lines_and_payments_are_written_as_each_wants_them(
    family: str, first: bytes, second: bytes, payment: bytes
) -> None:
    device = selling(Device(family), b"13.50")
    dearer = replace(CHEESE, adjustment=Adjustment(AdjustmentKind.SURCHARGE_AMOUNT, 100))
    device.printer.issue_receipt(replace(TWO_LINES, lines=(BREAD, dearer)))
    assert device.data_of(49) == [first, second]
    assert device.data_of(53)[0] == payment


@pytest.mark.parametrize(
    ("family", "command", "opening"),
    [
        ("datecs_legacy", 48, b"1,0001,1"),
        ("datecs_legacy:printer", 48, b"1,0001,1"),
        ("eltrade", 0x90, b"1"),
        ("incotex", 48, b"1,0001,1"),
        ("daisy", 48, b"1,0001"),
    ],
)
def test_a_receipt_is_opened_as_each_wants_it(family: str, command: int, opening: bytes) -> None:
    device = selling(Device(family))
    device.printer.issue_receipt(TWO_LINES)
    assert device.data_of(command) == [opening]


@every_family
def test_a_void_line_and_a_discount_on_the_sum_are_negative(family: str) -> None:
    device = selling(Device(family), b"6.00")
    off = Adjustment(AdjustmentKind.DISCOUNT_AMOUNT, 30)
    lines = (BREAD, CHEESE, replace(CHEESE, is_void=True))
    device.printer.issue_receipt(replace(TWO_LINES, lines=lines, adjustment=off))
    assert b"-24.80*0.250" in device.data_of(49)[2]
    sign = b"$" if family == "daisy" else b";"
    assert device.data_of(51)[0].endswith(sign + b"-0.30")


def test_daisy_of_romania_sells_with_latin_letters() -> None:
    device = Device("daisy")
    device.answers[90] = WHO["daisy"].replace(b"01BG", b"01RO")
    printer = Daisy(Cable(device), device.clock, Operator(), dialect="ro")
    printer.open(last_sequence=None)
    selling(device)
    printer.issue_receipt(TWO_LINES)
    assert device.data_of(49)[1] == b"Branza\tA24.80*0.250"


def test_incotex_with_swapped_letters_pays_by_card_with_c() -> None:
    device = Device("incotex")
    printer = Incotex(Cable(device), device.clock, Operator(), dialect="swapped")
    printer.open(last_sequence=None)
    selling(device)
    printer.issue_receipt(TWO_LINES)
    assert device.data_of(53) == [b"\tC5.00", b"\tP10.00"]


def test_incotex_is_told_the_buyer_before_the_receipt() -> None:
    device = selling(Device("incotex"))
    receipt = replace(TWO_LINES, customer_tax_id="12345674")
    assert device.printer.check(receipt) == []
    device.printer.issue_receipt(receipt)
    commands = [command for command, _ in device.told]
    assert commands.index(57) < commands.index(48)
    assert device.data_of(57) == [b"\t\t\t\t12345674\t"]
    assert device.data_of(48)[-1].endswith(b",I")


@pytest.mark.parametrize("family", [name for name in DRIVERS if name != "incotex"])
def test_the_others_have_no_known_way_to_print_a_buyer(family: str) -> None:
    receipt = replace(TWO_LINES, customer_tax_id="12345674")
    problems = Device(family).printer.check(receipt)
    assert [(one.path, one.code) for one in problems] == [("customer_tax_id", "UNSUPPORTED")]


@pytest.mark.parametrize(
    ("family", "paid_in", "paid_out"),
    [
        ("datecs_legacy", b"10.00", b"-5.00"),
        ("incotex", b"10.00,1", b"-5.00,1"),
        ("daisy", b"10.00", b"-5.00"),
    ],
)
def test_cash_goes_in_without_a_sign_and_out_with_a_minus(
    family: str, paid_in: bytes, paid_out: bytes
) -> None:
    device = Device(family)
    drawer = device.printer.move_cash(CashMovement(paid_in=Bani(1000)))
    device.printer.move_cash(CashMovement(paid_out=Bani(500)))
    assert device.data_of(70) == [paid_in, paid_out]
    assert (drawer.paid_in, drawer.paid_out) == (1000, 500)  # told as -5.00


@pytest.mark.parametrize(
    ("text", "bani"), [(b"000001250", 1250), (b"+000001250", 1250), (b"12.50", 1250), (b"-7", -7)]
)
def test_an_amount_without_a_point_is_in_bani(text: bytes, bani: int) -> None:
    device = Device("datecs_legacy")
    device.answers[70] = b"P," + text + b",0,0"
    assert device.printer.drawer().cash == bani


def test_a_vat_group_that_is_not_on_has_no_rate() -> None:
    device = Device("eltrade")
    device.answers[83] = b"0,2,LEI ,10100000,21.00,11.00,09.00,00.00,00.00,00.00,00.00,00.00"
    assert device.printer.vat_rates() == {"A": VatRate(2100), "C": VatRate(900)}


@pytest.mark.parametrize("told", [b"-1", b"-1.00", b"100.00", b"100.02"])
def test_a_rate_that_is_none_marks_an_unused_group(told: bytes) -> None:
    device = Device("daisy")
    device.answers[97] = b"21.00," + told + b",09.00"
    assert list(device.printer.vat_rates().values()) == [2100, 900]


@pytest.mark.parametrize(
    ("family", "told", "third"),
    [
        ("eltrade", b"5.00,0,0,0,0,0,0,7.00,0412,0131", None),  # 8 sums
        ("eltrade", b"5.00,0,0,0,0,0,0,7.00,1.00,0,0,0412,0131", PaymentKind.MODERN),  # 11
        ("daisy", b"5.00,0,7.00,0412,000812,0131", None),
        ("datecs_legacy", b"5.00,0,7.00,0412,0131", None),
        ("datecs_legacy:printer", b"5.00,0,7.00,1.00,0412,0131", PaymentKind.OTHER),
        ("incotex", b"5.00,7.00,0,0,0,1.00", PaymentKind.CREDIT),  # 173: nothing behind them
    ],
)
def test_the_numbers_behind_the_payments_of_a_day_are_no_money(
    family: str, told: bytes, third: PaymentKind | None
) -> None:
    device = Device(family)
    device.answers[device.printer.dialect.paid] = told
    paid = {payment.kind: payment.amount for payment in device.printer.day_totals().payments}
    assert paid.pop(third, 100) == 100
    assert paid == {PaymentKind.CASH: 500, PaymentKind.CARD: 700}


@pytest.mark.parametrize(
    ("told", "at", "step_s"),
    [
        (b"22-11-2026 10:00:30", datetime(2026, 11, 22, 10, 0, 30, tzinfo=UTC), 1),
        (b"22-11-2026", datetime(2026, 11, 22, tzinfo=UTC), 86_400),
        (b"22-11-26 10:00", datetime(2026, 11, 22, 10, 0, tzinfo=UTC), 60),
        (b"22-11-26", None, 1),
    ],
)
def test_the_last_record_may_be_told_without_a_time_of_day(
    told: bytes, at: datetime | None, step_s: int
) -> None:
    device = Device("datecs_legacy")
    device.answers[86] = told
    assert device.printer.last_record_at() == DeviceTime(told.decode(), at, step_s)


@pytest.mark.parametrize(
    ("family", "status", "words"),
    [
        ("daisy", "80 80 80 80 C0 88", "deregistered for a time (known of Bulgaria only)"),
        ("incotex", "80 88 80 80 80 88", "# fault of the range of invoice numbers"),
    ],
)
def test_a_bit_that_only_this_maker_has_is_told_in_words(
    family: str, status: str, words: str
) -> None:
    device = Device(family)
    device.status = status
    seen = device.printer.status()
    assert words in [bit.en for bit in seen.bits if bit.is_set(seen.raw)]


@pytest.mark.parametrize(
    ("family", "byte", "said"),
    [
        ("datecs_legacy:printer", 0x80 | 1 << 6 | 1, ["switch Sw7 on", "switch Sw1 on"]),
        ("eltrade", 0x80 | 1 << 2, ["switch 3 on"]),
    ],
)
def test_the_switches_of_byte_3_are_told_in_words(family: str, byte: int, said: list[str]) -> None:
    device = Device(family)
    device.status = f"80 80 80 {byte:02X} 86 9A"
    seen = device.printer.status()
    assert [bit.en for bit in seen.bits if bit.byte == 3 and bit.is_set(seen.raw)] == said
    assert (seen.error, seen.blocking) == (None, ())


@pytest.mark.parametrize(
    ("family", "number", "fault"),
    [
        ("daisy", 60, Fault.JE_FAILED),
        ("incotex", 12, Fault.RECEIPT_OPEN),
        ("incotex", 99, None),
        ("daisy", 0, None),
    ],
)
def test_the_number_of_the_last_error_is_told_and_stops_nothing(
    family: str, number: int, fault: Fault | None
) -> None:
    device = Device(family)
    device.status = f"80 80 80 {0x80 | number:02X} 80 B8"
    seen = device.printer.status()
    assert seen.error == ErrorNumber(3, number, fault)
    assert seen.blocking == ()


@every_family
def test_upkeep_is_told_as_far_as_the_device_says_it(family: str) -> None:
    device = Device(family)
    device.answers[68] = b"2471,2500"
    seen = device.printer.upkeep()
    assert (seen.z_reports_left, seen.day_is_open, seen.service_at) == (2471, False, None)
    assert seen.clock.at is not None
    device.answers[68] = (b"", "A2 80 80 80 86 9A")
    assert device.printer.upkeep().z_reports_left is None


@pytest.mark.parametrize("family", ["datecs_legacy", "daisy", "eltrade", "incotex"])
def test_a_technician_writes_and_reads_its_frames_by_hand(family: str) -> None:
    text = encode_frame(family, sequence=0x21, command=90, data="1")
    assert text == "01 25 21 5A 31 05 30 30 3D 36 03"  # published, sent to each of them
    told = decode_frame(family, text, reply=False)
    assert (told["ok"], told["seq"], told["command"], told["data"]) == (True, 0x21, 90, "1")
    assert not decode_frame(family, text, reply=True)["ok"]
