"""The API key: where it is found, what it may look like, and that nobody sees it.

Looked for in this order: AMEF_API_KEY, the configured file, the systemd credential `api-key`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from config.settings import CloudProfile, ConfigError, Settings, profiles

_GRAPHIC = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A secret. Printing it shows only where it came from."""

    secret: str = field(repr=False)
    source: str
    organization: str
    live: bool


def load_key(settings: Settings, environ: Mapping[str, str]) -> ApiKey:
    """Find the key and check its form.

    Raises:
        ConfigError: none found, not readable, or not a key of this cloud.
    """
    profile = profiles()[settings.cloud.profile]
    if secret := environ.get("AMEF_API_KEY", "").strip():
        return _checked(secret, "AMEF_API_KEY", profile)
    path = settings.cloud.api_key_file
    if path is None and (directory := environ.get("CREDENTIALS_DIRECTORY")):
        path = Path(directory) / "api-key"
    if path is None:
        raise ConfigError("no API key: set cloud.api_key_file or AMEF_API_KEY")
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cloud.api_key_file: {error}") from error
    return _checked(secret, str(path), profile)


def _checked(secret: str, source: str, profile: CloudProfile) -> ApiKey:
    # What a header cannot carry would stand in the error of whoever tries.
    match = re.fullmatch(profile.key_pattern, secret) if _GRAPHIC.fullmatch(secret) else None
    if match is None:
        raise ConfigError(f"{source}: this is not an API key of this cloud (its form is different)")
    live = profile.environment == "live" or match.groupdict().get("environment") == "live"
    return ApiKey(secret, source, match.groupdict().get("organization") or "", live=live)
