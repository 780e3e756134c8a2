"""How `amef` ends: one list of statuses, and the pages that name them."""

import ast
import re
from collections.abc import Iterator

import pytest

from agent.exits import Exit
from tests.tidy.tree import ROOT, Module, called, modules, snippet

ENDS = ("Exit", "exit", "_exit")
STATUS = re.compile(r"^\| `?(\d+)`? \|", re.MULTILINE)


def bare_statuses(module: Module) -> Iterator[str]:
    """Every end of the program with a number instead of its name."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and called(node) in ENDS:
            for number in (part for each in node.args for part in ast.walk(each)):
                if isinstance(number, ast.Constant) and isinstance(number.value, int):
                    yield module.at(node, f"ends with {number.value}: name it in agent/exits.py")


def test_every_status_stands_on_the_installers_page_in_both_languages() -> None:
    page = (ROOT / "systemd" / "README.md").read_text("utf-8")
    romanian, english = page.split("\n## English\n")
    wanted = [str(int(status)) for status in Exit]
    assert STATUS.findall(romanian) == wanted
    assert STATUS.findall(english) == wanted


def test_no_end_of_the_program_is_a_bare_number() -> None:
    assert [offence for module in modules("agent") for offence in bare_statuses(module)] == []


@pytest.mark.parametrize("bad", ["typer.Exit(1)", "sys.exit(78)", "raise Exit(1 if x else 0)"])
def test_a_bare_number_is_caught(bad: str) -> None:
    assert list(bare_statuses(snippet("agent/cli/a.py", bad)))
