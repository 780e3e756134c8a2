r"""FiscalNet's text files: what is dropped for it, and what it answers.

    dropped, `Bonuri\NAME.txt`                 answered, `Raspuns\NAME.txt`

    CF^RO123456                                BONOK=1            BONOK=0
    S^Paine^350^2000^buc^1^1                   NRBON=17           ERRCODE=PAPER_OUT
    DV^100                                                        ERRINFO=Hartia s-a terminat
    ST^
    MV^50                                      NUMARBON=17        EROARE=103 - Mesaj
    TL^REF:7F3A91C2
    P^2^500

    CF^code             the buyer's code; first
    S^name^price^quantity^unit^group^department      bani, thousandths, FiscalNet's own VAT group
    DV^bani  MV^bani    discount, surcharge: on the sale above, or after ST^ on the subtotal
    TL^text             free text; a file of nothing else is a slip
    P^kind^bani         1 cash 2 card 3 credit 4 meal 5 value 6 voucher 7 modern 8, 9 contested
    X^  Z^  VB^  DS^    reports, cancel what is open, drawer; each alone in its file

Tills also write, and our own folders take [docs/folder.md]: VS^... an equal sale back, DP^ MP^
hundredths of a percent, I^bani O^bani cash in and out, no department, words in small letters.

Repeats: it cannot be asked what became of a file. Sources disagree on a second file under an old
name: printed again, or ignored. So no file is ever dropped again on doubt [other_protocols.md 9;
romania.md 6.1, 6.2]. Sure: CF S DV MV ST TL P1..7 X Z VB and both answers. From one program: DS,
I, O; from two: VS, DP, MP. RF, the export of the fiscal memory, is known and never sent.
Line ends are not proven; CR LF is what programs on Windows write. Two public programs also read
answers whose rows after BONOK have no keys: the number; or the code, then the sentence.
"""

import re
from dataclasses import dataclass

from protocol.errors import FrameError, ReplyError
from protocol.fields import integer

SEPARATOR = "^"
LINE_END = "\r\n"
NAME_MAX = 36
FILE_BYTES_MAX = 64 * 1024
ANSWER_BYTES_MAX = 8 * 1024
NUMBER_MAX = 10**10

SUBTOTAL, X_REPORT, Z_REPORT, CANCEL, DRAWER = "ST^", "X^", "Z^", "VB^", "DS^"
OK, NUMBERS, CODES, SENTENCES = (
    "BONOK",
    ("NRBON", "NUMARBON"),
    ("ERRCODE",),
    ("ERRINFO", "EROARE"),
)
SAID = {"1": True, "0": False}
LINE_ENDS = re.compile(r"\r\n|\r|\n")
BLANK = " \t\x1a"  # of a line that says nothing; DOS ends a file with 1A
COUNT = r"(?![0-9]{13})0*[1-9][0-9]*"  # above zero
DEPARTMENT = r"(?:0|(?![0-9]{13})0*[1-9][0-9]?)?"
SALE_FIELDS = rf"[^^]+\^{COUNT}\^{COUNT}\^[^^]*\^(?:[0-9]{{1,2}}|[A-H])(?:\^{DEPARTMENT})?\^*"
SALE = "name^price^quantity^unit^group^department", re.compile(SALE_FIELDS)
BANI = "bani, above zero", re.compile(rf"{COUNT}\^*")
PERCENT = "hundredths of a percent, above zero", re.compile(rf"{COUNT}\^*")
NOTHING = "and nothing more", re.compile(r"\^*")
ANYTHING = "anything", re.compile(r".*", re.DOTALL)
GRAMMAR: dict[str, tuple[str, re.Pattern[str]]] = {  # what stands behind a word and its "^"
    "CF": ("code", re.compile(r"[^^]+\^*")),
    "S": SALE,
    "VS": SALE,
    "DV": BANI,
    "MV": BANI,
    "DP": PERCENT,
    "MP": PERCENT,
    "ST": ("and nothing more", re.compile(r"[0^]*")),
    "P": ("kind^bani, 0: all that is left", re.compile(rf"[0-9]{{1,2}}\^(?:0+|{COUNT})\^*")),
    "I": BANI,
    "O": BANI,
    "X": NOTHING,
    "Z": NOTHING,
    "VB": NOTHING,
    "DS": NOTHING,
    "TL": ANYTHING,
    "RF": ANYTHING,
}
AS_IT_STANDS = "TL"  # a text may be moved to the middle with blanks
BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # what editors on Windows put in front


@dataclass(frozen=True, slots=True)
class FiscalNetAnswer:
    """What FiscalNet says of a file. `number` None: it does not tell one."""

    done: bool
    number: int | None = None
    code: str = ""
    sentence: str = ""

    @property
    def whole(self) -> bool:
        """It says all that such an answer says; else the rest may still be being written."""
        return self.number is not None if self.done else bool(self.code or self.sentence)


def line(word: str, *fields: str | int) -> str:
    """Write one line; "^" ends every word, also one that says nothing more.

    Raises:
        FrameError: a field holds what would be read as another field or line.
    """
    for field in map(str, fields):
        if SEPARATOR in field or not all(" " <= sign <= "~" for sign in field):
            raise FrameError(f"{field!r} cannot stand in a line")
    return SEPARATOR.join([word, *map(str, fields)]) if fields else f"{word}{SEPARATOR}"


