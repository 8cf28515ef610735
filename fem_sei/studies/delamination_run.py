"""The study "delamination" as a simulation to run: its history, fields and checkpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from dolfinx import fem

from fem_sei.case.cohesive_sizes import levels
from fem_sei.case.delamination import DelaminationCase
from fem_sei.results.fields import FieldSeries
from fem_sei.results.points import MeshPoints, QuadraturePoints
from fem_sei.results.run_folder import RunFolder
from fem_sei.studies.delamination import PREFIX, DelaminationModel
from fem_sei.studies.delamination_observation import SUMMARY, DelaminationObserver
from fem_sei.studies.delamination_path import DelaminationPath, GaveUp, StepReport
from fem_sei.studies.delamination_setup import build_model
from fem_sei.studies.running import Row, Simulation
from fem_sei.studies.stresses import LayerStress, von_mises

FIELDS_GROW = 1.25  # growth of the opening after which fields are written although the load is about the same


class DelaminationSimulation(Simulation):
    """A delamination case: see `running.Simulation`. Its ``now`` is the number of the step."""

    failure, prefix, summary, now_is = GaveUp, PREFIX, SUMMARY, "steps"

    def __init__(
        self, case: DelaminationCase, folder: RunFolder, meta: Mapping[str, Any] | None, until: float
    ) -> None:
        self.case = case
        model = build_model(case, folder.comm, folder.mesh)
        self.model, self.stack, self.solver = model, model.stack, model.solver
        self.path = DelaminationPath(model)
        self.observer = DelaminationObserver(model, self.path)
        self.columns = self.observer.columns
        self.submeshes = [body.part for body in model.bodies] + [
            joint.interface.part for joint in model.joints
        ]
        self.functions = self._functions()
        self.fields = DelaminationOutput(model, folder)
        self.last_written = {"number": -1, "load": 0.0, "opening": 0.0}

    def _functions(self) -> dict[str, fem.Function]:
        found = {}
        for n, (body, before) in enumerate(zip(self.model.bodies, self.path.previous, strict=True)):
            found |= {f"u_{n}": body.u, f"before_{n}": before}
        for n, joint in enumerate(self.model.joints):
            found |= {f"damage_{n}": joint.d, f"spent_{n}": joint.spent, f"delayed_{n}": joint.delayed}
        return found

    @property
    def number(self) -> int:
        return self.path.number

    @property
    def rejected(self) -> int:
        return self.path.rejected

    @property
    def now(self) -> float:
        return float(self.path.number)

    def steps(self) -> Iterator[StepReport]:
        return self.path.run()

    def row(self, report: StepReport) -> Row:
        return self.observer.row(report)

    def progress(self, report: StepReport, row: Row) -> tuple[float, str]:
        load = abs(row["load_factor"])
        beyond = self.case.loading is not None and self.case.path.find_limit
        done = load / (1.0 + load) if beyond else min(0.99, load)  # nobody knows how far the limit is
        done = 1.0 if self.path.stage == "done" else done
        pressure = (
            f"p {row['pressure'] / 1e6:.4g} MPa" if self.case.loading else f"load {row['load_factor']:.4f}"
        )
        return done, f"{pressure}  opening {row['opening']:.3e} m  damage {row['max_damage']:.3f}"

    def state(self) -> dict[str, Any]:
        return {
            "path": self.path.state(),
            "observer": {"worst": self.observer.worst, "most_work": self.observer.most_work},
            "output": {"last": self.last_written, "written": self.fields.written},
        }

    def restore(self, meta: Mapping[str, Any]) -> None:
        self.path.restore(meta["path"])
        self.observer.worst = meta["observer"]["worst"]
        self.observer.most_work = meta["observer"]["most_work"]
        self.last_written, self.fields.written = meta["output"]["last"], meta["output"]["written"]

    def begin_output(self) -> None:
        self.fields.drop_the_rest()
        self._write()

    def output(self, report: StepReport, row: Row) -> None:
        last, every = self.last_written, 1.0 / self.case.output.fields_every.count
        climbed = abs(row["load_factor"] - last["load"]) >= every
        if report.event or climbed or row["opening"] >= FIELDS_GROW * last["opening"] > 0.0:
            self._write()

    def end_output(self) -> None:
        self._write()

    def _write(self) -> None:
        """Write the last accepted state, once."""
        if self.number == self.last_written["number"]:
            return
        opening = self.path.opening_now * self.model.L
        self.last_written = {"number": self.number, "load": self.path.follower.here.load, "opening": opening}
        with self.solver.clock("output"):
            self.fields.write(self.number)

    def verdict(self) -> list[str]:
        return self.observer.verdict()

    def balances(self) -> dict[str, float]:
        return {"work": self.observer.worst}

    def explain(self, failure: Exception, last: Row) -> str:
        return f"gave up: {failure}"

    def closing(self) -> str:
        found = self.observer.result()
        said = [f"{self.number} steps ({self.rejected} rejected)", f"work balance {self.observer.worst:.0e}"]
        if "critical_pressure" in found:
            at_least = "" if found["limit"] in ("falls", "plateau") else "at least "
            said.insert(0, f"critical pressure {at_least}{found['critical_pressure'] / 1e6:.4g} MPa")
        if "normalised_opening" in found and self.case.loading:
            said.insert(0, f"opening/thickness {found['normalised_opening']:.4g} at the given pressure")
        elif self.case.loading and found["outcome"] == "delaminates":
            said.insert(0, f"fully delaminates before {found['pressure'] / 1e6:.4g} MPa is reached")
        return "; ".join(said)

    def result(self, last: Row) -> dict[str, Any]:
        return self.observer.result()

    def about_mesh(self) -> dict[str, Any]:
        left = [one for one in self.case.boundaries if one.on == "left" and one.condition == "symmetry"]
        geometry, heights = self.case.geometry, levels(self.case)
        layers = [
            {"name": layer.name, "bottom": low, "top": high, "rigid": layer.rigid}
            for layer, low, high in zip(geometry.layers, heights, heights[1:], strict=False)
        ]
        mirror = bool(left) and geometry.dimension == 2
        return {"dofs": self.solver.dofs, "mirror": mirror, "layers": layers}


class DelaminationOutput:
    """Fields of all layers (fields.pvd) and of the points of the interfaces (interface.pvd), in SI."""

    def __init__(self, model: DelaminationModel, folder: RunFolder) -> None:
        self.model = model
        bodies = [body.part for body in model.bodies]
        self.points = MeshPoints(model.mesh, model.L, model.stack.cell_tags, by_region=True, submeshes=bodies)
        clouds = QuadraturePoints([joint.d.function_space for joint in model.joints], model.L)
        self.layers = FieldSeries(folder, self.points.grid)
        self.interfaces = FieldSeries(folder, clouds.grid, "interface")
        self.stress = LayerStress(model.bodies, model.solids, model.cells, model.maps)

    @property
    def written(self) -> list[list[tuple[float, str]]]:
        """What has been written, of both series."""
        return [self.layers.written, self.interfaces.written]

    @written.setter
    def written(self, value: list[list[Any]]) -> None:
        self.layers.written, self.interfaces.written = ([tuple(one) for one in part] for part in value)

    def drop_the_rest(self) -> None:
        """Forget what was written after the checkpoint (collective)."""
        self.layers.drop_the_rest()
        self.interfaces.drop_the_rest()

    def write(self, number: int) -> None:
        """Write the present state as that of step ``number`` (collective)."""
        model, stress = self.model, self.model.stress_scale
        u = self.points.values(*[body.u for body in model.bodies])
        sigma = stress * self.points.averages(*self.stress.evaluate())
        sigma = sigma.reshape(-1, 3, 3)
        principal = np.linalg.eigvalsh(0.5 * (sigma + sigma.transpose(0, 2, 1)))
        self.layers.write(
            number,
            {
                "displacement": model.L * u,
                "stress": sigma,
                "von_mises": von_mises(sigma),
                "principal_max": principal[:, 2],
                "principal_min": principal[:, 0],
            },
        )
        scales = {
            "damage": 1.0, "energy_damage": 1.0, "delta_n": model.L, "delta_t": model.L,
            "traction_n": stress, "traction_t": stress,
        }  # fmt: skip
        found = {
            name: scale * np.concatenate([np.empty(0), *(joint.values(name) for joint in model.joints)])
            for name, scale in scales.items()
        }
        self.interfaces.write(number, found)
