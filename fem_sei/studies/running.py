"""Runs a simulation into its folder: tables, fields, checkpoints, run.json; whatever the study."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from dolfinx import fem
from mpi4py import MPI

from fem_sei import __version__
from fem_sei.case import describe
from fem_sei.geometry.regions import StackMesh
from fem_sei.numerics import timing
from fem_sei.numerics.compat import runtime_info
from fem_sei.numerics.parallel import on_rank_zero
from fem_sei.results import checkpoint
from fem_sei.results.history import History
from fem_sei.results.manifest import Manifest
from fem_sei.results.progress import Progress
from fem_sei.results.run_folder import OutputError, RunFolder
from fem_sei.studies.stopping import Watch

DONE, BUG, GAVE_UP, UNWRITABLE, INTERRUPTED = 0, 1, 3, 4, 130
CHECK_EVERY = 5  # steps between the more expensive checks of quality

Row = dict[str, float | int]


@dataclass(frozen=True)
class Session:
    """How a run is started: anew, or continued from its checkpoint.

    ``given``: what the command lines said beside the case file, kept in run.json for a later restart
    (``set``, ``petsc``, ``until``). ``until``: the simulated time (s) at which it ends, whatever the last
    step of the operation says. ``deadline``: time.monotonic() at which the program must have ended.
    ``earlier``: run.json of the run that is continued. ``at_once``: variants that run at the same time.
    """

    given: Mapping[str, Any] = field(default_factory=dict)
    until: float = np.inf
    deadline: float = np.inf
    earlier: Mapping[str, Any] | None = None
    at_once: int = 1


ANEW = Session()


class Simulation(ABC):
    """What a study gives to be run: built for a case, started anew or from a checkpoint, stepped.

    ``stack``: its mesh; ``solver``: has a ``clock``, ``unused_options`` and ``close``; ``notes``: what the
    user should know about the set-up; ``columns``: those of the history, with units, ``summary``: those of
    the table that compares runs; ``functions`` on ``submeshes`` or the mesh: what a checkpoint holds;
    ``prefix``: of the solver's PETSc options.
    Every method is collective, unless it says otherwise.
    """

    failure: ClassVar[type[Exception]]  # what a run that gives up raises
    prefix: ClassVar[str]
    summary: ClassVar[Mapping[str, str]]
    now_is: ClassVar[str] = "s"  # unit of ``now``
    stack: StackMesh
    solver: Any
    columns: Mapping[str, str]
    functions: Mapping[str, fem.Function]
    submeshes: Sequence[Any] = ()
    notes: Sequence[str] = ()

    @abstractmethod
    def __init__(self, case: Any, folder: RunFolder, meta: Mapping[str, Any] | None, until: float) -> None:
        """``meta``: that of the newest checkpoint if a run is continued (`restore` follows)."""

    @property
    @abstractmethod
    def number(self) -> int:
        """Accepted steps."""

    @property
    @abstractmethod
    def rejected(self) -> int:
        """Rejected steps."""

    @property
    @abstractmethod
    def now(self) -> float:
        """Where the run is: simulated time (s), or the number of the step."""

    @abstractmethod
    def steps(self) -> Iterator[Any]:
        """Step to the end; yields a report after every accepted step. Raises ``failure``."""

    @abstractmethod
    def row(self, report: Any) -> Row:
        """The history columns of the step."""

    @abstractmethod
    def progress(self, report: Any, row: Row) -> tuple[float, str]:
        """How much is done (0 to 1), and what to show beside it. Not collective."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """What a checkpoint needs besides ``functions`` (JSON)."""

    @abstractmethod
    def restore(self, meta: Mapping[str, Any]) -> None:
        """Take up ``state`` after ``functions`` have been filled."""

    @abstractmethod
    def begin_output(self) -> None:
        """Write the start; of a continued run drop the output after the checkpoint."""

    @abstractmethod
    def output(self, report: Any, row: Row) -> None:
        """Write fields if this step is to be written."""

    @abstractmethod
    def end_output(self) -> None:
        """Write the last accepted state, once."""

    def output_failure(self, failure: Exception) -> None:  # noqa: B027 (nothing to write for some studies)
        """Write what the failed step left."""

    def warnings(self, row: Row) -> list[str]:
        """What is wrong with the state of the step."""
        return []

    @abstractmethod
    def verdict(self) -> list[str]:
        """What is wrong with the whole run. Not collective."""

    @abstractmethod
    def balances(self) -> dict[str, float]:
        """The worst of the balances and other measures of quality. Not collective."""

    @abstractmethod
    def explain(self, failure: Exception, last: Row) -> str:
        """What to say, and what to try, when the run gives up. Not collective."""

    @abstractmethod
    def closing(self) -> str:
        """The last line of a run that is done. Not collective."""

    def result(self, last: Row) -> dict[str, Any]:
        """What the run has found: a row of the summary of variants. Not collective."""
        return dict(last)

    def about_mesh(self) -> dict[str, Any]:
        """Further entries on the mesh in run.json."""
        return {}


def run(
    kind: type[Simulation],
    case: Any,
    folder: RunFolder,
    label: str,
    variant: str | None,
    session: Session = ANEW,
) -> tuple[int, dict[str, Any]]:
    """Run a case into its folder, or go on with it (collective): exit code and result.

    0 done, 3 the solver gave up (the last good state is kept), 130 stopped early by a signal or for the wall
    time. Raises OutputError where the results cannot be written, and, before anything is changed,
    CheckpointError and RunFolderError for a run that cannot be continued.
    """
    begun = time.perf_counter()
    earlier, meta = session.earlier, None
    if earlier is not None:
        meta = on_rank_zero(folder.comm, lambda: checkpoint.newest_meta(folder.checkpoint))
    one = _Run(kind(case, folder, meta, session.until), case, folder, label)
    simulation = one.simulation
    for note in simulation.notes:
        one.progress.note(f"{label}  note: {note}")
    if earlier is not None:
        one.load()
    clock = simulation.solver.clock
    clock.started, clock.seconds["mesh and forms"] = begun, time.perf_counter() - begun
    manifest = None
    try:
        steps = simulation.number
        with folder.in_use(), History(folder.history, simulation.columns, folder.comm, steps) as history:
            entries = _description(case, simulation) | _continued(earlier, simulation, folder.comm)
            manifest = Manifest(folder.manifest, folder.comm, variant=variant, given=session.given, **entries)
            exit_code, message = one.go(history, manifest, session.deadline)
            result = simulation.result(history.last)
        unused = simulation.solver.unused_options()
        verdict = simulation.verdict() + [f"nothing used the PETSc option {name}" for name in unused]
        for line in verdict:
            manifest.warn(line)
        timings = clock.summary()
        manifest.finish(
            exit_code,
            message=message,
            balances=simulation.balances(),
            solver={"steps": simulation.number, "rejected_steps": simulation.rejected},
            timings=timings,
            result=result,
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
    one.progress.finish(message or simulation.closing())
    simulation.solver.close()
    return exit_code, result


def _continued(earlier: Mapping[str, Any] | None, simulation: Simulation, comm: MPI.Comm) -> dict[str, Any]:
    """What run.json takes over from the one before."""
    if earlier is None:
        return {}
    now = {"step": simulation.number, "time": simulation.now, "ranks": comm.size}
    kept = {key: earlier[key] for key in ("started", "warnings") if key in earlier}
    return kept | {"restarts": [*earlier.get("restarts", []), now]}


@dataclass
class _Run:
    """A simulation, and where its results go."""

    simulation: Simulation
    case: Any
    folder: RunFolder
    label: str

    def __post_init__(self) -> None:
        self.progress = Progress(self.label, active=self.folder.comm.rank == 0)

    def save(self) -> None:
        """Write a checkpoint (collective)."""
        one = self.simulation
        meta = {"time": one.now, "step": one.number, **one.state()}
        with one.solver.clock("output"):
            checkpoint.save(self.folder.checkpoint, one.stack.mesh, one.functions, meta, one.submeshes)

    def load(self) -> None:
        """Take up the run from its newest checkpoint (collective)."""
        one = self.simulation
        meta = checkpoint.load_newest(self.folder.checkpoint, one.stack.mesh, one.functions, one.submeshes)
        one.restore(meta)

    def go(self, history: History, manifest: Manifest, deadline: float) -> tuple[int, str]:
        """Step to the end, or until something stops it: exit code and what to say."""
        one, clock = self.simulation, self.simulation.solver.clock
        one.begin_output()
        if one.number == 0:
            self.save()
        exit_code, message = DONE, ""
        with Watch(self.folder.comm, self.case.output.checkpoint_every, deadline, one.now) as watch:
            failed = None
            try:
                for report in one.steps():
                    with clock("tables and warnings"):
                        row = one.row(report)
                        history.append(row)
                        fraction, text = one.progress(report, row)
                        self.progress.update(fraction, text)
                        if one.number % CHECK_EVERY == 0 or fraction >= 1:
                            self._warn(row, manifest)
                    one.output(report, row)
                    decision = watch.after_step(one.now)
                    if decision.stop:
                        exit_code = INTERRUPTED
                        message = f"{decision.stop}; to go on: fem-sei restart {self.folder.path}"
                        break
                    if decision.save:
                        self.save()
                        watch.saved(one.now)
            except one.failure as failure:
                exit_code, failed, message = GAVE_UP, failure, one.explain(failure, history.last)
            except OSError:  # no bug: `run` says what to do
                raise
            except Exception as error:
                manifest.finish(BUG, message=f"{type(error).__name__}: {error}")
                raise
            self.save()  # first: mpirun may soon kill us. A restart drops the fields written after it
            if exit_code == INTERRUPTED:
                manifest.finish(exit_code, message=message)
            one.end_output()
            if failed is not None:
                one.output_failure(failed)
        return exit_code, message

    def _warn(self, row: Row, manifest: Manifest) -> None:
        one = self.simulation
        for warning in one.warnings(row):
            if warning not in manifest.entries["warnings"]:
                self.progress.note(f"{self.label}  warning at {one.now:.4g} {one.now_is}: {warning}")
            manifest.warn(warning)


def _description(case: Any, simulation: Simulation) -> dict[str, object]:
    """What run.json says about a run before it starts."""
    stack = simulation.stack
    mesh = stack.summary() | {
        "regions": stack.regions,
        "dimension": case.geometry.dimension,
        "width": case.geometry.width,
        "layers": [{"name": name, "bottom": low, "top": high} for name, (low, high) in stack.layers.items()],
        **simulation.about_mesh(),
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
