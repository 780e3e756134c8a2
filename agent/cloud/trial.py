"""What a key may do, found out by calls that change nothing.

    devices, list, keys, receipts, reports   are asked   200 proven   403 lacking   404 not there
    every other call                         is judged by the scopes those have proven or lack

A scope that only a writing call needs stays unproven: to try it would be to do it.
"""

from dataclasses import dataclass
from enum import StrEnum

from agent.cloud.client import CloudClient, CloudError, CloudRefused, Why
from agent.cloud.keys import ApiKey, KeyRing
from config.settings import CloudProfile, Settings, profiles

# The agent cannot work without the first; with the second it tells the cloud more.
NEEDED = ("list", "claim", "result", "device_status", "upload", "sync")
MORE = ("receipt", "report")
HARMLESS = ("devices", "list", "keys", "receipts", "reports")  # `keys`: who may do everything
EXTRA = ("receipts", "reports")  # that these cannot be asked keeps nobody from working


class KeyProof(StrEnum):
    PROVEN = "proven"
    LACKING = "lacking"
    UNPROVEN = "unproven"  # not without doing it
    ABSENT = "absent"  # this cloud has no such call


@dataclass(frozen=True, slots=True)
class Row:
    """One of our calls: the scopes it needs, and whether the key has them."""

    call: str
    scopes: tuple[str, ...]
    proof: KeyProof
    note: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """What was found. `refused`: why the cloud takes the key for nothing at all, else empty."""

    refused: str
    rows: tuple[Row, ...] = ()
    everything: str = ""  # the scope that holds all, if the key has it
    least: tuple[str, ...] = ()  # the scopes that do the whole work

    def lacking(self, calls: tuple[str, ...]) -> list[Row]:
        return [row for row in self.rows if row.call in calls and row.proof is KeyProof.LACKING]


def client_of(settings: Settings, key: ApiKey) -> CloudClient:
    """Return a client for this key alone: it touches no file."""
    profile = profiles()[settings.cloud.profile]
    return CloudClient(
        profile, settings.base_url, KeyRing(key), settings.agent.id, network=settings.cloud
    )


def try_key(client: CloudClient, profile: CloudProfile, device_id: str = "") -> Trial:
    """Ask what can be asked harmlessly; `device_id` where the agent has one device only.

    Raises:
        CloudUnreachable, CloudAnswerBroken: nothing can be said.
    """
    said: dict[str, Row] = {}
    for call in filter(client.has, HARMLESS):
        scopes = _scopes(profile, call)
        try:
            client.send(call, parts={"limit": "1", "device_id": device_id, "page": ""})
            said[call] = Row(call, scopes, KeyProof.PROVEN)
        except CloudRefused as error:
            taken = any(row.proof is KeyProof.PROVEN for row in said.values())
            if error.why in (Why.KEY, Why.ADDRESS) and not taken:
                return Trial(str(error))
            proofs = {Why.SCOPE: KeyProof.LACKING, Why.ROUTE: KeyProof.ABSENT}
            said[call] = Row(call, scopes, proofs.get(error.why, KeyProof.UNPROVEN), str(error))
        except CloudError:
            if call not in EXTRA:
                raise
    return _judge(profile, said)


def _judge(profile: CloudProfile, said: dict[str, Row]) -> Trial:
    keys = said.pop("keys", None)
    all_scope = profile.key.all_scope
    everything = (
        all_scope
        if keys is not None and keys.proof is KeyProof.PROVEN and all_scope in keys.scopes
        else ""
    )
    rows = [
        said.get(call) or _row(profile, call, said)
        for call in ("devices", *NEEDED, *MORE)
        if call in said or call in (*NEEDED, *MORE)
    ]
    if everything:
        rows = [
            Row(row.call, row.scopes, KeyProof.PROVEN)
            if row.proof is KeyProof.UNPROVEN and not row.note
            else row
            for row in rows
        ]
    return Trial("", tuple(rows), everything, _least(profile, rows))


def _least(profile: CloudProfile, rows: list[Row]) -> tuple[str, ...]:
    """Name the scopes that do the whole work; one for several where it means just those."""
    least = {
        scope
        for row in rows
        if row.call not in MORE and row.proof is not KeyProof.ABSENT
        for scope in row.scopes
    }
    for scope, implied in profile.key.implies.items():
        if least.issuperset(implied):
            least = least - {*implied} | {scope}
    return tuple(sorted(least))


def _row(profile: CloudProfile, call: str, said: dict[str, Row]) -> Row:
    """Judge a call that was not made by those that were."""
    if profile.call(call) is None:
        return Row(call, (), KeyProof.ABSENT)
    scopes = _scopes(profile, call)
    proven = {s for row in said.values() if row.proof is KeyProof.PROVEN for s in row.scopes}
    proven |= {scope for has in proven for scope in profile.key.implies.get(has, [])}
    lacking = {
        row.scopes[0]
        for row in said.values()
        if row.proof is KeyProof.LACKING and len(row.scopes) == 1
    }
    if not lacking.isdisjoint(scopes):
        return Row(call, scopes, KeyProof.LACKING)
    taken = any(row.proof is KeyProof.PROVEN for row in said.values())
    known = taken and proven.issuperset(scopes)  # where there are no scopes, a key is a key
    return Row(call, scopes, KeyProof.PROVEN if known else KeyProof.UNPROVEN)


def _scopes(profile: CloudProfile, call: str) -> tuple[str, ...]:
    found = profile.call(call)
    return tuple(found.scopes) if found else ()
