"""The API key: where it is looked for, which form it has, and that nobody sees it."""

import os
import stat
from pathlib import Path

import pytest

from agent.cloud.keys import FILE_BYTES_MAX, ApiKey, KeyFile, load_keys
from config.settings import ConfigError, Settings, profiles
from tests.agent.cloud.cloud_world import SECRET, settings_of

HEX = "0123456789abcdef" * 2
FROM_FILE, FROM_UNIT = f"ebon_live_file_{HEX}", f"ebon_live_unit_{HEX}"


# A key of each system that the agent can work with, in the forms their pages show.
GOOD = {
    "ebon": f"ebon_live_org_demo_{HEX}",
    "elebne": f"sk_live_{HEX}",
    "esnad": f"zatca_live_{HEX}",
    "sbs": f"sak_{HEX}",
}
TEST = {"elebne": f"sk_test_{HEX}", "esnad": f"zatca_test_{HEX}"}
WRONG_KIND = [
    ("elebne", f"pk_live_{HEX}", "publishable"),
    ("elebne", f"pk_test_{HEX}", "publishable"),
    ("sbs", f"alsak_{HEX}", "ALSAK"),
    ("sbs", f"aak_{HEX}", "AAK"),
]


def settings_with(tmp_path: Path, file: Path | None = None, profile: str = "ebon") -> Settings:
    made = settings_of(tmp_path, "https://cloud.example", "dev_1", agent_id="magazin-1")
    cloud = made.cloud.model_copy(update={"api_key_file": file, "profile": profile})
    return made.model_copy(update={"cloud": cloud})


def written(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def load_key(settings: Settings, environ: dict[str, str]) -> ApiKey:
    return load_keys(settings, environ).current


def from_environment(tmp_path: Path, secret: str, profile: str = "ebon") -> ApiKey:
    return load_key(settings_with(tmp_path, profile=profile), {"AMEF_API_KEY": secret})


def refused(tmp_path: Path, secret: str, profile: str = "ebon") -> str:
    with pytest.raises(ConfigError) as caught:
        from_environment(tmp_path, secret, profile)
    return str(caught.value)


def test_the_environment_comes_before_the_file_and_the_file_before_the_unit(
    tmp_path: Path,
) -> None:
    file = written(tmp_path / "key", FROM_FILE + "\n")
    unit = written(tmp_path / "api-key", FROM_UNIT + "\n").parent
    everywhere = {"AMEF_API_KEY": SECRET, "CREDENTIALS_DIRECTORY": str(unit)}
    only_unit = {"CREDENTIALS_DIRECTORY": str(unit)}
    first = load_key(settings_with(tmp_path, file), everywhere)
    second = load_key(settings_with(tmp_path, file), only_unit)
    third = load_key(settings_with(tmp_path), only_unit)
    assert [key.secret for key in (first, second, third)] == [SECRET, FROM_FILE, FROM_UNIT]
    assert [key.source for key in (first, second, third)] == [
        "AMEF_API_KEY",
        str(file),
        str(unit / "api-key"),
    ]


@pytest.mark.parametrize("empty", ["", " ", "\n\t"])
def test_an_empty_variable_is_none(tmp_path: Path, empty: str) -> None:
    file = written(tmp_path / "key", FROM_FILE)
    assert load_key(settings_with(tmp_path, file), {"AMEF_API_KEY": empty}).secret == FROM_FILE


@pytest.mark.parametrize(
    "organization", ["org", "org_demo_shop", "a_b_c__d_", "org-1", "0123456789abcdef" * 2]
)
def test_an_organization_may_hold_underscores(tmp_path: Path, organization: str) -> None:
    key = from_environment(tmp_path, f"  ebon_live_{organization}_{HEX}\r\n")
    assert (key.organization, key.live) == (organization, True)


@pytest.mark.parametrize(
    "secret",
    [
        *(HEX, f"ebon_live_{HEX}", f"ebon_live__{HEX}", f"ebon_test_org_{HEX}"),
        *(f"ebon_live_org_{HEX.upper()}", f"ebon_live_org_{HEX[:-1]}", f"ebon_live_org_{HEX}0x"),
        *(f"x ebon_live_org_{HEX}", f"Bearer ebon_live_org_{HEX}", f'"ebon_live_org_{HEX}"'),
        *(f"ebon_live_org ă_{HEX}", f"ebon_live_a\tb_{HEX}", f"ebon_live_a\x00b_{HEX}"),
        *(f"ebon_live_ă_{HEX}", f"ebon_live_a b_{HEX}", f"ebon_live_org_{HEX}\nebon", "\ufeffebon"),
        f"ebon_live_org_{HEX}\nebon_live_org_{HEX}",
    ],
)
def test_another_form_is_refused_without_being_shown(tmp_path: Path, secret: str) -> None:
    said = refused(tmp_path, secret)
    assert said.startswith("AMEF_API_KEY: ")
    assert HEX[:16] not in said.lower()


def test_every_key_that_is_taken_can_stand_in_a_header(tmp_path: Path) -> None:
    for organization in ("a!b", "~", "a:b"):
        secret = from_environment(tmp_path, f"ebon_live_{organization}_{HEX}").secret
        assert secret.isascii()
        assert secret.isprintable()
        assert " " not in secret


def test_without_a_key_the_sentence_says_where_to_put_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cloud\.api_key_file or AMEF_API_KEY"):
        load_key(settings_with(tmp_path), {})


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    not_text = tmp_path / "not-text"
    not_text.write_bytes(SECRET.encode() + b"\xff")
    not_text.chmod(0o600)
    for file in (tmp_path / "missing", tmp_path, not_text, not_text / "below"):
        with pytest.raises(ConfigError, match=r"cloud\.api_key_file") as caught:
            load_key(settings_with(tmp_path, file), {})
        assert SECRET not in str(caught.value)


def test_a_service_whose_credential_is_missing_is_told_where_to_put_a_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="give the service its credential"):
        load_key(settings_with(tmp_path), {"CREDENTIALS_DIRECTORY": str(tmp_path)})


