"""The settings of a device on which nothing can be set: its family has no feature for them."""

from typing import NoReturn

from drivers.capabilities import TextPlace
from drivers.errors import Refused
from drivers.faults import Fault
from drivers.model import VatRate


def _unknown(doing: str) -> NoReturn:
    raise Refused(Fault.UNKNOWN_COMMAND, device_code="", doing=doing)


class NoService:
    """Refuses everything, as the last line behind the features that are not there."""

    def texts(self, place: TextPlace) -> tuple[str, ...]:
        _unknown(f"{place} lines")

    def set_texts(self, place: TextPlace, lines: tuple[str, ...]) -> None:
        _unknown(f"{len(lines)} {place} lines")

    def set_vat_rates(self, rates: dict[str, VatRate]) -> None:
        _unknown(f"{len(rates)} VAT rates")

    def operator_name(self, number: int) -> str:
        _unknown(f"operator {number}")

    def set_operator(self, number: int, *, name: str, old_password: str, password: str) -> None:
        del name, old_password, password
        _unknown(f"operator {number}")

    def load_logo(self, image: bytes) -> None:
        _unknown(f"a logo of {len(image)} bytes")
