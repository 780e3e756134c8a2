"""The settings of a device on which nothing can be set: its family has no feature for them."""

from drivers.capabilities import TextPlace
from drivers.errors import no_such
from drivers.model import VatRate


class NoService:
    """Refuses everything, as the last line behind the features that are not there."""

    def texts(self, place: TextPlace) -> tuple[str, ...]:
        no_such(f"{place} lines")

    def set_texts(self, place: TextPlace, lines: tuple[str, ...]) -> None:
        no_such(f"{len(lines)} {place} lines")

    def set_vat_rates(self, rates: dict[str, VatRate]) -> None:
        no_such(f"{len(rates)} VAT rates")

    def operator_name(self, number: int) -> str:
        no_such(f"operator {number}")

    def set_operator(self, number: int, *, name: str, old_password: str, password: str) -> None:
        del name, old_password, password
        no_such(f"operator {number}")

    def load_logo(self, image: bytes) -> None:
        no_such(f"a logo of {len(image)} bytes")
