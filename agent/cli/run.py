"""`amef run`: the agent itself, in the foreground."""

import sys
from typing import Annotated

import typer

from agent import log
from agent.cli.common import Config
from agent.log import Level
from agent.program import Program


def run(
    config: Config,
    log_level: Annotated[
        Level, typer.Option(case_sensitive=False, help="DEBUG shows every byte on the wire.")
    ] = Level.INFO,
) -> None:
    """Take commands from the cloud and have them printed, until SIGTERM or Ctrl-C.

    SIGHUP reads the configuration file again: printers and folders come and go without a stop.
    """
    log.set_up(log_level)
    sys.exit(Program(config).run())
