"""The whole life of a key in each of the four key systems, with the agent's real cloud side on top.

    issue -> poll -> print -> report -> rotate (or replace) -> revoke

Real HTTP on loopback and a real ledger file; the printer is played through the ledger. Where a
cloud rotates, the old key is dead at once; elsewhere a new one is made and the old one deleted.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.cloud.client import CloudClient
from agent.cloud.keys import KeyFile, KeyRing
from agent.cloud.sync import CloudSync
from agent.ledger import Ledger
from config.settings import (
    AgentSettings,
    CloudSettings,
    ConfigError,
    DeviceSettings,
    Settings,
    profiles,
)
from sandbox.cloud.clock import utc_now
from sandbox.cloud.dialect import Offers
from sandbox.cloud.world import RECEIPT, World, opened
from tests.agent.clocks import FakeClock
from tests.agent.cloud.cloud_world import COUNTERS, NOW_MS, RECEIPT_RESULT, no_limit

PROFILES = ("ebon", "elebne", "esnad", "sbs")
ROTATING = ("elebne",)
STEPS_MAX = 200
LOOKS = 2  # a cloud without sync is found out by the first one
AGENT = "magazin-1"


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop's machine: the key file, the ledger, the cloud side of the agent."""

    world: World
    device_id: str
    key_file: KeyFile
    ledger: Ledger
    clock: FakeClock
    sync: CloudSync

    def settle(self) -> None:
        """Look again after every interval and back-off, until there is nothing more to do."""
        for _ in range(LOOKS):
            self.clock.move(61.0)
            resting = (not self.sync.step() for _ in range(STEPS_MAX))
            assert any(resting), "it never rests"

    def sell(self) -> str:
        """Queue a receipt, let the agent fetch it, print it, and tell."""
        command_id = self.world.portal.queue(self.device_id, "print_receipt", RECEIPT)
        self.settle()
        entry = self.ledger.next_queued(self.device_id, self.clock.now_ms())
        assert entry is not None, self.sync.sentence
        assert entry.id == command_id
        self.ledger.finish(self.ledger.begin(entry, COUNTERS, 33), RECEIPT_RESULT, 40)
        self.settle()
        return str(self.world.portal.record(command_id)["status"])


@contextmanager
def open_shop(home: Path, world: World, profile: str, secret: str) -> Iterator[Shop]:
    world.clock.now = utc_now()  # a command's age is measured against the answer's Date
    device_id = world.portal.device()
    clock = FakeClock(NOW_MS)
    key_file = KeyFile(home / "api-key", profile)
    key_file.place(secret)
    ring = KeyRing(key_file.read(), key_file, clock=clock)
    cloud = CloudSettings(
        profile=profile, base_url=world.running.url, poll_interval_s=10.0, long_poll_s=0
    )
    device = DeviceSettings(id=device_id, family="datecs_x", address="/dev/null")
    settings = Settings(agent=AgentSettings(id=AGENT, state_dir=home), cloud=cloud, device=[device])
    client = CloudClient(profiles()[profile], world.running.url, ring, AGENT, clock)
    ledger = Ledger(home / "ledger.sqlite3", clock)
    sync = CloudSync(client, settings, ledger, clock, lambda _: None, no_limit())
    try:
        yield Shop(world, device_id, key_file, ledger, clock, sync)
    finally:
        sync.close()
        ledger.close()


@pytest.mark.parametrize("sync", [True, False], ids=["sync", "by list, claim and result"])
@pytest.mark.parametrize("profile", PROFILES)
def test_a_key_lives_from_issue_to_revocation(tmp_path: Path, profile: str, *, sync: bool) -> None:
    offers = Offers(sync=sync)
    with opened(tmp_path / "cloud.db", profile=profile, offers=offers) as world:
        issued = world.portal.key()
        with open_shop(tmp_path, world, profile, issued["secret"]) as shop:
            assert shop.sell() == "completed"
            assert row(world, issued["id"])["last_used_at"] is not None
            assert_only_hashed(tmp_path, issued["secret"])

            successor = replaced(world, shop, issued, profile)
            assert shop.sell() == "completed"
            assert not shop.key_file.previous.exists(), "the new key worked: the old one is gone"

            world.portal.http.delete(f"keys/{successor['id']}").raise_for_status()
            late = world.portal.queue(shop.device_id, "print_receipt", RECEIPT)
            shop.settle()
            assert shop.ledger.next_queued(shop.device_id, shop.clock.now_ms()) is None
            assert world.portal.record(late)["status"] == "pending"
            assert "401" in shop.sync.sentence or "key" in shop.sync.sentence.lower()


def replaced(world: World, shop: Shop, issued: dict[str, str], profile: str) -> dict[str, str]:
    """Another key in use: rotated where the cloud does that, else a new one and the old deleted."""
    if profile in ROTATING:
        secret = world.portal.rotate(issued["id"])
        shop.key_file.place(secret)
        return issued | {"secret": secret}
    refused = world.portal.http.post(f"keys/{issued['id']}/rotate", json={})
    assert refused.status_code == 409
    successor = world.portal.key()
    shop.key_file.place(successor["secret"])
    shop.settle()
    world.portal.http.delete(f"keys/{issued['id']}").raise_for_status()
    return successor


def row(world: World, key_id: str) -> dict[str, str]:
    keys = world.portal.http.get("keys").raise_for_status().json()["keys"]
    return next(one for one in keys if one["id"] == key_id)


def assert_only_hashed(home: Path, secret: str) -> None:
    """Neither a list nor a file of the cloud holds the secret."""
    kept = [path for path in home.iterdir() if path.name.startswith("cloud.db")]
    assert kept
    assert not [path for path in kept if secret.encode() in path.read_bytes()]


@pytest.mark.parametrize("profile", PROFILES)
def test_a_key_switched_off_stops_the_work_and_switched_on_goes_on(
    tmp_path: Path, profile: str
) -> None:
    with opened(tmp_path / "cloud.db", profile=profile) as world:
        issued = world.portal.key()
        with open_shop(tmp_path, world, profile, issued["secret"]) as shop:
            world.portal.http.patch(f"keys/{issued['id']}", json={"active": False})
            waiting = world.portal.queue(shop.device_id, "print_receipt", RECEIPT)
            shop.settle()
            assert world.portal.record(waiting)["status"] == "pending"
            world.portal.http.patch(f"keys/{issued['id']}", json={"active": True})
            shop.settle()
            entry = shop.ledger.next_queued(shop.device_id, shop.clock.now_ms())
            assert (entry and entry.id) == waiting, shop.sync.sentence


@pytest.mark.parametrize(("profile", "kind"), [("elebne", "pk"), ("sbs", "alsak"), ("sbs", "aak")])
def test_a_key_of_a_kind_that_cannot_do_the_work_is_refused_at_start(
    tmp_path: Path, profile: str, kind: str
) -> None:
    with opened(tmp_path / "cloud.db", profile=profile) as world:
        secret = world.portal.key(kind=kind, scopes=[])["secret"]
        key_file = KeyFile(tmp_path / "api-key", profile)
        key_file.path.touch(mode=0o600)
        key_file.path.write_text(secret)
        with pytest.raises(ConfigError) as refusal:
            key_file.read()
        assert secret not in str(refusal.value)
