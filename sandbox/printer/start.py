"""States to start in, made by the device's own commands before anybody listens.

open_a_receipt         somebody else's receipt stands open, with one line
open_a_slip            so does a non-fiscal document, with one text
begin_the_day_before   the first receipt of the fiscal day is 25 hours old
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from sandbox.printer.asked import passwords
from sandbox.printer.device import Body, Device
from sandbox.printer.fields import join
from sandbox.printer.memory import RATE_UNUSED

AGO = timedelta(hours=25)


def open_a_receipt(device: Device) -> None:
    """Raises ValueError where the state file does not let one be opened."""
    if device.memory.receipt:
        return
    group = next(n for n, rate in enumerate(device.memory.rates, 1) if rate < RATE_UNUSED)
    password = passwords(device.memory, device.settings, 1)[0]
    _do(device, 48, 1, password, 1, "", "")
    _do(device, 49, "Produs al altcuiva", group, "1.00", "1.000", "", "", 1, "BUC")


def open_a_slip(device: Device) -> None:
    """Raises ValueError where a receipt is open."""
    if device.memory.text:
        return
    _do(device, 38)
    _do(device, 42, "Text al altcuiva")


def begin_the_day_before(device: Device) -> None:
    """Raises ValueError where the device remembers something younger and no open day."""

    def sell() -> None:
        open_a_receipt(device)
        _do(device, 53, 0, "")
        _do(device, 56)

    age_the_day(device, sell)


def age_the_day(device: Body, sell: Callable[[], None]) -> None:
    """Put the first receipt of the day back; `sell` issues one where there is none."""
    day, then = device.memory.day, device.now - AGO
    if day.first_receipt_at is None:
        offset_s = device.memory.clock_offset_s
        earlier_s = offset_s - round(AGO.total_seconds())
        device.become(replace(device.memory, clock_offset_s=earlier_s))
        sell()
        device.become(replace(device.memory, clock_offset_s=offset_s))
    elif day.first_receipt_at > then:
        device.become(replace(device.memory, day=replace(day, first_receipt_at=then)))


def _do(device: Device, command: int, *values: object) -> None:
    answer = device.execute(command, join(values)).data
    if not answer.startswith(b"0\t"):
        why = answer.split(b"\t")[0].decode()
        raise ValueError(f"the device cannot start in this state: {command} is refused with {why}")


STATES: dict[str, Callable[[Device], None]] = {  # by the option that asks for it
    "day_over_24h": begin_the_day_before,
    "open_receipt": open_a_receipt,
    "open_slip": open_a_slip,
}
