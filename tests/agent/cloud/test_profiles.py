"""The four clouds as data: each is whole, and a mistake in one is found when it is loaded."""

import copy
import re
from typing import Any

import pytest
from pydantic import ValidationError

from agent.commands import KINDS
from config.profiles import CALL_NAMES, CloudProfile, profiles
from config.tables import load_own

PROFILES = list(profiles())
HEX = "0123456789abcdef" * 2
NEEDED = ("list", "command", "claim", "result", "devices", "device_status", "upload", "sync")
EBON_SCOPES = {
    *("receipts", "receipts:read", "receipts:admin", "reports", "devices", "devices:read"),
    *("devices:write", "commands", "all"),
}


def changed(profile: str, path: str, value: Any) -> dict[str, Any]:
    """A profile's table with one thing changed in it."""
    row = copy.deepcopy(load_own("cloud_profiles.toml")[profile])
    *tables, last = path.split("/")
    place = row
    for table in tables:
        place = place.setdefault(table, {})
    place[last] = value
    return row


def test_there_are_four_key_systems() -> None:
    assert PROFILES == ["ebon", "elebne", "esnad", "sbs"]


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_has_every_call_and_says_which_are_ours(name: str) -> None:
    profile = profiles()[name]
    documented = {call for call, how in profile.calls.items() if not how.assumed}
    assert {*NEEDED} <= {*profile.calls} <= {*CALL_NAMES}
    on_its_pages = {
        "ebon": {"list", "command", "devices", "receipt", "receipts", "report", "reports"},
        "esnad": {"keys"},
    }
    assert documented == on_its_pages.get(name, set())


@pytest.mark.parametrize("name", PROFILES)
def test_every_id_of_a_call_has_its_place(name: str) -> None:
    for call, ids in {
        "command": ["command_id"],
        "claim": ["command_id"],
        "result": ["command_id"],
        "sync": ["agent_id"],
        "device_status": ["device_id"],
        "upload": ["device_id", "kind"],
        "list": ["device_id"],
    }.items():
        how = profiles()[name].calls[call]
        for id_ in ids:
            assert f"{{{id_}}}" in how.path + str(how.parameters)


@pytest.mark.parametrize("name", PROFILES)
def test_the_clouds_words_for_commands_are_kinds_of_ours(name: str) -> None:
    assert {*profiles()[name].command_types.values()} <= {*KINDS}


@pytest.mark.parametrize(
    ("name", "key", "groups"),
    [
        ("ebon", f"ebon_live_org_{HEX}", {"organization": "org"}),
        ("ebon", f"ebon_live_org_a_b_{HEX}", {"organization": "org_a_b"}),
        ("ebon", f"ebon_live_{HEX}_{HEX}", {"organization": HEX}),
        ("ebon", f"ebon_test_org_{HEX}", None),
        ("ebon", f"ebon_live_org_{HEX.upper()}", None),
        ("ebon", f"ebon_live_org_{HEX}\n", None),
        ("ebon", f"ebon_live__{HEX[1:]}", None),
        ("elebne", f"sk_live_{HEX}", {"kind": "sk", "environment": "live"}),
        ("elebne", f"pk_test_{HEX}", {"kind": "pk", "environment": "test"}),
        ("elebne", f"sk_{HEX}", None),
        ("esnad", f"zatca_test_{HEX}", {"environment": "test"}),
        ("esnad", "zatca_live_short", None),
        ("sbs", f"sak_{HEX}", {"kind": "sak"}),
        ("sbs", f"alsak_{HEX}", {"kind": "alsak"}),
        ("sbs", f"aak_{HEX}", {"kind": "aak"}),
        ("sbs", HEX, None),
    ],
)
def test_a_key_tells_by_its_form_what_it_is(
    name: str, key: str, groups: dict[str, str] | None
) -> None:
    found = re.fullmatch(profiles()[name].key.pattern, key)
    assert (found and found.groupdict()) == groups


def test_a_key_of_one_cloud_is_none_of_another() -> None:
    keys = {"ebon": f"ebon_live_o_{HEX}", "elebne": f"sk_live_{HEX}"}
    keys |= {"esnad": f"zatca_live_{HEX}", "sbs": f"sak_{HEX}"}
    for name, profile in profiles().items():
        taken = [of for of, key in keys.items() if re.fullmatch(profile.key.pattern, key)]
        assert taken == [name]


def test_kinds_of_keys_that_cannot_do_our_work_are_refused_with_the_reason() -> None:
    assert {*profiles()["elebne"].key.refused} == {"pk"}
    assert {*profiles()["sbs"].key.refused} == {"alsak", "aak"}
    for profile in profiles().values():
        assert all("use " in why or "needs " in why for why in profile.key.refused.values())


# scopes


def test_the_scopes_of_ebon_are_the_documented_ones() -> None:
    calls = profiles()["ebon"].calls.values()
    assert {scope for call in calls for scope in call.scopes} <= EBON_SCOPES


@pytest.mark.parametrize(
    ("name", "held", "lacks"),
    [
        ("ebon", ["devices", "commands"], {"receipt": ["receipts"], "report": ["reports"]}),
        ("ebon", ["all"], {}),
        (
            "ebon",
            ["commands", "receipts", "reports", "devices:read"],
            {"upload": ["devices:write"], "device_status": ["devices:write"]},
        ),
        ("esnad", [], {}),
        ("sbs", ["fiscal-commands-api:query:*", "fiscal-commands-api:mutation:*"], {}),
        (
            "sbs",
            ["fiscal-commands-api:query:*", "fiscal-commands-api:mutation:claimCommand"],
            {
                call: [f"fiscal-commands-api:mutation:{name}"]
                for call, name in {
                    "result": "reportResult",
                    "sync": "syncAgent",
                    "device_status": "reportDeviceStatus",
                    "upload": "uploadReport",
                }.items()
            },
        ),
    ],
)
def test_what_a_key_lacks_for_a_call_is_told(
    name: str, held: list[str], lacks: dict[str, list[str]]
) -> None:
    profile = profiles()[name]
    calls = {*profile.calls} - {"keys", "receipts", "reports"}  # no work of ours needs it
    found = {call: profile.lacking(call, held) for call in calls}
    assert {call: scopes for call, scopes in found.items() if scopes} == lacks


