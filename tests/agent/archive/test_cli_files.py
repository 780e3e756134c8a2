"""`amef archive` where files go out and come in: export, import, rebuild, a4200."""

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.archive.export import export
from agent.archive.index import Reading, Wanted
from agent.archive.sorts import Sort, Source
from agent.ledger_file import LEDGER_FILE
from tests.agent.archive import signed_files
from tests.agent.archive.shelf import (
    DAY_NAME,
    NUI,
    SERIAL,
    Shelf,
    asked,
    day,
    je_day,
    register,
)


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    made = Shelf(tmp_path)
    yield made
    made.close()


@pytest.fixture
def october(shelf: Shelf) -> Shelf:
    shelf.fill_october()
    return shelf


# export


def test_an_export_is_the_files_and_a_list_that_proves_them(october: Shelf, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = asked(october, "export", "--into", str(out), "--month", "2026-10", "--owner", NUI)
    assert (done.exit_code, done.stdout.startswith(f"32 documents in {out}")) == (0, True)
    assert (out / NUI / DAY_NAME.format(407)).read_bytes() == day(407)
    checked = subprocess.run(
        ["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=out, check=False, timeout=20
    )
    assert checked.returncode == 0
    listed = json.loads((out / "manifest.json").read_text("utf-8"))["documents"]
    assert len(listed) == 32
    for each in listed:
        content = (out / each["path"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == each["sha256"]


def test_an_export_mixes_with_nothing(october: Shelf, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = asked(october, "export", "--into", str(tmp_path))
    assert (done.exit_code, "[folder_not_empty]" in done.stderr) == (1, True)
    assert not (tmp_path / NUI).exists()


def test_an_export_names_what_it_could_not_write(october: Shelf, tmp_path: Path) -> None:
    filed = october.index.documents(Wanted(z=410, owner=NUI, sort=Sort.SIGNED_DAY))[0]
    path = october.store.path(filed.document.sha256)
    path.write_bytes(path.read_bytes()[:-4])
    out = tmp_path / "out"
    done = asked(october, "export", "--into", str(out))
    assert done.exit_code == 1
    assert f"{filed.id}  {DAY_NAME.format(410)}" in done.stderr
    assert not (out / NUI / DAY_NAME.format(410)).exists()
    listed = json.loads((out / "manifest.json").read_text("utf-8"))["documents"]
    assert [each["trouble"][:12] for each in listed if each["trouble"]] == [
        filed.document.sha256[:12]
    ]
    told = json.loads(asked(october, "export", "--into", str(tmp_path / "b"), "--json").stdout)
    (one,) = [each for each in told["documents"] if each["trouble"]]
    assert (one["id"], one["path"]) == (filed.id, "")


def test_names_that_clash_or_lead_elsewhere_are_made_fit(shelf: Shelf, tmp_path: Path) -> None:
    given = [
        "../../etc/passwd",
        "a.p7b",
        "A.P7B",
        "..",
        ".hidden",
        'x:"y"?.p7b',
        "ă" * 255 + ".p7b",
    ]
    for z, name in enumerate(given, start=1):
        shelf.intake.take(name, day(z), "here")
    done = export(shelf.store, shelf.index.documents(), tmp_path / "out")
    assert [each.trouble for each in done] == [""] * len(given)
    folder = tmp_path / "out" / NUI
    assert all((tmp_path / "out" / each.path).parent == folder for each in done)
    made = sorted(path.name.lower() for path in folder.iterdir())
    assert len({*made}) == len(given)
    assert {"_.._etc_passwd", "hidden", "x__y__.p7b", "_"} <= {*made}


# import


def test_import_takes_files_and_folders_and_says_each(shelf: Shelf, tmp_path: Path) -> None:
    stick = tmp_path / "my stick"
    stick.mkdir()
    (stick / "a țară.p7b").write_bytes(day(1))
    (stick / "photo.jpg").write_bytes(b"\xff\xd8" * 200)
    (tmp_path / "b.p7b").write_bytes(day(2))
    done = asked(shelf, "import", str(stick), str(tmp_path / "b.p7b"))
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        f"1  new  {stick}/a țară.p7b",
        f"2  new  {tmp_path}/b.p7b",
        "new: 2; known: 0; refused: 0",
    ]
    again = asked(shelf, "import", str(stick), lang="ro_RO.UTF-8")
    assert again.stdout.splitlines()[-1] == "noi: 0; știute: 1; refuzate: 0"
    assert len(shelf.told()) == 1


def test_import_names_what_it_refuses_and_takes_the_rest(shelf: Shelf, tmp_path: Path) -> None:
    for name, content in {"bad.p7b": b"bad", "cut.p7b": day(1)[:-9], "ok.p7b": day(1)}.items():
        (tmp_path / "in" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "in" / name).write_bytes(content)
    done = asked(shelf, "import", str(tmp_path / "in"))
    assert done.exit_code == 1
    assert "bad.p7b: NOT_CMS: " in done.stderr
    assert "cut.p7b: TRUNCATED: " in done.stderr
    assert shelf.zs() == [1]


def test_import_mends_whatever_is_damaged_and_lies_there_whole(
    shelf: Shelf, tmp_path: Path
) -> None:
    sha256 = je_day(shelf)
    (filed,) = shelf.index.documents()
    out = tmp_path / "out"
    assert asked(shelf, "export", "--into", str(out)).exit_code == 0
    file = out / SERIAL / filed.document.name
    path = shelf.store.path(sha256)
    for hurt in (path.unlink, lambda: path.write_bytes(b"hurt")):
        hurt()
        assert asked(shelf, "verify").exit_code == 1
        done = asked(shelf, "import", str(file))
        assert done.stdout.splitlines() == [
            f"1  restored  {file}",
            "new: 0; known: 0; restored: 1; refused: 0",
        ]
        assert asked(shelf, "verify").exit_code == 0
    known = asked(shelf, "import", str(out))
    assert known.stdout.splitlines()[-1] == "new: 0; known: 1; refused: 0"


def test_import_says_of_every_file_that_is_named_what_it_is(shelf: Shelf, tmp_path: Path) -> None:
    files = {"photo.jpg": b"\xff\xd8" * 200, "plain.xml": b"<msj/>" * 50, "large.bin": b""}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    os.truncate(tmp_path / "large.bin", 40 * 10**9)
    done = asked(shelf, "import", *(str(tmp_path / name) for name in files))
    assert done.exit_code == 1
    assert f"{tmp_path}/photo.jpg: NOT_CMS: " in done.stderr
    assert f"{tmp_path}/plain.xml: XML_UNSIGNED: " in done.stderr
    assert f"{tmp_path}/large.bin: TOO_LARGE: 40000000000 bytes" in done.stderr


def test_a_name_that_would_move_the_cursor_is_shown_as_dots(shelf: Shelf, tmp_path: Path) -> None:
    for name in ("a\x1b[2J.p7b", "b\x1b[2J.p7b"):
        (tmp_path / name).write_bytes(day(1) if name[0] == "a" else b"bad")
    done = asked(shelf, "import", *(str(path) for path in tmp_path.glob("*.p7b")))
    assert "\x1b" not in done.stdout + done.stderr
    assert ("a·[2J.p7b" in done.stdout, "b·[2J.p7b" in done.stderr) == (True, True)


def test_import_says_what_retention_has_let_go(shelf: Shelf, tmp_path: Path) -> None:
    shelf.intake.take("a.p7b", day(1), "here")
    shelf.index.gone(1)
    (tmp_path / "a.p7b").write_bytes(day(1))
    done = asked(shelf, "import", str(tmp_path / "a.p7b"))
    assert done.stdout.splitlines()[-1] == "new: 0; known: 0; past their time: 1; refused: 0"


def test_import_of_what_is_not_there_is_said_in_both_languages(shelf: Shelf) -> None:
    done = asked(shelf, "import", "/nowhere/at all")
    assert (done.exit_code, "[not_readable]" in done.stderr) == (1, True)
    assert "nu se poate citi" in done.stderr


# rebuild


def test_after_a_lost_ledger_the_store_is_indexed_anew(october: Shelf, tmp_path: Path) -> None:
    sha256 = je_day(october)
    unknown = october.store.put(b"a line of the fiscal memory\n").sha256
    before = {filed.document.sha256 for filed in october.index.documents()}
    rows = [row.figures for row in october.index.z_rows(NUI)]
    october.close()
    for path in october.state.glob(f"{LEDGER_FILE}*"):
        path.unlink()
    fresh = Shelf(tmp_path)
    done = asked(fresh, "rebuild")
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (
        0,
        "taken up: 34; unknown: 1; damaged: 0",
    )
    assert unknown in done.stdout
    assert {filed.document.sha256 for filed in fresh.index.documents()} == before
    assert [row.figures for row in fresh.index.z_rows(NUI)] == rows
    (je,) = fresh.index.documents(Wanted(sort=Sort.JE))
    assert (je.document.sha256, je.document.owner, je.document.z_first) == (sha256, SERIAL, 7)
    assert (je.document.device_id, je.document.facts["last"]) == ("dev_1", 2)
    (row,) = fresh.index.z_rows(SERIAL)
    assert (row.source, row.figures.total, row.figures.receipts) == (Source.JE, 2420, 2)
    assert fresh.index.progress(SERIAL, Reading.JE).number == 2
    assert asked(fresh, "rebuild").stdout.endswith("unknown: 1; damaged: 0\n")
    assert asked(fresh, "verify").exit_code == 0
    fresh.close()


def test_rebuild_names_what_is_damaged_and_leaves_it(shelf: Shelf) -> None:
    stored = shelf.store.put(day(1))
    path = shelf.store.path(stored.sha256)
    path.write_bytes(path.read_bytes()[:-4])
    done = asked(shelf, "rebuild")
    assert (done.exit_code, done.stderr) == (1, f"{stored.sha256}: damaged\n")
    assert path.exists()


@pytest.mark.parametrize(
    "content",
    [
        b'{"je": 1, "owner": "", "z": 1}\n',
        b'{"je": 1, "owner": "X", "z": "1", "first": 1, "last": 1, "receipts": 0, "at": ""}\n',
        b'{"je": 2, "owner": "X", "z": 1, "first": 1, "last": 1, "receipts": 0,'
        b' "at": "2026-10-05T08:00:00"}\n',
        b'{"je": ' + b"[" * 100_000,
        b'{"je": 1',
        b'{"je": 1, "owner": "X", "z": 1, "first": 1, "last": 1, "receipts": 0,'
        b' "at": "2026-10-05T08:00:00", "total": 99999999999999999999}\n',
    ],
    ids=["owner", "number", "form", "deep", "cut", "large"],
)
def test_a_header_that_only_looks_like_one_is_not_believed(shelf: Shelf, content: bytes) -> None:
    shelf.store.put(content)
    assert asked(shelf, "rebuild").stdout.endswith("unknown: 1; damaged: 0\n")


# a4200


def test_a_month_is_laid_out_for_the_validator(october: Shelf, tmp_path: Path) -> None:
    into = tmp_path / "pkg"
    done = asked(october, "a4200", "--month", "2026-10", "--into", str(into))
    assert done.exit_code == 0
    assert done.stdout.splitlines()[-1] == f"{into}/{NUI}_2026-10: 32 files, complete"
    assert [path.name for path in into.iterdir()] == [f"{NUI}_2026-10"]
    assert (into / f"{NUI}_2026-10" / DAY_NAME.format(437)).read_bytes() == day(437)


def test_a_month_with_a_gap_is_laid_out_and_the_gap_named(shelf: Shelf, tmp_path: Path) -> None:
    for z in (407, 408, 410):
        shelf.intake.take(DAY_NAME.format(z), day(z), "here")
    done = asked(shelf, "a4200", "--month", "2026-10", "--into", str(tmp_path / "pkg"))
    assert done.exit_code == 1
    assert "Z_MISSING  Z 409" in done.stdout
    assert "REGISTER_MISSING" in done.stdout
    assert "NOT complete" in done.stdout


def test_of_several_registers_the_one_made_last_is_taken(shelf: Shelf, tmp_path: Path) -> None:
    for content in (register(407, 436), register(407, 437)):
        shelf.intake.take("Perioada.p7b", content, "here")
    for z in range(407, 438):
        shelf.intake.take(DAY_NAME.format(z), day(z), "here")
    done = asked(shelf, "a4200", "--month", "2026-10", "--into", str(tmp_path / "pkg"))
    assert (done.exit_code, done.stdout.splitlines()[-1].endswith("complete")) == (0, True)


def test_a_package_of_ours_is_laid_out_anew_when_a_newer_register_came(
    shelf: Shelf, tmp_path: Path
) -> None:
    words = ("a4200", "--month", "2026-10", "--into", str(tmp_path / "pkg"))
    for z in range(407, 437):
        shelf.intake.take(DAY_NAME.format(z), day(z), "here")
    shelf.intake.take("Perioada.p7b", register(407, 436), "here")
    assert asked(shelf, *words).exit_code == 0
    shelf.intake.take(DAY_NAME.format(437), day(437), "here")
    shelf.intake.take("Perioada.p7b", register(407, 437), "here")
    done = asked(shelf, *words)
    assert (done.exit_code, done.stdout.splitlines()[-1].endswith("complete")) == (0, True)
    laid = tmp_path / "pkg" / f"{NUI}_2026-10" / "Perioada_raportare.p7b"
    assert laid.read_bytes() == register(407, 437)
    laid.write_bytes(b"mine")
    done = asked(shelf, *words)
    assert (done.exit_code, "another file under our name" in done.stderr) == (1, True)
    assert laid.read_bytes() == b"mine"


def test_a_register_without_a_month_is_laid_out_with_its_days(shelf: Shelf, tmp_path: Path) -> None:
    for z in range(407, 438):
        shelf.intake.take(DAY_NAME.format(z), day(z), "here")
    xml = signed_files.register_xml(407, 437).replace(' an="2026" luna="10"', "")
    shelf.intake.take("Perioada.p7b", signed_files.sign(xml), "here")
    done = asked(shelf, "a4200", "--month", "2026-10", "--into", str(tmp_path / "pkg"))
    assert (done.exit_code, done.stdout.splitlines()[-1].endswith("complete")) == (0, True)
    later = asked(shelf, "a4200", "--month", "2026-11", "--into", str(tmp_path / "pkg"))
    assert "[nothing_to_lay_out]" in later.stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--month", "2026-12"], "nothing_to_lay_out"),
        (["--month", "2026-10", "--owner", "123"], "nui_bad"),
        (["--month", "october"], "bad_month"),
    ],
)
def test_what_cannot_be_laid_out_is_said_in_both_languages(
    october: Shelf, tmp_path: Path, words: list[str], code: str
) -> None:
    done = asked(october, "a4200", *words, "--into", str(tmp_path / "pkg"))
    assert (done.exit_code, f"[{code}]" in done.stderr) == (1, True)
    assert not (tmp_path / "pkg").exists()
