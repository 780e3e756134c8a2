"""`amef wire`: frames by hand, as hex. Talks to no printer."""

from enum import StrEnum
from typing import Annotated

import typer

from agent.cli.common import print_json
from drivers.wire_tool import FAMILIES, decode_frame, encode_frame

app = typer.Typer(no_args_is_help=True, help="Decode and encode frames by hand.")

FamilyName = StrEnum("FamilyName", [(name, name) for name in FAMILIES])  # type: ignore[misc]
Family = Annotated[FamilyName, typer.Option(help="Whose frames.")]


class Direction(StrEnum):
    TX = "tx"
    RX = "rx"


@app.command()
def decode(
    hex_: Annotated[str, typer.Argument(metavar="HEX")],
    family: Family,
    direction: Annotated[Direction, typer.Option(help="tx: to the device; rx: from it.")],
) -> None:
    """Print what a frame says as one JSON object; exit 1 if it is not a good frame."""
    found = decode_frame(family, hex_, reply=direction is Direction.RX)
    print_json(found)
    raise typer.Exit(0 if found["ok"] else 1)


@app.command()
def encode(
    family: Family,
    data: Annotated[str, typer.Argument()] = "",
    seq: Annotated[int | None, typer.Option(help="SEQ, 32 to 255; not for custom.")] = None,
    command: Annotated[
        int | None, typer.Option(help="CMD, as in the manual; not for custom.")
    ] = None,
) -> None:
    r"""Print a request as hex. In DATA, \t is a TAB, \n a line feed and \x1E that byte."""
    try:
        typer.echo(encode_frame(family, sequence=seq, command=command, data=data))
    except ValueError as error:
        typer.echo(f"amef: {error}", err=True)
        raise typer.Exit(1) from error
