"""Layered stacks: from the layers and features of a case to a Gmsh model and a distributed mesh.

Layers are listed bottom first. The metal reaches from minus its thickness to its surface y = s(x), the
next layer from there to its own thickness above the nominal surface y = 0, the others lie on top of it.
The mesh conforms to the metal surface and to every boundary between layers. Gmsh runs on rank 0 only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from mpi4py import MPI

from fem_sei.geometry.features import Surface
from fem_sei.geometry.regions import MeshError, StackMesh, check_tags
from fem_sei.geometry.sizes import GRADING, Box, MeshSizes, SizeField
from fem_sei.numerics import compat
from fem_sei.numerics.parallel import on_rank_zero

__all__ = ["Box", "MeshError", "MeshSizes", "StackMesh", "build_stack", "write_msh"]

GMSH_LINE, GMSH_TRIANGLE = 1, 2  # element types
FRONTAL_DELAUNAY = 6


@dataclass
class _Plan:
    """A stack in units of ``unit`` [m]: what every dimension needs to know."""

    dimension: int
    width: float
    names: list[str]
    levels: np.ndarray  # bottom of the first layer, then the nominal top of each
    surface: Surface
    size: SizeField
    unit: float
    tags: dict[str, int]  # of all names

    @property
    def interfaces(self) -> list[str]:
        """Names of the interfaces, bottom first."""
        return [f"{lower}|{upper}" for lower, upper in pairwise(self.names)]

    @property
    def boundaries(self) -> list[str]:
        """Names of the outer boundaries."""
        return ["bottom", "top", "left", "right"][: 2 * self.dimension]

    def rows(self) -> list[str]:
        """Names of the horizontal rows that bound the layers, bottom first."""
        return ["bottom", *self.interfaces, "top"]


@dataclass
class _Cad:
    """Gmsh entities of every name, and their exact measure in model units."""

    entities: dict[str, list[int]] = field(default_factory=dict)
    measures: dict[str, float] = field(default_factory=dict)
    quality: float = 1.0
    cells: int = 0
    nodes: int = 0


def build_stack(
    geometry: Any, sizes: MeshSizes, comm: MPI.Comm, length_scale: float = 1e-6, file: Path | None = None
) -> StackMesh:
    """Mesh the stack ``geometry`` (of a case) and distribute it; mesh coordinates in ``length_scale`` [m].

    With ``file`` the mesh is kept in that Gmsh file and read from there, also the first time: what reads it
    later has the same cells in the same order, which another version of Gmsh would not make again.

    Collective. Raises MeshError on all ranks if Gmsh fails or the distributed mesh lost anything.
    """
    plan = _plan(geometry, sizes, length_scale)
    with ExitStack() as session:
        model = None

        def generate() -> _Cad:
            nonlocal model
            try:
                gmsh = session.enter_context(_gmsh_session())
                model = gmsh.model
                if file is None:
                    return _generate(gmsh, plan)
                if file.is_file():
                    cad = _draw(gmsh, plan)
                else:
                    cad = _generate(gmsh, plan)
                    gmsh.option.setNumber("Mesh.Binary", 1)
                    gmsh.write(str(file))
                gmsh.clear()
                gmsh.open(str(file))
                _inspect(gmsh, plan.dimension, cad)
                return cad
            except Exception as error:
                raise MeshError(f"Gmsh could not mesh the stack: {type(error).__name__}: {error}") from error

        cad = on_rank_zero(comm, generate)
        mesh, cell_tags, facet_tags = compat.gmsh_model_to_mesh(model, comm, 0, plan.dimension)
    stack = StackMesh(
        mesh,
        cell_tags,
        facet_tags,
        regions={name: plan.tags[name] for name in plan.names},
        interfaces={name: plan.tags[name] for name in plan.interfaces},
        boundaries={name: plan.tags[name] for name in plan.boundaries},
        length_scale=length_scale,
        surface=plan.surface,
        layers=dict(zip(plan.names, pairwise((plan.levels * length_scale).tolist()), strict=True)),
        quality=cad.quality,
    )
    check_tags(stack, cad.measures)
    return stack


def write_msh(path: Path, geometry: Any, sizes: MeshSizes, length_scale: float = 1e-6) -> dict[str, Any]:
    """Write the mesh as a Gmsh file with named groups, lengths in ``length_scale``: cells, nodes, quality.

    Not collective: to be called by one process.
    """
    plan = _plan(geometry, sizes, length_scale)
    with _gmsh_session() as gmsh:
        cad = _generate(gmsh, plan)
        gmsh.write(str(path))
    return {"cells": cad.cells, "nodes": cad.nodes, "quality": cad.quality}


def _plan(geometry: Any, sizes: MeshSizes, unit: float) -> _Plan:
    """Levels, names, tags and element sizes; refuses stacks whose layers would cross."""
    width = geometry.width if geometry.dimension > 1 else None
    surface = Surface(geometry.features or (), geometry.dimension, width)
    names = [layer.name for layer in geometry.layers]
    levels = np.cumsum([0.0, *(layer.thickness for layer in geometry.layers)])
    levels -= levels[1]
    lowest, highest = levels.copy(), levels.copy()
    lowest[1], highest[1] = surface.trough, surface.crest
    thinnest = lowest[1:] - highest[:-1]
    for name, thickness in zip(names, thinnest, strict=True):
        if thickness <= 0.0:
            raise MeshError(f'the metal surface leaves nothing of layer "{name}" at its thinnest place')
    layers = list(zip(lowest[:-1], highest[1:], thinnest, strict=True))
    plan = _Plan(
        geometry.dimension,
        0.0 if width is None else width / unit,
        names,
        levels / unit,
        surface,
        SizeField(sizes, layers, width or 0.0, unit),
        unit,
        tags={},
    )
    everything = [*names, *plan.interfaces, *plan.boundaries]
    plan.tags = {name: tag for tag, name in enumerate(everything, start=1)}
    if len(plan.tags) < len(everything):
        taken = sorted({name for name in names if everything.count(name) > 1})
        raise MeshError(f"layers need names of their own, which {', '.join(taken)} are not")
    return plan


@contextmanager
def _gmsh_session() -> Iterator[Any]:
    """Gmsh, quiet, deterministic, and gone afterwards."""
    import gmsh  # here, because only one rank needs it

    gmsh.initialize(readConfigFiles=False, interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.option.setNumber("General.NumThreads", 1)
        gmsh.option.setNumber("Mesh.RandomSeed", 1)
        gmsh.option.setNumber("Mesh.Algorithm", FRONTAL_DELAUNAY)
        yield gmsh
    finally:
        gmsh.finalize()


def _generate(gmsh: Any, plan: _Plan) -> _Cad:
    """Draw the stack, name its parts, mesh it."""
    cad = _draw(gmsh, plan)
    plan.size.set_in(gmsh, growth_axis=plan.dimension - 1)
    gmsh.model.mesh.generate(plan.dimension)
    _inspect(gmsh, plan.dimension, cad)
    return cad


def _draw(gmsh: Any, plan: _Plan) -> _Cad:
    """Draw the stack and name its parts."""
    gmsh.model.add("stack")
    cad = {1: _draw_line, 2: _draw_rectangle}[plan.dimension](gmsh.model.geo, plan)
    gmsh.model.geo.synchronize()
    for name, tag in plan.tags.items():
        dimension = plan.dimension if name in plan.names else plan.dimension - 1
        gmsh.model.addPhysicalGroup(dimension, cad.entities[name], tag, name)
    return cad


def _inspect(gmsh: Any, dimension: int, cad: _Cad) -> None:
    """Count and judge the elements of the mesh that Gmsh holds."""
    element_type = {1: GMSH_LINE, 2: GMSH_TRIANGLE}[dimension]
    elements, _ = gmsh.model.mesh.getElementsByType(element_type)
    cad.cells, cad.nodes = len(elements), len(gmsh.model.mesh.getNodes()[0])
    if cad.cells == 0:
        raise MeshError("no elements were made")
    if dimension > 1:
        cad.quality = float(min(gmsh.model.mesh.getElementQualities(elements, "gamma")))


def _draw_line(geo: Any, plan: _Plan) -> _Cad:
    """1-D: layers are segments of the x axis, interfaces and ends are points."""
    cad = _Cad()
    points = [geo.addPoint(level, 0.0, 0.0) for level in plan.levels]
    for name, point in zip(plan.rows(), points, strict=True):
        cad.entities[name], cad.measures[name] = [point], 1.0
    for name, ends, (low, high) in zip(plan.names, pairwise(points), pairwise(plan.levels), strict=True):
        inner = [(y, 0.0) for y in _cuts(plan, 1, low, high)]
        cad.entities[name], cad.measures[name] = _chain(geo, *ends, inner), high - low
    return cad


def _draw_rectangle(geo: Any, plan: _Plan) -> _Cad:
    """2-D: layers are surfaces over 0 <= x <= width, interfaces and boundaries are curves."""
    cad = _Cad({"left": [], "right": []}, {"left": 0.0, "right": 0.0})
    corners, rows, heights = [], [], []
    for level, name in enumerate(plan.rows()):
        y = plan.levels[level]
        if level == 1:
            line = _surface_nodes(plan)
        else:
            x = [0.0, *_cuts(plan, 0, 0.0, plan.width, y), plan.width]
            line = np.column_stack([x, np.full(len(x), y)])
        corners.append([geo.addPoint(*line[end], 0.0) for end in (0, -1)])
        rows.append(_chain(geo, *corners[-1], line[1:-1]))
        heights.append(0.5 * np.sum((line[1:, 1] + line[:-1, 1]) * np.diff(line[:, 0])))
        cad.entities[name] = rows[-1]
        cad.measures[name] = float(np.linalg.norm(np.diff(line, axis=0), axis=1).sum())
        if level == 1:  # its nodes are already where they should be
            for curve in rows[-1]:
                geo.mesh.setTransfiniteCurve(curve, 2)
            walls = line[[0, -1], 1]
    for layer, name in enumerate(plan.names):
        sides = []
        for end, (side, x) in enumerate((("left", 0.0), ("right", plan.width))):
            low, high = (walls[end] if row == 1 else plan.levels[row] for row in (layer, layer + 1))
            inner = [(x, y) for y in _cuts(plan, 1, low, high, x)]
            sides.append(_chain(geo, corners[layer][end], corners[layer + 1][end], inner))
            cad.entities[side] += sides[-1]
            cad.measures[side] += high - low
        left, right = sides
        backwards = [-curve for curve in reversed(rows[layer + 1])] + [-curve for curve in reversed(left)]
        loop = geo.addCurveLoop([*rows[layer], *right, *backwards])
        cad.entities[name] = [geo.addPlaneSurface([loop])]
        cad.measures[name] = float(heights[layer + 1] - heights[layer])
    return cad


def _cuts(plan: _Plan, axis: int, low: float, high: float, other: float = 0.0) -> list[float]:
    """Where to cut a line along ``axis`` so that Gmsh sees every fine zone on it: at the zones' edges.

    Gmsh samples the size at 64 places of a curve, and looks closer only where it then sees a change.
    ``other`` is the line's other coordinate. Edges within an element of the last cut or the end are left out.
    """
    cuts = [low]
    for edge in plan.size.edges(axis):
        at = (edge, other) if axis == 0 else (other, edge)
        size = plan.size(*np.array(at))
        if cuts[-1] + size <= edge <= high - size:
            cuts.append(float(edge))
    return cuts[1:]


def _chain(geo: Any, first: int, last: int, between: Sequence[tuple[float, float]] | np.ndarray) -> list[int]:
    """Straight curves from point to point."""
    points = [first, *(geo.addPoint(x, y, 0.0) for x, y in between), last]
    return [geo.addLine(start, end) for start, end in pairwise(points)]


def _surface_nodes(plan: _Plan) -> np.ndarray:
    """Mesh nodes (n, 2) on the metal surface, as far apart as the size field wants: int ds/h = 1 each."""
    reach = plan.size.coarse / GRADING * np.linspace(-1.0, 1.0, 201)
    x = np.concatenate([plan.surface.samples / plan.unit, *(plan.size.edges(0)[:, None] + reach)])
    x = np.unique(np.clip(x, 0.0, plan.width))
    y = plan.surface.height(x * plan.unit) / plan.unit
    density = 1.0 / plan.size(x, y)
    elements = 0.5 * (density[1:] + density[:-1]) * np.hypot(np.diff(x), np.diff(y))
    passed = np.concatenate([[0.0], np.cumsum(elements)])
    count = max(1, round(passed[-1]))
    x = np.interp(np.linspace(0.0, passed[-1], count + 1), passed, x)
    x[-1] = plan.width
    return np.column_stack([x, plan.surface.height(x * plan.unit) / plan.unit])
