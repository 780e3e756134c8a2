"""What every key system has to say for itself; each is one file in `dialects/`.

    keys        which kinds there are, how a secret looks, is read from a request and is masked
    admit       may this key do this operation: kinds, scopes, addresses
    refusal     the envelope of a no                    limits      what is counted, and how told
    tiers       what a plan allows                      routes      everything else it spells itself

An operation is a word for what a route does (`list`, `claim`, `upload`), the same in all of them;
the rest of the cloud knows only those words and `Dialect`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from re import Pattern
from typing import ClassVar

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers

from sandbox.cloud.errors import ApiError
from sandbox.cloud.keys import LIVE, ApiKey, KeyOrder

READING = frozenset({"list", "command", "devices", "device", "report", "keys"})


@dataclass(frozen=True, slots=True)
class Offers:
    """Which of the parts no page documents this cloud has. They can be switched off."""

    assumed: bool = True
    long_poll: bool = True
    sync: bool = True


@dataclass(frozen=True, slots=True)
class Tier:
    """What a plan allows; None is no limit."""

    devices_max: int | None
    may_create_keys: bool


@dataclass(frozen=True, slots=True)
class Idempotency:
    """A header under which the first answer is replayed for a day."""

    header: str
    form: Pattern[str]
    required: bool


@dataclass(frozen=True, slots=True)
class Asking:
    """A request as the rate limits see it."""

    method: str
    path: str
    secret: str
    client: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One bucket a request counts in."""

    bucket: str
    requests_max: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class Told:
    """The bucket with the least left, as the headers tell it."""

    limit: int
    remaining: int
    reset_s: int
    now: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """A request at the door: where it comes from, and what the organization allows."""

    client: str
    allow_list: tuple[str, ...] = field(default_factory=tuple)


UNLIMITED = Tier(None, may_create_keys=True)


class Dialect(ABC):
    """A key system. What is not overridden is what most of them have."""

    name: ClassVar[str]
    key_kinds: ClassVar[tuple[str, ...]] = ("",)
    environments: ClassVar[tuple[str, ...]] = (LIVE,)
    rotates: ClassVar[bool] = False
    scopes: ClassVar[tuple[str, ...]] = ()
    shop_scopes: ClassVar[tuple[str, ...]] = ()
    agent_scopes: ClassVar[tuple[str, ...]] = ()
    tiers: ClassVar[Mapping[str, Tier]] = {"enterprise": UNLIMITED}

    # keys

    @abstractmethod
    def mint(self, order: KeyOrder, org_id: str) -> str: ...

    @abstractmethod
    def shown(self, secret: str) -> str:
        """What lists show of a secret."""
        ...

    def secret_of(self, headers: Headers) -> str:
        """The key as sent, "" where there is none."""
        kind, _, value = headers.get("authorization", "").partition(" ")
        return value.strip() if kind.lower() == "bearer" else ""

    @abstractmethod
    def well_formed(self, secret: str) -> bool: ...

    def stranger(self, headers: Headers) -> ApiError:
        """The 401 for a request without a key that opens anything."""
        return ApiError(401, "API key missing, malformed, unknown or disabled")

    def admit(self, key: ApiKey, operation: str, entry: Entry) -> None:  # noqa: B027  # a good key may do all
        """Let a good key do this.

        Raises:
            ApiError: 403 and why
        """

    def order_problem(self, order: KeyOrder) -> str:
        """What is wrong with an order for a key, or ""."""
        unknown = [scope for scope in order.scopes if not self.knows_scope(scope)]
        if unknown:
            return f"there is no scope {unknown[0]}"
        if order.kind not in self.key_kinds:
            return f"kind must be one of: {', '.join(self.key_kinds)}"
        if order.environment not in self.environments:
            return f"environment must be one of: {', '.join(self.environments)}"
        return ""

    def knows_scope(self, scope: str) -> bool:
        return scope in self.scopes

    # answers

    @abstractmethod
    def refusal(self, error: ApiError) -> JSONResponse: ...

    def elsewhere(self, what: str) -> ApiError:
        """The no to a device of the other environment."""
        return ApiError(404, f"{what} not found")

    def idempotency(self, operation: str) -> Idempotency | None:
        return None

    # limits

    def rules(self, asking: Asking) -> list[Rule]:
        return []

    def limit_headers(self, told: Told) -> dict[str, str]:
        return {}

    def over_limit(self, told: Told) -> JSONResponse:
        return self.refusal(ApiError(429, "Too many requests"))

    # routes

    @abstractmethod
    def routers(self, offers: Offers) -> list[APIRouter]: ...
