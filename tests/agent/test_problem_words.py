"""Every code that can be told has a Romanian sentence, and a place in the documents."""

import re
from pathlib import Path

import pytest

from agent.checks import LACKING
from agent.field_problems import CODES, TOO_MANY
from agent.folder.words import plain
from agent.problem_words import ROMANIAN, romanian
from drivers.faults import Fault
from tests.tidy.tree import ROOT

CODE = re.compile(
    r"""(?:Problem|PydanticCustomError|NotUnderstood|_decimal)\("""
    r"""[^"]*(?:"[^"A-Z]*", )?"([A-Z][A-Z0-9_]+)\""""
)
UNTOLD = {"CLAIM_LOST"}  # another agent's command: nobody is told
TABLE = re.compile(r"^\| (`[A-Z][A-Z0-9_`, ]+) \|", re.MULTILINE)


def codes() -> set[str]:
    sources = [
        path.read_text("utf-8")
        for package in ("agent", "drivers")
        for path in (ROOT / package).rglob("*.py")
    ]
    found = {code for source in sources for code in CODE.findall(source)}
    found |= {code for code, _ in LACKING.values()} | {*CODES.values()} | {*TOO_MANY.values()}
    return found - UNTOLD


def test_every_code_has_a_romanian_sentence() -> None:
    assert len(codes()) > 60
    assert sorted(code for code in codes() if not romanian(code)) == []


@pytest.mark.parametrize("page", ["commands.md", "folder.md"])
def test_every_code_of_the_documents_has_one_too(page: str) -> None:
    text = (Path(ROOT) / "docs" / page).read_text("utf-8")
    named = {code for row in TABLE.findall(text) for code in re.findall(r"`([A-Z0-9_]+)`", row)}
    named -= {"ERRCODE"}  # a table's head
    assert len(named) > 15
    assert sorted(code for code in named if not romanian(code)) == []


def test_no_sentence_is_of_a_code_that_nobody_tells() -> None:
    assert sorted(set(ROMANIAN) - codes()) == []


@pytest.mark.parametrize("code", ROMANIAN)
def test_a_sentence_is_one_and_survives_in_plain_letters(code: str) -> None:
    said = ROMANIAN[code]
    assert (said[0].isupper(), said[-1]) == (True, ".")
    assert len(plain(said)) == len(said)


def test_a_device_s_own_condition_has_its_own_sentence() -> None:
    assert romanian("PAPER_OUT").startswith("Nu mai este hârtie")
    assert all(romanian(fault.upper()) for fault in Fault)
    assert romanian("NO_SUCH_CODE") == ""
