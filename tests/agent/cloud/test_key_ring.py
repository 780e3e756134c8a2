"""The key ring: a changed file is the new key, and the one before it waits until that has worked.

A real file, a clock moved by hand; what the cloud says is told to the ring as the client tells it.
"""

from pathlib import Path

import pytest

from agent.cloud.keys import LOOK_S, ApiKey, KeyFile, KeyRing, load_keys
from tests.agent.clocks import FakeClock
from tests.agent.cloud.cloud_world import NOW_MS
from tests.agent.cloud.test_keys import HEX, settings_with, written

OLD, NEW, NEWER = (f"ebon_live_org_{sign * 32}" for sign in "abc")


class Shop:
    """A key file, the ring of the agent that reads it, and which keys the cloud takes."""

    def __init__(self, folder: Path, *known: str) -> None:
        self.file = written(folder / "api-key", f"{OLD}\n")
        self.previous = folder / "api-key.previous"
        self.known = {*known}
        self.clock = FakeClock(NOW_MS)
        self.settings = settings_with(folder, self.file)
        self.ring = self.start()

    def start(self) -> KeyRing:
        self.ring = load_keys(self.settings, {}, self.clock)
        return self.ring

    def write(self, text: str, mode: int = 0o600) -> None:
        written(self.file, text, mode)

    def rotate(self, secret: str) -> None:
        KeyFile(self.file, "ebon").place(secret)

    def ask(self) -> tuple[list[str], bool]:
        """Make one request as the client does: the keys it was sent with, and was it taken?"""
        self.clock.move(LOOK_S)
        key: ApiKey | None = self.ring.current
        sent: list[str] = []
        while key is not None:
            assert len(sent) < 3
            sent.append(key.secret)
            if key.secret in self.known:
                self.ring.worked(key)
                return sent, True
            key = self.ring.refused(key)
        return sent, False


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path, OLD)


def test_a_new_key_in_the_file_is_used_from_the_next_request_on(shop: Shop) -> None:
    assert shop.ask() == ([OLD], True)
    shop.known = {NEW}
    shop.write(NEW)
    assert shop.ask() == ([NEW], True)
    assert shop.ring.sentence == ""


def test_the_file_is_looked_at_once_a_second_at_most(shop: Shop) -> None:
    shop.clock.move(LOOK_S)
    assert shop.ring.current.secret == OLD
    shop.write(NEW)
    shop.clock.move(LOOK_S / 2)
    assert shop.ring.current.secret == OLD
    shop.clock.move(LOOK_S / 2)
    assert shop.ring.current.secret == NEW


def test_a_refused_key_makes_it_look_at_once(shop: Shop) -> None:
    shop.clock.move(LOOK_S)
    old = shop.ring.current
    shop.write(NEW)
    again = shop.ring.refused(old)
    assert again is not None
    assert again.secret == NEW
    assert shop.ring.refused(again) is None  # the old one has just been refused


def test_while_the_new_key_is_refused_the_old_one_works_and_it_is_said(shop: Shop) -> None:
    shop.ask()
    shop.write(NEW)
    assert shop.ask() == ([NEW, OLD], True)
    assert shop.ask() == ([OLD], True)
    assert "the new key is refused (401)" in shop.ring.sentence
    assert str(shop.file) in shop.ring.sentence


def test_the_refused_new_key_is_tried_again_once_the_old_one_is_gone(shop: Shop) -> None:
    shop.ask()
    shop.write(NEW)
    shop.ask()
    shop.known = {NEW}
    assert shop.ask() == ([OLD, NEW], True)
    assert shop.ask() == ([NEW], True)
    assert shop.ring.sentence == ""


def test_with_both_refused_each_slow_try_asks_with_both_and_the_new_one_first(shop: Shop) -> None:
    shop.ask()
    shop.write(NEW)
    shop.known = set()
    assert shop.ask() == ([NEW, OLD], False)
    assert shop.ask() == ([NEW, OLD], False)
    shop.known = {NEW}
    assert shop.ask() == ([NEW], True)


def test_once_the_new_key_has_worked_the_old_one_is_never_sent_again(shop: Shop) -> None:
    shop.ask()
    shop.known = {OLD, NEW}
    shop.write(NEW)
    shop.ask()
    shop.known = {OLD}
    assert shop.ask() == ([NEW], False)
    assert shop.ask() == ([NEW], False)


def test_a_key_that_is_refused_alone_is_asked_with_once(shop: Shop) -> None:
    shop.known = set()
    assert shop.ask() == ([OLD], False)
    shop.known = {OLD}
    assert shop.ask() == ([OLD], True)


