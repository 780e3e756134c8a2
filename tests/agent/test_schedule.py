"""What is done at a time of day becomes an ordinary command, once a day."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.cloud.schema import to_uploads
from agent.entries import Evidence
from agent.ledger import Ledger
from agent.schedule import TTL_MS, Schedule
from config.settings import Settings, profiles
from drivers.model import Counters
from tests.agent.world import FakeClock

DAY_MS = 24 * 3600 * 1000
COUNTERS = Counters("SIM0000001", z_number=4, receipt_count=20, document_number=31)


def settings(tmp_path: Path, at: str = "23:30:00") -> Settings:
    device = {"id": "dev_1", "family": "datecs_x", "address": "/dev/ttyS0", "z_report_at": at}
    return Settings.model_validate(
        {"agent": {"id": "a", "state_dir": tmp_path}, "cloud": {}, "device": [device]}
    )


class Clockwork:
    """A schedule over a real ledger, never started: its jobs are called by hand."""

    def __init__(self, tmp_path: Path) -> None:
        self.clock = FakeClock()
        self.woken: list[str] = []
        self.path = tmp_path / "ledger.sqlite3"
        self.ledger = self.open()
        self.schedule = Schedule(settings(tmp_path), self.clock, self.open, self.woken.append)

    def open(self) -> Ledger:
        return Ledger(self.path, self.clock)


@pytest.fixture
def clockwork(tmp_path: Path) -> Clockwork:
    return Clockwork(tmp_path)


def test_the_hour_puts_one_z_report_into_the_ledger_and_wakes_the_worker(
    clockwork: Clockwork,
) -> None:
    clockwork.schedule.queue_z_report("dev_1")
    entry = clockwork.ledger.next_queued("dev_1", clockwork.clock.now_ms())
    assert entry is not None
    assert (entry.kind, entry.id) == ("z_report", "local:z_report:dev_1:2026-09-21")
    assert entry.expires_at_ms == clockwork.clock.now_ms() + TTL_MS
    assert clockwork.woken == ["dev_1"]


def test_a_day_has_one_z_report_however_often_the_hour_comes(clockwork: Clockwork) -> None:
    clockwork.schedule.queue_z_report("dev_1")
    clockwork.schedule.queue_z_report("dev_1")
    clockwork.clock.ms += DAY_MS
    clockwork.schedule.queue_z_report("dev_1")
    ids = [entry.id for entry in clockwork.ledger.entries(10)]
    assert ids == ["local:z_report:dev_1:2026-09-22", "local:z_report:dev_1:2026-09-21"]


def test_the_cloud_gets_the_report_but_no_result_of_what_it_did_not_ask(
    clockwork: Clockwork,
) -> None:
    clockwork.schedule.queue_z_report("dev_1")
    (entry,) = clockwork.ledger.entries(1)
    assert clockwork.ledger.unclaimed() == []
    begun = clockwork.ledger.begin(entry, COUNTERS, 0x20)
    report = {"number": 5, "fiscal_serial": "SIM0000001", "groups": [], "payments": []}
    clockwork.ledger.finish(begun, report | {"issued_at": "21-09-26 23:30:00"}, 0x21)
    finished = clockwork.ledger.unreported(10)[-1]
    done = clockwork.ledger.entry(entry.id)
    assert done.evidence is Evidence.REPLY
    (upload,) = to_uploads(profiles()["ebon"], finished, done, "a")
    assert upload.path == "/api/v1/devices/dev_1/reports/z"
    assert upload.body["commandId"] is None
    assert upload.body["report"]["number"] == 5


@pytest.mark.parametrize(
    ("day", "utc"),
    [("2026-07-01", "20:30"), ("2026-12-01", "21:30")],
    ids=["summer", "winter"],
)
def test_the_hour_is_the_shops_own(clockwork: Clockwork, day: str, utc: str) -> None:
    fires = clockwork.schedule.next_after(datetime.fromisoformat(f"{day}T00:00:00+00:00"))
    assert fires["z_report dev_1"].astimezone(UTC).strftime("%H:%M") == utc


def test_a_device_that_asks_for_none_has_no_job(tmp_path: Path) -> None:
    asked = settings(tmp_path)
    silent = asked.model_copy(
        update={"device": [asked.device[0].model_copy(update={"z_report_at": None})]}
    )
    clock = FakeClock()
    schedule = Schedule(silent, clock, lambda: Ledger(tmp_path / "l", clock), lambda _: None)
    assert schedule.next_after(datetime.now(UTC)) == {}
