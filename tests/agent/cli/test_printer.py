"""`amef printer`: one printer at hand, beside the agent and never against it."""

import json
import os
import subprocess
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.entries import Incoming
from agent.ledger import Ledger
from agent.ledger_file import LEDGER_FILE
from agent.lock import take_lock
from drivers.base import Operator
from drivers.clock import SystemClock
from drivers.families.datecs_x import DatecsX
from drivers.link import Link
from drivers.model import Bani, Counters, Line, Payment, PaymentKind, Receipt, Thousandths, VatRate
from drivers.serial_transport import SerialTransport
from protocol.datecs_x import DATECS_X
from protocol.exchange import Request
from tests.agent.amef import (
    AMEF,
    ENGLISH,
    WAIT_S,
    called,
    configuration,
    on_a_terminal,
    program,
)
from tests.drivers.far_end import FarEnd, nak
from tests.drivers.virtual_printer import VirtualPrinter, virtual_printer

FOREVER_MS = 10**15
ACTING = (("x",), ("slip",), ("clock", "--set", "--yes"))
ALL = (("status",), ("info",), ("clock",), ("totals",), *ACTING)
BREAD = Line("Paine", Bani(350), Thousandths(2000), VatRate(1100))


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    path = tmp_path / "state"
    path.mkdir()
    return path


def sell(address: str) -> None:
    """Issue a receipt of 7.00 lei, 5.00 by card."""
    driver = DatecsX(SerialTransport(address, 115200), SystemClock(), Operator())
    driver.open(last_sequence=None)
    payments = (Payment(PaymentKind.CARD, Bani(500)), Payment(PaymentKind.CASH, Bani(200)))
    driver.issue_receipt(Receipt((BREAD,), payments, "R1"))
    driver.close()


def open_receipt(address: str) -> None:
    link = Link(SerialTransport(address, 115200), DATECS_X, SystemClock())
    link.open(Request(74), last_sequence=None)
    link.execute(Request(48, b"1\t0001\t1\t\t\t"))
    link.close()


def behind(**by: int) -> str:
    """The time of the tests' zone some while ago, for a virtual printer's --clock."""
    at = datetime.now(UTC) - timedelta(**by)
    return at.replace(tzinfo=None, microsecond=0).isoformat()


def lose_a_receipt(state_dir: Path) -> None:
    with closing(Ledger(state_dir / LEDGER_FILE, SystemClock())) as ledger:
        ledger.accept(Incoming("c1", "dev_1", "fiscal_receipt", "{}", "{}", FOREVER_MS))
        ledger.claimed("c1")
        entry = ledger.next_queued("dev_1", SystemClock().now_ms())
        assert entry is not None
        entry = ledger.begin(entry, Counters("SIM0000001", 0, 0, 0), None)
        ledger.lose(entry, fault=None, reason="the cable was pulled")


def test_the_program_shows_every_status_bit(config: str) -> None:
    done = program("printer", "status", "--config", config)
    assert (done.returncode, done.stderr) == (0, "")
    assert "dev_1: SIM-25X, SIM0000001\n" in done.stdout
    assert "\n2.0\t\t# no paper\tpaper_out\t\n" in done.stdout
    assert "\n5.3\tX\tfiscalised\t\t\n" in done.stdout
    assert "bytes: 80 80 80 80 86 9A 80 80\nNothing blocks the printer.\n" in done.stdout


def test_the_status_is_romanian_where_the_shop_is(config: str) -> None:
    done = called("printer", "status", "--config", config, lang="ro_RO.UTF-8")
    assert "hârtie pe terminate" in done.stdout
    assert "Nimic nu blochează casa de marcat." in done.stdout
    done = called("printer", "status", "--config", config, "--lang", "en", lang="ro_RO.UTF-8")
    assert "paper nearly out" in done.stdout


def test_the_number_of_the_last_error_has_a_row_of_its_own(tmp_path: Path) -> None:
    with virtual_printer(tmp_path, family="incotex") as incotex:
        config = configuration(tmp_path, incotex.address)
        Path(config).write_text(Path(config).read_text("utf-8").replace("datecs_x", "incotex"))
        shown = called("printer", "status", "--config", config).stdout
        assert "\n3\t\tthe last error, as a number\t\t\n" in shown
        told = json.loads(called("printer", "status", "--config", config, "--json").stdout)
        assert told["error"] == {"byte": 3, "number": 0, "fault": None}


