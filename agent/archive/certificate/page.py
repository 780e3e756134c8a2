"""The certificate as a page for people: one HTML file, no script, nothing from elsewhere.

    verdict, complete until | what is missing, since when | sources | calendar | turnover by rate
    disagreements | rows told twice | to be known | what documents were found to have

Romanian first, English beside it. Long lists are cut at ROWS_MAX: certificate.json has all of it.
"""

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from agent.archive.certificate.as_json import digest_of
from agent.archive.certificate.calendar_days import CalendarDay, DayMark
from agent.archive.certificate.certificate import Certificate, Completeness, OwnerCertificate
from agent.archive.certificate.compare import Field
from agent.archive.certificate.markup import Piece, e, html
from agent.archive.certificate.page_drawings import (
    groups_of,
    legend,
    marks,
    month,
    months,
    of_days,
    of_months,
    plot,
    plot_legend,
    shades,
)
from agent.archive.certificate.page_style import STYLE
from agent.archive.certificate.page_tables import (
    DASH,
    carried_table,
    disagreements_table,
    english,
    remarks_table,
    sources_table,
    twice_table,
)
from agent.archive.certificate.words import Weight, shown
from agent.romanian import counted

MONTHS_OPEN = 12  # of the calendar; older years are folded, unless something is wrong in them
DAYS_DRAWN = 62
TABLED = {*Field, "Z_TOLD_TWICE", "Z_TOLD_AGAIN"}  # remarks that have a table of their own
VERDICTS = {  # sign, Romanian, English
    Completeness.COMPLETE: ("M9 18l6 6l11-13", "Arhiva este completă", "The archive is complete"),
    Completeness.INCOMPLETE: (
        "M17 8v12M17 25v1",
        "Arhiva nu este completă",
        "The archive is not complete",
    ),
    Completeness.UNKNOWN: (
        "M12 13a5 5 0 1 1 7 5q-2 1-2 3.500M17 26v1",
        "Nu se poate spune încă",
        "It cannot be said yet",
    ),
}


def page(certificate: Certificate) -> str:
    """Draw it."""
    day = f"{certificate.day:%d.%m.%Y}"
    body = e(
        "main",
        e("h1", f"Certificat de completitudine, {day}", english("Certificate of completeness")),
        _of_all(certificate),
        [_device(owner) for owner in certificate.owners],
        _footer(certificate),
    )
    head = e(
        "head",
        e("meta", charset="utf-8"),
        e("meta", name="viewport", content="width=device-width, initial-scale=1"),
        e("title", f"Certificat de completitudine {day}"),
        e("style", STYLE),
    )
    return html(e("html", head, e("body", marks(), body), lang="ro"))


def _device(owner: OwnerCertificate) -> Element:
    """One device; of a foreign one only what is there, as nobody owes us the rest."""
    remarks = [each for each in owner.remarks if each.code not in TABLED]
    wrong = [each for each in remarks if each.weight is not Weight.NOTE]
    notes = [each for each in remarks if each.weight is Weight.NOTE]
    days = () if owner.is_foreign else owner.days
    missing = remarks_table(wrong) if wrong else [_all_well(owner)]
    return e(
        "section",
        _title(owner),
        [] if owner.is_foreign else [_verdict(owner.verdict, *_until(owner)), _facts(owner)],
        _section("Ce lipsește", "What is missing", missing),
        _section("Sursele", "The sources", sources_table(owner.sources)),
        _section("Calendarul", "The calendar", _calendar(days)),
        _section("Vânzări pe cote de TVA", "Turnover by VAT rate", _turnover(days)),
        _section("Neconcordanțe", "Disagreements", disagreements_table(owner.disagreements)),
        _section("Un Z cu două rânduri de cifre", "A Z told twice", twice_table(owner.told_twice)),
        _section("De știut", "To be known", [] if owner.is_foreign else remarks_table(notes)),
        _section("Constatări în documente", "Found in documents", carried_table(owner.carried)),
        class_="device",
    )


def _section(ro: str, en: str, content: Sequence[Piece]) -> list[Piece]:
    """A heading and what is under it; nothing where nothing is."""
    return [e("h3", ro, " ", english(en)), *content] if content else []


# the top


def _title(owner: OwnerCertificate) -> Element:
    names = [f"NUI {owner.nui}" if owner.nui not in ("", owner.owner) else "", owner.device_id]
    foreign = ["casă de marcat neconfigurată / not configured"] if owner.is_foreign else []
    said = " · ".join([*filter(None, names), *foreign])
    return e("h2", owner.owner, english(said))


def _verdict(verdict: Completeness, ro: str, en: str) -> Element:
    path, title_ro, title_en = VERDICTS[verdict]
    ring = e("circle", cx=17, cy=17, r=16, fill="none", stroke="currentColor", stroke_width=1.6)
    line = {"stroke": "currentColor", "stroke_width": 2.4, "fill": "none"}
    sign = e("path", d=path, stroke_linecap="round", **line)
    return e(
        "div",
        e("svg", ring, sign, viewBox="0 0 34 34"),
        e("div", e("b", title_ro, " ", english(title_en)), e("span", ro, " ", english(en))),
        class_=f"verdict {verdict}",
    )


