"""One moment of a run in a plane, ready to be drawn: fields on a grid of pixels, the front as lines.

Of a three-dimensional run the plane is the upright one along x through the highest point of its last front.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyvista

from fem_sei.post.open import Run
from fem_sei.post.style import FIELDS

METAL = "logit(xi)"
MARGIN = 0.25  # of the width, shown above and below the front and the layers on the metal
SHARPEST = 20.0  # bound of logit(xi)
OFF_THE_WALL = 1e-3  # of the depth: a plane in a wall cuts no cells
OFF_THE_NODES = 1e-6  # least size of logit(xi) at a node


@dataclass(frozen=True)
class View:
    """The rectangle that is shown (um)."""

    left: float
    right: float
    bottom: float
    top: float
    upwards: str = "y"

    @property
    def aspect(self) -> float:
        return (self.right - self.left) / (self.top - self.bottom)

    @property
    def extent(self) -> tuple[float, float, float, float]:
        return self.left, self.right, self.bottom, self.top


@dataclass(frozen=True)
class Scene:
    """Fields (SI, row 0 at the bottom), logit(xi) (positive in the metal) and front of one field output."""

    time: float
    charge: float
    view: View
    fields: dict[str, np.ndarray]
    metal: np.ndarray
    front: list[np.ndarray]  # curves of points (x, y) in um

    def outside_metal(self, name: str) -> np.ndarray:
        """Values of a field where it has a meaning: not in the metal."""
        return self.fields[name][self.metal < 0.0]


@dataclass(frozen=True)
class FrontProfile:
    """The front of one field output from left to right: position (um) and salt concentration (mol/m^3)."""

    time: float
    x: np.ndarray
    y: np.ndarray
    c: np.ndarray


def view_of(run: Run) -> View:
    """What to show of a run: its width, and in height what is near the front and the layers on the metal."""
    left, right, bottom, top, _, _ = _plane(run, 0).bounds
    if run.mirrored:
        left = -right
    width = right - left
    surfaces = [points[:, 1] for points in _curves(_plane(run, 0)) + _curves(_plane(run, -1))]
    low, high = min(map(np.min, surfaces), default=bottom), max(map(np.max, surfaces), default=top)
    inner_tops = [layer_top for _, _, layer_top in run.layers[:-1]]
    bottom = max(bottom, low - MARGIN * width)
    top = min(top, max([high, *inner_tops]) + MARGIN * width)
    return View(left, right, bottom, top, "yz"[run.dimension - 2])


def union(views: Sequence[View]) -> View:
    """The smallest rectangle around all the views."""
    left, right, bottom, top = zip(*(view.extent for view in views), strict=True)
    return View(min(left), max(right), min(bottom), max(top), views[0].upwards)


def scene(run: Run, index: int, view: View, pixels: int) -> Scene:
    """Field output ``index`` on a grid of at most ``pixels`` in each direction."""
    dataset = _with_logit(_plane(run, index))
    columns = max(2, round(pixels * min(1.0, view.aspect)))
    rows = max(2, round(pixels * min(1.0, 1.0 / view.aspect)))
    left, columns = (0.0, -(-columns // 2)) if run.mirrored else (view.left, columns)
    step = (view.right - left) / columns, (view.top - view.bottom) / rows
    centres = pyvista.ImageData(
        dimensions=(columns, rows, 1),
        spacing=(*step, 1.0),
        origin=(left + step[0] / 2.0, view.bottom + step[1] / 2.0, 0.0),
    )
    sampled = centres.sample(dataset)
    names = [name for name in FIELDS if name in dataset.point_data]
    grids = {
        name: np.asarray(sampled[name], dtype=np.float32).reshape(rows, columns) for name in [*names, METAL]
    }
    if run.mirrored:
        grids = {name: np.hstack([grid[:, ::-1], grid]) for name, grid in grids.items()}
    curves = _curves(dataset)
    if run.mirrored:
        curves += [curve * (-1.0, 1.0) for curve in curves]
    metal = grids.pop(METAL)
    return Scene(run.times[index], run.charges[index], view, grids, metal, curves)


def front_profile(run: Run, index: int) -> FrontProfile:
    """The front of field output ``index``, sorted along x."""
    contour = front_surface(_plane(run, index))
    x, y, c = contour.points[:, 0], contour.points[:, 1], np.asarray(contour["c"])
    if run.mirrored:
        x, y, c = np.concatenate([-x, x]), np.tile(y, 2), np.tile(c, 2)
    order = np.argsort(x)
    return FrontProfile(run.times[index], x[order], y[order], c[order])


@cache
def cut(run: Run) -> float:
    """y (um) of the plane that is shown of a three-dimensional run."""
    return float(max(front_surface(run.fields()).points, key=lambda point: point[2])[1])


def heading(run: Run) -> str:
    """Title of a picture in the plane."""
    return run.title if run.dimension < 3 else f"{run.title}, at y = {cut(run):.3g} µm"


def _plane(run: Run, index: int) -> pyvista.DataSet:
    """Field output ``index`` of a 2-D run, of a 3-D run in the plane, with the points (x, height, 0)."""
    dataset = run.fields(index=index)
    if run.dimension < 3:
        return dataset
    inside = np.clip(cut(run), *(dataset.bounds[3] * np.array([OFF_THE_WALL, 1.0 - OFF_THE_WALL])))
    plane = dataset.slice(normal="y", origin=(0.0, inside, 0.0))
    plane.points = np.column_stack([plane.points[:, 0], plane.points[:, 2], np.zeros(plane.n_points)])
    return plane


def _with_logit(dataset: pyvista.DataSet) -> pyvista.DataSet:
    """The data set with logit(xi), which is linear across the interface: linear interpolation in a cell is
    then exact, and the front smooth where xi itself would show the cells as steps."""
    xi = np.clip(np.asarray(dataset["xi"]), 1e-12, 1.0 - 1e-12)
    logit = np.clip(np.log(xi / (1.0 - xi)), -SHARPEST, SHARPEST)
    # A front along edges of the mesh, as at the start of a run, would be found once from either side.
    dataset[METAL] = np.where(np.abs(logit) < OFF_THE_NODES, OFF_THE_NODES, logit)
    return dataset


def front_surface(dataset: pyvista.DataSet) -> pyvista.PolyData:
    """The surface of the metal, xi = 1/2: lines in 2-D, triangles in 3-D."""
    return _with_logit(dataset).contour([0.0], scalars=METAL)


def _curves(dataset: pyvista.DataSet) -> list[np.ndarray]:
    """The surface as connected curves of points (x, y)."""
    contour = front_surface(dataset).clean()
    if contour.n_points == 0:
        return []
    strips = contour.strip(join=True, max_length=contour.n_points)
    return [strips.points[line, :2] for line in _lines(strips.lines)]


def _lines(packed: np.ndarray) -> list[np.ndarray]:
    """Point indices of each line of VTK's packed list (count, indices, count, indices, ...)."""
    lines, start = [], 0
    while start < len(packed):
        lines.append(packed[start + 1 : start + 1 + packed[start]])
        start += 1 + packed[start]
    return lines
