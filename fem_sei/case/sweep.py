"""The runs of a case file: its [[variants]], and the product of the axes of its [[sweep]].

An axis has a key and its values, or values with a name and the keys each sets:

    [[sweep]]
    name   = "thickness"
    key    = "geometry.layers[sei].thickness"
    values = ["4 nm", "20 nm"]

    [[sweep]]
    name   = "metal"
    values = [
        { name = "Li", set = { "loading.metal" = "Li" } },
        { name = "Na", set = { "loading.metal" = "Na" } },
    ]

makes the runs 4nm_Li, 4nm_Na, 20nm_Li and 20nm_Na. A run is named by its variant, if there are some, and its
values.
"""

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fem_sei.problems import Place

LONGEST_NAME = 80
RUN_FOLDERS = ("pictures", "fields", "checkpoint")  # of every run, so no run can be called like them
NAMED = {"name", "set"}  # the keys of a value with a name


@dataclass(frozen=True)
class Run:
    """One run: its `name`, the `changes` of keys with the place each comes from, one after the other, and the
    value on each axis as text."""

    name: str
    changes: tuple[tuple[Place, Mapping[str, Any]], ...]
    axes: Mapping[str, str] = field(default_factory=dict)


def runs_of(data: Mapping[str, Any]) -> Iterator[Run]:
    """The runs of the tables of a case file, as far as these are as they should be (`rules.py` says what is
    not); none without [[variants]] and [[sweep]]."""
    variants = list(_variants_of(data))
    axes = [points for n, axis in enumerate(_tables(data, "sweep")) if (points := list(_points(n, axis)))]
    if not variants and not axes:
        return
    for variant, *points in itertools.product(variants or [Run("", ())], *axes):
        taken = [variant, *points]
        yield Run(
            "_".join(run.name for run in taken if run.name),
            tuple(change for run in taken for change in run.changes),
            {axis: text for run in taken for axis, text in run.axes.items()},
        )


def faults_of_names(runs: Sequence[Run]) -> Iterator[str]:
    """What is wrong with the names of the runs of a sweep, which are those of their folders."""
    seen: set[str] = set()
    for run in runs:
        if run.axes and run.name.lower() in seen:
            yield f'two runs would be called "{run.name}"; give the values names of their own'
        if run.axes and run.name in RUN_FOLDERS:
            yield f'"{run.name}" is the name of a folder of every run; choose another'
        if run.axes and len(run.name) > LONGEST_NAME:
            yield f'the name "{run.name}" is longer than {LONGEST_NAME} characters; give the values names'
        seen.add(run.name.lower())


def is_named(value: Any) -> bool:
    """Whether a value of an axis is a table { name = "Li", set = { ... } }, or { name = "Li" } for the case
    as it is."""
    return (
        isinstance(value, Mapping)
        and {"name"} <= value.keys() <= NAMED
        and isinstance(value["name"], str)
        and isinstance(value.get("set", {}), Mapping)
    )


def text_of(key: str, value: Any) -> str:
    """A value of an axis as text: its name if the axis has no key."""
    if not key:
        return value["name"]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def name_of(key: str, value: Any) -> str:
    """The part of a run's name that stands for a value: "4 nm" gives 4nm, "0.5 um" 0p5um, "-50 mV" minus50mV.
    Other characters that names cannot have are left out."""
    text = re.sub(r"(?<=\d)\.(?=\d)", "p", text_of(key, value).strip())
    text = re.sub(r"^-", "minus", text)
    return re.sub(r"[^A-Za-z0-9_+-]", "", text).lstrip("_+-")


def _variants_of(data: Mapping[str, Any]) -> Iterator[Run]:
    for n, entry in enumerate(_tables(data, "variants")):
        changes = entry.get("set", {})
        if isinstance(changes, Mapping) and isinstance(entry.get("name"), str):
            yield Run(entry["name"], ((("variants", n, "set"), changes),))


def _points(n: int, axis: Mapping[str, Any]) -> Iterator[Run]:
    """The values of an axis, as runs that change nothing else."""
    name, key, values = axis.get("name"), axis.get("key", ""), axis.get("values")
    if not isinstance(name, str) or not isinstance(key, str) or not isinstance(values, list):
        return
    for m, value in enumerate(values):
        if key:
            place, changes = ("sweep", n, "key"), {key: value}
        elif is_named(value):
            place, changes = ("sweep", n, "values", m, "set"), value.get("set", {})
        else:
            continue
        yield Run(name_of(key, value), ((place, changes),), {name: text_of(key, value)})


def _tables(data: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """The tables in a list of the case file; the position of one that is no table is kept."""
    entries = data.get(key, [])
    return (
        [entry if isinstance(entry, Mapping) else {} for entry in entries]
        if isinstance(entries, list)
        else []
    )
