"""Is the program alive: the beats of its loops, the watchdog of systemd, and status.json."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.health import SILENCE_S_MAX, STATUS_FILE, WRITE_INTERVAL_S, Health, Notifier
from agent.loops import run
from agent.wake import Wake
from tests.agent.clocks import FakeClock
from tests.agent.cloud.cloud_world import SECRET, answer, scripted

AMEF = str(Path(sys.executable).with_name("amef"))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def health(clock: FakeClock) -> Health:
    return Health(clock)


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    """The socket that systemd listens on."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(5.0)
        yield listener


def status(home: Path) -> dict[str, object]:
    read: dict[str, object] = json.loads((home / STATUS_FILE).read_text("utf-8"))
    return read


def test_systemd_hears_every_word(systemd: socket.socket) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": systemd.getsockname()})
    for words in (("READY=1",), ("WATCHDOG=1",), ("STOPPING=1", "STATUS=the end")):
        notifier.tell(*words)
        assert systemd.recv(1000).decode().split("\n") == list(words)


def test_systemd_is_heard_on_an_abstract_socket() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0amef-test-{os.getpid()}")
        listener.settimeout(5.0)
        Notifier({"NOTIFY_SOCKET": f"@amef-test-{os.getpid()}"}).tell("READY=1")
        assert listener.recv(1000) == b"READY=1"


def test_the_program_tells_systemd_that_it_is_ready_alive_and_stopping(
    systemd: socket.socket, tmp_path: Path
) -> None:
    with scripted(*[answer(200, b"[]")] * 20) as cloud:
        config = tmp_path / "config.toml"
        config.write_text(
            f"""[agent]
id = "magazin-1"
state_dir = "{tmp_path}"
[cloud]
base_url = "{cloud.url}"
[[device]]
id = "dev_1"
family = "datecs_x"
address = "{tmp_path}/missing"
"""
        )
        environ = {"NOTIFY_SOCKET": systemd.getsockname(), "AMEF_API_KEY": SECRET}
        with subprocess.Popen([AMEF, "run", "--config", config], env=environ) as program:
            systemd.settimeout(20.0)
            assert systemd.recv(1000) == b"READY=1"
            assert systemd.recv(1000) == b"WATCHDOG=1"
            assert status(tmp_path)["pid"] == program.pid
            program.terminate()
            told = systemd.recv(1000)
            while told == b"WATCHDOG=1":
                told = systemd.recv(1000)
            assert told == b"STOPPING=1"
            assert program.wait(20) == 0


@pytest.mark.parametrize("broken", [False, True])
def test_a_reload_is_told_to_systemd_from_its_begin_to_its_end(
    systemd: socket.socket, tmp_path: Path, broken: bool
) -> None:
    config = tmp_path / "config.toml"
    text = f"""[agent]
id = "magazin-1"
state_dir = "{tmp_path}"
[cloud]
base_url = "http://127.0.0.1:9"
[[device]]
id = "dev_1"
family = "datecs_x"
address = "{tmp_path}/missing"
"""
    config.write_text(text)
    environ = {"NOTIFY_SOCKET": systemd.getsockname(), "AMEF_API_KEY": SECRET}
    with subprocess.Popen([AMEF, "run", "--config", config], env=environ) as program:
        systemd.settimeout(20.0)
        assert systemd.recv(1000) == b"READY=1"
        config.write_text(f"{text}[[device]" if broken else text.replace("dev_1", "dev_2"))
        before_us = time.monotonic_ns() // 1000
        program.send_signal(signal.SIGHUP)
        told = [systemd.recv(1000).decode()]
        while not told[-1].startswith("READY=1"):
            told.append(systemd.recv(1000).decode())
        said = {True: "refused, nothing is changed: ", False: "1 device: added dev_2; removed"}
        assert told[-1].startswith(f"READY=1\nSTATUS=configuration: {said[broken]}")
        begun = re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=(\d+)", told[-2])
        assert begun is not None
        assert before_us <= int(begun[1]) <= time.monotonic_ns() // 1000
        program.terminate()
        assert program.wait(20) == 0


def test_a_loop_that_is_gone_is_asked_no_more(health: Health, clock: FakeClock) -> None:
    gone, stays = health.add("device dev_1"), health.add("cloud")
    clock.move(SILENCE_S_MAX)
    health.beat(stays, "connected")
    assert not health.alive
    health.remove(gone)
    assert health.alive


class Breaking:
    """A loop whose third step breaks."""

    sentence = "working"
    notes = ()

    def __init__(self) -> None:
        self.steps = 0

    def step(self) -> bool:
        self.steps += 1
        if self.steps == 3:
            raise LookupError("no such thing")
        return True

    def leave(self) -> None: ...

    def close(self) -> None: ...


