"""Where keys are handed out: by a dialect's own routes, by the sandbox's portal, and at a start.

key, secret = issue(cloud, KeyOrder("Till 1", scopes=("commands",)))    the secret, this once
key, secret = rotate(cloud, key)                                        the old one opens nothing
"""

from sandbox.cloud.errors import ApiError, invalid, problem
from sandbox.cloud.keys import ApiKey, KeyOrder, digest, made, renewed
from sandbox.cloud.request import Cloud


def may_create(cloud: Cloud) -> None:
    if not cloud.tier.may_create_keys:
        raise ApiError(403, "This plan has no API keys", code="TIER_LIMIT_EXCEEDED")


def issue(cloud: Cloud, order: KeyOrder) -> tuple[ApiKey, str]:
    if trouble := cloud.dialect.order_problem(order):
        raise invalid([problem("key", trouble)])
    secret = cloud.dialect.mint(order, cloud.org_id)
    key = made(order, cloud.dialect.shown(secret), cloud.now())
    cloud.store.keys.add(key, digest(secret))
    return key, secret


def rotate(cloud: Cloud, key: ApiKey) -> tuple[ApiKey, str]:
    if not cloud.dialect.rotates:
        raise ApiError(409, "This cloud rotates no keys: create a new one and delete the old")
    order = KeyOrder(key.label, key.kind, key.environment, key.scopes, key.default_device)
    secret = cloud.dialect.mint(order, cloud.org_id)
    key = renewed(key, cloud.dialect.shown(secret))
    cloud.store.keys.rotate(key, digest(secret))
    return key, secret


def found(cloud: Cloud, key_id: str) -> ApiKey:
    key = cloud.store.keys.get(key_id)
    if key is None:
        raise ApiError(404, "API key not found")
    return key
