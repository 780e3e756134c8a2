"""The signed days of a virtual printer: what stands in them, and who signed it."""

import shutil
import subprocess

import anaf_witness as witness
import pytest
from anaf_witness import NOVEMBER, NUI, bani, day_name, filled, named, stick, told
from cryptography import x509
from virtual_printer_host import Desk

from sandbox.printer import anaf_xml, clock
from sandbox.printer.store import bon

RB = "idR nrAv nrB totB nrBC totBC nrA totA nrR totR nrM totM totTva totTvaC totTaxe totNet"
RB += " sume_serv_in sume_serv_out monRef"
ATTRIBUTES = {
    "bon": ["idB totB totTva", "idB nrC totB totTva"],
    "cote": ["cota tva"],
    "rB": [RB],
    "pl": ["tipP valPl monPl"],
    "coteZ": ["cota valOp tva"],
    "av": ["data"],
}
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")


@pytest.fixture
def state(tmp_path):
    """Seventy days until the ninth of November: the first is of the first of September."""
    return filled(tmp_path, "70x3", "--clock", NOVEMBER)


def a_busy_day(desk):
    """Every kind of thing that a day's file tells."""
    desk.ask(70, "0", "100.00")
    desk.receipt()
    desk.open("I", "RO12345674")
    desk.sell("Detergent", "23.90", "1.000", "1", ("1", "10.00"))
    desk.sell("Paine", discount=("2", "10.00"))
    desk.ask(53, "1", "")
    desk.ask(56)
    desk.open()
    desk.sell("Garantie", "0.50", "4.000", "4")
    desk.sell("Suc", "6.50", "2.000", "1")
    desk.sell("Suc", "-6.50", "2.000", "1")
    desk.sell("Lapte", "7.49", "3.000", "2")
    desk.ask(51, "1", "0", "4", "1.00")
    desk.ask(53, "3", "5.00")
    desk.ask(53, "6", "2.00")
    desk.ask(53, "0", "50.00")
    assert desk.ask(56).code == 0
    desk.ask(70, "1", "30.00")


def tally(text, name):
    """`REDUCERI (2)   1,70` of the paper: how many, and how much."""
    line = next(line for line in text if line.startswith(f"{name} ("))
    count, _, lei = line.removeprefix(f"{name} (").partition(")")
    return int(count), bani(lei.strip().replace(",", "."))


def amount(text, name):
    line = next(line for line in text if line.startswith(f"{name} "))
    return bani(line.split()[-1].replace(",", "."))


# --- what stands in it


def test_a_day_tells_the_receipts_and_the_registers_that_the_paper_tells(tmp_path):
    card = tmp_path / "card"
    with Desk(tmp_path, "--anaf", str(card)) as desk:
        a_busy_day(desk)
        assert not list(card.iterdir())
        assert desk.ask(69, "Z").code == 0
        day = told(witness.believed((card / day_name(1)).read_bytes()))
        receipts = [one for one in desk.paper if one["kind"] == "receipt"]
        z = desk.paper[-1]
    text, registers = z["text"], named(day, "rB")[0]
    mark = NUI + "".join(filter(str.isdigit, z["at"])) + "0001"
    assert (day["idM"], registers["idR"]) == (mark, mark)
    bons = named(day, "bon")
    assert [bani(one["totB"]) for one in bons] == [one["total_bani"] for one in receipts]
    assert [one["idB"] for one in bons] == [
        NUI + "".join(filter(str.isdigit, one["at"])) + f"0001{one['number']:04d}"
        for one in receipts
    ]
    assert [one.get("nrC") for one in bons] == [None, "12345674", None]
    assert bani(registers["totB"]) == z["total_bani"] == amount(text, "TOTAL VANZARI LEI")
    assert bani(registers["totTva"]) == amount(text, "TOTAL TVA")
    pairs = {"BC": "BONURI CU CIF CLIENT", "A": "ANULARI ARTICOL", "R": "REDUCERI"}
    for short, name in pairs.items():
        told_here = (int(registers[f"nr{short}"]), bani(registers[f"tot{short}"]))
        assert told_here == tally(text, name)
        assert told_here[0] > 0
    assert (registers["nrM"], registers["totM"], registers["nrB"]) == ("1", "2.39", "3")
    services = bani(registers["sume_serv_in"]), bani(registers["sume_serv_out"])
    assert services == (100_00, 30_00)
    paid = {one["tipP"]: bani(one["valPl"]) for one in named(registers, "pl")}
    names = {"1": "CARD", "3": "NUMERAR", "4": "TICHETE MASA", "8": "PLATA MODERNA"}
    assert paid == {tip: amount(text, f"{name} LEI") for tip, name in names.items()}
    assert sum(paid.values()) == z["total_bani"]
    rates = {
        one["cota"]: (bani(one["valOp"]), bani(one["tva"])) for one in named(registers, "coteZ")
    }
    groups = {"21": "A 21,00%", "11": "B 11,00%", "0": "D 0,00%"}
    assert rates == {
        cota: (amount(text, f"TOTAL {group}"), amount(text, f"TVA {group}"))
        for cota, group in groups.items()
    }


