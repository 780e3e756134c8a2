"""A state directory with an archive in it, a shop's two devices, and a stick to plug in.

    shelf = Shelf(tmp_path)
    shelf.intake.take("a.p7b", day(412), "/media/STICK")
    stick = shelf.plug_in("STICK"); shelf.look()

Real files and a real ledger; the clock moves only when told. What is mounted is said by a file in
the form of /proc/self/mountinfo.
"""

import tomllib
from contextlib import closing
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from typer.testing import Result

from agent.archive.intake import Intake
from agent.archive.je_day import DayFile, JeDay
from agent.archive.keeping import ArchiveKeeping
from agent.archive.looking import SETTLE_S, Looking
from agent.archive.loop import ArchiveLoop
from agent.archive.retention import Retention
from agent.archive.sorts import ReadDocument
from agent.archive.store import ARCHIVE, Store
from agent.entries import Event
from agent.ledger import Ledger
from agent.ledger_file import LEDGER_FILE
from config.settings import Settings
from drivers.model import Bani
from tests.agent.amef import called
from tests.agent.archive import signed_files
from tests.agent.archive.signed_files import NUI, OTHER_NUI
from tests.agent.clocks import FakeClock
from tests.agent.outbox import unreported

FIRST_Z_AT = datetime.fromisoformat("2025-08-20T21:42:17")  # of Z 0; one each day, without a zone
SERIAL = "DB4200000001"
DAY_NAME = "5000001234_Z{:04d}.p7b"
MOUNT = "{id} 24 8:{id} / {point} rw,relatime shared:1 - {kind} /dev/sdb{id} rw\n"
STEPS_MAX = 2000
CONFIG = """
[agent]
id = "shop"
state_dir = "{state}"
timezone = "UTC"
[cloud]
base_url = "http://127.0.0.1:9"
[[device]]
id = "dev_1"
family = "datecs_x"
address = "/dev/null"
nui = "{nui}"
fiscal_serial = "DB4200000001"
[[device]]
id = "dev_2"
family = "datecs_x"
address = "/dev/zero"
[archive]
{archive}
"""


@cache
def day(z_number: int, *totals: int, nui: str = NUI, part: int = 0) -> bytes:
    """The signed file of a day; other totals are another file of the same Z."""
    at = FIRST_Z_AT + timedelta(days=z_number)
    return signed_files.sign(
        signed_files.day_xml(z_number, at, [*(totals or (1210,))], nui), part=part
    )


@cache
def register(first: int, last: int, nui: str = NUI) -> bytes:
    return signed_files.sign(signed_files.register_xml(first, last, nui))


class Shelf:
    """`archive`: lines of the [archive] table."""

    def __init__(self, folder: Path, archive: str = "", nui: str = NUI) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.state.mkdir(exist_ok=True)
        self.config = folder / "config.toml"
        self.media = folder / "media"
        archive = archive or f'mounts = ["{self.media}"]'
        self.config.write_text(CONFIG.format(state=self.state, archive=archive, nui=nui), "utf-8")
        self.settings = Settings.model_validate(tomllib.loads(self.config.read_text("utf-8")))
        self.clock = FakeClock()
        self.store = Store(self.state / ARCHIVE)
        self.table = folder / "mountinfo"
        self.table.touch()
        self.disk_used = 10
        self._mounts = 0
        self.open()

    def open(self) -> None:
        """Begin as a program begins."""
        self.index = ArchiveKeeping(self.state / LEDGER_FILE, self.clock)
        self.intake = Intake(
            self.store, self.index, self.settings.device, disk_used=lambda: self.disk_used
        )
        self.retention = Retention(
            self.store, self.index, self.clock, self.settings.archive.retention_years
        )
        looking = Looking(self.settings.archive, self.intake, self.index, self.clock, self.table)
        self.loop = ArchiveLoop(looking, self.intake, self.retention)

    def close(self) -> None:
        self.index.close()

    # sticks

    def plug_in(self, name: str, files: dict[str, bytes] | None = None, kind: str = "vfat") -> Path:
        """A stick with these files appears."""
        point = self.media / name
        for path, content in (files or {}).items():
            (point / path).parent.mkdir(parents=True, exist_ok=True)
            (point / path).write_bytes(content)
        point.mkdir(parents=True, exist_ok=True)
        self.mount(point, kind)
        return point

    def mount(self, point: Path, kind: str = "vfat") -> None:
        self._mounts += 1
        shown = str(point).replace(" ", "\\040")
        line = MOUNT.format(id=self._mounts, point=shown, kind=kind)
        self.table.write_bytes(self.table.read_bytes() + line.encode())

    def unplug(self) -> None:
        """Whatever is plugged in is gone."""
        self.table.write_bytes(b"")

    def look(self, rounds: int = 3) -> None:
        """Step until nothing is left to do, with the time that a file needs to be whole."""
        for _ in range(rounds):
            for _ in range(STEPS_MAX):
                if not self.loop.step():
                    break
            self.wait_s(SETTLE_S)

    def wait_s(self, seconds: float) -> None:
        self.clock.ms += int(seconds * 1000)

    def fill_october(self) -> None:
        """A whole month of one device, and a day of another shop's."""
        for z in range(407, 438):
            self.intake.take(DAY_NAME.format(z), day(z), "/media/STICK")
        self.intake.take("Perioada_raportare.p7b", register(407, 437), "/media/STICK")
        self.intake.take("foreign.p7b", day(407, nui=OTHER_NUI), "/media/STICK")

    # what there is

    def zs(self, owner: str = NUI) -> list[int]:
        """The Zs of the signed days that are indexed and lie in the store, whole."""
        found = []
        for filed in self.index.documents():
            if filed.document.owner == owner and filed.document.sort == "p7b_day":
                assert len(self.store.read(filed.document.sha256)) == filed.document.bytes
                found.append(filed.document.z_first or 0)
        return found

    def events(self, name: str) -> list[Event]:
        with closing(Ledger(self.state / LEDGER_FILE, self.clock)) as ledger:
            return [event for event in unreported(ledger, 10_000) if event.name == name]

    def told(self) -> list[dict[str, Any]]:
        """What was said of folders and sticks."""
        return [event.data for event in self.events("archive_import")]

    def report_all(self) -> None:
        """The cloud has heard of everything."""
        with closing(Ledger(self.state / LEDGER_FILE, self.clock)) as ledger:
            ledger.reported(*(event.id for event in unreported(ledger, 10_000)))


def codes(facts: dict[str, Any]) -> list[str]:
    return [finding["code"] for finding in facts["findings"]]


def asked(shelf: Shelf, *words: str, lang: str = "en_US.UTF-8") -> Result:
    """What `amef archive` answers."""
    return called("archive", *words, "--config", str(shelf.config), lang=lang)


def je_day(shelf: Shelf, z_number: int = 7) -> str:
    """Seal a day of the JE as the reader does; return its hash."""
    read = [
        ReadDocument(
            number, z_number, "receipt", "2026-10-05T08:05:41", number, text, Bani(1210), "", ""
        )
        for number, text in ((1, b"BON FISCAL\nP\xe2ine \x1b[31m 12,10\n"), (2, b"BON\n"))
    ]
    made = JeDay(z_number)
    for each in read:
        made.add(each)
    file = DayFile(SERIAL, made.facts())
    stored = shelf.store.put(file.content(read))
    shelf.index.file(file.document(stored, "dev_1"))
    return stored.sha256


__all__ = ["DAY_NAME", "NUI", "OTHER_NUI", "SERIAL", "Shelf", "asked", "codes", "day", "je_day"]
__all__ += ["register"]
