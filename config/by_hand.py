"""What a `[[device]]` behind a folder has to say itself, for nobody can ask it.

[[device]]
family = "custom"
transport = "folder"
address = "/srv/fiscalnet"                 holds Bonuri and Raspuns
fiscal_serial = "DB4200012345"             as it stands on the printer
vat_groups = { 1 = 21, 2 = 11, 3 = 0 }     FiscalNet's VAT group, and its rate in percent
payments = { 8 = "other" }                 over 1 cash ... 7 modern
answer_s = 60                              after that a person is asked
"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

Transport = Literal["serial", "usb", "tcp", "folder"]
AnswerSeconds = Annotated[int, Field(ge=20, le=3600)]
CABLES = ("serial", "usb", "tcp")
BY_HAND = ("vat_groups", "payments", "answer_s")
IN_FOLDER = "Bonuri"


def by_hand_trouble(told: Mapping[str, object], given: Collection[str], of: Sequence[str]) -> str:
    """Say which key of a device does not fit its way to the printer; "" if all do.

    Args:
        told: the device's table, whole.
        given: the keys that stand in the file.
        of: the transports that its family has.
    """
    transport = told["transport"]
    if transport not in of:
        return f"transport: the family {told['family']!r} has {', '.join(of)}, not {transport!r}"
    if transport != "folder":
        extra = [key for key in BY_HAND if key in given]
        return f"{extra[0]}: only where transport is 'folder'" if extra else ""
    if not Path(str(told["address"])).is_absolute():
        return f"address: {told['address']!r} is not a whole path: it begins with /"
    for key in ("fiscal_serial", "vat_groups"):
        if not told[key]:
            return f"{key}: is missing, and cannot be asked of the printer"
    return ""


def watched_trouble(addresses: Sequence[str], watched: Collection[Path]) -> str:
    """Say which folder would be read by us and written by us; "" if none."""
    for address in addresses:
        if Path(address) / IN_FOLDER in watched or Path(address) in watched:
            return f"folder.path: {address!r} is a device's own: what it drops would come back"
    return ""
