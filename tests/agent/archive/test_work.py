"""The archive as commands: how much at once, what the ledger keeps, what the cloud gets.

What each reads is held against the device in examples.py; frames that are lost, in
test_crashes_of_kinds.py. Here a busy day, the limits, and the two ways up.
"""

import base64
import gzip
import hashlib
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.archive import patience, read_commands
from agent.cloud.payloads import understood
from agent.cloud.results import result_of
from agent.cloud.schema import to_uploads
from agent.health import SILENCE_S_MAX
from agent.ledger_outbox import Fate
from agent.states import State
from drivers.errors import Refused
from drivers.faults import Fault
from sandbox.cloud.world import opened
from tests.agent.cloud.cloud_world import an_agent, submit
from tests.agent.examples import content_of, words
from tests.agent.world import World, sale

BODY_BYTES_MAX = 1024 * 1024
BUSY_DAY = 1_000
JE, MF = "read_electronic_journal", "read_fiscal_memory"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def day(world: World, receipts: int) -> None:
    for number in range(receipts):
        world.printer.key_receipt(f"{number // 100 + 1}.{number % 100:02d}")
    world.printer.key(69, "Z")


def done(world: World, kind: str, **asked: Any) -> dict[str, Any]:
    world.queue("c1", words(**asked), kind)
    world.settle()
    entry = world.entry("c1")
    assert entry.state is State.ISSUED, world.cloud.history("c1")[-1]
    assert entry.result is not None
    return entry.result


def bodies(world: World) -> dict[str, dict[str, Any]]:
    """What is sent of `c1`, by call and kind of report."""
    event = world.cloud.history("c1")[-1]
    uploads = to_uploads(event, world.entry("c1"), "magazin-1")
    return {f"{one.call} {one.parts.get('kind', '')}".strip(): one.body for one in uploads}


# by date, by number, by Z


def test_the_je_of_a_day_of_the_calendar_is_read(world: World) -> None:
    day(world, 2)
    today = world.printer.device.now.date().isoformat()
    result = done(world, JE, date_from=today, date_to=today)
    assert [one["document_number"] for one in result["documents"]] == [1, 2, 3]
    assert (result["date_from"], result["date_to"]) == (today, today)


def test_documents_are_read_by_their_numbers_as_far_as_there_are_any(world: World) -> None:
    day(world, 2)
    result = done(world, JE, document_from=2, document_to=50)
    assert [one["document_number"] for one in result["documents"]] == [2, 3]


def test_the_short_report_of_the_fiscal_memory_has_only_sums(world: World) -> None:
    day(world, 2)
    today = world.printer.device.now.date().isoformat()
    lines = content_of(done(world, MF, date_from=today, date_to=today))
    assert not [line for line in lines if line.startswith("RAPORT Z NR")]
    assert [line.split() for line in lines if line.startswith("RAPOARTE Z")] == [
        ["RAPOARTE", "Z", "1"]
    ]


@pytest.mark.parametrize("kind", [JE, MF])
def test_a_day_without_anything_is_empty_and_no_failure(world: World, kind: str) -> None:
    result = done(world, kind, date_from="2020-01-01", date_to="2020-01-02")
    assert content_of(result) == []
    assert result.get("documents", []) == []


# how much


def test_a_day_of_a_thousand_receipts_fits_into_one_result_and_one_body(world: World) -> None:
    day(world, BUSY_DAY)
    result = done(world, JE, z_from=1, z_to=1)
    assert len(result["documents"]) == BUSY_DAY + 1
    papers = world.printer.documents()
    assert content_of(result) == [line for paper in papers for line in paper["text"]]
    for body in bodies(world).values():
        assert len(json.dumps(body)) < BODY_BYTES_MAX


def test_a_reading_ends_before_its_loop_is_taken_for_one_that_hangs() -> None:
    assert max(patience.WHOLE_S_MAX, patience.SLICE_S) < SILENCE_S_MAX


def passes(world: World, ms: int) -> None:
    world.clock.ms += ms


