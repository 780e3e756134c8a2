"""The configuration file: one TOML file, checked whole before anything starts.

    [agent]   id, state_dir, command_ttl_s, timezone, search, search_not
    [cloud]   profile, base_url, api_key_file (or AMEF_API_KEY), poll_interval_s, proxy, ca_file,
              long_poll_s, budget_share, open_from, open_until
    [[device]]  id, family, dialect, dialect_is_sure, transport, address, baud, dtr, rts,
                fiscal_serial, nui, operator, password, network_password, till, features,
                code_page, vat_rates, z_report_at, x_report_at, z_report_after_h, set_clock_at,
                preflight_at; behind a folder also: see by_hand.py
    [[folder]]  a shop's old way: see folder.py
    [archive] folders, watch_mounts, mounts, retention_years, je_days_back, trusted: see
              archive.py

Whatever is wrong is said with the file, the key, and for an unknown key the nearest known one.
"""

import difflib
import re
import tomllib
from datetime import time
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationError,
)

from config.archive import ArchiveSettings
from config.by_hand import (
    CABLES,
    AnswerSeconds,
    Transport,
    by_hand_trouble,
    watched_trouble,
)
from config.folder import (
    FolderSettings,
    Group,
    PaymentName,
    PaymentNumber,
    Rate,
    folder_trouble,
)
from config.profiles import CloudProfile, profiles
from config.tables import Table, load_own

__all__ = [
    "AgentSettings",
    "CloudProfile",
    "CloudSettings",
    "ConfigError",
    "DeviceSettings",
    "Family",
    "NetworkSettings",
    "Settings",
    "catalogue",
    "is_loopback",
    "is_proxy",
    "load",
    "profiles",
]

COMMAND_TTL_S_MAX = 7 * 86_400


def _not_empty(value: object) -> object:
    if value == "":
        raise ValueError("a path is missing")
    return value


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise ValueError(f"{name!r} is not a timezone this machine knows") from None
    return name


def _time_of_day(value: object) -> object:
    """A bare number would be read as seconds, and a zone would not be looked at."""
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?", str(value)):
        raise ValueError(f'{str(value)!r} is not a time of day such as "23:30"')
    return value


def is_proxy(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _proxy(url: str) -> str:
    if url and not is_proxy(url):  # it may hold a password: it is not shown
        raise ValueError("is not the address of a proxy, such as http://10.0.0.1:3128")
    return url


FilePath = Annotated[Path, Field(strict=False), BeforeValidator(_not_empty)]
TimeOfDay = Annotated[time, Field(strict=False), BeforeValidator(_time_of_day)]
CodePage = Literal["ascii", "cp1250", "cp852", "iso8859_2", "iso8859_16"]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,100}$")]
Ascii = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,20}$")]
Hidden = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{0,64}$"), Field(repr=False)]


class ConfigError(Exception):
    """The configuration cannot be used; the sentence names the file and the key."""


class Family(Table):
    """What the catalogue knows of a printer family."""

    title: str
    in_the_cloud: dict[str, str]  # the cloud's names for it, each with the dialect it means
    baud: int
    tcp_ports: list[int]
    operator: int
    password: str
    features: list[str] = Field(default_factory=list)  # what every device of the family has
    code_page: CodePage = "ascii"
    dialects: list[str] = Field(default_factory=list)  # the first is meant where none is named
    transports: list[str] = Field(default_factory=lambda: list(CABLES))
    network_password: bool = False  # its network may want one before the first frame


class AgentSettings(Table):
    id: Name
    state_dir: FilePath
    command_ttl_s: Annotated[int, Field(gt=0, le=COMMAND_TTL_S_MAX)] = 180
    timezone: Annotated[str, AfterValidator(_timezone)] = "Europe/Bucharest"
    # Where a printer is looked for that is not at its port: patterns of paths; None: every tty.
    search: list[str] | None = None
    search_not: list[str] = Field(default_factory=list)


class NetworkSettings(Table):
    """The way to the cloud, where it is not the ordinary one."""

    proxy: Annotated[str, AfterValidator(_proxy)] = ""
    ca_file: FilePath | None = None


class CloudSettings(NetworkSettings):
    profile: str = "ebon"
    base_url: str = ""
    api_key_file: FilePath | None = None
    poll_interval_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 10.0
    long_poll_s: Annotated[int, Field(ge=0, le=60)] = 30  # 0: the cloud is never asked to wait
    budget_share: Annotated[float, Field(gt=0, le=1)] | None = None  # None: learned
    open_from: TimeOfDay | None = None
    open_until: TimeOfDay | None = None


