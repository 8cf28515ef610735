"""Fields over time as VTK files: one .vtu per rank and time, a .pvtu that joins them, fields.pvd on top."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import meshio
import numpy as np
from dolfinx import fem, mesh

from fem_sei.numerics.compat import geometry_dofmap
from fem_sei.numerics.parallel import on_rank_zero, raise_together
from fem_sei.results.run_folder import RunFolder, write_atomically

CELL_OF_DIMENSION = {1: "line", 2: "triangle", 3: "tetra"}
UNTAGGED = -1  # region of a cell that carries no tag


class FieldSeries:
    """The field output of a run; every method is collective.

    ``domain`` is a mesh of simplices whose coordinates are in units of ``length_scale`` (m); the files
    hold metres. ``cell_regions`` becomes the cell data ``region``. ``name`` is that of the .pvd file.
    ``written``: time and file of each output; set it to continue an earlier series after those.
    """

    def __init__(
        self,
        folder: RunFolder,
        domain: mesh.Mesh,
        length_scale: float,
        cell_regions: mesh.MeshTags,
        name: str = "fields",
    ) -> None:
        self._name = name
        self._pvd = folder.path / f"{name}.pvd"
        self._folder = folder.path / "fields"
        self._comm = domain.comm
        self.written: list[tuple[float, str]] = []
        on_rank_zero(self._comm, lambda: self._folder.mkdir(exist_ok=True))

        # Ghost cells are left to their owners. The nodes of the owned cells get numbers of their own.
        dimension = domain.topology.dim
        owned = domain.topology.index_map(dimension).size_local
        nodes, cells = np.unique(geometry_dofmap(domain)[:owned], return_inverse=True)
        self._points = domain.geometry.x[nodes] * length_scale
        self._cells = cells.reshape(owned, dimension + 1)
        self._cell_type = CELL_OF_DIMENSION[dimension]
        tagged = cell_regions.indices < owned
        self._regions = np.full(owned, UNTAGGED, dtype=np.int32)
        self._regions[cell_regions.indices[tagged]] = cell_regions.values[tagged]
        # A rank without cells writes no file: a piece without points is not read by everything.
        counts = self._comm.allgather(owned)
        self._writing_ranks = [rank for rank, count in enumerate(counts) if count > 0]

    def write(self, time: float, functions: Mapping[str, tuple[fem.Function, float]]) -> None:
        """Add the fields at ``time`` (s). ``functions`` maps a name to (function, factor): what is written
        is function * factor, in SI. The functions are scalar P1 on the mesh of the series; a component of
        a mixed function, as ``u.sub(0)`` gives it, is one too. Raises the same error on every rank."""
        values = {name: factor * self._at_nodes(function) for name, (function, factor) in functions.items()}
        stem = f"{self._name}_{len(self.written):06d}"
        failure = None
        try:
            if self._comm.rank in self._writing_ranks:
                self._write_piece(self._folder / _piece(stem, self._comm.rank), values)
        except OSError as error:
            failure = error
        raise_together(self._comm, failure)
        self.written.append((float(time), f"{self._folder.name}/{stem}.pvtu"))
        on_rank_zero(self._comm, lambda: self._write_index(stem, list(values)))

    def drop_the_rest(self) -> None:
        """Forget the outputs that are not in ``written``: of an earlier run, after its checkpoint."""

        def drop() -> None:
            self._write_list()
            for file in self._folder.glob(f"{self._name}_*"):
                if int(file.name.removeprefix(f"{self._name}_")[:6]) >= len(self.written):
                    file.unlink()

        on_rank_zero(self._comm, drop)

    def _at_nodes(self, function: fem.Function) -> np.ndarray:
        function.x.scatter_forward()  # an owned cell may have nodes that another rank owns
        dofs = function.function_space.dofmap.list[: len(self._cells)]
        if dofs.shape != self._cells.shape:
            raise ValueError(f"{function.name} is not a scalar P1 function on the mesh of the field output")
        values = np.empty(len(self._points))
        values[self._cells] = function.x.array[dofs]
        return values

    def _write_piece(self, path: Path, values: Mapping[str, np.ndarray]) -> None:
        meshio.Mesh(
            self._points,
            [(self._cell_type, self._cells)],
            point_data=dict(values),
            cell_data={"region": [self._regions]},
        ).write(path, file_format="vtu", binary=True, compression="zlib")

    def _write_index(self, stem: str, names: list[str]) -> None:
        """The .pvtu that joins the pieces, then fields.pvd: a reader finds only files that are complete."""
        arrays = [f'      <PDataArray type="Float64" Name="{name}"/>' for name in names]
        pieces = [f'    <Piece Source="{_piece(stem, rank)}"/>' for rank in self._writing_ranks]
        lines = [
            '<?xml version="1.0"?>',
            '<VTKFile type="PUnstructuredGrid" version="0.1" byte_order="LittleEndian">',
            '  <PUnstructuredGrid GhostLevel="0">',
            '    <PPoints><PDataArray type="Float64" NumberOfComponents="3"/></PPoints>',
            "    <PPointData>",
            *arrays,
            "    </PPointData>",
            '    <PCellData><PDataArray type="Int32" Name="region"/></PCellData>',
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
