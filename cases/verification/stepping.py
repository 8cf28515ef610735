"""Plating models stepped directly, also on meshes of one's own: for what no case file describes or no history
records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from dolfinx import mesh
from mpi4py import MPI

from fem_sei.case import plan
from fem_sei.case.schema import Case
from fem_sei.geometry.regions import StackMesh
from fem_sei.numerics.linear import profile_options
from fem_sei.studies.march import March
from fem_sei.studies.observation import Observer
from fem_sei.studies.plating import FIELDS, PlatingModel
from fem_sei.studies.plating_setup import LENGTH_SCALE, parameters


def rows(case: Case, model: PlatingModel) -> Iterator[dict[str, float | int]]:
    """The history of the case's operation, row by row; the model holds the state of each (collective)."""
    march = March(case, model, lambda _: np.inf)
    observer = Observer(model, march)
    for report in march.run():
        yield observer.row(report)


def front(model: PlatingModel) -> np.ndarray:
    """Where mesh edges cut xi = 1/2: (n, 2) in m, in no order."""
    return model.front.crossings(model.state()[:, 0]).points * model.scales.length


def model_on(stack: StackMesh, case: Case) -> PlatingModel:
    """The model of a case on another mesh, at its start; all of it has the last layer's properties."""
    p = replace(parameters(case), layers=dict.fromkeys(stack.regions, case.ion_conductors[-1]))
    dofs = stack.mesh.geometry.index_map().size_global * len(FIELDS)
    options = profile_options(case.solver.profile, FIELDS, dofs, stack.mesh.topology.dim)
    model = PlatingModel(stack, p, plan.cell_size(case), options, case.solver.petsc)
    model.initialise()
    return model


def one_region(domain: mesh.Mesh, surface: Any) -> StackMesh:
    """A mesh (coordinates in LENGTH_SCALE) as a stack of one region, the counter electrode at its top.

    ``surface``: anything with the ``signed_distance`` of `closed_form.surface.Surface`.
    """
    dimension = domain.topology.dim
    cells = domain.topology.index_map(dimension)
    cells = np.arange(cells.size_local + cells.num_ghosts, dtype=np.int32)
    highest = domain.comm.allreduce(
        float(domain.geometry.x[:, dimension - 1].max(initial=-np.inf)), op=MPI.MAX
    )
    top = mesh.locate_entities_boundary(
        domain, dimension - 1, lambda x: np.isclose(x[dimension - 1], highest)
    )
    return StackMesh(
        domain,
        mesh.meshtags(domain, dimension, cells, np.full(len(cells), 1, dtype=np.int32)),
        mesh.meshtags(domain, dimension - 1, np.sort(top), np.full(len(top), 2, dtype=np.int32)),
        regions={"everything": 1},
        interfaces={},
        boundaries={"top": 2},
        length_scale=LENGTH_SCALE,
        surface=surface,
        layers={},
        quality=1.0,
    )


def rectangle(lower: tuple[float, float], upper: tuple[float, float], size: float) -> mesh.Mesh:
    """Structured triangles with legs of about ``size``, diagonals all one way, between two corners (m)."""
    corners = [np.array(lower) / LENGTH_SCALE, np.array(upper) / LENGTH_SCALE]
    cells = [round((b - a) / size) for a, b in zip(lower, upper, strict=True)]
    return mesh.create_rectangle(MPI.COMM_WORLD, corners, cells, diagonal=mesh.DiagonalType.right)
