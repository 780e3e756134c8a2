"""Log lines: the name of an event, then fields. No secrets, no receipt texts.

2026-11-21T10:00:00Z INFO ledger.begin command_id=cmd_1 device_id=dev_1
"""

import json
import logging
import re
import sys
from datetime import UTC, datetime

# What a key of any known cloud looks like; the key itself is never handed to a log line, this is
# the second lock.
_SECRET = re.compile(r"""\b(ebon_live|pk|sk|zatca)_[^\s"'&]{8,}""")
_OWN = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class LineFormatter(logging.Formatter):
    """One line an event, `key=value` behind it."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        fields = [f"{k}={_shown(v)}" for k, v in vars(record).items() if k not in _OWN]
        line = " ".join([at, record.levelname, record.getMessage(), *fields])
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return _SECRET.sub(r"\1_***", line)


def set_up(level: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in ("apscheduler", "httpcore", "httpx", "tzlocal"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _shown(value: object) -> str:
    text = str(value)
    return text if re.fullmatch(r"[\w.:/@+-]+", text) else json.dumps(text, ensure_ascii=False)
