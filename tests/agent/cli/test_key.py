"""`amef key`: the key is typed hidden or piped in, tried, written whole, and never shown."""

import json
import os
import pty
import signal
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from agent.cli import app
from sandbox.cloud.world import World, opened
from tests.agent.amef import AMEF, ENGLISH
from tests.agent.cloud.cloud_world import Scripted, answer, scripted
from tests.agent.cloud.test_keys import HEX, WRONG_KIND

OLD, NEW = (f"ebon_live_org_demo_shop_{sign * 32}" for sign in "ab")
LISTED = answer(200, b'{"devices": [], "commands": [], "items": []}')
READ_BYTES = 1000


def error(status: int, code: str, sentence: str = "said by the cloud") -> bytes:
    return answer(status, json.dumps({"error": {"code": code, "message": sentence}}).encode())


class Shop:
    """A configuration with a key file, and the command run on it in this process."""

    def __init__(
        self, folder: Path, url: str = "http://127.0.0.1:1", profile: str = "ebon"
    ) -> None:
        self.folder = folder
        self.key = folder / "api-key"
        self.config = folder / "config.toml"
        self.configure(url, profile, f'api_key_file = "{self.key}"')

    def configure(self, url: str, profile: str, key: str) -> None:
        self.config.write_text(
            f'[agent]\nid = "shop"\nstate_dir = "{self.folder / "state"}"\n'
            f'[cloud]\nprofile = "{profile}"\nbase_url = "{url}"\n{key}\n'
            '[[device]]\nid = "dev_1"\nfamily = "datecs_x"\naddress = "/dev/ttyUSB0"\n'
        )

    def amef(self, *words: str, stdin: str = "", lang: str = "en_US.UTF-8", **more: str) -> Result:
        command = ["key", *words, "--config", str(self.config)]
        env: dict[str, str | None] = {"LANG": lang, "AMEF_API_KEY": None, **more}
        return CliRunner().invoke(app, command, input=stdin, env=env)

    def files(self) -> dict[str, tuple[str, int]]:
        """What lies there of keys, and with which modes."""
        return {
            path.name: (path.read_text().strip(), stat.S_IMODE(path.stat().st_mode))
            for path in self.folder.iterdir()
            if "key" in path.name
        }


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@contextmanager
def shop_with(
    folder: Path, *answers: bytes, profile: str = "ebon"
) -> Iterator[tuple[Shop, Scripted]]:
    with scripted(*answers) as server:
        yield Shop(folder, server.url, profile), server


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with opened(tmp_path_factory.mktemp("cloud") / "cloud.db") as world:
        yield world


def made(world: World, *scopes: str) -> str:
    return world.key(*scopes)[1]["x-api-key"]


def assert_hidden(result: Result, *secrets: str) -> None:
    for secret in (*secrets, HEX, OLD[-32:], NEW[-32:]):
        assert secret not in result.output
        assert secret not in result.stderr


# --- set


def test_set_writes_what_is_piped_in_for_its_owner_alone(shop: Shop) -> None:
    done = shop.amef("set", stdin=f"  {NEW}\r\n")
    assert done.exit_code == 0, done.output
    assert shop.files() == {"api-key": (NEW, 0o600)}
    assert done.stdout == f"{shop.key}: the key is written (0600)\n"


def test_set_keeps_the_old_key_beside_the_new_one(shop: Shop) -> None:
    shop.amef("set", stdin=OLD)
    done = shop.amef("set", stdin=NEW)
    assert shop.files() == {"api-key": (NEW, 0o600), "api-key.previous": (OLD, 0o600)}
    assert "api-key.previous: the old one, until the new one has worked" in done.stdout
    assert_hidden(done)


def test_set_says_that_another_organization_needs_a_restart(shop: Shop) -> None:
    shop.amef("set", stdin=OLD)
    assert "systemctl restart" not in shop.amef("set", stdin=NEW).stdout
    assert "systemctl restart amef-agent" in shop.amef("set", stdin=f"ebon_live_x_{HEX}").stdout


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "is empty"),
        (f"ebon_live_{HEX}", "form is different"),
        (f"Bearer {NEW}", "holds spaces"),
        (f"sk_live_{HEX}", "looks like an API key of elebne; cloud.profile is ebon"),
        (f"{NEW}\n{OLD}", "holds spaces"),
        (NEW * 200, "form is different"),
    ],
)
def test_what_is_no_key_of_this_cloud_is_not_written(shop: Shop, typed: str, why: str) -> None:
    shop.amef("set", stdin=OLD)
    for word in ("set", "rotate"):
        done = shop.amef(word, stdin=typed)
        assert done.exit_code == 1
        assert why in done.stderr
        assert_hidden(done)
    assert shop.files() == {"api-key": (OLD, 0o600)}


@pytest.mark.parametrize(("profile", "secret", "why"), WRONG_KIND)
def test_a_kind_that_cannot_do_our_work_is_not_written(
    tmp_path: Path, profile: str, secret: str, why: str
) -> None:
    shop = Shop(tmp_path, profile=profile)
    done = shop.amef("set", stdin=secret)
    assert (done.exit_code, shop.files()) == (1, {})
    assert why in done.stderr
    assert_hidden(done)


@pytest.mark.parametrize("word", ["set", "rotate"])
def test_a_key_as_an_argument_is_refused_and_not_shown_again(shop: Shop, word: str) -> None:
    done = shop.amef(word, NEW)
    assert (done.exit_code, shop.files()) == (1, {})
    assert "[key_as_argument]" in done.stderr
    assert "Delete that key in the cloud" in done.stderr
    assert "Ștergeți această cheie" in done.stderr
    assert_hidden(done)


