"""What must hold: safety at every print and every commit, liveness when the faults have stopped.

    printed   what the wire made was asked for, begun in the ledger, and made once
    issued    what the ledger believes is what the paper says
    ended     every command has its end, the cloud knows it, nothing of ours stands open

Each returns a sentence for what is wrong, or none.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from agent.entries import Evidence, LedgerEntry
from agent.states import State
from sandbox.printer.memory import Document, Memory, OpenReceipt
from tests.simulation.orders import Order
from tests.simulation.printer import Deed, Printed

if TYPE_CHECKING:
    from tests.simulation.world import World

PAYING = (Deed.PAYMENT, Deed.PAY_AND_CLOSE)
BEGUN = set(Deed) - {Deed.CLOSE, Deed.CANCEL, Deed.LOOK, Deed.JE}  # only for what is written down
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
TRUE_CODES = {"EXPIRED", "CLAIM_LOST", "DROPPED_BY_OPERATOR"}
TRUE_CODES_OF = {  # what can keep a good command here from being done
    "cash_out": {"NOT_ENOUGH_CASH"},
    "print_duplicate": {"NO_DATA", "WRONG_STATE"},  # nothing to copy
    "z_report": {"DAY_OPEN"},  # a cashier made it
    "set_datetime": {
        "DAY_OPEN",
        "Z_REPORT_DUE",
        "BAD_REQUEST",
        "CLOCK_BEFORE_LAST_RECORD",
    },  # a cashier printed since the moment that was asked for
    "set_header": {"DAY_OPEN", "Z_REPORT_DUE"},
    "void_open_receipt": {"RECEIPT_PAID"},
}
TRUE_CODES_AFTER_A_JUMP = {  # of the device's clock; some have no word for it
    "Z_REPORT_DUE",
    "WRONG_STATE",
    "CLOCK_BEFORE_LAST_RECORD",
}


def executing(world: "World", deed: Deed | None, memory: Memory) -> str:
    """What the wire brings, just before the printer does it."""
    receipt = memory.receipt
    if deed is Deed.CANCEL and receipt and receipt.payments:
        return "a cancel was sent to a receipt with payments"
    if deed not in BEGUN:
        return ""
    entry = world.unresolved()
    if entry is None:
        return f"{deed.name} was sent though nothing is begun"
    if deed in PAYING and receipt:
        order = world.orders[entry.id]
        return _paying(order, receipt, world.family.payments(order))
    return ""


def _paying(order: Order, receipt: OpenReceipt, payments: Sequence[object]) -> str:
    if receipt.reference != order.reference:
        return f"a payment on a receipt that is not of {order.id}"
    if len(receipt.payments) >= len(payments):
        return f"a payment too many on the receipt of {order.id}"
    return ""


def printed(world: "World", paper: Printed) -> str:
    """A document came out."""
    document = paper.document
    if document.kind == "nonfiscal" or world.printer.finishing:
        return _ended_by_itself(world, document)
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
    return _not_as_asked(world, document, order) if document.kind == "receipt" else ""


def _ended_by_itself(world: "World", document: Document) -> str:
    """A slip, which the printer may close; or a receipt that a person paid to its end.

    One that was broken off carries no reference. A receipt's own line may stand alone on paper,
    where the receipt was cancelled before it and a line needs no document.
    """
    for order in world.orders.values():
        same_kind = order.kind == KINDS[document.kind]
        if same_kind and document.more.get("reference") == order.reference:
            made = world.made.setdefault(order.id, [])
            made.append(document)
            if len(made) > 1:
                return f"{order.id} stands on paper {len(made)} times"
    return ""


def _not_as_asked(world: "World", document: Document, order: Order) -> str:
    more: Any = document.more
    lines = tuple((line["name"], line["total_bani"]) for line in more["lines"])
    payments = tuple((paid["kind"], paid["amount_bani"]) for paid in more["payments"])
    found = (lines, payments, document.total_bani, set(more["texts"]))  # a line may stand twice
    paid = world.family.payments(order)
    asked = (order.lines, paid, order.total, {f"REF:{order.reference}"})
    return "" if found == asked else f"{order.id}: paper {found}, asked {asked}"


def issued(world: "World", id_: str, kind: str, result: dict[str, Any]) -> str:
    """The ledger takes down that a command was carried out."""
    made = world.made.get(id_, [])
    if kind == "print_receipt":
        return _receipt_issued(world, id_, result, made)
    if kind not in REPORTS:
        return _other_issued(world, id_, kind, result, made)
    return _report_issued(world, id_, kind, result, made)


def _report_issued(
    world: "World", id_: str, kind: str, result: dict[str, Any], made: list[Document]
) -> str:
    number, groups = result["number"], result["groups"]
    total = None if groups is None else sum(group["total"] for group in groups)
    unknown = total is None and not world.family.tells_sums

    def is_told(paper: tuple[int, int]) -> bool:
        return paper[0] == number and (unknown or paper[1] == total)

    papers = [(paper.number, paper.total_bani) for paper in made]
    if any(map(is_told, papers)):
        return ""
    if kind == "z_report" and not made and any(map(is_told, keyed_z(world))):
        world.z_of_a_cashier.add(id_)
        return ""
    return f"{id_} is told as {number}, {total}, on paper is {papers}"


def _receipt_issued(world: "World", id_: str, result: dict[str, Any], made: list[Document]) -> str:
    if not made:
        return f"{id_} is issued, and not on paper"
    paper = made[0]
    told = (result["receipt_number"], result["document_number"], result["z_number"])
    stands = world.family.numbers(paper, world.printer)
    if told[1] is None and not world.family.tells_documents:
        stands = (stands[0], None, stands[2])
    same = told == stands and result["total"] == paper.total_bani
    if not same or not world.family.is_time_of(result["issued_at"], paper, world.printer):
        return f"{id_} is told as {result}, on paper is {stands} at {paper.at}"
    return ""


def _other_issued(
    world: "World", id_: str, kind: str, result: dict[str, Any], made: list[Document]
) -> str:
    if kind not in KINDS.values():
        return ""  # a setting: it leaves no paper
    if not made:
        return f"{id_} ({kind}) is issued, and not on paper"
    number = result.get("document_number") if world.family.counts_documents else None
    if kind == "non_fiscal_receipt" and number not in (None, made[0].slip):
        return f"{id_} is told as document {number}, it is {made[0].slip}"
    return ""


def keyed_z(world: "World") -> list[tuple[int, int]]:
    """The Z reports of the keyboard. One that came between closed the day all the same."""
    papers = [p.document for p in world.printer.papers.printed if not p.by_wire]
    return [(paper.number, paper.total_bani) for paper in papers if paper.kind == "z"]


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
    true = TRUE_CODES | TRUE_CODES_OF.get(entry.kind, set())
    if code not in (true | TRUE_CODES_AFTER_A_JUMP if world.printer.jumps else true):
        yield f"{order.id} is rejected without cause: {code}"
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
