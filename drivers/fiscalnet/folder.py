r"""FiscalNet's two folders as a place: not a cable, for nothing in it is a stream of bytes.

    <base>/Bonuri/NAME.txt       ours, for FiscalNet to take      "out"
    <base>/Raspuns/NAME.txt      its answer                       read, and left there
    <base>/Amef/NAME.part        written whole, not dropped yet
                NAME.note        from now on NAME may have been dropped
                NAME.back        taken back from Bonuri
                NAME.answer      an answer that says nothing, put aside
                since, lock      when this folder was made; who works with it

    drop:  part (fsync) -> note (fsync) -> old back away (fsync) -> rename part to out

The disk then tells what became of it (`trail`). What says "not dropped" is believed only of a disk
that lived on since the drop: after a power cut a file may lie there again that was taken and
printed. So a note carries the id of this machine's boot, and a time in which the folder could not
be reached counts as a power cut too. What nobody can notice is a power cut of another machine that
has the disk, while this program was not running either.

Unverified on hardware: whether FiscalNet takes a file away before it prints it. If it only reads it
first, the time of that reading shows (on disks that keep it), and an answer is waited for all the
same after a file was taken back.
"""

import contextlib
import errno
import fcntl
import logging
import os
import select
import stat
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any

from drivers.errors import ContactLost, NotStarted
from drivers.faults import Fault
from protocol.fiscalnet import ANSWER_BYTES_MAX

OUT, ANSWERS, OURS = "Bonuri", "Raspuns", "Amef"
MARK = "SIMULATED"  # a virtual FiscalNet puts its serial there; see families/custom.py
MARK_BYTES_MAX = 100
SUFFIX = ".txt"
SHARED_MODE = 0o664  # the service's umask would keep FiscalNet from reading it
UNREAD_NS = 1_000_000_000  # a reading moves the time of the last one past that of the last writing
FREE_BYTES_MIN = 1024 * 1024
KEPT_MAX = 500  # files of ours that are no longer needed, kept for people
SCANNED_MAX = 10_000
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
UNREADABLE = {errno.EACCES, errno.EAGAIN, errno.EBUSY, errno.EISDIR, errno.ELOOP, errno.EPERM}


class Trail(Enum):
    """What the disk proves of a file of ours."""

    NEVER = "it was never dropped"
    LIES = "it lies there, nobody took it"
    BACK = "it was taken back, nobody had taken it"
    GONE = "it was dropped, and is not there any more"


