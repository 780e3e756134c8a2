"""What a driver itself knows of a slip or a copy that was not done, as long as the program lives.

    slip    begun, texts ..., REF:line, end      before its own line goes out it is not whole
    copy    refused                              then none was made

A device that counts neither, or has no JE, cannot be asked about them.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from drivers.errors import Refused
from drivers.model import Counters, Observation


class Undone:
    """The slip and the copy that were asked for last."""

    def __init__(self) -> None:
        self._cut_short = ""  # the reference of a slip whose own line never went out
        self._copy_refused = False

    def slip_begun(self, reference: str) -> None:
        self._cut_short = reference

    def slip_told(self) -> None:
        """Its own line goes out now: from here on nobody knows."""
        self._cut_short = ""

    def is_cut_short(self, reference: str) -> bool:
        return bool(reference) and reference == self._cut_short

    @contextmanager
    def copying(self) -> Iterator[None]:
        self._copy_refused = False
        try:
            yield
        except Refused:
            self._copy_refused = True
            raise

    def observed(self, counters: Counters, reference: str) -> Observation:
        """What is known of a slip or a copy where the device counts neither."""
        return Observation(
            counters,
            reference_found=False if self.is_cut_short(reference) else None,
            unnamed_documents=0 if self._copy_refused else None,
            counts_slips=False,
        )
