"""What can lie in the archive, as values: the JE and the two kinds of signed file kept apart.

    je             the electronic journal of the device: the image of every document, as text
    p7b_day        the signed day for ANAF (`msj`, one per Z): totals, no lines   [romania.md 0.1]
    p7b_register   the signed register of a month (`mReg`): first and last Z, no figures
    x, z           what the device said when a report was made
    mf             a report of the fiscal memory

`owner` is whom a document is about: the fiscal serial of a device, or the NUI of a signed file.
"""

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any

from drivers.model import Bani, VatRate


class Sort(StrEnum):
    """What a document is."""

    X = "x"
    Z = "z"
    MF = "mf"
    JE = "je"
    SIGNED_DAY = "p7b_day"
    SIGNED_REGISTER = "p7b_register"


SIGNED = (Sort.SIGNED_DAY, Sort.SIGNED_REGISTER)


class Source(StrEnum):
    """Where the figures of a Z were read."""

    REPORT = "report"  # what the device told when the report was made, or of its last one
    MF = "mf"
    JE = "je"
    SIGNED = "p7b"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be. It rejects nothing."""

    code: str  # UPPER_SNAKE, stable
    place: str  # a path inside the file, or "Z 412"
    sentence: str


@dataclass(frozen=True, slots=True)
class RateSum:
    """Turnover and VAT of one rate; `rate` None: exempt, or a group that the source only letters.

    Joined by rate, never by letter: on 1 August 2025 the letters changed their rates.
    """

    rate: VatRate | None
    gross: Bani
    vat: Bani | None = None  # None: the source does not say
    letter: str = ""


@dataclass(frozen=True, slots=True)
class ZFigures:
    """One Z as one source tells it. None: this source does not say."""

    z_number: int
    at: str  # the device's local time, ISO without a zone; "" unknown
    total: Bani | None
    rates: tuple[RateSum, ...] = ()
    vat: Bani | None = None
    receipts: int | None = None
    payments: dict[str, Bani] = field(default_factory=dict)  # by PaymentKind
    more: dict[str, int] = field(default_factory=dict)  # counts and bani: discounts, voids, cash

    def as_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)

    @property
    def digest(self) -> str:
        """The same figures, the same digest."""
        return sha256(self.as_json().encode()).hexdigest()


def figures_of(text: str) -> ZFigures:
    """Read what `as_json` wrote."""
    told: dict[str, Any] = json.loads(text)
    rates = tuple(RateSum(**rate) for rate in told.pop("rates"))
    return ZFigures(rates=rates, **told)


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A document that lies in the store and is to be indexed."""

    sort: Sort
    owner: str
    name: str  # the file name it came with, or the one we gave it
    sha256: str
    bytes: int
    origin: str  # "device", or where it was found: a folder, a stick
    device_id: str = ""  # ours; "" where no [[device]] is the owner
    z_first: int | None = None
    z_last: int | None = None
    at: str = ""  # the device's local time, ISO without a zone
    facts: dict[str, Any] = field(default_factory=dict)  # with its "findings"


@dataclass(frozen=True, slots=True)
class Filed:
    """A row of the index. `kept`: beyond its time; `gone_at_ms`: retention took its bytes."""

    id: int
    document: NewDocument
    taken_at_ms: int
    kept: bool = False
    gone_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """One document of the JE, parsed; `text` is what the device has, lines ended by LF."""

    number: int
    z_number: int
    kind: str  # as drivers/archive.py names them: receipt, z_report, slip, cash ...
    at: str
    receipt_number: int
    text: bytes
    total: Bani | None = None
    tax_id: str = ""  # the buyer's
    reference: str = ""  # ours
