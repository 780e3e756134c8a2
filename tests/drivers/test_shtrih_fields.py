"""What published answers of Shtrih-M devices say, and what becomes of fields."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from drivers.faults import Fault
from drivers.shtrih.fields import (
    condition_bits,
    full_status,
    model_name,
    rate_of,
    serial_text,
    shares,
    text_of,
)
from drivers.status import DeviceStatus, load_status_bits

FILE = Path(__file__).parents[1] / "data" / "vectors" / "shtrih.json"
ANSWERS = [vector for vector in json.loads(FILE.read_text("utf-8")) if vector["direction"] == "rx"]


def published(code: str) -> list[bytes]:
    """What devices answered to a code, behind the result."""
    bodies = [bytes.fromhex(one["decoded"].get("data_hex", "")) for one in ANSWERS]
    return [body[2:] for body in bodies if body[:2] == bytes.fromhex(code) + b"\0"]


def test_the_published_full_status_says_what_its_publisher_says() -> None:
    (raw,) = published("11")
    told = full_status(raw)
    assert told.firmware.startswith("C.1 build ")
    assert (told.document, told.mode, told.submode) == (28, 2, 0)
    assert told.at.text == "25-10-2018 07:45:23"
    assert told.at.at == datetime(2018, 10, 25, 7, 45, 23, tzinfo=UTC)
    assert (told.serial, told.z_number, told.fiscalised) == (149119, 3, True)


@pytest.mark.parametrize("raw", published("10"), ids=lambda raw: raw.hex())
def test_healthy_devices_in_published_short_states_have_no_fault(raw: bytes) -> None:
    bits = load_status_bits("shtrih_status.csv")
    assert DeviceStatus(condition_bits(raw) + raw, bits, False, True).conditions == ()  # noqa: FBT003


def test_there_are_short_states_and_names_among_the_published() -> None:
    assert (len(published("10")), len(published("FC")), len(published("1F"))) == (2, 1, 2)


def test_the_published_device_type_is_a_name() -> None:
    assert model_name(published("FC")[0]) == "ШТРИХ-СМАРТПОС-Ф"


def test_the_published_table_values_are_a_rate_and_a_name() -> None:
    values = published("1F")
    assert rate_of(values[0]) == 0
    assert text_of(values[1]) == "Кассир Иванов"


SHORT = bytes.fromhex("1E 92 02 02 00 00 9F E5 00 00 00 00 00 00")


@pytest.mark.parametrize(
    ("place", "value", "found"),
    [
        (1, 0x12, {Fault.PAPER_OUT}),
        (1, 0x90, {Fault.PAPER_LOW}),
        (2, 0x06, {Fault.COVER_OPEN}),
        (2, 0x42, {Fault.JE_NEARLY_FULL}),
        (3, 0x03, {Fault.Z_REPORT_DUE}),
        (3, 0x04, set()),
        (3, 0x05, {Fault.SERVICE_NEEDED}),
        (3, 0x06, {Fault.CLOCK_NOT_SET}),
        (3, 0x08, {Fault.RECEIPT_OPEN}),
        (3, 0x28, {Fault.RECEIPT_OPEN}),
        (3, 0x0A, {Fault.WRONG_STATE}),
        (3, 0x0B, {Fault.BUSY}),
        (4, 0x02, {Fault.PAPER_OUT}),
        (4, 0x03, set()),
    ],
)
def test_flags_mode_and_submode_say_what_is_wrong(
    place: int, value: int, found: set[Fault]
) -> None:
    raw = SHORT[:place] + bytes([value]) + SHORT[place + 1 :]
    bits = load_status_bits("shtrih_status.csv")
    assert set(DeviceStatus(condition_bits(raw) + raw, bits, False, True).conditions) == found  # noqa: FBT003


def test_only_a_virtual_devices_name_makes_its_serial_a_virtual_one() -> None:
    assert serial_text(149119, "SHTRIH-FR-K") == "0149119"
    assert serial_text(1, "SIM-FR-K") == "SIM0000001"


def test_an_amount_is_shared_out_to_the_ban() -> None:
    assert shares(-1, {1: 3, 2: 3, 4: 3}) == {2: -1}
    assert sum(shares(-99, {1: 700, 2: 620, 3: 1}).values()) == -99
