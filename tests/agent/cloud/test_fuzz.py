"""Anything at all instead of a command: it is taken, answered or left, and nothing breaks."""

from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.cloud.schema import NotACommand, device_of, to_incoming
from agent.commands import KINDS
from tests.agent.cloud.cloud_world import ITEM, MISSING, PAYMENT, changed, raw_command

NOW_MS, TTL_MS = 1_775_120_400_000, 180_000

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)
places = st.sampled_from(
    [
        *(("id",), ("deviceId",), ("type",), ("createdAt",), ("payload",)),
        *(("payload", "items"), ("payload", "payments"), ("payload", "customerCif"), ITEM, PAYMENT),
        *((*ITEM, name) for name in ("name", "quantity", "price", "vatRate", "department", "unit")),
        *((*ITEM, "discount"), (*PAYMENT, "type"), (*PAYMENT, "amount"), (*PAYMENT, "method")),
    ]
)
likely = st.sampled_from(["cash", "x_report", Decimal("0.5"), {"type": "percent", "value": 5}])

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@settings(deadline=None)
@given(
    mend=st.lists(st.tuples(places, json_values | likely | st.just(MISSING)), max_size=3),
    server_ms=st.none() | st.integers(0, 2**45),
)
def test_a_command_with_anything_in_any_place_is_a_command_or_is_not(
    mend: list[Any], server_ms: int | None
) -> None:
    raw: Any = raw_command()
    for where, value in mend:
        with suppress(KeyError, IndexError, TypeError):  # the place is gone
            raw = changed(where, value, raw)
    is_sound(raw, server_ms)


@settings(deadline=None)
@given(json_values)
def test_anything_at_all_is_a_command_or_is_not(raw: Any) -> None:
    is_sound(raw, NOW_MS)


def is_sound(raw: Any, server_ms: int | None) -> None:
    try:
        found = to_incoming(raw, now_ms=NOW_MS, server_ms=server_ms, ttl_ms=TTL_MS)
    except NotACommand:
        return
    assert (found.payload is None) == bool(found.problems)
    assert found.id.encode()
    assert found.kind.encode() + found.device_id.encode() + found.body.encode()
    assert -(2**63) <= found.expires_at_ms < 2**63
    for problem in found.problems:
        assert problem.code.isupper()
        assert 0 < len(problem.sentence.encode()) < 500
    if found.payload is not None:
        KINDS[found.kind].understand(found.payload, found.id, NOW)


@settings(deadline=None)
@given(json_values)
def test_whatever_stands_in_a_list_has_a_device_or_none(raw: Any) -> None:
    assert isinstance(device_of(raw), str)
