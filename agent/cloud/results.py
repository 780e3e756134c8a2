"""What became of a command, in the cloud's words: its facts as the cloud's models name them."""

import re
from typing import Any

from agent.entries import Event, LedgerEntry
from agent.states import State

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


def result_of(event: Event, entry: LedgerEntry) -> dict[str, Any] | None:
    """Say what an event means for its command; None: nothing that the cloud is told."""
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
