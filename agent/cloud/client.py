"""HTTP to the cloud: the only door to `httpx`. Asks, checks the shape, sorts what went wrong.

CloudError
├── CloudUnreachable    no answer, 5xx, 429: try again, when `retry_after_s` says so
├── CloudRefused        4xx: the same request will not be taken; `status` and `code` say why
└── CloudAnswerBroken   an answer that is not the cloud's: HTML of a captive portal, cut JSON
"""

import json
from dataclasses import dataclass
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import httpx

from agent.cloud.keys import ApiKey
from config.settings import CloudProfile, is_loopback
from drivers.clock import Clock, SystemClock

TIMEOUT_S = 30.0
BODY_BYTES_MAX = 8 * 1024 * 1024
RETRY_AFTER_S_MAX = 3600.0
SHOWN_MAX = 200
ANSWER_S_MAX = 120.0  # TIMEOUT_S is for each read; an answer that drips would never end
LATER = (408, 425, 429)


class CloudError(Exception):
    """The cloud did not do what was asked."""


class CloudUnreachable(CloudError):
    """No answer, or "not now". Nothing is known of what the cloud did."""

    def __init__(self, sentence: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after_s = retry_after_s


class CloudRefused(CloudError):
    """The cloud understood and said no."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(f"{status} {code}: {sentence}")
        self.status = status
        self.code = code


class CloudAnswerBroken(CloudError):
    """Something answered, and it is not what the cloud says."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer: its JSON, numbers as Decimal, and the cloud's own time."""

    json: Any
    server_ms: int | None


class CloudClient:
    """One cloud, one key. Not thread-safe: the cloud thread owns it."""

    def __init__(
        self,
        profile: CloudProfile,
        base_url: str,
        key: ApiKey,
        agent_id: str,
        clock: Clock | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._clock = clock or SystemClock()
        self._http = httpx.Client(
            base_url=base_url,
            transport=transport,
            timeout=TIMEOUT_S,
            follow_redirects=False,  # a redirect must not carry the key to another host
            trust_env=not is_loopback(base_url),  # a proxy cannot reach our own machine
            headers={
                profile.header: f"{profile.header_prefix}{key.secret}",
                "Accept": "application/json",
                "User-Agent": f"amef-agent ({agent_id})",
            },
        )

    def get(self, path: str, parameters: dict[str, str]) -> Answer:
        return self._ask("GET", path, params=parameters)

    def post(self, path: str, body: dict[str, Any]) -> Answer:
        return self._ask("POST", path, json=body)

    def close(self) -> None:
        self._http.close()

    def _ask(self, method: str, path: str, **content: Any) -> Answer:
        """Send one request.

        Raises:
            CloudUnreachable, CloudRefused, CloudAnswerBroken
        """
        deadline_s = self._clock.monotonic_s() + ANSWER_S_MAX
        try:
            with self._http.stream(method, path, **content) as response:
                body = b""
                for chunk in response.iter_bytes():
                    body += chunk
                    if self._clock.monotonic_s() > deadline_s:
                        raise CloudUnreachable(f"{path}: no whole answer in {ANSWER_S_MAX} s")
                    if len(body) > BODY_BYTES_MAX:
                        raise CloudAnswerBroken(
                            f"{path}: the answer is above {BODY_BYTES_MAX} bytes"
                        )
        except httpx.HTTPError as error:
            raise CloudUnreachable(f"{path}: {type(error).__name__}: {error}") from error
        if response.status_code in LATER or response.status_code >= 500:
            raise CloudUnreachable(
                f"{path}: {response.status_code}", retry_after_s=_retry_after_s(response)
            )
        if 300 <= response.status_code < 400:
            raise CloudAnswerBroken(f"{path}: {response.status_code}: redirects are not followed")
        answer = _parse(path, body)
        if response.status_code >= 400:
            raise _refused(response.status_code, answer)
        return Answer(answer, _server_ms(response))


def fill(route: str, **parts: str) -> str:
    """Put ids into a route; whatever they hold, they stay one path segment each."""
    return route.format(**{name: quote(part, safe="") for name, part in parts.items()})


def _parse(path: str, body: bytes) -> Any:
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, ArithmeticError, RecursionError) as error:
        shown = body[:SHOWN_MAX].decode("utf-8", "replace")
        raise CloudAnswerBroken(f"{path}: not JSON: {shown!r}") from error


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def _refused(status: int, answer: Any) -> CloudError:
    """Read the error envelope {"error": {code, message}}, or the flat {code, message}."""
    envelope = answer.get("error", answer) if isinstance(answer, dict) else {}
    if not isinstance(envelope, dict) or not isinstance(envelope.get("code"), str):
        return CloudAnswerBroken(f"{status} without an error code")
    return CloudRefused(status, envelope["code"], str(envelope.get("message", ""))[:SHOWN_MAX])


def _retry_after_s(response: httpx.Response) -> float | None:
    text = response.headers.get("Retry-After", "")
    return min(float(text), RETRY_AFTER_S_MAX) if text.isascii() and text.isdigit() else None


def _server_ms(response: httpx.Response) -> int | None:
    try:
        date = parsedate_to_datetime(response.headers["Date"])
    except (KeyError, ValueError):
        return None
    return int(date.timestamp() * 1000)
