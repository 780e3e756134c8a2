"""Every maker's code means one of our faults, and every fault has words for people.

`tests/data/datecs_errors_x.csv` is the reference's list (X manual v2.08), unedited.
"""

import csv
import re
from pathlib import Path

import pytest

from drivers.base import Operator
from drivers.datecs_x.talk import FAULTS
from drivers.errors import Refused
from drivers.families import datecs_x
from drivers.families.datecs_x import DatecsX
from drivers.faults import Fault, FaultWords, words
from protocol.datecs_x import DATECS_X
from tests.drivers.cables import FakeClock
from tests.protocol.play import reply_frame

REFERENCE = Path(__file__).parents[1] / "data" / "datecs_errors_x.csv"
OURS = Path(datecs_x.__file__).with_name("datecs_x_errors.csv")


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text("utf-8").splitlines()))


CODES = list(dict.fromkeys(row["code"] for row in rows(REFERENCE)))
GROUPS = {"cable", "paper", "day", "request", "device"}

# datecs.md 5, "react": what is done about a code, and whether the command waits for it.
CURED_IN_SERVICE_RANGES = {"-100100", "-105009", "-105012"}  # busy; the JE is only nearly full
SERVICE = r"-(1001|1005|1050|1070|10998)\d+"
END_OF_DATA = ["-100003", "-100004", "-100005", "-100110", "-105000"]
REACT = {
    "end of data": (END_OF_DATA, False),
    "Z report needed": (["-111024", "-104000", "-110108", "-110109", "-103004"], False),
    "paper or cover": (["-100402", "-100403", "-100404", "-112006", "-112007"], True),
    "our data": (
        [
            *("-112001", "-111053", "-111061", "-111063", "-111074", "-102002"),
            *(f"-111{number:03}" for number in (*range(2, 15), *range(30, 35))),
            *(f"-112{number}{field:02}" for number in (1, 2) for field in range(1, 17)),
        ],
        False,
    ),
    "payment or state": (
        [
            *("-111018", "-111020", "-111050", "-111065", "-111066"),
            *("-112002", "-101006"),
        ],
        False,
    ),
    "the receipt is gone": (["-111016"], True),
    "another receipt is open": (["-111015", "-111046", "-111047"], True),
    "outcome unknown": (["-111556", "-111560"], False),
}


def named(fault: Fault) -> str:
    return fault.value


# --- codes


def test_every_code_of_the_reference_is_ours_and_no_other() -> None:
    theirs, ours = (
        [(row["code"], row["mnemonic"]) for row in rows(of)] for of in (REFERENCE, OURS)
    )
    assert len(theirs) == 484
    assert ours == theirs
    assert set(FAULTS) == set(CODES)


def test_a_code_with_two_names_has_one_fault() -> None:
    pairs = {(row["code"], row["fault"]) for row in rows(OURS)}
    assert len(pairs) == len(CODES)


def test_every_code_is_a_fault() -> None:
    assert {type(fault) for fault in FAULTS.values()} == {Fault}


@pytest.mark.parametrize("reaction", REACT)
def test_a_code_waits_where_the_reference_says_that_somebody_cures_it(reaction: str) -> None:
    codes, waits = REACT[reaction]
    known = [code for code in codes if code in FAULTS]
    assert len(known) > len(codes) // 2
    wrong = {code: FAULTS[code] for code in known if words()[FAULTS[code]].waits is not waits}
    assert not wrong


def test_a_code_of_the_service_ranges_waits_for_nobody() -> None:
    codes = {code for code in CODES if re.fullmatch(SERVICE, code)} - CURED_IN_SERVICE_RANGES
    assert len(codes) > 40
    assert not {code: FAULTS[code] for code in codes if words()[FAULTS[code]].waits}


def test_the_end_of_data_is_no_fault_of_the_device() -> None:
    assert {FAULTS[code] for code in END_OF_DATA} == {Fault.NO_DATA}


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("-111024", Fault.Z_REPORT_DUE),
        ("-104000", Fault.Z_REPORT_DUE),
        ("-112006", Fault.PAPER_OUT),
        ("-112007", Fault.COVER_OPEN),
        ("-111015", Fault.RECEIPT_OPEN),
        ("-111016", Fault.NO_RECEIPT_OPEN),
        ("-111018", Fault.PAYMENT_STARTED),
        ("-112005", Fault.WRONG_MODE),
        ("-102002", Fault.OPERATOR_REFUSED),
        ("-100003", Fault.NO_DATA),
        ("-112001", Fault.BAD_REQUEST),
        ("-111017", Fault.AMOUNT_REFUSED),
    ],
)
def test_the_codes_that_decide_something_mean_what_they_mean(code: str, fault: Fault) -> None:
    assert FAULTS[code] is fault


class Refuses:
    """A cable to a device that answers everything with one code."""

    name = "a device that refuses"

    def __init__(self, code: str) -> None:
        self._data = f"{code}\t".encode()
        self._answer = b""

    def open(self) -> None:
        """There is no port to take."""

    def close(self) -> None:
        """There is no port to give back."""

    def discard(self) -> None:
        self._answer = b""

    def write(self, data: bytes) -> None:
        command = int("".join(f"{digit - 0x30:x}" for digit in data[6:10]), 16)
        self._answer = reply_frame(DATECS_X, data[5], command, self._data)

    def read(self, timeout_s: float) -> bytes:
        answer, self._answer = self._answer, b""
        return answer


@pytest.mark.parametrize("code", [*CODES, "-199999", "-1"])
def test_a_refusal_keeps_the_makers_code_also_one_that_nobody_knows(code: str) -> None:
    printer = DatecsX(Refuses(code), FakeClock(), Operator())
    with pytest.raises(Refused) as caught:
        printer.open(last_sequence=None)
    assert caught.value.device_code == code
    assert caught.value.fault is FAULTS.get(code, Fault.DEVICE_ERROR)
    assert code in str(caught.value)


# --- words


def test_every_fault_has_words_and_there_are_no_others() -> None:
    assert set(words()) == set(Fault)


@pytest.mark.parametrize("fault", Fault, ids=named)
def test_a_fault_is_said_in_two_languages_in_a_known_group(fault: Fault) -> None:
    said = words()[fault]
    assert said.group in GROUPS
    assert type(said.waits) is bool
    for sentence in (said.ro, said.en):
        assert re.fullmatch(r"[A-ZÎȘȚ0-9][^\n]{5,}\.", sentence), sentence
    assert said.ro != said.en
    assert not re.search("[şţŞŢ]", said.ro), "cedilla; write comma below"


@pytest.mark.parametrize("language", ["ro", "en"])
def test_no_two_faults_share_a_sentence(language: str) -> None:
    sentences = [getattr(said, language) for said in words().values()]
    assert len(set(sentences)) == len(sentences)


def test_words_know_nothing_but_group_waiting_and_two_languages() -> None:
    assert FaultWords.__slots__ == ("group", "waits", "ro", "en")
