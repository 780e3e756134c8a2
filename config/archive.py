"""The `[archive]` table: where signed files are looked for, and how long what is kept is kept.

    [archive]
    folders = ["/srv/anaf"]                     looked at all the time
    watch_mounts = true                         and what is plugged in: a stick, an SD card
    mounts = ["/media", "/run/media", "/mnt"]   below which it appears
    retention_years = 10
    trusted = "/etc/amef-agent/anaf"            certificates that are believed (PEM or DER)
    je_days_back = 60                           of the JE of a printer that is new to us

All of it may be left out.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from config.folder import FolderPath
from config.tables import Table

RETENTION_YEARS_MIN = 10  # what is asked of fiscal data
MOUNTS = ("/media", "/run/media", "/mnt")


def _mounts() -> list[Path]:
    return [Path(each) for each in MOUNTS]


class ArchiveSettings(Table):
    """What the archive looks for, and for how long it keeps it."""

    folders: list[FolderPath] = Field(default_factory=list)
    watch_mounts: bool = True
    mounts: list[FolderPath] = Field(default_factory=_mounts)
    retention_years: Annotated[int, Field(ge=RETENTION_YEARS_MIN, le=100)] = RETENTION_YEARS_MIN
    trusted: FolderPath | None = None  # None: no authority is known, and that is a finding
    je_days_back: Annotated[int, Field(ge=0, le=3650)] = 60  # as long as its signed files live
