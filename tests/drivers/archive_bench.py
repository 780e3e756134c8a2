"""A virtual printer with a past, for tests of the archives: days of receipts, and what came out.

printer = busy(bench)            sells, cancels, closes three days
day(bench, 2)                    what its JE has of Z 2, line by line
printer.archive.patience = Hurried(7)
"""

import pytest

from drivers.archive import ArchivedDocument
from drivers.base import FiscalPrinter
from drivers.errors import ContactLost
from drivers.model import Bani, CashMovement
from sandbox.printer.memory import Document
from tests.drivers.bench import Bench, perform
from tests.drivers.cables import Cable
from tests.drivers.receipts import TWO_LINES

BY_DOCUMENT = ("datecs_legacy", "daisy")
BY_DAY = ("datecs_legacy:printer", "tremol", "tremol:bg")
WITH_MEMORY = ("daisy", "daisy:ro", "tremol", "tremol:bg")
ALL = (*BY_DOCUMENT, *BY_DAY, "daisy:ro")
PAGES = {"tremol:bg": "cp1251"}  # of the text, as it comes over the wire
DAYS = 3


def busy(bench: Bench, days: int = DAYS) -> FiscalPrinter:
    """Sell two receipts a day, cancel one, put cash in and close the day; then sell one more."""
    printer = bench.opened()
    for _ in range(days):
        printer.issue_receipt(TWO_LINES)
        printer.move_cash(CashMovement(paid_in=Bani(500)))
        printer.issue_receipt(TWO_LINES)
        cancelled(bench)
        printer.counters()
        perform(printer, "z_report")
    printer.issue_receipt(TWO_LINES)
    return printer


def cancelled(bench: Bench) -> None:
    """Somebody at the keyboard cancels a receipt."""
    cable = Cable(bench)
    printer = bench.opened(cable)
    cable.cut(3)
    with pytest.raises(ContactLost):
        printer.issue_receipt(TWO_LINES)
    bench.opened().cancel_receipt()


def kept(bench: Bench) -> list[Document]:
    return bench._store.documents()


def lines_of(bench: Bench, documents: list[Document]) -> tuple[bytes, ...]:
    """The text of documents, as the device sends it: Tremol has no empty lines."""
    page = PAGES.get(bench.family, "cp1250")
    blank = " " if "tremol" in bench.family else ""
    return tuple((line or blank).encode(page, "replace") for one in documents for line in one.text)


def documents(printer: FiscalPrinter, *numbers: int) -> list[ArchivedDocument]:
    return list(printer.archive.documents(numbers))


def day(bench: Bench, z: int) -> tuple[bytes, ...]:
    return lines_of(bench, [one for one in kept(bench) if one.z == z])


class Hurried:
    """Loses patience at the so-many-th line; afterwards it has all the time in the world."""

    def __init__(self, lines: int) -> None:
        self._left = lines

    def document(self) -> None:
        return

    def line(self) -> None:
        self._left -= 1
        if self._left == 0:
            raise Hurry


class Hurry(Exception):
    """Something goes first."""


class Counting:
    """All the time in the world, and how many lines it was asked for."""

    def __init__(self) -> None:
        self.lines = 0

    def document(self) -> None:
        return

    def line(self) -> None:
        self.lines += 1
