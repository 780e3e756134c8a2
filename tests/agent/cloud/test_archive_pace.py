"""The archive's way up in the background: it never stands in the way, and what waits is told."""

import json
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from agent.archive.index import ArchiveIndex
from agent.archive.sorts import NewDocument, Sort
from agent.cloud.archive_up import LATER_S, TRIES_MAX
from agent.cloud.sync import Around
from agent.ledger import Ledger
from agent.ledger_file import LEDGER_FILE
from agent.ledger_outbox import Fate, Upload
from sandbox.cloud.world import RECEIPT, World, opened
from tests.agent.amef import called, configuration
from tests.agent.archive.archive_shop import (
    OWNER,
    Shop,
    a_shop,
    content_of,
    digest,
)
from tests.agent.clocks import FakeClock
from tests.agent.cloud.cloud_world import NOW_MS, fault, submit, told
from tests.agent.outbox import unreported

SIGNED = b"0\x80\x06\x09*" + bytes(range(256))
BIG = content_of(5 * 1024 * 1024)
DONE_UPLOAD = ("upload", Fate.DONE, None)


def uploads(shop: Shop) -> list[tuple[str, Fate, str | None]]:
    return [one for one in shop.fates() if one[0] == "upload"]


# in the background


def test_a_key_without_the_scope_pauses_it_until_one_may(tmp_path: Path, world: World) -> None:
    device, poor = world.device(), world.key("commands")[1]["x-api-key"]
    with a_shop(tmp_path, world, device, poor) as shop:
        shop.filed(Sort.MF, SIGNED)
        shop.settle()
        assert [fate for _, fate, _ in shop.fates()] == [Fate.PAUSED] * 2
        assert any("cannot be uploaded" in note for note in shop.sync.notes)
        shop.filed(Sort.MF, SIGNED[::-1])
        shop.settle()
        assert unreported(shop.ledger, 9) == []
    with a_shop(tmp_path, world, device) as shop:
        shop.settle()
        assert uploads(shop) == [DONE_UPLOAD] * 2


def test_results_go_before_fifty_documents_that_were_there_first(world: World, shop: Shop) -> None:
    ids = [submit(world, shop.id, "print_receipt", RECEIPT) for _ in range(20)]
    for _ in range(12):
        shop.poll()
    for number in range(60):
        shop.filed(Sort.MF, b"MF %d" % number)
    for id_ in ids:
        if not shop.ledger.entry(id_).claimed:
            shop.poll()
        shop.print(id_)
    shop.line.asked.clear()
    shop.settle()
    order = [call for call in shop.line.asked if call in ("result", "upload", "sync")]
    last = max(n for n, call in enumerate(order) if call in ("result", "sync"))
    assert order.index("upload") > last
    assert order.count("upload") == 60
    assert {told(world, id_)["status"] for id_ in ids} == {"completed"}


def test_a_cloud_that_breaks_on_documents_hears_of_receipts_all_the_same(
    world: World, shop: Shop
) -> None:
    for number in range(3):
        shop.filed(Sort.MF, b"MF %d" % number)
    fault(world, "status:500", f"/api/v1/devices/{shop.id}/reports", "POST", times=TRIES_MAX)
    for _ in range(TRIES_MAX):
        shop.settle()
        id_ = submit(world, shop.id, "print_receipt", RECEIPT)
        shop.clock.move(21.0)
        shop.settle()
        shop.print(id_)
        shop.settle()
        assert told(world, id_)["status"] == "completed"
        assert shop.sync.sentence == "connected"
        shop.clock.move(601.0)
    shop.settle()
    assert [fate for _, fate, _ in uploads(shop)] == [Fate.WAITING, Fate.DONE, Fate.DONE]
    shop.clock.move(LATER_S)
    shop.settle()
    assert uploads(shop) == [DONE_UPLOAD] * 3


