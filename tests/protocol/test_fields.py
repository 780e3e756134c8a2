"""Fields, amounts and quantities: text outside, whole numbers inside."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import ReplyError
from protocol.fields import decimal_text, hundredths, integer, money, split_tabbed, tabbed

AMOUNTS = [
    (0, 2, "0.00"),
    (1, 2, "0.01"),
    (99, 2, "0.99"),
    (1250, 2, "12.50"),
    (-1, 2, "-0.01"),
    (-1250, 2, "-12.50"),
    (2000, 3, "2.000"),
    (1, 3, "0.001"),
    (99_999_999_99, 2, "99999999.99"),
]


@pytest.mark.parametrize(("value", "places", "text"), AMOUNTS)
def test_a_whole_number_is_written_with_its_decimals(value: int, places: int, text: str) -> None:
    assert decimal_text(value, places) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((text, value) for value, places, text in AMOUNTS if places == 2),
        ("12", 1200),
        ("12.5", 1250),
        ("12.500", 1250),
        (" 12.50 ", 1250),
        ("+12.50", 1250),
        ("0012.50", 1250),
        (".5", 50),
        ("5.", 500),
        ("-0.00", 0),
    ],
)
def test_a_device_s_decimal_text_is_read_as_hundredths(text: str, value: int) -> None:
    assert hundredths(text) == value


NO_AMOUNTS = "|.|-|+|-.|--5|+-5|-+5|1-2|12,50|12.505|1.2.3|1e3|0x10|1_000|1 000|5 lei|½|١٢|nan|inf"


@pytest.mark.parametrize("text", [*NO_AMOUNTS.split("|"), " ", "12.5\x00"])
def test_text_that_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ReplyError):
        hundredths(text)


@given(st.integers(-(10**12), 10**12))
@settings(max_examples=150, deadline=None)
def test_any_amount_comes_back_from_its_text(value: int) -> None:
    assert hundredths(money(value)) == value


@given(st.text(max_size=12) | st.text("0123456789.+- ", max_size=8))
@settings(max_examples=200, deadline=None)
def test_any_text_is_an_amount_or_a_reply_error(text: str) -> None:
    try:
        value = hundredths(text)
    except ReplyError:
        return
    assert any(digit in text for digit in "0123456789")
    assert abs(value) <= int("9" * (len(text) + 2))


@pytest.mark.parametrize(
    ("text", "value"), [("0", 0), ("0042", 42), ("-7", -7), ("-111016", -111016)]
)
def test_a_whole_number_is_read(text: str, value: int) -> None:
    assert integer(text) == value


@pytest.mark.parametrize("text", ["", " ", "x", "1.0", "0x1F", "1_000", "١٢", "-", "--1"])
def test_text_that_is_no_whole_number_is_refused(text: str) -> None:
    with pytest.raises(ReplyError):
        integer(text)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ((), ""),
        (("",), "\t"),
        (("Test",), "Test\t"),  # vector x01
        ((1, "0001", 1, "", ""), "1\t0001\t1\t\t\t"),  # vector x22
    ],
)
def test_a_tab_stands_after_every_parameter_also_the_last(
    values: tuple[str | int, ...], text: str
) -> None:
    assert tabbed(*values) == text


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("0\t472\t", ["0", "472"]),  # vector x04
        ("0\t472", ["0", "472"]),
        ("0\t\t", ["0", ""]),
        ("\t\t", ["", ""]),
        ("-111016\t", ["-111016"]),  # vector x19
    ],
)
def test_fields_are_cut_at_tabs_and_empty_ones_are_kept(text: str, fields: list[str]) -> None:
    assert split_tabbed(text) == fields


@given(st.lists(st.text(st.characters(exclude_characters="\t"), max_size=6), min_size=1))
@settings(max_examples=100, deadline=None)
def test_any_fields_come_back_from_their_text(fields: list[str]) -> None:
    assert split_tabbed(tabbed(*fields)) == fields
