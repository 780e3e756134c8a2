"""The archive goes up in the background: in parts, once, checked, and never in the way."""

import json
import tracemalloc
from pathlib import Path

import pytest

from agent.archive.report_files import REBUILT
from agent.archive.sorts import RateSum, Sort, ZFigures
from agent.archive.store import Store
from agent.cloud.archive_up import UNVERIFIED, Content
from agent.cloud.archived import NAME_LENGTH_MAX
from agent.ledger_outbox import Fate
from drivers.model import Bani, VatRate
from sandbox.cloud.world import World
from tests.agent.archive.archive_shop import (
    AT,
    OWNER,
    PART_BYTES,
    Shop,
    a_shop,
    content_of,
    digest,
)
from tests.agent.cloud.cloud_world import REPORT_RESULT, fault, submit
from tests.agent.outbox import unreported

SIGNED = b"0\x80\x06\x09*\x86H\x86\xf7\r\x01\x07\x02\xa0\x80" + bytes(range(256))
DAY = content_of(2 * PART_BYTES + 1000)
BIG = content_of(5 * 1024 * 1024)
DONE_UPLOAD = ("upload", Fate.DONE, None)


def uploads(shop: Shop) -> list[tuple[str, Fate, str | None]]:
    return [one for one in shop.fates() if one[0] == "upload"]


def fault_on_documents(world: World, action: str, times: int = 1) -> None:
    fault(world, action, "/api/v1/devices", "POST", times)


# what goes up


def test_a_signed_file_goes_up_verbatim_with_what_is_known_of_it(world: World, shop: Shop) -> None:
    about = {"name": "ZI 12 ăîș.p7b", "z_first": 12, "z_last": 12, "owner": "8000123456"}
    shop.filed(Sort.SIGNED_DAY, SIGNED, **about)
    shop.filed(Sort.SIGNED_REGISTER, SIGNED[::-1])
    shop.settle()
    assert shop.fates() == [DONE_UPLOAD, DONE_UPLOAD]
    assert shop.line.places == ["whole", "whole"]
    assert unreported(shop.ledger, 9) == []
    first, second = world.portal.reports(shop.id, "p7b")
    assert world.portal.file("p7b", first["id"]) == SIGNED
    assert (first["sha256"], first["bytes"]) == (digest(SIGNED), len(SIGNED))
    assert {name: first[name] for name in ("name", "sort", "owner", "at", "zFrom", "zTo")} == {
        **{"name": "ZI 12 ăîș.p7b", "sort": "p7b_day", "owner": "8000123456"},
        **{"at": AT, "zFrom": 12, "zTo": 12},
    }
    assert second["sort"] == "p7b_register"


def test_five_megabytes_go_up_in_parts_of_which_each_goes_once(world: World, shop: Shop) -> None:
    shop.filed(Sort.JE, BIG)
    shop.settle()
    assert uploads(shop) == [DONE_UPLOAD]
    firsts = [place.removeprefix("bytes ").partition("-")[0] for place in shop.line.places]
    assert firsts == [f"*/{len(BIG)}", *(str(n) for n in range(0, len(BIG), PART_BYTES))]
    (row,) = world.portal.reports(shop.id, "je")
    assert digest(world.portal.file("je", row["id"])) == digest(BIG)


def test_memory_holds_a_part_and_not_the_document(tmp_path: Path) -> None:
    store = Store(tmp_path)
    stored = store.put(content_of(20 * 1024 * 1024))
    content = Content(store, stored.sha256, stored.bytes)
    tracemalloc.start()
    for first in range(0, stored.bytes, PART_BYTES):
        content.part(first, min(PART_BYTES, stored.bytes - first))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * PART_BYTES


def test_a_foreign_document_is_not_told_to_anybody(shop: Shop) -> None:
    shop.filed(Sort.SIGNED_DAY, SIGNED, device_id="")
    shop.settle()
    assert (shop.fates(), unreported(shop.ledger, 9), shop.line.places) == ([], [], [])


def test_a_long_name_is_cut_and_an_empty_document_is_one_too(world: World, shop: Shop) -> None:
    shop.filed(Sort.MF, b"MF", name="x" * 500)
    shop.filed(Sort.MF, b"")
    shop.settle()
    assert uploads(shop) == [DONE_UPLOAD, DONE_UPLOAD]
    long, empty = world.portal.reports(shop.id, "mf")
    assert (len(long["name"]), empty["bytes"]) == (NAME_LENGTH_MAX, 0)


# once


