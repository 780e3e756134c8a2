"""A configuration file that is read again while the agent works.

    the file --reread--> Reload      the devices and folders in force from now on
                    '--> ConfigError  nothing changes

[agent] and [cloud] stay as they were at the start: a ledger does not move under its threads, and an
agent does not change its name. Whatever of them is written otherwise is named, and waits.
"""

from dataclasses import dataclass
from pathlib import Path

from agent.devices import build_printer
from agent.english import counted
from agent.log import masked
from config.settings import Settings, load
from config.tables import Table
from drivers.clock import Clock

FIXED = ("agent", "cloud")
AT_ONCE = {"agent": ("search", "search_not")}  # asked for anew at every search
SENTENCE_LENGTH_MAX = 500


@dataclass(frozen=True, slots=True)
class Reload:
    """What is in force from now on. `waiting`: keys that are written otherwise than they work."""

    settings: Settings
    waiting: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(f"{key} is changed by a restart only" for key in self.waiting)


def reread(path: Path, old: Settings, clock: Clock) -> Reload:
    """Read the file again and check it whole.

    Raises:
        ConfigError: it cannot be used.
    """
    new = load(path)
    check(new, clock)
    fixed = {name: _kept(name, getattr(old, name), getattr(new, name)) for name in FIXED}
    settings = new.model_copy(update=fixed)
    waiting = [
        f"{name}.{key}"
        for name in FIXED
        for key in type(getattr(new, name)).model_fields
        if getattr(getattr(new, name), key) != getattr(fixed[name], key)
    ]
    return Reload(settings, tuple(waiting))


def check(settings: Settings, clock: Clock) -> None:
    """Find what only the building of a printer finds.

    Raises:
        ConfigError: an address or a feature that there is not.
    """
    for device in settings.device:
        build_printer(device, clock)


def changes(old: Settings, new: Settings) -> str:
    """Say what becomes of printers and folders: `2 devices: added dev_2; removed dev_3`."""
    was, now = ({device.id: device for device in each.device} for each in (old, new))
    parts = {
        "added": sorted(now.keys() - was.keys()),
        "removed": sorted(was.keys() - now.keys()),
        "changed": sorted(id_ for id_ in was.keys() & now.keys() if was[id_] != now[id_]),
    }
    said = [f"{what} {', '.join(ids)}" for what, ids in parts.items() if ids]
    if old.folder != new.folder:
        said.append("other folders")
    return f"{counted(len(now), 'device', 'devices')}: {'; '.join(said) or 'as before'}"


def refusal(error: Exception) -> str:
    """One line of a ConfigError, for status and log; a key may stand where it should not."""
    return masked(" / ".join(str(error).splitlines()))[:SENTENCE_LENGTH_MAX]


def _kept(name: str, old: Table, new: Table) -> Table:
    at_once = {key: getattr(new, key) for key in AT_ONCE.get(name, ())}
    return old.model_copy(update=at_once)
