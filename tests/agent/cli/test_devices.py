"""`amef devices`: finding printers from the command line."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier

import pytest
import serial.tools.list_ports
from serial.tools.list_ports_common import ListPortInfo

from config import settings
from config.settings import catalogue
from drivers.ports import SerialPort
from drivers.serial_transport import SerialTransport
from tests.agent.amef import called, configuration, program
from tests.drivers.far_end import Answer, FarEnd, Legacy, busy, nak
from tests.drivers.virtual_printer import VirtualPrinter, virtual_printer

PATIENCE_S = 5.0


@pytest.fixture(scope="module")
def printer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualPrinter]:
    """One for all: nothing here may change it."""
    with virtual_printer(tmp_path_factory.mktemp("printer")) as started:
        yield started


@pytest.fixture
def ttys(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What pyserial says is plugged in."""
    found: list[object] = []
    monkeypatch.setattr(serial.tools.list_ports, "comports", lambda: found)
    return found


def tty(device: str) -> object:
    return ListPortInfo(device, skip_link_detection=True)


def test_the_program_finds_a_printer_and_prints_its_table(printer: VirtualPrinter) -> None:
    done = program("devices", "detect", printer.address)
    assert done.returncode == 0
    assert f"{printer.address} @ 115200: printer\n" in done.stdout
    assert 'fiscal_serial = "SIM0000001"' in done.stdout
    assert done.stderr.startswith(f"Asking, read-only: {printer.address}\n")
    assert printer.paper == []


def test_the_table_it_prints_is_a_configuration(printer: VirtualPrinter, tmp_path: Path) -> None:
    done = called("devices", "detect", printer.address)
    table = done.stdout[done.stdout.index("[[device]]") :]
    device = settings.load(Path(configuration(tmp_path, extra=table))).device[0]
    assert (device.family, device.address, device.baud) == ("datecs_x", printer.address, 115200)
    assert device.fiscal_serial == "SIM0000001"


def test_the_program_lists_what_is_plugged_in() -> None:
    done = program("devices", "list", "--json")
    assert done.returncode == 0
    found = json.loads(done.stdout)
    assert set(found) == {"serial", "usb"}
    assert all(port["device"].startswith("/dev/") for port in found["serial"])


def test_the_list_says_who_holds_a_port(ttys: list[object], tmp_path: Path) -> None:
    port = tmp_path / "ttyS9"
    ttys.append(tty(str(port)))
    with port.open("w"):
        done = called("devices", "list")
    assert done.exit_code == 0
    assert f"{port}\t{port}\t" in done.stdout
    assert f"(pid {os.getpid()})" in done.stdout


def test_an_empty_list_says_so_in_the_language_of_the_shop(ttys: list[object]) -> None:
    assert ttys == []
    assert called("devices", "list", lang="ro_RO.UTF-8").stdout == "Nu este nimic conectat.\n"
    assert called("devices", "list", lang="C").stdout == "Nothing is plugged in.\n"


def test_a_port_without_a_printer_is_exit_1_with_the_cause_in_romanian() -> None:
    with FarEnd(nak) as path:
        done = called("devices", "detect", path, "--baud", "9600", "--lang", "ro")
    assert done.exit_code == 1
    assert f"{path} @ 9600: nak" in done.stdout
    assert "viteză (baud) greșită" in done.stdout
    assert "s-a auzit: 15" in done.stdout


def test_a_legacy_printer_gets_a_table_with_its_family_and_dialect(tmp_path: Path) -> None:
    with FarEnd(Legacy()) as path:
        done = called("devices", "detect", path)
    assert done.exit_code == 0
    assert "datecs_legacy:printer, FP-700, 1.00BG" in done.stdout
    table = done.stdout[done.stdout.index("[[device]]") :]
    device = settings.load(Path(configuration(tmp_path, extra=table))).device[0]
    assert (device.family, device.dialect) == ("datecs_legacy", "printer")


def test_a_make_that_nobody_knows_is_shown_and_is_exit_1() -> None:
    with FarEnd(Legacy(b"ZIT B20,3.1,ROMANIA")) as path:
        done = called("devices", "detect", path, "--baud", "9600")
    assert done.exit_code == 1
    assert f"{path} @ 9600: other_dialect" in done.stdout
    assert "choose `family` yourself" in done.stdout
    assert "[[device]]" not in done.stdout


