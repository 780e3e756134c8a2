"""What a command function gets and gives: `Asked` -> `Done`, or `No` raised with an error code.

    def cut(asked: Asked) -> Done: ...

Data come behind the password, which the device has taken off; numbers are little-endian. What is
told stands behind the result and, where the command answers with it, the operator's number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sandbox.printer.memory import OPERATORS, Document, Memory, padded
from sandbox.printer.paper import Settings
from sandbox.printer.texts import ended

# error codes, English manual
NO_MONEY, BAD_PARAMETERS, NO_DATA, NOT_SUPPORTED = 0x46, 0x33, 0x34, 0x37
LESS_THAN_TOTAL, RECEIPT_IS_OPEN, CASHLESS_ABOVE, OVER_24H, WRONG_PASSWORD = (
    0x45,
    0x4A,
    0x4D,
    0x4E,
    0x4F,
)
STILL_PRINTING, RECEIPT_IS_CLOSED, NOTHING_TO_REPEAT, WAITS_FOR_B0 = 0x50, 0x55, 0x56, 0x58
TOO_MUCH_TAKEN_BACK, OVER_DISCOUNT, NO_TABLE, NOT_WRITABLE = 0x2D, 0x5A, 0x5D, 0x7A
NO_PAPER, FRAME_LENGTH, ZERO_RECEIPT, BUFFER_FULL, OVERFLOW = 0x6B, 0x7E, 0x8E, 0x4B, 0x48
FM_FULL, DATE_BEFORE_RECORD, DAY_IS_OPEN, WRONG_DATE = 0x70, 0x13, 0x15, 0x7C
CONFIRM_DATE, JE_OVERFLOW, JE_NO_DATA, WRONG_MODE = 0xC0, 0xA7, 0xA9, 0x73
ADMINISTRATOR, SYSTEM = 29, 30
TEXT = 40


class No(Exception):
    """The device refuses a command."""

    def __init__(self, code: int) -> None:
        super().__init__(f"{code:02X}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Asked:
    data: bytes
    operator: int
    memory: Memory
    settings: Settings
    now: datetime
    documents: Callable[[], list[Document]]
    opens_by_sale: bool = False

    def parts(self, *widths: int) -> list[bytes]:
        """The data cut into fields that must fill it."""
        if len(self.data) != sum(widths):
            raise No(FRAME_LENGTH)
        found, at = [], 0
        for width in widths:
            found.append(self.data[at : at + width])
            at += width
        return found


@dataclass(frozen=True, slots=True)
class Done:
    """`told` comes behind result and operator; `bare`: the operator is not told."""

    told: bytes = b""
    memory: Memory | None = None
    documents: tuple[Document, ...] = ()
    bare: bool = False
    lines: tuple[str, ...] | None = None  # for B3 to give out


Command = Callable[[Asked], Done]


def number(raw: bytes) -> int:
    return int.from_bytes(raw, "little")


def le(value: int, width: int) -> bytes:
    return value.to_bytes(width, "little")


def words(raw: bytes) -> str:
    """Signs below 20 are not shown."""
    return "".join(sign for sign in raw.decode("cp1251", "replace") if sign >= " ").rstrip()


def written_text(text: str, width: int = TEXT) -> bytes:
    return text.encode("cp1251", "replace")[:width].ljust(width, b"\0")


def operator_of(memory: Memory, settings: Settings, password: int) -> int:
    """Whose password it is: his own, or before he has one his number; 30 also has the shop's."""
    own = padded(memory.operator_passwords, OPERATORS)
    for index in range(1, OPERATORS + 1):
        kept = own[index - 1]
        if password == (int(kept) if kept else index):
            return index
    if settings.password.isdecimal() and password == int(settings.password):
        return 1
    raise No(WRONG_PASSWORD)


def need_no_receipt(memory: Memory) -> None:
    if memory.receipt:
        raise No(RECEIPT_IS_OPEN)


def need_clock(memory: Memory, now: datetime) -> None:
    if now < memory.last_record_at:
        raise No(DATE_BEFORE_RECORD)


def lines_ended(asked: Asked) -> tuple[Memory, tuple[Document, ...]]:
    """Free lines that were printed become a slip as soon as something else begins."""
    if not asked.memory.text:
        return asked.memory, ()
    memory, document = ended(asked.memory, asked.settings, asked.memory.text, asked.now)
    return memory, (document,)
