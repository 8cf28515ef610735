"""Fields over time as VTK files: one .vtu per rank and time, a .pvtu that joins them, NAME.pvd on top."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import meshio
import numpy as np

from fem_sei.numerics.parallel import on_rank_zero, raise_together
from fem_sei.results.run_folder import RunFolder, write_atomically

VTK_TYPES = {"f": "Float64", "i": "Int32"}


@dataclass(frozen=True, eq=False)
class Grid:
    """What one rank contributes to the files: points (n, 3) in m, and cells (m, corners) of numbers of these
    points. Points may be repeated: where a field jumps, each side has its own. ``cell_type`` is Meshio's
    name; ``cell_data`` are arrays (m,) that stay the same over the whole series."""

    points: np.ndarray
    cells: np.ndarray
    cell_type: str
    cell_data: Mapping[str, np.ndarray] = field(default_factory=dict)


class FieldSeries:
    """The field output of a run on ``grid``, which may be empty on some ranks; every method is collective.

    ``name`` is that of the .pvd file. ``written``: time and file of each output; set it to continue an
    earlier series after those.
    """

    def __init__(self, folder: RunFolder, grid: Grid, name: str = "fields") -> None:
        self._name = name
        self._pvd = folder.path / f"{name}.pvd"
        self._folder = folder.path / "fields"
        self._comm = folder.comm
        self._grid = grid
        self.written: list[tuple[float, str]] = []
        on_rank_zero(self._comm, lambda: self._folder.mkdir(exist_ok=True))
        # A rank without cells writes no file: a piece without points is not read by everything.
        counts = self._comm.allgather(len(grid.cells))
        self._writing_ranks = [rank for rank, count in enumerate(counts) if count > 0]

    def write(
        self,
        time: float,
        point_data: Mapping[str, np.ndarray],
        cell_data: Mapping[str, np.ndarray] | None = None,
    ) -> None:
        """Add the fields at ``time``: a name and an array in SI each, of scalars (n,), vectors (n, 2 or 3)
        (VTK gets three components), or tensors (n, 9) or (n, 3, 3), row by row; likewise for the cells.
        Every rank gives the same names. Raises ValueError where an array does not fit, and OSError where it
        cannot be written: the same error on every rank.
        """
        grid, failure = self._grid, None
        stem = f"{self._name}_{len(self.written):06d}"
        try:
            points = {name: _components(name, data, len(grid.points)) for name, data in point_data.items()}
            everything = {**grid.cell_data, **(cell_data or {})}
            cells = {name: _components(name, data, len(grid.cells)) for name, data in everything.items()}
            if self._comm.rank in self._writing_ranks:
                self._write_piece(self._folder / _piece(stem, self._comm.rank), points, cells)
        except (OSError, ValueError) as error:
            failure = error
        raise_together(self._comm, failure)
        self.written.append((float(time), f"{self._folder.name}/{stem}.pvtu"))
        on_rank_zero(self._comm, lambda: self._write_index(stem, points, cells))

    def drop_the_rest(self) -> None:
        """Forget the outputs that are not in ``written``: of an earlier run, after its checkpoint."""

        def drop() -> None:
            self._write_list()
            for file in self._folder.glob(f"{self._name}_*"):
                if int(file.name.removeprefix(f"{self._name}_")[:6]) >= len(self.written):
                    file.unlink()

        on_rank_zero(self._comm, drop)

    def _write_piece(
        self, path: Path, point_data: Mapping[str, np.ndarray], cell_data: Mapping[str, np.ndarray]
    ) -> None:
        meshio.Mesh(
            self._grid.points,
            [(self._grid.cell_type, self._grid.cells)],
            point_data=dict(point_data),
            cell_data={name: [data] for name, data in cell_data.items()},
        ).write(path, file_format="vtu", binary=True, compression="zlib")

    def _write_index(
        self, stem: str, point_data: Mapping[str, np.ndarray], cell_data: Mapping[str, np.ndarray]
    ) -> None:
        """The .pvtu that joins the pieces, then NAME.pvd: a reader finds only files that are complete."""
        pieces = [f'    <Piece Source="{_piece(stem, rank)}"/>' for rank in self._writing_ranks]
        lines = [
            '<?xml version="1.0"?>',
            '<VTKFile type="PUnstructuredGrid" version="0.1" byte_order="LittleEndian">',
            '  <PUnstructuredGrid GhostLevel="0">',
            '    <PPoints><PDataArray type="Float64" NumberOfComponents="3"/></PPoints>',
            "    <PPointData>",
            *(_entry(name, data) for name, data in point_data.items()),
            "    </PPointData>",
            "    <PCellData>",
            *(_entry(name, data) for name, data in cell_data.items()),
            "    </PCellData>",
            *pieces,
            "  </PUnstructuredGrid>",
            "</VTKFile>",
        ]
        write_atomically(self._folder / f"{stem}.pvtu", "\n".join(lines) + "\n")
        self._write_list()

    def _write_list(self) -> None:
        entries = [f'    <DataSet timestep="{at!r}" part="0" file="{file}"/>' for at, file in self.written]
        lines = [
            '<?xml version="1.0"?>',
            '<VTKFile type="Collection" version="0.1">',
            "  <Collection>",
            *entries,
            "  </Collection>",
            "</VTKFile>",
        ]
        write_atomically(self._pvd, "\n".join(lines) + "\n")


def _piece(stem: str, rank: int) -> str:
    return f"{stem}_{rank:04d}.vtu"


def _components(name: str, data: np.ndarray, rows: int) -> np.ndarray:
    """The array as VTK takes it: (rows,), (rows, 3) or (rows, 9) of doubles or 32-bit integers."""
    data = np.asarray(data)
    data = data.astype(np.int32 if data.dtype.kind in "iu" else np.float64, copy=False)
    flat = data if data.ndim == 1 else data.reshape(len(data), int(np.prod(data.shape[1:])))
    if flat.ndim == 2 and flat.shape[1] == 2:
        flat = np.column_stack([flat, np.zeros(len(flat), dtype=flat.dtype)])
    if len(flat) != rows or (flat.ndim == 2 and flat.shape[1] not in (3, 9)):
        raise ValueError(
            f"field {name}: an array {data.shape} does not fit {rows} rows of 1, 2, 3 or 9 numbers"
        )
    return flat


def _entry(name: str, data: np.ndarray) -> str:
    width = f' NumberOfComponents="{data.shape[1]}"' if data.ndim == 2 else ""
    return f'      <PDataArray type="{VTK_TYPES[data.dtype.kind]}" Name="{name}"{width}/>'
