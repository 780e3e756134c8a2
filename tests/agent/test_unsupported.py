"""Every kind of command on every family and dialect, with all that can be switched on, switched on.

Each is done, or it is said before it begins that the device cannot: no driver refuses it halfway.
"""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from agent.commands import KINDS
from config.settings import catalogue
from drivers import families
from drivers.base import FiscalPrinter
from drivers.capabilities import Feature, Told
from drivers.model import Problem
from tests.agent.examples import NEVER, RATES, bmp
from tests.agent.folder.fiscalnet_shop import Shop
from tests.drivers.bench import BENCHES
from tests.drivers.cables import Cable
from tests.drivers.receipts import TWO_LINES

BEHIND_FOLDERS = "custom"
V2_PAYMENTS = 5
SPOKEN = [
    f"{family}:{dialect}" if dialect else family
    for family, known in catalogue().items()
    for dialect in known.dialects or [""]
]
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
DAY_CLOSED = {
    "set_datetime",
    "set_footer",
    "set_header",
    "set_logo",
    "set_operator",
    "set_vat_rates",
}
SOLD = {
    "lines": [{"name": "Paine", "unit_price": 1000, "quantity": 1000, "vat_rate": 2100}],
    "payments": [{"kind": "cash", "amount": 1000}],
}
BY_DATE = {"date_from": f"{date.today()}", "date_to": f"{date.today()}"}  # noqa: DTZ011 (theirs)
ASKED = {  # what is not in here needs no words
    "print_receipt": [
        SOLD,
        SOLD | {"customer_tax_id": "12345674"},
        SOLD | {"barcode": {"kind": "ean13", "data": "5941234567899"}},
        SOLD | {"barcode": {"kind": "qr", "data": "ABC"}},
        SOLD | {"tip": 100, "payments": [{"kind": "cash", "amount": 1100}]},
        SOLD | {"advance": 300, "payments": [{"kind": "cash", "amount": 700}]},
    ],
    "cash_in": [{"amount": 100}],
    "cash_out": [{"amount": 100}],
    "non_fiscal_receipt": [{"texts": ["Salut"]}],
    "set_vat_rates": [{"rates": RATES}],
    "set_header": [{"lines": ["MAGAZIN"]}],
    "set_footer": [{"lines": ["LA REVEDERE"]}],
    "set_operator": [{"number": 3, "name": "Maria"}],
    "set_logo": [{"image": base64.b64encode(bmp()).decode()}],
    "read_fiscal_memory": [
        span | {"detailed": detailed}
        for span in ({"z_from": 1, "z_to": 1}, BY_DATE)
        for detailed in (False, True)
    ],
    "read_electronic_journal": [
        {"z_from": 1, "z_to": 1},
        {"document_from": 1, "document_to": 2},
        BY_DATE,
    ],
}


@contextmanager
def shop(spoken: str, folder: Path) -> Iterator[FiscalPrinter]:
    """A virtual device of that family and dialect, its driver with every feature, in a session."""
    if spoken == BEHIND_FOLDERS:
        made = Shop(folder, features=frozenset(Feature))
        made.start()
        made.printer.open(last_sequence=None)
        yield made.printer
        made.close()
        return
    family, _, dialect = spoken.partition(":")
    near = next(name for name in (spoken, f"{family}:{dialect[:2]}", family) if name in BENCHES)
    with BENCHES[near]() as bench:
        cable = Cable(bench)
        bench._device.settings = replace(bench._device.settings, duplicates=True)
        if spoken == "tremol:bg_v2":  # which is told apart by how many payments it has
            whole = bench._device.profile
            modes, names = whole.modes[:V2_PAYMENTS], whole.payment_names[:V2_PAYMENTS]
            bench._device.profile = replace(whole, modes=modes, payment_names=names)
        who = bench.printer(cable).operator
        printer = families.printer(
            family, cable, bench.clock, who, frozenset(Feature), dialect=dialect
        )
        printer.open(last_sequence=None)
        yield printer


def with_a_past(printer: FiscalPrinter, *, day_is_open: bool) -> None:
    """A closed day, and cash in the drawer of the next one."""
    printer.issue_receipt(TWO_LINES)
    printer.counters()
    printer.z_report()
    if day_is_open:
        printer.issue_receipt(TWO_LINES)


def answered(printer: FiscalPrinter, kind: str, asked: dict[str, object]) -> list[Problem]:
    """Do it as the worker does, or say what the device lacks for it."""
    if kind == "set_datetime" and (shown := printer.clock().at):
        asked = {"at_ms": int(shown.timestamp() * 1000) + 3_600_000}
    work = KINDS[kind].understand(json.dumps(asked), "c1", NOW)
    found = KINDS[kind].lacking(printer.capabilities) or KINDS[kind].problems(printer, work)
    printer.counters()
    if not found:
        KINDS[kind].perform(printer, work)
    return found


@pytest.mark.parametrize("kind", [name for name in KINDS if name not in NEVER])
@pytest.mark.parametrize("spoken", SPOKEN)
def test_a_kind_is_done_or_said_to_be_unsupported_before_it_begins(
    spoken: str, kind: str, tmp_path: Path
) -> None:
    for asked in ASKED.get(kind, [{}]):
        folder = tmp_path / str(ASKED.get(kind, [{}]).index(asked))
        folder.mkdir()
        with shop(spoken, folder) as printer:
            with_a_past(printer, day_is_open=kind not in DAY_CLOSED)
            found = answered(printer, kind, asked)
            assert {problem.code for problem in found} <= {"UNSUPPORTED"}, found
            assert not any("switched on" in problem.sentence for problem in found), found


@pytest.mark.parametrize("kind", NEVER)
@pytest.mark.parametrize("spoken", SPOKEN)
def test_what_no_device_does_is_said_at_once(spoken: str, kind: str, tmp_path: Path) -> None:
    with shop(spoken, tmp_path) as printer:
        (problem,) = KINDS[kind].lacking(printer.capabilities)
    assert problem.code in ("REVERSAL_NOT_ALLOWED", "P7B_NOT_ON_THE_WIRE")


@pytest.mark.parametrize("spoken", SPOKEN)
def test_documents_of_dates_are_refused_at_their_field_where_no_command_finds_them(
    spoken: str, tmp_path: Path
) -> None:
    with shop(spoken, tmp_path) as printer:
        found = answered(printer, "read_electronic_journal", BY_DATE)
        untold = printer.capabilities.untold
    paths = {(problem.path, problem.code) for problem in found}
    without_archive = Feature.ARCHIVE not in printer.capabilities.features
    if Told.JE in untold or without_archive:
        assert paths == {("", "UNSUPPORTED")}
    elif Told.JE_BY_DATE in untold:
        assert paths == {("date_from", "UNSUPPORTED")}
    else:
        assert found == []
