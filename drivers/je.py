"""Our own line in a device's electronic journal (JE): the proof that no cashier can fool.

A family reads its documents; what they say about a receipt of ours is the same for all.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from drivers.errors import ContactLost

REFERENCE = "REF:"
UNANSWERED_MAX = 5


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


Found = tuple[bool | None, Trace | None]


class AskedAgain:
    """How often one question to a JE may be lost, before the JE counts as one that cannot be read.

    A lost answer says nothing: it is asked again. Whoever asks has just read the counters, so the
    line is there; a device that leaves this question alone out, again and again, never answers it,
    and the doubt has to end.
    """

    def __init__(self) -> None:
        self._about: object = None
        self._lost = 0

    def ask(self, about: object, find: Callable[[], Found]) -> Found:
        """Find; None where it was lost too often.

        Raises:
            ContactLost: no answer, and it may still come to one.
        """
        if about != self._about:
            self._about, self._lost = about, 0
        try:
            found = find()
        except ContactLost:
            self._lost += 1
            if self._lost < UNANSWERED_MAX:
                raise
            return None, None
        self._lost = 0
        return found


def look_for(reference: str, documents: Iterable[JeDocument]) -> Found:
    """Say whether a document carries our reference, and which; None where it cannot be said."""
    ours = re.compile(re.escape(f"{REFERENCE}{reference}") + r"(?!\w)")  # not a longer one
    for document in documents:
        if ours.search(document.text) and document.stands is not False:
            return (True, document.trace) if document.stands else (None, None)
    return False, None
