"""Does what the host calls for, one call after the other, in the guest.

    host  --{"call": "mount ...", "body": null}-->      virtio port "calls"
          <--{"status": 0, "said": "..."}--

`call` is for the shell, `body` its standard input. A call that must go on behind the next ones
ends with `&` and has its output somewhere else.
"""

import json
import os
import signal
import subprocess
from pathlib import Path

CALL_S_MAX = 300


def port(name: str) -> str:
    """Find a virtio port by the name the host gave it; udev would do it, there is none."""
    (found,) = (
        folder.name
        for folder in Path("/sys/class/virtio-ports").iterdir()
        if (folder / "name").read_text().strip() == name
    )
    return f"/dev/{found}"


def do(call: dict[str, str | None]) -> dict[str, object]:
    done = subprocess.run(
        ["/bin/sh", "-c", call["call"] or ""],
        input=(call["body"] or "").encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=CALL_S_MAX,
        check=False,
    )
    return {"status": done.returncode, "said": done.stdout.decode(errors="replace")}


def main() -> None:
    calls = os.open(port("calls"), os.O_RDWR)
    waiting = b""
    while True:
        chunk = os.read(calls, 1 << 16)
        if not chunk:  # the host has not come yet
            signal.sigtimedwait([signal.SIGUSR1], 0.02)
        waiting += chunk
        while b"\n" in waiting:
            line, waiting = waiting.split(b"\n", 1)
            answer = json.dumps(do(json.loads(line))).encode() + b"\n"
            while answer:
                answer = answer[os.write(calls, answer) :]


if __name__ == "__main__":
    main()
