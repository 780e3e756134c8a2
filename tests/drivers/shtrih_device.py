"""A Shtrih-M printer that goes wrong as told, for the tests of its driver."""

import pytest

from drivers.families.shtrih import Shtrih
from drivers.model import (
    Adjustment,
    Bani,
    Line,
    Payment,
    Receipt,
)
from sandbox.printer.faults import fault
from sandbox.printer_shtrih.station import NumberedStation, Station
from tests.drivers.bench import Bench
from tests.drivers.cables import Cable
from tests.drivers.receipts import CASH, REFERENCE

both_wires = pytest.mark.parametrize("family", ["shtrih", "shtrih:numbered"])


def opened(bench: Bench, *faults: str, cable: Cable | None = None) -> Shtrih:
    """Its driver, over a printer that goes wrong as told."""
    numbered = bench.family.endswith("numbered")
    stationed = NumberedStation if numbered else Station
    bench.station = stationed(bench._device, [fault(text) for text in faults])
    printer = bench.opened(cable)
    assert isinstance(printer, Shtrih)
    return printer


def receipt_of(*lines: Line, paid: int, adjustment: Adjustment | None = None) -> Receipt:
    return Receipt(lines, (Payment(CASH, Bani(paid)),), REFERENCE, adjustment=adjustment)
