"""FiscalNet's text: the published files both ways, and every answer that was or was not meant."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import fiscalnet
from protocol.errors import FrameError, ProtocolError, ReplyError
from protocol.fiscalnet import FiscalNetAnswer, file_of, line, lines_of, read_answer, sale

VECTORS = Path(__file__).parents[1] / "data" / "vectors" / "fiscalnet.json"
PUBLISHED = [
    (entry["decoded"]["text"], bytes.fromhex(entry["hex"]))
    for entry in json.loads(VECTORS.read_text("utf-8"))
]
SALE = {"price": 350, "quantity": 2000, "unit": "buc", "group": "1", "department": 1}


def written_again(rows: list[list[str]]) -> list[str]:
    """Each published line, by the function that writes such lines."""
    again = []
    for word, *fields in rows:
        match word:
            case "CF":
                again.append(fiscalnet.customer(*fields))
            case "S":
                name, price, quantity, unit, group, department = fields
                again.append(
                    sale(
                        name,
                        price=int(price),
                        quantity=int(quantity),
                        unit=unit,
                        group=group,
                        department=int(department),
                    )
                )
            case "DV" | "MV":
                again.append(fiscalnet.adjustment(int(fields[0]) * (1 if word == "MV" else -1)))
            case "ST":
                again.append(fiscalnet.SUBTOTAL)
            case "P":
                again.append(fiscalnet.payment(fields[0], int(fields[1])))
    return again


def test_both_published_files_are_here() -> None:
    assert len(PUBLISHED) == 2


@pytest.mark.parametrize(("text", "raw"), PUBLISHED, ids=["eight payments", "one payment"])
def test_a_published_file_is_read_and_written_again(text: str, raw: bytes) -> None:
    """Its publisher compares without white space: which line ends it has is not proven."""
    rows = lines_of(raw)
    assert ["^".join(row) for row in rows] == text.split()
    assert file_of(written_again(rows)).split() == raw.split()


def test_a_line_that_says_nothing_more_ends_with_its_sign() -> None:
    assert [line("X"), line("TL", "")] == ["X^", "TL^"]


@pytest.mark.parametrize("bad", ["a^b", "ă", "a\r\nZ^", "a\tb", "\0"])
def test_what_would_be_another_field_or_line_is_refused(bad: str) -> None:
    with pytest.raises(FrameError):
        line("TL", bad)


@pytest.mark.parametrize("name", ["", "  ", "x" * 37])
def test_a_name_that_does_not_fit_is_refused(name: str) -> None:
    with pytest.raises(FrameError):
        sale(name, **SALE)
    assert sale("x" * 36, **SALE).startswith("S^xxxx")


@pytest.mark.parametrize("nothing", [{"price": 0}, {"quantity": 0}, {"price": -350}])
def test_what_is_not_above_zero_is_no_sale(nothing: dict[str, int]) -> None:
    with pytest.raises(FrameError):
        sale("Paine", **(SALE | nothing))


def test_a_file_has_a_limit() -> None:
    with pytest.raises(FrameError):
        file_of(["TL^" + "x" * 100] * 1000)


def test_a_published_name_with_diacritics_is_read() -> None:
    """menuvia/menuvia-cloud, supabase/tests/build_fiscalnet_payload_test.sql (test 31)."""
    raw = "S^Țuică pălincă șuncă^2500^1000^buc^1^1\nST^\nP^1^2500".encode()
    assert lines_of(raw) == [
        ["S", "Țuică pălincă șuncă", "2500", "1000", "buc", "1", "1"],
        ["ST", ""],
        ["P", "1", "2500"],
    ]


@pytest.mark.parametrize(
    "raw",
    [
        b"S",
        b"1^2",
        b"TL^\xff",
        b"TL^\0",
        b"^x",
        b"TL^a\r\nnonsense\r\n",
        b"",
        b"\r\n",
        b"TL^" + b"x" * 65536,
    ],
)
def test_what_is_no_line_is_not_read(raw: bytes) -> None:
    with pytest.raises(FrameError):
        lines_of(raw)


@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        (b"BONOK=1\r\nNRBON=17\r\n", FiscalNetAnswer(done=True, number=17)),
        (b"BONOK=1\nNUMARBON=0017", FiscalNetAnswer(done=True, number=17)),
        (b"\xef\xbb\xbfbonok = 1\r\n nrbon = 3 \r\n", FiscalNetAnswer(done=True, number=3)),
        (b"BONOK=1\r\n", FiscalNetAnswer(done=True)),
        (b"BONOK=1\r\nNRBON=abc\r\n", FiscalNetAnswer(done=True)),
        (b"BONOK=1\r\nNRBON=-4\r\n", FiscalNetAnswer(done=True)),
        (
            b"BONOK=0\r\nERRCODE=PAPER_OUT\r\nERRINFO=H\xc3\xa2rtia s-a terminat\r\n",
            FiscalNetAnswer(done=False, code="PAPER_OUT", sentence="Hârtia s-a terminat"),
        ),
        (
            b"BONOK=0\r\nEROARE=103 - Mesaj\r\n",
            FiscalNetAnswer(done=False, sentence="103 - Mesaj"),
        ),
        (
            b"BONOK=0\r\nERRINFO=Ra\xfeie\r\n",
            FiscalNetAnswer(done=False, sentence="Raţie"),
        ),
        (b"BONOK=0\r\n", FiscalNetAnswer(done=False)),
    ],
)
def test_an_answer_is_read(raw: bytes, meant: FiscalNetAnswer) -> None:
    assert read_answer(raw) == meant


# adrian-badulescu/Printer-Agent, PrinterAgent.Infrastructure.Tests/FiscalNetHttpClientTests.cs;
# sk1fallRed25/GestiuneMagazinV.0.01, test_fiscalnet_manual_export_6gfn1.py
@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        (b"BONOK=1\n0042\n", FiscalNetAnswer(done=True, number=42)),
        (b"BONOK=1\n12345", FiscalNetAnswer(done=True, number=12345)),
        (
            b"BONOK=0\nE01\nHartie lipsa",
            FiscalNetAnswer(done=False, code="E01", sentence="Hartie lipsa"),
        ),
    ],
)
def test_a_published_answer_without_keys_is_read_by_the_place_of_its_rows(
    raw: bytes, meant: FiscalNetAnswer
) -> None:
    assert read_answer(raw) == meant
    assert meant.whole


@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        (b"BONOK=1\r\n\r\n17\r\n18\r\n", FiscalNetAnswer(done=True, number=17)),
        (b"17\r\nBONOK=1\r\n", FiscalNetAnswer(done=True)),
        (b"BONOK=1\r\n18\r\nNRBON=17\r\n", FiscalNetAnswer(done=True, number=17)),
        (b"E01\r\nBONOK=0\r\n", FiscalNetAnswer(done=False)),
        (b"BONOK=0\r\nE01\r\n", FiscalNetAnswer(done=False, code="E01")),
        (b"BONOK=0\r\nE01\r\nrest=2\r\n", FiscalNetAnswer(done=False, code="E01")),
        (b"DATA=1\r\n7\r\nBONOK=1\r\n17\r\n", FiscalNetAnswer(done=True, number=17)),
        (
            b"BONOK=0\r\nHartie lipsa\r\nx\r\n",
            FiscalNetAnswer(done=False, sentence="Hartie lipsa"),
        ),
        (b"BONOK=0\r\nE01\r\nERRCODE=2\r\n", FiscalNetAnswer(done=False, code="2")),
    ],
)
def test_only_rows_below_an_answer_without_our_keys_are_read_by_their_place(
    raw: bytes, meant: FiscalNetAnswer
) -> None:
    assert read_answer(raw) == meant


@pytest.mark.parametrize(
    ("raw", "whole"),
    [
        (b"BONOK=1\r\nNRBON=1", True),
        (b"BONOK=1\r\nNR", False),
        (b"BONOK=0\r\n", False),
        (b"BONOK=0\r\nERRCO", False),
        (b"BONOK=0\r\nERRCODE=1\r\n", True),
    ],
)
def test_half_an_answer_says_that_it_is_not_whole(raw: bytes, whole: bool) -> None:
    assert read_answer(raw).whole is whole


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"BONOK",
        b"BONOK=",
        b"BONOK=2\r\n",
        b"NRBON=17\r\n",
        b"BONOK=1\r\nBONOK=0\r\n",
        b"BONOK=1\r\nNRBON=1\r\nNRBON=2\r\n",
        b"B\0O\0N\0O\0K\0=\0001\0",
        bytes(range(256)),
        b"BONOK=1\r\n" + b"x" * 10_000,
        b"<html>BONOK: 1</html>",
    ],
)
def test_what_does_not_say_clearly_whether_it_was_done_is_no_answer(raw: bytes) -> None:
    with pytest.raises(ReplyError):
        read_answer(raw)


@given(st.binary(max_size=300))
def test_whatever_stands_there_is_an_answer_or_a_protocol_error(raw: bytes) -> None:
    for read in (read_answer, lines_of):
        try:
            read(raw)
        except ProtocolError:
            continue


def test_only_a_line_end_ends_a_line_of_an_answer() -> None:
    answer = read_answer("BONOK=0\r\nERRINFO=a\x0bBONOK=1\x0c\u2028BONOK=1\r".encode())
    assert (answer.done, answer.sentence) == (False, "a\x0bBONOK=1\x0c\u2028BONOK=1")


def test_no_beginning_of_an_answer_says_the_contrary() -> None:
    for whole in (b"BONOK=1\r\nNRBON=17\r\n", b"BONOK=0\r\nERRCODE=3\r\nERRINFO=da\r\n"):
        done = read_answer(whole).done
        for length in range(len(whole)):
            try:
                assert read_answer(whole[:length]).done is done
            except ReplyError:
                assert length < len(b"BONOK=1")
