"""Every kind of command, in our own words: its payload, what does it, what proves it.

    print_receipt     a fiscal receipt       proved by the receipt counter, the total, the reference
    z_report          closes the day         proved by the Z number
    cash_in, cash_out                        proved by the day's sums of cash
    non_fiscal_receipt                       proved by our reference in the JE
    read_...          the archive: fiscal memory and JE; the signed daily files are not on the wire
    the rest          reads, or settings that can be set again without harm

The cloud, the command line and the tests all speak this; how a cloud spells it is in
`cloud/payloads.py`. A kind that is not in the table is answered UNSUPPORTED, never dropped.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from agent import carry_out, checks
from agent.archive import read_commands
from agent.archive.payloads import JePayload, MemoryPayload
from agent.payloads import (
    CashInPayload,
    CashOutPayload,
    ClockPayload,
    FooterPayload,
    HeaderPayload,
    LogoPayload,
    NoPayload,
    OperatorNumberPayload,
    OperatorPayload,
    Payload,
    PreflightPayload,
    ReceiptPayload,
    SlipPayload,
    VatPayload,
    Work,
    ZReportPayload,
)
from agent.verdict import Proof
from drivers.base import FiscalPrinter
from drivers.capabilities import Capabilities, Feature, Told
from drivers.errors import Refused
from drivers.faults import Fault, words
from drivers.model import Observation, Problem

Recall = Callable[[FiscalPrinter, Work, Observation], dict[str, Any]]

_DAY_IS_OVER = frozenset({Fault.Z_REPORT_DUE})
_ANYTHING = frozenset(Fault)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of command.

    `perform` does it; `recall` reads its result when a later look proved that it was done (None
    where nothing is ever proved, for it may be done again). `check` says before the first byte
    what would keep it from being done; `needs` is the feature that must be switched on, `asks` what
    the device must tell.
    `tolerates` are the conditions of a device that do not keep it from being done, `cures` those
    that it ends: it goes before a command that waits for that. `renews`: what will soon be wrong is
    looked at again after it. `reads`: it only reads the archive, and gives way to all that prints.
    """

    name: str
    payload: type[Payload]
    perform: Callable[[FiscalPrinter, Work], dict[str, Any]]
    proof: Proof = Proof.NONE
    recall: Recall | None = None
    check: Callable[[FiscalPrinter, Work], list[Problem]] = checks.nothing
    needs: Feature | None = None
    asks: Told | None = None
    tolerates: frozenset[Fault] = frozenset()
    cures: frozenset[Fault] = frozenset()
    renews: bool = False
    reads: bool = False

    def understand(self, payload: str, command_id: str, now: datetime) -> Work:
        """Turn a payload as the ledger keeps it into what a driver is given.

        Raises:
            BadPayload: it is not one of this kind.
        """
        return self.payload.read(payload).work(command_id, now)

    def lacking(self, can: Capabilities) -> list[Problem]:
        """Say what it would need that the device does not have; nothing is asked of it for that."""
        if self.asks and self.asks in can.untold:
            return [checks.untold(self.asks)]
        if self.needs and self.needs not in can.features:
            return [checks.lacking(self.needs, can)]
        return []

    def problems(self, printer: FiscalPrinter, work: Work) -> list[Problem]:
        """Say what keeps it from being done, a refusal of what has to be asked included."""
        try:
            return self.check(printer, work)
        except Refused as error:
            if words()[error.fault].waits:
                raise
            return [checks.of_fault(error.fault, str(error))]


