"""The words of this program, where they compute."""

import pytest

from drivers.model import VatRate, lei, percent


@pytest.mark.parametrize(
    ("bani", "told"), [(0, "0.00"), (5, "0.05"), (1250, "12.50"), (-1, "-0.01"), (-150, "-1.50")]
)
def test_an_amount_below_zero_keeps_its_worth_as_text(bani: int, told: str) -> None:
    assert lei(bani) == told


def test_a_rate_is_written_with_its_hundredths() -> None:
    assert percent(VatRate(2100)) == "21.00"
