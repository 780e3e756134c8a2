"""The lock of a state directory: whoever holds it is the only agent there.

agent        takes it for itself, and keeps it until it ends, however it ends
amef status  shares it for a moment, to see whether somebody has it
"""

import errno
import fcntl
from pathlib import Path
from typing import IO

from agent.wake import Wake
from config.settings import ConfigError

LOCK_FILE = "agent.lock"
TRIES_MAX, AGAIN_S = 5, 0.05


def take_lock(state_dir: Path) -> IO[str]:
    """Be the only agent on this state directory, as long as the file stays open.

    Raises:
        ConfigError: another agent is.
        OSError: the directory or the disk does not let us.
    """
    file = _opened(state_dir / LOCK_FILE)
    for _ in range(TRIES_MAX):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # somebody may only have a look
            Wake().wait(AGAIN_S)
        else:
            return file
    file.close()
    raise ConfigError(f"agent.state_dir: another agent works on {state_dir}")


def is_locked(state_dir: Path) -> bool:
    """Does an agent run here? False also where that may not be seen."""
    try:
        with (state_dir / LOCK_FILE).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _opened(path: Path) -> IO[str]:
    try:
        return path.open("a+")
    except OSError as error:
        if error.errno != errno.EROFS or not path.exists():
            raise
        return path.open()  # a lock needs no writing
