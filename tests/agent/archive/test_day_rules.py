"""Every rule of a signed day names what is wrong by a code of its own, and nothing else."""

from datetime import datetime, timedelta

import pytest

from agent.archive.signed.day_rules import WARNINGS, is_nui, set_back, turnover_of
from agent.archive.signed.day_xml import Day, read
from agent.archive.signed.signed_file import SignedFile, Turnover, read_signed
from tests.agent.archive import signed_files as made

ALWAYS = {"ISSUER_UNKNOWN", "RATES_NOT_IN_OLD_SCHEMA"}
THIRD = 'idB="50000012342026100519580304130003"'


def found(xml: str) -> set[str]:
    return {finding.code for finding in signed(xml).findings} - ALWAYS


def signed(xml: str) -> SignedFile:
    return read_signed(made.sign(xml))


def example(*changes: tuple[str, str]) -> str:
    xml = made.EXAMPLE
    for old, new in changes:
        assert old in xml
        xml = xml.replace(old, new, 1)
    return xml


def of_moments(*moments: str, z_at: str) -> str:
    """A day with a receipt at each moment."""
    xml = made.day_xml(9, datetime.fromisoformat(z_at), [1000] * len(moments))
    for number, moment in enumerate(moments, 1):
        minutes = timedelta(minutes=len(moments) - number + 1)
        was = f"{datetime.fromisoformat(z_at) - minutes:%Y%m%d%H%M%S}0009{number:04}"
        assert was in xml
        xml = xml.replace(was, f"{datetime.fromisoformat(moment):%Y%m%d%H%M%S}0009{number:04}")
    return xml


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ((THIRD, THIRD.replace("5000001234", "5000001304")), {"NUI_DIFFERS"}),
        (('idR="5000001234', 'idR="5000001304'), {"NUI_DIFFERS"}),
        ((THIRD, THIRD.replace("04130003", "04140003")), {"Z_DIFFERS"}),
        ((THIRD, THIRD.replace("04130003", "04130004")), {"RECEIPT_MISSING"}),
        ((THIRD, THIRD.replace("04130003", "04130002")), {"RECEIPT_MISSING", "RECEIPT_TWICE"}),
        (('nrB="3" totB', 'nrB="4" totB'), {"RECEIPT_MISSING", "COUNT_DIFFERS"}),
        (('nrBC="1"', 'nrBC="2"'), {"COUNT_DIFFERS"}),
        (('nrAv="1"', 'nrAv="2"'), {"COUNT_DIFFERS"}),
        (('totBC="242.00"', 'totBC="242.01"'), {"TOTAL_ROUNDING"}),
        (('totBC="242.00"', 'totBC="242.05"'), {"TOTAL_ROUNDING"}),
        (('totBC="242.00"', 'totBC="242.06"'), {"TOTAL_DIFFERS"}),
        (('totTvaC="42.00"', 'totTvaC="12.00"'), {"TOTAL_DIFFERS"}),
        (('totTva="49.00"', 'totTva="49.90"'), {"TOTAL_DIFFERS"}),
        (('valPl="60.65"', 'valPl="61.65"'), {"TOTAL_DIFFERS"}),
        (('totTva="3.71"', 'totTva="3.77"'), {"RECEIPT_VAT_DIFFERS", "TOTAL_DIFFERS"}),
        (('valOp="257.00"', 'valOp="300.00"'), {"TURNOVER_UNDECIDED"}),
        (("20261005195803", "20261005110000"), {"CLOCK_SET_BACK"}),
        (("20261005195803", "20261005220000"), {"CLOCK_SET_BACK"}),
        (("20261005195803", "20261305195803"), {"MOMENT_BAD"}),
        (
            ('idM="5000001234202610052142170413"', f'idM="{"50000012342026100524421704"}13"'),
            {"MOMENT_BAD"},
        ),
        (("<msj", '<msj cif="RO12345674"'), {"CIF_WITH_RO", "SCHEMA_INVALID"}),
        (("<msj", '<msj cif="12345675"'), {"TAX_ID_CHECK_DIGIT"}),
        (("<msj", '<msj cif="12A"'), {"CIF_BAD", "SCHEMA_INVALID"}),
    ],
    ids=lambda value: "" if isinstance(value, tuple) else ",".join(sorted(value)),
)
def test_a_day_that_disagrees_with_itself_is_told(change: tuple[str, str], codes: set[str]) -> None:
    assert found(example(change)) == codes


