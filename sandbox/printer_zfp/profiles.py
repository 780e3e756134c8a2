"""The two countries: which letters, widths and field orders the same device would have.

`ro` as the maker's Romanian definitions 2601151250 have it, `bg` as its manual 1910211454.
"""

from __future__ import annotations

from dataclasses import dataclass

NOT_USED = -1


@dataclass(frozen=True, slots=True)
class Profile:
    """`modes`: the payments in the order of the device, each as an index of PAYMENT_KINDS."""

    name: str
    code_page: str
    letters: str
    password_width: int
    modes: tuple[int, ...]
    payment_names: tuple[str, ...]
    storno_command: bool  # is 3C there?
    numbers_by_day: bool  # receipts begin at 1 after each Z; else 71 and the paper count for ever


RO = Profile(
    name="ro",
    code_page="cp1250",
    letters="ABCDE",
    password_width=4,
    modes=(0, 1, NOT_USED, 3, 4, 5, 2, 6, 8, 9),
    payment_names=(
        "NUMERAR",
        "CARD",
        "",
        "TICH. MASA",
        "BONURI VAL",
        "VOUCHER",
        "CREDIT",
        "PL.MODERNA",
        "ALTE MET.",
        "VALUTA",
    ),
    storno_command=True,
    numbers_by_day=True,
)
BG = Profile(
    name="bg",
    code_page="cp1251",
    letters="АБВГДЕЖ",
    password_width=6,
    modes=(0, 2, 3, 4, 5, 6, 8, 1, NOT_USED, NOT_USED, NOT_USED, 9),
    payment_names=(
        "Лева",
        "Чек",
        "Талон",
        "Талон 2",
        "Амбалаж",
        "Обслужване",
        "Повреди",
        "Карта",
        "Банка",
        "Резерв 1",
        "Резерв 2",
        "Евро",
    ),
    storno_command=False,
    numbers_by_day=False,
)
PROFILES = {"ro": RO, "bg": BG}
