"""States to start in, made by the device's own commands before anybody listens."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.printer.asked import passwords
from sandbox.printer.memory import RATE_UNUSED
from sandbox.printer.start import age_the_day
from sandbox.printer_zfp.device import Device


def open_a_receipt(device: Device) -> None:
    """Somebody else's, with one line. Raises ValueError where none can be opened."""
    if device.memory.receipt:
        return
    group = next(n for n, rate in enumerate(device.memory.rates) if rate < RATE_UNUSED)
    letter = device.profile.letters[group]
    _do(device, 0x30, f"{_who(device)};0;0;0")
    _do(device, 0x31, f"{'Produs al altcuiva`BUC'.ljust(36)};{letter};1.00*1.000")


def open_a_slip(device: Device) -> None:
    """Raises ValueError where a receipt is open."""
    if device.memory.text:
        return
    _do(device, 0x2E, f"{_who(device)};0;0")
    _do(device, 0x37, "Text al altcuiva")


def begin_the_day_before(device: Device) -> None:
    """The first receipt of the fiscal day is 25 hours old."""

    def sell() -> None:
        open_a_receipt(device)
        _do(device, 0x35, '0;0;"' + (";1" if device.profile.name == "ro" else ""))
        _do(device, 0x38, "")

    age_the_day(device, sell)


def _who(device: Device) -> str:
    password = passwords(device.memory, device.settings, 1)[0]
    return f"1;{password.ljust(device.profile.password_width)}"


def _do(device: Device, command: int, text: str) -> None:
    executed = device.execute(command, text.encode(device.profile.code_page))
    if executed.ste != b"00":
        why = executed.ste.decode()
        raise ValueError(f"the device cannot start in this state: {command:02X} is refused: {why}")


STATES: dict[str, Callable[[Device], None]] = {  # by the option that asks for it
    "day_over_24h": begin_the_day_before,
    "open_receipt": open_a_receipt,
    "open_slip": open_a_slip,
}
