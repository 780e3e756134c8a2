"""What a running agent says of itself, in Romanian: it writes English, which is what is logged.

    "the disk is 86 % full"     -->  "discul este plin în proporție de 86 %"
    "offline port_missing ..."  -->  "fără legătură: Portul casei de marcat lipsește. ... (...)"

A sentence within a sentence is said in Romanian too, wherever it is known. A stranger's words (a
cloud's error, a driver's detail) stay as they came. A test reads the code of everybody who speaks
and finds a sentence that has no Romanian form here, or in `verdict_words.py`.
"""

import re
from collections.abc import Callable

from agent.cli.verdict_words import REASONS
from agent.cloud.abilities import COSTS
from agent.romanian import counted
from drivers.faults import Fault
from drivers.faults import words as fault_words
from drivers.recognise import TITLES, TITLES_RO

COSTS_RO = {
    "claim": "comenzile nu pot fi preluate: doi agenți pe o coadă ar putea tipări de două ori",
    "result": "nu primește rezultate: va arăta timeout pentru ce s-a făcut",
    "device_status": "nu primește starea casei de marcat: nu vede o casă fără hârtie",
    "upload": "rapoartele nu se pot trimite la casa lor de marcat",
    "sync": "fiecare comandă costă trei cereri în loc de una",
    "receipt": "bonurile nu apar în lista lui de bonuri",
    "report": "rapoartele nu apar în lista lui de rapoarte",
}
COSTS_OF = {COSTS[call]: romanian for call, romanian in COSTS_RO.items()}
STATUS = {"online": "conectată", "offline": "fără legătură", "error": "nu poate tipări"}
CHANGED = {"added": "adăugate", "removed": "scoase", "changed": "schimbate"}
MAKES = {TITLES[family]: title for family, title in TITLES_RO.items()}
PIECES = {
    "notice": "ultimul Z",
    "je": "JE",
    "mf": "memoria fiscală",
    "x_report": "raportul X",
    "z_report": "raportul Z",
}


def in_romanian(sentence: str) -> str:
    """Say it in Romanian, if we can."""
    return _known(sentence) or sentence


def _known(sentence: str) -> str | None:
    """None: nobody has said this in Romanian yet."""
    if sentence in COSTS_OF:
        return COSTS_OF[sentence]
    for pattern, said in SENTENCES.items():
        if match := re.fullmatch(pattern, sentence, re.DOTALL):
            groups = match.groups("")
            return (
                said.format(*map(in_romanian, groups)) if isinstance(said, str) else said(*groups)
            )
    for colon in re.finditer(": ", sentence):
        path, rest = sentence[: colon.start()], sentence[colon.end() :]
        if path.startswith("/") and (told := _known(rest)) is not None:
            return f"{path}: {told}"
    return None


# what is more than a sentence with places in it


def _count(one: str, many: str, text: str = "{}") -> Callable[[str], str]:
    return lambda number: text.format(counted(int(number), one, many))


def _device(status: str, rest: str) -> str:
    """`offline port_missing cover_open /dev/ttyUSB0 is not there`."""
    codes: list[str] = []
    words = rest.split()
    while words and words[0] in set(Fault):
        codes.append(words.pop(0))
    told = fault_words()
    said = [f"{told[Fault(code)].ro} [{code}]" for code in codes]
    detail = in_romanian(" ".join(words))
    if detail:
        said.append(f"({detail})" if said else detail)
    return f"{STATUS[status]}: {' '.join(said)}" if said else STATUS[status]


def _refused_by_device(doing: str, fault: str, code: str) -> str:
    said = fault_words()[Fault(fault)].ro if fault in set(Fault) else fault
    return f"{said} [{fault}] ({doing}{f', codul {code}' if code else ''})"


def _other_make(port: str, this: str, that: str, model: str) -> str:
    """Makes by their names, dialects as the configuration writes them."""
    these, those = (
        " sau ".join(MAKES.get(one, one.removeprefix("a ")) for one in said.split(" or "))
        for said in (this, that)
    )
    where = port.replace(" at ", " la ")  # its baud
    return f"{where}: nu este {these}, pare {those}{f' ({model})' if model else ''}"


def _devices(number: str, changes: str) -> str:
    said = _count("casă de marcat", "case de marcat")(number)
    if changes in ("", "as before"):
        return said + (", neschimbate" if changes else "")
    parts = [each.partition(" ") for each in changes.split("; ")]
    told = [f"{CHANGED[a]}: {b}" if a in CHANGED else "alte directoare" for a, _, b in parts]
    return f"{said} ({'; '.join(told)})"


