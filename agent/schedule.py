"""What is done at a time of day: today, the Z report of devices that ask for it (`z_report_at`).

    23:30 --> command "local:z_report:<device>:<date>" in the ledger --> the worker, as always

The id holds the date, so that a day has one, however often the clock passes the hour (a summer time
that ends, a restart). The only door to `apscheduler`.
"""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

from agent.commands import NoPayload
from agent.entries import LOCAL, Incoming
from agent.ledger import Ledger
from config.settings import Settings
from drivers.clock import Clock

TTL_MS = 6 * 3600 * 1000  # a printer that is off at night gets it when it comes back by then
LATE_S_MAX = 3600


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
        self._open_ledger = open_ledger
        self._arrived = arrived
        self._jobs = BackgroundScheduler(timezone=self._zone)
        for device in settings.device:
            if (at := device.z_report_at) is not None:
                trigger = CronTrigger(
                    hour=at.hour, minute=at.minute, second=at.second, timezone=self._zone
                )
                self._jobs.add_job(
                    self.queue_z_report,
                    trigger,
                    args=[device.id],
                    id=f"z_report {device.id}",
                    coalesce=True,
                    misfire_grace_time=LATE_S_MAX,
                )

    def start(self) -> None:
        self._jobs.start()

    def stop(self) -> None:
        self._jobs.shutdown()

    def next_after(self, moment: datetime) -> dict[str, datetime]:
        """Return when each job comes next."""
        return {
            job.id: job.trigger.get_next_fire_time(None, moment) for job in self._jobs.get_jobs()
        }

    def queue_z_report(self, device_id: str) -> None:
        """Put today's Z report into the ledger, once."""
        now_ms = self._clock.now_ms()
        today = datetime.fromtimestamp(now_ms / 1000, tz=self._zone).date()
        payload = NoPayload().model_dump_json()
        incoming = Incoming(
            id=f"{LOCAL}z_report:{device_id}:{today}",
            device_id=device_id,
            kind="z_report",
            body=payload,
            payload=payload,
            expires_at_ms=now_ms + TTL_MS,
        )
        ledger = self._open_ledger()
        try:
            ledger.accept(incoming)
        finally:
            ledger.close()
        self._arrived(device_id)
