"""What is done at a time of day, or some hours after the day's first receipt.

    23:30 --> command "local:z_report:<device>:<date>" in the ledger --> the worker, as always

A job only puts a command into the ledger. Its id holds the date, so that a day has one, however
often the clock passes the hour (a summer time that ends, a restart). Every few minutes it is looked
whether one was missed (the machine was off, the disk was full): it is caught up once, until the
next is due; a Z only if the day it was for still lasts. The only door to `apscheduler`.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from agent.entries import LOCAL, Incoming
from agent.ledger import Ledger
from agent.payloads import ClockPayload, NoPayload, Payload, PreflightPayload, ZReportPayload
from config.settings import DeviceSettings, Settings
from drivers.clock import Clock

TTL_MS = 6 * 3600 * 1000  # from then on; a printer that is off gets it when it comes back by then
LATE_S_MAX = 3600
CATCH_UP_MINUTES = 5
CLOCK_OFF_S = 60

Z_REPORT, SET_CLOCK = ZReportPayload(only_if_open=True), ClockPayload(only_if_off_s=CLOCK_OFF_S)
DAILY: dict[str, tuple[str, Payload]] = {  # key of a [[device]] table: kind, payload
    "z_report_at": ("z_report", Z_REPORT),
    "x_report_at": ("x_report", NoPayload()),
    "set_clock_at": ("set_datetime", SET_CLOCK),
    "preflight_at": ("preflight", PreflightPayload()),
}


class Schedule:
    """The jobs of one agent. `open_ledger` is called in the job's own thread."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        open_ledger: Callable[[], Ledger],
        arrived: Callable[[str], None],
    ) -> None:
        self._clock = clock
        self._zone = ZoneInfo(settings.agent.timezone)
        self._devices = settings.device
        self._open_ledger = open_ledger
        self._arrived = arrived
        self._jobs = BackgroundScheduler(
            timezone=self._zone,
            job_defaults={"coalesce": True, "misfire_grace_time": LATE_S_MAX},
        )
        for device, key, at in self._daily():
            trigger = CronTrigger(
                hour=at.hour, minute=at.minute, second=at.second, timezone=self._zone
            )
            self._jobs.add_job(self.catch_up, trigger, id=f"{DAILY[key][0]} {device.id}")
        every = IntervalTrigger(minutes=CATCH_UP_MINUTES, timezone=self._zone)
        self._jobs.add_job(self.catch_up, every, id="catch up", next_run_time=self._now())

    def start(self) -> None:
        self._jobs.start()

    def stop(self) -> None:
        self._jobs.shutdown()

    def catch_up(self) -> None:
        """Put into the ledger what is due and not there yet, each once."""
        ledger = self._open_ledger()
        try:
            opened = self._days_opened(ledger)
            for device, key, at in self._daily():
                due = self._last(at)  # that day is over, if another has begun since
                is_over = key == "z_report_at" and opened.get(device.id, due) > due
                if _ms(due) > ledger.began_at_ms() and not is_over:
                    self._queue(ledger, device.id, *DAILY[key], str(due.date()))
            for device in self._devices:
                since = opened.get(device.id)
                if since is not None and self._is_long(device, since):
                    day = since.replace(tzinfo=None).isoformat()
                    self._queue(ledger, device.id, "z_report", Z_REPORT, day)
        finally:
            ledger.close()

    def _daily(self) -> Iterator[tuple[DeviceSettings, str, time]]:
        for device in self._devices:
            for key in DAILY:
                if (at := getattr(device, key)) is not None:
                    yield device, key, at

    def _days_opened(self, ledger: Ledger) -> dict[str, datetime]:
        """When fiscal days began, by what the devices said last; not of one closed, or mute."""
        return {
            id_: datetime.fromisoformat(opened_at).replace(tzinfo=self._zone)
            for id_, health in ledger.devices().items()
            if (opened_at := health.get("day_opened_at")) is not None
        }

    def _is_long(self, device: DeviceSettings, opened: datetime) -> bool:
        """Does the day last as long as the shop lets it?"""
        hours = device.z_report_after_h
        return hours is not None and self._now() - opened >= timedelta(hours=hours)

    def _queue(self, ledger: Ledger, device_id: str, kind: str, payload: Payload, day: str) -> None:
        body = payload.model_dump_json()
        incoming = Incoming(
            id=f"{LOCAL}{kind}:{device_id}:{day}",
            device_id=device_id,
            kind=kind,
            body=body,
            payload=body,
            expires_at_ms=self._clock.now_ms() + TTL_MS,
        )
        ledger.accept(incoming)
        self._arrived(device_id)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.now_ms() / 1000, tz=self._zone)

    def _last(self, at: time) -> datetime:
        """The last moment at which the clock on the wall showed this time."""
        now = self._now()
        today = datetime.combine(now.date(), at, tzinfo=self._zone)
        return today if today <= now else today - timedelta(days=1)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
