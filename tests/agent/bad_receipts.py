"""Receipts that cannot be: as the cloud sends them and as we write them, with what is told of each.

RECEIPTS["zero price"]  ->  the cloud's payload, what the cloud hears, ours, what is written down
"""

from typing import Any

ITEM: dict[str, Any] = {"name": "Paine", "price": 3.5, "quantity": 2, "vatRate": 11}
LINE: dict[str, Any] = {"name": "Paine", "unit_price": 350, "quantity": 2000, "vat_rate": 1100}
CLOUD: dict[str, Any] = {"items": [ITEM], "payments": [{"type": "cash", "amount": 7}]}
OURS: dict[str, Any] = {"lines": [LINE], "payments": [{"kind": "cash", "amount": 700}]}
Told = list[tuple[str, str]]


def item(**changed: Any) -> dict[str, Any]:
    return CLOUD | {"items": [ITEM | changed]}


def line(**changed: Any) -> dict[str, Any]:
    return OURS | {"lines": [LINE | changed]}


def off(value: float, type_: str = "amount") -> dict[str, Any]:
    return {"discount": {"type": type_, "value": value}}


def adjusted(kind: str, value: int) -> dict[str, Any]:
    return {"adjustment": {"kind": kind, "value": value}}


def paid(amount: float, kind: str = "cash") -> dict[str, Any]:
    return {"payments": [{"type": kind, "amount": amount}]}


def pays(amount: int, kind: str = "cash") -> dict[str, Any]:
    return {"payments": [{"kind": kind, "amount": amount}]}


def at(*told: str) -> Told:
    """items[0].name TEXT_TOO_LONG"""
    return [tuple(one.rpartition(" ")[::2]) for one in told]  # type: ignore[misc]


DEAR = {"price": 9_999_999.99, "quantity": 1}
DEAR_LINE = {"unit_price": 999_999_999, "quantity": 1000}
VOID = {"items": [ITEM | DEAR] * 11 + [ITEM | DEAR | {"void": True}] * 10}
VOID_LINES = {"lines": [LINE | DEAR_LINE] * 11 + [LINE | DEAR_LINE | {"void": True}] * 10}
DEPOSIT = {"items": [ITEM | {"deposit": 0.5}, ITEM | {"vatRate": 19}]}
DEPOSIT_LINES = {"lines": [LINE | {"deposit": 50}, LINE | {"vat_rate": 1900}]}

