"""What goes over the line for each call, and with which key."""

import gzip
import json
import logging
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.cloud import calls
from agent.cloud.answers import (
    CloudError,
    CloudRefused,
    Why,
)
from agent.cloud.client import fill
from config.settings import profiles
from tests.agent.cloud.far_cloud import (
    OTHER_SECRET,
    PARTS,
    SECRET,
    FarCloud,
    Heard,
    client_of,
    far_cloud,
    refusal,
    said,
)

DATE = "Date: Thu, 02 Apr 2026 09:00:00 GMT"
DATE_MS = 1_775_120_400_000
PROFILES = list(profiles())
JSON = "Content-Type: application/json"


def sent(profile: str, call: str, **wishes: Any) -> Heard:
    """What goes over the line."""
    with far_cloud(said(200, b"{}")) as cloud:
        client = client_of(cloud, profile)
        client.send(call, **wishes)
        client.close()
    (heard,) = cloud.heard
    return heard


# what goes out


@pytest.mark.parametrize(
    ("profile", "target"),
    [
        ("ebon", "/api/v1/commands?status=pending&limit=9&deviceId=dev_1"),
        ("elebne", "/api/v1/dev/fiscal/commands?status=pending&limit=9&page=2&deviceId=dev_1"),
        ("esnad", "/v1/fiscal/commands?status=pending&limit=9&egs_unit_id=dev_1"),
    ],
)
def test_a_list_is_asked_for_as_the_cloud_spells_it(profile: str, target: str) -> None:
    heard = sent(profile, "list", parts=PARTS | {"page": "2"})
    assert (heard.method, heard.target, heard.body) == ("GET", target, b"")
    assert heard.headers["authorization"] == f"Bearer {SECRET}"
    assert "content-type" not in heard.headers


def test_a_parameter_without_a_value_is_left_out() -> None:
    assert sent("ebon", "list", parts={"device_id": ""}).target == "/api/v1/commands?status=pending"


def test_a_page_is_asked_for_by_whatever_token_came() -> None:
    token, as_sent = "a&b=c\r\nX: y\ud800ă", "a&b=c\r\nX: y?ă"
    by_query = sent("elebne", "list", parts={"page": token})
    assert parse_qs(urlsplit(by_query.target).query) == {"status": ["pending"], "page": [as_sent]}
    by_variable = sent("sbs", "list", parts={"page": token})
    assert json.loads(by_variable.body)["variables"]["nextToken"] == as_sent
    assert not {"x"} & ({*by_query.headers} | {*by_variable.headers})


def test_a_graphql_call_is_a_document_with_variables() -> None:
    heard = sent("sbs", "list", parts=PARTS | {"page": "next-1"})
    body = json.loads(heard.body)
    assert (heard.method, heard.target) == ("POST", "/graphql")
    assert (heard.headers["x-api-key"], heard.headers["content-type"]) == (
        SECRET,
        "application/json",
    )
    assert body["query"].startswith("query ($filter: CommandFilter")
    filtered = {"status": "pending", "deviceId": "dev_1"}
    assert body["variables"] == {"filter": filtered, "nextToken": "next-1"}
    assert json.loads(sent("sbs", "claim", parts=PARTS, body={"agentId": "a"}).body)[
        "variables"
    ] == {"id": "cmd_1", "input": {"agentId": "a"}}


@pytest.mark.parametrize("profile", PROFILES)
def test_a_frozen_body_goes_out_as_it_was_written_down(profile: str) -> None:
    body = {"eventId": 7, "note": "Pâine țărănească \ud800", "lines": [1, None, True]}
    with far_cloud(*[said(200, b"{}")] * 2) as cloud:
        client = client_of(cloud, profile)
        frozen = client.freeze("result", parts=PARTS, body=body)
        client.send("result", parts=PARTS, body=body)
        client.send("result", parts=PARTS, frozen=frozen)
        client.close()
    first, second = cloud.heard
    assert first.body == second.body == frozen
    frozen.decode("utf-8")


def test_what_was_frozen_by_another_hand_is_not_touched() -> None:
    odd = b'  {"a" : 1.0}\n'
    assert sent("ebon", "result", parts=PARTS, frozen=odd).body == odd


@pytest.mark.parametrize(
    ("profile", "call", "header"),
    [
        ("ebon", "receipt", "idempotency-key"),
        ("ebon", "result", None),
        ("ebon", "list", None),
        ("elebne", "result", "x-idempotency-key"),
        ("elebne", "claim", "x-idempotency-key"),
        ("elebne", "list", None),
        ("esnad", "upload", "idempotency-key"),
        ("sbs", "result", None),
    ],
)
def test_the_idempotency_header_goes_where_the_cloud_wants_it(
    profile: str, call: str, header: str | None
) -> None:
    heard = sent(profile, call, parts=PARTS, idempotency="cmd_1-z")
    found = {name for name in heard.headers if "idempotency" in name}
    assert found == ({header} if header else set())
    if header:
        assert heard.headers[header] == "cmd_1-z"


@pytest.mark.parametrize("name", ["cmd/1", "x" * 300, "comandă", "a\r\nX: y", "\ud800"])
def test_an_idempotency_key_the_cloud_would_not_take_becomes_one_it_takes(name: str) -> None:
    first, second = (
        sent("ebon", "receipt", body={}, idempotency=name).headers["idempotency-key"]
        for _ in range(2)
    )
    assert first == second
    assert len(first) == 64
    assert (
        first != sent("ebon", "receipt", body={}, idempotency=f"{name}2").headers["idempotency-key"]
    )


def test_a_write_without_a_name_is_a_new_one_each_time() -> None:
    """A poll of the same words must not be answered from the cloud's memory."""
    first, second = (
        sent("elebne", "sync", parts=PARTS, body={}).headers["x-idempotency-key"] for _ in range(2)
    )
    assert first != second


