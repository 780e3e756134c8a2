"""What a running agent says of itself, in Romanian: it writes English, which is what is logged.

    "the disk is 86 % full"    -->    "discul este plin în proporție de 86 %"

A stranger's words within a sentence (a cloud's error) stay as they came, as does a sentence that is
not known here.
"""

import re

from agent.cloud.abilities import COSTS

COSTS_RO = {
    "claim": "comenzile nu pot fi luate: doi agenți pe o coadă ar putea tipări de două ori",
    "result": "nu primește rezultate: va arăta timeout pentru ce s-a făcut",
    "device_status": "nu primește starea casei: nu vede o casă fără hârtie",
    "upload": "rapoartele nu se pot trimite la casa lor",
    "sync": "fiecare comandă costă trei cereri în loc de una",
    "receipt": "bonurile nu apar în lista lui de bonuri",
    "report": "rapoartele nu apar în lista lui de rapoarte",
}
COSTS_OF = {COSTS[call]: romanian for call, romanian in COSTS_RO.items()}

SENTENCES = {
    r"connected": "conectat",
    r"starting": "pornește",
    r"the key may not \((.*)\): no commands are taken": (
        r"cheia nu are voie (\1): nu se iau comenzi"
    ),
    r"the key may not \((.*)\): (.*?)": r"cheia nu are voie (\1): \2",
    r"the archive's uploads rest: (.*)": r"trimiterea arhivei se odihnește: \1",
    r"the cloud lacks (\w+): (.*)": r"cloud-ul nu are \1: \2",
    r"the clock of this machine is (\d+) s behind the cloud's": (
        r"ceasul acestui calculator este cu \1 s în urma cloud-ului"
    ),
    r"the clock of this machine is (\d+) s ahead of the cloud's": (
        r"ceasul acestui calculator este cu \1 s înaintea cloud-ului"
    ),
    r"the clock of this machine is wrong: it says (.*), the cloud says (.*)": (
        r"ceasul acestui calculator este greșit: arată \1, cloud-ul spune \2"
    ),
    r"the disk is (\d+) % full": r"discul este plin \1 %",
    r"the disk is (\d+) % full: no new commands are taken": (
        r"discul este plin \1 %: nu se iau comenzi noi"
    ),
    r"the organization's requests are used up: next poll in (\d+) s": (
        r"cererile organizației s-au terminat: următoarea întrebare peste \1 s"
    ),
    r"the cloud's certificate expires on (.*)": r"certificatul cloud-ului expiră la \1",
    r"the cloud's certificate expired on (.*)": r"certificatul cloud-ului a expirat la \1",
    r"(.*): the new key is refused \(401\), the old one is in use(.*)": (
        r"\1: cheia nouă este refuzată (401), se folosește cea veche\2"
    ),
    r"(\d+) devices": r"\1 case de marcat",
    r"(\d+) devices: as before": r"\1 case de marcat, neschimbate",
    r"(\d+) devices: (.*)": r"\1 case de marcat (\2)",
    r"refused, nothing is changed: (.*)": r"respinsă, nu s-a schimbat nimic: \1",
    r"(\S+) is changed by a restart only": r"\1 se schimbă numai prin repornire",
    r"(\d+) commands wait for (\S+), which is not configured": (
        r"\1 comenzi așteaptă după \2, care nu este în configurație"
    ),
    r"online found on (\S+), configured is (\S+)": (
        r"online; găsită pe \1, în configurație este \2"
    ),
    r"(\d+) folders and (\d+) sticks are looked at": r"se urmăresc \1 directoare și \2 stickuri",
    r"no folder and no stick is looked at": r"nu se urmărește niciun director și niciun stick",
    r"reading (/.*)": r"se citește \1",
    r"the archive cannot keep more: (.*)": r"arhiva nu mai poate păstra nimic: \1",
    r"the archive is not complete: see amef archive certificate": (
        r"arhiva nu este completă: vedeți amef archive certificate"
    ),
    r"(\d+) documents go within (\d+) days": (
        r"\1 documente pleacă în \2 de zile: termenul de păstrare a trecut"
    ),
    r"(.*): (\d+) new, (\d+) known": r"\1: \2 noi, \3 știute",
    r"(.*): (\d+) restored": r"\1: \2 refăcute",
    r"(.*): (\d+) refused": r"\1: \2 refuzate",
    r"(.*) is refused: ([A-Z_]+)": r"\1 este refuzat: \2",
    r"(.*): (\d+) of a device that is not configured": (
        r"\1: \2 de la o casă care nu este în configurație"
    ),
    r"(.*): (\d+) of a Z that is there already": r"\1: \2 cu un Z care există deja",
    r"(.*): (\d+) could not be read": r"\1: \2 nu s-au putut citi",
    r"(.*): it was taken out( before all of it was read)?": (
        r"\1: a fost scos înainte de a fi citit tot"
    ),
    r"(\S+) refuses the connection": r"\1 refuză conexiunea",
    r"(\S+) does not take the connection": r"\1 nu răspunde la conectare",
    r"the name (\S+) cannot be resolved: no internet, or no DNS": (
        r"numele \1 nu se găsește: lipsește internetul sau DNS-ul"
    ),
}


def in_romanian(sentence: str) -> str:
    """Say it in Romanian, if we can."""
    for english, romanian in SENTENCES.items():
        if match := re.fullmatch(english, sentence):
            said = match.expand(romanian)
            cost = next((cost for cost in COSTS_OF if said.endswith(cost)), "")
            return said.removesuffix(cost) + COSTS_OF.get(cost, "")
    return sentence
