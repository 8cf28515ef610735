"""What the verification pages share: a run of a case in this process, its sharp-interface reference, and the
page's table and plot.

A page is run from the root of the repository: docker/run python -m cases.verification.planar_speed.verify
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from mpi4py import MPI

from fem_sei.case import estimates
from fem_sei.case.loader import load
from fem_sei.case.schema import Case
from fem_sei.closed_form.sand import MovingFrontRun, moving_front
from fem_sei.post import style
from fem_sei.post.open import Table, read_history
from fem_sei.results.run_folder import RunFolder
from fem_sei.studies import plating_setup, running
from fem_sei.studies.kinds import kind_of
from fem_sei.studies.plating import PlatingModel


@dataclass(frozen=True)
class Outcome:
    """A finished run: its case, exit code, history columns (SI) and manifest."""

    case: Case
    exit_code: int
    history: Table
    manifest: dict[str, Any]

    def at(self, column: str, times: np.ndarray) -> np.ndarray:
        """Values of a history column, interpolated at times (s)."""
        return np.interp(times, self.history["time"], self.history[column])


def run(case_file: Path, changes: Sequence[str] = ()) -> Outcome:
    """Run a case without variants, with ``key=value`` changes, in a temporary folder (collective)."""
    case = load(case_file, changes).case
    with _shared_folder(MPI.COMM_WORLD) as path, open(os.devnull, "w") as silence:
        folder = RunFolder(path, MPI.COMM_WORLD)
        with contextlib.redirect_stdout(silence):
            exit_code, _ = running.run(kind_of(case).simulation, case, folder, case.case.name, None)
        folder.comm.barrier()
        manifest = json.loads(folder.manifest.read_text(encoding="utf-8"))
        return Outcome(case, exit_code, read_history(folder.history), manifest)


@contextlib.contextmanager
def _shared_folder(comm: MPI.Comm) -> Iterator[Path]:
    """A temporary folder of all ranks (of one machine)."""
    with tempfile.TemporaryDirectory() as own:
        yield Path(comm.bcast(own))
        comm.barrier()


def model_of(case_file: Path, changes: Sequence[str] = ()) -> tuple[Case, PlatingModel]:
    """The case and its model at the initial state, to be driven step by step (collective)."""
    case = load(case_file, changes).case
    return case, plating_setup.build_model(case, MPI.COMM_WORLD)


def electrode(case: Case) -> dict[str, Any]:
    """Keywords of the closed forms: i0 (A/m^2), alpha, z, T (K), V_m (m^3/mol), c_ref (mol/m^3)."""
    stack = estimates.stack(case, case.metal, case.ion_conductors)
    names = ("i0", "alpha", "z", "T", "c_ref")
    return {name: getattr(stack, name) for name in names} | {"V_m": case.metal.value("V_m")}


def sharp_front(case: Case, times: np.ndarray) -> MovingFrontRun:
    """The sharp-interface reference of a galvanostatic case with a single step, at times (s)."""
    stack = estimates.stack(case, case.metal, case.ion_conductors)
    (step,) = case.operation.steps
    return moving_front(
        stack.layers, step.current_density, stack.c0, times, closed=stack.closed, **electrode(case)
    )


def markdown(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table for the page; numbers are formatted by the caller."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


@contextlib.contextmanager
def picture(path: Path, width: float = 9.0, height: float = 3.8) -> Iterator[Figure]:
    """A figure in the style of the project, saved as ``path``."""
    with matplotlib.rc_context(style.STYLE):
        made = style.figure(width, height)
        yield made
        for axes in made.axes:
            axes.grid(color="0.9", linewidth=0.7)
            axes.set_axisbelow(True)
        style.save(made, path)
