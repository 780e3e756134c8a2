"""The sources held against each other, row by row; receipts inside a Z; the clock between Zs."""

from datetime import date

import pytest

from agent.archive.certificate.as_json import as_json, checked
from agent.archive.certificate.calendar_days import DayMark
from agent.archive.certificate.certificate import Completeness
from agent.archive.certificate.compare import Field
from agent.archive.sorts import RateSum, Source, ZFigures
from drivers.model import Bani, VatRate
from tests.agent.archive.zs import (
    TODAY,
    WHOLE,
    at_of_z,
    figures,
    je,
    je_day,
    made,
    mf,
    p7b,
    report,
    row,
    said,
    with_row,
    without,
)


@pytest.mark.parametrize("source", [Source.REPORT, Source.JE])
def test_a_disagreement_of_one_ban_is_found_between_the_devices_own_sources(source: Source) -> None:
    told = ZFigures(5, at_of_z(5), Bani((figures(5).total or 0) + 1), receipts=31)
    _, owner = made(with_row(source, told), on=TODAY)
    assert said(owner) == [("TOTAL_DIFFERS", "Z 5")]
    (found,) = owner.disagreements
    assert (found.one, found.one_value, found.tolerance) == (Source.MF, 1000_05, 0)
    assert (found.other, found.other_value) == (source, 1000_06)
    assert owner.days[4].state is DayMark.DIFFERS
    assert "1.000,05 lei" in owner.remarks[0].ro
    assert "1.000,06 lei" in owner.remarks[0].ro
    assert "1,000.06 lei" in owner.remarks[0].en


@pytest.mark.parametrize(("odd", "codes"), [(5, []), (6, [Field.TOTAL, Field.RATE])])
def test_a_signed_file_may_be_off_by_five_bani(odd: int, codes: list[Field]) -> None:
    _, owner = made(with_row(Source.SIGNED, figures(5, odd=odd)), on=TODAY)
    assert [each.field for each in owner.disagreements] == codes


def test_vat_receipts_and_time_are_compared_each_on_its_own() -> None:
    right = figures(5)
    rates = (RateSum(VatRate(2100), right.rates[0].gross, Bani(99_00)), right.rates[1])
    at = at_of_z(5, "22:40:00")
    told = ZFigures(5, at, right.total, rates, Bani(138_14), receipts=30)
    _, owner = made(with_row(Source.REPORT, told), on=TODAY)
    fields = [each.field for each in owner.disagreements if each.other is Source.REPORT]
    assert fields == [Field.VAT, Field.RECEIPTS, Field.RATE_VAT, Field.TIME]
    assert ("TIME_DIFFERS", "Z 5") not in said(owner)


def test_receipts_of_the_je_are_held_against_the_counts_of_the_others() -> None:
    day = je_day(5, receipts=30, receipt_last=30)
    _, owner = made(without(Source.JE, 5), [day], on=TODAY)
    assert said(owner) == [("RECEIPTS_DIFFER", "Z 5")]
    assert (owner.disagreements[0].one_value, owner.disagreements[0].other_value) == (31, 30)


def test_a_day_of_the_je_that_was_read_from_its_middle_is_not_compared() -> None:
    day = je_day(1, total=10, receipts=3, receipt_first=29, whole=False)
    _, owner = made(report(1, 10), mf(1, 10), [day], je(2, 10), p7b(1, 10), on=TODAY)
    assert (owner.verdict, said(owner)) == (Completeness.COMPLETE, [])
    assert "JE_PARTIAL" in {each.code for each in owner.remarks}


def test_across_the_first_of_august_2025_rates_are_joined_and_letters_are_not() -> None:
    """The letters A and B were 19 and 9 % on the day before, 21 and 11 % on the day after."""
    told = [figures(z, f"2025-{day}T21:40:00") for z, day in ((7, "07-31"), (8, "08-01"))]
    other_letters = [
        ZFigures(
            f.z_number,
            f.at,
            f.total,
            tuple(RateSum(r.rate, r.gross, r.vat, "XY"[n]) for n, r in enumerate(f.rates)),
        )
        for f in told
    ]
    rows = [row(Source.MF, each) for each in told] + [row(Source.REPORT, o) for o in other_letters]
    _, owner = made(rows, on=date(2025, 8, 2))
    assert owner.disagreements == ()
    rates = [[each.rate for each in day.rates] for day in owner.days[:2]]
    assert rates == [[1900, 900], [2100, 1100]]


def test_a_rate_that_another_source_has_under_the_same_letter_differs() -> None:
    """Both say A: the letter agrees, the rate does not."""
    right = figures(5)
    old = (RateSum(VatRate(1900), right.rates[0].gross, None, "A"), right.rates[1])
    told = ZFigures(5, at_of_z(5), right.total, old, receipts=31)
    _, owner = made(with_row(Source.REPORT, told), on=TODAY)
    sales = [each for each in owner.disagreements if each.field is Field.RATE]
    assert [(each.rate, each.one_value, each.other_value) for each in sales] == [
        (2100, 605_05, 0),
        (1900, 0, 605_05),
    ]


