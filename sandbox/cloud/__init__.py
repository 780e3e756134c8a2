"""The virtual cloud: `python -m sandbox cloud --port 8800 --db cloud.db --profile ebon`.

    {"url": "http://127.0.0.1:8800", "api_key": "ebon_live_...", "agent_key": "ebon_live_...",
     "portal_key": "portal_..."}

That line on stdout means it accepts connections. `api_key` is a shop's and has every scope,
`agent_key` what an agent needs (on e-bon: only `devices` and `commands`); `portal_key` opens what a
person would do on the cloud's pages (`portal.py`). Secrets are stored hashed, so each start mints a
new set; API keys of earlier starts stay valid. docs/cloud-api.yaml says which routes e-bon
documents and which are ours.

Read next: `dialect.py` and `dialects/` (four key systems), `rest.py` (an agent's routes),
`commands.py` (the life of a command), `sync.py`, `waiting.py`, `store.py`.
"""

import argparse
import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path

from sandbox.cloud.dialect import Offers
from sandbox.cloud.dialects import DIALECTS
from sandbox.cloud.server import CloudServer, Running, Settings
from sandbox.cloud.store import OlderFile


def main(argv: list[str]) -> int:
    """Serve until SIGTERM or SIGINT."""
    parser = _parser()
    options = parser.parse_args(argv)
    dialect = DIALECTS[options.profile]
    for option, known in (("tier", dialect.tiers), ("environment", dialect.environments)):
        if getattr(options, option) not in known:
            parser.error(f"--{option}: {options.profile} has {', '.join(known)}")
    settings = Settings(
        db=options.db,
        port=options.port,
        profile=options.profile,
        environment=options.environment,
        tier=options.tier,
        offers=Offers(
            assumed=not options.documented_only,
            long_poll=not options.no_long_poll,
            sync=not options.no_sync,
        ),
        timeout_s=options.timeout_s,
        rate_limits=options.rate_limits,
        faults=options.faults,
    )
    try:
        server = CloudServer(settings, _announce)
    except OSError as error:
        print(f"cannot listen on port {settings.port}: {error}", file=sys.stderr)
        return 1
    except OlderFile as error:
        print(error, file=sys.stderr)
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
    parser.add_argument(
        "--profile", choices=sorted(DIALECTS), default="ebon", help="whose API to speak"
    )
    parser.add_argument(
        "--environment", default="live", help="of the keys of this start: live, or test where known"
    )
    parser.add_argument(
        "--tier", default="enterprise", help="the plan: how many devices, may it create keys"
    )
    parser.add_argument(
        "--documented-only",
        action="store_true",
        help="without what is ours: claim, result, device status, uploads, sync, long poll, ETag",
    )
    parser.add_argument("--no-long-poll", action="store_true", help="ignore `Prefer: wait=N`")
    parser.add_argument("--no-sync", action="store_true", help="without the sync route")
    parser.add_argument(
        "--timeout-s",
        type=int,
        default=180,
        help="age at which an unfinished command becomes `timeout` (180; push wait was 60)",
    )
    parser.add_argument(
        "--rate-limits",
        action="store_true",
        help="answer 429 over the limits; without it nothing is counted, and the headers say so,"
        " so that nobody locks himself out of a demo",
    )
    parser.add_argument(
        "--faults",
        action="store_true",
        help="open POST /sandbox/faults, which orders broken answers (for tests only)",
    )
    return parser
