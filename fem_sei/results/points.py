"""Where fields are written: the nodes of a mesh, once per region if fields jump, or quadrature points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from dolfinx import fem, la, mesh

from fem_sei.numerics.compat import geometry_dofmap
from fem_sei.results.fields import Grid
from fem_sei.results.submeshes import Submesh, home

CELL_OF_DIMENSION = {1: "line", 2: "triangle", 3: "tetra"}
UNTAGGED = -1  # region of a cell that carries no tag


class MeshPoints:
    """Nodes and cells of ``domain``, a mesh of simplices with coordinates in units of ``length_scale`` (m).

    The cell tags become the cell data ``region``. With ``by_region`` the nodes between two regions are there
    once for each of them, so that fields may jump. ``submeshes`` are those that fields may be given on.
    Ghost cells are left to their owners; the points of the owned ones get numbers of their own.
    """

    def __init__(
        self,
        domain: mesh.Mesh,
        length_scale: float,
        cell_tags: mesh.MeshTags,
        by_region: bool = False,
        submeshes: Sequence[Submesh] = (),
    ) -> None:
        dimension = domain.topology.dim
        cell_map = domain.topology.index_map(dimension)
        self._owned, self._all = cell_map.size_local, cell_map.size_local + cell_map.num_ghosts
        self._nodes, self._node_map = geometry_dofmap(domain), domain.geometry.index_map()
        self._submeshes = submeshes
        regions = np.full(self._all, UNTAGGED, dtype=np.int32)
        regions[cell_tags.indices] = cell_tags.values
        found = domain.comm.allgather(np.unique(regions))
        self._groups = np.unique(np.concatenate(found)) if by_region else np.zeros(1, dtype=np.int32)
        self._group = np.searchsorted(self._groups, regions) if by_region else np.zeros_like(regions)

        count = len(domain.geometry.x)
        keys = self._group[: self._owned, None].astype(np.int64) * count + self._nodes[: self._owned]
        points, cells = np.unique(keys, return_inverse=True)
        self._point_group, self._point_node = np.divmod(points, count)
        self.grid = Grid(
            domain.geometry.x[self._point_node] * length_scale,
            cells.reshape(self._owned, dimension + 1),
            CELL_OF_DIMENSION[dimension],
            {"region": regions[: self._owned]},
        )

    def values(self, *functions: fem.Function) -> np.ndarray:
        """Values at the points (n,) or (n, components) of functions that are continuous within a region:
        Lagrange of degree 1 or 2 on the mesh, or one on each of the submeshes, which together cover it
        (collective). A component of a mixed function, as ``u.sub(0)`` gives it, is one too."""
        at_corners = self._corners(functions)[: self._owned]
        values = np.empty((len(self.grid.points), at_corners.shape[2]))
        values[self.grid.cells] = at_corners
        return values[:, 0] if values.shape[1] == 1 else values

    def averages(self, *functions: fem.Function) -> np.ndarray:
        """Like ``values`` of functions that are discontinuous (DG of degree 0 or 1): at a point the mean over
        the cells around it that belong to its region, those of other ranks included (collective)."""
        at_corners = self._corners(functions)[: self._owned]
        width = at_corners.shape[2]
        values = np.empty((len(self.grid.points), width))
        for group in range(len(self._groups)):
            mine = self._group[: self._owned] == group
            total = la.vector(self._node_map, bs=width + 1)  # sums, and the number of cells
            sums = total.array.reshape(-1, width + 1)
            ones = np.ones((*at_corners[mine].shape[:2], 1))
            np.add.at(
                sums, self._nodes[: self._owned][mine], np.concatenate([at_corners[mine], ones], axis=2)
            )
            total.scatter_reverse(la.InsertMode.add)
            total.scatter_forward()
            here = self._point_group == group
            found = sums[self._point_node[here]]
            values[here] = found[:, :-1] / found[:, -1:]
        return values[:, 0] if width == 1 else values

    def _corners(self, functions: Sequence[fem.Function]) -> np.ndarray:
        """Values at the corners of all cells of this rank: (cells, corners, components)."""
        parts = [(home(function, self._submeshes), _corner_values(function)) for function in functions]
        joined = np.full((self._all, self._nodes.shape[1], parts[0][1].shape[2]), np.nan)
        for part, values in parts:
            joined[slice(None) if part is None else part.entities] = values
        return joined


class QuadraturePoints:
    """The quadrature points of several meshes (the interfaces of a stack) as a cloud of points.

    ``spaces``: scalar quadrature spaces, one per mesh of simplices with coordinates in units of
    ``length_scale`` (m). The number of the mesh in this list is the cell data ``interface``.
    """

    def __init__(self, spaces: Sequence[fem.FunctionSpace], length_scale: float) -> None:
        clouds = [_quadrature_points(space) for space in spaces]
        points = length_scale * np.concatenate([np.empty((0, 3)), *clouds])
        numbers = np.repeat(np.arange(len(clouds), dtype=np.int32), [len(cloud) for cloud in clouds])
        cells = np.arange(len(points))[:, None]
        self.grid = Grid(points, cells, "vertex", {"interface": numbers})

    def values(self, functions: Sequence[fem.Function]) -> np.ndarray:
        """Values at the points (n,) of one function per space, in the order of the spaces."""
        owned = [function.x.array[_owned_dofs(function.function_space)].ravel() for function in functions]
        return np.concatenate([np.empty(0), *owned])


def _corner_values(function: fem.Function) -> np.ndarray:
    """(cells of this rank, corners, components) of a Lagrange function of degree 1 or 2, or DG 0 or 1."""
    function.x.scatter_forward()  # an owned cell may have nodes that another rank owns
    space = function.function_space
    dofmap, corners = space.dofmap, space.mesh.topology.dim + 1
    local = [list(dofmap.dof_layout.entity_dofs(0, corner)) for corner in range(corners)]
    if not any(local):  # discontinuous: one value for the cell, or one per corner in their order
        number = dofmap.list.shape[1]
        if number not in (1, corners):
            raise ValueError(f"{function.name}: DG of a degree above 1 has no values at the corners")
        local = [[corner % number] for corner in range(corners)]
    dofs = dofmap.list[:, [first for first, *_ in local]]
    return function.x.array[dofs[:, :, None] * dofmap.bs + np.arange(dofmap.bs)]


def _owned_dofs(space: fem.FunctionSpace) -> np.ndarray:
    topology = space.mesh.topology
    return space.dofmap.list[: topology.index_map(topology.dim).size_local]


def _quadrature_points(space: fem.FunctionSpace) -> np.ndarray:
    """Places of the quadrature points of the owned cells, in the order of cells and rule: (n, 3)."""
    reference, _ = space.ufl_element().custom_quadrature()
    barycentric = np.column_stack([1.0 - reference.sum(axis=1), reference])
    domain = space.mesh
    corners = domain.geometry.x[geometry_dofmap(domain)[: len(_owned_dofs(space))]]
    return np.einsum("qv,cvx->cqx", barycentric, corners).reshape(-1, 3)
