"""The axes of a sweep, as they stand in its table: texts such as "4 nm" that may be numbers with a unit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

NUMBER = re.compile(r"\s*([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)\s*(.*?)\s*")
LINES = ("-", (0, (4, 3)), (0, (6, 2, 1, 2)))  # of curves that may lie on each other
MARKERS = ("o", "s", "D", "^", "v", "P", "X")


@dataclass(frozen=True)
class Abscissa:
    """The axis over which is drawn: its label, and the values in its own unit or, if they are no numbers, in
    words."""

    label: str
    values: Mapping[str, float]
    is_number: bool


def first_and_others(
    axes: Sequence[str], rows: Sequence[Mapping[str, str]]
) -> tuple[str, Abscissa, list[str]]:
    """The axis over which is drawn, the first with numbers if there is one, and the names of the others."""
    numeric = (axis for axis in axes if _abscissa(axis, rows).is_number)
    first = next(numeric, axes[0])
    return first, _abscissa(first, rows), [axis for axis in axes if axis != first]


def plane(
    axes: Sequence[str], rows: Sequence[Mapping[str, str]]
) -> tuple[np.ndarray, np.ndarray, str, str] | None:
    """Places of the rows and labels of the axes, if these are two of numbers that span a full grid."""
    both = [_abscissa(axis, rows) for axis in axes]
    if len(both) != 2 or not all(one.is_number for one in both):
        return None
    x, y = ([one.values[row[axis]] for row in rows] for axis, one in zip(axes, both, strict=True))
    if not _is_grid(x, y):
        return None
    return np.array(x), np.array(y), both[0].label, both[1].label


def number(text: str | None) -> float:
    """What stands in a cell of the table; nan if that is no number."""
    try:
        return float(text or "nan")
    except ValueError:
        return np.nan


def _abscissa(axis: str, rows: Sequence[Mapping[str, str]]) -> Abscissa:
    texts = list(dict.fromkeys(row[axis] for row in rows))
    found = [NUMBER.fullmatch(text) for text in texts]
    units = {match[2] for match in found if match}
    if all(found) and len(units) == 1:
        (unit,) = units
        numbers = {text: float(match[1]) for text, match in zip(texts, found, strict=True)}
        return Abscissa(f"{axis} ({unit})" if unit else axis, numbers, True)
    return Abscissa(axis, {text: float(place) for place, text in enumerate(texts)}, False)


def _is_grid(x: Sequence[float], y: Sequence[float]) -> bool:
    """Whether the places are all pairs of at least two values on each axis, once each."""
    across, along = len(set(x)), len(set(y))
    places = set(zip(x, y, strict=True))
    return min(across, along) > 1 and len(places) == len(x) == across * along
