"""One virtual machine: started from its image or from a saved moment, called, and cut.

    calls     host -> guest/host_calls.py -> shell        "promises"   guest -> host, one way
    control   QEMU's own protocol (QMP): plug in a disk or a cable, save the moment

Nothing in QEMU or in the guest gets to know of a cut: the process is killed.
"""

import contextlib
import json
import os
import socket
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

CALL_S_MAX = 300.0
LOOKS_MAX = 600
LOOK_S = 0.1
SHAPE = (
    *("-accel", "tcg,thread=multi", "-cpu", "max", "-machine", "q35,hpet=off"),
    *("-m", "512", "-smp", "2", "-nodefaults", "-no-user-config", "-no-reboot"),
    *("-display", "none", "-vga", "none"),
    *("-append", "root=/dev/vda rw init=/opt/vm/init console=ttyS0 quiet panic=-1 net.ifnames=0"),
    *("-device", "virtio-blk-pci,drive=root", "-device", "virtio-rng-pci"),
    *("-device", "virtio-scsi-pci,id=scsi", "-device", "qemu-xhci,id=usb"),
    *("-device", "virtio-serial-pci"),
    *("-device", "virtserialport,chardev=calls,name=calls"),
    *("-device", "virtserialport,chardev=promises,name=promises"),
    *("-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile="),
)


class MachineError(Exception):
    """The machine did not do what was asked of it."""


class Talk:
    """Questions and answers, a JSON object a line."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(CALL_S_MAX)
        self._connection = connection
        self._lines = connection.makefile("rb")

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        self._connection.sendall(json.dumps(question).encode() + b"\n")
        for line in self._lines:
            answer: dict[str, Any] = json.loads(line)
            if answer.keys() & {"return", "error", "status"}:
                return answer
        raise MachineError("the machine is gone")


class Machine:
    """Use it as a context manager: at the end of the block there is no power."""

    def __init__(self, image: Path, disk: Path, folder: Path, moment: Path | None = None) -> None:
        """`disk` is written to, unless it goes on from a saved `moment`."""
        self._image, self._disk, self._folder, self._moment = image, disk, folder, moment
        self._sockets: list[socket.socket] = []

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        names = ("control", "calls", "promises")
        listeners = {name: self._listen(name) for name in names}
        with (self._folder / "qemu.log").open("ab") as log, contextlib.ExitStack() as stack:
            self._process = subprocess.Popen(
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | {"TMPDIR": str(self._folder)},
            )
            stack.callback(self.cut)
            control, calls, self.promises = (self._accept(listeners[name]) for name in names)
            self._control, self._calls = Talk(control), Talk(calls)
            self.control("qmp_capabilities")
            if self._moment:
                self._wait("query-status", "inmigrate")
                self.control("cont")
            stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.cut()

    def cut(self) -> None:
        """Cut the power."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        for connection in self._sockets:
            connection.close()

    # the guest

    def call(self, command: str, body: str | None = None) -> str:
        """Run a shell command in the guest.

        Raises:
            MachineError: it ended with another status than 0.
        """
        answer = self._calls.ask({"call": command, "body": body})
        if answer["status"]:
            raise MachineError(f"{command!r}: {answer['status']}: {answer['said'][-2000:]}")
        return str(answer["said"])

    def wait_for(self, path: str) -> None:
        self.call(f"for _ in $(seq 200); do test -e {path} && exit; sleep 0.05; done; exit 1")

    # the hardware

    def control(self, name: str, **arguments: Any) -> Any:
        answer = self._control.ask({"execute": name, "arguments": arguments})
        if "return" not in answer:
            raise MachineError(f"{name}: {answer['error']}")
        return answer["return"]

    def plug_in_disk(self, address: Path) -> None:
        """Plug in the disk that is served there: /dev/sda, with its write cache on."""
        server = {"type": "unix", "path": str(address)}
        self.control("blockdev-add", **{"node-name": "data", "driver": "nbd", "server": server})
        self.control(
            "device_add", driver="scsi-hd", bus="scsi.0", drive="data", **{"write-cache": "on"}
        )
        self.wait_for("/dev/sda")

    def plug_in_cable(self, port: Path) -> None:
        """Lead a serial port of the host through a USB chip of the guest: /dev/ttyUSB0."""
        backend = {"type": "serial", "data": {"device": str(port)}}
        self.control("chardev-add", id="cable", backend=backend)
        self.control("device_add", driver="usb-serial", bus="usb.0", chardev="cable")
        self.wait_for("/dev/ttyUSB0")

    def save(self, moment: Path) -> None:
        """Write the memory down and end; the disk stays as it is at this moment."""
        self.call("sync")
        self.control("stop")
        self.control("migrate", uri=f"exec:cat > '{moment}'")
        if self._wait("query-migrate", "setup", "active", "device") != "completed":
            raise MachineError("the moment could not be saved")
        with contextlib.suppress(MachineError, OSError):
            self.control("quit")
        self._process.wait(CALL_S_MAX)

    # the pieces

    def _wait(self, question: str, *while_in: str) -> str:
        status = ""
        for _ in range(LOOKS_MAX):
            status = self.control(question)["status"]
            if status not in while_in:
                break
            threading.Event().wait(LOOK_S)
        return status

    def _command(self) -> list[str]:
        snapshot = "on" if self._moment else "off"
        root = f"file={self._disk},format=qcow2,if=none,id=root,cache=unsafe,snapshot={snapshot}"
        command = ["setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64"]  # it dies with us
        command += [*SHAPE, "-drive", root]
        command += ["-kernel", str(self._image / "kernel"), "-initrd", str(self._image / "initrd")]
        command += ["-serial", f"file:{self._folder / 'console.log'}"]
        for name in ("control", "calls", "promises"):
            command += ["-chardev", f"socket,id={name},path={self._folder / name}"]
        command += ["-mon", "chardev=control,mode=control"]
        if self._moment:
            command += ["-incoming", f"exec:cat '{self._moment}'"]
        return command

    def _listen(self, name: str) -> socket.socket:
        address = self._folder / name
        address.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        self._sockets.append(listener)
        listener.bind(str(address))
        listener.listen(1)
        listener.settimeout(CALL_S_MAX)
        return listener

    def _accept(self, listener: socket.socket) -> socket.socket:
        connection, _ = listener.accept()
        self._sockets.append(connection)
        return connection
