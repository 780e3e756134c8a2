"""Every code that a document of the archive can have, in both languages, and what to do about it.

    refused   it is not kept: no signed file, or not a whole one    (cms.py, safe_xml.py)
    found     it is kept, and something about it is not right       (day_rules.py, report_files.py)
    package   the month as it was laid out for ANAF's validator     (a4200.py, set_rules.py)

The table in docs/finding-table.md is made from here; a test sees that no code is left out.
"""

from dataclasses import dataclass
from enum import Enum


class Do(Enum):
    """What a person does about it."""

    NOTHING = ("nothing", "nimic")
    OTHER_FILE = ("nothing: it is another kind of file", "nimic: este alt fel de fișier")
    COPY = ("copy it from the device again", "exportați-l din nou din casa de marcat")
    EXPORT = (
        "export it from the device while it has it",
        "exportați-l cât timp îl mai are casa de marcat",
    )
    EXPORT_OR_SERVICE = (
        "export it from the device while it has it; a Z that its fiscal memory lacks: its service,"
        " and tell the accountant",
        "exportați-l cât timp îl mai are casa de marcat; dacă lipsește din memoria ei fiscală,"
        " chemați service-ul și spuneți contabilului",
    )
    SERVICE = ("show it to the device's service", "arătați-l service-ului casei de marcat")
    BOTH = (
        "change nothing; show it to the accountant and to the device's service",
        "nu schimbați nimic; arătați-l contabilului și service-ului casei de marcat",
    )
    ACCOUNTANT = (
        "change nothing; hold it against the Z on paper; then the accountant and the service",
        "nu schimbați nimic; comparați cu Z-ul de pe hârtie; apoi contabilul și service-ul",
    )
    CLOCK = ("see that the device's clock is right", "verificați ceasul casei de marcat")
    CONFIGURE = (
        "write `nui` at its device, or take the other shop's stick away",
        "scrieți `nui` la casa de marcat din configurație, sau scoateți stickul altui magazin",
    )
    REPORT = (
        "keep the file; send it to whoever looks after this program",
        "păstrați fișierul; trimiteți-l celui care se ocupă de acest program",
    )
    OTHER_FOLDER = ("name another folder with --into", "dați alt director cu --into")
    OTHER_OWNER = ("give the device's NUI with --owner", "dați NUI-ul casei de marcat cu --owner")
    OTHER_MONTH = ("give a month, as in --month 2026-10", "dați o lună, ca în --month 2026-10")


@dataclass(frozen=True, slots=True)
class Words:
    en: str
    ro: str
    do: Do


