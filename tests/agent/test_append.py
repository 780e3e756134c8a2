"""A device added to the end of a configuration file; what stands in it is not touched."""

import os
from pathlib import Path

import pytest

from config.append import add_device, used_places, used_serials
from config.settings import ConfigError, load
from tests.agent.amef import configuration

TABLE = '[[device]]\nid = "dev_9"\nfamily = "daisy"\naddress = "/dev/ttyS9"\n'


@pytest.mark.parametrize("end", ["", "\n", "\n\n\n", "\n# no line feed after this"])
def test_what_stood_there_stays_byte_for_byte(tmp_path: Path, end: str) -> None:
    path = Path(configuration(tmp_path, "/dev/ttyS1"))
    before = path.read_bytes().rstrip() + end.encode()
    path.write_bytes(before)
    add_device(path, TABLE)
    assert path.read_bytes().startswith(before)
    assert [device.id for device in load(path).device] == ["dev_1", "dev_9"]


def test_a_file_without_a_device_becomes_a_configuration(tmp_path: Path) -> None:
    path = Path(configuration(tmp_path))
    with pytest.raises(ConfigError):
        load(path)
    assert used_places(path) == {}
    add_device(path, TABLE)
    assert [device.id for device in load(path).device] == ["dev_9"]


@pytest.mark.parametrize(
    ("table", "why"),
    [
        (TABLE.replace("dev_9", "dev_1"), "stands there twice"),
        (TABLE.replace("ttyS9", "ttyS1"), "stands there twice"),
        (TABLE.replace("daisy", "dasy"), "not known"),
        ("[[device]", "Expected"),
    ],
)
def test_what_would_be_no_configuration_is_not_written(
    tmp_path: Path, table: str, why: str
) -> None:
    path = Path(configuration(tmp_path, "/dev/ttyS1"))
    before = path.read_bytes()
    with pytest.raises(ConfigError, match=why) as refused:
        add_device(path, table)
    assert str(refused.value).startswith(f"{path}: ")
    assert path.read_bytes() == before


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    for ask in (used_places, used_serials, lambda path: add_device(path, TABLE)):
        with pytest.raises(ConfigError, match=r"config\.toml"):
            ask(path)
    assert not path.exists()


def test_places_are_what_is_behind_the_names(tmp_path: Path) -> None:
    link = tmp_path / "usb-Datecs_1"
    link.symlink_to("/dev/null")
    extra = f"{TABLE}transport = 'tcp'\nfiscal_serial = 'SIM1'"
    path = Path(configuration(tmp_path, str(link), extra=extra.replace("/dev/ttyS9", "10.0.0.9")))
    assert used_places(path) == {os.path.realpath(link): "dev_1", "10.0.0.9": "dev_9"}
    assert used_serials(path) == {"SIM1": "dev_9"}
