"""One idea, one word: the words that are banned, and what to say instead."""

import re
from collections.abc import Iterator

import pytest

from tests.tidy.tree import (
    DOCUMENTS,
    EVERYWHERE,
    ROOT,
    Module,
    names_given,
    offences,
    prose,
    report,
    snippet,
    words,
)

SAY = {
    "cmd": "command (of the cloud) or request (to a device)",
    "cmds": "commands or requests",
    "msg": "frame, reply, sentence: what it is",
    "msgs": "frames, replies, sentences: what they are",
    "mgr": "what it does: supervisor, worker, ledger",
    "nudge": "wake",
    "nudges": "wakes",
    "util": "a name for what it holds",
    "utils": "a name for what it holds",
    "ticket": "receipt",
    "tickets": "receipts",
}
# Ways to pay, which Romanian law calls so (tichet de masă, tichet valoric); no receipt is meant.
OTHER_THINGS = ("meal_ticket", "value_ticket")

JE = re.compile(r"journal", re.IGNORECASE)
JE_IN_FULL = re.compile(
    r"electronic[\s_#]*journal"
    r"|journal_(mode|size_limit)|journald|journalctl|systemd('s)?\s+journal",  # others' words
    re.IGNORECASE,
)
LEFT_FOR_LATER = re.compile(r"\b(TODO|FIXME|XXX)\b")


def banned_word(module: Module) -> Iterator[str]:
    given = [(1, part) for part in module.path.removesuffix(".py").split("/")]
    for node, name in [*given, *names_given(module)]:
        kept = name.lower()
        for phrase in OTHER_THINGS:
            kept = kept.replace(phrase, "")
        for word in words(name if kept == name.lower() else kept):
            if word in SAY:
                yield module.at(node, f"{name} says {word}; say {SAY[word]}")


def je_by_half_a_name(module: Module) -> Iterator[str]:
    for node, text in [*names_given(module), *prose(module)]:
        if JE.search(JE_IN_FULL.sub("", text)):
            sentence = "electronic journal or JE for the device's, ledger for ours"
            yield module.at(node, f"says {JE.pattern} alone; say {sentence}")


def je_in_words(text: str) -> list[int]:
    """The lines of a document that name the JE by half its name."""
    rest = JE_IN_FULL.sub(lambda full: "\n" * full[0].count("\n"), text)
    return [line for line, words in enumerate(rest.splitlines(), 1) if JE.search(words)]


def left_for_later(module: Module) -> Iterator[str]:
    for line, text in prose(module):
        if found := LEFT_FOR_LATER.search(text):
            yield module.at(line, f"{found[0]}: do it now, or write down why not in DECISIONS.md")


def test_no_name_says_a_banned_word() -> None:
    found = offences(banned_word, *EVERYWHERE)
    assert not found, report(found)


def test_the_je_is_called_by_its_full_name() -> None:
    found = offences(je_by_half_a_name, *(name for name in EVERYWHERE if name != "sandbox"))
    assert not found, report(found)


def test_documents_and_what_is_shown_of_families_say_so_too() -> None:
    told = [*DOCUMENTS, ROOT / "config" / "catalogue.toml", ROOT / "config" / "sample.toml"]
    found = {
        path.relative_to(ROOT).as_posix(): lines
        for path in told
        if (lines := je_in_words(path.read_text("utf-8")))
    }
    assert found == {}, "say JE or electronic journal"


def test_nothing_is_left_for_later() -> None:
    found = offences(left_for_later, *EVERYWHERE)
    assert not found, report(found)


@pytest.mark.parametrize(
    "bad",
    [
        "cmd = 1",
        "def build_cmd(): ...",
        "def f(error_msg): ...",
        "class DeviceMgr: ...",
        "self.last_ticket = 1",
        "from x import command as cmd",
        "for msg in []: ...",
        "TICKET_MAX = 5",
        "sendCmd = 1",
        "class CMDTable: ...",
        "MEAL_TICKET_TICKET = 1",
        "try: ...\nexcept OSError as msg: ...",
        "if cmds := []: ...",
    ],
)
def test_a_banned_word_in_a_name_is_caught(bad: str) -> None:
    assert list(banned_word(snippet("agent/worker.py", bad)))


@pytest.mark.parametrize("path", ["agent/utils.py", "agent/cmd/x.py", "drivers/msg_store.py"])
def test_a_banned_word_in_a_file_name_is_caught(path: str) -> None:
    assert list(banned_word(snippet(path, "x = 1")))


@pytest.mark.parametrize(
    "good", ["MEAL_TICKET = 'x'", "value_ticket = 1", "command = error.msg", "sticketing = 1"]
)
def test_other_words_pass(good: str) -> None:
    assert not list(banned_word(snippet("agent/worker.py", good)))


@pytest.mark.parametrize(
    "bad",
    [
        "journal = 1",
        "class Journal: ...",
        "def read_journal(): ...",
        "# written to the journal",
        '"""The journal of commands."""',
        "# electronic journal, journal",
    ],
)
def test_half_a_name_for_the_je_is_caught(bad: str) -> None:
    assert list(je_by_half_a_name(snippet("agent/ledger.py", bad)))


@pytest.mark.parametrize(
    "good",
    [
        "electronic_journal = 1",
        "class ElectronicJournal: ...",
        '"""Read the electronic\n    journal."""',
        "# PRAGMA journal_mode=WAL; the lines go to the systemd journal",
        "je = 1",
    ],
)
def test_the_je_and_the_words_of_others_pass(good: str) -> None:
    assert not list(je_by_half_a_name(snippet("agent/ledger.py", good)))


def test_half_a_name_in_a_document_is_caught_at_its_line() -> None:
    text = "the electronic\njournal, `journalctl`\nand the journal\n(JE)"
    assert je_in_words(text) == [3]


@pytest.mark.parametrize("word", ["TODO", "FIXME", "XXX"])
def test_a_thing_left_for_later_is_caught(word: str) -> None:
    assert list(left_for_later(snippet("agent/a.py", f"x = 1  # {word} later")))
    assert list(left_for_later(snippet("agent/a.py", f'def f():\n    """{word}: later."""')))
