"""The study "film_growth" as a simulation to run: its history, fields and checkpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from dolfinx import fem

from fem_sei.case.film_growth import FilmGrowthCase
from fem_sei.case.film_growth_sizes import planned_growth
from fem_sei.numerics.newton import NewtonFailure
from fem_sei.results.run_folder import RunFolder
from fem_sei.studies.film_growth import PREFIX
from fem_sei.studies.film_growth_observation import SUMMARY, GrowthObserver
from fem_sei.studies.film_growth_output import GrowthOutput
from fem_sei.studies.film_growth_setup import build_march
from fem_sei.studies.film_growth_state import Carriers
from fem_sei.studies.running import Row, Simulation

LONGEST = 100.0  # times that of an unstressed surface, to reach a thickness: then growth has come to a halt
REACHED = 1e-6  # of the thickness: how near is there


class FilmGrowthSimulation(Simulation):
    """A film_growth case: see `running.Simulation`. Its ``now`` is the time in s."""

    failure, prefix, summary = NewtonFailure, PREFIX, SUMMARY

    def __init__(
        self, case: FilmGrowthCase, folder: RunFolder, meta: Mapping[str, Any] | None, until: float
    ) -> None:
        self.case = case
        self.march = build_march(case, folder.comm, folder.mesh)
        model = self.march.model
        self.model, self.stack, self.solver = model, model.stack, model.solver
        self.observer = GrowthObserver(self.march)
        self.columns = self.observer.columns
        self.submeshes = [model.surface.part]
        self.carriers = Carriers(self.march)
        self.fields = GrowthOutput(model, self.march, folder)
        ends = case.operation.until
        planned = planned_growth(case) / model.L
        self.growth = np.inf if ends.thickness is None else abs(ends.thickness) / model.L
        self.end = LONGEST * planned if ends.duration is None else ends.duration / model.T
        self.end = min(self.end, until / model.T)
        self.last_written = {"step": -1, "growth": 0.0}
        self.planned = planned
        if meta is None:
            self.march.start()
            self.observer.begin()

    @property
    def functions(self) -> dict[str, fem.Function]:
        return self.carriers.fill()

    @property
    def number(self) -> int:
        return self.march.steps

    @property
    def rejected(self) -> int:
        return self.march.rejected

    @property
    def now(self) -> float:
        return self.march.time * self.model.T

    def steps(self) -> Iterator[None]:
        return self.march.steps_to(self.end, self.growth)

    def row(self, report: None) -> Row:
        return self.observer.row()

    def _done(self) -> float:
        grown = abs(self.march.metal.value) / self.model.projected_area
        return max(grown / self.growth, self.march.time / self.end)

    def progress(self, report: None, row: Row) -> tuple[float, str]:
        damage = f"  damage {row['max_damage']:.3f}" if self.model.joint is not None else ""
        text = (
            f"grown {row['thickness']:.3e} m  amplitude {row['amplitude_far']:.3e} m  "
            f"tip {row['traction_tip'] / 1e6:.4g} MPa{damage}"
        )
        return min(1.0, self._done()), text

    def state(self) -> dict[str, Any]:
        return {
            "march": self.march.state(),
            "observer": self.observer.state(),
            "output": {"last": self.last_written, "written": self.fields.written},
        }

    def restore(self, meta: Mapping[str, Any]) -> None:
        self.carriers.take(meta["march"]["times"])
        self.march.restore(meta["march"])
        self.observer.restore(meta["observer"])
        self.last_written, self.fields.written = meta["output"]["last"], meta["output"]["written"]

    def begin_output(self) -> None:
        self.fields.drop_the_rest()
        self._write()

    def output(self, report: None, row: Row) -> None:
        if self._done() - self.last_written["growth"] >= 1.0 / self.case.output.fields_every.count:
            self._write()

    def end_output(self) -> None:
        self._write()

    def _write(self) -> None:
        """Write the last accepted state, once."""
        if self.number == self.last_written["step"]:
            return
        self.last_written = {"step": self.number, "growth": self._done()}
        with self.solver.clock("output"):
            self.fields.write(self.now)

    def verdict(self) -> list[str]:
        said = self.observer.verdict()
        short = abs(self.march.metal.value) / self.model.projected_area < self.growth * (1.0 - REACHED)
        if np.isfinite(self.growth) and short and self.march.time >= self.end * (1.0 - REACHED):
            said.append("the thickness has not been reached: stress has all but stopped the growth")
        return said

    def balances(self) -> dict[str, float]:
        return dict(self.observer.worst)

    def explain(self, failure: Exception, last: Row) -> str:
        return f"gave up: {failure}; try a finer mesh.size, or for an interface that snaps open a viscosity"

    def closing(self) -> str:
        worst = self.observer.worst
        return (
            f"{self.number} steps ({self.rejected} rejected); charge balance {worst['charge']:.0e}, "
            f"work balance {worst['work']:.0e}"
        )

    def result(self, last: Row) -> dict[str, Any]:
        return self.observer.result(last)

    def about_mesh(self) -> dict[str, Any]:
        geometry = self.case.geometry
        at = 0.0
        layers = [
            {
                "name": geometry.layers[0].name,
                "bottom": -geometry.layers[0].thickness,
                "top": 0.0,
                "rigid": True,
            }
        ]
        for layer in geometry.layers[1:]:
            layers.append({"name": layer.name, "bottom": at, "top": at + layer.thickness, "rigid": False})
            at += layer.thickness
        return {"dofs": self.solver.dofs, "mirror": geometry.dimension == 2, "layers": layers}
