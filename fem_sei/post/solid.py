"""Pictures of three-dimensional runs: the front as a surface, and the stack with two of its walls cut off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pyvista
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LightSource, Normalize
from mpl_toolkits.mplot3d import Axes3D
from mpl_toolkits.mplot3d.art3d import Line3DCollection, Poly3DCollection

from fem_sei.closed_form.kinetics import butler_volmer
from fem_sei.post.open import Run
from fem_sei.post.pictures import moment_text
from fem_sei.post.scene import View, front_surface, view_of
from fem_sei.post.style import FIELDS, METAL, STYLE, Quantity, figure, save

CURRENT = Quantity("local current density", "mA/cm²", 0.1, "magma")
PIXELS = 90  # across a wall
LIGHT = LightSource(azdeg=225.0, altdeg=30.0)
ELEVATION, AZIMUTH = 28.0, -58.0  # of the eye, which sees the walls x = width and y = 0 from outside
PANEL = 4.2  # inches
UNDER_THE_EDGE = 0.95  # xi up to which the far walls are painted: no gap at the edge of the metal
SHADOW = 0.55  # least brightness of a triangle


@dataclass(frozen=True)
class Front:
    """The front of one field output: triangles (n, 3, 3) in um, a value at each (SI), and what it is."""

    time: float
    charge: float
    triangles: np.ndarray
    values: np.ndarray
    quantity: Quantity


def draw_solid(run: Run, indices: Sequence[int], folder: Path) -> list[Path]:
    """The front at several times coloured by what flows through it, and the opened stack at the last."""
    return [
        _draw_front(run, indices, folder / "surface.png"),
        _draw_stack(run, indices[-1], folder / "stack.png"),
    ]


def front(run: Run, index: int) -> Front:
    """The front of a field output with the local current density, or where that cannot be told (no current
    yet, kinetics unknown) the concentration."""
    dataset = run.fields(index=index)
    surface = front_surface(dataset)
    corners = surface.faces.reshape(-1, 4)[:, 1:]
    c, phi_e = (np.asarray(surface[name])[corners].mean(axis=1) for name in ("c", "phi_e"))
    i = _current(run, index, dataset, c, phi_e)
    values, quantity = (c, FIELDS["c"]) if i is None else (i, CURRENT)
    return Front(run.times[index], run.charges[index], surface.points[corners], values, quantity)


def _current(run: Run, index: int, dataset: Any, c: np.ndarray, phi_e: np.ndarray) -> np.ndarray | None:
    """Butler and Volmer's current density (A/m^2) at the front; the shift by surface energy is left out."""
    case = run.manifest.get("case", {})
    kinetics, conditions = case.get("kinetics"), case.get("conditions")
    z = next((p["value"] for p in run.manifest.get("materials", []) if p["property"] == "z"), None)
    if not (kinetics and conditions and z) or run.times[index] == 0.0:
        return None
    height = dataset.points[:, 2]
    at_counter = np.asarray(dataset["phi_e"])[height > height.max() - 1e-6 * np.ptp(height)].mean()
    phi_s = np.interp(run.times[index], run.history["time"], run.history["cell_voltage"]) + at_counter
    i0, alpha = kinetics["exchange_current_density"], kinetics["alpha"]
    share = np.maximum(c, 0.0) / kinetics["reference_concentration"]
    return butler_volmer(phi_s - phi_e, i0, alpha, z, conditions["temperature"], share)


