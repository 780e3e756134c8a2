"""Documents taken out of the archive: the files byte for byte, and a list that proves them.

    INTO/5000001234/5000001234_Z0412.p7b      one folder for each owner, the name it came with
    INTO/5000001234/5000001234_Z0412-3f9a.p7b     another one of that name
    INTO/SHA256SUMS                           `sha256sum --check SHA256SUMS`
    INTO/manifest.json                        everything the index says of each

The folder must be empty, or not there. What is damaged or gone is in the manifest, and not written.
"""

import json
import os
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from agent.archive.sorts import Filed
from agent.archive.store import ArchiveDamaged, Store

MANIFEST, SUMS = "manifest.json", "SHA256SUMS"
NAME_BYTES_MAX = 200
UNFIT = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')  # as FAT has it: it may go to a stick


class FolderNotEmpty(Exception):
    """What lies there is not ours to mix with."""


@dataclass(frozen=True, slots=True)
class Exported:
    """`path` "": its bytes could not be written; `trouble` says why."""

    filed: Filed
    path: str
    trouble: str = ""


def export(store: Store, documents: Sequence[Filed], into: Path) -> list[Exported]:
    """Write these documents out.

    Raises:
        FolderNotEmpty: nothing was written.
        OSError: it cannot be written there.
    """
    into.mkdir(parents=True, exist_ok=True)
    if any(into.iterdir()):
        raise FolderNotEmpty(str(into))
    taken: set[str] = set()
    done = []
    for filed in documents:
        path = _free(filed, taken)
        try:
            _write(store, filed, into / path)
        except ArchiveDamaged as error:
            gone = "retention took its bytes" if filed.gone_at_ms is not None else str(error)
            done.append(Exported(filed, "", gone))
        else:
            taken.add(path.lower())
            done.append(Exported(filed, path))
    sums = [f"{each.filed.document.sha256}  {each.path}\n" for each in done if each.path]
    (into / SUMS).write_text("".join(sums), "utf-8")
    (into / MANIFEST).write_text(_manifest(done), "utf-8")
    return done


def as_told(filed: Filed) -> dict[str, Any]:
    """Return a document as JSON takes it."""
    about = asdict(filed)
    document: dict[str, Any] = about.pop("document")
    return document | about


def _manifest(done: Sequence[Exported]) -> str:
    listed = [as_told(one.filed) | {"path": one.path, "trouble": one.trouble} for one in done]
    return json.dumps({"documents": listed}, ensure_ascii=False, indent=1) + "\n"


def _write(store: Store, filed: Filed, path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    try:
        with path.open("xb") as file:
            for chunk in store.chunks(filed.document.sha256):
                file.write(chunk)
    except ArchiveDamaged:
        path.unlink()  # whether it is whole is only known at its end
        raise


def _free(filed: Filed, taken: set[str]) -> str:
    """A path that no other document of this export has, on no file system."""
    document = filed.document
    stem, suffix = os.path.splitext(_fit(document.name))
    folder, mark = _fit(document.owner), document.sha256
    tries = [f"{folder}/{stem}{suffix}", f"{folder}/{stem}-{mark[:8]}{suffix}"]
    tries.append(f"{folder}/{mark}{suffix}")
    return next((path for path in tries if path.lower() not in taken), f"{folder}/{filed.id}")


def _fit(name: str) -> str:
    """A name that every file system takes; none that is hidden, or leads elsewhere."""
    fit = UNFIT.sub("_", name).strip(" .")
    root, suffix = os.path.splitext(fit)
    room = NAME_BYTES_MAX - len(suffix.encode()[:20])
    short = root.encode()[:room].decode("utf-8", "ignore")
    return (short + suffix.encode()[:20].decode("utf-8", "ignore")) or "_"
