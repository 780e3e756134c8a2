"""The menu "monthly ANAF": the device writes its signed days, and the register of them, to a stick.

    $ python -m sandbox stick --state printer.db --month 102026 --into STICK
    {"nui": "5000001234", "files": ["5000001234_Z0411.p7b", ..., "Perioada_raportare.p7b"]}

The register tells the first and the last Z of the month as the fiscal memory has them; of the days
only those come that are not sixty days old. `--day Z` writes single days, without a register. A
printer may be running with the same state file.
"""

from __future__ import annotations

import argparse
import json
import re
import sqlite3
import sys
from datetime import datetime
from pathlib import Path

from sandbox.printer import anaf_xml, clock, spoil
from sandbox.printer.anaf_days import LIFE, REGISTER_NAME, Days, file_name
from sandbox.printer.anaf_sign import signed
from sandbox.printer.memory import from_json
from sandbox.printer.spoil import FILES, FOREIGN_FILES, Leaf, Spoil, hurt_files

OPEN_ENDS = 6  # bytes that close what has no length, after the signature


def main(argv: list[str]) -> int:
    given = parser()
    options = given.parse_args(argv)
    if not (options.month or options.day):
        given.error("say --month MMYYYY or --day Z")
    try:
        database = sqlite3.connect(f"{options.state.resolve().as_uri()}?mode=rw", uri=True)
        try:
            told = write(database, options)
        finally:
            database.close()
    except (ValueError, OSError, sqlite3.Error) as error:
        print(f"stick: {error}", file=sys.stderr)
        return 2
    print(json.dumps(told))
    return 0


def write(database: sqlite3.Connection, options: argparse.Namespace) -> dict[str, object]:
    now, days = now_of(database), Days(database)
    leaves = [
        Leaf(file_name(days.nui, day.z), day.z, day.at, day.xml)
        for day in days.days()
        if day.at >= now - LIFE
        and (day.z in options.day or (options.month and month_of(day.at) == options.month))
    ]
    missing = set(options.day) - {leaf.z for leaf in leaves}
    if missing:
        raise ValueError(f"there is no signed day of Z {min(missing)}")
    if options.month:
        leaves.append(register(database, days, options.month, now))
    identity = days.identity()
    files = {}
    for leaf in hurt_files(leaves, options.spoil, days.nui):
        content = signed(identity, leaf.content, leaf.at, der=options.anaf_der, shown=leaf.shown)
        if leaf.bad_signature:
            last = len(content) - 1 - (0 if options.anaf_der else OPEN_ENDS)
            content = content[:last] + bytes([content[last] ^ 1]) + content[last + 1 :]
        files[leaf.name] = content[: len(content) // 2] if leaf.truncated else content
    if Spoil("foreign-files") in options.spoil:
        files = FOREIGN_FILES | files
    for name, content in files.items():
        path = options.into / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    if options.authority:
        options.authority.write_bytes(identity.authority)
    return {"nui": days.nui, "files": sorted(files)}


def now_of(database: sqlite3.Connection) -> datetime:
    """What the device's clock shows."""
    row = database.execute("SELECT state FROM memory").fetchone()
    if row is None:
        raise ValueError("no device ever lived in this state file")
    return clock.wall(from_json(row[0]).clock_offset_s)


def register(
    database: sqlite3.Connection, days: Days, month: tuple[int, int], now: datetime
) -> Leaf:
    first, last = database.execute(
        "SELECT min(number), max(number) FROM z_record "
        "WHERE substr(json_extract(record, '$.at'), 1, 7) = ?",
        (f"{month[0]:04d}-{month[1]:02d}",),
    ).fetchone()
    if first is None:
        raise ValueError(f"no Z was made in {month[1]:02d}.{month[0]}")
    xml = anaf_xml.register(days.nui, days.cif, now, *month, (first, last))
    return Leaf(REGISTER_NAME, 0, now, xml)


def month_of(at: datetime) -> tuple[int, int]:
    return at.year, at.month


def month(text: str) -> tuple[int, int]:
    """102026 is October 2026, as it is typed on the device."""
    shape = re.fullmatch(r"(0[1-9]|1[0-2])(\d{4})", text, re.ASCII)
    if shape is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a month and a year like 102026")
    return int(shape[2]), int(shape[1])


def trouble(text: str) -> Spoil:
    try:
        return spoil.spoil(text, FILES)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m sandbox stick",
        description="Writes a virtual printer's signed days to a folder, as to a USB stick.",
        epilog=spoil.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add("--state", type=Path, metavar="FILE", required=True, help="where the printer keeps itself")
    add("--into", type=Path, metavar="DIR", required=True, help="the stick; made if need be")
    add("--month", type=month, metavar="MMYYYY", help="all days of a month and their register")
    add("--day", type=int, metavar="Z", action="append", default=[], help="one day; again for more")
    add("--anaf-der", action="store_true", help="plain DER, not Datecs' chunked BER")
    add("--authority", type=Path, metavar="FILE", help="also write who signed the certificate")
    add(
        "--spoil",
        type=trouble,
        metavar="KIND[=WHAT]",
        action="append",
        default=[],
        help="hurt the files, as changed-byte=413; may be given again",
    )
    return made
