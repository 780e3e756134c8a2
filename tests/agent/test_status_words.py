"""`amef status --lang ro`: what the running agent writes in English, said in Romanian."""

import ast
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.cli.status_words import COSTS_OF, COSTS_RO, in_romanian
from agent.cloud.abilities import COSTS
from agent.cloud.network import expiry_warning
from agent.health import STATUS_FILE
from drivers.faults import Fault
from drivers.faults import words as fault_words
from drivers.recognise import TITLES, TITLES_RO, Make, is_not
from tests.agent.amef import called, configuration
from tests.tidy.tree import ROOT, Module, modules

DAY_MS = 86_400_000
NO_PORT = "Portul casei de marcat lipsește. Verificați cablul și alimentarea. [port_missing]"
OTHER_DIALECT = f"{fault_words()[Fault.OTHER_DIALECT].ro} [other_dialect]"
LITTLE_PAPER = "Hârtia este pe terminate. Pregătiți o rolă nouă. [paper_low]"
SAID = {
    "connected": "conectat",
    "the disk is 86 % full": "discul este plin în proporție de 86 %",
    "the disk is 98 % full: no new commands are taken": (
        "discul este plin în proporție de 98 %: nu se iau comenzi noi"
    ),
    "the key may not (403 FORBIDDEN: no scope (receipts): none): no commands are taken": (
        "cheia nu are voie (403 FORBIDDEN: no scope (receipts): none): nu se iau comenzi"
    ),
    f"the key may not (403 FORBIDDEN): {COSTS['receipt']}": (
        f"cheia nu are voie (403 FORBIDDEN): {COSTS_RO['receipt']}"
    ),
    f"the cloud lacks claim: {COSTS['claim']}": f"cloud-ul nu are claim: {COSTS_RO['claim']}",
    "127.0.0.1 refuses the connection": "127.0.0.1 refuză conexiunea",
    "401 UNAUTHORIZED: no": "cloud-ul nu primește cheia (401 UNAUTHORIZED: no)",
    "503 Service Unavailable": "cloud-ul răspunde 503 (Service Unavailable)",
    "the clock of this machine is 7 s ahead of the cloud's": (
        "ceasul acestui calculator este cu 7 s înaintea cloud-ului"
    ),
    # devices
    "online": "conectată",
    "online paper_low": f"conectată: {LITTLE_PAPER}",
    "online found on /dev/ttyUSB1, configured is /dev/ttyUSB0": (
        "conectată: găsită pe /dev/ttyUSB1, în configurație este /dev/ttyUSB0"
    ),
    "/dev/ttyUSB0: this is not a tremol:ro, it looks like tremol:bg or tremol:bg_v2": (
        "/dev/ttyUSB0: nu este tremol:ro, pare tremol:bg sau tremol:bg_v2"
    ),
    "/dev/ttyUSB0: this is not an Eltrade, it looks like a Datecs before the X series": (
        "/dev/ttyUSB0: nu este Eltrade, pare Datecs dinainte de seria X"
    ),
    "offline other_dialect /dev/ttyUSB0: this is not a Datecs X, it looks like a Daisy (FX1200)": (
        f"fără legătură: {OTHER_DIALECT} (/dev/ttyUSB0: nu este Datecs X, pare Daisy (FX1200))"
    ),
    "offline port_missing /dev/ttyS9 is not there": (
        f"fără legătură: {NO_PORT} (/dev/ttyS9 is not there)"
    ),
    "online paper_low; archive: fiscal memory, Z 1 to 20; archive: JE, Z 21, document 7": (
        f"conectată: {LITTLE_PAPER}; arhiva: se citește memoria fiscală, Z 1-20;"
        " arhiva: se citește JE, Z 21, documentul 7"
    ),
    "archive: mf: [Errno 28] the disk is 97 % full": (
        "arhiva: memoria fiscală nu s-a putut citi: discul este plin în proporție de 97 %"
    ),
    "archive: je: 124: no_data (device code -111003)": (
        "arhiva: JE nu s-a putut citi: Casa de marcat nu are datele cerute. [no_data] (124, codul"
        " -111003)"
    ),
    # the configuration, and counts
    "1 device": "1 casă de marcat",
    "20 devices: as before": "20 de case de marcat, neschimbate",
    "2 devices: added dev_2; other folders": (
        "2 case de marcat (adăugate: dev_2; alte directoare)"
    ),
    "1 command waits for dev_2, which is not configured": (
        "pentru dev_2, care nu este în configurație, așteaptă 1 comandă"
    ),
    "1 folder and 1 stick are looked at": "se urmăresc 1 director și 1 stick",
    "21 documents go within 30 days": (
        "21 de documente se șterg în 30 de zile: termenul de păstrare a trecut"
    ),
    # folders and sticks
    "/srv/till: 1 file in work, 2 held for a person, 3 cannot be read, as 'a'": (
        "/srv/till: 1 fișier în lucru, 2 așteaptă decizia unui om, 3 nu se pot citi, ca 'a'"
    ),
    "/srv/till cannot be used: Permission denied: /srv/till": (
        "/srv/till nu poate fi folosit: acces interzis: /srv/till"
    ),
    "/media/a: it was taken out": "/media/a: a fost scos",
    "/media/a: it was taken out before all of it was read": (
        "/media/a: a fost scos înainte de a fi citit tot"
    ),
    "RATE_LIMITED: slower": "cloud-ul răspunde RATE_LIMITED (slower)",
    "/media/a: 1 new, 20 known": "/media/a: 1 fișier nou, 20 deja în arhivă",
    "/media/a: 20 of a device that is not configured": (
        "/media/a: 20 de fișiere de la o casă de marcat care nu este în configurație"
    ),
    # sentences within sentences
    "stands still: the ledger cannot be used: the disk is 99 % full": (
        "stă pe loc: registrul nu poate fi folosit: discul este plin în proporție de 99 %"
    ),
    "the archive's uploads rest: 127.0.0.1 refuses the connection": (
        "trimiterea arhivei este în pauză: 127.0.0.1 refuză conexiunea"
    ),
}