def rejected(world: World, kind: str, **asked: Any) -> tuple[str, str]:
    world.queue("c1", words(**asked), kind)
    world.settle()
    assert world.entry("c1").state is State.REJECTED
    (problem,) = world.cloud.history("c1")[-1].data["problems"]
    return problem["code"], problem["sentence"]


def test_too_many_documents_are_refused_before_the_first_is_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    day(world, 3)
    monkeypatch.setattr(read_commands, "DOCUMENTS_MAX", 3)
    code, sentence = rejected(world, JE, z_from=1, z_to=1)
    assert (code, "4 documents" in sentence) == ("RESULT_TOO_LARGE", True)
    assert world.events("c1") == ["accept", "reject"]


@pytest.mark.parametrize("kind", [JE, MF])
@pytest.mark.parametrize("limit", ["CONTENT_BYTES_MAX", "PACKED_BYTES_MAX"])
def test_too_much_text_is_refused_once_and_for_good(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: str, limit: str
) -> None:
    day(world, 3)
    monkeypatch.setattr(read_commands, limit, 1)
    code, sentence = rejected(world, kind, z_from=1, z_to=1)
    assert (code, "fewer days" in sentence) == ("RESULT_TOO_LARGE", True)
    assert world.entry("c1").attempts == 1


def test_what_takes_longer_than_a_loop_may_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    day(world, 1)
    monkeypatch.setattr(patience, "WHOLE_S_MAX", -1.0)
    assert rejected(world, MF, z_from=1, z_to=1)[0] == "RESULT_TOO_LARGE"


