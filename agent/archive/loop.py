"""The archive's own loop: what is looked for, retention once a day, the certificate every morning.

    step   adopt    what lay apart for a device that is now configured, until nothing is left
           look     in folders and on sticks (looking.py)
           daily    retention, certificate

What a printer remembers is read by its own worker (reader.py), between sales.
"""

import logging
from collections.abc import Callable

from agent.archive.certificate.daily import DailyCertificate
from agent.archive.intake import Intake
from agent.archive.keeping import ArchiveKeeping
from agent.archive.looking import Looking
from agent.archive.retention import Retention
from agent.archive.signed.chain import trusted_or_none
from agent.archive.store import ARCHIVE, Store
from config.settings import Settings
from drivers.clock import Clock

log = logging.getLogger(__name__)


class ArchiveLoop:
    """The work of the archive beside the printers. Belongs to the thread of its index."""

    def __init__(
        self,
        looking: Looking,
        intake: Intake,
        retention: Retention,
        certificate: DailyCertificate | None = None,
        trouble: str = "",
    ) -> None:
        """`trouble`: what a person should know from the start."""
        self._looking = looking
        self._intake = intake
        self._retention = retention
        self._certificate = certificate
        self._said = [trouble] if trouble else []
        self._trouble = ""
        self._adopted = False

    @property
    def sentence(self) -> str:
        return self._trouble or self._looking.sentence

    @property
    def notes(self) -> tuple[str, ...]:
        certificate = self._certificate.note if self._certificate else ""
        daily = filter(None, [self._retention.note, certificate])
        return (*self._said, *self._looking.notes, *daily)

    def step(self) -> bool:
        """Do a little of each. True if there is more to do at once."""
        if not self._adopted:
            count = self._intake.adopt()
            self._adopted = not count
            if count:
                log.info("archive.adopted", extra={"documents": count})
                return True
        trouble = ""
        try:
            self._looking.notice_sticks()
            self._retention.step()
            if self._certificate is not None:
                self._certificate.step()
        except OSError as error:
            trouble = f"{error.strerror or error}: {error.filename or ''}".rstrip(": ")
        more = self._looking.step()
        trouble = trouble or self._looking.trouble
        if trouble != self._trouble:
            log.warning("archive.trouble", extra={"reason": trouble or "over"})
            self._trouble = trouble
        return more

    def leave(self) -> None:
        """A step is short: there is nothing to cut."""

    def close(self) -> None:
        """Nothing is open between two steps."""


def archive_loop(
    settings: Settings, index: ArchiveKeeping, clock: Clock, disk_used: Callable[[], int]
) -> ArchiveLoop:
    """Build the loop as the configuration has it."""
    wanted, store = settings.archive, Store(settings.agent.state_dir / ARCHIVE)
    trusted, trouble = trusted_or_none(wanted.trusted)
    intake = Intake(store, index, settings.device, trusted, disk_used)
    retention = Retention(store, index, clock, wanted.retention_years)
    daily = DailyCertificate(settings, index, clock)
    looking = Looking(wanted, intake, index, clock)
    return ArchiveLoop(looking, intake, retention, daily, trouble)
