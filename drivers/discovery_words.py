"""What is on a port, in words: the likely cause and the next step, in Romanian and English."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What is on a port, from the best news to none."""

    PRINTER = "printer"
    OTHER_DIALECT = "other_dialect"
    WRONG_MODE = "wrong_mode"
    LOCKED = "locked"
    OTHER_REPLY = "other_reply"
    BUSY = "busy"
    NAK = "nak"
    ECHO = "echo"
    FOREIGN = "foreign"
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
        "Aici răspunde o casă de marcat. Treceți tabelul de mai jos în configurație.",
        "A fiscal printer answers here. Put the table below into the configuration.",
    ),
    Outcome.OTHER_DIALECT: OutcomeWords(
        "Răspunde o casă de marcat cu protocolul vechi (ISL), dar nu se recunoaște marca. Citiți "
        "marca de pe etichetă, alegeți singuri „family” (docs/families.md) și verificați cu "
        "amef printer status.",
        "A printer answers in legacy ISL, but its make is not recognised. Read the make on its "
        "label, choose `family` yourself (docs/families.md), and check with amef printer status.",
    ),
    Outcome.WRONG_MODE: OutcomeWords(
        "Casa de marcat este pornită și se aude, dar nu primește comenzi. Puneți-o în modul PC "
        "(imprimantă fiscală), cu bonul la 0,00, și repetați.",
        "The device is on and is heard, but takes no commands. Put the register in PC mode (fiscal "
        "printer; sale mode at 0.00 on Tremol), and detect again.",
    ),
    Outcome.LOCKED: OutcomeWords(
        "Casa de marcat răspunde, dar rețeaua ei ne refuză: cere parola sau este ocupată de altă "
        "conexiune. Citiți parola de rețea din meniul ei și scrieți-o la network_password "
        "(docs/devices.md).",
        "The printer answers, but its network refuses us: it wants its password, or another "
        "connection holds it. Read the network password in its menu, and write it down as "
        "network_password (docs/devices.md).",
    ),
    Outcome.OTHER_REPLY: OutcomeWords(
        "Răspunde o casă de marcat, dar la altceva decât s-a întrebat: probabil vorbește cu ea și "
        "alt program (pe alt calculator sau prin rețea). Opriți acel program, opriți și porniți "
        "casa de marcat și repetați.",
        "A printer answers, but to something else than was asked: another program may be talking "
        "to it (on another computer, or over the network). Stop that program, switch the printer "
        "off and on, and detect again.",
    ),
    Outcome.BUSY: OutcomeWords(
        "Casa de marcat răspunde doar că este ocupată. Verificați hârtia și capacul, așteptați "
        "sfârșitul tipăririi și repetați.",
        "The printer only says that it is busy. Check paper and cover, wait until it has "
        "finished printing, and detect again.",
    ),
    Outcome.NAK: OutcomeWords(
        "Ceva răspunde, dar refuză întrebările noastre (NAK): altă marcă sau viteză "
        "(baud) greșită. Verificați modelul și viteza din meniul casei de marcat.",
        "Something answers but refuses our questions (NAK): another make of printer, or the wrong "
        "baud rate. Check the model, and the rate in the register's menu.",
    ),
    Outcome.ECHO: OutcomeWords(
        "Se întorc chiar octeții noștri: cablul este în buclă sau la capăt nu este o casă de "
        "marcat. Verificați cablul.",
        "Our own bytes come back: the cable loops back, or its end is not a printer. "
        "Check the cable.",
    ),
    Outcome.FOREIGN: OutcomeWords(
        "Aici vorbește altceva: trimite text, nu răspunsuri (cântar, cititor de coduri, modem). "
        "Nu este o casă de marcat; excludeți portul cu --not.",
        "Another device talks here: it sends text, no answers (scale, scanner, modem). It is no "
        "fiscal printer; leave it out with --not.",
    ),
    Outcome.GARBAGE: OutcomeWords(
        "Vin octeți fără înțeles: viteză (baud) greșită sau altceva (cântar, cititor, modem). "
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
