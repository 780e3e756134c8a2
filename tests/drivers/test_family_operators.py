"""Who sells as the catalogue proposes, and `amef devices detect` after it, may sell."""

import pytest

from config.settings import catalogue
from drivers import families
from drivers.base import Operator
from tests.drivers.bench import BENCHES, FAMILIES
from tests.drivers.cables import Cable
from tests.drivers.receipts import TWO_LINES


@pytest.mark.parametrize("family", FAMILIES)
def test_the_operator_of_the_catalogue_prints_on_a_printer_as_it_comes(family: str) -> None:
    name, _, dialect = family.partition(":")
    known = catalogue()[name]
    with BENCHES[family]() as bench:
        operator = Operator(known.operator, known.password)
        printer = families.printer(name, Cable(bench), bench.clock, operator, dialect=dialect)
        printer.open(last_sequence=None)
        assert printer.issue_receipt(TWO_LINES).total == TWO_LINES.total
        assert [paper.kind for paper in bench.papers()] == ["receipt"]
