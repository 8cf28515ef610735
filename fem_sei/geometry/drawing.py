"""Drawing a stack with Gmsh: its points, curves, surfaces and volumes, and the names of what they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from fem_sei.closed_form.surface import Surface
from fem_sei.geometry.floor import ROUND_OFF, draw_floor
from fem_sei.geometry.sizes import GRADING, SizeField

SIDES = ("left", "right", "front", "back")  # where x and y begin and end


@dataclass
class Plan:
    """A stack in units of ``unit`` [m]: what every dimension needs to know."""

    geometry: Any
    dimension: int
    sides: list[float]  # width, depth
    names: list[str]
    levels: np.ndarray  # bottom of the first layer, then the nominal top of each
    ground: int  # which of them is 0, where the metal surface is
    surface: Surface
    size: SizeField
    band: tuple[float, float]  # lowest and highest place that is meant to be fine
    unit: float
    vertices: dict[str, list[float]]  # that rows (x) and sides (y) must have
    circle: tuple[float, float, float] | None  # in 3-D: x, y and radius of what is drawn through all layers
    tags: dict[str, int]  # of all names
    conformal: bool = False  # every boundary above the metal surface follows it, else they are level

    @property
    def interfaces(self) -> list[str]:
        """Names of the interfaces, bottom first."""
        return [f"{lower}|{upper}" for lower, upper in pairwise(self.names)]

    @property
    def boundaries(self) -> list[str]:
        """Names of the outer boundaries."""
        return ["bottom", "top", *SIDES][: 2 * self.dimension]

    def follows(self, level: int) -> bool:
        """Whether a row follows the metal surface."""
        return level == self.ground or (self.conformal and level > self.ground)

    def rows(self) -> list[str]:
        """Names of the horizontal rows that bound the layers, bottom first."""
        return ["bottom", *self.interfaces, "top"]


@dataclass
class Cad:
    """Gmsh entities, tag and exact measure (in model units) of every name; quality and size of the mesh."""

    entities: dict[str, list[int]] = field(default_factory=dict)
    measures: dict[str, float] = field(default_factory=dict)
    tags: dict[str, int] = field(default_factory=dict)
    quality: float = 1.0
    cells: int = 0
    nodes: int = 0


def draw(geo: Any, plan: Plan) -> Cad:
    """Draw the stack in the current model (``geo``: Gmsh's kernel)."""
    return {1: _draw_line, 2: _draw_rectangle, 3: _draw_block}[plan.dimension](geo, plan)


def _draw_line(geo: Any, plan: Plan) -> Cad:
    """1-D: layers are segments of the x axis, interfaces and ends are points."""
    cad = Cad()
    points = [geo.addPoint(level, 0.0, 0.0) for level in plan.levels]
    for name, point in zip(plan.rows(), points, strict=True):
        cad.entities[name], cad.measures[name] = [point], 1.0
    for name, ends, (low, high) in zip(plan.names, pairwise(points), pairwise(plan.levels), strict=True):
        inner = [(y, 0.0) for y in _cuts(plan, 1, low, high)]
        cad.entities[name], cad.measures[name] = _chain(geo, *ends, inner), high - low
    return cad


def _draw_rectangle(geo: Any, plan: Plan) -> Cad:
    """2-D: layers are surfaces over 0 <= x <= width, interfaces and boundaries are curves."""
    cad = Cad({"left": [], "right": []}, {"left": 0.0, "right": 0.0})
    corners, rows, heights, walls = [], [], [], []
    for level, name in enumerate(plan.rows()):
        y = plan.levels[level]
        if plan.follows(level):
            line = _nodes(plan, name, lambda x, y=y: y * plan.unit + plan.surface.height(x))
        elif name in plan.vertices:
            line = _nodes(plan, name, lambda x, y=y: np.full(len(x), y * plan.unit))
        else:
            x = [0.0, *_cuts(plan, 0, 0.0, plan.sides[0], y), plan.sides[0]]
            line = np.column_stack([x, np.full(len(x), y)])
        corners.append([geo.addPoint(*line[end], 0.0) for end in (0, -1)])
        rows.append(_chain(geo, *corners[-1], line[1:-1]))
        heights.append(0.5 * np.sum((line[1:, 1] + line[:-1, 1]) * np.diff(line[:, 0])))
        cad.entities[name] = rows[-1]
        cad.measures[name] = float(np.linalg.norm(np.diff(line, axis=0), axis=1).sum())
        if plan.follows(level) or name in plan.vertices:  # its nodes are already where they should be
            for curve in rows[-1]:
                geo.mesh.setTransfiniteCurve(curve, 2)
        walls.append(line[[0, -1], 1])
    for layer, name in enumerate(plan.names):
        sides = []
        for end, (side, x) in enumerate((("left", 0.0), ("right", plan.sides[0]))):
            low, high = (walls[row][end] for row in (layer, layer + 1))
            inner = [(x, y) for y in _cuts(plan, 1, low, high, x, _stops(plan, side, low, high))]
            sides.append(_chain(geo, corners[layer][end], corners[layer + 1][end], inner))
            cad.entities[side] += sides[-1]
            cad.measures[side] += high - low
        left, right = sides
        backwards = [-curve for curve in reversed(rows[layer + 1])] + [-curve for curve in reversed(left)]
        loop = geo.addCurveLoop([*rows[layer], *right, *backwards])
        cad.entities[name] = [geo.addPlaneSurface([loop])]
        cad.measures[name] = float(heights[layer + 1] - heights[layer])
    return cad


def _draw_block(geo: Any, plan: Plan) -> Cad:
    """3-D: layers are volumes over the rectangle of the sides, made by drawing the bottom upwards."""
    cad = Cad({side: [] for side in SIDES})
    faces = draw_floor(geo, *plan.sides, plan.levels[0], plan.circle)
    names = plan.rows()
    row = [face.tag for face in faces]
    cad.entities[names[0]] = row
    for name, above, (low, high) in zip(plan.names, names[1:], pairwise(plan.levels), strict=True):
        drawn = iter(geo.extrude([(2, face) for face in row], 0.0, 0.0, high - low))
        cad.entities[name], row = [], []
        for face in faces:
            row.append(next(drawn)[1])
            cad.entities[name].append(next(drawn)[1])
            for side in face.walls:
                _, wall = next(drawn)
                if side is not None:
                    cad.entities[side].append(wall)
        cad.entities[above] = row
    return cad


def _cuts(
    plan: Plan, axis: int, low: float, high: float, other: float = 0.0, stops: Sequence[float] = ()
) -> list[float]:
    """Where to cut a line along ``axis``: at ``stops``, and so that Gmsh sees every fine zone on it.

    Gmsh samples the size at 64 places of a curve, and looks closer only where it then sees a change: the
    zones' edges are cuts. ``other`` is the line's other coordinate. Edges within an element of the last cut,
    a stop or the end are left out.
    """
    cuts = [low]
    for edge in plan.size.edges(axis):
        at = (edge, other) if axis == 0 else (other, edge)
        size = plan.size(*np.array(at))
        near_stop = any(abs(edge - stop) < size for stop in stops)
        if cuts[-1] + size <= edge <= high - size and not near_stop:
            cuts.append(float(edge))
    return sorted([*cuts[1:], *stops])


def _stops(plan: Plan, name: str, low: float, high: float) -> list[float]:
    """Places strictly between two where the line ``name`` must have vertices, each once."""
    tiny = ROUND_OFF * max(plan.sides)
    stops = []
    for stop in plan.vertices.get(name, ()):
        if max([low, *stops]) + tiny < stop < high - tiny:
            stops.append(stop)
    return stops


def _chain(geo: Any, first: int, last: int, between: Sequence[tuple[float, float]] | np.ndarray) -> list[int]:
    """Straight curves from point to point."""
    points = [first, *(geo.addPoint(x, y, 0.0) for x, y in between), last]
    return [geo.addLine(start, end) for start, end in pairwise(points)]


def _nodes(plan: Plan, name: str, height: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Mesh nodes (n, 2) on the row ``name`` at y = ``height``(x) [m], as far apart as the size field wants:
    int ds/h = 1 each, rounded. Where the row must have vertices nothing is longer than wanted."""
    ends = [0.0, *_stops(plan, name, 0.0, plan.sides[0]), plan.sides[0]]
    rounded = np.ceil if name in plan.vertices else np.round
    reach = plan.size.coarse / GRADING * np.linspace(-1.0, 1.0, 201)
    x = np.concatenate([plan.surface.axes[0] / plan.unit, ends, *(plan.size.edges(0)[:, None] + reach)])
    x = np.unique(np.clip(x, 0.0, plan.sides[0]))
    y = height(x * plan.unit) / plan.unit
    density = 1.0 / plan.size(x, y)
    elements = 0.5 * (density[1:] + density[:-1]) * np.hypot(np.diff(x), np.diff(y))
    passed = np.concatenate([[0.0], np.cumsum(elements)])
    nodes = [np.zeros(1)]
    for (_, end), (low, high) in zip(pairwise(ends), pairwise(np.interp(ends, x, passed)), strict=True):
        count = max(1, int(rounded(high - low - ROUND_OFF)))
        nodes.append(np.interp(np.linspace(low, high, count + 1)[1:], passed, x))
        nodes[-1][-1] = end
    x = np.concatenate(nodes)
    return np.column_stack([x, height(x * plan.unit) / plan.unit])
