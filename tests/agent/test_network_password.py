"""The password that the network of a printer wants first: who takes it, that nobody shows it."""

import json
import logging
import socket
from pathlib import Path
from threading import Thread

import pytest

from agent.devices import build_printer
from config.settings import ConfigError, DeviceSettings, load
from drivers.errors import NotStarted
from tests.agent.clocks import FakeClock
from tests.agent.cloud.cloud_world import shown_by

SECRET = "s3cret"
HEAD = '[agent]\nid = "a"\nstate_dir = "state"\n[cloud]\nprofile = "ebon"\n[[device]]\n'


def loaded(tmp_path: Path, **changed: str) -> DeviceSettings:
    table = {"id": "dev_1", "family": "tremol", "transport": "tcp", "address": "10.0.0.5:8000"}
    rows = [f"{key} = {json.dumps(value)}" for key, value in (table | changed).items()]
    path = tmp_path / "config.toml"
    path.write_text(HEAD + "\n".join(rows) + "\n", "utf-8")
    return load(path).device[0]


@pytest.mark.parametrize(
    ("family", "transport", "why"),
    [
        ("datecs_x", "tcp", "a datecs_x asks for none"),
        ("shtrih", "tcp", "a shtrih asks for none"),
        ("tremol", "serial", "only where transport is 'tcp'"),
    ],
)
def test_it_is_refused_where_nobody_asks_for_one(
    tmp_path: Path, family: str, transport: str, why: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, family=family, transport=transport, network_password=SECRET)
    assert str(caught.value).endswith(f"config.toml: device[0].network_password: {why}")
    assert SECRET not in shown_by(caught.value)


@pytest.mark.parametrize("bad", [SECRET * 20, f"{SECRET}\t", f"{SECRET}\n", f"{SECRET}ă"])
def test_one_that_cannot_be_sent_is_refused_and_not_shown(tmp_path: Path, bad: str) -> None:
    with pytest.raises(ConfigError, match="network_password: ") as caught:
        loaded(tmp_path, network_password=bad)
    assert SECRET not in shown_by(caught.value)


def test_it_opens_the_connection_and_stands_in_no_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        device = loaded(tmp_path, address=address, network_password=SECRET)
        printer = build_printer(device, FakeClock())
        heard: list[bytes] = []
        far_end = Thread(target=hear_one_line, args=(listener, heard))
        far_end.start()
        with caplog.at_level(logging.DEBUG), pytest.raises(NotStarted) as caught:
            printer.open(last_sequence=None)
        far_end.join(5)
    assert heard[0].startswith(f"{SECRET}\n".encode())
    assert "> (the network's password)" in caplog.messages
    shown = "".join([*caplog.messages, shown_by(caught.value), repr(device)])
    assert SECRET not in shown
    assert SECRET.encode().hex(" ") not in shown.lower()


def hear_one_line(listener: socket.socket, heard: list[bytes]) -> None:
    """A printer that hears the beginning of one connection, and is gone."""
    listener.settimeout(5)
    connection, _ = listener.accept()
    listener.close()
    with connection:
        connection.settimeout(5)
        said = b""
        while b"\n" not in said:
            said += connection.recv(100)
        heard.append(said)
