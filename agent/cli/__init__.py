"""The command `amef`: one file per group of commands.

run        the agent itself, in the foreground       (the unit calls this)
status     how it goes: cloud, printers, commands
ledger     what was asked and what became of it; is the file sound, and if not, recover
resolve    say what the paper says of a held command
archive    what the printers remember: list, check, take in, write out
devices    find printers
key        the API key: set it, check it, change it
printer    ask and drive one printer on the spot
wire       frames by hand
"""

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from agent.cli import (
    archive,
    archive_certificate,
    archive_files,
    devices,
    key,
    ledger,
    printer,
    resolve,
    run,
    status,
    wire,
)
from agent.exits import Exit
from agent.ledger import LedgerError
from agent.log import masked
from config.settings import ConfigError

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},  # of every command below, too
)
app.command("run")(run.run)
app.command("status")(status.status)
app.command("resolve")(resolve.resolve)
app.add_typer(ledger.app, name="ledger")
app.add_typer(archive.app, name="archive")
archive.app.command("export")(archive_files.export)
archive.app.command("import")(archive_files.import_)
archive.app.command("rebuild")(archive_files.rebuild)
archive.app.command("a4200")(archive_files.a4200)
archive.app.command("certificate")(archive_certificate.certificate)
app.add_typer(devices.app, name="devices")
app.add_typer(key.app, name="key")
app.add_typer(printer.app, name="printer")
app.add_typer(wire.app, name="wire")


def _version(value: bool) -> None:
    if value:
        typer.echo(f"amef-agent {version('amef-agent')}")
        raise typer.Exit


@app.callback()
def amef(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Stand between a cloud and Romanian fiscal printers (AMEF)."""


def main() -> None:
    try:
        app()
    except ConfigError as error:
        typer.echo(f"amef: {masked(str(error))}", err=True)  # a key may stand where it should not
        sys.exit(Exit.CONFIG)
    except LedgerError as error:
        typer.echo(f"amef: the ledger cannot be used: {error}", err=True)
        sys.exit(Exit.LEDGER)
