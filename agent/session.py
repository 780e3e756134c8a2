"""A printer's session: opened when needed, closed when in doubt, and its health noted.

    connect -> online | error (it answers, but paper, cover, day ...) | offline (it does not answer)

A device that fails is left alone for a while; every failure doubles the while.
"""

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from agent.ledger import Ledger
from agent.payloads import Inspection, Work
from agent.preflight import archive_warnings, warnings
from agent.whereabouts import Whereabouts
from drivers.base import FiscalPrinter
from drivers.clock import Clock
from drivers.errors import DriverError, NotStarted, Refused
from drivers.faults import Fault
from drivers.model import Identity, VatRate
from drivers.status import DeviceStatus
from drivers.upkeep import Upkeep

RETRY_S, RETRY_S_MAX = 1, 10
UPKEEP_INTERVAL_S = 600.0


class Session:
    """One printer's session. `admit` raises NotStarted where this device must not be driven."""

    def __init__(
        self,
        device_id: str,
        printer: FiscalPrinter,
        ledger: Ledger,
        clock: Clock,
        admit: Callable[[Identity], None],
        rates: frozenset[VatRate] = frozenset(),
        whereabouts: Whereabouts | None = None,
    ) -> None:
        self.printer = printer
        self._whereabouts = whereabouts
        self._device_id = device_id
        self._ledger = ledger
        self._clock = clock
        self._admit = admit
        self._rates = rates
        self._warnings: tuple[Fault, ...] = ()
        self._day_opened_at: str | None = None
        self._upkeep_at_s = 0.0
        self._identity: Identity | None = None
        self._failures = 0
        self._rest_until_s = 0.0
        self.sentence = "starting"

    @property
    def resting(self) -> bool:
        return self._clock.monotonic_s() < self._rest_until_s

    @property
    def fiscal_serial(self) -> str:
        """Who answers; "" while nobody does."""
        return self._identity.fiscal_serial if self._identity else ""

    def connect(self) -> None:
        """Open the session if it is not open.

        Raises:
            DriverError: no printer, or not one that we may drive.
        """
        if self._identity is not None:
            return
        last = self._ledger.last_sequence(self._device_id)
        if self._whereabouts is None:
            identity = self.printer.open(last_sequence=last)
            self._admit(identity)
        else:
            identity = self._whereabouts.open(self.printer, last, self._admit)
        self._identity = identity
        self._failures = 0

    def confirm(self, fiscal_serial: str) -> None:
        """Be sure that it is still the device that was admitted.

        Raises:
            NotStarted: cables were changed while the session lasted.
        """
        if self._identity is not None and self._identity.fiscal_serial != fiscal_serial:
            sentence = f"{fiscal_serial} answers instead of {self._identity.fiscal_serial}"
            raise NotStarted(sentence, fault=Fault.OTHER_PRINTER)

    def disconnect(self) -> None:
        self._identity = None
        self.printer.close()

    def status(self) -> DeviceStatus:
        """Read the status and note it; the cloud hears of changes only."""
        status = self.printer.status()
        where = self._whereabouts.sentence if self._whereabouts else ""
        self._note("error" if status.blocking else "online", status.conditions, sentence=where)
        return status

    def look(self, now: datetime) -> None:
        """See how the device is, and now and then whether it will stay so."""
        self.connect()
        if self._clock.monotonic_s() >= self._upkeep_at_s:
            self.foresee(self.printer.upkeep(), now)
        self.status()

    def meant(self, work: Work) -> Work:
        """A look that does not say which VAT rates it expects expects the configuration's."""
        if isinstance(work, Inspection) and not work.rates:
            return replace(work, rates=self._rates)
        return work

    def renew(self) -> None:
        """What will soon be wrong is looked at again with the next look."""
        self._upkeep_at_s = 0.0

    def foresee(self, seen: Upkeep, now: datetime) -> None:
        self._upkeep_at_s = self._clock.monotonic_s() + UPKEEP_INTERVAL_S
        kept = archive_warnings(self._ledger.archive_trouble(self._device_id))
        self._warnings = (*warnings(seen, now.replace(tzinfo=UTC), self._rates), *kept)
        opened_at = seen.day_opened_at
        self._day_opened_at = opened_at.replace(tzinfo=None).isoformat() if opened_at else None

    def rest(self, error: DriverError) -> None:
        """Note what failed and leave the device alone for a while."""
        self.disconnect()
        answers = isinstance(error, Refused)
        self._note("error" if answers else "offline", (error.fault,), sentence=str(error))
        self.pause()

    def pause(self) -> None:
        wait_s = min(RETRY_S * 2**self._failures, RETRY_S_MAX)
        self._failures += 1
        self._rest_until_s = self._clock.monotonic_s() + wait_s

    def _note(self, status: str, faults: tuple[Fault, ...], sentence: str = "") -> None:
        told = list(dict.fromkeys([*faults, *self._warnings]))
        health: dict[str, Any] = {"status": status, "faults": told, "sentence": sentence}
        if self._day_opened_at is not None:
            health["day_opened_at"] = self._day_opened_at
        if self._identity is not None:
            health["identity"] = asdict(self._identity)
        self.sentence = " ".join([status, *told, sentence]).strip()
        self._ledger.note_device(self._device_id, health)
