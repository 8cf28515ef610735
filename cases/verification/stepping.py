"""Plating models on meshes of one's own, stepped directly: for what no case file describes or no history records."""

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
from fem_sei.studies.march import March, StepReport
from fem_sei.studies.plating import FIELDS, PlatingModel
from fem_sei.studies.plating_setup import LENGTH_SCALE, build_mesh, parameters


def model_of(case: Case, stack: StackMesh | None = None, **changes: Any) -> PlatingModel:
    """The model of a case at its initial state, on its own mesh or on ``stack``.

    ``changes``: entries of PlatingParameters that no case file has. A ``stack`` has one region, which gets
    the ion conductor of the case's last layer.
    """
    p = parameters(case)
    if stack is None:
        stack = build_mesh(case, MPI.COMM_WORLD)
    else:
        conductor = case.ion_conductors[-1]
        p = replace(p, layers=dict.fromkeys(stack.regions, conductor))
    nodes = stack.mesh.geometry.index_map().size_global
    options = profile_options(case.solver.profile, FIELDS, nodes * len(FIELDS), stack.mesh.topology.dim)
    model = PlatingModel(stack, replace(p, **changes), plan.cell_size(case), options, case.solver.petsc)
    model.initialise()
    return model


def march(case: Case, model: PlatingModel) -> Iterator[StepReport]:
    """The accepted steps of the case's operation; the model holds the state of each."""
    yield from March(case, model, lambda _: np.inf).run()


def one_region(domain: mesh.Mesh, surface: Any, height: float) -> StackMesh:
    """A mesh (coordinates in LENGTH_SCALE) as a stack of a single region ``domain``.

    ``surface``: anything with ``signed_distance``; the counter electrode is at the last coordinate ``height`` (m).
    """
    tdim = domain.topology.dim
    cells = np.arange(domain.topology.index_map(tdim).size_local + domain.topology.index_map(tdim).num_ghosts, dtype=np.int32)
    top = mesh.locate_entities_boundary(domain, tdim - 1, lambda x: np.isclose(x[tdim - 1], height / LENGTH_SCALE))
    return StackMesh(
        domain,
        mesh.meshtags(domain, tdim, cells, np.full(len(cells), 1, dtype=np.int32)),
        mesh.meshtags(domain, tdim - 1, np.sort(top), np.full(len(top), 2, dtype=np.int32)),
        regions={"domain": 1},
        interfaces={},
        boundaries={"top": 2},
        length_scale=LENGTH_SCALE,
        surface=surface,
        layers={},
        quality=1.0,
    )


def rectangle(lower: tuple[float, float], upper: tuple[float, float], size: float) -> mesh.Mesh:
    """Structured triangles, all diagonals the same way, between two corners (m)."""
    corners = [np.array(lower) / LENGTH_SCALE, np.array(upper) / LENGTH_SCALE]
    cells = [round((b - a) / size) for a, b in zip(lower, upper, strict=True)]
    return mesh.create_rectangle(MPI.COMM_WORLD, corners, cells, diagonal=mesh.DiagonalType.right)
