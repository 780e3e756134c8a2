"""Files by the hash of their content: there whole or not at all, whatever comes in between."""

import errno
import gzip
import os
import resource
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest

from agent.archive.store import CHUNK_BYTES, ArchiveDamaged, Store
from tests.agent.amef import ROOT

CONTENT = b"BON FISCAL\n" * 40_000  # several chunks
DIES = """
import os, signal, sys
from pathlib import Path
from agent.archive.store import Store

def pieces():
    for number in range(10):
        if number == 7:
            os.kill(os.getpid(), signal.SIGKILL)
        yield os.urandom(70_000)

Store(Path(sys.argv[1])).put(pieces())
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "archive")


def left(tmp_path: Path) -> list[str]:
    return [path.name for path in (tmp_path / "archive/objects").rglob("*") if path.is_file()]


@pytest.mark.parametrize("content", [b"", b"\0", CONTENT, os.urandom(CHUNK_BYTES + 1)])
def test_what_was_put_comes_back_byte_for_byte(store: Store, content: bytes) -> None:
    stored = store.put(content)
    assert (stored.sha256, stored.bytes) == (sha256(content).hexdigest(), len(content))
    assert store.read(stored.sha256) == content
    assert b"".join(store.chunks(stored.sha256)) == content
    store.verify(stored.sha256)


def test_a_stream_is_put_like_the_whole(store: Store) -> None:
    pieces = (CONTENT[at : at + 777] for at in range(0, len(CONTENT), 777))
    assert store.put(pieces) == store.put(CONTENT)


def test_it_lies_packed_under_its_hash_once(store: Store, tmp_path: Path) -> None:
    stored = store.put(CONTENT)
    path = store.path(stored.sha256)
    assert path == tmp_path / "archive/objects" / stored.sha256[:2] / stored.sha256[2:]
    assert gzip.decompress(path.read_bytes()) == CONTENT
    assert path.stat().st_size < len(CONTENT) // 50
    packed = path.read_bytes()
    store.put(CONTENT)
    assert path.read_bytes() == packed
    assert [*store.all()] == [stored.sha256]


def test_all_names_what_lies_there_in_order_and_nothing_else(store: Store, tmp_path: Path) -> None:
    assert [*store.all()] == []
    hashes = sorted(store.put(bytes([number])).sha256 for number in range(20))
    (tmp_path / "archive/objects/.new-left").mkdir()
    (tmp_path / "archive/objects/README").write_text("a stranger's")
    (tmp_path / "archive/objects" / hashes[0][:2] / "note").write_text("a stranger's")
    assert [*store.all()] == hashes


@pytest.mark.parametrize(
    "damage",
    [
        lambda packed: packed[:-9],
        lambda packed: b"",
        lambda packed: b"not packed at all",
        lambda packed: packed[:20] + bytes([packed[20] ^ 1]) + packed[21:],
        lambda packed: gzip.compress(CONTENT[:-1]),
        lambda packed: packed + b"trailing",
    ],
    ids=["cut", "empty", "foreign", "bit", "other", "more"],
)
def test_bytes_that_are_not_what_was_put_are_never_read_as_if(store: Store, damage) -> None:  # type: ignore[no-untyped-def]
    stored = store.put(CONTENT)
    path = store.path(stored.sha256)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ArchiveDamaged, match=stored.sha256[:12]):
        store.verify(stored.sha256)
    with pytest.raises(ArchiveDamaged):
        store.read(stored.sha256)


def test_what_is_not_there_is_said(store: Store) -> None:
    missing = sha256(b"never put").hexdigest()
    assert not store.has(missing)
    with pytest.raises(ArchiveDamaged, match="No such file"):
        store.verify(missing)
    store.remove(missing)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "a" * 63])
def test_a_name_that_is_no_hash_leads_nowhere(store: Store, name: str) -> None:
    with pytest.raises(ValueError, match="no SHA-256"):
        store.path(name)


def test_a_program_that_is_killed_in_the_middle_leaves_nothing_under_a_name(
    store: Store, tmp_path: Path
) -> None:
    kept = store.put(CONTENT).sha256
    done = subprocess.run(
        [sys.executable, "-c", DIES, str(tmp_path / "archive")], cwd=ROOT, check=False, timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    assert [*store.all()] == [kept]
    (half,) = [name for name in os.listdir(tmp_path / "archive/objects") if name[0] == "."]
    about = (tmp_path / "archive/objects" / half).stat()
    store.sweep(about.st_mtime - 1)
    assert half in os.listdir(tmp_path / "archive/objects")
    store.sweep(about.st_mtime + 1)
    assert half not in os.listdir(tmp_path / "archive/objects")
    store.verify(kept)


def test_a_stream_that_breaks_leaves_nothing(store: Store, tmp_path: Path) -> None:
    def breaks() -> Iterator[bytes]:
        yield CONTENT
        raise ConnectionError

    with pytest.raises(ConnectionError):
        store.put(breaks())
    assert left(tmp_path) == []


def test_a_full_disk_leaves_nothing_and_hurts_nothing(store: Store, tmp_path: Path) -> None:
    kept = store.put(CONTENT)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large") as error:
            store.put(os.urandom(100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert error.value.errno == errno.EFBIG
    assert [*store.all()] == [kept.sha256]
    assert len(left(tmp_path)) == 1
    store.verify(kept.sha256)


def test_a_full_file_system_leaves_nothing_and_hurts_nothing(tmp_path: Path) -> None:
    disk = tmp_path / "small"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("nobody here may mount")
    try:
        store = Store(disk / "archive")
        kept = store.put(b"small")
        with pytest.raises(OSError, match="No space left"):
            store.put(os.urandom(1_000_000))
        assert [*store.all()] == [kept.sha256]
        assert store.put(os.urandom(100_000)).bytes == 100_000
    finally:
        subprocess.run(["umount", disk], check=True)


def test_many_at_once_put_the_same_and_others(store: Store, tmp_path: Path) -> None:
    contents = [bytes([number]) * 50_000 for number in range(8)] * 4

    def put(content: bytes) -> str:
        return Store(tmp_path / "archive").put(content).sha256

    with ThreadPoolExecutor(8) as pool:
        hashes = {*pool.map(put, contents)}
    assert [*store.all()] == sorted(hashes)
    for each in hashes:
        store.verify(each)
    assert len(left(tmp_path)) == len(hashes)


def test_what_root_puts_belongs_to_the_owner_of_the_state_directory(tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("only root makes files for others")
    os.chown(tmp_path, 4321, 4322)
    path = (store := Store(tmp_path / "archive")).path(store.put(CONTENT).sha256)
    for each in (path, path.parent, path.parents[1], path.parents[2]):
        assert (each.stat().st_uid, each.stat().st_gid) == (4321, 4322)


def test_memory_does_not_grow_with_the_file(store: Store) -> None:
    piece = os.urandom(100_000)
    pieces = (bytes([number]) + piece for number in range(100))
    tracemalloc.start()
    try:
        stored = store.put(pieces)
        assert sum(len(chunk) for chunk in store.chunks(stored.sha256)) == stored.bytes
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert stored.bytes > 10_000_000
    assert most < 2_000_000
