"""What keeps a command from being done now, and which of several reasons decides."""

import pytest

from agent.commands import KINDS
from agent.preflight import obstacles
from drivers.families.datecs_x import STATUS_BITS
from drivers.faults import Fault, words
from drivers.status import DeviceStatus

CLEAN = bytes.fromhex("80 80 80 80 86 9A 80 80")
every_kind = pytest.mark.parametrize("kind", KINDS)


def status(*faults: Fault, fiscalised: bool = True) -> DeviceStatus:
    """A device whose status bytes say these."""
    raw = bytearray(CLEAN)
    for fault in faults:
        bit = next(bit for bit in STATUS_BITS if bit.fault is fault)
        raw[bit.byte] |= 1 << bit.bit
    return DeviceStatus(bytes(raw), STATUS_BITS, receipt_open=False, fiscalised=fiscalised)


@every_kind
def test_a_device_in_order_is_ready(kind: str) -> None:
    assert obstacles(KINDS[kind], status()) == []


@every_kind
@pytest.mark.parametrize(
    "fault", [Fault.PAPER_LOW, Fault.JE_NEARLY_FULL, Fault.FISCAL_MEMORY_NEARLY_FULL]
)
def test_a_warning_keeps_nothing_from_being_done(kind: str, fault: Fault) -> None:
    assert obstacles(KINDS[kind], status(fault)) == []


@every_kind
@pytest.mark.parametrize(
    "fault", sorted({bit.fault for bit in STATUS_BITS if bit.fault} - {Fault.Z_REPORT_DUE})
)
def test_every_other_condition_stops_every_kind_or_none(kind: str, fault: Fault) -> None:
    expected = [] if fault.endswith(("_low", "_nearly_full")) else [fault]
    assert obstacles(KINDS[kind], status(fault)) == expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("print_receipt", [Fault.Z_REPORT_DUE]), ("x_report", []), ("z_report", [])],
)
def test_a_day_that_is_over_stops_receipts_and_not_its_own_z_report(
    kind: str, expected: list[Fault]
) -> None:
    assert obstacles(KINDS[kind], status(Fault.Z_REPORT_DUE)) == expected


@every_kind
def test_a_device_that_is_not_fiscalised_does_nothing(kind: str) -> None:
    assert obstacles(KINDS[kind], status(fiscalised=False)) == [Fault.NOT_FISCALISED]


def test_what_no_waiting_cures_comes_last_and_decides() -> None:
    found = obstacles(
        KINDS["print_receipt"],
        status(Fault.JE_FULL, Fault.COVER_OPEN, Fault.Z_REPORT_DUE, Fault.PAPER_OUT),
    )
    waits = [words()[fault].waits for fault in found]
    assert waits == sorted(waits, reverse=True) == [True, True, False, False]
