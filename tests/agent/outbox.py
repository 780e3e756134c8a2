"""What the cloud has not heard of yet: many tests look at it, the program never needs the list."""

from agent.entries import Event
from agent.ledger_file import LedgerFile


def unreported(ledger: LedgerFile, limit: int) -> list[Event]:
    return ledger._events("reported_at_ms IS NULL ORDER BY id LIMIT ?", limit)
