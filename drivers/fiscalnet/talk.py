"""A file for FiscalNet and its answer: asked once, and what became of it when nobody knows.

    ask:      answered before? -> that answer.  Else drop, wait a while, and read the answer
    look for: answer        done -> found      refused -> not     refused, printer lost -> unknown
              no answer     never dropped -> not       lies there -> take it back, ask again
                            taken back -> not, if no answer came for as long as one may take
                            gone -> unknown, after as long as an answer may take

A refusal counts as "not on paper" unless its words say that FiscalNet lost its printer: then it
does not know either. No file is dropped again under a name that was answered.
"""

from drivers.clock import Clock
from drivers.errors import ContactLost, Refused
from drivers.faults import Fault
from drivers.fiscalnet.folder import FiscalNetFolder, Trail
from protocol.errors import ReplyError
from protocol.fiscalnet import FiscalNetAnswer, file_of, read_answer
from protocol.text import fold

IN_HAND_S = 20.0  # waited for an answer with the command in hand; after that it is in doubt
POLL_S = 0.2
SETTLE_S = 0.3  # what says the same after so long is not being written any more
SETTLE_UNENDED_S = 2.0  # the same, where the last line has no end: its number may go on
PREFIX = "amef-"
LOST = ("comunic", "communic", "conex", "connect", "timeout", "time-out", "time out", "nu raspun")
"""Of a refusal: FiscalNet lost its printer, and cannot know what the printer did."""


class FiscalNetTalk:
    """Files and answers of one FiscalNet."""

    def __init__(self, folder: FiscalNetFolder, clock: Clock, answer_s: int) -> None:
        self._folder = folder
        self._clock = clock
        self._answer_s = answer_s
        self._seen_s: dict[tuple[str, Trail], float] = {}  # since when a file is seen like this

    def ask(self, name: str, lines: list[str], *, doing: str) -> FiscalNetAnswer:
        """Drop a file and read its answer.

        Raises:
            Refused: FiscalNet says no.
            ContactLost: no answer that can be read, or one that does not know.
        """
        data = file_of(lines)
        if (earlier := self._earlier(name)) is not None:
            return self._done(earlier, doing)
        self._seen_s.clear()
        self._folder.drop(name, data)
        deadline_s = self._clock.monotonic_s() + IN_HAND_S
        while self._clock.monotonic_s() < deadline_s:
            self._folder.wait(POLL_S)
            answer = self._settled(name)
            if answer is not None and answer.whole:
                return self._done(answer, doing)
        sentence = f"{self._folder.name}: no answer to {name} in {IN_HAND_S:.0f} s"
        raise ContactLost(sentence, fault=Fault.NO_ANSWER)

    def look_for(self, name: str, *, begun_ms: int) -> tuple[bool | None, FiscalNetAnswer | None]:
        """Say what became of a file: done, not done, or None: nobody will ever say.

        Raises:
            ContactLost: not known yet, and an answer may still come.
        """
        answer = self._settled(name)
        trail = self._folder.trail(name, begun_ms=begun_ms)
        if answer is not None and (answer.whole or self._waited(name, Trail.GONE)):
            if trail is Trail.LIES:  # answered, and there again: nobody may take it a second time
                self._folder.take_back(name)
            if answer.done or not _lost_its_printer(answer):
                return answer.done, answer
            self._folder.put_aside(name)
            return None, answer
        if trail is Trail.NEVER:
            return False, None
        if trail is Trail.LIES:
            self._folder.take_back(name)
            raise ContactLost(f"{self._folder.name}: {name} was not taken, and is taken back")
        if not self._waited(name, trail):
            raise ContactLost(f"{self._folder.name}: no answer to {name} yet, one may still come")
        if trail is Trail.BACK:
            return False, None
        self._folder.put_aside(name)
        return None, None

    def _done(self, answer: FiscalNetAnswer, doing: str) -> FiscalNetAnswer:
        if answer.done:
            return answer
        told = " ".join(filter(None, (answer.code, answer.sentence))) or "no reason told"
        if _lost_its_printer(answer):
            raise ContactLost(f"{doing}: FiscalNet lost its printer: {told}")
        raise Refused(Fault.DEVICE_ERROR, device_code=told, doing=doing)

    def _earlier(self, name: str) -> FiscalNetAnswer | None:
        """What was answered under this name before: the command was begun once already.

        Raises:
            ContactLost: it is being written, or the file of before cannot be taken back.
        """
        self._folder.take_back(name)
        answer = self._settled(name)
        if answer is None and self._folder.answer(name) is not None:
            raise ContactLost(f"{self._folder.name}: {name} has an answer that cannot be read")
        return answer

    def _settled(self, name: str) -> FiscalNetAnswer | None:
        """Read an answer that nobody writes any more; None: there is none that can be read."""
        raw = self._folder.answer(name)
        if not raw:
            return None
        try:
            answer = read_answer(raw)
        except ReplyError:
            return None
        self._folder.wait(SETTLE_S if raw.endswith(b"\n") else SETTLE_UNENDED_S)
        return answer if self._folder.answer(name) == raw else None

    def _waited(self, name: str, trail: Trail) -> bool:
        """It has been seen like this for as long as an answer may take."""
        now_s = self._clock.monotonic_s()
        return now_s - self._seen_s.setdefault((name, trail), now_s) >= self._answer_s


def _lost_its_printer(answer: FiscalNetAnswer) -> bool:
    words = fold(f"{answer.code} {answer.sentence}").casefold()
    return not answer.done and any(sign in words for sign in LOST)
