"""What the certificate says: every code with its weight and its sentence, Romanian and English.

A note breaks nothing, nor does what is in ODD; while anything else stands, the archive is not
complete. The table in docs/certificate.md has a row for each.
"""

from dataclasses import dataclass
from enum import StrEnum

from agent.archive.sorts import Source
from drivers.model import VatRate
from drivers.model import percent as told_percent

UNKNOWN = "?"


class Weight(StrEnum):
    NOTE = "note"
    WARNING = "warning"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class InBoth:
    """A value that each language writes in its own way."""

    ro: str
    en: str


@dataclass(frozen=True, slots=True)
class Wording:
    """A sentence in both languages, with its {places}."""

    weight: Weight
    ro: str
    en: str


ODD = frozenset({"CLOCK_SET_BACK", "CLOCK_AHEAD", "FOREIGN_NUI"})  # warnings that lose no data

SOURCES = {
    Source.REPORT: InBoth("raportul Z", "the Z report"),
    Source.MF: InBoth("memoria fiscală (MF)", "the fiscal memory (MF)"),
    Source.JE: InBoth("jurnalul electronic (JE)", "the electronic journal (JE)"),
    Source.SIGNED: InBoth("fișierele semnate (p7b)", "the signed files (p7b)"),
}
NOTE, WARNING, ALARM = Weight.NOTE, Weight.WARNING, Weight.ALARM

