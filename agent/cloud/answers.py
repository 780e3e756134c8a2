"""What the cloud answered, read by its profile: an `Answer`, or the right kind of error.

CloudError
├── CloudUnreachable    no answer, 5xx, 429: try again, when `retry_after_s` says so
├── CloudRefused        the same request will not be taken; `why` says what would have to change
└── CloudAnswerBroken   an answer that is not the cloud's: HTML of a captive portal, cut JSON

Pure: bytes in, values out. A stranger wrote the bytes; nothing here is longer or deeper than a
`_MAX`, and every text is fit to be shown and stored.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from email.utils import parsedate_to_datetime
from enum import Enum
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from config.profiles import Call, CloudProfile, RateLimits

NESTING_MAX = 100
RETRY_AFTER_S_MAX = 86_400.0  # a daily allowance; no header silences us for longer
SHOWN_MAX = 200
TOKEN_MAX = 2000
DIGITS_MAX = 15
INT_DIGITS_MAX = 4000
LATER = (408, 425, 429)
SAID_BY_STATUS = (404, 405, 413, 415, 501)  # a proxy or a framework answers these in its own words
LOGIN_WANTED = 511  # a captive portal that is honest [RFC 6585, 6]

_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
_ETAG = re.compile(r'(W/)?"[\x21\x23-\x7e]{0,200}"')
_WEB_PAGE = re.compile(rb"\s*<(!doctype|html|\?xml|head|body|title|h1)", re.IGNORECASE)


class Why(Enum):
    """What would have to change before the same request is taken."""

    KEY = "key"  # 401: the key is not one, or not any more
    SCOPE = "scope"  # 403: the key may not do this
    ADDRESS = "address"  # 403: not from this address
    ROUTE = "route"  # 404, 405, 501: there is no such thing
    CONFLICT = "conflict"  # 409: it is otherwise already
    OTHER = "other"


BY_STATUS = {401: Why.KEY, 403: Why.SCOPE, 404: Why.ROUTE, 405: Why.ROUTE, 501: Why.ROUTE}
BY_STATUS |= {409: Why.CONFLICT}


@dataclass(frozen=True, slots=True)
class Limits:
    """What is left of the organization's requests, as the cloud says it; None where it does not."""

    limit: int | None
    remaining: int | None
    reset_s: float | None


class CloudError(Exception):
    """The cloud did not do what was asked."""

    limits: Limits | None = None


