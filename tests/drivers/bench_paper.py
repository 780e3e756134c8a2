"""The paper that came out of a virtual printer, as the contract suite compares it."""

from dataclasses import dataclass

from sandbox.printer.memory import Document

WORDS = {"card_and_cash_advance": "card_cash_advance"}  # the sandbox has its own
RATES = (21_00, 11_00, 9_00, 0, 100_00, 100_00, 100_00)


@dataclass(frozen=True, slots=True)
class Paper:
    """One document as it came out. `lines` and `payments` in the order of the paper."""

    kind: str  # receipt, cancelled, z, x, nonfiscal
    number: int
    document: int
    z: int
    at: str  # as the device writes dates on the wire
    total: int
    lines: list[tuple[str, int, int, int, int]]  # name, price, quantity, VAT rate, total
    payments: list[tuple[str, int]]
    change: int
    reference: str
    customer_tax_id: str
    text: str


def as_paper(document: Document, *, number: int, at: str) -> Paper:
    """`number`: as the device counts its documents; `at`: as it writes dates."""
    return Paper(
        kind=document.kind,
        number=document.number,
        document=number,
        z=document.z,
        at=document.at.strftime(at),
        total=document.total_bani,
        lines=[told_line(line) for line in document.more.get("lines", [])],
        payments=[told_payment(paid) for paid in document.more.get("payments", [])],
        change=document.more.get("change_bani", 0),
        reference=document.more.get("reference", ""),
        customer_tax_id=document.more.get("customer_tax_id", ""),
        text="\n".join(document.text),
    )


def told_line(told: dict) -> tuple[str, int, int, int, int]:
    rate = int(told["vat_rate"].replace(".", ""))
    quantity = told["quantity_thousandths"]
    return told["name"].rstrip(), told["price_bani"], quantity, rate, told["total_bani"]


def told_payment(told: dict) -> tuple[str, int]:
    return WORDS.get(told["kind"], told["kind"]), told["amount_bani"]
