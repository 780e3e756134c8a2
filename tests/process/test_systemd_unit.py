"""The service's files: the unit, the udev rules, the user, and the README that installs them.

They are read here as systemd and udev read them; that a service really starts, is killed and comes
back from these files is seen by hand (systemd/README.md).
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.exits import Exit

SYSTEMD = Path(__file__).parents[2] / "systemd"
UNIT, RULES = SYSTEMD / "amef-agent.service", SYSTEMD / "70-amef-agent.rules"
SYSUSERS, README = SYSTEMD / "amef-agent.sysusers", SYSTEMD / "README.md"
ANALYZE = shutil.which("systemd-analyze")
TOOL_SECONDS_MAX = 60
EXPOSURE_MAX = 20  # tenths

# What the unit is for; a line that is weakened or lost is named here.
DIRECTIVES = {
    "Unit": {
        "StartLimitIntervalSec=0",
        "Wants=network-online.target",
        "After=network.target",
        "Wants=modprobe@usbcore.service modprobe@usbserial.service modprobe@cdc_acm.service",
        "After=modprobe@usbcore.service modprobe@usbserial.service modprobe@cdc_acm.service",
    },
    "Service": {
        "Type=notify",
        "NotifyAccess=main",
        "ExecStart=/opt/amef-agent/bin/amef run --config /etc/amef-agent/config.toml",
        "ExecReload=/bin/kill -HUP $MAINPID",
        "User=amef",
        "Group=amef",
        "SupplementaryGroups=dialout",
        "StateDirectory=amef-agent",
        "StateDirectoryMode=0700",
        "LoadCredentialEncrypted=api-key:amef-agent.api-key",
        "UMask=0077",
        "WatchdogSec=30",
        "Restart=on-failure",
        "RestartSec=5",
        "RestartPreventExitStatus=78",
        "RestartForceExitStatus=SIGHUP",
        "KillMode=mixed",
        "TimeoutStopSec=240",
        "TimeoutAbortSec=10",
        "MemoryMax=256M",
        "LimitCORE=0",
        "DevicePolicy=closed",
        "DeviceAllow=char-ttyUSB rw",
        "DeviceAllow=char-ttyACM rw",
        "DeviceAllow=char-ttyS rw",
        "DeviceAllow=char-usb_device rw",
        "ProtectSystem=strict",
        "ProtectHome=yes",
        "PrivateTmp=yes",
        "ProtectProc=invisible",
        "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
        "MemoryDenyWriteExecute=yes",
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=",
        "SystemCallFilter=@system-service",
        "SystemCallFilter=~@privileged @resources",
        "SystemCallErrorNumber=EPERM",
    },
    "Install": {"WantedBy=multi-user.target"},
}

# One term of a rule: KEY or KEY{name}, an operator, a value in quotes.
RULE_TERM = re.compile(r'([A-Z]+(?:\{\w+\})?)(==|!=|=|\+=|:=)"([^"]*)"')


def lines(path: Path) -> list[str]:
    text = path.read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def sections(path: Path) -> dict[str, list[str]]:
    """A section may hold a key twice, so this is no job for configparser."""
    found: dict[str, list[str]] = {}
    for line in lines(path):
        if header := re.fullmatch(r"\[(\w+)\]", line):
            current = found.setdefault(header[1], [])
        else:
            current.append(line)
    return found


def values(key: str) -> list[str]:
    every = [line for section in sections(UNIT).values() for line in section]
    return [line.partition("=")[2] for line in every if line.startswith(f"{key}=")]


def rules() -> Iterator[list[tuple[str, str, str]]]:
    for line in lines(RULES):
        yield [(key, operator, value) for key, operator, value in RULE_TERM.findall(line)]


def shell_blocks() -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", README.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def run_tool(*command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, capture_output=True, text=True, timeout=TOOL_SECONDS_MAX, check=False
    )


@pytest.fixture
def unit_with_a_program(tmp_path: Path) -> Path:
    """The unit, with a program that is there: the rest of its command stays."""
    program, _, _ = values("ExecStart")[0].partition(" ")
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text("utf-8").replace(program, sys.executable), encoding="utf-8")
    return copy


@pytest.mark.parametrize("section", sorted(DIRECTIVES))
def test_the_unit_says_everything_that_it_is_for(section: str) -> None:
    missing = DIRECTIVES[section] - set(sections(UNIT)[section])
    assert not missing, f"[{section}] of {UNIT.name} lost: {sorted(missing)}"


def test_the_unit_has_no_section_and_no_line_of_another_form() -> None:
    found = sections(UNIT)
    assert list(found) == ["Unit", "Service", "Install"]
    odd = [line for section in found.values() for line in section if "=" not in line]
    assert not odd, f"not a key and a value: {odd}"


def test_an_exit_for_a_wrong_configuration_is_the_one_that_is_not_restarted() -> None:
    assert values("RestartPreventExitStatus") == [str(Exit.CONFIG.value)]


def test_a_stop_has_time_for_a_z_report_of_180_seconds() -> None:
    assert int(values("TimeoutStopSec")[0]) > 180


@pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not on this machine")
def test_systemd_reads_the_unit_without_a_word(unit_with_a_program: Path) -> None:
    done = run_tool(str(ANALYZE), "verify", "--man=no", str(unit_with_a_program))
    # An unknown key is only a warning to it, with status 0: so any word is a failure.
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not on this machine")
def test_the_unit_is_exposed_to_2_0_at_most(unit_with_a_program: Path) -> None:
    limit = f"--threshold={EXPOSURE_MAX}"
    done = run_tool(
        str(ANALYZE), "security", "--offline=true", limit, "--no-pager", str(unit_with_a_program)
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr


def test_every_udev_rule_is_made_of_terms_that_udev_knows() -> None:
    for line in lines(RULES):
        rest = RULE_TERM.sub("", line).replace(",", "").strip()
        assert not rest, f"{line!r}: {rest!r} is no term"


def test_udev_jumps_only_to_a_label_that_is_there() -> None:
    terms = [term for rule in rules() for term in rule]
    labels = [value for key, _, value in terms if key == "LABEL"]
    assert {value for key, _, value in terms if key == "GOTO"} == set(labels)


@pytest.mark.parametrize(
    "match",
    [
        {'ATTR{idVendor}=="fff0"'},
        {'ATTR{idVendor}=="0403"', 'ATTR{idProduct}=="6001"'},
        {'ENV{ID_USB_INTERFACES}==":0202??:0a????:"'},
    ],
)
def test_a_printer_on_usb_is_opened_to_the_service_and_hidden_from_modems(match: set[str]) -> None:
    found = [line for line in lines(RULES) if match <= set(line.split(", "))]
    assert len(found) == 1
    given = set(found[0].split(", "))
    group = values("SupplementaryGroups")[0]
    assert {f'GROUP="{group}"', 'MODE="0660"', 'ENV{ID_MM_DEVICE_IGNORE}="1"'} <= given


def test_udev_itself_finds_no_fault_with_the_rules() -> None:
    udevadm = shutil.which("udevadm")
    if udevadm is None or run_tool(udevadm, "verify", "--help").returncode != 0:
        pytest.skip("udevadm here cannot verify (systemd 254 can)")
    done = run_tool(udevadm, "verify", "--resolve-names=never", str(RULES))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_service_s_user_is_made_and_is_in_its_groups() -> None:
    made = [line.split(" ")[:3] for line in lines(SYSUSERS)]
    user, group = values("User")[0], values("SupplementaryGroups")[0]
    assert values("Group") == [user]
    assert made[0][:2] == ["u", user]
    assert made[1] == ["m", user, group]
    assert lines(SYSUSERS)[0].endswith(f" /var/lib/{values('StateDirectory')[0]}")


def test_the_readme_installs_each_file_where_the_file_says_it_lives() -> None:
    commands = "\n".join(shell_blocks())
    for path in (UNIT, RULES, SYSUSERS):
        home = re.search(r"/etc/\S+", path.read_text("utf-8").partition("\n")[0])
        assert home is not None, f"{path.name} does not open with its place"
        target = home[0].rstrip(":")
        installed = re.findall(rf"install (?:-D )?-m 0644 systemd/{path.name} (\S+)", commands)
        assert set(installed) == {target}, f"{path.name}: {installed}"


def test_the_readme_and_the_unit_agree_on_program_configuration_and_key() -> None:
    program, _, config = values("ExecStart")[0].partition(" run --config ")
    name, _, file = values("LoadCredentialEncrypted")[0].partition(":")
    key = f"--name={name} - /etc/credstore.encrypted/{file}"
    commands = "\n".join(shell_blocks())
    venv = Path(program).parents[1]
    for command in (
        f"python3 -m venv {venv}\n",
        f"{venv}/bin/pip install .\n",
        f"install -m 0640 -g {values('Group')[0]} config/sample.toml {config}\n",
        f"systemd-creds encrypt --with-key=host {key}\n",
        f"{program} status --config {config}\n",
        "systemctl enable --now amef-agent\n",
    ):
        assert commands.count(command) == 2, f"once in each language: {command!r}"


def test_both_languages_of_the_readme_give_the_same_commands() -> None:
    blocks = [re.sub(r"^#.*\n", "", block, flags=re.MULTILINE) for block in shell_blocks()]
    half = len(blocks) // 2
    assert half >= 4
    assert blocks[:half] == blocks[half:]


def test_the_readme_never_removes_the_ledger() -> None:
    removals = [line for block in shell_blocks() for line in block.splitlines() if "rm " in line]
    assert removals
    assert not any(values("StateDirectory")[0] in line and "/var" in line for line in removals)
