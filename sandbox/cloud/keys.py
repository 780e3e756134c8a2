"""API keys and what they open: `ebon_live_<orgId>_<32 lowercase hex>`, nine scopes.

    ebon_live_org_demo_shop_0123456789abcdef0123456789abcdef
    |        prefix (20) |        only its SHA-256 is stored

The organization's id may hold underscores, so a key is split from the right (api/authentication).
Its first 20 characters are what a list shows and what the rate limits count by; with our long
organization id they are the same for every key, as in production (reference, section 2).
"""

import hashlib
import re
import secrets
from dataclasses import dataclass

ORG_ID = "org_demo_shop"
PREFIX_LENGTH = 20
KEY_FORM = re.compile(r"ebon_live_(.+)_([0-9a-f]{32})")

SCOPES = (
    "receipts",
    "receipts:read",
    "receipts:admin",
    "reports",
    "devices",
    "devices:read",
    "devices:write",
    "commands",
    "all",
)
IMPLIED = {
    "receipts": {"receipts:read"},
    "devices": {"devices:read", "devices:write"},
    "all": set(SCOPES),
}


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One row of the key table; the secret itself is in nobody's hands but the owner's."""

    id: str
    label: str
    prefix: str
    scopes: tuple[str, ...]
    active: bool
    created_at: str
    last_used_at: str | None = None

    def opens(self, *scopes: str) -> bool:
        """True if the key has any one of these scopes, itself or by implication."""
        granted = set(self.scopes).union(*(IMPLIED.get(scope, set()) for scope in self.scopes))
        return not granted.isdisjoint(scopes)


def mint() -> str:
    return f"ebon_live_{ORG_ID}_{secrets.token_hex(16)}"


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def well_formed(secret: str) -> bool:
    return KEY_FORM.fullmatch(secret) is not None
