"""Where a problem stands in what was asked: a driver counts payments as they are taken, cash last.

asked: cash, card      taken: card, cash      payments[0].kind of the driver  -->  payments[1].kind
"""

import json
import re
from typing import Any

_PAYMENT = re.compile(r"payments\[([0-9]+)\]")


def in_asked_order(path: str, payload: str | None) -> str:
    """Count as the payload does; a path that is of no payment stays as it is."""
    found = _PAYMENT.match(path)
    if found is None:
        return path
    try:
        kinds: list[Any] = [payment["kind"] for payment in json.loads(payload or "{}")["payments"]]
        taken = sorted(range(len(kinds)), key=lambda n: kinds[n] == "cash")
        return f"payments[{taken[int(found[1])]}]{path[found.end() :]}"
    except (ValueError, LookupError, TypeError):  # not understood, or of a damaged ledger
        return path
