"""Frames for people: decode and encode by hand, for the technician at the cable."""

from typing import Any

from protocol.datecs_x import LAYOUT as DATECS_X
from protocol.errors import FrameError
from protocol.exchange import Request
from protocol.isl import LEGACY, Layout, decode, encode_request

LAYOUTS: dict[str, Layout] = {"datecs_x": DATECS_X, "datecs_legacy": LEGACY}


def decode_frame(family: str, text: str, *, reply: bool) -> dict[str, Any]:
    """Read one frame written as hex, with or without blanks.

    Returns:
        {"ok": True, "seq", "command", "data", "status"} or {"ok": False, "error"}. `data` has one
        character for each byte, so that nothing is lost; what letters they are, the device knows.
    """
    try:
        frame = decode(LAYOUTS[family], bytes.fromhex(text), reply=reply)
    except (FrameError, ValueError) as error:
        return {"ok": False, "error": str(error)}
    return {
        "ok": True,
        "seq": frame.sequence,
        "command": frame.command,
        "data": frame.data.decode("latin-1"),
        "status": frame.status.hex().upper(),
    }


def encode_frame(family: str, *, sequence: int, command: int, data: str) -> str:
    r"""Write one request as hex; "\t" and "\n" in the data stand for TAB and LF.

    Raises:
        ValueError: it does not fit the wire.
    """
    raw = data.replace("\\t", "\t").replace("\\n", "\n").encode("latin-1")
    try:
        frame = encode_request(LAYOUTS[family], sequence, Request(command, raw))
    except FrameError as error:
        raise ValueError(str(error)) from error
    return frame.hex(" ").upper()