def sale(name: str, *, price: int, quantity: int, unit: str, group: str, department: int) -> str:
    """Sell: price in bani, quantity in thousandths.

    Raises:
        FrameError: no name or too long a one, or nothing that is above zero.
    """
    if not name.strip() or len(name) > NAME_MAX:
        raise FrameError(f"a name has 1 to {NAME_MAX} characters, {name!r} has {len(name)}")
    if min(price, quantity) <= 0:
        raise FrameError(f"{quantity} thousandths at {price} bani is no sale")
    return line("S", name, price, quantity, unit, group, department)


def adjustment(amount: int) -> str:
    """Take off (below zero) or put on, in bani: of the sale above, or of the subtotal."""
    return line("MV" if amount > 0 else "DV", abs(amount))


def customer(code: str) -> str:
    return line("CF", code)


def text(words: str) -> str:
    return line("TL", words)


def payment(kind: str, amount: int) -> str:
    return line("P", kind, amount)


def file_of(lines: list[str]) -> bytes:
    """Join lines to what is dropped.

    Raises:
        FrameError: more than a file may hold.
    """
    raw = "".join(f"{each}{LINE_END}" for each in lines).encode("ascii")
    _need_room(raw)
    return raw


def _need_room(raw: bytes) -> None:
    if len(raw) > FILE_BYTES_MAX:
        raise FrameError(f"{len(raw)} bytes, {FILE_BYTES_MAX} at most")


def lines_of(raw: bytes) -> list[list[str]]:
    """Read what was dropped: the word and the fields of each line that is not blank.

    The word comes in capitals, fields without the blanks around them, a text as it stands.

    Raises:
        FrameError: it is not text, too long, no line, or a line that says nothing we know.
    """
    _need_room(raw)
    try:
        plain = raw.removeprefix(BYTE_ORDER_MARK).decode("utf-8")  # tills leave names as they are
    except UnicodeDecodeError as error:
        raise FrameError(f"byte {error.object[error.start]:02X} is no plain text") from error
    if "\0" in plain:
        raise FrameError("byte 00 is no plain text")
    rows = [row for row in LINE_ENDS.split(plain) if row.strip(BLANK)]
    if not rows:
        raise FrameError("there is no line")
    return [_fields_of(row) for row in rows]


def _fields_of(row: str) -> list[str]:
    first, *fields = row.split(SEPARATOR)
    word = first.strip().upper()
    if not fields or word not in GRAMMAR:
        raise FrameError(f"{row!r} is no line of FiscalNet")
    if word != AS_IT_STANDS:
        fields = [field.strip() for field in fields]
    meant, shape = GRAMMAR[word]
    if not shape.fullmatch(SEPARATOR.join(fields)):
        raise FrameError(f"{row!r} is no line of FiscalNet: {word}{SEPARATOR}{meant}")
    return [word, *fields]


def read_answer(raw: bytes) -> FiscalNetAnswer:
    """Read an answer file; keys in any order and case, other keys and blank lines left alone.

    Raises:
        ReplyError: it does not say clearly whether it was done: empty, cut off, not text, both.
    """
    if len(raw) > ANSWER_BYTES_MAX:
        raise ReplyError(f"an answer of more than {ANSWER_BYTES_MAX} bytes")
    if b"\0" in raw:
        raise ReplyError("the answer is not text")
    told: dict[str, str] = {}
    rows = LINE_ENDS.split(_decoded(raw))
    for row in rows:
        key, equals, value = row.partition("=")
        key, value = key.strip().upper(), value.strip()
        if equals and told.setdefault(key, value) != value:
            raise ReplyError(f"the answer says {key} twice, and differently")
    if told.get(OK) not in SAID:
        raise ReplyError(f"the answer does not say {OK}=1 or {OK}=0")
    if told.keys().isdisjoint((*NUMBERS, *CODES, *SENTENCES)):
        told |= _without_keys(rows, done=SAID[told[OK]])
    sentence, code = _first(told, SENTENCES), _first(told, CODES)
    return FiscalNetAnswer(SAID[told[OK]], _number(told), code, sentence)


def _without_keys(rows: list[str], *, done: bool) -> dict[str, str]:
    """Read the rows below BONOK by place; the first of a refusal is no half key, if it ends."""
    keys = [row.partition("=")[0].strip().upper() for row in rows]
    below = rows[keys.index(OK) + 1 :]
    said = [row.strip() for row in below if _has_no_key(row)]
    if done:
        return {NUMBERS[0]: said[0]} if said else {}
    if not any(map(_has_no_key, below[:-1])):
        return {}
    if " " in said[0]:
        return {SENTENCES[0]: said[0]}
    return {CODES[0]: said[0], SENTENCES[0]: "".join(said[1:2])}


def _has_no_key(row: str) -> bool:
    return bool(row.strip()) and "=" not in row


def _decoded(raw: bytes) -> str:
    """Which code page its sentences are in is not known: none of them loses the keys."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1250", "replace")


def _first(told: dict[str, str], keys: tuple[str, ...]) -> str:
    return next((told[key] for key in keys if told.get(key)), "")


def _number(told: dict[str, str]) -> int | None:
    """A number that cannot be read is one that was not told: what was done stays done."""
    try:
        number = integer(_first(told, NUMBERS))
    except ReplyError:
        return None
    return number if 0 <= number < NUMBER_MAX else None
