"""FiscalNet's files by hand: what is dropped, what is answered, as hex like every frame."""

import json
from pathlib import Path
from typing import Any

import pytest

from drivers.wire_tool import decode_frame, decode_stream, encode_frame

VECTORS = Path(__file__).parents[1] / "data" / "vectors" / "fiscalnet.json"

LINES = r"S^Paine^350^2000^buc^1^1\nP^1^700"
DROPPED = b"S^Paine^350^2000^buc^1^1\r\nP^1^700\r\n"


def written(data: str) -> str:
    return encode_frame("custom", sequence=None, command=None, data=data)


def read(raw: bytes, *, reply: bool, family: str = "custom") -> dict[str, object]:
    return decode_frame(family, raw.hex(), reply=reply)


def test_a_file_is_written_and_read_again() -> None:
    assert bytes.fromhex(written(LINES)) == DROPPED
    told = [["S", "Paine", "350", "2000", "buc", "1", "1"], ["P", "1", "700"]]
    assert read(DROPPED, reply=False) == {"ok": True, "lines": told}
    assert read(b"\xef\xbb\xbf" + DROPPED, reply=False, family="fiscalnet")["lines"] == told


@pytest.mark.parametrize("entry", json.loads(VECTORS.read_text("utf-8")), ids=["eight", "one"])
def test_a_published_file_is_read(entry: dict[str, Any]) -> None:
    assert decode_frame("fiscalnet", entry["hex"], reply=False)["ok"]


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
        (b"S^Paine^350^2000^buc^1", False),
        (b"P^1^5,00", False),
        (b"DV^", False),
        (b"", True),
        (b"BONOK=2", True),
    ],
)
def test_what_is_no_such_file_is_an_error(raw: bytes, *, reply: bool) -> None:
    told = read(raw, reply=reply)
    assert told["ok"] is False
    assert told["error"]


@pytest.mark.parametrize("data", ["Paine", "12^", "S^Pâine^1"])
def test_what_fiscalnet_could_not_read_is_not_written(data: str) -> None:
    with pytest.raises(ValueError, match=r"line|text"):
        written(data)


def test_a_frame_wants_its_numbers() -> None:
    with pytest.raises(ValueError, match="SEQ"):
        encode_frame("tremol", sequence=None, command=0x20, data="")
