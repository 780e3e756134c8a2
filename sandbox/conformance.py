"""What an agent can and cannot do on a cloud: `python -m sandbox conformance --url ... --key ...`.

    key is taken             needed    yes           14 devices
    claim is exclusive       needed    no            another agent got 200 for it
    sync                     ours      no            404
    late result              needed    not looked at needs --may-queue and --device

For the cloud's makers, against their own. Ends with 0 when everything an agent needs is there, with
1 when something is lacking or was not looked at, with 2 when the cloud cannot be reached or refuses
the key. It changes nothing unless told `--may-queue`: then it queues two commands for `--device`
(`get_cash_amount`, which prints nothing), claims them and answers them itself. No agent
should run for that device meanwhile.
"""

import argparse
import json
import sys
from dataclasses import asdict

import httpx
from rich.console import Console
from rich.table import Table

from sandbox.conformance_checks import Outcome, Row, Unusable, looked_at

TIMEOUT_S = 35.0
WORDS = {Outcome.YES: "yes", Outcome.NO: "no", Outcome.UNKNOWN: "not looked at"}
COLOURS = {Outcome.YES: "green", Outcome.NO: "red", Outcome.UNKNOWN: "yellow"}


def main(argv: list[str]) -> int:
    options = _parser().parse_args(argv)
    key = sys.stdin.readline().strip() if options.key == "-" else options.key
    headers = {"x-api-key": key, "User-Agent": "amef-agent conformance"}
    try:
        with httpx.Client(base_url=options.url, headers=headers, timeout=TIMEOUT_S) as cloud:
            rows = looked_at(cloud, options.device, may_queue=options.may_queue)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        print(f"{options.url}: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    except Unusable as error:
        print(f"{options.url}: {error}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps([asdict(row) | {"outcome": WORDS[row.outcome]} for row in rows]))
    else:
        _show(rows)
    lacking = [row for row in rows if row.needed and row.outcome is not Outcome.YES]
    return 1 if lacking else 0


def _show(rows: list[Row]) -> None:
    table = Table("what", "source", "needed", "there", "how it was seen")
    for row in rows:
        table.add_row(
            row.what,
            "assumed" if row.assumed else "documented",
            "needed" if row.needed else "",
            f"[{COLOURS[row.outcome]}]{WORDS[row.outcome]}[/]",
            row.seen,
        )
    console = Console(soft_wrap=True)
    console.print(table)
    for outcome, sentence in ((Outcome.NO, "lacking"), (Outcome.UNKNOWN, "not looked at")):
        names = [row.what for row in rows if row.needed and row.outcome is outcome]
        if names:
            console.print(f"{sentence}, though an agent needs it: {', '.join(names)}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox conformance",
        description="What an agent can and cannot do on a cloud.",
    )
    parser.add_argument("--url", required=True, help="https://api.e-bon.ro, or http://127.0.0.1:N")
    parser.add_argument("--key", required=True, help="an API key; - reads it from stdin")
    parser.add_argument("--profile", choices=["ebon"], default="ebon", help="whose routes to ask")
    parser.add_argument("--device", default="", help="the device to queue for")
    parser.add_argument(
        "--may-queue", action="store_true", help="may queue, claim and answer commands of its own"
    )
    parser.add_argument("--json", action="store_true", help="for a machine")
    return parser
