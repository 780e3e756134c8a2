"""Commands in a ledger, in every state that the tests of the ledger begin from."""

import sqlite3

from agent.entries import Incoming, LedgerEntry
from agent.ledger import Ledger
from drivers.model import Problem
from tests.agent.world import counters

FILE = "ledger.sqlite3"
PROBLEM = Problem("lines[0].name", "TEXT_TOO_LONG", "80 characters, the device prints 72")
RESULT = {"receipt_number": 7, "total": 1150}


def incoming(
    id_: str = "c1", body: str = "body", device: str = "d1", *problems: Problem
) -> Incoming:
    payload = None if problems else "{}"
    return Incoming(id_, device, "print_receipt", body, payload, 10**15, problems)


def queued(ledger: Ledger, id_: str = "c1", device: str = "d1") -> LedgerEntry:
    ledger.accept(incoming(id_, device=device))
    ledger.claimed(id_)
    return ledger.entry(id_)


def issuing(ledger: Ledger, id_: str = "c1") -> LedgerEntry:
    return ledger.begin(queued(ledger, id_), counters(), 0x42)


def in_doubt(ledger: Ledger, id_: str = "c1") -> LedgerEntry:
    ledger.lose(issuing(ledger, id_), fault="no_answer", reason="silence")
    return ledger.entry(id_)


def held(ledger: Ledger) -> LedgerEntry:
    ledger.undecidable(in_doubt(ledger), "who knows", {})
    return ledger.entry("c1")


def names(ledger: Ledger, id_: str = "c1") -> list[str]:
    return [event.name for event in ledger.history(id_)]


def contents(raw: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    tables = ("command", "event", "device")
    return {name: [tuple(row) for row in raw.execute(f"SELECT * FROM {name}")] for name in tables}
