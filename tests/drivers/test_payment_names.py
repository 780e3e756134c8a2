"""What the names mean that devices give their payments: Romanian, as they may be programmed."""

import pytest

from drivers.model import PaymentKind
from drivers.payment_names import kind_of
from tests.drivers.spoken import CLOSED, Spoken, driver

COLUMNS_OF_TREMOL = 10
NAMES = [  # the ten Romanian payments [datecs.md 4.1], and as an integrator calls them [2.6]
    ("numerar", PaymentKind.CASH),
    ("NUMERAR LEI", PaymentKind.CASH),
    ("card", PaymentKind.CARD),
    ("Card bancar", PaymentKind.CARD),
    ("CARD DE CREDIT", PaymentKind.CARD),
    ("credit", PaymentKind.CREDIT),
    ("tichete masă", PaymentKind.MEAL_TICKET),
    ("tichete de masă", PaymentKind.MEAL_TICKET),
    ("tichete valorice", PaymentKind.VALUE_TICKET),
    ("bonuri/valorice", PaymentKind.VALUE_TICKET),
    ("voucher", PaymentKind.VOUCHER),
    ("plată modernă", PaymentKind.MODERN),
    ("card + avans numerar", PaymentKind.CARD_CASH_ADVANCE),
    ("card cu avans", PaymentKind.CARD_CASH_ADVANCE),
    ("card+avans", PaymentKind.CARD_CASH_ADVANCE),
    ("alte metode", PaymentKind.OTHER),
    ("altele", PaymentKind.OTHER),
    ("valută", PaymentKind.FOREIGN),
    ("ТАРОЙ", None),
    ("PLATA 3", None),
    ("", None),
]
BARE = str.maketrans("ăâîșțĂÂÎȘȚ", "aaistAAIST")


@pytest.mark.parametrize(("name", "kind"), NAMES)
def test_a_payment_is_what_the_device_calls_it(name: str, kind: PaymentKind | None) -> None:
    for spelled in (name, name.upper(), name.translate(BARE), name.translate(BARE).upper()):
        assert kind_of(spelled) is kind, spelled


@pytest.mark.parametrize(("name", "kind"), NAMES)
def test_a_name_that_was_cut_is_never_taken_for_another_payment(
    name: str, kind: PaymentKind | None
) -> None:
    assert kind_of(name[:COLUMNS_OF_TREMOL].ljust(COLUMNS_OF_TREMOL)) in (None, kind)


@pytest.mark.parametrize("name", ["CARD CU AV", "CARD+AVANS", "AVANS CARD", "CARD + AVA"])
def test_a_card_with_an_advance_in_cash_is_no_plain_card_on_tremol(name: str) -> None:
    names = ["NUMERAR", name, "", "TICHETE MA", "BONURI VAL", *["ALTE"] * 5, "5.0000"]
    printer = driver(Spoken(x64=";".join(names).encode(), x72=CLOSED.encode()))
    assert PaymentKind.CARD not in printer.capabilities.payment_kinds
    assert PaymentKind.MEAL_TICKET in printer.capabilities.payment_kinds
