"""Which row of a checkpoint holds the values of a cell or facet, on any number of ranks.

A cell has its index in the input mesh, and its corners keep their order from there. A facet gets the key
(smallest index of its cells in the input mesh, its number in that cell), and the rows of a submesh are
numbered in the order of the keys. The corners of a facet may be in any order, so the values at its quadrature
points are stored as if the corners were sorted by their coordinates, which are the same on all ranks to the
last digit; for that, the rule must be symmetric.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from dolfinx import fem, mesh
from petsc4py import PETSc

from fem_sei.numerics.compat import geometry_dofmap
from fem_sei.results.submeshes import Submesh, home

SAME_POINT = 1e-10  # between barycentric coordinates of quadrature points


@dataclass(frozen=True, eq=False)
class Rows:
    """Place of a function's values in a table of ``total`` rows: row ``numbers[i]`` holds the values
    ``array[dofs[i]]`` of cell i of this rank, of which the first ``owned`` are its own."""

    numbers: np.ndarray
    dofs: np.ndarray
    owned: int
    total: int
    layout: int | list[int]  # tells tables apart that cannot be read into each other

    @property
    def width(self) -> int:
        return self.dofs.shape[1]

    def indices(self) -> np.ndarray:
        """Indices of the values in the table, row by row."""
        return (self.numbers[:, None] * self.width + np.arange(self.width)).astype(PETSc.IntType).ravel()


def rows_of(function: fem.Function, domain: mesh.Mesh, submeshes: Sequence[Submesh]) -> Rows:
    """The rows of a function on ``domain`` or one of its ``submeshes`` (collective). Raises ValueError."""
    space, part = function.function_space, home(function, submeshes)
    dofs, block = space.dofmap.list, space.dofmap.bs
    dofs = (dofs[:, :, None] * block + np.arange(block)).reshape(len(dofs), dofs.shape[1] * block)
    if part is not None and part.dim < domain.topology.dim:
        return _facet_rows(part, space, dofs)
    if not _is_orientation_free(space):
        raise ValueError("an element with several dofs on an edge depends on its direction")
    return cell_rows(domain, dofs, part)


def cell_rows(domain: mesh.Mesh, dofs: np.ndarray, part: Submesh | None = None) -> Rows:
    """A row per cell of ``domain``, in the order of the input mesh; ``dofs`` are of the cells of ``part``."""
    cells = np.asarray(domain.topology.original_cell_index, dtype=np.int64)
    cell_map = domain.topology.index_map(domain.topology.dim)
    total, width = cell_map.size_global, dofs.shape[1]
    if part is None:
        return Rows(cells, dofs, cell_map.size_local, total, width)
    return Rows(cells[part.entities], dofs, _owned(part), total, width)


def _facet_rows(part: Submesh, space: fem.FunctionSpace, dofs: np.ndarray) -> Rows:
    """A row per owned facet of the submesh; the ghosts get their values from the owners."""
    if not hasattr(space.ufl_element(), "custom_quadrature") or space.dofmap.bs > 1:
        raise ValueError("on facets only scalar functions at quadrature points can be saved")
    owned = _owned(part)
    keys = _facet_keys(part.parent, part.entities[:owned])
    everyone = np.sort(np.concatenate(part.mesh.comm.allgather(keys)))
    corners = part.mesh.geometry.x[geometry_dofmap(part.mesh)[:owned]]
    # np.lexsort takes its last key first: sorted by x, then y, then z
    order = np.lexsort((corners[:, :, 2], corners[:, :, 1], corners[:, :, 0]), axis=1)
    sorted_dofs = np.take_along_axis(dofs[:owned], _points_of_sorted(space, order), axis=1)
    numbers = np.searchsorted(everyone, keys)
    return Rows(numbers, sorted_dofs, owned, len(everyone), [len(everyone), dofs.shape[1]])


def _facet_keys(domain: mesh.Mesh, facets: np.ndarray) -> np.ndarray:
    """Keys of facets of this rank, both cells of which it has: an int64 each."""
    dimension = domain.topology.dim
    domain.topology.create_connectivity(dimension - 1, dimension)
    domain.topology.create_connectivity(dimension, dimension - 1)
    cells_of = domain.topology.connectivity(dimension - 1, dimension)
    facets_of = domain.topology.connectivity(dimension, dimension - 1).array.reshape(-1, dimension + 1)
    original = np.asarray(domain.topology.original_cell_index, dtype=np.int64)
    one, other = cells_of.array[cells_of.offsets[facets]], cells_of.array[cells_of.offsets[facets + 1] - 1]
    cells = np.where(original[one] <= original[other], one, other)
    number = np.argmax(facets_of[cells] == facets[:, None], axis=1)
    return original[cells] * (dimension + 1) + number


def _points_of_sorted(space: fem.FunctionSpace, order: np.ndarray) -> np.ndarray:
    """Numbers of the quadrature points (facets, points) that are, on a facet with its corners in the order
    ``order``, where the rule has its points if the corners are sorted."""
    reference, _ = space.ufl_element().custom_quadrature()
    barycentric = np.column_stack([1.0 - reference.sum(axis=1), reference])
    table = np.empty((len(order), len(reference)), dtype=np.int64)
    for permutation in permutations(range(barycentric.shape[1])):
        # point q has the weight barycentric[q, order[k]] at the sorted corner k
        moved = barycentric[:, permutation]
        distance = np.abs(barycentric[:, None, :] - moved[None, :, :]).max(axis=2)
        if distance.min(axis=1).max() > SAME_POINT:
            raise ValueError("the quadrature rule is not symmetric")
        table[(order == permutation).all(axis=1)] = distance.argmin(axis=1)
    return table


def _owned(part: Submesh) -> int:
    return part.mesh.topology.index_map(part.dim).size_local


def _is_orientation_free(space: fem.FunctionSpace) -> bool:
    if space.num_sub_spaces > 0:
        return all(_is_orientation_free(space.sub(index)) for index in range(space.num_sub_spaces))
    layout = space.dofmap.dof_layout
    return all(len(layout.entity_dofs(dimension, 0)) <= 1 for dimension in range(1, space.mesh.topology.dim))
