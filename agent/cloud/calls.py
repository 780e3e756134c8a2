"""A call as it goes out: the profile's template filled with ids, and the body as bytes.

REST       POST /commands/{command_id}/claim    {"agentId": "magazin-1"}
GraphQL    POST /graphql    {"query": document, "variables": {"id": "cmd_1", "input": body}}

The same in, the same bytes out: what was once sent can be sent again and be the same.
"""

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from config.profiles import Call, CloudProfile

GZIP_FROM_BYTES = 16 * 1024  # below, it costs more than it saves


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request, but for the key."""

    call: Call
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes | None
    wait_s: int


@dataclass(frozen=True, slots=True)
class Extra:
    """What a part of a document says beside its bytes, which go as they are."""

    headers: Mapping[str, str]
    query: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is asked for beside the call itself."""

    idempotency: str = ""
    wait_s: int = 0
    etag: str = ""
    zipped: bool = False
    extra: Extra | None = None


def outgoing(
    profile: CloudProfile,
    name: str,
    parts: Mapping[str, str],
    body: bytes | None,
    wishes: Wishes,
) -> Outgoing:
    """Fill the templates of a call that the profile knows."""
    call = profile.calls[name]
    parts = _written(parts)
    headers = {}
    if body is not None:
        headers["Content-Type"] = "application/json"
    if body is not None and wishes.zipped:
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(body, mtime=0)
    if profile.takes_idempotency(name):
        headers[profile.idempotency.header] = _idempotency(profile, wishes.idempotency)
    if wishes.wait_s:
        headers["Prefer"] = f"wait={wishes.wait_s}"
    if wishes.etag:
        headers["If-None-Match"] = wishes.etag
    query = {} if call.document else _filled(call.parameters, parts)
    if wishes.extra is not None:
        headers |= wishes.extra.headers
        query |= wishes.extra.query
    return Outgoing(call, fill(call.path, **parts), query, headers, body, wishes.wait_s)


def body_bytes(call: Call, parts: Mapping[str, str], body: dict[str, Any] | None) -> bytes | None:
    """Write a body down as it goes over the line; None for a call without one."""
    content = body
    if call.document:
        variables = _filled(call.parameters, _written(parts)) | (
            {} if body is None else {"input": body}
        )
        content = {"query": call.document, "variables": variables}
    if content is None:
        return None
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def fill(template: str, **parts: str) -> str:
    """Put ids into a path; whatever they hold, they stay one segment each."""
    return template.format(**{name: _segment(part) for name, part in parts.items()})


def _segment(part: str) -> str:
    return quote(part, safe="") if part.strip(".") else part.replace(".", "%2E")


def _written(parts: Mapping[str, str]) -> dict[str, str]:
    """Half a surrogate pair, which JSON can bring, is no text and could not be sent."""
    return {name: part.encode("utf-8", "replace").decode() for name, part in parts.items()}


class _Parts(dict[str, str]):
    """The parts that were given; any other is empty."""

    def __missing__(self, name: str) -> str:
        return ""


def _filled(templates: Mapping[str, Any], parts: Mapping[str, str]) -> dict[str, Any]:
    """Fill parameters; what stays empty is left out."""
    filled = {
        name: _filled(template, parts)
        if isinstance(template, Mapping)
        else template.format_map(_Parts(parts))
        for name, template in templates.items()
    }
    return {name: value for name, value in filled.items() if value}


def _idempotency(profile: CloudProfile, given: str) -> str:
    """Make what the cloud takes of it. What has no name of its own is new each time it is sent."""
    name = given or str(uuid4())
    if re.fullmatch(profile.idempotency.pattern, name):
        return name
    return sha256(name.encode("utf-8", "replace")).hexdigest()
