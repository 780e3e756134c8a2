"""Reading what a device remembers, as commands: its fiscal memory (MF) and its JE.

    {"fiscal_serial", ..., "z_from": 3, "z_to": 7,
     "documents": [{"kind", "document_number", "z_number", ..., "lines": 27}],      of the JE only
     "content": {"encoding": "gzip+base64", "bytes", "lines", "sha256", "data"}}

A result is kept in the ledger and told to the cloud, so it is bounded: the text as the device has
it, byte for byte, packed; its SHA-256 is of the text. What is above the limits is RESULT_TOO_LARGE.
"""

import base64
import hashlib
import zlib
from dataclasses import asdict, replace
from typing import Any

from agent.carry_out import about
from agent.checks import untold
from agent.payloads import Work
from drivers.archive import DateSpan, DocumentSpan, JeReading, MemoryReading, ZSpan
from drivers.base import FiscalPrinter
from drivers.capabilities import Told
from drivers.errors import Refused
from drivers.faults import Fault
from drivers.model import Problem

DOCUMENTS_MAX = 2_000  # a busy lane has 1,500 receipts a day
CONTENT_BYTES_MAX = 4 * 1024 * 1024
PACKED_BYTES_MAX = 480 * 1024  # with its headers and in base64 below 1 MiB: a body of the cloud
MISSING_TOLD_MAX = 100
GZIP = 16 + zlib.MAX_WBITS


# what would keep it from being done


def findable(printer: FiscalPrinter, work: Work) -> list[Problem]:
    """Say whether the device can find what is asked for, and whether it is not too much."""
    assert isinstance(work, JeReading)
    if isinstance(work.span, DateSpan) and Told.JE_BY_DATE in printer.capabilities.untold:
        return [replace(untold(Told.JE_BY_DATE), path="date_from")]
    count = len(printer.archive.find(work.span))
    if count <= DOCUMENTS_MAX:
        return []
    sentence = f"{count} documents are asked for, {DOCUMENTS_MAX} at most at once: ask for less"
    return [Problem("", Fault.RESULT_TOO_LARGE.upper(), sentence)]


# how it is done


def fiscal_memory(printer: FiscalPrinter, work: Work) -> dict[str, Any]:
    assert isinstance(work, MemoryReading)
    content = PackedText()
    for line in printer.archive.fiscal_memory(work.span, detailed=work.detailed):
        content.add(line)
    told = {"detailed": work.detailed, "content": content.told()}
    return about(printer) | _span(work.span) | told


def electronic_journal(printer: FiscalPrinter, work: Work) -> dict[str, Any]:
    assert isinstance(work, JeReading)
    numbers = printer.archive.find(work.span)
    missing = dict.fromkeys(numbers)
    content, headers = PackedText(), []
    for document in printer.archive.documents(numbers):
        for line in document.lines:
            content.add(line)
        kind = {"kind": document.kind, "type_code": document.type_code}
        headers.append(asdict(document.trace) | kind | {"lines": len(document.lines)})
        del missing[document.trace.document_number]
    told = {"documents": headers, "missing": list(missing)[:MISSING_TOLD_MAX]}
    return about(printer) | _span(work.span) | told | {"content": content.told()}


def _span(span: ZSpan | DateSpan | DocumentSpan) -> dict[str, Any]:
    """Name what was read as the payload names it."""
    match span:
        case ZSpan(first, last):
            return {"z_from": first, "z_to": last}
        case DocumentSpan(first, last):
            return {"document_from": first, "document_to": last}
        case DateSpan(begin, end):
            return {"date_from": begin.isoformat(), "date_to": end.isoformat()}


class PackedText:
    """The lines of a device, packed as they come; each ends with LF."""

    def __init__(self) -> None:
        self._packer = zlib.compressobj(wbits=GZIP)
        self._packed = bytearray()
        self._digest = hashlib.sha256()
        self._bytes = 0
        self._lines = 0

    def add(self, line: bytes) -> None:
        """Take one line.

        Raises:
            Refused: it has become more than may be kept.
        """
        ended = line + b"\n"
        self._digest.update(ended)
        self._packed += self._packer.compress(ended)
        self._bytes += len(ended)
        self._lines += 1
        if self._bytes > CONTENT_BYTES_MAX or len(self._packed) > PACKED_BYTES_MAX:
            doing = f"above {CONTENT_BYTES_MAX} bytes, or {PACKED_BYTES_MAX} packed"
            raise Refused(Fault.RESULT_TOO_LARGE, device_code="", doing=doing)

    def told(self) -> dict[str, Any]:
        """End it, and say what it is."""
        self._packed += self._packer.flush()
        return {
            "encoding": "gzip+base64",
            "bytes": self._bytes,
            "lines": self._lines,
            "sha256": self._digest.hexdigest(),
            "data": base64.b64encode(self._packed).decode("ascii"),
        }
