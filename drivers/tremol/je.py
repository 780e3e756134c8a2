"""The electronic journal (JE) of a Tremol device, read as a stream of lines: after a doubt.

7C J0;N;from;to     the JE from receipt to receipt, without printing

What a document looks like in there is not public: only our own line is looked for. Nor is it said
whether N counts like the total of 71; if not, our line is not found where a receipt was counted,
and a person has to decide. No stream has numbers: one with damage in it is given up, not used.
"""

from drivers.errors import Refused
from drivers.je import AskedAgain, Found, JeDocument, Trace, look_for
from drivers.tremol.fields import time_in
from drivers.tremol.talk import TremolTalk

JE = 0x7C
DOCUMENTS_MAX = 8
CANCELLED = "ANULAT"


class TremolJe:
    """Reads, and looks for our line after a doubt."""

    def __init__(self, talk: TremolTalk) -> None:
        self._talk = talk
        self._again = AskedAgain()

    def receipts(self, first: int, last: int) -> list[str]:
        return self._talk.lines(JE, f"J0;N;{first:06d};{last:06d}")

    def find(
        self, reference: str, receipts: range, *, last: tuple[int, int], z_number: int
    ) -> Found:
        """Look for our reference in those receipts; None: they could not all be read.

        Args:
            reference: our line's own part; "" for nothing.
            receipts: their numbers as the total of 71 counts them.
            last: one receipt's number on paper, and what 71 counted with it.
            z_number: the Z report that will hold them.

        Raises:
            ContactLost: no answer: not this time.
        """
        if not reference or len(receipts) > DOCUMENTS_MAX:
            return None, None
        try:
            return self._again.ask(
                reference, lambda: self._find(reference, receipts, last, z_number)
            )
        except Refused:
            return None, None

    def _find(self, reference: str, receipts: range, last: tuple[int, int], z_number: int) -> Found:
        for number in receipts:
            text = "\n".join(self.receipts(number, number))
            on_paper = last[0] - (last[1] - number)
            trace = Trace(on_paper, number, z_number, time_in(text))
            stands = None if CANCELLED in text.upper() else True
            found, ours = look_for(reference, [JeDocument(stands, trace, text)])
            if found is not False:
                return found, ours
        return False, None
