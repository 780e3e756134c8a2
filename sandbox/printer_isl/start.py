"""States to start in, made by the device's own commands before anybody listens.

open_a_receipt         somebody else's receipt stands open, with one line
open_a_slip            so does a non-fiscal document, with one text
begin_the_day_before   the first receipt of the fiscal day is 25 hours old
"""

from __future__ import annotations

from collections.abc import Callable

from sandbox.printer.memory import RATE_UNUSED
from sandbox.printer.start import age_the_day
from sandbox.printer_isl.device import Device


def open_a_receipt(device: Device) -> None:
    if device.memory.receipt:
        return
    make = device.make
    group = next(n for n, rate in enumerate(device.memory.rates) if rate < RATE_UNUSED)
    password = device.settings.password
    _do(device, make.opens, make.sample_opening.format(password=password))
    _do(device, 49, f"Produs al altcuiva\t{make.letters[group]}1.00*1.000")


def open_a_slip(device: Device) -> None:
    if device.memory.text:
        return
    _do(device, 38, "")
    _do(device, 42, "Text al altcuiva")


def begin_the_day_before(device: Device) -> None:
    def sell() -> None:
        open_a_receipt(device)
        _do(device, 53, "\t")
        _do(device, 56, "")

    age_the_day(device, sell)


def _do(device: Device, command: int, text: str) -> None:
    done = device.execute(command, text.encode(device.make.code_page))
    if done.status[0] & 0x23 or done.status[1] & 0x03:
        why = done.status.hex(" ")
        raise ValueError(f"the device cannot start in this state: {command} is refused with {why}")


STATES: dict[str, Callable[[Device], None]] = {  # by the option that asks for it
    "day_over_24h": begin_the_day_before,
    "open_receipt": open_a_receipt,
    "open_slip": open_a_slip,
}