class FiscalNetFolder:
    """The folders of one FiscalNet. Not thread-safe: one thread owns it."""

    def __init__(self, path: Path, log: logging.Logger | None = None) -> None:
        self._path = path
        self._log = log or logging.getLogger(__name__)
        self._lock: int | None = None
        self._interrupted = False  # the folder could not be reached since the last drop

    @property
    def name(self) -> str:
        return str(self._path)

    def open(self, now_ms: int) -> None:
        """Take the folders for us alone.

        Raises:
            NotStarted: not there, not to be written, full, or held by another agent.
        """
        if self._lock is not None:
            return
        try:
            with self._telling("open"):
                (self._path / OURS).mkdir(exist_ok=True)
                self._need_usable()
                self._lock = self._locked()
                if not (since := self._path / OURS / "since").exists():
                    self._write_in_one(since, str(now_ms).encode())
                    self._sync(OURS)
        except ContactLost as error:
            self.close()
            raise NotStarted(str(error), fault=error.fault) from error

    def close(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    # what changes nothing

    def mark(self) -> str:
        """The serial of a virtual FiscalNet; "" where there is none."""
        with self._telling("read the mark"):
            try:
                with (self._path / MARK).open("rb") as file:
                    return file.read(MARK_BYTES_MAX).decode("ascii", "replace").strip() or "?"
            except FileNotFoundError:
                return ""

    def waiting(self) -> frozenset[str]:
        """What lies in Bonuri, ours or not; also a look whether the folders can be used."""
        with self._telling("look"):
            self._need_usable()
            return frozenset(
                entry for entry in self._names(OUT) if entry.casefold().endswith(SUFFIX)
            )

    def known(self, name: str) -> bool:
        """There is a trace of such a name from before."""
        with self._telling("look"):
            return self._ours(name, "note").exists() or self._answer(name).exists()

    def since_ms(self) -> int:
        """When our own folder was made; a later one has forgotten what was before."""
        with self._telling("read since"):
            text = (self._path / OURS / "since").read_text("ascii", "replace").strip()
        return int(text) if text.isascii() and text.isdigit() else 0

    def trail(self, name: str, *, begun_ms: int) -> Trail:
        """Say what the disk proves of a file that may have been dropped after `begun_ms`."""
        with self._telling("look"):
            note = self._ours(name, "note")
            if not note.exists():
                return Trail.NEVER if self.since_ms() <= begun_ms else Trail.GONE
            if self._out(name).exists():
                return Trail.LIES
            if self._interrupted or note.read_text("ascii", "replace") != (boot_id() or "?"):
                return Trail.GONE
            if (back := self._ours(name, "back")).exists():
                return Trail.GONE if _was_read(back) else Trail.BACK
            return Trail.NEVER if self._ours(name, "part").exists() else Trail.GONE

    def answer(self, name: str) -> bytes | None:
        """What stands in the answer; None: there is none. b"": nothing can be read of it now."""
        with self._telling("read the answer"):
            try:
                return _read_shared(self._answer(name))
            except FileNotFoundError:
                return None
            except OSError as error:
                if error.errno in UNREADABLE:
                    return b""
                raise

    def wait(self, timeout_s: float) -> None:
        """Let some time pass: nobody tells when an answer is there."""
        select.select([], [], [], timeout_s)

    # what FiscalNet sees

    def drop(self, name: str, data: bytes) -> None:
        """Put a file into Bonuri: whole, and in one step.

        Raises:
            ContactLost: it could not be done, or not be finished; `trail` tells how far it came.
        """
        with self._telling("drop a file"):
            part, note = self._ours(name, "part"), self._ours(name, "note")
            self._do(self._write, part, data)
            self._do(self._write_in_one, note, boot_id().encode())
            self._do(self._sync, OURS)
            self._interrupted = False
            self._do(self._remove, self._ours(name, "back"))
            self._do(self._sync, OURS)
            self._do(os.rename, part, self._out(name))
            self._log.debug("> %s %r", name, data)
            self._do(self._sync, OUT, OURS)
            self._tidy_up()

    def take_back(self, name: str) -> bool:
        """Take our file out of Bonuri in one step; False: it is not there any more."""
        with self._telling("take a file back"):
            try:
                self._do(os.rename, self._out(name), self._ours(name, "back"))
            except FileNotFoundError:
                return False
            self._do(self._sync, OUT, OURS)
            return True

    def put_aside(self, name: str) -> None:
        """Take an answer away that says nothing, so that the next one under its name counts."""
        with self._telling("put an answer aside"), contextlib.suppress(FileNotFoundError):
            self._do(os.rename, self._answer(name), self._ours(name, "answer"))

    # the pieces

    def _do(self, operation: Callable[..., Any], *arguments: Any) -> None:
        """Change something on the disk: the only door, that a test can stand in."""
        operation(*arguments)

    def _out(self, name: str) -> Path:
        return self._path / OUT / f"{name}{SUFFIX}"

    def _answer(self, name: str) -> Path:
        return self._path / ANSWERS / f"{name}{SUFFIX}"

    def _ours(self, name: str, what: str) -> Path:
        return self._path / OURS / f"{name}.{what}"

    def _names(self, folder: str) -> Iterator[str]:
        with os.scandir(self._path / folder) as entries:
            for count, entry in enumerate(entries):
                if count >= SCANNED_MAX:
                    return
                yield entry.name

    def _need_usable(self) -> None:
        for folder in (OUT, ANSWERS, OURS):
            path = self._path / folder
            if not path.is_dir():
                raise FileNotFoundError(errno.ENOENT, "no such folder", str(path))
            if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, "cannot be read or written", str(path))
        if (self._path / OURS).stat().st_dev != (self._path / OUT).stat().st_dev:
            sentence = f"lies on another disk than {OURS}: no file can be moved there in one step"
            raise OSError(errno.EXDEV, sentence, str(self._path / OUT))
        disk = os.statvfs(self._path)
        if disk.f_blocks and disk.f_bavail * disk.f_frsize < FREE_BYTES_MIN:
            raise OSError(errno.ENOSPC, "the disk is full", str(self._path))

    def _locked(self) -> int:
        """Lock our own folder; a disk that knows no locks cannot keep another agent out."""
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        descriptor = os.open(self._path / OURS / "lock", flags, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            sentence = f"{self.name}: another agent works with these folders"
            raise NotStarted(sentence, fault=Fault.PORT_BUSY) from error
        except OSError as error:
            self._log.debug("no locks on %s: %s", self.name, error)
        return descriptor

    def _write(self, path: Path, data: bytes) -> None:
        """Write a file whole; it is marked as not read by anybody."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(path, flags, SHARED_MODE), "wb") as file:
            file.write(data)
            file.flush()
            with contextlib.suppress(OSError):  # not every disk knows rights
                os.fchmod(file.fileno(), SHARED_MODE)
            with contextlib.suppress(OSError):  # nor times: then it counts as read
                written_ns = os.fstat(file.fileno()).st_mtime_ns
                os.utime(file.fileno(), ns=(written_ns - UNREAD_NS, written_ns))
            os.fsync(file.fileno())

    def _write_in_one(self, path: Path, data: bytes) -> None:
        new = path.with_suffix(".new")
        self._write(new, data)
        os.replace(new, path)

    def _remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)

    def _sync(self, *folders: str) -> None:
        for folder in folders:
            descriptor = os.open(self._path / folder, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            except OSError as error:
                if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # not every disk can
                    raise
            finally:
                os.close(descriptor)

    def _tidy_up(self) -> None:
        """Remove the oldest traces: what was dropped before this one is settled."""
        ours = [self._path / OURS / name for name in self._names(OURS) if "." in name]
        if len(ours) > KEPT_MAX:
            oldest = sorted(ours, key=lambda path: path.lstat().st_mtime_ns)
            for path in oldest[:-KEPT_MAX]:
                self._remove(path)
                if path.suffix == ".note":
                    self._remove(self._answer(path.stem))

    @contextlib.contextmanager
    def _telling(self, doing: str) -> Iterator[None]:
        """Rename what a disk says; after that, what it shows may be older than it was."""
        try:
            yield
        except OSError as error:
            self._interrupted = True
            why = error.strerror or str(error)
            sentence = f"{error.filename or self.name}: {doing}: {why}"
            raise ContactLost(sentence, fault=Fault.FOLDER_UNUSABLE) from error


def boot_id() -> str:
    """What names this run of the machine."""
    try:
        return BOOT_ID.read_text("ascii").strip()
    except OSError:
        return ""


def _was_read(path: Path) -> bool:
    """Somebody read it since we wrote it, as far as the disk keeps such times."""
    status = path.stat()
    return status.st_atime_ns >= status.st_mtime_ns


def _read_shared(path: Path) -> bytes:
    """Read what another program writes: b"" while it holds a lock on it."""
    if not stat.S_ISREG(path.lstat().st_mode):
        return b""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with open(os.open(path, flags), "rb") as file:
        for lock in (fcntl.flock, fcntl.lockf):
            try:
                lock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return b""
            except OSError as error:
                if error.errno in (errno.EACCES, errno.EAGAIN):
                    return b""
        return file.read(ANSWER_BYTES_MAX + 1)
