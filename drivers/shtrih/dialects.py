"""The dialects of Shtrih-M devices: where sources disagree or a device may be older, as tables.

    enq        frames behind 05, a receipt is opened with 8D (English manual 1.10)
    by_sale    the same; its first sale opens a receipt (older units, inferred)
    numbered   frames with numbers, on some TCP units

No Romanian device or manual is known: a technician finds out which it is, and nothing is guessed.
"""

from dataclasses import dataclass, replace

from protocol.exchange import WireProtocol
from protocol.shtrih_exchange import SHTRIH, SHTRIH_NUMBERED


@dataclass(frozen=True, slots=True)
class Dialect:
    wire: WireProtocol
    opens: bool = True  # there is 8D
    otherwise: str = ""  # the dialect of a device whose receipts open the other way


_ENQ = Dialect(SHTRIH, otherwise="by_sale")
DIALECTS = {
    "enq": _ENQ,
    "by_sale": replace(_ENQ, opens=False, otherwise="enq"),
    "numbered": Dialect(SHTRIH_NUMBERED),
}
