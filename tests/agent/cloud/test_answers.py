"""What is made of the answers there should be: good ones, and refusals in each of their forms."""

import gzip
import json
import time
from decimal import Decimal

import pytest

from agent.cloud.answers import (
    RETRY_AFTER_S_MAX,
    Answer,
    CloudAnswerBroken,
    CloudRefused,
    CloudUnreachable,
    Limits,
    Why,
)
from config.settings import profiles
from tests.agent.cloud.far_cloud import (
    PARTS,
    client_of,
    error_from,
    far_cloud,
    refusal,
    said,
)

DATE = "Date: Thu, 02 Apr 2026 09:00:00 GMT"
DATE_MS = 1_775_120_400_000
PROFILES = list(profiles())
JSON = "Content-Type: application/json"


def got(body: bytes, *headers: str, profile: str = "ebon", call: str = "list") -> Answer:
    with far_cloud(said(200, body, *headers)) as cloud:
        client = client_of(cloud, profile)
        answer = client.send(call, parts=PARTS)
        client.close()
    return answer


# good answers


def test_a_good_answer_has_its_numbers_as_written_and_the_clouds_time() -> None:
    answer = got(b'{"commands": [], "price": 12.30, "count": 3}', DATE)
    assert answer.json == {"commands": [], "price": Decimal("12.30"), "count": 3}
    assert (str(answer.json["price"]), answer.server_ms, answer.status) == ("12.30", DATE_MS, 200)


def test_a_date_without_a_zone_is_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as shop:
        shop.setenv("TZ", "Europe/Bucharest")
        time.tzset()
        assert got(b"{}", "Date: Thu, 02 Apr 2026 09:00:00 -0000").server_ms == DATE_MS
    time.tzset()


@pytest.mark.parametrize(
    "date",
    [
        "",
        "yesterday",
        "Thu, 99 Apr 2026 09:00:00 GMT",
        "1",
        "x" * 9999,
        "Thu, 02 Apr 99999999999 1",
    ],
)
def test_without_a_usable_date_the_clouds_time_is_not_known(date: str) -> None:
    assert got(b"{}", f"Date: {date}").server_ms is None


@pytest.mark.parametrize(
    ("profile", "body", "next_"),
    [
        ("ebon", '{"commands": [1]}', ""),
        ("ebon", "[1]", ""),
        ("esnad", '{"data": [1]}', ""),
        ("elebne", '{"success": true, "data": {"items": [1], "page": 2, "hasMore": true}}', "3"),
        ("elebne", '{"success": true, "data": {"items": [1], "page": 2, "hasMore": false}}', ""),
        ("elebne", '{"success": true, "data": {"items": [1], "page": "2", "hasMore": true}}', ""),
        ("elebne", '{"success": true, "data": {"items": [1], "hasMore": true}}', ""),
        ("elebne", '{"success": true, "data": {"items": [1], "page": 1, "hasMore": "no"}}', ""),
        ("elebne", '{"success": true, "data": {"items": [1], "page": true, "hasMore": true}}', ""),
        ("sbs", '{"data": {"commands": {"items": [1], "nextToken": "abc"}}}', "abc"),
        ("sbs", '{"data": {"commands": {"items": [1], "nextToken": 12}}}', "12"),
        ("sbs", '{"data": {"commands": {"items": [1], "nextToken": null}}}', ""),
        ("sbs", '{"data": {"commands": {"items": [1], "nextToken": true}}}', ""),
        ("sbs", '{"errors": [], "data": {"commands": {"items": [1], "nextToken": []}}}', ""),
    ],
)
def test_a_list_and_its_next_page_are_found(profile: str, body: str, next_: str) -> None:
    answer = got(body.encode(), profile=profile)
    assert (answer.items, answer.next) == ([1], next_)


@pytest.mark.parametrize(
    "body", ["{}", '{"commands": {}}', '{"commands": null}', "1", "null", '""']
)
def test_an_answer_without_a_list_has_none(body: str) -> None:
    assert got(body.encode()).items is None


def test_the_token_of_a_page_has_a_limit() -> None:
    body = {"data": {"commands": {"items": [], "nextToken": "x" * 2001}}}
    assert isinstance(
        error_from(said(200, json.dumps(body).encode()), profile="sbs"), CloudAnswerBroken
    )


@pytest.mark.parametrize(
    ("profile", "body"),
    [
        ("ebon", '{"acknowledged": [7]}'),
        ("elebne", '{"success": true, "data": {"acknowledged": [7]}}'),
        ("sbs", '{"data": {"syncAgent": {"acknowledged": [7]}}}'),
    ],
)
def test_the_data_of_an_answer_is_found_in_its_envelope(profile: str, body: str) -> None:
    assert got(body.encode(), profile=profile, call="sync").data == {"acknowledged": [7]}