def test_a_source_of_letters_alone_is_not_compared_by_rate() -> None:
    lettered = tuple(RateSum(None, each.gross, None, each.letter) for each in figures(5).rates)
    told = ZFigures(5, at_of_z(5), figures(5).total, lettered)
    _, owner = made(with_row(Source.REPORT, told), on=TODAY)
    assert (owner.disagreements, owner.verdict) == ((), Completeness.COMPLETE)
    assert "RATES_BY_LETTER_ONLY" in {each.code for each in owner.remarks}


# inside a Z


def test_a_gap_in_the_receipts_of_a_z_is_found() -> None:
    day = je_day(5, receipts=31, receipt_last=32)
    _, owner = made(without(Source.JE, 5), [day], on=TODAY)
    assert said(owner) == [("RECEIPT_GAP", "Z 5")]
    assert "from 1 to 32 there should be 32, there are 31" in owner.remarks[0].en


def test_documents_missing_in_the_je_are_named_within_a_z_and_between_two() -> None:
    inside = je_day(5, missing=[165, 166, 170], documents=37)
    later = je_day(7, first=244, documents=37)
    _, owner = made(without(Source.JE, 5, 7), [inside, later], on=TODAY)
    assert said(owner) == [("JE_DOCUMENTS_MISSING", "Z 5"), ("JE_DOCUMENTS_MISSING", "Z 7")]
    told = [each.en for each in owner.remarks if each.code == "JE_DOCUMENTS_MISSING"]
    assert "165-166, 170" in told[0]
    assert "241-243" in told[1]


def test_the_receipts_that_are_there_are_listed_by_z() -> None:
    _, owner = made(*WHOLE, on=TODAY)
    assert [(each.z, each.count, each.first, each.last) for each in owner.receipts][:2] == [
        (1, 31, 1, 31),
        (2, 31, 1, 31),
    ]


def test_a_clock_that_was_set_back_is_found_between_two_zs() -> None:
    back = figures(5, "2026-08-01T21:40:00")
    rows = [
        row(s, figures(z) if z != 5 else back)
        for s in (Source.MF, Source.REPORT)
        for z in range(1, 11)
    ]
    _, owner = made(rows, p7b(1, 10, (5,)), [row(Source.SIGNED, back)], on=TODAY)
    assert said(owner) == [("CLOCK_SET_BACK", "Z 5")]
    assert at_of_z(4).replace("T", " ") in owner.remarks[-2].en
    assert owner.verdict is Completeness.COMPLETE


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ("2026-10-25T03:50:00", "2026-10-25T03:10:00", []),
        ("2026-10-25T03:50:00", "2026-10-25T02:50:00", [("CLOCK_SET_BACK", "Z 2")]),
        ("2026-10-26T03:50:00", "2026-10-26T03:10:00", [("CLOCK_SET_BACK", "Z 2")]),
    ],
    ids=["the hour comes twice", "an hour that does not", "another day"],
)
def test_the_hour_that_comes_twice_in_october_is_no_clock_set_back(
    first: str, second: str, found: list[tuple[str, str]]
) -> None:
    rows = [
        row(source, figures(z, at), date(2026, 10, 25))
        for source in (Source.MF, Source.REPORT)
        for z, at in ((1, first), (2, second))
    ]
    _, owner = made(rows, on=date(2026, 10, 27))
    assert [each for each in said(owner)] == found


def test_a_z_dated_in_the_future_is_told_and_makes_no_calendar_of_years() -> None:
    ahead = figures(10, "2099-01-01T12:00:00")
    rows = [
        row(s, figures(z) if z != 10 else ahead)
        for s in (Source.MF, Source.REPORT)
        for z in range(1, 11)
    ]
    _, owner = made(rows, on=TODAY)
    assert ("CLOCK_AHEAD", "Z 10") in said(owner)
    assert len(owner.days) == 11


@pytest.mark.parametrize(
    ("at", "days"),
    [
        ("", 0),
        ("soon", 0),
        ("2026-13-45T00:00:00", 0),
        ("0001-01-01T00:00:00", 0),
        ("9999-12-31T23:59:59", 0),
        ("2000-01-01T00:00:00", 0),
        ("20260901T214000", 11),
    ],
)
def test_a_time_that_is_none_breaks_no_certificate(at: str, days: int) -> None:
    rows = [row(s, figures(z, at)) for s in (Source.MF, Source.REPORT) for z in range(1, 4)]
    certificate, owner = made(rows, on=TODAY)
    assert (owner.first_z, owner.last_z, len(owner.days)) == (1, 3, days)
    assert checked(as_json(certificate)) is not None
