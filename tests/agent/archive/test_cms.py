"""The envelope of a signed file is opened and its signature is checked, however it is encoded."""

import base64
import random
import shutil
from pathlib import Path

import pytest

from agent.archive.signed.ber import DEPTH_MAX, ELEMENTS_MAX, NotBer, to_der
from agent.archive.signed.chain import trusted_in
from agent.archive.signed.cms import FILE_BYTES_MAX, Signature, Unwrapped, unwrap
from agent.archive.signed.refusals import NotSigned
from agent.archive.signed.signed_file import read_signed
from tests.agent.archive import signed_files as made

XML = made.EXAMPLE.encode()
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")


def codes(unwrapped: Unwrapped) -> list[str]:
    return [finding.code for finding in unwrapped.findings]


def refused(raw: bytes) -> str:
    with pytest.raises(NotSigned) as error:
        read_signed(raw)
    assert error.value.sentence
    return error.value.code


@pytest.mark.parametrize("part", [0, 1, 7, 100, 1000, 4096])
def test_the_content_comes_out_whole_however_it_was_cut(part: int) -> None:
    unwrapped = unwrap(made.sign(XML, part=part))
    assert (unwrapped.content, unwrapped.signature) == (XML, Signature.INTACT)
    assert codes(unwrapped) == ["ISSUER_UNKNOWN"]


@needs_openssl
@pytest.mark.parametrize("part", [0, 100])
def test_openssl_believes_what_the_tests_sign(part: int, tmp_path: Path) -> None:
    assert made.openssl_verifies(made.sign(XML, part=part), tmp_path) == XML
    assert made.openssl_verifies(made.sign(XML, part=part, spoil=True), tmp_path) is None


@needs_openssl
@pytest.mark.parametrize("kind", ["rsa", "ec"])
@pytest.mark.parametrize(
    "options",
    [[], ["-stream"], ["-keyid"], ["-noattr"], ["-stream", "-outform", "PEM"]],
    ids=lambda options: "".join(options) or "der",
)
def test_what_openssl_signs_is_intact(kind: str, options: list[str], tmp_path: Path) -> None:
    signed = made.openssl_signs(XML * 9, made.device(kind), tmp_path, *options)
    unwrapped = unwrap(signed)
    assert (unwrapped.content, unwrapped.signature) == (XML * 9, Signature.INTACT)
    assert codes(unwrapped) == ["ISSUER_UNKNOWN"]
    assert (unwrapped.signed_at is None) == ("-noattr" in options)


@needs_openssl
def test_a_signature_of_rsa_pss_is_intact(tmp_path: Path) -> None:
    options = ["-keyopt", "rsa_padding_mode:pss"]
    signed = made.openssl_signs(XML, made.device(), tmp_path, *options)
    assert unwrap(signed).signature is Signature.INTACT


@pytest.mark.parametrize(
    "given",
    [
        {"unsorted": True},
        {"by_key_id": True},
        {"by": made.device("ec")},
        {"scheme": made.RSA_PSS},
    ],
    ids=["unsorted", "by_key_id", "ec", "rsa_pss"],
)
def test_other_signers_of_the_standard_are_understood(given: dict[str, object]) -> None:
    unwrapped = unwrap(made.sign(XML, **given))  # type: ignore[arg-type]
    assert unwrapped.signature is Signature.INTACT


def test_armour_around_it_is_taken_off() -> None:
    inside = base64.encodebytes(made.sign(XML, part=64))
    armoured = b"-----BEGIN PKCS7-----\n" + inside + b"-----END PKCS7-----\n"
    assert unwrap(armoured).content == XML
    assert refused(armoured[:-30]) == "TRUNCATED"


