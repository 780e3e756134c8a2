"""The page of the certificate: well-formed, escaped, alone with itself, and a browser draws it."""

import re
import shutil
import subprocess
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from agent.archive.certificate.as_json import digest_of
from agent.archive.certificate.calendar_days import CalendarDay, DayMark
from agent.archive.certificate.certificate import Certificate, certify
from agent.archive.certificate.holding import Holding
from agent.archive.certificate.markup import e, html
from agent.archive.certificate.page import page
from agent.archive.certificate.page_drawings import Bar, of_days, of_months, plot, shades
from agent.archive.certificate.page_tables import ROWS_MAX
from agent.archive.certificate.words import InBoth, money, percent
from agent.archive.sorts import Source
from drivers.model import Bani, VatRate
from tests.agent.archive.zs import (
    TODAY,
    WHOLE,
    ZONE,
    figures,
    holding,
    made,
    mf,
    p7b,
    report,
    row,
    signed_day,
    without,
)

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
BROWSER = next((found for name in BROWSERS if (found := shutil.which(name))), None)
BROWSER_S = 120


def tree(certificate: Certificate) -> Element:
    text = page(certificate)
    assert text.startswith("<!DOCTYPE html>\n")
    return ElementTree.fromstring(text)


def texts(root: Element) -> str:
    return " ".join(root.itertext())


def of_class(root: Element, name: str) -> list[Element]:
    return [each for each in root.iter() if name in each.get("class", "").split()]


def test_a_complete_archive_has_its_verdict_and_a_cell_for_each_day() -> None:
    certificate, owner = made(*WHOLE, on=TODAY)
    root = tree(certificate)
    assert len(of_class(root, "verdict")) == len(of_class(root, "device")) == 1
    assert of_class(root, "verdict")[0].get("class") == "verdict complete"
    assert "Complet până la Z 10" in texts(root)
    assert "Nimic nu lipsește" in texts(root)
    assert len(of_class(root, "day")) == len(owner.days) == 11
    assert len(of_class(root, "bar")) == 11
    assert digest_of(certificate) in texts(root)


def test_a_day_says_by_its_cell_how_it_is_and_what_was_sold() -> None:
    root = tree(made(without(Source.JE, 5), on=TODAY)[0])
    cell = of_class(root, "missing")[0]
    assert cell.find("title").text == "05.09.2026: Z 5: lipsește / missing, 1.000,05 lei"  # type: ignore[union-attr]
    used = cell.find("use")
    assert used is not None
    assert used.get("href") == "#missing"


def test_every_cell_that_is_used_is_drawn_once_and_each_state_has_its_own() -> None:
    root = tree(made(without(Source.JE, 5), on=TODAY)[0])
    ids = [each.get("id") for each in root.iter() if each.get("id")]
    used = {(each.get("href") or "").removeprefix("#") for each in root.iter("use")}
    assert len(ids) == len(set(ids))
    assert used <= set(ids)
    drawn = {state: ElementTree.tostring(root.find(f".//*[@id='{state}']")) for state in DayMark}  # type: ignore[arg-type]
    assert len({re.sub(rb'id="[^"]*"', b"", mark) for mark in drawn.values()}) == len(DayMark)


def test_signs_tell_the_states_apart_without_colour() -> None:
    root = tree(made(*WHOLE, on=TODAY)[0])
    paths = {}
    for state in (DayMark.AWAITED, DayMark.DIFFERS, DayMark.MISSING):
        mark = root.find(f".//*[@id='{state}']")
        assert mark is not None
        paths[state] = [each.get("d") for each in mark.iter("path")]
    assert len({str(each) for each in paths.values()}) == 3


def test_what_is_missing_stands_there_with_its_place_and_since_when() -> None:
    root = tree(made(without(Source.MF, 5, 6), on=TODAY)[0])
    rows = of_class(root, "warning")
    assert [texts(each) for each in rows] == [
        "! Z 5-6 2026-09-05 21:40 Lipsește din memoria fiscală (MF), începând cu 2026-09-05 21:40."
        " Missing in the fiscal memory (MF) since 2026-09-05 21:40. Z_MISSING_IN_SOURCE"
    ]


def test_figures_told_twice_stand_side_by_side() -> None:
    said = texts(tree(made(*WHOLE, [row(Source.MF, figures(5, odd=100))], on=TODAY)[0]))
    assert "1.000,05 lei" in said
    assert "1.001,05 lei" in said


def test_nothing_on_the_page_is_fetched_or_runs() -> None:
    text = page(made(*WHOLE, on=TODAY)[0])
    assert not re.search(r"<script|<link|<img|<iframe|@import|https?:|url\((?!#)|\son\w+=", text)


NASTY = "<script>alert(1)</script>&\"'\x00\x1b]]>\ud800"


def test_what_strangers_wrote_is_only_text() -> None:
    finding = {"code": f"BAD{NASTY}", "place": NASTY, "sentence": NASTY}
    pieces = (report(1, 3), mf(1, 3), [signed_day(1, findings=[finding])])
    held = replace(holding(*pieces), owner=f"DB{NASTY}", device_id=NASTY)
    root = tree(certify([held], TODAY, ZONE))
    assert not list(root.iter("script"))
    assert "<script>alert(1)</script>" in texts(root)
    assert "\x1b" not in texts(root)


@pytest.mark.parametrize("holdings", [[], [Holding("SIM", "SIM", "dev_1")]])
def test_an_empty_archive_makes_a_page_too(holdings: list[Holding]) -> None:
    root = tree(certify(holdings, TODAY, ZONE))
    assert of_class(root, "verdict")[0].get("class") == "verdict cannot_be_said"
    assert of_class(root, "day") == []


