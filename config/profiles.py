"""Cloud profiles: how one cloud is spoken to, as data. `cloud_profiles.toml` shows all of it.

    CloudProfile
    ├── key ............ the header, the grammar of a key, what it tells, its scopes
    ├── errors ......... where code and sentence stand, and what the codes mean
    ├── idempotency .... which header on which of our writes
    ├── limits ......... what the organization's keys share, and the headers that say it
    ├── fields ......... the names of a command's fields
    ├── command_types .. the cloud's word for a command -> the kind in agent/commands.py
    └── calls .......... every call of ours that the cloud has: method, path, scopes, answer

Whatever is wrong in a profile is found when it is loaded.
"""

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from functools import cache
from string import Formatter
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from config.tables import Table, load_own

CALL_NAMES: tuple[str, ...] = (
    "list",
    "command",
    "claim",
    "result",
    "sync",
    "devices",
    "device_status",
    "upload",
)
CALL_NAMES += ("keys",)  # harmless: who may list keys has every scope
CALL_NAMES += ("receipt", "report")  # documented on e-bon, beside the way of `result` and `upload`
CALL_NAMES += ("receipts", "reports")  # harmless too: they prove the scopes of those two
PARTS = frozenset({"command_id", "device_id", "agent_id", "kind", "limit", "page"})
KEY_GROUPS = frozenset({"organization", "environment", "kind"})
KEY_START = re.compile(r"\^(?:\(\?P<kind>([a-z|]+)\)|([a-z_]+))_")  # of the pattern of a key
EVERY_WRITE = "*"


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is not a pattern: {error}") from None
    return text


def _template(text: str) -> str:
    if unknown := set(parts_of(text)) - PARTS:
        raise ValueError(f"{text!r} has the unknown part {min(unknown)!r}")
    return text


def _call_name(name: str) -> str:
    if name not in CALL_NAMES:
        raise ValueError(f"{name!r} is no call of ours; there are {', '.join(CALL_NAMES)}")
    return name


def parts_of(template: str) -> Iterator[str]:
    """Name the {parts} of a path or a parameter."""
    return (name for _, name, _, _ in Formatter().parse(template) if name is not None)


CallName = Annotated[str, AfterValidator(_call_name)]
Pattern = Annotated[str, AfterValidator(_pattern)]
Template = Annotated[str, AfterValidator(_template)]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+$")]
Names = Annotated[list[str], Field(default_factory=list)]
Words = Annotated[dict[str, str], Field(default_factory=dict)]
DottedPath = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*)?$")]
Parameters = Annotated[dict[str, Template | dict[str, Template]], Field(default_factory=dict)]


class KeySystem(Table):
    """What a key looks like, what its form tells, and how its scopes hang together."""

    header: HeaderName
    prefix: str
    pattern: Pattern
    environment: Literal["live", "test", "by_key"]
    refused: Words
    all_scope: str = ""
    implies: Annotated[dict[str, list[str]], Field(default_factory=dict)]

    @model_validator(mode="after")
    def _groups(self) -> "KeySystem":
        groups = set(re.compile(self.pattern).groupindex)
        if unknown := groups - KEY_GROUPS:
            raise ValueError(f"the pattern has the unknown group {min(unknown)!r}")
        if self.environment == "by_key" and "environment" not in groups:
            raise ValueError("environment is by_key, and the pattern has no group that tells it")
        if self.refused and "kind" not in groups:
            raise ValueError("kinds are refused, and the pattern has no group that tells them")
        if KEY_START.match(self.pattern) is None:
            raise ValueError("the pattern does not begin with ^word_ or ^(?P<kind>word|word)_")
        return self

    @property
    def starts(self) -> tuple[str, ...]:
        """What every key begins with: by it a key is known in a text, and masked."""
        found = KEY_START.match(self.pattern)
        assert found is not None, "the pattern was checked"
        return tuple(f"{word}_" for word in (found[1] or found[2]).split("|"))


