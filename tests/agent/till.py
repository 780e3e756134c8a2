"""A till that drops files, the folder it drops them in, and the loop that looks after it.

    till = Till(tmp_path)
    till.drop("bon.txt", SALE)
    till.look()                       twice, with the time that a file needs to be whole
    till.end("bon.txt", issued=True)  as a worker would
    till.answer("bon.txt")

The folder and the ledger are real; the clock moves only when told. `crash_at` ends the program just
before or just after the n-th thing that it does on disk.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agent.entries import LedgerEntry
from agent.folder.stages import Stages
from agent.folder.watch import SETTLE_S, FolderLoop
from agent.ledger import Ledger
from agent.states import State
from config.folder import FolderSettings
from drivers.model import Problem
from tests.agent.clocks import FakeClock
from tests.agent.world import DEVICE, Crash, CrashingLedger, counters

SALE = "S^Cafea^450^1000^buc^1^1\r\nP^1^450\r\n"
OTHER_SALE = "S^Paine^350^2000^buc^2^1\r\nP^2^700\r\n"
RATES = {"1": 21, "2": 11}
STEPS_MAX = 400


@contextmanager
def quick_folder(otherwise: Path) -> Iterator[Path]:
    """A folder in memory, where there is one: thousands of fsyncs take a disk too long."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield otherwise
        return
    with tempfile.TemporaryDirectory(dir=memory) as name:
        yield Path(name)


class CrashingStages(Stages):
    """A folder whose program can end before and after each thing it does there."""

    till: "Till"

    def read(self, name: str) -> Any:
        with self.till.point():
            return super().read(name)

    def take(self, name: str, label: str) -> None:
        with self.till.point():
            super().take(name, label)

    def refuse(self, name: str, label: str) -> None:
        with self.till.point():
            super().refuse(name, label)

    def file_away(self, stage: str, label: str, into: str) -> None:
        with self.till.point():
            super().file_away(stage, label, into)

    def answer(self, name: str, told: bytes) -> None:
        with self.till.point():
            super().answer(name, told)

    def forget_answer(self, name: str) -> None:
        with self.till.point():
            super().forget_answer(name)


class Till:
    """One folder, with a program that looks after it and may end at any point."""

    def __init__(
        self, folder: Path, clock: FakeClock | None = None, ledger: Path | None = None, **table: Any
    ) -> None:
        self.clock = clock or FakeClock()
        self.folder = folder / "Bonuri"
        self.answers = folder / "Raspuns"
        for path in (self.folder, self.answers):
            path.mkdir(parents=True, exist_ok=True)
        fields: dict[str, Any] = {"device": DEVICE, "format": "fiscalnet", "vat_rates": RATES}
        fields |= {"path": self.folder, "answers": self.answers}
        self.settings = FolderSettings.model_validate(fields | table)
        self._ledger_path = ledger or folder / "ledger.sqlite3"
        self.ledger = Ledger(self._ledger_path, self.clock)  # the worker's, and the test's
        self.points = 0
        self.crash_at = -1
        self.crashes = 0
        self.woken: list[str] = []
        self._own: CrashingLedger | None = None
        self.start()

    def start(self) -> None:
        """Start the program."""
        self._own = CrashingLedger(self._ledger_path, self.clock)
        self._own.point = self._point
        stages = CrashingStages(
            self.settings.path, self.settings.answer_folder, self.settings.file_suffix
        )
        stages.till = self
        self.loop = FolderLoop(self.settings, self._own, self.clock, self.woken.append, stages)

    def stop(self) -> None:
        if self._own is not None:
            self._own.close()
            self._own = None

    def close(self) -> None:
        self.stop()
        self.ledger.close()

    def step(self) -> bool:
        """Look once; a crash throws everything away but the files."""
        try:
            if self._own is None:
                self.start()
            return self.loop.step()
        except Crash:
            self.crashes += 1
            self.stop()
            return True

    def look(self, times: int = 2) -> None:
        """Look until nothing more is to be done at once, and again after a while."""
        for time in range(times):
            self.clock.ms += int(SETTLE_S * 1000) if time else 0
            for _ in range(STEPS_MAX):
                if not self.step():
                    break
            else:
                raise AssertionError("never quiet")

    @contextmanager
    def point(self) -> Iterator[None]:
        self._point()
        yield
        self._point()

    def _point(self) -> None:
        self.points += 1
        if self.points == self.crash_at:
            raise Crash

    def drop(self, name: str, text: str | bytes = SALE, *, age_s: int = 0) -> Path:
        """Write a file at once, as old as it is said to be."""
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        at_ns = (self.clock.ms - age_s * 1000) * 1_000_000
        os.utime(path, ns=(at_ns, at_ns))
        return path

    def commands(self) -> list[LedgerEntry]:
        """What the ledger has, oldest first."""
        return sorted(self.ledger.entries(10_000), key=lambda entry: entry.arrival)

    def begin(self) -> LedgerEntry:
        """Take the oldest command, as the worker does."""
        entry = self.ledger.next_queued(DEVICE, self.clock.ms)
        assert entry is not None
        return self.ledger.begin(entry, counters(), 0x20)

    def end(self, *, number: int | None = None) -> str:
        """Print the oldest command, or without a number reject it; its id."""
        if number is None:
            entry = self.ledger.next_queued(DEVICE, self.clock.ms)
            assert entry is not None
            problem = Problem("payments", "PAYMENTS_SHORT", "one ban is missing")
            self.ledger.reject(entry, [problem])
            return entry.id
        begun = self.begin()
        result = {"receipt_number": number, "fiscal_serial": "SIM0000001", "z_number": 4}
        self.ledger.finish(begun, result, 0x21)
        return begun.id

    def hold(self) -> LedgerEntry:
        """Leave the oldest command to a person."""
        begun = self.begin()
        self.ledger.lose(begun, fault=None, reason="silence")
        self.ledger.undecidable(begun, "who knows", {})
        entry = self.ledger.entry(begun.id)
        assert entry.state is State.HELD
        return entry

    def answer(self, name: str) -> str | None:
        path = self.answers / name
        return path.read_bytes().decode("ascii") if path.exists() else None

    def error(self, name: str) -> str:
        """The code of an answer that is an error."""
        answer = self.answer(name) or "none"
        assert answer.startswith("BONOK=0\r\nERRCODE="), answer
        return answer.split("\r\n")[1].removeprefix("ERRCODE=")

    def stage(self, name: str) -> list[str]:
        """What lies in a stage, by the till's own names."""
        if not (self.folder / name).exists():
            return []
        return sorted(path.name.split(".", 1)[1] for path in (self.folder / name).iterdir())

    def dropped(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir() if path.is_file())
