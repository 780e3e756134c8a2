"""What every table of ours shares: unknown keys are refused, types are exact, nothing changes."""

import tomllib
from importlib import resources
from typing import Any

from pydantic import BaseModel, ConfigDict


class Table(BaseModel):
    """A TOML table."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        hide_input_in_errors=True,  # it may be a password
    )


def load_own(name: str) -> dict[str, Any]:
    """Read a TOML file that is installed beside this module."""
    return tomllib.loads(resources.files("config").joinpath(name).read_text(encoding="utf-8"))