def test_not_modified_and_no_content_are_answers() -> None:
    for status in (304, 204):
        with far_cloud(said(status, b"", DATE)) as cloud:
            client = client_of(cloud)
            answer = client.send("list", etag='"v1"')
            client.close()
        assert (answer.json, answer.items, answer.server_ms) == (None, None, DATE_MS)
        assert answer.not_modified is (status == 304)


@pytest.mark.parametrize(
    ("tag", "taken"),
    [
        *((tag, True) for tag in ('"v1"', 'W/"v1"', '""')),
        *((tag, False) for tag in ("v1", '"a"b"', f'"{"x" * 300}"', '"ă"', "")),
    ],
)
def test_an_etag_is_taken_if_it_can_be_sent_back(tag: str, *, taken: bool) -> None:
    assert got(b"{}", f"ETag: {tag}").etag == (tag if taken else "")


def test_a_cloud_that_waited_says_so() -> None:
    assert got(b"{}", "Preference-Applied: wait=25").waited is True
    assert got(b"{}", "Preference-Applied: return=minimal, wait=25").waited is True
    assert got(b"{}", "Preference-Applied: respond-async").waited is False
    assert got(b"{}").waited is False


@pytest.mark.parametrize(
    ("profile", "headers", "limits"),
    [
        ("ebon", [], None),
        (
            "ebon",
            ["RateLimit-Limit: 150", "RateLimit-Remaining: 7", "RateLimit-Reset: 30"],
            Limits(150, 7, 30.0),
        ),
        ("ebon", ["RateLimit-Remaining: 0"], Limits(None, 0, None)),
        ("ebon", ["RateLimit-Remaining: -1", "RateLimit-Limit: many"], None),
        ("ebon", ["RateLimit-Reset: " + "9" * 400], None),
        ("elebne", ["X-RateLimit-Reset: 1775120460", DATE], Limits(None, None, 60.0)),
        ("elebne", ["X-RateLimit-Reset: 1", DATE], Limits(None, None, 0.0)),
    ],
)
def test_what_is_left_of_the_limits_is_read(
    profile: str, headers: list[str], limits: Limits | None
) -> None:
    assert got(b"{}", *headers, profile=profile).limits == limits
    error = error_from(said(429, b"{}", *headers), profile=profile)
    assert error.limits == limits


def test_a_compressed_answer_is_read() -> None:
    assert got(gzip.compress(b'{"a": 1}'), "Content-Encoding: gzip").json == {"a": 1}


# refusals

FLAT = b'{"code": "BAD_REQUEST", "message": "no", "status": 400}'


@pytest.mark.parametrize(
    ("profile", "status", "body", "code", "sentence", "why"),
    [
        ("ebon", 401, refusal("UNAUTHORIZED"), "UNAUTHORIZED", "no", Why.KEY),
        ("ebon", 403, refusal("FORBIDDEN"), "FORBIDDEN", "no", Why.SCOPE),
        ("ebon", 403, refusal("TIER_LIMIT"), "TIER_LIMIT", "no", Why.SCOPE),
        ("ebon", 404, refusal("NOT_FOUND"), "NOT_FOUND", "no", Why.ROUTE),
        ("ebon", 409, refusal("CONFLICT"), "CONFLICT", "no", Why.CONFLICT),
        ("ebon", 422, refusal("X", 7), "X", "", Why.OTHER),
        ("ebon", 400, FLAT, "BAD_REQUEST", "no", Why.OTHER),
        ("ebon", 400, b'{"error": "TOO_BAD"}', "TOO_BAD", "TOO_BAD", Why.OTHER),
        ("ebon", 400, b'{"error": "It is bad."}', "", "It is bad.", Why.OTHER),
        ("ebon", 400, refusal(["x"], "said"), "", "said", Why.OTHER),
        ("ebon", 404, b"<h1>Cannot POST /x</h1>", "", "404 Not Found", Why.ROUTE),
        ("ebon", 404, b'{"detail": "Not Found"}', "", "404 Not Found", Why.ROUTE),
        ("ebon", 405, b"", "", "405 Method Not Allowed", Why.ROUTE),
        ("ebon", 501, b"", "", "501 Not Implemented", Why.ROUTE),
        ("ebon", 413, b"<html>nginx", "", "413 Request Entity Too Large", Why.OTHER),
        (
            *("elebne", 403, b'{"success": false, "error": {"code": "IP_NOT_ALLOWED"}}'),
            *("IP_NOT_ALLOWED", "", Why.ADDRESS),
        ),
        (
            *("elebne", 403, b'{"success": false, "error": {"code": "SCOPE_REQUIRED"}}'),
            *("SCOPE_REQUIRED", "", Why.SCOPE),
        ),
        (
            *("elebne", 403, b'{"success": false, "error": {"error": "SECRET_KEY_REQUIRED"}}'),
            *("SECRET_KEY_REQUIRED", "", Why.KEY),
        ),
        (
            "elebne",
            400,
            b'{"success": false, "error": {"message": "m", "error": "IDEMPOTENCY_KEY_REQUIRED"}}',
            *("IDEMPOTENCY_KEY_REQUIRED", "m", Why.OTHER),
        ),
        ("elebne", 200, b'{"success": false, "error": {"code": "X"}}', "X", "", Why.OTHER),
        ("esnad", 404, b'{"message": "Key not found"}', "", "Key not found", Why.ROUTE),
        ("esnad", 401, b'{"message": "Unauthorized"}', "", "Unauthorized", Why.KEY),
        (
            *("sbs", 200, b'{"errors": [{"message": "m", "extensions": {"code": "FORBIDDEN"}}]}'),
            *("FORBIDDEN", "m", Why.SCOPE),
        ),
        (
            "sbs",
            200,
            b'{"errors": [{"message": "m", "extensions": {"code": "UNAUTHENTICATED"}}]}',
            *("UNAUTHENTICATED", "m", Why.KEY),
        ),
        (
            "sbs",
            400,
            b'{"errors": [{"message": "m", "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}}]}',
            *("GRAPHQL_VALIDATION_FAILED", "m", Why.ROUTE),
        ),
        ("sbs", 200, b'{"errors": [{"message": "m"}], "data": null}', "", "m", Why.OTHER),
    ],
)
def test_a_refusal_says_why_in_each_of_the_clouds_forms(
    profile: str, status: int, body: bytes, code: str, sentence: str, why: Why
) -> None:
    for call in ("list", "claim"):
        error = error_from(said(status, body), profile=profile, call=call)
        assert isinstance(error, CloudRefused)
        assert (error.status, error.code, error.sentence) == (status, code, sentence)
        assert error.why is why


