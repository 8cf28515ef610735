"""Checkpoints: functions saved on any number of ranks and read back on any other, with PETSc's HDF5 viewer.

A value is stored under the key (index of the cell in the input mesh, local dof in the cell), which does not
depend on how DOLFINx distributes the mesh or numbers the dofs. The mesh itself is not stored: it must be
read from the same file, with the cells in the same order (mesh.msh of the run folder); the midpoints of its
cells are stored to notice when it is another. Dofs shared by cells are stored once for each cell, which
costs room but no communication. Lagrange elements up to degree 2 and cell-wise ones of any degree (several
dofs on one edge or facet would depend on its orientation).

Functions on a submesh of cells are stored as if on the cells of the whole mesh, with nothing in the others.
Of a submesh of facets, quadrature functions: `rows.py` says how their values are brought into an order.
"""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from dolfinx import fem, mesh
from mpi4py import MPI
from petsc4py import PETSc

from fem_sei.numerics.compat import geometry_dofmap
from fem_sei.numerics.parallel import on_rank_zero, raise_together
from fem_sei.results.rows import Rows, cell_rows, rows_of
from fem_sei.results.run_folder import put_in_place, write_atomically
from fem_sei.results.submeshes import Submesh

FORMAT = 1
BYTES = 8  # of a number
KEPT = 2  # checkpoints that stay in the folder
MIDPOINTS = "cell_midpoints"
MIDPOINT_TOLERANCE = 1e-9  # of the largest coordinate of the mesh


class WriteFailed(OSError):
    """HDF5 failed on this rank, maybe not on the others, which then wait for it: the job must be aborted."""


class CheckpointError(RuntimeError):
    """The checkpoint is missing, incomplete, or belongs to another mesh or other functions."""


def save(
    folder: Path,
    domain: mesh.Mesh,
    functions: Mapping[str, fem.Function],
    meta: Mapping[str, Any],
    submeshes: Sequence[Submesh] = (),
) -> Path:
    """Write a checkpoint of ``functions`` and of ``meta`` (JSON) into ``folder`` (collective).

    The functions are on ``domain`` or on one of its ``submeshes``. Returns the .json file, which is written
    last: without it the checkpoint does not count, so that an interrupted write leaves the one before. The
    last two are kept. Raises OSError on all ranks if it cannot be written, but WriteFailed on those ranks
    only where writing the data failed.
    """
    comm = domain.comm
    for function in functions.values():
        function.x.scatter_forward()  # an owned cell may have dofs that another rank owns
    stored = {
        name: (rows, function.x.array) for name, (rows, function) in _rows(domain, functions, submeshes)
    }
    stored[MIDPOINTS] = _midpoints(domain)
    size = BYTES * sum(rows.total * rows.width for rows, _ in stored.values())
    number = on_rank_zero(comm, lambda: _prepare(folder, size))
    data = folder / f"checkpoint_{number:06d}.h5"

    temporary = data.with_name(data.name + ".tmp")
    try:
        viewer = PETSc.Viewer().createHDF5(str(temporary), mode="w", comm=comm)
        for name, (rows, array) in stored.items():
            vector = _vector(comm, name, rows)
            owned = rows.dofs[: rows.owned]
            vector.setValues(rows.indices()[: owned.size], array[owned].ravel())
            vector.assemble()
            vector.view(viewer)
            vector.destroy()
        viewer.destroy()
    except PETSc.Error as error:
        reason = f"HDF5 failed on rank {comm.rank} (is the disk full?): {str(error).splitlines()[-1]}"
        raise WriteFailed(errno.EIO, reason, str(temporary)) from error

    layout = {name: rows.layout for name, (rows, _) in stored.items()}
    content = {"format": FORMAT, "cells": _number_of_cells(domain), "layout": layout, "meta": dict(meta)}
    index = data.with_suffix(".json")
    on_rank_zero(comm, lambda: _commit(temporary, data, index, json.dumps(content)))
    return index


def load(
    index: Path,
    domain: mesh.Mesh,
    functions: Mapping[str, fem.Function],
    submeshes: Sequence[Submesh] = (),
) -> dict[str, Any]:
    """Fill ``functions`` from the checkpoint ``index`` (a .json file) and return its ``meta`` (collective).

    Raises CheckpointError, on every rank and before any function is changed, if the checkpoint cannot be
    read, lacks a function, or was made on another mesh.
    """
    content = on_rank_zero(domain.comm, lambda: _read_index(index))
    if content["cells"] != _number_of_cells(domain):
        raise CheckpointError(
            f"{index} was made on a mesh of {content['cells']} cells; this one has {_number_of_cells(domain)}"
        )
    places = {name: rows for name, (rows, _) in _rows(domain, functions, submeshes)}
    places[MIDPOINTS], midpoints = _midpoints(domain)
    wrong = [name for name, rows in places.items() if content["layout"].get(name) != rows.layout]
    if wrong:
        raise CheckpointError(f"{index} has no {', '.join(wrong)} in these spaces: {content['layout']}")

    data, viewer = index.with_suffix(".h5"), PETSc.Viewer()
    found = {}
    try:
        _read_together(domain.comm, data, lambda: viewer.createHDF5(str(data), mode="r", comm=domain.comm))
    except CheckpointError:
        viewer.incRef()  # PETSc cannot destroy a viewer whose file could not be opened
        raise
    for name, rows in places.items():
        vector = _vector(domain.comm, name, rows)
        _read_together(domain.comm, data, lambda vector=vector: vector.load(viewer))
        found[name] = _gather(vector, rows.indices()).reshape(rows.dofs.shape)
        vector.destroy()
    viewer.destroy()

    distance = np.abs(found[MIDPOINTS] - midpoints[places[MIDPOINTS].dofs]).max(initial=0.0)
    size = np.abs(domain.geometry.x).max(initial=0.0)  # a rank may have no cells, and no points
    farthest, size = (domain.comm.allreduce(float(value), op=MPI.MAX) for value in (distance, size))
    if farthest > MIDPOINT_TOLERANCE * size:
        raise CheckpointError(f"{index} was made on another mesh: its cells are at other places")
    for name, function in functions.items():
        function.x.array[places[name].dofs] = found[name]
        function.x.scatter_forward()
    return content["meta"]


