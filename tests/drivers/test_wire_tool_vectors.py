"""All that others published, of every family, through `amef wire`: read, and written again."""

import json
from pathlib import Path
from typing import Any

import pytest

from drivers.wire_tool import ALIASES, CUSTOM, FAMILIES, decode_frame, encode_frame

FOLDER = Path(__file__).parents[1] / "data" / "vectors"
FILES = sorted(path.stem for path in FOLDER.glob("*.json"))
PARTS = ("DATA only", "DATA field only", "row content", "not a frame", "negative")  # in its note


def whole(family: str) -> list[Any]:
    """What was published as it goes over the wire: no part of a frame, nothing that is wrong."""
    entries: list[dict[str, Any]] = json.loads((FOLDER / f"{family}.json").read_text("utf-8"))
    return [
        pytest.param(family, entry, id=f"{family}-{number}")
        for number, entry in enumerate(entries)
        if entry.get("kind", "frame") == "frame"
        and entry.get("verified", "ok") in ("ok", "no-checksum")
        and not any(part in entry.get("note", "") for part in PARTS)
    ]


EVERY = [entry for family in FILES for entry in whole(family)]


def test_the_files_are_those_of_the_families_and_hold_as_much_as_was_copied() -> None:
    assert set(FILES) <= set(FAMILIES)
    counts = dict(zip(FILES, (7, 20, 17, 17, 3, 2, 2, 3, 24, 4, 13), strict=True))
    assert {family: len(whole(family)) for family in FILES} == counts


@pytest.mark.parametrize(("family", "entry"), EVERY)
def test_what_was_published_is_read(family: str, entry: dict[str, Any]) -> None:
    assert decode_frame(family, entry["hex"], reply=entry["direction"] == "rx")["ok"]


@pytest.mark.parametrize(
    ("family", "entry"), [each for each in EVERY if each.values[1]["direction"] == "tx"]
)
def test_a_published_request_is_written_again_byte_for_byte(
    family: str, entry: dict[str, Any]
) -> None:
    told = decode_frame(family, entry["hex"], reply=False)
    if "signs" in told or "log_in" in told:  # no request of anybody's: a sign, a password
        return
    command = None if ALIASES.get(family, family) == CUSTOM else told["command"]
    typed = "".join(f"\\x{ord(sign):02X}" for sign in told["data"])
    text = encode_frame(family, sequence=told.get("seq"), command=command, data=typed)
    assert bytes.fromhex(text) == bytes.fromhex(entry["hex"])
