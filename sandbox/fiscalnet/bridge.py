"""The program FiscalNet itself: takes files out of Bonuri, prints them, answers in Raspuns.

step: an answer that is due, or the oldest file -- taken --> printed --> answered
                                          ^ die-before  ^ die-after  ^ never, late, garbage ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox.fiscalnet.faults import SPOILS, Fault
from sandbox.fiscalnet.lines import NotUnderstood, Step, steps_of
from sandbox.printer.asked import passwords
from sandbox.printer.clock import monotonic
from sandbox.printer.device import Device

IN, OUT, MARK, SUFFIX = "Bonuri", "Raspuns", "SIMULATED", ".txt"
CANCEL = 60
NO_PAPER = "-112006"
END = "end"
LOST_PRINTER = (False, "", "COMM", "Eroare de comunicatie cu casa de marcat")

Answer = tuple[bool, str, str, str]  # done, number, code, sentence


@dataclass(frozen=True, slots=True)
class Due:
    """An answer that is still to be written."""

    at_s: float
    name: str
    raw: bytes


class Bridge:
    """One virtual FiscalNet. `is_gone` after a fault that ends it."""

    def __init__(
        self,
        folder: Path,
        device: Device,
        faults: Sequence[Fault] = (),
        *,
        reads_first: bool = False,
        once_per_name: bool = False,
        now_s: Callable[[], float] = monotonic,
    ) -> None:
        self.device = device
        self.is_gone = False
        self.taken = 0
        self._folder = folder
        self._faults = faults
        self._reads_first = reads_first
        self._once_per_name = once_per_name
        self._now_s = now_s
        self._due: list[Due] = []
        self._in_hand: Iterator[str] | None = None
        self._left: set[str] = set()  # lie there and are not looked at again

    def prepare(self) -> None:
        """Make the folders, and say that all in them is pretended."""
        for name in (IN, OUT):
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        (self._folder / MARK).write_text(f"{self.device.memory.serial}\n", "ascii")

    def step(self) -> bool:
        """Do one thing: take a file, print it, answer it. True if there may be more."""
        if self.is_gone or not (self._folder / MARK).exists():
            return False
        for due in self._due:
            if due.at_s <= self._now_s():
                self._due.remove(due)
                self._write(due.name, due.raw)
                return True
        if self._in_hand is None:
            waiting = self._waiting()
            if not waiting:
                return False
            self._in_hand = self._serve(waiting[0])
        if next(self._in_hand, END) is END:
            self._in_hand = None
        return not self.is_gone

    def _waiting(self) -> list[Path]:
        known = {path.name for path in (self._folder / OUT).iterdir()}
        self._left &= {path.name for path in (self._folder / IN).iterdir()}
        passed = self._left | (known if self._once_per_name else set())
        found = [
            path
            for path in (self._folder / IN).iterdir()
            if path.suffix.casefold() == SUFFIX and path.is_file() and path.name not in passed
        ]
        return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name))

    def _serve(self, path: Path) -> Iterator[str]:
        """Take, print and answer one file; between any two others may do something."""
        self.taken += 1
        struck = [one for one in self._faults if one.nth in (None, self.taken)]
        kinds = {one.kind for one in struck}
        if "deaf" in kinds:
            self._left.add(path.name)
            return
        try:
            raw = path.read_bytes()
            if not self._reads_first:
                path.unlink()
        except FileNotFoundError:  # taken back meanwhile
            return
        yield "taken"
        if "die-before" in kinds:
            self.is_gone = True
            return
        refused = next((one for one in struck if one.kind == "refuse"), None)
        if refused:
            answer: Answer = (False, "", refused.argument or "ERR", "Refuzat la comanda")
        else:
            answer = self._print(raw)
        yield "printed"
        if "die-after" in kinds:
            self.is_gone = True
            return
        if self._reads_first:
            path.unlink(missing_ok=True)
            yield "taken away"
        self._answer(path.name, LOST_PRINTER if "lost" in kinds else answer, struck)

    def _answer(self, name: str, answer: Answer, struck: list[Fault]) -> None:
        raw = written(answer)
        for one in struck:
            match one.kind:
                case "never":
                    return
                case "late":
                    self._due.append(Due(self._now_s() + (one.seconds or 0), name, raw))
                    return
                case "half":
                    self._write(name, raw[: len(raw) // 2])
                    if one.seconds is not None:
                        self._due.append(Due(self._now_s() + one.seconds, name, raw))
                    return
                case kind if kind in SPOILS:
                    self._write(name, SPOILS[kind])
                    return
        self._write(name, raw)

    def _print(self, raw: bytes) -> Answer:
        password = passwords(self.device.memory, self.device.settings, 1)[0]
        try:
            kind, steps = steps_of(raw, password)
        except NotUnderstood as error:
            return False, "", "FORMAT", str(error)
        if code := self._carry_out(steps):
            return False, "", "PAPER_OUT" if code == NO_PAPER else code, "Casa a refuzat comanda"
        memory = self.device.memory
        numbers = {"S": memory.last_receipt.number, "Z": memory.z_made, "X": memory.z_now}
        return True, str(numbers.get(kind, 0)), "", ""

    def _carry_out(self, steps: list[Step]) -> str:
        """Do all of them; the code of the first that is refused, what was begun cancelled."""
        for command, data in steps:
            answer = self.device.execute(command, data).data
            code = answer.split(b"\t")[0].decode()
            if code != "0":
                self.device.execute(CANCEL, b"")
                return code
        return ""

    def _write(self, name: str, raw: bytes) -> None:
        """In place, as a simple program writes: a reader may see it half."""
        (self._folder / OUT / name).write_bytes(raw)


def written(answer: Answer) -> bytes:
    done, number, code, sentence = answer
    rows = ["BONOK=1", f"NRBON={number}"]
    if not done:
        rows = ["BONOK=0", f"ERRCODE={code}", f"ERRINFO={sentence}"]
    return "".join(f"{row}\r\n" for row in rows).encode("ascii")
