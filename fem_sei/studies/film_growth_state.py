"""The state of a film_growth run for its checkpoints: the last three time levels of all unknowns.

Fields on the surface are kept as fields on the mesh of the films that are zero elsewhere, since a checkpoint
holds those on any number of ranks.
"""

from __future__ import annotations

import numpy as np
from dolfinx import fem
from scipy.spatial import cKDTree

from fem_sei.numerics.time import Levels
from fem_sei.studies.film_growth_march import GrowthMarch

LEVELS = 3


class SurfaceNodes:
    """The nodes of a field on the surface among those of the film's displacement: ``of_film``, of each."""

    def __init__(self, march: GrowthMarch) -> None:
        model = march.model
        bottom = model.stack.facet_tags.find(model.stack.boundaries["bottom"])
        nodes = fem.locate_dofs_topological(model.u.function_space, model.dim - 1, bottom)
        mine = model.w.function_space.tabulate_dof_coordinates()
        self.of_film = np.zeros(len(mine), dtype=np.int64)
        if len(mine):
            places = cKDTree(model.u.function_space.tabulate_dof_coordinates()[nodes])
            self.of_film = nodes[places.query(mine)[1]]


class Carriers:
    """Functions on the mesh of the films that carry all time levels of a ``march`` and the damage."""

    def __init__(self, march: GrowthMarch) -> None:
        self.march, model = march, march.model
        self.nodes = SurfaceNodes(march)
        self.functions: dict[str, fem.Function] = {}
        for one in model.unknowns:
            space = model.phi.function_space if one is model.phi else model.u.function_space
            for level in range(LEVELS):
                self.functions[f"{one.name}_{level}"] = fem.Function(space)
        if model.joint is not None:
            joint = model.joint
            self.functions |= {"damage": joint.d, "spent": joint.spent, "delayed": joint.delayed}

    def _on_surface(self, one: fem.Function) -> bool:
        return one is not self.march.model.u and one is not self.march.model.phi

    def fill(self) -> dict[str, fem.Function]:
        """Put the levels into the functions, and return these (collective)."""
        dim = self.march.model.dim
        for one, levels in zip(self.march.model.unknowns, self.march.levels, strict=False):
            for number in range(LEVELS):
                values = levels.values[min(number, len(levels.values) - 1)]
                carrier = self.functions[f"{one.name}_{number}"]
                if self._on_surface(one):
                    carrier.x.array.reshape(-1, dim)[self.nodes.of_film] = values.reshape(-1, dim)
                else:
                    carrier.x.array[:] = values
                carrier.x.scatter_forward()
        return self.functions

    def take(self, times: list[float]) -> None:
        """Take the levels at ``times`` (newest first) from the functions (collective)."""
        model, dim = self.march.model, self.march.model.dim
        self.march.levels = []
        for one in model.unknowns:
            levels = Levels()
            for number in reversed(range(len(times))):
                carrier = self.functions[f"{one.name}_{number}"]
                carrier.x.scatter_forward()
                values = carrier.x.array
                if self._on_surface(one):
                    values = values.reshape(-1, dim)[self.nodes.of_film].ravel()
                levels.push(times[number], values)
            one.x.array[:] = levels.values[0]
            self.march.levels.append(levels)
