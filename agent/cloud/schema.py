"""The cloud's spelling, translated: commands as they come in, results as they go out.

    {"items": [{"name", "quantity", "price", "vatRate", "discount"}],      ReceiptPayload: lines in
     "payments": [{"type" or "method", "amount"}], "customerCif"}    ->    bani and thousandths

Whatever cannot be understood is written down too, as a command with problems: it is answered, never
dropped. Facts from the cloud's public pages [cloud_ebon.md 8, 14]; what they leave open is assumed.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
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

from agent.cloud.client import fill
from agent.commands import (
    KINDS,
    AdjustmentPayload,
    LinePayload,
    NoPayload,
    PaymentPayload,
    ReceiptPayload,
    fold_tax_id,
)
from agent.entries import LOCAL, Event, Incoming, LedgerEntry, as_told
from agent.states import State
from config.settings import CloudProfile
from drivers.model import AdjustmentKind, PaymentKind, Problem

ID_MAX = 200
SHOWN_MAX = 50
DIGITS_MAX = 15
CLAIM_LOST = "CLAIM_LOST"  # another agent has it, or it was cancelled: not ours to answer
PROBLEMS_TOLD_MAX = 20

# From our paths to the cloud's, in what it is told.
_PATHS = {
    "lines": "items",
    "unit_price": "price",
    "vat_rate": "vatRate",
    "customer_tax_id": "customerCif",
    "adjustment": "discount",
    "kind": "type",
}


# A number is taken as it was written or not at all; one with more digits is of no receipt.
_EXACT = Context(prec=DIGITS_MAX, traps=[Inexact, InvalidOperation])


class NotACommand(Exception):
    """An entry of the list that cannot even be written down, as it has no id."""


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
            "PAYMENT_KIND_UNKNOWN", "{value} is not a way to pay", {"value": _shown(text)}
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


# commands in


def read_list(answer: Any) -> list[Any] | None:
    """Return the entries of a command list, bare or in an envelope; None: it is no list."""
    found = answer.get("commands") if isinstance(answer, dict) else answer
    return found if isinstance(found, list) else None


def device_of(raw: Any) -> str:
    return _text(raw, "deviceId")


def _text(raw: Any, name: str) -> str:
    """Return a text of an entry, or "" where none stands that can be written down."""
    found = raw.get(name) if isinstance(raw, dict) else None
    try:
        return found if isinstance(found, str) and found.encode() else ""
    except UnicodeEncodeError:  # half a surrogate pair
        return ""


def _shown(text: str) -> str:
    return ascii(text[:SHOWN_MAX])


def to_incoming(raw: Any, *, now_ms: int, server_ms: int | None, ttl_ms: int) -> Incoming:
    """Translate one entry of the list.

    Its age is measured by the cloud's own clock, so that a wrong clock here does no harm.

    Raises:
        NotACommand: it has no usable id, or is nested too deeply to be written down.
    """
    id_ = _text(raw, "id")
    if not 0 < len(id_) <= ID_MAX or id_ in (".", "..") or id_.startswith(LOCAL):
        raise NotACommand(f"its id is {_shown(id_) if id_ else 'no text'}")
    kind = _text(raw, "type")
    body = {"deviceId": raw.get("deviceId"), "type": raw.get("type"), "payload": raw.get("payload")}
    try:
        text = json.dumps(body, default=str, sort_keys=True)
    except RecursionError as error:
        raise NotACommand(f"{_shown(id_)} is nested too deeply") from error
    payload, problems = _understand(kind, raw.get("payload"))
    created_ms = _time_ms(_text(raw, "createdAt"))
    age_ms = max(0, server_ms - created_ms) if server_ms and created_ms else 0
    return Incoming(
        id=id_,
        device_id=device_of(raw),
        kind=kind,
        body=text,
        payload=payload,
        expires_at_ms=now_ms + ttl_ms - age_ms,
        problems=tuple(problems),
    )


def _understand(kind: str, payload: Any) -> tuple[str | None, list[Problem]]:
    if kind not in KINDS:
        sentence = f"this agent does not do {_shown(kind)}"
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


def _time_ms(text: str) -> int | None:
    """Read an instant; one without a zone is UTC, as the cloud's contract has it."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(zoned.timestamp() * 1000)


# results out


@dataclass(frozen=True, slots=True)
class Upload:
    """One thing to tell: where, and what."""

    path: str
    body: dict[str, Any]
    is_result: bool = False  # what became of a command is never set aside for want of a scope


