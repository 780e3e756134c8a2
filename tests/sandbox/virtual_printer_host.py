"""The other end of the cable: a host with its own tiny encoder, through a real pty or socket.

    with Desk(tmp_path) as desk:
        desk.ask(48, "1", "0001", "1", "", "")  ->  Heard(values=["0", "1", ...], status=b"...")

It waits through select with a deadline and never sleeps. The process it starts is ended by its id.
"""

import json
import os
import select
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEADLINE_S = 5
END_S = 30  # a busy machine takes its time


def nibbles(value):
    return bytes(0x30 + (value >> shift & 0xF) for shift in (12, 8, 4, 0))


def encode(seq, command, data=b""):
    """01 LEN4 SEQ CMD4 DATA 05 BCC4 03"""
    rest = bytes([seq]) + nibbles(command) + data + b"\x05"
    body = nibbles(0x20 + 4 + len(rest)) + rest
    return b"\x01" + body + nibbles(sum(body)) + b"\x03"


@dataclass(frozen=True)
class Heard:
    raw: bytes

    @property
    def data(self):
        return self.raw[10:-15]

    @property
    def status(self):
        return self.raw[-14:-6]

    @property
    def values(self):
        return self.data.decode("cp1250").split("\t")[:-1]

    @property
    def code(self):
        return int(self.values[0])


class Desk:
    """One printer process and the way to it."""

    def __init__(self, folder, *switches):
        self.paper_file = folder / "paper.jsonl"
        self._switches = ["--paper", str(self.paper_file), *switches]
        self._seq = 0x20

    def __enter__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sandbox", "printer", "--family", "datecs_x", *self._switches],
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        self.address = json.loads(self.process.stdout.readline())["address"]
        self.connect()
        return self

    def connect(self):
        if self.address.startswith("/dev/"):
            self._file = os.open(self.address, os.O_RDWR | os.O_NOCTTY)
        else:
            host, number = self.address.split(":")
            self._file = socket.create_connection((host, int(number))).detach()

    def hang_up(self):
        os.close(self._file)

    def __exit__(self, *_):
        self.process.terminate()
        self.status = self.process.wait(END_S)
        self.process.stdout.close()
        self.hang_up()

    def kill(self):
        self.process.kill()

    def send(self, data):
        os.write(self._file, data)

    def receive(self, until=b"\x03"):
        """Bytes up to the first of these."""
        heard, deadline = b"", time.monotonic() + DEADLINE_S
        while not heard.endswith(until):
            left = max(0, deadline - time.monotonic())
            assert select.select([self._file], [], [], left)[0], f"only {heard!r} came"
            heard += os.read(self._file, 1)
        return heard

    def exchange(self, frame):
        self.send(frame)
        return Heard(self.receive().lstrip(b"\x16"))

    def exchange_refused(self):
        """True when the other side has closed the connection on us."""
        assert select.select([self._file], [], [], DEADLINE_S)[0]
        return os.read(self._file, 1) == b""

    def ask(self, command, *values):
        self._seq = 0x20 + (self._seq - 0x1F) % 0x60
        data = "".join(f"{value}\t" for value in values).encode("cp1250")
        heard = self.exchange(encode(self._seq, command, data))
        assert heard.raw[5] == self._seq
        assert heard.raw[6:10] == nibbles(command)
        return heard

    def open(self, *customer):
        return self.ask(48, "1", "0001", "1", *(customer or ("", "")))

    def sell(self, name="Paine", price="3.50", quantity="2.000", group="2", discount=("", "")):
        return self.ask(49, name, group, price, quantity, *discount, "1", "BUC")

    def receipt(self):
        self.open()
        self.sell()
        self.ask(53, "0", "")
        return self.ask(56)

    @property
    def paper(self):
        if not self.paper_file.exists():
            return []
        return [json.loads(line) for line in self.paper_file.read_text().splitlines()]
