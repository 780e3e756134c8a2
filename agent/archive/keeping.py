"""What keepers of the archive ask of its index: intake, retention, rebuilding.

file_signed   a signed file; beside another day of the same Z it has the finding DUPLICATE_Z, beside
              the same day in another envelope, or a damaged one, DAY_COPY
adopt         a device was configured: what lay apart for its NUI is its own from now on
due, announce, gone, forget    an old document: first said, later written down, then taken
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

from agent.archive.index import ABOUT, ARCHIVED, ArchiveIndex
from agent.archive.signed.signed_file import BROKEN
from agent.archive.sorts import Filed, Finding, NewDocument, Sort

DUPLICATE_Z, FOREIGN_NUI, DAY_COPY = "DUPLICATE_Z", "FOREIGN_NUI", "DAY_COPY"
IMPORTED, RETENTION = "archive_import", "archive_retention"
CERTIFICATE = "archive_certificate"
DUE_SINCE = "due_since_ms"  # among the facts of a document that is to go
AT_ONCE_MAX = 500  # in one transaction, or of one day: printers wait for the same ledger
Cutoff = tuple[int, str]  # came before, and was made before
# Told to the cloud, as far as there is anything to tell: an upload that waits for a route waits on.
# Not so its report in the cloud's lists, where the key may not write there.
UNTOLD = (
    "EXISTS (SELECT 1 FROM event WHERE reported_at_ms IS NULL AND name = 'archived'"
    " AND json_extract(data, '$.document') = document.id)"
    " OR EXISTS (SELECT 1 FROM upload JOIN event ON event.id = upload.event_id"
    " WHERE (fate IN ('waiting', 'aside') OR fate = 'paused' AND call = 'upload')"
    " AND event.name = 'archived'"
    " AND json_extract(event.data, '$.document') = document.id)"
)

DUE = (
    "held = 0 AND gone_at_ms IS NULL AND taken_at_ms < ? AND (at = '' OR at < ?)"
    f" AND NOT ({UNTOLD})"
)


class ArchiveKeeping(ArchiveIndex):
    """The index for those who put documents in and take them out."""

    # in

    def known(self, sort: Sort, owner: str, sha256: str) -> Filed | None:
        found = self._filed("sort = ? AND owner = ? AND sha256 = ?", sort, owner, sha256)
        return found[0] if found else None

    def sizes(self) -> set[int]:
        """How many bytes our documents have: a file of another size is none of them."""
        return {int(row["bytes"]) for row in self._rows("SELECT DISTINCT bytes FROM document")}

    def of_hash(self, sha256: str) -> list[Filed]:
        return self._filed("sha256 = ? ORDER BY id", sha256)

    def file_signed(self, new: NewDocument) -> tuple[Filed, bool]:
        """Index a signed file; a day of which we have another file says so."""
        with self._transaction():
            others = []
            if new.sort is Sort.SIGNED_DAY:
                same = "sort = ? AND owner = ? AND z_first = ? AND sha256 <> ?"
                others = self._filed(same, new.sort, new.owner, new.z_first, new.sha256)
            if others:
                new = _with_finding(new, _beside(new, others))
            return self._file(new)

    def adopt(self, owner: str, device_id: str) -> int:
        """Give a device what lay apart for its owner, so many at once; each is told anew."""
        apart = "owner = ? AND device_id = ''"
        if not self._filed(f"{apart} LIMIT 1", owner):
            return 0
        with self._transaction():
            found = self._filed(f"{apart} ORDER BY id LIMIT ?", owner, AT_ONCE_MAX)
            for filed in found:
                new = replace(filed.document, device_id=device_id)
                new = _without_finding(new, FOREIGN_NUI)
                self._db.execute(
                    "UPDATE document SET device_id = ?, facts = ? WHERE id = ?",
                    (device_id, json.dumps(new.facts, sort_keys=True), filed.id),
                )
                told = {name: getattr(new, name) for name in ABOUT.split(", ")}
                told |= {"document": filed.id, "findings": new.facts.get("findings", [])}
                self._event(device_id, None, ARCHIVED, told)
        return len(found)

    def note_import(self, told: dict[str, Any]) -> None:
        """Write down what came from a folder, a stick or a person's hand."""
        with self._transaction():
            self._event("", None, IMPORTED, told)

    def note_certificate(self, device_id: str, told: dict[str, Any]) -> None:
        """Write down that the completeness of a device's archive is another than yesterday."""
        with self._transaction():
            self._event(device_id, None, CERTIFICATE, told)

    # out

    def due(self, cutoff: Cutoff, *, said_by_ms: int | None) -> list[Filed]:
        """Return what is older than this and may go.

        `said_by_ms`: what was said to go, by then; None: what was not said yet.
        """
        said = f"json_extract(facts, '$.{DUE_SINCE}')"
        when = f"{said} IS NULL" if said_by_ms is None else f"{said} <= ?"
        values = () if said_by_ms is None else (said_by_ms,)
        return self._filed(f"{DUE} AND {when} ORDER BY id LIMIT ?", *cutoff, *values, AT_ONCE_MAX)

    def due_count(self, cutoff: Cutoff) -> int:
        rows = self._rows(f"SELECT count(*) AS n FROM document WHERE {DUE}", *cutoff)
        return int(rows[0]["n"])

    def announce(self, numbers: Sequence[int], cutoff: str) -> None:
        """Say that these will go: until then somebody may keep them, or mend a wrong clock."""
        with self._transaction():
            for number in numbers:
                self._db.execute(
                    "UPDATE document SET facts = json_set(facts, ?, ?) WHERE id = ?",
                    (f"$.{DUE_SINCE}", self._clock.now_ms(), number),
                )
            about = {"cutoff": cutoff, "documents": len(numbers)}
            self._event("", None, RETENTION, about)

    def gone_hashes(self) -> list[str]:
        rows = self._rows("SELECT DISTINCT sha256 FROM document WHERE gone_at_ms IS NOT NULL")
        return [row["sha256"] for row in rows]

    def forget(self, sha256: str, remove: Callable[[str], None]) -> bool:
        """Remove bytes that no document needs any more; nobody files one meanwhile."""
        with self._transaction():
            needed = self._filed("sha256 = ? AND gone_at_ms IS NULL LIMIT 1", sha256)
            if not needed:
                remove(sha256)
        return not needed


