"""Files under the hash of their content, packed at rest; what was put is there after a power cut.

    archive/objects/9f/86d081...e3    gzip of the bytes whose SHA-256 is 9f86d081...e3

The same content is kept once. Nothing is trusted to be whole because it is there: who reads is told
where the bytes are not what their name says. A file appears under its name only when it is on disk.
"""

import gzip
import hashlib
import os
import re
import shutil
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ARCHIVE = "archive"  # the folder, below the state directory
OBJECTS, NEW = "objects", ".new-"
CHUNK_BYTES = 64 * 1024
PACKED_LEVEL = 6
NAME = re.compile(r"[0-9a-f]{64}")


class ArchiveDamaged(Exception):
    """What lies under a hash is not there, or not what its hash says."""


@dataclass(frozen=True, slots=True)
class Stored:
    sha256: str
    bytes: int


class Store:
    """The files of one archive. Two programs may use it at once."""

    def __init__(self, root: Path) -> None:
        """`root`: the folder `archive` of the state directory; made when first needed."""
        self._root = root / OBJECTS

    def put(self, content: bytes | Iterable[bytes]) -> Stored:
        """Keep these bytes; of a stream no more than a chunk is held in memory.

        Raises:
            OSError: the disk is full, or not ours to write; nothing half stands there.
        """
        chunks = [content] if isinstance(content, bytes) else content
        digest, size = hashlib.sha256(), 0
        self._root.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=self._root, prefix=NEW) as folder:
            new = Path(folder) / "packed"
            # No name and no time in it: the same content gives the same file.
            with new.open("wb") as file:
                with gzip.GzipFile("", "wb", PACKED_LEVEL, file, mtime=0) as packed:
                    for chunk in chunks:
                        digest.update(chunk)
                        size += len(chunk)
                        packed.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            self._name(new, self.path(digest.hexdigest()))
        return Stored(digest.hexdigest(), size)

    def read(self, sha256: str) -> bytes:
        """Return all of it.

        Raises:
            ArchiveDamaged: it is not there, or not what was put.
        """
        return b"".join(self.chunks(sha256))

    def chunks(self, sha256: str) -> Iterator[bytes]:
        """Return it piece by piece; whether it is whole is only known at the end.

        Raises:
            ArchiveDamaged: it is not there, or not what was put.
        """
        digest = hashlib.sha256()
        try:
            with gzip.open(self.path(sha256), "rb") as file:
                while chunk := file.read(CHUNK_BYTES):
                    digest.update(chunk)
                    yield chunk
        except (OSError, EOFError, zlib.error) as error:
            raise ArchiveDamaged(f"{sha256[:12]}: {error}") from error
        if digest.hexdigest() != sha256:
            raise ArchiveDamaged(f"{sha256[:12]}: its bytes are others, {digest.hexdigest()[:12]}")

    def verify(self, sha256: str) -> None:
        """Read it to the end.

        Raises:
            ArchiveDamaged: it is not there, or not what was put.
        """
        for _ in self.chunks(sha256):
            pass

    def has(self, sha256: str) -> bool:
        """Does something lie there? Whether it is whole only `verify` knows."""
        return self.path(sha256).is_file()

    def all(self) -> Iterator[str]:
        """The hashes under which something lies, in order."""
        for folder in sorted(self._root.glob("[0-9a-f][0-9a-f]")):
            for path in sorted(folder.iterdir()):
                if NAME.fullmatch(folder.name + path.name):
                    yield folder.name + path.name

    def sweep(self, before_s: float) -> None:
        """Take away what a program that was cut off left half done; not what is being put now."""
        for folder in self._root.glob(f"{NEW}*"):
            with suppress(FileNotFoundError):  # its owner has just finished
                if folder.stat().st_mtime < before_s:
                    shutil.rmtree(folder)

    def remove(self, sha256: str) -> None:
        self.path(sha256).unlink(missing_ok=True)

    def path(self, sha256: str) -> Path:
        """Where it lies; a name that is no hash is a mistake of ours."""
        if not NAME.fullmatch(sha256):
            raise ValueError(f"{sha256!r} is no SHA-256")
        return self._root / sha256[:2] / sha256[2:]

    def _name(self, new: Path, path: Path) -> None:
        path.parent.mkdir(exist_ok=True)
        self._hand_over(self._root.parent, self._root, path.parent, new)
        new.replace(path)
        for folder in (path.parent, self._root):
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def _hand_over(self, *paths: Path) -> None:
        """As root (a person at a keyboard) we make files for the one whose folder it is."""
        if os.geteuid() == 0:
            owner = self._root.parents[1].stat()
            for path in paths:
                os.chown(path, owner.st_uid, owner.st_gid)
