"""The tables of printer families, from the drivers themselves: `families.md`.

What a device can do is read from its driver, what is not known of it from the driver's own words
("Unverified on hardware: ..."). Only the sentence on counters is written here, once per family.
"""

import re
from collections.abc import Iterable, Sequence
from importlib import import_module

from config.settings import catalogue
from drivers import families
from drivers.base import FiscalPrinter, Operator
from drivers.capabilities import Feature
from drivers.clock import SystemClock
from drivers.je import DocumentKind
from drivers.model import Counters
from drivers.recognise import WIRES
from drivers.serial_transport import SerialTransport

NOTHING = Counters("", 0, 0, 0)
UNVERIFIED = "Unverified on hardware"
TIMES = "\N{MULTIPLICATION SIGN}"

COUNTERS = {
    "custom": "none: only the answer to our own file, also of a Z",
    "daisy": "Z (110), receipts of our operator and day (112), documents (113)",
    "datecs_legacy": "Z (64), receipts (110), documents (113)",
    "datecs_x": "Z, receipts and documents (255 nZreport, nFBon, nBon)",
    "eltrade": "Z and receipts (110), documents (113)",
    "incotex": "Z (110), receipts of the day (67), documents (113)",
    "shtrih": "Z (11), sales (148), documents and cancelled receipts (152, 157); no slips",
    "tremol": "Z (73), receipts (71); slips, copies and cancelled receipts move nothing",
}
CAN = (
    "family",
    "dialect",
    "in the cloud",
    "wire",
    "baud",
    "can be switched on",
    "cannot be asked",
    "payments",
)
PROVES = (
    "family",
    "dialect",
    "counters that prove a receipt",
    "our reference in the JE",
    f"name: characters {TIMES} lines, at most",
    "lines sold",
    "not tried on hardware",
)


def families_table() -> str:
    spoken = [(family, one) for family, of in catalogue().items() for one in of.dialects or [""]]
    lines = [
        "# Printer families",
        "",
        "One row for each `family` and `dialect` of the configuration; an empty dialect means the"
        " first. Reversal of a closed receipt is never done: no Romanian device has a known command"
        " for it.",
        "",
        "## What it can",
        "",
        "`can be switched on`: names for `features`. `cannot be asked`: commands that need it"
        " are answered `UNSUPPORTED`, nothing is sent; of `je_by_date` that is reading the JE"
        " from date to date: by Z it can be read.",
        "",
        *_table(CAN, [_can(*one) for one in spoken]),
        "",
        "## How it proves a receipt, and its limits",
        "",
        "Cash in and out is proved by the device's own sums, a Z report by its number. A longer"
        " name goes on in the next line. No device was at hand: the last column leads to what is"
        " only known from manuals and other people's programs.",
        "",
        *_table(PROVES, [_proves(*one) for one in spoken]),
        "",
        f"## {UNVERIFIED}",
        "",
    ]
    for family, known in catalogue().items():
        lines += [f"### {family}", "", f"{known.title}.", ""]
        lines += [*_archive(family), _unverified(family), ""]
    return "\n".join(lines).rstrip() + "\n"


def _can(family: str, dialect: str) -> list[str]:
    known, can = catalogue()[family], _printer(family, dialect).capabilities
    if Feature.REVERSAL in can.features:
        raise ValueError(f"{family} takes back a receipt, and the page says that none does")
    wires = [wire.title for wire in WIRES if wire.speaks(family, dialect)]
    return [
        *_named(family, dialect),
        ", ".join(f"`{name}`" for name, means in known.in_the_cloud.items() if means == dialect),
        *((wires[0], str(known.baud)) if _has_cable(family) else ("FiscalNet's folders", "")),
        ", ".join(sorted(can.features)),
        ", ".join(sorted(can.untold)),
        ", ".join(sorted(can.payment_kinds)),
    ]


def _proves(family: str, dialect: str) -> list[str]:
    printer = _printer(family, dialect)
    can = printer.capabilities
    return [
        *_named(family, dialect),
        COUNTERS[family],
        "yes" if _has_cable(family) and _reads_je(printer) else "no",
        f"{can.name_length_max} {TIMES} {can.name_lines_max}",
        str(can.lines_max),
        f"[{family}](#{family})",
    ]


def _named(family: str, dialect: str) -> list[str]:
    return [f"`{family}`", f"`{dialect}`" if dialect else ""]


def _has_cable(family: str) -> bool:
    return catalogue()[family].transports != ["folder"]


def _printer(family: str, dialect: str) -> FiscalPrinter:
    cable = SerialTransport("/dev/null", catalogue()[family].baud)
    return families.printer(
        family, cable, SystemClock(), Operator(), frozenset(Feature), dialect=dialect
    )


def _reads_je(printer: FiscalPrinter) -> bool:
    """Legacy ISL drivers say it by returning nothing; reading no documents sends no byte."""
    je = getattr(printer, "_je", None)
    if je is None:
        return False
    return je(DocumentKind.RECEIPT, NOTHING, 0) is not None if callable(je) else True


def _archive(family: str) -> list[str]:
    """What the driver's docstring says of its archive, where that is not all there is."""
    said = import_module(f"drivers.families.{family}").__doc__ or ""
    found = re.search(r"^Archive: (.*?)(\n\n|\Z)", said, re.DOTALL | re.MULTILINE)
    return [f"Archive: {' '.join(found[1].split())}", ""] if found else []


def _unverified(family: str) -> str:
    """The paragraph of the driver's docstring that begins with these words."""
    said = import_module(f"drivers.families.{family}").__doc__ or ""
    found = re.search(rf"{UNVERIFIED}:?\s*(.*?)(\n\n|\Z)", said, re.DOTALL)
    if found is None:
        raise ValueError(f"drivers/families/{family}.py does not say what is unverified")
    text = " ".join(found[1].split())
    return text[:1].upper() + text[1:]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]
