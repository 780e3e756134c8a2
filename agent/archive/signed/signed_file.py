"""A signed file of ANAF, read: the one entry. The bytes themselves are never changed.

    bytes --cms.py--> content + signature --day_xml.py--> values --day_rules.py--> findings
      |                    |                    |
      NotSigned            intact, or not       SignedFile: whose, which Z, when, what is wrong

The signature is a fact beside the file: what a device gave is kept, whatever is wrong with it.
`NotSigned` is for bytes that are no such file at all, or whose owner or Z cannot be told; and for
what nobody foresaw: whatever a stranger's file holds, it is held to that file, and ends nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from agent.archive.signed import cms, day_rules
from agent.archive.signed.chain import UNREADABLE, Signer, Trusted
from agent.archive.signed.cms import Signature
from agent.archive.signed.day_rules import Turnover
from agent.archive.signed.day_xml import Content, Day, OtherDay, Register, Stamp, read
from agent.archive.signed.refusals import NotSigned
from agent.archive.sorts import Finding, RateSum, Sort, ZFigures
from drivers.model import Bani, PaymentKind

FINDINGS_MAX = 100
REASON_MAX = 200
ROMANIA = timedelta(hours=2)  # of the device's clock before UTC; an hour of summer does not matter
BROKEN = frozenset({Signature.DIGEST_DIFFERS, Signature.WRONG})  # it is not what was signed
# What reading can raise where nobody foresaw it. OverflowError is an ArithmeticError.
UNFORESEEN = (
    *UNREADABLE,  # ValueError and TypeError too
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
)
PAYMENTS = {  # tipP; 2 is in no nomenclature [romania.md 3.3]
    "1": PaymentKind.CARD,
    "3": PaymentKind.CASH,
    "4": PaymentKind.MEAL_TICKET,
    "5": PaymentKind.VALUE_TICKET,
    "6": PaymentKind.VOUCHER,
    "7": PaymentKind.CREDIT,
    "8": PaymentKind.MODERN,
    "9": PaymentKind.OTHER,
}


@dataclass(frozen=True, slots=True)
class SignedFile:
    sort: Sort
    nui: str
    z_first: int  # of a day both are its Z
    z_last: int
    period: str | None  # "2026-10"
    made_at: datetime | None  # by the device's clock, without a zone
    sha256: str  # of the file, verbatim
    xml_bytes: int
    xml_sha256: str  # of what is inside
    signature: Signature
    signer: Signer | None
    turnover: Turnover  # what valOp of a day is
    content: Content
    findings: tuple[Finding, ...]

    def facts(self) -> dict[str, Any]:
        """Return what is worth keeping beside the file, as JSON takes it."""
        told: dict[str, Any] = {
            "nui": self.nui,
            "period": self.period,
            "made_at": self.made_at.isoformat() if self.made_at else None,
            "signature": self.signature.value,
            "signer": _signer(self.signer),
            "xml": {"bytes": self.xml_bytes, "sha256": self.xml_sha256},
        }
        if isinstance(self.content, Register):
            return told | {"cif": self.content.cif, "amef_type": self.content.amef_type}
        if isinstance(self.content, OtherDay):
            elements = dict(self.content.elements)
            return told | {"family": self.content.family, "elements": elements}
        rates = [
            {"rate": each.rate, "turnover": each.turnover, "vat": each.vat}
            for each in self.content.rates
        ]
        totals = dict(self.content.totals.counts) | dict(self.content.totals.amounts)
        return told | {"turnover": self.turnover.value, "rates": rates, "totals": totals}

    def figures(self) -> ZFigures | None:
        """Return the Z as this file tells it.

        None for a register, for other families, and for what is not what the device signed.
        """
        if self.signature in BROKEN:
            return None
        return _figures(self) if isinstance(self.content, Day) else None


def read_signed(content: bytes, trusted: Trusted = ()) -> SignedFile:
    """Read a .p7b of a device.

    Raises:
        NotSigned: it is not one, with a code that says what it is instead.
    """
    try:
        return _read(content, trusted)
    except UNFORESEEN as error:
        reason = f"{type(error).__name__}: {error}"[:REASON_MAX]
        raise NotSigned("READER_FAILED", f"our own reader fails on it: {reason}") from error


def _read(content: bytes, trusted: Trusted) -> SignedFile:
    unwrapped = cms.unwrap(content, trusted)
    inside, findings = read(unwrapped.content)
    stamp, period, z_first, z_last = _about(inside)
    valid = _valid_then(unwrapped.signer, stamp.at)
    findings = [*unwrapped.findings, *valid, *_ruled(inside), *findings]
    if len(findings) > FINDINGS_MAX:
        sentence = f"{len(findings) - FINDINGS_MAX} more things are wrong"
        findings = [*findings[:FINDINGS_MAX], Finding("FINDINGS_MORE", "file", sentence)]
    return SignedFile(
        sort=Sort.SIGNED_REGISTER if isinstance(inside, Register) else Sort.SIGNED_DAY,
        nui=stamp.nui,
        z_first=z_first,
        z_last=z_last,
        period=period,
        made_at=stamp.at,
        sha256=sha256(content).hexdigest(),
        xml_bytes=len(unwrapped.content),
        xml_sha256=sha256(unwrapped.content).hexdigest(),
        signature=unwrapped.signature,
        signer=unwrapped.signer,
        turnover=day_rules.turnover_of(inside) if isinstance(inside, Day) else Turnover.UNKNOWN,
        content=inside,
        findings=tuple(findings),
    )


def _about(inside: Content) -> tuple[Stamp, str | None, int, int]:
    """Whose it is, of which month, and of which Zs."""
    stamp = inside.id or (inside.totals.id if isinstance(inside, Day) else None)
    if stamp is None:
        raise NotSigned("OWNER_UNKNOWN", "it has no id that says which device made it")
    if isinstance(inside, Register):
        if inside.z_first is None or inside.z_last is None:
            raise NotSigned("Z_UNKNOWN", "the register does not say which Zs it is about")
        return stamp, inside.period, inside.z_first, inside.z_last
    if stamp.z_number is None:
        raise NotSigned("Z_UNKNOWN", "the day does not say which Z it is")
    # A day is of the month of its Z; what else it says is optional and was seen only in a form.
    if stamp.at is not None:
        period: str | None = stamp.at.date().isoformat()[:7]
    else:
        period = inside.period if isinstance(inside, Day) else None
    return stamp, period, stamp.z_number, stamp.z_number


def _ruled(inside: Content) -> list[Finding]:
    if isinstance(inside, Register):
        return day_rules.of_register(inside)
    return day_rules.of_day(inside) if isinstance(inside, Day) else []


def _valid_then(signer: Signer | None, made_at: datetime | None) -> Iterator[Finding]:
    """A certificate that was not yet, or no longer, valid when the file was made."""
    if signer is None or made_at is None:
        return
    begins, ends = (each.replace(tzinfo=None) for each in (signer.not_before, signer.not_after))
    # The device's clock is ahead of UTC by ROMANIA. Only differences: no moment is moved out of
    # the calendar, neither year 1 of a stranger's file nor year 9999 of a certificate.
    if made_at < begins or made_at - ends > ROMANIA:
        sentence = f"it is valid from {signer.not_before:%Y-%m-%d} to {signer.not_after:%Y-%m-%d}"
        yield Finding("CERTIFICATE_NOT_VALID_THEN", "certificate", sentence)


def _signer(signer: Signer | None) -> dict[str, Any] | None:
    if signer is None:
        return None
    return {
        "serial": signer.serial,
        "subject": signer.subject,
        "issuer": signer.issuer,
        "not_before": signer.not_before.isoformat(),
        "not_after": signer.not_after.isoformat(),
        "chain": [*signer.chain],
        "trusted": signer.trusted,
    }


def _figures(file: SignedFile) -> ZFigures:
    day = file.content
    assert isinstance(day, Day)
    totals = day.totals
    payments: dict[str, Bani] = {}
    for each in day.payments:
        kind = PAYMENTS.get(each.kind, PaymentKind.OTHER)
        payments[kind] = Bani(payments.get(kind, 0) + (each.value or 0))
    more = {**totals.counts, **totals.amounts}
    told = {"total", "vat", "receipts"}
    return ZFigures(
        z_number=file.z_first,
        at=file.made_at.isoformat() if file.made_at else "",
        total=totals.amounts["total"],
        rates=tuple(_gross(day, file.turnover)),
        vat=totals.amounts["vat"],
        receipts=totals.counts["receipts"],
        payments=payments,
        more={
            name: value for name, value in more.items() if value is not None and name not in told
        },
    )


def _gross(day: Day, turnover: Turnover) -> Iterator[RateSum]:
    """The rates with VAT in them, where it is known what valOp is."""
    for each in day.rates:
        if each.turnover is None or (turnover is Turnover.UNKNOWN and each.rate):
            continue
        net = turnover is Turnover.NET
        yield RateSum(each.rate, Bani(each.turnover + (each.vat or 0) * net), each.vat)
