"""The printer families: one file each, found by its name; `DRIVER` is the class in it."""

import pkgutil
from importlib import import_module

from drivers.base import FiscalPrinter, Operator
from drivers.clock import Clock
from drivers.transport import Transport


def names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def printer(family: str, transport: Transport, clock: Clock, operator: Operator) -> FiscalPrinter:
    """Build the driver of a family over a cable; opens nothing.

    Raises:
        ModuleNotFoundError: no such family (the configuration checks before).
    """
    driver = import_module(f"{__name__}.{family}").DRIVER
    made: FiscalPrinter = driver(transport, clock, operator)
    return made