class ErrorShapes(Table):
    """Where an error's code and sentence stand, tried in this order; and what some codes mean."""

    code: list[DottedPath]
    message: list[DottedPath]
    success: DottedPath = ""
    graphql: bool = False
    key: Names
    missing_scope: Names
    address: Names
    missing_route: Names
    conflict: Names
    later: Names


class Idempotency(Table):
    """The header that makes a write happen once, and on which of our writes it goes."""

    header: HeaderName | Literal[""] = ""
    pattern: Pattern = ""
    calls: Annotated[list[Literal["*"] | CallName], Field(default_factory=list)]

    @model_validator(mode="after")
    def _whole(self) -> "Idempotency":
        if self.calls and not (self.header and self.pattern):
            raise ValueError("calls are named, and not the header and the pattern of its values")
        return self


class RateLimits(Table):
    """What all keys of the organization share, and the headers that tell how much is left."""

    requests: Annotated[int, Field(gt=0)]
    window_s: Annotated[int, Field(gt=0)]
    limit: HeaderName
    remaining: HeaderName
    reset: HeaderName
    reset_is: Literal["seconds", "unix_time"]


class CommandFields(Table):
    """The names of a command's fields in the cloud's list."""

    id: str
    device: str
    type: str
    payload: str
    created: str


class Call(Table):
    """One call: how it is asked, what it needs, and where its answer stands."""

    method: Literal["GET", "POST", "PUT", "PATCH"]
    path: Template
    document: str = ""
    parameters: Parameters
    scopes: Names
    data: DottedPath = ""
    items: DottedPath = ""
    next: DottedPath = ""
    more: DottedPath = ""
    gzip: bool = False
    takes_bytes: bool = False  # a document of the archive goes up as it is
    part_bytes: Annotated[int, Field(ge=0)] = 0  # a larger body goes up in parts; 0: never
    assumed: bool = False

    @model_validator(mode="after")
    def _whole(self) -> "Call":
        if not self.path.startswith("/"):
            raise ValueError(f"{self.path!r} does not begin with a slash")
        if self.document and self.method != "POST":
            raise ValueError("a GraphQL document is sent with POST")
        if not self.document and any(not isinstance(v, str) for v in self.parameters.values()):
            raise ValueError("only a GraphQL call has parameters inside parameters")
        if self.document and (unknown := {*self.parameters} - self._variables):
            raise ValueError(f"the document has no variable ${min(unknown)}")
        if self.more and not self.next:
            raise ValueError("`more` says whether there is a next page, and `next` does not")
        return self

    @property
    def _variables(self) -> set[str]:
        return {*re.findall(r"\$(\w+)\s*:", self.document)}

    @property
    def is_write(self) -> bool:
        return self.method != "GET" and not self.document.lstrip().startswith("query")


class CloudProfile(Table):
    """How one cloud is spoken to."""

    title: str
    base_url: Annotated[str, StringConstraints(pattern=r"^https://[a-z0-9.-]+$")]
    key: KeySystem
    errors: ErrorShapes
    idempotency: Annotated[Idempotency, Field(default_factory=lambda: Idempotency(calls=[]))]
    limits: RateLimits
    fields: CommandFields
    command_types: dict[str, str]
    calls: dict[CallName, Call]

    def call(self, name: str) -> Call | None:
        return self.calls.get(name)

    def lacking(self, name: str, scopes: Iterable[str]) -> list[str]:
        """Name the scopes a call needs that a key with these scopes has not."""
        held = {*scopes}
        if self.key.all_scope and self.key.all_scope in held:
            return []
        held |= {implied for scope in held for implied in self.key.implies.get(scope, ())}
        call = self.call(name)
        needed = call.scopes if call else []
        return [scope for scope in needed if not any(fnmatchcase(scope, has) for has in held)]

    def takes_idempotency(self, name: str) -> bool:
        call = self.call(name)
        return (
            call is not None
            and call.is_write
            and bool({EVERY_WRITE, name} & {*self.idempotency.calls})
        )


@cache
def profiles() -> dict[str, CloudProfile]:
    return {name: CloudProfile(**row) for name, row in load_own("cloud_profiles.toml").items()}
