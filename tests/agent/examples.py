"""One command of every kind: what is asked, how the shop stands before, what is true afterwards.

    before(world)            a day with a receipt of 9.00, a closed day, an open receipt, ...
    queue("c1", payload)     our own words
    facts(world, result)     held against the device's memory and its paper, never against our code

The virtual printer knows nothing of the agent: what it remembers is the measure.
"""

import base64
import gzip
import hashlib
import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from agent.payloads import reference_of
from sandbox.printer import clock
from tests.agent.world import START_MS, World, sale

SERIAL = "SIM0000001"
TEXTS = ["Brânză la reducere", "x" * 60, ""]
HEADER, FOOTER = ["MAGAZIN NOU SRL", "STR. NOUĂ NR. 2"], ["Vă mulțumim!"]
RATES = {"A": 2100, "B": 1100, "D": 0}
AT_MS = START_MS + 7_200_000
FIRST, OPERATOR = 1, 3
OPEN, SALE, CLOSE, CANCEL = 48, 49, 56, 60

Facts = Callable[[World, dict[str, Any]], None]


def bmp(width: int = 32, height: int = 40, bits: int = 1) -> bytes:
    """Draw a picture of stripes, with the head of a Windows bitmap."""
    rows = (b"\x55" * ((width + 31) // 32 * 4)) * height
    colours = b"\0\0\0\0\xff\xff\xff\0"
    offset = 14 + 40 + len(colours)
    head = struct.pack("<2sIHHI", b"BM", offset + len(rows), 0, 0, offset)
    more = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, 0, len(rows), 0, 0, 2, 2)
    return head + more + colours + rows


# how the shop stands before


def idle(_world: World) -> None:
    """Fresh from the technician, nothing sold."""


def day_begun(world: World) -> None:
    world.printer.key_receipt()


def day_closed(world: World) -> None:
    day_begun(world)
    world.printer.key(69, "Z")


def with_open_receipt(world: World) -> None:
    day_begun(world)
    world.printer.key(OPEN, 1, "0001", 1, "", "")
    world.printer.key(SALE, "Ceai", 1, "4.00", "1.000", "", "", 1, "")


# what is true afterwards


def told_at(result: dict[str, Any]) -> datetime:
    """Read the device's time: 123 tells the whole year, the others two digits."""
    text = result["issued_at"]
    shape = clock.ON_PAPER if len(text) == len("21-11-2026 21:54:32") else clock.ON_WIRE
    return datetime.strptime(text, shape).replace(tzinfo=UTC)


def about(world: World, result: dict[str, Any]) -> None:
    """Who says so, on which day of his, and when."""
    memory = world.printer.device.memory
    assert (result["fiscal_serial"], result["z_number"]) == (SERIAL, memory.z_now)
    assert abs(told_at(result) - world.printer.device.now) < timedelta(minutes=5)


def receipt_facts(world: World, result: dict[str, Any]) -> None:
    (paper,) = (one for one in world.paper("receipt") if one["reference"] == reference_of("c1"))
    told = (result["receipt_number"], result["document_number"], result["z_number"])
    assert told == (paper["number"], paper["document"], paper["z"])
    assert (result["total"], result["folded"]) == (paper["total_bani"], [])
    assert told_at(result).strftime("%Y-%m-%dT%H:%M:%S") == paper["at"]
    assert [line["total_bani"] for line in paper["lines"]] == [700, 450]
    assert [(p["kind"], p["amount_bani"]) for p in paper["payments"]] == [
        ("card", 500),
        ("cash", 1000),
    ]


def report_facts(world: World, result: dict[str, Any]) -> None:
    paper = world.printer.documents()[-1]
    assert paper["kind"] in ("x", "z")
    sums = [group["total"] for group in result["groups"]]
    assert (result["number"], sum(sums)) == (paper["number"], paper["total_bani"])
    assert (result["number"], sum(sums), result["fiscal_serial"]) == (1, 900, SERIAL)


def cash_facts(world: World, result: dict[str, Any]) -> None:
    about(world, result)
    memory = world.printer.device.memory
    assert result["drawer"] == {
        "cash": memory.drawer_bani,
        "paid_in": memory.day.cash_in.sum_bani,
        "paid_out": memory.day.cash_out.sum_bani,
    }
    if "moved" in result:
        (paper,) = (d for d in world.printer.documents() if d["kind"].startswith("cash_"))
        word = {"cash_in": "paid_in", "cash_out": "paid_out"}[paper["kind"]]
        assert result["moved"] == {"paid_in": 0, "paid_out": 0, word: paper["total_bani"]}


def slip_facts(world: World, result: dict[str, Any]) -> None:
    about(world, result)
    (paper,) = (one for one in world.paper("nonfiscal") if one["reference"])
    assert (paper["reference"], paper["document"]) == (
        reference_of("c1"),
        result["document_number"],
    )
    assert paper["texts"] == [
        "Branza la reducere",
        "x" * 46,
        "x" * 14,
        "",
        f"REF:{reference_of('c1')}",
    ]
    assert result["folded"] == ["texts[0]"]


def duplicate_facts(world: World, result: dict[str, Any]) -> None:
    about(world, result)
    (receipt,), (copy,) = world.paper("receipt"), world.paper("duplicate")
    assert (copy["copy_of"], result["of_receipt"]) == (receipt["document"], receipt["number"])


def cancel_facts(world: World, result: dict[str, Any]) -> None:
    about(world, result)
    (paper,) = world.paper("cancelled")
    told = (result["cancelled"], result["document_number"], result["total"])
    lost = (None, None, None)  # done by one whose answer was lost, or by the power cut
    assert told in (("receipt", paper["document"], paper["total_bani"]), lost)


def drawer_facts(world: World, result: dict[str, Any]) -> None:
    about(world, result)
    assert world.printer.device.memory.drawer_pulses >= 1


def clock_facts(world: World, result: dict[str, Any]) -> None:
    about(world, result)
    asked = datetime.fromtimestamp(AT_MS / 1000, tz=UTC)
    assert abs(world.printer.device.now - asked) < timedelta(minutes=5)


def vat_facts(world: World, result: dict[str, Any]) -> None:
    about(world, result)
    memory = world.printer.device.memory
    assert memory.rates == (2100, 1100, 100_00, 0, 100_00, 100_00, 100_00)
    assert memory.vat_changes_left == 29, "a device allows few changes in its life"
    assert result["rates"] == RATES


def header_facts(world: World, result: dict[str, Any]) -> None:
    about(world, result)
    held = world.printer.device.memory.header
    assert tuple(text.rstrip() for text in held[:3]) == (HEADER[0], "STR. NOUA NR. 2", "")
    assert (result["lines"][:2], result["folded"]) == (list(held[:2]), ["lines[1]"])


def footer_facts(world: World, result: dict[str, Any]) -> None:
    about(world, result)
    assert world.printer.device.memory.footer[0] == result["lines"][0] == "Va multumim!"
    assert result["folded"] == ["lines[0]"]


def operator_facts(world: World, result: dict[str, Any]) -> None:
    about(world, result)
    memory = world.printer.device.memory
    assert memory.operator_names[OPERATOR - FIRST] == result["name"] == "Maria"
    assert memory.operator_passwords[OPERATOR - FIRST] == "4711"
    assert "4711" not in json.dumps(result)


def logo_facts(world: World, result: dict[str, Any]) -> None:
    about(world, result)
    image = bmp()
    assert world.printer.device.memory.logo_sha256 == hashlib.sha256(image).hexdigest()
    assert result["bytes"] == len(image)


def rates_facts(world: World, result: dict[str, Any]) -> None:
    about(world, result)
    assert result["rates"] == {"A": 2100, "B": 1100, "C": 900, "D": 0}


def texts_facts(world: World, result: dict[str, Any]) -> None:
    about(world, result)
    assert result["lines"][:2] in (list(world.printer.settings.header), ["", ""])
    assert len(result["lines"]) == 10


def name_facts(world: World, result: dict[str, Any]) -> None:
    about(world, result)
    assert (result["number"], result["name"]) == (OPERATOR, "")


def identity_facts(world: World, result: dict[str, Any]) -> None:
    about(world, result)
    assert result["identity"] == {
        "model": "SIM-25X",
        "firmware": "410236",
        "fiscal_serial": SERIAL,
        "fiscal_memory_number": world.printer.device.memory.fiscal_memory_number,
        "tax_id": "RO12345674",
    }
    assert "drawer" in result["features"]
    assert "reversal" not in result["features"]


def status_facts(world: World, result: dict[str, Any]) -> None:
    about(world, result)
    assert (result["conditions"], result["blocking"]) == ([], [])
    assert bytes.fromhex(result["raw"]) == bytes.fromhex("80 80 80 80 86 9A 80 80")


def preflight_facts(world: World, result: dict[str, Any]) -> None:
    about(world, result)
    assert (result["conditions"], result["blocking"]) == ([], [])
    assert result["warnings"] == ["vat_table_differs"]
    (said,) = result["said"]
    assert (said["code"], "TVA" in said["ro"], "VAT" in said["en"]) == (said["code"], True, True)


def last_facts(world: World, result: dict[str, Any]) -> None:
    (paper,) = world.paper("receipt")
    told = (result["receipt_number"], result["z_number"], result["fiscal_serial"])
    assert told == (paper["number"], paper["z"], SERIAL)
    assert told_at(result).strftime("%Y-%m-%dT%H:%M:%S") == paper["at"]
    assert result["total"] is None


def content_of(result: dict[str, Any]) -> list[str]:
    """Unpack what was read, and hold it against its own sums."""
    content = result["content"]
    plain = gzip.decompress(base64.b64decode(content["data"]))
    assert (len(plain), plain.count(b"\n")) == (content["bytes"], content["lines"])
    assert hashlib.sha256(plain).hexdigest() == content["sha256"]
    return plain.decode("ascii").splitlines()


def memory_facts(world: World, result: dict[str, Any]) -> None:
    about(world, result)
    (record,) = world.printer.records()
    lines = content_of(result)
    assert (result["z_from"], result["z_to"], result["detailed"]) == (1, 9999, True)
    told = f"{'RAPORT Z NR: 0001':<28} {record.at:%d-%m-%Y %H:%M:%S}"
    assert told in lines
    assert f"{'TOTAL A 21,00%':<43} 9,00" in lines
    assert f"{'TOTAL GENERAL LEI':<43} 9,00" in lines


def je_facts(world: World, result: dict[str, Any]) -> None:
    about(world, result)
    papers = world.printer.documents()
    told = [(one["document_number"], one["receipt_number"]) for one in result["documents"]]
    assert told == [(paper["document"], paper["number"]) for paper in papers]
    assert [one["kind"] for one in result["documents"]] == ["receipt", "z_report"]
    assert {one["z_number"] for one in result["documents"]} == {1}
    assert content_of(result) == [line for paper in papers for line in paper["text"]]
    assert [one["lines"] for one in result["documents"]] == [len(p["text"]) for p in papers]
    assert result["missing"] == []


@dataclass(frozen=True, slots=True)
class Example:
    """`deed` is the device's command that does it, with the data it begins with."""

    deed: tuple[int, bytes]
    facts: Facts
    payload: str = "{}"
    before: Callable[[World], None] = day_begun
    paper: str = ""  # the document that comes out, once


def words(**payload: Any) -> str:
    return json.dumps(payload)


SOLD = sale(("cash", 1000), ("card", 500))
PERSON = words(number=OPERATOR, name="Maria", old_password="0001", password="4711")
WHOLE_MEMORY = words(z_from=1, z_to=9999, detailed=True)
IMAGE = words(image=base64.b64encode(bmp()).decode())

EXAMPLES: dict[str, Example] = {
    "print_receipt": Example((OPEN, b""), receipt_facts, SOLD, paper="receipt"),
    "x_report": Example((69, b"X"), report_facts, paper="x"),
    "z_report": Example((69, b"Z"), report_facts, paper="z"),
    "cash_in": Example((70, b"0\t50.00"), cash_facts, words(amount=5000), paper="cash_in"),
    "cash_out": Example((70, b"1\t2.50"), cash_facts, words(amount=250), paper="cash_out"),
    "non_fiscal_receipt": Example((42, b""), slip_facts, words(texts=TEXTS), paper="nonfiscal"),
    "print_duplicate": Example((109, b""), duplicate_facts, paper="duplicate"),
    "void_open_receipt": Example(
        (CANCEL, b""), cancel_facts, before=with_open_receipt, paper="cancelled"
    ),
    "open_drawer": Example((106, b""), drawer_facts),
    "set_datetime": Example((61, b""), clock_facts, words(at_ms=AT_MS), idle),
    "set_vat_rates": Example((83, b""), vat_facts, words(rates=RATES), day_closed),
    "set_header": Example((255, b"Header\t1\tSTR"), header_facts, words(lines=HEADER), day_closed),
    "set_footer": Example((255, b"Footer\t0\tVa"), footer_facts, words(lines=FOOTER), day_closed),
    "set_operator": Example((101, b""), operator_facts, PERSON, day_closed),
    "set_logo": Example((202, b"STOP"), logo_facts, IMAGE, day_closed),
    "read_fiscal_memory": Example((95, b"11"), memory_facts, WHOLE_MEMORY, day_closed),
    "read_electronic_journal": Example((125, b"1"), je_facts, words(z_from=1, z_to=1), day_closed),
    "get_operator": Example((255, b"OperName"), name_facts, words(number=OPERATOR)),
    "get_cash_amount": Example((70, b"0\t0.00"), cash_facts),
    "get_datetime": Example((62, b""), about),
    "get_vat_rates": Example((50, b""), rates_facts),
    "get_header": Example((255, b"Header"), texts_facts),
    "get_footer": Example((255, b"Footer"), texts_facts),
    "get_device_info": Example((123, b"1"), identity_facts),
    "get_device_status": Example((74, b""), status_facts),
    "preflight": Example((68, b""), preflight_facts, words(vat_rates=[2100])),
    "get_last_receipt": Example((123, b"3"), last_facts),
}
NEVER = ("void_receipt", "print_reversal_receipt", "read_p7b")  # no device does them
COUNTED = {"receipt", "cash_in", "cash_out", "nonfiscal", "duplicate", "z"}


def counted(world: World, kind: str) -> int:
    """How often the document of this kind's command came out whole."""
    papers = world.paper(EXAMPLES[kind].paper)
    if kind in ("print_receipt", "non_fiscal_receipt"):
        return [paper["reference"] for paper in papers].count(reference_of("c1"))
    return len(papers)


def hold(world: World, kind: str) -> None:
    """Hold an issued `c1` of this kind against the device."""
    example, entry = EXAMPLES[kind], world.entry("c1")
    assert entry.result is not None
    if example.paper in COUNTED:
        assert counted(world, kind) == 1
    example.facts(world, entry.result)
    memory = world.printer.device.memory
    assert (memory.receipt, memory.text) == (None, None), "something stands open"
