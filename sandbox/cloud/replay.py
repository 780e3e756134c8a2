"""Idempotency keys: the first success under a key is said again for 24 h, and nothing is done.

    Idempotency-Key: till-1_0007        e-bon, on two routes; Esnad on what creates
    X-Idempotency-Key: 5a0c...          Elebne, on every write, where it must not be missing

Which header, which form and which operations, the dialect says. Only a success is remembered: what
was refused did nothing and may be mended and sent again. Another request under a known key is 409.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse

from sandbox.cloud.clock import iso
from sandbox.cloud.errors import ApiError, invalid, problem
from sandbox.cloud.request import Cloud, fingerprint

HOURS = 24


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a route did, as it is said in this dialect."""

    body: Any
    status: int = 200

    def answer(self) -> JSONResponse:
        return JSONResponse(self.body, status_code=self.status)


@dataclass(frozen=True, slots=True)
class Replay:
    """The memory for one request."""

    cloud: Cloud
    key: str
    said: str

    def first(self) -> Outcome | None:
        """What was said the first time.

        Raises:
            ApiError: 409, the key belongs to another request
        """
        if not self.key:
            return None
        since = iso(self.cloud.clock() - timedelta(hours=HOURS))
        self.cloud.store.forget_answers(since)
        known = self.cloud.store.answer_of(self.key)
        if known is None:
            return None
        digest, status, body = known
        if digest != self.said:
            raise ApiError(409, "This idempotency key was used with another request")
        return Outcome(body, status)

    def remember(self, outcome: Outcome) -> None:
        if self.key:
            self.cloud.store.remember_answer(
                self.key, self.said, outcome.status, outcome.body, self.cloud.now()
            )


def replay_of(request: Request, cloud: Cloud, operation: str, content: Any) -> Replay:
    """The memory for this request.

    Raises:
        ApiError: 400, the key is missing where it must not be, or has not the right form
    """
    rule = cloud.dialect.idempotency(operation)
    key = request.headers.get(rule.header) if rule else None
    if rule and key is None and rule.required:
        code = "IDEMPOTENCY_KEY_REQUIRED"
        raise ApiError(400, f"{rule.header} is required on writes", code=code)
    if rule is None or key is None:
        return Replay(cloud, "", "")
    if not rule.form.fullmatch(key):
        raise invalid([problem(rule.header, f"must match {rule.form.pattern}")])
    part = request.headers.get("content-range", "")
    said = fingerprint(request.method, request.url.path, request.url.query, part, content)
    return Replay(cloud, key, said)


def once(
    request: Request, cloud: Cloud, operation: str, content: Any, do: Callable[[], Outcome]
) -> JSONResponse:
    """Do it and remember it in one transaction, or say again what was said.

    A refusal keeps what was done before it: parts of a wrong document are forgotten for good.
    """
    replay = replay_of(request, cloud, operation, content)
    refusal = None
    with cloud.store.transaction():
        outcome = replay.first()
        try:
            if outcome is None:
                outcome = do()
                replay.remember(outcome)
        except ApiError as error:
            refusal = error
    if refusal is not None or outcome is None:
        raise refusal or ApiError(500, "Nothing was done")
    return outcome.answer()


async def once_waiting(
    request: Request,
    cloud: Cloud,
    operation: str,
    content: Any,
    do: Callable[[], Awaitable[Outcome]],
) -> JSONResponse:
    """The same for what waits in between, and so cannot be one transaction."""
    replay = replay_of(request, cloud, operation, content)
    outcome = replay.first()
    if outcome is None:
        outcome = await do()
        replay.remember(outcome)
    return outcome.answer()
