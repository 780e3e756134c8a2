"""The API key: where it is looked for, which form it has, and that nobody sees it."""

from pathlib import Path

import pytest

from agent.cloud.client import CloudClient
from agent.cloud.keys import ApiKey, load_key
from config.settings import ConfigError, Settings
from tests.agent.cloud_world import PROFILE, SECRET, settings_of

HEX = "0123456789abcdef" * 2
FROM_FILE, FROM_UNIT = f"ebon_live_file_{HEX}", f"ebon_live_unit_{HEX}"


def settings_with(tmp_path: Path, file: Path | None = None) -> Settings:
    made = settings_of(tmp_path, "https://cloud.example", "dev_1", agent_id="magazin-1")
    cloud = made.cloud.model_copy(update={"api_key_file": file})
    return made.model_copy(update={"cloud": cloud})


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def from_environment(tmp_path: Path, secret: str) -> ApiKey:
    return load_key(settings_with(tmp_path), {"AMEF_API_KEY": secret})


def refused(tmp_path: Path, secret: str) -> str:
    with pytest.raises(ConfigError) as caught:
        from_environment(tmp_path, secret)
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
        key = from_environment(tmp_path, f"ebon_live_{organization}_{HEX}")
        CloudClient(PROFILE, "https://cloud.example", key, "magazin-1").close()


def test_without_a_key_the_sentence_says_where_to_put_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cloud\.api_key_file or AMEF_API_KEY"):
        load_key(settings_with(tmp_path), {})


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    not_text = tmp_path / "not-text"
    not_text.write_bytes(SECRET.encode() + b"\xff")
    for file in (tmp_path / "missing", tmp_path, not_text, not_text / "below"):
        with pytest.raises(ConfigError, match=r"cloud\.api_key_file") as caught:
            load_key(settings_with(tmp_path, file), {})
        assert SECRET not in str(caught.value)
    with pytest.raises(ConfigError, match="api-key"):
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