def test_receipts_out_of_their_order_are_told() -> None:
    lines = made.EXAMPLE.splitlines()
    lines[1], lines[2] = lines[2], lines[1]
    assert found("\n".join(lines)) == {"RECEIPT_ORDER"}


def test_a_payment_in_another_currency_is_not_added_up() -> None:
    assert found(example(('monPl="RON"', 'monPl="EUR"'), ('valPl="242.00"', 'valPl="49"'))) == set()


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        (('cif="12345674"', 'cif="RO12345674"'), {"CIF_WITH_RO", "SCHEMA_INVALID"}),
        (('cif="12345674"', 'cif="12345670"'), {"TAX_ID_CHECK_DIGIT"}),
        (('cif="12345674"', ""), {"CIF_MISSING", "SCHEMA_INVALID"}),
        (('nrRapF="436"', 'nrRapF="400"'), {"REGISTER_RANGE_BAD"}),
        (("5000001234", "8000000001"), {"NUI_CHECK_DIGIT"}),
    ],
    ids=lambda value: "" if isinstance(value, tuple) else ",".join(sorted(value)),
)
def test_a_register_that_is_wrong_is_told(change: tuple[str, str], codes: set[str]) -> None:
    assert found(made.EXAMPLE_REGISTER.replace(*change)) == codes


@pytest.mark.parametrize(
    ("moments", "z_at", "codes"),
    [
        (("2026-10-05T09:00:00", "2026-10-05T08:59:59"), "2026-10-05T20:00", {"CLOCK_SET_BACK"}),
        # 25 October 2026: 03:00 to 04:00 is there twice
        (("2026-10-25T03:50:00", "2026-10-25T03:05:00"), "2026-10-25T20:00", set()),
        (("2026-10-25T03:59:59", "2026-10-25T03:00:00"), "2026-10-25T03:30", set()),
        (("2026-10-25T04:10:00", "2026-10-25T03:05:00"), "2026-10-25T20:00", {"CLOCK_SET_BACK"}),
        (("2026-10-25T03:50:00", "2026-10-25T02:55:00"), "2026-10-25T20:00", {"CLOCK_SET_BACK"}),
        (("2026-10-18T03:50:00", "2026-10-18T03:05:00"), "2026-10-18T20:00", {"CLOCK_SET_BACK"}),
        (
            ("2026-10-25T03:50:00", "2026-10-25T03:05:00", "2026-10-25T03:02:00"),
            "2026-10-25T20:00",
            {"CLOCK_SET_BACK"},
        ),
        (("2026-10-05T09:00:00", "2026-10-06T09:00:00"), "2026-10-06T09:00", set()),
        (
            ("2026-10-05T09:00:00", "2026-10-06T09:00:01"),
            "2026-10-06T09:01",
            {"RECEIPT_AFTER_24_HOURS", "RECEIPT_BEFORE_24_HOURS"},
        ),
        (("2026-10-05T09:00:00",), "2026-10-07T09:00", {"RECEIPT_BEFORE_24_HOURS"}),
        # 29 March 2026: 03:00 is 04:00, so a clock shows 25 hours for 24
        (("2026-03-28T09:00:00", "2026-03-29T09:59:00"), "2026-03-29T10:00", set()),
    ],
)
def test_times_that_cannot_be_are_told(
    moments: tuple[str, ...], z_at: str, codes: set[str]
) -> None:
    assert found(of_moments(*moments, z_at=z_at)) == codes


