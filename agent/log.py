"""Log lines: the name of an event, then fields. No secrets, no receipt texts.

2026-11-21T10:00:00Z INFO ledger.begin command_id=cmd_1 device_id=dev_1
"""

import io
import json
import logging
import re
import sys
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import TextIO, cast

from config.profiles import profiles

_OWN = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class Level(StrEnum):
    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"


class LineFormatter(logging.Formatter):
    """One line an event, `key=value` behind it."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        fields = [f"{k}={_shown(v)}" for k, v in vars(record).items() if k not in _OWN]
        line = " ".join([at, record.levelname, record.getMessage(), *fields])
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return masked(line)


def masked(text: str) -> str:
    """Return what strangers or mistakes may have put a key into, without the key."""
    return _secret().sub(r"\1***", text)


@cache
def _secret() -> "re.Pattern[str]":
    """What a key of any known cloud looks like, also one that was cut or mistyped.

    The key itself is never handed to a log line; this is the second lock.
    """
    starts = {re.escape(start) for profile in profiles().values() for start in profile.key.starts}
    return re.compile(rf"""\b({"|".join(sorted(starts))})[^\s"'&]{{8,}}""")


class MaskedStream(io.TextIOBase):
    """stderr, for what passes by the log: the traceback of a thread that broke, a warning."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(masked(text))
        return len(text)

    def flush(self) -> None:
        self._stream.flush()

    def fileno(self) -> int:
        return self._stream.fileno()

    def isatty(self) -> bool:
        return self._stream.isatty()


def set_up(level: Level) -> None:
    if not isinstance(sys.stderr, MaskedStream):
        sys.stderr = cast(TextIO, MaskedStream(sys.stderr))
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in ("apscheduler", "httpcore", "httpx", "tzlocal"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _shown(value: object) -> str:
    text = str(value)
    return text if re.fullmatch(r"[\w.:/@+-]+", text) else json.dumps(text, ensure_ascii=False)
