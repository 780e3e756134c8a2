"""What became of a command, and why nobody knows: the reasons in a ledger, in Romanian.

A pattern of the English sentence, as `agent/verdict.py` says it, and what is said instead.
"""

from collections.abc import Callable

from agent.romanian import counted


def _closed(number: str) -> str:
    if (grown := int(number)) < 0:
        return f"contorul de bonuri a scăzut cu {-grown}"
    return f"între timp s-au închis {counted(grown, 'bon', 'bonuri')}"


REASONS: dict[str, str | Callable[..., str]] = {
    # what answers, what stands open
    r"another device answers: (.*)": "răspunde altă casă de marcat: {0}",
    r"a non-fiscal document is open": "un document nefiscal este deschis",
    r"a receipt is open and nothing is paid": "un bon este deschis și nu s-a plătit nimic",
    r"a receipt is open, partly paid; the device does not say how much": (
        "un bon este deschis, plătit în parte; casa de marcat nu spune cât"
    ),
    r"a receipt is open, and another was closed or a Z made since": (
        "un bon este deschis, iar între timp s-a închis altul sau s-a făcut un Z"
    ),
    r"a partly paid receipt is open that cannot be proved to be ours": (
        "este deschis un bon plătit în parte, despre care nu se poate dovedi că este al nostru"
    ),
    r"our receipt is open with payments that are not ours": (
        "bonul nostru este deschis, cu plăți care nu sunt ale noastre"
    ),
    r"our receipt is open, (\d+) of (\d+) payments made": (
        "bonul nostru este deschis; plăți făcute: {0} din {1}"
    ),
    # receipts
    r"no receipt was closed since": "între timp nu s-a închis niciun bon",
    r"(-?\d+) receipts were closed since": _closed,
    r"one receipt was closed since, but it does not look like ours": (
        "între timp s-a închis un bon, dar nu seamănă cu al nostru"
    ),
    r"(.*), and it alone came": "{0}, și nu a apărut alt document",
    r"(.*), but not it alone came": "{0}, dar au apărut și alte documente",
    r"(.*); the device does not count what else came": (
        "{0}; casa de marcat nu numără ce altceva a mai apărut"
    ),
    r"one receipt was closed since, (.*)": "între timp s-a închis un bon, {0}",
    r"with our total": "cu totalul nostru",
    r"its total is not told": "al cărui total nu se știe",
    r"a receipt was closed since that looks like ours, but we sent no payment": (
        "între timp s-a închis un bon care seamănă cu al nostru, dar noi nu am trimis nicio plată"
    ),
    r"our reference stands in the JE": "referința noastră este în JE",
    r"our reference stands in the JE, but no receipt was counted": (
        "referința noastră este în JE, dar niciun bon nu a fost numărat"
    ),
    # the Z, and what it hides
    r"the Z number is as before": "numărul Z este cel dinainte",
    r"the Z number went up by one": "numărul Z a crescut cu unu",
    r"the Z number moved by (-?\d+)": "numărul Z s-a schimbat cu {0}",
    r"a Z report was made since: (\d+) is (\d+)": (
        "între timp s-a făcut un raport Z: era {0}, acum este {1}"
    ),
    # cash
    r"no cash went in or out since": "între timp nu s-a introdus și nu s-a scos numerar",
    r"our sum went in or out since": "între timp s-a introdus sau s-a scos suma noastră",
    r"other sums went in or out since": "între timp s-au introdus sau s-au scos alte sume",
    r"the day's sums of cash could not be read": "numerarul zilei nu s-a putut citi",
    # slips and copies
    r"no document came since": "între timp nu a apărut niciun document",
    r"no document since carries our reference": (
        "niciun document apărut între timp nu are referința noastră"
    ),
    r"the device does not count slips, and none was found in its JE": (
        "casa de marcat nu numără bonurile nefiscale, iar în JE nu s-a găsit niciunul"
    ),
    r"documents came since, and the JE cannot be read": (
        "între timp au apărut documente, iar JE nu se poate citi"
    ),
    r"no document came since that can be a copy": (
        "între timp nu a apărut niciun document care să poată fi o copie"
    ),
    r"one document came since that can only be a copy": (
        "între timp a apărut un document care nu poate fi decât o copie"
    ),
    r"documents came since that cannot be told apart": (
        "între timp au apărut documente care nu se pot deosebi"
    ),
    # what counts nothing
    r"it changes nothing: safe to do again": "nu schimbă nimic: se poate face din nou",
    r"the answer to our own file came": "a venit răspunsul la fișierul nostru",
    r"our own file was refused, or never taken": (
        "fișierul nostru a fost refuzat sau nu a fost luat niciodată"
    ),
    r"nothing says what became of our file, and no counters can be asked": (
        "nu se știe ce s-a întâmplat cu fișierul nostru, iar contoare nu se pot citi"
    ),
    # said by others than the verdict
    r"not understood any more: (.*)": "conținutul comenzii nu mai poate fi înțeles: {0}",
    r"the agent was restarted": "agentul a fost repornit",
    r"its device is not in the configuration": "casa ei de marcat nu este în configurație",
    r"the ledger was damaged; whether this is on paper is not known: look before anything else": (
        "registrul a fost deteriorat; nu se știe dacă aceasta este pe hârtie: căutați-o înainte de"
        " orice altceva"
    ),
}
