"""What would keep a receipt from being issued, said before the first byte, for any family."""

from drivers.model import Bani, Capabilities, Line, Problem, Receipt, Thousandths, VatRate
from protocol.fields import decimal_text
from protocol.text import fold, unprintable

AMOUNT_MAX = Bani(99_999_999_99)
PERCENT_MAX = 100_00
QUANTITY_MAX = Thousandths(99_999_999)


def receipt_problems(
    receipt: Receipt, capabilities: Capabilities, rates: frozenset[VatRate]
) -> list[Problem]:
    """Check a receipt on paper's terms: what the device can print, sell and take as payment."""
    problems = [
        problem
        for index, line in enumerate(receipt.lines)
        for problem in _line_problems(f"lines[{index}]", line, capabilities, rates)
    ]
    if len(receipt.lines) > capabilities.lines_max:
        sentence = f"{len(receipt.lines)} lines, the device takes {capabilities.lines_max}"
        problems.append(Problem("lines", "TOO_MANY_LINES", sentence))
    if len(receipt.payments) > capabilities.payments_max:
        sentence = f"{len(receipt.payments)} payments, the device takes {capabilities.payments_max}"
        problems.append(Problem("payments", "TOO_MANY_PAYMENTS", sentence))
    for index, payment in enumerate(receipt.payments):
        if payment.kind not in capabilities.payment_kinds:
            sentence = f"the device has no payment kind {payment.kind}"
            problems.append(Problem(f"payments[{index}].kind", "PAYMENT_KIND_UNKNOWN", sentence))
    if receipt.total > AMOUNT_MAX:
        problems.append(Problem("lines", "TOTAL_TOO_LARGE", "the total is above 99,999,999.99 lei"))
    return problems


def _line_problems(
    path: str, line: Line, capabilities: Capabilities, rates: frozenset[VatRate]
) -> list[Problem]:
    problems = text_problems(f"{path}.name", line.name, length_max=capabilities.name_length_max)
    problems += text_problems(f"{path}.unit", line.unit, length_max=6)
    if line.vat_rate not in rates:
        has = ", ".join(f"{decimal_text(rate, 2)} %" for rate in sorted(rates, reverse=True))
        asked = decimal_text(line.vat_rate, 2)
        sentence = f"the device has no VAT rate {asked} %; it has {has}"
        problems.append(Problem(f"{path}.vat_rate", "VAT_RATE_UNKNOWN", sentence))
    if line.unit_price > AMOUNT_MAX or line.quantity > QUANTITY_MAX:
        problems.append(Problem(path, "AMOUNT_TOO_LARGE", "price or quantity is above the limit"))
    if not line.name.strip():
        problems.append(Problem(f"{path}.name", "TEXT_EMPTY", "the name is blank"))
    if line.adjustment and line.adjustment.is_percent and line.adjustment.value >= PERCENT_MAX:
        sentence = "a percentage must be below 100"
        problems.append(Problem(f"{path}.adjustment", "PERCENT_TOO_LARGE", sentence))
    if line.gross <= 0 or line.total <= 0:
        problems.append(Problem(path, "LINE_NOT_POSITIVE", "the line's total is not above zero"))
    return problems


def text_problems(path: str, text: str, *, length_max: int) -> list[Problem]:
    """Refuse what would be cut or printed as something else. Folding can lengthen: € is EUR."""
    problems = []
    if bad := unprintable(text):
        shown = " ".join(f"U+{ord(letter):04X}" for letter in dict.fromkeys(bad))
        sentence = f"the device cannot print {shown}"
        problems.append(Problem(path, "TEXT_NOT_PRINTABLE", sentence))
    if (length := len(fold(text))) > length_max:
        sentence = f"{length} characters, the device prints {length_max}"
        problems.append(Problem(path, "TEXT_TOO_LONG", sentence))
    return problems
