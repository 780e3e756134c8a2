r"""Custom's payloads: what a program gives to the maker's own library (CeFdll, CeFCom).

    30160            3016 0                    buffered printing off
    1001             1001                      what time is it
    3001107Cafea...  3001 1 07 Cafea.. 000000350    a sale: a digit, a text, hundredths

Four digits, then fields without anything between them: a text has its length in two digits before
it, an amount nine digits. The library adds the frame, which was not found, so nothing here is sent
[other_protocols.md 8: from one demo of the maker and one program; Italian devices].
"""

from dataclasses import dataclass

from protocol.errors import FrameError

CODE_SIZE, LENGTH_SIZE, AMOUNT_SIZE = 4, 2, 9
DIGIT, TEXT, AMOUNT = "digit", "text", "amount"

COMMANDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "1001": ("read the date and time", ()),
    "1002": ("read a line of the header", (DIGIT,)),
    "1015": ("read the error code, after a reply that holds ERR99", ()),
    "1109": ("read the status", ()),
    "3001": ("sell", (DIGIT, TEXT, AMOUNT)),
    "3004": ("pay", (TEXT, AMOUNT)),
    "3011": ("close the document", ()),
    "3013": ("print and cut", ()),
    "3016": ("buffered printing: 0 off, 1 on", (DIGIT,)),
}


@dataclass(frozen=True, slots=True)
class Payload:
    """One request. `fields` as they stand, a text without its length."""

    code: int
    fields: tuple[str, ...]
    meaning: str


def read_payload(raw: bytes) -> Payload:
    """Read what would be given to the library.

    Raises:
        FrameError: the code is not known, or what follows is not what follows it.
    """
    plain = raw.decode("latin-1")
    code, rest = plain[:CODE_SIZE], plain[CODE_SIZE:]
    if code not in COMMANDS:
        raise FrameError(f"{code!r} is neither a line of FiscalNet nor a payload of Custom")
    meaning, kinds = COMMANDS[code]
    fields = []
    for kind in kinds:
        field, rest = _taken(kind, rest)
        fields.append(field)
    if rest:
        raise FrameError(f"{rest!r} stands behind a whole payload of Custom")
    return Payload(int(code), tuple(fields), meaning)


def _taken(kind: str, rest: str) -> tuple[str, str]:
    """Cut one field off."""
    start, size = 0, {DIGIT: 1, TEXT: LENGTH_SIZE, AMOUNT: AMOUNT_SIZE}[kind]
    digits = rest[:size]
    if len(digits) < size or not (digits.isascii() and digits.isdigit()):
        raise FrameError(f"{digits!r} is no {kind} in a payload of Custom")
    if kind == TEXT:
        start, size = size, size + int(digits)
    if len(rest) < size:
        raise FrameError(f"{rest[start:]!r} is shorter than its length in a payload of Custom")
    return rest[start:size], rest[size:]
