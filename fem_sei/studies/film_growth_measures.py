"""What is measured in the study "film_growth": current, metal, shape of the surface, stresses, energies."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import ufl
from dolfinx import fem

from fem_sei.physics.growth import area_vector
from fem_sei.studies.film_growth import FilmGrowthModel

SAME_DIGITS = 9  # of positions in model units


class Measures:
    """Integrals and extremes of the present state of a ``model``, in its units; all collective."""

    def __init__(self, model: FilmGrowthModel):
        self.model, self.comm = model, model.comm
        space = model.w.function_space
        self._rate, self._step, self._force = (fem.Function(space) for _ in range(3))
        height = ufl.SpatialCoordinate(model.mesh)[model.dim - 1] + model.u[model.dim - 1]
        up = ufl.dot(model.top_area_vector, ufl.unit_vector(model.dim - 1, model.dim))
        here = {"entity_maps": model.maps}
        self._forms = {
            "current": fem.form(model.current * model.stretch * model.dA, **here),
            "swept": fem.form(ufl.dot(area_vector(model.front, model.X + model.w), self._rate) * model.da),
            "work": fem.form(ufl.dot(self._force, self._step) * model.da),
            "elastic": fem.form(
                sum(law.energy(model.u) * model.volume * model.cells(n) for n, law in model.solids.items())
            ),
            "volume_below_top": fem.form(height * up * model.dA_top),
            "arc_length": fem.form(ufl.sqrt(ufl.dot(model.area, model.area)) * model.da),
        }
        x = model.X + model.w
        a_n = area_vector(model.front, model.X + model.w)
        self._forms["volume_of_metal"] = fem.form(x[model.dim - 1] * a_n[model.dim - 1] * model.da)

    def integral(self, name: str) -> float:
        """current (int i da), elastic (energy), volume_below_top, volume_of_metal (under the surface, above
        height 0), arc_length (area in 3-D)."""
        return self.comm.allreduce(fem.assemble_scalar(self._forms[name]))

    def swept(self, formula: tuple[float, float, float]) -> float:
        """Rate at which the surface sweeps space, with dw/dt by the ``formula`` of the step."""
        a_0, a_1, a_2 = formula
        w, before, earlier = (one.x.array for one in (self.model.w, self.model.before, self.model.earlier))
        self._rate.x.array[:] = a_0 * w + a_1 * before + a_2 * earlier
        return self.integral("swept")

    def work_of_step(self, w: np.ndarray, q: np.ndarray) -> float:
        """Work of the metal on the film since ``w`` and ``q`` (trapezoid)."""
        self._step.x.array[:] = self.model.w.x.array - w
        self._force.x.array[:] = (self.model.q.x.array + q) / 2.0
        return self.integral("work")

    # along the surface

    @cached_property
    def _owned(self) -> int:
        return self.model.w.function_space.dofmap.index_map.size_local

    @cached_property
    def places(self) -> np.ndarray:
        """Undeformed places of the surface's nodes from all ranks, sorted along x (then y): (n, dim)."""
        dim = self.model.dim
        mine = self.model.w.function_space.tabulate_dof_coordinates()[: self._owned, :dim]
        return np.concatenate(self.comm.allgather(mine))[self._order]

    @cached_property
    def _order(self) -> np.ndarray:
        """The order of ``places`` among the nodes of all ranks."""
        dim = self.model.dim
        mine = self.model.w.function_space.tabulate_dof_coordinates()[: self._owned, : dim - 1]
        everything = np.concatenate(self.comm.allgather(mine))
        return np.lexsort(everything.round(SAME_DIGITS).T[::-1])

    def nodal(self, values: np.ndarray) -> np.ndarray:
        """Values of a vector at the nodes of the surface, from all ranks, in the order of ``places``."""
        rows = values.reshape(-1, self.model.dim)[: self._owned]
        return np.concatenate(self.comm.allgather(rows))[self._order]

    def profile(self) -> dict[str, np.ndarray]:
        """Along the surface, at its nodes: ``x`` and ``displacement`` (n, dim), ``stretch`` (area over
        that of the mesh) and ``traction`` (sigma_nn)."""
        model = self.model
        w, q, area = (self.nodal(one.x.array) for one in (model.w, model.q, model.area))
        stretch = np.linalg.norm(area, axis=1)
        return {
            "x": self.nodal(model.X.x.array) + w,
            "displacement": w,
            "stretch": stretch,
            "traction": -np.sum(q * area, axis=1) / stretch**2,
        }

    def evened(self, values: np.ndarray) -> np.ndarray:
        """Mean with the neighbours (1/4, 1/2, 1/4) of nodal values along a surface in 2-D, whose ends are
        planes of symmetry: at steep places the traction alternates between neighbouring nodes. In 3-D the
        values as they are."""
        if self.model.dim == 3:
            return values
        beside = np.concatenate([values[1:2], values, values[-2:-1]])
        return 0.25 * beside[:-2] + 0.5 * values + 0.25 * beside[2:]

    @property
    def tip(self) -> int:
        """Number of the node that was highest at first."""
        return self._tip_and_far[0]

    @cached_property
    def _tip_and_far(self) -> tuple[int, int]:
        """The node that was highest at first, and the one farthest from it."""
        tip = int(np.argmax(self.places[:, -1]))
        away = np.linalg.norm(self.places[:, :-1] - self.places[tip, :-1], axis=1)
        return tip, int(np.argmax(away))

    def amplitudes(self, x: np.ndarray) -> tuple[float, float]:
        """Height of the tip over the far field, and over the lowest point, of nodes at ``x``."""
        tip, far = self._tip_and_far
        return float(x[tip, -1] - x[far, -1]), float(x[tip, -1] - x[:, -1].min())
