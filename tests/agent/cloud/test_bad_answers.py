"""What is made of answers nobody should give: an error of ours, short, and nothing breaks."""

import gzip
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.cloud.answers import (
    NESTING_MAX,
    CloudAnswerBroken,
    CloudError,
    CloudUnreachable,
    RawAnswer,
    read,
)
from agent.cloud.client import BODY_BYTES_MAX
from config.settings import profiles
from tests.agent.cloud.far_cloud import (
    client_of,
    error_from,
    far_cloud,
    said,
)

DATE = "Date: Thu, 02 Apr 2026 09:00:00 GMT"
DATE_MS = 1_775_120_400_000
PROFILES = list(profiles())
JSON = "Content-Type: application/json"


# bad answers


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"commands": [{"id": "cmd_',
        b'{"id": "cmd_\xff\xfe"}',
        '{"id": "comandă"}'.encode("iso-8859-2"),
        '{"id": "x"}'.encode("utf-16"),
        '{"id": "x"}'.encode("utf-32"),
        b'{"price": NaN}',
        b'{"price": Infinity}',
        b'{"price": -Infinity}',
        b'{"price": 1e99999999999999999999}',
        b"[" * 10_000 + b"]" * 10_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b"[" * (NESTING_MAX + 1) + b"]" * (NESTING_MAX + 1),
        b"{} {}",
        b'{"id": "cmd_1", "id": "cmd_2"}',
        b'{"commands": [{"payload": {"a": 1, "b": 2, "a": 1}}]}',
        b'{"a": 1, "\\u0061": 2}',
        b"\x00",
        b"// {}",
    ],
    ids=lambda body: repr(body[:30]),
)
def test_what_is_not_the_clouds_json_is_a_broken_answer_and_shows_little(body: bytes) -> None:
    error = error_from(said(200, body, JSON))
    assert type(error) is CloudAnswerBroken
    assert len(str(error)) < 400


def test_a_byte_order_mark_and_depth_within_reason_are_borne() -> None:
    depth = NESTING_MAX
    with far_cloud(said(200, b"\xef\xbb\xbf" + b"[" * depth + b"]" * depth)) as cloud:
        client = client_of(cloud)
        assert client.send("list").items is not None
        client.close()


def test_an_answer_of_nine_mebibytes_is_not_read_to_its_end() -> None:
    error = error_from(said(200, b"[" + b" " * (9 << 20) + b"]"))
    assert type(error) is CloudAnswerBroken
    assert str(BODY_BYTES_MAX) in str(error)


def test_an_answer_that_swells_when_unpacked_is_a_broken_answer() -> None:
    bomb = gzip.compress(b" " * (BODY_BYTES_MAX * 4))
    error = error_from(said(200, bomb, "Content-Encoding: gzip"))
    assert type(error) is CloudAnswerBroken
    assert str(BODY_BYTES_MAX) in str(error)


def test_an_answer_that_cannot_be_unpacked_is_no_answer() -> None:
    error = error_from(said(200, b"not gzip", "Content-Encoding: gzip"))
    assert type(error) is CloudUnreachable


names = st.sampled_from(
    [
        *("commands", "data", "items", "page", "hasMore", "nextToken", "success", "error"),
        *("errors", "code", "message", "extensions", "syncAgent"),
    ]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
)
header_values = st.text(st.characters(codec="latin-1"), max_size=40) | st.sampled_from(
    [
        "7",
        "Thu, 02 Apr 2026 09:01:30 GMT",
        "Fri, 31 Dec 9999 23:59:59 -2359",
        '"x"',
        "wait=3",
        "http://a@b/",
    ]
)
header_names = st.sampled_from(
    [
        *("Date", "Retry-After", "ETag", "Location", "Preference-Applied", "Content-Type"),
        *("RateLimit-Reset", "X-RateLimit-Reset", "RateLimit-Remaining", "X-RateLimit-Limit"),
    ]
)


@settings(deadline=None, max_examples=300)
@given(
    profile=st.sampled_from(PROFILES),
    call=st.sampled_from(["list", "claim", "sync", "devices"]),
    status=st.sampled_from([200, 201, 204, 299, 301, 304, 400, 401, 403, 404, 429, 500, 511]),
    headers=st.dictionaries(header_names, header_values),
    body=json_values.map(lambda value: json.dumps(value).encode()) | st.binary(),
)
def test_anything_at_all_is_an_answer_or_an_error_of_ours(
    profile: str, call: str, status: int, headers: dict[str, str], body: bytes
) -> None:
    known = profiles()[profile]
    try:
        answer = read(known, known.calls[call], RawAnswer(status, headers, body), DATE_MS)
    except CloudError as error:
        is_short_text(str(error))
        return
    assert status < 400
    assert answer.items is None or isinstance(answer.items, list)
    assert isinstance(answer.next, str)
    assert answer.server_ms is None or abs(answer.server_ms) < 2**63


def is_short_text(text: str) -> None:
    assert len(text.encode()) < 1000
