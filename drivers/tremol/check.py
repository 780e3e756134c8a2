"""What a Tremol device cannot take of a receipt, said before the first byte, beside the usual."""

from drivers.capabilities import Capabilities
from drivers.model import BarcodeKind, Line, Problem, Receipt, VatRate
from drivers.receipt_check import path_of, receipt_problems
from drivers.tremol.dialects import Dialect
from drivers.tremol.fields import ADJUSTMENT_MAX, AMOUNT_MAX, UNIT_MAX


def tremol_problems(
    receipt: Receipt, capabilities: Capabilities, rates: frozenset[VatRate], dialect: Dialect
) -> list[Problem]:
    """Check a receipt against the widths of the wire and what the dialect has."""
    problems = receipt_problems(receipt, capabilities, rates, payment_max=AMOUNT_MAX)
    for index, line in enumerate(receipt.lines):
        problems += _line_problems(path_of(line, index), line)
    if receipt.barcode and receipt.barcode.kind is BarcodeKind.QR:
        problems.append(Problem("barcode.kind", "UNSUPPORTED", "the device prints no QR code"))
    if receipt.customer_tax_id and not dialect.takes_customer:
        sentence = "this dialect has no known way to print the buyer's tax id"
        problems.append(Problem("customer_tax_id", "UNSUPPORTED", sentence))
    return problems


def _line_problems(path: str, line: Line) -> list[Problem]:
    problems = []
    if len(line.unit) > UNIT_MAX:
        sentence = f"{len(line.unit)} characters, the device prints {UNIT_MAX}"
        problems.append(Problem(f"{path}.unit", "TEXT_TOO_LONG", sentence))
    adjustment = line.adjustment
    if adjustment and not adjustment.is_percent and adjustment.value > ADJUSTMENT_MAX:
        sentence = "the device takes 9,999.99 lei as discount or surcharge of a line"
        problems.append(Problem(f"{path}.adjustment", "AMOUNT_TOO_LARGE", sentence))
    if line.is_void and line.unit_price >= AMOUNT_MAX // 10:
        sentence = "the device takes back at most 999,999.99 lei a piece"
        problems.append(Problem(path, "AMOUNT_TOO_LARGE", sentence))
    return problems
