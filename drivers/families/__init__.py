"""The printer families: one file each, found by its name; `DRIVER` is the class in it."""

import pkgutil
from dataclasses import replace
from importlib import import_module
from typing import Any, TypedDict, Unpack

from drivers.base import FiscalPrinter, Operator
from drivers.capabilities import Feature
from drivers.clock import Clock
from drivers.fiscalnet.folder import FiscalNetFolder
from drivers.fiscalnet.text import ByHand
from drivers.transport import Transport
from protocol.text import ASCII


class Own(TypedDict, total=False):
    """What only some families are told."""

    by_hand: ByHand  # one that cannot be asked who it is
    network_password: str  # one whose network wants it first; "": it does not


def names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def printer(
    family: str,
    transport: Transport | FiscalNetFolder,
    clock: Clock,
    operator: Operator,
    features: frozenset[Feature] = frozenset(),
    code_page: str = ASCII,
    dialect: str = "",
    **own: Unpack[Own],
) -> FiscalPrinter:
    """Build the driver of a family over a cable, with these features on; opens nothing.

    `dialect` is for a family that has several; empty, it takes its first.

    Raises:
        ModuleNotFoundError: no such family (the configuration checks before).
    """
    driver = import_module(f"{__name__}.{family}").DRIVER
    said: dict[str, Any] = {"dialect": dialect, **own}
    told = {name: value for name, value in said.items() if value}
    made: FiscalPrinter = driver(transport, clock, operator, **told)
    can = made.capabilities
    made.capabilities = replace(
        can,
        features=can.features & features,
        lacks=frozenset(Feature) - can.features,
        code_page=code_page,
    )
    return made
