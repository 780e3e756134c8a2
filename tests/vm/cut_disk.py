"""A disk with a volatile write cache, served to QEMU over NBD on a unix socket.

    write  -> cache (answered at once)         flush, or a write with FUA -> the image file
    read   -> cache over image                 cut -> of every cached sector: the image's old
                                                      bytes, or one of the versions written since

A flush takes FLUSH_S, as on a real disk, so that a good part of the cuts falls into one. What a
flush was answered for is kept, everything else only by luck, sector by sector and in any
order: that is what disks promise, and no more. The wire is the fixed newstyle handshake and the
simple replies of the NBD protocol (the file doc/proto.md of the project nbd says it all).
"""

import os
import random
import socket
import struct
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

SECTOR = 512

HELLO = b"NBDMAGIC" + b"IHAVEOPT" + struct.pack(">H", 0b11)  # fixed newstyle, no zeroes
OPTION = struct.Struct(">8sII")  # "IHAVEOPT", option, length
OPTION_REPLY = struct.Struct(">QIII")
OPTION_REPLY_MAGIC = 0x3E889045565A9
EXPORT_NAME, ABORT, INFO, GO = 1, 2, 6, 7
ACK, INFO_REPLY, UNSUPPORTED = 1, 3, 0x80000001
HAS_FLAGS, SEND_FLUSH, SEND_FUA = 1 << 0, 1 << 2, 1 << 3
FLAGS = HAS_FLAGS | SEND_FLUSH | SEND_FUA

REQUEST = struct.Struct(">IHHQQI")  # magic, flags, what, cookie, offset, length
REPLY = struct.Struct(">IIQ")
REPLY_MAGIC = 0x67446698
READ, WRITE, DISCONNECT, FLUSH = range(4)
FUA = 1 << 0
EINVAL = 22
REQUESTS_MAX = 10_000_000
OPTIONS_MAX = 100
FLUSH_S = 0.04


@dataclass(frozen=True, slots=True)
class Cut:
    """What the power cut found in the cache: sectors, and how many of them were lost."""

    cached: int
    lost: int


class CutDisk:
    """One power-on of the disk: serve one machine, then `lose_power` and `cut`, or `keep`."""

    def __init__(self, image: Path, address: Path) -> None:
        self._image = os.open(image, os.O_RDWR)
        self._size = os.fstat(self._image).st_size
        self._cache: dict[int, list[bytes]] = {}  # sector -> every version since the last flush
        self.dark = threading.Event()
        self._writes_left = -1
        self.writes = self.flushes = 0
        address.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(address))
        self._listener.listen(1)
        self._server = threading.Thread(target=self._serve, daemon=True)
        self._server.start()

    def lose_power(self) -> None:
        """From now on nothing is written and nothing is answered; the machine is next."""
        self.dark.set()

    def lose_power_at_write(self, number: int) -> None:
        """Lose it by itself right behind that write, counted from now: it is hardly flushed yet."""
        self._writes_left = number

    def cut(self, chance: random.Random, kept: float) -> Cut:
        """The machine is dead: leave the image as the next start may find it."""
        self._end()
        lost = 0
        for sector, versions in self._cache.items():
            if chance.random() < kept:
                os.pwrite(self._image, chance.choice(versions), sector * SECTOR)
            else:
                lost += 1
        os.close(self._image)
        return Cut(len(self._cache), lost)

    def keep(self) -> None:
        """The machine was shut down in good order."""
        self._end()
        self._flush()
        os.close(self._image)

    # the disk

    def _read(self, start: int, length: int) -> bytes:
        found = bytearray(os.pread(self._image, length, start))
        for at in range(0, length, SECTOR):
            if versions := self._cache.get((start + at) // SECTOR):
                found[at : at + SECTOR] = versions[-1]
        return bytes(found)

    def _write(self, start: int, data: bytes, *, through: bool) -> None:
        self.writes += 1
        for at in range(0, len(data), SECTOR):
            sector = (start + at) // SECTOR
            if through:
                self._cache.pop(sector, None)
            else:
                self._cache.setdefault(sector, []).append(data[at : at + SECTOR])
        if through:
            os.pwrite(self._image, data, start)
        self._writes_left -= 1
        if not self._writes_left:
            self.dark.set()

    def _flush(self) -> None:
        self.flushes += 1
        for sector, versions in self._cache.items():
            os.pwrite(self._image, versions[-1], sector * SECTOR)
        self._cache.clear()

    # the wire

    def _end(self) -> None:
        """Wait until the machine has let go of the disk."""
        self._server.join(10)
        assert not self._server.is_alive(), "the machine still holds the disk"

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        self._listener.close()
        with connection, connection.makefile("rb") as reader:
            try:
                if self._handshake(connection, reader):
                    for _ in range(REQUESTS_MAX):
                        if not self._answer(connection, reader):
                            break
                    reader.read()  # without power: silence, and no error, until the machine is off
            except (OSError, struct.error):
                return  # the machine lost its power in the middle of a request

    def _handshake(self, connection: socket.socket, reader: BinaryIO) -> bool:
        connection.sendall(HELLO)
        reader.read(4)  # the client's flags
        for _ in range(OPTIONS_MAX):
            _, option, length = OPTION.unpack(reader.read(OPTION.size))
            reader.read(length)
            if option == EXPORT_NAME:
                connection.sendall(struct.pack(">QH", self._size, FLAGS))
                return True
            answers = [(UNSUPPORTED, b"")]
            if option in (INFO, GO):
                answers = [(INFO_REPLY, struct.pack(">HQH", 0, self._size, FLAGS)), (ACK, b"")]
            if option == ABORT:
                answers = [(ACK, b"")]
            for kind, data in answers:
                head = OPTION_REPLY.pack(OPTION_REPLY_MAGIC, option, kind, len(data))
                connection.sendall(head + data)
            if option in (GO, ABORT):
                return option == GO
        return False

    def _answer(self, connection: socket.socket, reader: BinaryIO) -> bool:
        _, flags, what, cookie, start, length = REQUEST.unpack(reader.read(REQUEST.size))
        error, data = 0, b""
        if self.dark.is_set():
            return False
        if what == READ:
            data = self._read(start, length)
        elif what == WRITE:
            if len(body := reader.read(length)) < length:
                return False  # half a request: it never reached the disk
            self._write(start, body, through=bool(flags & FUA))
        elif what == FLUSH:
            if self.dark.wait(FLUSH_S):
                return False
            self._flush()
        elif what == DISCONNECT:
            return False
        else:
            error = EINVAL
        connection.sendall(REPLY.pack(REPLY_MAGIC, error, cookie) + data)
        return True
