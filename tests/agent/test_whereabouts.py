"""A printer that is not at its port: looked for on the others, and never another one taken."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from agent.cloud_time import CloudTime
from agent.devices import build_printer
from agent.entries import Incoming
from agent.ledger import Ledger
from agent.session import Session
from agent.whereabouts import PORTS_MAX, SEARCH_S, Whereabouts, cable_of
from agent.worker import DeviceWorker
from config.settings import Settings
from drivers.clock import SystemClock
from drivers.errors import NotStarted
from drivers.faults import Fault
from drivers.model import Identity
from drivers.serial_transport import SerialTransport
from tests.drivers.far_end import FarEnd, silent
from tests.drivers.virtual_printer import VirtualPrinter, virtual_printer

MISSING = "/dev/ttyUSB77"
OURS, THEIRS = "SIM0000007", "SIM0000008"


class Later(SystemClock):
    """The machine's clock, moved on by hand."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def monotonic_s(self) -> float:
        return super().monotonic_s() + self.ahead_s


class Desk:
    """One configured printer, and the ports around it."""

    def __init__(self, home: Path, stack: ExitStack) -> None:
        self._home = home
        self._stack = stack
        self.ports = home / "ports"
        self.ports.mkdir()
        self.clock = Later()
        self.ledger = Ledger(home / "ledger.sqlite3", self.clock)
        self.stack.callback(self.ledger.close)

    @property
    def stack(self) -> ExitStack:
        return self._stack

    def printer(self, serial: str) -> VirtualPrinter:
        home = self._home / f"printer_{len(list(self._home.glob('printer_*')))}"
        home.mkdir()
        return self._stack.enter_context(virtual_printer(home, "--serial", serial))

    def plug(self, address: str) -> str:
        """Put a port among those that are searched; its name there."""
        port = self.ports / f"tty{len(list(self.ports.iterdir()))}"
        port.symlink_to(address)
        return str(port)

    def deaf(self, heard: list[bytes]) -> str:
        """A port whose far end notes what it hears."""

        def listens(data: bytes) -> bytes:
            heard.append(data)
            return b""

        return self._stack.enter_context(FarEnd(listens))

    def place(
        self,
        address: str,
        serial: str = OURS,
        agent: dict[str, object] | None = None,
        **keys: object,
    ) -> None:
        device = {"id": "dev_1", "family": "datecs_x", "address": address} | keys
        other = {"id": "dev_2", "family": "datecs_x", "address": f"{self.ports}/taken"}
        self.settings = Settings.model_validate(
            {
                "agent": {"id": "a", "state_dir": self._home, "search": [f"{self.ports}/*"]}
                | (agent or {}),
                "cloud": {},
                "device": [device | {"fiscal_serial": serial}, other],
            }
        )
        mine = self.settings.device[0]
        cable = cable_of(mine)
        self.where = Whereabouts(mine, cable, self.ledger, self.clock, lambda: self.settings)
        self.driver = build_printer(mine, self.clock, cable)
        self.session = Session(
            "dev_1", self.driver, self.ledger, self.clock, self.admit, whereabouts=self.where
        )
        self._stack.callback(self.driver.close)

    def admit(self, identity: Identity) -> None:
        wanted = self.settings.device[0].fiscal_serial
        if wanted and identity.fiscal_serial != wanted:
            raise NotStarted(f"{identity.fiscal_serial} is another", fault=Fault.OTHER_PRINTER)

    def refused(self) -> NotStarted:
        with pytest.raises(NotStarted) as error:
            self.session.connect()
        self.session.disconnect()
        return error.value


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with ExitStack() as stack:
        yield Desk(tmp_path, stack)


def test_a_printer_on_another_port_is_found_by_its_serial_and_noted(desk: Desk) -> None:
    port = desk.plug(desk.printer(OURS).address)
    desk.place(MISSING)
    desk.session.connect()
    assert desk.driver.identity().fiscal_serial == OURS
    desk.session.status()
    found = f"found on {port}, configured is {MISSING}"
    assert desk.ledger.devices()["dev_1"]["sentence"] == found
    assert desk.session.sentence == f"online {found}"


def test_a_printer_of_another_serial_is_never_used(desk: Desk) -> None:
    other = desk.printer(THEIRS)
    desk.plug(other.address)
    desk.place(MISSING)
    assert "ttyUSB77 is not there" in str(desk.refused())
    assert other.paper == []


def test_work_waits_rather_than_go_to_another_s_paper(desk: Desk) -> None:
    other = desk.printer(THEIRS)
    desk.plug(other.address)
    desk.place(MISSING)
    desk.ledger.accept(Incoming("local:1", "dev_1", "x_report", "{}", "{}", 10**15))
    DeviceWorker(
        "dev_1", desk.session, desk.ledger, desk.clock, CloudTime(desk.clock), lambda: None
    ).step()
    assert desk.ledger.entry("local:1").state == "queued"
    assert other.paper == []


def test_two_with_the_same_serial_are_a_person_s_choice(desk: Desk) -> None:
    ports = [desk.plug(desk.printer(OURS).address) for _ in range(2)]
    desk.place(MISSING)
    assert f"{OURS} answers on {ports[0]} and {ports[1]}" in str(desk.refused())


