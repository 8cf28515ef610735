"""Rigid motions of bodies, which algebraic multigrid must know to solve elasticity."""

from __future__ import annotations

import numpy as np
from dolfinx import fem
from petsc4py import PETSc


def rigid_body_modes(A: PETSc.Mat, spaces: list[fem.FunctionSpace]) -> None:
    """Attach the rigid motions of all bodies together to the block matrix of their displacements, and tell it
    how many components a node has (collective)."""
    dim = spaces[0].mesh.geometry.dim
    owned = [space.dofmap.index_map.size_local for space in spaces]
    nodes = np.concatenate(
        [space.tabulate_dof_coordinates()[:size] for space, size in zip(spaces, owned, strict=True)]
    )
    modes = [np.eye(dim)[n][None, :].repeat(len(nodes), axis=0) for n in range(dim)]
    for a, b in ((0, 1), (1, 2), (2, 0))[: 1 if dim == 2 else 3]:
        turn = np.zeros((len(nodes), dim))
        turn[:, a], turn[:, b] = -nodes[:, b], nodes[:, a]
        modes.append(turn)
    vectors = []
    for mode in modes:
        vector = A.createVecLeft()
        vector.array[:] = mode.ravel()
        for earlier in vectors:  # Gram-Schmidt: PETSc wants them orthonormal
            vector.axpy(-vector.dot(earlier), earlier)
        vector.normalize()
        vectors.append(vector)
    A.setBlockSize(dim)
    A.setNearNullSpace(PETSc.NullSpace().create(vectors=vectors, comm=A.getComm()))
