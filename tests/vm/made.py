"""What is made once and used by every round: the image, and a saved moment with the program in it.

    image-<hash>/    disk.img, kernel, initrd       of image.sh, the guest's start, the libraries
    moment-<hash>/   disk.qcow2, memory             of the image, the program, the machine's shape

Both lie in the folder that AMEF_VM_DIR names (amef-vm in the system's temporary folder if it names
none). A name is the hash of all that went in, so an old one is never taken for a new one.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.vm.machine import SHAPE, Machine

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
FOLDER = Path(os.environ.get("AMEF_VM_DIR", Path(tempfile.gettempdir()) / "amef-vm"))
SHIPPED = ("agent", "drivers", "protocol", "config")
PROGRAMS = ("qemu-system-x86_64", "qemu-img", "debootstrap", "mke2fs")
PIP = "/opt/amef-agent/bin/pip install --no-index --no-deps --disable-pip-version-check"


@dataclass(frozen=True, slots=True)
class Made:
    image: Path
    disk: Path
    memory: Path


def missing_programs() -> list[str]:
    return [name for name in PROGRAMS if not shutil.which(name, path=f"{os.defpath}:/usr/sbin")]


def make() -> Made:
    """Make what is not there yet."""
    guest = sorted((HERE / "guest").glob("*"))
    base = [HERE / "image.sh", HERE / "guest/init", HERE / "guest/host_calls.py"]
    key = _hash([*base, PROJECT / "constraints.txt", PROJECT / "pyproject.toml"])
    image = FOLDER / f"image-{key}"
    if not (image / "disk.img").exists():
        subprocess.run([str(HERE / "image.sh"), str(image), str(PROJECT)], check=True)
    sources = [path for name in SHIPPED for path in sorted((PROJECT / name).rglob("*"))]
    key = _hash([*sources, *guest], key, repr(SHAPE))
    moment = FOLDER / f"moment-{key}"
    if not (moment / "memory").exists():
        _save_moment(image, moment, guest)
    return Made(image, moment / "disk.qcow2", moment / "memory")


def _hash(paths: Iterable[Path], *words: str) -> str:
    digest = hashlib.sha256(" ".join(words).encode())
    for path in paths:
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(f"{path.relative_to(PROJECT)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def _save_moment(image: Path, moment: Path, guest: Iterable[Path]) -> None:
    """Start the machine, install the program, run it once so that its files are in the memory."""
    shutil.rmtree(moment, ignore_errors=True)
    moment.mkdir(parents=True)
    disk = moment / "disk.qcow2"
    base = ["-q", "-f", "qcow2", "-F", "raw", "-b", str(image / "disk.img")]
    subprocess.run(["qemu-img", "create", *base, str(disk)], check=True)
    wheel = _wheel(moment / "wheel")
    with Machine(image, disk, moment / "run") as machine:
        for path in guest:
            machine.call(f"cat > /opt/vm/{path.name}", path.read_text("utf-8"))
        machine.call(f"base64 -d > /tmp/{wheel.name}", _base64(wheel))
        machine.call(f"{PIP} /tmp/{wheel.name} && /opt/amef-agent/bin/amef --help")
        machine.call("PYTHONPATH=/opt/vm /opt/amef-agent/bin/python -c 'import promising, look'")
        machine.save(moment / "memory.part")
    machine.close()
    (moment / "memory.part").rename(moment / "memory")


def _wheel(folder: Path) -> Path:
    """Build it from a copy: pip leaves traces where it builds."""
    source = folder / "source"
    for name in SHIPPED:
        leave = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PROJECT / name, source / name, ignore=leave)
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(PROJECT / name, source)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--no-deps", "--wheel-dir", str(folder), str(source)], check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def _base64(path: Path) -> str:
    return subprocess.run(["base64", str(path)], capture_output=True, text=True, check=True).stdout