def test_an_open_receipt_blocks_and_says_what_to_do(printer: VirtualPrinter, config: str) -> None:
    open_receipt(printer.address)
    done = called("printer", "status", "--config", config)
    assert "2.3\tX\tfiscal receipt open\treceipt_open\tX" in done.stdout
    assert "receipt_open (blocks): A receipt is open. Close or cancel it" in done.stdout
    found = json.loads(called("printer", "status", "--config", config, "--json").stdout)
    assert found["blocking"] == ["receipt_open"]
    assert found["raw"] == "80 80 88 80 86 9a 80 80"
    assert {"byte": 2, "bit": 3, "set": True}.items() <= found["bits"][11].items()


def test_on_a_terminal_the_table_is_drawn(config: str) -> None:
    assert "│ 2.0 │" in on_a_terminal(100, "printer", "status", "--config", config)


def test_the_program_shows_both_clocks_and_the_drift(tmp_path: Path) -> None:
    with virtual_printer(tmp_path, "--clock", behind(hours=1)) as printer:
        done = program(
            "printer", "clock", "--json", "--config", configuration(tmp_path, printer.address)
        )
    found = json.loads(done.stdout)
    assert abs(found["drift_s"] + 3600) <= 2
    assert found["set"] is False
    assert found["device_clock"] != found["our_clock"]


def test_the_clock_is_set_after_a_yes_and_not_after_a_no(tmp_path: Path) -> None:
    with virtual_printer(tmp_path, "--clock", behind(hours=1)) as printer:
        config = configuration(tmp_path, printer.address)
        done = called("printer", "clock", "--set", "--config", config, answer="n\n")
        assert done.exit_code == 1
        assert drift_s(config) < -3500
        done = called("printer", "clock", "--set", "--config", config, answer="y\n")
        assert done.exit_code == 0
        assert "drift\t-36" in done.stdout
        assert abs(drift_s(config)) <= 2


def drift_s(config: str) -> int:
    drift: int = json.loads(called("printer", "clock", "--config", config, "--json").stdout)[
        "drift_s"
    ]
    return drift


def test_the_clock_set_without_asking_is_shown_again(tmp_path: Path) -> None:
    with virtual_printer(tmp_path, "--clock", behind(minutes=5)) as printer:
        config = configuration(tmp_path, printer.address)
        done = called("printer", "clock", "--set", "--yes", "--json", "--config", config)
    found = json.loads(done.stdout)
    assert abs(found["drift_s"] + 300) <= 2
    assert abs(found["after"]["drift_s"]) <= 2


def test_a_jump_of_days_is_not_made_without_a_person(tmp_path: Path) -> None:
    with virtual_printer(tmp_path, "--clock", behind(days=2)) as printer:
        config = configuration(tmp_path, printer.address)
        done = called("printer", "clock", "--set", "--yes", "--config", config)
        assert done.exit_code == 1
        assert "[drift_too_large]" in done.stderr
        assert drift_s(config) < -86_400


def test_json_cannot_ask_so_it_needs_a_yes(tmp_path: Path) -> None:
    config = configuration(tmp_path, "/dev/none")
    assert called("printer", "clock", "--set", "--json", "--config", config).exit_code == 2


@pytest.mark.parametrize(("off_s", "told"), [(0, "less than a minute"), (600, "-5")])
def test_a_clock_without_seconds_is_compared_by_the_minute(
    tmp_path: Path, off_s: int, told: str
) -> None:
    switches = ("--clock", behind(seconds=off_s)) if off_s else ()
    with virtual_printer(tmp_path, *switches, family="tremol") as printer:
        config = configuration(tmp_path, printer.address, family="tremol")
        done = called("printer", "clock", "--config", config)
        assert f"drift\t{told}" in done.stdout
        assert off_s - 60 <= -drift_s(config) <= off_s