def z_report(world: World, shop: Shop) -> str:
    id_ = submit(world, shop.id, "z_report")
    shop.poll()
    shop.print(id_)
    return id_


def test_a_z_that_a_command_brought_is_not_told_twice(world: World, shop: Shop) -> None:
    id_ = z_report(world, shop)
    z = REPORT_RESULT["number"]
    mine = {"owner": REPORT_RESULT["fiscal_serial"], "z_first": z, "z_last": z}
    shop.filed(Sort.Z, b"{}", **mine)  # found after a doubt: nothing says whose it was
    shop.filed(Sort.X, b"{ }", facts={"command": "cmd_1"})
    shop.filed(Sort.Z, b"[]", **mine | {"z_first": z + 1, "z_last": z + 1})
    shop.settle()
    (upload,) = [one for one in shop.fates() if one[0] == "upload"]  # somebody pressed the key
    assert upload == DONE_UPLOAD
    assert unreported(shop.ledger, 9) == []
    ours, theirs = world.portal.reports(shop.id, "z")
    assert (ours["commandId"], theirs["report"]["zTo"]) == (id_, z + 1)


def test_an_x_or_z_of_a_lost_ledger_is_not_told_again(shop: Shop) -> None:
    shop.filed(Sort.Z, b"{}", origin=REBUILT, z_first=4, z_last=4)
    shop.filed(Sort.X, b"{ }", origin=REBUILT, z_first=4, z_last=4)
    shop.filed(Sort.JE, DAY, origin=REBUILT)
    shop.settle()
    assert uploads(shop) == [DONE_UPLOAD]


def test_a_z_of_the_keyboard_stands_in_the_clouds_list_with_its_figures(
    tmp_path: Path, world: World
) -> None:
    rates = (RateSum(VatRate(2100), Bani(1210), Bani(210), "A"), RateSum(None, Bani(50)))
    more = {"voids_count": 2, "voids_total": 350}
    paid = {"cash": Bani(1260)}
    figures = ZFigures(412, AT, Bani(1260), rates, receipts=3, payments=paid, more=more)
    facts = {"command": "", "figures": json.loads(figures.as_json())}
    with a_shop(tmp_path, world, world.device(), world.running.api_key) as shop:
        shop.filed(Sort.Z, figures.as_json().encode(), z_first=412, z_last=412, facts=facts)
        shop.filed(Sort.JE, DAY, z_first=412, z_last=412)
        shop.settle()
        assert [fate for _, fate, _ in shop.fates()] == [Fate.DONE] * 4
        ours, row = world.portal.reports(shop.id, "z")
        assert ours["totals"] == row["totals"]  # beneath its device, without the scope `reports`
        assert ours["report"]["sha256"] == digest(figures.as_json().encode())
        (je,) = (row for row in world.portal.reports(shop.id, "je") if "sha256" not in row)
    assert row["totals"] == {"sales": 12.6}
    assert row["receiptCount"] == 3
    assert row["reportDate"] == "2026-04-02T19:00:00.000Z"  # of Bucharest, in summer
    first = {"group": "A", "rate": 21.0, "gross": 12.1, "base": 10.0, "amount": 2.1}
    assert row["vatBreakdown"][0] == first
    assert row["report"]["fiscalSeries"] == OWNER
    assert row["report"]["registers"] == {"voids": {"count": 2, "amount": 3.5}}
    assert (je["report"]["sha256"], je["report"]["bytes"]) == (digest(DAY), len(DAY))


# cut, and gone on


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("request_number", [1, 2, 3, 4])
def test_a_cut_at_any_request_sends_nothing_twice_that_is_there(
    tmp_path: Path, world: World, secret: str, when: str, request_number: int
) -> None:
    device = world.device()
    with a_shop(tmp_path, world, device, secret) as shop:
        shop.filed(Sort.JE, DAY)
        setattr(shop.line, f"breaks_{when}", request_number)
        shop.settle()
        sent = shop.line.sent[: -1 if when == "before" and request_number > 1 else None]
    with a_shop(tmp_path, world, device, secret) as again:
        again.settle()
        assert uploads(again) == [DONE_UPLOAD]
        assert len({*sent, *again.line.sent}) == len(sent) + len(again.line.sent) == 3
        (row,) = world.portal.reports(device, "je")
        assert world.portal.file("je", row["id"]) == DAY


