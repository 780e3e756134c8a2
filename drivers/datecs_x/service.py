"""What a technician sets on a Datecs X device: its texts, VAT table, operators, logo.

Nothing here is sent unless the feature is switched on for the device. Unverified on hardware:
header and footer as variables of 255 (the Romanian list has 43 for them, without a syntax), 83 with
seven rates, 101, and the transfer of a logo with 202.
"""

import base64

from drivers.capabilities import TextPlace
from drivers.datecs_x.codes import VARIABLE
from drivers.datecs_x.fields import GROUPS, UNUSED_RATE
from drivers.datecs_x.talk import DatecsTalk
from drivers.errors import Refused
from drivers.faults import Fault
from drivers.model import VatRate
from protocol.fields import money
from protocol.isl_exchange import LONG

SET_VAT, PASSWORD, LOGO = 83, 101, 202
TEXT_NAMES = {TextPlace.HEADER: "Header", TextPlace.FOOTER: "Footer"}
TEXT_LINES_MAX = 10
LOGO_CHUNK = 144  # bytes of the image in one request: 192 in base64, below the 213 of a frame


class DatecsService:
    """The settings of one device; what is written is read back by whoever asked."""

    def __init__(self, talk: DatecsTalk) -> None:
        self._talk = talk

    def texts(self, place: TextPlace) -> tuple[str, ...]:
        """Read the lines, as many as the device has; unused ones are empty or blank."""
        lines: list[str] = []
        for index in range(TEXT_LINES_MAX):
            try:
                lines.append(self._talk.variable(TEXT_NAMES[place], index, read=str))
            except Refused:
                if not lines:
                    raise
                break
        return tuple(lines)

    def set_texts(self, place: TextPlace, lines: tuple[str, ...]) -> None:
        """Write the lines that differ; the day has to be closed."""
        held = self.texts(place)
        for index, (old, new) in enumerate(zip(held, lines, strict=False)):
            if old.rstrip() != new.rstrip():  # an empty value would be a question
                self._talk.do(VARIABLE, TEXT_NAMES[place], index, new or " ")

    def set_vat_rates(self, rates: dict[str, VatRate]) -> None:
        """Write the whole table; a device allows a limited number of changes in its life."""
        table = (money(rates.get(letter, VatRate(UNUSED_RATE))) for letter in GROUPS)
        self._talk.do(SET_VAT, *table)

    def operator_name(self, number: int) -> str:
        return self._talk.variable("OperName", number, read=str)

    def set_operator(self, number: int, *, name: str, old_password: str, password: str) -> None:
        """Give an operator a name and a password; an empty one stays as it is."""
        if name and name != self.operator_name(number):
            self._talk.do(VARIABLE, "OperName", number, name)
        if password:
            self._set_password(number, old_password, password)

    def _set_password(self, number: int, old: str, new: str) -> None:
        try:
            self._talk.do(PASSWORD, number, old, new)
        except Refused as error:
            if error.fault is not Fault.OPERATOR_REFUSED:
                raise
            self._talk.do(PASSWORD, number, new, new)  # set before, and the answer was lost

    def load_logo(self, image: bytes) -> None:
        self._talk.do(LOGO, "START")
        for start in range(0, len(image), LOGO_CHUNK):
            chunk = base64.b64encode(image[start : start + LOGO_CHUNK]).decode("ascii")
            self._talk.do(LOGO, chunk)
        self._talk.do(LOGO, "STOP", budget=LONG)
