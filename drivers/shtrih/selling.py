"""What a receipt of a Shtrih-M says before it is paid: 8D, lines 80 84, amounts 86 87 8A 8B, 17.

    8D -> 37            there is no 8D: an older device, whose first sale opens a receipt
    80 -> 55            no receipt is open, and a sale opens none: a device with 8D

Nothing that only reads tells which of the two a device is; `FC` and `11` are the same. So each says
it of itself, with the name of the other dialect, when the first receipt is begun.
"""

from collections import Counter
from typing import NoReturn

from drivers.errors import Refused
from drivers.faults import Fault
from drivers.je import REFERENCE
from drivers.model import Adjustment, Bani, Line, Receipt, VatRate
from drivers.shtrih.dialects import Dialect
from drivers.shtrih.fields import (
    COLUMNS,
    NAME_MAX,
    adjustment_fields,
    adjustment_text,
    by_group,
    sale_fields,
    shares,
    text_field,
)
from drivers.shtrih.talk import ShtrihTalk
from protocol.fields import decimal_text
from protocol.text import ASCII, wrapped

TEXT, SALE, VOID, DISCOUNT, SURCHARGE, OPEN = 0x17, 0x80, 0x84, 0x86, 0x87, 0x8D
UNDO_DISCOUNT, UNDO_SURCHARGE = 0x8A, 0x8B
TO_RECEIPT = bytes([2])  # flag of 17: the receipt's tape
SALE_TYPE = bytes([0])


class ShtrihSelling:
    """Opens receipts and prints what is on them."""

    def __init__(self, talk: ShtrihTalk, dialect: Dialect) -> None:
        self._talk = talk
        self._dialect = dialect

    def open(self) -> None:
        """Raises Refused: also where the device has no such command."""
        try:
            self._talk.do(OPEN, SALE_TYPE)
        except Refused as error:
            if error.fault is not Fault.UNKNOWN_COMMAND or not self._dialect.otherwise:
                raise
            self._other_dialect(OPEN, error)

    def sell(self, receipt: Receipt, groups: dict[VatRate, int]) -> None:
        self.texts(receipt.texts_above)
        sold: Counter[int] = Counter()  # by group
        for line in receipt.lines:
            group = groups[line.vat_rate]
            self._line(line, group, sold[group])
            sold[group] += line.total
        if receipt.adjustment:
            sums = by_group(receipt, groups)
            before = Bani(sum(sums.values()))
            self.print(f"SUBTOTAL {decimal_text(before, 2)}")
            for group, share in shares(receipt.adjustment.of(before), sums).items():
                self._adjust(receipt.adjustment, abs(share), group)
        self.texts(receipt.texts_below)
        self.print(f"{REFERENCE}{receipt.reference}")

    def texts(self, texts: tuple[str, ...]) -> None:
        for text in texts:
            for piece in wrapped(text, COLUMNS, ASCII):
                self.print(piece or " ")

    def print(self, text: str) -> None:
        self._talk.do(TEXT, TO_RECEIPT + text_field(text))

    def _line(self, line: Line, group: int, sold: int) -> None:
        """A void goes before what undoes its discount, which then stands beside its own article.

        The other way round where the group's sum would fall below zero in between.
        """
        name, *more = wrapped(line.name, NAME_MAX, ASCII)
        fields = sale_fields(line, name, group)
        undo_first = line.is_void and sold < line.gross
        if undo_first:
            self._change(line, group)
        self._sale(VOID if line.is_void else SALE, fields)
        if not undo_first:
            self._change(line, group)
        self.texts(tuple(more))

    def _change(self, line: Line, group: int) -> None:
        """A line's discount or surcharge, or of a void line what undoes it."""
        if (change := line.adjustment) and (size := abs(change.of(line.gross))):
            self._adjust(change, size, group, undo=line.is_void)

    def _sale(self, command: int, fields: bytes) -> None:
        try:
            self._talk.do(command, fields)
        except Refused as error:
            opens = command == SALE and not self._dialect.opens
            if not opens or error.fault is not Fault.NO_RECEIPT_OPEN:
                raise
            self._other_dialect(command, error)

    def _adjust(self, change: Adjustment, size: int, group: int, *, undo: bool = False) -> None:
        taken_off = change.kind.startswith("discount")
        if undo:
            command = UNDO_DISCOUNT if taken_off else UNDO_SURCHARGE
        else:
            command = DISCOUNT if taken_off else SURCHARGE
        self._talk.do(command, adjustment_fields(size, group, adjustment_text(change)))

    def _other_dialect(self, command: int, error: Refused) -> NoReturn:
        """What no second try cures; the sentence names what does."""
        other = self._dialect.otherwise
        doing = f'{command:02X} opens no receipt here, it looks like dialect = "{other}"'
        code = error.device_code
        raise Refused(Fault.UNKNOWN_COMMAND, device_code=code, doing=doing) from error
