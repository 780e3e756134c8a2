"""What `--help` says of every command: all of it, as it is written in the code."""

from collections.abc import Iterator

import click
import pytest
import typer
from rich.markup import render

from agent.cli import app


def commands(command: click.Command, name: str = "amef") -> Iterator[tuple[str, click.Command]]:
    yield name, command
    for inner, each in getattr(command, "commands", {}).items():
        yield from commands(each, f"{name} {inner}")


EVERY = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("name", EVERY)
def test_no_help_has_words_that_a_terminal_takes_for_colours(name: str) -> None:
    command = EVERY[name]
    told = [command.help or "", *(getattr(each, "help", None) or "" for each in command.params)]
    assert [render(text).plain for text in told] == told


def test_the_commands_are_all_looked_at() -> None:
    assert {"amef", "amef archive list", "amef printer status"} <= EVERY.keys()
