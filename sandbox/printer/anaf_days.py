"""The days made for ANAF as the device keeps them: in its state file, sixty days long.

    anaf_owner   one row: NUI and CIF; the key and the certificates from the first signature on
    anaf_day     the XML of a Z, until sixty days after it by the device's own clock

The signature is made when a file leaves the device, and always comes out the same: it depends on
the key, the XML and the time of the Z alone. So a device that is asked for no file needs no key.
`Card` is the SD card in a running device (`--anaf`): a file for each day that is kept, from the
instant of its Z until it vanishes with the day. What else is on it is left alone.
"""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sandbox.printer.anaf_sign import Identity, made, signed

LIFE = timedelta(days=60)
DEFAULT_NUI, DEFAULT_CIF = "5000001234", "12345674"
REGISTER_NAME = "Perioada_raportare.p7b"
SCHEMA = """
CREATE TABLE IF NOT EXISTS anaf_owner (
    id INTEGER PRIMARY KEY CHECK (id = 1), nui TEXT NOT NULL, cif TEXT NOT NULL,
    key_pem BLOB, certificate BLOB, authority BLOB);
CREATE TABLE IF NOT EXISTS anaf_day (z INTEGER PRIMARY KEY, at TEXT NOT NULL, xml BLOB NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class MadeDay:
    """The XML of one Z."""

    z: int
    at: datetime
    xml: bytes


@dataclass(frozen=True, slots=True)
class Card:
    """Where a running device puts its signed files, and how it makes them."""

    into: Path | None = None
    der: bool = False
    net: bool = False  # valOp without VAT


class Days:
    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._database.executescript(SCHEMA)
        self.card = Card()

    def settle(self, nui: str | None, cif: str | None) -> None:
        """Whose device this is: said once, the same ever after. Raises ValueError."""
        row = self._database.execute("SELECT nui, cif FROM anaf_owner").fetchone()
        if row is None:
            owner = (nui or DEFAULT_NUI, cif or DEFAULT_CIF)
            with self._database:
                self._database.execute(
                    "INSERT INTO anaf_owner (id, nui, cif) VALUES (1, ?, ?)", owner
                )
        elif (nui or row[0], cif or row[1]) != row:
            raise ValueError(f"the state file is of NUI {row[0]} and CIF {row[1]}")

    @property
    def nui(self) -> str:
        return self._owner()[0]

    @property
    def cif(self) -> str:
        return self._owner()[1]

    def _owner(self) -> tuple[str, str]:
        self.settle(None, None)
        nui, cif = self._database.execute("SELECT nui, cif FROM anaf_owner").fetchone()
        return str(nui), str(cif)

    def keep(self, day: MadeDay) -> None:
        """Within the caller's transaction."""
        row = (day.z, day.at.isoformat(), day.xml)
        self._database.execute("REPLACE INTO anaf_day VALUES (?, ?, ?)", row)

    def forget_old(self, now: datetime) -> None:
        oldest = ((now - LIFE).isoformat(),)
        gone = self._database.execute("SELECT z FROM anaf_day WHERE at < ?", oldest).fetchall()
        if not gone:
            return
        with self._database:
            self._database.execute("DELETE FROM anaf_day WHERE at < ?", oldest)
        if self.card.into:
            for (z,) in gone:
                (self.card.into / file_name(self.nui, z)).unlink(missing_ok=True)

    def days(self) -> list[MadeDay]:
        rows = self._database.execute("SELECT z, at, xml FROM anaf_day ORDER BY z")
        return [MadeDay(z, datetime.fromisoformat(at), xml) for z, at, xml in rows]

    def day(self, z: int) -> MadeDay | None:
        rows = self._database.execute("SELECT z, at, xml FROM anaf_day WHERE z = ?", (z,))
        found = [MadeDay(number, datetime.fromisoformat(at), xml) for number, at, xml in rows]
        return found[0] if found else None

    def use(self, card: Card) -> None:
        """Files go there from now on; the key is made now, not while a Z waits for it."""
        self.card = card
        if card.into:
            card.into.mkdir(parents=True, exist_ok=True)
            self.identity()

    def show_all(self) -> None:
        """Put the files on the card that are not there, as after a crash or on a new card."""
        if self.card.into:
            there = {path.name for path in self.card.into.iterdir()}
            for (z,) in self._database.execute("SELECT z FROM anaf_day ORDER BY z").fetchall():
                if file_name(self.nui, z) not in there:
                    self.show(z)

    def show(self, z: int) -> None:
        """Put the signed file of a Z on the card, if there is one; nobody sees half of it."""
        day = self.day(z)
        if self.card.into and day:
            content = signed(self.identity(), day.xml, day.at, der=self.card.der)
            path = self.card.into / file_name(self.nui, z)
            half = path.with_suffix(".part")
            half.write_bytes(content)
            os.replace(half, path)

    def identity(self) -> Identity:
        """The key and its certificate, made when first asked for."""
        nui = self.nui
        row = self._database.execute(
            "SELECT key_pem, certificate, authority FROM anaf_owner"
        ).fetchone()
        if row[0]:
            return Identity(*row)
        new = made(nui)
        with self._database:
            self._database.execute(
                "UPDATE anaf_owner SET key_pem = ?, certificate = ?, authority = ?",
                (new.key_pem, new.certificate, new.authority),
            )
        return new


def file_name(nui: str, z: int) -> str:
    return f"{nui}_Z{z:04d}.p7b"
