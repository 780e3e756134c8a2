"""Is the device ready for this? Pure: what it says of itself, against what is to be done."""

from agent.commands import Kind
from drivers.faults import Fault, words
from drivers.status import DeviceStatus


def obstacles(kind: Kind, status: DeviceStatus) -> list[Fault]:
    """Return the conditions that keep a command from being done now, worst last."""
    found = [fault for fault in status.blocking if fault not in kind.tolerates]
    return sorted(found, key=lambda fault: not words()[fault].waits)