def _of_all(certificate: Certificate) -> list[Piece]:
    """The verdict over all devices; of one device its own says it."""
    if not certificate.owners:
        return [_verdict(Completeness.UNKNOWN, "Arhiva este goală.", "The archive is empty.")]
    ours = [each for each in certificate.owners if not each.is_foreign]
    if len(ours) == 1:
        return []
    whole = sum(each.verdict is Completeness.COMPLETE for each in ours)
    ro, en = (
        f"Case de marcat complete: {whole} din {len(ours)}.",
        f"Complete devices: {whole} of {len(ours)}.",
    )
    return [_verdict(certificate.verdict, ro, en)]


def _until(owner: OwnerCertificate) -> tuple[str, str]:
    if owner.complete_until is None:
        return "Niciun Z nu este încă în toate sursele.", "No Z is in every source yet."
    until = f"Z {owner.complete_until} ({shown(owner.complete_until_at)})"
    return f"Complet până la {until}.", f"Complete until {until}."


def _facts(owner: OwnerCertificate) -> Element:
    zs = DASH if owner.first_z is None else f"Z {owner.first_z} {DASH} Z {owner.last_z}"
    there = sum(1 for day in owner.days if day.zs)
    receipts = sum(each.count for each in owner.receipts)
    pairs = (
        ("Interval", "span", zs),
        ("Zile cu Z", "days with a Z", f"{there} / {len(owner.days)}"),
        ("Bonuri în JE", "receipts in the JE", f"{receipts:,}".replace(",", ".")),
        ("Neconcordanțe", "disagreements", str(len(owner.disagreements) + len(owner.told_twice))),
    )
    return e(
        "dl",
        [e("div", e("dt", ro, " ", english(en)), e("dd", value)) for ro, en, value in pairs],
        class_="facts",
    )


def _all_well(owner: OwnerCertificate) -> Element:
    if owner.first_z is None:
        return e("p", "Încă niciun Z.", " ", english("No Z yet."))
    return e("p", "Nimic nu lipsește.", " ", english("Nothing is missing."))


# drawings


def _calendar(days: Sequence[CalendarDay]) -> list[Piece]:
    """The last months; older years folded, a line each, but open where something is wrong."""
    if not days:
        return []
    drawn = list(months(days).items())
    thirds = shades(days)
    latest = [month(of_month, thirds) for _, of_month in drawn[-MONTHS_OPEN:]]
    pieces: list[Piece] = [legend(), e("div", latest, class_="calendar")]
    older = drawn[:-MONTHS_OPEN]
    for year in sorted({year for (year, _), _ in older}, reverse=True):
        of_year = [(number, of_month) for (each, number), of_month in older if each == year]
        wrong = sum(
            day.state in (DayMark.MISSING, DayMark.DIFFERS) for _, found in of_year for day in found
        )
        there = sum(1 for _, found in of_year for day in found if day.zs)
        ro, en = f"{year}: {counted(there, 'zi', 'zile')} cu Z", f"{there} days with a Z"
        if wrong:
            ro, en = f"{ro}, {wrong} cu lipsuri", f"{en}, {wrong} with something wrong"
        figures = [month(found, thirds) for _, found in of_year]
        attributes = {"open": "open"} if wrong else {}
        folded = e("div", figures, class_="calendar")
        pieces.append(e("details", e("summary", ro, " ", english(en)), folded, **attributes))
    return pieces


def _turnover(days: Sequence[CalendarDay]) -> list[Piece]:
    """The last days, and of a longer time the months too, in the same colours."""
    bars = of_days(days, DAYS_DRAWN)
    long = of_months(days) if len(days) > DAYS_DRAWN else []
    groups = groups_of([*bars, *long])
    if not groups:
        return []
    pieces: list[Piece] = [plot_legend(groups)]
    for ro, en, drawn in (("Pe zile", "by day", bars), ("Pe luni", "by month", long)):
        if drawn:
            name = e("figcaption", ro, ", în lei ", english(f"{en}, in lei"), class_="soft")
            pieces.append(e("figure", name, e("div", plot(drawn, groups), class_="wide")))
    return pieces


# the end


def _footer(certificate: Certificate) -> Element:
    return e(
        "footer",
        e("p", f"SHA-256 {digest_of(certificate)}", class_="code"),
        e(
            "p",
            "Amprenta este a certificatului din certificate.json: acolo este totul, și se poate"
            " verifica. Zilele sunt cele ale ceasului casei de marcat; ora locală ",
            certificate.timezone,
            ".",
            english("The hash is of the certificate in certificate.json, which has all of it."),
        ),
    )
