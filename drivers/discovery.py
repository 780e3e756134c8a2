"""Looks for a printer on a port: read-only questions, short patience, the port given back at once.

    is the port free?  --no--> held (by whom), forbidden, missing      not a byte is sent
    for each baud:
      74 in an X frame      --answer--> printer         (its driver then reads who it is)
      74 in a legacy frame  --answer--> other_dialect   (90 then tells the model)
      neither               --> busy, nak, echo, garbage or silence; the best of all bauds counts

A legacy device may take an X frame for the start of a longer one and say nothing: a silent port is
asked in both dialects, twice. 74, 90, 50 and 123 change nothing and print nothing [datecs.md 4, 6].
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from drivers import families
from drivers.base import Operator
from drivers.clock import Clock
from drivers.errors import ContactLost, DriverError, NotStarted
from drivers.faults import Fault
from drivers.link import Link
from drivers.model import Identity
from drivers.ports import port_holder
from drivers.serial_transport import SerialTransport
from drivers.tcp_transport import TcpTransport
from drivers.transport import Transport
from drivers.usb_transport import UsbTransport, parse_usb_address
from protocol.datecs_x import DATECS_X
from protocol.exchange import Budget, Request, WireProtocol
from protocol.isl import NAK, SYN
from protocol.isl_exchange import ISL_LEGACY
from protocol.text import from_device

BAUDS = (115200, 9600, 38400, 19200, 57600)  # the likely ones first [datecs.md 2.3]
PORT_S_MAX = 12.0  # for all bauds of one port
CONNECT_S_MAX = 2.0
PROBES_MAX = 2  # how often a silent port is asked in one dialect
HEARD_BYTES_MAX = 24  # of what came, for the technician
PROBE = Budget(silence_s=0.4, total_s=1.5)  # the first reaction comes within 60 ms [datecs.md 2.2]
STATUS, DIAGNOSTICS = 74, 90
PSEUDO_TERMINALS = Path("/dev/pts")


class Outcome(StrEnum):
    """What is on a port, from the best news to none."""

    PRINTER = "printer"
    OTHER_DIALECT = "other_dialect"
    BUSY = "busy"
    NAK = "nak"
    ECHO = "echo"
    GARBAGE = "garbage"
    SILENCE = "silence"
    HELD = "held"
    FORBIDDEN = "forbidden"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class OutcomeWords:
    """The likely cause and the next step, for a person."""

    ro: str
    en: str


WORDS = {
    Outcome.PRINTER: OutcomeWords(
        "Aici răspunde o imprimantă fiscală. Treceți tabelul de mai jos în configurație.",
        "A fiscal printer answers here. Put the table below into the configuration.",
    ),
    Outcome.OTHER_DIALECT: OutcomeWords(
        "Răspunde o imprimantă cu protocolul vechi (ISL), pentru care nu există încă driver. "
        "Cereți service-ului trecerea la firmware-ul cu jurnal electronic ANAF.",
        "A printer answers in another dialect, legacy ISL, for which there is no driver yet. "
        "Ask service for the firmware with the ANAF electronic journal.",
    ),
    Outcome.BUSY: OutcomeWords(
        "Imprimanta răspunde doar că este ocupată. Verificați hârtia și capacul, așteptați "
        "sfârșitul tipăririi și repetați.",
        "The printer only says that it is busy. Check paper and cover, wait until it has "
        "finished printing, and detect again.",
    ),
    Outcome.NAK: OutcomeWords(
        "Ceva răspunde, dar refuză întrebările noastre (NAK): alt tip de imprimantă sau viteză "
        "(baud) greșită. Verificați modelul și viteza din meniul casei de marcat.",
        "Something answers but refuses our questions (NAK): another make of printer, or the wrong "
        "baud rate. Check the model, and the rate in the register's menu.",
    ),
    Outcome.ECHO: OutcomeWords(
        "Se întorc chiar octeții noștri: cablul este în buclă sau la capăt nu este o imprimantă. "
        "Verificați cablul.",
        "Our own bytes come back: the cable loops back, or its end is not a printer. "
        "Check the cable.",
    ),
    Outcome.GARBAGE: OutcomeWords(
        "Vin octeți fără înțeles: viteză (baud) greșită sau alt aparat (cântar, cititor, modem). "
        "Verificați viteza din meniul casei de marcat și ce este legat la port.",
        "Meaningless bytes come: the wrong baud rate, or another device (scale, scanner, modem). "
        "Check the rate in the register's menu, and what is plugged in here.",
    ),
    Outcome.SILENCE: OutcomeWords(
        "Nu răspunde nimic. Verificați cablul și alimentarea, puneți casa de marcat în modul PC "
        "(imprimantă fiscală) și verificați viteza (baud).",
        "Nothing answers. Check the cable and the power, put the register in PC mode (fiscal "
        "printer), and check the baud rate.",
    ),
    Outcome.HELD: OutcomeWords(
        "Portul este folosit de alt program și nu a fost atins. Închideți acel program; "
        "dacă este agentul: systemctl stop amef-agent.",
        "Another program holds the port; it was not touched. Close that program; "
        "if it is the agent: systemctl stop amef-agent.",
    ),
    Outcome.FORBIDDEN: OutcomeWords(
        "Nu există drept de acces la port. Rulați cu sudo sau adăugați utilizatorul în grupul "
        "dialout.",
        "There is no right to use the port. Run with sudo, or add the user to the group dialout.",
    ),
    Outcome.MISSING: OutcomeWords(
        "Portul nu există, nu poate fi deschis sau s-a întrerupt. Verificați numele (amef devices "
        "list), cablul și alimentarea.",
        "The port is not there, does not open, or broke off. Check the name (amef devices list), "
        "the cable and the power.",
    ),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One question in one dialect at one baud, and what came of it."""

    baud: int | None
    dialect: str
    outcome: Outcome
    heard: bytes = b""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is on one port. `baud` is where it was heard, None for silence; `steps` are in order."""

    address: str
    transport: str  # as the configuration calls it
    outcome: Outcome
    baud: int | None = None
    family: str = ""
    identity: Identity | None = None
    heard: bytes = b""
    detail: str = ""
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Dialect:
    """A wire protocol to try, and the driver that speaks it; "" where there is none yet."""

    title: str
    wire: WireProtocol
    family: str = ""


DIALECTS = (Dialect("Datecs X", DATECS_X, family="datecs_x"), Dialect("legacy ISL", ISL_LEGACY))

_NOT_OPENED = {Fault.PORT_BUSY: Outcome.HELD, Fault.PORT_FORBIDDEN: Outcome.FORBIDDEN}
# What another baud cannot better: a whole answer, an unbroken row of SYN, a port we do not have.
_FINAL = {Outcome.PRINTER, Outcome.OTHER_DIALECT, Outcome.BUSY}
_FINAL |= {Outcome.HELD, Outcome.FORBIDDEN, Outcome.MISSING}


class Ear:
    """A cable held open through many sessions: writes down what passes, and ends at a moment."""

    def __init__(self, cable: Transport, clock: Clock, *, until_s: float) -> None:
        self._cable = cable
        self._clock = clock
        self._until_s = until_s
        self.sent: list[bytes] = []
        self.heard = b""
        self.broken = ""

    @property
    def name(self) -> str:
        return self._cable.name

    @property
    def over(self) -> bool:
        return bool(self.broken) or self._clock.monotonic_s() >= self._until_s

    def open(self) -> None:
        """Nothing: whoever made it has opened the cable."""

    def close(self) -> None:
        """Nothing: whoever made it closes the cable."""

    def write(self, data: bytes) -> None:
        self._check_time()
        self.sent.append(data)
        try:
            self._cable.write(data)
        except ContactLost as error:
            self.broken = str(error)
            raise

    def read(self, timeout_s: float) -> bytes:
        self._check_time()
        left_s = self._until_s - self._clock.monotonic_s()
        try:
            data = self._cable.read(min(timeout_s, left_s))
        except ContactLost as error:
            self.broken = str(error)
            raise
        self.heard += data
        return data

    def discard(self) -> None:
        try:
            self._cable.discard()
        except ContactLost as error:
            self.broken = str(error)
            raise

    def forget(self) -> None:
        self.sent.clear()
        self.heard = b""

    def _check_time(self) -> None:
        if self._clock.monotonic_s() >= self._until_s:
            raise ContactLost(f"{self.name}: the time for this port is used up")


def probe_serial(path: str, bauds: Sequence[int], clock: Clock) -> Finding:
    """Look for a printer on a tty. One that another program has open is not touched."""
    # The far end of a pseudo-terminal may keep it open for ever; there only the lock counts.
    if PSEUDO_TERMINALS not in Path(path).resolve().parents and (holder := port_holder(path)):
        return Finding(path, "serial", Outcome.HELD, detail=str(holder))
    return probe(path, "serial", [(baud, SerialTransport(path, baud)) for baud in bauds], clock)


def probe_usb(address: str, bauds: Sequence[int], clock: Clock) -> Finding:
    """Look for a printer on a USB line without a tty.

    Raises:
        ValueError: the address is not one of USB.
    """
    at = parse_usb_address(address)
    cables = [
        (
            baud,
            UsbTransport(
                vendor=at.vendor, product=at.product, serial=at.serial, baud=baud, clock=clock
            ),
        )
        for baud in bauds
    ]
    return probe(address, "usb", cables, clock)


def probe_tcp(host: str, port: int, address: str, clock: Clock) -> Finding:
    """Look for a printer behind a TCP port."""
    cable = TcpTransport(host, port, connect_timeout_s=CONNECT_S_MAX)
    return probe(address, "tcp", [(None, cable)], clock)


def probe(
    address: str,
    transport: str,
    cables: Sequence[tuple[int | None, Transport]],
    clock: Clock,
) -> Finding:
    """Ask on one cable after the other until a printer answers; the best outcome otherwise."""
    until_s = clock.monotonic_s() + PORT_S_MAX
    found: list[Finding] = []
    for baud, cable in cables:
        ear = Ear(cable, clock, until_s=until_s)
        try:
            cable.open()
            found.append(_listen(Finding(address, transport, Outcome.SILENCE, baud), ear, clock))
        except NotStarted as error:
            outcome = _NOT_OPENED.get(error.fault, Outcome.MISSING)
            found.append(Finding(address, transport, outcome, detail=str(error)))
            if error.fault is Fault.BAD_REQUEST:  # only this baud
                continue
        finally:
            cable.close()
        if found[-1].outcome in _FINAL or clock.monotonic_s() >= until_s:
            break
    best = found[-1] if found[-1].outcome in _FINAL else min(found, key=_rank)
    baud = None if best.outcome is Outcome.SILENCE else best.baud
    return replace(best, baud=baud, steps=_steps(found))


def _listen(empty: Finding, ear: Ear, clock: Clock) -> Finding:
    """Ask in every dialect at one baud."""
    found = empty
    for dialect in DIALECTS:
        ear.forget()
        link = Link(ear, dialect.wire, clock)
        answered = _answers(link, ear)
        outcome = _meaning(ear.sent, ear.heard)
        heard = ear.heard[:HEARD_BYTES_MAX]
        if answered:
            outcome = Outcome.PRINTER if dialect.family else Outcome.OTHER_DIALECT
        elif ear.broken:
            outcome = Outcome.MISSING
        step = Step(empty.baud, dialect.title, outcome, heard)
        now = replace(empty, outcome=outcome, heard=heard, detail=ear.broken)
        found = replace(
            now if not found.steps or ear.broken else min(found, now, key=_rank),
            steps=(*found.steps, step),
        )
        if outcome is Outcome.PRINTER:
            return _introduced(replace(found, family=dialect.family), link, ear, clock)
        if outcome is Outcome.OTHER_DIALECT:
            return _legacy_introduced(found, link)
        if outcome in _FINAL or ear.over:
            break
    return found


def _answers(link: Link, ear: Ear) -> bool:
    """Ask for the status; a second time only where nothing at all was heard."""
    for _ in range(PROBES_MAX):
        try:
            link.open(Request(STATUS, budget=PROBE), last_sequence=None)
        except NotStarted:
            if ear.over or ear.heard:
                return False
        else:
            return True
    return False


def _meaning(sent: Sequence[bytes], heard: bytes) -> Outcome:
    """What bytes are that hold no answer."""
    if not heard:
        return Outcome.SILENCE
    if set(heard) == {SYN}:
        return Outcome.BUSY
    if set(heard) <= {SYN, NAK}:
        return Outcome.NAK
    return Outcome.ECHO if any(frame in heard for frame in sent) else Outcome.GARBAGE


def _introduced(found: Finding, link: Link, ear: Ear, clock: Clock) -> Finding:
    """Have its driver read who it is; one that will not say is a printer all the same."""
    driver = families.printer(found.family, ear, clock, Operator())
    try:
        return replace(found, identity=driver.open(last_sequence=link.sequence))
    except DriverError as error:
        return replace(found, detail=str(error))
    finally:
        driver.close()


def _legacy_introduced(found: Finding, link: Link) -> Finding:
    """90: name, firmware, ..., then two serials, in an order the manuals disagree on."""
    try:
        reply = link.execute(Request(DIAGNOSTICS, b"1", budget=PROBE))
    except ContactLost as error:
        return replace(found, detail=str(error))
    text = from_device(reply.data)
    model, firmware = (*text.split(","), "", "")[:2]
    return replace(found, identity=Identity(model, firmware, "", "", ""), detail=text)


def _rank(finding: Finding) -> int:
    return list(Outcome).index(finding.outcome)


def _steps(found: Sequence[Finding]) -> tuple[Step, ...]:
    return tuple(step for finding in found for step in finding.steps)
