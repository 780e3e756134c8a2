"""Frames for people: decode and encode by hand, for the technician at the cable."""

from dataclasses import asdict

from drivers.wire_reading import (
    DaisyWire,
    IslWire,
    ShtrihWire,
    Told,
    Wire,
    ZfpWire,
    listed,
    pieces,
)
from drivers.wire_spelling import bytes_of, typed
from protocol.daisy import LAYOUT as DAISY
from protocol.datecs_x import LAYOUT as DATECS_X
from protocol.eltrade import LAYOUT as ELTRADE
from protocol.errors import FrameError, ReplyError
from protocol.exchange import Request
from protocol.fiscalnet import SEPARATOR, file_of, lines_of, need_known, read_answer
from protocol.incotex import LAYOUT as INCOTEX
from protocol.isl import LEGACY, Layout, encode_request
from protocol.shtrih import ask_number, body_of, encode_numbered
from protocol.shtrih import encode_request as encode_shtrih
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
WIRES: dict[str, Wire] = {
    **{family: IslWire(layout) for family, layout in LAYOUTS.items()},
    "daisy": DaisyWire(),
    ZFP: ZfpWire(),
    SHTRIH: ShtrihWire(),
    SHTRIH_NUMBERED: ShtrihWire(),
}
ALIASES = {  # other names of the same wires, as published frames have them
    "isl_common": "datecs_legacy",
    "shtrih_v2": SHTRIH_NUMBERED,
    "fiscalnet": CUSTOM,
}
FAMILIES = (*WIRES, CUSTOM, *ALIASES)


def decode_frame(family: str, text: str, *, reply: bool) -> Told:
    """Read one frame, or file of FiscalNet, written as hex.

    Returns:
        {"ok": True, "seq", "command", "data", "status"} or {"ok": False, "error"}. Of what is no
        frame but one byte: {"ok": True, "signs": what it means}; of a row of a report "row", its
        fields, and "last"; of a password for the network "log_in". Of a file that is dropped
        {"ok": True, "lines": fields of each}, of its answer "done" and what else it tells.
    """
    family = ALIASES.get(family, family)
    try:
        raw = bytes_of(text)
        if family == CUSTOM:
            return {"ok": True} | _file(raw, reply=reply)
        return {"ok": True} | _alone(WIRES[family], raw, reply=reply)
    except (FrameError, ReplyError, ValueError) as error:
        return {"ok": False, "error": str(error)}


def decode_stream(family: str, text: str, *, reply: bool) -> list[Told]:
    """Read whatever was seen on a wire, one by one; what means nothing as {"noise": hex}."""
    family = ALIASES.get(family, family)
    if family == CUSTOM:
        return [decode_frame(family, text, reply=reply)]
    try:
        raw = bytes_of(text)
    except ValueError as error:
        return [{"ok": False, "error": str(error)}]
    return [piece.told for piece in pieces(WIRES[family], raw, reply=reply)]


def _alone(wire: Wire, raw: bytes, *, reply: bool) -> Told:
    try:
        return wire.tell(raw, reply=reply)
    except FrameError as error:
        if around := listed(pieces(wire, raw, reply=reply)):
            raise FrameError(f"not a frame alone: {around}") from error
        raise


def _file(raw: bytes, *, reply: bool) -> Told:
    if reply:
        return asdict(read_answer(raw))
    lines = lines_of(raw)
    need_known(lines)
    return {"lines": lines}


def encode_frame(family: str, *, sequence: int | None, command: int | None, data: str) -> str:
    r"""Write one request as hex; "\t", "\n" and "\x1E" in the data stand for TAB, LF and that byte.

    A file of FiscalNet is its lines alone, without SEQ and CMD. The first wire of Shtrih-M has no
    SEQ; on the second one a frame with neither asks the device for its number.

    Raises:
        ValueError: it does not fit the wire, or SEQ or CMD is missing.
    """
    try:
        raw = _encoded(ALIASES.get(family, family), sequence, command, typed(data))
    except FrameError as error:
        raise ValueError(str(error)) from error
    return raw.hex(" ").upper()


def _encoded(family: str, sequence: int | None, command: int | None, data: bytes) -> bytes:
    if family == CUSTOM:
        return file_of([SEPARATOR.join(fields) for fields in lines_of(data)])
    if family == SHTRIH_NUMBERED and sequence is None and command is None and not data:
        return ask_number()
    if command is None or (sequence is None and family != SHTRIH):
        missing = "its CMD" if family == SHTRIH else "its SEQ and its CMD"
        raise ValueError(f"a frame of {family} needs {missing}")
    request = Request(command, data)
    if family == SHTRIH or sequence is None:
        return encode_shtrih(request)
    if family == SHTRIH_NUMBERED:
        return encode_numbered(sequence, body_of(request))
    if family == ZFP:
        return encode_zfp(sequence, request)
    return encode_request(LAYOUTS[family], sequence, request)
