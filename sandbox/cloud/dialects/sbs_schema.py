"""The schemas of SBS's two services here (`sbs.graphql`, `sbs_account.graphql`), and what they do.

Every field asks `Sbs.admit` under its own name, so that a key can be narrowed to one operation.
An event's number is a `Long`: an `Int` of GraphQL has 32 bits, and a ledger counts from the time
it was made. Inputs are strict, as GraphQL is: a field the schema does not know is refused.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from inspect import isawaitable
from pathlib import Path
from typing import Any

from fastapi import Request
from graphql import GraphQLResolveInfo, GraphQLSchema, build_schema

from sandbox.cloud import commands, devices, documents, key_desk
from sandbox.cloud.dialect import Offers
from sandbox.cloud.errors import ApiError, invalid, problem
from sandbox.cloud.keys import ApiKey, KeyOrder
from sandbox.cloud.request import Access, Cloud
from sandbox.cloud.store import Asked, Record
from sandbox.cloud.sync import sync

HERE = Path(__file__).parent
PAGE = 50


@dataclass(frozen=True, slots=True)
class Context:
    """What a field works with."""

    request: Request
    cloud: Cloud
    access: Access
    wait_s: int


Field = Callable[..., Any]


def service(offers: Offers) -> GraphQLSchema:
    mutations: dict[str, Field] = {
        "queueCommand": _queue,
        "cancelCommand": _cancel,
        "registerDevice": _register,
    }
    if offers.assumed:
        mutations |= {
            "claimCommand": _claim,
            "reportResult": _result,
            "reportDeviceStatus": _status,
            "uploadReport": _upload,
        }
        if offers.sync:
            mutations["syncAgent"] = _sync
    queries: dict[str, Field] = {"commands": _commands, "command": _command, "devices": _devices}
    return _bound("sbs.graphql", queries, mutations, "")


def account() -> GraphQLSchema:
    mutations: dict[str, Field] = {
        "createKey": _create_key,
        "changeKey": _change_key,
        "deleteKey": _delete_key,
    }
    return _bound("sbs_account.graphql", {"keys": _keys}, mutations, "account ")


def _bound(
    name: str, queries: dict[str, Field], mutations: dict[str, Field], prefix: str
) -> GraphQLSchema:
    schema = build_schema((HERE / name).read_text("utf-8"))
    for what, kind, fields in (
        ("query", schema.query_type, queries),
        ("mutation", schema.mutation_type, mutations),
    ):
        assert kind is not None
        for field in [one for one in kind.fields if one not in fields]:
            del kind.fields[field]  # an assumed part that is switched off
        for field, do in fields.items():
            kind.fields[field].resolve = partial(_resolve, f"{prefix}{what}:{field}", do)
    return schema


async def _resolve(
    operation: str, do: Field, _root: Any, info: GraphQLResolveInfo[Context], **arguments: Any
) -> Any:
    context = info.context
    context.cloud.allow(context.request, context.access, operation)
    done = do(context, **arguments)
    return await done if isawaitable(done) else done


# the service

Page = dict[str, Any]


async def _commands(
    context: Context,
    filter: Record | None = None,  # noqa: A002 - the schema's word
    limit: int = PAGE,
    nextToken: str | None = None,  # noqa: N803
) -> Page:
    wanted, offset = filter or {}, _offset(nextToken)
    one = wanted.get("deviceId")
    several = wanted.get("deviceIds")
    chosen = (one,) if one else tuple(several) if several is not None else None
    size = max(1, min(limit, commands.LIMIT_MAX))
    asked = Asked(
        context.access.environment,
        chosen,
        commands.known_status(wanted.get("status")),
        wanted.get("type"),
        limit=size + 1,
        offset=offset,
    )
    cloud = context.cloud
    found = await cloud.bell.look(context.wait_s, lambda: commands.listed(cloud, asked) or None)
    cloud.admit(context.request)  # the key may have been deleted meanwhile
    return _page(found or [], offset, size)


def _page(found: list[Record], offset: int, size: int) -> Page:
    more = str(offset + size) if len(found) > size else None
    return {"items": found[:size], "nextToken": more}


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    if not (token.isascii() and token.isdigit() and len(token) < 10):
        raise invalid([problem("nextToken", "is not one of ours")])
    return int(token)


def _command(context: Context, id: str) -> Record | None:  # noqa: A002
    commands.sweep(context.cloud)
    return context.cloud.store.command(context.access.environment, id)


def _devices(context: Context, nextToken: str | None = None) -> Page:  # noqa: N803
    offset = _offset(nextToken)
    found = context.cloud.store.devices(context.access.environment)
    return _page(found[offset : offset + PAGE + 1], offset, PAGE)


def _queue(context: Context, **body: Any) -> Record:
    return commands.submit(context.cloud, context.access, body)


def _cancel(context: Context, id: str) -> Record:  # noqa: A002
    return commands.cancel(context.cloud, context.access, id)


def _register(context: Context, name: str) -> Record:
    return devices.register(context.cloud, context.access.environment, {"name": name})


def _claim(context: Context, id: str, input: Record) -> Record:  # noqa: A002
    return commands.claim(context.cloud, context.access, id, input)


def _result(context: Context, id: str, input: Record) -> Record:  # noqa: A002
    return commands.report(context.cloud, context.access, id, input)


def _status(context: Context, deviceId: str, input: Record) -> Record:  # noqa: A002, N803
    return devices.report_status(context.cloud, context.access, deviceId, input)


def _upload(context: Context, deviceId: str, kind: str, input: Record) -> Any:  # noqa: A002, N803
    kind = documents.known_kind(kind)
    return documents.upload(context.cloud, context.access, deviceId, kind, input).body


def _sync(context: Context, agentId: str, input: Record) -> Awaitable[Record]:  # noqa: A002, N803
    body = {"agentId": agentId} | input
    return sync(context.request, context.cloud, context.access, agentId, body, context.wait_s)


# the account


def _keys(context: Context) -> list[Record]:
    return [_shown(key) for key in context.cloud.store.keys.all()]


def _create_key(context: Context, label: str, kind: str, scope: str) -> Record:
    order = KeyOrder(label, kind, scopes=tuple(scope.split()))
    key, secret = key_desk.issue(context.cloud, order)
    return _shown(key) | {"key": secret}


def _change_key(
    context: Context,
    id: str,  # noqa: A002
    label: str | None = None,
    active: bool | None = None,  # noqa: FBT001
) -> Record:
    key = key_desk.found(context.cloud, id)
    if label is not None:
        key = replace(key, label=label)
    if active is not None:
        key = replace(key, active=active)
    context.cloud.store.keys.change(key)
    return _shown(key)


def _delete_key(context: Context, id: str) -> bool:  # noqa: A002
    if id == context.access.key.id:
        raise ApiError(409, "A key does not delete itself")
    context.cloud.store.keys.delete(key_desk.found(context.cloud, id).id)
    return True


def _shown(key: ApiKey) -> Record:
    return {
        "id": key.id,
        "label": key.label,
        "kind": key.kind,
        "masked": key.shown,
        "scope": " ".join(key.scopes),
        "active": key.active,
        "createdAt": key.created_at,
        "lastUsedAt": key.last_used_at,
    }
