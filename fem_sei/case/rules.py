"""What must hold between the keys of every case, beyond the type of each. Every rule yields problems; the
rules of one study are in `plating_rules.py` and the like.

The rules also see cases that could be read only in part: what is missing is no attribute (or no entry of a
list), and a rule that reaches for it ends there.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from fem_sei.case import sweep
from fem_sei.case.common import Layer, Sweep, Variant
from fem_sei.materials import library
from fem_sei.materials.library import Material
from fem_sei.problems import Place, Problem, did_you_mean
from fem_sei.units import show

BOUNDARIES = ("bottom", "top", "left", "right", "front", "back")
MOST_RUNS = 10_000

Rule = Callable[..., Iterator[Problem]]
Application = tuple[Rule, tuple[Any, ...]]


def check(case: Any, applications: Iterable[Application], partial: bool) -> list[Problem]:
    """The problems that rules, with what each applies to, find in a case; `partial` if attributes of it may
    be missing."""
    problems: list[Problem] = []
    for rule, arguments in applications:
        try:
            problems.extend(rule(case, *arguments))
        except (AttributeError, IndexError):
            if not partial:
                raise
    return list(dict.fromkeys(problems))


def applied_to_entries(case: Any, rules: Mapping[Place, Sequence[Rule]]) -> Iterator[Application]:
    """The rules of lists, by the place of the list, with each entry and its place."""
    for place, of_list in rules.items():
        entries: Any = case
        for part in place:
            entries = getattr(entries, part, ())
        for n, entry in enumerate(entries):
            yield from ((rule, ((*place, n), entry)) for rule in of_list)


def material(case: Any, name: str) -> Material | None:
    """The material a layer names, of the case or of the library; None if its table could not be read,
    KeyError if there is none."""
    return case.materials[name] if name in case.materials else library.from_library(name)


def no_such_material(case: Any, place: Place, name: str, kinds: Sequence[str]) -> Problem:
    """The problem of a material that does not exist, with those of the `kinds` that would fit."""
    own = [name for name, table in case.materials.items() if table is not None and table.kind in kinds]
    available = [*own, *(name for kind in kinds for name in library.names(kind) if name not in own)]
    hint = did_you_mean(name, available) or f" There are: {', '.join(available)}."
    return Problem(place, f"is no material of [materials] or of the library.{hint}")


def layer_has_its_own_name(case: Any, place: Place, layer: Layer) -> Iterator[Problem]:
    before = case.geometry.layers[: place[-1]]
    if layer.name in [other.name for other in before if hasattr(other, "name")]:
        yield Problem((*place, "name"), "is the name of another layer too")
    if layer.name in BOUNDARIES:
        yield Problem((*place, "name"), "is the name of a boundary; choose another")


def time_steps_are_in_order(case: Any) -> Iterator[Problem]:
    unit = "s" if case.case.study == "plating" else "m"  # the steps of film_growth are lengths
    given = [(key, getattr(case.time, key)) for key in ("min_step", "initial_step", "max_step")]
    given = [(key, value) for key, value in given if value is not None]
    for (low_key, low), (key, value) in itertools.pairwise(given):
        if low > value:
            yield Problem(("time", key), f"is below {low_key} ({show(low, unit)})")


def variant_has_its_own_name(case: Any, place: Place, variant: Variant) -> Iterator[Problem]:
    before = case.variants[: place[-1]]
    if variant.name.lower() in [other.name.lower() for other in before if hasattr(other, "name")]:
        yield Problem((*place, "name"), "is the name of another variant too")
    if variant.name in sweep.RUN_FOLDERS:
        yield Problem((*place, "name"), "is the name of a folder of every run; choose another")


def axis_differs_from_the_others(case: Any, place: Place, axis: Sweep) -> Iterator[Problem]:
    for key in ("name", "key"):
        before = [getattr(other, key, "") for other in case.sweep[: place[-1]]]
        if getattr(axis, key, "") and getattr(axis, key) in before:
            yield Problem((*place, key), f"is the {key} of another axis too")


def axis_has_values_to_take(case: Any, place: Place, axis: Sweep) -> Iterator[Problem]:
    names: dict[str, int] = {}
    for n, value in enumerate(axis.values):
        at = (*place, "values", n)
        if not axis.key and not sweep.is_named(value):
            message = (
                'needs a table { name = "Li", set = { "loading.metal" = "Li" } }, or give the axis a key'
            )
            yield Problem(at, message)
            continue
        name = sweep.name_of(axis.key, value)
        if name.lower() in names:
            yield Problem(at, f'gives the name "{name}", as values[{names[name.lower()]}] does')
        elif not name:
            yield Problem(at, "needs a letter or a digit, from which the run gets its name")
        names.setdefault(name.lower(), n)


def runs_are_not_too_many(case: Any) -> Iterator[Problem]:
    count = max(1, len(case.variants))
    for axis in case.sweep:
        count *= max(1, len(axis.values))
    if count > MOST_RUNS:
        yield Problem(("sweep",), f"makes {count} runs; there can be {MOST_RUNS} at most", about_key=True)


def of_every_study(case: Any) -> Iterator[Application]:
    """The rules of layers, variants and sweeps, with what each applies to."""
    rules = {
        ("geometry", "layers"): (layer_has_its_own_name,),
        ("variants",): (variant_has_its_own_name,),
        ("sweep",): (axis_differs_from_the_others, axis_has_values_to_take),
    }
    yield from applied_to_entries(case, rules)
    yield runs_are_not_too_many, ()
