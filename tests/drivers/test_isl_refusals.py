"""Legacy ISL devices that say no, in all their ways, and those that say something odd."""

from collections.abc import Callable, Iterator

import pytest

from agent.verdict import Proof, Verdict, decide
from drivers.capabilities import Feature, TextPlace
from drivers.errors import ContactLost, Refused
from drivers.faults import Fault, words
from drivers.je import DocumentKind
from drivers.model import (
    Counters,
    PaymentKind,
    Receipt,
    Slip,
    VatRate,
)
from sandbox.printer.station import Answer
from tests.drivers.isl_device import DRIVERS, IDLE, OPEN, Device, every_family, selling
from tests.drivers.receipts import BREAD, CARD, CASH, MEAL, TWO_LINES

# --- no


@every_family
@pytest.mark.parametrize(
    ("status", "fault", "code"),
    [
        ("A2 80 80 80 86 9A", Fault.UNKNOWN_COMMAND, "0.1"),
        ("A1 80 80 80 86 9A", Fault.BAD_REQUEST, "0.0"),
        ("A0 82 88 80 86 9A", Fault.RECEIPT_OPEN, "1.1"),
        ("A0 80 81 80 86 9A", Fault.PAPER_OUT, "2.0"),
    ],
)
def test_a_bit_of_the_status_is_a_refusal_in_our_words(
    family: str, status: str, fault: Fault, code: str
) -> None:
    device = Device(family)
    device.answers[69] = (b"", status)
    with pytest.raises(Refused) as caught:
        device.printer.z_report()
    assert (caught.value.fault, caught.value.device_code) == (fault, code)


@pytest.mark.parametrize(
    ("family", "number", "fault"),
    [
        ("daisy", 82, Fault.Z_REPORT_DUE),
        ("daisy", 66, Fault.OPERATOR_REFUSED),
        ("incotex", 38, Fault.Z_REPORT_DUE),
        ("incotex", 37, Fault.VAT_RATE_UNKNOWN),
        ("incotex", 99, Fault.DEVICE_ERROR),
    ],
)
def test_an_error_number_in_byte_3_says_why_even_without_another_bit(
    family: str, number: int, fault: Fault
) -> None:
    device = Device(family)
    device.answers[48] = (b"", f"A0 80 80 {0x80 | number:02X} 80 B8")
    with pytest.raises(Refused) as caught:
        device.printer.issue_receipt(TWO_LINES)
    assert (caught.value.fault, caught.value.device_code) == (fault, f"0.5/{number}")


def test_the_last_error_of_a_printer_is_asked_for_and_kept() -> None:
    device = Device("datecs_legacy:printer")
    device.answers |= {48: (b"", "A0 82 80 80 86 9A"), 32: b"48,-150204,22-11-26 10:00:00,Z"}
    with pytest.raises(Refused) as caught:
        device.printer.issue_receipt(TWO_LINES)
    assert (caught.value.fault, caught.value.device_code) == (Fault.Z_REPORT_DUE, "-150204")


@pytest.mark.parametrize(
    ("code", "fault", "waits"),
    [
        ("-150205", Fault.CLOCK_NOT_SET, True),
        ("-150207", Fault.CLOCK_NOT_SET, True),
        ("-150209", Fault.JE_FAILED, False),
        ("-150232", Fault.JE_FAILED, False),
        ("-150300", Fault.FISCAL_MEMORY_FAILED, False),
        ("-150314", Fault.FISCAL_MEMORY_FAILED, False),
        ("-150400", Fault.BAD_REQUEST, False),
        ("-150401", Fault.BAD_REQUEST, False),
        ("-150800", Fault.SERVICE_NEEDED, False),
        ("-150819", Fault.SERVICE_NEEDED, False),
        ("-150208", Fault.WRONG_STATE, False),  # nobody knows it: the bit speaks
    ],
)
def test_a_code_of_a_group_says_what_the_group_is_about(
    code: str, fault: Fault, waits: bool
) -> None:
    device = Device("datecs_legacy:printer")
    told = f"48,{code},22-11-26 10:00:00,x".encode()
    device.answers |= {48: (b"", "A0 82 80 80 86 9A"), 32: told}
    with pytest.raises(Refused) as caught:
        device.printer.issue_receipt(TWO_LINES)
    assert (caught.value.fault, caught.value.device_code) == (fault, code)
    assert words()[fault].waits is waits


# --- a close that is refused though all is paid


