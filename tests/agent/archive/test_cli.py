"""`amef archive`: what people see of the archive, and the check of all of it."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.archive.index import Wanted
from agent.archive.sorts import Sort
from agent.ledger_file import LEDGER_FILE
from tests.agent.amef import AMEF, program
from tests.agent.archive import signed_files
from tests.agent.archive.shelf import DAY_NAME, NUI, OTHER_NUI, Shelf, asked, day, je_day


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    made = Shelf(tmp_path)
    yield made
    made.close()


@pytest.fixture
def october(shelf: Shelf) -> Shelf:
    shelf.fill_october()
    return shelf


def said(shelf: Shelf, *words: str) -> object:
    done = asked(shelf, *words, "--json")
    return json.loads(done.stdout)


def names(shelf: Shelf, *words: str) -> list[str]:
    found = said(shelf, "list", *words)
    assert isinstance(found, list)
    return [each["name"] for each in found]


# list, show


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ([], 33),
        (["--kind", "p7b_register"], 1),
        (["--owner", OTHER_NUI], 1),
        (["--device", "dev_1"], 32),
        (["--month", "2026-10"], 33),
        (["--month", "2026-11"], 0),
        (["--z", "407"], 3),
        (["--z", "407", "--kind", "p7b_day", "--owner", NUI], 1),
    ],
    ids=str,
)
def test_list_finds_what_is_asked_for(october: Shelf, words: list[str], count: int) -> None:
    assert len(names(october, *words)) == count


def test_list_is_lines_of_cells_in_the_readers_language(october: Shelf) -> None:
    english = asked(october, "list", "--z", "408").stdout.splitlines()
    assert english[0].split("\t")[:5] == ["no.", "kind", "owner", "device", "Z"]
    assert english[2].split("\t")[1:5] == ["p7b_day", NUI, "dev_1", "408"]
    romanian = asked(october, "list", lang="ro_RO.UTF-8").stdout.splitlines()
    assert romanian[0].split("\t")[:3] == ["nr.", "fel", "al cui"]
    assert romanian[-1].split("\t")[-1] == "FOREIGN_NUI"


@pytest.mark.parametrize("month", ["2026", "2026-13", "10-2026", "2026-1", "luna"])
def test_a_month_that_is_none_is_said_in_both_languages(shelf: Shelf, month: str) -> None:
    done = asked(shelf, "list", "--month", month)
    assert (done.exit_code, "[bad_month]" in done.stderr) == (1, True)
    assert "is not a month" in done.stderr
    assert "nu este o lună" in done.stderr


def test_show_tells_what_is_known_and_what_is_wrong(october: Shelf) -> None:
    out = asked(october, "show", "33").stdout
    assert f"         owner: {OTHER_NUI}" in out
    assert "finding: FOREIGN_NUI  file: no [[device]] says" in out
    assert "<coteZ cota=" in out.splitlines()[-3]


def test_show_raw_is_the_file_byte_for_byte(october: Shelf) -> None:
    done = subprocess.run(
        [AMEF, "archive", "show", "1", "--raw", "--config", str(october.config)],
        capture_output=True,
        check=True,
        timeout=20,
    )
    assert done.stdout == day(407)


def test_show_text_is_for_reading_and_moves_no_cursor(shelf: Shelf) -> None:
    je_day(shelf)
    assert asked(shelf, "show", "1", "--text").stdout.splitlines() == [
        "--- 1  receipt  2026-10-05T08:05:41  Z 7  12.10",
        "BON FISCAL",
        "Pâine ·[31m 12,10",
        "--- 2  receipt  2026-10-05T08:05:41  Z 7  12.10",
        "BON",
    ]


def test_a_document_that_is_not_there_is_said(shelf: Shelf) -> None:
    for words in (["show", "9"], ["keep", "9"]):
        done = asked(shelf, *words)
        assert (done.exit_code, "[no_such_document]" in done.stderr) == (1, True)
    assert json.loads(asked(shelf, "show", "9", "--json").stdout)["error"]["code"] == (
        "no_such_document"
    )


def test_without_a_ledger_it_is_said_and_none_is_made(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.close()
    for path in shelf.state.glob(f"{LEDGER_FILE}*"):
        path.unlink()
    done = program("archive", "list", "--config", str(shelf.config))
    assert done.returncode == 74
    assert "the agent has not run yet" in done.stderr
    assert [*shelf.state.iterdir()] == []


# verify


def test_a_sound_archive_is_said_to_be_sound(october: Shelf) -> None:
    done = asked(october, "verify")
    assert (done.exit_code, done.stdout) == (0, "33 documents, 33 files; wrong: 0\n")


def test_verify_names_every_object_that_is_damaged_lost_or_changed(october: Shelf) -> None:
    documents = october.index.documents(Wanted(owner=NUI, sort=Sort.SIGNED_DAY))
    damaged, lost = documents[3], documents[9]
    path = october.store.path(damaged.document.sha256)
    path.write_bytes(path.read_bytes()[:-4])
    october.store.remove(lost.document.sha256)
    done = asked(october, "verify")
    assert done.exit_code == 1
    assert done.stdout.splitlines()[0].startswith(f"OBJECT_DAMAGED  {damaged.id}  ")
    assert done.stdout.splitlines()[1].startswith(f"OBJECT_MISSING  {lost.id}  ")
    found = said(october, "verify")
    assert isinstance(found, dict)
    assert [each["document"] for each in found["wrong"]] == [damaged.id, lost.id]
    assert found["ok"] is False


def test_verify_checks_signatures_again(shelf: Shelf) -> None:
    changed = signed_files.EXAMPLE.replace("33.20", "33.21").encode()
    shelf.intake.take("a.p7b", signed_files.sign(signed_files.EXAMPLE, told=changed), "here")
    shelf.intake.take("b.p7b", signed_files.sign(signed_files.EXAMPLE, spoil=True), "here")
    done = asked(shelf, "verify")
    assert done.exit_code == 1
    assert [line.split("  ")[0] for line in done.stdout.splitlines()[:2]] == [
        "SIGNATURE_DIGEST_DIFFERS",
        "SIGNATURE_WRONG",
    ]


def test_verify_holds_the_index_against_the_files(shelf: Shelf) -> None:
    filed = shelf.intake.take("a.p7b", day(1), "here").filed
    shelf.index._db.execute("UPDATE document SET z_first = 2, bytes = 5 WHERE id = ?", (filed.id,))
    shelf.index._db.execute("DELETE FROM z_row")
    shelf.store.put(day(2))
    found = said(shelf, "verify")
    assert isinstance(found, dict)
    assert [each["code"] for each in found["wrong"]] == [
        "SIZE_DIFFERS",
        "INDEX_DIFFERS",
        "FIGURES_MISSING",
        "NOT_INDEXED",
    ]


def test_what_does_not_say_what_it_is_is_only_told(shelf: Shelf) -> None:
    shelf.store.put(b"a line of the fiscal memory\n")
    done = asked(shelf, "verify")
    assert done.exit_code == 0
    assert "(NOT_INDEXED  -  " in done.stdout


# keep


def test_a_person_keeps_documents_and_releases_them(october: Shelf) -> None:
    assert asked(october, "keep", "3", "5").stdout == "Kept until released: 3, 5\n"
    assert names(october, "--kept") == [DAY_NAME.format(409), DAY_NAME.format(411)]
    assert "Eliberate: 3" in asked(october, "keep", "3", "--release", lang="ro_RO.UTF-8").stdout
    assert names(october, "--kept") == [DAY_NAME.format(411)]
    asked(october, "keep", "5")
    assert [event.data["kept"] for event in october.events("archive_keep")] == [True, True, False]


def test_what_is_gone_is_said_when_it_is_shown_or_kept(october: Shelf) -> None:
    october.index.gone(1)
    for words in (["show", "1", "--raw"], ["keep", "1"]):
        done = asked(october, *words)
        assert (done.exit_code, "[document_gone]" in done.stderr) == (1, True)
