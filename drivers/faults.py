"""Our own stable words for what can be wrong with a device, one per idea, for every maker.

The word is what reports and programs use; the maker's code always stands beside it. Sentences for
people, in Romanian and English, with what to do, are in `faults.toml`; `docs/fault-table.md` is
generated from it.
"""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources


class Fault(StrEnum):
    """What is wrong, as a stable word."""

    # the cable
    PORT_MISSING = "port_missing"
    PORT_BUSY = "port_busy"
    PORT_FORBIDDEN = "port_forbidden"
    NO_ANSWER = "no_answer"
    NOT_A_PRINTER = "not_a_printer"
    OTHER_DIALECT = "other_dialect"
    OTHER_PRINTER = "other_printer"
    FOLDER_UNUSABLE = "folder_unusable"
    # paper
    PAPER_OUT = "paper_out"
    PAPER_LOW = "paper_low"
    COVER_OPEN = "cover_open"
    HEAD_HOT = "head_hot"
    PRINT_MECHANISM = "print_mechanism"
    # the fiscal day and the receipt
    Z_REPORT_DUE = "z_report_due"
    DAY_OPEN = "day_open"
    RECEIPT_OPEN = "receipt_open"
    NO_RECEIPT_OPEN = "no_receipt_open"
    PAYMENT_STARTED = "payment_started"
    NOT_FULLY_PAID = "not_fully_paid"
    WRONG_STATE = "wrong_state"
    TOTAL_MISMATCH = "total_mismatch"
    # what we asked
    BAD_REQUEST = "bad_request"
    UNKNOWN_COMMAND = "unknown_command"
    VAT_RATE_UNKNOWN = "vat_rate_unknown"
    OPERATOR_REFUSED = "operator_refused"
    AMOUNT_REFUSED = "amount_refused"
    OVERFLOW = "overflow"
    # the device
    CLOCK_NOT_SET = "clock_not_set"
    WRONG_MODE = "wrong_mode"
    BUSY = "busy"
    NOT_FISCALISED = "not_fiscalised"
    FISCAL_MEMORY_FULL = "fiscal_memory_full"
    FISCAL_MEMORY_NEARLY_FULL = "fiscal_memory_nearly_full"
    FISCAL_MEMORY_FAILED = "fiscal_memory_failed"
    JE_FULL = "je_full"
    JE_NEARLY_FULL = "je_nearly_full"
    JE_FAILED = "je_failed"
    SERVICE_NEEDED = "service_needed"
    TAX_OFFICE_LINK = "tax_office_link"
    # what will soon be wrong
    DAY_ENDS_SOON = "day_ends_soon"
    CLOCK_DRIFT = "clock_drift"
    VAT_TABLE_DIFFERS = "vat_table_differs"
    SERVICE_DUE = "service_due"
    TAX_OFFICE_TERM = "tax_office_term"
    SIGNED_FILES_VANISH = "signed_files_vanish"
    ARCHIVE_INCOMPLETE = "archive_incomplete"
    # the rest
    PINPAD = "pinpad"
    NO_DATA = "no_data"
    RESULT_TOO_LARGE = "result_too_large"
    DEVICE_ERROR = "device_error"


@dataclass(frozen=True, slots=True)
class FaultWords:
    """What a person is told about a fault, and what to do."""

    group: str
    waits: bool  # it cures itself, or the operator cures it: worth trying again
    ro: str
    en: str


@cache
def words() -> dict[Fault, FaultWords]:
    """Return the sentences of every fault."""
    text = resources.files("drivers").joinpath("faults.toml").read_text(encoding="utf-8")
    return {Fault(code): FaultWords(**row) for code, row in tomllib.loads(text).items()}