def test_a_wrong_key_in_a_file_names_the_file_and_not_the_key(tmp_path: Path) -> None:
    file = written(tmp_path / "key", f"wrong_{HEX}")
    with pytest.raises(ConfigError) as caught:
        load_key(settings_with(tmp_path, file), {})
    assert str(file) in str(caught.value)
    assert HEX not in str(caught.value)


def test_a_key_shows_where_it_came_from_and_not_itself(tmp_path: Path) -> None:
    key = from_environment(tmp_path, SECRET)
    for shown in (repr(key), str(key), f"{key}", repr([key]), repr({"k": key})):
        assert HEX not in shown
        assert "AMEF_API_KEY" in shown


# --- whose key it is


@pytest.mark.parametrize("profile", sorted(profiles()))
def test_each_system_s_own_key_is_taken(tmp_path: Path, profile: str) -> None:
    assert from_environment(tmp_path, GOOD[profile], profile).live


@pytest.mark.parametrize("profile", sorted(TEST))
def test_the_key_tells_the_environment_where_the_system_has_two(
    tmp_path: Path, profile: str
) -> None:
    assert not from_environment(tmp_path, TEST[profile], profile).live


@pytest.mark.parametrize("ours", sorted(profiles()))
@pytest.mark.parametrize("theirs", sorted(profiles()))
def test_a_key_of_another_system_is_told_apart(tmp_path: Path, ours: str, theirs: str) -> None:
    if ours != theirs:
        said = refused(tmp_path, GOOD[theirs], ours)
        assert f"looks like an API key of {theirs}; cloud.profile is {ours}" in said
        assert HEX not in said


@pytest.mark.parametrize(("profile", "secret", "why"), WRONG_KIND)
def test_a_kind_that_cannot_do_our_work_is_refused_with_the_reason(
    tmp_path: Path, profile: str, secret: str, why: str
) -> None:
    said = refused(tmp_path, secret, profile)
    assert why in said
    assert HEX not in said


# --- where it lies


