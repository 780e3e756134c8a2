"""The envelope of a signed file: CMS SignedData, its content inside [romania.md 3.7, RFC 5652].

    ContentInfo
      SignedData  digest algorithms . content . [0] certificates . [1] CRLs
        SignerInfo  whose certificate . digest . [0] attributes . signature algorithm . signature
                                                  |  messageDigest = SHA-256 of the content
                                                  +- are what is signed (as a SET)

With chain.py the door to `cryptography`. Its reader of DER is strict, and ber.py goes before it.
Sets are read element by element, because a device need not sort them as DER would.
Unverified on hardware: no file of a real device was at hand; openssl is the witness.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from agent.archive.signed.ber import BerEnds, NotBer, to_der, wrap
from agent.archive.signed.chain import UNREADABLE, Signer, Trusted, certificates_of, signer_of
from agent.archive.signed.refusals import NotSigned
from agent.archive.sorts import Finding

FILE_BYTES_MAX = 8 * 1024 * 1024  # the largest day is 1.35 MB [romania.md 4.3]
ARMOUR = (b"-----BEGIN PKCS7-----", b"-----BEGIN CMS-----")
SIGNED_DATA_OID = bytes.fromhex("06092a864886f70d010702")
SIGNED_DATA = "1.2.840.113549.1.7.2"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
SIGNING_TIME = "1.2.840.113549.1.9.5"
RSA_PSS = "1.2.840.113549.1.1.10"
SHA_256 = "2.16.840.1.101.3.4.2.1"
HASHES: dict[str, hashes.HashAlgorithm] = {
    "1.3.14.3.2.26": hashes.SHA1(),  # read, never written
    SHA_256: hashes.SHA256(),
    "2.16.840.1.101.3.4.2.2": hashes.SHA384(),
    "2.16.840.1.101.3.4.2.3": hashes.SHA512(),
}
SET, SEQUENCE = 0x31, 0x30


class Signature(StrEnum):
    """What became of checking the signature."""

    INTACT = "intact"
    DIGEST_DIFFERS = "digest_differs"  # the content was changed after it was signed
    WRONG = "wrong"  # what was signed was not signed with this certificate's key
    UNCHECKED = "unchecked"  # the finding beside it says why


# the code of its finding, where it is not intact
CODES = {
    Signature.DIGEST_DIFFERS: "DIGEST_DIFFERS",
    Signature.WRONG: "SIGNATURE_WRONG",
    Signature.UNCHECKED: "SIGNATURE_UNCHECKED",
}


class _NotIntact(Exception):
    def __init__(self, signature: Signature, sentence: str) -> None:
        super().__init__(sentence)
        self.signature = signature


@dataclass(frozen=True, slots=True)
class Unwrapped:
    content: bytes
    signature: Signature
    signer: Signer | None
    signed_at: datetime | None  # what the signer says, UTC, aware; often not there
    findings: tuple[Finding, ...]


# the structures of RFC 5652, as far as they are read


@asn1.sequence
class _ContentInfo:
    content_type: x509.ObjectIdentifier
    content: Annotated[asn1.TLV, asn1.Explicit(0)]


@asn1.sequence
class _EncapsulatedContent:
    content_type: x509.ObjectIdentifier
    content: Annotated[bytes | None, asn1.Explicit(0)]


@asn1.sequence
class _SignedData:
    version: int
    digest_algorithms: asn1.TLV
    encapsulated: _EncapsulatedContent
    certificates: Annotated[list[asn1.TLV] | None, asn1.Implicit(0)]
    crls: Annotated[list[asn1.TLV] | None, asn1.Implicit(1)]
    signers: asn1.TLV


@asn1.sequence
class _IssuerAndSerial:
    issuer: asn1.TLV
    serial: int


@asn1.sequence
class _SignerInfo:
    version: int
    signer: _IssuerAndSerial | Annotated[bytes, asn1.Implicit(0)]
    digest_algorithm: asn1.TLV
    attributes: Annotated[list[asn1.TLV] | None, asn1.Implicit(0)]
    signature_algorithm: asn1.TLV
    signature: bytes
    unsigned: Annotated[list[asn1.TLV] | None, asn1.Implicit(1)]


@asn1.sequence
class _Elements:
    items: list[asn1.TLV]


def unwrap(raw: bytes, trusted: Trusted = ()) -> Unwrapped:
    """Take the content out of its envelope, and check the signature over it.

    Raises:
        NotSigned: it is no such envelope, or not a whole one.
    """
    der, findings = _der_of(raw)
    signed_data = _signed_data(der)
    content, found = signed_data.encapsulated.content, signed_data.certificates or []
    signers = _decoded(signed_data.signers.data)
    if content is None:
        if not signers:
            sentence = "it holds certificates and nothing that is signed"
            raise NotSigned("CERTIFICATE_BUNDLE", sentence)
        raise NotSigned("CONTENT_MISSING", "it is a signature without what it signs")
    certificates = certificates_of([_raw(each) for each in found])
    if len(signers) != 1:
        sentence = f"one signer is expected, there are {len(signers)}"
        findings.append(Finding("SIGNERS_NOT_ONE", "signature", sentence))
    if not signers:
        return Unwrapped(content, Signature.UNCHECKED, None, None, tuple(findings))
    try:
        info = asn1.decode_der(_SignerInfo, _raw(signers[0]))
    except ValueError as error:
        raise NotSigned("CMS_UNREADABLE", f"its signer cannot be read: {error}") from error
    outcome, signer, signed_at = _check(info, content, certificates, trusted, findings)
    return Unwrapped(content, outcome, signer, signed_at, tuple(findings))


# from bytes to structures


def _der_of(raw: bytes) -> tuple[bytes, list[Finding]]:
    if not raw:
        raise NotSigned("EMPTY", "the file is empty")
    if len(raw) > FILE_BYTES_MAX:
        raise NotSigned(
            "TOO_LARGE", f"{len(raw)} bytes, a signed file has {FILE_BYTES_MAX} at most"
        )
    _not_foreign(raw[:64])
    if raw.lstrip()[:10] == b"-----BEGIN":
        raw = _without_armour(raw)
    if raw[0] != SEQUENCE:
        raise NotSigned("NOT_CMS", "it does not begin as a signed file does")
    try:
        der, used = to_der(raw)
    except BerEnds as error:
        if len(raw) < 32 or SIGNED_DATA_OID in raw[:24]:
            raise NotSigned("TRUNCATED", f"the file is cut: {error}") from error
        raise NotSigned("NOT_CMS", f"it is no signed file: {error}") from error
    except NotBer as error:
        code = "CMS_UNREADABLE" if SIGNED_DATA_OID in raw[:24] else "NOT_CMS"
        raise NotSigned(code, f"its envelope cannot be read: {error}") from error
    findings = []
    if rest := raw[used:].strip(b"\0\r\n \t"):
        sentence = f"{len(rest)} bytes follow the signed part"
        findings.append(Finding("BYTES_AFTER_END", "envelope", sentence))
    return der, findings


def _not_foreign(start: bytes) -> None:
    """Refuse by name what is often on the same stick."""
    start = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"<", b"\xff\xfe<", b"\xfe\xff\0<")):
        raise NotSigned("XML_UNSIGNED", "it is plain XML, without the device's signature")
    if start.startswith(b"PK\x03\x04"):
        raise NotSigned("ZIP_FILE", "it is a zip, not a signed file")


def _without_armour(raw: bytes) -> bytes:
    """The bytes inside `-----BEGIN PKCS7-----`."""
    text = raw.strip()
    if not text.startswith(ARMOUR):
        raise NotSigned("NOT_CMS", "it is text armour around something else than a signed file")
    lines = text.splitlines()
    if not lines[-1].startswith(b"-----END"):
        raise NotSigned("TRUNCATED", "the file is cut: its armour has no end")
    try:
        inside = base64.b64decode(b"".join(line.strip() for line in lines[1:-1]), validate=True)
    except binascii.Error as error:
        raise NotSigned("CMS_UNREADABLE", f"its armour cannot be read: {error}") from error
    if not inside:
        raise NotSigned("EMPTY", "there is nothing inside the armour")
    return inside


def _signed_data(der: bytes) -> _SignedData:
    try:
        info = asn1.decode_der(_ContentInfo, der)
    except ValueError as error:
        raise NotSigned("NOT_CMS", f"it is no signed file: {error}") from error
    if info.content_type.dotted_string != SIGNED_DATA:
        sentence = f"it is another kind of envelope ({info.content_type.dotted_string})"
        raise NotSigned("NOT_CMS", sentence)
    try:
        return asn1.decode_der(_SignedData, _raw(info.content))
    except ValueError as error:
        raise NotSigned("CMS_UNREADABLE", f"its envelope cannot be read: {error}") from error


def _raw(element: asn1.TLV) -> bytes:
    """An element as it stands, with its tag and its length."""
    return wrap(element.tag_bytes[0], bytes(element.data))


def _decoded(values: bytes | memoryview) -> list[asn1.TLV]:
    """The elements of a set or a sequence, in the order in which they stand."""
    try:
        return asn1.decode_der(_Elements, wrap(SEQUENCE, wrap(SEQUENCE, bytes(values)))).items
    except ValueError as error:
        raise NotSigned("CMS_UNREADABLE", f"its envelope cannot be read: {error}") from error


def _oid(algorithm: asn1.TLV) -> str:
    """The name of an algorithm, "" if it has none."""
    parts = _decoded(algorithm.data)
    try:
        return str(parts[0].parse(x509.ObjectIdentifier).dotted_string) if parts else ""
    except ValueError:
        return ""


# the signature


def _check(
    info: _SignerInfo,
    content: bytes,
    certificates: list[x509.Certificate],
    trusted: Trusted,
    findings: list[Finding],
) -> tuple[Signature, Signer | None, datetime | None]:
    attributes = _attributes(info)
    signed_at = _signing_time(attributes.get(SIGNING_TIME))
    certificate = next((each for each in certificates if _is_of(each, info.signer)), None)
    signer = None
    if certificate is None:
        sentence = "the certificate of the signer is not in the file"
        findings.append(Finding("SIGNER_CERTIFICATE_MISSING", "certificate", sentence))
    else:
        signer = signer_of(certificate, certificates, trusted, findings)
    digest = _oid(info.digest_algorithm)
    if digest != SHA_256:
        sentence = f"the digest is {digest or 'unreadable'}, SHA-256 is expected"
        findings.append(Finding("DIGEST_NOT_SHA256", "signature", sentence))
    try:
        _prove(info, content, certificate, digest, attributes)
    except _NotIntact as error:
        findings.append(Finding(CODES[error.signature], "signature", str(error)))
        return error.signature, signer, signed_at
    return Signature.INTACT, signer, signed_at


def _prove(
    info: _SignerInfo,
    content: bytes,
    certificate: x509.Certificate | None,
    digest: str,
    attributes: dict[str, asn1.TLV],
) -> None:
    """Return if the signature is intact, and raise what it is if not."""
    algorithm = HASHES.get(digest)
    if algorithm is None:
        raise _NotIntact(Signature.UNCHECKED, "its digest is of a kind that is not known here")
    signed = [content]
    if info.attributes is not None:
        told = _bytes_of(attributes.get(MESSAGE_DIGEST))
        if told is None:
            sentence = "its signed attributes hold no digest of the content"
            raise _NotIntact(Signature.UNCHECKED, sentence)
        if told != _digest(algorithm, content):
            sentence = "the content is not what was signed: its digest differs"
            raise _NotIntact(Signature.DIGEST_DIFFERS, sentence)
        parts = [_raw(attribute) for attribute in info.attributes]
        # Sorted is what DER says, as they stand is what some signers sign.
        signed = [wrap(SET, b"".join(part)) for part in (parts, sorted(parts))]
    if certificate is None:
        raise _NotIntact(Signature.UNCHECKED, "there is no certificate to check it with")
    try:
        proved = any(_verifies(certificate, info, algorithm, data) for data in signed)
    except (*UNREADABLE, UnsupportedAlgorithm) as error:
        sentence = f"its key or algorithm is not known here: {error}"
        raise _NotIntact(Signature.UNCHECKED, sentence) from error
    if not proved:
        raise _NotIntact(Signature.WRONG, "it was not made with the key of its certificate")


def _verifies(
    certificate: x509.Certificate, info: _SignerInfo, algorithm: hashes.HashAlgorithm, data: bytes
) -> bool:
    key = certificate.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey) and _oid(info.signature_algorithm) == RSA_PSS:
            scheme = padding.PSS(padding.MGF1(algorithm), padding.PSS.AUTO)
            key.verify(info.signature, data, scheme, algorithm)
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(info.signature, data, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(info.signature, data, ec.ECDSA(algorithm))
        else:
            raise UnsupportedAlgorithm(f"a key of the kind {type(key).__name__}")
    except InvalidSignature:
        return False
    return True


def _digest(algorithm: hashes.HashAlgorithm, content: bytes) -> bytes:
    digest = hashes.Hash(algorithm)
    digest.update(content)
    return digest.finalize()


def _attributes(info: _SignerInfo) -> dict[str, asn1.TLV]:
    """The first value of each signed attribute, by its name."""
    found: dict[str, asn1.TLV] = {}
    for attribute in info.attributes or ():
        parts = _decoded(attribute.data)
        if len(parts) == 2 and (values := _decoded(parts[1].data)):
            found[_oid(attribute)] = values[0]
    return found


def _bytes_of(element: asn1.TLV | None) -> bytes | None:
    return bytes(element.data) if element is not None and element.tag_bytes == b"\x04" else None


def _signing_time(element: asn1.TLV | None) -> datetime | None:
    if element is None:
        return None
    kind = asn1.UTCTime if element.tag_bytes == b"\x17" else asn1.GeneralizedTime
    try:
        told: datetime = element.parse(kind).as_datetime()
    except ValueError:
        return None
    return told


def _is_of(certificate: x509.Certificate, signer: _IssuerAndSerial | bytes) -> bool:
    try:
        if isinstance(signer, bytes):
            key_id = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
            return key_id.value.digest == signer
        return (
            certificate.serial_number == signer.serial
            and certificate.issuer.public_bytes() == _raw(signer.issuer)
        )
    except (*UNREADABLE, x509.ExtensionNotFound):
        return False
