"""Every dialect of a family on the virtual printer of another: refused at the open, or harmless.

A dialect gives a payment its letter or place. What opens in a wrong one registers a card as
something else and is told that all went well; so the device's own words decide, where they can.
"""

import pytest

from agent.verdict import Proof, Verdict, decide
from config.settings import catalogue
from drivers import families
from drivers.base import FiscalPrinter, Operator
from drivers.errors import ContactLost, NotStarted, Refused
from drivers.faults import Fault, words
from drivers.model import Bani, Line, Payment, PaymentKind, Receipt, Thousandths, VatRate
from drivers.recognise import Make, make_of
from tests.drivers.bench import BENCHES, FAMILIES, Bench
from tests.drivers.cables import Cable
from tests.drivers.receipts import REFERENCE
from tests.drivers.spoken import BULGARIAN, NAMES, Spoken, driver

CARD = Receipt(
    (Line("Paine", Bani(10_00), Thousandths(1000), VatRate(21_00)),),
    (Payment(PaymentKind.CARD, Bani(10_00)),),
    REFERENCE,
)


def spelled(family: str) -> str:
    """`family:dialect`, as the configuration has it when the dialect is left out, too."""
    name, _, dialect = family.partition(":")
    return f"{name}:{dialect or catalogue()[name].dialects[0]}"


PAIRS = [
    (f"{name}:{dialect}", printer)
    for printer in FAMILIES
    for name in [printer.partition(":")[0]]
    for dialect in catalogue()[name].dialects
    if f"{name}:{dialect}" != spelled(printer)
]
# The places of cash and card are the same there; no word or wire of a device tells it.
HARMLESS = {("tremol:ro_five", "tremol")}
# Nothing that only reads tells it: the first receipt does, and names the dialect.
AT_THE_RECEIPT = {("shtrih:by_sale", "shtrih"), ("shtrih:enq", "shtrih:by_sale")}
# Its words do not tell it: docs/families.md asks for one receipt with each payment.
NEVER = {("incotex:swapped", "incotex")}
AT_THE_OPEN = [pair for pair in PAIRS if pair not in HARMLESS | AT_THE_RECEIPT | NEVER]


def configured(dialect: str, far: Bench, cable: Cable) -> FiscalPrinter:
    name, _, spoken = dialect.partition(":")
    known = catalogue()[name]
    operator = Operator(known.operator, known.password)
    return families.printer(name, cable, far.clock, operator, dialect=spoken)


@pytest.mark.parametrize("family", ["datecs_legacy", "daisy"])
def test_a_person_who_is_sure_of_the_dialect_is_believed(family: str) -> None:
    for dialect, device in (pair for pair in AT_THE_OPEN if pair[0].startswith(family)):
        with BENCHES[device]() as far:
            printer = configured(dialect, far, Cable(far))
            printer.dialect_is_sure = True
            printer.open(last_sequence=None)
            assert printer.status().blocking == ()


@pytest.mark.parametrize(("dialect", "printer"), AT_THE_OPEN, ids=lambda name: name)
def test_a_wrong_dialect_is_refused_at_the_open_and_the_right_one_named(
    dialect: str, printer: str
) -> None:
    with BENCHES[printer]() as far:
        cable = Cable(far)
        with pytest.raises(NotStarted) as refused:
            configured(dialect, far, cable).open(last_sequence=None)
        assert refused.value.fault is Fault.OTHER_DIALECT
        assert f"a cable: this is not a {dialect}, it looks like " in str(refused.value)
        assert spelled(printer) in str(refused.value)
        assert not cable.is_open
        assert far.papers() == []


def test_the_pairs_that_are_not_refused_are_known_one_by_one() -> None:
    assert set(PAIRS) >= HARMLESS | AT_THE_RECEIPT | NEVER
    assert len(AT_THE_OPEN) == len(PAIRS) - 4 >= 12