def test_a_printer_of_another_make_is_said_in_romanian_with_both_makes(tmp_path: Path) -> None:
    with virtual_printer(tmp_path, family="daisy") as printer:
        config = configuration(tmp_path, printer.address)
        done = called("printer", "status", "--config", config, "--lang", "ro")
        assert done.exit_code == 1
        said = f"{printer.address} la 115200: nu este Datecs X, pare Daisy (SIM-Compact)"
        assert said in done.stderr
        assert "it looks like" not in done.stderr
        done = called("printer", "status", "--config", config)
        assert "this is not a Datecs X, it looks like a Daisy" in done.stderr


def test_sums_that_a_bridge_does_not_tell_are_not_shown_as_nothing(tmp_path: Path) -> None:
    with virtual_printer(tmp_path, "--folder", str(tmp_path), family="custom"):
        groups = 'transport = "folder"\nvat_groups = { "1" = 21 }\nfiscal_serial = "SIM0000001"\n'
        config = configuration(tmp_path, str(tmp_path), family="custom", extra=groups)
        romanian = called("printer", "x", "--config", config, "--lang", "ro")
        assert romanian.exit_code == 0, romanian.output
        assert "\ntotal\t\tnu spune\n" in romanian.stdout
        assert "0.00" not in romanian.stdout
        assert "\ntotal\t\tnot told\n" in called("printer", "x", "--config", config).stdout
        found = json.loads(called("printer", "x", "--config", config, "--json").stdout)
        unknown = ("groups", "payments", "total", "paid")
        assert [found[name] for name in unknown] == [None] * len(unknown)


def test_a_refusal_has_a_sentence_our_code_and_the_makers(
    printer: VirtualPrinter, config: str
) -> None:
    sell(printer.address)
    done = called("printer", "clock", "--set", "--yes", "--config", config)
    assert done.exit_code == 1
    assert "Make the Z report. [z_report_due, device code -104000]" in done.stderr
    assert "Faceți raportul Z." in done.stderr
    assert "Traceback" not in done.output
    done = called("printer", "clock", "--set", "--yes", "--config", config, "--lang", "ro")
    assert "amef: Au trecut 24 de ore" in done.stderr.splitlines()[0]
    done = called("printer", "clock", "--set", "--yes", "--config", config, "--json")
    error = json.loads(done.stdout)["error"]
    assert (error["code"], error["device_code"]) == ("z_report_due", "-104000")


def test_the_program_shows_the_days_totals_without_printing(
    printer: VirtualPrinter, config: str
) -> None:
    sell(printer.address)
    done = program("printer", "totals", "--config", config)
    assert done.returncode == 0
    assert "\nVAT B\t11.00 %\t7.00\n" in done.stdout
    assert "\ntotal\t\t7.00\ncash\t\t2.00\ncard\t\t5.00\n" in done.stdout
    assert len(printer.paper) == 1
    found = json.loads(called("printer", "totals", "--config", config, "--json").stdout)
    assert (found["total"], found["paid"]) == (700, 700)


def test_the_program_prints_an_x_report_and_closes_nothing(
    printer: VirtualPrinter, config: str
) -> None:
    sell(printer.address)
    done = program("printer", "x", "--config", config)
    assert done.returncode == 0
    assert "\ntotal\t\t7.00\n" in done.stdout
    assert [document["kind"] for document in printer.paper] == ["receipt", "x"]
    found = json.loads(called("printer", "info", "--config", config, "--json").stdout)
    assert found["counters"]["z_number"] == 0


def test_the_program_prints_a_slip_that_fits_the_narrowest_paper(tmp_path: Path) -> None:
    with virtual_printer(tmp_path, "--columns", "32") as printer:
        done = program("printer", "slip", "--config", configuration(tmp_path, printer.address))
        (document,) = printer.paper
    assert done.returncode == 0
    assert "  Brânză țărănească, șuncă\n" in done.stdout
    assert document["kind"] == "nonfiscal"
    text = "\n".join(document["text"])
    for part in ("Branza taraneasca", f"{datetime.now(UTC):%d-%m-%Y}", "dev_1"):
        assert part in text


