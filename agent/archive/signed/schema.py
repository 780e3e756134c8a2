"""A signed file held against its schema; the only door to `lxml`.

    Element --rebuilt in the right namespace--> libxml2's tree --a4203_rates_2018.xsd--> fits
                                                               --a4203_rates_2025.xsd--> warning
                                                               neither ----------------> findings

lxml never reads a stranger's bytes: safe_xml.py did, and its values are what is built here. So a
file with a wrong namespace (a finding of its own) is still held against the rest of the schema.
The schemas are reconstructed from a description: see schemas/README.md.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import dropwhile, takewhile
from pathlib import Path

from lxml import etree

from agent.archive.signed.safe_xml import Element
from agent.archive.sorts import Finding

FOLDER = Path(__file__).parent / "schemas"
REGISTER = "a4200.xsd"
DAY_2018 = "a4203_rates_2018.xsd"  # as published
DAY_2025 = "a4203_rates_2025.xsd"  # with 21 and 11
PART_MAX = 500  # receipts at a time
RATES_MAX = 20  # of one receipt
INSIDE_MAX = 1_200  # of anything else: a day can have 999 breakdowns
TOLD_MAX = 20
SENTENCE_MAX = 200


def findings_of(root: Element, namespace: str) -> list[Finding]:
    """Say where a register or a day does not fit its schema."""
    if wide := _too_wide(root):
        return [Finding("SCHEMA_INVALID", wide, "it holds more than any device writes")]
    try:
        return _held_against(root, namespace)
    except (ValueError, etree.LxmlError) as error:  # a letter that libxml2 does not take
        sentence = f"it cannot be held against it: {error}"
        return [Finding("SCHEMA_UNCHECKED", root.name, sentence)]


def _held_against(root: Element, namespace: str) -> list[Finding]:
    old = True
    for offset, part in _parts(root):
        tree = _built(part, namespace)
        if root.name == "mReg":
            return _against(REGISTER, tree, namespace, offset)
        if old and not _against(DAY_2018, tree, namespace, offset):
            continue
        old = False
        if found := _against(DAY_2025, tree, namespace, offset):
            return found
    if old:
        return []
    sentence = "its VAT rates are not in the schema as published, a validator of 2018 refuses it"
    return [Finding("RATES_NOT_IN_OLD_SCHEMA", "coteZ", sentence)]


def _too_wide(root: Element) -> str:
    """Name what holds more than any device writes. Receipts are not counted, they are cut."""
    rest = [*dropwhile(_is_receipt, root.children)]
    if len(rest) > INSIDE_MAX:
        return root.name
    waiting = [*root.children]
    while waiting:
        element = waiting.pop()
        if len(element.children) > (RATES_MAX if _is_receipt(element) else INSIDE_MAX):
            return element.name
        waiting += element.children
    return ""


def _parts(root: Element) -> Iterator[tuple[int, Element]]:
    """The day again and again, each time with other receipts and with all that follows them.

    libxml2 counts the siblings before each error that it tells, so a long row of bad receipts
    would take minutes.
    """
    receipts = [*takewhile(_is_receipt, root.children)]
    rest = root.children[len(receipts) :]
    for at in range(0, len(receipts) or 1, PART_MAX):
        yield at, replace(root, children=(*receipts[at : at + PART_MAX], *rest))


def _is_receipt(element: Element) -> bool:
    return element.name == "bon"


def _against(name: str, tree: etree._Element, namespace: str, offset: int) -> list[Finding]:
    schema = etree.XMLSchema(file=str(FOLDER / name))  # one for each use: it keeps its last errors
    if schema.validate(tree):
        return []
    errors = list(schema.error_log)
    found = [
        Finding("SCHEMA_INVALID", _place(error.path, offset), _sentence(error.message, namespace))
        for error in errors[:TOLD_MAX]
    ]
    if len(errors) > TOLD_MAX:
        sentence = "more places do not fit the schema"
        found.append(Finding("SCHEMA_INVALID", tree.tag.rpartition("}")[2], sentence))
    return found


def _built(element: Element, namespace: str) -> etree._Element:
    """The tree again, every element in the namespace in which it should have been."""
    root = etree.Element(f"{{{namespace}}}{element.name}", element.attributes)
    waiting = [(element, root)]
    while waiting:
        ours, theirs = waiting.pop()
        theirs.text = "text" if ours.text else None
        for child in ours.children:
            made = etree.SubElement(theirs, f"{{{namespace}}}{child.name}", child.attributes)
            waiting.append((child, made))
    return root


def _place(path: str | None, offset: int) -> str:
    """`/ns0:msj/ns0:bon[2]` of the part after 500 receipts is `/msj/bon[502]`."""
    plain = (path or "/").replace("ns0:", "")  # the prefix that lxml made up
    return re.sub(r"^/msj/bon\[(\d+)\]", lambda found: f"/msj/bon[{int(found[1]) + offset}]", plain)


def _sentence(text: str, namespace: str) -> str:
    return " ".join(text.replace(f"{{{namespace}}}", "").split())[:SENTENCE_MAX]
