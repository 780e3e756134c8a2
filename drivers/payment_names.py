"""What a device's own name of a payment means: it is programmed, in Romanian, in few columns.

"CARD CU AVANS", "CARD CU AV"      card_cash_advance    cut at ten columns on Tremol
"TICHETE MASĂ"                     meal_ticket
"PLATA 3"                          None: it does not say
"""

from drivers.model import PaymentKind
from protocol.text import fold

WORDS = (  # the first that a name has in it counts
    ("AVANS", PaymentKind.CARD_CASH_ADVANCE),  # before card and cash: it is called after both
    (" AV", PaymentKind.CARD_CASH_ADVANCE),  # the same, cut
    ("NUMERAR", PaymentKind.CASH),
    ("CASH", PaymentKind.CASH),
    ("CARD", PaymentKind.CARD),
    ("MASA", PaymentKind.MEAL_TICKET),
    ("VALORIC", PaymentKind.VALUE_TICKET),
    ("VOUCHER", PaymentKind.VOUCHER),
    ("CREDIT", PaymentKind.CREDIT),
    ("MODERN", PaymentKind.MODERN),
    ("ALTE", PaymentKind.OTHER),
    ("VALUTA", PaymentKind.FOREIGN),
)


def kind_of(name: str) -> PaymentKind | None:
    """Say which payment a programmed name means, if it says so."""
    plain = f" {fold(name).upper()}"
    return next((kind for word, kind in WORDS if word in plain), None)
