r"""The makes of legacy ISL devices, each as a table: how it spells, counts, and says no.

    datecs_legacy compact   registers (group B): 125 reads the electronic journal
    datecs_legacy printer   printers (group A): 119 reads it, 32 tells the last error, cover
    eltrade                 90h opens; no electronic journal, no register of Z records
    incotex                 Succes M7: N T A..F, error numbers, 24 h bit, customers with 57
    daisy bg, daisy ro      error numbers; bg reads the journal row by row, ro is the export form

A number in `errors` goes into status byte 3, one of six digits is what 32 tells.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from sandbox.printer.memory import RATE_UNUSED, Memory

LATIN = "ABCDEFG"
CYRILLIC = bytes(range(0xC0, 0xC8)).decode("cp1251")
PLAIN_OPENING = r"(?P<operator>\d{1,2}),(?P<password>[^,]{1,8}),(?P<till>\d{1,5})"
SALE = (
    r"(?P<name>[^\t\n]*)(?:\n(?P<name2>[^\t\n]*))?\t(?P<letter>[^\d\s.+-])(?P<price>-?\d+(?:\.\d+)?)"
    r"(?:\*(?P<quantity>\d+(?:\.\d+)?){unit})?"
    r"(?:,(?P<percent>[+-]?\d+(?:\.\d+)?)|{sign}(?P<amount>[+-]?\d+(?:\.\d+)?))?{unit_last}"
)


@dataclass(frozen=True, slots=True)
class Make:
    """One make. Letters of VAT groups and of payments are the device's, modes the memory's."""

    name: str
    serial: str
    identity: str  # {serial}, {memory}: the answer to 90
    tax: str = "{tax},CIF"  # the answer to 99
    idle: str = "80 80 80 80 86 9A"
    opens: int = 48
    opening: str = PLAIN_OPENING
    sample_opening: str = "1,{password},1"
    cancels: int = 60
    letters: str = LATIN  # of the groups that the memory has, in its order
    told_letters: str = LATIN + "H"  # the order in which rates are told
    sum_letters: str = ""  # and sums, if it is another
    payments: str = ""  # letters of 53
    paid_order: str = ""  # in which 110 and 173 tell their sums, if it is another
    modes: tuple[int, ...] = ()  # what they are
    sign: str = ";"
    unit: str = ""
    unit_last: str = ""
    name_max: int = 30
    text_max: int = 46
    slip_text_max: int = 46
    subtotal: str = r"(?P<print>[01])(?P<display>[01])"
    cash: str = r"(?P<amount>[+-]?\d+(?:\.\d+)?)?"
    counts: str = "z,next"  # the end of 110
    rates: str = "list"  # or flags (83)
    cover: tuple[int, int] | None = None
    day_over: tuple[int, int] | None = None
    errors: dict[str, str] = field(default_factory=dict)  # by the name of a Why
    without: frozenset[int] = frozenset()  # commands that it does not know
    amounts_without_point: bool = False
    rate_off: str = "00.00"  # what 97 tells of a group that is not on
    clock: str = "%d-%m-%y %H:%M:%S"
    z_record: str = "P,{number:04d},{sums},{day}"  # 64
    code_page: str = "cp1250"
    numbers_by_day: bool = False  # receipts are numbered from 1 after each Z
    tells_receipt_time: bool = False  # 86 tells the last receipt's time, not the last Z's

    def money(self, bani: int) -> str:
        if self.amounts_without_point:
            return f"{'-' if bani < 0 else ''}{abs(bani):010d}"
        return f"{'-' if bani < 0 else ''}{abs(bani) // 100}.{abs(bani) % 100:02d}"

    def signed(self, bani: int) -> str:
        """As 76 tells amounts: with a sign, in bani, nine digits [seen]."""
        return f"{bani:+010d}" if self.amounts_without_point else self.money(bani)

    def paid(self, by_mode: tuple[int, ...]) -> list[str]:
        by_letter = dict(zip(self.payments, self.modes, strict=True))
        return [self.money(by_mode[by_letter[one]]) for one in self.paid_order or self.payments]

    def told_rates(self, memory: Memory) -> list[int]:
        by_letter = dict(zip(self.letters, memory.rates, strict=False))
        return [by_letter.get(letter, RATE_UNUSED) for letter in self.told_letters]

    def sums(self, by_group: tuple[int, ...]) -> list[str]:
        by_letter = dict(zip(self.letters, by_group, strict=False))
        return [self.money(by_letter.get(one, 0)) for one in self.sum_letters or self.told_letters]

    @property
    def sale(self) -> re.Pattern[str]:
        text = SALE.replace("{sign}", re.escape(self.sign))
        for place, sign in (("{unit}", self.unit), ("{unit_last}", self.unit_last)):
            shape = rf"(?:{re.escape(sign)}(?P<unit>[^,;]{{1,6}}))?" if sign else ""
            text = text.replace(place, shape)
        return re.compile(text)


CASH, CARD, CREDIT, MEAL, VALUE, VOUCHER, MODERN, OTHER = 0, 1, 2, 3, 4, 5, 6, 8
JE_BY_TEXT, JE_BY_NUMBER, LAST_ERROR, DUPLICATE = 119, 125, 32, 109
JE_FIND, ANNOUNCE = 124, 153
CUSTOMER, TEXT, DAY, OPERATOR, LIST_OF_RATES, FLAGS_OF_RATES = 57, 54, 67, 112, 97, 83
LAST_Z, CONSTANTS, ALL_PAYMENTS, ROWS, LAST_RECORD = 64, 128, 173, 195, 86

DATECS_COMPACT = Make(
    name="datecs_legacy",
    serial="SIM2000001",
    identity="SIM-DP25 2.04BG 26Jan18 1025,FFFF,00000000,{memory},{serial}",
    payments="PNCDIJ",
    modes=(CASH, CREDIT, CARD, OTHER, MEAL, VALUE),
    name_max=22,
    text_max=36,
    slip_text_max=40,
    rates="flags",
    amounts_without_point=True,
    without=frozenset(
        {
            JE_BY_TEXT,
            LAST_ERROR,
            DUPLICATE,
            CUSTOMER,
            DAY,
            LIST_OF_RATES,
            CONSTANTS,
            ROWS,
            ALL_PAYMENTS,
            ANNOUNCE,
        }
    ),
)
DATECS_PRINTER = Make(
    name="datecs_legacy:printer",
    serial="SIM2100001",
    identity="SIM-FP800,1.00BG 26Jan18 1025,FFFF,00000000,{serial},{memory}",
    payments="PNCDIJKL",
    paid_order="PNDCIJKL",
    modes=(CASH, CREDIT, OTHER, CARD, MEAL, VALUE, VOUCHER, MODERN),
    unit="#",
    name_max=42,
    text_max=36,
    slip_text_max=42,
    rates="flags",
    cover=(0, 6),
    errors={
        "OPEN": "-150200",
        "CLOSED": "-150201",
        "PAYING": "-150409",
        "UNPAID": "-150412",
        "DAY_OVER": "-150204",
        "PASSWORD": "-150104",
        "VAT": "-150402",
        "CLOCK": "-150205",
        "OTHER": "-150003",
    },
    without=frozenset(
        {JE_BY_NUMBER, DUPLICATE, CUSTOMER, DAY, LIST_OF_RATES, CONSTANTS, ROWS, ALL_PAYMENTS}
        | {JE_FIND, ANNOUNCE}
    ),
)
ELTRADE = Make(
    name="eltrade",
    serial="SIM3000001",
    identity="SIM-A1,A1,EJ 1.17 260118 1025,FFFF,00,{serial},{memory}",
    opens=144,
    opening=r"(?P<till>\d{1,2})|[^,]{1,20}",
    sample_opening="Casier",
    payments="PNCDIJKLMQR",
    modes=(CASH, CREDIT, VALUE, MEAL, OTHER, OTHER, OTHER, CARD, MODERN, OTHER, OTHER),
    rates="flags",
    cover=(1, 5),
    tells_receipt_time=True,
    without=frozenset(
        {JE_BY_TEXT, JE_BY_NUMBER, LAST_ERROR, CUSTOMER, DAY, LIST_OF_RATES, LAST_Z, OPERATOR}
        | {CONSTANTS, ROWS, ALL_PAYMENTS, JE_FIND, ANNOUNCE}
    ),
)
INCOTEX = Make(
    name="incotex",
    serial="SIM4000001",
    identity="2.11 Jan 22 2019 14:00,DB44EEAD,0000,07,1234567",
    tax="{serial},{tax}",
    idle="80 80 80 80 80 B8",
    opening=PLAIN_OPENING + r"(?P<invoice>,I)?",
    cancels=130,
    letters="ABCDEF",
    told_letters="ABCDEF",
    sum_letters="NTABCDEF",
    payments="PNCDBI",
    modes=(CASH, CARD, MEAL, VALUE, VOUCHER, CREDIT),
    unit_last="@",
    name_max=38,
    text_max=38,
    slip_text_max=38,
    subtotal=r"(?P<print>[01]),(?P<option>[012])",
    cash=r"(?P<amount>\+0\.00|-?\d+(?:\.\d+)?)(?:,\d{1,2})?",
    day_over=(1, 4),
    errors={
        "OPEN": "3",
        "CLOSED": "3",
        "PAYING": "3",
        "UNPAID": "3",
        "DAY_OVER": "38",
        "PASSWORD": "23",
        "VAT": "37",
        "CLOCK": "76",
        "OTHER": "3",
    },
    numbers_by_day=True,
    without=frozenset(
        {JE_BY_TEXT, JE_BY_NUMBER, LAST_ERROR, FLAGS_OF_RATES, LAST_RECORD, OPERATOR, CONSTANTS}
        | {ROWS, JE_FIND, ANNOUNCE}
    ),
)
DAISY_ERRORS = {
    "OPEN": "7",
    "CLOSED": "25",
    "PAYING": "6",
    "UNPAID": "19",
    "DAY_OVER": "82",
    "PASSWORD": "66",
    "VAT": "8",
    "CLOCK": "10",
    "OTHER": "7",
}
DAISY = Make(
    name="daisy",
    serial="SIM5000001",
    identity="SIM-Compact ONL01-4.01BG 29-10-2018 11:34,FFFF,00,6,{serial},{memory}",
    tax="{tax}",
    idle="80 80 C0 80 80 B8",
    opening=r"(?P<operator>\d{1,6}),(?P<password>[^,]{1,6})",
    sample_opening="1,{password}",
    cancels=130,
    letters=CYRILLIC[:7],
    told_letters=CYRILLIC,
    payments="PNCDB",
    modes=(CASH, CREDIT, CARD, MEAL, VALUE),
    sign="$",
    name_max=20,
    text_max=28,
    slip_text_max=28,
    counts="z,document,invoice",
    errors=DAISY_ERRORS,
    clock="%d.%m.%y %H:%M:%S",
    z_record="{number:04d},{sums},{sums},{day}",
    code_page="cp1251",
    numbers_by_day=True,
    without=frozenset(
        {JE_BY_TEXT, JE_BY_NUMBER, LAST_ERROR, CUSTOMER, DAY, FLAGS_OF_RATES, LAST_RECORD}
        | {ALL_PAYMENTS, JE_FIND}
    ),
)
DAISY_RO = replace(
    DAISY,
    name="daisy:ro",
    serial="SIM5100001",
    identity="SIM-ExpertSX ONL01-4.01RO 29-10-2018 11:34,FFFF,00,40,{serial},{memory}",
    letters="ABCDE",
    told_letters="ABCDE",
    code_page="cp1250",
    without=DAISY.without | {ROWS},
)
ALL = (DATECS_COMPACT, DATECS_PRINTER, ELTRADE, INCOTEX, DAISY, DAISY_RO)
MAKES = {make.name: make for make in ALL}