@pytest.mark.parametrize("sentence", SAID)
def test_a_sentence_of_the_agent_is_said_in_romanian(sentence: str) -> None:
    assert in_romanian(sentence) == SAID[sentence]


@pytest.mark.parametrize("that", TITLES)
@pytest.mark.parametrize("this", TITLES)
def test_another_make_is_said_in_romanian_with_both_makes(this: str, that: str) -> None:
    if this == that:
        return
    said = str(is_not(this, Make(that, model="M 1"), "/dev/ttyUSB0"))
    romanian = f"/dev/ttyUSB0: nu este {TITLES_RO[this]}, pare {TITLES_RO[that]} (M 1)"
    assert in_romanian(said) == romanian


def test_every_cost_of_what_a_cloud_lacks_is_known_in_romanian() -> None:
    assert COSTS_RO.keys() == COSTS.keys()
    assert COSTS_OF.keys() == {*COSTS.values()}


def test_a_certificate_that_ends_is_said_in_romanian() -> None:
    assert in_romanian(expiry_warning(9 * DAY_MS, 8 * DAY_MS)).endswith("expiră la 1970-01-10")
    assert in_romanian(expiry_warning(7 * DAY_MS, 8 * DAY_MS)).endswith("a expirat la 1970-01-08")


@pytest.mark.parametrize("sentence", ["Somebody: hello", "", "/media/a: hello"])
def test_a_strangers_words_stay_as_they_are(sentence: str) -> None:
    assert in_romanian(sentence) == sentence


def test_the_status_is_shown_in_the_readers_language(tmp_path: Path) -> None:
    config = configuration(tmp_path, "/dev/ttyS9")
    (tmp_path / "state").mkdir()
    said = {"at_ms": int(time.time() * 1000), "loops": {"cloud": "connected"}}
    notes = {"cloud": ["the disk is 86 % full"]}
    (tmp_path / "state" / STATUS_FILE).write_text(json.dumps(said | {"notes": notes}))
    english = called("status", "--config", config).output
    romanian = called("status", "--config", config, "--lang", "ro").output
    assert "running" in english
    assert "cloud: connected" in english
    assert "merge" in romanian
    assert "cloud: conectat" in romanian
    assert "discul este plin în proporție de 86 %" in romanian


