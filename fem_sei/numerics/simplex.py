"""Cell-wise gradients of P1 functions and edges of a simplex mesh, as NumPy arrays of this rank."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from dolfinx import fem


class SimplexGrid:
    """Geometry of the cells (ghosts included) under a scalar P1 space.

    cells: (cells, d+1) dofs; points: (dofs, d); gradients: (cells, d+1, d) of the hat functions.
    """

    def __init__(self, space: fem.FunctionSpace):
        self.space = space
        self.dimension = space.mesh.topology.dim
        self.cells = np.asarray(space.dofmap.list, dtype=np.int64)
        self.points = space.tabulate_dof_coordinates()[:, : self.dimension]
        corners = self.points[self.cells]
        edges = corners[:, 1:] - corners[:, :1]
        inverse = np.linalg.inv(edges)  # (cells, d, d): grad of hat i is column i
        others = np.swapaxes(inverse, 1, 2)
        self.gradients = np.concatenate([-others.sum(axis=1, keepdims=True), others], axis=1)
        self.volumes = np.abs(np.linalg.det(edges)) / np.prod(np.arange(1, self.dimension + 1))

    def gradient(self, values: np.ndarray, some: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Gradient in each (or ``some``) of the cells, (cells, d), of nodal values (dofs,)."""
        return np.einsum("cid,ci->cd", self.gradients[some], values[self.cells[some]])

    def extent_along(self, direction: np.ndarray) -> np.ndarray:
        """Size of each cell along a unit vector per cell, (cells,)."""
        heights = np.einsum("cid,cd->ci", self.points[self.cells], direction)
        return heights.max(axis=1) - heights.min(axis=1)

    @cached_property
    def edges(self) -> np.ndarray:
        """Edges of all local cells, (edges, 2) dofs, each once."""
        count = self.cells.shape[1]
        pairs = [self.cells[:, [i, j]] for i in range(count) for j in range(i + 1, count)]
        return np.unique(np.sort(np.concatenate(pairs), axis=1), axis=0)
