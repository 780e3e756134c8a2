"""Writes `fault-table.md` from `drivers/faults.toml`, so that the two cannot disagree."""

from pathlib import Path

from drivers.faults import words

TABLE = Path(__file__).with_name("fault-table.md")


def table() -> str:
    lines = [
        "# Faults",
        "",
        "The code stands in every report, the maker's own code beside it. `waits`: the command"
        " stays in the queue until it is cured; otherwise it is rejected.",
        "",
        "| code | group | waits | în română | in English |",
        "| --- | --- | --- | --- | --- |",
    ]
    for fault, said in words().items():
        waits = "yes" if said.waits else "no"
        lines.append(f"| `{fault}` | {said.group} | {waits} | {said.ro} | {said.en} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