@pytest.mark.parametrize("agent", [{"search_not": ["*/tty0"]}, {"search": []}])
def test_a_port_that_is_denied_hears_nothing(desk: Desk, agent: dict[str, object]) -> None:
    heard: list[bytes] = []
    desk.plug(desk.deaf(heard))
    desk.place(MISSING, agent=agent)
    desk.refused()
    assert heard == []


def test_a_port_of_another_device_and_a_held_one_hear_nothing(desk: Desk) -> None:
    heard: list[bytes] = []
    taken, held = desk.deaf(heard), desk.deaf(heard)
    (desk.ports / "taken").symlink_to(taken)
    desk.plug(held)
    desk.place(MISSING)
    other = SerialTransport(held, 115200)
    other.open()
    desk.refused()
    other.close()
    assert heard == []


@pytest.mark.parametrize(
    "address", ["/dev/serial/by-id/usb-FTDI-if00", "/dev/serial/by-path/pci-0:1", "/dev/till"]
)
def test_a_name_that_stays_with_its_device_is_not_searched_for(desk: Desk, address: str) -> None:
    heard: list[bytes] = []
    desk.plug(desk.deaf(heard))
    desk.place(address)
    desk.refused()
    assert heard == []


def test_nobody_is_searched_for_whose_serial_was_never_known(desk: Desk) -> None:
    heard: list[bytes] = []
    desk.plug(desk.deaf(heard))
    desk.place(MISSING, serial="")
    desk.refused()
    assert heard == []


def test_a_serial_that_was_learned_is_as_good_as_one_written_down(desk: Desk) -> None:
    printer = desk.printer(OURS)
    desk.place(printer.address, serial="")
    desk.session.connect()
    desk.session.status()
    desk.session.disconnect()
    desk.session.rest(NotStarted("gone"))  # what is noted of it now names nobody
    other = desk.plug(desk.printer(THEIRS).address)
    port = desk.plug(printer.address)
    desk.place(MISSING, serial="")
    desk.session.connect()
    assert desk.where.sentence == f"found on {port}, configured is {MISSING}"
    assert other != port


def test_another_printer_on_the_configured_port_is_left_for_the_right_one(desk: Desk) -> None:
    other = desk.printer(THEIRS)
    port = desk.plug(desk.printer(OURS).address)
    desk.place(other.address)
    desk.session.connect()
    assert desk.where.sentence == f"found on {port}, configured is {other.address}"
    assert desk.driver.identity().fiscal_serial == OURS


def test_the_configured_port_is_asked_first_with_every_new_session(desk: Desk) -> None:
    heard: list[bytes] = []
    home = desk.deaf(heard)
    port = desk.plug(desk.printer(OURS).address)
    desk.place(home)
    for _ in range(3):
        before = len(heard)
        desk.session.connect()
        assert desk.where.sentence == f"found on {port}, configured is {home}"
        assert len(heard) > before
        desk.session.disconnect()


def test_a_printer_that_is_back_at_its_port_is_no_longer_elsewhere(desk: Desk) -> None:
    printer = desk.printer(OURS)
    port = desk.plug(printer.address)
    desk.place(MISSING)
    desk.session.connect()
    desk.session.status()
    desk.session.disconnect()
    assert desk.where.sentence.startswith(f"found on {port}")
    desk.place(printer.address)
    desk.session.connect()
    desk.session.status()
    assert desk.ledger.devices()["dev_1"]["sentence"] == ""


def test_where_it_was_found_is_asked_again_without_a_search(desk: Desk) -> None:
    heard: list[bytes] = []
    desk.plug(desk.printer(OURS).address)
    desk.plug(desk.deaf(heard))
    desk.place(MISSING)
    desk.session.connect()
    asked = len(heard)
    assert asked > 0
    for _ in range(3):
        desk.session.disconnect()
        desk.session.connect()
    assert len(heard) == asked


def test_old_ports_are_asked_more_and_more_rarely_and_a_new_one_at_once(desk: Desk) -> None:
    heard: list[bytes] = []
    desk.plug(desk.deaf(heard))
    desk.place(MISSING)
    assert asks(desk, heard) > 0
    assert asks(desk, heard) == 0
    desk.clock.ahead_s += SEARCH_S
    assert asks(desk, heard) > 0
    desk.clock.ahead_s += SEARCH_S
    assert asks(desk, heard) == 0
    desk.clock.ahead_s += SEARCH_S
    assert asks(desk, heard) > 0
    desk.plug(desk.stack.enter_context(FarEnd(silent)))
    assert asks(desk, heard) > 0


def asks(desk: Desk, heard: list[bytes]) -> int:
    before = len(heard)
    desk.refused()
    return len(heard) - before


def test_a_machine_of_too_many_ports_is_not_searched(desk: Desk) -> None:
    for _ in range(PORTS_MAX + 1):
        desk.plug(str(desk.ports))
        (desk.ports / f"tty{len(list(desk.ports.iterdir()))}").write_text("")
    desk.place(MISSING)
    assert "are too many to search" in str(desk.refused())
