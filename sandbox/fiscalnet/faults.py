"""A FiscalNet that goes wrong: KIND[=ARG][#K], at the K-th file it takes (1 if left out, * each).

    deaf              does not take it: it lies there
    die-before        takes it, and is gone before it prints
    die-after         prints it, and is gone before it answers
    never             prints it, and never answers
    late=SECONDS      prints it, and answers so much later
    refuse[=CODE]     prints nothing, answers BONOK=0
    lost              prints it, then loses the printer: BONOK=0, and it does not know
    empty  garbage  binary  huge  both      prints it, answers with no answer
    half[=SECONDS]    prints it, writes half an answer; the rest so much later, or never

What is gone comes back as another process on the same folder.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

FORM = "KIND[=ARG][#K]"
SECONDS_MAX = 3600.0
PLAIN = ("deaf", "die-before", "die-after", "never", "lost")
SPOILT = ("empty", "garbage", "binary", "huge", "both")
WITH_SECONDS = ("late", "half")
KINDS = (*PLAIN, *SPOILT, *WITH_SECONDS, "refuse")
SPOILS = {
    "empty": b"",
    "garbage": b"?? nu este un raspuns ??\r\n",
    "binary": bytes(range(256)) * 4,
    "huge": b"BONOK=1\r\nNRBON=1\r\n" + b"x" * 1_000_000,
    "both": b"BONOK=1\r\nBONOK=0\r\n",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault as it was asked for. `nth` None: every file."""

    kind: str
    argument: str = ""
    nth: int | None = 1

    @property
    def seconds(self) -> float | None:
        return float(self.argument) if self.argument else None


def fault(text: str) -> Fault:
    """Read one fault. Raises ValueError: what is wrong with it."""
    shape = re.fullmatch(r"([a-z-]+)(?:=([^#]+))?(?:#(\d{1,6}|\*))?", text, re.ASCII)
    if shape is None:
        raise ValueError(f"{text!r} has not the form {FORM}")
    kind, argument, nth = shape.groups()
    if kind not in KINDS:
        raise ValueError(f"{text!r}: there is no kind {kind!r}; known are {', '.join(KINDS)}")
    if kind in WITH_SECONDS:
        if argument is None and kind == "late":
            raise ValueError(f"{text!r}: late needs =SECONDS")
        if argument is not None and not _is_seconds(argument):
            raise ValueError(f"{text!r}: {argument!r} is no number of seconds")
    elif argument is not None and kind != "refuse":
        raise ValueError(f"{text!r}: {kind} takes no argument")
    return Fault(kind, argument or "", None if nth == "*" else int(nth or 1))


def _is_seconds(text: str) -> bool:
    shape = re.fullmatch(r"\d{1,4}(\.\d{1,3})?", text, re.ASCII)
    return shape is not None and float(text) <= SECONDS_MAX
