"""`amef wire`: frames by hand, as hex. Talks to no printer."""

from enum import StrEnum
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from agent.cli.common import print_json
from agent.exits import Exit
from drivers.wire_spelling import number_of
from drivers.wire_tool import FAMILIES, WrongNumbers, decode_frame, decode_stream, encode_frame

app = typer.Typer(no_args_is_help=True, help="Decode and encode frames by hand.")

FamilyName = StrEnum("FamilyName", [(name, name) for name in FAMILIES])  # type: ignore[misc]
Family = Annotated[FamilyName, typer.Option(help="Whose frames.")]


class Direction(StrEnum):
    TX = "tx"
    RX = "rx"


class WithData(TyperCommand):
    """A command whose DATA may begin with one dash, as -10.00 does; its one short option is -h."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        known = {name for option in self.get_params(ctx) for name in option.opts}
        typed = args[: args.index("--")] if "--" in args else args
        words = (word.partition("=")[0] for word in typed if word.startswith("--"))
        ctx.ignore_unknown_options = known.issuperset(words)
        return super().parse_args(ctx, args)


@app.command()
def decode(
    hex_: Annotated[
        list[str], typer.Argument(metavar="HEX", help="Joined or apart, 01:2C or 0x01 0x2C too.")
    ],
    family: Family,
    direction: Annotated[Direction, typer.Option(help="tx: to the device; rx: from it.")],
    stream: Annotated[
        bool, typer.Option("--stream", help="Tell all that came, piece by piece, noise too.")
    ] = False,
) -> None:
    """Print what a frame says as one JSON object; exit 1 if it is not one good frame."""
    text, reply = " ".join(hex_), direction is Direction.RX
    tell = decode_stream if stream else _only
    found = tell(family, text, reply=reply)
    for told in found:
        print_json(told)
    raise typer.Exit(Exit.OK if all(told["ok"] for told in found) else Exit.NO)


def _only(family: str, text: str, *, reply: bool) -> list[dict[str, Any]]:
    return [decode_frame(family, text, reply=reply)]


@app.command(cls=WithData)
def encode(
    family: Family,
    data: Annotated[
        str, typer.Argument(metavar="DATA", help="It may begin with a dash, as -10.00 does.")
    ] = "",
    seq: Annotated[
        int | None,
        typer.Option(parser=number_of, metavar="N", help="SEQ, from 32; custom, shtrih: none."),
    ] = None,
    command: Annotated[
        int | None,
        typer.Option(parser=number_of, metavar="N", help="CMD, 74 or 0x4A; custom: none."),
    ] = None,
) -> None:
    r"""Print a request as hex. In DATA, \t is a TAB, \r \n end a line, \x1E that byte, \\ one \.

    For custom DATA is the file as it stands: its line ends are those which are typed.
    """
    try:
        typer.echo(encode_frame(family, sequence=seq, command=command, data=data))
    except ValueError as error:
        typer.echo(f"amef: {error}", err=True)
        wrong_call = isinstance(error, WrongNumbers)
        raise typer.Exit(Exit.USAGE if wrong_call else Exit.NO) from error
