"""The dialects of Tremol devices: what differs between countries and generations, as tables.

    ro        Romanian definitions 2601151250: ten payments, four-character passwords
    ro_five   the same with the five payments of an older layout: only cash and card are sure
    bg        Bulgarian manual 1910211454: twelve payments, six-character passwords, richer reads
    bg_v2     Bulgarian models whose name ends in V2: five payments

Which of them the cloud's "tremol_v2" (M-PR2, S-PR) is nobody says; the frame is the same, and what
names the device gives its payments is read anyway [other_protocols.md 2.9].
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from drivers.capabilities import Told
from drivers.model import PaymentKind
from drivers.status import StatusBit, load_status_bits


@dataclass(frozen=True, slots=True)
class ProgressLayout:
    """Where 72 says what, counted in fields; `yes` is the sign of what has happened."""

    sums: tuple[int, ...]
    started: int
    finished: int
    change: int
    yes: str
    size: int


@dataclass(frozen=True, slots=True)
class Dialect:
    """One table. Where sources disagree the value is the one that can do no harm."""

    code_page: str
    groups: str  # the VAT letters of 31, 62, 6D, in that order
    other_group: str  # what 6D tells after them; nothing is sold there
    password_width: int
    payments: Mapping[PaymentKind, int]
    payment_slots: int  # how many payments 6E tells at most
    payment_tail: str  # what 35 wants after the amount
    progress: ProgressLayout
    status_bits: tuple[StatusBit, ...]
    fiscal_memory_in: tuple[int, int]  # command and field of the fiscal memory's number
    void_command: int  # 3C, or 31 with a negative price
    takes_customer: bool  # 30 with the buyer's CUI
    tells_payments: bool  # 72 P: what is paid of the open receipt
    tells_last_total: bool  # 72 B: the QR data of the last receipt
    percent_sign: str = "%"  # the manual has it, recorded sessions do not [2.6]
    untold: frozenset[Told] = frozenset()
    columns: int = 32  # the narrowest paper; 1D 49 would tell, in Bulgaria
    header_lines: int = 8
    footer_lines: int = 3


_RO_PROGRESS = ProgressLayout(
    sums=(2, 3, 4, 5, 6, 16), started=10, finished=11, change=14, yes="0", size=17
)
_BG_PROGRESS = ProgressLayout(
    sums=(2, 3, 4, 14, 15, 16, 17, 18), started=8, finished=9, change=12, yes="1", size=20
)

_RO = Dialect(
    code_page="cp1250",
    groups="ABCDE",
    other_group="F",  # alte taxe
    password_width=4,
    payments={
        PaymentKind.CASH: 0,
        PaymentKind.CARD: 1,
        PaymentKind.MEAL_TICKET: 3,
        PaymentKind.VALUE_TICKET: 4,
        PaymentKind.VOUCHER: 5,
        PaymentKind.CREDIT: 6,
        PaymentKind.MODERN: 7,
        PaymentKind.OTHER: 8,
    },
    payment_slots=10,
    payment_tail=";1",
    progress=_RO_PROGRESS,
    status_bits=load_status_bits("tremol_status.csv"),
    fiscal_memory_in=(0x61, 1),
    void_command=0x3C,
    takes_customer=True,
    tells_payments=False,
    tells_last_total=False,
)
_BG = replace(
    _RO,
    code_page="cp1251",
    groups="АБВГДЕЖЗ",
    other_group="",
    password_width=6,
    payments={  # coupons stand for what Romania calls tickets
        PaymentKind.CASH: 0,
        PaymentKind.CARD: 7,
        PaymentKind.MEAL_TICKET: 2,
        PaymentKind.VALUE_TICKET: 3,
    },
    payment_slots=12,
    payment_tail="",
    progress=_BG_PROGRESS,
    status_bits=load_status_bits("tremol_bg_status.csv"),
    fiscal_memory_in=(0x60, 1),
    void_command=0x31,
    takes_customer=False,
    tells_payments=True,
    tells_last_total=True,
    untold=frozenset({Told.JE_BY_DATE}),  # 5A is Romanian
)
_TWO = {PaymentKind.CASH: 0, PaymentKind.CARD: 1}
DIALECTS = {
    "ro": _RO,
    "ro_five": replace(_RO, payments=_TWO, payment_slots=5),
    "bg": _BG,
    "bg_v2": replace(_BG, payments=_TWO, payment_slots=5),
}
