"""The kinds of simulation, as far as running them goes: `[case] study = "..."` names one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fem_sei.geometry.sizes import MeshSizes
from fem_sei.geometry.stack import MeshFile
from fem_sei.studies import delamination_setup, film_growth_setup, plating_setup
from fem_sei.studies.delamination_run import DelaminationSimulation
from fem_sei.studies.film_growth_run import FilmGrowthSimulation
from fem_sei.studies.plating_run import PlatingSimulation
from fem_sei.studies.running import Simulation


@dataclass(frozen=True)
class Kind:
    """A study: its ``simulation``, and what its cases need of a mesh: sizes, a file, the unit of length (m).
    ``timed``: whether it runs in simulated time. ``changeable``: tables that do not belong to the state."""

    simulation: type[Simulation]
    mesh_sizes: Callable[[Any], MeshSizes]
    mesh_file: Callable[[Any], MeshFile | None]
    length_scale: Callable[[Any], float]
    timed: bool
    changeable: tuple[str, ...]


KINDS = {
    "plating": Kind(
        PlatingSimulation,
        plating_setup.mesh_sizes,
        plating_setup.mesh_file,
        lambda case: plating_setup.LENGTH_SCALE,
        timed=True,
        changeable=("operation", "time"),
    ),
    "delamination": Kind(
        DelaminationSimulation,
        delamination_setup.mesh_sizes,
        delamination_setup.mesh_file,
        delamination_setup.length_scale,
        timed=False,
        changeable=("path",),
    ),
    "film_growth": Kind(
        FilmGrowthSimulation,
        film_growth_setup.mesh_sizes,
        lambda case: None,
        film_growth_setup.length_scale,
        timed=True,
        changeable=("operation", "time"),
    ),
}


def kind_of(case: Any) -> Kind:
    """The kind of simulation of a case."""
    return KINDS[case.case.study]
