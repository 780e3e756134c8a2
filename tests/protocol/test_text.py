"""Texts on their way to paper: folded to ASCII, or reported before anything is sent."""

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.settings import CodePage
from protocol.exchange import Request
from protocol.fields import tabbed
from protocol.isl import LEGACY, encode_request
from protocol.text import fold, from_device, to_device, unprintable

ROMANIAN = "ăâîșțşţĂÂÎȘȚŞŢ"  # ș and ț with a comma below, then with a cedilla


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Brânză țărănească", "Branza taraneasca"),
        ("Brânză ţărănească", "Branza taraneasca"),
        ("ÎNGHEȚATĂ ȘI ŞPRIŢ", "INGHETATA SI SPRIT"),
        ("s\u0326i t\u0327i a\u0306", "si ti a"),
        (
            "„Crème brûlée” \N{EN DASH} 2\N{MULTIPLICATION SIGN}100 g…",
            '"Creme brulee" - 2x100 g...',
        ),
        ("Đorđe", "Dorde"),
        ("Straße, Øre, Łódź, Œuvre", "Strasse, Ore, Lodz, OEuvre"),
        ("5\N{NO-BREAK SPACE}€", "5 EUR"),
        ("½ l", "1\N{FRACTION SLASH}2 l"),
        ("plain ASCII ~!{}", "plain ASCII ~!{}"),
        ("", ""),
    ],
)
def test_a_text_folds_to_plain_letters(text: str, plain: str) -> None:
    assert fold(text) == plain


@pytest.mark.parametrize("letter", ROMANIAN)
def test_every_romanian_letter_becomes_one_printable_letter(letter: str) -> None:
    assert unprintable(letter) == ""
    assert len(to_device(letter)) == 1
    assert to_device(letter).isalpha()


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("Cafea ☕", "☕"),
        ("🍕 mare", "🍕"),
        ("👨\N{ZERO WIDTH JOINER}👩", "👨\N{ZERO WIDTH JOINER}👩"),
        ("rand\nnou", "\n"),
        ("a\tb", "\t"),
        ("\x00\x1b\x7f", "\x00\x1b\x7f"),
        ("\x85", "\x85"),
        ("Хляб", "Хляб"),
        ("½ l µg", "½µ"),
        ("\ud800", "\ud800"),
        ("Pâine albă", ""),
    ],
)
def test_what_cannot_be_printed_is_reported_character_by_character(
    text: str, reported: str
) -> None:
    assert unprintable(text) == reported


@given(st.text(ROMANIAN + "abc XYZ 0189.,-", max_size=40))
@settings(max_examples=100, deadline=None)
def test_romanian_text_is_never_refused_and_keeps_its_length(text: str) -> None:
    assert unprintable(text) == ""
    assert len(to_device(text)) == len(text)


@given(st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_a_text_with_nothing_to_report_goes_out_as_printable_ascii(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    if unprintable(text):
        return
    sent = to_device(text)
    assert all(0x20 <= byte <= 0x7E for byte in sent)
    assert from_device(sent) == fold(text)
    assert encode_request(LEGACY, 0x20, Request(0x2A, tabbed(sent.decode())[:200].encode()))


def test_what_a_device_says_is_read_in_the_page_it_is_configured_with() -> None:
    text = "Brânză ăîâ ţş"
    assert from_device(to_device(text, "cp852"), "cp852") == text
    assert from_device(to_device(text, "cp1250"), "cp1250") == text


def test_text_that_was_not_checked_stops_before_the_wire() -> None:
    with pytest.raises(UnicodeEncodeError):
        to_device("Cafea ☕")


@given(st.binary(max_size=40))
@settings(max_examples=60, deadline=None)
def test_any_bytes_of_a_device_are_read_as_text(data: bytes) -> None:
    assert len(from_device(data)) == len(data)


def test_a_device_s_romanian_letters_are_read_in_its_code_page() -> None:
    assert from_device(b"P\xe2ine \xba\xfe") == "Pâine şţ"


@pytest.mark.parametrize(
    ("page", "printed"),
    [
        ("ascii", "Branza taraneasca, SPRIT"),
        ("cp1250", "Brânză ţărănească, ŞPRIŢ"),  # it has the cedilla only
        ("iso8859_2", "Brânză ţărănească, ŞPRIŢ"),
        ("iso8859_16", "Brânză țărănească, ȘPRIȚ"),  # it has the comma only
    ],
)
def test_a_code_page_prints_the_letters_it_has(page: str, printed: str) -> None:
    for text in ("Brânză țărănească, ȘPRIȚ", "Brânză ţărănească, ŞPRIŢ"):
        assert fold(text, page) == printed
        assert unprintable(text, page) == ""
        assert to_device(text, page).decode(page) == printed


CODE_PAGES = get_args(CodePage)  # those that a device may be configured with


@pytest.mark.parametrize("page", CODE_PAGES)
def test_what_a_page_has_no_letter_for_is_folded_or_refused(page: str) -> None:
    assert fold("5 € \N{EN DASH} „a”", page) == '5 EUR - "a"'
    assert unprintable("a\tb\N{CHEESE WEDGE}", page) == "\t\N{CHEESE WEDGE}"


@pytest.mark.parametrize("page", CODE_PAGES)
@given(text=st.text(max_size=40))
def test_what_was_not_refused_can_always_be_sent(page: str, text: str) -> None:
    if not unprintable(text, page):
        sent = to_device(text, page)
        assert all(byte >= 0x20 and byte != 0x7F for byte in sent)
        assert sent.decode(page) == fold(text, page)