def test_elements_and_attributes_are_those_of_the_schema_in_its_order(tmp_path):
    card = tmp_path / "card"
    with Desk(tmp_path, "--anaf", str(card), "--state", str(tmp_path / "printer.db")) as desk:
        desk.receipt()
    with Desk(tmp_path, "--anaf", str(card), "--state", str(tmp_path / "printer.db")) as desk:
        a_busy_day(desk)
        desk.ask(69, "Z")
    content = witness.believed((card / day_name(1)).read_bytes())
    assert content.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<msj ')
    day = told(content)
    assert (day["space"], day["name"]) == ("mfp:anaf:dgti:a4203:declaratie:v1", "msj")
    assert [one["name"] for one in day["inside"]] == ["bon"] * 4 + ["rB"]
    inside = [one["name"] for one in named(day, "rB")[0]["inside"]]
    assert inside == ["pl"] * 4 + ["coteZ"] * 3 + ["av"]
    every = [*day["inside"], *(two for one in day["inside"] for two in one["inside"])]
    for one in every:
        assert " ".join(list(one)[1:-1]) in ATTRIBUTES[one["name"]]
    assert named(day, "rB")[0]["nrAv"] == "1"


def test_an_empty_day_has_registers_of_nothing(tmp_path):
    card = tmp_path / "card"
    with Desk(tmp_path, "--anaf", str(card)) as desk:
        desk.ask(69, "Z")
    day = told(witness.believed((card / day_name(1)).read_bytes()))
    assert [one["name"] for one in day["inside"]] == ["rB"]
    registers = day["inside"][0]
    assert (registers["nrB"], registers["totB"], registers["inside"]) == ("0", "0.00", [])


def test_turnover_is_told_without_vat_where_that_is_asked_for(tmp_path):
    card = tmp_path / "card"
    with Desk(tmp_path, "--anaf", str(card), "--anaf-net") as desk:
        desk.receipt()
        desk.ask(69, "Z")
    registers = named(told(witness.believed((card / day_name(1)).read_bytes())), "rB")[0]
    of_rate = named(registers, "coteZ")[0]
    assert (of_rate["cota"], of_rate["valOp"], of_rate["tva"]) == ("11", "6.31", "0.69")
    assert registers["totB"] == "7.00"


def test_the_exempt_group_is_no_rate_but_a_sum_of_its_own(tmp_path):
    card = tmp_path / "card"
    with Desk(tmp_path, "--anaf", str(card), "--vat", "A=21,G=0") as desk:
        desk.open()
        desk.sell("Asigurare", "10.00", "1.000", "7")
        desk.sell("Detergent", "12.10", "1.000", "1")
        desk.ask(53, "0", "")
        desk.ask(56)
        desk.ask(69, "Z")
    day = told(witness.believed((card / day_name(1)).read_bytes()))
    registers = named(day, "rB")[0]
    assert (registers["totB"], registers["totNet"]) == ("22.10", "10.00")
    assert [one["cota"] for one in named(registers, "coteZ")] == ["21"]
    assert [one["cota"] for one in named(day, "bon")[0]["inside"]] == ["21"]


