"""A large document goes up in parts, and goes on where it was cut (assumed; docs/cloud-api.yaml).

    ask    Content-Range: bytes */5242880            -> how much of it is there
    part   Content-Range: bytes 0-524287/5242880     -> received; the last one: done

The document is the frozen body as bytes; X-Content-SHA256 is of the whole. What the body says of
itself (agent, event, command) stands in the query, so that the parts of one document find together.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from agent.cloud.calls import Extra
from agent.cloud.client import Answer, CloudAnswerBroken

BYTES = "application/octet-stream"
PARTS_MAX = 1000
LABELS = ("agentId", "eventId", "commandId")

Ask = Callable[[Extra, bytes], Answer]


@dataclass(frozen=True, slots=True)
class Document:
    """What is sent: bytes that never change, and what they are."""

    content: bytes
    labels: Mapping[str, str]

    @property
    def digest(self) -> str:
        return sha256(self.content).hexdigest()


def document_of(frozen: bytes) -> Document:
    said: dict[str, Any] = json.loads(frozen)
    named = {name: said.get(name) for name in LABELS}
    return Document(frozen, {name: str(value) for name, value in named.items() if value})


def send_in_parts(document: Document, part_bytes: int, ask: Ask) -> None:
    """Ask what is there, then send the rest.

    Raises:
        CloudError: not now, or not at all; what has come stays there.
    """
    total = len(document.content)
    answer = ask(_extra(document, f"bytes */{total}"), b"")
    for _ in range(PARTS_MAX):
        received = received_of(answer, total)
        if received == total:
            return
        part = document.content[received : received + part_bytes]
        place = f"bytes {received}-{received + len(part) - 1}/{total}"
        answer = ask(_extra(document, place), part)
    raise CloudAnswerBroken(f"the cloud does not go on after {PARTS_MAX} parts")


def received_of(answer: Answer, total: int) -> int:
    """Read how much is there; an answer with an id is the end.

    Raises:
        CloudAnswerBroken: it does not say.
    """
    said = answer.data if isinstance(answer.data, dict) else {}
    if answer.status in (200, 201):
        return total
    received = said.get("received")
    if not isinstance(received, int) or not 0 <= received < total:
        raise CloudAnswerBroken("the cloud does not say how much of a document it has")
    return received


def _extra(document: Document, place: str) -> Extra:
    headers = {
        "Content-Type": BYTES,
        "Content-Range": place,
        "X-Content-SHA256": document.digest,
    }
    return Extra(headers, document.labels)
