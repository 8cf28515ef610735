"""How fine the mesh is where: boxes of fine elements, and smooth grading between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

GRADING = 0.22  # growth of the element size per distance: neighbours differ by at most 25 % (exp(0.22))
ELEMENTS_ACROSS = 2  # at least, where nothing else is asked for


@dataclass(frozen=True)
class Box:
    """A part of the domain [m]; y is the growth direction, 0 at the nominal surface (1-D uses y only).

    In 3-D, where the mesh follows the surface, y is the height above it, and depth the third direction.
    ``size``: of the elements inside, if not the common fine one.
    """

    x_min: float
    x_max: float
    y_min: float
    y_max: float
    depth_min: float = 0.0
    depth_max: float = 0.0
    size: float | None = None


@dataclass(frozen=True)
class Ring:
    """Elements of one ``size`` from ``inner`` to ``outer`` [m] from the ``centre`` (x, depth) of a circle
    with a ``radius``, at one height of a 3-D stack.
    """

    centre: tuple[float, float]
    radius: float
    inner: float
    outer: float
    height: float
    size: float


@dataclass(frozen=True)
class MeshSizes:
    """Element size [m] inside the boxes (``fine``) and far from them (``coarse``).

    ``across``: elements at least across the thinnest place of every layer and across the width and depth.
    ``vertices`` [m]: where lines of a 2-D stack must have vertices, x along a row ("bottom", "top",
    "metal|sei") and y along a side ("left", "right"). The elements along such a row are nowhere longer
    than asked for. ``rings``: of a 3-D stack; the first one's circle is drawn through all layers.
    """

    fine: float
    coarse: float
    boxes: Sequence[Box] = ()
    across: int = ELEMENTS_ACROSS
    vertices: Mapping[str, Sequence[float]] = field(default_factory=dict)
    rings: Sequence[Ring] = ()

    def __post_init__(self) -> None:
        if not 0.0 < self.fine <= self.coarse:
            raise ValueError(f"element sizes need 0 < fine <= coarse, not {self.fine:g}, {self.coarse:g} m")
        for box in self.boxes:
            if box.x_min > box.x_max or box.y_min > box.y_max or box.depth_min > box.depth_max:
                raise ValueError(f"a refinement box has its ends in the wrong order: {box}")


class SizeField:
    """Element size h: the least of the zones' sizes, each growing by ``GRADING`` per distance from it.

    Evaluated here with NumPy (to place the nodes of the metal surface in 2-D) and by Gmsh (elsewhere).
    ``unit`` is the length [m] in which everything is given out.
    """

    def __init__(
        self,
        sizes: MeshSizes,
        layers: Sequence[tuple[float, float, float]],
        sides: Sequence[float],
        unit: float,
    ) -> None:
        """``layers``: lowest and highest y and least thickness of each; ``sides``: width and depth. In m."""
        extent = max(abs(edge) for low, high, _ in layers for edge in (low, high))
        beyond = max(10.0 * extent, *sides, 0.0)  # finite: Gmsh's distances suffer from round-off
        coarse = min([sizes.coarse, *(side / sizes.across for side in sides)])
        everywhere = [(-beyond, beyond), (-beyond, beyond)]
        zones = []
        for box in sizes.boxes:
            along = [(box.x_min, box.x_max), (box.depth_min, box.depth_max)][: len(sides)]
            along += everywhere[len(sides) :]
            size = sizes.fine if box.size is None else box.size
            zones.append((*along[0], box.y_min, box.y_max, *along[1], min(size, coarse)))
        for low, high, thickness in layers:
            if thickness / sizes.across < coarse:
                zones.append((*everywhere[0], low, high, *everywhere[1], thickness / sizes.across))
        self.zones = np.array(zones).reshape(-1, 7) / unit  # limits of x, y and depth, size
        self.coarse, self.beyond = coarse / unit, beyond / unit
        self.rings, self.unit = sizes.rings, unit

    def __call__(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Size at points of a 2-D stack, with Gmsh's formula for a box with a transition layer."""
        h = np.full(np.broadcast(x, y).shape, self.coarse)
        for x_min, x_max, y_min, y_max, *_, size in self.zones:
            away_x = np.maximum(np.maximum(x_min - x, x - x_max), 0.0)
            away_y = np.maximum(np.maximum(y_min - y, y - y_max), 0.0)
            h = np.minimum(h, size + GRADING * np.hypot(away_x, away_y))
        return h

    def edges(self, axis: int) -> np.ndarray:
        """Where zones begin and end along x (axis 0) or y (axis 1)."""
        edges = np.unique(self.zones[:, 2 * axis : 2 * axis + 2])
        return edges[np.abs(edges) < self.beyond]

    def set_in(self, gmsh: Any, growth_axis: int) -> None:
        """Make this the only source of element sizes of the current Gmsh model (y along ``growth_axis``)."""
        field = gmsh.model.mesh.field
        tags = []
        for *limits, size in self.zones:
            tags.append(field.add("Box"))
            # Gmsh's axes: y alone in 1-D; x, y in 2-D; x, depth, y in 3-D
            x, y, depth = (tuple(limits[n : n + 2]) for n in (0, 2, 4))
            everywhere = (-self.beyond, self.beyond)
            along = {0: (y, everywhere, everywhere), 1: (x, y, everywhere), 2: (x, depth, y)}[growth_axis]
            for axis, (low, high) in zip("XYZ", along, strict=True):
                field.setNumber(tags[-1], f"{axis}Min", low)
                field.setNumber(tags[-1], f"{axis}Max", high)
            field.setNumber(tags[-1], "VIn", size)
            field.setNumber(tags[-1], "VOut", self.coarse)
            field.setNumber(tags[-1], "Thickness", (self.coarse - size) / GRADING)
        for ring in self.rings:
            tags.append(field.add("MathEval"))
            field.setString(tags[-1], "F", _growth(ring, self.unit))
        least = field.add("Min")
        field.setNumbers(least, "FieldsList", tags)
        field.setAsBackgroundMesh(least)
        gmsh.option.setNumber("Mesh.MeshSizeMax", self.coarse)  # the only size where there are no zones
        for source in ("ExtendFromBoundary", "FromPoints", "FromCurvature"):
            gmsh.option.setNumber(f"Mesh.MeshSize{source}", 0)


def _growth(ring: Ring, unit: float) -> str:
    """Size around a ring, in Gmsh's words: size + GRADING*hypot(max(|r - middle| - half, 0), z - height)."""
    x, y = (f"{sign}-({at / unit:.16g})" for sign, at in zip("xy", ring.centre, strict=True))
    middle, half = 0.5 * (ring.inner + ring.outer) / unit, 0.5 * (ring.outer - ring.inner) / unit
    away = f"(Abs(Sqrt(({x})^2+({y})^2)-{middle:.16g})-{half:.16g})"
    beside = f"0.5*({away}+Abs({away}))"
    return f"{ring.size / unit:.16g}+{GRADING}*Sqrt(({beside})^2+(z-({ring.height / unit:.16g}))^2)"
