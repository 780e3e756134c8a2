"""What the cloud is told of a document of the archive: its labels, and what its report says.

    event "archived"  -->  Upload("upload")   X, Z: figures in the cloud's model, as of a command;
                                              of others labels and SHA-256, the store has the bytes
                           Upload("report")   X, Z: the same figures; JE, MF: facts

Nothing is planned where no [[device]] is the owner, no bytes where the cloud takes none, and no X
or Z that was told before: by the report of the command that brought it, or, where the index was
rebuilt, by the agent that had the ledger which was lost. A Z told twice is a turnover told twice.
"""

import json
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

from agent.archive.report_files import REBUILT
from agent.archive.sorts import Sort, figures_of
from agent.archive.store import ARCHIVE, Store
from agent.cloud.moments import local_time
from agent.cloud.reports import report_model
from agent.cloud.schema import idempotency
from agent.entries import Event
from agent.ledger import Ledger
from agent.ledger_outbox import Upload
from config.settings import Settings, profiles

KINDS = {Sort.SIGNED_DAY: "p7b", Sort.SIGNED_REGISTER: "p7b"}
KINDS |= {sort: str(sort) for sort in (Sort.X, Sort.Z, Sort.MF, Sort.JE)}
WITH_FIGURES = (Sort.X, Sort.Z)
DATES = {Sort.X: "timestamp", Sort.Z: "reportDate", Sort.MF: "archiveDate", Sort.JE: "timestamp"}
LABELS = {"name": "name", "sort": "sort", "owner": "owner", "at": "at"}
LABELS |= {"z_first": "zFrom", "z_last": "zTo"}
REPORT = "report"  # the part of a body that is a report in the cloud's model
NAME_LENGTH_MAX = 200
FINDINGS_TOLD_MAX = 20


def store_of(settings: Settings) -> Store:
    return Store(settings.agent.state_dir / ARCHIVE)


class Archived:
    """Belongs to the cloud thread."""

    def __init__(self, ledger: Ledger, settings: Settings) -> None:
        self._ledger = ledger
        self._agent_id = settings.agent.id
        self._zone = ZoneInfo(settings.agent.timezone)
        upload = profiles()[settings.cloud.profile].call("upload")
        self._takes_bytes = upload is not None and upload.takes_bytes

    def uploads(self, event: Event) -> list[Upload]:
        """Say what is sent for an event "archived". Often nothing."""
        sort, told = Sort(event.data["sort"]), event.data
        facts = self._ledger.document_facts(told["document"])
        if not event.device_id or self._is_told(sort, event, facts):
            return []
        who, kind = {"agentId": self._agent_id, "eventId": event.id}, KINDS[sort]
        labels = {
            theirs: told[ours] for ours, theirs in LABELS.items() if told[ours] not in ("", None)
        }
        labels["name"] = told["name"][:NAME_LENGTH_MAX]
        content = {"sha256": told["sha256"], "bytes": told["bytes"]}
        said = (self._report(sort, told, facts) if sort in DATES else {}) | labels | content
        key = idempotency("upload", self._agent_id, event.id)
        parts = {"device_id": event.device_id, "kind": kind}
        planned = []
        if sort in WITH_FIGURES:
            body = who | {"commandId": None, REPORT: said}
            planned.append(Upload("upload", parts, body, key))
        elif self._takes_bytes:
            body = who | labels | content | {"document": told["document"]}
            planned.append(Upload("upload", parts, body, key))
        if sort in DATES:
            key = idempotency("report", self._agent_id, event.id)
            body = who | {"commandId": None, "deviceId": event.device_id} | said
            planned.append(Upload("report", {"kind": kind}, body, key))
        return planned

    def _is_told(self, sort: Sort, event: Event, facts: dict[str, Any]) -> bool:
        """Has somebody told it? Of a Z that was found after a doubt, no document knows the
        command.
        """
        if sort not in WITH_FIGURES:
            return False
        told = bool(facts.get("command")) or event.data["origin"] == REBUILT
        return told or (sort is Sort.Z and self._ledger.is_z_of_command(event))

    def _report(self, sort: Sort, told: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
        findings = told["findings"][:FINDINGS_TOLD_MAX]
        said = {"fiscalSeries": told["owner"], "findings": findings}
        if moment := self._instant(told["at"]):
            said[DATES[sort]] = moment
        if sort in WITH_FIGURES and "figures" in facts:
            said |= report_model(figures_of(json.dumps(facts["figures"])))
        return said

    def _instant(self, at: str) -> str:
        """The device's local time as an instant; "" where it is no time."""
        try:
            local = local_time(at, self._zone)
            told = local.astimezone(UTC).isoformat(timespec="milliseconds") if local else ""
            return told.replace("+00:00", "Z")
        except OverflowError:
            return ""
