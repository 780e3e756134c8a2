"""Our own line in a device's electronic journal (JE): the proof that no cashier can fool.

A family reads its documents; what they say about a receipt of ours is the same for all.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

REFERENCE = "REF:"


class DocumentKind(StrEnum):
    """What we may have printed, and look for afterwards."""

    RECEIPT = "receipt"
    SLIP = "slip"
    COPY = "copy"


@dataclass(frozen=True, slots=True)
class Trace:
    """A closed document as the JE names it; `receipt_number` is the number printed on it."""

    receipt_number: int
    document_number: int
    z_number: int
    issued_at: str


@dataclass(frozen=True, slots=True)
class JeDocument:
    """One document. `stands` False: it was cancelled; None: of a kind that we do not know."""

    stands: bool | None
    trace: Trace
    text: str


def look_for(reference: str, documents: Iterable[JeDocument]) -> tuple[bool | None, Trace | None]:
    """Say whether a document carries our reference, and which; None where it cannot be said."""
    ours = re.compile(re.escape(f"{REFERENCE}{reference}") + r"(?!\w)")  # not a longer one
    for document in documents:
        if ours.search(document.text) and document.stands is not False:
            return (True, document.trace) if document.stands else (None, None)
    return False, None
