"""The outbox: nothing is lost, nothing is said twice in other words, and poison blocks nobody."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from agent.cli import app
from agent.cloud.abilities import LACKING_S
from agent.cloud.outbox import LATER_S, TRIES_MAX
from agent.cloud.receipts import receipt_of
from agent.ledger import Ledger
from agent.ledger_outbox import Fate, Upload
from drivers.model import half_up
from sandbox.cloud.world import RECEIPT, World
from tests.agent.amef import configuration
from tests.agent.clocks import FakeClock
from tests.agent.cloud.cloud_world import (
    RECEIPT_RESULT,
    Agent,
    an_agent,
    fault,
    submit,
    told,
)
from tests.agent.ledger.rows import FILE, RESULT, issuing
from tests.agent.outbox import unreported
from tests.agent.world import sale

BUCHAREST = ZoneInfo("Europe/Bucharest")
COMMANDS = "/api/v1/commands"


@pytest.fixture
def agent(tmp_path: Path, world: World) -> Iterator[Agent]:
    """By claim and result, with a key that may not store receipts."""
    _, header = world.key("commands", "devices")
    lacks = ("sync",)
    with an_agent(
        tmp_path, world.running.url, header["x-api-key"], world.device(), lacks=lacks
    ) as agent:
        agent.settle()
        yield agent


def printed(world: World, agent: Agent, kind: str = "print_receipt") -> str:
    id_ = submit(world, agent.id, kind, RECEIPT if kind == "print_receipt" else None)
    agent.poll()
    agent.print(id_)
    return id_


def fates(agent: Agent, id_: str) -> dict[str, Fate]:
    return {kept.call: kept.fate for kept in agent.ledger.uploads_of(id_)}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / FILE, FakeClock())) as opened_:
        yield opened_


# what the cloud says no to


def test_a_missing_scope_pauses_only_what_needs_it(world: World, agent: Agent) -> None:
    first = printed(world, agent)
    agent.settle()
    assert told(world, first)["status"] == "completed"
    assert fates(agent, first) == {"result": Fate.DONE, "receipt": Fate.PAUSED}
    assert unreported(agent.ledger, 9) == []
    assert any("list of receipts" in note for note in agent.sync.notes)
    second = printed(world, agent, "z_report")
    agent.settle()
    assert fates(agent, second) == {
        **{"result": Fate.DONE, "upload": Fate.DONE, "report": Fate.PAUSED}
    }


def test_what_a_missing_scope_paused_is_sent_when_the_key_may(
    tmp_path: Path, world: World, agent: Agent
) -> None:
    ids = [printed(world, agent) for _ in range(3)]
    agent.settle()
    _, header = world.key("commands", "devices", "receipts")
    url, secret = world.running.url, header["x-api-key"]
    with an_agent(tmp_path, url, secret, agent.id, lacks=("sync",)) as again:
        again.settle()
        for id_ in ids:
            assert fates(again, id_) == {"result": Fate.DONE, "receipt": Fate.DONE}
    stored = world.shop.get("/api/v1/receipts", params={"deviceId": agent.id}).json()["receipts"]
    assert len(stored) == 3
    assert {receipt["total"] for receipt in stored} == {7.0}


@pytest.mark.parametrize("status", [400, 413])
def test_poison_is_set_aside_and_its_own_later_events_still_go(
    world: World, agent: Agent, status: int
) -> None:
    id_ = submit(world, agent.id, "print_receipt", RECEIPT)
    agent.poll()
    agent.ledger.lose(agent.begun(agent.ledger.entry(id_)), fault="busy", reason="r")
    fault(world, f"status:{status}", f"{COMMANDS}/{id_}/result", "POST")
    agent.settle()
    agent.ledger.undecidable(agent.ledger.entry(id_), "who knows", {})
    agent.settle()
    assert told(world, id_)["phase"] == "held"
    assert str(status) in str(agent.ledger.aside(9)[0].reason)


def test_what_the_cloud_breaks_on_is_left_for_later_and_the_others_go(
    world: World, agent: Agent
) -> None:
    poison, other = (submit(world, agent.id, "print_receipt", RECEIPT) for _ in range(2))
    agent.poll()
    agent.print(poison)
    agent.print(other)
    fault(world, "status:500", f"{COMMANDS}/{poison}/result", "POST", times=TRIES_MAX)
    for _ in range(TRIES_MAX + 2):
        agent.poll()
    assert told(world, other)["status"] == "completed"
    assert told(world, poison)["status"] == "sent"
    agent.clock.move(LATER_S)
    agent.settle()
    assert told(world, poison)["status"] == "completed"


def test_a_final_answer_is_recorded_and_counts_as_heard(world: World, agent: Agent) -> None:
    id_ = printed(world, agent)
    fault(world, "status:409", f"{COMMANDS}/{id_}/result", "POST")
    agent.settle()
    assert agent.names(id_)[-1] == "cloud_final"
    assert fates(agent, id_)["result"] is Fate.FINAL
    assert unreported(agent.ledger, 9) == []


def test_a_cloud_without_a_result_route_is_known_by_the_command_it_knows(
    world: World, agent: Agent
) -> None:
    first = printed(world, agent)
    fault(world, "status:404", f"{COMMANDS}/{first}/result", "POST", times=9)
    agent.settle()
    second = printed(world, agent)
    agent.settle()
    assert fates(agent, first)["result"] is fates(agent, second)["result"] is Fate.PAUSED
    assert any("lacks result" in note for note in agent.sync.notes)
    world.shop.delete("/sandbox/faults")
    agent.clock.move(LACKING_S)
    agent.settle()
    assert told(world, first)["status"] == told(world, second)["status"] == "completed"
    assert not any("lacks result" in note for note in agent.sync.notes)


def test_a_result_of_a_command_that_the_cloud_forgot_is_set_aside(
    world: World, agent: Agent
) -> None:
    id_ = printed(world, agent)
    fault(world, "status:404", f"{COMMANDS}/{id_}", "POST", times=9)
    fault(world, "status:404", f"{COMMANDS}/{id_}", "GET", times=9)
    agent.settle()
    assert fates(agent, id_)["result"] is Fate.ASIDE


def test_a_cloud_without_claim_is_worked_with_all_the_same(world: World, agent: Agent) -> None:
    id_ = submit(world, agent.id, "x_report")
    fault(world, "status:405", f"{COMMANDS}/{id_}/claim", "POST", times=9)
    agent.poll()
    assert agent.ledger.entry(id_).claimed
    assert agent.arrived == [agent.id]
    assert any("two agents" in note for note in agent.sync.notes)
    agent.print(id_)
    for _ in range(3):
        agent.poll()
    assert agent.names(id_) == ["accept", "begin", "finish"]
    assert told(world, id_)["status"] == "completed"


# a receipt as the cloud keeps it


def test_a_receipt_is_told_as_it_stands_on_paper(ledger: Ledger) -> None:
    entry = issuing(ledger)
    payload = sale(("card", 500), ("cash", 1000), cui="12345674")
    with ledger._transaction():
        ledger._db.execute("UPDATE command SET payload = ?", (payload,))
    body = receipt_of(ledger.entry(entry.id), RECEIPT_RESULT, "3", BUCHAREST)
    assert body == {
        "deviceId": "d1",
        "type": "sale",
        "items": [
            {"name": "Paine", "quantity": 2.0, "price": 3.5, "vatRate": 11.0, "department": 1},
            {"name": "Cafea", "quantity": 1.0, "price": 4.5, "vatRate": 21.0, "department": 1},
        ],
        "payments": [{"method": "card", "amount": 5.0}, {"method": "cash", "amount": 6.5}],
        "total": 11.5,
        "vatBreakdown": [
            {"rate": 11.0, "base": 6.31, "vat": 0.69},
            {"rate": 21.0, "base": 3.72, "vat": 0.78},
        ],
        "fiscalId": "11",
        "fiscalDate": "2026-04-02T12:00:00+03:00",
        "fiscalSeries": "SIM1",
        "customerCif": "12345674",
        "operatorId": "3",
    }


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("22-11-26 11:10:45", "2026-11-22T11:10:45+02:00"),
        ("22-11-2026 11:10", "2026-11-22T11:10:00+02:00"),
        ("25-10-26 03:30:00 DST", "2026-10-25T03:30:00+03:00"),
        ("25-10-26 03:30:00", "2026-10-25T03:30:00+02:00"),
        ("2026-11-22T11:10:45", "2026-11-22T11:10:45+02:00"),
        ("22.11.26 11:10:45", "2026-11-22T11:10:45+02:00"),
        ("221126", "2026-11-22"),
        ("??-11-26", None),
        ("321126", None),
        ("", None),
        (None, None),
    ],
)
def test_the_printer_s_clock_is_told_in_iso_form_of_the_shop(
    ledger: Ledger, said: str | None, told: str | None
) -> None:
    entry = issuing(ledger)
    with ledger._transaction():
        ledger._db.execute("UPDATE command SET payload = ?", (sale(),))
    result = RECEIPT_RESULT | {"issued_at": said}
    body = receipt_of(ledger.entry(entry.id), result, "3", BUCHAREST)
    assert body.get("fiscalDate") == told


@pytest.mark.parametrize(
    ("quantity", "price", "kind", "value"),
    [
        (1000, 100, "surcharge_amount", 50),
        (3000, 100, "surcharge_amount", 10),
        (333, 999, "surcharge_percent", 1234),
        (1, 1000, "surcharge_amount", 7),
        (2500, 450, "discount_percent", 1000),
    ],
)
def test_a_surcharge_is_told_inside_the_price_and_what_is_off_is_never_negative(
    ledger: Ledger, quantity: int, price: int, kind: str, value: int
) -> None:
    line = {"name": "A", "unit_price": price, "quantity": quantity, "vat_rate": 2100}
    line |= {"adjustment": {"kind": kind, "value": value}}
    payload = {"lines": [line], "payments": [{"kind": "cash", "amount": 10_000}]}
    entry = issuing(ledger)
    with ledger._transaction():
        ledger._db.execute("UPDATE command SET payload = ?", (json.dumps(payload),))
    body = receipt_of(ledger.entry(entry.id), RECEIPT_RESULT, "3", BUCHAREST)
    (item,) = body["items"]
    bani = half_up(round(item["price"] * 100) * round(item["quantity"] * 1000), 1000)
    off = round(item.get("discount", 0) * 100)
    assert (off >= 0, bani - off) == (True, round(body["total"] * 100))


# days without a cloud


def test_days_offline_drain_in_order_without_a_gap_or_a_second_time(
    tmp_path: Path, world: World
) -> None:
    device = world.device()
    url, secret = world.running.url, world.running.agent_key
    with an_agent(tmp_path, url, secret, device) as agent:
        ids = [submit(world, device, "x_report") for _ in range(60)]
        for _ in range(4):
            agent.poll()
        fault(world, "status:503", "/api/v1", "POST", times=50)
        for id_ in ids:
            agent.print(id_)
            agent.clock.move(86.4)
            agent.sync.step()
        world.shop.delete("/sandbox/faults")
        for _ in range(9):
            agent.poll()
        assert agent.ledger.waiting(9) == []
        assert {told(world, id_)["status"] for id_ in ids} <= {"completed", "timeout"}
        listed = world.shop.get(
            "/api/v1/reports/x", params={"deviceId": device, "limit": 100}
        ).json()["reports"]
        assert sorted(row["commandId"] for row in listed) == sorted(ids)


# the disk, and what a person sees


def test_a_full_disk_takes_no_new_command_and_still_tells(
    tmp_path: Path, world: World, agent: Agent
) -> None:
    id_ = printed(world, agent)
    agent.sync._disk = lambda: 95
    later = submit(world, agent.id, "x_report")
    agent.poll()
    assert told(world, id_)["status"] == "completed"
    assert told(world, later)["status"] == "pending"
    assert "the disk is 95 % full: no new commands are taken" in agent.sync.notes
    agent.sync._disk = lambda: 80
    agent.poll()
    assert told(world, later)["status"] == "sent"
    assert "the disk is 80 % full" in agent.sync.notes


def test_the_status_shows_what_was_set_aside(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    config = configuration(tmp_path, "/dev/ttyS9")
    with closing(Ledger(tmp_path / "state" / FILE, FakeClock())) as ledger:
        ledger.finish(issuing(ledger), RESULT, 1)
        ledger.plan([(ledger.unplanned(9)[-1], [Upload("result", {"command_id": "c1"}, {})])])
        ledger.settle(ledger.waiting(9), Fate.ASIDE, "400 BAD: no")
    run: Callable[..., Any] = CliRunner().invoke
    assert "set aside: result of c1: 400 BAD: no" in run(app, ["status", "--config", config]).output
    romanian = run(app, ["status", "--config", config, "--lang", "ro"]).output
    assert "pus deoparte: result pentru comanda c1: 400 BAD: no" in romanian
    assert "emisă (issued)" in romanian
    shown = run(app, ["ledger", "show", "c1", "--config", config]).output
    assert "told: result  aside  400 BAD: no" in shown
