"""True stress in the layers, as a cell-wise linear field for output."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import ufl
from dolfinx import fem

from fem_sei.physics.elasticity import Solid
from fem_sei.studies.joints import Body


class LayerStress:
    """Projection of the true stress of every body onto cell-wise linear fields (DG 1, nine components).

    On a simplex of dimension d and size |K| the mass matrix is |K| (1 + delta_ij)/((d+1)(d+2)), so that the
    projection needs no solver. Exact for quadratic displacements at small strain. ``cells``: the integral
    over a layer.
    """

    def __init__(
        self,
        bodies: Sequence[Body],
        solids: Mapping[str, Solid],
        cells: Callable[[str], ufl.Measure],
        entity_maps: object,
    ) -> None:
        self.stresses, self._forms, self._sizes = [], [], []
        for body in bodies:
            space = fem.functionspace(body.part.mesh, ("DG", 1, (9,)))
            test = ufl.TestFunction(space)
            parts, ones = [], []
            for name in body.layers:
                sigma = solids[name].cauchy(body.u)
                flat = ufl.as_vector([sigma[i, j] for i in range(3) for j in range(3)])
                parts.append(ufl.inner(flat, test) * cells(name))
                ones.append(sum(test[n] for n in range(9)) * cells(name))
            self.stresses.append(fem.Function(space))
            self._forms.append(fem.form(sum(parts[1:], parts[0]), entity_maps=entity_maps))
            plain = fem.assemble_vector(fem.form(sum(ones[1:], ones[0]), entity_maps=entity_maps))
            self._sizes.append(self._by_cell(space, plain.array).sum(axis=1, keepdims=True))

    def _by_cell(self, space: fem.FunctionSpace, array: np.ndarray) -> np.ndarray:
        """Values of the owned cells: (cells, corners, 9)."""
        owned = space.mesh.topology.index_map(space.mesh.topology.dim).size_local
        return array.reshape(-1, 9)[space.dofmap.list[:owned]]

    def evaluate(self) -> list[fem.Function]:
        """The stress of each body at its present displacement, in units of the moduli (collective)."""
        for stress, form, sizes in zip(self.stresses, self._forms, self._sizes, strict=True):
            space = stress.function_space
            moments = self._by_cell(space, fem.assemble_vector(form).array)
            d = space.mesh.topology.dim
            values = (d + 1) * (d + 2) / sizes * (moments - moments.sum(axis=1, keepdims=True) / (d + 2))
            owned = space.dofmap.list[: len(moments)]
            stress.x.array.reshape(-1, 9)[owned] = values
            stress.x.scatter_forward()
        return self.stresses


def von_mises(sigma: np.ndarray) -> np.ndarray:
    """Equivalent stress sqrt(3/2 s:s) of the deviators s of stresses (n, 3, 3): (n,)."""
    deviator = sigma - np.trace(sigma, axis1=1, axis2=2)[:, None, None] / 3.0 * np.eye(3)
    return np.sqrt(1.5 * (deviator**2).sum(axis=(1, 2)))
