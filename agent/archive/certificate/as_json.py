"""The certificate as JSON, with the SHA-256 of what it says, so that anybody can check it.

    {"version": 1, "sha256": "9f86...", "certificate": {"day": ..., "owners": [...], ...}}

The hash is of `certificate` alone, written without spaces, keys sorted, UTF-8. It shows a change,
not who made it: nothing is signed here. Money is whole bani, rates are hundredths of a percent. The
schema is told in docs/certificate.md; another meaning is another version.
"""

import json
from dataclasses import asdict
from datetime import date
from hashlib import sha256
from typing import Any

from agent.archive.certificate.certificate import Certificate
from agent.archive.certificate.words import Weight

VERSION = 1


def as_json(certificate: Certificate) -> str:
    """Write it whole, a line for each part of the envelope."""
    content = content_of(certificate)
    return (
        f'{{"version":{VERSION},\n"sha256":"{digest_of(certificate)}",\n'
        f'"certificate":{_canonical(content)}}}\n'
    )


def content_of(certificate: Certificate) -> dict[str, Any]:
    """The certificate as JSON has it; what is no text in a stranger's file becomes a "?"."""
    text = json.dumps(asdict(certificate), default=_plain, ensure_ascii=False)
    content: dict[str, Any] = json.loads(text.encode("utf-8", "replace"))
    return content


def digest_of(certificate: Certificate) -> str:
    return _digest(content_of(certificate))


def checked(text: str) -> dict[str, Any] | None:
    """Return what a certificate says; None where it is not what was written."""
    try:
        told = json.loads(text)
        content, digest = told["certificate"], told["sha256"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    whole = told.get("version") == VERSION and isinstance(content, dict)
    return content if whole and _digest(content) == digest else None


def changes_of(owner: dict[str, Any]) -> list[str]:
    """What is told of a device when it changes: its verdict, and where what is wrong begins.

    One more Z in a row of missing ones is not news, nor is the next file that will vanish.
    """
    wrong = [each for each in owner["remarks"] if each["weight"] != Weight.NOTE]
    return [owner["verdict"], *sorted({_begins(each) for each in wrong})]


def _begins(remark: dict[str, Any]) -> str:
    named = "" if remark["code"] == "P7B_VANISHES_SOON" else remark["place"].split("-")[0]
    return f"{remark['code']} {remark['weight']} {named}".rstrip()


def _digest(content: dict[str, Any]) -> str:
    return sha256(_canonical(content).encode()).hexdigest()


def _canonical(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} has no form in JSON")
