"""Why something asked was not done, for a Romanian: one sentence for each code, what to do in it.

    PAYMENTS_SHORT  -->  "Plățile sunt mai mici decât totalul: corectați plățile."

A device's own conditions have their sentences in drivers/faults.toml. What exactly is wrong stands
beside it, in English, with the path of the field.
"""

from drivers.faults import Fault, words

ROMANIAN = {
    "ADJUSTMENT_NOT_ALLOWED": "Reducerea sau majorarea pe tot bonul ar cădea și pe garanție sau"
    " pe bacșiș: puneți-o pe liniile la care se referă.",
    "ADVANCE_BESIDE_ADJUSTMENT": "Avansul nu merge împreună cu o reducere sau majorare pe tot"
    " bonul.",
    "ADVANCE_NEEDS_ONE_RATE": "La un bon cu avans merge o singură cotă de TVA: faceți câte un bon"
    " pentru fiecare.",
    "ADVANCE_NOT_ALLOWED": "Scăderea unui avans nu este pornită: întrebați contabilul, apoi"
    " adăugați „advances” la „features”.",
    "ALREADY_EXECUTED": "Fișierul a fost deja executat de alt program.",
    "AMOUNT_DECIMALS": "Suma are mai mult de două zecimale.",
    "AMOUNT_TOO_LARGE": "Suma sau cantitatea este prea mare pentru casa de marcat.",
    "BARCODE_BAD": "Codul de bare nu este scris cum trebuie.",
    "CLOCK_BEFORE_LAST_RECORD": "Ceasul nu poate fi dat înaintea ultimei înregistrări din casa de"
    " marcat.",
    "CLOCK_RIGHT": "Ceasul este deja potrivit.",
    "CLOCK_STEP_TOO_LARGE": "Ceasul ar sări cu mai mult de o zi: trebuie să îl vadă un tehnician.",
    "CUSTOMER_TAX_ID_BAD": "Codul fiscal al clientului este greșit.",
    "DATE_BAD": "Data trebuie scrisă ca 2026-11-30.",
    "DAY_CLOSED": "De la ultimul raport Z nu s-a făcut niciun bon.",
    "DAY_OPEN": "Sunt bonuri de la ultimul raport Z: faceți întâi raportul Z.",
    "DISCOUNT_AND_SURCHARGE": "O linie are fie reducere, fie majorare, nu amândouă.",
    "DROPPED_BY_OPERATOR": "O persoană a hotărât că această comandă nu se mai face.",
    "EXPIRED": "A așteptat prea mult și NU a fost tipărit.",
    "FIELD_INVALID": "Câmpul nu are valoarea așteptată.",
    "FIELD_MISSING": "Lipsește un câmp.",
    "FILE_EMPTY": "Fișierul este gol.",
    "FILE_TOO_LARGE": "Fișierul este prea mare.",
    "HELD": "NU se știe dacă a ieșit pe hârtie: verificați bonul înainte de a-l repeta.",
    "IMAGE_BAD": "Imaginea nu este un BMP întreg, necomprimat, cu un bit pe punct.",
    "IMAGE_TOO_LARGE": "Imaginea este prea mare.",
    "LEDGER_DAMAGED": "Registrul agentului a fost stricat: verificați hârtia înainte de a repeta.",
    "LINE_NOT_POSITIVE": "Valoarea liniei trebuie să fie mai mare decât zero.",
    "LINE_OUT_OF_PLACE": "Linia nu poate sta în acest loc.",
    "LINE_UNREADABLE": "Linia nu are forma așteptată.",
    "MORE_THAN_ONE_COMMAND": "Un fișier este o singură comandă: puneți-le în fișiere separate.",
    "NAME_IN_USE": "Un fișier cu acest nume este încă în lucru. Acesta NU a fost tipărit.",
    "NOTHING_SOLD": "Bonul nu are nicio vânzare.",
    "NOTHING_TO_VOID": "Înainte nu este nicio linie la fel care să poată fi anulată.",
    "NOT_A_NUMBER": "Câmpul trebuie să fie un număr.",
    "NOT_ENOUGH_CASH": "Nu sunt destui bani în sertar.",
    "NOT_IN_LEDGER": "Nu se știe ce s-a întâmplat cu acest fișier. Verificați hârtia.",
    "NOT_POSITIVE": "Valoarea trebuie să fie mai mare decât zero.",
    "NOT_TEXT": "Fișierul nu este text într-o codare cunoscută.",
    "NUMBER_TOO_LARGE": "Numărul este prea mare.",
    "NUMBER_UNREADABLE": "Numărul nu este scris cum trebuie.",
    "OPERATOR_IN_USE": "Agentul vinde cu acest operator: schimbați parola în casa de marcat și în"
    " configurație deodată.",
    "P7B_NOT_ON_THE_WIRE": "Fișierele semnate (p7b) nu vin pe cablu: salvați-le din meniul casei de"
    " marcat pe card sau pe stick.",
    "PAYLOAD_STRANGE": "Comanda nu poate fi înțeleasă.",
    "PAYMENTS_EXCEED_TOTAL": "Plățile depășesc totalul: numai la numerar se dă rest.",
    "PAYMENTS_SHORT": "Plățile sunt mai mici decât totalul.",
    "PAYMENT_KIND_UNKNOWN": "Felul de plată nu este cunoscut.",
    "PAYMENT_MISSING": "Bonul nu are nicio plată.",
    "PERCENT_TOO_LARGE": "Procentul trebuie să fie mai mic decât 100.",
    "QUANTITY_DECIMALS": "Cantitatea are mai mult de trei zecimale.",
    "RECEIPT_PAID": "Bonul deschis este deja plătit: trebuie încheiat la casa de marcat.",
    "REJECTED": "Comanda nu a fost făcută.",
    "REVERSAL_NOT_ALLOWED": "Un bon închis nu se poate storna: corectați pe hârtie, cu"
    " procesul-verbal din HG 479/2003 art. 36 (retur: art. 37).",
    "TEXT_EMPTY": "Denumirea este goală.",
    "TEXT_NOT_PRINTABLE": "Textul are semne pe care casa de marcat nu le poate tipări.",
    "TEXT_TOO_LONG": "Textul este prea lung.",
    "TEXT_WITH_CASH": "Textul de lângă o mișcare de numerar nu se poate tipări.",
    "TIP_NOT_ALLOWED": "Bacșișul este pentru restaurante și baruri și nu este pornit („tips” la"
    " „features”).",
    "TOO_MANY_LINES": "Sunt prea multe linii.",
    "TOO_MANY_PAYMENTS": "Sunt prea multe plăți.",
    "TOTAL_NOT_POSITIVE": "Totalul trebuie să fie mai mare decât zero.",
    "TOTAL_TOO_LARGE": "Totalul este prea mare: faceți două bonuri.",
    "TWO_ADJUSTMENTS": "O singură reducere sau majorare pe rând.",
    "UNSUPPORTED": "Nu se poate face la această casă de marcat sau nu este pornit („features”).",
    "UNSUPPORTED_LINE": "Acest fel de linie nu este cunoscut sau nu se poate face aici.",
    "VAT_GROUP_NOT_MAPPED": "Grupa de TVA nu este în configurație; vedeți „vat_rates”.",
    "VAT_RATE_UNKNOWN": "Casa de marcat nu are această cotă de TVA.",
}


def romanian(code: str) -> str:
    """Return the sentence of a problem's code; "" for one that an older program wrote."""
    if code in ROMANIAN:
        return ROMANIAN[code]
    fault = code.lower()
    return words()[Fault(fault)].ro if fault in set(Fault) else ""
