"""How an archive is hurt, for tests: in the device's state file, or on the stick it writes.

    KIND=WHAT     missing-z=412   missing-receipt=412.3   changed-byte=413

    state  missing-z=Z          the fiscal memory has no such record
           duplicate-z=Z        it tells that record twice
           changed-z=Z          its first group is one leu more
           missing-document=N   the electronic journal has no document of that slip number
           missing-receipt=Z.N  nor receipt N of that Z
    files  missing-day=Z        no file of that Z
           duplicate-day=Z      a second one, made a minute later, as <NUI>_Z0412_1.p7b
           changed-byte=Z       a digit of totB is not the one that was signed
           bad-signature=Z      the last byte of the signature is another
           truncated=Z          the second half of the file is not there
           foreign-nui=Z        the day of another device, in its name, by our signature
           missing-bon=Z.N      receipt N is left out, the sums are as they were; signed so
           missing-register     no Perioada_raportare.p7b
           foreign-files        what else people have on a stick

What is not there cannot be hurt: a ValueError says so.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sandbox.printer.anaf_days import file_name

FOREIGN_NUI = "6000005678"
STATE = ("missing-z", "duplicate-z", "changed-z", "missing-document", "missing-receipt")
FILES = (
    "missing-day",
    "duplicate-day",
    "changed-byte",
    "bad-signature",
    "truncated",
    "foreign-nui",
    "missing-bon",
    "missing-register",
    "foreign-files",
)
BARE = ("missing-register", "foreign-files")
PAIRS = ("missing-receipt", "missing-bon")
FOREIGN_FILES = {
    "IMG_2031.JPG": b"\xff\xd8\xff\xe0 no picture",
    "Fi\u0219iere vechi/contract v\u00e2nzare (1).txt": "p\u00e2n\u0103 m\u00e2ine\n".encode(),
    "5000001234_Z0001.p7b": b"-----BEGIN PKCS7-----\n",
    "factura.p7b": b"",
}


@dataclass(frozen=True, slots=True)
class Spoil:
    kind: str
    number: int = 0
    second: int = 0


@dataclass(frozen=True, slots=True)
class Leaf:
    """A file that is to be signed and written."""

    name: str
    z: int  # 0: the register
    at: datetime
    content: bytes
    shown: bytes | None = None  # what stands in it instead
    bad_signature: bool = False
    truncated: bool = False


def spoil(text: str, kinds: tuple[str, ...]) -> Spoil:
    kind, _, what = text.partition("=")
    if kind not in kinds:
        raise ValueError(f"{text!r}: the kinds are {', '.join(kinds)}")
    form = "" if kind in BARE else r"(\d+)\.(\d+)" if kind in PAIRS else r"(\d+)"
    shape = re.fullmatch(form, what, re.ASCII)
    if shape is None:
        wanted = "nothing" if kind in BARE else "=Z.N" if kind in PAIRS else "=NUMBER"
        raise ValueError(f"{text!r}: {kind} takes {wanted}")
    return Spoil(kind, *(int(part) for part in shape.groups()))


STATEMENTS = {
    "missing-z": "DELETE FROM z_record WHERE number = ?",
    "duplicate-z": "INSERT INTO z_again SELECT number, record FROM z_record WHERE number = ?",
    "changed-z": "UPDATE z_record SET record = json_set(record, '$.by_group[0]', "
    "json_extract(record, '$.by_group[0]') + 100) WHERE number = ?",
    "missing-document": "DELETE FROM document WHERE slip = ?",
    "missing-receipt": "DELETE FROM document WHERE kind = 'receipt' AND z = ? AND number = ?",
}


def hurt_state(database: sqlite3.Connection, spoils: list[Spoil]) -> None:
    for one in spoils:
        statement = STATEMENTS[one.kind]
        values = (one.number, one.second)[: statement.count("?")]
        if database.execute(statement, values).rowcount != 1:
            raise ValueError(f"{one.kind}: there is no {'.'.join(map(str, values))}")


def hurt_files(leaves: list[Leaf], spoils: list[Spoil], nui: str) -> list[Leaf]:
    for one in spoils:
        if one.kind == "foreign-files":
            continue
        z = 0 if one.kind == "missing-register" else one.number
        if not any(leaf.z == z for leaf in leaves):
            raise ValueError(f"{one.kind}: there is no file of Z {z}" if z else "no register")
        change = CHANGES[one.kind]
        leaves = [
            after
            for leaf in leaves
            for after in (change(leaf, one, nui) if leaf.z == z else [leaf])
        ]
    return leaves


def _missing(leaf: Leaf, one: Spoil, nui: str) -> list[Leaf]:
    return []


def _duplicate(leaf: Leaf, one: Spoil, nui: str) -> list[Leaf]:
    at = leaf.at + timedelta(minutes=1)
    first, second = (
        f'{nui}{moment:%Y%m%d%H%M%S}{leaf.z:04d}"'.encode() for moment in (leaf.at, at)
    )
    name = leaf.name.replace(".p7b", "_1.p7b")
    return [leaf, replace(leaf, name=name, at=at, content=leaf.content.replace(first, second))]


def _changed(leaf: Leaf, one: Spoil, nui: str) -> list[Leaf]:
    def another(found: re.Match[bytes]) -> bytes:
        return found[1] + str(int(found[2]) % 9 + 1).encode()

    return [replace(leaf, shown=re.sub(rb'(<rB [^>]* totB=")(\d)', another, leaf.content))]


def _bad_signature(leaf: Leaf, one: Spoil, nui: str) -> list[Leaf]:
    return [replace(leaf, bad_signature=True)]


def _truncated(leaf: Leaf, one: Spoil, nui: str) -> list[Leaf]:
    return [replace(leaf, truncated=True)]


def _foreign(leaf: Leaf, one: Spoil, nui: str) -> list[Leaf]:
    content = leaf.content.replace(nui.encode(), FOREIGN_NUI.encode())
    return [replace(leaf, name=file_name(FOREIGN_NUI, leaf.z), content=content)]


def _missing_bon(leaf: Leaf, one: Spoil, nui: str) -> list[Leaf]:
    mark = rb'<bon idB="\d{28}%04d".*?</bon>' % one.second
    content, count = re.subn(mark, b"", leaf.content)
    if not count:
        raise ValueError(f"missing-bon: Z {leaf.z} has no receipt {one.second}")
    return [replace(leaf, content=content)]


CHANGES: dict[str, Callable[[Leaf, Spoil, str], list[Leaf]]] = {
    "missing-day": _missing,
    "missing-register": _missing,
    "duplicate-day": _duplicate,
    "changed-byte": _changed,
    "bad-signature": _bad_signature,
    "truncated": _truncated,
    "foreign-nui": _foreign,
    "missing-bon": _missing_bon,
}