def to_uploads(
    profile: CloudProfile, event: Event, entry: LedgerEntry | None, agent_id: str
) -> list[Upload]:
    """Say what the cloud is told of an event. Often nothing."""
    who = {"agentId": agent_id, "eventId": event.id}
    if event.name == "device":
        body = who | {
            "status": event.data["status"],
            "conditions": [{"code": fault} for fault in event.data["faults"]],
            "identity": event.data.get("identity", {}),
            "at": _iso(event.at_ms),
        }
        return [Upload(fill(profile.device_status, device_id=event.device_id), body)]
    if entry is None:
        return []
    event = as_told(event)
    result = _result(event, entry)
    if result is None:
        return []
    uploads = []
    if not entry.is_local:  # the cloud did not ask; it only gets the report
        body = who | result | {"executedAt": _iso(event.at_ms)}
        uploads.append(Upload(fill(profile.result, command_id=entry.id), body, is_result=True))
    if entry.kind in ("x_report", "z_report") and event.name in ("finish", "found"):
        route = fill(profile.report, device_id=event.device_id, kind=entry.kind[0])
        command_id = None if entry.is_local else entry.id
        report = who | {"commandId": command_id, "report": result["result"]}
        uploads.append(Upload(route, report))
    return uploads


def _result(event: Event, entry: LedgerEntry) -> dict[str, Any] | None:
    match event.name:
        case "finish" | "found" | "operator_found":
            evidence = {"evidence": event.data["evidence"], "paper": "unknown"}
            return {
                "status": "completed",
                "result": _vendor_result(event.data["result"]) | evidence,
                "errorCode": None,
                "errorMessage": None,
            }
        case "reject" | "drop" | "operator_drop":
            problems = event.data["problems"]
            if problems[0]["code"] == CLAIM_LOST:
                return None
            return _failure("failed", problems)
        case "lose" if entry.state is State.IN_DOUBT:
            fault = event.data["fault"] or "restarted"
            return _failure("in_doubt", [_plain(fault.upper(), event.data["reason"])])
        case "undecidable" if entry.state is State.HELD:
            return _failure("held", [_plain("HELD", event.data["reason"])])
    return None


def _plain(code: str, sentence: str) -> dict[str, str]:
    return {"path": "", "code": code, "sentence": sentence}


def _failure(status: str, problems: list[dict[str, str]]) -> dict[str, Any]:
    told = [
        {"path": _vendor_path(p["path"]), "code": p["code"], "message": p["sentence"]}
        for p in problems[:PROBLEMS_TOLD_MAX]
    ]
    sentences = "; ".join(
        f"{p['path']}: {p['message']}" if p["path"] else p["message"] for p in told
    )
    return {
        "status": status,
        "result": {"problems": told},
        "errorCode": problems[0]["code"],
        "errorMessage": sentences,
    }


def _vendor_path(path: str) -> str:
    for ours, theirs in _PATHS.items():
        path = re.sub(rf"(^|\.){ours}\b", rf"\g<1>{theirs}", path)
    return path


def _vendor_result(result: dict[str, Any]) -> dict[str, Any]:
    """Name a result's facts as the cloud's receipt and report models do; money in lei."""
    common = {"fiscalSeries": result["fiscal_serial"], "fiscalDate": result["issued_at"]}
    if result.get("groups", ()) is None:  # a person read its number off the paper, no more
        return common | {"number": result["number"], "totals": None}
    if "groups" not in result:
        return common | {
            "fiscalId": str(result["receipt_number"]),
            "receiptNumber": result["receipt_number"],
            "documentNumber": result["document_number"],
            "zNumber": result["z_number"],
            "total": _lei(result["total"]),
        }
    groups = result["groups"]
    return common | {
        "number": result["number"],
        "totals": {"sales": _lei(sum(group["total"] for group in groups))},
        "vatBreakdown": [
            {
                "group": group["letter"],
                "rate": None if group["rate"] is None else group["rate"] / 100,
                "gross": _lei(group["total"]),
            }
            for group in groups
        ],
        "payments": [{"type": p["kind"], "amount": _lei(p["amount"])} for p in result["payments"]],
    }


def _lei(bani: int | None) -> float | None:
    return None if bani is None else bani / 100


def _iso(at_ms: int) -> str:
    seconds = datetime.fromtimestamp(at_ms / 1000, tz=UTC)
    return seconds.isoformat(timespec="milliseconds").replace("+00:00", "Z")
