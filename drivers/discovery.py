"""Looks for a printer on a port: read-only questions, short patience, the port given back at once.

    is the port free?  --no--> held (by whom), forbidden, missing      not a byte is sent
    for each baud, on each wire (recognise.py), until one answers:
      03 04                 --04--> Tremol: 09 tells whether it listens
      74 in an X frame      --answer--> Datecs X
      74 in a legacy frame  --answer--> 90 tells the make; one we do not know is `other_dialect`
      05, then FC           --15, answer--> Shtrih-M
      nobody                --> other_reply, busy, nak, echo, foreign, garbage or silence; the best
                                of all counts
    the driver of that family then reads who it is

A legacy device may take an X frame for the start of a longer one and say nothing: a silent port is
asked in both, twice. 74, 90, 50, 83, 97, 99 and 123 of ISL, 20, 21, 60 to 64 of ZFP and FC, 11, 1F
of Shtrih-M change nothing and print nothing [datecs.md 4, 6; other_protocols.md 0.2, 2.7, 7.2].
Ports do not share anything: each may be looked at by a thread of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from drivers import families
from drivers.base import Operator
from drivers.clock import Clock
from drivers.discovery_words import Outcome
from drivers.errors import ContactLost, DriverError, NotStarted
from drivers.faults import Fault
from drivers.link import Link
from drivers.model import Identity
from drivers.ports import port_holder
from drivers.recognise import PROBE, VERSION, WHO, WIRES, Make, Wire, make_of, tremol_dialect
from drivers.serial_transport import SerialTransport
from drivers.tcp_transport import TcpTransport
from drivers.transport import Transport
from drivers.usb_transport import UsbTransport, parse_usb_address
from protocol.errors import Heard
from protocol.exchange import Request
from protocol.isl import NAK, SYN
from protocol.text import from_device
from protocol.zfp import READY, STATE, signs_of

BAUDS = (115200, 9600, 38400, 19200, 57600)  # the likely ones first [datecs.md 2.3]
FACTORY_BAUDS = {4800: "shtrih"}  # of one family, asked on its wire alone [other_protocols.md 7.1]
UNTOLD_BAUDS = (*BAUDS[:2], *FACTORY_BAUDS, *BAUDS[2:])  # where nobody says which
PORT_S_MAX = 8.5  # for all bauds of one port; in silence they take 7.75 s
CONNECT_S_MAX = 2.0
HEARD_BYTES_MAX = 24  # of what came, for the technician
TEXT_BYTES_MIN = 4  # of what may be called a text
FRAMING = dict.fromkeys(b"\x02\x03\r\n\t ")  # around and between words, as often as they come
PSEUDO_TERMINALS = Path("/dev/pts")


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
    dialect: str = ""  # "" where the device's own words do not tell it
    identity: Identity | None = None
    heard: bytes = b""
    detail: str = ""
    steps: tuple[Step, ...] = ()


_NOT_OPENED = {Fault.PORT_BUSY: Outcome.HELD, Fault.PORT_FORBIDDEN: Outcome.FORBIDDEN}
_ANSWERED = {Outcome.PRINTER, Outcome.OTHER_DIALECT, Outcome.WRONG_MODE, Outcome.LOCKED}
# What another wire cannot better: whole answers, an unbroken row of SYN, a port we do not have.
_NO_PORT = {Outcome.HELD, Outcome.FORBIDDEN, Outcome.MISSING}
_FINAL = _ANSWERED | _NO_PORT | {Outcome.OTHER_REPLY, Outcome.BUSY}
_FINAL_AT_ANY_BAUD = _FINAL | {Outcome.ECHO}  # a loop is one at any


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


def probe_serial(path: str, bauds: Sequence[int], clock: Clock, *, family: str = "") -> Finding:
    """Look for a printer on a tty; of one `family`, if only that is looked for.

    A port that another program has open is not touched. No `bauds`: at the likely ones.
    """
    # The far end of a pseudo-terminal may keep it open for ever; there only the lock counts.
    if PSEUDO_TERMINALS not in Path(path).resolve().parents and (holder := port_holder(path)):
        return Finding(path, "serial", Outcome.HELD, detail=str(holder))
    cables = [(baud, SerialTransport(path, baud)) for baud in bauds or UNTOLD_BAUDS]
    wires = [wire for wire in WIRES if not family or family in wire.families]
    return probe(path, "serial", cables, clock, wires, only=None if bauds else FACTORY_BAUDS)


def probe_usb(address: str, bauds: Sequence[int], clock: Clock) -> Finding:
    """Look for a printer on a USB line without a tty. No `bauds`: at the likely ones.

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
        for baud in bauds or UNTOLD_BAUDS
    ]
    return probe(address, "usb", cables, clock, only=None if bauds else FACTORY_BAUDS)


