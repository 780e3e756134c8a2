"""Cuts the power under `amef run`, again and again: `make vm [CUTS=n] [MUTANT=normal|off]`.

    host    virtual cloud, virtual AMEF      the disk that forgets (cut_disk.py)
              | HTTP      | serial cable         | NBD
    guest     +-----------+--- amef run --- ledger on ext4
                                  '- every promise --> host (promises.py)

A round: power on, look at the ledger, start the agent, queue a receipt, cut at a random instant.
At the end the agent may live until the cloud knows the end of every receipt. Nothing promised may
be missing, and every receipt stands on paper once.
"""

import argparse
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.demo import RECEIPT
from sandbox.stage import FINAL, Stage
from tests.vm.cut_disk import Cut, CutDisk
from tests.vm.machine import Machine
from tests.vm.made import FOLDER, Made, make, missing_programs
from tests.vm.promises import Listener, Promises

DISK_BYTES = 64 << 20
WAITING = 3  # receipts that wait at the start of each life
EVENTS, EVENT_S = 8, 0.8  # the cut: after up to so many events, and then within a moment
FIRST_S_MAX, NEXT_S_MAX = 60.0, 5.0  # how long to wait for them
AT_WRITES, WRITES, WRITES_S_MAX = 0.4, 50, 30.0  # or, in this share, right behind a write
STARTS, START_S = 0.2, 8.0  # or, in this share, within so long of the start of the program
KEPT = (0.0, 0.5, 0.9)  # the share of the unflushed sectors that survive by luck
END_S = 180.0
STATE = "/var/lib/amef-agent"
PYTHON = "/opt/amef-agent/bin/python"
AMEF = "/opt/amef-agent/bin/amef"
VERIFY = (
    f"if {AMEF} ledger verify --help > /tmp/help 2>&1;"
    f" then {AMEF} ledger verify --config /tmp/config.toml 2>&1; else echo not in this program; fi"
)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


@dataclass
class Count:
    cuts: int = 0
    cached: int = 0
    dropped: int = 0
    cuts_with_loss: int = 0
    in_flush: int = 0  # cuts that found something in the disk's cache
    in_hand: int = 0  # cuts that hit a receipt between begin and its end
    lost: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


