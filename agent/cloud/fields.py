"""Single values of a payload as the cloud writes them: numbers, moments, ways to pay, texts.

    3.5  -->  350 bani        1.5  -->  1500 thousandths        1E+99999999  -->  1E+20, too large

A number is taken exactly or not at all; what is refused has a code and a sentence of ours.
"""

from datetime import date, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from agent.payloads import AT_MS_MAX
from drivers.model import PaymentKind

SHOWN_MAX = 50
DIGITS_MAX = 15
EXPONENT_MAX = 20  # 1E+99999999 would be written out, digit for digit
RATE_MAX = 99_99

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


def _rate(value: object) -> int:
    if not 0 <= (rate := _bani(value)) <= RATE_MAX:
        raise PydanticCustomError("FIELD_INVALID", "must be a rate in percent, 0 to 99.99")
    return rate


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


def _day(value: object) -> object:
    if value is None:
        return None
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise PydanticCustomError("DATE_BAD", "must be a date like 2026-11-30") from None


def _lines_of(value: object) -> object:
    return value.splitlines() if isinstance(value, str) else value


def _moment_ms(value: object) -> int:
    """Read a moment that says its zone: a bare number would be a day of 1970."""
    try:
        moment = datetime.fromisoformat(value if isinstance(value, str) else "")
        at_ms = int(moment.timestamp() * 1000) if moment.tzinfo else None
    except (ValueError, OverflowError):
        at_ms = None
    if at_ms is None:
        sentence = "must be a moment with its zone, like 2026-11-30T18:00:00+02:00"
        raise PydanticCustomError("FIELD_INVALID", sentence)
    if not 0 <= at_ms < AT_MS_MAX:
        raise PydanticCustomError("FIELD_INVALID", "must be a moment from 1970 to 2099")
    return at_ms


def _encodable(text: str) -> str:
    """Half a surrogate pair is no text: it could not be written down."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise PydanticCustomError("FIELD_INVALID", "holds half a letter") from None
    return text


def bounded(value: Any) -> Any:
    """Cut a number that nobody means to one that is as wrong, and is refused in no time."""
    if isinstance(value, dict):
        return {name: bounded(part) for name, part in value.items()}
    if isinstance(value, list):
        return [bounded(part) for part in value]
    if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) > EXPONENT_MAX:
        exponent = EXPONENT_MAX if value.adjusted() > 0 else -EXPONENT_MAX
        return Decimal(1).scaleb(exponent).copy_sign(value) if value else Decimal(0)
    return value


def shown(text: str) -> str:
    return ascii(text[:SHOWN_MAX])


Text = Annotated[str, AfterValidator(_encodable)]
BaniField = Annotated[int, BeforeValidator(_bani), Field(gt=0)]
QuantityField = Annotated[int, BeforeValidator(_thousandths), Field(gt=0)]
DayField = Annotated[date | None, BeforeValidator(_day)]
OffField = Annotated[int, BeforeValidator(_bani), Field(ge=0)]
RateField = Annotated[int, BeforeValidator(_rate)]
MomentField = Annotated[int | None, BeforeValidator(_moment_ms)]
PaymentKindField = Annotated[PaymentKind, BeforeValidator(_payment_kind)]
LinesField = Annotated[list[Text], BeforeValidator(_lines_of), Field(min_length=1)]
