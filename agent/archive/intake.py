"""A signed file is taken in: read, kept verbatim, indexed, its Z noted, told once.

What the device told (X, Z, MF, JE) is not taken in, only put back where its bytes were damaged.

    bytes --read_signed--> NotSigned: refused, with a code; nothing is kept
                  '------> SignedFile --Store--> --file--> document, event "archived" --> z_row

    new        kept and indexed
    known      it was there already: nothing new, but bytes that were damaged are whole again
    gone       retention has let it go: it does not come back

A file of a device that no [[device]] names is kept apart: without a device, with the finding
FOREIGN_NUI, and so never uploaded. When the configuration names it, it is that device's.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from agent import disk
from agent.archive.keeping import FOREIGN_NUI, ArchiveKeeping
from agent.archive.signed.chain import Trusted
from agent.archive.signed.signed_file import SignedFile, read_signed
from agent.archive.sorts import SIGNED, Filed, Finding, NewDocument, Source
from agent.archive.store import ArchiveDamaged, Store
from config.settings import DeviceSettings

NAME_LENGTH_MAX = 255
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Outcome(StrEnum):
    """What a file was to us."""

    NEW = "new"
    KNOWN = "known"
    RESTORED = "restored"  # known, but its bytes were damaged or lost
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class TakenIn:
    outcome: Outcome
    filed: Filed

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of its findings."""
        return tuple(each["code"] for each in self.filed.document.facts.get("findings", []))


def device_of(owner: str, devices: Sequence[DeviceSettings]) -> str:
    """Return the id of the device that a document is of; "" if no [[device]] names it."""
    for device in devices:
        if owner in (device.nui, device.fiscal_serial):
            return device.id
    return ""


def owners_of(device: DeviceSettings) -> list[str]:
    """How documents name this device, as far as the configuration says."""
    return [owner for owner in (device.nui, device.fiscal_serial) if owner]


class Intake:
    """The one way in for signed files. Belongs to the thread of its index."""

    def __init__(
        self,
        store: Store,
        index: ArchiveKeeping,
        devices: Sequence[DeviceSettings],
        trusted: Trusted = (),
        disk_used: Callable[[], int] = int,
    ) -> None:
        """`disk_used`: how full the disk is, in percent."""
        self._store = store
        self._index = index
        self._devices = devices
        self._trusted = trusted
        self._disk_used = disk_used

    def adopt(self) -> int:
        """Let configured devices have what lay apart for them; returns how many documents."""
        pairs = [(owner, each.id) for each in self._devices for owner in owners_of(each)]
        return sum(self._index.adopt(owner, device_id) for owner, device_id in pairs)

    def take(self, name: str, content: bytes, origin: str) -> TakenIn:
        """Take one file in; the same file twice is one document.

        Raises:
            NotSigned: it is no signed file.
            OSError: it cannot be kept: our own disk.
            LedgerError: it cannot be written down.
        """
        signed = read_signed(content, self._trusted)
        known = self._index.known(signed.sort, signed.nui, signed.sha256)
        if known is not None and known.gone_at_ms is not None:
            return TakenIn(Outcome.GONE, known)
        was_put = self._keep(signed.sha256, content)
        filed, is_new = self._index.file_signed(self._document(signed, name, len(content), origin))
        if is_new and not self._store.has(signed.sha256):
            self._store.put(content)  # retention took an equal one's bytes just then
        if (figures := signed.figures()) is not None:
            self._index.note_z(signed.nui, Source.SIGNED, figures)
        old = Outcome.RESTORED if was_put else Outcome.KNOWN
        return TakenIn(Outcome.NEW if is_new else old, filed)

    def put_back(self, content: bytes) -> TakenIn | None:
        """Mend a document that is not a signed file; None: these bytes are none of ours.

        Raises:
            OSError: it cannot be kept: our own disk.
        """
        sha256 = hashlib.sha256(content).hexdigest()
        found = [each for each in self._index.of_hash(sha256) if each.document.sort not in SIGNED]
        if not found:
            return None
        here = next((each for each in found if each.gone_at_ms is None), None)
        if here is None:
            return TakenIn(Outcome.GONE, found[0])
        was_put = self._keep(sha256, content)
        return TakenIn(Outcome.RESTORED if was_put else Outcome.KNOWN, here)

    def _keep(self, sha256: str, content: bytes) -> bool:
        """See that the bytes lie there whole; True if they did not."""
        if self._is_whole(sha256):
            return False
        disk.need_room(self._disk_used())
        self._store.put(content)
        return True

    def _is_whole(self, sha256: str) -> bool:
        try:
            self._store.verify(sha256)
        except ArchiveDamaged:
            return False
        return True

    def _document(self, signed: SignedFile, name: str, size: int, origin: str) -> NewDocument:
        device_id = device_of(signed.nui, self._devices)
        findings = [asdict(finding) for finding in signed.findings]
        if not device_id:
            sentence = f'no [[device]] says nui = "{signed.nui}": it is kept apart, not uploaded'
            findings.append(asdict(Finding(FOREIGN_NUI, "file", sentence)))
        return NewDocument(
            sort=signed.sort,
            owner=signed.nui,
            name=CONTROL.sub("_", name)[:NAME_LENGTH_MAX],
            sha256=signed.sha256,
            bytes=size,
            origin=origin,
            device_id=device_id,
            z_first=signed.z_first,
            z_last=signed.z_last,
            at=signed.made_at.isoformat() if signed.made_at else "",
            facts=signed.facts() | {"findings": findings},
        )
