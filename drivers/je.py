"""Our own line in a device's electronic journal (JE): the proof that no cashier can fool.

A family reads its documents; what they say about a receipt of ours is the same for all.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

REFERENCE = "REF:"


@dataclass(frozen=True, slots=True)
class Trace:
    """A closed receipt as its JE document names it."""

    receipt_number: int
    document_number: int
    z_number: int
    issued_at: str


@dataclass(frozen=True, slots=True)
class JeDocument:
    """One document. `is_receipt` None: of a type that we do not know."""

    is_receipt: bool | None
    trace: Trace
    text: str


def look_for(reference: str, documents: Iterable[JeDocument]) -> tuple[bool | None, Trace | None]:
    """Say whether a receipt carries our reference, and which; None where it cannot be said."""
    ours = re.compile(re.escape(f"{REFERENCE}{reference}") + r"(?!\w)")  # not a longer one
    for document in documents:
        if ours.search(document.text) and document.is_receipt is not False:
            return (True, document.trace) if document.is_receipt else (None, None)
    return False, None
