"""Looking for printers: rates that only one make uses, and scales that never stop talking."""

from pathlib import Path

import pytest

from drivers.clock import SystemClock
from drivers.discovery import BAUDS, FACTORY_BAUDS, PORT_S_MAX, UNTOLD_BAUDS, probe, probe_serial
from drivers.discovery_words import Outcome
from tests.drivers.far_end import JumpingClock, MemoryCable, silent
from tests.drivers.virtual_printer import virtual_printer

WEIGHT = b"\x02ST,GS,   0.000kg\r\n"


@pytest.mark.parametrize("frame", [b"\x02  1.250kg\r\n", b"\x02      0.5 kg\x03\r", WEIGHT])
@pytest.mark.parametrize("begun", [0, 3], ids=["from its start", "in its middle"])
def test_a_scale_that_sends_frames_all_the_time_is_a_foreign_device(
    frame: bytes, begun: int
) -> None:
    clock = JumpingClock()
    said = (frame * 4)[begun:]
    cables = [(baud, MemoryCable(lambda _data: said, clock)) for baud in BAUDS]
    found = probe("memory", "serial", cables, clock)
    assert (found.outcome, found.baud) == (Outcome.FOREIGN, 115200)


def test_where_nobody_says_a_rate_4800_is_asked_too_and_of_shtrih_alone() -> None:
    clock = JumpingClock()
    cables = [MemoryCable(silent, clock) for _ in UNTOLD_BAUDS]
    named = list(zip(UNTOLD_BAUDS, cables, strict=True))
    found = probe("memory", "serial", named, clock, only=FACTORY_BAUDS)
    assert found.outcome is Outcome.SILENCE
    assert clock.at_s - 100 <= PORT_S_MAX - 0.5
    asked = [(step.baud, step.dialect) for step in found.steps]
    assert [dialect for baud, dialect in asked if baud == 4800] == ["Shtrih-M"]
    assert len(asked) == 4 * len(BAUDS) + 1
    assert cables[UNTOLD_BAUDS.index(4800)].sent == [b"\x05"]


def test_a_shtrih_in_its_factory_setting_is_found(tmp_path: Path) -> None:
    switches = ("--strict-baud", "--baud", "4800")
    with virtual_printer(tmp_path, *switches, family="shtrih") as printer:
        found = probe_serial(printer.address, (), SystemClock())
    assert (found.outcome, found.family, found.baud) == (Outcome.PRINTER, "shtrih", 4800)
    assert found.identity is not None
    assert found.identity.fiscal_serial.startswith("SIM")
