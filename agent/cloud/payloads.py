"""The payload of a command in the cloud's spelling, and the same in our words.

    {"items": [{"name", "quantity", "price", "vatRate", "discount"}],      ReceiptPayload: lines in
     "payments": [{"type" or "method", "amount"}], "customerCif"}    ->    bani and thousandths

Facts from the cloud's public pages [cloud_ebon.md 8, 14]; what they leave open is assumed.
"""

from abc import ABC, abstractmethod
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from agent.archive.payloads import JePayload, MemoryPayload
from agent.cloud.fields import (
    BaniField,
    DayField,
    LinesField,
    MomentField,
    OffField,
    PaymentKindField,
    QuantityField,
    RateField,
    Text,
    bounded,
    shown,
)
from agent.commands import KINDS
from agent.payload_fields import Letter
from agent.payloads import (
    AdjustmentPayload,
    BarcodePayload,
    CashInPayload,
    CashOutPayload,
    ClockPayload,
    FooterPayload,
    HeaderPayload,
    LinePayload,
    LogoPayload,
    NoPayload,
    OperatorNumberPayload,
    OperatorPayload,
    Payload,
    PaymentPayload,
    PreflightPayload,
    ReceiptPayload,
    SlipPayload,
    VatPayload,
    ZReportPayload,
    fold_tax_id,
    problems_of,
)
from drivers.model import AdjustmentKind, BarcodeKind, Problem


class _Vendor(BaseModel):
    """Unknown fields are ignored: the cloud may add some at any time [cloud_ebon.md 1]."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_not_said(cls, value: Any) -> Any:
        """Leave out a null where the field may be left out, or is said by its other name."""
        if not isinstance(value, dict):
            return value
        unsaid: set[Any] = set()
        for name, field in cls.model_fields.items():
            alias = field.validation_alias
            names = alias.choices if isinstance(alias, AliasChoices) else [alias or name]
            nulls = {each for each in names if each in value and value[each] is None}
            if not field.is_required() or any(each in value for each in {*names} - nulls):
                unsaid |= nulls
        return {name: given for name, given in value.items() if name not in unsaid}


def _adjustment(value: object) -> object:
    """A bare number is lei off or on (assumed: the pages do not say)."""
    return {"type": "amount", "value": value} if isinstance(value, int | Decimal) else value


class Change(_Vendor):
    """A discount or a surcharge; which one is the name of its field."""

    type: Literal["percent", "amount"]
    value: OffField


ChangeField = Annotated[Change | None, BeforeValidator(_adjustment)]


class Adjustable(_Vendor):
    """What can have a discount or a surcharge: an item, and a whole receipt."""

    discount: ChangeField = None
    surcharge: ChangeField = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.discount and self.discount.value and self.surcharge and self.surcharge.value:
            raise PydanticCustomError("DISCOUNT_AND_SURCHARGE", "has a discount and a surcharge")
        return self

    @property
    def adjustment(self) -> AdjustmentPayload | None:
        for word, change in (("discount", self.discount), ("surcharge", self.surcharge)):
            if change and change.value:
                kind = AdjustmentKind(f"{word}_{change.type}")
                return AdjustmentPayload(kind=kind, value=change.value)
        return None


class Item(Adjustable):
    name: Annotated[Text, StringConstraints(min_length=1)]
    quantity: QuantityField
    price: BaniField
    vat_rate: Annotated[RateField, Field(alias="vatRate")]
    department: Annotated[int | None, Field(ge=0, le=99)] = None
    unit: Text | None = None
    void: bool = False
    deposit: BaniField | None = None  # SGR, for each piece (assumed)

    def translated(self) -> LinePayload:
        return LinePayload(
            name=self.name,
            unit_price=self.price,
            quantity=self.quantity,
            vat_rate=self.vat_rate,
            adjustment=self.adjustment,
            department=1 if self.department is None else self.department,
            unit=self.unit or "",
            void=self.void,
            deposit=self.deposit,
        )


class VendorPayment(_Vendor):
    kind: Annotated[PaymentKindField, Field(validation_alias=AliasChoices("type", "method"))]
    amount: BaniField


class VendorBarcode(_Vendor):
    type: BarcodeKind
    data: Text


class Vendor(_Vendor, ABC):
    """A payload in the cloud's spelling."""

    @abstractmethod
    def translated(self) -> Payload: ...


class VendorReceipt(Adjustable, Vendor):
    items: Annotated[list[Item], Field(min_length=1)]
    payments: Annotated[list[VendorPayment], Field(min_length=1)]
    customer_cif: Annotated[Text | None, Field(alias="customerCif")] = None
    tip: BaniField | None = None  # and what follows: assumed
    advance: BaniField | None = None
    texts_above: Annotated[list[Text], Field(alias="textsAbove")] = []
    texts_below: Annotated[list[Text], Field(alias="textsBelow")] = []
    barcode: VendorBarcode | None = None

    def translated(self) -> ReceiptPayload:
        barcode = self.barcode
        return ReceiptPayload(
            lines=[item.translated() for item in self.items],
            payments=[PaymentPayload(kind=p.kind, amount=p.amount) for p in self.payments],
            customer_tax_id=fold_tax_id(self.customer_cif or ""),
            adjustment=self.adjustment,
            tip=self.tip,
            advance=self.advance,
            texts_above=self.texts_above,
            texts_below=self.texts_below,
            barcode=BarcodePayload(kind=barcode.type, data=barcode.data) if barcode else None,
        )


