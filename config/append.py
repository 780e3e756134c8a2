"""Adds one [[device]] to the end of a configuration file; what stands in it is not touched.

used_places(path)         {"/dev/ttyUSB0": "dev_1"}: what is configured, though not all may be well
add_device(path, table)   refused if the whole file would be no configuration
"""

import os
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from config.settings import ConfigError, load


def used_places(path: Path) -> dict[str, str]:
    """Return real tty, usb: or host:port of every configured device -> its id."""
    return {_place(device): str(device.get("id", "?")) for device in _devices(path)}


def used_serials(path: Path) -> dict[str, str]:
    """Return fiscal serial -> device id, of those that name one."""
    serials = {device.get("fiscal_serial"): str(device.get("id", "?")) for device in _devices(path)}
    return {serial: id_ for serial, id_ in serials.items() if isinstance(serial, str) and serial}


def add_device(path: Path, table: str) -> None:
    """Write a table behind all others.

    Raises:
        ConfigError: the file cannot be read or written, or would be no configuration with it.
    """
    try:
        text = path.read_text(encoding="utf-8")
        added = ("" if text.endswith("\n") or not text else "\n") + f"\n{table.strip()}\n"
        _check(path, text + added)
        with path.open("a", encoding="utf-8") as file:
            file.write(added)
            file.flush()
            os.fsync(file.fileno())
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error


def _check(path: Path, text: str) -> None:
    with TemporaryDirectory() as folder:
        whole = Path(folder) / path.name
        whole.write_text(text, encoding="utf-8")
        try:
            load(whole)
        except ConfigError as error:
            raise ConfigError(str(error).replace(str(whole), str(path))) from error


def _devices(path: Path) -> list[dict[str, Any]]:
    """Return the device tables as they stand there.

    Raises:
        ConfigError: the file is not there or not TOML.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: {error}") from error
    devices = raw.get("device", [])
    return [each for each in devices if isinstance(each, dict)] if isinstance(devices, list) else []


def _place(device: dict[str, Any]) -> str:
    address = str(device.get("address", ""))
    return os.path.realpath(address) if device.get("transport", "serial") == "serial" else address
