"""The package of a month holds what belongs there, byte for byte, and says what does not."""

import resource
import tomllib
from datetime import datetime, timedelta
from fnmatch import fnmatch
from pathlib import Path

import pytest

from agent.archive.signed.a4200 import DAYS_MAX, REGISTER_NAME, Package, lay_out
from agent.archive.signed.refusals import NotLaidOut
from agent.archive.signed.schema import FOLDER
from agent.archive.signed.set_rules import Member, of_set
from tests.agent.archive import signed_files as made
from tests.tidy.tree import ROOT

ALWAYS = {"ISSUER_UNKNOWN", "RATES_NOT_IN_OLD_SCHEMA"}
MONTH = "2026-10"
START = datetime.fromisoformat("2026-10-01T21:00")


def day(z_number: int, total: int = 1000, nui: str = made.NUI, at: datetime | None = None) -> bytes:
    at = at or START + timedelta(days=z_number - 411)
    return made.sign(made.day_xml(z_number, at, [total], nui), part=100)


def register(first: int = 411, last: int = 413, **more: str) -> bytes:
    return made.sign(made.register_xml(first, last, **more))


def days(*numbers: int) -> list[tuple[str, bytes]]:
    return [(f"{made.NUI}_Z{number:04}.p7b", day(number)) for number in numbers]


def told(package: Package) -> set[tuple[str, str]]:
    return {
        (finding.code, finding.place) for finding in package.findings if finding.code not in ALWAYS
    }


def refused(*given: object, into: Path) -> str:
    with pytest.raises(NotLaidOut) as error:
        lay_out(*given, into)  # type: ignore[arg-type]
    return error.value.code


def test_a_whole_month_is_laid_out_byte_for_byte(tmp_path: Path) -> None:
    files = days(413, 411, 412)
    package = lay_out(register(), files, made.NUI, MONTH, tmp_path)
    assert package.folder == tmp_path / "5000001234_2026-10"
    assert {path.name: path.read_bytes() for path in package.folder.iterdir()} == {
        REGISTER_NAME: register(),
        **dict(files),
    }
    assert told(package) == set()
    assert package.complete
    assert [file.name for file in package.files][1:] == sorted(dict(files))


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("5000001234_Z0411.p7m", "5000001234_Z0411.p7m"),
        ("5000001234_Z0412.p7b", "5000001234_Z0411.p7b"),  # of another Z than it is
        ("bon fiscal ziua 1.p7b", "5000001234_Z0411.p7b"),
        ("ședință-octombrie.p7b", "5000001234_Z0411.p7b"),
        ("../5000001234_Z0411.p7b", "5000001234_Z0411.p7b"),
        ("5000001234_Z0411.p7b\n", "5000001234_Z0411.p7b"),
        ("", "5000001234_Z0411.p7b"),
    ],
)
def test_a_name_that_does_not_fit_is_replaced(name: str, kept: str, tmp_path: Path) -> None:
    package = lay_out(register(411, 411), [(name, day(411))], made.NUI, MONTH, tmp_path)
    assert sorted(path.name for path in package.folder.iterdir()) == sorted([kept, REGISTER_NAME])
    assert package.files[1].original == name
    assert told(package) == set()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (days(411, 413), {("Z_MISSING", "Z 412")}),
        (days(411, 412, 413, 414), {("Z_OUTSIDE_REGISTER", "Z 414")}),
        ([*days(411, 412, 413), ("copy.p7b", day(412))], set()),  # the same bytes twice
        ([*days(411, 412, 413), ("other", day(412, 2000))], {("Z_TWICE", "Z 412")}),
        (
            [*days(411, 412), ("x", day(413, nui=made.OTHER_NUI))],
            {("NUI_DIFFERS", "x"), ("Z_MISSING", "Z 413")},
        ),
        (
            [*days(411, 412), ("x", day(413, at=START + timedelta(days=40)))],
            {("MONTH_DIFFERS", "x"), ("Z_MISSING", "Z 413")},
        ),
        (
            [*days(411, 412), ("x", day(413)[:-99])],
            {("TRUNCATED", "x"), ("Z_MISSING", "Z 413")},
        ),
        ([*days(411, 412, 413), ("x.jpg", b"\xff\xd8")], {("NOT_CMS", "x.jpg")}),
        ([*days(411, 412, 413), ("x", register())], {("NOT_A_DAY", "x")}),
        (
            [*days(411, 412), ("x", day(413, at=START - timedelta(hours=1)))],
            {("CLOCK_SET_BACK", "Z 413")},
        ),
        (
            [
                *days(411, 412),
                ("x", made.sign(made.day_xml(413, START + timedelta(2), [5]), told=b"-")),
            ],
            {("XML_BROKEN", "x"), ("Z_MISSING", "Z 413")},
        ),
    ],
    ids=lambda value: ",".join(sorted(code for code, _ in value)) if isinstance(value, set) else "",
)
def test_what_does_not_belong_is_left_out_and_what_is_missing_is_told(
    given: list[tuple[str, bytes]], expected: set[tuple[str, str]], tmp_path: Path
) -> None:
    package = lay_out(register(), given, made.NUI, MONTH, tmp_path)
    assert told(package) == expected
    names = {path.name for path in package.folder.iterdir()}
    assert names <= {REGISTER_NAME, *(f"{made.NUI}_Z{number:04}.p7b" for number in range(411, 415))}
    assert names == {file.name for file in package.files}