def test_both_languages_are_spoken_and_the_shop_s_first(shop: Shop) -> None:
    done = shop.amef("set", stdin="x", lang="ro_RO.UTF-8")
    assert done.stderr.index("Cheia nu a fost scrisă") < done.stderr.index("was not written")
    assert "cheia este scrisă" in shop.amef("set", stdin=NEW, lang="ro_RO.UTF-8").stdout


def test_where_nothing_can_be_written_it_is_said_without_a_traceback(shop: Shop) -> None:
    shop.configure("http://127.0.0.1:1", "ebon", f'api_key_file = "{shop.folder}/no/api-key"')
    done = shop.amef("set", stdin=NEW)
    assert done.exit_code == 1
    assert f"{shop.folder}/no/api-key: No such file or directory" in done.stderr
    assert_hidden(done)


@pytest.mark.parametrize("word", ["set", "rotate"])
@pytest.mark.parametrize("under_systemd", [False, True])
def test_where_systemd_hands_the_key_over_the_command_for_root_is_said(
    shop: Shop, word: str, *, under_systemd: bool
) -> None:
    (shop.folder / "key").mkdir()
    given = {"CREDENTIALS_DIRECTORY": str(shop.folder / "key")} if under_systemd else {}
    shop.configure("http://127.0.0.1:1", "ebon", "")
    done = shop.amef(word, stdin=NEW, **given)
    assert done.exit_code == 1
    assert "systemd-creds encrypt --with-key=host --name=api-key - " in done.stderr
    assert "systemctl restart amef-agent" in done.stderr
    assert not any((shop.folder / "key").iterdir())


# --- on a terminal


def typed(shop: Shop, line: bytes) -> tuple[str, int]:
    """What the terminal showed after a line was typed at the prompt, and the exit status."""
    process, terminal = pty.fork()
    if process == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a job in the background ignores it
        command = [str(AMEF), "key", "set", "--config", str(shop.config)]
        os.execve(command[0], command, ENGLISH)
    shown = b""
    for _ in range(READ_BYTES):
        try:
            got = os.read(terminal, READ_BYTES)
        except OSError:  # EIO: the far end has closed
            break
        if not got:
            break
        shown += got
        if b"hidden): " in shown and line:
            os.write(terminal, line)
            line = b""
    os.close(terminal)
    _, status = os.waitpid(process, 0)
    return shown.decode(), os.waitstatus_to_exitcode(status)


def test_on_a_terminal_the_key_is_asked_for_and_not_echoed(shop: Shop) -> None:
    shown, status = typed(shop, f"{NEW}\n".encode())
    assert status == 0, shown
    assert "API key (hidden): " in shown
    assert NEW[-32:] not in shown
    assert shop.files() == {"api-key": (NEW, 0o600)}


@pytest.mark.parametrize("end", [b"\x03", b"\x04"])
def test_at_the_prompt_one_can_change_one_s_mind(shop: Shop, end: bytes) -> None:
    shown, status = typed(shop, end)
    assert status != 0
    assert "Traceback" not in shown
    assert shop.files() == {}


def test_a_pipe_is_read_by_the_real_program(shop: Shop) -> None:
    command = [str(AMEF), "key", "set", "--config", str(shop.config)]
    done = subprocess.run(
        command, input=NEW, capture_output=True, text=True, env=ENGLISH, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert shop.files() == {"api-key": (NEW, 0o600)}


# --- rotate


def test_rotate_writes_a_key_that_the_cloud_takes(tmp_path: Path) -> None:
    with shop_with(tmp_path, LISTED, LISTED, LISTED) as (shop, server):
        shop.amef("set", stdin=OLD)
        done = shop.amef("rotate", stdin=NEW)
    assert done.exit_code == 0, done.output
    assert shop.files() == {"api-key": (NEW, 0o600), "api-key.previous": (OLD, 0o600)}
    assert all(request.startswith(b"GET ") for request in server.requests)
    assert all(f"Bearer {NEW}".encode() in request for request in server.requests)
    assert_hidden(done)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (error(401, "UNAUTHORIZED", f"no such key: {NEW}"), "key_refused"),
        (answer(200, b"<html>Login</html>"), "cloud_not_reached"),
        (answer(503, b"{}"), "cloud_not_reached"),
        (answer(429, b'{"code": "RATE", "message": "slowly"}'), "cloud_not_reached"),
        (b"", "cloud_not_reached"),
    ],
)
def test_rotate_leaves_everything_as_it_was_when_the_cloud_does_not_take_the_key(
    tmp_path: Path, said: bytes, code: str
) -> None:
    with shop_with(tmp_path, said) as (shop, _):
        shop.amef("set", stdin=OLD)
        done = shop.amef("rotate", stdin=NEW)
    assert done.exit_code == 1
    assert f"[{code}]" in done.stderr
    assert shop.files() == {"api-key": (OLD, 0o600)}
    assert_hidden(done)


def test_rotate_says_what_the_new_key_lacks(world: World, tmp_path: Path) -> None:
    shop = Shop(tmp_path, world.running.url)
    shop.amef("set", stdin=made(world, "commands", "devices"))
    done = shop.amef("rotate", stdin=made(world, "devices"))
    assert done.exit_code == 0, done.output
    assert "amef: lacking scope commands: commands from the cloud\n" in done.stderr
