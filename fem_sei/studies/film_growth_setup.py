"""From a case to the mesh, the model and the time steps of a film_growth study."""

from __future__ import annotations

from pathlib import Path

from mpi4py import MPI

from fem_sei.case.estimates import surface_extent
from fem_sei.case.film_growth import FilmGrowthCase
from fem_sei.geometry.layers import meshed_layers
from fem_sei.geometry.regions import StackMesh
from fem_sei.geometry.sizes import Box, MeshSizes
from fem_sei.geometry.stack import build_stack
from fem_sei.numerics.compat import remove_abandoned_forms
from fem_sei.numerics.time import StepControl
from fem_sei.studies.film_growth import FilmGrowthModel
from fem_sei.studies.film_growth_march import GrowthMarch


def length_scale(case: FilmGrowthCase) -> float:
    """The unit of length (m) of mesh and equations: the thickness of the thinnest film."""
    return min(layer.thickness for layer in meshed_layers(case.geometry))


def mesh_sizes(case: FilmGrowthCase) -> MeshSizes:
    """Element sizes: fine along the metal surface, coarser above it."""
    geometry, size, across = case.geometry, case.mesh.size, case.mesh.elements_across
    crest, trough = surface_extent(geometry) if geometry.dimension == 2 else (0.0, 0.0)
    surface = Box(0.0, geometry.width, trough, crest, 0.0, geometry.depth or 0.0, size)
    coarse = case.mesh.coarse_size or max(layer.thickness for layer in meshed_layers(geometry)) / across
    return MeshSizes(size, max(size, coarse), [surface], across)


def build_mesh(case: FilmGrowthCase, comm: MPI.Comm, kept: Path | None = None) -> StackMesh:
    """The meshed films of the case, kept in the file ``kept`` (collective)."""
    return build_stack(case.geometry, mesh_sizes(case), comm, length_scale(case), None, kept)


def build_march(case: FilmGrowthCase, comm: MPI.Comm, kept: Path | None = None) -> GrowthMarch:
    """The equations of the case on its mesh, and the time steps for them (collective)."""
    remove_abandoned_forms()
    model, steps = FilmGrowthModel(case, build_mesh(case, comm, kept)), case.time
    first, least, largest, tolerance = (
        value / model.L for value in (steps.initial_step, steps.min_step, steps.max_step, steps.tolerance)
    )
    return GrowthMarch(model, StepControl(first, least, largest), tolerance)
