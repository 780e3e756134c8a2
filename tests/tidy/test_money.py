"""Money is whole bani, quantity thousandths: no float in the code that touches either.

Seconds are the exception, and say so in their name: `silence_s: float = 0.5`.
"""

import ast
from collections.abc import Iterator

import pytest

from tests.tidy.tree import Function, Module, modules, offences, report, snippet, under

PLACES = ("drivers/model.py", "drivers/families/", "protocol/")
ADVICE = "keep whole bani or thousandths, or let the name end in _s if it is seconds"


def a_float(module: Module) -> Iterator[str]:
    if under(module.path, *PLACES):
        yield from (module.at(node, f"{what}: {ADVICE}") for node, what in _floats(module.tree))


def _floats(node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
        yield node, f"{node.value} is a float"
    if isinstance(node, ast.Name) and node.id == "float":
        yield node, "float is named"
    is_division = isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div)
    if is_division and not _is_path(node):
        yield node, "/ gives a float; // or half_up do not"
    for child in _outside_seconds(node):
        yield from _floats(child)


def _is_path(node: ast.BinOp | ast.AugAssign) -> bool:
    """A path and a text joined with / are no division."""
    right = node.right if isinstance(node, ast.BinOp) else node.value
    return isinstance(right, ast.JoinedStr) or (
        isinstance(right, ast.Constant) and isinstance(right.value, str)
    )


def _outside_seconds(node: ast.AST) -> Iterator[ast.AST]:
    """The children that are not the type or the value of a name ending in _s."""
    if isinstance(node, ast.AnnAssign) and _seconds(ast.unparse(node.target)):
        return
    if isinstance(node, ast.Assign) and all(_seconds(ast.unparse(to)) for to in node.targets):
        return
    if isinstance(node, ast.arg | ast.keyword) and _seconds(node.arg or ""):
        return
    if isinstance(node, ast.arguments):
        yield from _arguments(node)
        return
    for child in ast.iter_child_nodes(node):
        if isinstance(node, Function) and child is node.returns and _seconds(node.name):
            continue
        yield child


def _arguments(node: ast.arguments) -> Iterator[ast.AST]:
    positional = [*node.posonlyargs, *node.args]
    defaulted = positional[len(positional) - len(node.defaults) :]
    pairs = [*zip(defaulted, node.defaults, strict=True)]
    pairs += [*zip(node.kwonlyargs, node.kw_defaults, strict=True)]
    yield from (*positional, *node.kwonlyargs)
    yield from (value for name, value in pairs if value is not None and not _seconds(name.arg))


def _seconds(name: str) -> bool:
    return name.lower().endswith("_s")


def test_no_float_touches_money() -> None:
    found = offences(a_float, "drivers", "protocol")
    assert not found, report(found)


@pytest.mark.parametrize("place", PLACES)
def test_every_place_where_money_is_has_modules(place: str) -> None:
    folder = place.split("/", maxsplit=1)[0]
    assert [module for module in modules(folder) if under(module.path, place)]


@pytest.mark.parametrize(
    "bad",
    [
        "price = 12.5",
        "price: float = 1",
        "def total() -> float: ...",
        "def pay(amount: float): ...",
        "def pay(amount=1.0, wait_s=2.0): ...",
        "def pay(*, amount=1.0): ...",
        "value = float(text)",
        "value = int(text) / 100",
        "value /= 100",
        "pay(amount=12.5)",
        "part = part_s = 0.5",
        "Sums = dict[str, float]",
        "isinstance(value, float)",
    ],
)
def test_a_float_is_caught(bad: str) -> None:
    for path in ("drivers/model.py", "drivers/families/acme.py", "protocol/fields.py"):
        assert list(a_float(snippet(path, bad)))


@pytest.mark.parametrize(
    "good",
    [
        "silence_s: float = 0.5",
        "SILENCE_S = 0.5",
        "self.wait_s = 2.5",
        "READ = Budget(silence_s=1.0, total_s=10.0)",
        "def wait(silence_s: float = 0.5, *, total_s: float = 10.0): ...",
        "def left_s() -> float: ...",
        "path = Path(__file__).parent / 'faults.csv'",
        "value = amount // 100",
    ],
)
def test_seconds_and_whole_numbers_pass(good: str) -> None:
    assert not list(a_float(snippet("protocol/exchange.py", good)))


def test_a_float_elsewhere_is_nobody_s_business() -> None:
    assert not list(a_float(snippet("drivers/link.py", "left = 0.5")))
