"""What is said no to: bytes that are no signed file, and a package that cannot be laid out.

Everything else about a file is a Finding: what a device wrote is kept, whatever is wrong with it.
"""


class RefusedFile(Exception):
    """`code` is stable, for a report."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class NotSigned(RefusedFile):
    """These bytes are not a signed day or register."""


class NotLaidOut(RefusedFile):
    """Nothing was written."""
