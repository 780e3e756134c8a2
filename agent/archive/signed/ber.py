"""BER made DER, so that a library can read what the devices write [romania.md 3.7].

    30 80 .. 00 00                indefinite length          ->  30 82 nn nn ..
    24 80 04 82 .. 04 .. 00 00    OCTET STRING in parts      ->  04 82 nn nn ..
    30 83 00 00 05 ..             length longer than it need  ->  30 05 ..

What is DER already comes out as it went in: the signature over it stays valid. Pure, bounded.
"""

ELEMENTS_MAX = 100_000  # 1.35 MB in parts of 64 bytes are 21,000
DEPTH_MAX = 32
LENGTH_BYTES_MAX = 4

OCTET_STRING = 0x04
CONSTRUCTED = 0x20
LONG_TAG = 0x1F
INDEFINITE = 0x80


class NotBer(Exception):
    """The bytes are no BER, or are built to tire the reader."""


class BerEnds(Exception):
    """The bytes end before the element does."""


def to_der(content: bytes) -> tuple[bytes, int]:
    """Return the first element in DER, and how many bytes of the content it took.

    Raises:
        NotBer, BerEnds: it is not one, or not whole.
    """
    return _Elements(content).read(0, len(content), depth=0)


def wrap(tag: int, value: bytes) -> bytes:
    """Put a tag and the shortest length before a value."""
    size = len(value)
    if size < 0x80:
        return bytes((tag, size)) + value
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + value


class _Elements:
    """The elements of one content, each read once."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._count = 0

    def read(self, at: int, end: int, *, depth: int) -> tuple[bytes, int]:
        tag, size, start = self._header(at, end)
        self._count += 1
        if self._count > ELEMENTS_MAX or depth > DEPTH_MAX:
            raise NotBer(f"more than {ELEMENTS_MAX} elements, or deeper than {DEPTH_MAX}")
        if size is not None and start + size > end:
            raise self._ends(end, f"an element of {size} bytes is not whole")
        if not tag & CONSTRUCTED:
            if size is None:
                raise NotBer("a plain element of indefinite length")
            return wrap(tag, self._content[start : start + size]), start + size
        children, after = self._children(start, end if size is None else start + size, size, depth)
        if tag == OCTET_STRING | CONSTRUCTED:
            return wrap(OCTET_STRING, b"".join(_part(child) for child in children)), after
        return wrap(tag, b"".join(children)), after

    def _children(self, at: int, end: int, size: int | None, depth: int) -> tuple[list[bytes], int]:
        """The elements inside of one, and where what follows it begins."""
        children: list[bytes] = []
        while at < end:
            if size is None and self._content[at : at + 2] == b"\0\0":
                return children, at + 2
            child, at = self.read(at, end, depth=depth + 1)
            children.append(child)
        if size is None:
            raise self._ends(end, "an element of indefinite length has no end")
        return children, at

    def _header(self, at: int, end: int) -> tuple[int, int | None, int]:
        """The tag, the length (None: indefinite), and where the value begins."""
        head = self._content[at : min(end, at + 2 + LENGTH_BYTES_MAX)]
        if len(head) < 2:
            raise self._ends(end, "an element has no length")
        tag, first = head[0], head[1]
        if tag & LONG_TAG == LONG_TAG:
            raise NotBer("a tag above 30")
        if first < INDEFINITE:
            return tag, first, at + 2
        if first == INDEFINITE:
            return tag, None, at + 2
        count = first & 0x7F
        if count > LENGTH_BYTES_MAX:
            raise NotBer(f"a length of {count} bytes")
        if len(head) < 2 + count:
            raise self._ends(end, "a length is not whole")
        return tag, int.from_bytes(head[2 : 2 + count], "big"), at + 2 + count

    def _ends(self, end: int, sentence: str) -> NotBer | BerEnds:
        """Tell a file that was cut from an element that is larger than what it stands in."""
        return BerEnds(sentence) if end == len(self._content) else NotBer(sentence)


def _part(element: bytes) -> bytes:
    """The value of one part of an OCTET STRING, which is in DER by now."""
    if element[0] != OCTET_STRING:
        raise NotBer("an OCTET STRING has a part that is none")
    long = element[1] & 0x7F if element[1] & 0x80 else 0
    return element[2 + long :]
