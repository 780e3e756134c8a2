"""How counts are said to people, and what the commands have in common."""

import pytest

from agent.cli.output import COMMANDS, DOCUMENTS, EVENTS, FILES, PLACES, TIMES, Language
from tests.agent.cli.test_help import EVERY


@pytest.mark.parametrize(
    ("count", "romanian", "english"),
    [
        (0, "0 documente", "0 documents"),
        (1, "1 document", "1 document"),
        (2, "2 documente", "2 documents"),
        (33, "33 de documente", "33 documents"),
    ],
)
def test_a_count_agrees_with_its_word(count: int, romanian: str, english: str) -> None:
    assert Language.RO.counted(count, *DOCUMENTS) == romanian
    assert Language.EN.counted(count, *DOCUMENTS) == english


@pytest.mark.parametrize("words", [COMMANDS, DOCUMENTS, EVENTS, FILES, PLACES, TIMES])
def test_every_word_that_is_counted_has_four_forms(
    words: tuple[tuple[str, str], tuple[str, str]],
) -> None:
    assert all(one != many for one, many in words)


def test_a_folder_to_write_into_has_one_name_everywhere() -> None:
    named = {
        name: parameter.metavar
        for name, command in EVERY.items()
        for parameter in command.params
        if parameter.name == "into"
    }
    assert len(named) == 3
    assert set(named.values()) == {"FOLDER"}