def _folder(path: str, count: str, held: str, unreadable: str, example: str) -> str:
    said = [f"{counted(int(count), 'fișier', 'fișiere')} în lucru"]
    if held:
        said.append(f"{held} așteaptă decizia unui om")
    if unreadable:
        said.append(f"{unreadable} nu se pot citi, ca {example}")
    return f"{path}: {', '.join(said)}"


def _looked_at(folders: str, sticks: str) -> str:
    directories = counted(int(folders), "director", "directoare")
    return f"se urmăresc {directories} și {counted(int(sticks), 'stick', 'stickuri')}"


def _refused(status: str, code: str, sentence: str) -> str:
    """The cloud's own words stay as they came."""
    whole = f"{status} {code}: {sentence}".replace(" :", ":")
    why = {"401": "cloud-ul nu primește cheia", "403": "cheia nu are voie"}
    return f"{why.get(status, 'cloud-ul refuză')} ({whole})"


def _archive(what: str, more: str) -> str:
    return "; ".join(in_romanian(each) for each in (what, *re.split(r"; (?=archive: )", more)[1:]))


SENTENCES: dict[str, str | Callable[..., str]] = REASONS | {
    # the loops
    r"connected": "conectat",
    r"starting": "pornește",
    r"stands still: (.*)": "stă pe loc: {0}",
    r"the ledger cannot be used: (.*)": "registrul nu poate fi folosit: {0}",
    r"the ledger was damaged and is set aside as (.*); nothing is printed and no"
    r" command taken until this has been run: (.*)": (
        "registrul a fost deteriorat și pus deoparte ca {0}; nu se tipărește nimic și nu se iau"
        " comenzi până nu se rulează: {1}"
    ),
    r"(archive: .*?)((?:; archive: .*)+)": _archive,
    r"(starting|(?:online|offline|error)(?: .*?)?)((?:; archive: .*)+)": _archive,
    r"(online|offline|error)((?: .*)?)": _device,
    r"(.*): this is not (.*), it looks like (.*?)(?: \((.*)\))?": _other_make,
    r"found on (\S+), configured is (\S+)": "găsită pe {0}, în configurație este {1}",
    r"(\S+): fiscal serial (\S*), configured is (\S+)": (
        "{0}: seria fiscală {1}, în configurație este {2}"
    ),
    r"(\S+): fiscal serial (\S+) is driven as (\S+) already": (
        "{0}: casa cu seria fiscală {1} este deja folosită ca {2}"
    ),
    r"(\S+): fiscal serial (\S*), until now (\S+): if it is the new printer, write its"
    r" fiscal_serial down": (
        "{0}: seria fiscală {1}, până acum {2}: dacă este casa cea nouă, scrieți-i fiscal_serial"
    ),
    r"(\S+): (\S+) is a simulated printer, the key is a live one": (
        "{0}: {1} este o casă simulată, cheia este una reală"
    ),
    r"(\S+): (\S+) is a real printer, the key is a test one": (
        "{0}: {1} este o casă reală, cheia este una de test"
    ),
    r"archive: fiscal memory, Z (\d+) to (\d+)": "arhiva: se citește memoria fiscală, Z {0}-{1}",
    r"archive: JE, Z (\d+), document (\d+)": "arhiva: se citește JE, Z {0}, documentul {1}",
    r"archive: (\w+): (.*)": lambda piece, why: (
        f"arhiva: {PIECES.get(piece, piece)} nu s-a putut citi: {in_romanian(why)}"
    ),
    r"\[Errno -?\d+\] (.*)": "{0}",
    r"(.*): (\w+) \(device code (.*)\)": _refused_by_device,
    # the configuration
    r"(\d+) devices?(?:: (.*))?": _devices,
    r"refused, nothing is changed: (.*)": "respinsă, nu s-a schimbat nimic: {0}",
    r"(\S+) is changed by a restart only": "{0} se schimbă numai prin repornire",
    r"(\d+) commands? waits? for (\S+), which is not configured": lambda number, who: (
        f"pentru {who}, care nu este în configurație, așteaptă "
        + counted(int(number), "comandă", "comenzi")
    ),
    # files dropped into a folder
    r"(/.*): (\d+) files? in work(?:, (\d+) held for a person)?"
    r"(?:, (\d+) cannot be read, as (.*))?": _folder,
    r"(/.*) cannot be used: (.*)": "{0} nu poate fi folosit: {1}",
    # the cloud: what it lacks, what the key lacks
    r"the key may not \((.*)\): no commands are taken": lambda why: (
        f"cheia nu are voie ({why}): nu se iau comenzi"
    ),
    r"the key may not \((.*)\): (.*?)": lambda why, cost: (
        f"cheia nu are voie ({why}): {in_romanian(cost)}"
    ),
    r"the cloud lacks (\w+): (.*)": "cloud-ul nu are {0}: {1}",
    r"the archive's uploads rest: (.*)": "trimiterea arhivei este în pauză: {0}",
    r"the organization's requests are used up: next poll in (\d+) s": (
        "cererile organizației s-au terminat: următoarea întrebare peste {0} s"
    ),
    r"(.*): the new key is refused \(401\), the old one is in use": (
        "{0}: cheia nouă este refuzată (401), se folosește cea veche"
    ),
    r"(.*): the new key is refused \(401\), the old one is in use; (.*)": (
        "{0}: cheia nouă este refuzată (401), se folosește cea veche; {1}"
    ),
    r"(.*); the key in memory is used": "{0}; se folosește cheia din memorie",
    r"(.*): the new key is of another organization or environment;"
    r" restart the agent to change over\. The old one is in use": (
        "{0}: cheia nouă este a altei organizații sau a altui mediu; pentru a o folosi, reporniți"
        " agentul. Se folosește cea veche"
    ),
    # the machine
    r"the clock of this machine is (\d+) s behind the cloud's": (
        "ceasul acestui calculator este cu {0} s în urma cloud-ului"
    ),
    r"the clock of this machine is (\d+) s ahead of the cloud's": (
        "ceasul acestui calculator este cu {0} s înaintea cloud-ului"
    ),
    r"the clock of this machine is wrong: it says (.*), the cloud says (.*)": (
        "ceasul acestui calculator este greșit: arată {0}, cloud-ul spune {1}"
    ),
    r"cannot be written: (.*)": "nu poate fi scris: {0}",
    r"the disk is read-only": "discul este protejat la scriere",
    r"the disk is full": "discul este plin",
    r"the disk is (\d+) % full": "discul este plin în proporție de {0} %",
    r"the disk is (\d+) % full: no new commands are taken": (
        "discul este plin în proporție de {0} %: nu se iau comenzi noi"
    ),
    # the way to the cloud
    r"the cloud's certificate expires on (.*)": "certificatul cloud-ului expiră la {0}",
    r"the cloud's certificate expired on (.*)": "certificatul cloud-ului a expirat la {0}",
    r"the cloud's certificate is not valid yet, or the clock here \((.*)\) is wrong": (
        "certificatul cloud-ului nu este valabil încă, sau ceasul de aici ({0}) este greșit"
    ),
    r"the cloud's certificate has expired, or the clock of this machine \((.*)\) is wrong": (
        "certificatul cloud-ului a expirat, sau ceasul acestui calculator ({0}) este greșit"
    ),
    r"the proxy does not let us through: (.*)": "serverul proxy nu ne lasă să trecem: {0}",
    r"(\S+) does not take the connection": "{0} nu răspunde la conectare",
    r"(\S+) does not answer in time \((.*)\)": "{0} nu răspunde la timp ({1})",
    r"no whole answer from (\S+) \((.*)\)": "răspuns incomplet de la {0} ({1})",
    r"no TLS with (\S+) \((.*)\): is it the cloud\?": "fără TLS cu {0} ({1}): este chiar cloud-ul?",
    r"(\S+) refuses the connection": "{0} refuză conexiunea",
    r"the connection to (\S+) was cut": "conexiunea la {0} s-a întrerupt",
    r"the name (\S+) cannot be resolved: no internet, or no DNS": (
        "numele {0} nu se găsește: lipsește internetul sau DNS-ul"
    ),
    r"(\S+) shows a certificate from an unknown authority: does somebody listen in\? If it is"
    r" your own network, give its CA as cloud\.ca_file": (
        "{0} arată un certificat de la o autoritate necunoscută: ascultă cineva? Dacă este rețeaua"
        " dumneavoastră, dați CA-ul ei în cloud.ca_file"
    ),
    r"who answers as (\S+) has a certificate of another name: is it the cloud\?": (
        "cine răspunde ca {0} are un certificat pe alt nume: este chiar cloud-ul?"
    ),
    r"the certificate of (\S+) is not good: (.*)": "certificatul {0} nu este bun: {1}",
    # what the cloud answers
    r"(\d{3}): it redirects to (.*), and no redirect is followed": (
        "{0}: redirecționează către {1}, iar redirecționările nu se urmează"
    ),
    r"(\d{3}): a web page(.*) and not the cloud: does this network want a login\?": (
        "{0}: o pagină web{1} în locul cloud-ului: cere rețeaua o autentificare?"
    ),
    r"(\d{3}): an error without a code and without a sentence": (
        "{0}: o eroare fără cod și fără explicație"
    ),
    r"(\d{3}): (.*); it begins with (.*)": "{0}: {1}; începe cu {2}",
    r"the list of commands is not a list": "lista de comenzi nu este o listă",
    r"the cloud does not go on after (\d+) parts": "cloud-ul nu continuă după {0} părți",
    r"the cloud does not go on with a document": "cloud-ul nu continuă un document",
    r"the cloud does not say how much of a document it has": (
        "cloud-ul nu spune cât are dintr-un document"
    ),
    r"the answer is above (\d+) bytes": "răspunsul depășește {0} octeți",
    r"the token of the next page is enormous": "codul paginii următoare este uriaș",
    r"sync says nothing of (\d+) of (\d+) events": (
        "sync nu spune nimic despre {0} din {1} evenimente"
    ),
    r"0 : (.*)": "{0}",
    r"(.*) has no '(\w+)'": "{0} nu are „{1}”",
    r"(\d{3}) (\w*): (.*)": _refused,
    r"(\d{3}) ([A-Z][A-Za-z' -]*)": "cloud-ul răspunde {0} ({1})",
    r"([A-Z][A-Z0-9_]+): (.*)": lambda code, told: f"cloud-ul răspunde {code} ({told})",
    # the archive
    r"no folder and no stick is looked at": "nu se urmărește niciun director și niciun stick",
    r"(\d+) folders? and (\d+) sticks? are looked at": _looked_at,
    r"reading (/.*)": "se citește {0}",
    r"the archive cannot keep more: (.*)": "arhiva nu mai poate păstra nimic: {0}",
    r"the certificates of (.*) cannot be read: (.*)": "certificatele din {0} nu se pot citi: {1}",
    r"the archive is not complete: see amef archive certificate": (
        "arhiva nu este completă: vedeți amef archive certificate"
    ),
    r"(\d+) documents? go(?:es)? within (\d+) days": lambda number, days: (
        f"{counted(int(number), 'document se șterge', 'documente se șterg')} în"
        f" {counted(int(days), 'zi', 'zile')}: termenul de păstrare a trecut"
    ),
    r"(\d+) new, (\d+) known": lambda new, known: (
        f"{counted(int(new), 'fișier nou', 'fișiere noi')}, {known} deja în arhivă"
    ),
    r"(\d+) restored": _count("fișier refăcut", "fișiere refăcute"),
    r"(\d+) refused": _count("fișier refuzat", "fișiere refuzate"),
    r"(.*) is refused: (\w+)": "{0} este refuzat: {1}",
    r"(\d+) of a device that is not configured": _count(
        "fișier", "fișiere", "{} de la o casă de marcat care nu este în configurație"
    ),
    r"(\d+) of a Z that is there already": _count(
        "fișier", "fișiere", "{} cu un Z care există deja"
    ),
    r"(\d+) kept, but not right": _count("fișier", "fișiere", "{} în arhivă, dar nu în regulă"),
    r"(.*) is kept, but not right: ([A-Z0-9_ ]+)": "{0} este în arhivă, dar nu în regulă: {1}",
    r"(\d+) could not be read": _count("fișier", "fișiere", "{} fără acces la citire"),
    r"more than (\d+) folders deep: (.*)": "prea multe directoare unul în altul ({0}): {1}",
    r"more than (\d+) files and folders: the rest is not read": (
        "prea multe fișiere și directoare ({0}): restul nu se citește"
    ),
    r"it was taken out before all of it was read": "a fost scos înainte de a fi citit tot",
    r"it was taken out": "a fost scos",
    # what the system says
    r"No such file or directory(.*)": "fișierul sau directorul nu există{0}",
    r"Not a directory(.*)": "nu este un director{0}",
    r"Permission denied(.*)": "acces interzis{0}",
    r"No space left on device(.*)": "discul este plin{0}",
    r"Read-only file system(.*)": "discul este protejat la scriere{0}",
    r"Input/output error(.*)": "eroare de citire sau de scriere{0}",
    r"Disk quota exceeded(.*)": "spațiul alocat pe disc s-a terminat{0}",
    # what SQLite says of a disk
    r"attempt to write a readonly database": "discul este protejat la scriere",
    r"database or disk is full": "discul este plin",
    r"disk I/O error": "eroare de citire sau de scriere",
    r"unable to open database file": "fișierul nu poate fi deschis",
}
