"""How the command `amef` ends: its exit statuses, for shells and for systemd.

    0    done, and all is well           70, 74, 78    as in sysexits.h
    1    a no: to us, or to a question
    2    it was not called as --help says

systemd starts the agent again after all of them but 0 and 78.
`systemd/README.md` shows them to whoever installs it.
"""

from enum import IntEnum


class Exit(IntEnum):
    OK = 0
    NO = 1  # refused, or a person said no, or what was looked at is wrong or missing
    USAGE = 2  # click's own: an unknown option, a value that is none
    BROKEN = 70  # a loop of the agent ended by itself; its next start asks what became of it all
    LEDGER = 74  # the ledger cannot be used
    CONFIG = 78  # the configuration or the key is wrong: trying again would not help
