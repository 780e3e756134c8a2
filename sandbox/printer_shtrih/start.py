"""States to start in, made by the device's own commands before anybody listens."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.printer.memory import OPERATORS, RATE_UNUSED, padded
from sandbox.printer.start import age_the_day
from sandbox.printer_shtrih.asked import SYSTEM, le, written_text
from sandbox.printer_shtrih.device import OPEN, SALE, Device

PRICE = 100


def open_a_receipt(device: Device) -> None:
    """Somebody else's, with one line. Raises ValueError where none can be opened."""
    if device.memory.receipt:
        return
    tax = 1 + next(n for n, rate in enumerate(device.memory.rates[:4]) if rate < RATE_UNUSED)
    if not device.opens_by_sale:
        _do(device, OPEN, b"\0")
    line = le(1000, 5) + le(PRICE, 5) + bytes([1, tax, 0, 0, 0])
    _do(device, SALE, line + written_text("Produs al altcuiva"))


def open_a_slip(device: Device) -> None:
    """Raises ValueError where nothing can be printed."""
    if not device.memory.text:
        _do(device, 0x17, b"\2" + written_text("Text al altcuiva"))


def begin_the_day_before(device: Device) -> None:
    """The first receipt of the fiscal day is 25 hours old."""

    def sell() -> None:
        open_a_receipt(device)
        _do(device, 0x85, le(PRICE, 5) + bytes(21) + written_text(""))

    age_the_day(device, sell)


def _do(device: Device, code: int, data: bytes) -> None:
    kept = padded(device.memory.operator_passwords, OPERATORS)[SYSTEM - 1]
    executed = device.execute(code, le(int(kept or SYSTEM), 4) + data)
    if executed.said[0]:
        why = f"{executed.said[0]:02X}"
        raise ValueError(f"the device cannot start in this state: {code:02X} is refused: {why}")


STATES: dict[str, Callable[[Device], None]] = {  # by the option that asks for it
    "day_over_24h": begin_the_day_before,
    "open_receipt": open_a_receipt,
    "open_slip": open_a_slip,
}
