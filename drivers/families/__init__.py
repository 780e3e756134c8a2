"""The printer families: one file each, found by its name; `DRIVER` is the class in it."""

import pkgutil
from dataclasses import replace
from importlib import import_module
from typing import Any

from drivers.base import FiscalPrinter, Operator
from drivers.capabilities import Feature
from drivers.clock import Clock
from drivers.fiscalnet.folder import FiscalNetFolder
from drivers.fiscalnet.text import ByHand
from drivers.transport import Transport
from protocol.text import ASCII


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
    by_hand: ByHand | None = None,
) -> FiscalPrinter:
    """Build the driver of a family over a cable, with these features on; opens nothing.

    `dialect` is for a family that has several; empty, it takes its first. `by_hand` is for one
    that cannot be asked who it is.

    Raises:
        ModuleNotFoundError: no such family (the configuration checks before).
    """
    driver = import_module(f"{__name__}.{family}").DRIVER
    spoken: dict[str, Any] = {"dialect": dialect} if dialect else {}
    if by_hand is not None:
        spoken["by_hand"] = by_hand
    made: FiscalPrinter = driver(transport, clock, operator, **spoken)
    can = made.capabilities
    made.capabilities = replace(can, features=can.features & features, code_page=code_page)
    return made
