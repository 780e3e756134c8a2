"""What became of a command, in the cloud's words: its facts as the cloud's models name them."""

import json
import re
from datetime import UTC, tzinfo
from typing import Any

from agent.archive.figures import of_report
from agent.asked_at import in_asked_order
from agent.cloud.moments import fiscal_date
from agent.cloud.reports import in_lei, report_model
from agent.entries import Event, LedgerEntry
from agent.problem_words import romanian
from agent.states import State

CLAIM_LOST = "CLAIM_LOST"  # another agent has it, or it was cancelled: not ours to answer
PROBLEMS_TOLD_MAX = 20

_SPANS = {
    "z_from": "zFrom",
    "z_to": "zTo",
    "date_from": "from",
    "date_to": "to",
    "document_from": "documentFrom",
    "document_to": "documentTo",
}

# From the names of our results to the cloud's, as far as its pages show them.
NAMES = {
    "fiscal_serial": "fiscalSeries",
    "issued_at": "fiscalDate",
    "receipt_number": "receiptNumber",
    "document_number": "documentNumber",
    "z_number": "zNumber",
    "of_receipt": "ofReceipt",
    "paid_in": "cashIn",
    "paid_out": "cashOut",
    "cash": "cashAmount",
    "fiscal_memory_number": "fiscalMemoryNumber",
    "tax_id": "cif",
    "type_code": "typeCode",
    "day_opened_at": "dayOpenedAt",
    "service_at": "serviceAt",
    "tax_office_until": "taxOfficeUntil",
    "vat_rates": "vatRates",
    "z_reports_left": "zReportsLeft",
} | _SPANS
MONEY = {"total", "cash", "paid_in", "paid_out"}
RATES = {"vat_rates", "rates"}
UNTOLD_IF_EMPTY = {  # numbers that begin with 1, and texts: a driver writes 0 or "" for not told
    "document_number",
    "firmware",
    "fiscal_memory_number",
    "fiscal_serial",
    "model",
    "of_receipt",
    "receipt_number",
    "tax_id",
    "z_number",
}

# From our paths to the cloud's, in what it is told.
_PATHS = {
    "print_receipt": {
        "lines": "items",
        "unit_price": "price",
        "vat_rate": "vatRate",
        "customer_tax_id": "customerCif",
        "adjustment": "discount",
        "kind": "type",
        "texts_above": "textsAbove",
        "texts_below": "textsBelow",
    },
    "non_fiscal_receipt": {"texts": "lines"},
    "set_datetime": {"at": "datetime", "at_ms": "datetime"},
    "set_operator": {"old_password": "oldPassword"},
    "read_fiscal_memory": _SPANS,
    "read_electronic_journal": _SPANS,
}

_ADJUSTMENT = re.compile(r"(?P<before>(lines\[(?P<line>[0-9]+)\]\.)?)adjustment\b")


def result_of(event: Event, entry: LedgerEntry, zone: tzinfo = UTC) -> dict[str, Any] | None:
    """Say what an event means for its command; None: nothing that the cloud is told.

    `zone`: the shop's, in which the printer's clock stands.
    """
    match event.name:
        case "finish" | "found" | "operator_found":
            evidence = {"evidence": event.data["evidence"], "paper": "unknown"}
            return {
                "status": "completed",
                "result": vendor_result(entry.kind, event.data["result"], zone) | evidence,
                "errorCode": None,
                "errorMessage": None,
            }
        case "reject" | "drop" | "operator_drop":
            problems = event.data["problems"]
            if problems[0]["code"] == CLAIM_LOST:
                return None
            return _failure(entry, "failed", problems)
        case "lose" if entry.state is State.IN_DOUBT:
            fault = event.data["fault"] or "restarted"
            return _failure(entry, "in_doubt", [_plain(fault.upper(), event.data["reason"])])
        case "undecidable" if entry.state is State.HELD:
            return _failure(entry, "held", [_plain("HELD", event.data["reason"])])
    return None


