"""The kinds of simulation, as far as their case files go: `[case] study = "..."` names one of them.

A further study is a module with its tables, one with its rules, one that fills in what a case leaves out, one
that judges it, and an entry here.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fem_sei.case import (
    delamination_checks,
    delamination_filling,
    delamination_rules,
    film_growth_checks,
    film_growth_filling,
    film_growth_rules,
    plating_checks,
    plating_filling,
    plating_rules,
)
from fem_sei.case.assessment import Assessment
from fem_sei.case.common import Table
from fem_sei.case.delamination import DelaminationCase
from fem_sei.case.film_growth import FilmGrowthCase
from fem_sei.case.rules import Application
from fem_sei.case.schema import Case


@dataclass(frozen=True)
class Study:
    """How case files of one study are read: the `model` of their tables, the `rules` with what each applies
    to in a case, `fill_in` for what a case leaves out, the `properties` that a resolved case uses by
    material, and `assess` for the numbers that decide whether it makes sense."""

    model: type[Table]
    rules: Callable[[Any], Iterable[Application]]
    fill_in: Callable[[Any], Any]
    properties: Callable[[Any], Mapping[str, tuple[str, ...]]]
    assess: Callable[[Any], Assessment]


STUDIES = {
    "plating": Study(
        Case,
        plating_rules.applications,
        plating_filling.fill_in,
        plating_rules.properties_used,
        plating_checks.assess,
    ),
    "delamination": Study(
        DelaminationCase,
        delamination_rules.applications,
        delamination_filling.fill_in,
        delamination_rules.properties_used,
        delamination_checks.assess,
    ),
    "film_growth": Study(
        FilmGrowthCase,
        film_growth_rules.applications,
        film_growth_filling.fill_in,
        film_growth_rules.properties_used,
        film_growth_checks.assess,
    ),
}
