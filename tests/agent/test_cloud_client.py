"""The client against servers that do everything wrong: each answer is the right kind of error."""

import gzip
import json
import logging
import socket
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.cloud import client as client_module
from agent.cloud.client import (
    BODY_BYTES_MAX,
    RETRY_AFTER_S_MAX,
    CloudAnswerBroken,
    CloudError,
    CloudRefused,
    CloudUnreachable,
    fill,
)
from tests.agent.cloud_world import SECRET, Scripted, answer, client_of, scripted, shown_by

PATH = "/api/v1/commands"
DATE = "Date: Thu, 02 Apr 2026 09:00:00 GMT"
DATE_MS = 1_775_120_400_000


def refusal(code: object, message: object = "no") -> bytes:
    return json.dumps({"error": {"code": code, "message": message}}).encode()


def error_of(said: bytes, *, post: bool = False) -> CloudError:
    """What the client makes of an answer; the key must not be in it."""
    with scripted(said) as server:
        client = client_of(server.url)
        with pytest.raises(CloudError) as caught:
            client.post(PATH, {"a": 1}) if post else client.get(PATH, {})
        client.close()
    assert SECRET not in shown_by(caught.value)
    return caught.value


def json_of(body: bytes, *headers: str) -> Any:
    with scripted(answer(200, body, *headers)) as server:
        client = client_of(server.url)
        got = client.get(PATH, {})
        client.close()
    return got


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is no parameter of the client, only a constant of its module."""
    monkeypatch.setattr(client_module, "TIMEOUT_S", 0.2)


def test_a_good_answer_has_its_numbers_as_written_and_the_clouds_time() -> None:
    got = json_of(b'{"commands": [], "price": 12.30, "count": 3}', DATE)
    assert got.json == {"commands": [], "price": Decimal("12.30"), "count": 3}
    assert str(got.json["price"]) == "12.30"
    assert got.server_ms == DATE_MS


@pytest.mark.parametrize(
    "headers",
    [(), ("Date:",), ("Date: yesterday",), ("Date: Thu, 99 Apr 2026 09:00:00 GMT",), ("Date: 1",)],
)
def test_without_a_usable_date_the_clouds_time_is_not_known(headers: tuple[str, ...]) -> None:
    assert json_of(b"{}", *headers).server_ms is None


def test_a_compressed_answer_is_read() -> None:
    assert json_of(gzip.compress(b'{"a": 1}'), "Content-Encoding: gzip").json == {"a": 1}


@pytest.mark.parametrize(
    "body",
    [
        b"<!doctype html><title>Please log in</title>",
        b"",
        b'{"commands": [{"id": "cmd_',
        b'{"id": "cmd_\xff\xfe"}',
        b'{"price": NaN}',
        b'{"price": Infinity}',
        b'{"price": -Infinity}',
        b'{"price": 1e99999999999999999999}',
        b'{"price": ' + b"9" * 5000 + b"}",
        b"[" * 10_000 + b"]" * 10_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b"{} {}",
    ],
    ids=str,
)
def test_what_is_not_the_clouds_json_is_a_broken_answer_and_shows_little(body: bytes) -> None:
    error = error_of(answer(200, body))
    assert type(error) is CloudAnswerBroken
    assert len(str(error)) < 1000


def test_an_answer_of_nine_mebibytes_is_not_read_to_its_end() -> None:
    error = error_of(answer(200, b"[" + b" " * (9 << 20) + b"]"))
    assert type(error) is CloudAnswerBroken
    assert str(BODY_BYTES_MAX) in str(error)


def test_an_answer_that_swells_when_unpacked_is_a_broken_answer() -> None:
    bomb = gzip.compress(b" " * (BODY_BYTES_MAX * 4))
    error = error_of(answer(200, bomb, "Content-Encoding: gzip"))
    assert type(error) is CloudAnswerBroken
    assert str(BODY_BYTES_MAX) in str(error)


def test_an_answer_that_cannot_be_unpacked_is_no_answer() -> None:
    error = error_of(answer(200, b"not gzip", "Content-Encoding: gzip"))
    assert type(error) is CloudUnreachable


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_the_key_stays_at_home(status: int) -> None:
    with scripted(answer(200, b"{}")) as elsewhere:
        location = f"Location: {elsewhere.url}/api/v1/commands"
        error = error_of(answer(status, b"", location))
        assert type(error) is CloudAnswerBroken
        assert elsewhere.requests == []


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "UNAUTHORIZED"),
        (403, "FORBIDDEN"),
        (403, "TIER_LIMIT_EXCEEDED"),
        (404, "NOT_FOUND"),
        (409, "CONFLICT"),
        (413, "PAYLOAD_TOO_LARGE"),
    ],
)
@pytest.mark.parametrize("post", [False, True])
def test_a_refusal_keeps_its_status_and_code(status: int, code: str, *, post: bool) -> None:
    error = error_of(answer(status, refusal(code)), post=post)
    assert type(error) is CloudRefused
    assert (error.status, error.code) == (status, code)


def test_a_flat_refusal_is_read_too() -> None:
    error = error_of(answer(400, b'{"code": "BAD_REQUEST", "message": "no", "status": 400}'))
    assert isinstance(error, CloudRefused)
    assert (error.status, error.code) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    "body",
    [
        *(b"{}", b"[]", b"1", b"null", b'{"error": 1}', b'{"error": {}}', b'{"error": null}'),
        *(refusal(None), refusal(7), refusal(["x"]), b"<h1>Forbidden</h1>", b""),
    ],
)
def test_a_refusal_without_a_code_is_a_broken_answer(body: bytes) -> None:
    assert type(error_of(answer(403, body))) is CloudAnswerBroken


def test_a_refusals_sentence_is_shortened() -> None:
    assert len(str(error_of(answer(400, refusal("BAD_REQUEST", "x" * 100_000))))) < 300


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
def test_a_server_in_trouble_is_unreachable_whatever_it_says(status: int) -> None:
    for body in (refusal("INTERNAL_ERROR"), b"<h1>Bad gateway</h1>", b""):
        error = error_of(answer(status, body))
        assert isinstance(error, CloudUnreachable)
        assert error.retry_after_s is None


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [
        ("Retry-After: 7", 7.0),
        ("Retry-After: 0", 0.0),
        ("Retry-After: 999999", RETRY_AFTER_S_MAX),
        ("Retry-After: " + "9" * 1000, RETRY_AFTER_S_MAX),
        ("Retry-After: -1", None),
        ("Retry-After: 1.5", None),
        ("Retry-After: Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("X-Other: 7", None),
    ],
)
def test_a_429_says_when_to_come_back(header: str, wait_s: float | None) -> None:
    flat = b'{"code": "TOO_MANY_REQUESTS", "message": "slow down", "status": 429}'
    for status in (429, 503):
        error = error_of(answer(status, flat, header))
        assert isinstance(error, CloudUnreachable)
        assert error.retry_after_s == wait_s


def test_a_refused_connection_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    client = client_of(f"http://127.0.0.1:{port}")
    with pytest.raises(CloudUnreachable) as caught:
        client.get(PATH, {})
    client.close()
    assert SECRET not in shown_by(caught.value)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"commands": [',
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"\x00" * 100,
    ],
)
def test_a_connection_that_ends_in_mid_answer_is_unreachable(said: bytes) -> None:
    assert type(error_of(said)) is CloudUnreachable


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{"])
def test_a_server_that_falls_silent_is_unreachable(said: bytes) -> None:
    with scripted(said, silent=True) as server:
        client = client_of(server.url)
        with pytest.raises(CloudUnreachable, match="ReadTimeout"):
            client.get(PATH, {})
        client.close()


@pytest.fixture
def listening() -> Iterator[Scripted]:
    with scripted(*[answer(200, b"{}")] * 2) as server:
        yield server


def test_the_key_stands_in_the_header_and_nowhere_else(
    listening: Scripted, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    client = client_of(listening.url)
    client.get(PATH, {"status": "pending"})
    client.post(PATH, {"agentId": "magazin-1"})
    assert SECRET not in repr(client) + str(vars(client)["_http"].headers)
    client.close()
    for request in listening.requests:
        assert request.count(SECRET.encode()) == 1
        assert f"\r\nAuthorization: Bearer {SECRET}\r\n".encode() in request
    assert SECRET not in caplog.text
    assert SECRET not in "".join(capfd.readouterr())


def test_a_proxy_of_the_environment_is_not_used_for_our_own_machine(
    listening: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scripted(answer(200, b"{}")) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        client = client_of(listening.url)
        assert client.get(PATH, {}).json == {}
        client.close()
        assert proxy.requests == []


@pytest.mark.parametrize("id_", ["../../admin", "a/b?c#d", "%2e%2e", "a b\r\nX: y", "ă\x00", "{x}"])
def test_an_id_stays_one_segment_of_the_path(listening: Scripted, id_: str) -> None:
    client = client_of(listening.url)
    client.post(fill("/api/v1/commands/{command_id}/claim", command_id=id_), {})
    client.close()
    path = listening.requests[0].split(b" ")[1].decode()
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
