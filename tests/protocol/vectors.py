"""The frames that others published, read from `tests/data/vectors` into one shape.

frame     a good frame: tx is a request, rx a reply
negative  bytes published as wrong: must be refused
echo      a request that came back: a good frame, and no reply
part      data without its frame, a row of a report, a single sign
stream    what one port gave in several reads, with what must be heard in it
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from protocol.daisy import DAISY
from protocol.datecs_x import DATECS_X
from protocol.eltrade import ELTRADE
from protocol.incotex import INCOTEX
from protocol.isl_exchange import ISL_LEGACY, Isl

FOLDER = Path(__file__).parents[1] / "data" / "vectors"
WIRES = {
    "datecs_x": DATECS_X,
    "datecs_legacy": ISL_LEGACY,
    "isl_common": ISL_LEGACY,
    "daisy": DAISY,
    "eltrade": ELTRADE,
    "incotex": INCOTEX,
}


@dataclass(frozen=True, slots=True)
class Vector:
    """One published frame. `command` is None where its publisher could not read one."""

    name: str
    wire: Isl
    kind: str
    direction: str
    raw: bytes
    sequence: int
    command: int | None
    data: bytes
    status: bytes


@dataclass(frozen=True, slots=True)
class Stream:
    """One published series of reads and what is in it."""

    name: str
    wire: Isl
    chunks: list[bytes]
    frames: list[bytes]
    syn: int
    nak: int
    echo: bool


def _entries(kinds: set[str]) -> list[tuple[str, Isl, dict[str, Any]]]:
    found = []
    for family, wire in WIRES.items():
        for number, entry in enumerate(json.loads((FOLDER / f"{family}.json").read_text("utf-8"))):
            if _kind(entry) in kinds:
                found.append((entry.get("id", f"{family}-{number}"), wire, entry))
    return found


def _kind(entry: dict[str, Any]) -> str:
    if entry.get("check") == "none":
        return "part"
    if "verified" in entry:
        if "seq" not in entry["decoded"]:
            return "echo"
        return "frame" if entry["verified"] == "ok" else "negative"
    return str(entry["kind"])


def _command(value: str | int | None) -> int | None:
    return int(value, 16) if isinstance(value, str) else value


def vectors(kind: str, *directions: str) -> list[Vector]:
    """Return the published frames of a kind that go one of these ways."""
    return [
        Vector(
            name=name,
            wire=wire,
            kind=kind,
            direction=entry["direction"],
            raw=bytes.fromhex(entry["hex"]),
            sequence=int(entry["decoded"]["seq"], 16),
            command=_command(entry["decoded"]["cmd"]),
            data=entry["decoded"]["data"].encode("latin-1"),
            status=bytes.fromhex(entry["decoded"].get("status_hex", "")),
        )
        for name, wire, entry in _entries({kind})
        if entry["direction"] in directions
    ]


def bytes_of(kind: str, family: str) -> list[tuple[str, bytes, dict[str, Any]]]:
    """Return what was published without the fields of a frame: as it stands, and what it means."""
    wire = WIRES[family]
    return [
        (name, bytes.fromhex(entry["hex"]), entry["decoded"])
        for name, its_wire, entry in _entries({kind})
        if its_wire is wire
    ]


def streams() -> list[Stream]:
    return [
        Stream(
            name=name,
            wire=wire,
            chunks=[bytes.fromhex(chunk) for chunk in entry["chunks"]],
            frames=[bytes.fromhex(frame) for frame in entry["expect"]["frames"]],
            syn=entry["expect"]["syn"],
            nak=entry["expect"]["nak"],
            echo=entry["expect"].get("echo", False),
        )
        for name, wire, entry in _entries({"stream"})
    ]
