"""Field output of a film_growth run: the films (fields.pvd) and the surface of the metal (interface.pvd)."""

from __future__ import annotations

from typing import Any

import numpy as np

from fem_sei.closed_form.kinetics import butler_volmer
from fem_sei.results.fields import FieldSeries, Grid
from fem_sei.results.points import MeshPoints
from fem_sei.results.run_folder import RunFolder
from fem_sei.studies.film_growth import FilmGrowthModel
from fem_sei.studies.film_growth_march import GrowthMarch
from fem_sei.studies.film_growth_state import SurfaceNodes
from fem_sei.studies.joints import Body
from fem_sei.studies.stresses import LayerStress, von_mises


class GrowthOutput:
    """Writes displacement and true stress of the films, and along the surface what grows there, in SI."""

    def __init__(self, model: FilmGrowthModel, march: GrowthMarch, folder: RunFolder) -> None:
        self.model = model
        self.points = MeshPoints(model.mesh, model.L, model.stack.cell_tags)
        self.films = FieldSeries(folder, self.points.grid)
        self.surface = FieldSeries(folder, self._surface_grid(), "interface")
        body = Body(list(model.films), model.film_part, model.u, model.u)
        self.stress = LayerStress([body], model.solids, model.cells, model.maps)
        self.nodes = SurfaceNodes(march)

    def _surface_grid(self) -> Grid:
        """Nodes of the surface and its cells: in 2-D two lines per facet, in 3-D the corners' triangles."""
        model, space = self.model, self.model.w.function_space
        owned = space.mesh.topology.index_map(model.dim - 1).size_local
        nodes = space.dofmap.list[:owned]
        lines = np.concatenate([nodes[:, [0, 2]], nodes[:, [2, 1]]])
        cells = lines if model.dim == 2 else nodes[:, :3]
        used, renumbered = np.unique(cells, return_inverse=True)
        self._used = used
        x = space.tabulate_dof_coordinates()[used].copy()
        x[:, : model.dim] = model.X.x.array.reshape(-1, model.dim)[used]
        return Grid(x * model.L, renumbered.reshape(cells.shape), {2: "line", 3: "triangle"}[model.dim], {})

    @property
    def written(self) -> list[list[tuple[float, str]]]:
        """What has been written, of both series."""
        return [self.films.written, self.surface.written]

    @written.setter
    def written(self, value: list[list[Any]]) -> None:
        self.films.written, self.surface.written = ([tuple(one) for one in part] for part in value)

    def drop_the_rest(self) -> None:
        """Forget what was written after the checkpoint (collective)."""
        self.films.drop_the_rest()
        self.surface.drop_the_rest()

    def write(self, time: float) -> None:
        """Write the present state as that of ``time`` (collective)."""
        model = self.model
        sigma = model.S * self.points.averages(*self.stress.evaluate())
        sigma = sigma.reshape(-1, 3, 3)
        found = {
            "displacement": model.L * self.points.values(model.u),
            "stress": sigma,
            "von_mises": von_mises(sigma),
        }
        if model.phi is not None:
            found["phi_e"] = model.potential * self.points.values(model.phi)
        self.films.write(time, found)
        self.surface.write(time, self.along_surface())

    def along_surface(self) -> dict[str, np.ndarray]:
        """Values at the nodes of this rank's part of the surface."""
        model, used, dim = self.model, self._used, self.model.dim
        w, q, area = (one.x.array.reshape(-1, dim)[used] for one in (model.w, model.q, model.area))
        stretch = np.linalg.norm(area, axis=1)
        normal = area / stretch[:, None]
        traction = -np.sum(q * normal, axis=1) / stretch
        curvature = np.zeros(len(w))  # gamma K
        if model.g is not None:
            curvature = np.sum(model.g.x.array.reshape(-1, dim)[used] * normal, axis=1) / stretch
        nodes = self.nodes.of_film[used]
        apart = model.u.x.array.reshape(-1, dim)[nodes] - w
        phi = 0.0 if model.phi is None else model.phi.x.array[nodes] * model.potential
        kinetics = model.case.kinetics
        felt = (traction if kinetics.stress_shift else 0.0) - curvature
        eta = float(model.eta.value) * model.potential - phi
        eta = eta - model.potential / model.z * model.shift * felt
        temperature = model.case.conditions.temperature
        i0, alpha = kinetics.exchange_current_density, kinetics.alpha
        return {
            "displacement": model.L * w,
            "growth": model.L * np.sum(w * normal, axis=1),
            "traction_n": model.S * traction,
            "traction_t": model.S * np.linalg.norm(q / stretch[:, None] + traction[:, None] * normal, axis=1),
            "capillary_pressure": model.S * curvature,
            "current_density": butler_volmer(eta, i0, alpha, model.z, temperature) + 0.0 * traction,
            "delta_n": model.L * np.sum(apart * normal, axis=1),
            "stretch": stretch,
        }
