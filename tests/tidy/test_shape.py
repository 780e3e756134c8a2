"""The shape of modules: their first words, their length, the README's tour, and the wheel."""

import ast
import re
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch

import pytest

from tests.tidy.tree import (
    EVERYWHERE,
    ROOT,
    SHIPPED,
    Module,
    functions,
    modules,
    offences,
    report,
    snippet,
)

FUNCTION_LINES_MAX = 50
MODULE_LINES_MAX = 400
TOUR_LINES_MAX = 1000
STOPS = 6
STOP = re.compile(r"^[0-9]+\. \[`([a-z_/]+\.py)`\]\(\1\)", re.MULTILINE)  # of the README's tour
FAMILY = re.compile(r"drivers/families/(?!__init__)\w+\.py")


def no_docstring(module: Module) -> Iterator[str]:
    if not ast.get_docstring(module.tree):
        yield module.at(1, "has no docstring; open by saying what the module is, then show it")


def too_long(module: Module) -> Iterator[str]:
    if (lines := len(module.text.splitlines())) > MODULE_LINES_MAX:
        yield module.at(1, f"has {lines} lines, {MODULE_LINES_MAX} at most: split the module")
    for function in functions(module):
        lines = (function.end_lineno or 0) - function.lineno + 1
        if lines > FUNCTION_LINES_MAX:
            what = f"{function.name} has {lines} lines, {FUNCTION_LINES_MAX} at most"
            yield module.at(function, f"{what}: keep the control flow, move the leaves out")


def not_a_value(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        for decorator in node.decorator_list if isinstance(node, ast.ClassDef) else ():
            if ast.unparse(decorator).split("(")[0].split(".")[-1] != "dataclass":
                continue
            given = decorator.keywords if isinstance(decorator, ast.Call) else []
            flags = {flag.arg: ast.unparse(flag.value) for flag in given}
            if (flags.get("frozen"), flags.get("slots")) != ("True", "True"):
                yield module.at(node, f"{node.name} can change: dataclass(frozen=True, slots=True)")


def tour_trouble(readme: str, lines_of: dict[str, int]) -> str:
    """Say what is wrong with the README's tour, given the length of every file; "" if nothing."""
    stops = STOP.findall(readme)
    if missing := [path for path in stops if path not in lines_of]:
        return f"leads to {missing}, which is not there"
    families = {path: lines for path, lines in lines_of.items() if FAMILY.fullmatch(path)}
    smallest = min(families, key=lambda path: families[path])
    if [path for path in stops if path in families] != [smallest]:
        return f"shows another family than the smallest: {smallest} has {families[smallest]} lines"
    total = sum(lines_of[path] for path in stops)
    return f"has {total} lines, split or simplify" if total > TOUR_LINES_MAX else ""


def packed(include: list[str]) -> set[str]:
    """Name the folders whose modules the wheel's patterns take in."""
    return {
        name
        for name in EVERYWHERE
        if any(fnmatch(full, pattern) for full in (name, f"{name}.x") for pattern in include)
    }


def test_every_module_opens_by_saying_what_it_is() -> None:
    found = offences(no_docstring, *EVERYWHERE)
    assert not found, report(found)


def test_functions_fit_on_a_screen_and_modules_in_a_sitting() -> None:
    found = offences(too_long, *EVERYWHERE)
    assert not found, report(found)


def test_dataclasses_are_values() -> None:
    found = offences(not_a_value, *SHIPPED)
    assert not found, report(found)


def test_the_tour_of_the_readme_takes_ten_minutes() -> None:
    lines_of = {
        module.path: len(module.text.splitlines())
        for package in SHIPPED
        for module in modules(package)
    }
    readme = (ROOT / "README.md").read_text("utf-8")
    assert len(STOP.findall(readme)) == STOPS
    assert tour_trouble(readme, lines_of) == ""


def test_the_wheel_holds_the_daemon_and_nothing_that_pretends() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    include = project["tool"]["setuptools"]["packages"]["find"]["include"]
    assert packed(include) == set(SHIPPED), f"[tool.setuptools.packages.find] include: {include}"


@pytest.mark.parametrize("bad", ["", "x = 1", "# a comment is none\nimport os", "x = 1\n'late'"])
def test_a_module_without_docstring_is_caught(bad: str) -> None:
    assert list(no_docstring(snippet("agent/worker.py", bad)))


def test_a_function_of_51_lines_is_caught_and_one_of_50_passes() -> None:
    body = "    x = 1\n"
    assert list(too_long(snippet("agent/a.py", "def f():\n" + body * 50)))
    assert list(too_long(snippet("agent/a.py", "async def f():\n" + body * 50)))
    assert not list(too_long(snippet("agent/a.py", "def f():\n" + body * 49)))


def test_a_module_of_401_lines_is_caught_and_one_of_400_passes() -> None:
    assert list(too_long(snippet("agent/a.py", "x = 1\n" * 401)))
    assert not list(too_long(snippet("agent/a.py", "x = 1\n" * 400)))


@pytest.mark.parametrize(
    "bad", ["dataclass", "dataclass(frozen=True)", "dataclasses.dataclass(slots=True)"]
)
def test_a_dataclass_that_can_change_is_caught(bad: str) -> None:
    assert list(not_a_value(snippet("agent/a.py", f"@{bad}\nclass A:\n    x: int")))


SIZES = {"drivers/families/__init__.py": 1, "drivers/families/big.py": 9, "agent/x.py": 997}
SIZES |= {"drivers/families/small.py": 5, "agent/worker.py": 995}


def tour_of(*paths: str) -> str:
    return "\n".join(f"{n}. [`{path}`]({path}): words" for n, path in enumerate(paths, 1))


def test_a_tour_of_the_smallest_family_and_a_thousand_lines_passes() -> None:
    assert tour_trouble(tour_of("agent/worker.py", "drivers/families/small.py"), SIZES) == ""


@pytest.mark.parametrize(
    ("stop", "said"),
    [
        ("drivers/families/big.py", "another family"),
        ("drivers/families/__init__.py", "another family"),
        ("agent/gone.py", "not there"),
    ],
)
def test_a_tour_that_leads_elsewhere_is_caught(stop: str, said: str) -> None:
    assert said in tour_trouble(tour_of(stop), SIZES)


def test_a_tour_that_takes_too_long_is_caught() -> None:
    assert "lines, split" in tour_trouble(tour_of("agent/x.py", "drivers/families/small.py"), SIZES)


@pytest.mark.parametrize("bad", [["*"], ["agent*", "sandbox*"], ["s*"], ["agent", "tests.*"]])
def test_a_wheel_with_the_sandbox_or_the_tests_is_caught(bad: list[str]) -> None:
    assert packed(bad) & {"sandbox", "tests"}