@pytest.mark.parametrize("status", [400, 401, 403, 409, 422])
@pytest.mark.parametrize(
    "body",
    [
        *(b"{}", b"[]", b"1", b"null", b'{"error": 1}', b'{"error": {}}', b'{"error": null}'),
        *(b'{"error": {"code": "%s"}}' % (b"X" * 101), b"Forbidden", b"", b'"no"'),
    ],
)
def test_a_refusal_in_nobodys_form_is_a_broken_answer(status: int, body: bytes) -> None:
    assert type(error_from(said(status, body))) is CloudAnswerBroken


def test_errors_that_are_no_list_are_no_answer_either() -> None:
    for errors in ('"x"', "{}", '{"a": 1}', "[1]", "[[]]", "7"):
        body = f'{{"errors": {errors}, "data": {{}}}}'.encode()
        error = (
            got(body, profile="sbs")
            if errors == "{}"
            else error_from(said(200, body), profile="sbs")
        )
        assert isinstance(error, Answer | CloudAnswerBroken)


def test_a_refusals_sentence_is_short_and_can_be_written_down() -> None:
    body = b'{"error": {"code": "X", "message": "a\\nb \\ud800 %s"}}' % (b"x" * 100_000)
    error = error_from(said(400, body))
    assert str(error).startswith("400 X: a b ? xxx")
    assert len(str(error)) < 300
    str(error).encode()


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_a_cloud_in_trouble_is_unreachable_whatever_it_says(status: int) -> None:
    for body in (refusal("INTERNAL_ERROR"), b"<h1>Bad gateway</h1>", b""):
        error = error_from(said(status, body))
        assert isinstance(error, CloudUnreachable)
        assert (error.status, error.retry_after_s) == (status, None)


def test_a_graphql_error_can_mean_later() -> None:
    body = b'{"errors": [{"message": "m", "extensions": {"code": "RATE_LIMITED"}}]}'
    error = error_from(said(200, body, "Retry-After: 9"), profile="sbs")
    assert isinstance(error, CloudUnreachable)
    assert error.retry_after_s == 9.0


@pytest.mark.parametrize(
    ("text", "wait_s"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("99999999", RETRY_AFTER_S_MAX),
        ("9" * 1000, RETRY_AFTER_S_MAX),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("Thu, 02 Apr 2026 09:01:30 GMT", 90.0),
        ("Thu, 02 Apr 2026 08:00:00 GMT", 0.0),
        ("Thu, 02 Apr 2099 09:01:30 GMT", RETRY_AFTER_S_MAX),
    ],
)
def test_a_cloud_that_wants_rest_says_for_how_long(text: str, wait_s: float | None) -> None:
    flat = b'{"code": "TOO_MANY_REQUESTS", "message": "slow down", "status": 429}'
    for status in (429, 503):
        error = error_from(said(status, flat, f"Retry-After: {text}", DATE))
        assert isinstance(error, CloudUnreachable)
        assert error.retry_after_s == wait_s
