"""Where signed files may lie: what is mounted, what lies below a folder, and how a file is read.

    /proc/self/mountinfo --mounted--> sticks and cards below /media, /run/media, /mnt
    a folder --files_below--> plain files, bounded, on that file system only, no link followed
    a file --peek, read--> its first bytes, or all of them

Only reads: nothing is written to a place, no file is opened that is not a plain one, and whoever
pulls the stick out makes an `OSError`.
"""

import errno
import os
import re
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from agent.archive.signed.cms import ARMOUR, FILE_BYTES_MAX, SIGNED_DATA_OID
from agent.archive.signed.refusals import NotSigned

MOUNT_TABLE = Path("/proc/self/mountinfo")
MOUNTS_MAX = 1000
# What sticks and cards are made of. None of a server's: one that is gone would hold us for ever.
KINDS = {
    *("vfat", "msdos", "exfat", "ntfs", "ntfs3", "fuseblk", "udf", "iso9660", "hfsplus"),
    *("ext2", "ext3", "ext4", "f2fs", "btrfs", "xfs"),
}
ENTRIES_MAX = 100_000
DEPTH_MAX = 12
HIDDEN = (".", "$", "System Volume Information")  # a waste basket is not a place to look in
SUFFIXES = (".p7b", ".p7m", ".p7s")
PEEK_BYTES = 64
FILE_BYTES_MIN = 100  # no signature is shorter


class Changed(Exception):
    """The file was written while it was read: it is not whole yet."""


@dataclass(frozen=True, slots=True)
class Mounted:
    """A file system that is mounted; plugged in once more, it is another."""

    id: int
    device: str
    point: Path


@dataclass(frozen=True, slots=True)
class FoundFile:
    path: str
    size: int
    modified_ns: int

    @property
    def name(self) -> str:
        return os.path.basename(self.path)

    @property
    def is_named_so(self) -> bool:
        return self.path.lower().endswith(SUFFIXES)


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk through a place, and in words what it passed over."""

    passed_over: list[str] = field(default_factory=list)


def mounted(below: Collection[Path], table: Path = MOUNT_TABLE) -> list[Mounted]:
    """Return the sticks and cards that are mounted below these folders.

    Raises:
        OSError: the table of mounts cannot be read.
    """
    found: dict[str, Mounted] = {}
    for line in table.read_bytes().splitlines()[:MOUNTS_MAX]:
        about, _, kind = line.partition(b" - ")
        words = about.split()
        if len(words) < 6 or os.fsdecode(kind.split(b" ")[0]) not in KINDS:
            continue
        point = Path(os.fsdecode(_unescaped(words[4])))
        if any(root in point.parents for root in below):
            device = words[2].decode("ascii", "replace")
            found[device] = Mounted(int(words[0]), device, point)  # mounted twice, looked at once
    return list(found.values())


def _unescaped(word: bytes) -> bytes:
    r"""A space in a path is \040 there [proc_pid_mountinfo(5)]."""
    return re.sub(rb"\\([0-7]{3})", lambda found: bytes((int(found[1], 8),)), word)


def files_below(root: Path, walk: Walk) -> Iterator[FoundFile]:
    """Return the plain files, folder by folder in the order of names.

    Raises:
        OSError: the place itself is gone.
    """
    entries, folders = 0, [(str(root), 0)]
    device = os.stat(root).st_dev
    while folders and entries < ENTRIES_MAX:
        folder, depth = folders.pop()
        deeper: list[tuple[str, int]] = []
        for entry in _inside(folder, ENTRIES_MAX - entries, walk):
            entries += 1
            about = _about(entry)
            if about is None or entry.name.startswith(HIDDEN):
                continue
            if stat.S_ISREG(about.st_mode):
                yield FoundFile(entry.path, about.st_size, about.st_mtime_ns)
            elif stat.S_ISDIR(about.st_mode) and about.st_dev == device:
                deeper.append((entry.path, depth + 1))
        if deeper and depth == DEPTH_MAX:
            walk.passed_over.append(f"more than {DEPTH_MAX} folders deep: {told(folder)}")
        else:
            folders += reversed(deeper)
    if os.stat(root).st_dev != device:
        raise FileNotFoundError(errno.ENOENT, "it was taken out", told(root))
    if entries >= ENTRIES_MAX:
        walk.passed_over.append(f"more than {ENTRIES_MAX} files and folders: the rest is not read")


def _inside(folder: str, limit: int, walk: Walk) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return sorted(islice(entries, limit), key=lambda entry: entry.name)
    except OSError as error:  # if it is the whole place, the end of the walk says so
        walk.passed_over.append(f"{error.strerror}: {told(folder)}")
        return []


def _about(entry: "os.DirEntry[str]") -> os.stat_result | None:
    """What an entry is; None: it has gone meanwhile."""
    try:
        return entry.stat(follow_symlinks=False)
    except OSError:
        return None


def may_be_signed(found: FoundFile) -> bool:
    """Is it named as a signed file, or does it begin as one? Its name may be any.

    Raises:
        OSError: it cannot be read, or is gone.
    """
    if found.is_named_so:
        return True
    if not FILE_BYTES_MIN <= found.size <= FILE_BYTES_MAX:
        return False
    return begins_as_signed(_bytes_of(found, PEEK_BYTES))


def begins_as_signed(content: bytes) -> bool:
    head = content[:PEEK_BYTES]
    return head.lstrip().startswith(ARMOUR) or (
        head.startswith(b"\x30") and SIGNED_DATA_OID in head
    )


def read(found: FoundFile) -> bytes:
    """Return the whole file.

    Raises:
        NotSigned: it is too large to be a signed file; nothing of it is read.
        Changed, OSError: as in read_whole.
    """
    if found.size > FILE_BYTES_MAX:
        sentence = f"{found.size} bytes, a signed file has {FILE_BYTES_MAX} at most"
        raise NotSigned("TOO_LARGE", sentence)
    return read_whole(found)


def read_whole(found: FoundFile) -> bytes:
    """Return a file of a size that is known to be right.

    Raises:
        Changed: it was written meanwhile.
        OSError: it cannot be read, or is gone.
    """
    return _bytes_of(found, found.size)


def _bytes_of(found: FoundFile, limit: int) -> bytes:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        handle = os.open(found.path, flags | os.O_NOATIME)
    except PermissionError:  # not ours; then its time of reading is the file system's to note
        handle = os.open(found.path, flags)
    with open(handle, "rb") as file:
        if not _is_as(os.fstat(handle), found):
            raise Changed
        content = file.read(limit)
        if not _is_as(os.fstat(handle), found):
            raise Changed
        if len(content) < min(found.size, limit):
            raise OSError(f"{len(content)} bytes of {found.size} came")
        return content


def _is_as(about: os.stat_result, found: FoundFile) -> bool:
    seen = (about.st_size, about.st_mtime_ns)
    return stat.S_ISREG(about.st_mode) and seen == (found.size, found.modified_ns)


def told(path: str | Path) -> str:
    """A name may hold bytes that are no letters: they are written down as numbers."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
