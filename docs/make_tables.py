"""Writes the tables of this folder from the code, so that the two cannot disagree.

make tables  ->  fault-table.md, verdict-table.md, families.md, finding-table.md, and by
                 make_commands.py commands.md
"""

import runpy
from pathlib import Path

from agent.archive.certificate.words import WORDS as CERTIFICATE
from agent.archive.signed.day_rules import WARNINGS
from agent.archive.signed.finding_words import FOUND, PACKAGE, REFUSED, Words
from agent.verdict import Proof, decide
from drivers.faults import words
from drivers.model import (
    Bani,
    CashMovement,
    Counters,
    Line,
    Observation,
    OpenReceipt,
    Payment,
    PaymentKind,
    Receipt,
    Thousandths,
    VatRate,
)

HERE = Path(__file__).parent

BASELINE = Counters(
    "DB4200000001",
    z_number=7,
    receipt_count=40,
    document_number=60,
    paid_in=Bani(100_00),
    paid_out=Bani(0),
)
RECEIPT = Receipt(
    lines=(Line("Paine", Bani(450), Thousandths(2000), VatRate(1100)),),
    payments=(Payment(PaymentKind.CARD, Bani(500)), Payment(PaymentKind.CASH, Bani(400))),
    reference="ABCDEFGHIJ",
)
THEN = {
    "ISSUED": "`issued`",
    "NOT_ISSUED": "`queued`, or `rejected` if trying again would not help",
    "CANCEL": "cancel it, ask again",
    "CLOSE_SLIP": "close it, ask again",
    "COMPLETE": "take the remaining payments, close",
    "UNDECIDABLE": "`held`",
}


def counters(
    *,
    z: int = 0,
    receipts: int = 0,
    documents: int = 0,
    serial: str = "",
    cash: tuple[int, int] | None = (0, 0),
) -> Counters:
    """The baseline, moved. `cash`: what went in and out since; None: not readable."""
    paid_in, paid_out = (None, None) if cash is None else cash
    return Counters(
        serial or BASELINE.fiscal_serial,
        BASELINE.z_number + z,
        BASELINE.receipt_count + receipts,
        BASELINE.document_number + documents,
        None if paid_in is None else Bani(100_00 + paid_in),
        None if paid_out is None else Bani(paid_out),
    )


def open_receipt(total: int, paid: int, *, ahead: int = 1) -> OpenReceipt:
    return OpenReceipt(BASELINE.document_number + ahead, Bani(total), Bani(paid))


