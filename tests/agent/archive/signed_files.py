"""Signed files made at test time: a throw-away authority, a device's key, days and registers.

The envelope is put together by hand here (RFC 5652), without our reader and without the library's
own writer: definite or indefinite, the content whole or in parts. openssl is the witness.
"""

import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

NUI, OTHER_NUI = "5000001234", "5000001304"
EVENING = datetime.fromisoformat("2026-10-05T21:00")
NAMESPACE = "mfp:anaf:dgti:{}:declaratie:v1"
DATA, SIGNED_DATA = "2a864886f70d010701", "2a864886f70d010702"
CONTENT_TYPE, MESSAGE_DIGEST = "2a864886f70d010903", "2a864886f70d010904"
SHA_256, SHA_1 = "608648016503040201", "2b0e03021a"
RSA, RSA_PSS, ECDSA = "2a864886f70d010101", "2a864886f70d01010a", "2a8648ce3d040302"
DIGESTS = {SHA_256: hashes.SHA256(), SHA_1: hashes.SHA1()}

SIGNED_START = bytes.fromhex("30800609" + SIGNED_DATA + "a080")

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

EXAMPLE = """<msj xmlns="mfp:anaf:dgti:a4203:declaratie:v1" idM="5000001234202610052142170413">
  <bon idB="50000012342026100508054104130001" totB="33.20" totTva="3.29"><cote cota="11" tva="3.29"/></bon>
  <bon idB="50000012342026100511300904130002" nrC="12345674" totB="242.00" totTva="42.00"><cote cota="21" tva="42.00"/></bon>
  <bon idB="50000012342026100519580304130003" totB="27.45" totTva="3.71"><cote cota="21" tva="2.60"/><cote cota="11" tva="1.11"/></bon>
  <rB idR="5000001234202610052142170413" nrAv="1" nrB="3" totB="302.65" nrBC="1" totBC="242.00" nrA="0" totA="0.00"
      nrR="1" totR="1.80" nrM="0" totM="0.00" totTva="49.00" totTvaC="42.00" totTaxe="0.00" totNet="1.25"
      sume_serv_in="200.00" sume_serv_out="200.00" monRef="RON">
    <pl tipP="1" valPl="242.00" monPl="RON"/>
    <pl tipP="3" valPl="60.65" monPl="RON"/>
    <coteZ cota="21" valOp="257.00" tva="44.60"/>
    <coteZ cota="11" valOp="44.40" tva="4.40"/>
    <av data="05.10.2026 14:02:33"/>
  </rB>
  <mE nrB="3"><ev dataI="04.10.2026 21:40:10" dataF="05.10.2026 06:10:12" tipE="1"/></mE>
</msj>"""  # noqa: E501 [romania.md 3.8]; fictitious, and its sums agree
EXAMPLE_REGISTER = (
    '<mReg xmlns="mfp:anaf:dgti:a4200:declaratie:v1" idM="500000123420261101091500" an="2026"'
    ' luna="10" cif="12345674" nrRapI="411" nrRapF="436" tip_amef="U"/>'
)


# the bytes of an envelope


def tlv(tag: int, *parts: bytes) -> bytes:
    value = b"".join(parts)
    size = len(value)
    if size < 128:
        return bytes([tag, size]) + value
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 128 + len(length)]) + length + value


def open_ended(tag: int, *parts: bytes) -> bytes:
    """The same, of indefinite length."""
    return bytes([tag, 0x80]) + b"".join(parts) + b"\0\0"


def oid(hexed: str) -> bytes:
    return tlv(6, bytes.fromhex(hexed))


def algorithm(hexed: str) -> bytes:
    return tlv(0x30, oid(hexed), b"\x05\0")


def in_parts(content: bytes, size: int) -> bytes:
    """An OCTET STRING cut into several, as Datecs writes it."""
    parts = [tlv(4, content[at : at + size]) for at in range(0, len(content), size)]
    return open_ended(0x24, *parts)


@dataclass(frozen=True, slots=True)
class Device:
    """A device's key, its certificate, and who gave it."""

    key: Key
    certificate: x509.Certificate
    authority: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def authority_pem(self) -> bytes:
        return self.authority.public_bytes(serialization.Encoding.PEM)