@pytest.mark.parametrize("part", [0, 100])
def test_a_changed_content_has_another_digest(part: int) -> None:
    changed = XML.replace(b'totB="33.20"', b'totB="33.30"')
    unwrapped = unwrap(made.sign(XML, part=part, told=changed))
    assert (unwrapped.content, unwrapped.signature) == (changed, Signature.DIGEST_DIFFERS)
    assert "DIGEST_DIFFERS" in codes(unwrapped)


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_a_spoilt_signature_is_wrong(kind: str) -> None:
    unwrapped = unwrap(made.sign(XML, made.device(kind), spoil=True))
    assert unwrapped.signature is Signature.WRONG
    assert "SIGNATURE_WRONG" in codes(unwrapped)


@pytest.mark.parametrize(
    ("given", "also"),
    [
        ({"certificates": False}, "SIGNER_CERTIFICATE_MISSING"),
        ({"digest": "608648016503040209"}, "DIGEST_NOT_SHA256"),  # SHA3-384
    ],
)
def test_a_signature_that_cannot_be_checked_says_so(given: dict[str, object], also: str) -> None:
    unwrapped = unwrap(made.sign(XML, **given))  # type: ignore[arg-type]
    assert unwrapped.signature is Signature.UNCHECKED
    assert {"SIGNATURE_UNCHECKED", also} <= set(codes(unwrapped))


def test_an_old_digest_is_a_finding_and_still_checked() -> None:
    unwrapped = unwrap(made.sign(XML, digest=made.SHA_1))
    assert unwrapped.signature is Signature.INTACT
    assert "DIGEST_NOT_SHA256" in codes(unwrapped)


def test_what_a_certificate_lacks_is_named() -> None:
    places = [
        finding.place
        for finding in unwrap(made.sign(XML, made.device(bare=True))).findings
        if finding.code == "CERTIFICATE_EXTENSION_MISSING"
    ]
    assert len(places) == 4
    assert "certificate: CRL distribution points" in places


