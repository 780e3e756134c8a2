"""FiscalNet's files and Custom's payloads by hand: as hex like every frame, byte for byte."""

import pytest

from drivers.wire_tool import WrongNumbers, decode_frame, decode_stream, encode_frame

LINES = r"S^Paine^350^2000^buc^1^1\r\nP^1^700\r\n"
DROPPED = b"S^Paine^350^2000^buc^1^1\r\nP^1^700\r\n"


def written(data: str) -> str:
    return encode_frame("custom", sequence=None, command=None, data=data)


def read(raw: bytes, *, reply: bool, family: str = "custom") -> dict[str, object]:
    return decode_frame(family, raw.hex(), reply=reply)


def test_a_file_is_written_and_read_again() -> None:
    assert bytes.fromhex(written(LINES)) == DROPPED
    told = [["S", "Paine", "350", "2000", "buc", "1", "1"], ["P", "1", "700"]]
    as_it_stands = {"data": DROPPED.decode("ascii")}
    assert read(DROPPED, reply=False) == {"ok": True, "lines": told} | as_it_stands
    assert read(b"\xef\xbb\xbf" + DROPPED, reply=False, family="fiscalnet")["lines"] == told


@pytest.mark.parametrize(
    "raw",
    [
        b"Z^",
        b"Z^\n",
        b"Z^\r",
        b"\r\nCF^RO1\n\n s^ Paine ^350^2000^^1 \rST^0\r\nP^1^700^^\r\n\x1a",
        b"\xef\xbb\xbfTL^  in the middle  \r\n",
        b"TL^a\x0bX^\n",
    ],
)
def test_a_file_comes_back_as_it_stands_whatever_ends_its_lines(raw: bytes) -> None:
    told = read(raw, reply=False)
    assert told["ok"]
    typed = "".join(f"\\x{byte:02X}" for byte in raw)
    assert told["data"] == raw.decode("latin-1")
    assert bytes.fromhex(written(typed)) == raw


def test_a_text_is_shown_with_its_blanks_and_only_a_line_end_ends_it() -> None:
    assert read(b"TL^  a  \nTL^b\x0bX^\x0c\x1c\n", reply=False)["lines"] == [
        ["TL", "  a  "],
        ["TL", "b\x0bX", "\x0c\x1c"],
    ]


# --- Custom's own payloads


def test_a_payload_of_custom_is_told_by_its_fields() -> None:
    sale = b"3001107Cafea  000000350"
    told = read(sale, reply=False)
    fields = {"command": 3001, "fields": ["1", "Cafea  ", "000000350"], "meaning": "sell"}
    assert told == {"ok": True} | fields | {"data": sale.decode()}
    assert bytes.fromhex(written(sale.decode())) == sale
    assert read(b"300405Numar000000350", reply=False)["fields"] == ["Numar", "000000350"]


@pytest.mark.parametrize(
    "payload",
    ["3", "9999", "3016", "3016x", "30162\n", "30160x", "10", "300405Numa", "300405Numar00000035"],
)
def test_what_is_no_known_payload_is_neither_read_nor_written(payload: str) -> None:
    assert not read(payload.encode(), reply=False)["ok"]
    with pytest.raises(ValueError, match="Custom"):
        written(payload)


# --- what is refused


def test_of_a_stream_a_file_is_all() -> None:
    told = decode_stream("custom", DROPPED.hex(), reply=False)
    assert told == [read(DROPPED, reply=False)]


def test_an_answer_says_what_became_of_the_file() -> None:
    done = {"ok": True, "done": True, "number": 17, "code": "", "sentence": ""}
    assert read(b"BONOK=1\r\nNRBON=17\r\n", reply=True) == done
    refused = read(b"BONOK=0\r\nERRCODE=PAPER_OUT\r\nERRINFO=Fara hartie\r\n", reply=True)
    told = {"done": False, "number": None, "code": "PAPER_OUT", "sentence": "Fara hartie"}
    assert refused == {"ok": True} | told


@pytest.mark.parametrize(
    ("raw", "reply"),
    [
        (b"Paine", False),
        (b"\xff^", False),
        (b"", False),
        (b"\r\n", False),
        (b"XYZ^1", False),
        (b"S^Paine^abc^x", False),
        (b"S^Paine^-350^2000^buc^1^1", False),
        (b"S^Paine^350^2000^buc", False),
        (b"P^1^5,00", False),
        (b"DV^", False),
        (b"X^1", False),
        (b"TL^\0", False),
        (b"", True),
        (b"BONOK=2", True),
    ],
)
def test_what_is_no_such_file_is_an_error(raw: bytes, *, reply: bool) -> None:
    told = read(raw, reply=reply)
    assert told["ok"] is False
    assert told["error"]


@pytest.mark.parametrize("data", ["", r"\n", "Paine", "S^Pâine^1", "ZZ^1", "P^1^5,0", "DV^-1"])
def test_what_fiscalnet_could_not_read_is_not_written(data: str) -> None:
    with pytest.raises(ValueError, match=r"line|text"):
        written(data)


@pytest.mark.parametrize(("sequence", "command"), [(33, None), (None, 33), (33, 33)])
def test_a_file_has_no_numbers(sequence: int | None, command: int | None) -> None:
    with pytest.raises(WrongNumbers, match="custom has no"):
        encode_frame("custom", sequence=sequence, command=command, data="Z^")


def test_a_frame_wants_its_numbers() -> None:
    with pytest.raises(ValueError, match="SEQ"):
        encode_frame("tremol", sequence=None, command=0x20, data="")
