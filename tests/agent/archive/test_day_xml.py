"""What a signed file says is read as values, held against its schema, and never harms."""

import tracemalloc
from datetime import datetime
from time import monotonic

import pytest

from agent.archive.signed import safe_xml
from agent.archive.signed.day_xml import Day, OtherDay, Register, read, stamp_of
from agent.archive.signed.refusals import NotSigned
from agent.archive.signed.signed_file import SignedFile, Turnover, read_signed
from agent.archive.sorts import RateSum, Sort
from tests.agent.archive import signed_files as made

EXPECTED = {"ISSUER_UNKNOWN"}  # of every file: nobody has ANAF's authority
NAMESPACE = made.NAMESPACE.format("a4203")
LAUGHS = '<!DOCTYPE lolz [<!ENTITY lol "lol">{}]><msj>&lol9;</msj>'.format(
    "".join(f'<!ENTITY lol{n} "{f"&lol{n - 1 or str()};" * 10}">' for n in range(1, 10))
)


def signed(xml: str | bytes) -> SignedFile:
    return read_signed(made.sign(xml, part=1000))


def codes(file: SignedFile) -> set[str]:
    return {finding.code for finding in file.findings} - EXPECTED


def refused(xml: str | bytes) -> str:
    with pytest.raises(NotSigned) as error:
        read(xml.encode() if isinstance(xml, str) else xml)
    return error.value.code


def test_the_example_day_has_only_the_finding_it_deserves() -> None:
    file = signed(made.EXAMPLE)
    assert codes(file) == {"RATES_NOT_IN_OLD_SCHEMA"}
    assert (file.sort, file.nui, file.z_first, file.z_last) == (Sort.SIGNED_DAY, made.NUI, 413, 413)
    assert (file.period, file.made_at) == ("2026-10", datetime.fromisoformat("2026-10-05T21:42:17"))
    assert file.turnover is Turnover.GROSS
    assert file.xml_bytes == len(made.EXAMPLE)


def test_the_example_register_has_no_finding() -> None:
    file = signed(made.EXAMPLE_REGISTER)
    assert codes(file) == set()
    assert (file.sort, file.nui) == (Sort.SIGNED_REGISTER, made.NUI)
    assert (file.z_first, file.z_last, file.period) == (411, 436, "2026-10")
    assert isinstance(file.content, Register)
    assert file.content.amef_type == "U"
    assert file.figures() is None


def test_a_day_is_read_in_bani_and_hundredths() -> None:
    day = signed(made.EXAMPLE).content
    assert isinstance(day, Day)
    assert [receipt.total for receipt in day.receipts] == [3320, 24200, 2745]
    assert [(part.rate, part.vat) for part in day.receipts[2].rates] == [(2100, 260), (1100, 111)]
    assert day.receipts[1].tax_id == "12345674"
    assert day.receipts[2].id
    assert day.receipts[2].id.receipt == 3
    assert day.totals.amounts["exempt"] == 125
    assert day.breakdowns == ("05.10.2026 14:02:33",)
    assert day.outages[0].kind == "1"


def test_a_day_tells_its_figures_as_the_other_sources_do() -> None:
    figures = signed(made.EXAMPLE).figures()
    assert figures
    assert (figures.z_number, figures.at) == (413, "2026-10-05T21:42:17")
    assert (figures.total, figures.vat, figures.receipts) == (30265, 4900, 3)
    assert figures.payments == {"card": 24200, "cash": 6065}
    assert figures.rates == (RateSum(2100, 25700, 4460), RateSum(1100, 4440, 440))


def test_turnover_without_vat_is_seen_and_told_with_it() -> None:
    net = made.EXAMPLE.replace('valOp="257.00"', 'valOp="212.40"').replace(
        'valOp="44.40"', 'valOp="40.00"'
    )
    file = signed(net)
    figures = file.figures()
    assert file.turnover is Turnover.NET
    assert codes(file) == {"RATES_NOT_IN_OLD_SCHEMA"}
    assert figures
    assert [rate.gross for rate in figures.rates] == [25700, 4440]
    assert file.facts()["rates"][0]["turnover"] == 21240  # the number as it stands is kept


