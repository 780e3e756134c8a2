"""How full the disk is, and who has to stop writing first: sales go last.

80 %   said in `amef status`
90 %   the archive keeps nothing more: the ledger needs the rest
95 %   no new commands are taken: what cannot be written down is better left in the cloud
"""

import errno
import os
import shutil
from pathlib import Path

WARN, ARCHIVE_MAX, FULL = 80, 90, 95  # percent
ROOM_BYTES_MIN = 65_536  # the ledger writes less at once
UNUSABLE = frozenset({errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO})
"""What the disk says, and no setting cures: it is waited for."""


def used(path: Path) -> int:
    """How full the disk is, in percent, as `df` says it."""
    found = shutil.disk_usage(path)
    return -(-100 * found.used // max(1, found.used + found.free))


def unwritable(path: Path) -> str:
    """Say why nothing can be written there; "" if nothing is known against it."""
    try:
        found = os.statvfs(path)
    except OSError:
        return ""
    if found.f_flag & os.ST_RDONLY:
        return "the disk is read-only"
    return "the disk is full" if found.f_bavail * found.f_frsize < ROOM_BYTES_MIN else ""


def need_room(percent: int) -> None:
    """Let the archive write on a disk that is so full.

    Raises:
        OSError: the rest is for the sales.
    """
    if percent >= ARCHIVE_MAX:
        raise OSError(errno.ENOSPC, f"the disk is {percent} % full")