def probe_tcp(
    host: str, port: int, address: str, clock: Clock, *, connect_s: float = CONNECT_S_MAX
) -> Finding:
    """Look for a printer behind a TCP port."""
    cable = TcpTransport(host, port, connect_timeout_s=connect_s)
    return probe(address, "tcp", [(None, cable)], clock)


def probe(
    address: str,
    transport: str,
    cables: Sequence[tuple[int | None, Transport]],
    clock: Clock,
    wires: Sequence[Wire] = WIRES,
    *,
    only: Mapping[int, str] | None = None,
) -> Finding:
    """Ask on one cable after the other until a printer answers; the best outcome otherwise.

    Args:
        only: bauds at which one family alone is looked for.
    """
    until_s = clock.monotonic_s() + PORT_S_MAX
    found: list[Finding] = []
    for baud, cable in cables:
        ear = Ear(cable, clock, until_s=until_s)
        try:
            cable.open()
            empty = Finding(address, transport, Outcome.SILENCE, baud)
            family = (only or {}).get(baud or 0)
            asked = [wire for wire in wires if family in (None, *wire.families)]
            found.append(_listen(empty, ear, clock, asked))
        except NotStarted as error:
            outcome = _NOT_OPENED.get(error.fault, Outcome.MISSING)
            found.append(Finding(address, transport, outcome, detail=str(error)))
            if error.fault is Fault.BAD_REQUEST:  # only this baud
                continue
        finally:
            cable.close()
        if found[-1].outcome in _FINAL_AT_ANY_BAUD or clock.monotonic_s() >= until_s:
            break
    best = found[-1] if found[-1].outcome in _FINAL_AT_ANY_BAUD else min(found, key=_rank)
    baud = None if best.outcome is Outcome.SILENCE else best.baud
    return replace(best, baud=baud, steps=_steps(found))


def _listen(empty: Finding, ear: Ear, clock: Clock, wires: Sequence[Wire]) -> Finding:
    """Ask on every wire at one baud."""
    found = empty
    for wire in wires:
        if empty.baud is not None and not wire.on_serial:
            continue
        ear.forget()
        link = Link(ear, wire.protocol, clock)
        answered, others = _answers(link, wire, ear)
        heard = ear.heard[:HEARD_BYTES_MAX]
        if _is_text(ear.heard) and "tremol" not in wire.families:
            others = False  # rows of the same text can pass a check of one byte
        outcome = Outcome.OTHER_REPLY if others else _meaning(ear.sent, ear.heard)
        now = replace(empty, outcome=outcome, heard=heard)
        if answered:
            now = _introduced(now, wire, link, ear, clock)
        elif ear.broken:
            now = replace(now, outcome=Outcome.MISSING, detail=ear.broken)
        step = Step(empty.baud, wire.title, now.outcome, heard)
        best = now if answered or ear.broken or not found.steps else min(found, now, key=_rank)
        found = replace(best, steps=(*found.steps, step))
        if now.outcome in _FINAL or ear.over:
            break
    return found


def _answers(link: Link, wire: Wire, ear: Ear) -> tuple[bool, bool]:
    """Ask what harms nobody; a second time only where nothing at all was heard.

    Returns:
        Whether it is answered; if not, whether good answers to something else came.
    """
    for _ in range(wire.asks):
        try:
            link.open(wire.probe, last_sequence=None)
        except NotStarted as error:
            if ear.over or ear.heard:
                return False, error.heard is Heard.OTHER_REPLY
        else:
            return True, False
    return False, False


