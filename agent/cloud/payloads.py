"""The payload of a command in the cloud's spelling, and the same in our words.

    {"items": [{"name", "quantity", "price", "vatRate", "discount"}],      ReceiptPayload: lines in
     "payments": [{"type" or "method", "amount"}], "customerCif"}    ->    bani and thousandths

Facts from the cloud's public pages [cloud_ebon.md 8, 14]; what they leave open is assumed.
"""

from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)
from pydantic_core import PydanticCustomError

from agent.commands import (
    KINDS,
    AdjustmentPayload,
    LinePayload,
    NoPayload,
    PaymentPayload,
    ReceiptPayload,
    fold_tax_id,
)
from drivers.model import AdjustmentKind, PaymentKind, Problem

SHOWN_MAX = 50
DIGITS_MAX = 15

# A number is taken as it was written or not at all; one with more digits is of no receipt.
_EXACT = Context(prec=DIGITS_MAX, traps=[Inexact, InvalidOperation])


def _decimal(value: object, places: int, code: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise PydanticCustomError("NOT_A_NUMBER", "must be a number")
    try:
        exact = Decimal(value).quantize(Decimal(1).scaleb(-places), context=_EXACT)
    except InvalidOperation:
        raise PydanticCustomError("NUMBER_TOO_LARGE", "is too large") from None
    except Inexact:
        problem = PydanticCustomError(code, "has more than {places} decimals", {"places": places})
        raise problem from None
    return int(exact.scaleb(places))


def _bani(value: object) -> int:
    return _decimal(value, 2, "AMOUNT_DECIMALS")


def _thousandths(value: object) -> int:
    return _decimal(value, 3, "QUANTITY_DECIMALS")


def _payment_kind(value: object) -> PaymentKind:
    text = value if isinstance(value, str) else ""
    try:
        return PaymentKind(text)
    except ValueError:
        raise PydanticCustomError(
            "PAYMENT_KIND_UNKNOWN", "{value} is not a way to pay", {"value": shown(text)}
        ) from None


def _encodable(text: str) -> str:
    """Half a surrogate pair is no text: it could not be written down."""
    text.encode()
    return text


Text = Annotated[str, AfterValidator(_encodable)]
BaniField = Annotated[int, BeforeValidator(_bani), Field(gt=0)]
QuantityField = Annotated[int, BeforeValidator(_thousandths), Field(gt=0)]
RateField = Annotated[int, BeforeValidator(_bani), Field(ge=0)]


class _Vendor(BaseModel):
    """Unknown fields are ignored: the cloud may add some at any time [cloud_ebon.md 1]."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Discount(_Vendor):
    type: Annotated[str, StringConstraints(pattern="^(percent|amount)$")]
    value: Annotated[int, BeforeValidator(_bani), Field(ge=0)]


def _discount(value: object) -> object:
    """A bare number is lei off the line (assumed: the pages do not say)."""
    return {"type": "amount", "value": value} if isinstance(value, int | Decimal) else value


class Item(_Vendor):
    name: Annotated[Text, StringConstraints(min_length=1)]
    quantity: QuantityField
    price: BaniField
    vat_rate: Annotated[RateField, Field(alias="vatRate")]
    department: Annotated[int | None, Field(ge=0, le=99)] = None
    unit: Text | None = None
    discount: Annotated[Discount | None, BeforeValidator(_discount)] = None


class VendorPayment(_Vendor):
    kind: Annotated[
        PaymentKind,
        BeforeValidator(_payment_kind),
        Field(validation_alias=AliasChoices("type", "method")),
    ]
    amount: BaniField


class VendorReceipt(_Vendor):
    items: Annotated[list[Item], Field(min_length=1)]
    payments: Annotated[list[VendorPayment], Field(min_length=1)]
    customer_cif: Annotated[Text | None, Field(alias="customerCif")] = None

    def translated(self) -> ReceiptPayload:
        return ReceiptPayload(
            lines=[_line(item) for item in self.items],
            payments=[PaymentPayload(kind=p.kind, amount=p.amount) for p in self.payments],
            customer_tax_id=fold_tax_id(self.customer_cif or ""),
        )


def _line(item: Item) -> LinePayload:
    discount = None
    if item.discount and item.discount.value:
        percent = item.discount.type == "percent"
        kind = AdjustmentKind.DISCOUNT_PERCENT if percent else AdjustmentKind.DISCOUNT_AMOUNT
        discount = AdjustmentPayload(kind=kind, value=item.discount.value)
    return LinePayload(
        name=item.name,
        unit_price=item.price,
        quantity=item.quantity,
        vat_rate=item.vat_rate,
        adjustment=discount,
        department=1 if item.department is None else item.department,
        unit=item.unit or "",
    )


def understood(kind: str, payload: Any) -> tuple[str | None, list[Problem]]:
    if kind not in KINDS:
        sentence = f"this agent does not do {shown(kind)}"
        return None, [Problem("type", "UNSUPPORTED", sentence)]
    if KINDS[kind].payload is NoPayload:
        return NoPayload().model_dump_json(), []
    try:
        return VendorReceipt.model_validate(payload).translated().model_dump_json(), []
    except ValidationError as error:
        return None, [_problem(item) for item in error.errors(include_url=False)]


def _problem(item: Any) -> Problem:
    """Our own codes stand in capitals; pydantic's become one of two."""
    path = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in item["loc"]).lstrip(".")
    type_ = item["type"]
    code = "FIELD_MISSING" if type_ == "missing" else type_ if type_.isupper() else "FIELD_INVALID"
    return Problem(path, code, item["msg"])


def shown(text: str) -> str:
    return ascii(text[:SHOWN_MAX])