def test_a_large_body_is_zipped_where_the_cloud_takes_it() -> None:
    body = {"report": "JE " * 20_000}
    heard = sent("ebon", "upload", parts=PARTS, body=body)
    assert heard.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(heard.body)) == body
    assert heard.body == gzip.compress(gzip.decompress(heard.body), mtime=0)  # at any time
    for call, small in (("upload", {"report": "JE"}), ("result", body)):
        assert "content-encoding" not in sent("ebon", call, parts=PARTS, body=small).headers


def test_a_cloud_that_takes_no_gzip_is_asked_without_and_remembered() -> None:
    body = {"report": "x" * calls.GZIP_FROM_BYTES}
    with far_cloud(said(415), said(200, b"{}"), said(200, b"{}")) as cloud:
        client = client_of(cloud)
        client.send("upload", parts=PARTS, body=body)
        client.send("upload", parts=PARTS, body=body)
        client.close()
    assert ["content-encoding" in heard.headers for heard in cloud.heard] == [True, False, False]
    assert json.loads(cloud.heard[1].body) == body


def test_a_wait_and_an_etag_are_asked_for_by_header() -> None:
    heard = sent("ebon", "list", wait_s=25, etag='"v1"')
    assert (heard.headers["prefer"], heard.headers["if-none-match"]) == ("wait=25", '"v1"')
    heard = sent("ebon", "list")
    assert not {"prefer", "if-none-match"} & {*heard.headers}


@pytest.mark.parametrize(
    "id_", ["../../admin", "a/b?c#d", "%2e%2e", "a b\r\nX: y", "ă\x00", "{x}", "..", ".", "\ud800"]
)
def test_an_id_stays_one_segment_of_the_path(id_: str) -> None:
    path = sent("ebon", "claim", parts={"command_id": id_}, body={}).target
    assert path.startswith("/api/v1/commands/")
    assert path.endswith("/claim")
    assert path.count("/") == 5
    assert not set(path) & set("?#\r\n\x00")


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_no_id_breaks_out_of_its_segment(id_: str) -> None:
    filled = fill("/commands/{command_id}/claim", command_id=id_)
    assert filled.isascii()
    assert filled.count("/") == 3
    assert not set(filled) & set("?#\\ \r\n")
    assert filled.split("/")[2] not in (".", "..")


def test_a_call_the_cloud_lacks_is_refused_unasked() -> None:
    with far_cloud() as cloud:
        client = client_of(cloud, "sbs")
        assert (client.has("list"), client.has("receipt")) == (True, False)
        with pytest.raises(CloudRefused, match="SBS has no 'receipt'") as caught:
            client.send("receipt", body={})
        client.close()
    assert caught.value.why is Why.ROUTE
    assert cloud.heard == []


def test_the_key_stands_in_the_header_and_nowhere_else(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with far_cloud(*[said(200, b"{}")] * 2) as cloud:
        client = client_of(cloud)
        client.send("list", parts=PARTS)
        client.send("claim", parts=PARTS, body={"agentId": "magazin-1"})
        assert SECRET not in repr(client) + str(vars(client)["_http"].headers)
        client.close()
    for heard in cloud.heard:
        assert str(heard).count(SECRET) == 1
        assert heard.headers["authorization"] == f"Bearer {SECRET}"
    assert SECRET not in caplog.text
    assert SECRET not in "".join(capfd.readouterr())


# the key


def keys_used(cloud: FarCloud) -> list[str]:
    return [heard.headers["authorization"].removeprefix("Bearer ") for heard in cloud.heard]


def test_a_refused_key_gives_way_to_the_one_before_it() -> None:
    with far_cloud(said(401, refusal("UNAUTHORIZED")), *[said(200, b"{}")] * 2) as cloud:
        client = client_of(cloud, "ebon", SECRET, OTHER_SECRET)
        client.send("claim", parts=PARTS, body={"agentId": "a"})
        client.send("list")
        client.close()
    assert keys_used(cloud) == [SECRET, OTHER_SECRET, OTHER_SECRET]
    assert cloud.heard[0].body == cloud.heard[1].body


def test_two_refused_keys_are_a_refusal() -> None:
    with far_cloud(*[said(401, refusal("UNAUTHORIZED"))] * 3) as cloud:
        client = client_of(cloud, "ebon", SECRET, OTHER_SECRET)
        with pytest.raises(CloudRefused) as caught:
            client.send("list")
        client.close()
    assert caught.value.why is Why.KEY
    assert keys_used(cloud) == [SECRET, OTHER_SECRET]


PAGE = "<!doctype html><title>Log in</title>"


@pytest.mark.parametrize(
    ("first", "proven"),
    [
        (said(200, b"{}"), True),
        (said(304), True),
        (said(403, refusal("FORBIDDEN")), True),
        (said(409, refusal("CONFLICT")), True),
        (said(404, refusal("NOT_FOUND")), False),
        (said(503), False),
        (said(429), False),
        (said(200, PAGE.encode()), False),
        (said(302), False),
    ],
)
def test_only_the_cloud_itself_proves_a_key(first: bytes, *, proven: bool) -> None:
    """Once the new key has worked, a 401 does not bring the old one back."""
    with far_cloud(first, *[said(401, refusal("UNAUTHORIZED"))] * 2) as cloud:
        client = client_of(cloud, "ebon", SECRET, OTHER_SECRET)
        for _ in range(2):
            with suppress(CloudError):
                client.send("list")
        client.close()
    assert keys_used(cloud) == [SECRET, SECRET] + ([] if proven else [OTHER_SECRET])
