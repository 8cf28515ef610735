"""Run a plating case: mesh, march, run folder, pictures of how it went."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from dolfinx import fem
from mpi4py import MPI

from fem_sei import __version__
from fem_sei.case import describe, plan
from fem_sei.case.schema import Case
from fem_sei.numerics import timing
from fem_sei.numerics.compat import runtime_info
from fem_sei.numerics.parallel import on_rank_zero
from fem_sei.results import checkpoint
from fem_sei.results.fields import FieldSeries
from fem_sei.results.history import History
from fem_sei.results.manifest import Manifest
from fem_sei.results.points import MeshPoints
from fem_sei.results.progress import Progress
from fem_sei.results.run_folder import OutputError, RunFolder
from fem_sei.studies.march import GaveUp, March, StepReport
from fem_sei.studies.observation import COLUMNS, Observer
from fem_sei.studies.plating import FIELDS, PlatingModel
from fem_sei.studies.plating_setup import build_model, kept_parameters
from fem_sei.studies.stopping import Watch

DONE, BUG, GAVE_UP, UNWRITABLE, INTERRUPTED = 0, 1, 3, 4, 130
CHECK_EVERY = 5  # steps between the more expensive checks of quality


@dataclass(frozen=True)
class Session:
    """How a run is started: anew, or continued from its checkpoint.

    ``given``: what the command lines said beside the case file, kept in run.json for a later restart
    (``set``, ``petsc``, ``until``). ``until``: the simulated time (s) at which it ends, whatever the last
    step of the operation says. ``deadline``: time.monotonic() at which the program must have ended.
    ``earlier``: run.json of the run that is continued.
    """

    given: Mapping[str, Any] = field(default_factory=dict)
    until: float = np.inf
    deadline: float = np.inf
    earlier: Mapping[str, Any] | None = None


ANEW = Session()


def run(
    case: Case, folder: RunFolder, label: str, variant: str | None, session: Session = ANEW
) -> tuple[int, dict[str, float | int]]:
    """Run a case into its folder, or go on with it (collective): exit code, and the last row of the history.

    0 done, 3 the solver gave up (the last good state is kept), 130 stopped early by a signal or for the wall
    time. Raises OutputError where the results cannot be written, and, before anything is changed,
    CheckpointError and RunFolderError for a run that cannot be continued.
    """
    begun = time.perf_counter()
    earlier = session.earlier
    meta = None
    if earlier is not None:
        meta = on_rank_zero(folder.comm, lambda: checkpoint.newest_meta(folder.checkpoint))
    model = build_model(case, folder.comm, folder.mesh, None if meta is None else meta["parameters"])
    output = FieldOutput(case, model, folder)
    march = March(case, model, output.next_time)
    march.end = session.until / model.scales.time
    observer = Observer(model, march)
    one = _Run(case, folder, label, model, march, observer, output)
    for note in model.notes:
        one.progress.note(f"{label}  note: {note}")
    if earlier is not None:
        one.load()
    clock = model.solver.clock
    clock.started, clock.seconds["mesh and forms"] = begun, time.perf_counter() - begun
    manifest = None
    try:
        with folder.in_use(), History(folder.history, COLUMNS, folder.comm, march.number) as history:
            entries = _description(case, model) | _continued(earlier, march, folder.comm)
            manifest = Manifest(folder.manifest, folder.comm, variant=variant, given=session.given, **entries)
            exit_code, message = one.go(history, manifest, session.deadline)
            last = history.last
        unused = model.solver.unused_options()
        verdict = observer.verdict() + [f"nothing used the PETSc option {name}" for name in unused]
        for line in verdict:
            manifest.warn(line)
        timings = clock.summary()
        manifest.finish(
            exit_code,
            message=message,
            balances={**observer.worst, "widest_profile": observer.widest},
            solver={"steps": march.number, "rejected_steps": march.rejected},
            timings=timings,
        )
    except OSError as error:
        message = (
            f"cannot write the results: {error}. The last checkpoint is as it was; when the folder can be "
            f"written again: fem-sei restart {folder.path}"
        )
        if manifest is not None:
            with suppress(OSError):
                manifest.finish(UNWRITABLE, message=message)
        rank = folder.comm.rank if isinstance(error, checkpoint.WriteFailed) else 0
        raise OutputError(message, rank) from error
    for line in verdict:
        one.progress.note(f"{label}  warning: {line}")
    for line in timing.table(timings):
        one.progress.note(f"{label}  {line}")
    one.progress.finish(message or _closing(observer, march))
    model.solver.close()
    return exit_code, last


def _continued(earlier: Mapping[str, Any] | None, march: March, comm: MPI.Comm) -> dict[str, Any]:
    """What run.json takes over from the one before."""
    if earlier is None:
        return {}
    now = {"step": march.number, "time": march.time * march.model.scales.time, "ranks": comm.size}
    kept = {key: earlier[key] for key in ("started", "warnings") if key in earlier}
    return kept | {"restarts": [*earlier.get("restarts", []), now]}


@dataclass
class _Run:
    """The parts of a run under way."""

    case: Case
    folder: RunFolder
    label: str
    model: PlatingModel
    march: March
    observer: Observer
    output: FieldOutput

    def __post_init__(self) -> None:
        self.progress = Progress(self.label, active=self.folder.comm.rank == 0)

    @property
    def now(self) -> float:
        """Simulated time (s) of the last accepted step."""
        return self.march.time * self.model.scales.time

    def save(self) -> None:
        """Write a checkpoint (collective)."""
        meta = {
            "time": self.now,
            "step": self.march.number,
            "fields": list(FIELDS),
            "parameters": kept_parameters(self.model.p),
            "march": self.march.state(),
            "observer": self.observer.state(),
            "output": self.output.state(),
        }
        with self.model.solver.clock("output"):
            checkpoint.save(self.folder.checkpoint, self.model.stack.mesh, self.march.fields, meta)

    def load(self) -> None:
        """Take up the run from its newest checkpoint (collective)."""
        meta = checkpoint.load_newest(self.folder.checkpoint, self.model.stack.mesh, self.march.fields)
        self.march.restore(meta["march"])
        self.observer.restore(meta["observer"])
        self.output.restore(meta["output"])

    def go(self, history: History, manifest: Manifest, deadline: float) -> tuple[int, str]:
        """March to the end, or until something stops it: exit code and what to say."""
        march, progress, output, clock = self.march, self.progress, self.output, self.model.solver.clock
        output.begin()
        if march.number == 0:
            self.save()
        exit_code, message = DONE, ""
        with Watch(self.folder.comm, self.case.output.checkpoint_every, deadline, self.now) as watch:
            try:
                for report in march.run():
                    with clock("tables and warnings"):
                        row = self.observer.row(report)
                        history.append(row)
                        progress.update(report.fraction, row["time"], row["dt"], row["charge"], row["tip"])
                        if report.number % CHECK_EVERY == 0 or report.fraction >= 1:
                            self._warn(row, manifest)
                    output.after_step(report, row["deposited_thickness"])
                    decision = watch.after_step(self.now)
                    if decision.stop:
                        exit_code = INTERRUPTED
                        message = f"{decision.stop}; to go on: fem-sei restart {self.folder.path}"
                        break
                    if decision.save:
                        self.save()
                        watch.saved(self.now)
            except GaveUp as failure:
                exit_code, attempt = GAVE_UP, failure.attempt
                message = f"gave up at {self.now:.6g} s: {failure}. {ADVICE}"
                lowest = history.last.get("c_min", np.inf)
                if lowest < self.model.p.depletion_limit * self.model.p.concentration:
                    message = f"the salt has run out ({lowest:.2g} mol/m^3 left); {message}"
            except OSError:  # no bug: `run` says what to do
                raise
            except Exception as error:
                manifest.finish(BUG, message=f"{type(error).__name__}: {error}")
                raise
            self.save()  # first: mpirun may soon kill us. A restart drops the fields written after it
            if exit_code == INTERRUPTED:
                manifest.finish(exit_code, message=message)
            output.write(march.time)
            if exit_code == GAVE_UP:
                output.write_attempt(march.time, attempt)
        return exit_code, message

    def _warn(self, row: dict[str, float | int], manifest: Manifest) -> None:
        for warning in self.observer.warnings(row):
            if warning not in manifest.entries["warnings"]:
                self.progress.note(f"{self.label}  warning at {row['time']:.4g} s: {warning}")
            manifest.warn(warning)


ADVICE = (
    "What to try: a smaller current or a stop condition before the salt runs out (fem-sei check shows the "
    "limiting current), a smaller phase_field.interface_width, a finer mesh.elements_across_interface. "
    "The last good state is at the end of fields.pvd, what the last try left in failed.pvd; "
    'fem-sei restart goes on from the last good state, with another plan if given: --set "operation..."'
)


def _closing(observer: Observer, march: March) -> str:
    worst = observer.worst
    done = f"stopped by {march.stopped.text}" if march.stopped else "done"
    return (
        f"{done}: {march.number} steps ({march.rejected} rejected), charge balance {worst['charge']:.0e}, "
        f"salt balance {worst['salt']:.0e}"
    )


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
            series.write(now * s.time, values)


def _description(case: Case, model: PlatingModel) -> dict[str, object]:
    """What run.json says about a run before it starts."""
    stack = model.stack
    nodes = stack.mesh.geometry.index_map().size_global
    mesh = stack.summary() | {
        "dofs": nodes * len(FIELDS),
        "regions": stack.regions,
        "dimension": case.geometry.dimension,
        "mirror": case.geometry.mirror,
        "width": case.geometry.width,
        "layers": [{"name": name, "bottom": low, "top": high} for name, (low, high) in stack.layers.items()],
    }
    return {
        "fem_sei": __version__,
        "name": case.case.name,
        "title": case.case.title,
        "study": case.case.study,
        "case": case.model_dump(by_alias=True, exclude={"materials", "variants", "sweep"}),
        "materials": [
            {
                "material": material,
                "property": key,
                "value": found.describe() if found.value is None else found.value,
                "unit": found.unit,
                "flag": found.flag,
                "source": found.source,
            }
            for material, key, found in describe.values_used(case)
        ],
        "versions": runtime_info(),
        "mesh": mesh,
    }
