"""Parameters of an X command: TAB after every one, also the last; and numbers as text.

    b"Paine\t1\t3.50\t2.000\t\t\t1\tBUC\t"   ->   eight fields, counted from 1
    field nn has the wrong shape   -> Refusal(-1121nn)
    field nn has a value not allowed -> Refusal(-1122nn)
    no TAB at the end, too many or too few fields -> Refusal(-112001)

Amounts go from text to whole bani by their digits and never through a float.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

CODE_PAGE = "cp1250"
SYNTAX = -112001
_NUMBER = re.compile(r"(-?)(\d{1,9})(?:\.(\d+))?", re.ASCII)


class Refusal(Exception):
    """The device refuses a command: its negative code is the whole answer."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


def bad_syntax(position: int) -> Refusal:
    return Refusal(-112100 - position)


def bad_value(position: int) -> Refusal:
    return Refusal(-112200 - position)


@dataclass(frozen=True, slots=True)
class Fields:
    values: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.values)

    def text(self, position: int) -> str:
        return self.values[position - 1] if position <= len(self.values) else ""

    def expect(self, fewest: int, most: int) -> None:
        if not fewest <= len(self.values) <= most:
            raise Refusal(SYNTAX)

    def words(self, position: int, most: int) -> str:
        """Text of at most so many characters."""
        text = self.text(position)
        if len(text) > most:
            raise bad_value(position)
        return text

    def integer(self, position: int, low: int, high: int, *, default: int | None = None) -> int:
        text = self.text(position)
        if not text and default is not None:
            return default
        if re.fullmatch(r"\d{1,9}", text, re.ASCII) is None:
            raise bad_syntax(position)
        if not low <= int(text) <= high:
            raise bad_value(position)
        return int(text)

    def decimal(self, position: int, decimals: int) -> int:
        """A signed decimal number, as an integer of its smallest unit."""
        shape = _NUMBER.fullmatch(self.text(position))
        if shape is None or len(shape[3] or "") > decimals:
            raise bad_syntax(position)
        value = int(shape[2] + (shape[3] or "").ljust(decimals, "0"))
        return -value if shape[1] else value


def parse(data: bytes) -> Fields:
    if not data:
        return Fields(())
    if not data.endswith(b"\t"):
        raise Refusal(SYNTAX)
    return Fields(tuple(data[:-1].decode(CODE_PAGE, "replace").split("\t")))


def join(values: tuple[object, ...]) -> bytes:
    return "".join(f"{value}\t" for value in values).encode(CODE_PAGE, "replace")


def money(value: int, *, decimals: int = 2, point: str = ".") -> str:
    """1250 -> 12.50"""
    sign, digits = ("-" if value < 0 else ""), str(abs(value)).rjust(decimals + 1, "0")
    return f"{sign}{digits[:-decimals]}{point}{digits[-decimals:]}"


def half_up(numerator: int, denominator: int) -> int:
    """numerator / denominator to the nearest integer; a half goes away from zero."""
    rounded = (2 * abs(numerator) + denominator) // (2 * denominator)
    return -rounded if numerator < 0 else rounded


def vat_inside(gross: int, rate: int) -> int:
    """The VAT contained in a gross sum; the rate in hundredths of a percent."""
    return 0 if rate >= 100_00 else half_up(gross * rate, 100_00 + rate)
