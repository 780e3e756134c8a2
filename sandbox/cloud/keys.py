"""API keys, whatever their form: made and shown once, kept as a hash, listed masked.

    issue      (row, secret)      the only moment at which the secret is in this program
    rotate     (row, new secret)  the row stays, the old secret opens nothing from now on
    change     label, active, default device
    delete     gone at once

What a secret looks like, which kinds there are and what a scope means, the dialect knows.
"""

import hashlib
import secrets
from dataclasses import dataclass, field, replace

ORG_ID = "org_demo_shop"
LIVE, TEST = "live", "test"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One row of the key table; the secret itself is in nobody's hands but the owner's."""

    id: str
    label: str
    shown: str
    kind: str
    environment: str
    scopes: tuple[str, ...]
    default_device: str | None
    active: bool
    created_at: str
    last_used_at: str | None = None


@dataclass(frozen=True, slots=True)
class KeyOrder:
    """What somebody wants a key to be."""

    label: str
    kind: str = ""
    environment: str = LIVE
    scopes: tuple[str, ...] = field(default_factory=tuple)
    default_device: str | None = None


def made(order: KeyOrder, shown: str, now: str) -> ApiKey:
    return ApiKey(
        id=f"key_{secrets.token_hex(12)}",
        label=order.label,
        shown=shown,
        kind=order.kind,
        environment=order.environment,
        scopes=tuple(dict.fromkeys(order.scopes)),
        default_device=order.default_device,
        active=True,
        created_at=now,
    )


def renewed(key: ApiKey, shown: str) -> ApiKey:
    return replace(key, shown=shown, last_used_at=None)


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
