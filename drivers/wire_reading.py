"""What came over a wire, piece by piece: frames, rows, single bytes, and what is none of them.

    16 16 01 2C 21 2D .. 03 41 15        2 SYN, a frame, 1 byte of noise, 1 NAK

A frame that is damaged or cut off is noise, as far as its own length goes or the next good frame
begins; no sign is looked for in it. Data holds one character for each byte, so that nothing is
lost; what letters they are, the device knows.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from protocol import daisy, isl, shtrih, zfp
from protocol.errors import FrameError
from protocol.isl import Layout

SIGN_NAMES = {0x05: "ENQ", 0x06: "ACK", 0x15: "NAK", 0x16: "SYN"}
WHOLE = ("frame", "row", "log-in")

Told = dict[str, Any]


class Wire(Protocol):
    """How one wire is read, to the device and from it."""

    def size(self, rest: bytes, *, reply: bool) -> int | None:
        """Say how long the piece is that begins here; None: it is cut off.

        Raises:
            FrameError: no piece begins so.
        """
        ...

    def tell(self, raw: bytes, *, reply: bool) -> Told:
        """Say what one whole piece says.

        Raises:
            FrameError: it is no good piece.
        """
        ...


class IslWire:
    """Frames of one layout, and single bytes from the device."""

    def __init__(
        self, layout: Layout, signs_of: Callable[..., tuple[str, ...]] = isl.signs_of
    ) -> None:
        self._layout = layout
        self._signs_of = signs_of

    def size(self, rest: bytes, *, reply: bool) -> int | None:
        return isl.frame_size(self._layout, rest) if rest[0] == isl.PREAMBLE else 1

    def tell(self, raw: bytes, *, reply: bool) -> Told:
        if len(raw) == 1 and (signs := self._signs_of(raw[0], reply=reply)):
            return {"signs": list(signs)}
        frame = isl.decode(self._layout, raw, reply=reply)
        return _frame(frame.sequence, frame.command, frame.data, frame.status)


class DaisyWire(IslWire):
    """The same, and the rows of reports; the host answers each with one byte."""

    def __init__(self) -> None:
        super().__init__(daisy.LAYOUT, daisy.signs_of)

    def size(self, rest: bytes, *, reply: bool) -> int | None:
        begins_row = reply and rest[0] == daisy.ROW_START
        return daisy.row_size(rest) if begins_row else super().size(rest, reply=reply)

    def tell(self, raw: bytes, *, reply: bool) -> Told:
        if not reply or raw[0] != daisy.ROW_START:
            return super().tell(raw, reply=reply)
        fields, last = daisy.read_row(raw)
        return {"row": fields, "last": last}


class ZfpWire:
    """Messages, acknowledgements, bytes without a frame, and the log-in; `status` is STE."""

    def size(self, rest: bytes, *, reply: bool) -> int | None:
        if rest[0] in (zfp.STX, zfp.ACK):
            return zfp.frame_size(rest)
        if not reply and rest[0] == zfp.RAW:
            return zfp.RAW_SIZE
        return (None if reply else zfp.log_in_size(rest)) or 1

    def tell(self, raw: bytes, *, reply: bool) -> Told:
        signs = (zfp.signs_of(raw[0]) if len(raw) == 1 else ()) if reply else zfp.asked_of(raw)
        if signs:
            return {"signs": list(signs)}
        if not reply and zfp.log_in_size(raw) == len(raw):
            return {"log_in": raw[:-1].decode("ascii")}
        found = zfp.decode(raw)
        if isinstance(found, zfp.Message):
            return _frame(found.number, found.command, found.data, b"")
        if not reply:
            raise FrameError("an acknowledgement only comes from the device")
        return _frame(found.number, None, b"", found.ste)


class ShtrihWire:
    """Frames of either wire, told apart by their first byte, and single bytes both ways."""

    def size(self, rest: bytes, *, reply: bool) -> int | None:
        match rest[0]:
            case shtrih.STX:
                return shtrih.frame_size(rest)
            case shtrih.STX2:
                return shtrih.numbered_size(rest)
        return 1

    def tell(self, raw: bytes, *, reply: bool) -> Told:
        """`status` is a reply's result."""
        if len(raw) == 1 and (signs := shtrih.signs_of(raw[0])):
            return {"signs": list(signs)}
        numbered = raw[0] == shtrih.STX2
        found = shtrih.decode_numbered(raw) if numbered else shtrih.decode(raw)
        if not reply or found.command is None:
            return _frame(found.number, found.command, found.data, b"")
        if not found.data:
            raise FrameError("a reply has a result behind its code")
        return _frame(found.number, found.command, found.data[1:], found.data[:1])


