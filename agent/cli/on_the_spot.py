"""One configured printer, taken for a moment by a person at the machine, beside the agent.

    the agent's lock --> (to act: no doubt in the ledger) --> the port's lock --> open ... close

Refused while the agent runs: one thread owns a printer. Acting is also refused while a receipt's
fate on this printer is unknown: every document moves the counters that are its only proof.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from agent.cli.common import open_ledger
from agent.cli.output import RefusedHere
from agent.devices import build_printer
from agent.ledger_file import LEDGER_FILE
from agent.ledger_repair import aside_sentence, find_aside
from agent.lock import LOCK_FILE, take_lock
from agent.states import State
from config import settings
from config.settings import ConfigError, DeviceSettings, Settings
from drivers.base import FiscalPrinter
from drivers.clock import SystemClock
from drivers.errors import NotStarted, Refused
from drivers.faults import Fault
from drivers.model import Identity

UNKNOWN = Identity("?", "?", "?", "?", "?")


@dataclass(frozen=True, slots=True)
class Taken:
    """The printer we hold."""

    device: DeviceSettings
    printer: FiscalPrinter
    identity: Identity
    zone: tzinfo


@contextmanager
def taken(config: Path, device_id: str | None, *, to_act: bool) -> Iterator[Taken]:
    """Hold a printer's session; `to_act` where something will be printed or set.

    Raises:
        RefusedHere: the agent runs, or a receipt is in doubt.
        DriverError: no printer, or another one than configured.
    """
    loaded = settings.load(config)
    device = _device(loaded, device_id)
    with _without_agent(loaded.agent.state_dir):
        if to_act:
            _refuse_in_doubt(loaded, device)
        printer = build_printer(device, SystemClock())
        try:
            identity = _opened(printer, to_act=to_act)
            if to_act:
                _refuse_other(device, identity)
            elif identity is not UNKNOWN and device.fiscal_serial not in (
                "",
                identity.fiscal_serial,
            ):
                typer.echo(f"amef: {_another(device, identity)}", err=True)
            yield Taken(device, printer, identity, ZoneInfo(loaded.agent.timezone))
        finally:
            printer.close()


def _opened(printer: FiscalPrinter, *, to_act: bool) -> Identity:
    try:
        return printer.open(last_sequence=None)
    except Refused:  # it will not say who it is, as when not fiscalised; its status is worth seeing
        if to_act:
            raise
        return UNKNOWN


def _device(loaded: Settings, device_id: str | None) -> DeviceSettings:
    known = {device.id: device for device in loaded.device}
    if device_id is None and len(known) == 1:
        return loaded.device[0]
    if device_id not in known:
        raise typer.BadParameter(f"--device must be one of: {', '.join(known)}")
    return known[device_id]


def _without_agent(state_dir: Path) -> AbstractContextManager[object]:
    """Return what keeps the agent from starting while we work."""
    try:
        (state_dir / LOCK_FILE).stat()
        return take_lock(state_dir)
    except FileNotFoundError:  # no agent has run here; a lock made by root would lock it out
        return nullcontext()
    except OSError as error:
        raise RefusedHere(
            "agent_unknown",
            ro="Nu se poate vedea dacă agentul rulează. Rulați comanda cu sudo.",
            en="Whether the agent runs cannot be seen. Run this command with sudo.",
            detail=str(error),
        ) from error
    except ConfigError as error:
        raise RefusedHere(
            "agent_running",
            ro="Agentul rulează și folosește casa de marcat. Opriți-l: systemctl stop amef-agent",
            en="The agent runs and holds the printer. Stop it: systemctl stop amef-agent",
            detail=str(error),
        ) from error


def _refuse_in_doubt(loaded: Settings, device: DeviceSettings) -> None:
    path = loaded.agent.state_dir / LEDGER_FILE
    if (aside := find_aside(path)) is not None:
        raise RefusedHere(
            "ledger_damaged",
            ro="Registrul agentului a fost deteriorat și pus deoparte. Rulați întâi: "
            "amef ledger recover",
            en="The agent's ledger was damaged and is set aside. Run first: amef ledger recover",
            detail=aside_sentence(aside),
        )
    if not path.exists():
        return
    with closing(open_ledger(loaded)) as ledger:
        # `issuing` while no agent runs: it was cut off, and its next start will call it in doubt.
        if not ledger.in_doubt(device.id) and not ledger.counts().get(State.ISSUING, 0):
            return
    raise RefusedHere(
        "receipt_in_doubt",
        ro="Nu se știe încă dacă ultimul bon a fost emis; contoarele sunt singura dovadă. "
        "Porniți întâi agentul, ca să afle: systemctl start amef-agent",
        en="Whether the last receipt was issued is not known yet, and the counters are the only "
        "proof. Start the agent first, to find out: systemctl start amef-agent",
    )


def _refuse_other(device: DeviceSettings, identity: Identity) -> None:
    if device.fiscal_serial not in ("", identity.fiscal_serial):
        raise NotStarted(_another(device, identity), fault=Fault.OTHER_PRINTER)


def _another(device: DeviceSettings, identity: Identity) -> str:
    return f"{device.id}: fiscal serial {identity.fiscal_serial}, not {device.fiscal_serial}"
