"""Frames for people: decode and encode by hand, for the technician at the cable."""

import re
from dataclasses import asdict
from typing import Any

from protocol.daisy import LAYOUT as DAISY
from protocol.datecs_x import LAYOUT as DATECS_X
from protocol.eltrade import LAYOUT as ELTRADE
from protocol.errors import FrameError, ReplyError
from protocol.exchange import Request
from protocol.fiscalnet import SEPARATOR, file_of, lines_of, read_answer
from protocol.incotex import LAYOUT as INCOTEX
from protocol.isl import LEGACY, Layout, decode, encode_request
from protocol.shtrih import STX2, body_of, encode_numbered
from protocol.shtrih import decode as decode_shtrih
from protocol.shtrih import decode_numbered as decode_shtrih_numbered
from protocol.shtrih import encode_request as encode_shtrih
from protocol.shtrih import signs_of as shtrih_signs_of
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
SHTRIH, SHTRIH_NUMBERED = "shtrih", "shtrih:numbered"
CUSTOM = "custom"  # FiscalNet's files: lines, no frames
BYTE = re.compile(r"\\x([0-9A-Fa-f]{2})")
FAMILIES = (*LAYOUTS, ZFP, SHTRIH, SHTRIH_NUMBERED, CUSTOM)


def decode_frame(family: str, text: str, *, reply: bool) -> dict[str, Any]:
    """Read one frame, or file of FiscalNet, written as hex, with or without blanks.

    Returns:
        {"ok": True, "seq", "command", "data", "status"} or {"ok": False, "error"}. `data` has one
        character for each byte, so that nothing is lost; what letters they are, the device knows.
        Of what is no frame but one byte: {"ok": True, "signs": what it means}. Of a file that is
        dropped {"ok": True, "lines": fields of each}, of its answer "done" and what else it tells.
    """
    try:
        if family == CUSTOM:
            return _decode_file(bytes.fromhex(text), reply=reply)
        if family == ZFP:
            return _decode_zfp(bytes.fromhex(text), reply=reply)
        if family in (SHTRIH, SHTRIH_NUMBERED):
            return _decode_shtrih(bytes.fromhex(text), reply=reply)
        frame = decode(LAYOUTS[family], bytes.fromhex(text), reply=reply)
    except (FrameError, ReplyError, ValueError) as error:
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


def _decode_shtrih(raw: bytes, *, reply: bool) -> dict[str, Any]:
    """Tell a frame of either Shtrih-M wire, by its first byte; `status` is a reply's result."""
    if len(raw) == 1 and (signs := shtrih_signs_of(raw[0])):
        return {"ok": True, "signs": list(signs)}
    decode = decode_shtrih_numbered if raw[:1] == bytes([STX2]) else decode_shtrih
    found = decode(raw)
    answers = reply and found.command is not None
    return {
        "ok": True,
        "seq": found.number,
        "command": found.command,
        "data": (found.data[1:] if answers else found.data).decode("latin-1"),
        "status": found.data[:1].hex().upper() if answers else "",
    }


def _decode_file(raw: bytes, *, reply: bool) -> dict[str, Any]:
    if not reply:
        return {"ok": True, "lines": lines_of(raw)}
    return {"ok": True} | asdict(read_answer(raw))


def encode_frame(family: str, *, sequence: int | None, command: int | None, data: str) -> str:
    r"""Write one request as hex; "\t", "\n" and "\x1E" in the data stand for TAB, LF and that byte.

    A file of FiscalNet is its lines alone, without SEQ and CMD.

    Raises:
        ValueError: it does not fit the wire, or SEQ or CMD is missing.
    """
    told = BYTE.sub(lambda found: chr(int(found[1], 16)), data)
    raw = told.replace("\\t", "\t").replace("\\n", "\n").encode("latin-1")
    try:
        if family == CUSTOM:
            lines = [SEPARATOR.join(fields) for fields in lines_of(raw)]
            return file_of(lines).hex(" ").upper()
        if sequence is None or command is None:
            raise ValueError(f"a frame of {family} needs its SEQ and its CMD")
        if family == ZFP:
            return encode_zfp(sequence, Request(command, raw)).hex(" ").upper()
        if family == SHTRIH:
            return encode_shtrih(Request(command, raw)).hex(" ").upper()
        if family == SHTRIH_NUMBERED:
            return encode_numbered(sequence, body_of(Request(command, raw))).hex(" ").upper()
        frame = encode_request(LAYOUTS[family], sequence, Request(command, raw))
    except FrameError as error:
        raise ValueError(str(error)) from error
    return frame.hex(" ").upper()
