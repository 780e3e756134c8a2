"""Every code of the archive stands in its table, and the table has none that nobody says."""

import re
from pathlib import Path

from agent.archive.certificate.words import WORDS as CERTIFICATE
from agent.archive.signed.day_rules import WARNINGS
from agent.archive.signed.finding_words import PACKAGE, REFUSED, WORDS, Do
from tests.agent.archive.shelf import Shelf, asked, day
from tests.tidy.tree import ROOT

SAID = re.compile(r'"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|EMPTY|TRUNCATED)"')
TOLD = re.compile(r'(?:Finding|NotSigned|NotLaidOut)\(\s*"([A-Z0-9_]+)"')
PLACES = ("agent/archive", "agent/cli")


def sources() -> str:
    files = [path for place in PLACES for path in (ROOT / place).rglob("*.py")]
    return "\n".join(path.read_text("utf-8") for path in files if "finding_words" not in path.name)


def test_no_code_is_left_out() -> None:
    told = set(TOLD.findall(sources()))
    assert len(told) > 60
    assert sorted(told - WORDS.keys()) == []


def test_no_code_is_there_that_nobody_says() -> None:
    assert sorted(WORDS.keys() - set(SAID.findall(sources()))) == []


def test_what_is_only_to_be_known_asks_for_nothing() -> None:
    assert {code for code in WARNINGS if WORDS[code].do is not Do.NOTHING} == set()


def test_what_to_do_about_a_code_that_the_certificate_shares_is_the_same() -> None:
    shared = WORDS.keys() & CERTIFICATE.keys()
    assert len(shared) == 8
    assert shared.isdisjoint(REFUSED | PACKAGE)
    page = (ROOT / "docs" / "certificate.md").read_text("utf-8")
    for code in shared:
        assert f"`{code}`" in page.partition("| code |")[0]
        (row,) = re.findall(
            rf"^\|[^|]*`{code}`[^|]*\|[^|]*\|(.*)\|$", page.partition("| cod |")[2], re.M
        )
        assert row.strip() == WORDS[code].do.value[1], code


def test_show_says_what_to_do_in_both_languages(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.intake.take("a.p7b", day(1, nui="6000005678"), "here")
    assert "-> of a device not configured: write `nui`" in asked(shelf, "show", "1").stdout
    romanian = asked(shelf, "show", "1", lang="ro_RO.UTF-8").stdout
    assert "-> al altei case de marcat: scrieți `nui` la casa de marcat" in romanian
    shelf.close()