def test_the_repeated_hour_serves_once() -> None:
    hour = [datetime.fromisoformat(f"2026-10-25T03:{minute:02}") for minute in (50, 5, 59, 10)]
    assert [name for name, *_ in set_back([(str(at), at) for at in hour])] == [str(hour[3])]


@pytest.mark.parametrize(
    ("nui", "right"), [("5000001234", True), ("8000000001", False), (made.OTHER_NUI, True)]
)
def test_the_check_digit_of_an_nui(nui: str, right: bool) -> None:
    assert is_nui(nui) is right


def test_an_empty_day_is_as_good_as_any() -> None:
    file = signed(made.day_xml(1, made.EVENING, []))
    assert found(made.day_xml(1, made.EVENING, [])) == set()
    assert file.turnover is Turnover.UNKNOWN


@pytest.mark.parametrize(
    ("was", "told", "code"),
    [
        ("34.80", "34.71", "TOTAL_ROUNDING"),  # of the sum of the day, not of each receipt
        ("34.80", "34.69", "TOTAL_DIFFERS"),
        ('valPl="200.00"', 'valPl="199.91"', "TOTAL_DIFFERS"),
    ],
)
def test_vat_of_a_day_may_be_off_by_half_a_ban_a_receipt(was: str, told: str, code: str) -> None:
    xml = made.day_xml(1, made.EVENING, [1000] * 20)
    assert found(xml) == set()
    assert found(xml.replace(was, told)) == {code}


def test_rounding_of_many_receipts_does_not_hide_what_turnover_is() -> None:
    day, _ = read(made.day_xml(1, made.EVENING, [99] * 2_000).encode())
    assert isinstance(day, Day)
    assert turnover_of(day) is Turnover.GROSS


def test_the_turnover_of_a_few_bani_is_decided_by_the_total() -> None:
    day, _ = read(made.day_xml(1, made.EVENING, [30]).encode())
    assert isinstance(day, Day)
    assert turnover_of(day) is Turnover.GROSS


TWO_ROWS = (
    '<coteZ cota="21" valOp="257.00" tva="44.60"/>',
    '<coteZ cota="21" valOp="200.00" tva="34.71"/><coteZ cota="21" valOp="57.00" tva="9.89"/>',
)
OF_NOTHING = ("<av data", '<coteZ cota="0" valOp="500.00" tva="0.00"/><av data')


def test_rows_of_one_rate_are_added_up_before_they_are_compared() -> None:
    assert found(example(TWO_ROWS)) == set()


def test_rows_that_make_more_than_the_total_are_told() -> None:
    (finding,) = [f for f in signed(example(OF_NOTHING)).findings if f.code == "TOTAL_DIFFERS"]
    assert (finding.place, finding.sentence) == (
        "Z 413 totB of coteZ",
        "it says 302.65, its parts are 801.40",
    )


@pytest.mark.parametrize(
    ("period", "codes"),
    [
        ('an="2026" luna="10"', set()),
        ('an="2026" luna="9"', {"PERIOD_DIFFERS"}),
        ('an="2026" luna="13"', {"ATTRIBUTE_UNREADABLE"}),
        ('an="2026"', {"ATTRIBUTE_MISSING"}),
    ],
)
def test_the_month_that_a_day_says_is_that_of_its_z(period: str, codes: set[str]) -> None:
    assert found(example(("<msj", f"<msj {period}"))) - {"SCHEMA_INVALID"} == codes


def test_a_register_is_not_of_a_month_after_the_one_it_was_made_in() -> None:
    ahead = made.EXAMPLE_REGISTER.replace('luna="10"', 'luna="12"')
    assert found(ahead) == {"PERIOD_DIFFERS"}
    assert found(made.EXAMPLE_REGISTER) == set()


def test_no_warning_is_a_thing_that_loses_money() -> None:
    assert not {code for code in WARNINGS if code.startswith(("Z_", "RECEIPT_", "NUI_DIFF"))}
