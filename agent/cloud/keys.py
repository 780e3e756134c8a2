"""The API key: where it is found, what it may look like, and that nobody sees it.

    AMEF_API_KEY  -->  cloud.api_key_file  -->  the systemd credential `api-key`   the first is it

    FILE            0600, owned by the service's user (or root); written whole by `amef key`
    FILE.previous   the key before it, beside it until the new one has worked

`KeyRing` holds the key in use. A changed file is the new key: tried from the next request on, and
while the cloud says 401 to it, the one before it is used.
"""

import os
import pwd
import re
import shlex
import stat
import tempfile
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from config.settings import ConfigError, Settings, profiles
from drivers.clock import Clock, SystemClock

VARIABLE = "AMEF_API_KEY"
CREDENTIAL = "api-key"
LOOK_S = 1.0
FILE_BYTES_MAX = 4096
_GRAPHIC = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A secret. Printing it shows only where it came from."""

    secret: str = field(repr=False)
    source: str
    organization: str
    live: bool

    def hidden_in(self, text: str) -> str:
        """Return a stranger's text without the key: a cloud may say it back in an error."""
        return text.replace(self.secret, "***")

    def same_world(self, other: "ApiKey") -> bool:
        """True if both are of one organization and environment, as far as keys say."""
        return (self.live, self.organization) == (other.live, other.organization)


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A file with a key in it, and who may own it beside us and root."""

    path: Path
    profile: str
    owners: frozenset[int] = frozenset()
    guarded: bool = False  # in the credential directory: its modes are systemd's business

    @property
    def previous(self) -> Path:
        return self.path.with_name(f"{self.path.name}.previous")

    def read(self) -> ApiKey:
        """Read the key.

        Raises:
            ConfigError: not there, not readable, open to others, or not a key of this cloud.
        """
        return self._read(self.path)

    def read_previous(self) -> ApiKey | None:
        """Read the key that was kept for falling back on; None without one.

        Raises:
            ConfigError: there is one and it cannot be used.
        """
        return self._read(self.previous) if self.previous.exists() else None

    def place(self, secret: str) -> None:
        """Put a new key here, whole or not at all, and keep the one before it.

        Raises:
            OSError: the folder cannot be written to; the old key is where it was.
        """
        owner = self._owner()
        with suppress(ConfigError, OSError, UnicodeDecodeError):  # what is no key is not kept
            before = self.path.read_bytes()[:FILE_BYTES_MAX].decode("utf-8").strip()
            if before != secret:
                parse(before, str(self.path), self.profile)
                _write(self.previous, before, owner)
        _write(self.path, secret, owner)

    def _owner(self) -> os.stat_result:
        """Whose the key is; in a new file it is whose folder it is, which only root can arrange."""
        try:
            return self.path.stat()
        except FileNotFoundError:
            return self.path.parent.stat()

    def _read(self, path: Path) -> ApiKey:
        try:
            with open(path, "rb", opener=_without_waiting) as file:
                if not self.guarded:
                    self._refuse_open_to_others(path, os.fstat(file.fileno()))
                secret = file.read(FILE_BYTES_MAX).decode("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
            raise ConfigError(f"cloud.api_key_file: {path}: {reason}") from None
        return parse(secret, str(path), self.profile)

    def _refuse_open_to_others(self, path: Path, found: os.stat_result) -> None:
        shown = shlex.quote(str(path))
        if found.st_uid not in {os.geteuid(), 0, *self.owners}:
            raise ConfigError(
                f"cloud.api_key_file: {path} belongs to {user_name(found.st_uid)}, who can read"
                f" and change it; mend it with: chown {user_name(os.geteuid())} {shown}"
            )
        if stat.S_IMODE(found.st_mode) & 0o077:
            raise ConfigError(
                f"cloud.api_key_file: {path} is open to others (mode"
                f" {stat.S_IMODE(found.st_mode):04o}); mend it with: chmod 600 {shown}"
            )


class KeyRing:
    """The key in use, and the one to fall back on. Belongs to the cloud thread alone.

    new key: tried --not a 401--> it is the key, the one before it is forgotten
                \\--401--> the one before it is used, until that is refused too
    """

    def __init__(
        self,
        key: ApiKey,
        file: KeyFile | None = None,
        fall_back: ApiKey | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._clock = clock or SystemClock()
        self._file = file
        self._newest = key  # as the file says it
        self._using = key
        self._other = fall_back if fall_back and fall_back.secret != key.secret else None
        self._in_file = key.secret
        self._worked = False  # the one in use has
        self._refused: set[str] = set()  # since something worked
        self._look_at_s = self._clock.monotonic_s() + LOOK_S
        self._file_trouble = ""

    @property
    def current(self) -> ApiKey:
        """The key for the next request; looks at the file at most once a second."""
        now_s = self._clock.monotonic_s()
        if self._file is not None and now_s >= self._look_at_s:
            self._look_at_s = now_s + LOOK_S
            self._look(self._file)
        return self._using

    @property
    def sentence(self) -> str:
        """What is wrong with our keys, "" if nothing is; names files, shows no key."""
        if self._using is not self._newest:
            refused = f"{self._newest.source}: the new key is refused (401), the old one is in use"
            return "; ".join(filter(None, (refused, self._file_trouble)))
        return self._file_trouble

    def worked(self, key: ApiKey) -> None:
        """The cloud itself answered this key, and not with 401: it knows it.

        Not to be called for 5xx, 429 and what is no answer of the cloud's (a captive portal).
        """
        if key.secret != self._using.secret:
            return
        self._refused.clear()
        if self._worked:
            return
        self._worked = True
        if self._using is self._newest:
            self._other = None
            self._forget_previous()

    def refused(self, key: ApiKey) -> ApiKey | None:
        """The cloud said 401: return the key to use instead, None if none is left to try."""
        if key.secret != self._using.secret:
            return self._using
        self._refused.add(key.secret)
        self._worked = False
        if self._file is not None:  # it may have been changed since we last looked
            self._look(self._file)
            if self._using.secret != key.secret:
                return self._using
        if self._other is not None and self._other.secret not in self._refused:
            self._using, self._other = self._other, self._using
            return self._using
        self._refused.clear()  # the next try, a slow one, starts with the newest again
        if self._using is not self._newest:
            self._using, self._other = self._newest, self._using
        return None

    def _look(self, file: KeyFile) -> None:
        try:
            found = file.read()
        except ConfigError as error:
            self._file_trouble = f"{error}; the key in memory is used"
            return
        if found.secret == self._in_file:
            self._file_trouble = ""
            return
        if not found.same_world(self._newest):
            # The printers were let in, and the ledger filled, under the other one.
            self._file_trouble = (
                f"{found.source}: the new key is of another organization or environment;"
                " restart the agent to change over. The old one is in use"
            )
            return
        self._file_trouble = ""
        self._in_file = found.secret
        # What is proven is kept; a new key that never worked is the last to fall back on.
        kept = (self._using, self._other) if self._worked else (self._other, self._using)
        unusable = {found.secret, *self._refused}
        self._other = next((key for key in kept if key and key.secret not in unusable), None)
        self._newest = self._using = found
        self._worked = False
        self._refused.clear()

    def _forget_previous(self) -> None:
        if self._file is None or self._file.guarded:
            return
        with suppress(OSError):  # in a folder that is not ours; `amef key check` speaks of it
            self._file.previous.unlink(missing_ok=True)


def load_keys(
    settings: Settings, environ: MutableMapping[str, str], clock: Clock | None = None
) -> KeyRing:
    """Find the key and check its form. Takes AMEF_API_KEY out of `environ`: a child, or a dump
    of the environment, has no need of it.

    Raises:
        ConfigError: none found, not readable, open to others, or not a key of this cloud.
    """
    if secret := environ.pop(VARIABLE, "").strip():
        return KeyRing(parse(secret, VARIABLE, settings.cloud.profile), clock=clock)
    file = key_file(settings, environ)
    if file is None or (file.guarded and not file.path.exists()):
        raise ConfigError(
            f"no API key: set cloud.api_key_file or {VARIABLE}, or give the service its"
            " credential (systemd/README.md)"
        )
    key = file.read()
    try:
        previous = file.read_previous()
    except ConfigError:  # it is only for the bad day, and then the cloud's 401 is said
        previous = None
    if previous is not None and not previous.same_world(key):
        previous = None
    return KeyRing(key, file, previous, clock)


def key_file(settings: Settings, environ: Mapping[str, str]) -> KeyFile | None:
    """Return the file the key is looked for in: the configured one, or the unit's credential.

    Raises:
        ConfigError: the key itself stands where its path should.
    """
    directory = environ.get("CREDENTIALS_DIRECTORY", "")
    path = settings.cloud.api_key_file
    if path is None and directory:
        path = Path(directory) / CREDENTIAL
    if path is None:
        return None
    if any(re.fullmatch(profile.key.pattern, path.name) for profile in profiles().values()):
        raise ConfigError(
            "cloud.api_key_file: this is a key and not the path of a file; who reads the"
            " configuration has read it: make another key in the cloud, and `amef key set` it"
        )
    guarded = bool(directory) and path.parent == Path(directory)
    owners: set[int] = set()
    with suppress(OSError):  # the service's user; root may look at what is its
        owners = {settings.agent.state_dir.stat().st_uid}
    return KeyFile(path, settings.cloud.profile, frozenset(owners), guarded=guarded)


def _without_waiting(path: str, flags: int) -> int:
    """Open what may be a pipe that nobody writes to."""
    return os.open(path, flags | os.O_CLOEXEC | os.O_NONBLOCK)


def parse(secret: str, source: str, profile_name: str) -> ApiKey:
    """Make a key of what was found.

    Raises:
        ConfigError: no key of this cloud, or one that cannot do our work; it is never shown.
    """
    known = profiles()
    profile = known[profile_name]
    # What a header cannot carry would stand in the error of whoever tries.
    if not _GRAPHIC.fullmatch(secret):
        what = "is empty" if not secret else "holds spaces or signs that no key has"
        raise ConfigError(f"{source}: this is not an API key of this cloud: it {what}")
    match = re.fullmatch(profile.key.pattern, secret)
    if match is None:
        for name, other in known.items():
            if re.fullmatch(other.key.pattern, secret):
                raise ConfigError(
                    f"{source}: this looks like an API key of {name}; cloud.profile is"
                    f" {profile_name}"
                )
        raise ConfigError(f"{source}: this is not an API key of this cloud (its form is different)")
    groups = match.groupdict()
    if why := profile.key.refused.get(groups.get("kind") or "", ""):
        raise ConfigError(f"{source}: {why}")
    environment, said = profile.key.environment, groups.get("environment")
    if environment != "by_key" and said not in (None, environment):
        raise ConfigError(f"{source}: a {said} key; {profile_name} has {environment} keys only")
    live = (said if environment == "by_key" else environment) == "live"
    return ApiKey(secret, source, groups.get("organization") or "", live=live)


def _write(path: Path, secret: str, owner: os.stat_result) -> None:
    number, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # 0600, a new file
    try:
        with open(number, "w", encoding="ascii") as file:
            if os.geteuid() == 0:
                os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
            file.write(f"{secret}\n")
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    finally:
        Path(draft).unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