def test_a_prefix_changes_nothing() -> None:
    prefixed = (
        made.EXAMPLE.replace("<", "<a:").replace("<a:/", "</a:").replace("xmlns=", "xmlns:a=")
    )
    assert signed(prefixed).content == signed(made.EXAMPLE).content
    assert codes(signed(prefixed)) == {"RATES_NOT_IN_OLD_SCHEMA"}


@pytest.mark.parametrize("namespace", ["", "urn:anaf:je:v1", NAMESPACE.replace("a4203", "a4200")])
def test_a_wrong_namespace_is_told_and_the_rest_is_still_read(namespace: str) -> None:
    file = signed(made.EXAMPLE.replace(NAMESPACE, namespace))
    assert codes(file) == {"NAMESPACE_WRONG", "RATES_NOT_IN_OLD_SCHEMA"}
    assert file.content == signed(made.EXAMPLE).content


def test_the_rates_of_the_published_form_need_no_warning() -> None:
    old = made.EXAMPLE.replace('"11"', '"9"').replace('"21"', '"19"')
    assert "RATES_NOT_IN_OLD_SCHEMA" not in codes(signed(old))
    assert "SCHEMA_INVALID" not in codes(signed(old))


@pytest.mark.parametrize(
    ("old", "new", "more"),
    [
        ('totB="33.20"', 'totB="33,20"', {"ATTRIBUTE_UNREADABLE"}),
        ('totB="33.20"', 'totB="-33.20"', {"ATTRIBUTE_UNREADABLE"}),
        ('totB="33.20"', 'totB="99999999999999999.00"', {"ATTRIBUTE_UNREADABLE"}),
        ('totB="33.20"', 'totB=""', {"ATTRIBUTE_UNREADABLE"}),
        ('totB="33.20" ', "", {"ATTRIBUTE_MISSING", "SCHEMA_INVALID"}),
        ('cota="11"', 'cota="24"', {"SCHEMA_INVALID"}),
        ('tipP="1"', 'tipP="10"', {"SCHEMA_INVALID", "PAYMENT_UNKNOWN"}),
        ('tipP="1"', 'tipP="2"', {"PAYMENT_UNKNOWN"}),
        ('nrAv="1"', 'nrAv="1000"', {"SCHEMA_INVALID", "COUNT_DIFFERS"}),
        ("<mE nrB", '<pl tipP="1"/><mE nrB', {"SCHEMA_INVALID"}),
        ("</bon>", "sold</bon>", {"SCHEMA_INVALID"}),
        ('tipE="1"', 'tipE="3"', {"SCHEMA_INVALID"}),
        ('monRef="RON"', 'monRef="lei"', {"SCHEMA_INVALID"}),
        ('idR="5', 'idR="', {"ATTRIBUTE_UNREADABLE"}),
        ('idM="5000001234202610052142170413"', 'idM="5"', {"ATTRIBUTE_UNREADABLE"}),
    ],
)
def test_what_does_not_fit_the_schema_is_told(old: str, new: str, more: set[str]) -> None:
    assert old in made.EXAMPLE
    found = codes(signed(made.EXAMPLE.replace(old, new, 1)))
    assert more <= found


def test_a_day_whose_report_is_missing_is_kept() -> None:
    start, end = made.EXAMPLE.index("<rB"), made.EXAMPLE.index("</rB>") + 5
    file = signed(made.EXAMPLE[:start] + made.EXAMPLE[end:])
    assert {"REPORT_NOT_ONE", "SCHEMA_INVALID", "ATTRIBUTE_MISSING"} <= codes(file)
    assert file.z_first == 413


@pytest.mark.parametrize("family", ["a4201", "a4202"])
def test_an_exchange_day_and_a_taxi_day_are_known_and_kept(family: str) -> None:
    file = signed(made.EXAMPLE.replace("a4203", family))
    assert isinstance(file.content, OtherDay)
    assert codes(file) == {"FAMILY_NOT_CHECKED"}
    assert (file.sort, file.z_first, file.period) == (Sort.SIGNED_DAY, 413, "2026-10")
    assert file.facts()["family"] == family
    assert file.facts()["elements"] == {"bon": 3, "mE": 1, "rB": 1}