def test_every_reason_of_the_table_of_verdicts_has_a_romanian_form() -> None:
    rows = (ROOT / "docs" / "verdict-table.md").read_text("utf-8").splitlines()
    cells = [row.split(" | ") for row in rows if row.startswith("| ")]
    reasons = {why for _, verdict, why, _ in cells if verdict.isupper()}
    assert len(reasons) > 30
    assert [why for why in reasons if in_romanian(why) == why] == []


# nobody is forgotten: the code of everybody who speaks is read

SPEAKING = ("sentence", "sentences", "note", "notes")  # functions, and what is written to
KEPT = (*SPEAKING, "_said", "_told", "_left", "_trouble", "_file_trouble", "_why")
WORDING = ("in_words", "_cause_in_words", "_certificate", "about_time", "expiry_warning")
WORDING += (
    "changes",
    "aside_sentence",
    "trusted_or_none",
    "_web_page",
    "need_room",
    "files_below",
)
RAISED = ("CloudUnreachable", "CloudAnswerBroken")
BEAT = ("beat", "_end", "_broke")  # calls that are handed a sentence
FILLED = {"way": "behind", "expires": "expired", "', '.join(busy)": "/media/a", "call": "claim"}
FILLED |= {
    "key": "agent.id",
    "self._settings.path": "/srv/till",
    "code": "EMPTY",
    "to": "a.example",
}
FILLED |= {"words": "refused", "folders": "404 folders", "sticks": "404 sticks"}
FILLED |= {"documents": "404 documents go"}
FILLED |= {"counted(len(now), 'device', 'devices')": "404 devices"}
FILLED |= {"counted(count, 'command waits', 'commands wait')": "404 commands wait"}
FILLED |= {"counted(len(self._in_work or ()), 'file', 'files')": "404 files"}
ELSE = "404"  # fits a number, a name and a status
FRAGMENTS = {  # said only within another, as in SAID
    *("ahead of", "another place", "it was taken out"),
    *("404 files in work", "404 held for a person", "404 cannot be read, as 404"),
    *("/srv/till: 404", "404: 404", "404 404", "other folders", "404; 404"),
    *("archive: 404", "fiscal memory, Z 404 to 404", "JE, Z 404, document 404"),
}


def spoken(module: Module) -> Iterator[tuple[int, str]]:
    """Every text with a blank in it that somebody says in this module."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef) and node.name in (*SPEAKING, *WORDING):
            for statement in node.body:
                if not (
                    isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
                ):
                    yield from texts_in(statement)
        elif isinstance(node, ast.Assign) and any(is_kept(to) for to in node.targets):
            yield from texts_in(node.value)
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func).split(".")[-1]
            if name in RAISED or name in BEAT:
                for argument in (*node.args, *(each.value for each in node.keywords)):
                    yield from texts_in(argument)


def is_kept(to: ast.expr) -> bool:
    kept = to.value if isinstance(to, ast.Subscript) else to
    return isinstance(kept, ast.Attribute) and kept.attr in KEPT


def texts_in(node: ast.AST) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.JoinedStr):
        yield node.lineno, "".join(map(filled, node.values))
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.lineno, node.value
    elif not (isinstance(node, ast.Call) and ast.unparse(node.func).startswith("log.")):
        for child in ast.iter_child_nodes(node):
            yield from texts_in(child)


def filled(part: ast.expr) -> str:
    if isinstance(part, ast.FormattedValue):
        return FILLED.get(ast.unparse(part.value), ELSE)
    assert isinstance(part, ast.Constant)
    return str(part.value)


def test_nobody_in_the_agent_says_a_sentence_that_has_no_romanian_form() -> None:
    told = [
        (f"{module.path}:{line}", text)
        for module in modules("agent")
        if not module.path.startswith("agent/cli/")
        for line, text in spoken(module)
        if " " in text.strip()
    ]
    assert len({text for _, text in told}) > 60
    known = {text for _, text in told if in_romanian(text) != text}
    assert [each for each in told if each[1] not in known | FRAGMENTS] == []
