"""Somebody who reads signed files for himself: BER by hand, the signature by cryptography.

    believed(file)  ->  the content, if digest and signature are right; AssertionError if not
    parts(file)     ->  the OCTET STRINGs that the content is cut into
    told(content)   ->  the XML as dicts, without its namespace

The witness knows nothing of the code that writes the files; at the end is how they are ordered.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256

from sandbox.printer import anaf_stick, history

NUI = "5000001234"
NOVEMBER = "2026-11-10T08:00:00"
OCTETS = 0x04
MESSAGE_DIGEST = bytes.fromhex("2A 86 48 86 F7 0D 01 09 04")
SIGNING_TIME = bytes.fromhex("2A 86 48 86 F7 0D 01 09 05")


@dataclass(frozen=True)
class Element:
    tag: int
    raw: bytes
    inside: bytes

    @property
    def parts(self):
        found, rest = [], self.inside
        while rest and rest[:2] != b"\0\0":
            element = read(rest)
            found.append(element)
            rest = rest[len(element.raw) :]
        return found


def read(data):
    """The first element, of a definite length or an indefinite one."""
    if data[1] == 0x80:
        at = 2
        while data[at : at + 2] != b"\0\0":
            at += len(read(data[at:]).raw)
        return Element(data[0], data[: at + 2], data[2:at])
    size, at = data[1], 2
    if size > 0x80:
        at += size - 0x80
        size = int.from_bytes(data[2:at], "big")
    assert len(data) >= at + size, "cut short"
    return Element(data[0], data[: at + size], data[at : at + size])


def signed_data(file):
    whole = read(file)
    assert whole.raw == file
    return whole.parts[1].parts[0].parts


def parts(file):
    content = signed_data(file)[2].parts[1].parts[0]
    return [one.inside for one in content.parts] if content.tag != OCTETS else [content.inside]


def certificate(file):
    return x509.load_der_x509_certificate(signed_data(file)[3].inside)


def signature(file):
    return signed_data(file)[4].parts[0].parts[5].inside


def signed_at(file):
    attributes = signed_data(file)[4].parts[0].parts[3]
    return moment("20" + attribute(attributes, SIGNING_TIME).decode().removesuffix("Z"))


def moment(digits):
    return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def attribute(attributes, kind):
    found = [one.parts for one in attributes.parts if one.parts[0].inside == kind]
    assert len(found) == 1
    return found[0][1].parts[0].inside


def believed(file):
    content, signer = b"".join(parts(file)), signed_data(file)[4].parts[0].parts
    attributes = signer[3]
    assert attribute(attributes, MESSAGE_DIGEST) == hashlib.sha256(content).digest()
    key, signs = certificate(file).public_key(), b"\x31" + attributes.raw[1:]
    key.verify(signature(file), signs, padding.PKCS1v15(), SHA256())
    return content


def told(content):
    root = ElementTree.fromstring(content)
    space, name = root.tag[1:].split("}")
    return {"space": space, "name": name} | root.attrib | {"inside": [plain(one) for one in root]}


def plain(element):
    name = element.tag.split("}")[1]
    return {"name": name} | element.attrib | {"inside": [plain(one) for one in element]}


def named(day, name):
    return [one for one in day["inside"] if one["name"] == name]


def bani(text):
    lei, _, rest = text.partition(".")
    assert len(rest) == 2
    return int(lei) * 100 + int(rest)


# the devices that write them


def filled(folder, zs, *options):
    """A state file with a past."""
    file = folder / "printer.db"
    assert history.main(["--state", str(file), "--zs", zs, *options]) == 0
    return file


def stick(state, into, *options):
    """What the menu "monthly ANAF" writes."""
    assert anaf_stick.main(["--state", str(state), "--into", str(into), *options]) == 0
    return {path.name: path.read_bytes() for path in into.iterdir() if path.is_file()}


def day_name(z):
    return f"{NUI}_Z{z:04d}.p7b"
