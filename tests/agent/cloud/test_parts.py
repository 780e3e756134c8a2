"""A large document goes up in parts, and goes on where it was cut."""

import json
from collections.abc import Iterator

import pytest

from agent.cloud.calls import Extra
from agent.cloud.client import Answer, CloudClient, CloudUnreachable
from agent.cloud.keys import KeyRing, parse
from agent.cloud.parts import Document, document_of, send_in_parts
from config.profiles import profiles
from sandbox.cloud.world import World, opened

PART_BYTES = 1000
BODY = {"agentId": "shop-1", "commandId": None, "report": {"text": "x" * 4321}}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with opened(tmp_path_factory.mktemp("cloud") / "cloud.db") as world:
        yield world


class Line:
    """The way to the cloud; it breaks before the request with this number."""

    def __init__(self, world: World, device_id: str) -> None:
        _, header = world.key("commands", "devices")
        profile = profiles()["ebon"]
        key = KeyRing(parse(header["x-api-key"], "a test", "ebon"))
        self.client = CloudClient(profile, world.running.url, key, "shop-1")
        self.parts = {"device_id": device_id, "kind": "je"}
        self.places: list[str] = []
        self.breaks_at = -1

    def ask(self, extra: Extra, content: bytes) -> Answer:
        if len(self.places) == self.breaks_at:
            raise CloudUnreachable("cut")
        self.places.append(extra.headers["Content-Range"])
        return self.client.send("upload", parts=self.parts, frozen=content, extra=extra)


@pytest.fixture
def line(world: World) -> Iterator[Line]:
    line = Line(world, world.device())
    yield line
    line.client.close()


def document(event_id: int) -> Document:
    return document_of(json.dumps(BODY | {"eventId": event_id}).encode())


def stored(line: Line, sent: Document) -> bool:
    """Sent again it is known, whole, and nothing more is asked for."""
    asked = len(line.places)
    send_in_parts(sent, PART_BYTES, line.ask)
    return len(line.places) == asked + 1


def test_a_document_goes_up_in_parts_of_which_each_goes_once(line: Line) -> None:
    sent = document(1)
    total = len(sent.content)
    send_in_parts(sent, PART_BYTES, line.ask)
    firsts = [place.removeprefix("bytes ").split("-")[0] for place in line.places]
    assert firsts == [f"*/{total}", *(str(n) for n in range(0, total, PART_BYTES))]
    assert stored(line, sent)


@pytest.mark.parametrize("breaks_at", range(6))
def test_after_a_cut_it_goes_on_where_it_was(line: Line, breaks_at: int) -> None:
    sent = document(10 + breaks_at)
    line.breaks_at = breaks_at
    with pytest.raises(CloudUnreachable):
        send_in_parts(sent, PART_BYTES, line.ask)
    line.breaks_at = -1
    send_in_parts(sent, PART_BYTES, line.ask)
    parts = [place for place in line.places if "*" not in place]
    assert len(parts) == len(set(parts)) == -(-len(sent.content) // PART_BYTES)
    assert stored(line, sent)


def test_what_the_body_says_of_itself_stands_beside_the_bytes() -> None:
    sent = document(7)
    assert sent.labels == {"agentId": "shop-1", "eventId": "7"}
    assert json.loads(sent.content)["report"] == BODY["report"]