CLOSED = counters(receipts=1, documents=1)
OPENED = counters(documents=1)
TOTAL = RECEIPT.total
RECEIPT_ROWS: tuple[tuple[str, Observation], ...] = (
    ("nothing open, nothing counted (48 never arrived)", Observation(BASELINE)),
    ("a non-fiscal document is open", Observation(OPENED, slip_open=True)),
    ("open, no line yet", Observation(OPENED, open_receipt(0, 0))),
    ("open, some lines", Observation(OPENED, open_receipt(450, 0))),
    ("open, all lines, nothing paid", Observation(OPENED, open_receipt(900, 0))),
    ("open, our first payment made", Observation(OPENED, open_receipt(900, 500))),
    ("open, fully paid, not closed", Observation(OPENED, open_receipt(900, 900))),
    ("open, a payment that is not ours", Observation(OPENED, open_receipt(900, 700))),
    ("open, partly paid, another total", Observation(OPENED, open_receipt(800, 500))),
    ("open, partly paid, another number", Observation(OPENED, open_receipt(900, 500, ahead=2))),
    (
        "open, not paid, and another receipt closed since",
        Observation(CLOSED, open_receipt(900, 0, ahead=2)),
    ),
    (
        "open, partly paid, and another closed since",
        Observation(CLOSED, open_receipt(900, 500, ahead=2)),
    ),
    ("closed, our reference in the JE", Observation(CLOSED, None, TOTAL, reference_found=True)),
    ("closed, JE not readable, our total", Observation(CLOSED, None, TOTAL)),
    (
        "closed, JE not readable, our total, and another document came",
        Observation(counters(receipts=1, documents=2), None, TOTAL),
    ),
    ("closed, JE and total not readable", Observation(CLOSED)),
    (
        "closed, JE and total not readable, and another document came",
        Observation(counters(receipts=1, documents=2)),
    ),
    (
        "closed, JE not readable, our total, on a device that counts no slips",
        Observation(CLOSED, None, TOTAL, counts_slips=False),
    ),
    (
        "closed, JE and total not readable, on a device that counts no slips",
        Observation(CLOSED, counts_slips=False),
    ),
    ("closed, JE not readable, another total", Observation(CLOSED, None, Bani(901))),
    (
        "closed, but the JE has no reference of ours (typed on the keyboard)",
        Observation(CLOSED, None, TOTAL, reference_found=False),
    ),
    (
        "two closed, ours among them by its reference",
        Observation(counters(receipts=2, documents=2), None, TOTAL, reference_found=True),
    ),
    ("two closed, JE not readable", Observation(counters(receipts=2, documents=2), None, TOTAL)),
    (
        "cancelled (by us, on the keyboard, or by the printer at power-up)",
        Observation(OPENED, None, Bani(0), reference_found=False),
    ),
    ("our reference in the JE, nothing counted", Observation(OPENED, reference_found=True)),
    ("a Z report was made since", Observation(counters(z=1, receipts=1, documents=2))),
    ("another printer on the port", Observation(counters(serial="DB4200000002"))),
)
UNPAID_ROWS: tuple[tuple[str, Observation], ...] = (
    ("closed, our reference in the JE", Observation(CLOSED, None, TOTAL, reference_found=True)),
    ("closed, JE not readable, our total", Observation(CLOSED, None, TOTAL)),
    ("open, our first payment made", Observation(OPENED, open_receipt(900, 500))),
)
Z_ROWS: tuple[tuple[str, Observation], ...] = (
    ("Z number as before", Observation(BASELINE)),
    ("Z number + 1", Observation(counters(z=1, documents=1))),
    ("Z number + 2", Observation(counters(z=2, documents=2))),
    ("another printer on the port", Observation(counters(serial="DB4200000002"))),
)
CASH = CashMovement(paid_in=Bani(500))
ONE, TWO = counters(documents=1), counters(documents=2)
CASH_ROWS: tuple[tuple[str, Observation], ...] = (
    ("the sums as before (70 never arrived)", Observation(BASELINE)),
    ("5.00 more went in", Observation(counters(documents=1, cash=(500, 0)))),
    ("another sum went in", Observation(counters(documents=1, cash=(499, 0)))),
    (
        "5.00 went in, and something came out",
        Observation(counters(documents=2, cash=(500, 100))),
    ),
    ("5.00 came out instead", Observation(counters(documents=1, cash=(0, 500)))),
    ("the sums cannot be read", Observation(counters(documents=1, cash=None))),
    ("a Z report was made since: the sums begin anew", Observation(counters(z=1, documents=2))),
    ("another printer on the port", Observation(counters(serial="DB4200000002"))),
)
SLIP_ROWS: tuple[tuple[str, Observation], ...] = (
    ("no document since (38 never arrived)", Observation(BASELINE)),
    ("open, whatever stands on it", Observation(ONE, slip_open=True)),
    ("closed, our reference in the JE", Observation(ONE, reference_found=True)),
    ("closed, but without our reference (broken off)", Observation(ONE, reference_found=False)),
    ("documents since, the JE not readable", Observation(TWO)),
    ("a Z report was made since", Observation(counters(z=1, documents=2))),
    ("another printer on the port", Observation(counters(serial="DB4200000002"))),
)
DUPLICATE_ROWS: tuple[tuple[str, Observation], ...] = (
    ("no document since (109 never arrived)", Observation(BASELINE)),
    ("one document since, of a kind the JE names", Observation(ONE, unnamed_documents=0)),
    ("one document since, that can only be a copy", Observation(ONE, unnamed_documents=1)),
    ("two documents since, one can be a copy", Observation(TWO, unnamed_documents=1)),
    ("two documents since, both can be copies", Observation(TWO, unnamed_documents=2)),
    ("documents since, the JE not readable", Observation(ONE)),
    ("a Z report was made since", Observation(counters(z=1, documents=2))),
    ("another printer on the port", Observation(counters(serial="DB4200000002"))),
)
FILE_ROWS: tuple[tuple[str, Observation], ...] = (
    ("answered as done", Observation(BASELINE, reference_found=True, counts=False)),
    (
        "refused; or never dropped; or taken back unread, and no answer came for a minute",
        Observation(BASELINE, reference_found=False, counts=False),
    ),
    (
        "gone from the folder and no answer for a minute, or one that says nothing",
        Observation(BASELINE, counts=False),
    ),
    ("another printer is configured", Observation(counters(serial="DB4200000002"), counts=False)),
)
NONE_ROWS: tuple[tuple[str, Observation], ...] = (
    ("anything, on the same device", Observation(CLOSED)),
    ("a non-fiscal document is open", Observation(ONE, slip_open=True)),
    ("another printer on the port", Observation(counters(serial="DB4200000002"))),
)


