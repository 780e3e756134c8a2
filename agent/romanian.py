"""Counts as Romanians say them: "1 comandă", "19 comenzi", "20 de comenzi", "101 comenzi"."""

BARE_MAX = 19  # up to here, and after each hundred, a number needs no "de"


def counted(count: int, one: str, many: str) -> str:
    if count == 1:
        return f"1 {one}"
    is_bare = count == 0 or 1 <= count % 100 <= BARE_MAX
    return f"{count} {many}" if is_bare else f"{count} de {many}"