def _read(
    name: str,
    perform: Callable[[FiscalPrinter, Work], dict[str, Any]],
    asks: Told | None = None,
) -> Kind:
    """A kind that only reads: it can be done in every state of the device."""
    return Kind(name, NoPayload, perform, asks=asks, tolerates=_ANYTHING)


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "print_receipt",
            ReceiptPayload,
            carry_out.receipt,
            Proof.RECEIPT,
            carry_out.recall_receipt,
            checks.receipt,
        ),
        Kind(
            "x_report",
            NoPayload,
            carry_out.x_report,
            tolerates=_DAY_IS_OVER,
        ),
        Kind(
            "z_report",
            ZReportPayload,
            carry_out.z_report,
            Proof.Z_NUMBER,
            carry_out.recall_z_report,
            checks.something_to_close,
            tolerates=_DAY_IS_OVER,
            renews=True,
        ),
        Kind(
            "cash_in",
            CashInPayload,
            carry_out.cash,
            Proof.CASH,
            carry_out.recall_cash,
            checks.cash,
            asks=Told.CASH,
        ),
        Kind(
            "cash_out",
            CashOutPayload,
            carry_out.cash,
            Proof.CASH,
            carry_out.recall_cash,
            checks.cash,
            asks=Told.CASH,
        ),
        Kind(
            "non_fiscal_receipt",
            SlipPayload,
            carry_out.slip,
            Proof.SLIP,
            carry_out.recall_slip,
            checks.slip,
            tolerates=_DAY_IS_OVER,
        ),
        Kind(
            "print_duplicate",
            NoPayload,
            carry_out.duplicate,
            Proof.DUPLICATE,
            carry_out.recall_duplicate,
            needs=Feature.DUPLICATE,
            tolerates=_DAY_IS_OVER,
        ),
        Kind(
            "void_open_receipt",
            NoPayload,
            carry_out.cancel_open,
            check=checks.nothing_paid,
            asks=Told.OPEN_RECEIPT,
            tolerates=frozenset({Fault.RECEIPT_OPEN, Fault.Z_REPORT_DUE}),
            cures=frozenset({Fault.RECEIPT_OPEN}),
        ),
        Kind("void_receipt", NoPayload, carry_out.never, needs=Feature.REVERSAL),
        Kind("print_reversal_receipt", NoPayload, carry_out.never, needs=Feature.REVERSAL),
        Kind(
            "open_drawer",
            NoPayload,
            carry_out.open_drawer,
            needs=Feature.DRAWER,
            tolerates=_ANYTHING,
        ),
        Kind(
            "set_datetime",
            ClockPayload,
            carry_out.set_clock,
            check=checks.clock,
            asks=Told.CLOCK,
            tolerates=frozenset({Fault.CLOCK_NOT_SET}),
            cures=frozenset({Fault.CLOCK_NOT_SET}),
            renews=True,
        ),
        Kind(
            "set_vat_rates",
            VatPayload,
            carry_out.set_vat_rates,
            check=checks.day_closed,
            needs=Feature.VAT_TABLE,
            renews=True,
        ),
        Kind(
            "set_header",
            HeaderPayload,
            carry_out.set_texts,
            check=checks.text_lines,
            needs=Feature.TEXTS,
        ),
        Kind(
            "set_footer",
            FooterPayload,
            carry_out.set_texts,
            check=checks.text_lines,
            needs=Feature.TEXTS,
        ),
        Kind(
            "set_operator",
            OperatorPayload,
            carry_out.set_operator,
            check=checks.operator,
            needs=Feature.OPERATORS,
        ),
        Kind(
            "set_logo",
            LogoPayload,
            carry_out.set_logo,
            check=checks.logo,
            needs=Feature.LOGO,
        ),
        Kind(
            "get_operator",
            OperatorNumberPayload,
            carry_out.get_operator,
            needs=Feature.OPERATORS,
            tolerates=_ANYTHING,
        ),
        Kind(
            "read_fiscal_memory",
            MemoryPayload,
            read_commands.fiscal_memory,
            needs=Feature.ARCHIVE,
            asks=Told.FISCAL_MEMORY,
            tolerates=_ANYTHING,
            reads=True,
        ),
        Kind(
            "read_electronic_journal",
            JePayload,
            read_commands.electronic_journal,
            check=read_commands.findable,
            needs=Feature.ARCHIVE,
            asks=Told.JE,
            tolerates=_ANYTHING,
            reads=True,
        ),
        Kind("read_p7b", NoPayload, carry_out.never, needs=Feature.P7B),
        _read("get_cash_amount", carry_out.get_cash, Told.CASH),
        _read("get_datetime", carry_out.get_clock, Told.CLOCK),
        _read("get_vat_rates", carry_out.get_vat_rates, Told.VAT_TABLE),
        _read("get_header", carry_out.get_header, Told.TEXTS),
        _read("get_footer", carry_out.get_footer, Told.TEXTS),
        _read("get_device_info", carry_out.get_info),
        _read("get_device_status", carry_out.get_status, Told.STATUS),
        Kind(
            "preflight",
            PreflightPayload,
            carry_out.preflight,
            asks=Told.STATUS,
            tolerates=_ANYTHING,
            renews=True,
        ),
        replace(
            _read("get_last_receipt", carry_out.get_last_receipt, Told.COUNTERS),
            check=checks.a_receipt,
        ),
    )
}

READINGS = tuple(name for name, kind in KINDS.items() if kind.reads)