def fault_table() -> str:
    lines = [
        "# Faults",
        "",
        "The code stands in every report, the maker's own code beside it. `waits`: the command"
        " stays in the queue until it is cured; otherwise it is rejected.",
        "",
        "| code | group | waits | în română | in English |",
        "| --- | --- | --- | --- | --- |",
    ]
    for fault, said in words().items():
        waits = "yes" if said.waits else "no"
        lines.append(f"| `{fault}` | {said.group} | {waits} | {said.ro} | {said.en} |")
    return "\n".join(lines) + "\n"


def finding_table() -> str:
    shared = " ".join(f"`{code}`" for code in sorted(FOUND.keys() & CERTIFICATE.keys()))
    lines = [
        "# What can be odd about a document of the archive",
        "",
        "Beside each finding stands where it was found and a sentence of its own (`amef archive"
        " show`). What is missing or does not agree between the sources is in"
        " [`certificate.md`](certificate.md), what `amef archive verify` says in"
        " [`archive.md`](archive.md).",
        "",
        "## Refused: not kept",
        "",
        *_findings(REFUSED),
        "",
        "## Found: kept as it is",
        "",
        "*Known* ones stand in no list of troubles.",
        "",
        f"Of one document here, of the sources against each other in"
        f" [`certificate.md`](certificate.md), but to be cured in the same way: {shared}.",
        "",
        *_findings(FOUND),
        "",
        "## The package of a month (`amef archive a4200`), beside those above",
        "",
        *_findings(PACKAGE),
    ]
    return "\n".join(lines) + "\n"


def _findings(words: dict[str, Words]) -> list[str]:
    lines = ["| code | in English | în română | what to do | ce este de făcut |"]
    lines.append("| --- | --- | --- | --- | --- |")
    for code, said in sorted(words.items()):
        known, cunoscut = (" (known)", " (cunoscut)") if code in WARNINGS else ("", "")
        en, ro = said.do.value
        lines.append(f"| `{code}` | {said.en}{known} | {said.ro}{cunoscut} | {en} | {ro} |")
    return lines


def verdict_table() -> str:
    lines = [
        "# What happened?",
        "",
        "Asked whenever a command was begun and its end was not heard: a refusal, a silence, a"
        " crash. While the device does not answer, nothing is decided and nothing else is issued on"
        " it. The device's clock plays no part: only what it counts.",
        "",
        "Our receipt: 9.00 lei, paid 5.00 by card and 4.00 in cash. Our cash: 5.00 lei put in. A"
        " non-fiscal document that stands open is closed first, whatever was asked: it is worth"
        " nothing, and left open it would stop the shop.",
        "",
    ]
    lines += _rows("a receipt", Proof.RECEIPT, RECEIPT_ROWS, RECEIPT)
    lines += _rows(
        "a receipt that failed before our first payment",
        Proof.RECEIPT,
        UNPAID_ROWS,
        RECEIPT,
        unpaid=True,
    )
    lines += _rows("a Z report", Proof.Z_NUMBER, Z_ROWS)
    lines += _rows("cash in or out", Proof.CASH, CASH_ROWS, CASH)
    lines += _rows("a non-fiscal document", Proof.SLIP, SLIP_ROWS)
    lines += _rows("a copy of the last receipt", Proof.DUPLICATE, DUPLICATE_ROWS)
    lines += _rows("a receipt, slip or Z behind FiscalNet", Proof.RECEIPT, FILE_ROWS, RECEIPT)
    lines += _rows("an X report, a setting, the drawer", Proof.NONE, NONE_ROWS)
    return "\n".join(lines).rstrip() + "\n"


def _rows(
    of: str,
    proof: Proof,
    rows: tuple[tuple[str, Observation], ...],
    work: Receipt | CashMovement | None = None,
    *,
    unpaid: bool = False,
) -> list[str]:
    lines = [f"| {of}: the device shows | verdict | why | then |", "| --- | --- | --- | --- |"]
    for what, seen in rows:
        made = decide(proof, BASELINE, seen, work, unpaid=unpaid)
        name = made.verdict.name
        lines.append(f"| {what} | {name} | {made.why} | {THEN[name]} |")
    return [*lines, ""]


TABLES = {
    "fault-table.md": fault_table,
    "finding-table.md": finding_table,
    "verdict-table.md": verdict_table,
    "families.md": runpy.run_path(str(HERE / "families_table.py"))["families_table"],
}

if __name__ == "__main__":
    for name, table in TABLES.items():
        (HERE / name).write_text(table(), encoding="utf-8")
