"""What every wire of the sandbox reads with: bytes one by one, until they are something.

feed(b"\\x05\\x02\\x05") -> [what _take made of some byte, ...]
gap()                   the line fell silent: what had begun is broken, and forgotten
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

Found = TypeVar("Found")


class BytewiseReader(ABC, Generic[Found]):
    """Turns bytes as they come into what one wire carries. `cut`: what stopped in the middle."""

    def __init__(self, cut: Found) -> None:
        self._bytes = bytearray()
        self._cut = cut

    @property
    def in_frame(self) -> bool:
        return bool(self._bytes)

    def feed(self, data: bytes) -> list[Found]:
        found = (self._take(byte) for byte in data)
        return [one for one in found if one is not None]

    def gap(self) -> Found | None:
        """The line has been silent for too long inside a frame."""
        if not self._bytes:
            return None
        self._bytes.clear()
        return self._cut

    def forget(self) -> None:
        self._bytes.clear()

    @abstractmethod
    def _take(self, byte: int) -> Found | None: ...


def folded(data: bytes) -> int:
    """All bytes XORed."""
    total = 0
    for byte in data:
        total ^= byte
    return total
