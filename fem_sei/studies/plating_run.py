"""Run a plating case: mesh, march, run folder, pictures of how it went."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import numpy as np
from dolfinx import fem
from mpi4py import MPI

from fem_sei import __version__
from fem_sei.case import describe, plan
from fem_sei.case.schema import Case
from fem_sei.numerics.compat import runtime_info
from fem_sei.results import checkpoint
from fem_sei.results.fields import FieldSeries
from fem_sei.results.history import History
from fem_sei.results.manifest import Manifest
from fem_sei.results.progress import Progress
from fem_sei.results.run_folder import RunFolder
from fem_sei.studies.march import GaveUp, March, StepReport
from fem_sei.studies.observation import COLUMNS, Observer
from fem_sei.studies.plating import FIELDS, PlatingModel
from fem_sei.studies.plating_setup import build_model

DONE, BUG, GAVE_UP, INTERRUPTED = 0, 1, 3, 130
CHECKPOINT_SECONDS = 600.0  # wall time between checkpoints
CHECK_EVERY = 5  # steps between the more expensive checks of quality


def run(case: Case, folder: RunFolder, label: str, variant: str | None) -> tuple[int, dict[str, float | int]]:
    """Run a case into its folder (collective): exit code, and the last row of the history.

    0 done, 3 the solver gave up (the last good state is kept), 130 interrupted by SIGINT or SIGTERM.
    """
    comm = folder.comm
    started = time.perf_counter()
    model = build_model(case, comm)
    meshed = time.perf_counter() - started
    manifest = Manifest(folder.manifest, comm, variant=variant, **_description(case, model))
    progress = Progress(label, active=comm.rank == 0)
    for note in model.notes:
        progress.note(f"{label}  note: {note}")
    output = FieldOutput(case, model, folder)
    march = March(case, model, output.next_time)
    observer = Observer(model, march)
    exit_code, message = DONE, ""
    with History(folder.history, COLUMNS, comm) as history, interruptible(comm) as interrupted:
        output.write(0.0)
        saved = time.perf_counter()
        try:
            for report in march.run():
                row = observer.row(report)
                history.append(row)
                progress.update(report.fraction, row["time"], row["dt"], row["charge"], row["tip"])
                output.after_step(report, row["deposited_thickness"])
                if report.number % CHECK_EVERY == 0 or report.fraction >= 1:
                    for warning in observer.warnings(row):
                        if warning not in manifest.entries["warnings"]:
                            progress.note(f"{label}  warning at {row['time']:.4g} s: {warning}")
                        manifest.warn(warning)
                if interrupted():
                    exit_code, message = INTERRUPTED, "interrupted"
                    manifest.finish(exit_code, message=message)  # first: mpirun may soon kill us
                    break
                if comm.bcast(time.perf_counter() - saved > CHECKPOINT_SECONDS):
                    save_state(folder, model, march)
                    saved = time.perf_counter()
        except GaveUp as failure:
            exit_code = GAVE_UP
            message = f"gave up at {march.time * model.scales.time:.6g} s: {failure}. {ADVICE}"
            if history.last and history.last["c_min"] < model.p.depletion_limit * model.p.concentration:
                message = f"the salt has run out ({history.last['c_min']:.2g} mol/m^3 left); {message}"
        except Exception as error:
            manifest.finish(BUG, message=f"{type(error).__name__}: {error}")
            raise
        output.write(march.time)
        save_state(folder, model, march)
        last = history.last
    unused = model.solver.unused_options()
    verdict = observer.verdict() + [f"nothing used the PETSc option {name}" for name in unused]
    for line in verdict:
        manifest.warn(line)
    wall = time.perf_counter() - started
    solver = {"steps": march.number, "rejected_steps": march.rejected}
    balances = {**observer.worst, "widest_profile": observer.widest}
    timings = {"mesh_and_forms": meshed, **model.solver.timings, "total": wall}
    manifest.finish(exit_code, message=message, balances=balances, solver=solver, timings=timings)
    for line in verdict:
        progress.note(f"{label}  warning: {line}")
    progress.finish(message or _closing(observer, march))
    model.solver.close()
    return exit_code, last


ADVICE = (
    "What to try: a smaller current or a stop condition before the salt runs out (fem-sei check shows the "
    "limiting current), a smaller phase_field.interface_width, a finer mesh.elements_across_interface; "
    "the fields of the last good state are in the run folder"
)


def _closing(observer: Observer, march: March) -> str:
    worst = observer.worst
    done = f"stopped by {march.stopped.text}" if march.stopped else "done"
    return (
        f"{done}: {march.number} steps ({march.rejected} rejected), charge balance {worst['charge']:.0e}, "
        f"salt balance {worst['salt']:.0e}"
    )


def save_state(folder: RunFolder, model: PlatingModel, march: March) -> None:
    """Checkpoint of the last two time levels (collective)."""
    now, before = fem.Function(model.space), fem.Function(model.space)
    now.x.array[:], before.x.array[:] = model.u1.x.array, model.u2.x.array
    s = model.scales
    meta = {
        "time": march.time * s.time,
        "dt": (march.dt_old or 0.0) * s.time,
        "step": march.number,
        "charge": [march.charge, march.charge_old],
        "salt_gain": [march.salt_gain, march.salt_gain_old],
        "fields": list(FIELDS),
    }
    checkpoint.save(folder.checkpoint, model.stack.mesh, {"now": now, "before": before}, meta)


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
        stack = model.stack
        self.series = FieldSeries(folder, stack.mesh, stack.length_scale, stack.cell_tags)
        self.functions = {name: fem.Function(model.scalar) for name in FIELDS}
        self.last_time, self.last_thickness = -1.0, 0.0

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
        model, s = self.model, self.model.scales
        state = model.u1 if now > 0 else model.u
        for name, function in self.functions.items():
            values = model.component(name, state)
            zero = float(model.phi_s.value) if name == "phi_e" else 0.0
            function.x.array[:] = model.concentration(values) if name == "c" else values - zero
        factors = {"xi": 1.0, "c": s.concentration, "phi_e": s.potential}
        self.series.write(now * s.time, {name: (self.functions[name], factors[name]) for name in FIELDS})


@contextmanager
def interruptible(comm: MPI.Comm) -> Iterator[Callable[[], bool]]:
    """SIGINT and SIGTERM ask for a stop after the step under way; all ranks hear of it (collective call)."""
    received = []

    def note(number: int, _frame: FrameType | None) -> None:
        received.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: comm.allreduce(bool(received), op=MPI.LOR)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


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
        "case": case.model_dump(by_alias=True, exclude={"materials", "variants"}),
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
