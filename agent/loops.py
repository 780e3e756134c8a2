"""One loop in a thread of its own, and the loops that a configuration names.

    Running   start --> step, step, (a change), step --stop--> the step in hand ends --> close
    Crew      wanted, and not there --------> built and started
              there, and wanted otherwise --> told to stop --> gone --> built anew, if wanted

Nobody waits for a loop that ends: it may have a Z report in hand, and the others go on meanwhile.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Generic, Protocol, TypeVar

from agent.health import Health
from agent.ledger import LedgerError
from agent.ledger_file import LedgerFile
from agent.wake import Wake

log = logging.getLogger(__name__)

IDLE_S = 0.5  # how often a loop looks again without being woken
CHANGES_MAX = 100  # taken between two steps

Change = Callable[[], None]
Wanted = TypeVar("Wanted")


class Loop(Protocol):
    """Something that works in steps, in a thread of its own."""

    @property
    def sentence(self) -> str:
        """How it is going, for `amef status`."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """What a person should know beside it."""
        ...

    def step(self) -> bool: ...

    def leave(self) -> None:
        """From another thread: the end is wanted; what loses nothing is left in its midst."""
        ...

    def close(self) -> None: ...


class Running:
    """A loop at work, with the ledger that is its own. `broke` hears that it ended by itself."""

    def __init__(
        self,
        name: str,
        loop: Loop,
        ledger: LedgerFile,
        health: Health,
        broke: Callable[[str], None],
        *,
        vital: bool = True,
    ) -> None:
        self.name = name
        self._loop = loop
        self._ledger = ledger
        self._health = health
        self._broke = broke
        self._pulse = health.add(name, vital=vital)
        self._wake = Wake()
        self._stop = threading.Event()
        self._changes: SimpleQueue[Change] = SimpleQueue()
        self._thread = threading.Thread(target=self._live, name=name)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._wake.set()

    def change(self, change: Change) -> None:
        """Have this done between two steps, in the loop's own thread."""
        self._changes.put(change)
        self._wake.set()

    def stop(self) -> None:
        """Take no more; what is in hand is finished, or left where that loses nothing."""
        self._stop.set()
        self._loop.leave()
        self._wake.set()

    @property
    def is_gone(self) -> bool:
        return not self._thread.is_alive()

    def dismiss(self) -> None:
        """Wait for its end, and let its ledger and its health go."""
        if self._thread.ident is not None:
            self._thread.join()
        self._ledger.close()
        self._health.remove(self._pulse)

    def _live(self) -> None:
        well, ledger_failure = False, ""
        try:
            well = run(self._loop, self._wake, self._stop, self._beat, self._changes)
            self._loop.close()
        except LedgerError as error:
            well, ledger_failure = False, f"the ledger cannot be used: {error}"
            log.critical("ledger.failed", extra={"loop": self.name, "reason": str(error)})
            with suppress(LedgerError):
                self._loop.close()  # give the port back
        finally:
            if not well:
                self._pulse.failure = f"the loop {self.name!r} broke"
                self._broke(ledger_failure)

    def _beat(self) -> None:
        self._health.beat(self._pulse, self._loop.sentence, self._loop.notes)


def run(
    loop: Loop,
    wake: Wake,
    stop: threading.Event,
    beat: Callable[[], None],
    changes: "SimpleQueue[Change] | None" = None,
) -> bool:
    """Step until told to stop: True. A step that breaks ends the loop, and with it the program.

    Raises:
        LedgerError: the ledger cannot be used: the others have to stop too.
    """
    while not stop.is_set():
        try:
            _take(changes)
            more = loop.step()
        except LedgerError:
            raise
        except Exception:
            log.exception("loop.broke")
            return False
        beat()
        if not more:
            wake.wait(IDLE_S)
    return True


def _take(changes: "SimpleQueue[Change] | None") -> None:
    with suppress(Empty):
        for _ in range(CHANGES_MAX if changes else 0):
            assert changes is not None
            changes.get_nowait()()


class Crew(Generic[Wanted]):
    """The loops that the configuration names, by name. `build` may raise LedgerError."""

    def __init__(self, build: Callable[[str, Wanted], Running]) -> None:
        self._build = build
        self._wanted: dict[str, Wanted] = {}
        self._working: dict[str, tuple[Running, Wanted]] = {}
        self._leaving: dict[str, Running] = {}

    def want(self, wanted: Mapping[str, Wanted]) -> None:
        """These from now on. One that is wanted as it is goes on; the others finish and go."""
        self._wanted = dict(wanted)
        for name, (running, made_of) in list(self._working.items()):
            if name not in wanted or wanted[name] != made_of:
                del self._working[name]
                self._leaving[name] = running
                running.stop()

    def settle(self) -> bool:
        """See off who has gone, start who is missing; True if anything changed."""
        gone = [name for name, running in self._leaving.items() if running.is_gone]
        for name in gone:
            self._leaving.pop(name).dismiss()
        missing = [
            name for name in self._wanted if name not in self._working | self._leaving.keys()
        ]
        for name in missing:
            running = self._build(name, self._wanted[name])
            self._working[name] = (running, self._wanted[name])
            running.start()
        return bool(gone or missing)

    def wake(self, name: str) -> None:
        """From any thread; who is not there is not woken."""
        if found := self._working.get(name):
            found[0].wake()

    def stop(self) -> None:
        """Tell them all; none is waited for."""
        self.want({})

    def end(self) -> None:
        """Wait for those that were told to stop."""
        for name in list(self._leaving):
            self._leaving.pop(name).dismiss()