def close_refused(family: str, number: int = 0, code: bytes = b"") -> Refused:
    """Sell, pay in full, and have the close refused; nothing may be sent after it but questions.

    Whatever the reason: what is looked at then is completed, by us or a person, never cancelled.
    """
    device = selling(Device(family))
    before = device.printer.counters()
    refused = f"A0 82 88 {0x80 | number:02X} 86 9A"
    device.answers |= {56: (b"", refused), 76: (b"1,0002,+000001250,+000001250", OPEN)}
    device.answers[32] = b"56," + code + b",22-11-26 10:00:00,x"
    with pytest.raises(Refused) as caught:
        device.printer.issue_receipt(TWO_LINES)
    after = [command for command, _ in device.told][-2:]
    assert after in ([56, 76], [32, 76])
    device.answers[113] = b"0000013"
    seen = device.printer.observe(since=before, reference="")
    assert decide(Proof.RECEIPT, before, seen, TWO_LINES).verdict is Verdict.COMPLETE
    return caught.value


@pytest.mark.parametrize("family", ["datecs_legacy", "eltrade", "daisy", "incotex"])
def test_a_close_that_is_refused_without_a_reason_waits_for_the_clock(family: str) -> None:
    refused = close_refused(family)
    assert (refused.fault, refused.device_code) == (Fault.CLOCK_NOT_SET, "1.1")


@pytest.mark.parametrize(
    ("family", "number", "fault"),
    [
        *(("daisy", number, Fault.JE_FAILED) for number in (60, 65, 96)),
        *(("daisy", number, Fault.SERVICE_NEEDED) for number in (98, 100)),
        *(("daisy", number, Fault.TAX_OFFICE_LINK) for number in (68, 76, 101, 113, 117)),
        ("daisy", 108, Fault.OPERATOR_REFUSED),
        ("daisy", 10, Fault.CLOCK_NOT_SET),
        ("daisy", 40, Fault.WRONG_STATE),
        ("incotex", 12, Fault.RECEIPT_OPEN),
        ("incotex", 26, Fault.Z_REPORT_DUE),
        ("incotex", 43, Fault.SERVICE_NEEDED),
        ("incotex", 75, Fault.OVERFLOW),
        ("incotex", 76, Fault.CLOCK_NOT_SET),
        ("incotex", 3, Fault.WRONG_STATE),
        ("incotex", 99, Fault.WRONG_STATE),
    ],
)
def test_a_close_that_is_refused_for_another_reason_is_not_told_as_the_clock(
    family: str, number: int, fault: Fault
) -> None:
    refused = close_refused(family, number)
    assert (refused.fault, refused.device_code) == (fault, f"1.1/{number}")


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (b"-150300", Fault.FISCAL_MEMORY_FAILED),
        (b"-150210", Fault.JE_FAILED),
        (b"-150205", Fault.CLOCK_NOT_SET),
        (b"-150003", Fault.WRONG_STATE),
        (b"-150999", Fault.WRONG_STATE),
    ],
)
def test_a_close_that_the_printer_names_a_code_for_is_told_by_it(code: bytes, fault: Fault) -> None:
    refused = close_refused("datecs_legacy:printer", code=code)
    assert (refused.fault, refused.device_code) == (fault, code.decode())


def test_an_error_of_eltrade_in_words_is_a_refusal() -> None:
    device = Device("eltrade")
    device.answers[69] = b"E:NO PAPER"
    with pytest.raises(Refused):
        device.printer.x_report()


@pytest.mark.parametrize("letter", [b"F", b"E5.00", b"I1.00"])
@every_family
def test_a_payment_that_is_answered_with_another_letter_is_refused(
    family: str, letter: bytes
) -> None:
    device = selling(Device(family))
    device.answers[53] = (letter, OPEN)
    with pytest.raises(Refused) as caught:
        device.printer.issue_receipt(TWO_LINES)
    assert caught.value.fault is Fault.AMOUNT_REFUSED
    assert device.data_of(56) == []


@every_family
def test_a_close_that_is_answered_and_leaves_the_receipt_open_is_not_believed(family: str) -> None:
    device = selling(Device(family))
    device.answers[56] = (b"000013,000006", OPEN)
    with pytest.raises(ContactLost):
        device.printer.issue_receipt(TWO_LINES)
    assert len(device.data_of(56)) == 1


@every_family
def test_an_opening_that_is_answered_and_opens_nothing_is_not_believed(family: str) -> None:
    device = selling(Device(family))
    device.answers |= {48: (b"000013,000005", IDLE), 0x90: (b"000013,000005", IDLE)}
    with pytest.raises(ContactLost):
        device.printer.issue_receipt(TWO_LINES)
    assert device.data_of(49) == []


@every_family
def test_another_total_than_ours_is_never_paid(family: str) -> None:
    device = selling(Device(family), b"12.51")
    with pytest.raises(Refused) as caught:
        device.printer.issue_receipt(TWO_LINES)
    assert caught.value.fault is Fault.TOTAL_MISMATCH
    assert device.data_of(53) == []


