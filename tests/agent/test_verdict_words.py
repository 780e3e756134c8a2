"""Why a command is held, in Romanian: every reason that `verdict.py` and its callers can give."""

import ast

import pytest

from agent.cli.status_words import in_romanian
from agent.ledger_devices import NOT_CONFIGURED
from agent.ledger_repair import LOST
from tests.agent.test_status_words import texts_in
from tests.agent.test_verdict import EVERYTHING
from tests.tidy.tree import functions, modules

DECIDES = "agent/verdict.py"
WRITTEN_DOWN_BY = ("undecidable", "_lose")  # with a reason


def in_the_code() -> set[str]:
    """Every text with a blank in it in the functions of the verdict; 404 where a value stands."""
    (module,) = (module for module in modules("agent") if module.path == DECIDES)
    said = set()
    for function in functions(module):
        for statement in function.body:
            if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
                said |= {text for _, text in texts_in(statement) if " " in text}
    return said


def written_down() -> set[str]:
    calls = (
        node
        for module in modules("agent")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in WRITTEN_DOWN_BY
    )
    texts = {text for call in calls for argument in call.args for _, text in texts_in(argument)}
    return {text for text in texts if " " in text}


def test_every_sentence_of_the_verdict_has_a_romanian_form() -> None:
    said = in_the_code()
    assert len(said) > 30
    assert sorted(text for text in said if in_romanian(text) == text) == []


def test_every_reason_of_every_case_has_a_romanian_form() -> None:
    said = {cell.decision().why for cell in EVERYTHING}
    assert "2 receipts were closed since" in said
    assert sorted(why for why in said if in_romanian(why) == why) == []


def test_whatever_else_is_written_down_as_a_reason_has_a_romanian_form() -> None:
    said = written_down() | {NOT_CONFIGURED, LOST}
    assert "the agent was restarted" in said
    assert sorted(text for text in said if in_romanian(text) == text) == []


@pytest.mark.parametrize(
    ("english", "romanian"),
    [
        ("20 receipts were closed since", "între timp s-au închis 20 de bonuri"),
        (
            "one receipt was closed since, with our total, but not it alone came",
            "între timp s-a închis un bon, cu totalul nostru, dar au apărut și alte documente",
        ),
        (
            "one receipt was closed since, its total is not told; the device does not count what"
            " else came",
            "între timp s-a închis un bon, al cărui total nu se știe; casa de marcat nu numără ce"
            " altceva a mai apărut",
        ),
        ("-1 receipts were closed since", "contorul de bonuri a scăzut cu 1"),
        (
            "a Z report was made since: 3 is 4",
            "între timp s-a făcut un raport Z: era 3, acum este 4",
        ),
        (
            "our receipt is open, 1 of 3 payments made",
            "bonul nostru este deschis; plăți făcute: 1 din 3",
        ),
        ("another device answers: SIM2", "răspunde altă casă de marcat: SIM2"),
        (
            "not understood any more: lines: is missing",
            "conținutul comenzii nu mai poate fi înțeles: lines: is missing",
        ),
    ],
)
def test_a_reason_is_said_in_romanian(english: str, romanian: str) -> None:
    assert in_romanian(english) == romanian
