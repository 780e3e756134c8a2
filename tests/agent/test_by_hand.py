"""The table of a device behind FiscalNet: what has to be said by hand, and what does not fit."""

import json
from pathlib import Path
from typing import Any

import pytest

from agent.devices import build_printer
from config.settings import ConfigError, DeviceSettings, load
from tests.agent.clocks import FakeClock

GOOD = {
    "id": "dev_1",
    "family": "custom",
    "transport": "folder",
    "address": "/srv/fiscalnet",
    "fiscal_serial": "DB4200012345",
    "vat_groups": {"1": 21, "2": 11},
}


def loaded(tmp_path: Path, folder: str = "", **changed: Any) -> DeviceSettings:
    table = {name: value for name, value in (GOOD | changed).items() if value is not None}
    rows = [
        f"{name} = {json.dumps(value)}"
        if not isinstance(value, dict)
        else f"{name} = {{ {', '.join(f'{k} = {json.dumps(v)}' for k, v in value.items())} }}"
        for name, value in table.items()
    ]
    path = tmp_path / "config.toml"
    head = '[agent]\nid = "a"\nstate_dir = "state"\n[cloud]\nprofile = "ebon"\n[[device]]\n'
    path.write_text(head + "\n".join(rows) + "\n" + folder, "utf-8")
    return load(path).device[0]


def test_a_device_behind_fiscalnet_is_configured(tmp_path: Path) -> None:
    device = loaded(tmp_path, payments={"8": "other"}, answer_s=90)
    printer = build_printer(device, FakeClock())
    assert printer.vat_rates() == {"1": 21_00, "2": 11_00}
    assert "other" in printer.capabilities.payment_kinds


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"transport": "serial"}, r"transport: the family 'custom' has folder, not 'serial'"),
        ({"family": "datecs_x"}, r"transport: the family 'datecs_x' has serial, usb, tcp"),
        ({"fiscal_serial": None}, "fiscal_serial: is missing"),
        ({"vat_groups": None}, "vat_groups: is missing"),
        ({"address": "srv/fiscalnet"}, "address: 'srv/fiscalnet' is not a whole path"),
        ({"answer_s": 5}, "answer_s"),
        ({"vat_groups": {"1": 200}}, "vat_groups"),
        ({"payments": {"8": "gold"}}, "payments"),
        (
            {"family": "datecs_x", "transport": "serial", "address": "/dev/ttyUSB0"},
            "vat_groups: only where transport is 'folder'",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_its_key(
    tmp_path: Path, changed: dict[str, Any], says: str
) -> None:
    with pytest.raises(ConfigError, match=says):
        loaded(tmp_path, **changed)


def test_a_folder_that_is_ours_to_fill_is_not_watched_too(tmp_path: Path) -> None:
    folder = """
[[folder]]
device = "dev_1"
format = "fiscalnet"
path = "/srv/fiscalnet/Bonuri"
answers = "/srv/till/Raspuns"
vat_rates = { 1 = 21 }
"""
    with pytest.raises(ConfigError, match="what it drops would come back"):
        loaded(tmp_path, folder)
