r"""The fields inside a frame: text between separators, amounts with two decimals, quantities
with three.

    "Paine\t1\t4.50\t2.000\t"  <->  ("Paine", 1, Bani 450, thousandths 2000)

Whole numbers inside, decimal text outside; no float in between.
"""

from protocol.errors import ReplyError

TAB = "\t"
PLACES = 2  # of bani, and of hundredths of a percent


def tabbed(*values: str | int) -> str:
    """Join parameters the X way: a TAB after every one, also the last [datecs.md 2.4]."""
    return "".join(f"{value}{TAB}" for value in values)


def split_tabbed(text: str) -> list[str]:
    """Cut at TABs; the one after the last field makes no field of its own."""
    return text.removesuffix(TAB).split(TAB)


def decimal_text(value: int, places: int) -> str:
    """Write a whole number of smallest units: decimal_text(1250, 2) is "12.50"."""
    whole, part = divmod(abs(value), 10**places)
    return f"{'-' if value < 0 else ''}{whole}.{part:0{places}d}"


def money(amount: int) -> str:
    """Write bani, or hundredths of a percent, as the devices read them: money(1250) is "12.50"."""
    return decimal_text(amount, PLACES)


def hundredths(text: str) -> int:
    """Read bani, or hundredths of a percent, as the devices write them: "12.5" is 1250.

    Raises:
        ReplyError: not a decimal number, or more decimals than that.
    """
    digits = text.strip()
    sign = -1 if digits.startswith("-") else 1
    whole, _, part = digits.removeprefix("-" if sign < 0 else "+").partition(".")
    part = part.rstrip("0") if len(part) > PLACES else part
    if not (whole + part).isascii() or not (whole + part).isdigit() or len(part) > PLACES:
        raise ReplyError(f"{text!r} is not a number with {PLACES} decimals")
    return sign * int((whole or "0") + part.ljust(PLACES, "0"))


def integer(text: str) -> int:
    """Read a whole number.

    Raises:
        ReplyError: it is none.
    """
    digits = text.strip()
    if not digits.isascii() or not digits.removeprefix("-").isdigit():  # int() takes "1_000" too
        raise ReplyError(f"{text!r} is not a whole number")
    return int(digits)