@pytest.mark.parametrize(
    ("xml", "code"),
    [
        (LAUGHS, "XML_DOCTYPE"),
        ('<!DOCTYPE msj SYSTEM "file:///etc/passwd"><msj/>', "XML_DOCTYPE"),
        ('<!DOCTYPE a [<!ENTITY x SYSTEM "http://a.invalid/">]><msj idM="&x;"/>', "XML_DOCTYPE"),
        ("<msj>" + "<a>" * 50_000, "XML_TOO_DEEP"),
        ("<msj>" + "<a/>" * (safe_xml.ELEMENTS_MAX + 1), "XML_TOO_LARGE"),
        ("<msj " + " ".join(f'a{n}=""' for n in range(65)) + "/>", "XML_TOO_LARGE"),
        (b"<msj>" + bytes(safe_xml.XML_BYTES_MAX), "XML_TOO_LARGE"),
        ("<msj>&lol;</msj>", "XML_BROKEN"),
        ("<msj><bon></msj>", "XML_BROKEN"),
        ("", "XML_BROKEN"),
        ('<?xml version="1.0" encoding="of-no-such-name"?><msj/>', "XML_BROKEN"),
        (b"<msj a='\xff'/>", "XML_BROKEN"),
        ("<a:msj/>", "XML_BROKEN"),
        ("<JurnalElectronic xmlns='urn:anaf:je:v1'/>", "FOREIGN_CONTENT"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "bytes",
)
def test_harmful_and_foreign_xml_is_refused_by_name(xml: str | bytes, code: str) -> None:
    start = monotonic()
    assert refused(xml) == code
    assert monotonic() - start < 30, "half a second on a quiet machine"


def test_a_day_of_9999_receipts_passes_in_bounded_time_and_memory() -> None:
    xml = made.day_xml(7, made.EVENING, [1000 + n % 90 for n in range(9_999)])
    xml = xml.replace("><", ">\r\n        <")
    raw = made.sign(xml, part=1000)
    assert len(xml) > 1_300_000
    tracemalloc.start()
    start = monotonic()
    file = read_signed(raw)
    taken = monotonic() - start
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert codes(file) == {"RATES_NOT_IN_OLD_SCHEMA"}
    assert isinstance(file.content, Day)
    assert len(file.content.receipts) == 9_999
    assert taken < 60, "0.6 s on a quiet machine, a few times that while memory is traced"
    assert peak < 60 * 1024 * 1024


@pytest.mark.parametrize(
    "row",
    [
        "<bon/>" * 119_000,
        "<x/>" * 119_000,
        "<bon><cote/></bon>" * 59_000,
        f"<bon>{'<cote/>' * 20}</bon>" * 5_600,
        f"<bon>{'<cote/>' * 118}</bon>" * 1_000,
        f"<mE>{'<ev/>' * 119_000}</mE>",
    ],
    ids=lambda row: row[:20],
)
def test_a_row_of_bad_elements_is_told_in_bounded_time(row: str) -> None:
    xml = made.EXAMPLE.replace("<bon", f"{row}<bon", 1)
    start = monotonic()
    assert "SCHEMA_INVALID" in {finding.code for finding in read(xml.encode())[1]}
    assert monotonic() - start < 30, "223 s before receipts were held against the schema in parts"


def test_the_place_of_an_error_is_that_in_the_file() -> None:
    xml = made.day_xml(7, made.EVENING, [1000] * 1_300)
    before, receipt, after = xml.partition('00071205" totB="10.00"')
    assert receipt
    _, findings = read(f'{before}00071205" totB="10,00"{after}'.encode())
    assert [each.place for each in findings if each.code == "SCHEMA_INVALID"] == ["/msj/bon[1205]"]


def test_many_findings_are_cut_short() -> None:
    xml = made.day_xml(7, made.EVENING, [1000] * 500).replace(' totB="10.00"', "")
    file = signed(xml)
    assert len(file.findings) == 101
    assert file.findings[-1].code == "FINDINGS_MORE"


@pytest.mark.parametrize(
    "text", ["", "5000001234", "500000123420261005214217041", "\uff15" * 28, "5" * 23, "5" * 33]
)
def test_what_has_not_the_form_of_an_id_is_none(text: str) -> None:
    assert stamp_of(text) is None


def test_an_id_with_an_impossible_moment_is_still_an_id() -> None:
    stamp = stamp_of("5000001234" + "20261305214217" + "0413")
    assert stamp
    assert (stamp.at, stamp.z_number) == (None, 413)