def _meaning(sent: Sequence[bytes], heard: bytes) -> Outcome:
    """What bytes are that hold no answer."""
    if not heard:
        return Outcome.SILENCE
    if set(heard) == {SYN}:
        return Outcome.BUSY
    if set(heard) <= {SYN, NAK}:
        return Outcome.NAK
    if _is_echo(sent, heard):
        return Outcome.ECHO
    return Outcome.FOREIGN if _is_text(heard) else Outcome.GARBAGE


def _is_echo(sent: Sequence[bytes], heard: bytes) -> bool:
    """A frame of ours comes first; of our calls of one byte, nothing but those."""
    calls = {frame[0] for frame in sent if len(frame) == 1}
    return heard.startswith(tuple(frame for frame in sent if len(frame) > 1)) or set(heard) <= calls


def _is_text(heard: bytes) -> bool:
    """Words or figures, as scales, scanners and modems send them: half of it letters or digits."""
    text = heard.decode("latin-1").translate(FRAMING)
    known = text.isascii() and text.isprintable()
    return known and TEXT_BYTES_MIN <= len(text) <= 2 * sum(map(str.isalnum, text))


def _introduced(found: Finding, wire: Wire, link: Link, ear: Ear, clock: Clock) -> Finding:
    """Something answered on a wire: what make it is, and who."""
    if wire.families == ("tremol",):
        return _tremol(found, link, ear, clock)
    if len(wire.families) == 1:
        only = Make(wire.families[0], wire.dialect)
        return _read_by_its_driver(found, only, link.sequence, ear, clock)
    try:
        told = from_device(link.execute(WHO).data)
    except ContactLost as error:
        return replace(found, outcome=Outcome.OTHER_DIALECT, detail=str(error))
    if (made := make_of(told)) is not None:
        return _read_by_its_driver(found, made, link.sequence, ear, clock)
    model, firmware = (*told.split(","), "", "")[:2]
    unknown = Make("", "", model, firmware).identity
    return replace(found, outcome=Outcome.OTHER_DIALECT, identity=unknown, detail=told)


def _tremol(found: Finding, link: Link, ear: Ear, clock: Clock) -> Finding:
    """It lives: whether its network lets us in, and whether it takes commands."""
    alive = replace(found, outcome=Outcome.WRONG_MODE, family="tremol")
    try:
        state = link.execute(Request(STATE, budget=PROBE)).data[0]
        if state & 0xF0 != READY:
            return replace(alive, outcome=Outcome.LOCKED, detail=", ".join(signs_of(state)))
        told = from_device(link.execute(Request(VERSION, budget=PROBE)).data)
        made = Make("tremol", tremol_dialect(told.split(";")))
    except ContactLost as error:
        return replace(alive, detail=str(error))
    return _read_by_its_driver(found, made, link.sequence, ear, clock)


def _read_by_its_driver(
    found: Finding, made: Make, sequence: int | None, ear: Ear, clock: Clock
) -> Finding:
    """Have its driver read who it is; one that will not say is a printer all the same."""
    printer = replace(
        found, outcome=Outcome.PRINTER, family=made.family, dialect=made.dialect, detail=""
    )
    driver = families.printer(made.family, ear, clock, Operator(), dialect=made.dialect)
    try:
        return replace(printer, identity=driver.open(last_sequence=sequence))
    except DriverError as error:
        mode = error.fault is Fault.WRONG_MODE
        outcome = Outcome.WRONG_MODE if mode else Outcome.PRINTER
        told = made.identity if made.model else None
        return replace(printer, outcome=outcome, identity=told, detail=str(error))
    finally:
        driver.close()


def _rank(finding: Finding) -> int:
    return list(Outcome).index(finding.outcome)


def _steps(found: Sequence[Finding]) -> tuple[Step, ...]:
    return tuple(step for finding in found for step in finding.steps)
