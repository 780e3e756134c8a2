"""What will soon be wrong with a device: each condition at its edge, and what a person is told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from agent.preflight import warnings
from drivers.faults import Fault, words
from drivers.model import DeviceTime, VatRate
from drivers.upkeep import Upkeep

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
RATES = frozenset({VatRate(21_00), VatRate(11_00)})
WELL = Upkeep(
    clock=DeviceTime("22-11-26 10:00:00", NOW),
    rates=RATES,
    day_is_open=True,
    day_opened_at=NOW - timedelta(hours=1),
    z_reports_left=2000,
    service_at=NOW + timedelta(days=300),
    tax_office_until=NOW + timedelta(days=300),
)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def clock(moved: timedelta) -> DeviceTime:
    return DeviceTime("", NOW + moved)


def found(seen: Upkeep, rates: frozenset[VatRate] = RATES) -> list[Fault]:
    return list(warnings(seen, NOW, rates))


def test_a_device_that_is_well_has_no_warning() -> None:
    assert found(WELL) == []


def test_what_the_device_does_not_say_is_no_warning() -> None:
    assert found(Upkeep(WELL.clock, RATES, day_is_open=False)) == []


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (replace(WELL, clock=clock(20 * MINUTE)), []),
        (replace(WELL, clock=clock(21 * MINUTE)), [Fault.CLOCK_DRIFT]),
        (replace(WELL, clock=clock(-21 * MINUTE)), [Fault.CLOCK_DRIFT]),
        (replace(WELL, clock=DeviceTime("00-00-00 00:00:00", None)), [Fault.CLOCK_NOT_SET]),
        (replace(WELL, day_opened_at=NOW - 20 * HOUR + MINUTE), []),
        (replace(WELL, day_opened_at=NOW - 20 * HOUR), [Fault.DAY_ENDS_SOON]),
        (replace(WELL, rates=frozenset({VatRate(19_00)})), [Fault.VAT_TABLE_DIFFERS]),
        (replace(WELL, z_reports_left=60), []),
        (replace(WELL, z_reports_left=59), [Fault.FISCAL_MEMORY_NEARLY_FULL]),
        (replace(WELL, service_at=NOW + 15 * DAY), []),
        (replace(WELL, service_at=NOW + 14 * DAY), [Fault.SERVICE_DUE]),
        (replace(WELL, tax_office_until=NOW + 4 * DAY), []),
        (replace(WELL, tax_office_until=NOW + 3 * DAY), [Fault.TAX_OFFICE_TERM]),
    ],
)
def test_a_condition_begins_at_its_edge(seen: Upkeep, expected: list[Fault]) -> None:
    assert found(seen) == expected


def test_a_shop_that_names_no_rates_is_not_warned_of_any() -> None:
    assert found(replace(WELL, rates=frozenset()), rates=frozenset()) == []


def test_the_age_of_the_day_is_told_by_the_devices_own_clock() -> None:
    behind = replace(WELL, clock=clock(-2 * HOUR), day_opened_at=NOW - 21 * HOUR)
    assert found(behind) == [Fault.CLOCK_DRIFT]


def test_every_warning_can_be_said_in_both_languages_and_blocks_nothing() -> None:
    for fault in (Fault.CLOCK_DRIFT, Fault.DAY_ENDS_SOON, Fault.SERVICE_DUE, Fault.TAX_OFFICE_TERM):
        said = words()[fault]
        assert said.waits
        assert said.ro != said.en
