"""One thread owns one printer: it takes the oldest command, has it done once, writes it down.

    in doubt?  -> ask the device what happened, decide (`verdict.py`), write down
    queued?    -> check, read the counters, `begin` (on disk), do it, `finish` or `lose`

Before `begin` any failure only means later. After it there are two ways on: `finish`, or `lose`
and the road of every doubt. There is no other recovery.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime, tzinfo
from typing import Any

from agent import carry_out
from agent.archive.patience import GaveWay, Patience
from agent.archive.reader import ArchiveReader
from agent.checks import of_fault
from agent.cloud_time import CloudTime
from agent.commands import KINDS, READINGS
from agent.entries import Evidence, LedgerEntry
from agent.ledger import WAIT_MS_MAX, Ledger
from agent.payloads import BadPayload, Work
from agent.preflight import obstacles
from agent.session import Session
from agent.verdict import Decision, Proof, Verdict, decide
from drivers.clock import Clock
from drivers.errors import ContactLost, DriverError, Refused
from drivers.faults import Fault, words
from drivers.model import Observation, Problem, Receipt, Slip

LOOK_INTERVAL_S = 15.0
RETRY_MS = 1_000  # longer with each attempt
READING_TTL_MS = 6 * 3600 * 1000  # a reading that gave way; it is as true then as now
REPORTS = ("x_report", "z_report")


class DeviceWorker:
    """The work of one printer. `done` tells the cloud thread that there is something to tell."""

    notes = ()  # its sentence says it all

    def __init__(
        self,
        device_id: str,
        session: Session,
        ledger: Ledger,
        clock: Clock,
        cloud_time: CloudTime,
        done: Callable[[], None],
        zone: tzinfo = UTC,
        reader: ArchiveReader | None = None,
    ) -> None:
        self._device_id = device_id
        self._done = done
        self._session = session
        self._printer = session.printer
        self._ledger = ledger
        self._clock = clock
        self._cloud_time = cloud_time
        self._zone = zone
        self._reader = reader
        self._patience = self._printer.archive.patience = Patience(clock, self._is_waited_for)
        self._look_at_s = 0.0
        self._is_leaving = False

    def step(self) -> bool:
        """Do one piece of work. True if there may be more."""
        if self._session.resting:
            return False
        try:
            if entry := self._ledger.in_doubt(self._device_id):
                self._resolve(entry)
                self._done()
                return True
            if entry := self._next():
                more = self._issue(entry)
                self._done()
                return more
            if self._clock.monotonic_s() >= self._look_at_s:
                self._look()
            elif self._reader is not None and self._reader.is_due:
                return self._read_on(self._reader)
        except GaveWay:  # a reading that had to be looked for: it is still queued
            return True
        except DriverError as error:  # nothing was begun: later
            self._session.rest(error)
        return False

    @property
    def sentence(self) -> str:
        reading = self._reader.sentence if self._reader else ""
        return "; ".join(filter(None, (self._session.sentence, reading)))

    def leave(self) -> None:
        """From another thread: the end is wanted, so a reading is left in its midst."""
        self._is_leaving = True

    def close(self) -> None:
        self._session.disconnect()
        if self._reader is not None:
            self._reader.close()

    def _issue(self, entry: LedgerEntry) -> bool:
        """Carry out one queued command.

        Raises:
            DriverError: the device could not be asked beforehand; nothing was begun.
            GaveWay: the same, because something else goes first.
        """
        if entry.expires_at_ms <= self._cloud_time.of(entry):
            return self._reject(entry, Problem("", "EXPIRED", "it waited longer than it may"))
        kind = KINDS[entry.kind]
        try:
            work = self._session.meant(kind.understand(entry.payload or "", entry.id, self._now()))
        except BadPayload as error:  # written down by another version of this program
            return self._reject(entry, *error.problems)
        if lacking := kind.lacking(self._printer.capabilities):
            return self._reject(entry, *lacking)
        self._session.connect()
        self._patience.begin()
        if found := kind.problems(self._printer, work):
            return self._reject(entry, *found)
        if blocked := obstacles(kind.tolerates, self._session.status()):
            return self._not_ready(entry, blocked)
        baseline = self._printer.counters(with_cash=kind.proof is Proof.CASH)
        self._session.confirm(baseline.fiscal_serial)
        self._ledger.begin(entry, baseline, self._printer.sequence)
        self._patience.begin()
        self._printer.paying = lambda: self._ledger.pay(entry)
        try:
            result = kind.perform(self._printer, work)
        except GaveWay:
            self._ledger.give_way(entry, self._cloud_time.of(entry) + READING_TTL_MS)
        except (Refused, ContactLost) as error:
            self._ledger.lose(entry, fault=error.fault, reason=str(error))
            self._session.disconnect()
        else:
            self._ledger.finish(entry, result, self._printer.sequence)
            self._after(entry, result)
        return True

    def _after(self, entry: LedgerEntry, result: dict[str, Any]) -> None:
        if KINDS[entry.kind].renews:
            self._session.renew()
            self._look_at_s = 0.0
        if self._reader is None:
            return
        self._reader.worked()
        if entry.kind in REPORTS:
            self._reader.note_report(self._session.fiscal_serial, entry.kind, entry.id, result)

    def _read_on(self, reader: ArchiveReader) -> bool:
        """Read of the device's past, as long as nothing else is to be done."""
        self._session.connect()
        self._patience.begin()
        with suppress(GaveWay):
            return reader.step(self._printer, self._session.fiscal_serial, self._now().date())
        return True

    def _next(self) -> LedgerEntry | None:
        now_ms, known = self._clock.now_ms(), self._cloud_time.is_known
        return self._ledger.next_queued(self._device_id, now_ms, READINGS, local_only=not known)

    def _is_waited_for(self) -> bool:
        """Is there a command that prints, or sets something; or is the end wanted?"""
        if self._is_leaving:
            return True
        return (found := self._next()) is not None and found.kind not in READINGS

    def _not_ready(self, entry: LedgerEntry, blocked: list[Fault]) -> bool:
        """Wait for what cures itself or somebody cures; reject what does not."""
        if not words()[blocked[-1]].waits:
            return self._reject(entry, of_fault(blocked[-1]))
        cures = [name for name, kind in KINDS.items() if kind.cures & set(blocked)]
        now_ms, known = self._clock.now_ms(), self._cloud_time.is_known
        cure = self._ledger.queued(self._device_id, cures, now_ms, local_only=not known)
        if cure is not None and not KINDS[entry.kind].cures:
            return self._issue(cure)
        self._session.pause()
        return False

    def _reject(self, entry: LedgerEntry, *problems: Problem) -> bool:
        self._ledger.reject(entry, problems)
        return True

    def _resolve(self, entry: LedgerEntry) -> None:
        """Ask the device what became of a lost command.

        Raises:
            DriverError: it could not be asked: then we wait, and nothing else is issued.
        """
        assert entry.baseline is not None
        kind = KINDS[entry.kind]
        try:
            work = kind.understand(entry.payload or "", entry.id, self._now())
        except BadPayload as error:  # what was asked cannot be held against what is there
            return self._ledger.undecidable(entry, f"not understood any more: {error}", {})
        self._session.connect()
        reference = work.reference if isinstance(work, Receipt | Slip) else ""
        of = kind.proof.document
        seen = self._printer.observe(since=entry.baseline, reference=reference, of=of)
        unpaid = self._ledger.unpaid(entry)
        decision = decide(kind.proof, entry.baseline, seen, work, unpaid=unpaid)
        try:
            if decision.verdict is Verdict.UNDECIDABLE:
                self._ledger.undecidable(entry, decision.why, asdict(seen))
            else:
                self._carry_out(entry, work, seen, decision)
        except Refused as error:
            if words()[error.fault].waits:
                raise
            self._ledger.undecidable(entry, str(error), asdict(seen))

    def _carry_out(
        self, entry: LedgerEntry, work: Work, seen: Observation, decision: Decision
    ) -> None:
        match decision.verdict:
            case Verdict.ISSUED:
                recall = KINDS[entry.kind].recall
                assert recall is not None, "what proves nothing is never found"
                result = recall(self._printer, work, seen)
                self._ledger.found(entry, result, decision.evidence)
            case Verdict.NOT_ISSUED if entry.fault and not words()[Fault(entry.fault)].waits:
                self._ledger.drop(entry, of_fault(Fault(entry.fault), entry.reason or ""))
            case Verdict.NOT_ISSUED:
                until_ms = self._clock.now_ms() + min(RETRY_MS * entry.attempts, WAIT_MS_MAX)
                self._ledger.absent(entry, until_ms)
            case Verdict.CANCEL:
                self._printer.cancel_receipt()
            case Verdict.CLOSE_SLIP:
                self._printer.close_slip()
            case Verdict.COMPLETE:
                result = carry_out.complete(self._printer, work, decision.payments_done)
                self._ledger.found(entry, result, Evidence.REPLY)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.now_ms() / 1000, tz=self._zone)

    def _look(self) -> None:
        """Read the status now and then, so that the cloud knows how the device is."""
        self._session.look(self._now())
        self._look_at_s = self._clock.monotonic_s() + LOOK_INTERVAL_S
