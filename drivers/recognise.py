"""Who is at the other end: the wire it speaks, then the make, from what it says of itself.

    wire         asked                    answered by
    Tremol ZFP   03 04 (one byte: 04)     Tremol; 03 that comes back is a loop in the cable
    Datecs X     74 in an X frame         Datecs with the ANAF electronic journal
    legacy ISL   74, then 90 "1"          Datecs before X, Daisy, Eltrade, Incotex:
    Shtrih-M     05 (15 or 06), then FC   Shtrih-M
    the same     8F 00 00 0F 1D, then FC  Shtrih-M with numbered frames, behind a network port

    CompactM ONL01-4.01BG 29-10-2018 11:34,FFFF,00,6,DY408097,36543869          Daisy
    A1,A1,EJ 1.17 260118 1025,FFFF,00,ED123456,44123456                         Eltrade
    2.11 Jan 22 2019 14:00,DB44EEAD,0000,06,IN015013,54015013,284013911622147   Incotex
    DP-25 2.04BG 26Jan18 1025,FFFF,00000000,02123456,DT123456                   Datecs

The bytes that leave no trace go first: text of a frame would wait in a foreign printer's buffer for
the next line. A ZFP message ends with a line feed, so it only goes to what answered 04. ENQ (05)
calls a card terminal, which says 06, waits for a frame and gives up; with no amount it takes no
payment. It is a byte of every ISL frame; alone it goes last, once, and FC only to what says that it
is idle. Prefixes of serials say nothing: Romanian ones are not known [other_protocols.md 0.2, 4.4,
5, 6, 7.1; datecs.md 6].

What is configured is named here as `family:dialect`, datecs_legacy:compact. A wrong dialect opens,
counts and prints, and registers a card as another payment: so it is refused at the open wherever
the device tells which it is. A dialect finer than that begins with what can be told: bg, bg_v2.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from drivers.clock import Clock
from drivers.errors import DriverError, NotStarted
from drivers.faults import Fault
from drivers.link import Link
from drivers.model import Identity
from drivers.transport import Transport
from protocol.datecs_x import DATECS_X
from protocol.exchange import Budget, Reply, Request, WireProtocol
from protocol.isl_exchange import ISL_LEGACY
from protocol.shtrih_exchange import SHTRIH, SHTRIH_NUMBERED
from protocol.text import from_device
from protocol.zfp import PING
from protocol.zfp_exchange import ZFP

PROBE = Budget(silence_s=0.25, total_s=1.0)  # the first reaction comes within 60 ms [datecs.md 2.2]
STATUS, DIAGNOSTICS, VERSION, WHO_OF_SHTRIH = 74, 90, 0x21, 0xFC
WHO = Request(DIAGNOSTICS, b"1", budget=PROBE)
PORT_FAULTS = {Fault.PORT_MISSING, Fault.PORT_BUSY, Fault.PORT_FORBIDDEN, Fault.BAD_REQUEST}

TITLES = {
    "daisy": "a Daisy",
    "datecs_legacy": "a Datecs before the X series",
    "datecs_x": "a Datecs X",
    "eltrade": "an Eltrade",
    "incotex": "an Incotex",
    "shtrih": "a Shtrih-M",
    "tremol": "a Tremol",
}
TITLES_RO = {  # as "nu este ..., pare ..." goes on
    "daisy": "Daisy",
    "datecs_legacy": "Datecs dinainte de seria X",
    "datecs_x": "Datecs X",
    "eltrade": "Eltrade",
    "incotex": "Incotex",
    "shtrih": "Shtrih-M",
    "tremol": "Tremol",
}


@dataclass(frozen=True, slots=True)
class Wire:
    """A wire protocol, a question on it that harms nobody, and the families that answer it."""

    title: str
    protocol: WireProtocol
    probe: Request
    families: tuple[str, ...]
    asks: int = 2  # how often a silent port is asked: a first frame may end in somebody's noise
    dialects: tuple[str, ...] = ()  # of its only family, that speak it; (): all of each family
    on_serial: bool = True  # False: seen on network units alone; detection asks it only there

    @property
    def dialect(self) -> str:
        """Which it must be; "" where the wire does not tell it."""
        return self.dialects[0] if len(self.dialects) == 1 else ""

    def speaks(self, family: str, dialect: str) -> bool:
        return family in self.families and (not self.dialects or dialect in self.dialects)


WIRES = (
    Wire("Tremol ZFP", ZFP, Request(PING, budget=PROBE), ("tremol",), asks=1),
    Wire("Datecs X", DATECS_X, Request(STATUS, budget=PROBE), ("datecs_x",)),
    Wire(
        "legacy ISL",
        ISL_LEGACY,
        Request(STATUS, budget=PROBE),
        ("datecs_legacy", "daisy", "eltrade", "incotex"),
    ),
    Wire(
        "Shtrih-M",
        SHTRIH,
        Request(WHO_OF_SHTRIH, budget=PROBE),
        ("shtrih",),
        asks=1,
        dialects=("enq", "by_sale"),
    ),
    Wire(
        "Shtrih-M, numbered",
        SHTRIH_NUMBERED,
        Request(WHO_OF_SHTRIH, budget=PROBE),
        ("shtrih",),
        asks=1,
        dialects=("numbered",),
        on_serial=False,
    ),
)


@dataclass(frozen=True, slots=True)
class Make:
    """What a device seems to be. `dialect` is "" where its words do not tell it."""

    family: str
    dialect: str = ""
    model: str = ""
    firmware: str = ""

    @property
    def identity(self) -> Identity:
        return Identity(self.model, self.firmware, "", "", "")

    def fits(self, configured: str) -> bool:
        """Is it what is configured, or can its words not tell? Without a dialect all are meant."""
        family, told, dialect = configured.partition(":")
        finer = dialect.startswith(f"{self.dialect}_")
        return self.family == family and (not told or self.dialect in ("", dialect) or finer)


SHAPES = (  # of the answer to 90; strict: what fits none of them is nobody's
    (
        "daisy",
        re.compile(
            r"(?P<model>.*?) ?(?P<firmware>\S+) \d\d-\d\d-\d{4} \d\d:\d\d"
            r",[0-9A-F]{4},\w+,(?P<country>\d{1,3}),[^,]*,[^,]*"
        ),
    ),
    (
        "eltrade",
        re.compile(
            r"(?P<model>[^,]*),[^,]*,(?P<firmware>[^,]*\d\.\d[^,]*),[0-9A-F]{4},\w+,[^,]*,[^,]*"
        ),
    ),
    (
        "incotex",
        re.compile(
            r"(?P<model>)(?P<firmware>\d+\.\d+\S*) [A-Z][a-z]{2} +\d{1,2} \d{4} \d\d:\d\d"
            r",[0-9A-F]{4,8},\w+,\d{1,3},[^,]*(,[^,]*){0,2}"
        ),
    ),
    (
        "datecs_legacy",
        re.compile(
            r"(?P<model>[^,]+?)(?P<comma>[ ,])(?P<firmware>[^, ]+ \d\d[A-Z][a-z]{2}\d\d \d{4})"
            r",[0-9A-F]{4},[01]{8},[^,]*,[^,]*"
        ),
    ),
)


def make_of(diagnostics: str) -> Make | None:
    """Tell who answers 90 on the legacy ISL wire like this; None: nobody we know."""
    for family, shape in SHAPES:
        if found := shape.fullmatch(diagnostics.strip()):
            dialect = _dialect(family, found)
            return Make(family, dialect, found["model"].strip(), found["firmware"])
    return None


def _dialect(family: str, found: re.Match[str]) -> str:
    if family == "datecs_legacy":  # registers put no comma between model and firmware
        return "printer" if found["comma"] == "," else "compact"
    if family == "daisy" and found["firmware"].endswith(("BG", "RO")):
        return found["firmware"][-2:].lower()
    return ""


def tremol_dialect(version: Sequence[str]) -> str:
    """21: five fields in Bulgaria, one text in Romania [other_protocols.md 2.7]."""
    return "bg" if len(version) >= 5 else "ro"


def is_not(configured: str, made: Make, name: str) -> NotStarted:
    """What there is to say of a cable that leads to another printer than the configured one."""
    family, _, dialect = configured.partition(":")
    this, that = TITLES[family], TITLES[made.family]
    if made.family == family:
        known = [made.dialect] if made.dialect else _on_other_wires(family, dialect)
        this, that = f"a {configured}", " or ".join(f"{family}:{one}" for one in known)
    who = f" ({made.model})" if made.model else ""
    sentence = f"{name}: this is not {this}, it looks like {that}{who}"
    return NotStarted(sentence, fault=Fault.OTHER_DIALECT)


def _on_other_wires(family: str, dialect: str) -> list[str]:
    wires = [wire for wire in WIRES if family in wire.families and not wire.speaks(family, dialect)]
    return [one for wire in wires for one in wire.dialects]


def need_family(configured: str, diagnostics: str, name: str) -> None:
    """Let pass what is configured, and what is nobody's: an unknown model is a person's choice.

    Raises:
        NotStarted: it is surely another's, or another dialect.
    """
    made = make_of(diagnostics)
    if made is not None and not made.fits(configured):
        raise is_not(configured, made, name)


def need_tremol(configured: str, version: Sequence[str], name: str) -> None:
    """Let pass a Tremol of the country that is configured, by the fields of 21.

    Raises:
        NotStarted: it tells the other one.
    """
    made = Make("tremol", tremol_dialect(version))
    if not made.fits(configured):
        raise is_not(configured, made, name)


def open_as(configured: str, link: Link, probe: Request, *, last_sequence: int | None) -> Reply:
    """Open a link; where nothing of this kind answers the first time, look who is there.

    Raises:
        NotStarted: no port, or no such printer; who it is instead, if it can be told.
    """
    try:
        return link.open(probe, last_sequence=last_sequence)
    except NotStarted as error:
        if link.met or error.fault in PORT_FAULTS:
            raise
        if (made := stranger(configured, link.transport, link.clock)) is None:
            raise
        raise is_not(configured, made, link.transport.name) from error


def stranger(configured: str, cable: Transport, clock: Clock) -> Make | None:
    """Ask, once, on every wire that is not the configured one's."""
    family, _, dialect = configured.partition(":")
    for wire in WIRES:
        if wire.speaks(family, dialect):
            continue
        link = Link(cable, wire.protocol, clock)
        try:
            link.open(wire.probe, last_sequence=None)
            if len(wire.families) == 1:
                return Make(wire.families[0], wire.dialect)
            return make_of(from_device(link.execute(WHO).data))
        except DriverError:
            continue
        finally:
            link.close()
    return None