def test_dialects_that_nobody_can_tell_apart_are_offered(tmp_path: Path) -> None:
    words = b"2.11 Jan 22 2019 14:00,DB44EEAD,0000,06,IN015013,54015013,284013911622147"
    with FarEnd(Legacy(words)) as path:
        done = called("devices", "detect", path)
    assert (
        'family = "incotex"\n# dialect = "ro"  # or swapped: see docs/families.md\n' in done.stdout
    )
    table = done.stdout[done.stdout.index("[[device]]") :]
    assert settings.load(Path(configuration(tmp_path, extra=table))).device[0].dialect == ""


def listening(heard: list[bytes]) -> FarEnd:
    def listens(data: bytes) -> bytes:
        heard.append(data)
        return b""

    return FarEnd(listens)


def test_what_is_denied_or_not_allowed_hears_nothing(
    ttys: list[object], printer: VirtualPrinter
) -> None:
    heard: list[bytes] = []
    with listening(heard) as scale:
        ttys += [tty(scale), tty(printer.address)]
        for choice in (("--not", scale), ("--only", printer.address), ("--not", f"*{scale[4:]}")):
            done = called("devices", "detect", *choice)
            assert done.exit_code == 0
            assert done.stderr == f"Asking, read-only: {printer.address}\n"
        assert called("devices", "detect", scale, "--not", "/dev/*").exit_code == 1
    assert heard == []


def test_ports_are_asked_at_once(ttys: list[object], printer: VirtualPrinter) -> None:
    """Each of these answers only when all have been asked: one after the other they never would."""
    met = Barrier(3, timeout=PATIENCE_S)
    waiting: set[str] = set()

    def together(name: str) -> Answer:
        def answer(_data: bytes) -> bytes:
            if name not in waiting:
                waiting.add(name)
                met.wait()
            return b"\x16"

        return answer

    with FarEnd(together("1")) as one, FarEnd(together("2")) as two, FarEnd(together("3")) as three:
        ttys += [tty(path) for path in (one, two, three, printer.address)]
        done = called("devices", "detect", "--json")
    found = json.loads(done.stdout)["ports"]
    assert sorted(each["outcome"] for each in found) == ["busy", "busy", "busy", "printer"]


# --- writing it down


def test_what_is_found_is_added_to_the_end_after_a_yes(
    tmp_path: Path, printer: VirtualPrinter
) -> None:
    config = configuration(tmp_path, "/dev/ttyS77", extra="# our own words")
    before = Path(config).read_text("utf-8")
    asking = ("devices", "detect", printer.address, "--config", config, "--write")
    done = called(*asking, answer="dev_9\ny\n")
    assert done.exit_code == 0
    after = Path(config).read_text("utf-8")
    assert after.startswith(before)
    device = settings.load(Path(config)).device[1]
    assert (device.id, device.address, device.family) == ("dev_9", printer.address, "datecs_x")


@pytest.mark.parametrize("answer", ["\n", "dev_9\nn\n"])
def test_without_a_yes_nothing_is_written(
    tmp_path: Path, printer: VirtualPrinter, answer: str
) -> None:
    config = configuration(tmp_path, "/dev/ttyS77")
    before = Path(config).read_text("utf-8")
    done = called(
        "devices", "detect", printer.address, "--config", config, "--write", answer=answer
    )
    assert done.exit_code == 0
    assert Path(config).read_text("utf-8") == before


def test_a_printer_that_is_configured_is_not_written_again(
    tmp_path: Path, printer: VirtualPrinter
) -> None:
    """By its serial under another port; its own port is not asked."""
    config = configuration(tmp_path, "/dev/ttyS77", extra='fiscal_serial = "SIM0000001"')
    before = Path(config).read_text("utf-8")
    done = called("devices", "detect", printer.address, "--config", config, "--write", answer="y\n")
    assert done.exit_code == 1
    assert "not written: it already is device dev_1" in done.stderr
    assert Path(config).read_text("utf-8") == before


def test_an_id_that_is_taken_is_refused_and_the_file_stays(
    tmp_path: Path, printer: VirtualPrinter
) -> None:
    config = configuration(tmp_path, "/dev/ttyS77")
    before = Path(config).read_text("utf-8")
    asking = ("devices", "detect", printer.address, "--config", config, "--write")
    done = called(*asking, answer="dev_1\ny\n")
    assert done.exit_code != 0
    assert Path(config).read_text("utf-8") == before
    assert f"{config}: device.id: 'dev_1' stands there twice" in str(done.exception) + done.stderr


