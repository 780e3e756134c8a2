"""The device's signature: a throw-away key and certificate, and CMS SignedData around the content.

    ContentInfo { signedData, [0] SignedData {
        1, { SHA-256 }, { data, [0] OCTET STRING content },
        [0] the device's certificate,
        { 1, issuer and serial number, SHA-256,
          [0] { content type, signing time, digest }, RSA, signature } } }

Datecs' habit: indefinite lengths (80 .. 00 00), the content in several OCTET STRINGs, so that a
border may stand inside a tag of the XML. With `der` the same in definite lengths. What is signed
is the attributes in DER, either way; so the signature of a content never changes.

The certificate has the NUI in its subject and the extensions that ANAF's validator looks for (SKI,
AKI, AIA, policy, CRL). The authority that signed it exists for that one signature: its key is
dropped, its certificate kept, to be trusted in a test. Key and certificate look like the real ones
as far as the reference tells; unverified on hardware.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

KEY_BITS = 2048
CHUNK_BYTES = 1000
VALID_FROM, VALID_UNTIL = datetime(2015, 1, 1, tzinfo=UTC), datetime(2049, 12, 31, tzinfo=UTC)
PLACE = "http://amef.invalid"  # where nothing is
POLICY = x509.ObjectIdentifier("2.999.4203")  # the arc for examples

DATA = bytes.fromhex("06 09 2A 86 48 86 F7 0D 01 07 01")
SIGNED_DATA = bytes.fromhex("06 09 2A 86 48 86 F7 0D 01 07 02")
CONTENT_TYPE = bytes.fromhex("06 09 2A 86 48 86 F7 0D 01 09 03")
MESSAGE_DIGEST = bytes.fromhex("06 09 2A 86 48 86 F7 0D 01 09 04")
SIGNING_TIME = bytes.fromhex("06 09 2A 86 48 86 F7 0D 01 09 05")
SHA256 = bytes.fromhex("30 0D 06 09 60 86 48 01 65 03 04 02 01 05 00")
RSA = bytes.fromhex("30 0D 06 09 2A 86 48 86 F7 0D 01 01 01 05 00")
INTEGER, OCTETS, SEQUENCE, SET, UTC_TIME = 0x02, 0x04, 0x30, 0x31, 0x17
TAGGED_0, CONSTRUCTED = 0xA0, 0x20
END = b"\x00\x00"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signs."""

    key_pem: bytes
    certificate: bytes  # DER
    authority: bytes  # DER: who signed the certificate


def made(nui: str) -> Identity:
    """A new key with a new certificate. Takes a moment."""
    root, key = (rsa.generate_private_key(65537, KEY_BITS) for _ in range(2))
    over = name("SIM AMEF CA - NOT ANAF", "")
    authority = (
        _builder(over, over, root.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(root.public_key()), critical=False)
        .sign(root, hashes.SHA256())
    )
    certificate = _extended(
        _builder(name(f"AMEF {nui}", nui), over, key.public_key()), key.public_key(), root
    ).sign(root, hashes.SHA256())
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    der = serialization.Encoding.DER
    return Identity(pem, certificate.public_bytes(der), authority.public_bytes(der))


def name(common: str, nui: str) -> x509.Name:
    said = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "RO"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "SIM - a virtual device"),
        x509.NameAttribute(NameOID.COMMON_NAME, common),
    ]
    if nui:
        said.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, nui))
    return x509.Name(said)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPublicKey
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(VALID_FROM)
        .not_valid_after(VALID_UNTIL)
    )


def _extended(
    builder: x509.CertificateBuilder, key: rsa.RSAPublicKey, root: rsa.RSAPrivateKey
) -> x509.CertificateBuilder:
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    issuer = x509.AccessDescription(
        AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(f"{PLACE}/ca.cer")
    )
    lists = [x509.UniformResourceIdentifier(f"{PLACE}/amef.crl")]
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (usage, True),
        (x509.SubjectKeyIdentifier.from_public_key(key), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key()), False),
        (x509.AuthorityInformationAccess([issuer]), False),
        (x509.CertificatePolicies([x509.PolicyInformation(POLICY, None)]), False),
        (x509.CRLDistributionPoints([x509.DistributionPoint(lists, None, None, None)]), False),
    ]
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder


def signed(
    identity: Identity, content: bytes, at: datetime, *, der: bool, shown: bytes | None = None
) -> bytes:
    """The file. `shown`: what stands in it instead of what was signed, for a spoiled one."""
    signer = signer_info(identity, content, at)
    parts = [
        tlv(INTEGER, b"\x01"),
        tlv(SET, SHA256),
        enveloped(content if shown is None else shown, der=der),
        tlv(TAGGED_0, identity.certificate),
        tlv(SET, signer),
    ]
    body = around(SEQUENCE, b"".join(parts), der=der)
    return around(SEQUENCE, SIGNED_DATA + around(TAGGED_0, body, der=der), der=der)


def signer_info(identity: Identity, content: bytes, at: datetime) -> bytes:
    certificate = x509.load_der_x509_certificate(identity.certificate)
    key = serialization.load_pem_private_key(
        identity.key_pem, None, unsafe_skip_rsa_key_validation=True
    )
    assert isinstance(key, rsa.RSAPrivateKey)
    attributes = b"".join(
        sorted(
            tlv(SEQUENCE, kind + tlv(SET, value))
            for kind, value in (
                (CONTENT_TYPE, DATA),
                (SIGNING_TIME, tlv(UTC_TIME, f"{at:%y%m%d%H%M%SZ}".encode("ascii"))),
                (MESSAGE_DIGEST, tlv(OCTETS, hashlib.sha256(content).digest())),
            )
        )
    )
    signature = key.sign(tlv(SET, attributes), padding.PKCS1v15(), hashes.SHA256())
    issuer = certificate.issuer.public_bytes() + integer(certificate.serial_number)
    parts = [
        tlv(INTEGER, b"\x01"),
        tlv(SEQUENCE, issuer),
        SHA256,
        tlv(TAGGED_0, attributes),
        RSA,
        tlv(OCTETS, signature),
    ]
    return tlv(SEQUENCE, b"".join(parts))


def enveloped(content: bytes, *, der: bool) -> bytes:
    """The content as it is carried: one OCTET STRING, or a row of them in one without a length."""
    whole = tlv(OCTETS, content)
    if not der:
        pieces = (content[i : i + CHUNK_BYTES] for i in range(0, len(content), CHUNK_BYTES))
        row = b"".join(tlv(OCTETS, piece) for piece in pieces)
        whole = around(OCTETS | CONSTRUCTED, row, der=False)
    return around(SEQUENCE, DATA + around(TAGGED_0, whole, der=der), der=der)


def around(tag: int, inside: bytes, *, der: bool) -> bytes:
    return tlv(tag, inside) if der else bytes([tag, 0x80]) + inside + END


def tlv(tag: int, inside: bytes) -> bytes:
    size = len(inside)
    if size < 0x80:
        return bytes([tag, size]) + inside
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + inside


def integer(value: int) -> bytes:
    return tlv(INTEGER, value.to_bytes(value.bit_length() // 8 + 1))