class CloudUnreachable(CloudError):
    """No answer, or "not now". Nothing is known of what the cloud did."""

    def __init__(
        self, sentence: str, *, status: int | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.retry_after_s = retry_after_s


class CloudRefused(CloudError):
    """The cloud understood and said no; without a `code` it was not said in its own form."""

    def __init__(self, status: int, code: str, sentence: str, why: Why = Why.OTHER) -> None:
        super().__init__(f"{status} {code}: {sentence}")
        self.status = status
        self.code = code
        self.sentence = sentence
        self.why = why


class CloudAnswerBroken(CloudError):
    """Something answered, and it is not what the cloud says."""


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """An answer as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer. Numbers with a decimal point are Decimal."""

    status: int
    json: Any  # the whole of it
    data: Any  # what stands in it at the call's `data`
    items: list[Any] | None  # the list at the call's `items`; None: there is no list
    next: str  # the token of the next page, "" for none
    server_ms: int | None  # the cloud's own time
    etag: str
    not_modified: bool
    waited: bool  # the cloud honours our wait
    limits: Limits | None


def read(profile: CloudProfile, call: Call, said: RawAnswer, now_ms: int) -> Answer:
    """Make an answer of what came.

    Raises:
        CloudUnreachable, CloudRefused, CloudAnswerBroken
    """
    server_ms = moment_ms(said.headers.get("Date", ""))
    limits = _limits(profile.limits, said.headers, server_ms or now_ms)
    try:
        found = _content(profile, said, server_ms or now_ms)
        token = _next(call, found)
    except CloudError as error:
        error.limits = limits
        raise
    listed = found if isinstance(found, list) else _at(found, call.items)
    etag = said.headers.get("ETag", "")
    return Answer(
        status=said.status,
        json=found,
        data=_at(found, call.data),
        items=listed if isinstance(listed, list) else None,
        next=token,
        server_ms=server_ms,
        etag=etag if _ETAG.fullmatch(etag) else "",
        not_modified=said.status == HTTPStatus.NOT_MODIFIED,
        waited=bool(re.search(r"\bwait\b", said.headers.get("Preference-Applied", ""))),
        limits=limits,
    )


def _content(profile: CloudProfile, said: RawAnswer, now_ms: int) -> Any:
    """Return the JSON of a good answer; raise what any other answer means."""
    status = said.status
    if status in (HTTPStatus.NOT_MODIFIED, HTTPStatus.NO_CONTENT):
        return None
    if 300 <= status < 400:
        to = _host_of(said.headers.get("Location", ""))
        raise CloudAnswerBroken(f"{status}: it redirects to {to}, and no redirect is followed")
    retry_after_s = _retry_after_s(said.headers.get("Retry-After", ""), now_ms)
    if status == LOGIN_WANTED:
        raise CloudAnswerBroken(_web_page(said))
    if status in LATER or (status >= 500 and status not in SAID_BY_STATUS):
        raise CloudUnreachable(_phrase(status), status=status, retry_after_s=retry_after_s)
    try:
        found = parse(said.body)
    except ValueError as error:
        if status in SAID_BY_STATUS:
            raise CloudRefused(status, "", _phrase(status), _why(profile, status, "")) from None
        if _WEB_PAGE.match(said.body) or "html" in said.headers.get("Content-Type", "").lower():
            raise CloudAnswerBroken(_web_page(said)) from None
        begins = shown(said.body[:SHOWN_MAX].decode("utf-8", "replace"))
        raise CloudAnswerBroken(f"{status}: {error}; it begins with {begins!r}") from None
    if _is_error(profile, status, found):
        raise _refusal(profile, status, found, retry_after_s)
    return found


def _host_of(url: str) -> str:
    try:
        netloc = urlsplit(url).netloc
    except ValueError:
        netloc = ""
    return shown(netloc.rpartition("@")[2]) or "another place"


def _web_page(said: RawAnswer) -> str:
    title = re.search(rb"<title[^>]*>([^<]{0,200})", said.body[:4096], re.IGNORECASE)
    name = shown(title[1].decode("utf-8", "replace")) if title else ""
    called = f" ({name!r})" if name else ""
    return f"{said.status}: a web page{called} and not the cloud: does this network want a login?"


# errors


def _is_error(profile: CloudProfile, status: int, found: Any) -> bool:
    shapes = profile.errors
    return (
        status >= 400
        or (shapes.graphql and bool(_at(found, "errors")))
        or (shapes.success != "" and _at(found, shapes.success) is False)
    )


def _refusal(
    profile: CloudProfile, status: int, found: Any, retry_after_s: float | None
) -> CloudError:
    """Read the error envelope, whichever of its shapes it has."""
    said = [_at(found, path) for path in profile.errors.code]
    code = next((text for text in said if isinstance(text, str) and _CODE.fullmatch(text)), "")
    told = [_at(found, path) for path in profile.errors.message]
    sentence = next((shown(text) for text in told if isinstance(text, str) and text.strip()), "")
    if not code and not sentence:
        if status not in SAID_BY_STATUS:
            return CloudAnswerBroken(f"{status}: an error without a code and without a sentence")
        sentence = _phrase(status)
    if code in profile.errors.later:
        return CloudUnreachable(f"{code}: {sentence}", status=status, retry_after_s=retry_after_s)
    return CloudRefused(status, code, sentence, _why(profile, status, code))


def _why(profile: CloudProfile, status: int, code: str) -> Why:
    """The code knows better than the status: a GraphQL error comes with 200."""
    shapes = profile.errors
    for codes, why in (
        (shapes.key, Why.KEY),
        (shapes.missing_scope, Why.SCOPE),
        (shapes.address, Why.ADDRESS),
        (shapes.missing_route, Why.ROUTE),
        (shapes.conflict, Why.CONFLICT),
    ):
        if code in codes:
            return why
    return BY_STATUS.get(status, Why.OTHER)


def _phrase(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def shown(text: str) -> str:
    """Make a stranger's text fit for a log line and a row: one line, short, no half characters."""
    return " ".join(text[: SHOWN_MAX * 2].encode("utf-8", "replace").decode().split())[:SHOWN_MAX]


# JSON


def parse(body: bytes) -> Any:
    """Read JSON as it is meant: UTF-8, no name twice in an object, no NaN, not too deep.

    Raises:
        ValueError: it is not that.
    """
    try:
        found = json.loads(
            body.decode("utf-8-sig"),
            parse_float=Decimal,
            parse_int=_whole_number,
            parse_constant=_no_constant,
            object_pairs_hook=_without_doubles,
        )
    except UnicodeDecodeError:
        raise ValueError("not UTF-8") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON at {error.pos}") from None
    except (ArithmeticError, RecursionError) as error:
        raise ValueError(f"JSON nobody means ({type(error).__name__})") from None
    if isinstance(found, dict | list) and _nesting_is_above_max(found):
        raise ValueError(f"nested deeper than {NESTING_MAX}")
    return found


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _whole_number(text: str) -> int | Decimal:
    """A number that Python will not write out is one field's fault, not the whole answer's."""
    return int(text) if len(text) <= INT_DIGITS_MAX else Decimal(text)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def _nesting_is_above_max(found: Any) -> bool:
    level = [found]
    for _ in range(NESTING_MAX):
        level = [
            inner
            for value in level
            for inner in (value.values() if isinstance(value, dict) else value)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def _at(found: Any, path: str) -> Any:
    """Follow a dotted path; None where it leads nowhere, the whole where it is empty."""
    for part in path.split(".") if path else ():
        if isinstance(found, dict):
            found = found.get(part)
        elif isinstance(found, list) and part.isdigit() and int(part) < len(found):
            found = found[int(part)]
        else:
            return None
    return found


def _next(call: Call, found: Any) -> str:
    """Return the token of the next page: as it stands there, or this page's number and one."""
    token = _at(found, call.next) if call.next else None
    if call.more:
        has_more = _at(found, call.more) is True
        token = token + 1 if has_more and type(token) is int else None
    text = str(token) if isinstance(token, str | int) and token is not True and token else ""
    if len(text) > TOKEN_MAX:
        raise CloudAnswerBroken("the token of the next page is enormous")
    return text


# headers


def _limits(known: RateLimits, headers: Mapping[str, str], now_ms: int) -> Limits | None:
    limit = _whole(headers.get(known.limit, ""))
    remaining = _whole(headers.get(known.remaining, ""))
    reset = _whole(headers.get(known.reset, ""))
    if limit is None and remaining is None and reset is None:
        return None
    reset_s = None if reset is None else float(reset)
    if reset_s is not None and known.reset_is == "unix_time":
        reset_s = max(0.0, reset_s - now_ms / 1000)
    return Limits(limit, remaining, reset_s)


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX else None


def _retry_after_s(text: str, now_ms: int) -> float | None:
    """Read seconds, or a moment, which is meant by the cloud's own clock [RFC 9110, 10.2.3]."""
    if text.isascii() and text.isdigit():
        return min(float(text[:DIGITS_MAX]), RETRY_AFTER_S_MAX)
    at_ms = moment_ms(text)
    return None if at_ms is None else min(max(0.0, (at_ms - now_ms) / 1000), RETRY_AFTER_S_MAX)


def moment_ms(text: str) -> int | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(zoned.timestamp() * 1000)
