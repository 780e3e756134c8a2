"""The command line of the virtual printers: which options there are, and what their values mean."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sandbox.printer import clock
from sandbox.printer.anaf_days import DEFAULT_CIF, DEFAULT_NUI
from sandbox.printer.faults import FORM, Fault, fault
from sandbox.printer.memory import GROUPS, RATE_UNUSED
from sandbox.printer.paper import Z_MAX
from sandbox.printer.past import plan_of
from sandbox.printer.spoil import STATE, Spoil, spoil

DEFAULT_SERIAL = "SIM0000001"
DEFAULT_RATES = {"A": 21_00, "B": 11_00, "C": 9_00, "D": 0}
SERIAL_MAX = 16
Z_MAX_MAX = 9999
Add = Callable[..., object]  # add_argument of a parser, or of a group of one
BAUDS = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)


def rates_of(given: dict[str, int]) -> tuple[int, ...]:
    return tuple(given.get(letter, RATE_UNUSED) for letter in GROUPS)


def serial(text: str) -> str:
    if not re.fullmatch(r"SIM[0-9A-Z]+", text, re.ASCII) or len(text) > SERIAL_MAX:
        raise argparse.ArgumentTypeError(
            f"{text!r}: a virtual printer's fiscal serial is SIM and then digits or capitals, "
            f"{SERIAL_MAX} characters at most"
        )
    return text


def vat(text: str) -> dict[str, int]:
    """A=21,B=11.5 -> hundredths of a percent by letter"""
    rates = {}
    for part in text.split(","):
        shape = re.fullmatch(r"([A-G])=(\d{1,2})(?:\.(\d{1,2}))?", part.strip(), re.ASCII)
        if shape is None:
            raise argparse.ArgumentTypeError(f"{part!r} is not a letter A..G, = and a rate")
        rates[shape[1]] = int(shape[2]) * 100 + int((shape[3] or "").ljust(2, "0"))
    return rates


def moment(text: str) -> datetime:
    try:
        return clock.from_iso(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not like 2026-11-21T08:00:00") from error


def trouble(text: str) -> Fault:
    try:
        return fault(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def spoiled(text: str) -> Spoil:
    try:
        return spoil(text, STATE)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def number_up_to(most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not re.fullmatch(r"\d{1,6}", text, re.ASCII) or not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {most}")
        return int(text)

    return number


def nui(text: str) -> str:
    if not re.fullmatch(r"\d{10}", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"{text!r} is not ten digits")
    return text


def cif(text: str) -> str:
    if not re.fullmatch(r"[1-9]\d{1,9}|[1-9]\d{12}", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"{text!r}: 2 to 10 digits, or 13, without RO")
    return text


def parser(*families: str) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m sandbox printer",
        description="A virtual fiscal printer. Prints one JSON line when it is ready, then serves "
        "until SIGTERM or SIGINT.",
    )
    made.add_argument("--family", choices=families, required=True, help="the wire protocol")
    add_cable(made.add_argument_group("the cable").add_argument)
    add = made.add_argument_group("the device").add_argument
    add_device(add)
    add("--state", type=Path, metavar="FILE", help="keep the device's memory here over a restart")
    add("--paper", type=Path, metavar="FILE", help="one JSON line per document that came out")
    add("--password", default="0001", help="operators' password; their own number is good too")
    add("--print-ms", type=int, default=0, metavar="N", help="mechanical time per printed line")
    add("--duplicates", action="store_true", help="109 is there: a copy of the last receipt")
    add_states(made.add_argument_group("what it starts in").add_argument)
    add = made.add_argument_group("its past, if it has none yet").add_argument
    until = "2000x3: a Z a day until yesterday, of three receipts each"
    add("--history", type=plan_of, metavar="ZSxRECEIPTS", help=until)
    add_spoil(add)
    add_anaf(made.add_argument_group("signed days for ANAF").add_argument)
    add = made.add_argument_group("trouble").add_argument
    fault_help = f"{FORM}, as drop-reply@56 or syn=12@49#3; may be given again; see faults.py"
    add("--fault", type=trouble, action="append", default=[], metavar="FAULT", help=fault_help)
    add("--trace", action="store_true", help="every exchange on stderr")
    return made


def add_cable(add: Add) -> None:
    add("--tcp", type=int, metavar="PORT", help="serve on loopback, 0 = a free port; not a pty")
    pace = f"pace of the pseudo-terminal: {BAUDS[0]} to {BAUDS[-1]} (default {BAUDS[-1]})"
    add("--baud", type=int, choices=BAUDS, default=BAUDS[-1], metavar="N", help=pace)
    add("--strict-baud", action="store_true", help="silent to a host set to another speed")


def add_device(add: Add) -> None:
    """What a technician sets, also of a device that only gets a past."""
    known = f"fiscal serial, SIM... (default {DEFAULT_SERIAL})"
    add("--serial", type=serial, metavar="SERIAL", help=known)
    rates = "default A=21,B=11,C=9,D=0; rest unused"
    add("--vat", type=vat, default=DEFAULT_RATES, metavar="A=N,...", help=rates)
    wide = "of the paper: 32, 42, 48 or 64 (default 48)"
    add("--columns", type=int, choices=[32, 42, 48, 64], default=48, metavar="N", help=wide)
    add("--clock", type=moment, metavar="ISO", help="what the device's clock shows at the start")
    room = f"Zs that the fiscal memory has room for (default {Z_MAX})"
    add("--z-max", type=number_up_to(Z_MAX_MAX), default=Z_MAX, metavar="N", help=room)
    add("--nui", type=nui, metavar="NUI", help=f"what ANAF calls it (default {DEFAULT_NUI})")
    add("--cif", type=cif, metavar="CIF", help=f"whose it is (default {DEFAULT_CIF})")


def add_states(add: Add) -> None:
    found = "what is found open: keep or cancel"
    add("--on-power-up", choices=["keep", "cancel"], default="keep", metavar="WHAT", help=found)
    add("--open-receipt", action="store_true", help="a receipt of somebody else stands open")
    add("--open-slip", action="store_true", help="a non-fiscal document stands open")
    add("--day-over-24h", action="store_true", help="the fiscal day began 25 hours ago")
    add("--ej-full", action="store_true", help="the electronic journal is full")


def add_spoil(add: Add) -> None:
    hurt = "hurt it, as missing-z=412; may be given again; see spoil.py"
    add("--spoil", type=spoiled, action="append", default=[], metavar="KIND=WHAT", help=hurt)


def add_anaf(add: Add) -> None:
    card = "an SD card: each signed day right after its Z, for 60 days"
    add("--anaf", type=Path, metavar="DIR", help=card)
    add("--anaf-der", action="store_true", help="plain DER, not Datecs' chunked BER")
    add("--anaf-net", action="store_true", help="valOp without VAT")
