"""What a technician sets on a Shtrih-M device: its operators, in table 2.

1F table row field -> value         1E table row field value         2E table field -> its width

Row: the operator's number; field 1 the password, field 2 the name. The system administrator's
password is needed. Header and footer stand in table 4, whose rows differ from model to model, and
tax rates in table 6, of which no Romanian limit is known: both are refused. Unverified on hardware.
"""

from drivers.errors import Refused
from drivers.faults import Fault
from drivers.no_service import NoService
from drivers.shtrih.fields import text_field, text_of
from drivers.shtrih.talk import PASSWORD_MAX, ShtrihTalk, le, number

WRITE, READ, FIELD = 0x1E, 0x1F, 0x2E
OPERATORS, PAYMENTS, TAXES = 2, 5, 6  # tables
PASSWORD, NAME = 1, 2  # fields of table 2
ONLY_FIELD = 1  # of a payment its name, of a tax its rate
PASSWORD_WIDTH = 4
NAME_WIDTH_AT = 41  # in 2E: the field's own name x40, its kind, its width


class ShtrihService(NoService):
    """The settings of one device; what is written is read back by whoever asked."""

    def __init__(self, talk: ShtrihTalk) -> None:
        self._talk = talk

    def operator_name(self, number: int) -> str:
        return text_of(self.field(OPERATORS, number, NAME))

    def set_operator(self, number: int, *, name: str, old_password: str, password: str) -> None:
        """Give an operator a name and a password; an empty one stays as it is.

        Raises:
            Refused: the old password is not the one the device tells, or the new one is no number.
        """
        if password:
            self._set_password(number, old_password, password)
        if name:
            described = self._talk.ask(FIELD, self._talk.who + bytes([OPERATORS, NAME]), size=42)
            value = text_field(name, described[NAME_WIDTH_AT])
            self._write(number, NAME, value)

    def field(self, table: int, row: int, field: int) -> bytes:
        where = bytes([table]) + le(row, 2) + bytes([field])
        return self._talk.ask(READ, self._talk.who + where)

    def _set_password(self, row: int, old: str, new: str) -> None:
        held = str(number(self.field(OPERATORS, row, PASSWORD)))
        if not new.isdecimal() or int(new) > PASSWORD_MAX or old.lstrip("0") != held.lstrip("0"):
            raise Refused(Fault.OPERATOR_REFUSED, device_code="", doing=f"{WRITE:02X}")
        self._write(row, PASSWORD, le(int(new), PASSWORD_WIDTH))

    def _write(self, row: int, field: int, value: bytes) -> None:
        where = bytes([OPERATORS]) + le(row, 2) + bytes([field])
        self._talk.do(WRITE, where + value)