def test_a_loop_that_breaks_beats_no_more(health: Health, clock: FakeClock) -> None:
    loop, pulse = Breaking(), health.add("cloud")
    run(loop, Wake(), threading.Event(), lambda: health.beat(pulse, loop.sentence))
    assert (loop.steps, pulse.sentence) == (3, "working")
    clock.move(SILENCE_S_MAX)
    assert not health.alive


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}])
def test_without_systemd_nothing_is_said(
    environ: dict[str, str], systemd: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands in the environment of the tests themselves is not ours."""
    monkeypatch.setenv("NOTIFY_SOCKET", systemd.getsockname())
    Notifier(environ).tell("READY=1")
    systemd.settimeout(0.0)
    with pytest.raises(BlockingIOError):
        systemd.recv(1000)


def test_loops_that_beat_are_alive(health: Health, clock: FakeClock) -> None:
    pulses = [health.add(name) for name in ("cloud", "device dev_1")]
    for _ in range(10):
        clock.move(SILENCE_S_MAX - 1)
        assert health.alive
        for pulse in pulses:
            health.beat(pulse, "connected")
    assert health.alive


def test_one_loop_that_hangs_is_a_program_that_hangs(health: Health, clock: FakeClock) -> None:
    hanging, beating = health.add("cloud"), health.add("device dev_1")
    clock.move(SILENCE_S_MAX - 1)
    health.beat(beating, "online")
    assert health.alive
    clock.move(1)
    assert not health.alive
    health.beat(hanging, "connected")
    assert health.alive


def test_a_wall_clock_that_jumps_is_no_silence(health: Health, clock: FakeClock) -> None:
    health.add("cloud")
    clock.jump_to(clock.ms + 10**12)
    assert health.alive


def test_a_loop_that_broke_is_not_alive_and_says_which(health: Health) -> None:
    health.add("cloud")
    pulse = health.add("device dev_1")
    assert (health.failure, health.alive) == ("", True)
    pulse.failure = "the loop 'device dev_1' broke"
    assert (health.failure, health.alive) == (pulse.failure, False)
    health.beat(pulse, "online")
    assert not health.alive


def test_the_status_says_how_every_loop_goes(
    health: Health, clock: FakeClock, tmp_path: Path
) -> None:
    pulse = health.add("cloud")
    health.add("device dev_1")
    health.beat(pulse, 'cloud: "închis"\n')
    health.write(tmp_path)
    assert status(tmp_path) == {
        "pid": os.getpid(),
        "at_ms": clock.now_ms(),
        "cloud_ahead_ms": 0,
        "loops": {"cloud": 'cloud: "închis"\n', "device dev_1": "starting"},
    }


def test_a_status_that_did_not_change_is_written_now_and_then(
    health: Health, clock: FakeClock, tmp_path: Path
) -> None:
    pulse = health.add("cloud")
    health.write(tmp_path)
    first = status(tmp_path)
    clock.move(WRITE_INTERVAL_S - 0.1)
    health.write(tmp_path)
    assert status(tmp_path) == first
    clock.move(0.1)
    health.write(tmp_path)
    assert status(tmp_path)["at_ms"] == clock.now_ms()
    health.beat(pulse, "connected")
    health.write(tmp_path)
    assert status(tmp_path)["loops"] == {"cloud": "connected"}


def test_a_status_is_replaced_whole_and_never_seen_in_part(
    health: Health, clock: FakeClock, tmp_path: Path
) -> None:
    pulse = health.add("cloud")
    health.write(tmp_path)
    torn: list[str] = []
    over = threading.Event()

    def run() -> None:
        while not over.is_set():
            text = (tmp_path / STATUS_FILE).read_text("utf-8")
            if not text.endswith("}}"):
                torn.append(text)

    reader = threading.Thread(target=run)
    reader.start()
    for number in range(300):
        health.beat(pulse, str(number) * 3000)
        health.write(tmp_path)
    over.set()
    reader.join()
    assert torn == []
    assert [path.name for path in tmp_path.iterdir()] == [STATUS_FILE]


def test_a_reader_that_holds_the_old_status_keeps_it(health: Health, tmp_path: Path) -> None:
    pulse = health.add("cloud")
    health.write(tmp_path)
    with (tmp_path / STATUS_FILE).open() as held:
        health.beat(pulse, "connected")
        health.write(tmp_path)
        assert json.loads(held.read())["loops"] == {"cloud": "starting"}
