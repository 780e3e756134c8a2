"""Counts in Romanian."""

import pytest

from agent.romanian import counted


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 comenzi"),
        (1, "1 comandă"),
        (2, "2 comenzi"),
        (19, "19 comenzi"),
        (20, "20 de comenzi"),
        (100, "100 de comenzi"),
        (101, "101 comenzi"),
        (119, "119 comenzi"),
        (121, "121 de comenzi"),
        (1000, "1000 de comenzi"),
    ],
)
def test_a_count_is_said_as_romanians_say_it(count: int, said: str) -> None:
    assert counted(count, "comandă", "comenzi") == said
