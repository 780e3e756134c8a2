"""How the commands speak to people: two languages, tables, amounts, and why something was refused.

On a terminal a table is drawn; in a pipe it is lines of TAB-separated cells that stay as they are.
What is there to be copied, as an id, is whole in both. A refusal names its cause in both
languages, with our stable code and the maker's beside it.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent import english, romanian
from agent.cli.common import print_json
from agent.cli.status_words import in_romanian
from agent.exits import Exit
from agent.states import State
from drivers.errors import DriverError, Refused
from drivers.faults import words
from drivers.model import PaymentKind


class Language(StrEnum):
    RO = "ro"
    EN = "en"

    def say(self, ro: str, en: str) -> str:
        return ro if self is Language.RO else en

    def counted(self, count: int, ro: tuple[str, str], en: tuple[str, str]) -> str:
        """`ro` and `en`: the word for one, and for several."""
        is_romanian = self is Language.RO
        return romanian.counted(count, *ro) if is_romanian else english.counted(count, *en)

    def payment(self, kind: PaymentKind) -> str:
        return self.say(PAYMENTS[kind], kind.replace("_", " "))

    def state(self, state: str) -> str:
        """A command's; the code stays beside the Romanian, as it is in documents and in --json."""
        return self.say(f"{STATES[state]} ({state})", state)


PAYMENTS = {
    PaymentKind.CASH: "numerar",
    PaymentKind.CARD: "card",
    PaymentKind.CREDIT: "credit",
    PaymentKind.MEAL_TICKET: "tichete de masă",
    PaymentKind.VALUE_TICKET: "tichete valorice",
    PaymentKind.VOUCHER: "voucher",
    PaymentKind.MODERN: "plată modernă",
    PaymentKind.CARD_CASH_ADVANCE: "card cu avans în numerar",
    PaymentKind.OTHER: "alte metode",
    PaymentKind.FOREIGN: "valută",
}
STATES = {
    State.QUEUED: "la rând",
    State.ISSUING: "se emite",
    State.ISSUED: "emisă",
    State.IN_DOUBT: "în verificare",
    State.HELD: "așteaptă un om",
    State.REJECTED: "respinsă",
    "unreported": "evenimente necomunicate",
}

# what is counted, for one and for several
COMMANDS = ("comandă", "comenzi"), ("command", "commands")
DOCUMENTS = ("document", "documente"), ("document", "documents")
EVENTS = ("eveniment", "evenimente"), ("event", "events")
FILES = ("fișier", "fișiere"), ("file", "files")
RESULTS = ("rezultat", "rezultate"), ("result", "results")
PLACES = ("adresă", "adrese"), ("place", "places")
TIMES = ("apariție", "apariții"), ("time", "times")

CELL_MIN = 12  # columns of a terminal, for what may be broken


def default_language() -> Language:
    return Language.RO if os.environ.get("LANG", "").startswith("ro") else Language.EN


Lang = Annotated[
    Language,
    typer.Option(
        "--lang",
        default_factory=default_language,
        show_default="LANG",
        help="Language of what is shown.",
    ),
]


class RefusedHere(Exception):
    """We do not do this now. The sentences say why and what to do."""

    def __init__(self, code: str, *, ro: str, en: str, detail: str = "") -> None:
        super().__init__(en)
        self.code = code
        self.ro = ro
        self.en = en
        self.detail = detail


@contextmanager
def refusals(lang: Language, *, as_json: bool) -> Iterator[None]:
    """End with exit 1 and one clear sentence, never with a traceback."""
    try:
        yield
    except RefusedHere as error:
        found = {"code": error.code, "device_code": "", "ro": error.ro, "en": error.en}
        _tell(found | {"detail": error.detail}, lang, as_json=as_json)
    except DriverError as error:
        device_code = error.device_code if isinstance(error, Refused) else ""
        said = words()[error.fault]
        found = {"code": error.fault, "device_code": device_code, "ro": said.ro, "en": said.en}
        _tell(found | {"detail": str(error)}, lang, as_json=as_json)


def _tell(found: dict[str, str], lang: Language, *, as_json: bool) -> None:
    """Both languages, the shop's first: whoever is called to help may read the other one."""
    if as_json:
        print_json({"error": found})
        raise typer.Exit(Exit.NO)
    codes = f"{found['code']}, device code {found['device_code']}"
    codes = codes if found["device_code"] else found["code"]
    first, second = lang.say("ro", "en"), lang.say("en", "ro")
    typer.echo(f"amef: {found[first]} [{codes}]", err=True)
    typer.echo(f"amef: {found[second]}", err=True)
    if found["detail"]:
        typer.echo(f"      {lang.say(in_romanian(found['detail']), found['detail'])}", err=True)
    raise typer.Exit(Exit.NO)


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, whole: int = 0) -> None:
    """Show rows. `whole`: of so many columns, from the left, no cell is broken on a terminal."""
    if not sys.stdout.isatty():
        for row in (headers, *rows):
            typer.echo("\t".join(row))
        return
    widths = [max(map(cell_len, cells)) for cells in zip(headers, *rows, strict=True)]
    console, drawn = Console(), Table()
    needed = [width if n < whole else min(width, CELL_MIN) for n, width in enumerate(widths)]
    if whole and sum(needed) + 3 * len(widths) + 1 > console.width:  # a frame would break them
        for row in (headers, *rows):
            cells = [
                cell + " " * (width - cell_len(cell))
                for cell, width in zip(row, widths, strict=True)
            ]
            typer.echo("  ".join(cells).rstrip())
        return
    for n, header in enumerate(headers):
        is_whole = n < whole
        least = widths[n] if is_whole else None
        drawn.add_column(header, overflow="fold", no_wrap=is_whole, min_width=least)
    for row in rows:
        drawn.add_row(*(Text(cell) for cell in row))
    console.print(drawn)


def plain(line: str) -> str:
    """A stranger's text on one line; whatever would move a terminal's cursor is a dot."""
    return "".join(letter if letter.isprintable() else "·" for letter in line)