def test_of_two_that_differ_the_intact_one_is_kept(tmp_path: Path) -> None:
    xml = made.day_xml(411, START, [1000])
    changed = made.sign(xml, told=xml.replace("10.00", "20.00").encode())
    package = lay_out(
        register(411, 411), [("a", changed), ("b", day(411))], made.NUI, MONTH, tmp_path
    )
    assert told(package) == {("DAY_COPY", "Z 411")}
    assert package.complete
    assert (package.folder / "5000001234_Z0411.p7b").read_bytes() == day(411)


def test_the_same_day_in_another_envelope_leaves_the_package_complete(tmp_path: Path) -> None:
    given = [*days(411), ("b", day(411) + bytes(4))]
    package = lay_out(register(411, 411), given, made.NUI, MONTH, tmp_path)
    assert (told(package), package.complete) == ({("DAY_COPY", "Z 411")}, True)


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    given = (register(), days(411, 412, 413), made.NUI, MONTH)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        code = refused(*given, into=tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (code, [*tmp_path.iterdir()]) == ("FOLDER_UNUSABLE", [])


def test_days_without_a_register_are_laid_out_and_the_register_is_told(tmp_path: Path) -> None:
    package = lay_out(None, days(411, 413), made.NUI, MONTH, tmp_path)
    assert told(package) == {("REGISTER_MISSING", "set"), ("Z_MISSING", "Z 412")}
    assert not package.complete


def test_a_register_without_days_tells_each_of_them(tmp_path: Path) -> None:
    package = lay_out(register(1, 100), [], made.NUI, MONTH, tmp_path)
    assert ("DAYS_MISSING", "set") in told(package)
    assert len(told(package)) == 1 + 40 + 1


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (register(nui=made.OTHER_NUI), "NUI_DIFFERS"),
        (register(month="9"), "MONTH_DIFFERS"),
        (day(411), "NOT_A_REGISTER"),
        (b"", "EMPTY"),
    ],
    ids=["device", "month", "sort", "empty"],
)
def test_a_register_of_something_else_is_left_out(given: bytes, code: str, tmp_path: Path) -> None:
    package = lay_out(given, days(411), made.NUI, MONTH, tmp_path)
    assert told(package) == {(code, "the register"), ("REGISTER_MISSING", "set")}
    assert [path.name for path in package.folder.iterdir()] == ["5000001234_Z0411.p7b"]


def test_laying_out_again_adds_what_came_since(tmp_path: Path) -> None:
    lay_out(register(), days(411, 412), made.NUI, MONTH, tmp_path)
    for _ in range(2):
        package = lay_out(register(), days(411, 412, 413), made.NUI, MONTH, tmp_path)
        assert len([*package.folder.iterdir()]) == 4
    assert [path.name for path in tmp_path.iterdir()] == ["5000001234_2026-10"]


def test_a_run_that_was_cut_is_no_obstacle(tmp_path: Path) -> None:
    left = tmp_path / ".5000001234_2026-10.new"
    left.mkdir()
    (left / "half").write_bytes(b"x")
    package = lay_out(register(), days(411, 412, 413), made.NUI, MONTH, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [package.folder.name]


@pytest.mark.parametrize("foreign", ["Thumbs.db", "5000001234_Z0500.p7b", REGISTER_NAME])
def test_a_folder_that_holds_something_foreign_is_not_touched(foreign: str, tmp_path: Path) -> None:
    folder = tmp_path / "5000001234_2026-10"
    folder.mkdir()
    (folder / foreign).write_bytes(b"theirs")
    code = refused(register(), days(411, 412, 413), made.NUI, MONTH, into=tmp_path)
    assert code == "FOLDER_NOT_OURS"
    assert [(path.name, path.read_bytes()) for path in folder.iterdir()] == [(foreign, b"theirs")]


def test_what_cannot_be_laid_out_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    whole = register(), days(411, 412, 413)
    assert refused(*whole, made.NUI, MONTH, into=tmp_path / "a folder") == "PATH_HAS_SPACE"
    assert refused(*whole, made.NUI, MONTH, into=tmp_path / "file") == "FOLDER_UNUSABLE"
    assert refused(*whole, "../../etc", MONTH, into=tmp_path) == "NUI_BAD"
    assert refused(*whole, made.NUI, "2026-13", into=tmp_path) == "MONTH_BAD"
    assert refused(*whole, made.NUI, "2026-11", into=tmp_path) == "NOTHING_TO_LAY_OUT"
    assert refused(None, [], made.NUI, MONTH, into=tmp_path) == "NOTHING_TO_LAY_OUT"
    many = days(411) * (DAYS_MAX + 1)
    assert refused(None, many, made.NUI, MONTH, into=tmp_path) == "TOO_MANY_DAYS"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_two_devices_in_one_set_are_told_and_their_clocks_are_not_compared() -> None:
    mine = Member("a", made.NUI, 2, 2, MONTH, START)
    theirs = Member("b", made.OTHER_NUI, 3, 3, MONTH, START - timedelta(days=2))
    findings = of_set(Member("r", made.NUI, 2, 3, MONTH, None), [mine, theirs])
    assert [(finding.code, finding.place) for finding in findings] == [("NUI_DIFFERS", "b")]


def test_the_wheel_takes_every_schema_along() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["agent.archive.signed"]
    schemas = [f"schemas/{path.name}" for path in FOLDER.glob("*.xsd")]
    assert len(schemas) == 4
    assert all(any(fnmatch(name, pattern) for pattern in patterns) for name in schemas)
