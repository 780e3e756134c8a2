"""The certificates of a signed file: the device's own, and who stands behind it.

    device's certificate --issuer--> embedded or trusted --issuer--> ... --> trusted, or unknown

ANAF's authority for the devices is not public [romania.md 3.7]: an issuer that is not known is a
finding, never an error. The folder of trusted certificates is the owner's to fill.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.utils import CryptographyDeprecationWarning

from agent.archive.sorts import Finding

CERTIFICATES_MAX = 16
CHAIN_MAX = 8
EXPECTED_EXTENSIONS: dict[str, type[x509.ExtensionType]] = {  # [romania.md 3.7]
    "subject key identifier": x509.SubjectKeyIdentifier,
    "authority information access": x509.AuthorityInformationAccess,
    "certificate policies": x509.CertificatePolicies,
    "CRL distribution points": x509.CRLDistributionPoints,
}
UNREADABLE = (
    ValueError,
    TypeError,
    CryptographyDeprecationWarning,  # raised only where warnings are errors
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)

Trusted = tuple[x509.Certificate, ...]


@dataclass(frozen=True, slots=True)
class Signer:
    """The device's certificate, and whose certificates stand behind it as far as they are known."""

    serial: str  # hex
    subject: str
    issuer: str
    not_before: datetime  # UTC, aware
    not_after: datetime
    chain: tuple[str, ...]  # subjects, from the issuer upwards
    trusted: bool  # the chain ends in a certificate that was given as trusted


def trusted_in(folder: Path) -> Trusted:
    """Read the certificates (PEM or DER) of a folder; what is none is left out."""
    found: list[x509.Certificate] = []
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in (".pem", ".crt", ".cer", ".der") or not path.is_file():
            continue
        raw = path.read_bytes()
        try:
            if raw.lstrip().startswith(b"-----BEGIN"):
                found += x509.load_pem_x509_certificates(raw)
            else:
                found.append(x509.load_der_x509_certificate(raw))
        except UNREADABLE:
            continue
    return tuple(found)


def trusted_or_none(folder: Path | None) -> tuple[Trusted, str]:
    """Return the certificates that are believed, and what is wrong with their folder."""
    try:
        return (trusted_in(folder) if folder else ()), ""
    except OSError as error:
        return (), f"the certificates of {folder} cannot be read: {error.strerror}"


def certificates_of(elements: list[bytes]) -> list[x509.Certificate]:
    """Read the certificates of an envelope; one that cannot be read is as good as missing."""
    found = []
    for element in elements[:CERTIFICATES_MAX]:
        try:
            found.append(x509.load_der_x509_certificate(element))
        except UNREADABLE:
            continue
    return found


def signer_of(
    certificate: x509.Certificate,
    embedded: list[x509.Certificate],
    trusted: Trusted,
    findings: list[Finding],
) -> Signer | None:
    try:
        findings += _missing_extensions(certificate)
        chain, known, found = _chain(certificate, embedded, trusted)
        signer = Signer(
            serial=f"{certificate.serial_number:x}",
            subject=certificate.subject.rfc4514_string(),
            issuer=certificate.issuer.rfc4514_string(),
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            chain=tuple(each.subject.rfc4514_string() for each in chain),
            trusted=known,
        )
    except UNREADABLE as error:
        sentence = f"the certificate of the signer cannot be read: {error}"
        findings.append(Finding("CERTIFICATE_UNREADABLE", "certificate", sentence))
        return None
    findings += found
    return signer


def _missing_extensions(certificate: x509.Certificate) -> Iterator[Finding]:
    there = {type(extension.value) for extension in certificate.extensions}
    for name, kind in EXPECTED_EXTENSIONS.items():
        if kind not in there:
            sentence = f"the certificate of the signer says nothing of its {name}"
            yield Finding("CERTIFICATE_EXTENSION_MISSING", f"certificate: {name}", sentence)


def _chain(
    certificate: x509.Certificate, embedded: list[x509.Certificate], trusted: Trusted
) -> tuple[list[x509.Certificate], bool, list[Finding]]:
    """The issuers that are known, whether they end in a trusted one, and what is wrong."""
    chain: list[x509.Certificate] = []
    current = certificate
    for _ in range(CHAIN_MAX):
        if current in trusted:
            return chain, True, []
        named = [each for each in (*trusted, *embedded) if each.subject == current.issuer]
        if current.subject == current.issuer or not named:
            break
        above = next((each for each in named if _issued_by(current, each)), None)
        if above is None:
            sentence = "the certificate was not signed by the issuer that it names"
            return chain, False, [Finding("ISSUER_SIGNATURE_WRONG", "chain", sentence)]
        chain.append(above)
        current = above
    sentence = f"nobody known stands behind {current.issuer.rfc4514_string() or 'the certificate'}"
    return chain, False, [Finding("ISSUER_UNKNOWN", "chain", sentence)]


def _issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True