class VendorSlip(Vendor):
    lines: Annotated[LinesField, Field(validation_alias=AliasChoices("lines", "text"))]

    def translated(self) -> SlipPayload:
        return SlipPayload(texts=self.lines)


class VendorCashIn(Vendor):
    amount: BaniField

    def translated(self) -> CashInPayload:
        return CashInPayload(amount=self.amount)


class VendorCashOut(Vendor):
    amount: BaniField

    def translated(self) -> CashOutPayload:
        return CashOutPayload(amount=self.amount)


class VendorClock(Vendor):
    datetime_: Annotated[MomentField, Field(alias="datetime")] = None

    def translated(self) -> ClockPayload:
        return ClockPayload(at_ms=self.datetime_)


class VendorHeader(Vendor):
    lines: list[Text]

    def translated(self) -> HeaderPayload:
        return HeaderPayload(lines=self.lines)


class VendorFooter(Vendor):
    lines: list[Text]

    def translated(self) -> FooterPayload:
        return FooterPayload(lines=self.lines)


class VendorVat(Vendor):
    rates: dict[Letter, RateField]

    def translated(self) -> VatPayload:
        return VatPayload(rates=self.rates)


class VendorOperatorNumber(Vendor):
    number: int = 1

    def translated(self) -> OperatorNumberPayload:
        return OperatorNumberPayload(number=self.number)


class VendorOperator(Vendor):
    number: int
    name: Text = ""
    old_password: Annotated[Text, Field(alias="oldPassword")] = ""
    password: Text = ""

    def translated(self) -> OperatorPayload:
        return OperatorPayload(
            number=self.number,
            name=self.name,
            old_password=self.old_password,
            password=self.password,
        )


class VendorLogo(Vendor):
    image: Annotated[Text, Field(validation_alias=AliasChoices("image", "data"))]

    def translated(self) -> LogoPayload:
        return LogoPayload(image=self.image.encode())


class VendorMemory(Vendor):
    z_from: Annotated[int | None, Field(alias="zFrom")] = None
    z_to: Annotated[int | None, Field(alias="zTo")] = None
    date_from: Annotated[DayField, Field(alias="from")] = None
    date_to: Annotated[DayField, Field(alias="to")] = None
    detailed: bool = False

    def translated(self) -> MemoryPayload:
        return MemoryPayload(**self.model_dump())


class VendorJe(Vendor):
    document_from: Annotated[int | None, Field(alias="documentFrom")] = None
    document_to: Annotated[int | None, Field(alias="documentTo")] = None
    z_from: Annotated[int | None, Field(alias="zFrom")] = None
    z_to: Annotated[int | None, Field(alias="zTo")] = None
    date_from: Annotated[DayField, Field(alias="from")] = None
    date_to: Annotated[DayField, Field(alias="to")] = None

    def translated(self) -> JePayload:
        return JePayload(**self.model_dump())


SPELLINGS: dict[type[Payload], type[Vendor]] = {
    ReceiptPayload: VendorReceipt,
    SlipPayload: VendorSlip,
    CashInPayload: VendorCashIn,
    CashOutPayload: VendorCashOut,
    ClockPayload: VendorClock,
    HeaderPayload: VendorHeader,
    FooterPayload: VendorFooter,
    VatPayload: VendorVat,
    OperatorNumberPayload: VendorOperatorNumber,
    OperatorPayload: VendorOperator,
    LogoPayload: VendorLogo,
    MemoryPayload: VendorMemory,
    JePayload: VendorJe,
}


NOTHING_READ = (NoPayload, PreflightPayload, ZReportPayload)
MAY_BE_EMPTY = (ClockPayload, OperatorNumberPayload)
STRANGE = (ArithmeticError, LookupError, RecursionError, TypeError, ValueError)
"""What translating may raise, should a payload find a hole in it: one entry never stops the shop.
The raw body is written down beside the refusal, so nothing is lost by it."""


def understood(kind: str, payload: Any, asked_at_ms: int) -> tuple[str | None, list[Problem]]:
    """Translate a payload into what the ledger keeps; what cannot be is said with its path.

    `asked_at_ms`: when the cloud was asked for it, by our own clock.
    """
    if kind not in KINDS:
        sentence = f"this agent does not do {shown(kind)}"
        return None, [Problem("type", "UNSUPPORTED", sentence)]
    wanted = KINDS[kind].payload
    if wanted in NOTHING_READ:
        return wanted().model_dump_json(), []
    if payload in (None, []) and wanted in MAY_BE_EMPTY:  # some servers write {} as []
        payload = {}
    try:
        ours = SPELLINGS[wanted].model_validate(bounded(payload)).translated()
        return ours.asked(asked_at_ms).model_dump_json(), []
    except ValidationError as error:
        return None, problems_of(error)
    except STRANGE as error:
        sentence = f"this agent can make nothing of it ({type(error).__name__})"
        return None, [Problem("payload", "PAYLOAD_STRANGE", sentence)]
