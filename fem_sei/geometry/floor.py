"""The floor of a 3-D stack, drawn with Gmsh: a rectangle, with a circle on it as far as they overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

ROUND_OFF = 1e-9  # relative: places nearer to each other are one
WALLS = ("front", "right", "back", "left")  # above the edges, counterclockwise from the origin


@dataclass(frozen=True)
class Face:
    """A face of the floor: Gmsh's tag, and what is above each of its curves in turn (None: no wall)."""

    tag: int
    walls: list[str | None]


@dataclass(frozen=True)
class _Node:
    """A vertex of the floor's outline, and the wall that follows it."""

    at: np.ndarray
    point: int
    wall: str
    on_circle: bool


Curve = tuple[int, str | None]  # Gmsh's tag (negative: backwards) and the wall above


def draw_floor(
    geo: Any, width: float, depth: float, z: float, circle: tuple[float, float, float] | None
) -> list[Face]:
    """Draw the rectangle at height ``z``; faces inside and outside the ``circle`` (x, y, radius), if any.

    Counterclockwise the outline goes into the circle and leaves it; the part inside and the arcs across the
    rectangle in between bound the disc, each part outside and its arc a face of their own.
    """
    outline = _outline(geo, width, depth, z, circle)
    first = next((n for n, node in enumerate(outline) if node.on_circle), None)
    if circle is None:
        return [_face(geo, [_lines(geo, [*outline, outline[0]])])]
    x, y, radius = circle
    middle = np.array([x, y])
    if first is None:
        rectangle = _lines(geo, [*outline, outline[0]])
        if np.linalg.norm(outline[0].at - middle) < radius:  # all of the rectangle
            return [_face(geo, [rectangle])]
        start = _Node(np.array([x + radius, y]), geo.addPoint(x + radius, y, z), "", True)
        disc = _arcs(geo, circle, z, start, start)
        return [_face(geo, [disc]), _face(geo, [rectangle, disc])]
    outline = [*outline[first:], *outline[: first + 1]]
    meets = [n for n, node in enumerate(outline) if node.on_circle]
    disc, outer = [], []
    for begin, end in pairwise(meets):
        part = outline[begin : end + 1]
        lines = _lines(geo, part)
        if np.linalg.norm(0.5 * (part[0].at + part[1].at) - middle) < radius:
            disc += lines
        else:
            arcs = _arcs(geo, circle, z, part[0], part[-1])
            disc += arcs
            outer.append(_face(geo, [[*lines, *((-arc, None) for arc, _ in reversed(arcs))]]))
    return [_face(geo, [disc]), *outer]


def _outline(geo: Any, width: float, depth: float, z: float, circle: Any) -> list[_Node]:
    """Corners of the rectangle and places where the circle meets it, counterclockwise from the origin."""
    corners = np.array([(0.0, 0.0), (width, 0.0), (width, depth), (0.0, depth)])
    nodes = []
    for wall, start, end in zip(WALLS, corners, np.roll(corners, -1, axis=0), strict=True):
        length = np.linalg.norm(end - start)
        along, tiny = (end - start) / length, ROUND_OFF * length
        meets = [] if circle is None else _meets(start, along, *circle)
        cuts = [0.0, *(s for s in meets if tiny < s < length - tiny)]
        for s in cuts:
            at = start + s * along
            on_circle = any(abs(s - meet) <= tiny for meet in meets)
            nodes.append(_Node(at, geo.addPoint(*at, z), wall, on_circle))
    return nodes


def _meets(start: np.ndarray, along: np.ndarray, x: float, y: float, radius: float) -> list[float]:
    """Distances from ``start`` at which a line meets the circle; one if it touches it."""
    to_middle = np.array([x, y]) - start
    nearest = float(along @ to_middle)
    square = radius**2 - float(to_middle @ to_middle) + nearest**2
    if abs(square) <= ROUND_OFF * radius**2:
        return [nearest]
    half = np.sqrt(max(square, 0.0))
    return [nearest - half, nearest + half] if square > 0.0 else []


def _lines(geo: Any, nodes: Sequence[_Node]) -> list[Curve]:
    """Straight lines from node to node."""
    return [(geo.addLine(start.point, end.point), start.wall) for start, end in pairwise(nodes)]


def _arcs(geo: Any, circle: tuple[float, float, float], z: float, start: _Node, end: _Node) -> list[Curve]:
    """Arcs of at most a quarter circle, counterclockwise."""
    x, y, radius = circle
    angles = [np.arctan2(node.at[1] - y, node.at[0] - x) for node in (start, end)]
    sweep = (angles[1] - angles[0]) % (2.0 * np.pi) or 2.0 * np.pi
    count = int(np.ceil(sweep / (0.5 * np.pi) - ROUND_OFF))
    between = angles[0] + sweep * np.arange(1, count) / count
    points = [geo.addPoint(x + radius * np.cos(a), y + radius * np.sin(a), z) for a in between]
    middle = geo.addPoint(x, y, z)
    return [
        (geo.addCircleArc(one, middle, other), None)
        for one, other in pairwise([start.point, *points, end.point])
    ]


def _face(geo: Any, loops: Sequence[Sequence[Curve]]) -> Face:
    """The face bounded by the first loop of curves, the others being holes in it."""
    tags = [geo.addCurveLoop([curve for curve, _ in loop]) for loop in loops]
    return Face(geo.addPlaneSurface(tags), [wall for loop in loops for _, wall in loop])
