"""The electronic journal: 119 of the printers, 124, 125 of the registers, C3 by rows of Daisy.

119  R,#F,12[,13]   first text line of the documents of that kind, P,text; F where there is none
     R,#F,*5,1[,3]  of the first three documents of Z 5, each with *, behind it
     N              the next line of them
     W,12           structured lines U, D and *, of document 12; w the next
     I              P,size,used,first Z,last Z,first document,last document
124  D,0,d,d        P,first,last: the documents from day to day (DDMMYY), F where there is none
     Z,0,5,6        the same from Z to Z;   I  the device's own numbers, from the tenth field on
125  0,12,0         P,number,when,kind,Z or F;   1  the next text line, P,text, then F
C3   R1,12,13,A     rows: D, then T for each line, then the end row; R2 by Z, R3 by date (DDMMYY),
                    R11 to R13 only Z reports, R21 to R23 only fiscal receipts
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime

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
SLIP_MAX = 9_999_999
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
    if (
        said := re.fullmatch(r"R,#([A-Z]),\*(\d+),(\d+)(?:,(\d+))?", asked.text, re.ASCII)
    ) is not None:
        return of_z(asked, said)
    if asked.text == "I":
        return info(asked)
    said = re.fullmatch(r"W,(\d+)", asked.text, re.ASCII)
    if said is None:
        raise No(SYNTAX)
    found = documents(asked, int(said[1]), int(said[1]))
    lines = [line for document in found for line in structured(document)]
    return first_of(asked, lines)


def of_z(asked: Asked, said: re.Match[str]) -> Done:
    """R,#A,*5,1,3: documents are counted from 1 in each Z"""
    first, last = int(said[3]), int(said[4] or said[3])
    of_day = [one for one in everything(asked) if one.z == int(said[2])]
    lines: list[str] = []
    for document in of_day[first - 1 : last]:
        if said[1] in ("A", TEXT_KINDS[document.kind]):
            lines += [*(f"P,{line}" for line in document.text), "*,"]
    return first_of(asked, lines)


def info(asked: Asked) -> Done:
    """119 I"""
    held = everything(asked)
    ends = (held[0].z, held[-1].z, held[0].slip, held[-1].slip) if held else (0, 0, 0, 0)
    return Done(",".join(["P", "2147483648", "4096", *map(str, ends)]))


def find(asked: Asked) -> Done:
    """124"""
    if asked.text == "I":
        held = everything(asked)
        ends = (held[0].z, held[-1].z, held[0].slip, held[-1].slip) if held else (0, 0, 0, 0)
        told = f"P,1,1,{asked.memory.serial},1,26.01.2018 10:25:00,AC536E00"
        return Done(",".join([told, *map(str, ends), "4000", "1"]))
    said = re.fullmatch(r"([DZ]),0,(\d{1,6}),(\d{1,6})", asked.text, re.ASCII)
    if said is None:
        raise No(SYNTAX)
    found = between(asked, 3 if said[1] == "D" else 2, said[2], said[3])
    return Done(f"P,{found[0].slip},{found[-1].slip}" if found else "F")


def between(asked: Asked, by: int, first: str, last: str) -> list[Document]:
    """By number (1), by Z (2), by date (3)."""
    if by == 1:
        return documents(asked, int(first), int(last))
    if by == 2:
        return [one for one in everything(asked) if int(first) <= one.z <= int(last)]
    begin, end = day(first), day(last)
    return [one for one in everything(asked) if begin <= one.at.date() <= end]


def day(text: str) -> date:
    try:
        return datetime.strptime(text, "%d%m%y").date()  # noqa: DTZ007
    except ValueError as error:
        raise No(SYNTAX) from error


def everything(asked: Asked) -> list[Document]:
    return asked.documents(1, SLIP_MAX)


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
    """C3: all documents (R1), Z reports (R11), fiscal receipts (R21); never without A: it prints"""
    said = re.fullmatch(r"R([12]?)([123]),(\d+),(\d+),[1A]", asked.text, re.ASCII)
    if said is None:
        raise No(SYNTAX)
    rows: list[str] = []
    for document in between(asked, int(said[2]), said[3], said[4]):
        kind = ROW_KINDS.get(document.kind, 0x08)
        if (said[1] == "2" and kind != ROW_KINDS["receipt"]) or (
            said[1] == "1" and document.kind != "z"
        ):
            continue
        at = document.at.strftime("%d.%m.%Y %H:%M:%S")
        rows.append(f"D\t{document.slip:07d}\t{at}\t{kind}\t0\t1\t1\t\t000000")
        rows += [f"T\tN R {line}" for line in document.text]
    return Done(rows=(*rows, "E"))


def documents(asked: Asked, first: int, last: int) -> list[Document]:
    return asked.documents(first, last)


def first_of(asked: Asked, lines: list[str]) -> Done:
    return following(replace(asked, reading=Reading(tuple(lines))))


def following(asked: Asked) -> Done:
    lines = asked.reading.lines
    return Done(lines[0] if lines else "F", reading=Reading(lines[1:]))