@every_family
def test_a_z_report_with_another_number_than_expected_is_looked_at_again(family: str) -> None:
    device = Device(family)
    device.answers[69] = b"0099,0.00,0.00"
    with pytest.raises(ContactLost):
        device.printer.z_report()
    assert len(device.data_of(69)) == 1


@pytest.mark.parametrize("answer", [b"", b"E", b"x,y"])
def test_a_record_of_the_fiscal_memory_that_is_no_answer_is_never_taken_for_none(
    answer: bytes,
) -> None:
    device = Device("datecs_legacy")
    device.answers[64] = answer
    with pytest.raises(ContactLost):
        device.printer.counters()


def test_a_z_report_is_made_by_a_device_that_does_not_tell_what_was_paid() -> None:
    device = Device("incotex")
    device.answers |= {173: (b"", "A2 80 80 80 86 9A"), 69: b"0004,0.00,0.00"}
    device.answers[113] = [b"0000012", b"0000013"]
    report = device.printer.z_report()
    assert (report.number, report.payments) == (4, ())


# --- what is not there


@every_family
def test_nothing_can_be_set_and_no_feature_says_so(family: str) -> None:
    printer = Device(family).printer
    can = {Feature.DRAWER, Feature.DUPLICATE, Feature.TIPS, Feature.ADVANCES, Feature.ARCHIVE}
    assert printer.capabilities.features <= can
    settings: list[Callable[[], object]] = [
        lambda: printer.service.texts(TextPlace.HEADER),
        lambda: printer.service.set_texts(TextPlace.FOOTER, ("x",)),
        lambda: printer.service.set_vat_rates({"A": VatRate(2100)}),
        lambda: printer.service.operator_name(1),
        lambda: printer.service.set_operator(1, name="x", old_password="1", password="2"),
        lambda: printer.service.load_logo(b"BM"),
    ]
    for setting in settings:
        with pytest.raises(Refused) as caught:
            setting()
        assert caught.value.fault is Fault.UNKNOWN_COMMAND


@every_family
def test_every_way_to_pay_has_a_letter_of_its_own(family: str) -> None:
    driver, _ = DRIVERS[family]
    for dialect in driver.dialects.values():
        letters = dialect.payments
        assert set(letters) == dialect.capabilities.payment_kinds
        assert len(set(letters.values())) == len(letters)
        assert {CASH, CARD, MEAL} <= set(letters)
        assert PaymentKind.FOREIGN not in letters


# --- the electronic journal


def looked(device: Device, reference: str, of: DocumentKind = DocumentKind.RECEIPT) -> bool | None:
    since = Counters("DT000001", 3, 5, 11)
    return device.printer.observe(since=since, reference=reference, of=of).reference_found


def test_a_register_whose_je_cannot_be_read_says_that_it_does_not_know() -> None:
    device = Device("datecs_legacy")
    for answer in ((b"", "A2 80 80 80 86 9A"), (b"P,12", IDLE), (b"P,x,y,z,q", IDLE)):
        device.answers[125] = answer
        assert looked(device, "ABC") in (None, False)
    device.answers[125] = (b"", "A2 80 80 80 86 9A")
    assert looked(device, "ABC") is None


def test_a_cancelled_receipt_of_a_register_is_told_by_its_text_alone() -> None:
    device = Device("datecs_legacy")
    lines = iter([b"P,REF:ABC", b"P,** BON ANULAT **", b"F"])
    device.answers[125, b"0,12,0"] = b"P,12,22-11-26 10:00:00,1,4"
    told = device.receive

    def receive(data: bytes) -> Iterator[Answer]:
        device.answers[125, b"1"] = next(lines, b"F") if b"}1" in data else b"F"
        yield from told(data)

    device.receive = receive  # type: ignore[method-assign]
    assert looked(device, "ABC") is False


@pytest.mark.parametrize("family", ["eltrade", "incotex"])
def test_without_a_je_nothing_is_asked_and_nothing_known(family: str) -> None:
    device = Device(family)
    assert looked(device, "ABC") is None
    assert {command for command, _ in device.told}.isdisjoint({119, 125, 0xC3})


def test_a_slip_of_three_lines_is_written_line_by_line() -> None:
    device = Device("eltrade")
    for command in (38, 42):
        device.answers[command] = (b"", "80 80 A0 80 86 9A")
    device.printer.print_slip(Slip(("unu", "doi"), "ABC"))
    assert device.data_of(42) == [b"unu", b"doi", b"REF:ABC"]


def test_a_receipt_of_somebody_else_between_counting_and_opening_is_noticed() -> None:
    device = selling(Device("eltrade"))
    device.printer.counters()
    device.answers[113] = b"0000014"
    with pytest.raises(ContactLost, match="somebody"):
        device.printer.issue_receipt(Receipt((BREAD,), TWO_LINES.payments, "X"))
