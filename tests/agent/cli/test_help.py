"""What `--help` says of every command: all of it, as it is written in the code."""

from collections.abc import Iterator

import click
import pytest
import typer
from rich.markup import render

from agent.cli import app
from tests.agent.amef import called


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


@pytest.mark.parametrize("name", EVERY)
def test_every_option_says_what_it_is_for(name: str) -> None:
    options = (each for each in EVERY[name].params if each.param_type_name == "option")
    assert [each.name for each in options if not getattr(each, "help", None)] == []


@pytest.mark.parametrize("name", EVERY)
def test_a_short_h_asks_for_help_too(name: str) -> None:
    asked = [called(*name.split()[1:], word) for word in ("-h", "--help")]
    assert [done.exit_code for done in asked] == [0, 0]
    assert asked[0].stdout == asked[1].stdout
    assert f"Usage: root{name.removeprefix('amef')} " in asked[0].stdout


@pytest.mark.parametrize("command", ["set", "rotate"])
def test_a_key_is_no_argument_that_help_would_show(command: str) -> None:
    usage = called("key", command, "--help").stdout.splitlines()[1]
    assert usage.split()[-3:] == ["key", command, "[OPTIONS]"]


def test_the_commands_are_all_looked_at() -> None:
    assert {"amef", "amef archive list", "amef printer status"} <= EVERY.keys()