@pytest.mark.parametrize("command", ALL, ids=" ".join)
def test_while_the_agent_runs_every_command_is_refused(
    command: tuple[str, ...], tmp_path: Path, state_dir: Path
) -> None:
    heard: list[bytes] = []

    def listens(data: bytes) -> bytes:
        heard.append(data)
        return b""

    with FarEnd(listens) as path, take_lock(state_dir):
        done = called("printer", *command, "--config", configuration(tmp_path, path))
    assert done.exit_code == 1
    assert "The agent runs and holds the printer." in done.stderr
    assert "systemctl stop amef-agent" in done.stderr
    assert "Agentul rulează" in done.stderr
    assert (done.stdout, heard) == ("", [])


def test_the_refusal_is_json_where_json_is_asked(tmp_path: Path, state_dir: Path) -> None:
    config = configuration(tmp_path, "/dev/none")
    with take_lock(state_dir):
        done = called("printer", "status", "--json", "--config", config)
    assert done.exit_code == 1
    assert json.loads(done.stdout)["error"]["code"] == "agent_running"


def test_the_agent_cannot_start_while_a_command_waits_for_an_answer(
    config: str, state_dir: Path
) -> None:
    take_lock(state_dir).close()
    with subprocess.Popen(
        [str(AMEF), "printer", "clock", "--set", "--config", config],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=ENGLISH,
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        assert process.stderr.read(4) == b"Set "
        done = called("printer", "status", "--config", config)
        process.stdin.close()
        process.stderr.read()
        assert process.wait(WAIT_S) == 1
    assert "[agent_running]" in done.stderr


def test_a_lock_that_cannot_be_tried_is_no_proof_that_the_agent_is_not_there(
    tmp_path: Path, state_dir: Path
) -> None:
    config = configuration(tmp_path, "/dev/none")
    (state_dir / "agent.lock").mkdir()
    done = called("printer", "status", "--config", config)
    assert done.exit_code == 1
    assert "[agent_unknown]" in done.stderr


def test_where_no_agent_has_run_nothing_is_left_behind(config: str, tmp_path: Path) -> None:
    assert called("printer", "slip", "--config", config).exit_code == 0
    assert not (tmp_path / "state").exists()


def test_a_port_in_use_is_told_with_its_holder(tmp_path: Path) -> None:
    with FarEnd(nak) as path:
        other = SerialTransport(path, 115200)
        other.open()
        done = called("printer", "status", "--config", configuration(tmp_path, path))
        other.close()
    assert done.exit_code == 1
    assert "amef: Another program holds the printer's port." in done.stderr
    assert "Portul casei de marcat este folosit de alt program." in done.stderr
    assert f"(pid {os.getpid()})" in done.stderr


def test_what_is_no_printer_of_this_family_is_told_without_a_traceback(tmp_path: Path) -> None:
    with FarEnd(nak) as path:
        done = called("printer", "status", "--config", configuration(tmp_path, path))
    assert done.exit_code == 1
    assert "[other_dialect]" in done.stderr
    assert "Traceback" not in done.output


@pytest.mark.parametrize("command", ACTING, ids=" ".join)
def test_nothing_is_printed_or_set_while_a_receipt_is_in_doubt(
    command: tuple[str, ...], printer: VirtualPrinter, config: str, state_dir: Path
) -> None:
    lose_a_receipt(state_dir)
    done = called("printer", *command, "--config", config)
    assert done.exit_code == 1
    assert "[receipt_in_doubt]" in done.stderr
    assert printer.paper == []
    assert called("printer", "status", "--config", config).exit_code == 0


def test_another_printer_than_configured_is_read_with_a_warning_and_not_driven(
    printer: VirtualPrinter, tmp_path: Path
) -> None:
    config = configuration(tmp_path, printer.address, extra='fiscal_serial = "SIM42"')
    done = called("printer", "info", "--config", config)
    assert done.exit_code == 0
    assert "fiscal serial SIM0000001, not SIM42" in done.stderr
    done = called("printer", "slip", "--config", config)
    assert done.exit_code == 1
    assert "[other_printer]" in done.stderr
    assert printer.paper == []


def test_of_several_printers_one_must_be_named(printer: VirtualPrinter, tmp_path: Path) -> None:
    config = configuration(tmp_path, "/dev/none", printer.address)
    assert called("printer", "status", "--config", config).exit_code == 2
    assert called("printer", "status", "--config", config, "--device", "dev_3").exit_code == 2
    done = called("printer", "status", "--config", config, "--device", "dev_2")
    assert done.stdout.startswith("dev_2: ")