def test_the_variable_is_taken_out_of_the_environment(tmp_path: Path) -> None:
    environ = {"AMEF_API_KEY": SECRET, "LANG": "C"}
    ring = load_keys(settings_with(tmp_path), environ)
    assert environ == {"LANG": "C"}
    assert ring.current.secret == SECRET


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o620, 0o602, 0o610, 0o601, 0o644, 0o666, 0o777])
def test_a_file_open_to_others_is_refused_with_the_command_that_mends_it(
    tmp_path: Path, mode: int
) -> None:
    file = written(tmp_path / "my key", FROM_FILE, mode)
    with pytest.raises(ConfigError) as caught:
        load_key(settings_with(tmp_path, file), {})
    assert f"mode {mode:04o}" in str(caught.value)
    assert str(caught.value).endswith(f"chmod 600 '{file}'")


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_file_open_to_its_owner_alone_is_taken(tmp_path: Path, mode: int) -> None:
    file = written(tmp_path / "key", FROM_FILE, mode)
    assert load_key(settings_with(tmp_path, file), {}).secret == FROM_FILE


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_stranger_s_file_is_refused_with_the_command_that_mends_it(tmp_path: Path) -> None:
    file = written(tmp_path / "key", FROM_FILE)
    os.chown(file, 12345, 12345)
    with pytest.raises(ConfigError, match=f"belongs to 12345.*chown root {file}"):
        load_key(settings_with(tmp_path, file), {})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_root_may_use_the_file_of_whoever_owns_the_ledger(tmp_path: Path) -> None:
    file = written(tmp_path / "key", FROM_FILE)
    made = settings_with(tmp_path, file)
    made.agent.state_dir.mkdir(parents=True, exist_ok=True)
    for path in (file, made.agent.state_dir):
        os.chown(path, 12345, 12345)
    assert load_key(made, {}).secret == FROM_FILE


@pytest.mark.parametrize("configured", [False, True])
def test_in_the_credential_directory_the_modes_are_systemd_s(
    tmp_path: Path, *, configured: bool
) -> None:
    file = written(tmp_path / "api-key", FROM_UNIT, 0o440)
    made = settings_with(tmp_path, file if configured else None)
    assert load_key(made, {"CREDENTIALS_DIRECTORY": str(tmp_path)}).secret == FROM_UNIT


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "key", 0o600)
    with pytest.raises(ConfigError, match="it is empty"):
        load_key(settings_with(tmp_path, tmp_path / "key"), {})


def test_a_key_in_the_place_of_its_path_is_not_shown(tmp_path: Path) -> None:
    for secret in GOOD.values():
        with pytest.raises(ConfigError, match="this is a key and not the path") as caught:
            load_key(settings_with(tmp_path, Path(secret)), {})
        assert HEX not in str(caught.value)


def test_of_an_enormous_file_only_the_beginning_is_read(tmp_path: Path) -> None:
    file = written(tmp_path / "key", FROM_FILE + "0" * FILE_BYTES_MAX * 4)
    with pytest.raises(ConfigError, match="form is different"):
        load_key(settings_with(tmp_path, file), {})


# --- how it is written down


def key_file(folder: Path) -> KeyFile:
    return KeyFile(folder / "api-key", "ebon")


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


def test_a_key_is_written_for_its_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        key_file(tmp_path).place(FROM_FILE)
        key_file(tmp_path).place(FROM_UNIT)
    finally:
        os.umask(before)
    assert modes(tmp_path) == {"api-key": 0o600, "api-key.previous": 0o600}
    assert (tmp_path / "api-key").read_text() == f"{FROM_UNIT}\n"
    assert (tmp_path / "api-key.previous").read_text() == f"{FROM_FILE}\n"


def test_the_same_key_again_mends_the_mode_and_keeps_nothing(tmp_path: Path) -> None:
    written(tmp_path / "api-key", FROM_FILE, 0o644)
    key_file(tmp_path).place(FROM_FILE)
    assert modes(tmp_path) == {"api-key": 0o600}


def test_what_was_no_key_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / "api-key").write_bytes(b"\xff nonsense")
    key_file(tmp_path).place(FROM_FILE)
    assert modes(tmp_path) == {"api-key": 0o600}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_root_writes_for_the_one_who_reads(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12345)
    key_file(tmp_path).place(FROM_FILE)
    os.chown(tmp_path, 0, 0)
    key_file(tmp_path).place(FROM_UNIT)
    assert {path.stat().st_uid for path in tmp_path.iterdir()} == {12345}


def test_where_nothing_can_be_written_the_old_key_stays_and_no_litter(tmp_path: Path) -> None:
    (tmp_path / "api-key").mkdir()
    with pytest.raises(OSError, match="directory"):
        key_file(tmp_path).place(FROM_FILE)
    assert [path.name for path in tmp_path.iterdir()] == ["api-key"]


def test_a_cloud_s_words_are_shown_without_the_key(tmp_path: Path) -> None:
    key = from_environment(tmp_path, SECRET)
    assert key.hidden_in(f"no such key: {SECRET}!") == "no such key: ***!"