def load_newest(
    folder: Path,
    domain: mesh.Mesh,
    functions: Mapping[str, fem.Function],
    submeshes: Sequence[Submesh] = (),
) -> dict[str, Any]:
    """``load`` from the newest checkpoint in ``folder``, or from the one before if it cannot be read.

    Raises CheckpointError, of the newest, if none can; if there is none at all as well (collective).
    """
    first: CheckpointError | None = None
    for index in on_rank_zero(domain.comm, lambda: _newest_first(folder)):
        try:
            return load(index, domain, functions, submeshes)
        except CheckpointError as error:
            first = first or error
    raise first or CheckpointError(f"there is no checkpoint in {folder}")


def newest_meta(folder: Path) -> dict[str, Any] | None:
    """``meta`` of the newest checkpoint in ``folder`` whose index can be read, or None. Not collective."""
    for index in _newest_first(folder):
        try:
            return _read_index(index)["meta"]
        except CheckpointError:
            continue
    return None


def latest(folder: Path) -> Path | None:
    """The newest complete checkpoint in ``folder``, or None. Not collective."""
    return next(iter(_newest_first(folder)), None)


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.glob("checkpoint_*.json"), reverse=True)


def _read_together(comm: MPI.Comm, file: Path, action: Callable[[], object]) -> None:
    """An action of PETSc on a file, whose failure on one rank is a CheckpointError on all of them."""
    failure = None
    try:
        action()
    except PETSc.Error as error:
        failure = CheckpointError(f"cannot read the checkpoint {file}: {str(error).splitlines()[-1]}")
    raise_together(comm, failure)


def _rows(
    domain: mesh.Mesh, functions: Mapping[str, fem.Function], submeshes: Sequence[Submesh]
) -> Iterator[tuple[str, tuple[Rows, fem.Function]]]:
    """Where each function is stored (collective, the same error on every rank)."""
    for name, function in functions.items():
        try:
            yield name, (rows_of(function, domain, submeshes), function)
        except ValueError as error:
            raise CheckpointError(f"{name} cannot be saved: {error}") from error


def _midpoints(domain: mesh.Mesh) -> tuple[Rows, np.ndarray]:
    """The midpoints of the cells as if they were the values of a function."""
    middle = domain.geometry.x[geometry_dofmap(domain)].mean(axis=1)
    return cell_rows(domain, np.arange(middle.size).reshape(middle.shape)), middle.ravel()


def _number_of_cells(domain: mesh.Mesh) -> int:
    return domain.topology.index_map(domain.topology.dim).size_global


def _vector(comm: MPI.Comm, name: str, rows: Rows) -> PETSc.Vec:
    vector = PETSc.Vec().createMPI(rows.total * rows.width, comm=comm)
    vector.setName(name)
    return vector


def _gather(vector: PETSc.Vec, indices: np.ndarray) -> np.ndarray:
    """The entries ``indices`` of a distributed vector, on this rank."""
    local = PETSc.Vec().createSeq(len(indices), comm=PETSc.COMM_SELF)
    wanted = PETSc.IS().createGeneral(indices, comm=PETSc.COMM_SELF)
    scatter = PETSc.Scatter().create(vector, wanted, local, None)
    scatter.scatter(vector, local)
    values = local.array.copy()
    for petsc_object in (scatter, wanted, local):
        petsc_object.destroy()
    return values


def _prepare(folder: Path, size: int) -> int:
    """Number of the next checkpoint; refuses to begin one of ``size`` bytes that has no room."""
    folder.mkdir(exist_ok=True)  # not its parents: where the run folder is gone, nothing is made again
    if shutil.disk_usage(folder).free < size:
        raise OSError(errno.ENOSPC, f"no room for a checkpoint of {size / 1e6:.3g} MB", str(folder))
    newest = latest(folder)
    return 0 if newest is None else int(newest.stem.rpartition("_")[2]) + 1


def _commit(temporary: Path, data: Path, index: Path, text: str) -> None:
    put_in_place(temporary, data)
    write_atomically(index, text)
    oldest = _newest_first(index.parent)[:KEPT][-1].stem
    outdated = [file for file in index.parent.glob("checkpoint_*") if file.stem < oldest]
    for old in sorted(outdated, key=lambda file: file.suffix, reverse=True):  # .json before .h5
        old.unlink()


def _read_index(index: Path) -> dict[str, Any]:
    try:
        content = json.loads(index.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"cannot read the checkpoint {index}: {error}") from error
    if content.get("format") != FORMAT:
        raise CheckpointError(f"{index} has format {content.get('format')}; this version reads {FORMAT}")
    if not index.with_suffix(".h5").is_file():
        raise CheckpointError(f"{index.with_suffix('.h5')} is missing")
    return content