@cache
def device(kind: str = "rsa", *, bare: bool = False) -> Device:
    """A throw-away device, made once for all tests. `bare`: no extension that is expected."""
    authority_key = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Throw-away AMEF CA")])
    key: Key = (
        rsa.generate_private_key(65537, 2048)
        if kind == "rsa"
        else ec.generate_private_key(ec.SECP256R1())
    )
    authority = _certificate(issuer, issuer, authority_key, 1).sign(authority_key, hashes.SHA256())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NUI)])
    builder = _certificate(subject, issuer, key, 77)
    if not bare:
        builder = _with_extensions(builder, key)
    return Device(key, builder.sign(authority_key, hashes.SHA256()), authority)


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: Key, serial: int
) -> x509.CertificateBuilder:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    return x509.CertificateBuilder(
        issuer, subject, key.public_key(), serial, start, start + timedelta(days=3650)
    )


def _with_extensions(builder: x509.CertificateBuilder, key: Key) -> x509.CertificateBuilder:
    url = x509.UniformResourceIdentifier("http://ca.invalid/a")
    access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, url)
    policy = x509.PolicyInformation(x509.ObjectIdentifier("1.2.3.4"), None)
    for extension in (
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
        x509.AuthorityInformationAccess([access]),
        x509.CertificatePolicies([policy]),
        x509.CRLDistributionPoints([x509.DistributionPoint([url], None, None, None)]),
    ):
        builder = builder.add_extension(extension, critical=False)
    return builder


def sign(
    xml: bytes | str,
    by: Device | None = None,
    *,
    part: int = 0,
    told: bytes | None = None,
    digest: str = SHA_256,
    scheme: str = "",
    unsorted: bool = False,
    by_key_id: bool = False,
    certificates: bool = True,
    spoil: bool = False,
) -> bytes:
    """Put XML into a signed envelope.

    `part`: BER, cut every so many bytes; 0 is DER. `told`: another content than what is signed.
    `spoil`: a signature with one bit wrong.
    """
    content = xml.encode() if isinstance(xml, str) else xml
    by = by or device()
    attributes = [
        tlv(0x30, oid(MESSAGE_DIGEST), tlv(0x31, tlv(4, hashed(content, digest)))),
        tlv(0x30, oid(CONTENT_TYPE), tlv(0x31, oid(DATA))),
    ]
    attributes = attributes if unsorted else sorted(attributes)
    signature = _signature(by.key, tlv(0x31, *attributes), digest, scheme)
    if spoil:
        signature = signature[:-1] + bytes([signature[-1] ^ 1])
    info = tlv(
        0x30,
        b"\x02\x01\x01",
        _key_id(by) if by_key_id else _issuer_and_serial(by),
        algorithm(digest),
        tlv(0xA0, *attributes),
        algorithm(scheme or (RSA if isinstance(by.key, rsa.RSAPrivateKey) else ECDSA)),
        tlv(4, signature),
    )
    return _envelope(told or content, info, by, part=part, certificates=certificates, digest=digest)


def _envelope(
    content: bytes, info: bytes, by: Device, *, part: int, certificates: bool, digest: str
) -> bytes:
    holder = open_ended if part else tlv
    whole = in_parts(content, part) if part else tlv(4, content)
    return holder(
        0x30,
        oid(SIGNED_DATA),
        holder(
            0xA0,
            holder(
                0x30,
                b"\x02\x01\x01",
                tlv(0x31, algorithm(digest)),
                holder(0x30, oid(DATA), holder(0xA0, whole)),
                holder(0xA0, by.der) if certificates else b"",
                tlv(0x31, info),
            ),
        ),
    )


def bundle(by: Device) -> bytes:
    """Certificates in the same envelope, with nothing signed: what .p7b often means."""
    inside = tlv(
        0x30, b"\x02\x01\x01", tlv(0x31), tlv(0x30, oid(DATA)), tlv(0xA0, by.der), tlv(0x31)
    )
    return tlv(0x30, oid(SIGNED_DATA), tlv(0xA0, inside))


def hashed(content: bytes, digest: str) -> bytes:
    hashing = hashes.Hash(DIGESTS.get(digest, hashes.SHA256()))
    hashing.update(content)
    return hashing.finalize()


