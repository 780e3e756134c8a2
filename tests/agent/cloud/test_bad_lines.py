"""Bad lines: resets and cuts at each byte, silence, drips, what is no HTTP. Nothing hangs, and the
next request is made as if nothing had been."""

import pytest

from agent.cloud import client as client_module
from agent.cloud.answers import CloudAnswerBroken, CloudUnreachable
from tests.agent.cloud.far_cloud import (
    client_of,
    cut_after,
    dripping,
    error_from,
    error_of,
    far_cloud,
    late,
    silent_after,
)

LIST = b'{"commands": []}'


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits are no parameters of the client, only constants of its module."""
    monkeypatch.setattr(client_module, "TIMEOUT_S", 0.2)


ANSWER = (
    b"HTTP/1.1 200 OK\r\nDate: Thu, 02 Apr 2026 09:00:00 GMT\r\nContent-Length: 16\r\n\r\n" + LIST
)


@pytest.mark.parametrize("reset", [True, False])
def test_a_connection_that_ends_at_any_byte_is_unreachable(*, reset: bool) -> None:
    acts = [cut_after(ANSWER[:length], reset=reset) for length in range(len(ANSWER))]
    with far_cloud(*acts, ANSWER) as cloud:
        client = client_of(cloud)
        for _ in acts:
            with pytest.raises(CloudUnreachable):
                client.send("list")
        assert client.send("list").items == []
        client.close()
        assert len(cloud.heard) == len(acts) + 1


def test_an_answer_without_a_length_that_ends_at_any_byte_is_no_answer() -> None:
    body = b'{"commands": [1]}'
    acts = [cut_after(b"HTTP/1.1 200 OK\r\n\r\n" + body[:length]) for length in range(len(body))]
    with far_cloud(*acts) as cloud:
        client = client_of(cloud)
        for _ in acts:
            with pytest.raises(CloudAnswerBroken):
                client.send("list")
        client.close()


def test_a_connection_is_used_again_and_a_closed_one_is_opened_anew() -> None:
    with far_cloud(ANSWER, ANSWER, cut_after(ANSWER), ANSWER) as cloud:
        client = client_of(cloud)
        for _ in range(4):
            assert client.send("list").items == []
        client.close()


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("some", [b"", b"HTTP/1.1 200 OK\r\nCont", ANSWER[:-1]])
def test_a_connection_that_is_held_but_dead_is_given_up(some: bytes) -> None:
    with far_cloud(ANSWER, silent_after(some), ANSWER) as cloud:
        client = client_of(cloud)
        assert client.send("list").items == []
        with pytest.raises(CloudUnreachable, match="does not answer in time"):
            client.send("list")
        assert client.send("list").items == []  # on a connection of its own
        client.close()


@pytest.mark.parametrize(
    ("first", "drop"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"A: b\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b" "),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["headers", "chunks", "body", "continues"],
)
def test_an_answer_that_drips_has_an_end(
    monkeypatch: pytest.MonkeyPatch, first: bytes, drop: bytes
) -> None:
    monkeypatch.setattr(client_module, "ANSWER_S_MAX", 0.2)
    with far_cloud(dripping(first, drop)) as cloud:
        error = error_of(client_of(cloud))
        assert isinstance(error, CloudUnreachable)
        assert "does not answer in time" in str(error)


@pytest.mark.usefixtures("quick")
def test_a_cloud_that_was_asked_to_wait_is_waited_for() -> None:
    """Longer than any other answer, and not for ever."""
    last = ANSWER.replace(b"Content-Length", b"Connection: close\r\nContent-Length")
    with far_cloud(late(last), silent_after(b"")) as cloud:
        client = client_of(cloud)
        assert client.send("list", wait_s=1).items == []
        assert cloud.heard[0].headers["prefer"] == "wait=1"
        with pytest.raises(CloudUnreachable, match="in time"):
            client.send("list")
        client.close()


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 40_000 + b"\r\n",
        b"HTTP/1.1 " + b"2" * 200_000,
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"\x00" * 100,
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    ],
    ids=lambda head: repr(head[:30]),
)
def test_what_is_no_http_or_too_much_of_it_is_unreachable(head: bytes) -> None:
    error = error_from(cut_after(head))
    assert isinstance(error, CloudUnreachable)
    assert len(str(error)) < 400