def test_years_are_folded_but_one_in_which_something_is_wrong_stands_open() -> None:
    pieces = (report(1, 1100), mf(1, 1100, (20,)), p7b(1, 1100))
    root = tree(made(*pieces, on=TODAY + timedelta(days=1090))[0])
    years = [
        (each.find("summary").text[:4], each.get("open"))  # type: ignore[union-attr, index]
        for each in root.iter("details")
    ]
    assert years == [("2028", None), ("2027", None), ("2026", "open")]


def test_a_long_list_is_cut_and_says_so() -> None:
    pieces = (report(1, 900), mf(1, 900, range(1, 900, 2)))
    root = tree(made(*pieces, on=TODAY + timedelta(days=890))[0])
    assert len(of_class(root, "warning")) == ROWS_MAX
    assert "în certificate.json" in texts(root)


# the parts


def test_elements_are_escaped_and_their_texts_stay_in_order() -> None:
    found = e("p", "a", e("b", "1 < 2"), "c", ["d", e("i")], class_="x", data_label='"')
    assert html(found).splitlines()[1] == (
        '<p class="x" data-label="&quot;">a<b>1 &lt; 2</b>cd<i></i></p>'
    )


@pytest.mark.parametrize(
    ("bani", "said"),
    [
        (0, InBoth("0,00 lei", "0.00 lei")),
        (-150, InBoth("-1,50 lei", "-1.50 lei")),
        (-123456789, InBoth("-1.234.567,89 lei", "-1,234,567.89 lei")),
        (None, InBoth("?", "?")),
    ],
)
def test_money_is_written_as_each_language_writes_it(bani: int | None, said: InBoth) -> None:
    assert money(bani) == said


def test_a_rate_is_written_as_each_language_writes_it() -> None:
    assert percent(VatRate(2100)) == InBoth("21 %", "21 %")
    assert percent(VatRate(550)) == InBoth("5,50 %", "5.50 %")


def test_a_sentence_and_the_table_beside_it_write_money_alike() -> None:
    certificate, _ = made(report(1, 3), mf(1, 3), [row(Source.MF, figures(2, odd=100))], on=TODAY)
    said = texts(tree(certificate))
    assert not re.search(r"\d{4}\.\d\d\b", said)


@pytest.mark.parametrize(
    ("highest", "labels"),
    [
        (0, ["0", "1"]),
        (499_00, ["0", "100", "200", "300", "400", "500"]),
        (500_01, ["0", "200", "400", "600"]),
        (12_345_678_00, ["0", "5.000.000", "10.000.000", "15.000.000"]),
    ],
)
def test_the_axis_is_in_round_lei_and_reaches_the_highest_bar(
    highest: int, labels: list[str]
) -> None:
    drawn = plot([Bar("", "x", {(2100, ""): highest})], [(2100, "")])
    axis = [each.text for each in drawn.iter("text") if each.get("text-anchor") == "end"]
    assert axis[: len(labels)] == labels
    tops = [int(each.get("y", "0")) for each in drawn.iter("rect")]
    assert all(top >= 26 for top in tops)


def test_a_bar_is_as_high_as_its_sums() -> None:
    groups: list[tuple[int | None, str]] = [(2100, ""), (1100, "")]
    drawn = plot([Bar("", "x", {groups[0]: 300_00, groups[1]: 100_00})], groups)
    heights = [int(each.get("height", "0")) for each in drawn.iter("rect")]
    assert heights[1] == pytest.approx(3 * heights[0], abs=3)
    assert sum(heights) == 250 - 26 - 30


def test_days_and_months_add_up_to_the_same() -> None:
    days = made(*WHOLE, on=TODAY)[1].days
    assert sum(bar.total for bar in of_days(days, 99)) == sum(bar.total for bar in of_months(days))


def test_the_darker_days_are_the_thirds_in_which_more_was_sold() -> None:
    days = [
        CalendarDay(date(2026, 9, n), DayMark.COMPLETE, (n,), Bani(n * 100)) for n in range(1, 10)
    ]
    assert shades(days) == (400, 700)
    assert shades([]) == (0, 0)


# a real browser


def drawn_by_browser(file: Path, *options: str) -> subprocess.CompletedProcess[str]:
    assert BROWSER is not None
    profile = file.parent / "profile"
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0"]
    return subprocess.run(
        [BROWSER, *flags, f"--user-data-dir={profile}", *options, file.as_uri()],
        capture_output=True,
        text=True,
        timeout=BROWSER_S,
        check=True,
    )


@pytest.mark.skipif(BROWSER is None, reason=f"none of {', '.join(BROWSERS)} is installed")
@pytest.mark.timeout(2 * BROWSER_S)
def test_a_browser_reads_the_page_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "certificate.html"
    certificate, owner = made(without(Source.JE, 5), on=TODAY)
    file.write_text(page(certificate), "utf-8")
    shot = tmp_path / "page.png"
    ran = drawn_by_browser(file, "--dump-dom")
    assert "CONSOLE" not in ran.stderr
    ours = [element.tag for element in tree(certificate).iter()]
    theirs = re.findall(
        r"<([a-zA-Z][a-zA-Z0-9]*)", re.sub(r"<style>.*?</style>", "", ran.stdout, flags=re.S)
    )
    assert theirs.count("style") == 0
    ours.remove("style")
    assert sorted(theirs) == sorted(ours)
    assert ran.stdout.count('class="day ') == len(owner.days)
    drawn_by_browser(file, f"--screenshot={shot}", "--window-size=390,2400")
    assert shot.stat().st_size > 20_000