def _issuer_and_serial(by: Device) -> bytes:
    serial = by.certificate.serial_number.to_bytes(1, "big")
    return tlv(0x30, by.certificate.issuer.public_bytes(), tlv(2, serial))


def _key_id(by: Device) -> bytes:
    found = by.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    return tlv(0x80, found.value.digest)


def _signature(key: Key, data: bytes, digest: str, scheme: str) -> bytes:
    hashing = DIGESTS.get(digest, hashes.SHA256())
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(hashing))
    if scheme == RSA_PSS:
        return key.sign(data, padding.PSS(padding.MGF1(hashing), 32), hashing)
    return key.sign(data, padding.PKCS1v15(), hashing)


# days and registers that agree with themselves


def day_xml(z_number: int, at: datetime, totals: list[int], nui: str = NUI) -> str:
    """A day with a receipt of each total (bani, 21 %), within 24 hours up to its Z `at`."""
    every = timedelta(seconds=min(60, 86_000 // (len(totals) or 1)))
    vats = [(2 * total * 21 + 121) // 242 for total in totals]
    start = at - every * len(totals)
    receipts = "".join(
        f'<bon idB="{nui}{start + every * index:%Y%m%d%H%M%S}{z_number:04}'
        f'{index + 1:04}" totB="{lei(total)}" totTva="{lei(vat)}">'
        f'<cote cota="21" tva="{lei(vat)}"/></bon>'
        for index, (total, vat) in enumerate(zip(totals, vats, strict=True))
    )
    stamp = f"{nui}{at:%Y%m%d%H%M%S}{z_number:04}"
    zeros = "".join(
        f' {name}="0"' for name in ("nrAv", "nrBC", "totBC", "nrA", "totA", "nrR", "totR", "nrM")
    )
    zeros += "".join(
        f' {name}="0.00"'
        for name in ("totM", "totTvaC", "totTaxe", "totNet", "sume_serv_in", "sume_serv_out")
    )
    total, vat = lei(sum(totals)), lei(sum(vats))
    return (
        f'<msj xmlns="{NAMESPACE.format("a4203")}" idM="{stamp}">{receipts}'
        f'<rB idR="{stamp}" nrB="{len(totals)}" totB="{total}" totTva="{vat}"{zeros} monRef="RON">'
        f'<pl tipP="3" valPl="{total}" monPl="RON"/>'
        f'<coteZ cota="21" valOp="{total}" tva="{vat}"/></rB></msj>'
    )


def register_xml(first: int, last: int, nui: str = NUI, month: str = "10") -> str:
    return (
        f'<mReg xmlns="{NAMESPACE.format("a4200")}" idM="{nui}20261101091500" an="2026"'
        f' luna="{month}" cif="12345674" nrRapI="{first}" nrRapF="{last}" tip_amef="U"/>'
    )


def lei(bani: int) -> str:
    return f"{bani // 100}.{bani % 100:02}"


# the witness


def openssl_verifies(signed: bytes, folder: Path) -> bytes | None:
    """What openssl takes out of a file whose signature it believes; None if it does not."""
    (folder / "in").write_bytes(signed)
    command = ["openssl", "cms", "-verify", "-noverify", "-binary", "-inform", "DER"]
    done = subprocess.run(
        [*command, "-in", str(folder / "in"), "-out", str(folder / "out")],
        capture_output=True,
        timeout=30,
        check=False,
    )
    return (folder / "out").read_bytes() if done.returncode == 0 else None


def openssl_signs(content: bytes, by: Device, folder: Path, *options: str) -> bytes:
    """Have openssl sign; `-stream` makes the BER of indefinite length."""
    (folder / "content").write_bytes(content)
    (folder / "cert").write_bytes(by.certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    (folder / "key").write_bytes(by.key.private_bytes(serialization.Encoding.PEM, form, plain))
    command = ["openssl", "cms", "-sign", "-binary", "-nodetach", "-md", "sha256"]
    files = [f"-{name}" for name in ("in", "signer", "inkey", "out")]
    paths = [str(folder / name) for name in ("content", "cert", "key", "signed")]
    named = [part for pair in zip(files, paths, strict=True) for part in pair]
    outform = [] if "-outform" in options else ["-outform", "DER"]
    subprocess.run([*command, *outform, *named, *options], check=True, timeout=30)
    return (folder / "signed").read_bytes()
