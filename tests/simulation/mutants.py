"""The historic mistakes, as programs that make them: the simulator must see each one.

    begin_after_print    the point of no return is written down when the paper is out
    failed_is_no         a question that failed is taken as "nothing was issued"
    remembered_baseline  the counters of the first receipt, kept in a field of an object
    amount_only          "the last total is ours, so it is our receipt"
    new_sequence         every repeat under a new SEQ, so that the device executes it again
    cancel_after_close   a close without an answer is followed by a cancel
    payment_repeated     a payment without an answer is sent again blindly
    all_repeated         so is everything, on every wire

Each is a subclass, or a function put in the place of another while the world runs.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import agent.worker
import drivers.families.datecs_x
import protocol.isl_exchange
from agent.commands import KINDS
from agent.entries import Evidence, LedgerEntry
from agent.ledger import Ledger
from agent.verdict import Decision, Proof, Verdict
from agent.worker import DeviceWorker
from drivers.datecs_x.talk import DatecsTalk
from drivers.errors import ContactLost, DriverError, Refused
from drivers.families.datecs_x import PAYMENT, DatecsX
from drivers.link import Link
from drivers.model import Counters, FiscalResult, Observation, Receipt
from protocol.exchange import Action, Reply, Request
from protocol.isl import SEQUENCE_MAX, SEQUENCE_MIN, encode_request
from protocol.isl_exchange import IslExchange


@dataclass(frozen=True, slots=True)
class Mutant:
    """What is put in the place of what. `patches`: (module, name, what)."""

    name: str
    patches: tuple[tuple[Any, str, Any], ...] = ()
    subclasses: tuple[type, ...] = ()

    @contextmanager
    def in_place(self) -> Iterator[None]:
        kept = [(module, name, getattr(module, name)) for module, name, _ in self.patches]
        for module, name, value in self.patches:
            setattr(module, name, value)
        try:
            yield
        finally:
            for module, name, value in kept:
                setattr(module, name, value)

    def of(self, base: Any, kind: type) -> Any:
        """The mutant's own form of a class, if it has one."""
        for mixin in self.subclasses:
            if issubclass(mixin, kind):
                return type(mixin.__name__, (mixin, base), {}) if base is not kind else mixin
        return base


class BeginAfterPrint(DeviceWorker):
    def _issue(self, entry: LedgerEntry) -> bool:
        kind = KINDS[entry.kind]
        work = kind.understand(entry.payload or "", entry.id, self._now())
        self._session.connect()
        baseline = self._printer.counters()
        try:
            result = kind.perform(self._printer, work)
        except (Refused, ContactLost) as error:
            self._session.rest(error)
            return False
        self._ledger.begin(entry, baseline, self._printer.sequence)
        self._ledger.finish(entry, result, self._printer.sequence)
        return True


class FailedIsNo(DeviceWorker):
    def _resolve(self, entry: LedgerEntry) -> None:
        try:
            super()._resolve(entry)
        except DriverError:
            self._ledger.absent(entry, self._clock.now_ms())


class RememberedBaseline(Ledger):
    remembered: Counters | None = None

    def begin(self, entry: LedgerEntry, baseline: Counters, sequence: int | None) -> LedgerEntry:
        self.remembered = self.remembered or baseline
        return super().begin(entry, self.remembered, sequence)


class CancelAfterClose(DatecsX):
    def complete_receipt(self, receipt: Receipt, *, payments_done: int) -> FiscalResult:
        try:
            return super().complete_receipt(receipt, payments_done=payments_done)
        except ContactLost:
            self.cancel_receipt()
            raise


class PaymentRepeated(DatecsTalk):
    def do(self, code: int, *parameters: Any, repeatable: bool = False, **more: Any) -> Any:
        return super().do(code, *parameters, repeatable=repeatable or code == PAYMENT, **more)


class NewSequence(IslExchange):
    def start(self) -> Action:
        if self._sends:
            at_end = self._sequence >= SEQUENCE_MAX
            self._sequence = SEQUENCE_MIN if at_end else self._sequence + 1
            self._frame = encode_request(self._layout, self._sequence, self._request)
        return super().start()


def execute_again(link: Link, request: Request, **more: Any) -> Reply:
    return real_execute(link, replace(request, repeatable=True), **more)


real_execute = Link.execute
real_decide = agent.worker.decide


def by_amount(
    proof: Proof, baseline: Counters, seen: Observation, work: object, *, unpaid: bool
) -> Decision:
    if not isinstance(work, Receipt) or seen.open_receipt is not None:
        return real_decide(proof, baseline, seen, work, unpaid=unpaid)
    if seen.last_total == work.total:
        return Decision(Verdict.ISSUED, "the last total is ours", Evidence.COUNTER)
    return Decision(Verdict.NOT_ISSUED, "the last total is another")


MUTANTS = {
    mutant.name: mutant
    for mutant in (
        Mutant("begin_after_print", subclasses=(BeginAfterPrint,)),
        Mutant("failed_is_no", subclasses=(FailedIsNo,)),
        Mutant("remembered_baseline", subclasses=(RememberedBaseline,)),
        Mutant("amount_only", ((agent.worker, "decide", by_amount),)),
        Mutant("new_sequence", ((protocol.isl_exchange, "IslExchange", NewSequence),)),
        Mutant("cancel_after_close", subclasses=(CancelAfterClose,)),
        Mutant("all_repeated", ((Link, "execute", execute_again),)),
        Mutant("payment_repeated", ((drivers.families.datecs_x, "DatecsTalk", PaymentRepeated),)),
    )
}
NONE = Mutant("none")