@pytest.mark.parametrize("wrong", [("--write",), ("--write", "--json", "--config", "x")])
def test_writing_needs_a_file_and_a_person(wrong: tuple[str, ...]) -> None:
    assert called("devices", "detect", *wrong).exit_code == 2


def test_as_json_every_step_is_there_and_nothing_else_on_stdout(printer: VirtualPrinter) -> None:
    with FarEnd(nak) as path:
        done = called("devices", "detect", path, printer.address, "--baud", "115200", "--json")
    assert done.exit_code == 0
    first, second = json.loads(done.stdout)["ports"]
    assert [first["outcome"], second["outcome"]] == ["nak", "printer"]
    asked = ["Tremol ZFP", "Datecs X", "legacy ISL", "Shtrih-M"]
    assert [step["dialect"] for step in first["steps"]] == asked
    assert second["identity"]["fiscal_serial"] == "SIM0000001"
    assert second["config"].startswith("[[device]]")


def test_without_a_name_every_port_is_asked_but_those_of_the_configuration(
    ttys: list[object], tmp_path: Path, printer: VirtualPrinter
) -> None:
    heard: list[bytes] = []

    def listens(data: bytes) -> bytes:
        heard.append(data)
        return b""

    with FarEnd(listens) as ours:
        ttys += [tty(ours), tty(printer.address)]
        done = called("devices", "detect", "--config", configuration(tmp_path, ours))
    assert done.exit_code == 0
    assert heard == []
    assert f"{ours}: left alone, it belongs to device dev_1" in done.stderr
    assert f"{printer.address} @ 115200: printer" in done.stdout


def test_a_port_of_the_configuration_is_left_alone_when_it_is_named_too(tmp_path: Path) -> None:
    heard: list[bytes] = []

    def listens(data: bytes) -> bytes:
        heard.append(data)
        return b""

    with FarEnd(listens) as ours:
        link = tmp_path / "by-id"
        link.symlink_to(ours)
        config = configuration(tmp_path, ours)
        done = called("devices", "detect", ours, str(link), "--config", config, "--write")
    assert (done.exit_code, done.stdout, heard) == (1, "", [])
    assert done.stderr == (
        f"Asking, read-only: -\n{ours}: left alone, it belongs to device dev_1\n"
        f"{link}: left alone, it belongs to device dev_1\n"
    )


@pytest.mark.parametrize("place", ["127.0.0.1:{port}", "127.0.0.1"])
def test_a_network_place_of_the_configuration_is_left_alone_when_it_is_named(
    tmp_path: Path, place: str
) -> None:
    with virtual_printer(tmp_path, "--tcp", "0") as printer:
        port = printer.address.split(":")[1]
        config = configuration(tmp_path, place.format(port=port), extra='transport = "tcp"')
        done = called("devices", "detect", "--tcp", printer.address, "--config", config)
    assert done.exit_code == 1
    assert f"{printer.address}: left alone, it belongs to device dev_1" in done.stderr