def test_a_call_the_cloud_lacks_needs_no_scope() -> None:
    assert profiles()["sbs"].lacking("receipt", []) == []


# idempotency


@pytest.mark.parametrize(
    ("name", "calls"),
    [
        ("ebon", {"receipt"}),
        ("elebne", {"claim", "result", "sync", "device_status", "upload"}),
        ("esnad", {"claim", "result", "sync", "device_status", "upload"}),
        ("sbs", set()),
    ],
)
def test_the_idempotency_header_goes_on_the_writes_that_take_it(name: str, calls: set[str]) -> None:
    profile = profiles()[name]
    assert {call for call in profile.calls if profile.takes_idempotency(call)} == calls
    assert not profile.takes_idempotency("nothing")


@pytest.mark.parametrize("name", ["ebon", "elebne", "esnad"])
def test_a_hash_is_always_a_value_the_idempotency_header_takes(name: str) -> None:
    """What the client falls back on for a name the cloud would not take."""
    pattern = profiles()[name].idempotency.pattern
    assert re.fullmatch(pattern, HEX * 2)
    assert re.fullmatch(pattern, "5fab9d1c-55a1-42ea-88e0-75bc88306664")
    assert not re.fullmatch(pattern, "x" * 300)


# mistakes


@pytest.mark.parametrize(
    ("profile", "path", "value", "says"),
    [
        ("ebon", "key/pattern", "^ebon_(", "is not a pattern"),
        ("ebon", "key/pattern", "^(?P<owner>.+)$", "the unknown group 'owner'"),
        ("ebon", "key/pattern", "^[a-z0-9]{32}$", "does not begin with ^word_"),
        ("ebon", "key/environment", "by_key", "no group that tells it"),
        ("ebon", "key/environment", "staging", "key.environment"),
        ("ebon", "key/refused", {"pk": "no"}, "no group that tells them"),
        ("ebon", "key/header", "X Key", "key.header"),
        ("ebon", "key/header", "", "key.header"),
        ("ebon", "key/colour", "red", "key.colour"),
        ("ebon", "base_url", "http://api.e-bon.ro", "base_url"),
        ("ebon", "base_url", "https://api.e-bon.ro/", "base_url"),
        ("ebon", "calls/print", {"method": "GET", "path": "/x"}, "'print' is no call of ours"),
        ("ebon", "calls/list/method", "DELETE", "calls.list.method"),
        ("ebon", "calls/list/path", "/x/{cmd}", "the unknown part 'cmd'"),
        ("ebon", "calls/list/path", "x", "does not begin with a slash"),
        ("ebon", "calls/list/path", "https://elsewhere.example/x", "does not begin with a slash"),
        ("ebon", "calls/list/path", "/x/{command_id", "calls.list.path"),
        ("ebon", "calls/list/parameters", {"a": "{b}"}, "the unknown part 'b'"),
        ("ebon", "calls/list/parameters", {"a": {"b": "c"}}, "parameters inside parameters"),
        ("ebon", "calls/list/parameters", {"a": 1}, "calls.list.parameters"),
        ("ebon", "calls/list/items", "data..items", "calls.list.items"),
        ("ebon", "calls/list/more", "data.hasMore", "`more` says"),
        ("ebon", "calls/list/document", "query { a }", "is sent with POST"),
        ("ebon", "idempotency/calls", ["receits"], "'receits' is no call of ours"),
        ("ebon", "idempotency/pattern", "[", "is not a pattern"),
        ("sbs", "idempotency/calls", ["*"], "not the header"),
        ("sbs", "calls/claim/parameters", {"id": "a", "idd": "b"}, "no variable $idd"),
        ("ebon", "limits/requests", 0, "limits.requests"),
        ("ebon", "limits/reset_is", "minutes", "limits.reset_is"),
        ("ebon", "errors/code", "error.code", "errors.code"),
        ("ebon", "errors/later", [429], "errors.later"),
        ("ebon", "fields/id", 1, "fields.id"),
        ("ebon", "title", None, "title"),
    ],
)
def test_a_mistake_in_a_profile_is_found_when_it_is_loaded(
    profile: str, path: str, value: Any, says: str
) -> None:
    CloudProfile(**changed(profile, "title", "still whole"))
    with pytest.raises(ValidationError) as caught:
        CloudProfile(**changed(profile, path, value))
    assert says in re.sub(r"\s+", " ", str(caught.value))


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize(
    "part", ["title", "base_url", "key", "errors", "limits", "fields", "calls"]
)
def test_a_profile_without_one_of_its_parts_is_none(name: str, part: str) -> None:
    row = load_own("cloud_profiles.toml")[name]
    del row[part]
    with pytest.raises(ValidationError, match=part):
        CloudProfile(**row)


@pytest.mark.parametrize(
    "call", [call for call in profiles()["sbs"].calls.values() if call.document]
)
def test_a_graphql_document_is_whole(call: Any) -> None:
    assert call.document.count("{") == call.document.count("}")
    declared = {*re.findall(r"\$(\w+)\s*:\s*[\w!]+", call.document)}
    used = {*re.findall(r":\s*\$(\w+)", call.document)}
    assert declared == used == {*call.parameters} | ({"input"} if call.is_write else set())