class DeviceSettings(Table):
    """One printer. `address`: a path, usb:VID[:PID[:SERIAL]], or host[:port]; or a folder."""

    id: Name
    family: str
    transport: Transport = "serial"
    address: Annotated[str, StringConstraints(min_length=1)]
    baud: Annotated[int, Field(gt=0)] | None = None
    dtr: bool = True
    rts: bool = True
    fiscal_serial: str = ""
    nui: Annotated[str, StringConstraints(pattern=r"^([0-9]{10})?$")] = ""  # ANAF's id of it
    operator: Annotated[int, Field(ge=1, le=30)] | None = None
    password: Ascii | None = None
    network_password: Hidden = ""  # what a connection to it begins with
    till: Annotated[int, Field(ge=1, le=99999)] = 1
    z_report_at: TimeOfDay | None = None
    z_report_after_h: Annotated[int, Field(ge=1, le=23)] | None = None
    x_report_at: TimeOfDay | None = None
    set_clock_at: TimeOfDay | None = None
    preflight_at: TimeOfDay | None = None
    vat_rates: list[Annotated[int, Field(ge=0, le=99)]] = Field(default_factory=list)
    features: list[str] = Field(default_factory=list)  # what it has beyond its family
    code_page: CodePage | None = None
    dialect: str = ""
    dialect_is_sure: bool = False
    vat_groups: dict[Group, Rate] = Field(default_factory=dict)
    payments: dict[PaymentNumber, PaymentName] = Field(default_factory=dict)
    answer_s: AnswerSeconds = 60


class Settings(Table):
    agent: AgentSettings
    cloud: CloudSettings
    device: Annotated[list[DeviceSettings], Field(min_length=1)]
    folder: list[FolderSettings] = Field(default_factory=list)
    archive: ArchiveSettings = Field(default_factory=ArchiveSettings)

    @property
    def base_url(self) -> str:
        return (self.cloud.base_url or profiles()[self.cloud.profile].base_url).rstrip("/")


@cache
def catalogue() -> dict[str, Family]:
    return {name: Family(**row) for name, row in load_own("catalogue.toml").items()}


def is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def load(path: Path) -> Settings:
    """Read and check the configuration file.

    Raises:
        ConfigError: not there, not TOML, or not a configuration.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: {error}") from error
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        raise ConfigError("\n".join(f"{path}: {line}" for line in _lines(error))) from error
    _check(path, settings)
    return settings


def _check(path: Path, settings: Settings) -> None:
    """Check what no single key can say."""
    _known(f"{path}: cloud.profile", settings.cloud.profile, list(profiles()))
    try:
        url = urlsplit(settings.base_url)
        complete = bool(url.hostname) and url.port != 0
    except ValueError:
        complete = False
    if not complete:
        raise ConfigError(f"{path}: cloud.base_url: {settings.base_url!r} is not an address")
    if url.scheme != "https" and not (url.scheme == "http" and is_loopback(settings.base_url)):
        raise ConfigError(
            f"{path}: cloud.base_url: {settings.base_url!r} must be https://;"
            " plain http:// would show the key to the network and is for loopback only"
        )
    for index, device in enumerate(settings.device):
        _check_device(f"{path}: device[{index}]", device)
    ours = [device.address for device in settings.device if device.transport == "folder"]
    if trouble := watched_trouble(ours, [folder.path for folder in settings.folder]):
        raise ConfigError(f"{path}: {trouble}")
    if trouble := folder_trouble(settings.folder, [device.id for device in settings.device]):
        raise ConfigError(f"{path}: {trouble}")
    for what, values in (
        ("id", [device.id for device in settings.device]),
        ("address", [device.address for device in settings.device]),
    ):
        if twice := {value for value in values if values.count(value) > 1}:
            raise ConfigError(f"{path}: device.{what}: {min(twice)!r} stands there twice")


def _check_device(key: str, device: DeviceSettings) -> None:
    _known_family(f"{key}.family", device.family)
    family = catalogue()[device.family]
    _known(f"{key}.dialect", device.dialect, ["", *family.dialects])
    told = device.model_dump()
    if trouble := by_hand_trouble(told, device.model_fields_set, family.transports):
        raise ConfigError(f"{key}.{trouble}")
    if device.network_password and not family.network_password:
        raise ConfigError(f"{key}.network_password: a {device.family} asks for none")
    if device.network_password and device.transport != "tcp":
        raise ConfigError(f"{key}.network_password: only where transport is 'tcp'")


def _known(key: str, value: str, known: list[str]) -> None:
    if value not in known:
        raise ConfigError(f"{key}: {value!r} is not known{_nearest(value, known)}")


def _known_family(key: str, value: str) -> None:
    for name, family in catalogue().items():
        if value != name and (dialect := family.in_the_cloud.get(value)) is not None:
            ours = f'"{name}"' + (f', dialect = "{dialect}"' if dialect else "")
            raise ConfigError(f"{key}: what the cloud calls {value} is here family = {ours}")
    _known(key, value, list(catalogue()))


def _lines(error: ValidationError) -> list[str]:
    return [_line(item["loc"], item["type"], item["msg"]) for item in error.errors()]


def _line(loc: tuple[int | str, ...], type_: str, message: str) -> str:
    key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).lstrip(".")
    if type_ != "extra_forbidden":
        return f"{key}: {message}"
    tables: dict[str, type[BaseModel]] = {
        "agent": AgentSettings,
        "cloud": CloudSettings,
        "device": DeviceSettings,
        "folder": FolderSettings,
        "archive": ArchiveSettings,
    }
    table: type[BaseModel] = tables[str(loc[0])] if len(loc) > 1 else Settings
    return f"{key}: unknown key{_nearest(str(loc[-1]), list(table.model_fields))}"


def _nearest(value: str, known: list[str]) -> str:
    near = difflib.get_close_matches(value, known, n=1, cutoff=0.0)
    return f"; the nearest known one is {near[0]!r}" if near else ""