REFUSED = {
    "EMPTY": Words("the file is empty", "fișierul este gol", Do.COPY),
    "TRUNCATED": Words("the file is cut", "fișierul este incomplet", Do.COPY),
    "BEING_WRITTEN": Words("it is being written", "tocmai se scrie", Do.NOTHING),
    "NOT_READABLE": Words("it cannot be read", "nu se poate citi", Do.COPY),
    "TOO_LARGE": Words("too large for a signed file", "prea mare", Do.OTHER_FILE),
    "NOT_CMS": Words("no signed file", "nu este un fișier semnat", Do.OTHER_FILE),
    "XML_UNSIGNED": Words("plain XML, not signed", "XML nesemnat", Do.OTHER_FILE),
    "ZIP_FILE": Words("a zip", "o arhivă zip", Do.OTHER_FILE),
    "CERTIFICATE_BUNDLE": Words("certificates only", "numai certificate", Do.OTHER_FILE),
    "CONTENT_MISSING": Words("a signature alone", "numai o semnătură", Do.COPY),
    "CMS_UNREADABLE": Words("its envelope is broken", "plicul semnat este stricat", Do.COPY),
    "FOREIGN_CONTENT": Words("signed, but no day", "semnat, dar altceva", Do.OTHER_FILE),
    "XML_BROKEN": Words("what is signed is no XML", "conținutul nu este XML", Do.COPY),
    "XML_DOCTYPE": Words("XML with a document type", "XML cu DOCTYPE", Do.SERVICE),
    "XML_TOO_LARGE": Words("XML that is too large", "XML prea mare", Do.SERVICE),
    "XML_TOO_DEEP": Words("XML that is too deep", "XML prea adânc", Do.SERVICE),
    "OWNER_UNKNOWN": Words("no NUI in it", "nu spune NUI-ul", Do.SERVICE),
    "READER_FAILED": Words("our reader fails on it", "nu îl înțelege programul", Do.REPORT),
    "Z_UNKNOWN": Words("no Z number in it", "nu spune numărul Z", Do.SERVICE),
}
FOUND = {
    "FOREIGN_NUI": Words("of a device not configured", "al altei case de marcat", Do.CONFIGURE),
    "DUPLICATE_Z": Words("another file of that Z", "alt fișier al aceluiași Z", Do.BOTH),
    "DAY_COPY": Words("a copy of that Z", "o copie a aceluiași Z", Do.NOTHING),
    "DIGEST_DIFFERS": Words("changed after signing", "schimbat după semnare", Do.COPY),
    "SIGNATURE_WRONG": Words("the signature is wrong", "semnătura nu este valabilă", Do.COPY),
    "SIGNATURE_UNCHECKED": Words("not to be checked", "nu se poate verifica", Do.SERVICE),
    "SIGNERS_NOT_ONE": Words("not one signer", "nu are un semnatar", Do.SERVICE),
    "SIGNER_CERTIFICATE_MISSING": Words("no certificate", "fără certificat", Do.SERVICE),
    "DIGEST_NOT_SHA256": Words("a digest of another kind", "alt fel de amprentă", Do.SERVICE),
    "BYTES_AFTER_END": Words("bytes behind its end", "octeți după sfârșit", Do.COPY),
    "CERTIFICATE_UNREADABLE": Words("odd certificate", "certificat neobișnuit", Do.SERVICE),
    "CERTIFICATE_EXTENSION_MISSING": Words("plain certificate", "certificat simplu", Do.NOTHING),
    "CERTIFICATE_NOT_VALID_THEN": Words(
        "certificate not valid on that day", "certificat nevalabil în acea zi", Do.CLOCK
    ),
    "ISSUER_UNKNOWN": Words(
        "ANAF's authority is not public", "autoritatea ANAF nu este publică", Do.NOTHING
    ),
    "ISSUER_SIGNATURE_WRONG": Words(
        "certificate not by its issuer", "certificatul nu este al emitentului", Do.SERVICE
    ),
    "NAMESPACE_WRONG": Words("wrong namespace", "spațiu de nume greșit", Do.SERVICE),
    "SCHEMA_INVALID": Words("does not fit the schema", "nu respectă schema", Do.SERVICE),
    "SCHEMA_UNCHECKED": Words("schema not checked", "schema neverificată", Do.SERVICE),
    "RATES_NOT_IN_OLD_SCHEMA": Words(
        "rates newer than the schema", "cote mai noi decât schema", Do.NOTHING
    ),
    "FAMILY_NOT_CHECKED": Words("A4201/A4202: kept only", "A4201/A4202: doar păstrat", Do.NOTHING),
    "ATTRIBUTE_MISSING": Words("something is missing", "lipsește ceva", Do.SERVICE),
    "ATTRIBUTE_UNREADABLE": Words("something unreadable", "ceva ce nu se citește", Do.SERVICE),
    "REPORT_NOT_ONE": Words("not one Z in it", "nu are un singur Z", Do.SERVICE),
    "NUI_DIFFERS": Words("two NUIs", "două NUI-uri", Do.SERVICE),
    "Z_DIFFERS": Words("two Z numbers", "două numere Z", Do.SERVICE),
    "NUI_CHECK_DIGIT": Words(
        "odd check digit of the NUI", "cifra de control a NUI greșită", Do.NOTHING
    ),
    "TAX_ID_CHECK_DIGIT": Words(
        "odd check digit of the CIF", "cifra de control a CIF greșită", Do.NOTHING
    ),
    "CIF_BAD": Words("the CIF is no number", "CIF-ul nu este număr", Do.SERVICE),
    "CIF_MISSING": Words("no CIF", "fără CIF", Do.SERVICE),
    "CIF_WITH_RO": Words("the CIF carries RO", "CIF-ul are RO", Do.SERVICE),
    "RECEIPT_MISSING": Words("receipts are missing", "lipsesc bonuri", Do.ACCOUNTANT),
    "RECEIPT_TWICE": Words("receipts are there twice", "bonuri de două ori", Do.ACCOUNTANT),
    "RECEIPT_ORDER": Words("receipts not in order", "bonuri în altă ordine", Do.SERVICE),
    "RECEIPT_VAT_DIFFERS": Words("VAT of a receipt is off", "TVA pe bon diferă", Do.ACCOUNTANT),
    "COUNT_DIFFERS": Words("a count is off", "un număr diferă", Do.ACCOUNTANT),
    "TOTAL_DIFFERS": Words("a total is off", "un total diferă", Do.ACCOUNTANT),
    "TOTAL_ROUNDING": Words("off by rounding", "diferă prin rotunjire", Do.NOTHING),
    "TURNOVER_UNDECIDED": Words("gross or net?", "cu sau fără TVA?", Do.ACCOUNTANT),
    "PAYMENT_UNKNOWN": Words("unknown payment kind", "fel de plată necunoscut", Do.NOTHING),
    "MOMENT_BAD": Words("a time that is none", "o oră imposibilă", Do.CLOCK),
    "CLOCK_SET_BACK": Words("time runs back", "timpul merge înapoi", Do.CLOCK),
    "RECEIPT_AFTER_24_HOURS": Words(
        "24 hours after the first receipt", "la 24 de ore după primul bon", Do.CLOCK
    ),
    "RECEIPT_BEFORE_24_HOURS": Words(
        "24 hours before the Z", "cu 24 de ore înainte de Z", Do.CLOCK
    ),
    "PERIOD_DIFFERS": Words(
        "its month is not that of its Z", "luna nu este cea a Z-ului", Do.SERVICE
    ),
    "REGISTER_RANGE_BAD": Words("its last Z is before its first", "Z-uri inversate", Do.SERVICE),
    "FINDINGS_MORE": Words("there are more findings", "mai sunt constatări", Do.SERVICE),
    "JE_DOCUMENTS_MISSING": Words("the JE lacks documents", "lipsesc documente din JE", Do.BOTH),
    "RECEIPT_GAP": Words("the JE lacks receipts", "lipsesc bonuri din JE", Do.BOTH),
    "Z_MISSING": Words("there is no such Z", "lipsește un Z", Do.EXPORT_OR_SERVICE),
    "Z_TWICE": Words("the Z is there twice", "Z-ul este de două ori", Do.BOTH),
    "Z_OTHER": Words("the MF told others before", "MF spunea altceva înainte", Do.ACCOUNTANT),
}
PACKAGE = {
    "REGISTER_MISSING": Words("no register", "lipsește registrul", Do.EXPORT),
    "DAYS_MISSING": Words("not one day", "nicio zi", Do.EXPORT),
    "MONTH_DIFFERS": Words("of another month", "din altă lună", Do.OTHER_FILE),
    "Z_OUTSIDE_REGISTER": Words("the register lacks it", "nu este în registru", Do.EXPORT),
    "NOT_A_DAY": Words("a register, no day", "un registru, nu o zi", Do.OTHER_FILE),
    "NOT_A_REGISTER": Words("a day, no register", "o zi, nu un registru", Do.EXPORT),
    "NOTHING_TO_LAY_OUT": Words("nothing of that month", "nimic din acea lună", Do.EXPORT),
    "FOLDER_NOT_OURS": Words("foreign files there", "sunt fișiere străine", Do.OTHER_FOLDER),
    "FOLDER_UNUSABLE": Words("not to be written there", "nu se poate scrie", Do.OTHER_FOLDER),
    "PATH_HAS_SPACE": Words("a blank in the path", "spațiu în cale", Do.OTHER_FOLDER),
    "NUI_BAD": Words("no NUI: ten digits", "NUI are zece cifre", Do.OTHER_OWNER),
    "MONTH_BAD": Words("no month", "nu este o lună", Do.OTHER_MONTH),
    "TOO_MANY_DAYS": Words("too many days", "prea multe zile", Do.SERVICE),
}
WORDS = REFUSED | FOUND | PACKAGE
