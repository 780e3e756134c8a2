"""The beginning of a session with a Tremol device: the network's password, and the right country.

    connect -> the password, 0A     once, where the network wants one [manual 1]
    20, twice                       is it there?
    21                              five fields in Bulgaria, one text in Romania
    64                              in Bulgaria twelve payments, or five (V2)

30, 35, 62 and 72 differ between the countries: what opens as the other one is refused a receipt at
best, and its answers make no sense. A card of `bg` has another place than one of `bg_v2`; cash and
card of `ro_five` have those of `ro`. Unverified on hardware: that V2 tells five names.
"""

from drivers.errors import ContactLost, NotStarted
from drivers.faults import Fault
from drivers.recognise import VERSION, Make, is_not, need_tremol
from drivers.tremol.talk import TremolTalk
from protocol.zfp import log_in

COUNTRY = "tremol:bg"
BY_PAYMENTS = {12: "bg", 5: "bg_v2"}


def give_password(talk: TremolTalk, password: str) -> None:
    """Raises NotStarted: nobody takes it."""
    cable = talk.link.transport
    cable.open()
    try:
        cable.write(log_in(password))
    except ContactLost as error:
        cable.close()
        raise NotStarted(str(error), fault=Fault.NO_ANSWER) from error


def need_own_country(talk: TremolTalk, configured: str) -> list[str]:
    """Read 21. Raises NotStarted: it is the other country's."""
    told = talk.read(VERSION, read=list)
    try:
        need_tremol(configured, told, talk.link.transport.name)
    except NotStarted:
        talk.link.close()
        raise
    return told


def need_own_places(talk: TremolTalk, configured: str, names: list[str]) -> None:
    """Raises NotStarted: it has other places for its payments."""
    told = BY_PAYMENTS.get(len(names))
    if told is None or not configured.startswith(COUNTRY) or configured == f"tremol:{told}":
        return
    name = talk.link.transport.name
    talk.link.close()
    raise is_not(configured, Make("tremol", told), name)
