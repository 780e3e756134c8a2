"""Counts as the English say them: "1 stick", "2 sticks", "0 sticks"; see also romanian.py."""


def counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