def test_the_je_is_read_in_as_many_slices_as_it_needs(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    day(world, 3)
    monkeypatch.setattr(patience, "SLICE_S", 0.0)
    world.cable.before = lambda _: passes(world, 10)  # each document takes longer than a slice
    result = done(world, JE, z_from=1, z_to=1)
    assert content_of(result) == [line for p in world.printer.documents() for line in p["text"]]
    assert "give_way" in world.events("c1")


def test_who_wants_the_end_does_not_wait_for_a_reading(world: World) -> None:
    day(world, 3)
    world.queue("c1", words(z_from=1, z_to=1), JE)
    frames = iter(range(20))
    world.cable.before = lambda _: next(frames, None) == 19 and world.worker.leave()
    world.step()
    assert world.events("c1") == ["accept", "begin", "give_way"]
    world.stop()  # and started again
    world.settle()
    assert world.entry("c1").state is State.ISSUED


@pytest.mark.parametrize("kind", [JE, MF])
def test_a_sale_goes_before_a_reading_that_has_begun_and_the_reading_goes_on(
    world: World, kind: str
) -> None:
    day(world, 3)
    world.queue("c1", words(z_from=1, z_to=1), kind)
    lines = iter(range(20))
    world.cable.before = lambda _: next(lines, None) == 19 and world.queue("c2", sale())
    world.settle()
    assert (world.entry("c1").state, world.entry("c2").state) == (State.ISSUED, State.ISSUED)
    assert world.events("c1") == ["accept", "begin", "give_way", "begin", "finish"]
    assert len(world.paper("receipt")) == 4
    ends = {event.name: event.id for id_ in ("c1", "c2") for event in world.cloud.history(id_)}
    assert world.cloud.history("c2")[-1].id < world.cloud.history("c1")[-1].id, ends
    result = world.entry("c1").result
    assert result is not None
    assert content_of(result) != []


def test_text_that_cannot_be_packed_is_bounded_too() -> None:
    noise, content = random.Random(7), read_commands.PackedText()
    most = read_commands.PACKED_BYTES_MAX
    content.add(noise.randbytes(most - 10_000))
    with pytest.raises(Refused) as caught:
        content.add(noise.randbytes(100_000))
    assert caught.value.fault is Fault.RESULT_TOO_LARGE


# up


@pytest.mark.parametrize(("kind", "report"), [(JE, "je"), (MF, "mf")])
def test_the_text_goes_up_beneath_its_device_and_the_result_only_says_what_it_is(
    world: World, kind: str, report: str
) -> None:
    day(world, 2)
    result = done(world, kind, z_from=1, z_to=1)
    sent = bodies(world)
    assert {*sent} == {"result", f"upload {report}", f"report {report}"}
    told = sent["result"]["result"]
    assert (told["zFrom"], told["zTo"], told["fiscalSeries"]) == (1, 1, "SIM0000001")
    assert told["content"] == {k: v for k, v in result["content"].items() if k != "data"}
    whole = sent[f"upload {report}"]["report"]
    plain = gzip.decompress(base64.b64decode(whole["content"]["data"]))
    assert plain.decode("ascii").splitlines() == content_of(result)
    if kind == JE:
        assert told["documents"] == 3
        assert whole["documents"][0] == {
            "receiptNumber": 1,
            "documentNumber": 1,
            "zNumber": 1,
            "fiscalDate": "2026-09-21T14:13:20+00:00",
            "kind": "receipt",
            "typeCode": "1",
            "lines": result["documents"][0]["lines"],
        }


def test_a_refused_span_is_told_with_the_cloud_s_own_names(world: World) -> None:
    _, problems = understood(JE, {"zFrom": 3, "zTo": 10_000}, 0)
    assert [(problem.path, problem.code) for problem in problems] == [("z_to", "FIELD_INVALID")]
    told = result_of_rejected(world, problems)
    assert told["result"]["problems"][0]["path"] == "zTo"


@pytest.mark.parametrize("given", ["2026-11-31", "yesterday", 20261101, 1.5, True, {}])
def test_what_is_no_date_is_told_with_its_path(given: Any) -> None:
    payload, problems = understood(MF, {"from": given, "to": "2026-12-01"}, 0)
    assert payload is None
    assert [(problem.path, problem.code) for problem in problems] == [("from", "DATE_BAD")]


def result_of_rejected(world: World, problems: list[Any]) -> dict[str, Any]:
    world.queue("c1", words(z_from=1, z_to=1), JE)
    world.cloud.reject(world.entry("c1"), problems)
    told = result_of(world.cloud.history("c1")[-1], world.entry("c1"))
    assert told is not None
    return told


def largest() -> dict[str, Any]:
    """A result as large as one may become: as much noise as is let in, and as many headers."""
    content, noise = read_commands.PackedText(), random.Random(7)
    content.add(noise.randbytes(read_commands.PACKED_BYTES_MAX - 20_000))
    numbers = {"receipt_number": 9999, "document_number": 9_999_999, "z_number": 9999}
    header = numbers | {"issued_at": "21-09-26 14:13:20 DST", "kind": "cancelled"}
    headers = [header | {"type_code": "8", "lines": 9999}] * read_commands.DOCUMENTS_MAX
    about = {"fiscal_serial": "SIM1", "z_number": 9999, "issued_at": "21-09-26 14:13:20"}
    span = {"z_from": 1, "z_to": 9999, "missing": []}
    return about | span | {"documents": headers, "content": content.told()}


def test_a_key_for_devices_is_enough_even_for_the_largest(tmp_path: Path) -> None:
    with opened(tmp_path / "cloud.db") as cloud:
        _, header = cloud.key("commands", "devices")
        url, secret = cloud.running.url, header["x-api-key"]
        with an_agent(tmp_path, url, secret, cloud.device()) as agent:
            id_ = submit(cloud, agent.id, JE, {"zFrom": 1, "zTo": 9999})
            agent.poll()
            result = largest()
            agent.ledger.finish(agent.begun(agent.ledger.entry(id_)), result, 40)
            agent.settle()
            fates = {kept.call: kept.fate for kept in agent.ledger.uploads_of(id_)}
            assert fates == {"result": Fate.DONE, "upload": Fate.DONE, "report": Fate.PAUSED}
            (stored,) = cloud.shop.get("/api/v1/reports/je").json()["reports"]
            (sent,) = (u.body for u in agent.ledger.uploads_of(id_) if u.call == "upload")
            assert sent is not None
            assert json.loads(sent)["report"]["content"] == result["content"]
            digest = hashlib.sha256(sent.encode()).hexdigest()  # it went up in parts, as bytes
            assert stored["report"]["sha256"] == digest
