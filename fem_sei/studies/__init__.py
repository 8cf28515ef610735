"""Simulations, one file of equations per kind; ``run`` carries out a loaded case with all its variants."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mpi4py import MPI
from petsc4py import PETSc

from fem_sei import __version__
from fem_sei.case.loader import LoadedCase
from fem_sei.geometry.reader import check_file
from fem_sei.geometry.stack import write_msh
from fem_sei.numerics.compat import petsc_option_used
from fem_sei.numerics.parallel import on_rank_zero
from fem_sei.results.history import SummaryRow, write_summary
from fem_sei.results.manifest import STATUS_OF_EXIT, Manifest
from fem_sei.results.run_folder import OutputError, RunFolder
from fem_sei.studies import continuation, running
from fem_sei.studies.kinds import kind_of
from fem_sei.studies.running import Session


def run(
    loaded: LoadedCase,
    out: Path | None,
    force: bool,
    pictures: bool,
    petsc_args: list[str],
    deadline: float = math.inf,
    at_once: int = 1,
) -> int:
    """Run a case, or all its variants, on all ranks (collective); returns the exit code.

    ``at_once``: how many variants at a time, each on its share of the ranks.
    ``out``: run folder, by default runs/NAME. ``petsc_args``: PETSc options of the command line, which win
    over those of the case. ``deadline``: time.monotonic() at which the program must have ended. A variant
    that fails does not stop the others; the worst exit code is returned.
    Raises, before anything is written, RunFolderError for a folder that cannot be used and MeshFileError for
    a mesh file that does not fit.
    """
    _check_mesh_files(loaded)
    name = loaded.case.case.name
    # the run folder has a copy of the case file, from where a relative path leads nowhere
    own_mesh = loaded.case.mesh.file
    file = [f"mesh.file={Path(own_mesh).resolve()}"] if own_mesh else []
    given = {"set": [*loaded.changes, *file], "petsc": petsc_args, "until": None}
    session = Session(given, deadline=deadline, at_once=at_once)
    with _petsc_options(petsc_args, kind_of(loaded.case).simulation.prefix):
        folder = RunFolder.create(out or Path("runs") / name, MPI.COMM_WORLD, force)
        folder.write_text("case.toml", loaded.text)
        sessions = {variant: session for variant in loaded.runs}
        return _carry_out(loaded, folder, sessions, session, pictures)


def restart(
    path: Path,
    until: float | None,
    changes: list[str],
    pictures: bool,
    petsc_args: list[str],
    deadline: float,
    at_once: int = 1,
) -> int:
    """Go on with the run (or the unfinished variants) in the folder ``path`` (collective); the exit code.

    ``until``: simulated time (s) at which to end instead; ``changes``: further ``key=value`` changes of the
    case. Raises, before anything is changed, CaseError, RunFolderError and CheckpointError.
    """
    folder = RunFolder(path, MPI.COMM_WORLD)
    found = continuation.examine(folder, until, changes, petsc_args, deadline, at_once)
    if not any(found.sessions.values()):
        if folder.comm.rank == 0:
            print(f"{path}: the run is done; --until TIME would continue it")
        return running.DONE
    prefix = kind_of(found.loaded.case).simulation.prefix
    with _petsc_options(found.session.given["petsc"], prefix):
        return _carry_out(found.loaded, folder, found.sessions, found.session, pictures)


def _carry_out(
    loaded: LoadedCase,
    folder: RunFolder,
    sessions: dict[str | None, Session | None],
    session: Session,
    pictures: bool,
) -> int:
    """Run what has a session; without one it is done already."""
    if None in sessions:
        variant = folder.read_manifest().get("variant")
        case = loaded.runs[variant]
        label = loaded.case.case.name + (f"/{variant}" if variant else "")
        code, _ = running.run(kind_of(case).simulation, case, folder, label, variant, sessions[None])
    else:
        try:
            code = _run_variants(loaded, folder, sessions, session)
        except OSError as error:
            raise OutputError(f"cannot write the results: {error}") from error
    if pictures and code != running.INTERRUPTED:
        _draw(folder)
    if folder.comm.rank == 0:
        print(f"results in {folder.path}", flush=True)
    return code


@contextmanager
def _petsc_options(arguments: Sequence[str], prefix: str) -> Iterator[None]:
    """Put PETSc options of the command line into the data base; say at the end which nothing used."""
    before = set(PETSc.Options().getAll())
    PETSc.Options().insertString(" ".join(arguments))
    given = set(PETSc.Options().getAll()) - before
    yield
    if MPI.COMM_WORLD.rank == 0:
        for option in sorted(option for option in given if not petsc_option_used(option)):
            print(f"nothing used the PETSc option -{option}; the solver's begin with -{prefix}", flush=True)


def _check_mesh_files(loaded: LoadedCase) -> None:
    """Raise MeshFileError on all ranks if the mesh file of a run does not fit (collective)."""
    for case in loaded.runs.values():
        on_rank_zero(MPI.COMM_WORLD, lambda case=case: check_file(case))


def _run_variants(
    loaded: LoadedCase, folder: RunFolder, sessions: dict[str | None, Session | None], session: Session
) -> int:
    """Run the variants that have a session, ``session.at_once`` at a time, each on its share of the ranks."""
    world, info = folder.comm, loaded.case.case
    manifest = Manifest(
        folder.manifest,
        world,
        kind="variants",
        fem_sei=__version__,
        name=info.name,
        title=info.title,
        study=info.study,
        variants=list(loaded.variants),
        axes=list(next(iter(loaded.axes.values()), {})),
        given=session.given,
    )
    groups = session.at_once
    group = world.rank * groups // world.size
    comm = world.Split(group, world.rank)
    kind = kind_of(loaded.case)
    rows: dict[str, SummaryRow] = {}
    worst = 0
    for n, (variant, case) in enumerate(loaded.variants.items()):
        if n % groups != group:
            continue
        axes, own = loaded.axes.get(variant, {}), sessions[variant]
        if own is None:
            result = continuation.result_of(RunFolder(folder.path / variant, comm))
            rows[variant] = SummaryRow(variant, "done", result, axes)
            continue
        place = RunFolder(folder.path, comm)
        sub = RunFolder(folder.path / variant, comm)
        if own.earlier is None:
            sub = place.variant(variant)
            sub.write_text("case.toml", loaded.text)
        code, result = running.run(kind.simulation, case, sub, f"{info.name}/{variant}", variant, own)
        rows[variant] = SummaryRow(variant, STATUS_OF_EXIT.get(code, "failed"), result, axes)
        worst = max(worst, code)
        if groups == 1:
            write_summary(folder.summary, kind.simulation.summary, list(rows.values()), world)
        if code == running.INTERRUPTED:
            break
    comm.Free()
    for others in world.allgather(rows):
        rows |= others
    ordered = [rows[variant] for variant in loaded.variants if variant in rows]
    write_summary(folder.summary, kind.simulation.summary, ordered, world)
    worst = world.allreduce(worst, MPI.MAX)
    manifest.finish(worst)
    return worst


def _draw(folder: RunFolder) -> None:
    """Pictures on rank 0, while the others wait; a run without them is still a good run."""
    if folder.comm.rank == 0:
        try:
            from fem_sei import post

            print(f"drawing into {folder.pictures} ...", flush=True)
            post.plot(folder.path)
        except Exception as error:
            print(f"no pictures: {type(error).__name__}: {error}", flush=True)
    folder.comm.barrier()


def mesh_only(loaded: LoadedCase, out: Path | None) -> int:
    """Write the mesh of the case (of every variant) as a Gmsh file, by default NAME.msh; rank 0 works."""
    _check_mesh_files(loaded)
    if MPI.COMM_WORLD.rank == 0:
        for variant, case in loaded.runs.items():
            path = out or Path(f"{case.case.name}.msh")
            if variant is not None:
                path = path.with_stem(f"{path.stem}_{variant}")
            kind = kind_of(case)
            sizes, file = kind.mesh_sizes(case), kind.mesh_file(case)
            found = write_msh(path, case.geometry, sizes, kind.length_scale(case), file)
            print(
                f"{path}: {found['cells']} cells, {found['nodes']} nodes, "
                f"worst quality {found['quality']:.2f}"
            )
    MPI.COMM_WORLD.barrier()
    return 0
