"""What is there, what is missing, and since when: each found and named, with its place."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.archive.certificate.absences import each_z
from agent.archive.certificate.as_json import as_json, changes_of, checked, content_of, digest_of
from agent.archive.certificate.calendar_days import DayMark
from agent.archive.certificate.certificate import (
    Completeness,
    OwnerCertificate,
    certify,
)
from agent.archive.certificate.holding import Holding
from agent.archive.certificate.words import WORDS, Weight
from agent.archive.index import Progress
from agent.archive.sorts import Sort, Source, ZFigures
from tests.agent.archive.zs import (
    DEVICE,
    FIRST_DAY,
    NUI,
    SERIAL,
    TODAY,
    WHOLE,
    ZONE,
    Piece,
    at_of_z,
    day_of_z,
    figures,
    filed,
    holding,
    je,
    made,
    mf,
    ms,
    p7b,
    report,
    row,
    said,
    signed_day,
    without,
)
from tests.tidy.tree import ROOT


def test_an_archive_of_which_every_source_has_every_z_is_complete() -> None:
    certificate, owner = made(*WHOLE, on=TODAY)
    assert (certificate.verdict, owner.verdict) == (Completeness.COMPLETE, Completeness.COMPLETE)
    assert (owner.first_z, owner.last_z, owner.complete_until) == (1, 10, 10)
    assert owner.complete_until_at == at_of_z(10)
    assert said(owner) == []
    assert [(kept.count, kept.absences) for kept in owner.sources] == [(10, ())] * 4
    assert {day.state for day in owner.days} == {DayMark.COMPLETE, DayMark.NONE}


def test_an_empty_archive_can_say_nothing() -> None:
    nothing = certify([], TODAY, ZONE)
    assert (nothing.verdict, nothing.owners) == (Completeness.UNKNOWN, ())
    certificate = certify([Holding(SERIAL, NUI, DEVICE)], TODAY, ZONE)
    assert certificate.verdict is Completeness.UNKNOWN
    assert (certificate.owners[0].first_z, certificate.owners[0].days) == (None, ())


def test_one_source_alone_is_held_against_nothing() -> None:
    _, owner = made(report(1, 3), on=day_of_z(3))
    assert owner.verdict is Completeness.UNKNOWN


@pytest.mark.parametrize("source", [Source.MF, Source.JE, Source.SIGNED])
def test_a_z_missing_in_one_source_is_named_since_the_time_another_tells(source: Source) -> None:
    _, owner = made(without(source, 5), on=TODAY)
    assert owner.verdict is Completeness.INCOMPLETE
    assert said(owner) == [("Z_MISSING_IN_SOURCE", "Z 5")]
    (remark,) = [each for each in owner.remarks if each.code == "Z_MISSING_IN_SOURCE"]
    assert remark.since == at_of_z(5)
    (absence,) = next(each.absences for each in owner.sources if each.source is source)
    assert (absence.first, absence.last, absence.since) == (5, 5, at_of_z(5))
    assert owner.complete_until == 4
    assert owner.days[4].state is DayMark.MISSING


def test_a_z_that_no_source_has_is_missing_since_the_next_known_one() -> None:
    every = [each for piece in (report, mf, je, p7b) for each in piece(1, 10, (5, 6))]
    _, owner = made(every, on=TODAY)
    assert said(owner)[0] == ("Z_MISSING", "Z 5-6")
    assert next(each.since for each in owner.remarks if each.code == "Z_MISSING") == at_of_z(7)
    assert [a.since for kept in owner.sources for a in kept.absences] == [at_of_z(7)] * 4
    assert [day.state for day in owner.days[4:7]] == [DayMark.NONE, DayMark.NONE, DayMark.MISSING]


def test_a_z_made_on_the_keyboard_that_the_mf_has_breaks_nothing() -> None:
    _, owner = made(without(Source.REPORT, 5), on=TODAY)
    assert (owner.verdict, said(owner)) == (Completeness.COMPLETE, [])
    assert ("Z_WITHOUT_REPORT", "Z 5") in [(each.code, each.place) for each in owner.remarks]


def test_what_is_older_than_the_archive_of_a_source_is_only_told() -> None:
    _, owner = made(report(8, 10), mf(1, 10), je(6, 10), p7b(1, 10), on=TODAY)
    assert owner.verdict is Completeness.COMPLETE
    earlier = [(e.place, e.en) for e in owner.remarks if e.code == "Z_BEFORE_SOURCE"]
    assert earlier == [
        ("Z 1-7", "From before the archive of the Z report began."),
        ("Z 1-5", "From before the archive of the electronic journal (JE) began."),
    ]


def test_the_newest_zs_are_awaited_before_they_are_missing() -> None:
    _, owner = made(report(1, 10), mf(1, 10), je(1, 9), p7b(1, 7), on=day_of_z(12))
    assert (owner.verdict, owner.complete_until) == (Completeness.COMPLETE, 7)
    assert [day.state for day in owner.days[6:10]] == [DayMark.COMPLETE, *[DayMark.AWAITED] * 3]
    _, owner = made(report(1, 10), mf(1, 10), je(1, 9), p7b(1, 7), on=day_of_z(14))
    assert said(owner) == [("Z_MISSING_IN_SOURCE", "Z 10")]


def being_read(*pieces: Piece, on: date, **come_to: int) -> OwnerCertificate:
    """While a printer is read for the first time, as far as it has come."""
    read = {Source(name): Progress(number, ms(on)) for name, number in come_to.items()}
    return certify([replace(holding(*pieces), read=read)], TODAY, ZONE).owners[0]


def test_what_lies_behind_the_place_of_a_reading_is_awaited() -> None:
    pieces = (report(10, 10), je(1, 3))
    owner = being_read(*pieces, on=TODAY, je=120)
    assert (owner.verdict, said(owner)) == (Completeness.UNKNOWN, [])
    assert [day.state for day in owner.days[2:4]] == [DayMark.AWAITED, DayMark.NONE]
    stopped = being_read(*pieces, on=TODAY - timedelta(days=4), je=120)
    assert ("Z_MISSING", "Z 4-9") in said(stopped)


def test_what_the_fiscal_memory_lacks_is_missing_while_the_rest_is_read() -> None:
    owner = being_read(report(10, 10), mf(1, 5, (3,)), je(5, 5), on=TODAY, mf=5, je=200)
    assert said(owner) == [("Z_MISSING", "Z 3")]
    assert owner.verdict is Completeness.INCOMPLETE


def test_a_register_says_which_zs_there_are() -> None:
    register = filed(Sort.SIGNED_REGISTER, NUI, 1, 12)
    _, owner = made(*WHOLE, [register], on=day_of_z(13))
    assert (owner.last_z, said(owner)) == (12, [("Z_MISSING", "Z 11-12")])


# the same Z told twice


def test_a_z_with_other_figures_under_one_number_stands_there_with_both() -> None:
    again = row(Source.MF, figures(5, odd=100))
    _, owner = made(*WHOLE, [again], on=TODAY)
    assert said(owner) == [("Z_TOLD_TWICE", "Z 5")]
    (found,) = owner.told_twice
    assert [each.total for each in found.figures] == [figures(5).total, figures(5, odd=100).total]
    assert (found.source, found.contradicts, owner.complete_until) == (Source.MF, True, 4)
    assert "1,000.05 lei and 1,001.05 lei" in owner.remarks[0].en


def test_a_z_told_again_in_more_detail_contradicts_nothing() -> None:
    short = ZFigures(5, at_of_z(5), figures(5).total)
    _, owner = made(*WHOLE, [row(Source.REPORT, short)], on=TODAY)
    assert (owner.verdict, owner.told_twice[0].contradicts) == (Completeness.COMPLETE, False)


def test_two_files_for_one_z_are_named_by_their_hashes() -> None:
    _, owner = made(*WHOLE, [signed_day(5, other=1)], on=TODAY)
    assert said(owner) == [("DUPLICATE_Z", "Z 5")]


@pytest.mark.parametrize(
    "copy",
    [{"xml": {"sha256": "same"}, "n": 2}, {"signature": "wrong"}, {"signature": "digest_differs"}],
    ids=["another envelope", "another key", "a changed byte"],
)
def test_a_copy_of_a_signed_day_breaks_nothing(copy: dict[str, object]) -> None:
    pieces = [*without(Source.SIGNED, 5), row(Source.SIGNED, figures(5))]
    _, owner = made(
        pieces, [signed_day(5, xml={"sha256": "same"}), signed_day(5, **copy)], on=TODAY
    )
    assert (owner.verdict, said(owner)) == (Completeness.COMPLETE, [])
    assert ("Z_FILED_AGAIN", "Z 5") in [(each.code, each.place) for each in owner.remarks]


def test_a_z_that_the_fiscal_memory_has_twice_is_named_until_it_is_read_otherwise() -> None:
    then = filed(Sort.MF, SERIAL, 1, 10, facts={"twice": [6]})
    _, owner = made(*WHOLE, [then], on=TODAY)
    assert (owner.verdict, said(owner)) == (Completeness.INCOMPLETE, [("Z_TWICE", "Z 6")])
    assert owner.days[5].state is DayMark.DIFFERS
    now = filed(Sort.MF, SERIAL, 6, 6, facts={"twice": []})
    _, owner = made(*WHOLE, [then, now], on=TODAY)
    assert said(owner) == []


def test_a_signed_file_that_does_not_hold_is_as_good_as_none() -> None:
    changed = filed(Sort.SIGNED_DAY, NUI, 11, 11, facts={"signature": "digest_differs"})
    every = [each for piece in (report, mf, je) for each in piece(1, 11)]
    _, owner = made(every, p7b(1, 10), [changed], on=day_of_z(12))
    assert (owner.verdict, said(owner)) == (
        Completeness.INCOMPLETE,
        [("SIGNATURE_NOT_INTACT", "Z 11")],
    )
    assert owner.complete_until == 10


def test_a_z_that_was_made_up_from_the_fiscal_memory_is_no_report() -> None:
    made_up = filed(Sort.Z, SERIAL, 5, 5, facts={"source": "mf"})
    _, owner = made(without(Source.REPORT, 5), [made_up], on=TODAY)
    assert ("Z_WITHOUT_REPORT", "Z 5") in [(each.code, each.place) for each in owner.remarks]


# signed files vanish


@pytest.mark.parametrize(
    ("age", "code", "weight"),
    [
        (44, "Z_AWAITED", Weight.NOTE),
        (45, "P7B_VANISHES_SOON", Weight.WARNING),
        (54, "P7B_VANISHES_SOON", Weight.WARNING),
        (55, "P7B_VANISHES_SOON", Weight.ALARM),
        (60, "P7B_VANISHES_SOON", Weight.ALARM),
        (61, "P7B_GONE", Weight.ALARM),
    ],
)
def test_a_signed_file_is_missed_before_the_device_forgets_it(
    age: int, code: str, weight: Weight
) -> None:
    today = day_of_z(10) + timedelta(days=age)
    _, owner = made(report(1, 10), mf(1, 10), p7b(1, 9), on=today)
    found = [each for each in owner.remarks if each.place == "Z 10"]
    assert [(each.code, each.weight, each.since) for each in found] == [(code, weight, at_of_z(10))]
    if code == "P7B_VANISHES_SOON":
        assert (day_of_z(10) + timedelta(days=60)).isoformat() in found[0].en


def test_files_that_had_vanished_before_the_archive_began_are_not_owed() -> None:
    seen = FIRST_DAY + timedelta(days=100)
    rows = [
        row(source, figures(z), seen)
        for z in range(1, 101)
        for source in (Source.MF, Source.REPORT)
    ]
    _, owner = made(rows, on=seen)
    (kept,) = [each for each in owner.sources if each.source is Source.SIGNED]
    codes = [(a.code, a.first, a.last) for a in kept.absences]
    assert codes[0] == ("Z_BEFORE_SOURCE", 1, 40)
    assert [code for code, *_ in codes[1:]] == ["P7B_VANISHES_SOON"] * 2 + ["Z_AWAITED"]


# whose, and when


def test_files_of_another_device_stand_apart_and_do_not_break_the_verdict() -> None:
    theirs = Holding("6000000007", "", "", (), (signed_day(3, "6000000007", ""),))
    certificate = certify([holding(*WHOLE), theirs], TODAY, ZONE)
    assert certificate.verdict is Completeness.COMPLETE
    assert said(certificate.owners[1])[0] == ("FOREIGN_NUI", "NUI 6000000007")
    assert certificate.owners[1].is_foreign


def test_days_without_a_z_are_listed() -> None:
    closed = [z for z in range(1, 11) if day_of_z(z).weekday() == 6]
    rows = [
        row(s, figures(z))
        for s in (Source.MF, Source.REPORT)
        for z in range(1, 11)
        if z not in closed
    ]
    _, owner = made(rows, on=TODAY)
    assert [(each.first, each.last) for each in owner.days_without_z] == [(date(2026, 9, 6),) * 2]


def test_what_documents_were_found_to_have_is_gathered_by_code() -> None:
    finding = {"code": "NUI_CHECK_DIGIT", "place": "msj idM", "sentence": "odd"}
    days = [signed_day(z, findings=[finding]) for z in (1, 2, 3, 7)]
    _, owner = made(report(1, 10), mf(1, 10), p7b(1, 10, (1, 2, 3, 7)), days, on=TODAY)
    (found,) = owner.carried
    assert (found.code, found.count, found.zs, found.is_known) == (
        "NUI_CHECK_DIGIT",
        4,
        "1-3, 7",
        True,
    )


# all at once


@given(
    present=st.dictionaries(st.sampled_from(list(Source)), st.sets(st.integers(1, 60)), min_size=1),
    days=st.integers(0, 200),
)
def test_what_is_missing_and_what_is_there_are_together_the_span(
    present: dict[Source, set[int]], days: int
) -> None:
    rows = [row(source, figures(z)) for source, zs in present.items() for z in zs]
    _, owner = made(rows, on=day_of_z(60) + timedelta(days=days))
    every = set().union(*present.values())
    if not every:
        assert owner.first_z is None
        return
    span = set(range(min(every), max(every) + 1))
    for kept in owner.sources:
        missing = [z for z, _ in each_z(kept.absences)]
        assert len(missing) == len(set(missing))
        assert set(missing) == span - present.get(kept.source, set())
        assert kept.count + len(missing) == len(span)
    broken = any(WORDS[r.code].weight != "note" and r.breaks for r in owner.remarks)
    assert broken == (owner.verdict is Completeness.INCOMPLETE)


def test_ten_years_of_zs_are_certified_and_every_day_is_there() -> None:
    _, owner = made(report(1, 3650), mf(1, 3650), je(1, 3650), p7b(1, 3650), on=day_of_z(3651))
    assert (owner.verdict, owner.complete_until, len(owner.days)) == (
        Completeness.COMPLETE,
        3650,
        3651,
    )


# as JSON


def test_the_certificate_can_be_checked_and_a_changed_figure_is_seen() -> None:
    certificate, _ = made(*WHOLE, on=TODAY)
    text = as_json(certificate)
    told = checked(text)
    assert told is not None
    assert (told["verdict"], told["day"]) == ("complete", TODAY.isoformat())
    assert json.loads(text)["sha256"] == digest_of(certificate)
    assert checked(text.replace("100005", "100006")) is None
    assert checked(text.replace('"version":1', '"version":2')) is None
    assert [checked(broken) for broken in ("", "[]", "{}", text[:-9], "[" * 100_000)] == [None] * 5


def test_what_is_told_changes_with_what_is_missing_and_not_with_each_day() -> None:
    def told(days: int) -> list[str]:
        certificate, _ = made(report(1, 10), mf(1, 10), p7b(1, 5, (3,)), on=TODAY + timedelta(days))
        return changes_of(content_of(certificate)["owners"][0])

    assert told(0) == [Completeness.INCOMPLETE, "Z_MISSING_IN_SOURCE warning Z 3"]
    assert told(1) == told(0)
    assert told(39) == [*told(0)[:1], "P7B_VANISHES_SOON warning"]
    assert told(40) == told(39)
    assert told(50) != told(40)


def test_every_code_has_its_row_in_the_document() -> None:
    told = (ROOT / "docs" / "certificate.md").read_text("utf-8")
    assert [code for code in WORDS if f"| `{code}` |" not in told] == []
