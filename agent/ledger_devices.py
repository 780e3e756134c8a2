"""What the ledger knows of the printers: how each is, who it is, who drives it.

health    what was told of a device last; an event is written when it changes
drives    beside it, and told to nobody: the fiscal serial that this device has in hand, so that
          one printer on two ports is driven by one thread only
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agent.ledger_file import LedgerFile, understood
from drivers.model import Identity

NOT_CONFIGURED = "its device is not in the configuration"
DRIVES = "drives"


@dataclass(frozen=True, slots=True)
class ToldNumber:
    """A number that stands in a result, and whose it is."""

    command_id: str
    arrival: int
    kind: str
    device_id: str
    evidence: str
    number: int
    z_number: int | None
    fiscal_serial: str | None


class LedgerDevices(LedgerFile):
    """What the worker, the supervisor and `amef status` ask and write down of devices."""

    def last_sequence(self, device_id: str) -> int | None:
        rows = self._rows("SELECT last_sequence FROM device WHERE id = ?", device_id)
        return rows[0]["last_sequence"] if rows else None

    def note_device(self, device_id: str, health: dict[str, Any]) -> bool:
        """Write an event if the device's health is not what was noted last.

        Who is named in it is driven by this device; nobody is, if it names none.
        """
        health = json.loads(json.dumps(health))
        drives = health.get("identity", {}).get("fiscal_serial", "")
        with self._transaction():
            was = self._health(device_id)
            if was != health | {DRIVES: drives}:
                self._put_health(device_id, health | {DRIVES: drives})
            changed = _told(was) != health
            if changed:
                self._event(device_id, None, "device", health)
        return changed

    def take_printer(self, device_id: str, identity: Identity) -> str:
        """Let this device drive that printer, until its health names it no more.

        Return the other device that does, and then this one may not; "" if none does.
        """
        serial = identity.fiscal_serial
        with self._transaction():
            other = f"id <> ? AND json_extract(health, '$.{DRIVES}') = ?"
            found = self._db.execute(
                f"SELECT id FROM device WHERE {other} AND ? <> ''", (device_id, serial, serial)
            ).fetchone()
            if found is not None:
                return str(found["id"])
            was = self._health(device_id)
            if was.get(DRIVES) != serial:
                self._put_health(device_id, was | {DRIVES: serial})
        return ""

    def devices(self) -> dict[str, dict[str, Any]]:
        rows = self._rows("SELECT id, health FROM device ORDER BY id")
        with understood():
            return {row["id"]: _told(json.loads(row["health"])) for row in rows}

    def _health(self, device_id: str) -> dict[str, Any]:
        self._db.execute("INSERT OR IGNORE INTO device (id) VALUES (?)", (device_id,))
        row = self._db.execute("SELECT health FROM device WHERE id = ?", (device_id,)).fetchone()
        with understood():
            return dict(json.loads(row["health"]))

    def _put_health(self, device_id: str, health: dict[str, Any]) -> None:
        text = json.dumps(health, sort_keys=True)
        self._db.execute("UPDATE device SET health = ? WHERE id = ?", (text, device_id))

    def last_identity(self, device_id: str) -> dict[str, str]:
        """Return who a device said it was when it was last driven; {} if it never was."""
        named = "command_id IS NULL AND device_id = ? AND name = 'device'"
        named += " AND data LIKE '%\"identity\"%'"
        found = self._events(f"{named} ORDER BY id DESC LIMIT 1", device_id)
        return dict(found[0].data["identity"]) if found else {}

    def told_numbers(self, name: str) -> list[ToldNumber]:
        """Return the numbers that results have under this name, of all devices."""
        parts = {"number": name, "z_number": "z_number", "fiscal_serial": "fiscal_serial"}
        told = ", ".join(f"json_extract(result, '$.{of}') AS {as_}" for as_, of in parts.items())
        rows = self._rows(
            f"SELECT id AS command_id, arrival, kind, device_id, evidence, {told} FROM command"
            f" WHERE state = 'issued' AND json_extract(result, '$.{name}') IS NOT NULL"
        )
        return [ToldNumber(**dict(row)) for row in rows]

    def archive_trouble(self, device_id: str) -> frozenset[str]:
        """Return the codes of what the last certificate found wrong with a device's archive."""
        named = "command_id IS NULL AND device_id = ? AND name = 'archive_certificate'"
        found = self._events(f"{named} ORDER BY id DESC LIMIT 1", device_id)
        return frozenset(found[0].data["codes"]) if found else frozenset()

    def note_configured(self, device_ids: Sequence[str]) -> dict[str, int]:
        """What waits for a device that is not configured says why; return how many, by device."""
        ours = f"device_id IN ({', '.join('?' for _ in device_ids)})"
        waiting = f"SELECT device_id, count(*) AS n FROM command WHERE NOT {ours}"
        rows = self._rows(
            f"{waiting} AND state IN ('queued', 'in_doubt') GROUP BY device_id", *device_ids
        )
        back = f"UPDATE command SET reason = NULL WHERE state = 'queued' AND reason = ? AND {ours}"
        gone = f"UPDATE command SET reason = ? WHERE state = 'queued' AND NOT {ours}"
        with self._transaction():
            self._db.execute(back, (NOT_CONFIGURED, *device_ids))
            if rows:
                self._db.execute(gone, (NOT_CONFIGURED, *device_ids))
        for device_id in self.devices().keys() - set(device_ids):
            health = {"status": "offline", "faults": [], "sentence": NOT_CONFIGURED}
            self.note_device(device_id, health)
        return {row["device_id"]: row["n"] for row in rows}


def _told(health: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in health.items() if name != DRIVES}
