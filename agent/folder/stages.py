"""A watched folder on disk: a file's stage is the subfolder it is in, each move is one rename.

    <path>/bon.txt ----> taken/<hash>.bon.txt ----> done/<hash>.bon.txt     printed and answered
            |                     '---------------> bad/<hash>.bon.txt      not printed, answered
            '--------> refused/<hash>.bon.txt ----> bad/...                 its name is in work

So nothing has to be remembered: what lies in `taken` and `refused` is still to be answered. Nothing
is ever deleted but an old answer, when its name comes back.
"""

import contextlib
import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

FILE_BYTES_MAX = 256 * 1024
NAME_BYTES_MAX = 200  # a hash comes before it, and a disk has its own limit of 255
HASH_LENGTH = 16
ANSWER_MODE = 0o664  # the service's umask would keep the till from reading it
TAKEN, REFUSED, DONE, BAD = STAGES = ("taken", "refused", "done", "bad")


class Busy(Exception):
    """Somebody still writes it."""


@dataclass(frozen=True, slots=True)
class Print:
    """What is seen of a file without opening it; another one means that it changed."""

    size: int
    modified_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class Found:
    """A file as it was read, and nobody wrote meanwhile. A longer one is cut at the limit + 1."""

    name: str
    raw: bytes
    seen: Print

    @property
    def too_large(self) -> bool:
        return self.seen.size > FILE_BYTES_MAX


class Stages:
    """The folder of one till; on a network, or gone: every method may raise OSError."""

    def __init__(self, path: Path, answers: Path, suffix: str) -> None:
        self.path = path
        self._answers = answers
        self._suffix = suffix.casefold()

    def prepare(self) -> None:
        """Make sure that what is taken can also be moved and answered."""
        for stage in STAGES:
            (self.path / stage).mkdir(exist_ok=True)
        for folder in (self.path, self._answers):
            if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
                raise PermissionError(None, "cannot be written, or is not there", str(folder))

    def dropped(self) -> dict[str, Print]:
        """Return what lies in the folder: whole names, no hidden files, no links."""
        found = {}
        with os.scandir(self.path) as entries:
            for entry in entries:
                ours = entry.name.casefold().endswith(self._suffix) and entry.name[0] not in ".~"
                if ours and entry.is_file(follow_symlinks=False):
                    with contextlib.suppress(FileNotFoundError):  # taken back meanwhile
                        found[entry.name] = print_of(entry.stat(follow_symlinks=False))
        return found

    def waiting(self, stage: str) -> list[str]:
        with os.scandir(self.path / stage) as entries:
            return sorted(entry.name for entry in entries if entry.is_file(follow_symlinks=False))

    def read(self, name: str) -> Found:
        """Read what was dropped, whole or as far as the limit.

        Raises:
            Busy: it is locked, or changes while it is read.
        """
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = os.open(self.path / name, flags)
        with open(descriptor, "rb") as file:
            _not_locked(descriptor)
            before = print_of(os.fstat(descriptor))
            raw = file.read(FILE_BYTES_MAX + 1)
            if print_of(os.fstat(descriptor)) != before:
                raise Busy
        return Found(name, raw, before)

    def take(self, name: str, label: str) -> None:
        os.replace(self.path / name, self.path / TAKEN / label)

    def refuse(self, name: str, label: str) -> None:
        os.replace(self.path / name, self.path / REFUSED / label)

    def file_away(self, stage: str, label: str, into: str) -> None:
        """Put a file that was answered where it stays."""
        os.replace(self.path / stage / label, self.path / into / label)

    def answer(self, name: str, told: bytes) -> None:
        """Write an answer: there is none, or a whole one."""
        half = self._answers / ".amef-answer.tmp"
        with half.open("wb") as file:
            file.write(told)
            file.flush()
            os.fchmod(file.fileno(), ANSWER_MODE)
            os.fsync(file.fileno())
        os.replace(half, self._answers / name)
        self._sync_answers()

    def forget_answer(self, name: str) -> None:
        """Take away an old answer, that nobody takes it for the new one."""
        (self._answers / name).unlink(missing_ok=True)

    def _sync_answers(self) -> None:
        descriptor = os.open(self._answers, os.O_RDONLY)
        try:
            with contextlib.suppress(OSError):  # not every network disk can
                os.fsync(descriptor)
        finally:
            os.close(descriptor)


def label_of(name: str, digest: str) -> str:
    """Name a file that was taken: the hash keeps two of one name apart."""
    return f"{digest}.{name}"


def parts_of(label: str) -> tuple[str, str]:
    """Return the hash and the name; a file that was not taken by us has no hash."""
    digest, dot, name = label.partition(".")
    return (digest, name) if dot and len(digest) == HASH_LENGTH else ("", label)


def print_of(status: os.stat_result) -> Print:
    return Print(status.st_size, status.st_mtime_ns, status.st_ino)


def _not_locked(descriptor: int) -> None:
    """Ask both kinds of locks; a till on Windows holds one of them through the file server."""
    for lock in (fcntl.flock, fcntl.lockf):
        try:
            lock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy from error
        except PermissionError as error:
            raise Busy from error
        except OSError:  # a disk without locks: then nobody holds one
            return