def test_the_stable_name_goes_into_the_table(
    tmp_path: Path, printer: VirtualPrinter, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = tmp_path / "usb-Datecs_1"
    link.symlink_to(printer.address)
    listed = [SerialPort(printer.address, by_id=str(link))]
    monkeypatch.setattr("agent.cli.devices.serial_ports", lambda: listed)
    assert f'address = "{link}"' in called("devices", "detect").stdout


def test_a_network_printer_is_found(tmp_path: Path) -> None:
    with virtual_printer(tmp_path, "--tcp", "0") as printer:
        done = called("devices", "detect", "--tcp", printer.address)
    assert done.exit_code == 0
    assert 'transport = "tcp"' in done.stdout
    assert f'address = "{printer.address}"' in done.stdout
    assert "baud" not in done.stdout


def test_a_host_without_a_port_is_asked_at_every_usual_one() -> None:
    done = called("devices", "detect", "--tcp", "127.0.0.1", "--json")
    asked = [found["port"] for found in json.loads(done.stdout)["ports"]]
    usual = {port for family in catalogue().values() for port in family.tcp_ports}
    assert set(asked) == {f"127.0.0.1:{port}" for port in usual} >= {"127.0.0.1:3999"}


def test_a_printer_in_a_range_of_ports_is_found_and_nobody_else_is_shown(tmp_path: Path) -> None:
    with virtual_printer(tmp_path, "--tcp", "0") as printer:
        port = int(printer.address.split(":")[1])
        asked = f"127.0.0.1:{port}-{port + 1}"
        done = called("devices", "detect", "--tcp", asked)
    assert done.exit_code == 0
    assert done.stderr == f"Asking, read-only: {asked} (2 places)\n"
    assert f"{printer.address}: printer" in done.stdout
    assert f"127.0.0.1:{port + 1}" not in done.stdout
    assert printer.paper == []


def test_a_printer_in_a_network_is_found_at_the_port_that_was_named(tmp_path: Path) -> None:
    with virtual_printer(tmp_path, "--tcp", "0") as printer:
        port = printer.address.split(":")[1]
        done = called("devices", "detect", "--tcp", f"127.0.0.0/30:{port}", "--json")
        again = called("devices", "detect", "--tcp", printer.address)  # the connection was closed
    (found,) = json.loads(done.stdout)["ports"]
    assert (found["outcome"], found["port"]) == ("printer", printer.address)
    assert again.exit_code == 0


def test_a_network_without_a_port_leaves_out_the_one_that_prints_anything() -> None:
    done = called("devices", "detect", "--tcp", "127.0.0.1/32")
    assert done.exit_code == 1
    assert "port 9100 is left out: office printers would print the questions" in done.stderr
    assert done.stderr.endswith("Nobody answers.\n")
    assert done.stdout == ""


@pytest.mark.parametrize("place", ["127.0.0.1:{port}", "127.0.0.1"])
def test_a_place_of_the_configuration_is_left_alone_in_a_range(tmp_path: Path, place: str) -> None:
    with virtual_printer(tmp_path, "--tcp", "0") as printer:
        port = printer.address.split(":")[1]
        config = configuration(tmp_path, place.format(port=port), extra='transport = "tcp"')
        asked = ("devices", "detect", "--tcp", f"127.0.0.1/32:{port}", "--config", config)
        done = called(*asked)
    assert done.exit_code == 1
    assert f"{printer.address}: left alone, it belongs to device dev_1" in done.stderr
    assert "printer" not in done.stdout


def test_a_place_that_is_denied_is_not_asked_in_a_range(tmp_path: Path) -> None:
    with virtual_printer(tmp_path, "--tcp", "0") as printer:
        port = printer.address.split(":")[1]
        done = called("devices", "detect", "--tcp", f"127.0.0.1:{port}-{port}", "--not", "127.*")
    assert done.exit_code == 1
    assert done.stderr.startswith("Asking, read-only: -\n")


def test_too_large_a_range_is_refused_before_a_byte() -> None:
    done = called("devices", "detect", "--tcp", "10.0.0.0/8")
    assert done.exit_code == 2
    assert "more than 2048 places" in " ".join(done.stderr.replace("│", "").split())


BAD = [("usb:zz",), ("--tcp", "a b"), ("--tcp", "abc::99999"), ("--tcp", "[1:2]:3999")]


@pytest.mark.parametrize("wrong", [*BAD, ("--baud", "0")])
def test_an_address_that_is_none_is_a_usage_error(wrong: tuple[str, ...]) -> None:
    assert called("devices", "detect", *wrong).exit_code == 2


@pytest.mark.parametrize("wrong", [*BAD, ("--tcp", "10.0.0.0/8")])
def test_an_address_that_is_none_is_named_in_the_language_of_the_shop(
    wrong: tuple[str, ...],
) -> None:
    done = called("devices", "detect", *wrong, "--lang", "ro")
    said = " ".join(done.stderr.replace("│", "").split())
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"'{wrong[-1]}' nu este o adresă" in said


def test_a_held_port_is_told_with_its_holder() -> None:
    with FarEnd(busy) as path:
        other = SerialTransport(path, 115200)
        other.open()
        done = called("devices", "detect", path)
        other.close()
    assert done.exit_code == 1
    assert f"{path}: held" in done.stdout
    assert f"(pid {os.getpid()})" in done.stdout