def test_a_wrong_key_mended_by_another_falls_back_on_the_one_that_worked(shop: Shop) -> None:
    shop.ask()
    shop.write(NEW)
    shop.ask()
    shop.write(NEWER)
    assert shop.ask() == ([NEWER, OLD], True)


def test_a_key_that_never_worked_is_still_fallen_back_on_without_a_better_one(
    shop: Shop,
) -> None:
    shop.write(NEW)
    assert shop.ask() == ([NEW, OLD], True)


def test_the_old_key_put_back_is_the_key_again(shop: Shop) -> None:
    shop.ask()
    shop.write(NEW)
    shop.ask()
    shop.write(OLD)
    assert shop.ask() == ([OLD], True)
    assert shop.ring.sentence == ""


def test_after_rotate_the_old_key_lies_beside_until_the_new_one_has_worked(shop: Shop) -> None:
    shop.ask()
    shop.rotate(NEW)
    assert shop.previous.read_text().strip() == OLD
    assert shop.ask() == ([NEW, OLD], True)
    assert shop.previous.exists()
    shop.known = {NEW}
    assert shop.ask() == ([OLD, NEW], True)
    assert not shop.previous.exists()


def test_a_restart_between_rotate_and_the_new_key_s_first_work_loses_nothing(shop: Shop) -> None:
    shop.rotate(NEW)
    shop.start()
    assert shop.ask() == ([NEW, OLD], True)
    shop.start()
    shop.known = {NEW}
    assert shop.ask() == ([NEW], True)
    assert not shop.previous.exists()


@pytest.mark.parametrize(
    ("text", "mode"),
    [(f"ebon_live_other_{HEX}", 0o600), (f"sk_live_{HEX}", 0o600), ("", 0o600), (NEW, 0o644)],
)
def test_what_cannot_be_used_is_no_fall_back(shop: Shop, text: str, mode: int) -> None:
    written(shop.previous, text, mode)
    shop.start()
    shop.known = set()
    assert shop.ask() == ([OLD], False)


@pytest.mark.parametrize("text", ["", "ebon_li", f"sk_live_{HEX}", "\udcff", "a b"])
def test_a_file_with_no_key_in_it_leaves_the_one_in_memory_and_says_so(
    shop: Shop, text: str
) -> None:
    shop.file.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert shop.ask() == ([OLD], True)
    assert "the key in memory is used" in shop.ring.sentence
    shop.known = {NEW}
    shop.write(NEW)
    assert shop.ask() == ([NEW], True)
    assert shop.ring.sentence == ""


def test_a_file_that_goes_away_leaves_the_key_in_memory_and_says_so(shop: Shop) -> None:
    shop.file.unlink()
    assert shop.ask() == ([OLD], True)
    assert "No such file" in shop.ring.sentence
    shop.write(OLD)
    assert shop.ask() == ([OLD], True)
    assert shop.ring.sentence == ""


def test_a_new_key_open_to_others_waits_until_the_mode_is_mended(shop: Shop) -> None:
    shop.known = {OLD, NEW}
    shop.write(NEW, 0o644)
    assert shop.ask() == ([OLD], True)
    assert "chmod 600" in shop.ring.sentence
    shop.file.chmod(0o600)
    assert shop.ask() == ([NEW], True)


def test_a_key_of_another_organization_needs_a_restart(shop: Shop) -> None:
    other = f"ebon_live_other_{HEX}"
    shop.known = {OLD, other}
    shop.write(other)
    assert shop.ask() == ([OLD], True)
    assert "another organization" in shop.ring.sentence
    assert HEX not in shop.ring.sentence
    shop.start()
    assert shop.ask() == ([other], True)


def test_what_is_said_late_of_another_key_changes_nothing(shop: Shop) -> None:
    first = shop.ring.current
    shop.rotate(NEW)
    shop.clock.move(LOOK_S)
    assert shop.ring.current.secret == NEW
    shop.ring.worked(first)
    assert shop.previous.exists()
    again = shop.ring.refused(first)
    assert again is not None
    assert again.secret == NEW


def test_a_key_without_a_file_stays_as_it_is() -> None:
    clock = FakeClock(NOW_MS)
    ring = KeyRing(ApiKey(OLD, "AMEF_API_KEY", "org", live=True), clock=clock)
    clock.move(LOOK_S * 10)
    assert ring.current.secret == OLD
    assert ring.refused(ring.current) is None
    ring.worked(ring.current)
    assert ring.sentence == ""