def _plain(code: str, sentence: str) -> dict[str, str]:
    return {"path": "", "code": code, "sentence": sentence}


def _failure(entry: LedgerEntry, status: str, problems: list[dict[str, str]]) -> dict[str, Any]:
    told = [
        {"path": _asked_at(entry, p["path"]), "code": p["code"], "message": p["sentence"]}
        | ({"messageRo": said} if (said := romanian(p["code"])) else {})
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


def _asked_at(entry: LedgerEntry, path: str) -> str:
    """Name the field as it was sent; what we keep as an adjustment came under one of two names."""
    path = in_asked_order(path, entry.payload)
    found = _ADJUSTMENT.match(path)
    if found and _is_surcharge(entry.payload, found["line"]):
        path = f"{found['before']}surcharge{path[found.end() :]}"
    return _vendor_path(entry.kind, path)


def _is_surcharge(payload: str | None, line: str | None) -> bool:
    try:
        asked = json.loads(payload or "{}")
        holder = asked if line is None else asked["lines"][int(line)]
        return str(holder["adjustment"]["kind"]).startswith("surcharge")
    except (ValueError, LookupError, TypeError):  # a ledger that was damaged
        return False


def _vendor_path(kind: str, path: str) -> str:
    for ours, theirs in _PATHS.get(kind, {}).items():
        path = re.sub(rf"(^|\.){ours}\b", rf"\g<1>{theirs}", path)
    return path


def vendor_result(kind: str, result: dict[str, Any], zone: tzinfo = UTC) -> dict[str, Any]:
    """Name a result's facts as the cloud's receipt and report models do; money in lei."""
    if kind in ("x_report", "z_report"):
        return _report(result, zone)
    told = {NAMES.get(name, name): _told(name, value, zone) for name, value in result.items()}
    if "content" in result:  # the text itself goes by its own upload
        told["content"] = {name: v for name, v in result["content"].items() if name != "data"}
        told |= {"documents": len(result["documents"])} if "documents" in result else {}
    if "folded" in result:
        told["folded"] = [_vendor_path(kind, path) for path in result["folded"]]
    if kind in ("print_receipt", "get_last_receipt"):
        told["fiscalId"] = fiscal_id(result)
    return told


def fiscal_id(result: dict[str, Any]) -> str | None:
    number = known("receipt_number", result["receipt_number"])
    return None if number is None else str(number)


def known(name: str, value: Any) -> Any:
    """None for what the device did not tell: unknown is a value, and neither 0 nor empty."""
    return (value or None) if name in UNTOLD_IF_EMPTY else value


def archived(result: dict[str, Any], zone: tzinfo) -> dict[str, Any]:
    """What was read from the device's archive, whole: for the cloud's own list of such reports."""
    whole = {name: result[name] for name in ("documents", "content") if name in result}
    return {name: _told(name, value, zone) for name, value in whole.items()}


def _report(result: dict[str, Any], zone: tzinfo) -> dict[str, Any]:
    facts = ("fiscal_serial", "issued_at")
    common = {NAMES[name]: _told(name, result[name], zone) for name in facts}
    common["number"] = result["number"] or None
    if result["groups"] is None:  # a person read its number off the paper, no more
        return common | {"totals": None}
    return report_model(of_report(result)) | common


def _told(name: str, value: Any, zone: tzinfo) -> Any:
    if name in MONEY:
        return in_lei(value)
    if name == "issued_at":
        return fiscal_date(value, zone)
    if name in RATES:
        return _percents(value)
    if isinstance(value, list):
        return [_told("", part, zone) for part in value]
    if isinstance(value, dict):
        return {NAMES.get(inner, inner): _told(inner, part, zone) for inner, part in value.items()}
    return known(name, value)


def _percents(rates: list[int] | dict[str, int]) -> list[float] | dict[str, float]:
    if isinstance(rates, dict):
        return {letter: rate / 100 for letter, rate in rates.items()}
    return [rate / 100 for rate in rates]
