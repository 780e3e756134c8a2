"""The command `amef` for tests: in this process, or the real program; and a configuration."""

import os
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from fcntl import ioctl
from pathlib import Path

from typer.testing import CliRunner, Result

from agent.cli import app

ROOT = Path(__file__).parents[2]
AMEF = Path(sys.executable).with_name("amef")
WAIT_S = 20
Amef = Callable[..., Result]  # calls the command with a configuration that it knows
ENGLISH = {"LANG": "en_US.UTF-8", "PATH": "/usr/bin:/bin", "PYTHONWARNINGS": "error"}


def called(*arguments: str, lang: str = "en_US.UTF-8", answer: str = "") -> Result:
    return CliRunner().invoke(app, arguments, input=answer, env={"LANG": lang})


def program(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(AMEF), *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=WAIT_S,
        env=ENGLISH,
        cwd="/",
        check=False,
    )


def on_a_terminal(columns: int, *arguments: str) -> str:
    """Run the program and return what a terminal of so many columns was sent."""
    ours, theirs = os.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 25, columns, 0, 0))
    environ = ENGLISH | {"TERM": "xterm", "COLUMNS": str(columns)}
    with subprocess.Popen([str(AMEF), *arguments], stdout=theirs, env=environ) as process:
        os.close(theirs)
        shown = b""
        while part := _read(ours):
            shown += part
        assert process.wait(WAIT_S) == 0
    os.close(ours)
    return shown.decode()


def _read(file: int) -> bytes:
    try:
        return os.read(file, 4096)
    except OSError:  # the far end of a pseudo-terminal has gone
        return b""


def configuration(folder: Path, *addresses: str, extra: str = "", family: str = "datecs_x") -> str:
    """One device per address: dev_1, dev_2, ... `extra` goes to the last one."""
    devices = "".join(
        f'[[device]]\nid = "dev_{number}"\nfamily = "{family}"\naddress = "{address}"\n'
        for number, address in enumerate(addresses, start=1)
    )
    path = folder / "config.toml"
    agent = f'[agent]\nid = "shop"\nstate_dir = "{folder / "state"}"\n'
    agent += 'timezone = "UTC"\n[cloud]\n'
    path.write_text(f"{agent}{devices}{extra}\n", "utf-8")
    return str(path)
