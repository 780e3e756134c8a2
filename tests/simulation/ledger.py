"""The ledger of a world: the real one on a real file, whose program can end at every commit."""

import atexit
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from agent.entries import Evidence, LedgerEntry
from agent.ledger import Ledger
from tests.simulation.cable import Crash
from tests.simulation.plan import COMMIT
from tests.simulation.printer import FakeClock

if TYPE_CHECKING:
    from tests.simulation.world import World


class SimulatedLedger(Ledger):
    """The real ledger, whose program can end just before and just after each commit."""

    world: "World"

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        fault = self.world.places.draw(COMMIT)
        if fault:
            number = self.world.places.numbers[COMMIT] - 1
            self.world.tell("commit %s  ## %s", number, fault)
        with super()._transaction():
            yield
            if fault and fault.kind == "death_before":
                raise Crash
        if fault:
            raise Crash

    def finish(self, entry: LedgerEntry, result: dict[str, Any], sequence: int | None) -> None:
        self.world.believed(entry, result)
        super().finish(entry, result, sequence)

    def found(self, entry: LedgerEntry, result: dict[str, Any], evidence: Evidence) -> None:
        self.world.believed(entry, result)
        super().found(entry, result, evidence)

    def _event(self, device_id: str, command_id: str | None, name: str, data: Any) -> None:
        self.world.tell("    ledger: %s %s %s", command_id or device_id, name, data)
        super()._event(device_id, command_id, name, data)


@cache
def empty_ledger() -> Path:
    """An empty ledger as `Ledger` makes it: made once, copied for each world."""
    folder = mkdtemp()
    atexit.register(shutil.rmtree, folder)
    path = Path(folder) / "empty.sqlite3"
    Ledger(path, FakeClock(0)).close()
    return path
