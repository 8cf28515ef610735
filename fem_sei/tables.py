"""What the command line prints of cases: their numbers side by side, values with sources, warnings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fem_sei.case.describe import values_used
from fem_sei.units import number, show


def summary(name: str, assessments: dict[str | None, Any]) -> Iterator[str]:
    """One line per run with what it will take, then the warnings and refusals, each once."""
    concerned: dict[str, list[str]] = {}
    for variant, found in assessments.items():
        size = {row.name: number(row.value) for row in found.rows}
        taken = [f"{size[key]} {key.removesuffix(', about')}" for key in COSTS if key in size]
        run = f"{name}/{variant}" if variant else name
        yield f"{run}: {', about '.join([VERDICTS[found.verdict], *taken])}"
        for row in [*found.of("refuse"), *found.of("warn")]:
            text = f"{VERDICTS[row.verdict]}: {row.name.strip()} = {show(row.value, row.unit)}: {row.advice}"
            concerned.setdefault(text, []).append(str(variant))
    for text, variants in concerned.items():
        of_some = f"{_listed(variants)}: " if len(variants) < len(assessments) else ""
        yield f"  {of_some}{text}"


COSTS = ("time steps, about", "degrees of freedom, about")
VERDICTS = {"ok": "ok", "warn": "warning", "refuse": "refused"}
MOST_NAMED, MOST_COLUMNS = 4, 6
MARKS = {"ok": "", "warn": " (!)", "refuse": " (X)"}


def values(cases: dict[str | None, Any]) -> list[str]:
    """The material values used, with their sources; those of some variants only say of which."""
    users: dict[tuple[str, ...], list[str]] = {}
    for variant, case in cases.items():
        for material, key, found in values_used(case):
            row = (material, key, found.describe(), found.unit, found.flag, found.source)
            users.setdefault(row, []).append(str(variant))
    rows = [("material", "property", "value", "unit", "flag", "source")]
    for (material, *rest), variants in users.items():
        of_some = f" ({_listed(variants)})" if len(variants) < len(cases) else ""
        rows.append((material + of_some, *rest))
    return table(rows)


def _listed(variants: Sequence[str]) -> str:
    """The variants by name, of many the first ones."""
    if len(variants) <= MOST_NAMED:
        return ", ".join(variants)
    return f"{', '.join(variants[: MOST_NAMED - 1])} and {len(variants) - MOST_NAMED + 1} others"


def side_by_side(assessments: dict[str | None, Any]) -> list[str]:
    """The numbers of all runs, one column each; (!) marks a warning and (X) a refusal. Of many runs there are
    several tables."""
    lines: list[str] = []
    runs = list(assessments.items())
    for first in range(0, len(runs), MOST_COLUMNS):
        part = dict(runs[first : first + MOST_COLUMNS])
        names = list(dict.fromkeys(row.name for found in part.values() for row in found.rows))
        columns = []
        for found in part.values():
            by_name = {row.name: show(row.value, row.unit) + MARKS[row.verdict] for row in found.rows}
            columns.append([by_name.get(name, "") for name in names])
        heading = [("", *(str(name) for name in part))] if None not in part else []
        lines += [*([""] if lines else []), *table([*heading, *zip(names, *columns, strict=True)])]
    return lines


def table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Lines of a table whose columns line up; the last column is as long as it likes."""
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]) - 1)]
    return [
        "  ".join([*(cell.ljust(w) for cell, w in zip(row, [*widths, 0], strict=True))]).rstrip()
        for row in rows
    ]