@matplotlib.rc_context(STYLE)
def _draw_front(run: Run, indices: Sequence[int], path: Path) -> Path:
    fronts = [front(run, index) for index in indices]
    if any(each.quantity is CURRENT for each in fronts):
        fronts = [each for each in fronts if each.quantity is CURRENT]
    quantity = fronts[0].quantity
    colours = _colours([each.values for each in fronts], quantity)
    heights = np.concatenate([each.triangles[:, :, 2].ravel() for each in fronts])
    columns = len(fronts) if len(fronts) < 4 else 2
    rows = -(-len(fronts) // columns)
    made = figure(columns * PANEL + 1.2, rows * 0.75 * PANEL + 0.6)
    for n, each in enumerate(fronts):
        axes = made.add_subplot(rows, columns, n + 1, projection="3d", computed_zorder=False)
        _add_front(axes, each.triangles, colours.to_rgba(quantity.factor * each.values))
        _frame(axes, run, heights.min(), heights.max())
        axes.set_title(moment_text(each))
    made.colorbar(colours, ax=made.axes, label=quantity.label, shrink=0.7, aspect=25, pad=0.04)
    made.suptitle(run.title)
    return save(made, path)


@matplotlib.rc_context(STYLE)
def _draw_stack(run: Run, index: int, path: Path) -> Path:
    """Metal with its surface, and the concentration on the two far walls of what is above it."""
    view, field = view_of(run), FIELDS["c"]
    dataset = run.fields(index=index)
    width, depth = dataset.bounds[1], dataset.bounds[3]
    walls = [_wall(dataset, view, axis, at) for axis, at in ((1, depth), (0, 0.0))]
    skirts = [_wall(dataset, view, axis, at) for axis, at in ((1, 0.0), (0, width))]
    colours = _colours([c[c > 0.0] for *_, c in walls], field)
    made = figure(7.4, 6.2)
    axes = made.add_subplot(projection="3d", computed_zorder=False)
    for cells, _, c in walls:
        faces = colours.to_rgba(field.factor * c)
        axes.add_collection3d(
            Poly3DCollection(cells, facecolors=faces, edgecolors=faces, linewidths=0.3, zorder=0)
        )
    for _, _, top in run.layers[1:-1]:
        if view.bottom < top < view.top:
            edge = [[(0.0, 0.0, top), (0.0, depth, top), (width, depth, top)]]
            axes.add_collection3d(
                Line3DCollection(edge, colors="0.1", linestyles="--", linewidths=1.0, zorder=1)
            )
    each = front(run, index)
    grey = np.tile(matplotlib.colors.to_rgba(METAL), (len(each.triangles), 1))
    _add_front(axes, each.triangles, grey)
    for (_, metal, _), shade in zip(skirts, ("0.45", "0.36"), strict=True):
        axes.add_collection3d(
            Poly3DCollection(metal, facecolors=shade, edgecolors=shade, linewidths=0.3, zorder=3)
        )
    _frame(axes, run, view.bottom, view.top)
    made.colorbar(colours, ax=axes, label=field.label, shrink=0.6, aspect=22, pad=0.1)
    made.suptitle(f"{run.title}\n{moment_text(each)}")
    return save(made, path)


def _wall(dataset: Any, view: View, axis: int, at: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A wall (x = at for axis 0, y = at for axis 1): its cells above the metal as polygons (n, 4, 3), its
    metal as polygons, one per column, and the concentration in the cells (n,)."""
    along = 1 - axis
    end = dataset.bounds[2 * along + 1]
    inside = np.clip(at, 1e-6 * end, dataset.bounds[2 * axis + 1] - 1e-6 * end)
    t, z = np.linspace(0.0, end, PIXELS + 1), np.linspace(view.bottom, view.top, PIXELS + 1)
    points = np.zeros((PIXELS + 1, PIXELS + 1, 3))
    points[:, :, along], points[:, :, 2], points[:, :, axis] = t[:, None], z, inside
    reach = points.reshape(-1, 3) * (1.0 - 2e-6)  # just inside, where a sample is sure to find a cell
    sampled = pyvista.PolyData(reach).sample(dataset)
    c, xi = (np.asarray(sampled[name]).reshape(PIXELS + 1, -1) for name in ("c", "xi"))
    points[:, :, axis] = at
    cells = np.stack([points[:-1, :-1], points[1:, :-1], points[1:, 1:], points[:-1, 1:]], axis=2).reshape(
        -1, 4, 3
    )
    middle = (c[:-1, :-1] + c[1:, 1:]) / 2.0
    # the height of the front in each column: the metal is below the first point that is not metal
    first = np.argmax(xi < 0.5, axis=1)
    n, below = np.arange(PIXELS + 1), np.maximum(first - 1, 0)
    share = (xi[n, below] - 0.5) / np.maximum(xi[n, below] - xi[n, first], 1e-9)
    height = z[below] + np.clip(share, 0.0, 1.0) * (z[first] - z[below])
    top, low = points[:, 0].copy(), points[:, 0]
    top[:, 2] = height
    metal = np.stack([low[:-1], low[1:], top[1:], top[:-1]], axis=1)
    outside = (np.minimum(xi[:-1, 1:], xi[1:, 1:]) < UNDER_THE_EDGE).ravel()
    return cells[outside], metal, middle.ravel()[outside]


def _add_front(axes: Axes3D, triangles: np.ndarray, colours: np.ndarray) -> None:
    """Triangles in their colours, darker where they turn away from the light."""
    normals = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1), 1e-30)[:, None]
    normals *= np.where(normals[:, 2:] < 0.0, -1.0, 1.0)
    bright = SHADOW + (1.0 - SHADOW) * np.clip(normals @ LIGHT.direction / LIGHT.direction[2], 0.0, 1.3)
    shaded = np.clip(colours[:, :3] * bright[:, None], 0.0, 1.0)
    surface = Poly3DCollection(triangles, facecolors=shaded, edgecolors=shaded, linewidths=0.2, zorder=2)
    axes.add_collection3d(surface)


def _frame(axes: Axes3D, run: Run, low: float, high: float) -> None:
    """Limits, true proportions, names of the axes, and where the eye is."""
    bounds = run.fields(index=0).bounds
    width, depth = bounds[1], bounds[3]
    axes.set(xlim=(0.0, width), ylim=(0.0, depth), zlim=(low, high))
    axes.set(xlabel="x (µm)", ylabel="y (µm)", zlabel="z (µm)")
    axes.set_box_aspect((width, depth, high - low), zoom=0.95)
    axes.view_init(ELEVATION, AZIMUTH)
    axes.locator_params(nbins=4)
    axes.locator_params(axis="z", nbins=4 if high - low > 0.4 * width else 2)
    axes.tick_params(axis="z", pad=5.0)
    axes.grid(False)
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.pane.fill = False
        axis.labelpad = 6.0


def _colours(values: Sequence[np.ndarray], quantity: Quantity) -> ScalarMappable:
    """One scale for all the values; uniform ones get one colour."""
    shown = quantity.factor * np.concatenate(values)
    low, high = np.percentile(shown, [0.5, 99.5])
    least = 1e-3 * max(abs(low), abs(high), 1e-3)
    if high - low < least:
        low, high = low - least, high + least
    return ScalarMappable(Normalize(low, high), quantity.colours)