def _frame(number: int | None, command: int | None, data: bytes, status: bytes) -> Told:
    told = {"seq": number, "command": command, "data": data.decode("latin-1")}
    return told | {"status": status.hex().upper()}


@dataclass(frozen=True, slots=True)
class Piece:
    """A frame, a row, a single byte that means something, or bytes that mean nothing."""

    raw: bytes
    told: Told

    @property
    def name(self) -> str:
        if not self.told["ok"]:
            return "byte"
        if "signs" in self.told:
            return SIGN_NAMES.get(self.raw[0], f"{self.raw[0]:02X}")
        return "row" if "row" in self.told else "log-in" if "log_in" in self.told else "frame"


def pieces(wire: Wire, raw: bytes, *, reply: bool) -> list[Piece]:
    """Cut what came into its pieces, in their order; nothing is left out."""
    found: list[Piece] = []
    at = begin = damaged_to = 0  # all from `begin` to here means nothing
    why = ""
    while at < len(raw):
        size, told = _begins(wire, raw[at:], reply=reply)
        if told["ok"] and (size > 1 or at >= damaged_to):
            found += [*_noise(raw[begin:at], why), Piece(raw[at : at + size], told)]
            at = begin = damaged_to = at + size
            why = ""
            continue
        if size > 1:
            damaged_to = max(damaged_to, at + size)
        why = why or told["error"]
        at += 1
    return [*found, *_noise(raw[begin:], why)]


def _begins(wire: Wire, rest: bytes, *, reply: bool) -> tuple[int, Told]:
    """Say how long the piece is that begins here, as far as it says it, and what it says."""
    size: int | None = 1
    try:
        size = wire.size(rest, reply=reply)
        if size is None or size > len(rest):
            return len(rest), {"ok": False, "error": f"cut off after {len(rest)} bytes"}
        return size, {"ok": True} | wire.tell(rest[:size], reply=reply)
    except FrameError as error:
        return size or 1, {"ok": False, "error": str(error)}


def _noise(raw: bytes, why: str) -> list[Piece]:
    told = {"ok": False, "noise": raw.hex(" ").upper(), "error": why}
    return [Piece(raw, told)] if raw else []


def listed(found: list[Piece]) -> str:
    """Say what there is: "2 SYN before, 1 byte after" where one frame is, else "1 SYN, 2 frames".

    "" where what it begins with means nothing, and no frame is in it.
    """
    whole = [place for place, piece in enumerate(found) if piece.name in WHOLE]
    if not whole and not found[0].told["ok"]:
        return ""
    if len(whole) != 1:
        return _counted(found)
    parts = {"before": found[: whole[0]], "after": found[whole[0] + 1 :]}
    return ", ".join(f"{_counted(part)} {where}" for where, part in parts.items() if part)


def _counted(found: Iterable[Piece]) -> str:
    counts: Counter[str] = Counter()
    for piece in found:
        counts[piece.name] += 1 if piece.told["ok"] else len(piece.raw)
    plural = (*WHOLE, "byte")
    return ", ".join(
        f"{count} {name}{'s' if count > 1 and name in plural else ''}"
        for name, count in counts.items()
    )
