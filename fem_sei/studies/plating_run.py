"""The study "plating" as a simulation to run: its history, fields and checkpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from dolfinx import fem

from fem_sei.case import plan
from fem_sei.case.schema import Case
from fem_sei.numerics.front import level
from fem_sei.results.fields import FieldSeries
from fem_sei.results.points import MeshPoints
from fem_sei.results.progress import duration
from fem_sei.results.run_folder import RunFolder
from fem_sei.studies.march import GaveUp, March, StepReport
from fem_sei.studies.observation import COLUMNS, STRESS_COLUMNS, Observer
from fem_sei.studies.plating import FIELDS, PREFIX, PlatingModel
from fem_sei.studies.plating_mechanics import ElasticStress
from fem_sei.studies.plating_setup import build_model, kept_parameters
from fem_sei.studies.running import Row, Simulation

ADVICE = (
    "What to try: a smaller current or a stop condition before the salt runs out (fem-sei check shows the "
    "limiting current), a smaller phase_field.interface_width, a finer mesh.elements_across_interface. "
    "The last good state is at the end of fields.pvd, what the last try left in failed.pvd; "
    'fem-sei restart goes on from the last good state, with another plan if given: --set "operation..."'
)


class PlatingSimulation(Simulation):
    """A plating case: see `running.Simulation`."""

    failure, prefix = GaveUp, PREFIX
    summary = COLUMNS

    def __init__(self, case: Case, folder: RunFolder, meta: Mapping[str, Any] | None, until: float) -> None:
        self.case = case
        self.columns = COLUMNS if case.mechanics is None else COLUMNS | STRESS_COLUMNS
        model = build_model(case, folder.comm, folder.mesh, None if meta is None else meta["parameters"])
        self.model, self.stack, self.solver, self.notes = model, model.stack, model.solver, model.notes
        self.fields = FieldOutput(case, model, folder)
        self.march = March(case, model, self.fields.next_time)
        self.march.end = until / model.scales.time
        self.observer = Observer(model, self.march)
        self.functions = self.march.fields

    @property
    def number(self) -> int:
        return self.march.number

    @property
    def rejected(self) -> int:
        return self.march.rejected

    @property
    def now(self) -> float:
        return self.march.time * self.model.scales.time

    def steps(self) -> Iterator[StepReport]:
        return self.march.run()

    def row(self, report: StepReport) -> Row:
        return self.observer.row(report)

    def progress(self, report: StepReport, row: Row) -> tuple[float, str]:
        text = (
            f"t {duration(row['time'])}  dt {duration(row['dt'])}  "
            f"charge {row['charge'] / 3.6e4:.4g} mAh/cm2  tip {row['tip'] * 1e6:.3f} um"
        )
        return report.fraction, text

    def state(self) -> dict[str, Any]:
        return {
            "fields": list(FIELDS),
            "parameters": kept_parameters(self.model.p),
            "march": self.march.state(),
            "observer": self.observer.state(),
            "output": self.fields.state(),
        }

    def restore(self, meta: Mapping[str, Any]) -> None:
        self.march.restore(meta["march"])
        self.observer.restore(meta["observer"])
        self.fields.restore(meta["output"])

    def begin_output(self) -> None:
        self.fields.begin()

    def output(self, report: StepReport, row: Row) -> None:
        self.fields.after_step(report, row["deposited_thickness"])

    def end_output(self) -> None:
        self.fields.write(self.march.time)

    def output_failure(self, failure: Exception) -> None:
        self.fields.write_attempt(self.march.time, failure.attempt)

    def warnings(self, row: Row) -> list[str]:
        return self.observer.warnings(row)

    def verdict(self) -> list[str]:
        return self.observer.verdict()

    def balances(self) -> dict[str, float]:
        return {**self.observer.worst, "widest_profile": self.observer.widest}

    def explain(self, failure: Exception, last: Row) -> str:
        message = f"gave up at {self.now:.6g} s: {failure}. {ADVICE}"
        lowest, p = last.get("c_min", np.inf), self.model.p
        if lowest < p.depletion_limit * p.concentration:
            message = f"the salt has run out ({lowest:.2g} mol/m^3 left); {message}"
        return message

    def closing(self) -> str:
        march, worst = self.march, self.observer.worst
        done = f"stopped by {march.stopped.text}" if march.stopped else "done"
        return (
            f"{done}: {march.number} steps ({march.rejected} rejected), "
            f"charge balance {worst['charge']:.0e}, salt balance {worst['salt']:.0e}"
        )

    def about_mesh(self) -> dict[str, Any]:
        nodes = self.stack.mesh.geometry.index_map().size_global
        return {"dofs": nodes * len(FIELDS), "mirror": self.case.geometry.mirror}


class FieldOutput:
    """Writes the fields at the moments the case asks for; steps end exactly at those known in advance."""

    def __init__(self, case: Case, model: PlatingModel, folder: RunFolder):
        self.model = model
        every, s = case.output.fields_every, model.scales
        growth, steps = plan.planned_growth(case).path, case.operation.sequence
        self.interval = self.thickness = None
        durations = [None if step.until.thickness else step.until.duration for step in steps]
        if every.time is not None:
            self.interval = every.time / s.time
        elif every.thickness is not None:
            self.thickness = every.thickness / s.length
        elif None not in durations:
            self.interval = sum(durations) / every.count / s.time
        else:
            self.thickness = growth / every.count / s.length
        steady = len(steps) == 1 and not steps[0].ramp and steps[0].current_density
        if self.thickness is not None and steady:
            # a constant current: the thickness is a time
            self.interval, self.thickness = (
                self.thickness / abs(steps[0].current_density / s.current),
                None,
            )
        self.folder = folder
        stack = model.stack
        self.points = MeshPoints(stack.mesh, stack.length_scale, stack.cell_tags)
        self.series = FieldSeries(folder, self.points.grid)
        self.functions = {name: fem.Function(model.scalar) for name in FIELDS}
        self.last_time, self.last_thickness = -1.0, 0.0

    def state(self) -> dict[str, Any]:
        """What a continued run needs to go on with the series (JSON)."""
        return {
            "last_time": self.last_time,
            "last_thickness": self.last_thickness,
            "written": self.series.written,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up an earlier series, of which ``state`` was returned."""
        self.last_time, self.last_thickness = state["last_time"], state["last_thickness"]
        self.series.written = [(time, file) for time, file in state["written"]]

    def begin(self) -> None:
        """Drop what the series of an earlier run has in excess, and write the start (collective)."""
        self.series.drop_the_rest()
        self.write(0.0)

    def next_time(self, now: float) -> float:
        """The next planned output after ``now`` (model units), infinite if there is none."""
        if self.interval is None:
            return np.inf
        return self.interval * (np.floor(now / self.interval * (1 + 1e-9) + 1e-9) + 1)

    def after_step(self, report: StepReport, thickness: float) -> None:
        """Write if this step ended at an output (collective)."""
        if self.interval is not None:
            count = report.time / self.interval
            if round(count) > 0 and abs(count - round(count)) < 1e-7:
                self.write(report.time)
        elif abs(thickness / self.model.scales.length - self.last_thickness) >= self.thickness:
            self.last_thickness = thickness / self.model.scales.length
            self.write(report.time)

    def write(self, now: float) -> None:
        """Write the last accepted state, phi_e against the metal (collective); once per time."""
        if now <= self.last_time:
            return
        self.last_time = now
        self._write(self.series, now, self.model.u1 if now > 0 else self.model.u)

    def write_attempt(self, now: float, attempt: np.ndarray) -> None:
        """Write what the failed step after ``now`` left (values of model.u) as failed.pvd (collective)."""
        self.model.u.x.array[:] = attempt
        self._write(FieldSeries(self.folder, self.points.grid, "failed"), now, self.model.u)
        self.model.u.x.array[:] = self.model.u1.x.array

    def _write(self, series: FieldSeries, now: float, state: fem.Function) -> None:
        model, s = self.model, self.model.scales
        for name, function in self.functions.items():
            values = model.component(name, state)
            zero = float(model.phi_s.value) if name == "phi_e" else 0.0
            with np.errstate(over="ignore"):  # of a failed attempt
                function.x.array[:] = model.concentration(values) if name == "c" else values - zero
        factors = {"xi": 1.0, "c": s.concentration, "phi_e": s.potential}
        with model.solver.clock("output"):
            values = {name: factors[name] * self.points.values(self.functions[name]) for name in FIELDS}
            if isinstance(model.stress, ElasticStress):
                psi = level(model.component("xi", state), model.l)
                model.front.update(psi, with_curvature=False)
                model.stress.solve(psi)
                values["displacement"] = s.length * self.points.values(model.stress.u)
                values["stress"] = model.stress.unit * self.points.averages(model.stress.tensor)
            series.write(now * s.time, values)
