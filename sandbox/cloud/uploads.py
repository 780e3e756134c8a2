"""Bytes of a report (MF, JE, P7B) beneath its device, whole or in parts. Ours; no page names it.

POST .../devices/{id}/reports/{kind}?agentId=&eventId=&commandId=&name=&sort=&owner=&at=&zFrom=&zTo=
Content-Type: application/octet-stream
X-Content-SHA256: 9f86...                     of the whole document, unpacked

whole    201 {"id", "bytes", "sha256"}; again 200 and the same
part     Content-Range: bytes 0-1048575/5242880      202 {"received": 1048576}; the last one 201
         a part that is known already: 202; one that leaves a gap: 409, details {"received"}
ask      Content-Range: bytes */5242880 and no body  202 {"received": n}; 200 if it is whole
"""

import hashlib
import re
from dataclasses import dataclass

from fastapi import Request

from sandbox.cloud import documents
from sandbox.cloud.commands import AgentId, EventId
from sandbox.cloud.errors import ApiError, invalid, problem
from sandbox.cloud.replay import Outcome
from sandbox.cloud.request import Access, Body, Cloud, fingerprint, parsed, told_before
from sandbox.cloud.store import Record

BYTES = "application/octet-stream"
WHOLE_BYTES_MAX = 16 * 1024 * 1024
PART_BYTES_MAX = 1024 * 1024
TOTAL_BYTES_MAX = 64 * 1024 * 1024
RANGE = re.compile(r"bytes (?:([0-9]{1,12})-([0-9]{1,12})|\*)/([0-9]{1,12})")
SHA256 = re.compile(r"[0-9a-f]{64}")
ORIGIN = ("agentId", "eventId", "commandId")
NUMBERS = ("eventId", "zFrom", "zTo")


class Labels(Body):
    """What a document is, from the query: its body is nothing but the document."""

    agent_id: AgentId
    event_id: EventId
    command_id: str | None = None
    name: str | None = None
    sort: str | None = None
    owner: str | None = None
    at: str | None = None
    z_from: int | None = None
    z_to: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Which bytes of a document a request carries; `first` is None for a question."""

    first: int | None
    length: int
    total: int


def is_bytes(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0]
    return kind.strip().lower() == BYTES


def upload_bytes(
    request: Request, cloud: Cloud, access: Access, device_id: str, kind: str, content: bytes
) -> Outcome:
    labels, sha256, part = _labels(request), _sha256(request), _part(request)
    cloud.device(access, device_id)
    event = (labels.agent_id, labels.event_id)
    said = labels.model_dump(by_alias=True)
    digest = fingerprint(device_id, said, sha256)
    known_id = told_before(cloud, f"report {kind}", event, digest)
    if known_id is not None:
        document = documents.document(cloud, kind, known_id)
        return Outcome({"id": known_id, "bytes": document["bytes"], "sha256": document["sha256"]})
    if part is not None:
        name = f"{kind} {device_id} {labels.event_id} {labels.agent_id}"
        received = _received(cloud, name, part, sha256, content)
        if received < part.total:
            return Outcome({"received": received}, 202)
        content = cloud.store.files.joined(name)
        cloud.store.files.forget(name)  # also where the whole is wrong: then begin again
    if hashlib.sha256(content).hexdigest() != sha256:
        raise invalid([problem("X-Content-SHA256", "is not the digest of what has come")])
    told = {name: value for name, value in said.items() if name not in ORIGIN and value is not None}
    facts = {"bytes": len(content), "sha256": sha256} | told
    origin = {name: said[name] for name in ORIGIN}
    record = documents.add_report(cloud, kind, device_id, facts, origin | facts)
    cloud.store.files.put(record["id"], content)
    cloud.store.remember_agent_event(f"report {kind}", *event, digest, record["id"])
    return Outcome({"id": record["id"], "bytes": len(content), "sha256": sha256}, 201)


def _labels(request: Request) -> Labels:
    query: Record = dict(request.query_params)
    for name in NUMBERS:
        if re.fullmatch(r"[0-9]{1,19}", query.get(name, "")):
            query[name] = int(query[name])
    return parsed(Labels, query)


def _sha256(request: Request) -> str:
    found = request.headers.get("x-content-sha256", "").lower()
    if not SHA256.fullmatch(found):
        raise invalid([problem("X-Content-SHA256", "must be 64 hexadecimal digits")])
    return found


def _part(request: Request) -> Part | None:
    text = request.headers.get("content-range")
    if text is None:
        return None
    match = RANGE.fullmatch(text.strip())
    if match is None:
        raise invalid([problem("Content-Range", "must be bytes FIRST-LAST/TOTAL or bytes */TOTAL")])
    total = int(match[3])
    if match[1] is None:
        return Part(None, 0, total)
    first, last = int(match[1]), int(match[2])
    if not first <= last < total:
        raise invalid([problem("Content-Range", "must be a range within the document")])
    if total > TOTAL_BYTES_MAX or last - first >= PART_BYTES_MAX:
        raise ApiError(413, f"A part is {PART_BYTES_MAX} bytes, a document {TOTAL_BYTES_MAX}")
    return Part(first, last - first + 1, total)


def _received(cloud: Cloud, name: str, part: Part, sha256: str, content: bytes) -> int:
    """How much of the document is here, after this part."""
    begun = cloud.store.files.begun(name)
    if begun and (begun.total, begun.sha256) != (part.total, sha256):
        raise ApiError(409, "Another document was begun under this event")
    received = begun.received if begun else 0
    if part.first is None:
        return received
    if len(content) != part.length:
        raise invalid([problem("Content-Range", f"says {part.length} bytes, {len(content)} came")])
    if part.first > received:
        details = {"received": received}
        raise ApiError(409, "This part leaves a gap", details=details)
    if part.first < received:
        return received
    cloud.store.files.add_part(name, part.total, sha256, part.first, content)
    return part.first + part.length
