"""Frames for people: decode and encode by hand, for the technician at the cable."""

from typing import Any

from protocol.daisy import LAYOUT as DAISY
from protocol.datecs_x import LAYOUT as DATECS_X
from protocol.eltrade import LAYOUT as ELTRADE
from protocol.errors import FrameError
from protocol.exchange import Request
from protocol.incotex import LAYOUT as INCOTEX
from protocol.isl import LEGACY, Layout, decode, encode_request
from protocol.zfp import Acknowledgement, signs_of
from protocol.zfp import decode as decode_zfp
from protocol.zfp import encode_request as encode_zfp

LAYOUTS: dict[str, Layout] = {
    "datecs_x": DATECS_X,
    "datecs_legacy": LEGACY,
    "daisy": DAISY,
    "eltrade": ELTRADE,
    "incotex": INCOTEX,
}
ZFP = "tremol"
FAMILIES = (*LAYOUTS, ZFP)


def decode_frame(family: str, text: str, *, reply: bool) -> dict[str, Any]:
    """Read one frame written as hex, with or without blanks.

    Returns:
        {"ok": True, "seq", "command", "data", "status"} or {"ok": False, "error"}. `data` has one
        character for each byte, so that nothing is lost; what letters they are, the device knows.
        Of what is no frame but one byte: {"ok": True, "signs": what it means}.
    """
    try:
        if family == ZFP:
            return _decode_zfp(bytes.fromhex(text), reply=reply)
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


def _decode_zfp(raw: bytes, *, reply: bool) -> dict[str, Any]:
    """Tell a message or acknowledgement of ZFP; `status` is STE, where there is one."""
    if reply and len(raw) == 1 and (signs := signs_of(raw[0])):
        return {"ok": True, "signs": list(signs)}
    found = decode_zfp(raw)
    told: dict[str, Any] = {"ok": True, "seq": found.number}
    if isinstance(found, Acknowledgement):
        if not reply:
            raise FrameError("an acknowledgement only comes from the device")
        return told | {"command": None, "data": "", "status": found.ste.hex().upper()}
    return told | {"command": found.command, "data": found.data.decode("latin-1"), "status": ""}


def encode_frame(family: str, *, sequence: int, command: int, data: str) -> str:
    r"""Write one request as hex; "\t" and "\n" in the data stand for TAB and LF.

    Raises:
        ValueError: it does not fit the wire.
    """
    raw = data.replace("\\t", "\t").replace("\\n", "\n").encode("latin-1")
    try:
        if family == ZFP:
            return encode_zfp(sequence, Request(command, raw)).hex(" ").upper()
        frame = encode_request(LAYOUTS[family], sequence, Request(command, raw))
    except FrameError as error:
        raise ValueError(str(error)) from error
    return frame.hex(" ").upper()
