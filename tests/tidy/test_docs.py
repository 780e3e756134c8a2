"""What the documents say is what the code says."""

import re
import runpy
import tomllib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from agent.checks import LACKING
from config.settings import Settings
from drivers.capabilities import Feature
from tests.tidy.tree import DOCUMENTS, ROOT, SHIPPED, Module, modules, snippet, under

TABLES = {
    name: table
    for maker in ("make_tables.py", "make_commands.py")
    for name, table in runpy.run_path(str(ROOT / "docs" / maker))["TABLES"].items()
}
CODE = re.compile(
    r"""(?:Problem|PydanticCustomError|NotUnderstood)\([^"]*(?:"[^"A-Z]*", )?"([A-Z][A-Z0-9_]+)\""""
)
PLACES = ("agent", "drivers")
TOLD_BY_FOLDER = (
    "agent/cli/",
    *(
        f"drivers/{name}/"
        for name in ("datecs_x", "families", "fiscalnet", "isl", "shtrih", "tremol")
    ),
)
INSIDE = {"CLAIM_LOST", "DROPPED_BY_OPERATOR", "LEDGER_DAMAGED", "REJECTED"}  # a person's own doing


@pytest.mark.parametrize("name", list(TABLES))
def test_a_table_of_the_docs_is_the_one_the_code_makes(name: str) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == TABLES[name]()


def test_every_code_that_is_told_stands_in_a_document() -> None:
    sources = [path.read_text("utf-8") for place in PLACES for path in (ROOT / place).rglob("*.py")]
    codes = {code for source in sources for code in CODE.findall(source)} - INSIDE
    codes |= {code for code, _ in LACKING.values()}
    told = "".join(
        (ROOT / "docs" / name).read_text("utf-8") for name in ("commands.md", "folder.md")
    )
    assert len(codes) > 30
    assert sorted(code for code in codes if f"`{code}`" not in told) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_document_leads_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    missing = [link for link in links if not (document.parent / link).exists()]
    assert missing == []


def test_the_page_of_the_configuration_names_every_key_and_no_other() -> None:
    named: set[str] = set()
    for row in re.findall(r"^\| (`[^|]+) \|", page("config/README.md"), re.MULTILINE):
        keys = re.findall(r"`([\w.]+)`", row)
        table = keys[0].split(".")[0]
        named |= {f"{table}{key}" if key.startswith(".") else key for key in keys}
    assert named == set(keys_of(Settings))


def keys_of(settings: type[BaseModel]) -> Iterator[str]:
    for table, field in settings.model_fields.items():
        (model,) = (
            part
            for part in (field.annotation, *get_args(field.annotation))
            if isinstance(part, type) and issubclass(part, BaseModel)
        )
        yield from (f"{table}.{key}" for key in model.model_fields)


@pytest.mark.parametrize("where", ["config/README.md", "config/sample.toml"])
def test_every_feature_that_can_be_switched_on_is_named(where: str) -> None:
    can = set(Feature) - {Feature.REVERSAL, Feature.P7B}  # no device does these in Romania
    (row,) = re.findall(r"features`? [=|](.*?tips.*?vat_table)", page(where), re.DOTALL)
    assert {feature for feature in Feature if re.search(rf"\b{feature}\b", row)} == can


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_settings_open_by_naming_every_key_of_their_own() -> None:
    shown = set(re.findall(r"\w+", page("config/settings.py").split('"""')[1]))
    elsewhere = {"vat_groups", "payments", "answer_s"}  # by_hand.py shows them
    keys = {key.split(".")[1] for key in keys_of(Settings) if not key.startswith("folder.")}
    assert sorted(keys - shown - elsewhere) == []


def test_every_module_is_named_on_the_page_of_its_folder() -> None:
    unnamed = [module.path for package in SHIPPED for module in modules(package) if unsaid(module)]
    assert unnamed == []


def unsaid(module: Module) -> bool:
    """Is it named neither by itself nor, where a folder says it all, by its folder?"""
    place, _, name = module.path.rpartition("/")
    said = page(f"{module.package}/README.md")
    if name.startswith("__"):
        return False
    word = f"{place.split('/')[1]}/" if under(module.path, *TOLD_BY_FOLDER) else name
    return re.search(rf"\b{re.escape(word)}", said) is None


def test_a_module_that_no_page_names_is_caught() -> None:
    assert unsaid(snippet("agent/nobody_knows.py", ""))
    assert unsaid(snippet("agent/archive/nobody_knows.py", ""))
    assert not unsaid(snippet("agent/cli/nobody_knows.py", ""))


def test_every_folder_has_its_page() -> None:
    folders = ("agent", "config", "docs", "drivers", "protocol", "sandbox", "systemd", "tests")
    assert [name for name in folders if not (ROOT / name / "README.md").exists()] == []


def test_the_changelog_has_room_for_what_is_not_yet_released() -> None:
    assert "## Unreleased" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_installed_version_is_the_one_of_the_project_file() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert version("amef-agent") == project["version"]