# what it is: as the cloud sends it, what the cloud hears; as we write it, what is written down
RECEIPTS: dict[str, tuple[Any, Told, Any, Told]] = {
    "negative quantity": (
        item(quantity=-1),
        at("items[0].quantity FIELD_INVALID"),
        line(quantity=-1000),
        at("lines[0].quantity FIELD_INVALID"),
    ),
    "zero price": (
        item(price=0),
        at("items[0].price FIELD_INVALID"),
        line(unit_price=0),
        at("lines[0].unit_price FIELD_INVALID"),
    ),
    "negative price": (
        item(price=-3.5),
        at("items[0].price FIELD_INVALID"),
        line(unit_price=-350),
        at("lines[0].unit_price FIELD_INVALID"),
    ),
    "worth nothing": (
        item(price=0.01, quantity=0.001),
        at("items[0] LINE_NOT_POSITIVE"),
        line(unit_price=1, quantity=1),
        at("lines[0] LINE_NOT_POSITIVE"),
    ),
    "discount of the price": (
        item(**off(7)),
        at("items[0] LINE_NOT_POSITIVE"),
        line(**adjusted("discount_amount", 700)),
        at("lines[0] LINE_NOT_POSITIVE"),
    ),
    "discount above the price": (
        item(**off(7.01)),
        at("items[0] LINE_NOT_POSITIVE"),
        line(**adjusted("discount_amount", 701)),
        at("lines[0] LINE_NOT_POSITIVE"),
    ),
    "discount of 100 percent": (
        item(**off(100, "percent")),
        at("items[0].discount PERCENT_TOO_LARGE", "items[0] LINE_NOT_POSITIVE"),
        line(**adjusted("discount_percent", 10_000)),
        at("lines[0].adjustment PERCENT_TOO_LARGE", "lines[0] LINE_NOT_POSITIVE"),
    ),
    "surcharge of 100 percent": (
        item(surcharge={"type": "percent", "value": 100}) | paid(14),
        at("items[0].surcharge PERCENT_TOO_LARGE"),
        line(**adjusted("surcharge_percent", 10_000)) | pays(1400),
        at("lines[0].adjustment PERCENT_TOO_LARGE"),
    ),
    "surcharge of 100 percent on all": (
        CLOUD | {"surcharge": {"type": "percent", "value": 100}} | paid(14),
        at("surcharge PERCENT_TOO_LARGE"),
        OURS | adjusted("surcharge_percent", 10_000) | pays(1400),
        at("adjustment PERCENT_TOO_LARGE"),
    ),
    "a surcharge beside a deposit": (
        item(deposit=0.5) | {"surcharge": 1} | paid(9),
        at("surcharge ADJUSTMENT_NOT_ALLOWED"),
        line(deposit=50) | adjusted("surcharge_amount", 100) | pays(900),
        at("adjustment ADJUSTMENT_NOT_ALLOWED"),
    ),
    "discount above the total": (
        CLOUD | off(7.01),
        at("items TOTAL_NOT_POSITIVE"),
        OURS | adjusted("discount_amount", 701),
        at("lines TOTAL_NOT_POSITIVE"),
    ),
    "10,000 lines": (
        CLOUD | {"items": [ITEM] * 10_000},
        at("items TOO_MANY_LINES"),
        OURS | {"lines": [LINE] * 10_000},
        at("lines TOO_MANY_LINES"),
    ),
    "501 lines": (
        CLOUD | {"items": [ITEM] * 501} | paid(3507),
        at("items TOO_MANY_LINES"),
        OURS | {"lines": [LINE] * 501} | pays(350_700),
        at("lines TOO_MANY_LINES"),
    ),
    "a price that the device cannot take": (
        item(price=10_000_000, quantity=1) | paid(10_000_000),
        at("items[0].price AMOUNT_TOO_LARGE"),
        line(unit_price=1_000_000_000, quantity=1000) | pays(1_000_000_000),
        at("lines[0].unit_price AMOUNT_TOO_LARGE"),
    ),
    "a quantity that it cannot take": (
        item(price=0.01, quantity=100_000) | paid(1000),
        at("items[0].quantity AMOUNT_TOO_LARGE"),
        line(unit_price=1, quantity=100_000_000) | pays(100_000),
        at("lines[0].quantity AMOUNT_TOO_LARGE"),
    ),
    "a total that it cannot take": (
        CLOUD | {"items": [ITEM | DEAR] * 11} | paid(110_000_000),
        at("payments[0].amount AMOUNT_TOO_LARGE", "items TOTAL_TOO_LARGE"),
        OURS | {"lines": [LINE | DEAR_LINE] * 11} | pays(11_000_000_000),
        at("payments[0].amount AMOUNT_TOO_LARGE", "lines TOTAL_TOO_LARGE"),
    ),
    "a total that it cannot take on the way": (
        CLOUD | VOID | paid(10_000_000),
        at("items TOTAL_TOO_LARGE"),
        OURS | VOID_LINES | pays(1_000_000_000),
        at("lines TOTAL_TOO_LARGE"),
    ),
    "a CUI with a bad check digit": (
        CLOUD | {"customerCif": "RO12345675"},
        at("customerCif CUSTOMER_TAX_ID_BAD"),
        OURS | {"customer_tax_id": "12345675"},
        at("customer_tax_id CUSTOMER_TAX_ID_BAD"),
    ),
    "a CUI of nothing but RO": (
        CLOUD | {"customerCif": " ro "},
        at("customerCif CUSTOMER_TAX_ID_BAD"),
        OURS | {"customer_tax_id": "RO"},
        at("customer_tax_id CUSTOMER_TAX_ID_BAD"),
    ),
    "a CUI filled up with zeros": (
        CLOUD | {"customerCif": "RO0012345674"},
        at("customerCif CUSTOMER_TAX_ID_BAD"),
        OURS | {"customer_tax_id": "0000000000"},
        at("customer_tax_id CUSTOMER_TAX_ID_BAD"),
    ),
    "a CNP with a bad check digit": (
        CLOUD | {"customerCif": "1111111111111"},
        at("customerCif CUSTOMER_TAX_ID_BAD"),
        OURS | {"customer_tax_id": "1960523123458"},
        at("customer_tax_id CUSTOMER_TAX_ID_BAD"),
    ),
    "a CUI with a control character": (
        CLOUD | {"customerCif": "1234567\x004"},
        at("customerCif CUSTOMER_TAX_ID_BAD"),
        OURS | {"customer_tax_id": "1234567\t4"},
        at("customer_tax_id CUSTOMER_TAX_ID_BAD"),
    ),
    "short by 1 ban": (
        CLOUD | paid(6.99),
        at("payments PAYMENTS_SHORT"),
        OURS | pays(699),
        at("payments PAYMENTS_SHORT"),
    ),
    "a card that pays 1 ban too much": (
        CLOUD | paid(7.01, "card"),
        at("payments PAYMENTS_EXCEED_TOTAL"),
        OURS | pays(701, "card"),
        at("payments PAYMENTS_EXCEED_TOTAL"),
    ),
    "11 payments": (
        CLOUD
        | {"payments": [{"type": "card", "amount": 0.5}] * 10 + [{"type": "cash", "amount": 2}]},
        at("payments TOO_MANY_PAYMENTS"),
        OURS
        | {"payments": [{"kind": "card", "amount": 50}] * 10 + [{"kind": "cash", "amount": 200}]},
        at("payments TOO_MANY_PAYMENTS"),
    ),
    "31 payments": (
        CLOUD | {"payments": [{"type": "card", "amount": 0.01}] * 31},
        at("payments TOO_MANY_PAYMENTS"),
        OURS | {"payments": [{"kind": "card", "amount": 1}] * 31},
        at("payments TOO_MANY_PAYMENTS"),
    ),
    "a payment that the device cannot take": (
        CLOUD | paid(100_000_000),
        at("payments[0].amount AMOUNT_TOO_LARGE"),
        OURS | pays(10_000_000_000),
        at("payments[0].amount AMOUNT_TOO_LARGE"),
    ),
    "money of another country behind cash": (
        CLOUD | {"payments": [{"type": "cash", "amount": 5}, {"method": "foreign", "amount": 2}]},
        at("payments[1].type PAYMENT_KIND_UNKNOWN"),
        OURS | {"payments": [{"kind": "cash", "amount": 500}, {"kind": "foreign", "amount": 200}]},
        at("payments[0].kind PAYMENT_KIND_UNKNOWN"),  # the driver's own count: cash is last
    ),
    "money of another country": (
        CLOUD | paid(7, "foreign"),
        at("payments[0].type PAYMENT_KIND_UNKNOWN"),
        OURS | pays(700, "foreign"),
        at("payments[0].kind PAYMENT_KIND_UNKNOWN"),
    ),
    "a control character": (
        item(name="Paine\x07"),
        at("items[0].name TEXT_NOT_PRINTABLE"),
        line(name="Paine\tAlba"),
        at("lines[0].name TEXT_NOT_PRINTABLE"),
    ),
    "an end of line": (
        CLOUD | {"textsAbove": ["a\nb"]},
        at("textsAbove[0] TEXT_NOT_PRINTABLE"),
        OURS | {"texts_above": ["a\nb"]},
        at("texts_above[0] TEXT_NOT_PRINTABLE"),
    ),
    "letters from right to left": (
        item(name="לחם"),
        at("items[0].name TEXT_NOT_PRINTABLE"),
        line(name="خبز"),
        at("lines[0].name TEXT_NOT_PRINTABLE"),
    ),
    "a sign that turns the text round": (
        CLOUD | {"textsBelow": ["ok", "\u202e00,7 IEL"]},
        at("textsBelow[1] TEXT_NOT_PRINTABLE"),
        OURS | {"texts_below": ["ok", "\u202e00,7 IEL"]},
        at("texts_below[1] TEXT_NOT_PRINTABLE"),
    ),
    "half a letter": (
        item(name="Pai\ud83e"),
        at("items[0].name FIELD_INVALID"),
        line(name="Pai\u0000"),
        at("lines[0].name TEXT_NOT_PRINTABLE"),
    ),
    "a name of blanks": (
        item(name="   "),
        at("items[0].name TEXT_EMPTY"),
        line(name=" " * 100),
        at("lines[0].name TEXT_EMPTY"),
    ),
    "a name of an accent alone": (
        item(name="\u0301"),
        at("items[0].name TEXT_EMPTY"),
        line(name="\u0301 \u0308"),
        at("lines[0].name TEXT_EMPTY"),
    ),
    "a name of four lines": (
        item(name="x" * 217),
        at("items[0].name TEXT_TOO_LONG"),
        line(name="x" * 217),
        at("lines[0].name TEXT_TOO_LONG"),
    ),
    "a rate that the device lacks, behind a deposit": (
        CLOUD | DEPOSIT | paid(15),
        at("items[1].vatRate VAT_RATE_UNKNOWN"),
        OURS | DEPOSIT_LINES | pays(1500),
        at("lines[1].vat_rate VAT_RATE_UNKNOWN"),
    ),
    "nothing to void": (
        CLOUD | {"items": [ITEM, ITEM | {"price": 3.4, "void": True}]},
        at("items[1].void NOTHING_TO_VOID"),
        OURS | {"lines": [LINE, LINE | {"unit_price": 340, "void": True}]},
        at("lines[1].void NOTHING_TO_VOID"),
    ),
    "all voided": (
        CLOUD | {"items": [ITEM, ITEM | {"void": True}]},
        at("items TOTAL_NOT_POSITIVE"),
        OURS | {"lines": [LINE, LINE | {"void": True}]},
        at("lines TOTAL_NOT_POSITIVE"),
    ),
    "41 texts": (
        CLOUD | {"textsAbove": ["x"] * 41},
        at("textsAbove TOO_MANY_LINES"),
        OURS | {"texts_below": ["x"] * 41},
        at("texts_below TOO_MANY_LINES"),
    ),
    "an EAN with a bad check digit": (
        CLOUD | {"barcode": {"type": "ean13", "data": "5941234567890"}},
        at("barcode.data BARCODE_BAD"),
        OURS | {"barcode": {"kind": "ean8", "data": "12345678"}},
        at("barcode.data BARCODE_BAD"),
    ),
    "a code that would be printed as another": (
        CLOUD | {"barcode": {"type": "qr", "data": "ȘTAMPILĂ"}},
        at("barcode.data BARCODE_BAD"),
        OURS | {"barcode": {"kind": "code128", "data": "ȘTAMPILĂ"}},
        at("barcode.data BARCODE_BAD"),
    ),
}
