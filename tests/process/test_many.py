"""Many printers on one agent: a sick one slows nobody, and one that moved is found again."""

import os
import signal
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.demo import RECEIPT
from tests.process.shop import Shop, Till

EACH = 4
SILENT_SINCE = "SELECT id FROM event WHERE device_id = ? AND name = 'device' AND data LIKE ?"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with Shop(tmp_path / "shop", printers=3) as shop:
        shop.write(*shop.tills)
        yield shop


@pytest.fixture
def nobody() -> Iterator[str]:
    """A port at whose far end nobody speaks; it keeps its number from others."""
    master, slave = os.openpty()
    tty.setraw(slave)
    yield os.ttyname(slave)
    os.close(master)
    os.close(slave)


def assert_once_each(shop: Shop, till: Till, ids: list[str]) -> None:
    records = shop.results(ids, 60.0)
    assert [record["status"] for record in records] == ["completed"] * len(ids), records
    references = [receipt["reference"] for receipt in till.receipts]
    assert len(references) == len(set(references)) == len(ids)


def test_a_printer_that_hangs_stops_no_other(shop: Shop) -> None:
    sick, *others = shop.tills
    shop.start_working()
    shop.wait_said(lambda said: all("online" in said["loops"][f"device {t.id}"] for t in others))
    sick.process.send_signal(signal.SIGSTOP)
    waiting = [shop.queue_on(sick, "print_receipt", RECEIPT) for _ in range(EACH)]
    ids = {t.id: [shop.queue_on(t, "print_receipt", RECEIPT) for _ in range(EACH)] for t in others}
    for till in others:
        assert_once_each(shop, till, ids[till.id])
    assert sick.receipts == []
    assert all(shop.record(id_)["status"] != "completed" for id_ in waiting)
    sick.process.send_signal(signal.SIGCONT)
    assert_once_each(shop, sick, waiting)


def test_a_printer_that_is_gone_is_told_and_the_others_print(shop: Shop) -> None:
    sick, *others = shop.tills
    shop.write(*shop.tills, **{sick.id: {"address": str(shop.home / "ttyUSB7")}})
    shop.start_working()
    ids = {t.id: [shop.queue_on(t, "print_receipt", RECEIPT) for _ in range(EACH)] for t in others}
    for till in others:
        assert_once_each(shop, till, ids[till.id])
    said = shop.wait_said(lambda said: "port_missing" in said["loops"][f"device {sick.id}"])
    assert all("online" in said["loops"][f"device {till.id}"] for till in others)


def search_in(shop: Shop, *tills: Till) -> str:
    """Say in the configuration where printers may be looked for."""
    ports = shop.home / "ports"
    ports.mkdir(exist_ok=True)
    for till in tills:
        (ports / f"{till.home.name}").symlink_to(till.address)
    return f'search = ["{ports}/*"]'


def test_a_printer_on_another_port_is_found_again_and_nobody_else_is_used(
    nobody: str, shop: Shop
) -> None:
    moved, other, configured = shop.tills
    agent = search_in(shop, moved, other, configured)
    shop.write(moved, configured, agent=agent, **{moved.id: {"address": nobody}})
    shop.start_working()
    ids = [shop.queue_on(moved, "print_receipt", RECEIPT) for _ in range(2)]
    assert_once_each(shop, moved, ids)
    found = f"found on {shop.home}/ports/till_1, configured is {nobody}"
    shop.wait_said(lambda said: found in said["loops"][f"device {moved.id}"])
    assert shop.wait_row(SILENT_SINCE, moved.id, f"%{found}%")
    assert other.receipts == configured.receipts == []


def test_a_printer_that_moves_in_mid_life_prints_each_receipt_once(shop: Shop) -> None:
    moved, other, _ = shop.tills
    shop.write(moved, agent=search_in(shop, other))
    shop.start_working()
    ids = [shop.queue_on(moved, "print_receipt", RECEIPT)]
    shop.results(ids)
    was = moved.address
    moved.process.kill()
    moved.process.wait()
    shop.plug(moved)
    assert moved.address != was
    ids += [shop.queue_on(moved, "print_receipt", RECEIPT) for _ in range(2)]
    search_in(shop, moved)
    assert_once_each(shop, moved, ids)
    found = f"found on {shop.home}/ports/till_1, configured is {was}"
    shop.wait_said(lambda said: found in said["loops"][f"device {moved.id}"])
    assert other.receipts == []
