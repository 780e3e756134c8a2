"""One dropped file, put together line by line: a receipt, a slip, or one other command.

    sell, adjust, subtotal, pay, text, customer  -->  print_receipt
    text alone                                   -->  non_fiscal_receipt
    other                                        -->  z_report, x_report, cash_in ...

What contradicts itself is refused as soon as it is seen, with the line where it stands.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.commands import KINDS
from agent.folder.words import NotUnderstood, positive
from agent.payload_fields import TEXTS_MAX
from agent.payloads import (
    LINES_MAX,
    PAYMENTS_MAX,
    AdjustmentPayload,
    LinePayload,
    Payload,
    PaymentPayload,
    ReceiptPayload,
    SlipPayload,
    fold_tax_id,
    to_receipt,
)
from drivers.model import AdjustmentKind, PaymentKind

CASH = ("cash_in", "cash_out")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a file asks for, in our own words."""

    kind: str
    payload: Payload
    places: Mapping[str, str] = field(default_factory=dict)  # of a path in the payload: its line

    def at(self, path: str) -> str:
        """Say on which line of the file a path of the payload stands; "" where it is of the whole.

        What has no line of its own stands where that stands which holds it.
        """
        while path and path not in self.places:
            path = re.sub(r"[.\[][^.\[]*$|^[^.\[]*$", "", path)
        return self.places.get(path, "")


class Draft:
    """What was read of a file so far. `at` is where a line stands."""

    def __init__(self) -> None:
        self._lines: list[LinePayload] = []
        self._payments: list[tuple[str, PaymentKind, int | None]] = []
        self._above: list[str] = []
        self._below: list[str] = []
        self._customer = ""
        self._adjustment: AdjustmentPayload | None = None
        self._on_subtotal = False
        self.is_slip = False  # said to be no sale: texts only
        self._other: Asked | None = None
        self._last = ""
        self._places: dict[str, str] = {}

    def sell(self, at: str, line: LinePayload) -> None:
        self._before_payment(at)
        if self._adjustment:
            raise NotUnderstood(at, "LINE_OUT_OF_PLACE", "a sale after a discount on the subtotal")
        self._room(at, len(self._lines), LINES_MAX)
        self._on_subtotal = False
        self._places |= {f"lines[{len(self._lines)}]": at, "lines": at}
        self._lines.append(line)

    def adjust(self, at: str, kind: AdjustmentKind, value: int) -> None:
        """Take off or add: of the sale above, or of the subtotal above."""
        self._before_payment(at)
        adjustment = AdjustmentPayload(kind=kind, value=positive(at, value))
        if not self._lines:
            raise NotUnderstood(at, "LINE_OUT_OF_PLACE", "there is no sale above it")
        if self._adjustment or (not self._on_subtotal and self._lines[-1].adjustment):
            raise NotUnderstood(at, "TWO_ADJUSTMENTS", "it has a discount or a surcharge already")
        if self._on_subtotal:
            self._places["adjustment"] = at
            self._adjustment = adjustment
        else:
            self._places[f"lines[{len(self._lines) - 1}].adjustment"] = at
            self._lines[-1] = self._lines[-1].model_copy(update={"adjustment": adjustment})

    def subtotal(self, at: str) -> None:
        self._before_payment(at)
        self._on_subtotal = True

    def pay(self, at: str, kind: PaymentKind, amount: int | None) -> None:
        """`amount` None: all that is left."""
        self._only_sale(at)
        if self._payments and self._payments[-1][2] is None:
            raise NotUnderstood(at, "PAYMENTS_EXCEED_TOTAL", "nothing is left to pay")
        self._room(at, len(self._payments), PAYMENTS_MAX)
        self._places |= {f"payments[{len(self._payments)}]": at, "payments": at}
        self._payments.append((at, kind, amount))

    def text(self, at: str, text: str) -> None:
        """Before the first sale it is printed above the sales, later below them."""
        self._only_sale(at)
        place = self._below if self._lines else self._above
        self._room(at, len(place), TEXTS_MAX)
        where = "texts_below" if self._lines else "texts_above"
        self._places |= {f"{where}[{len(place)}]": at, where: at}
        place.append(text)

    def customer(self, at: str, tax_id: str) -> None:
        self._only_sale(at)
        if self._customer:
            raise NotUnderstood(at, "LINE_OUT_OF_PLACE", "a second customer")
        self._places["customer_tax_id"] = at
        self._customer = fold_tax_id(tax_id)

    def slip(self, at: str) -> None:
        """Say that it is no sale."""
        self._only_sale(at)
        self.is_slip = True

    def other(self, at: str, kind: str, payload: Payload | None = None) -> None:
        self._last = at
        if kind in CASH and (self._above or self._below):
            raise NotUnderstood(at, "TEXT_WITH_CASH", "a text beside cash in or out")
        if self._other or self._lines or self._above or self._payments or self._customer:
            raise NotUnderstood(at, "MORE_THAN_ONE_COMMAND", "one file is one command")
        self._other = Asked(kind, payload or KINDS[kind].payload(), {"amount": at})

    @property
    def is_cash(self) -> bool:
        return self._other is not None and self._other.kind in CASH

    def finish(self) -> Asked:
        """Say what was asked.

        Raises:
            NotUnderstood: nothing, or half of it.
        """
        if self._other:
            return self._other
        if self._lines and not self.is_slip:
            return Asked("print_receipt", self._receipt(), self._places)
        if self._payments or self._customer or self._lines:
            raise NotUnderstood(self._last, "NOTHING_SOLD", "nothing is sold")
        if not self._above:
            raise NotUnderstood("", "FILE_EMPTY", "nothing is asked")
        places = {path.replace("texts_above", "texts"): at for path, at in self._places.items()}
        return Asked("non_fiscal_receipt", SlipPayload(texts=self._above), places)

    def _receipt(self) -> ReceiptPayload:
        if not self._payments:
            raise NotUnderstood(self._last, "PAYMENT_MISSING", "no line says how it is paid")
        draft = ReceiptPayload(
            lines=self._lines,
            payments=[PaymentPayload(kind=PaymentKind.CASH, amount=1)],
            adjustment=self._adjustment,
            customer_tax_id=self._customer,
            texts_above=self._above,
            texts_below=self._below,
        )
        left = int(to_receipt(draft, "").total)
        payments = []
        for at, kind, asked in self._payments:
            amount = left if asked is None else asked
            if amount <= 0:
                raise NotUnderstood(at, "PAYMENTS_EXCEED_TOTAL", "nothing is left to pay")
            payments.append(PaymentPayload(kind=kind, amount=amount))
            left -= amount
        return draft.model_copy(update={"payments": payments})

    def _before_payment(self, at: str) -> None:
        self._only_sale(at)
        if self._payments:
            raise NotUnderstood(at, "LINE_OUT_OF_PLACE", "it stands after a payment")

    def _only_sale(self, at: str) -> None:
        self._last = at
        if self._other:
            raise NotUnderstood(at, "MORE_THAN_ONE_COMMAND", "one file is one command")

    def _room(self, at: str, count: int, count_max: int) -> None:
        if count >= count_max:
            raise NotUnderstood(at, "TOO_MANY_LINES", f"{count_max} at most")