def test_a_trusted_issuer_ends_the_chain(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(made.device().authority_pem)
    (tmp_path / "broken.crt").write_bytes(b"no certificate")
    (tmp_path / "note.txt").write_bytes(b"not looked at")
    unwrapped = unwrap(made.sign(XML), trusted_in(tmp_path))
    assert unwrapped.signer
    assert (unwrapped.signer.trusted, unwrapped.signer.serial) == (True, "4d")
    assert unwrapped.signer.chain == ("CN=Throw-away AMEF CA",)
    assert codes(unwrapped) == []


def test_an_issuer_of_that_name_that_did_not_sign_is_told(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(made.device("ec").authority_pem)
    unwrapped = unwrap(made.sign(XML), trusted_in(tmp_path))
    assert codes(unwrapped) == ["ISSUER_SIGNATURE_WRONG"]
    assert unwrapped.signature is Signature.INTACT


def test_bytes_after_the_end_are_told_and_padding_is_not() -> None:
    assert codes(unwrap(made.sign(XML) + b"\0" * 512)) == ["ISSUER_UNKNOWN"]
    assert "BYTES_AFTER_END" in codes(unwrap(made.sign(XML) + b"more"))


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "EMPTY"),
        (b"-----BEGIN PKCS7-----\n-----END PKCS7-----", "EMPTY"),
        (XML, "XML_UNSIGNED"),
        (b"\xef\xbb\xbf" + XML, "XML_UNSIGNED"),
        (made.EXAMPLE.encode("utf-16"), "XML_UNSIGNED"),
        (b"PK\x03\x04" + bytes(60), "ZIP_FILE"),
        (made.bundle(made.device()), "CERTIFICATE_BUNDLE"),
        (made.device().der, "NOT_CMS"),
        (made.device().authority_pem, "NOT_CMS"),
        (b"-----BEGIN PKCS7-----\n!!!!\n-----END PKCS7-----", "CMS_UNREADABLE"),
        (b"\xff\xd8\xff\xe0" + bytes(60), "NOT_CMS"),
        (bytes(4096), "NOT_CMS"),
        (b"0" * 500, "NOT_CMS"),
        (bytes(FILE_BYTES_MAX + 1), "TOO_LARGE"),
        (made.sign("<other/>"), "FOREIGN_CONTENT"),
        (made.sign("no XML at all"), "XML_BROKEN"),
        (made.sign("<msj/>"), "OWNER_UNKNOWN"),
        (made.sign('<msj idM="7"/>'), "OWNER_UNKNOWN"),
        (made.sign(f'<mReg idM="{made.NUI}20261101091500"/>'), "Z_UNKNOWN"),
        (b"\x30\x80" * 40_000, "NOT_CMS"),
        (made.SIGNED_START + b"\x30\x80" * 40_000, "CMS_UNREADABLE"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_signed_file_is_refused_by_name(raw: bytes, code: str) -> None:
    assert refused(raw) == code


def test_a_signature_beside_its_content_is_refused() -> None:
    whole = made.sign(XML)
    inside = made.tlv(0x30, made.oid(made.DATA), made.tlv(0xA0, made.tlv(4, XML)))
    assert whole.count(inside) == 1
    without = whole.replace(inside, made.tlv(0x30, made.oid(made.DATA)))
    body = without[4 + 11 + 4 + 4 :]  # after the three lengths that are wrong now
    detached = made.tlv(0x30, made.oid(made.SIGNED_DATA), made.tlv(0xA0, made.tlv(0x30, body)))
    assert refused(detached) == "CONTENT_MISSING"


@pytest.mark.parametrize("part", [0, 100])
def test_a_file_that_is_cut_is_refused_wherever_it_was_cut(part: int) -> None:
    whole = made.sign(XML, part=part)
    cuts = [*range(1, len(whole), 97), len(whole) - 1]
    assert len(cuts) > 20
    assert {refused(whole[:cut]) for cut in cuts} == {"TRUNCATED"}


@pytest.mark.parametrize("part", [0, 100])
def test_a_flipped_bit_is_never_an_error_of_ours_nor_intact(part: int) -> None:
    whole = made.sign(XML, part=part)
    content = {*range(at := whole.index(XML[:60]), at + len(XML))}
    seed = 20261122
    chance = random.Random(seed)
    intact = 0
    for at in [*range(0, len(whole), 3), *(chance.randrange(len(whole)) for _ in range(500))]:
        flipped = bytearray(whole)
        flipped[at] ^= 1 << chance.randrange(8)
        try:
            signature = read_signed(bytes(flipped)).signature
        except NotSigned:
            continue
        assert not (at in content and signature is Signature.INTACT), f"{seed=} {at=}"
        intact += signature is Signature.INTACT
    assert intact < 400  # the certificate's own signature, versions, names of algorithms


def test_what_is_built_to_tire_the_reader_is_refused() -> None:
    with pytest.raises(NotBer):
        to_der(made.open_ended(0x24, b"\x04\0" * (ELEMENTS_MAX + 1)))
    deep = b"\x30\x80" * (DEPTH_MAX + 2) + b"\0\0" * (DEPTH_MAX + 2)
    with pytest.raises(NotBer):
        to_der(deep)


@pytest.mark.parametrize(
    ("ber", "der"),
    [
        ("3080020101 0000", "3003020101"),
        ("2480 0401aa 2480 0401bb 0000 0000", "0402aabb"),
        ("2404 0401aa 0400", None),
        ("2405 0401aa 0400", "0401aa"),
        ("30820003020101", "3003020101"),
        ("0480 0000", None),
        ("1f01", None),
        ("3085ffffffffff", None),
        ("2403020101", None),
        ("3003 0405aa", None),
    ],
)
def test_ber_becomes_der_or_is_refused(ber: str, der: str | None) -> None:
    raw = bytes.fromhex(ber)
    if der is None:
        with pytest.raises(Exception, match=r".") as error:
            to_der(raw)
        assert error.type.__name__ in ("NotBer", "BerEnds")
    else:
        assert to_der(raw) == (bytes.fromhex(der), len(raw))
