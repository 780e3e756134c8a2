"""What would keep a receipt from being issued, said before the first byte, for any family."""

from collections import Counter
from dataclasses import replace
from itertools import accumulate

from drivers.capabilities import Capabilities, Feature, has_no
from drivers.model import (
    Adjustment,
    Bani,
    Barcode,
    BarcodeKind,
    Line,
    Problem,
    Receipt,
    Slip,
    Thousandths,
    VatRate,
    lei,
)
from protocol.fields import decimal_text
from protocol.text import ASCII, fold, unprintable

AMOUNT_MAX = Bani(99_999_999_99)
PRICE_MAX = Bani(9_999_999_99)
PERCENT_MAX = 100_00
QUANTITY_MAX = Thousandths(99_999_999)
TEXTS_MAX, TEXT_LENGTH_MAX = 40, 200
TEXT_PIECES_MAX, TEXT_COLUMNS = 150, 30  # on the narrowest paper
BARCODE_LENGTHS = {
    BarcodeKind.EAN8: (8, 8),
    BarcodeKind.EAN13: (13, 13),
    BarcodeKind.CODE128: (3, 31),
    BarcodeKind.QR: (3, 120),
}


def receipt_problems(
    receipt: Receipt,
    capabilities: Capabilities,
    rates: frozenset[VatRate],
    payment_max: Bani = AMOUNT_MAX,
) -> list[Problem]:
    """Check a receipt on paper's terms: what the device can print, sell and take as payment."""
    problems = [
        problem
        for index, line in enumerate(receipt.lines)
        for problem in _line_problems(path_of(line, index), line, capabilities, rates)
    ]
    problems += _void_problems(receipt) + _around_problems(receipt, capabilities)
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
        if payment.amount > payment_max:
            sentence = f"the device takes {lei(payment_max)} lei in one payment"
            problems.append(Problem(f"payments[{index}].amount", "AMOUNT_TOO_LARGE", sentence))
    if max([receipt.total, *accumulate(line.total for line in receipt.lines)]) > AMOUNT_MAX:
        problems.append(Problem("lines", "TOTAL_TOO_LARGE", "the total is above 99,999,999.99 lei"))
    return problems


def path_of(line: Line, index: int) -> str:
    """Say where a line was asked: one that came of another has its own place."""
    return line.path or f"lines[{index}]"


def _line_problems(
    path: str, line: Line, capabilities: Capabilities, rates: frozenset[VatRate]
) -> list[Problem]:
    length_max = capabilities.name_length_max * capabilities.name_lines_max
    problems = text_problems(
        f"{path}.name", line.name, length_max=length_max, page=capabilities.code_page
    )
    problems += text_problems(f"{path}.unit", line.unit, length_max=6, page=capabilities.code_page)
    if line.vat_rate not in rates:
        has = ", ".join(f"{decimal_text(rate, 2)} %" for rate in sorted(rates, reverse=True))
        asked = decimal_text(line.vat_rate, 2)
        sentence = f"the device has no VAT rate {asked} %; it has {has}"
        problems.append(Problem(f"{path}.vat_rate", "VAT_RATE_UNKNOWN", sentence))
    if line.unit_price > PRICE_MAX:
        at = f"{path}.unit_price" if path.endswith("]") else path  # else: a deposit, a tip
        sentence = "the device takes 9,999,999.99 lei for one piece"
        problems.append(Problem(at, "AMOUNT_TOO_LARGE", sentence))
    if line.quantity > QUANTITY_MAX:
        sentence = "the device takes a quantity of 99,999.999"
        problems.append(Problem(f"{path}.quantity", "AMOUNT_TOO_LARGE", sentence))
    if is_blank(line.name, capabilities.code_page):
        problems.append(Problem(f"{path}.name", "TEXT_EMPTY", "the name is blank"))
    problems += _percent_problems(f"{path}.adjustment", line.adjustment)
    if line.gross <= 0 or (-line.total if line.is_void else line.total) <= 0:
        problems.append(Problem(path, "LINE_NOT_POSITIVE", "the line's total is not above zero"))
    return problems


def _percent_problems(path: str, adjustment: Adjustment | None) -> list[Problem]:
    if adjustment and adjustment.is_percent and adjustment.value >= PERCENT_MAX:
        return [Problem(path, "PERCENT_TOO_LARGE", "a percentage must be below 100")]
    return []


def _void_problems(receipt: Receipt) -> list[Problem]:
    """A void line takes back one that stands before it: negative receipts are forbidden."""
    problems = []
    standing: Counter[Line] = Counter()
    for index, line in enumerate(receipt.lines):
        sold = replace(line, is_void=False)
        if line.is_void and not standing[sold]:
            sentence = "no equal line stands before it that could be taken back"
            problems.append(Problem(f"{path_of(line, index)}.void", "NOTHING_TO_VOID", sentence))
        standing[sold] += -1 if line.is_void else 1
    if receipt.total <= 0 and (receipt.adjustment or any(line.is_void for line in receipt.lines)):
        problems.append(Problem("lines", "TOTAL_NOT_POSITIVE", "the total is not above zero"))
    return problems


