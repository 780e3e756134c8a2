"""Can the number be right that a person read off the paper? It is told for good.

    above all that was counted        number_too_high
    told of another command already   number_taken

Numbers of receipts and documents may begin anew with each fiscal day: unless they are seen to go
on, one of another day is free. What counts nothing, or was another printer, says nothing: then only
the size is looked at.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from agent.cli.output import RefusedHere
from agent.entries import Evidence, LedgerEntry
from agent.ledger import Ledger
from agent.ledger_devices import ToldNumber

NUMBER_MAX = 99_999_999  # no device prints more digits
RECEIPT = "print_receipt"

Facts = dict[str, Any]


def number_name(kind: str) -> str:
    """How the number of such a paper is called in a result."""
    if kind.endswith("_report"):
        return "number"
    return "receipt_number" if kind == RECEIPT else "document_number"


def offered(kind: str, seen: Facts) -> int | None:
    """Return the number under which the device itself has our reference; None if it has not."""
    trace: Facts = seen.get("trace") or {}
    return trace.get(number_name(kind)) or None


def need_likely(ledger: Ledger, entry: LedgerEntry, held: Facts, number: int) -> None:
    """Hold the number against what was counted when the command was held, and against the others.

    Raises:
        RefusedHere: it cannot be.
    """
    before: Facts = held.get("baseline") or {}
    seen: Facts = held.get("seen") or {}
    others = list(_others(ledger, entry, before))
    if number > (most := _most(entry, before, seen, others)):
        ro, en = f"casa de marcat ajunsese cel mult la {most}", f"the printer had come to {most}"
        if most == NUMBER_MAX:
            ro, en = "are prea multe cifre", "it has too many digits"
        raise RefusedHere(
            "number_too_high",
            ro=f"Numărul {number} nu se poate: {ro}. Citiți-l din nou de pe hârtie.",
            en=f"The number {number} cannot be: {en}. Read it again on the paper.",
        )
    for other in others:
        if other.number == number and (_go_on(others) or _same_day(entry.kind, before, other)):
            raise RefusedHere(
                "number_taken",
                ro=f"Numărul {number} este al comenzii {other.command_id}: vedeți amef ledger show"
                f" {other.command_id}. Căutați alt bon sau alegeți altă cale.",
                en=f"The number {number} is of the command {other.command_id}: see amef ledger show"
                f" {other.command_id}. Look for another paper, or choose another way.",
            )


def _others(ledger: Ledger, entry: LedgerEntry, before: Facts) -> Iterator[ToldNumber]:
    """What was told of the same printer under the same name."""
    name = number_name(entry.kind)
    for told in ledger.told_numbers(name):
        same_kind = told.kind == entry.kind or name == "document_number"
        serial = before.get("fiscal_serial")
        same_printer = told.fiscal_serial == serial if serial else told.device_id == entry.device_id
        if same_kind and same_printer and told.command_id != entry.id:
            yield told


def _most(entry: LedgerEntry, before: Facts, seen: Facts, others: list[ToldNumber]) -> int:
    """What it had come to; numbers told before may stand higher than its counters."""
    after = _counted_after(before, seen)
    kind, name = entry.kind, number_name(entry.kind)
    if not after or (name == "document_number" and seen.get("counts_slips") is False):
        return NUMBER_MAX
    open_ = int(bool(seen.get("open_receipt") or seen.get("slip_open")))  # closed by hand since
    documents, receipts, z_number = (
        int(after.get(counter) or 0) for counter in ("document_number", "receipt_count", "z_number")
    )
    if z_number != before.get("z_number"):  # the count may have begun anew behind ours
        came = max(0, documents - int(before.get("document_number") or 0))
        receipts = max(receipts, int(before.get("receipt_count") or 0) + came)
    most = {
        "number": z_number + (kind == "x_report"),
        "receipt_number": receipts + open_,
        "document_number": documents + open_,
    }[name]
    told = (
        other.number
        for other in others
        if other.evidence != Evidence.OPERATOR and other.arrival < entry.arrival
    )
    return max(most, offered(kind, seen) or 0, *told)


def _counted_after(before: Facts, seen: Facts) -> Facts:
    """The counters that were seen, if they are of the same printer and count something."""
    after: Facts = seen.get("counters") or {}
    is_same = bool(after.get("fiscal_serial")) and after["fiscal_serial"] == before.get(
        "fiscal_serial"
    )
    return after if is_same and seen.get("counts") is not False else {}


def _go_on(others: list[ToldNumber]) -> bool:
    """Do the numbers go on from day to day, as far as more than one day was told?"""
    days: dict[int, list[int]] = {}
    for other in others:
        if other.z_number is not None and other.evidence != Evidence.OPERATOR:
            days.setdefault(other.z_number, []).append(other.number)
    spans = [numbers for _, numbers in sorted(days.items())]
    return len(spans) > 1 and all(max(one) < min(next_) for one, next_ in pairwise(spans))


def _same_day(kind: str, before: Facts, other: ToldNumber) -> bool:
    """Would both papers be of one fiscal day, so that they cannot have one number?"""
    if number_name(kind) == "number" or other.z_number is None or not before.get("fiscal_serial"):
        return True
    return other.z_number == int(before.get("z_number") or 0) + 1  # as it is told of ours