@pytest.mark.parametrize(("dialect", "printer"), sorted(HARMLESS), ids=lambda name: name)
def test_where_a_dialect_cannot_be_told_a_card_is_a_card(dialect: str, printer: str) -> None:
    with BENCHES[printer]() as far:
        made = configured(dialect, far, Cable(far))
        made.open(last_sequence=None)
        made.issue_receipt(CARD)
        (paper,) = far.papers()
        assert (paper.kind, paper.payments) == ("receipt", [(PaymentKind.CARD, 10_00)])


@pytest.mark.parametrize(("dialect", "printer"), sorted(AT_THE_RECEIPT), ids=lambda name: name)
def test_a_shtrih_that_opens_its_receipts_otherwise_says_so_and_leaves_no_doubt(
    dialect: str, printer: str
) -> None:
    with BENCHES[printer]() as far:
        made = configured(dialect, far, Cable(far))
        made.open(last_sequence=None)
        baseline = made.counters()
        with pytest.raises(Refused) as refused:
            made.issue_receipt(CARD)
        right = spelled(printer).partition(":")[2]
        assert f'it looks like dialect = "{right}"' in str(refused.value)
        seen = made.observe(since=baseline, reference=REFERENCE)
        assert decide(Proof.RECEIPT, baseline, seen, CARD).verdict is Verdict.NOT_ISSUED
        assert not words()[refused.value.fault].waits  # so that it ends as refused
        assert far.papers("receipt") == []


# --- what the words tell


@pytest.mark.parametrize(
    ("made", "dialect", "fits"),
    [
        (Make("daisy", "bg"), "daisy:bg", True),
        (Make("daisy", "bg"), "daisy:ro", False),
        (Make("daisy", ""), "daisy:ro", True),
        (Make("incotex", ""), "incotex:swapped", True),
        (Make("tremol", "bg"), "tremol:bg_v2", True),
        (Make("tremol", "ro"), "tremol:bg_v2", False),
        (Make("tremol", "ro"), "tremol:ro_five", True),
        (Make("eltrade", ""), "daisy:bg", False),
    ],
)
def test_what_a_device_does_not_say_is_left_to_the_configuration(
    made: Make, dialect: str, *, fits: bool
) -> None:
    assert made.fits(dialect) is fits


def test_a_daisy_that_does_not_name_its_country_opens_as_configured() -> None:
    made = make_of("CompactM ONL01-4.01 29-10-2018 11:34,FFFF,00,6,DY408097,36543869")
    assert made is not None
    assert [made.fits(f"daisy:{one}") for one in ("bg", "ro")] == [True, True]


FIVE = ";".join(NAMES.split(";")[:5]) + ";1.00000"


@pytest.mark.parametrize(
    ("dialect", "names", "opens"),
    [
        ("bg", ";".join(["Лева"] * 12 + ["1.00000"]), True),
        ("bg", FIVE, False),
        ("bg", NAMES, True),  # ten of them: nobody's layout
        ("bg_v2", FIVE, True),
    ],
)
def test_a_bulgarian_tremol_is_told_by_the_number_of_its_payments(
    dialect: str, names: str, *, opens: bool
) -> None:
    told = {"x21": BULGARIAN, "x64": names.encode("cp1251"), "x60": b"ZK123456;50123456"}
    device = Spoken(**told)
    if opens:
        driver(device, dialect=dialect)
        return
    with pytest.raises(NotStarted, match="not a tremol:bg, it looks like tremol:bg_v2"):
        driver(device, dialect=dialect)


# --- an answer that makes no sense


def test_an_answer_that_makes_no_sense_is_shown_as_it_came_and_hints_at_the_dialect() -> None:
    printer = driver(Spoken(x71=b"0007;\x80zz"))
    with pytest.raises(ContactLost) as lost:
        printer.counters()
    assert str(lost.value) == 'the answer to 71 makes no sense: "0007;€zz"'
    assert lost.value.fault is Fault.OTHER_DIALECT


def test_a_long_answer_with_signs_that_cannot_be_shown_is_cut_and_masked() -> None:
    printer = driver(Spoken(x71=b"\xad" * 200))
    with pytest.raises(ContactLost) as lost:
        printer.counters()
    assert str(lost.value) == f'the answer to 71 makes no sense: "{"?" * 120}"'