class Shop:
    """A shop whose computer loses its power, and whose printer and cloud do not."""

    def __init__(self, made: Made, home: Path, stage: Stage, mutant: str, seed: int) -> None:
        self._made, self._home, self._stage, self._mutant = made, home, stage, mutant
        self._chance = random.Random(seed)
        self._data = home / "data.img"
        self._promises = Promises()
        self.ids: list[str] = []
        self.count = Count()
        self._lost_until = 0  # the receipts up to here may be lost: only under a mutant
        self._verified = ""

    def format_disk(self) -> None:
        with self._data.open("wb") as file:
            file.truncate(DISK_BYTES)
        subprocess.run(["mke2fs", "-q", "-t", "ext4", str(self._data)], check=True)

    def round(self) -> None:
        """One life of the machine, with a bad end."""
        started_s = time.monotonic()
        disk = CutDisk(self._data, self._home / "disk")
        with self._machine() as machine:
            listener = Listener(machine.promises, self._promises)
            self._boot(machine)
            self._look(machine)
            self._start_agent(machine)
            self._queue()
            when = self._wait_for_the_instant(listener, disk)
            disk.lose_power()
        listener.join()
        machine.close()
        cut = disk.cut(self._chance, self._chance.choice(KEPT))
        self._note(cut, when, time.monotonic() - started_s, disk)

    def last_life(self) -> list[dict[str, Any]]:
        """No cut this time: the agent comes to the end of everything."""
        disk = CutDisk(self._data, self._home / "disk")
        with self._machine() as machine:
            self._boot(machine)
            self._look(machine)
            Listener(machine.promises, self._promises)
            self._start_agent(machine)
            records = self._stage.results(self.ids, END_S if self._mutant == "full" else START_S)
            (self._home / "agent.log").write_text(machine.call("cat /tmp/agent.log"))
            self._verified = machine.call(f"{VERIFY} || true").strip()
        machine.close()
        disk.keep()
        return records

    # the pieces

    def _machine(self) -> Machine:
        return Machine(self._made.image, self._made.disk, self._home / "run", self._made.memory)

    def _boot(self, machine: Machine) -> None:
        machine.call(f"date --set=@{time.time():.2f}")
        machine.plug_in_cable(self._stage.port.resolve())
        machine.plug_in_disk(self._home / "disk")
        machine.call(f"mount -t ext4 /dev/sda {STATE}")

    def _look(self, machine: Machine) -> None:
        """Look at a copy: the agent itself must be the first to open the ledger."""
        machine.call(f"mkdir /tmp/look && find {STATE} -name 'ledger.sqlite3*' ! -name '*-shm'"
                     " -exec cp {} /tmp/look ';'")  # fmt: skip
        found = json.loads(machine.call(f"cd / && {PYTHON} /opt/vm/look.py /tmp/look"))
        errors = machine.call("dmesg | grep -E 'EXT4-fs.*error' || true")
        if not self._promises.made:
            return  # the ledger may not even be there
        name = f"cut {self.count.cuts}"
        broken = self._promises.broken(found)
        if broken:
            self._lost_until = len(self.ids)
            self.count.cuts_with_loss += 1
        for what, rows in broken.items():
            self.count.lost[what] = self.count.lost.get(what, 0) + rows
        if found["integrity"] != "ok" or found.get("foreign"):
            self.count.wrong.append(f"{name}: integrity {found['integrity']}")
        self.count.wrong += [f"{name}: {row}" for row in found.get("wrong", [])]
        self.count.wrong += [f"{name}: {errors}"] if errors else []
        states = found.get("states", {})
        self.count.in_hand += bool(states.keys() & {"issuing", "in_doubt"})
        end = f"LOST {broken}" if broken else "every promise kept"
        say(f"    {found['integrity']}, {len(found.get('events', ()))} events, {states}: {end}")

    def _wait_for_the_instant(self, listener: Listener, disk: CutDisk) -> str:
        """After some events; or behind a write; or while the agent starts and recovers."""
        kind = self._chance.random()
        if kind < STARTS:
            live_s = self._chance.uniform(0.0, START_S)
            threading.Event().wait(live_s)
            return f"{live_s:.2f} s after the start"
        if kind < STARTS + AT_WRITES:
            number = self._chance.randint(1, WRITES)
            disk.lose_power_at_write(number)
            reached = disk.dark.wait(WRITES_S_MAX)
            return f"at write {number}" if reached else f"{WRITES_S_MAX:.0f} s after the start"
        asked = self._chance.randint(1, EVENTS)
        events = listener.wait(asked, FIRST_S_MAX, NEXT_S_MAX)
        if not events:
            self.count.wrong.append(f"life {self.count.cuts + 1}: not one event row")
        live_s = self._chance.uniform(0.0, EVENT_S)
        threading.Event().wait(live_s)
        return f"{live_s:.2f} s after event {events}"

    def _queue(self) -> None:
        """Let there always be work, but none that waits until it has expired."""
        mine = self.ids[self._lost_until :]
        open_ = sum(self._stage.record(id_)["status"] not in FINAL for id_ in mine)
        for _ in range(open_, WAITING):
            self.ids.append(self._stage.queue("print_receipt", RECEIPT))

    def _start_agent(self, machine: Machine) -> None:
        port = self._stage.cloud["url"].rsplit(":", 1)[1]
        machine.call(f"socat TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr TCP:10.0.2.2:{port}"
                     " > /tmp/socat.log 2>&1 &")  # fmt: skip
        config = self._stage.config.read_text("utf-8")
        config = config.replace(str(self._stage.port.absolute()), "/dev/ttyUSB0")
        config = config.replace(str((self._stage.home / "api-key").resolve()), "/tmp/api-key")
        config = config.replace(str((self._stage.home / "state").resolve()), STATE)
        machine.call("cat > /tmp/config.toml", config)
        machine.call("umask 077 && cat > /tmp/api-key", self._stage.cloud["agent_key"])
        machine.call(f"{PYTHON} /opt/vm/promising.py {self._mutant} run --config /tmp/config.toml"
                     " > /tmp/agent.log 2>&1 &")  # fmt: skip

    def _note(self, cut: Cut, when: str, took_s: float, disk: CutDisk) -> None:
        self.count.cuts += 1
        self.count.cached += cut.cached
        self.count.in_flush += bool(cut.cached)
        self.count.dropped += cut.lost
        self.count.seconds.append(took_s)
        say(
            f"cut {self.count.cuts}: {when}, {self._promises.made} rows promised so far,"
            f" {cut.lost} of {cut.cached} cached sectors lost,"
            f" {disk.writes} writes, {disk.flushes} flushes, {took_s:.1f} s"
        )

    def summary(self, records: list[dict[str, Any]]) -> bool:
        """Say all the numbers; True: nothing is missing and nothing is there twice."""
        count, printed = self.count, self._stage.documents("receipt")
        numbers = sorted(document["number"] for document in printed)
        told = [record["result"]["receiptNumber"] for record in records if record["result"]]
        references = {document["reference"] for document in printed}
        ends = [record["status"] for record in records]
        once = len(printed) == len(references) == len(self.ids) and sorted(told) == numbers
        say(
            f"\nsynchronous={self._mutant}: {count.cuts} cuts, {self._promises.made} event rows"
            f" promised, lost: {count.lost or 0} by {count.cuts_with_loss} cuts\n"
            f"{count.dropped} of {count.cached} unflushed sectors dropped;"
            f" {count.in_flush} cuts with an unflushed cache,"
            f" {count.in_hand} with a receipt in hand;"
            f" {sum(count.seconds) / len(count.seconds):.1f} s a cut\n"
            f"receipts: {len(self.ids)} queued, {len(printed)} on paper,"
            f" {len(references)} different, {len(self._stage.documents('cancelled'))} begun and"
            f" cancelled; the cloud says { ({end: ends.count(end) for end in set(ends)}) }\n"
            f"amef ledger verify: {self._verified}"
        )
        for line in count.wrong:
            say(f"wrong: {line}")
        return once and not count.lost and not count.wrong and set(ends) == {"completed"}


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.vm", description=__doc__)
    parser.add_argument("--cuts", type=int, default=20)
    parser.add_argument("--mutant", choices=["full", "normal", "off"], default="full")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 16))
    asked = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if missing := missing_programs():
        say(f"not run: {', '.join(missing)} not found; tests/vm/README.md names the packages")
        return 2
    FOLDER.mkdir(parents=True, exist_ok=True)
    started_s = time.monotonic()
    made = make()
    say(f"seed {asked.seed}; image and moment ready after {time.monotonic() - started_s:.0f} s")
    home = Path(tempfile.mkdtemp(prefix="run-", dir=FOLDER))
    with Stage(home / "shop", printer=("--print-ms", "10")) as stage:
        shop = Shop(made, home, stage, asked.mutant, asked.seed)
        shop.format_disk()
        for _ in range(asked.cuts):
            shop.round()
        clean = shop.summary(shop.last_life())
    as_it_should_be = clean if asked.mutant == "full" else bool(shop.count.lost)
    if as_it_should_be:
        shutil.rmtree(home)
        return 0
    say(f"not as it should be; everything lies in {home}")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
