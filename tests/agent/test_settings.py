"""The configuration file: every key, and every way to get one wrong."""

import re
import subprocess
import sys
from datetime import time
from pathlib import Path
from typing import get_args

import pytest

from config import settings
from config.settings import ConfigError, Settings, catalogue, is_loopback, load
from drivers import families
from sandbox.cloud.dialects.ebon_routes import Protocol

ROOT = Path(__file__).parents[2]
AMEF = str(Path(sys.executable).with_name("amef"))
GOOD = """[agent]
id = "magazin-1"
state_dir = "/var/lib/amef-agent"

[cloud]
profile = "ebon"

[[device]]
id = "dev_1"
family = "datecs_x"
address = "/dev/ttyUSB0"
"""
ALL = """[agent]
id = "magazin-1"
state_dir = "state"
command_ttl_s = 90
timezone = "Europe/Chisinau"
search = ["/dev/ttyUSB*"]
search_not = ["/dev/ttyUSB7"]

[cloud]
profile = "ebon"
base_url = "https://cloud.example/"
api_key_file = "key"
poll_interval_s = 2.5
long_poll_s = 0
budget_share = 0.25
open_from = "07:00"
open_until = "22:30"
proxy = "http://10.0.0.1:3128"
ca_file = "/etc/ssl/shop.pem"

[[device]]
id = "dev_1"
family = "datecs_x"
transport = "serial"
address = "/dev/ttyUSB0"
baud = 9600
dtr = false
rts = false
fiscal_serial = "DB4200012345"
nui = "5000001234"
operator = 2
password = "0002"
till = 7
z_report_at = "23:30"
z_report_after_h = 22
x_report_at = "14:00"
set_clock_at = "04:30"
preflight_at = "07:30"
features = ["drawer"]
code_page = "cp1250"
dialect = ""
dialect_is_sure = true
vat_rates = [21, 11, 0]

[[device]]
id = "dev_2"
family = "tremol"
transport = "tcp"
address = "192.168.1.50:8000"
network_password = "lan pass"

[[device]]
id = "dev_3"
family = "datecs_x"
transport = "usb"
address = "usb:0403:6001:FR900001"

[[device]]
id = "dev_4"
family = "custom"
transport = "folder"
address = "/srv/fiscalnet"
fiscal_serial = "DB4200054321"
vat_groups = {1 = 21, 2 = 11}
payments = {1 = "cash", 2 = "card"}
answer_s = 30
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def given(path: Path, text: str) -> Settings:
    path.write_text(text, encoding="utf-8")
    return load(path)


def refused(path: Path, text: str) -> str:
    """The sentence of a refusal; each of its lines names the file."""
    with pytest.raises(ConfigError) as caught:
        given(path, text)
    sentence = str(caught.value)
    assert all(line.startswith(f"{path}: ") for line in sentence.splitlines())
    return sentence


def with_line(table: str, line: str) -> str:
    return GOOD.replace(f"{table}\n", f"{table}\n{line}\n")


def test_what_is_not_said_has_its_default(path: Path) -> None:
    found = given(path, GOOD)
    device = found.device[0]
    assert (found.agent.command_ttl_s, found.agent.timezone) == (180, "Europe/Bucharest")
    assert (found.base_url, found.cloud.api_key_file) == ("https://api.e-bon.ro", None)
    assert found.cloud.poll_interval_s == 10.0
    assert (device.transport, device.baud, device.dtr, device.rts) == ("serial", None, True, True)
    assert (device.fiscal_serial, device.operator, device.password) == ("", None, None)
    assert (device.till, device.z_report_at) == (1, None)


def test_every_key_is_taken(path: Path) -> None:
    found = given(path, ALL)
    device = found.device[0]
    assert (found.agent.command_ttl_s, found.agent.timezone) == (90, "Europe/Chisinau")
    assert (found.base_url, found.cloud.poll_interval_s) == ("https://cloud.example", 2.5)
    assert (found.cloud.long_poll_s, found.cloud.budget_share) == (0, 0.25)
    assert (found.cloud.open_from, found.cloud.open_until) == (time(7), time(22, 30))
    assert found.cloud.proxy == "http://10.0.0.1:3128"
    assert found.cloud.ca_file == Path("/etc/ssl/shop.pem")
    assert (device.baud, device.dtr, device.rts) == (9600, False, False)
    assert (device.fiscal_serial, device.operator, device.password) == ("DB4200012345", 2, "0002")
    assert (device.till, device.z_report_at) == (7, time(23, 30))
    assert (device.x_report_at, device.set_clock_at) == (time(14), time(4, 30))
    assert (device.preflight_at, device.z_report_after_h) == (time(7, 30), 22)
    assert (found.agent.search, found.agent.search_not) == (["/dev/ttyUSB*"], ["/dev/ttyUSB7"])
    by_hand = found.device[3]
    assert (by_hand.vat_groups, by_hand.answer_s) == ({"1": 2100, "2": 1100}, 30)
    assert by_hand.payments == {"1": "cash", "2": "card"}
    assert (device.code_page, device.nui) == ("cp1250", "5000001234")
    assert found.device[1].network_password == "lan pass"
    assert (device.features, device.vat_rates) == (["drawer"], [21, 11, 0])
    assert [other.transport for other in found.device[1:]] == ["tcp", "usb", "folder"]
    keys = {line.split(" = ")[0] for line in ALL.splitlines() if " = " in line}
    known = (settings.AgentSettings, settings.CloudSettings, settings.DeviceSettings)
    assert keys == {name for table in known for name in table.model_fields}


def test_a_relative_path_is_left_as_it_was_written(path: Path) -> None:
    found = given(path, ALL)
    assert (found.agent.state_dir, found.cloud.api_key_file) == (Path("state"), Path("key"))


@pytest.mark.parametrize(
    ("table", "line", "key", "nearest"),
    [
        ("[agent]", "state-dir = 1", "agent.state-dir", "state_dir"),
        ("[agent]", "timezon = 1", "agent.timezon", "timezone"),
        ("[cloud]", "api_key = 1", "cloud.api_key", "api_key_file"),
        ("[cloud]", "poll_intervall_s = 1", "cloud.poll_intervall_s", "poll_interval_s"),
        ("[[device]]", "bauds = 1", "device[0].bauds", "baud"),
        ("[[device]]", "fiscal_serail = 1", "device[0].fiscal_serail", "fiscal_serial"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_known_one(
    path: Path, table: str, line: str, key: str, nearest: str
) -> None:
    said = refused(path, with_line(table, line))
    assert said == f"{path}: {key}: unknown key; the nearest known one is {nearest!r}"


@pytest.mark.parametrize(("table", "nearest"), [("devices", "device"), ("clouds", "cloud")])
def test_an_unknown_table_is_named_with_the_nearest_known_one(
    path: Path, table: str, nearest: str
) -> None:
    said = refused(path, GOOD + f"\n[{table}]\nx = 1\n")
    assert said == f"{path}: {table}: unknown key; the nearest known one is {nearest!r}"


@pytest.mark.parametrize("table", ["agent", "cloud", "device"])
def test_a_missing_table_is_named(path: Path, table: str) -> None:
    tables = [part for part in GOOD.split("\n\n") if f"[{table}]" not in part]
    assert refused(path, "\n\n".join(tables)) == f"{path}: {table}: Field required"


def test_all_that_is_wrong_is_said_at_once(path: Path) -> None:
    said = refused(path, "")
    assert [line.split(": ")[1] for line in said.splitlines()] == ["agent", "cloud", "device"]


@pytest.mark.parametrize(
    ("table", "line", "key"),
    [
        ("[agent]", "command_ttl_s = 0", "agent.command_ttl_s"),
        ("[agent]", f"command_ttl_s = {10**20}", "agent.command_ttl_s"),
        ("[agent]", 'timezone = "Mars/Olympus"', "agent.timezone"),
        ("[agent]", 'timezone = "Europe"', "agent.timezone"),
        ("[agent]", 'timezone = "../../etc/passwd"', "agent.timezone"),
        ("[cloud]", "poll_interval_s = 0", "cloud.poll_interval_s"),
        ("[cloud]", "poll_interval_s = -1", "cloud.poll_interval_s"),
        ("[cloud]", "poll_interval_s = inf", "cloud.poll_interval_s"),
        ("[cloud]", "poll_interval_s = nan", "cloud.poll_interval_s"),
        ("[cloud]", "poll_interval_s = []", "cloud.poll_interval_s"),
        ("[cloud]", "api_key_file = 7", "cloud.api_key_file"),
        ("[cloud]", "base_url = 7", "cloud.base_url"),
        ("[[device]]", "baud = 0", "device[0].baud"),
        ("[[device]]", 'baud = "fast"', "device[0].baud"),
        ("[[device]]", "operator = 31", "device[0].operator"),
        ("[[device]]", "password = 1234", "device[0].password"),
        ("[[device]]", 'password = "pa ss"', "device[0].password"),
        ("[[device]]", "network_password = 1234", "device[0].network_password"),
        ("[[device]]", 'network_password = "parolă"', "device[0].network_password"),
        ("[[device]]", "till = 0", "device[0].till"),
        ("[[device]]", "dtr = 7", "device[0].dtr"),
        ("[[device]]", "fiscal_serial = 7", "device[0].fiscal_serial"),
        ("[[device]]", "z_report_at = 2330", "device[0].z_report_at"),
        ("[[device]]", 'z_report_at = "24:00"', "device[0].z_report_at"),
        ("[[device]]", 'z_report_at = "23:30+02:00"', "device[0].z_report_at"),
        ("[[device]]", 'transport = "seriall"', "device[0].transport"),
    ],
)
def test_a_wrong_value_is_named(path: Path, table: str, line: str, key: str) -> None:
    assert refused(path, with_line(table, line)).startswith(f"{path}: {key}: ")


@pytest.mark.parametrize("table", ["agent", "cloud", "device"])
@pytest.mark.parametrize("shape", ["1", "[]", '"x"', "true", "[1]"])
def test_a_table_of_a_wrong_shape_is_refused(path: Path, table: str, shape: str) -> None:
    assert f"{path}: {table}" in refused(path, f"{table} = {shape}")


@pytest.mark.parametrize("bad", ["", "a b", "a/b", "ă", "x" * 101, "a\\n"])
def test_a_name_that_could_not_be_part_of_a_path_is_refused(path: Path, bad: str) -> None:
    assert "agent.id" in refused(path, GOOD.replace("magazin-1", bad))
    assert "device[0].id" in refused(path, GOOD.replace("dev_1", bad))


def test_a_wrong_transport_is_answered_with_those_there_are(path: Path) -> None:
    said = refused(path, with_line("[[device]]", 'transport = "seriall"'))
    assert all(known in said for known in ("'serial'", "'usb'", "'tcp'"))


def test_an_unknown_family_and_an_unknown_profile_are_answered_with_the_nearest(
    path: Path,
) -> None:
    said = refused(path, GOOD.replace("datecs_x", "datecs"))
    assert (
        said == f"{path}: device[0].family: 'datecs' is not known;"
        " the nearest known one is 'datecs_x'"
    )
    said = refused(path, GOOD.replace("ebon", "e-bon"))
    assert said == f"{path}: cloud.profile: 'e-bon' is not known; the nearest known one is 'ebon'"


@pytest.mark.parametrize("called", get_args(Protocol))
def test_every_name_of_the_cloud_is_a_family_or_leads_to_one(path: Path, called: str) -> None:
    if called in catalogue():
        assert called in catalogue()[called].in_the_cloud
        return
    said = refused(path, GOOD.replace("datecs_x", called))
    assert said.startswith(f"{path}: device[0].family: what the cloud calls {called} is here")


def test_a_name_of_the_cloud_leads_to_the_dialect_too(path: Path) -> None:
    said = refused(path, GOOD.replace("datecs_x", "datecs_compact"))
    assert said.endswith('is here family = "datecs_legacy", dialect = "compact"')


@pytest.mark.parametrize("what", ["id", "address"])
def test_two_devices_are_two_devices(path: Path, what: str) -> None:
    second = GOOD[GOOD.index("[[device]]") :]
    other = {"id": ("/dev/ttyUSB0", "/dev/ttyUSB1"), "address": ("dev_1", "dev_2")}[what]
    said = refused(path, GOOD + "\n" + second.replace(*other))
    assert f"device.{what}: " in said
    assert "stands there twice" in said


@pytest.mark.parametrize(
    "url",
    [
        *("http://127.0.0.1:8800", "http://127.9.9.9", "http://localhost", "http://LOCALHOST:1"),
        *("http://[::1]:8800", "https://cloud.example", "https://[2001:db8::1]:8443/base"),
    ],
)
def test_an_address_that_keeps_the_key_hidden_is_taken(path: Path, url: str) -> None:
    assert given(path, with_line("[cloud]", f'base_url = "{url}"')).base_url == url


@pytest.mark.parametrize(
    "url",
    [
        *("http://api.e-bon.ro", "http://127.evil.example", "http://127.0.0.1.evil.example"),
        *("http://localhost.evil.example", "http://127.0.0.1@evil.example", "http://10.0.0.1"),
        *(
            "http://localhost:80@evil.example",
            "http://0.0.0.0",
            "http://[::2]",
            "http://2130706433",
        ),
        *("ftp://127.0.0.1", "api.e-bon.ro", "//api.e-bon.ro", "https://", "https://["),
        *("https://h:99999", "https://h:abc", "https:///path"),
    ],
)
def test_an_address_that_would_show_the_key_or_is_none_is_refused(path: Path, url: str) -> None:
    said = refused(path, with_line("[cloud]", f'base_url = "{url}"'))
    assert said.startswith(f"{path}: cloud.base_url: ")


def test_loopback_is_an_address_and_not_a_name_that_looks_like_one() -> None:
    assert is_loopback("http://127.0.0.1")
    assert not is_loopback("http://127.evil.example")
    assert not is_loopback("")


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"[agent", b"a = 1\na = 2", b"\x00", b"a = " + b"[" * 5000]
)
def test_what_is_no_toml_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=str(path)):
        load(path)


def test_a_file_that_is_not_there_and_a_directory_are_refused(path: Path, tmp_path: Path) -> None:
    for wrong in (path, tmp_path, path / "config.toml"):
        with pytest.raises(ConfigError, match=str(wrong)):
            load(wrong)


def test_the_sample_is_a_configuration_as_it_stands() -> None:
    found = load(ROOT / "config/sample.toml")
    assert (found.cloud.profile, len(found.device)) == ("ebon", 1)


def test_the_sample_shows_only_keys_there_are(path: Path) -> None:
    sample = (ROOT / "config/sample.toml").read_text("utf-8")
    shown = re.sub(r"(?m)^# (?=\w+ = |\[\[)", "", sample)
    assert given(path, shown).device[0].z_report_at == time(23, 30)


def test_the_catalogue_has_a_table_for_every_family_and_no_other() -> None:
    assert sorted(catalogue()) == families.names()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "agent: Field required"),
        (GOOD.replace("family", "familly"), "the nearest known one is 'family'"),
        (GOOD, "no API key"),
        (GOOD.replace("[cloud]", '[cloud]\napi_key_file = "/nowhere/key"'), "/nowhere/key"),
    ],
)
def test_the_program_ends_with_78_and_a_sentence(path: Path, text: str, says: str) -> None:
    path.write_text(text.replace("/var/lib/amef-agent", str(path.parent / "state")), "utf-8")
    ended = subprocess.run(
        [AMEF, "run", "--config", str(path)],
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 78
    assert ended.stderr.startswith("amef: ")
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr + ended.stdout