def _around_problems(receipt: Receipt, capabilities: Capabilities) -> list[Problem]:
    """What stands above and below the lines: texts, a barcode, a discount on the sum."""
    problems = _percent_problems("adjustment", receipt.adjustment)
    printed = sum(
        -(-len(text) // TEXT_COLUMNS) for text in receipt.texts_above + receipt.texts_below
    )
    if printed > TEXT_PIECES_MAX:
        sentence = f"the texts take {printed} lines of paper, {TEXT_PIECES_MAX} at most"
        problems.append(Problem("texts_below", "TOO_MANY_LINES", sentence))
    for path, texts in (("texts_above", receipt.texts_above), ("texts_below", receipt.texts_below)):
        if len(texts) > TEXTS_MAX:
            sentence = f"{len(texts)} texts, {TEXTS_MAX} at most"
            problems.append(Problem(path, "TOO_MANY_LINES", sentence))
        for index, text in enumerate(texts):
            problems += text_problems(
                f"{path}[{index}]", text, length_max=TEXT_LENGTH_MAX, page=capabilities.code_page
            )
    if (barcode := receipt.barcode) is not None:
        if Feature.BARCODE not in capabilities.features:
            sentence = "barcodes are not switched on for this device (`features` in its table)"
            if Feature.BARCODE in capabilities.lacks:
                sentence = has_no(Feature.BARCODE)
            problems.append(Problem("barcode", "UNSUPPORTED", sentence))
        problems += _barcode_problems(barcode)
    return problems


def _barcode_problems(barcode: Barcode) -> list[Problem]:
    shortest, longest = BARCODE_LENGTHS[barcode.kind]
    problems = text_problems("barcode.data", barcode.data, length_max=longest)
    if not problems and fold(barcode.data) != barcode.data:
        sentence = "a barcode says what stands in it: plain letters only"
        problems.append(Problem("barcode.data", "BARCODE_BAD", sentence))
    if len(barcode.data) < shortest:
        sentence = f"{len(barcode.data)} characters, {shortest} at least"
        problems.append(Problem("barcode.data", "BARCODE_BAD", sentence))
    elif shortest == longest and not is_ean(barcode.data, longest):
        sentence = f"not {longest} digits with a right check digit"
        problems.append(Problem("barcode.data", "BARCODE_BAD", sentence))
    return problems


def is_ean(text: str, digits: int) -> bool:
    """Check an EAN by its length and its last digit."""
    if not text.isascii() or not text.isdigit() or len(text) != digits:
        return False
    sum_ = sum(int(d) * (3 if n % 2 == 0 else 1) for n, d in enumerate(reversed(text[:-1])))
    return (10 - sum_ % 10) % 10 == int(text[-1])


def is_blank(text: str, page: str = ASCII) -> bool:
    """Say whether nothing of it stands on paper: an accent alone folds to nothing."""
    return not fold(text, page).strip()


def is_named(text: str, name: str) -> bool:
    """Say whether a text is this name, as a person reads it: Bacșiș is BACSIS."""
    return fold(text).strip().casefold() == name.casefold()


def text_problems(path: str, text: str, *, length_max: int, page: str = ASCII) -> list[Problem]:
    """Refuse what would be cut or printed as something else. Folding can lengthen: € is EUR."""
    problems = []
    if bad := unprintable(text, page):
        shown = " ".join(f"U+{ord(letter):04X}" for letter in dict.fromkeys(bad))
        sentence = f"the device cannot print {shown}"
        problems.append(Problem(path, "TEXT_NOT_PRINTABLE", sentence))
    if (length := len(fold(text, page))) > length_max:
        sentence = f"{length} characters, the device prints {length_max}"
        problems.append(Problem(path, "TEXT_TOO_LONG", sentence))
    return problems


def folded(
    asked: Receipt | Slip | tuple[str, ...], page: str = ASCII, replaced: str = ""
) -> list[str]:
    """Name the texts that are printed with plain letters or other signs instead of their own."""
    if isinstance(asked, Receipt):
        named: dict[str, str] = {}
        for n, line in enumerate(asked.lines):
            named |= {f"{path_of(line, n)}.name": line.name, f"{path_of(line, n)}.unit": line.unit}
        for path, texts in (("texts_above", asked.texts_above), ("texts_below", asked.texts_below)):
            named |= {f"{path}[{n}]": text for n, text in enumerate(texts)}
    else:
        texts = asked.texts if isinstance(asked, Slip) else asked
        path = "texts" if isinstance(asked, Slip) else "lines"
        named = {f"{path}[{n}]": text for n, text in enumerate(texts)}
    return [
        path
        for path, text in named.items()
        if (plain := fold(text, page)) != text or any(sign in plain for sign in replaced)
    ]
