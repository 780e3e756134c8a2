"""Where a printer is: at its configured port, or, after a re-plug, at another one of this machine.

    open at /dev/ttyUSB0 --it is there--> work, as always
        '--missing, silent, another printer--> where it was found before, then a search:
             read-only questions on the other ports --one has this fiscal serial--> work there
                                                    --none, or two--> later; two: a person looks

The kernel numbers its ports anew at every plug; a name that udev made (/dev/serial/...) stays with
its device, so that only a kernel's name is searched for. Never asked: a port that is configured,
held, or on `agent.search_not`. Asked at once when a port is new, else more and more rarely. With
every new session the configured port comes first again.
"""

import glob
import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch

from agent.devices import build_transport
from agent.ledger import Ledger
from config.settings import AgentSettings, DeviceSettings, Settings, catalogue
from drivers.base import FiscalPrinter
from drivers.clock import Clock
from drivers.discovery import Finding, probe_serial
from drivers.errors import DriverError, NotStarted
from drivers.faults import Fault
from drivers.model import Identity
from drivers.movable_transport import MovableTransport
from drivers.ports import serial_ports
from drivers.transport import Transport

SEARCH_S, SEARCH_S_MAX = 15.0, 600.0
DOUBLINGS_MAX = 6
PORTS_MAX = 32  # of a machine with more it is not known which are printers'
AT_ONCE_MAX = 8
KERNEL_NAME = re.compile(r"/dev/(tty[A-Za-z]+|pts/)[0-9]+")
# What says that the printer is not here; a port that is held or forbidden may well have it.
GONE = {
    Fault.PORT_MISSING,
    Fault.NO_ANSWER,
    Fault.NOT_A_PRINTER,
    Fault.OTHER_DIALECT,
    Fault.OTHER_PRINTER,
}

Admit = Callable[[Identity], None]


def cable_of(device: DeviceSettings) -> MovableTransport:
    """Return the cable of a serial device; it opens nothing.

    Raises:
        ConfigError: the address is not one of this transport.
    """

    def make(address: str) -> Transport:
        return build_transport(device.model_copy(update={"address": address}))

    return MovableTransport(make, device.address)


class Whereabouts:
    """Of one serial printer. `settings` is asked anew: others come and go while this one stays."""

    def __init__(
        self,
        device: DeviceSettings,
        cable: MovableTransport,
        ledger: Ledger,
        clock: Clock,
        settings: Callable[[], Settings],
    ) -> None:
        self._device = device
        self._cable = cable
        self._ledger = ledger
        self._clock = clock
        self._settings = settings
        self._serial = device.fiscal_serial
        self._found = ""  # the port where it was met last, if that is not the configured one
        self._asked: list[str] = []
        self._searches = 0
        self._search_at_s = 0.0
        self.sentence = ""

    def open(self, printer: FiscalPrinter, last_sequence: int | None, admit: Admit) -> Identity:
        """Open the printer where it is.

        Raises:
            DriverError: it is not at its configured port, nor anywhere else that may be asked.
        """
        self._cable.move()
        self.sentence = ""
        try:
            identity = printer.open(last_sequence=last_sequence)
            admit(identity)
        except NotStarted as error:
            if error.fault not in GONE or not self._is_searched():
                raise
            printer.close()
            elsewhere = self._elsewhere(printer, last_sequence, admit, error)
            if elsewhere is None:
                raise
            return elsewhere
        self._found, self._searches = "", 0
        self._serial = self._device.fiscal_serial or identity.fiscal_serial
        return identity

    def _is_searched(self) -> bool:
        device = self._device
        if not KERNEL_NAME.fullmatch(device.address):
            return False
        if not self._serial:  # nobody wrote it down: it is the one that was driven last
            self._serial = self._ledger.last_identity(device.id).get("fiscal_serial", "")
        return bool(self._serial)

    def _elsewhere(
        self, printer: FiscalPrinter, last_sequence: int | None, admit: Admit, error: NotStarted
    ) -> Identity | None:
        """Open it at another port; None: it is at none.

        Raises:
            NotStarted: only a person can say where.
        """
        ports = self._candidates()
        if self._found not in ports:
            self._found = self._searched(ports, error)
        if not self._found:
            return None
        self._cable.move(self._found)
        try:
            identity = printer.open(last_sequence=last_sequence)
            if identity.fiscal_serial != self._serial:
                raise NotStarted("another printer", fault=Fault.OTHER_PRINTER)
            admit(identity)
        except DriverError:  # what there is to say is why it is not at its own port
            printer.close()
            self._cable.move()
            self._found = ""
            return None
        self.sentence = f"found on {self._found}, configured is {self._device.address}"
        self._searches = 0
        return identity

    def _searched(self, ports: list[str], error: NotStarted) -> str:
        """Ask on these ports, if it is time to; return the only one that has our serial."""
        now_s = self._clock.monotonic_s()
        if not ports or (ports == self._asked and now_s < self._search_at_s):
            return ""
        self._searches = 0 if ports != self._asked else self._searches
        self._asked = ports
        self._search_at_s = now_s + min(SEARCH_S * 2**self._searches, SEARCH_S_MAX)
        self._searches = min(self._searches + 1, DOUBLINGS_MAX)
        if len(ports) > PORTS_MAX:
            raise _unsure(error, f"{len(ports)} other ports are too many to search")
        with ThreadPoolExecutor(AT_ONCE_MAX) as threads:
            findings = list(threads.map(self._probed, ports))
        having = [found.address for found in findings if self._has_our_serial(found)]
        if len(having) > 1:
            where = " and ".join(having)
            raise _unsure(error, f"{self._serial} answers on {where}: write the right one down")
        return having[0] if having else ""

    def _probed(self, port: str) -> Finding:
        device = self._device
        baud = device.baud or catalogue()[device.family].baud
        return probe_serial(port, [baud], self._clock, family=device.family)

    def _has_our_serial(self, found: Finding) -> bool:
        return found.identity is not None and found.identity.fiscal_serial == self._serial

    def _candidates(self) -> list[str]:
        """The ports that may be asked, each once."""
        settings = self._settings()
        used = {os.path.realpath(device.address) for device in settings.device}
        free: dict[str, str] = {}
        for names in _ports(settings.agent):
            denied = [n for n in names for no in settings.agent.search_not if fnmatch(n, no)]
            real = os.path.realpath(names[0])
            if not denied and real not in used:
                free.setdefault(real, names[0])
        return sorted(free.values())


def _ports(agent: AgentSettings) -> Iterator[tuple[str, ...]]:
    """Every port with all its names, the one to open first."""
    by_id = {port.device: port.by_id for port in serial_ports()}
    if agent.search is None:
        paths = list(by_id)
    else:
        paths = [path for pattern in agent.search for path in glob.glob(pattern)]
    for path in paths:
        real = os.path.realpath(path)
        yield tuple(name for name in (path, real, by_id.get(real)) if name)


def _unsure(error: NotStarted, why: str) -> NotStarted:
    return NotStarted(f"{error}; {why}", fault=error.fault, heard=error.heard)