WORDS = {
    "Z_MISSING": Wording(
        ALARM,
        "Lipsește din toate sursele; următorul Z cunoscut este din {since}.",
        "Missing in every source; the next known Z is of {since}.",
    ),
    "Z_MISSING_IN_SOURCE": Wording(
        WARNING,
        "Lipsește din {source}, începând cu {since}.",
        "Missing in {source} since {since}.",
    ),
    "Z_AWAITED": Wording(
        NOTE,
        "Încă nu a venit din {source}: se așteaptă de la {since}.",
        "Not yet come from {source}: awaited since {since}.",
    ),
    "Z_WITHOUT_REPORT": Wording(
        NOTE,
        "Necitit când a fost făcut (de la tastatură?); îl are memoria fiscală.",
        "Not read when it was made (on the keyboard?); the fiscal memory has it.",
    ),
    "Z_BEFORE_SOURCE": Wording(
        NOTE,
        "Dinainte de a începe arhiva din {source}.",
        "From before the archive of {source} began.",
    ),
    "SOURCE_EMPTY": Wording(
        NOTE,
        "Nimic din {source}: nu se poate compara cu această sursă.",
        "Nothing from {source}: this source cannot be compared.",
    ),
    "P7B_VANISHES_SOON": Wording(
        WARNING,
        "Fișierul semnat lipsește și dispare din casa de marcat după {until}: exportați-l.",
        "The signed file is missing and vanishes from the device after {until}: export it.",
    ),
    "P7B_GONE": Wording(
        ALARM,
        "Fișierul semnat nu a fost luat în cele {life} de zile (până la {until}): casa de marcat"
        " nu-l mai are.",
        "The signed file was not taken within its {life} days (until {until}): the device has"
        " it no more.",
    ),
    "Z_TOLD_TWICE": Wording(
        ALARM,
        "Două rânduri diferite sub același număr în {source}: {one} și {other}.",
        "Two different rows under one number in {source}: {one} and {other}.",
    ),
    "Z_TOLD_AGAIN": Wording(
        NOTE,
        "Apare de două ori în {source}, o dată mai amănunțit; cifrele nu se contrazic.",
        "Told twice by {source}, once in more detail; the figures do not contradict.",
    ),
    "DUPLICATE_Z": Wording(
        WARNING,
        "Două documente diferite pentru același Z în {source}: {one} și {other}.",
        "Two different documents for one Z in {source}: {one} and {other}.",
    ),
    "Z_FILED_AGAIN": Wording(
        NOTE,
        "Lângă fișierul semnat {one} mai este o copie, {other}: în alt plic sau stricată.",
        "Beside the signed file {one} lies a copy, {other}: in another envelope, or damaged.",
    ),
    "Z_TWICE": Wording(
        WARNING,
        "Are mai multe înregistrări în memoria fiscală (MF).",
        "The fiscal memory (MF) has more than one record of it.",
    ),
    "SIGNATURE_NOT_INTACT": Wording(
        ALARM,
        "Semnătura fișierului nu este valabilă ({what}): exportați-l din nou din casa de marcat.",
        "The signature of its file does not hold ({what}): take it out of the device again.",
    ),
    "TOTAL_DIFFERS": Wording(
        ALARM,
        "Totalul diferă: {one} în {source}, {other} în {other_source} (admis {tolerance}).",
        "The total differs: {one} in {source}, {other} in {other_source} (allowed {tolerance}).",
    ),
    "VAT_DIFFERS": Wording(
        ALARM,
        "TVA diferă: {one} în {source}, {other} în {other_source} (admis {tolerance}).",
        "The VAT differs: {one} in {source}, {other} in {other_source} (allowed {tolerance}).",
    ),
    "RATE_DIFFERS": Wording(
        ALARM,
        "Vânzările cu cota {rate} diferă: {one} în {source}, {other} în {other_source}"
        " (admis {tolerance}).",
        "Sales at {rate} differ: {one} in {source}, {other} in {other_source}"
        " (allowed {tolerance}).",
    ),
    "RATE_VAT_DIFFERS": Wording(
        ALARM,
        "TVA la cota {rate} diferă: {one} în {source}, {other} în {other_source}"
        " (admis {tolerance}).",
        "The VAT at {rate} differs: {one} in {source}, {other} in {other_source}"
        " (allowed {tolerance}).",
    ),
    "RECEIPTS_DIFFER": Wording(
        ALARM,
        "Numărul bonurilor diferă: {one} în {source}, {other} în {other_source}.",
        "The count of receipts differs: {one} in {source}, {other} in {other_source}.",
    ),
    "TIME_DIFFERS": Wording(
        NOTE,
        "Ora diferă: {one} în {source}, {other} în {other_source} (admis {tolerance}).",
        "The time differs: {one} in {source}, {other} in {other_source} (allowed {tolerance}).",
    ),
    "RATES_BY_LETTER_ONLY": Wording(
        NOTE,
        "În {source} sunt doar literele cotelor, care s-au schimbat la 1 august 2025: nu se"
        " compară pe cote.",
        "Only letters stand in {source}; they changed their rates on 1 August 2025: not"
        " compared by rate.",
    ),
    "RECEIPT_GAP": Wording(
        ALARM,
        "Bonuri lipsă în JE: de la {first} la {last} ar fi {due}, sunt {found}.",
        "Receipts are missing in the JE: from {first} to {last} there should be {due}, there"
        " are {found}.",
    ),
    "JE_DOCUMENTS_MISSING": Wording(
        ALARM,
        "Documente lipsă în JE: {numbers}.",
        "Documents are missing in the JE: {numbers}.",
    ),
    "JE_PARTIAL": Wording(
        NOTE,
        "Citit de la mijlocul zilei: sumele lui nu se compară.",
        "Read from the middle of its day: its sums are not compared.",
    ),
    "CLOCK_SET_BACK": Wording(
        WARNING,
        "Ceasul casei de marcat a fost dat înapoi: Z {before} este din {one}, acesta din {other}.",
        "The device's clock was set back: Z {before} is of {one}, this one of {other}.",
    ),
    "CLOCK_AHEAD": Wording(
        WARNING,
        "Datat în viitor: {since}.",
        "Dated in the future: {since}.",
    ),
    "DAY_WITHOUT_Z": Wording(
        NOTE,
        "Zile fără Z: {count}, între {one} și {other}.",
        "Days without a Z: {count}, between {one} and {other}.",
    ),
    "FOREIGN_NUI": Wording(
        WARNING,
        "Fișiere semnate ale altei case de marcat: niciuna din configurație nu are NUI {nui}.",
        "Signed files of another device: no configured device has the NUI {nui}.",
    ),
}


def breaks(code: str) -> bool:
    """Is the archive not complete while this stands?"""
    return WORDS[code].weight is not Weight.NOTE and code not in ODD


# values as text


def shown(at: str) -> str:
    """2025-09-01 21:40:00."""
    return at.replace("T", " ")


def money(amount: int | None) -> InBoth:
    """1.234,56 lei; in English 1,234.56 lei."""
    if amount is None:
        return InBoth(UNKNOWN, UNKNOWN)
    whole, part = divmod(abs(amount), 100)
    en = f"{'-' * (amount < 0)}{whole:,}.{part:02} lei"
    return InBoth(_with_commas(en), en)


def percent(rate: VatRate | None) -> InBoth:
    """21 %, 5,50 %; in English 5.50 %."""
    if rate is None:
        return InBoth(UNKNOWN, UNKNOWN)
    en = told_percent(rate).removesuffix(".00") + " %"
    return InBoth(_with_commas(en), en)


def _with_commas(en: str) -> str:
    return en.translate(str.maketrans(".,", ",."))
