"""What is done at a time of day becomes an ordinary command, once a day."""

from datetime import datetime
from pathlib import Path

import pytest

from agent.cloud.schema import to_uploads
from agent.entries import Evidence
from agent.ledger import Ledger
from agent.schedule import TTL_MS, Schedule
from config.settings import Settings
from drivers.model import Counters
from tests.agent.clocks import FakeClock
from tests.agent.outbox import unreported
from tests.agent.world import START_MS

HOUR_MS = 3600 * 1000
DAY_MS = 24 * HOUR_MS
COUNTERS = Counters("SIM0000001", z_number=4, receipt_count=20, document_number=31)
STARTED = "2026-09-21 17:13"  # of the fake clock, in Bucharest


def settings(tmp_path: Path, **keys: object) -> Settings:
    device = {"id": "dev_1", "family": "datecs_x", "address": "/dev/ttyS0"}
    return Settings.model_validate(
        {"agent": {"id": "a", "state_dir": tmp_path}, "cloud": {}, "device": [device | keys]}
    )


class Clockwork:
    """A schedule over a real ledger, never started: its jobs are called by hand."""

    def __init__(self, tmp_path: Path, **keys: object) -> None:
        self.clock = FakeClock()
        self.woken: list[str] = []
        self.path = tmp_path / "ledger.sqlite3"
        self.ledger = self.open()
        self.ledger.note_start(0)
        asked = settings(tmp_path, **(keys or {"z_report_at": "23:30:00"}))
        self.schedule = Schedule(asked, self.clock, self.open, self.woken.append)

    def open(self) -> Ledger:
        return Ledger(self.path, self.clock)

    def at(self, moment: str) -> list[str]:
        """Let the clock on the wall show this, look what is due, and name what was ever queued."""
        moved = datetime.fromisoformat(moment) - datetime.fromisoformat(STARTED)
        self.clock.ms = START_MS + int(moved.total_seconds() * 1000)
        self.schedule.catch_up()
        return [entry.id.removeprefix("local:") for entry in self.ledger.entries(10)][::-1]


@pytest.fixture
def clockwork(tmp_path: Path) -> Clockwork:
    return Clockwork(tmp_path)


def test_the_hour_puts_one_z_report_into_the_ledger_and_wakes_the_worker(
    clockwork: Clockwork,
) -> None:
    assert clockwork.at("2026-09-21 23:29") == []
    assert clockwork.at("2026-09-21 23:30") == ["z_report:dev_1:2026-09-21"]
    entry = clockwork.ledger.next_queued("dev_1", clockwork.clock.now_ms())
    assert entry is not None
    assert (entry.kind, entry.payload) == ("z_report", '{"only_if_open":true}')
    assert entry.expires_at_ms == clockwork.clock.now_ms() + TTL_MS
    assert clockwork.woken == ["dev_1"]


def test_a_day_has_one_z_report_however_often_the_hour_comes(clockwork: Clockwork) -> None:
    clockwork.at("2026-09-21 23:30")
    clockwork.at("2026-09-21 23:35")
    assert clockwork.at("2026-09-22 23:31") == [
        "z_report:dev_1:2026-09-21",
        "z_report:dev_1:2026-09-22",
    ]


@pytest.mark.parametrize("back", ["2026-09-22 04:00", "2026-09-22 08:00", "2026-09-22 23:29"])
def test_what_was_missed_is_caught_up_once_until_the_next_is_due(
    clockwork: Clockwork, back: str
) -> None:
    missed = "z_report:dev_1:2026-09-21"
    assert clockwork.at(back) == [missed]
    assert clockwork.at("2026-09-22 23:29") == [missed]
    assert clockwork.at("2026-09-24 06:00") == [missed, "z_report:dev_1:2026-09-23"]


@pytest.mark.parametrize(
    ("opened", "caught_up"), [("2026-09-21T08:00:00", True), ("2026-09-22T09:00:00", False)]
)
def test_a_z_that_was_missed_closes_its_own_day_and_no_later_one(
    clockwork: Clockwork, opened: str, caught_up: bool
) -> None:
    clockwork.ledger.note_device("dev_1", {"day_opened_at": opened})
    assert bool(clockwork.at("2026-09-22 12:00")) is caught_up
    assert len(clockwork.at("2026-09-22 23:30")) == 1 + caught_up


def test_what_was_due_before_the_agent_came_is_not_caught_up(tmp_path: Path) -> None:
    assert Clockwork(tmp_path, z_report_at="16:00").at("2026-09-21 17:30") == []


def test_each_key_has_its_own_kind(tmp_path: Path) -> None:
    keys = {"x_report_at": "18:00", "set_clock_at": "18:01", "preflight_at": "18:02"}
    ids = Clockwork(tmp_path, **keys).at("2026-09-21 18:10")
    day = "dev_1:2026-09-21"
    assert ids == [f"x_report:{day}", f"set_datetime:{day}", f"preflight:{day}"]


@pytest.mark.parametrize(("clock", "due"), [("03:59", False), ("04:00", True)])
def test_a_fiscal_day_is_closed_so_many_hours_after_its_first_receipt(
    tmp_path: Path, clock: str, due: bool
) -> None:
    clockwork = Clockwork(tmp_path, z_report_after_h=20)
    clockwork.ledger.note_device("dev_1", {"day_opened_at": "2026-09-21T08:00:00"})
    expected = ["z_report:dev_1:2026-09-21T08:00:00"] if due else []
    assert clockwork.at(f"2026-09-22 {clock}") == expected
    assert clockwork.at(f"2026-09-22 {clock}") == expected


def test_the_cloud_gets_the_report_but_no_result_of_what_it_did_not_ask(
    clockwork: Clockwork,
) -> None:
    clockwork.at("2026-09-21 23:30")
    (entry,) = clockwork.ledger.entries(1)
    assert clockwork.ledger.unclaimed() == []
    begun = clockwork.ledger.begin(entry, COUNTERS, 0x20)
    report = {"number": 5, "fiscal_serial": "SIM0000001", "groups": [], "payments": []}
    clockwork.ledger.finish(begun, report | {"issued_at": "21-09-26 23:30:00"}, 0x21)
    finished = unreported(clockwork.ledger, 10)[-1]
    done = clockwork.ledger.entry(entry.id)
    assert done.evidence is Evidence.REPLY
    upload, report = to_uploads(finished, done, "a")
    assert (upload.call, upload.parts) == ("upload", {"device_id": "dev_1", "kind": "z"})
    assert (report.call, report.parts) == ("report", {"kind": "z"})
    assert upload.body["commandId"] is None
    assert upload.body["report"]["number"] == 5


@pytest.mark.parametrize(
    ("day", "utc"),
    [("2027-07-01", "20:30"), ("2026-12-01", "21:30")],
    ids=["summer", "winter"],
)
def test_the_hour_is_the_shops_own(clockwork: Clockwork, day: str, utc: str) -> None:
    due_ms = int(datetime.fromisoformat(f"{day}T{utc}:00+00:00").timestamp() * 1000)
    for clock_ms, due in ((due_ms - 1, False), (due_ms, True)):
        clockwork.clock.ms = clock_ms
        clockwork.schedule.catch_up()
        ids = [entry.id for entry in clockwork.ledger.entries(9)]
        assert (f"local:z_report:dev_1:{day}" in ids) is due


def test_a_device_that_asks_for_none_gets_none(tmp_path: Path) -> None:
    clockwork = Clockwork(tmp_path, z_report_at=None)
    assert clockwork.at("2026-09-21 23:30") == clockwork.at("2026-09-22 23:30") == []
