"""What must hold: safety at every print and every commit, liveness when the faults have stopped.

    printed   what the wire made was asked for, begun in the ledger, and made once
    issued    what the ledger believes is what the paper says
    ended     every command has its end, the cloud knows it, nothing of ours stands open

Each returns a sentence for what is wrong, or none.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from agent.entries import Evidence, LedgerEntry
from agent.states import State
from sandbox.printer.memory import Document, Memory, OpenReceipt
from tests.simulation.orders import Order
from tests.simulation.printer import CANCEL, PAYMENT, Printed

if TYPE_CHECKING:
    from tests.simulation.world import World

OPEN_SLIP, OPEN_RECEIPT, SET_CLOCK, REPORT, DUPLICATE = 38, 48, 61, 69, 109
BEGUN = (OPEN_SLIP, OPEN_RECEIPT, PAYMENT, SET_CLOCK, REPORT, DUPLICATE)
TTL_MS, TTL_SLACK_MS = 180_000, 3_000
KINDS = {
    "receipt": "print_receipt",
    "x": "x_report",
    "z": "z_report",
    "cash_in": "cash_in",
    "cash_out": "cash_out",
    "nonfiscal": "non_fiscal_receipt",
    "duplicate": "print_duplicate",
}
REPORTS = ("x_report", "z_report")


def executing(world: "World", command: int, memory: Memory) -> str:
    """What the wire brings, just before the printer does it."""
    receipt = memory.receipt
    if command == CANCEL and receipt and receipt.payments:
        return "a cancel was sent to a receipt with payments"
    if command not in BEGUN:
        return ""
    entry = world.unresolved()
    if entry is None:
        return f"{command} was sent though nothing is begun"
    if command == PAYMENT and receipt:
        return _paying(world.orders[entry.id], receipt)
    return ""


def _paying(order: Order, receipt: OpenReceipt) -> str:
    if receipt.reference != order.reference:
        return f"a payment on a receipt that is not of {order.id}"
    if len(receipt.payments) >= len(order.payments):
        return f"a payment too many on the receipt of {order.id}"
    return ""


def printed(world: "World", paper: Printed) -> str:
    """A document came out."""
    document = paper.document
    if document.kind == "nonfiscal":
        return _slip_printed(world, document)
    if not paper.by_wire or document.kind not in KINDS:
        return ""
    entry = world.unresolved()
    if entry is None or entry.kind != KINDS[document.kind]:
        return f"a document {document.kind} that is not begun, {entry and entry.id} is"
    order = world.orders[entry.id]
    made = world.made.setdefault(order.id, [])
    made.append(document)
    if document.kind != "x" and len(made) > 1:
        return f"{order.id} stands on paper {len(made)} times"
    if document.kind in ("cash_in", "cash_out") and document.total_bani != order.total:
        return f"{order.id}: {document.total_bani} bani moved, {order.total} asked"
    return _not_as_asked(document, order) if document.kind == "receipt" else ""


def _slip_printed(world: "World", document: Document) -> str:
    """One that was broken off carries no reference; the printer may close a whole one itself."""
    for order in world.orders.values():
        if document.more.get("reference") == order.reference:
            made = world.made.setdefault(order.id, [])
            made.append(document)
            if len(made) > 1:
                return f"{order.id} stands on paper {len(made)} times"
    return ""


def _not_as_asked(document: Document, order: Order) -> str:
    more: Any = document.more
    lines = tuple((line["name"], line["total_bani"]) for line in more["lines"])
    payments = tuple((paid["kind"], paid["amount_bani"]) for paid in more["payments"])
    found = (lines, payments, document.total_bani, set(more["texts"]))  # a line may stand twice
    asked = (order.lines, order.payments, order.total, {f"REF:{order.reference}"})
    return "" if found == asked else f"{order.id}: paper {found}, asked {asked}"


def issued(world: "World", id_: str, kind: str, result: dict[str, Any]) -> str:
    """The ledger takes down that a command was carried out."""
    made = world.made.get(id_, [])
    if kind == "print_receipt":
        return _receipt_issued(id_, result, made)
    if kind not in REPORTS:
        return _other_issued(id_, kind, result, made)
    told = (result["number"], sum(group["total"] for group in result["groups"]))
    if told in [(paper.number, paper.total_bani) for paper in made]:
        return ""
    if kind == "z_report" and not made and told in keyed_z(world):
        world.z_of_a_cashier.add(id_)
        return ""
    return f"{id_} is told as {told}, on paper is {[(p.number, p.total_bani) for p in made]}"


def _receipt_issued(id_: str, result: dict[str, Any], made: list[Document]) -> str:
    if not made:
        return f"{id_} is issued, and not on paper"
    paper = made[0]
    told = (result["receipt_number"], result["document_number"], result["z_number"])
    stands = (paper.number, paper.slip, paper.z)
    same = told == stands and result["total"] == paper.total_bani
    if not same or at(result) != paper.at:
        return f"{id_} is told as {result}, on paper is {stands} at {paper.at}"
    return ""


def _other_issued(id_: str, kind: str, result: dict[str, Any], made: list[Document]) -> str:
    if kind not in KINDS.values():
        return ""  # a setting: it leaves no paper
    if not made:
        return f"{id_} ({kind}) is issued, and not on paper"
    number = result.get("document_number")
    if kind == "non_fiscal_receipt" and number not in (None, made[0].slip):
        return f"{id_} is told as document {number}, it is {made[0].slip}"
    return ""


def keyed_z(world: "World") -> list[tuple[int, int]]:
    """The Z reports of the keyboard. One that came between closed the day all the same."""
    papers = [p.document for p in world.printer.papers.printed if not p.by_wire]
    return [(paper.number, paper.total_bani) for paper in papers if paper.kind == "z"]


def at(result: dict[str, Any]) -> datetime:
    return datetime.strptime(result["issued_at"], "%d-%m-%y %H:%M:%S").replace(tzinfo=UTC)


def ended(world: "World") -> Iterator[str]:
    """Everything, once the world is quiet."""
    entries = {entry.id: entry for entry in world.eye.entries(100)}
    if world.printer.memory.receipt is not None or world.printer.memory.text is not None:
        left = world.printer.memory.receipt or world.printer.memory.text
        yield f"a document is left open: {left}"
    yield from world.cloud.contradictions
    for order in world.orders.values():
        record = world.cloud.commands.get(order.id)
        if record is None:
            continue
        entry = entries.get(order.id)
        if entry is None:
            if record["status"] not in ("cancelled", "timeout"):
                yield f"{order.id} was never taken: {record['status']}"
            continue
        yield from _ended(world, order, entry, record)
        yield from _told(order, entry, record, world.made.get(order.id, []))
    final = entries.get(world.last.id)
    if world.script.last_too and (final is None or final.state is not State.ISSUED):
        yield f"the next receipt does not print: {final}"


def _ended(
    world: "World", order: Order, entry: LedgerEntry, record: dict[str, Any]
) -> Iterator[str]:
    made = world.made.get(order.id, [])
    if entry.state is State.ISSUED:
        assert entry.result is not None
        by_a_person = entry.evidence is Evidence.OPERATOR
        wrong = "" if by_a_person else issued(world, order.id, entry.kind, entry.result)
        if wrong or (by_a_person and not made):
            yield wrong or f"{order.id} is on paper by a person's word alone"
        reports = [one for one in world.cloud.reports if one["commandId"] == order.id]
        if entry.kind in REPORTS and not by_a_person and len(reports) != 1:
            yield f"{order.id}: the cloud has {len(reports)} reports"
    elif entry.state is State.REJECTED:
        if made and entry.kind != "x_report":
            yield f"{order.id} is rejected and stands on paper"
        yield from _rejected(world, order, entry, record)
    elif entry.state is not State.HELD:
        yield f"{order.id} never ends: {entry.state}"


def _rejected(
    world: "World", order: Order, entry: LedgerEntry, record: dict[str, Any]
) -> Iterator[str]:
    last = world.eye.history(order.id)[-1]
    code = last.data["problems"][0]["code"]
    world.rejected[code if not order.bad else "BAD"] += 1
    if order.bad:
        return
    if code == "EXPIRED" and last.at_ms < world.start_ms + order.at_ms + TTL_MS - TTL_SLACK_MS:
        yield f"{order.id} is expired too early"
    if code == "CLAIM_LOST" and record["status"] not in ("cancelled", "timeout"):
        yield f"{order.id} is given up, the cloud says {record['status']}"


def _told(
    order: Order, entry: LedgerEntry, record: dict[str, Any], made: list[Document]
) -> Iterator[str]:
    """The cloud knows what the ledger knows, be it late."""
    said = record.get("lateResult") or record.get("said")
    if entry.state is State.REJECTED and not said and record["status"] in ("cancelled", "timeout"):
        return
    wanted = {State.ISSUED: "completed", State.REJECTED: "failed", State.HELD: "held"}
    status = said["status"] if said else None
    if status != wanted.get(entry.state):
        yield f"{order.id} is {entry.state}, the cloud was told {status}"
        return
    if status == "completed" and said and made and entry.kind == "print_receipt":
        told = (said["result"]["receiptNumber"], round(100 * said["result"]["total"]))
        if told != (made[0].number, made[0].total_bani):
            yield f"{order.id}: the cloud was told {told}"
