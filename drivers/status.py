"""A device's status bytes, bit by bit, in words.

A family keeps its bits as rows of a CSV (byte, bit, fault, en, ro); a row without a fault says
something about the last request or the device's mode, not that something is wrong now.
"""

import csv
from dataclasses import dataclass
from importlib import resources

from drivers.faults import Fault

NOT_BLOCKING = {Fault.PAPER_LOW, Fault.JE_NEARLY_FULL, Fault.FISCAL_MEMORY_NEARLY_FULL}


@dataclass(frozen=True, slots=True)
class StatusBit:
    """What one bit means when it is set."""

    byte: int
    bit: int
    fault: Fault | None
    en: str
    ro: str

    def is_set(self, raw: bytes) -> bool:
        return bool(raw[self.byte] >> self.bit & 1)


@dataclass(frozen=True, slots=True)
class ErrorNumber:
    """The device's last error, where a whole status byte is its number; None: we do not know it."""

    byte: int
    number: int
    fault: Fault | None


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """The status bytes as they came, and what they mean."""

    raw: bytes
    bits: tuple[StatusBit, ...]
    receipt_open: bool
    fiscalised: bool
    error: ErrorNumber | None = None  # of an earlier request: nothing that is wrong now

    @property
    def conditions(self) -> tuple[Fault, ...]:
        """Everything that is wrong now, also what does not stop work."""
        found = [bit.fault for bit in self.bits if bit.fault and bit.is_set(self.raw)]
        return tuple(dict.fromkeys(found if self.fiscalised else [*found, Fault.NOT_FISCALISED]))

    @property
    def blocking(self) -> tuple[Fault, ...]:
        return tuple(fault for fault in self.conditions if fault not in NOT_BLOCKING)


def load_status_bits(resource: str) -> tuple[StatusBit, ...]:
    """Read a family's table from `drivers/families/<resource>`."""
    text = resources.files("drivers.families").joinpath(resource).read_text(encoding="utf-8")
    return tuple(
        StatusBit(
            int(row["byte"]),
            int(row["bit"]),
            Fault(row["fault"]) if row["fault"] else None,
            row["en"],
            row["ro"],
        )
        for row in csv.DictReader(text.splitlines())
    )


def load_faults(resource: str) -> dict[str, Fault]:
    """Read a family's table of error codes from `drivers/families/<resource>`."""
    text = resources.files("drivers.families").joinpath(resource).read_text(encoding="utf-8")
    return {row["code"]: Fault(row["fault"]) for row in csv.DictReader(text.splitlines())}