def test_a_receipt_of_before_its_groups_were_kept_is_told_by_its_lines():
    lines = [{"vat": "A", "total_bani": 12_10}, {"vat": "B", "total_bani": 1_11}]
    at = clock.from_iso("2026-11-10T10:00:00")
    one = bon(7, at, 13_21, {"lines": lines, "customer_tax_id": ""})
    assert one == anaf_xml.Bon(7, at, 13_21, (12_10, 1_11, 0, 0, 0, 0, 0))


# --- who signed it


@pytest.mark.parametrize("form", [(), ("--anaf-der",)])
def test_every_file_is_believed_and_was_signed_when_its_z_was_made(state, tmp_path, form):
    files = stick(state, tmp_path / "stick", "--month", "102026", *form)
    assert len(files) == 32
    for name, file in files.items():
        mark = told(witness.believed(file))["idM"][10:24]
        assert witness.signed_at(file) == witness.moment(mark), name


@needs_openssl
@pytest.mark.parametrize("form", [(), ("--anaf-der",)])
def test_openssl_believes_them_too_and_the_chain_when_it_is_told_who_signed(state, tmp_path, form):
    authority = tmp_path / "authority.cer"
    wanted = ("--day", "70", "--authority", str(authority))
    file = stick(state, tmp_path / "stick", *wanted, *form)[day_name(70)]
    root = tmp_path / "authority.pem"
    subprocess.run(
        ["openssl", "x509", "-inform", "DER", "-in", authority, "-out", root], check=True
    )
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any"]
    for trust in (["-noverify"], ["-CAfile", str(root)]):
        done = subprocess.run(
            [*command, *trust, "-in", tmp_path / "stick" / day_name(70)],
            capture_output=True,
            check=False,
        )
        assert (done.returncode, done.stdout) == (0, b"".join(witness.parts(file))), done.stderr


def test_the_certificate_is_of_the_device_and_has_what_the_validator_looks_for(state, tmp_path):
    authority = tmp_path / "authority.cer"
    files = stick(state, tmp_path / "stick", "--day", "70", "--authority", str(authority))
    device = witness.certificate(files[day_name(70)])
    root = x509.load_der_x509_certificate(authority.read_bytes())
    device.verify_directly_issued_by(root)
    assert NUI in device.subject.rfc4514_string()
    assert {type(one.value) for one in device.extensions} >= {
        x509.SubjectKeyIdentifier,
        x509.AuthorityInformationAccess,
        x509.CertificatePolicies,
        x509.CRLDistributionPoints,
    }


def test_a_file_is_in_parts_without_lengths_or_in_one_with_a_length_and_signed_the_same(tmp_path):
    state = filled(tmp_path, "1x30", "--clock", NOVEMBER)
    chunked = stick(state, tmp_path / "ber", "--day", "1")[day_name(1)]
    plain = stick(state, tmp_path / "der", "--day", "1", "--anaf-der")[day_name(1)]
    assert chunked.startswith(bytes.fromhex("30 80 06 09 2A 86 48 86 F7 0D 01 07 02 A0 80 30 80"))
    assert chunked.endswith(b"\0" * 6)
    assert len(witness.parts(chunked)) > 3
    assert {len(part) for part in witness.parts(chunked)[:-1]} == {1000}
    assert plain[:2] == b"\x30\x82"
    assert witness.parts(plain) == [b"".join(witness.parts(chunked))]
    assert witness.signature(plain) == witness.signature(chunked)


def test_a_border_between_parts_stands_inside_a_tag(tmp_path):
    state = filled(tmp_path, "1x30", "--clock", NOVEMBER)
    file = stick(state, tmp_path / "stick", "--day", "1")[day_name(1)]
    first = witness.parts(file)[0]
    assert first.rfind(b"<") > first.rfind(b">")


def test_a_file_comes_out_the_same_whenever_it_is_asked_for(state, tmp_path):
    first = stick(state, tmp_path / "one", "--day", "70")
    assert stick(state, tmp_path / "two", "--day", "70") == first