def test_the_status_tells_how_much_waits(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    config = configuration(tmp_path, "/dev/ttyS9")
    clock = FakeClock(NOW_MS)
    path = tmp_path / "state" / LEDGER_FILE
    with closing(ArchiveIndex(path, clock)) as index, closing(Ledger(path, clock)) as ledger:
        for number in range(3):
            new = NewDocument(Sort.MF, OWNER, "mf", f"{number:064}", 500_000, "device", "dev_1")
            index.file(new)
        events = ledger.unplanned(9)
        upload = Upload("upload", {"device_id": "dev_1", "kind": "mf"}, {"n": 1})
        ledger.plan([(event, [upload]) for event in events])
        ledger.settle(ledger.archive_waiting(1), Fate.DONE)
    said = called("status", "--config", config).output
    assert "documents of the archive not yet uploaded: 2 (1.0 MB)" in said
    said = called("status", "--json", "--config", config).output
    assert json.loads(said)["outbox"]["archive"] == {"documents": 2, "bytes": 1_000_000}


# other clouds


@pytest.mark.parametrize(("profile", "goes"), [("elebne", 4), ("esnad", 4), ("sbs", 0)])
def test_the_other_clouds_get_it_where_they_take_bytes(
    tmp_path: Path, profile: str, goes: int
) -> None:
    with opened(tmp_path / "cloud.db", profile=profile) as world:
        device, secret = world.portal.device(), world.portal.key()["secret"]
        with a_shop(tmp_path, world, device, secret, profile=profile) as shop:
            for sort in (Sort.MF, Sort.JE, Sort.SIGNED_DAY, Sort.SIGNED_REGISTER):
                shop.filed(sort, BIG if sort is Sort.JE else SIGNED)
            for _ in range(20):  # of 20 writes a minute, not all are for this
                shop.clock.move(10.0)
                shop.settle()
            assert shop.fates() == [DONE_UPLOAD] * goes
            assert unreported(shop.ledger, 9) == []
        if goes:
            (row,) = world.portal.reports(device, "je")
            assert digest(world.portal.file("je", row["id"])) == digest(BIG)


# the budget


class Till:
    """Sells once in a while, and looks at how soon the cloud heard, by its own clock."""

    def __init__(self, world: World, shop: Shop) -> None:
        self.world, self.shop = world, shop
        self.ordered_s: dict[str, float] = {}
        self.taken_s: list[float] = []
        self.told_s: list[float] = []
        self.polled_s: list[float] = []
        self._printed: dict[str, float] = {}

    def run(self, seconds: int, every_s: int) -> None:
        for second in range(2 * seconds):
            self.world.clock.move(seconds=0.5)
            self.shop.clock.move(0.5)
            if second % (2 * every_s) == 0:
                id_ = self.world.portal.queue(self.shop.id, "print_receipt", RECEIPT)
                self.ordered_s[id_] = self.shop.clock.monotonic_s()
            self.look()

    def look(self) -> None:
        shop, now_s = self.shop, self.shop.clock.monotonic_s()
        for _ in range(20):
            before = len(shop.line.asked)
            if not shop.sync.step():
                break
            if "sync" in shop.line.asked[before:] and not self._printed:
                self.polled_s.append(now_s)
        for id_, printed_s in list(self._printed.items()):
            if self.world.portal.record(id_)["status"] == "completed":
                self.told_s.append(now_s - printed_s)
                del self._printed[id_]
        if entry := shop.ledger.next_queued(shop.id, shop.clock.now_ms()):
            self.taken_s.append(now_s - self.ordered_s[entry.id])
            shop.print(entry.id)
            self._printed[entry.id] = now_s


def longest(moments: list[float]) -> float:
    return max(later - earlier for earlier, later in pairwise(moments))


def test_thirty_days_of_archive_go_up_while_receipts_keep_their_pace(tmp_path: Path) -> None:
    with opened(tmp_path / "cloud.db", rate_limits=True) as world:
        secret = world.key("commands", "devices")[1]["x-api-key"]
        with a_shop(tmp_path, world, world.device(), secret, Around()) as shop:
            till = Till(world, shop)
            till.run(1200, every_s=60)
            alone = (longest(till.polled_s), max(till.told_s), max(till.taken_s))
            for day in range(30):
                for sort, size in ((Sort.JE, 300_000), (Sort.SIGNED_DAY, 9000), (Sort.Z, 900)):
                    about = {"z_first": 500 + day, "z_last": 500 + day}
                    shop.filed(sort, content_of(size, day + size), **about)
            till.polled_s.clear()
            till.told_s.clear()
            till.taken_s.clear()
            began_s = shop.clock.monotonic_s()
            for _ in range(12):
                till.run(600, every_s=60)
                if not shop.ledger.archive_left()[0]:
                    break
            busy = (longest(till.polled_s), max(till.told_s), max(till.taken_s))
            assert {trouble[:3] for trouble in shop.line.troubles} == {"403"}  # and no 429
            assert uploads(shop) == [DONE_UPLOAD] * 90
            assert len(till.told_s) >= 19
            for slowest, before in zip(busy, alone, strict=True):
                assert slowest <= 1.25 * before
            assert shop.clock.monotonic_s() - began_s <= 3600.0
