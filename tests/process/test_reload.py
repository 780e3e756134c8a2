"""SIGHUP: printers come, go and change, and the others go on with what they are doing."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.exits import Exit
from sandbox.demo import RECEIPT
from tests.process.shop import Shop, Till

BEGUN = "SELECT id FROM command WHERE device_id = ? AND baseline IS NOT NULL"
WHY = "reason = 'its device is not in the configuration'"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Three printers that need a while for every line; the first two are configured."""
    with Shop(tmp_path / "shop", printers=3, options=("--print-ms", "10")) as shop:
        shop.write(*shop.tills[:2])
        yield shop


def opened(shop: Shop, till: Till) -> int:
    """How often the agent opened the port of a till."""
    return len(re.findall(rf"opened {till.address} at", shop.log()))


def assert_once_each(shop: Shop, till: Till, ids: list[str]) -> None:
    records = shop.results(ids, 60.0)
    assert [record["status"] for record in records] == ["completed"] * len(ids), records
    references = [receipt["reference"] for receipt in till.receipts]
    assert len(references) == len(set(references)) == len(ids)
    numbers = [record["result"]["receiptNumber"] for record in records]
    assert sorted(numbers) == sorted(receipt["number"] for receipt in till.receipts)


def test_printers_come_and_go_in_the_midst_of_another_s_receipts(shop: Shop) -> None:
    stays, goes, comes = shop.tills
    agent = shop.start_working("--log-level", "DEBUG")
    ids = [shop.queue_on(stays, "print_receipt", RECEIPT) for _ in range(4)]
    theirs = [shop.queue_on(goes, "print_receipt", RECEIPT) for _ in range(8)]
    shop.wait_row(BEGUN, goes.id)
    shop.wait_row(BEGUN, stays.id)
    shop.write(stays, comes)
    shop.reload(agent, f"2 devices: added {comes.id}; removed {goes.id}")
    ids += [shop.queue_on(stays, "print_receipt", RECEIPT)]
    fresh = [shop.queue_on(comes, "print_receipt", RECEIPT) for _ in range(2)]
    assert_once_each(shop, stays, ids)
    assert_once_each(shop, comes, fresh)
    said = shop.wait_said(lambda said: f"device {goes.id}" not in said["loops"])
    printed = len(goes.receipts)
    assert 1 <= printed < len(theirs)
    assert_once_each(shop, goes, theirs[:printed])
    waiting = f"SELECT count(*) FROM command WHERE device_id = ? AND state = 'queued' AND {WHY}"
    assert shop.wait_row(waiting, goes.id)[0] == len(theirs) - printed
    left = f"{len(theirs) - printed} commands wait for {goes.id}, which is not configured"
    assert said["notes"]["configuration"] == [left]
    assert opened(shop, stays) == 1
    assert opened(shop, goes) == 1


def test_a_printer_that_comes_back_prints_what_waited_for_it(shop: Shop) -> None:
    stays, goes, _ = shop.tills
    agent = shop.start_working()
    shop.wait_said(lambda said: "online" in said["loops"].get(f"device {goes.id}", ""))
    goes.process.send_signal(signal.SIGSTOP)
    waiting = shop.queue_on(goes, "print_receipt", RECEIPT)
    shop.wait_row("SELECT id FROM command WHERE id = ? AND claimed = 1", waiting)
    shop.write(stays)
    shop.reload(agent, f"removed {goes.id}")
    shop.wait_row(f"SELECT id FROM command WHERE id = ? AND {WHY}", waiting)
    goes.process.send_signal(signal.SIGCONT)
    shop.write(stays, goes)
    said = shop.reload(agent, f"added {goes.id}")
    assert_once_each(shop, goes, [waiting])
    said = shop.wait_said(lambda said: "configuration" not in said.get("notes", {}))
    assert f"device {goes.id}" in said["loops"]


def test_a_port_that_was_given_back_can_be_another_device_s(shop: Shop) -> None:
    stays, goes, _ = shop.tills
    agent = shop.start_working()
    ids = [shop.queue_on(goes, "print_receipt", RECEIPT)]
    shop.wait_row(BEGUN, goes.id)
    heir = Till(shop.tills[2].id, goes.address, goes.home, goes.serial, goes.process)
    shop.write(stays, heir)
    shop.reload(agent, f"added {heir.id}; removed {goes.id}")
    ids += [shop.queue_on(heir, "print_receipt", RECEIPT)]
    assert_once_each(shop, goes, ids)


def test_a_changed_printer_begins_anew_and_the_others_keep_their_session(shop: Shop) -> None:
    stays, changes, _ = shop.tills
    agent = shop.start_working("--log-level", "DEBUG")
    ids = [shop.queue_on(changes, "print_receipt", RECEIPT) for _ in range(3)]
    others = [shop.queue_on(stays, "print_receipt", RECEIPT) for _ in range(3)]
    shop.wait_row(BEGUN, changes.id)
    shop.wait_row(BEGUN, stays.id)
    shop.write(stays, changes, **{changes.id: {"till": 7}})
    shop.reload(agent, f"2 devices: changed {changes.id}")
    assert_once_each(shop, changes, ids)
    assert_once_each(shop, stays, others)
    shop.wait_logged(f"opened {changes.address} at", 2)  # with nothing left to print, too
    assert opened(shop, stays) == 1
    assert opened(shop, changes) == 2


USB = '[[device]]\nid = "dev_9"\nfamily = "datecs_x"\ntransport = "usb"\naddress = "usb:z"\n'
FAMILY = '[[device]]\nid = "dev_9"\nfamily = "datecs"\naddress = "/dev/ttyS9"\n'


@pytest.mark.parametrize(
    ("broken", "why", "exit_status"),
    [
        ("[[device]\n", "at line 18", Exit.CONFIG),
        (FAMILY, "the nearest known one is 'datecs_x'", Exit.CONFIG),
        (USB, "address 'usb:z'", 0),  # only the building of the printer finds it
    ],
)
def test_a_bad_file_changes_nothing_and_is_said_loudly(
    shop: Shop, broken: str, why: str, exit_status: int
) -> None:
    first, second, _ = shop.tills
    agent = shop.start_working()
    shop.write(first)
    good = shop.config.read_text()
    shop.config.write_text(good + broken)
    said = shop.reload(agent, "refused, nothing is changed")
    assert {f"device {first.id}", f"device {second.id}"} <= set(said["loops"])
    assert why in said["loops"]["configuration"]
    assert "CRITICAL reload.refused" in shop.log()
    for till in (first, second):
        assert_once_each(shop, till, [shop.queue_on(till, "print_receipt", RECEIPT)])
    looked = shop.status()
    assert looked.returncode == exit_status
    shown = " ".join(looked.stdout.split())
    assert "configuration: refused, nothing is changed" in shown
    assert why in shown
    shop.config.write_text(good)
    shop.reload(agent, f"1 device: removed {second.id}")


def test_what_only_a_restart_changes_is_named_and_left(shop: Shop) -> None:
    agent = shop.start_working()
    shop.write(*shop.tills[:2], agent="command_ttl_s = 60")
    said = shop.reload(agent, "2 devices: as before")
    assert said["notes"]["configuration"] == [
        "agent.command_ttl_s is changed by a restart only",
    ]
    text = shop.config.read_text()
    shop.config.write_text(text.replace('id = "demo"', 'id = "other"'))
    agent.send_signal(signal.SIGHUP)
    said = shop.wait_said(lambda said: len(said.get("notes", {}).get("configuration", ())) == 2)
    assert "agent.id is changed by a restart only" in said["notes"]["configuration"]
