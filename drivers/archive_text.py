"""What the lines of an archive say, read as loosely as makers print them.

    RAPORT Z NR: 0412   05-10-2026 21:42:17      a record of the fiscal memory begins
    BONURI FISCALE                        3
    TOTAL A 21,00%                   242,00      gross of a rate, and then
    TVA A                             42,00      its VAT
    TOTAL LEI                        302,65      its end

    TOTAL LEI 33,20 · CIF CLIENT: 12345674 · REF:K7Q2...      of a document in the JE
    TOTAL LEI 33,20 ... *** BON FISCAL *** ... DATA 05-10-2026  ORA 21:42:17      of a whole day

What is not understood is None, or no record at all; the raw lines are kept beside it. No maker's
manual shows its layout: unverified on hardware, for every family.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, groupby

from drivers.je import REFERENCE
from drivers.model import Bani, VatRate

AMOUNT = r"(?P<lei>[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+)[.,](?P<bani>[0-9]{2})"
DAY = r"(?P<day>[0-3][0-9])[-./](?P<month>[01][0-9])[-./](?P<year>(?:20)?[0-9]{2})"
TIME = re.compile(rf"{DAY} +(?:ORA[ :]*)?(?P<time>[0-2][0-9]:[0-5][0-9](?::[0-5][0-9])?)")
Z_HEAD = re.compile(
    r"\bZ\b[^0-9]*(?:NR[.:]*|NO[.:]*|#)\s*0*(?P<number>[0-9]{1,4})\b(?![-./][0-9])", re.IGNORECASE
)
OF_RATE = re.compile(
    rf"(?P<what>TOTAL|TVA) (?P<letter>[A-I])\b"
    rf"(?: +(?P<whole>[0-9]{{1,2}})[.,]?(?P<part>[0-9]{{0,2}}) ?%)? .*?{AMOUNT}$"
)
SUMS = re.compile(r"RAPOARTE Z|TOTAL GENERAL|={8}")
RECEIPTS = re.compile(r"BONURI(?: FISCALE)?[ .:=*]*(?P<count>[0-9]+)$")
RECEIPT_TITLE = re.compile(r"\W*BON FISCAL\W*$")  # the law's two words, alone on a line
RECEIPT_TOTAL = re.compile(rf"TOTAL(?: DE PLATA)?(?: LEI| RON)?[ :=*]+{AMOUNT}$")
DAY_TOTAL = re.compile(rf"TOTAL(?: VANZARI| GENERAL)?(?: LEI| RON)?[ :=*]+{AMOUNT}$")
TAX_ID = re.compile(
    r"(?:CIF|CUI|C\.?U\.?I\.?|COD FISCAL)[ .]*CLIENT[ :.]*(?:RO)?\s*(?P<id>[0-9]{2,13})"
)
OURS = re.compile(re.escape(REFERENCE) + r"(?P<reference>\w+)")


@dataclass(frozen=True, slots=True)
class MemoryRate:
    letter: str
    rate: VatRate | None
    gross: Bani
    vat: Bani | None = None


@dataclass(frozen=True, slots=True)
class MemoryRecord:
    """One Z as a detailed report of the fiscal memory prints it. None: it does not say."""

    z_number: int
    at: str  # ISO, the device's local time; "" where none stands there
    total: Bani | None = None
    receipts: int | None = None
    rates: tuple[MemoryRate, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """What a document of the JE says of itself. None and "": it does not."""

    total: Bani | None = None
    tax_id: str = ""
    reference: str = ""


class _Draft:
    """A Z as far as it was read."""

    def __init__(self, z_number: int, at: str) -> None:
        self.z_number = z_number
        self.at = at
        self.total: Bani | None = None
        self.receipts: int | None = None
        self.rates: dict[str, MemoryRate] = {}

    def made(self) -> MemoryRecord:
        rates = tuple(self.rates.values())
        return MemoryRecord(self.z_number, self.at, self.total, self.receipts, rates)


def iso_time(text: str) -> str:
    """Return DD-MM-YY hh:mm:ss, in whatever it stands, as ISO without a zone; "" if there is none.

    The suffix of summer time is left out: two moments of the repeated hour look the same, and are
    told apart by (Z, number) alone.
    """
    found = TIME.search(text)
    if found is None:
        return ""
    year = found["year"] if len(found["year"]) == 4 else f"20{found['year']}"
    seconds = "" if found["time"].count(":") == 2 else ":00"
    return f"{year}-{found['month']}-{found['day']}T{found['time']}{seconds}"


def memory_records(lines: Iterable[bytes]) -> Iterator[MemoryRecord]:
    """Cut a detailed report into its Zs; a block without a total is not told.

    The number of a Z stands above its sums, or below them: what comes first says which.
    """
    plain = map(_plain, lines)
    begun: list[str] = []
    for line in plain:
        begun.append(line)
        if Z_HEAD.search(line):
            return _below_their_numbers(chain(begun, plain))
        if DAY_TOTAL.match(line):
            return _above_their_numbers(chain(begun, plain))
    return iter(())


def _below_their_numbers(lines: Iterable[str]) -> Iterator[MemoryRecord]:
    draft: _Draft | None = None
    for line in lines:
        if head := Z_HEAD.search(line):
            if draft is not None and draft.total is not None:
                yield draft.made()
            draft = _Draft(int(head["number"]), iso_time(line))
        elif draft is not None:
            if SUMS.match(line):  # of the whole report
                break
            _take(draft, line)
    if draft is not None and draft.total is not None:
        yield draft.made()


def _above_their_numbers(lines: Iterable[str]) -> Iterator[MemoryRecord]:
    draft = _Draft(0, "")
    for line in lines:
        if draft.z_number and _is_sum(line):  # the next one begins
            yield draft.made()
            draft = _Draft(0, "")
        if head := Z_HEAD.search(line):
            draft.z_number = int(head["number"])
        else:
            _take(draft, line)
    if draft.z_number and draft.total is not None:
        yield draft.made()


def _is_sum(line: str) -> bool:
    return any(shape.match(line) for shape in (RECEIPTS, OF_RATE, DAY_TOTAL))


def said_in(lines: Iterable[bytes], *, of_day: bool = False) -> Said:
    """Read a document's own total, its buyer's tax id and our reference.

    `of_day`: it is an X or a Z report, which prints the total of the day.
    """
    total, tax_id, reference = None, "", ""
    asked = DAY_TOTAL if of_day else RECEIPT_TOTAL
    for line in map(_plain, lines):
        if total is None and (found := asked.match(line)):
            total = _bani(found)
        if found := TAX_ID.search(line):
            tax_id = found["id"]
        if found := OURS.search(line):
            reference = found["reference"]
    return Said(total, tax_id, reference)


def time_of_day(lines: Iterable[bytes]) -> str:
    """Return the last moment that the documents of a day tell, which is that of its Z; "" none."""
    told = ""
    for line in map(_plain, lines):
        at = iso_time(line)
        if at and _is_moment(at):
            told = at
    return told


def receipts_in(lines: Iterable[bytes]) -> int | None:
    """Count the receipts of a day whose documents stand one behind the other; None: no title.

    A receipt has a total and its title, once or twice, above or below: both are counted, and one
    that was cancelled has no title.
    """
    marks = []
    for line in map(_plain, lines):
        if RECEIPT_TITLE.match(line):
            marks.append("title")
        elif RECEIPT_TOTAL.match(line):
            marks.append("total")
    runs = Counter(mark for mark, _ in groupby(marks))
    return min(runs["title"], runs["total"]) if runs["title"] else None


def _is_moment(at: str) -> bool:
    try:
        datetime.fromisoformat(at)
    except ValueError:
        return False
    return True


def _take(draft: _Draft, line: str) -> None:
    if found := OF_RATE.match(line):
        letter, amount = found["letter"], _bani(found)
        known = draft.rates.get(letter)
        if found["what"] == "TOTAL":
            draft.rates[letter] = MemoryRate(letter, _rate(found), amount)
        elif known is not None:
            draft.rates[letter] = MemoryRate(letter, known.rate, known.gross, amount)
    elif found := RECEIPTS.match(line):
        draft.receipts = int(found["count"])
    elif draft.total is None and (found := DAY_TOTAL.match(line)):
        draft.total = _bani(found)
    elif not draft.at:
        draft.at = iso_time(line)


def _plain(line: bytes) -> str:
    return " ".join(line.decode("latin-1").split())


def _bani(found: re.Match[str]) -> Bani:
    return Bani(int(found["lei"].replace(".", "")) * 100 + int(found["bani"]))


def _rate(found: re.Match[str]) -> VatRate | None:
    if found["whole"] is None:
        return None
    return VatRate(int(found["whole"]) * 100 + int(found["part"].ljust(2, "0")))