def is_broken(document: NewDocument) -> bool:
    """Is a signed file not what its device signed? Then its figures say nothing."""
    return document.facts.get("signature") in BROKEN


def content_of(document: NewDocument) -> str:
    """What a signed file holds, whatever its envelope; of any other file the whole of it."""
    told = document.facts.get("xml", {}).get("sha256")
    return str(told or document.sha256)


def _beside(new: NewDocument, others: Sequence[Filed]) -> Finding:
    """Say what a file is to those of the same Z: only two whole ones can contradict each other."""
    same = [each for each in others if content_of(each.document) == content_of(new)]
    whole = [each for each in others if not is_broken(each.document)]
    if same:
        code, other, what = DAY_COPY, same[0], "is the same day in another envelope"
    elif not whole:
        code, other, what = DAY_COPY, others[0], "is of the same Z, and damaged"
    elif is_broken(new):
        code, other, what = DAY_COPY, whole[0], "is of the same Z, and not damaged as this one is"
    else:
        code, other, what = DUPLICATE_Z, whole[0], "is of the same Z, with other content"
    return Finding(code, f"Z {new.z_first}", f"document {other.id} {what}: both are kept")


def _with_finding(new: NewDocument, finding: Finding) -> NewDocument:
    findings = [*new.facts.get("findings", []), asdict(finding)]
    return replace(new, facts={**new.facts, "findings": findings})


def _without_finding(new: NewDocument, code: str) -> NewDocument:
    findings = [each for each in new.facts.get("findings", []) if each["code"] != code]
    return replace(new, facts={**new.facts, "findings": findings})
