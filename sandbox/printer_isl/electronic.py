"""The electronic journal: 119 of the printers, 125 of the registers, C3 row by row of Daisy.

119  R,#F,12[,13]   first text line of the documents of that kind, P,text; F where there is none
     N              the next line of them
     W,12           structured lines U, D and *, of document 12; w the next
125  0,12,0         P,number,when,kind,Z or F;   1  the next text line, P,text, then F
C3   R1,12,13,A     rows: D, then T for each line, then the end row
"""

from __future__ import annotations

import re
from dataclasses import replace

from sandbox.printer.memory import Document
from sandbox.printer_isl.asked import SYNTAX, Asked, Done, No, Reading

TEXT_KINDS = {
    "receipt": "F",
    "cancelled": "C",
    "nonfiscal": "N",
    "duplicate": "N",
    "cash_in": "I",
    "cash_out": "O",
    "x": "X",
    "z": "Z",
}
NUMBERED_KINDS = {  # the list has none for a cancelled receipt: its text says it
    "receipt": 1,
    "cancelled": 1,
    "z": 2,
    "cash_in": 3,
    "cash_out": 4,
    "x": 5,
    "nonfiscal": 6,
    "duplicate": 6,
}
ROW_KINDS = {  # DocDesc: 40h fiscal, low bits the kind
    "receipt": 0x41,
    "cancelled": 0x41,
    "z": 0x43,
    "x": 0x02,
    "duplicate": 0x0C,
}
LONG, SHORT = "%d-%m-%Y %H:%M:%S", "%d-%m-%y %H:%M:%S"


def by_text(asked: Asked) -> Done:
    """119"""
    if asked.text in ("N", "w"):
        return following(asked)
    said = re.fullmatch(r"R,#([A-Z]),(\d+)(?:,(\d+))?", asked.text, re.ASCII)
    if said is not None:
        first, last = int(said[2]), int(said[3] or said[2])
        lines = [
            f"P,{line}"
            for document in documents(asked, first, last)
            if said[1] in ("A", TEXT_KINDS[document.kind])
            for line in document.text
        ]
        return first_of(asked, lines)
    said = re.fullmatch(r"W,(\d+)", asked.text, re.ASCII)
    if said is None:
        raise No(SYNTAX)
    found = documents(asked, int(said[1]), int(said[1]))
    lines = [line for document in found for line in structured(document)]
    return first_of(asked, lines)


def structured(document: Document) -> list[str]:
    kind = {"receipt": 0, "cancelled": 4}.get(document.kind)
    if kind is None:
        return ["*,"]
    at = document.at.strftime(LONG)
    return [f"U,,1,1,{kind},{document.slip:07d}", f"D,{at},{at}", "*,"]


def by_number(asked: Asked) -> Done:
    """125"""
    if asked.text == "1":
        return following(asked)
    said = re.fullmatch(r"0,(\d+),0", asked.text, re.ASCII)
    if said is None:
        raise No(SYNTAX)
    for document in documents(asked, int(said[1]), int(said[1])):
        at, kind = document.at.strftime(SHORT), NUMBERED_KINDS[document.kind]
        told = f"P,{document.slip},{at},{kind},{document.z}"
        lines = tuple(f"P,{line}" for line in document.text)
        return Done(told, reading=Reading(lines))
    return Done("F", reading=Reading())


def by_rows(asked: Asked) -> Done:
    """C3: all documents by number (1) or the fiscal ones (21)"""
    said = re.fullmatch(r"R(1|21),(\d+),(\d+),[1A]", asked.text, re.ASCII)
    if said is None:
        raise No(SYNTAX)
    rows: list[str] = []
    for document in documents(asked, int(said[2]), int(said[3])):
        kind = ROW_KINDS.get(document.kind, 0x08)
        if said[1] == "21" and not kind & 0x40:
            continue
        at = document.at.strftime("%d.%m.%Y %H:%M:%S")
        rows.append(f"D\t{document.slip:07d}\t{at}\t{kind}\t0\t1\t1\t\t000000")
        rows += [f"T\tN R {line}" for line in document.text]
    return Done(rows=(*rows, "E"))


def documents(asked: Asked, first: int, last: int) -> list[Document]:
    return [document for document in asked.documents() if first <= document.slip <= last]


def first_of(asked: Asked, lines: list[str]) -> Done:
    return following(replace(asked, reading=Reading(tuple(lines))))


def following(asked: Asked) -> Done:
    lines = asked.reading.lines
    return Done(lines[0] if lines else "F", reading=Reading(lines[1:]))
