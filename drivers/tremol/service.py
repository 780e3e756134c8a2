"""What a technician sets on a Tremol device: its header and footer lines, its operators.

VAT rates (42) need the service password and the logo is in no Romanian definition: both refused.
Unverified on hardware: that 69 and 6A repeat their keys, and that 6A tells the password.
"""

from drivers.capabilities import TextPlace
from drivers.errors import Refused
from drivers.faults import Fault
from drivers.model import VatRate
from drivers.tremol.dialects import Dialect
from drivers.tremol.fields import clean, wide
from drivers.tremol.talk import TremolTalk

SET_RATES, SET_TEXT, SET_OPERATOR, SET_LOGO = 0x42, 0x49, 0x4A, 0x4C
READ_TEXT, READ_OPERATOR = 0x69, 0x6A
KEYS = {TextPlace.HEADER: "H", TextPlace.FOOTER: "F"}
NAME_WIDTH = 20


class TremolService:
    """The settings of one device; what is written is read back by whoever asked."""

    def __init__(self, talk: TremolTalk, dialect: Dialect) -> None:
        self._talk = talk
        self._dialect = dialect

    def texts(self, place: TextPlace) -> tuple[str, ...]:
        """Read the lines, as many as the device has; unused ones are blank."""
        lines = self._dialect.header_lines
        if place is TextPlace.FOOTER:
            lines = self._dialect.footer_lines
        return tuple(self._text(place, number) for number in range(1, lines + 1))

    def set_texts(self, place: TextPlace, lines: tuple[str, ...]) -> None:
        held = self.texts(place)
        for number, (old, new) in enumerate(zip(held, lines, strict=False), start=1):
            if old.rstrip() != new.rstrip():
                text = wide(new, self._dialect.columns)
                self._talk.do(SET_TEXT, f"{KEYS[place]};{number};{text}")

    def set_vat_rates(self, rates: dict[str, VatRate]) -> None:
        raise _without("VAT rates need the service password", SET_RATES, f"{len(rates)} rates")

    def operator_name(self, number: int) -> str:
        return self._operator(number)[0]

    def set_operator(self, number: int, *, name: str, old_password: str, password: str) -> None:
        """Give an operator a name and a password; an empty one stays as it is.

        Raises:
            Refused: the old password is not the one the device tells.
        """
        held_name, held_password = self._operator(number)
        if password and old_password != held_password:
            raise Refused(Fault.OPERATOR_REFUSED, device_code="", doing=f"{SET_OPERATOR:02X}")
        width = self._dialect.password_width
        who = f"{wide(name or held_name, NAME_WIDTH)};{wide(password or held_password, width)}"
        self._talk.do(SET_OPERATOR, f"{number};{who}")

    def load_logo(self, image: bytes) -> None:
        raise _without("the logo cannot be loaded", SET_LOGO, f"{len(image)} bytes")

    def _text(self, place: TextPlace, number: int) -> str:
        key = KEYS[place]

        def read(fields: list[str]) -> str:
            return ";".join(fields[2:] if fields[0] == key else fields).rstrip()

        return self._talk.read(READ_TEXT, f"{key};{number}", read=read)

    def _operator(self, number: int) -> tuple[str, str]:
        """6A: number;name;password."""
        return self._talk.read(
            READ_OPERATOR, str(number), read=lambda f: (clean(f[1]).strip(), f[2].strip())
        )


def _without(why: str, command: int, what: str) -> Refused:
    return Refused(Fault.UNKNOWN_COMMAND, device_code="", doing=f"{command:02X}: {why} ({what})")
