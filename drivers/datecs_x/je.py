"""The electronic journal (JE) of a Datecs X device: 125, document by document [datecs.md 4].

Unverified on hardware: the JE numbers documents as 255 nBon does, and its types are the Bulgarian.
"""

from collections.abc import Iterator, Mapping

from drivers.datecs_x.codes import END_OF_DATA, JE_READ
from drivers.datecs_x.fields import JE_NAMED, JE_TYPES, je_header
from drivers.datecs_x.talk import DatecsTalk
from drivers.errors import Refused
from drivers.je import AskedAgain, DocumentKind, Found, JeDocument, Trace, look_for

DOCUMENTS_MAX, LINES_MAX = 8, 2000


class DatecsJe:
    """Looks into the JE after a doubt."""

    def __init__(self, talk: DatecsTalk) -> None:
        self._talk = talk
        self._again = AskedAgain()

    def find(self, reference: str, new: range, of: DocumentKind) -> Found:
        """Look for our reference in those documents; None: they could not all be read.

        Raises:
            ContactLost: no answer: not this time.
        """
        if not reference or len(new) > DOCUMENTS_MAX:
            return None, None
        try:
            return self._again.ask(
                reference, lambda: look_for(reference, self._documents(new, JE_TYPES[of]))
            )
        except Refused:
            return None, None

    def unnamed(self, new: range) -> int | None:
        """Count those documents that are of no kind we know; None: they could not be read."""
        if len(new) > DOCUMENTS_MAX:
            return None
        try:
            kinds = [self._choose(number)[0] for number in new]
        except Refused:
            return None
        return sum(kind not in JE_NAMED for kind in kinds)

    def _choose(self, number: int) -> tuple[str, Trace]:
        return self._talk.read(JE_READ, 0, number, 0, read=je_header)

    def _documents(self, new: range, types: Mapping[str, bool]) -> Iterator[JeDocument]:
        for number in new:
            kind, trace = self._choose(number)
            yield JeDocument(types.get(kind), trace, self._text())

    def _text(self) -> str:
        lines: list[str] = []
        while len(lines) < LINES_MAX:
            try:  # not repeatable: each answer is the next line
                lines.append(self._talk.do(JE_READ, 1, "", "", read=lambda fields: fields[0]))
            except Refused as error:
                if error.device_code != END_OF_DATA:
                    raise
                break
        return "\n".join(lines)
