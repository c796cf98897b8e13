"""Results as Markdown."""

from __future__ import annotations

from typing import Any

_DIGITS = 3


def markdown(document: dict[str, Any]) -> str:
    """Every section with its tables, its notes and the machine that it was measured on."""
    return "\n\n".join(_section(name, section) for name, section in document["sections"].items()) + "\n"


def _section(name: str, section: dict[str, Any]) -> str:
    parts = [f"## {name.replace('-', ' ').capitalize()}"]
    if section["quick"]:
        parts.append("**A quick check: sizes are tiny and the figures mean nothing.**")
    parts += [f"### {title[0].upper() + title[1:]}\n\n{_table(rows)}" for title, rows in section["tables"].items()]
    parts.append("\n".join(f"- {note}" for note in [*section["notes"], _machine(section["machine"])]))
    return "\n\n".join(parts)


def _table(rows: list[dict[str, Any]]) -> str:
    keys = list(dict.fromkeys(key for row in rows for key in row))
    lines = [[key.replace("_", " ") for key in keys], ["---"] * len(keys)]
    lines += [[_cell(row.get(key)) for key in keys] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    whole = isinstance(value, int) or abs(value) >= 10 ** (_DIGITS - 1)
    return f"{value:,.0f}" if whole else f"{value:.{_DIGITS}g}"


def _machine(machine: dict[str, Any]) -> str:
    versions = machine["versions"] | {f"{name} (peers)": number for name, number in machine.get("peers", {}).items()}
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['ram_gib']} GiB, load {machine['load']} at the start; "
        f"{machine['system']}, Python {machine['python']}, "
        + ", ".join(f"{name} {number}" for name, number in versions.items())
    )
