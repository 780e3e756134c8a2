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
from protocol.custom import read_payload
from protocol.daisy import LAYOUT as DAISY
from protocol.datecs_x import LAYOUT as DATECS_X
from protocol.eltrade import LAYOUT as ELTRADE
from protocol.errors import FrameError, ReplyError
from protocol.exchange import Request
from protocol.fiscalnet import lines_of, read_answer
from protocol.incotex import LAYOUT as INCOTEX
from protocol.isl import LEGACY, Layout, encode_request
from protocol.shtrih import ask_number, body_of, encode_numbered
from protocol.shtrih import encode_request as encode_shtrih
from protocol.zfp import encode_asked, is_asked
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
CUSTOM = "custom"  # FiscalNet's files: lines, no frames; and Custom's own payloads
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


class WrongNumbers(ValueError):
    """A SEQ or CMD that this wire needs is missing, or is one that it does not have."""


def decode_frame(family: str, text: str, *, reply: bool) -> Told:
    """Read one frame, or file of FiscalNet, written as hex.

    Returns:
        {"ok": True, "seq", "command", "data", "status"} or {"ok": False, "error"}. Of what is no
        frame but one byte: {"ok": True, "signs": what it means}; of a row of a report "row", its
        fields, and "last"; of a password for the network "log_in". Of a file that is dropped
        {"ok": True, "lines": fields of each, "data": all of it as it stands}, of its answer "done"
        and what else it tells. Of a payload of Custom "command", "fields", "meaning" and "data".
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
    data = raw.decode("latin-1")
    if not _is_payload(raw):
        return {"lines": lines_of(raw), "data": data}
    found = read_payload(raw)
    return {
        "command": found.code,
        "fields": list(found.fields),
        "meaning": found.meaning,
        "data": data,
    }


def _is_payload(raw: bytes) -> bool:
    """A line of FiscalNet begins with a word, a payload of Custom with digits."""
    return raw[:1].isdigit()


def encode_frame(family: str, *, sequence: int | None, command: int | None, data: str) -> str:
    r"""Write one request as hex; "\t", "\r", "\n" and "\x1E" in the data stand for that byte.

    A file of FiscalNet, or a payload of Custom, is the data as it stands, line ends too: the agent
    itself ends each line with "\r\n". The first wire of Shtrih-M has no SEQ; on the second one a
    frame with neither asks the device for its number. What Tremol takes without a frame (0x05,
    0x1D49) is a CMD alone.

    Raises:
        WrongNumbers: SEQ or CMD is missing, or the wire has none.
        ValueError: it does not fit the wire.
    """
    try:
        raw = _encoded(ALIASES.get(family, family), sequence, command, typed(data))
    except FrameError as error:
        raise ValueError(str(error)) from error
    return raw.hex(" ").upper()


def _encoded(family: str, sequence: int | None, command: int | None, data: bytes) -> bytes:
    _need_numbers(family, sequence, command, data)
    if family == CUSTOM:
        _file(data, reply=False)
        return data
    if sequence is None and family != SHTRIH:
        return ask_number() if command is None else encode_asked(command)
    assert command is not None
    request = Request(command, data)
    if family == SHTRIH or sequence is None:
        return encode_shtrih(request)
    if family == SHTRIH_NUMBERED:
        return encode_numbered(sequence, body_of(request))
    if family == ZFP:
        return encode_zfp(sequence, request)
    return encode_request(LAYOUTS[family], sequence, request, hand=True)


def _need_numbers(family: str, sequence: int | None, command: int | None, data: bytes) -> None:
    """See that SEQ and CMD are those which the wire has."""
    has = {"SEQ": sequence is not None, "CMD": command is not None}
    needs = {"SEQ": family not in (SHTRIH, CUSTOM), "CMD": family != CUSTOM}
    if extra := [name for name in has if has[name] and not needs[name]]:
        raise WrongNumbers(f"what goes to {family} has no {' and no '.join(extra)}")
    asks_number = family == SHTRIH_NUMBERED and command is None
    asks_alone = family == ZFP and command is not None and is_asked(command)
    if sequence is None and not data and (asks_number or asks_alone):
        return
    if has != needs:
        missing = " and its ".join(name for name in needs if needs[name])
        raise WrongNumbers(f"a frame of {family} needs its {missing}")
