"""What keeps a command from being done now, and which of several reasons decides."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agent.commands import KINDS
from agent.preflight import obstacles, warnings
from drivers.families.datecs_x import STATUS_BITS
from drivers.faults import Fault, words
from drivers.model import DeviceTime, VatRate
from drivers.status import DeviceStatus
from drivers.upkeep import Upkeep

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
    assert obstacles(KINDS[kind].tolerates, status()) == []


@every_kind
@pytest.mark.parametrize(
    "fault", [Fault.PAPER_LOW, Fault.JE_NEARLY_FULL, Fault.FISCAL_MEMORY_NEARLY_FULL]
)
def test_a_warning_keeps_nothing_from_being_done(kind: str, fault: Fault) -> None:
    assert obstacles(KINDS[kind].tolerates, status(fault)) == []


STOPPING = sorted(
    {
        bit.fault
        for bit in STATUS_BITS
        if bit.fault and not bit.fault.endswith(("_low", "_nearly_full"))
    }
    | {Fault.NOT_FISCALISED}
)
READS = {name for name in KINDS if name.startswith(("get_", "read_"))} | {"preflight"}
READS -= {"read_p7b"}  # which is never done
TOLERATED = {  # what goes on in spite of it, beside the reads and the drawer
    Fault.Z_REPORT_DUE: {
        "x_report",
        "z_report",
        "non_fiscal_receipt",
        "print_duplicate",
        "void_open_receipt",
    },
    Fault.RECEIPT_OPEN: {"void_open_receipt"},
    Fault.CLOCK_NOT_SET: {"set_datetime"},
}


def has(fault: Fault) -> DeviceStatus:
    if fault is Fault.NOT_FISCALISED:
        return status(fiscalised=False)
    return status(fault)


@pytest.mark.parametrize("fault", STOPPING)
def test_a_condition_stops_every_kind_but_reads_and_what_cures_it(fault: Fault) -> None:
    going = {name for name, kind in KINDS.items() if obstacles(kind.tolerates, has(fault)) == []}
    stopped = {
        name for name, kind in KINDS.items() if obstacles(kind.tolerates, has(fault)) == [fault]
    }
    assert going == READS | {"open_drawer"} | TOLERATED.get(fault, set())
    assert stopped == {*KINDS} - going


@pytest.mark.parametrize("kind", sorted(READS))
def test_a_read_is_done_with_everything_wrong_at_once(kind: str) -> None:
    blocked = [fault for fault in STOPPING if fault is not Fault.NOT_FISCALISED]
    assert obstacles(KINDS[kind].tolerates, status(*blocked, fiscalised=False)) == []


def test_what_no_waiting_cures_comes_last_and_decides() -> None:
    found = obstacles(
        KINDS["print_receipt"].tolerates,
        status(Fault.JE_FULL, Fault.COVER_OPEN, Fault.Z_REPORT_DUE, Fault.PAPER_OUT),
    )
    waits = [words()[fault].waits for fault in found]
    assert waits == sorted(waits, reverse=True) == [True, True, False, False]


# what will soon be wrong


NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
RATES = frozenset({VatRate(2100), VatRate(1100)})
GOOD = Upkeep(
    clock=DeviceTime("", NOW),
    rates=RATES,
    day_is_open=True,
    day_opened_at=NOW - timedelta(hours=4),
    z_reports_left=1800,
    service_at=NOW + timedelta(days=200),
    tax_office_until=NOW + timedelta(days=200),
)


def told(rates: frozenset[VatRate] = RATES, **changed: Any) -> list[Fault]:
    return list(warnings(replace(GOOD, **changed), NOW, rates))


def test_a_device_in_order_warns_of_nothing() -> None:
    assert told() == []
    quiet = {name: None for name in ("z_reports_left", "service_at", "tax_office_until")}
    assert told(day_opened_at=None, **quiet) == []


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_clock_may_be_twenty_minutes_off(sign: int) -> None:
    off = timedelta(minutes=20)
    assert told(clock=DeviceTime("", NOW + sign * off)) == []
    assert told(clock=DeviceTime("", NOW + sign * (off + timedelta(seconds=1)))) == [
        Fault.CLOCK_DRIFT
    ]


def test_a_clock_that_shows_no_date_is_not_set() -> None:
    assert told(clock=DeviceTime("00-00-00 00:00:00", None)) == [Fault.CLOCK_NOT_SET]


@pytest.mark.parametrize(("hours", "expected"), [(19, []), (20, [Fault.DAY_ENDS_SOON])])
def test_a_day_is_warned_of_from_twenty_hours(hours: int, expected: list[Fault]) -> None:
    assert told(day_opened_at=NOW - timedelta(hours=hours)) == expected


def test_a_day_is_as_old_as_the_device_s_own_clock_says() -> None:
    clock = DeviceTime("", NOW + timedelta(hours=17))
    assert told(clock=clock) == [Fault.CLOCK_DRIFT, Fault.DAY_ENDS_SOON]


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        (frozenset(), []),  # the shop does not say
        (RATES, []),
        (RATES | {VatRate(900)}, [Fault.VAT_TABLE_DIFFERS]),
        (frozenset({VatRate(2100)}), [Fault.VAT_TABLE_DIFFERS]),
    ],
)
def test_rates_other_than_the_shop_expects_are_told(
    expected: frozenset[VatRate], found: list[Fault]
) -> None:
    assert told(expected) == found


@pytest.mark.parametrize(("left", "expected"), [(60, []), (59, [Fault.FISCAL_MEMORY_NEARLY_FULL])])
def test_a_fiscal_memory_with_few_reports_left_is_told(left: int, expected: list[Fault]) -> None:
    assert told(z_reports_left=left) == expected


@pytest.mark.parametrize(
    ("name", "days", "fault"),
    [("service_at", 14, Fault.SERVICE_DUE), ("tax_office_until", 3, Fault.TAX_OFFICE_TERM)],
)
def test_a_term_is_told_some_days_before_and_when_it_is_over(
    name: str, days: int, fault: Fault
) -> None:
    assert told(**{name: NOW + timedelta(days=days, seconds=1)}) == []
    assert told(**{name: NOW + timedelta(days=days)}) == [fault]
    assert told(**{name: NOW - timedelta(days=1)}) == [fault]
