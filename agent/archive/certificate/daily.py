"""The certificate, made every morning and whenever there is none of the day.

    06:00 --gather, certify--> archive/certificate.json + .html
                          '-> event "archive_certificate", for each device of which some has changed

The event is written down before the file that it is compared with: it is told at least once.
"""

import logging
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from agent.archive.certificate.as_json import as_json, changes_of, checked, content_of, digest_of
from agent.archive.certificate.certificate import Certificate, Completeness, certify
from agent.archive.certificate.holding import Known, gather
from agent.archive.certificate.page import page
from agent.archive.index import ArchiveIndex
from agent.archive.keeping import ArchiveKeeping
from agent.archive.store import ARCHIVE
from config.settings import DeviceSettings, Settings
from drivers.clock import Clock

log = logging.getLogger(__name__)

JSON_FILE, PAGE_FILE = "certificate.json", "certificate.html"
AFTER_MIDNIGHT = timedelta(hours=6)  # what is read at night is there by then
TOLD_MAX = 50  # remarks in one event; the file has all
INCOMPLETE = "the archive is not complete: see amef archive certificate"


class DailyCertificate:
    """Looks at the clock with every step. Belongs to the thread of its index."""

    def __init__(self, settings: Settings, index: ArchiveKeeping, clock: Clock) -> None:
        self._folder = settings.agent.state_dir / ARCHIVE
        self._devices = settings.device
        self._zone = ZoneInfo(settings.agent.timezone)
        self._index = index
        self._clock = clock
        self._made: date | None = None
        self.note = ""

    def step(self) -> None:
        """Make the certificate of the day, if it is not there.

        Raises:
            OSError: it cannot be written: our own disk.
            LedgerError: nothing can be read or written down.
        """
        now = local_now(self._clock, self._zone)
        due = (now - AFTER_MIDNIGHT).date()
        if self._made is not None and due <= self._made <= now.date():
            return
        before = self._before()
        if self._made is None and before and str(due) <= before["day"] <= str(now.date()):
            self._is_made(date.fromisoformat(before["day"]), before["verdict"])
            return
        made = make(self._index, self._devices, now.date(), self._zone)
        self._tell(made, before)
        write(made, self._folder)
        self._is_made(made.day, made.verdict)
        log.info("archive.certificate", extra={"verdict": made.verdict, "day": str(made.day)})

    def _is_made(self, day: date, verdict: str) -> None:
        self._made = day
        self.note = INCOMPLETE if verdict == Completeness.INCOMPLETE else ""

    def _before(self) -> dict[str, Any] | None:
        """The last certificate; one that was changed is none."""
        try:
            return checked((self._folder / JSON_FILE).read_text("utf-8"))
        except (OSError, UnicodeDecodeError):
            return None

    def _tell(self, made: Certificate, before: dict[str, Any] | None) -> None:
        known = {each["owner"]: changes_of(each) for each in (before or {"owners": []})["owners"]}
        codes: dict[str, set[str]] = {}
        for owner in made.owners:
            broken = {remark.code for remark in owner.remarks if remark.breaks}
            codes.setdefault(owner.device_id, set()).update(broken)
        for owner in content_of(made)["owners"]:
            if known.get(owner["owner"]) == changes_of(owner):
                continue
            wrong = [each for each in owner["remarks"] if each["weight"] != "note"]
            told = {name: owner[name] for name in ("owner", "nui", "verdict", "complete_until")}
            told |= {"day": str(made.day), "wrong": wrong[:TOLD_MAX], "count": len(wrong)}
            told |= {"codes": sorted(codes[owner["device_id"]])}  # of all that this device has
            self._index.note_certificate(owner["device_id"], told | {"sha256": digest_of(made)})


def make(
    index: ArchiveIndex, devices: Sequence[DeviceSettings], today: date, zone: ZoneInfo
) -> Certificate:
    """Read the index and say how complete it is."""
    known = [Known(each.id, each.fiscal_serial, each.nui) for each in devices]
    return certify(gather(index, known), today, zone)


def write(made: Certificate, folder: Path) -> None:
    """Put both files there, each replaced whole.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in ((PAGE_FILE, page(made)), (JSON_FILE, as_json(made))):
        draft = folder / f"{name}.new"
        draft.write_text(text, encoding="utf-8")
        draft.replace(folder / name)


def local_now(clock: Clock, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(clock.now_ms() / 1000, tz=UTC).astimezone(zone)