def test_five_megabytes_arrive_though_the_agent_restarts_after_every_part(
    tmp_path: Path, world: World, secret: str
) -> None:
    device, sent = world.device(), []
    with a_shop(tmp_path, world, device, secret) as shop:
        shop.filed(Sort.JE, BIG)
    for _ in range(-(-len(BIG) // PART_BYTES)):
        with a_shop(tmp_path, world, device, secret) as shop:
            shop.line.breaks_after = 2
            shop.settle()
            sent += shop.line.sent
    with a_shop(tmp_path, world, device, secret) as shop:
        shop.settle()
        assert (uploads(shop), shop.line.sent) == ([DONE_UPLOAD], [])
    assert len(sent) == len(set(sent)) == -(-len(BIG) // PART_BYTES)


def test_a_small_one_whose_answer_was_lost_is_asked_about(world: World, shop: Shop) -> None:
    shop.filed(Sort.SIGNED_DAY, SIGNED)
    fault_on_documents(world, "drop-reply")
    shop.settle()
    assert any("the archive's uploads rest" in note for note in shop.sync.notes)
    shop.rested()
    assert uploads(shop) == [DONE_UPLOAD]
    assert shop.line.places == ["whole", f"bytes */{len(SIGNED)}"]
    assert not any("rest" in note for note in shop.sync.notes)


# checked


@pytest.mark.parametrize("content", [SIGNED, DAY])
@pytest.mark.parametrize("action", ["other-sha256", "flip-byte"])
def test_bytes_that_arrived_otherwise_are_sent_once_more(
    world: World, shop: Shop, action: str, content: bytes
) -> None:
    times = 1 if content is SIGNED else 3
    if action == "other-sha256" and content is DAY:
        times = 4  # its last answer, the only one that says a digest, is the fourth
    fault_on_documents(world, action, times)
    shop.filed(Sort.MF, content)
    shop.settle()
    assert uploads(shop) == [DONE_UPLOAD]
    (row,) = world.portal.reports(shop.id, "mf")
    assert world.portal.file("mf", row["id"]) == content


def test_a_cloud_that_says_other_bytes_twice_is_not_asked_again(world: World, shop: Shop) -> None:
    shop.filed(Sort.MF, SIGNED)
    fault_on_documents(world, "other-sha256", times=9)
    shop.settle()
    ((_, fate, reason),) = uploads(shop)
    assert fate is Fate.ASIDE
    assert str(reason).startswith("OTHER_BYTES")
    assert shop.line.places == ["whole", "whole"]


def test_a_line_that_always_spoils_a_document_sets_it_aside_and_the_next_goes(
    world: World, shop: Shop
) -> None:
    fault_on_documents(world, "flip-byte", times=3)
    shop.filed(Sort.MF, SIGNED)
    shop.settle()
    world.shop.delete("/sandbox/faults")
    shop.filed(Sort.MF, SIGNED[::-1])
    shop.settle()
    assert [fate for _, fate, _ in uploads(shop)] == [Fate.ASIDE, Fate.DONE]
    assert "VALIDATION_ERROR" in str(uploads(shop)[0][2])


def test_an_answer_without_a_digest_is_asked_for_it(world: World, shop: Shop) -> None:
    shop.filed(Sort.MF, SIGNED)
    fault_on_documents(world, "no-sha256")
    shop.settle()
    assert uploads(shop) == [DONE_UPLOAD]
    assert shop.line.places == ["whole", f"bytes */{len(SIGNED)}"]


def test_what_no_cloud_vouches_for_is_said_to_be_unverified(world: World, shop: Shop) -> None:
    shop.filed(Sort.MF, SIGNED)
    fault_on_documents(world, "no-sha256", times=9)
    shop.settle()
    assert uploads(shop) == [("upload", Fate.DONE, UNVERIFIED)]


# what is not there any more


def test_what_retention_took_is_moot_and_what_is_damaged_is_set_aside(shop: Shop) -> None:
    gone = shop.filed(Sort.MF, b"old")
    shop.index.gone(gone)
    shop.store.remove(digest(b"old"))
    shop.filed(Sort.MF, b"lost")
    shop.store.remove(digest(b"lost"))
    shop.filed(Sort.JE, DAY)
    path = shop.store.path(digest(DAY))
    path.write_bytes(path.read_bytes()[:-9])
    shop.filed(Sort.MF, b"good")
    shop.settle()
    fates = [(fate, str(reason).partition(":")[0]) for _, fate, reason in uploads(shop)]
    assert fates[0] == (Fate.MOOT, "retention took its bytes")
    assert fates[1:] == [(Fate.ASIDE, "ARCHIVE_DAMAGED")] * 2 + [(Fate.DONE, "None")]
