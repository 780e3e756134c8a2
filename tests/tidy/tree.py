"""The source as the checks see it: modules with their syntax trees, and what is wrong where.

A check is a function `Module -> Iterator[str]`, one sentence for each offence, that begins with
`path:line:`. `offences` runs it over folders; `snippet` makes a module out of bad text, so that
every check is seen to catch what it is for.
"""

import ast
import io
import re
import textwrap
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHIPPED = ("agent", "drivers", "protocol", "config")
EVERYWHERE = (*SHIPPED, "sandbox", "tests")
DOCUMENTS = sorted(
    path
    for path in ROOT.rglob("*.md")
    if not {".venv", "build"} & set(path.relative_to(ROOT).parts)
)

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One source file. `path` is as in `agent/worker.py`."""

    path: str
    text: str
    tree: ast.Module

    @property
    def package(self) -> str:
        return self.path.split("/", 1)[0]

    def at(self, node: ast.AST | int, what: str) -> str:
        line = node if isinstance(node, int) else getattr(node, "lineno", 1)
        return f"{self.path}:{line}: {what}"


Check = Callable[[Module], Iterator[str]]


def snippet(path: str, text: str) -> Module:
    """Make a module out of a text that is in no file."""
    text = textwrap.dedent(text)
    return Module(path, text, ast.parse(text))


@cache
def modules(folder: str) -> tuple[Module, ...]:
    """Read a folder's modules; one without any is a mistake in the check, not a clean folder."""
    paths = [path for path in sorted((ROOT / folder).rglob("*.py")) if path.is_file()]
    assert paths, f"{folder}/ has no module: a check that finds nothing to check must fail"
    return tuple(
        Module(path.relative_to(ROOT).as_posix(), text, ast.parse(text, str(path)))
        for path in paths
        for text in [path.read_text("utf-8")]
    )


def offences(check: Check, *folders: str) -> list[str]:
    return [offence for name in folders for module in modules(name) for offence in check(module)]


def report(found: list[str]) -> str:
    return "\n" + "\n".join(found)


def under(path: str, *places: str) -> bool:
    """Say whether a path is one of these files, or in one of these folders (`agent/cli/`)."""
    return any(path.startswith(place) if place[-1] == "/" else path == place for place in places)


def imports(module: Module) -> Iterator[tuple[ast.AST, str]]:
    """Every module that is imported, absolute and dotted, also the ones imported by a text."""
    here = module.path.removesuffix(".py").split("/")
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = here[: -node.level] if node.level else []
            start = [*base, *([node.module] if node.module else [])]
            yield from ((node, ".".join([*start, alias.name])) for alias in node.names)
        elif isinstance(node, ast.Call) and called(node) in ("import_module", "__import__"):
            yield from ((node, start) for start in [_text_start(node)] if start)


def _text_start(call: ast.Call) -> str:
    """The text that a dynamic import begins with: of f"drivers.families.{name}" the constant."""
    argument = call.args[0] if call.args else None
    if isinstance(argument, ast.JoinedStr) and argument.values:
        argument = argument.values[0]
    is_text = isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    return argument.value if is_text else ""


def called(call: ast.Call) -> str:
    """The last word of what is called: `sleep` of `time.sleep(1)`."""
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def functions(module: Module) -> Iterator[Function]:
    for node in ast.walk(module.tree):
        if isinstance(node, Function):
            yield node


def with_function(tree: ast.AST, name: str = "") -> Iterator[tuple[ast.AST, str]]:
    """Every node with the name of the function it stands in ("" outside of all)."""
    for node in ast.iter_child_nodes(tree):
        yield node, name
        yield from with_function(node, node.name if isinstance(node, Function) else name)


def prose(module: Module) -> Iterator[tuple[int, str]]:
    """Comments and docstrings, each with its line."""
    for token in tokenize.generate_tokens(io.StringIO(module.text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Module | ast.ClassDef | Function):
            first = node.body[0] if node.body else None
            if (text := ast.get_docstring(node, clean=False)) and first:
                yield first.lineno, text


def texts(module: Module) -> Iterator[tuple[ast.Constant, str]]:
    """Text constants that are not docstrings, and the constant parts of f-strings."""
    is_prose = {
        id(node.value)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(module.tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in is_prose:
            yield node, node.value


def names_given(module: Module) -> Iterator[tuple[ast.AST, str]]:
    """Every name that this module gives: to a class, function, parameter, variable, attribute."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef | Function):
            yield node, node.name
        elif isinstance(node, ast.arg):
            yield node, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node, node.attr
        elif isinstance(node, ast.alias) and node.asname:
            yield node, node.asname
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node, node.name


def words(name: str) -> list[str]:
    """Cut a name into its words: sendCmd_now and SEND_CMD_NOW are send, cmd, now."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]
