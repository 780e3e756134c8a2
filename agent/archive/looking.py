"""Looks for signed files: in folders, and on what is plugged in.

    [archive] folders ---every 10 s---.
                                       look: walk --unchanged for a second--> read --> Intake
    a stick appears ----once----------'            |                                  |
                                                   not one: passed over     new, known, refused
    the look ends --> event "archive_import", a log line, a note for `amef status`

A stick is read once, when it is plugged in; plugged in again, it is read again, and what is known
is nothing new. It may be pulled out at any moment. A look goes on in small pieces: a step is short
however full the place is. Nothing is written there.
"""

import logging
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from agent.archive.intake import Intake, Outcome, TakenIn
from agent.archive.keeping import DUPLICATE_Z, FOREIGN_NUI, ArchiveKeeping
from agent.archive.places import (
    MOUNT_TABLE,
    Changed,
    FoundFile,
    Mounted,
    Walk,
    files_below,
    may_be_signed,
    mounted,
    read,
    told,
)
from agent.archive.signed.day_rules import WARNINGS
from agent.archive.signed.refusals import NotSigned
from agent.english import counted
from config.archive import ArchiveSettings
from drivers.clock import Clock

log = logging.getLogger(__name__)

STEP_S_MAX = 2.0  # then the loop says that it lives
SETTLE_S = 1.0  # nobody wrote for so long: it is whole
LOOK_EVERY_S = 10.0
REST_S = 60.0  # after our own disk would not take more
REFUSED_TOLD_MAX = 20
STICKS_TOLD_MAX = 3
REFUSED, UNREADABLE, ODD = "refused", "unreadable", "odd"
WORDS = {
    Outcome.RESTORED: "restored",
    REFUSED: "refused",
    FOREIGN_NUI: "of a device that is not configured",
    DUPLICATE_Z: "of a Z that is there already",
    ODD: "kept, but not right",
    UNREADABLE: "could not be read",
}
OUR_DISK = "the archive cannot keep more"


