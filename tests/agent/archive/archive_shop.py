"""A shop whose archive goes up: real store, real ledger, real cloud; its line can break.

    with a_shop(home, world) as shop:
        number = shop.filed(Sort.JE, b"...")      as a reader of the archive files it
        shop.line.breaks_before = 3               the third request of a document never leaves
        shop.settle()
        shop.fates()                              what became of every upload of the archive

Opened again on the same folder, it is the same agent after a restart.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

from agent.archive.index import ArchiveIndex
from agent.archive.sorts import NewDocument, Sort
from agent.archive.store import Store
from agent.cloud.client import Answer, CloudError, CloudUnreachable
from agent.cloud.keys import parse
from agent.cloud.sync import Around
from agent.ledger_outbox import OF_ARCHIVE, Fate
from config.settings import AgentSettings, CloudSettings, DeviceSettings, Settings, profiles
from sandbox.cloud.world import World
from tests.agent.cloud.cloud_world import Agent, HandTimed, no_limit

OWNER = "SIM0000001"
AT = "2026-04-02T22:00:00"
PART_BYTES = 256 * 1024


class Line(HandTimed):
    """The way to the cloud. Remembers what was asked; can break before or after a request."""

    asked: list[str]
    places: list[str]
    breaks_before = breaks_after = -1
    troubles: list[str]

    def send(self, call: str, **content: Any) -> Answer:
        if (extra := content.get("extra")) is not None:
            self.places.append(extra.headers.get("Content-Range", "whole"))
            if len(self.places) == self.breaks_before:
                raise CloudUnreachable("cut before")
        self.asked.append(call)
        try:
            answer = super().send(call, **content)
        except CloudError as error:
            self.troubles.append(str(error))
            raise
        if extra is not None and len(self.places) == self.breaks_after:
            raise CloudUnreachable("cut after")
        return answer

    @property
    def sent(self) -> list[str]:
        """The parts that left, each by its place."""
        return [place for place in self.places if "*" not in place]


class Shop(Agent):
    """An agent with an archive."""

    line: Line
    store: Store
    index: ArchiveIndex
    home: Path

    def filed(self, sort: Sort, content: bytes, device_id: str | None = None, **more: Any) -> int:
        stored = self.store.put(content)
        about: dict[str, Any] = {"owner": OWNER, "name": f"{sort}.bin", "origin": "device"}
        about |= {"at": AT, "device_id": self.id if device_id is None else device_id} | more
        new = NewDocument(sort=sort, sha256=stored.sha256, bytes=stored.bytes, **about)
        return self.index.file(new)[0].id

    def fates(self) -> list[tuple[str, Fate, str | None]]:
        kept = self.ledger._uploads(f"{OF_ARCHIVE} ORDER BY event_id, id")
        return [(one.call, one.fate, one.reason) for one in kept]

    def rested(self) -> None:
        """Let every rest pass, and work on."""
        self.clock.move(601.0)
        self.settle()


@contextmanager
def a_shop(
    home: Path,
    world: World,
    device_id: str,
    secret: str = "",
    around: Around | None = None,
    profile: str = "ebon",
) -> Iterator[Shop]:
    """An agent of one device, which is its name too; by default with the demo's agent key."""
    cloud = CloudSettings(
        profile=profile, base_url=world.running.url, poll_interval_s=10.0, long_poll_s=0
    )
    device = DeviceSettings(id=device_id, family="datecs_x", address="/dev/none")
    settings = Settings(
        agent=AgentSettings(id=device_id, state_dir=home), cloud=cloud, device=[device]
    )
    key = parse(secret or world.running.agent_key, "a test", profile)
    line = Line(profiles()[profile], world.running.url, key, device_id)
    line.asked, line.places, line.troubles = [], [], []
    path = home / "shop.sqlite3"
    shop = Shop(path, settings, line, around or no_limit())
    shop.line, shop.home, shop.store = line, home, Store(home / "archive")
    with closing(ArchiveIndex(path, shop.clock)) as shop.index:
        try:
            yield shop
        finally:
            shop.close()


def content_of(size: int, seed: int = 1) -> bytes:
    """As a day of receipts is: text that repeats itself, and not quite."""
    random = Random(seed)
    lines = [b"TOTAL %09d LEI\n" % random.randrange(10**9) for _ in range(1 + size // 20)]
    return b"".join(lines)[:size]


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()
