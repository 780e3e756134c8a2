"""The virtual cloud: `python -m sandbox cloud --port 8800 --db cloud.db`.

    {"url": "http://127.0.0.1:8800", "api_key": "ebon_live_...", "agent_key": "ebon_live_..."}

That line on stdout means it accepts connections. `api_key` has every scope, `agent_key` only
`devices` and `commands`. Secrets are stored hashed, so each start mints a new pair; those of
earlier starts stay valid. docs/cloud-api.yaml says which routes e-bon documents and which are ours.

Read next: `routes_commands.py` (the life of a command), `validation.py`, `request.py`, `store.py`.
"""

import argparse
import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path

from sandbox.cloud.server import CloudServer, Running, Settings


def main(argv: list[str]) -> int:
    """Serve until SIGTERM or SIGINT."""
    options = _parser().parse_args(argv)
    settings = Settings(
        db=options.db,
        port=options.port,
        timeout_s=options.timeout_s,
        rate_limits=options.rate_limits,
        faults=options.faults,
    )
    try:
        server = CloudServer(settings, _announce)
    except OSError as error:
        print(f"cannot listen on port {settings.port}: {error}", file=sys.stderr)
        return 1
    # uvicorn raises the signal again when it has ended; these handlers let that end with 0.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.stop())
    server.serve()
    return 0


def _announce(running: Running) -> None:
    print(json.dumps(asdict(running)), flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox cloud",
        description="A virtual cloud on loopback, for demos and tests.",
    )
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--db", type=Path, required=True, help="SQLite file; made if missing")
    parser.add_argument("--profile", choices=["ebon"], default="ebon", help="whose API to speak")
    parser.add_argument(
        "--timeout-s",
        type=int,
        default=180,
        help="age at which an unfinished command becomes `timeout` (180; push wait was 60)",
    )
    parser.add_argument(
        "--rate-limits",
        action="store_true",
        help="answer 429 over the limits; without it they are only counted and told in headers,"
        " so that nobody locks himself out of a demo",
    )
    parser.add_argument(
        "--faults",
        action="store_true",
        help="open POST /sandbox/faults, which orders broken answers (for tests only)",
    )
    return parser