class LookCount:
    """What became of the files of one look."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.refused: dict[str, str] = {}  # name: code
        self.odd: dict[str, str] = {}  # name: what is to be looked into
        self.passed_over: list[str] = []

    def took(self, taken: TakenIn) -> None:
        self.counts[taken.outcome] += 1
        if taken.outcome is not Outcome.NEW:
            return
        self.counts.update(set(taken.codes) & {DUPLICATE_Z, FOREIGN_NUI})
        if odd := set(taken.codes) - WARNINGS - {FOREIGN_NUI}:
            self.counts[ODD] += 1
            if len(self.odd) < REFUSED_TOLD_MAX:
                self.odd[taken.filed.document.name] = " ".join(sorted(odd))

    def refuse(self, name: str, code: str) -> None:
        self.counts[REFUSED] += 1
        if len(self.refused) < REFUSED_TOLD_MAX:
            self.refused[name] = code

    @property
    def is_news(self) -> bool:
        return any(self.counts[each] for each in (Outcome.NEW, Outcome.RESTORED, REFUSED))

    @property
    def sentences(self) -> list[str]:
        """What a person is told; each is a line of `amef status`."""
        counts = self.counts
        said = [f"{counts[Outcome.NEW]} new, {counts[Outcome.KNOWN]} known"]
        said += [f"{counts[key]} {words}" for key, words in WORDS.items() if counts[key]]
        said += [f"{name} is refused: {code}" for name, code in [*self.refused.items()][:1]]
        said += [
            f"{name} is kept, but not right: {codes}" for name, codes in [*self.odd.items()][:1]
        ]
        return said + self.passed_over[:1]


class Place:
    """A folder or a stick, and what was seen there."""

    def __init__(self, root: Path, next_s: float, stick: Mounted | None = None) -> None:
        self.root = root
        self.stick = stick
        self.next_s = next_s
        self.look: Iterator[None] | None = None
        self.seen: set[int] = set()  # what needs no second look, by name, size and time
        self.waiting: dict[str, tuple[FoundFile, float]] = {}  # since when it has not changed
        self.came = LookCount()
        self.trouble = ("", 0)  # what was wrong with the last look
        self.not_kept = ""  # why our own disk did not take what lies here
        self.notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return told(self.root)


class Looking:
    """Every folder and every stick. Belongs to the thread of its index."""

    def __init__(
        self,
        settings: ArchiveSettings,
        intake: Intake,
        index: ArchiveKeeping,
        clock: Clock,
        mount_table: Path = MOUNT_TABLE,
    ) -> None:
        self._settings = settings
        self._intake = intake
        self._index = index
        self._clock = clock
        self._mount_table = mount_table
        now_s = clock.monotonic_s()
        self._folders = [Place(folder, now_s) for folder in settings.folders]
        self._sticks: dict[Mounted, Place] = {}
        self._done: list[tuple[str, ...]] = []  # of sticks that were read

    @property
    def sentence(self) -> str:
        if not self._folders and not self._settings.watch_mounts:
            return "no folder and no stick is looked at"
        busy = [each.name for each in self._places if each.look]
        if busy:
            return f"reading {', '.join(busy)}"
        folders = counted(len(self._folders), "folder", "folders")
        sticks = counted(len(self._sticks), "stick", "sticks")
        return f"{folders} and {sticks} are looked at"

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(chain.from_iterable([*(each.notes for each in self._folders), *self._done]))

    @property
    def trouble(self) -> str:
        """Why our own disk does not take what lies somewhere; "" where it does."""
        return next((each.not_kept for each in self._places if each.not_kept), "")

    @property
    def _places(self) -> list[Place]:
        return [*self._folders, *self._sticks.values()]

    def step(self) -> bool:
        """Look a little. True if there is more to do at once."""
        until_s = self._clock.monotonic_s() + STEP_S_MAX
        more = False
        for place in self._places:
            if self._clock.monotonic_s() < place.next_s:
                continue
            try:
                more = self._look_on(place, until_s) or more
            except _NotKept as error:
                place.not_kept = f"{OUR_DISK}: {error}"
                self._stop(place, REST_S)
        return more

    # sticks

    def notice_sticks(self) -> None:
        """See which came and which went.

        Raises:
            OSError: what is mounted cannot be read.
        """
        if not self._settings.watch_mounts:
            return
        there = mounted(self._settings.mounts, self._mount_table)
        for stick in set(self._sticks) - set(there):
            place = self._sticks.pop(stick)
            if place.look is not None:
                self._end(place, cut="it was taken out before all of it was read")
        for stick in there:
            if stick not in self._sticks:
                log.info("archive.stick", extra={"place": told(stick.point)})
                self._sticks[stick] = Place(stick.point, self._clock.monotonic_s(), stick)

    # a look

    def _look_on(self, place: Place, until_s: float) -> bool:
        """Go on with the look at a place. True if it goes on at once."""
        if place.look is None:
            place.look = self._look(place)
        try:
            for _ in place.look:
                if self._clock.monotonic_s() >= until_s:
                    return True
        except OSError as error:
            self._end(place, cut=error.strerror or str(error))
            return False
        place.not_kept = ""
        if place.waiting:  # they may still be written
            self._stop(place, SETTLE_S)
        else:
            self._end(place)
        return False

    def _look(self, place: Place) -> Iterator[None]:
        """Take what is new; after each file the caller may pause.

        Raises:
            OSError: the place is gone, or is no folder.
            _NotKept, LedgerError: it is our own disk.
        """
        walk = Walk()
        waited, place.waiting = place.waiting, {}
        for found in files_below(place.root, walk):
            yield
            mark = hash(found)
            if mark in place.seen:
                continue
            try:
                if not may_be_signed(found):
                    place.seen.add(mark)
                    continue
                if not self._is_settled(place, found, waited):
                    continue
                content = read(found)
            except NotSigned as error:
                self._refuse(place, found, error)
                place.seen.add(mark)
                continue
            except Changed:
                place.waiting[found.path] = (found, self._clock.monotonic_s())
                continue
            except FileNotFoundError:  # if it is the whole stick, the walk will say so
                continue
            except OSError:
                place.came.counts[UNREADABLE] += 1
                continue
            self._take(place, found, content)
            place.seen.add(mark)
        place.came.passed_over = walk.passed_over

    def _is_settled(
        self, place: Place, found: FoundFile, waited: dict[str, tuple[FoundFile, float]]
    ) -> bool:
        now_s = self._clock.monotonic_s()
        before, since_s = waited.get(found.path, (None, now_s))
        if before == found and now_s - since_s >= SETTLE_S:
            return True
        place.waiting[found.path] = (found, since_s if before == found else now_s)
        return False

    def _take(self, place: Place, found: FoundFile, content: bytes) -> None:
        origin = told(Path(found.path).parent)
        try:
            taken = self._intake.take(told(found.name), content, origin)
        except NotSigned as error:
            self._refuse(place, found, error)
        except OSError as error:
            raise _NotKept(error.strerror or str(error)) from error
        else:
            place.came.took(taken)

    def _refuse(self, place: Place, found: FoundFile, error: NotSigned) -> None:
        name = told(found.name)
        place.came.refuse(name, error.code)
        about = {"file": name, "code": error.code, "reason": error.sentence}
        log.info("archive.refused", extra=about)

    # its end

    def _stop(self, place: Place, wait_s: float) -> None:
        place.look = None
        place.next_s = self._clock.monotonic_s() + wait_s

    def _end(self, place: Place, cut: str = "") -> None:
        """Say what came; a stick that was read is read no more."""
        self._stop(place, LOOK_EVERY_S if place.stick is None else float("inf"))
        came, place.came = place.came, LookCount()
        place.waiting = {}
        trouble = (cut, came.counts[UNREADABLE])
        is_other = trouble != place.trouble
        place.trouble = trouble
        if not (came.is_news or place.stick or is_other):
            return
        if is_other and trouble == ("", 0) and not came.is_news and not place.stick:
            place.notes = ()  # it is over
            return
        said = [*came.sentences, *filter(None, [cut])]
        place.notes = tuple(f"{place.name}: {each}" for each in said)
        if place.stick:
            self._done = [*self._done, place.notes][-STICKS_TOLD_MAX:]
        log.info("archive.looked", extra={"place": place.name, "found": said})
        about = {"origin": place.name, "counts": dict(came.counts), "refused": came.refused}
        about |= {"odd": came.odd, "passed_over": came.passed_over, "cut": cut}
        self._index.note_import(about)


class _NotKept(Exception):
    """Our own disk would not take it."""
