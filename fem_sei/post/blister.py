"""Pictures of three-dimensional delamination: the deformed film from an angle, the damaged interface."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d import Axes3D
from mpl_toolkits.mplot3d.art3d import Poly3DCollection

from fem_sei.post.debonding import State, state
from fem_sei.post.film import DAMAGE, colours, exaggerations, factor_text
from fem_sei.post.movie import pixels
from fem_sei.post.open import Run
from fem_sei.post.style import STYLE, figure, save

ELEVATION, AZIMUTH = 28.0, -58.0  # of the eye
BULGE = 0.25  # of the width, height of the largest displacement
WIDTH, ROW = 11.0, 3.9  # inches


def draw_blister(run: Run, indices: Sequence[int], folder: Path) -> list[Path]:
    """A row for each of the outputs ``indices``: the film from an angle, and the damage: ``film.png``."""
    states = [state(run, index) for index in indices]
    return [save(_draw(run, states, colours(states), _factors(states, together=False)), folder / "film.png")]


def blister_frames(run: Run, indices: Sequence[int]) -> Iterator[np.ndarray]:
    """The frames of the animation, one output each."""
    states = [state(run, index) for index in indices]
    scale, factors = colours(states), _factors(states, together=True)
    for each, factor in zip(states, factors, strict=True):
        yield pixels(_draw(run, [each], scale, [factor]))


def _factors(states: Sequence[State], together: bool) -> list[float]:
    return exaggerations(states, _bulge(states[0]), together)


def _bulge(each: State) -> float:
    """How high the largest displacement is drawn (nm)."""
    return BULGE * np.ptp(each.points[:, :2], axis=0).max()


@matplotlib.rc_context(STYLE)
def _draw(run: Run, states: Sequence[State], scale: ScalarMappable, factors: Sequence[float]) -> Figure:
    made = figure(WIDTH, round(10.0 * (len(states) * ROW + 0.9)) / 10.0)
    for row, (each, factor) in enumerate(zip(states, factors, strict=True)):
        axes = made.add_subplot(len(states), 2, 2 * row + 1, projection="3d")
        _draw_film(axes, each, scale, factor)
        made.colorbar(scale, ax=axes, label=each.quantity.label, shrink=0.7, aspect=20, pad=0.12)
        if "damage" in each.interface:
            plane = made.add_subplot(len(states), 2, 2 * row + 2)
            _draw_damage(plane, each)
            made.colorbar(DAMAGE, ax=plane, label="damage of the interface", shrink=0.85, aspect=20)
    made.suptitle(run.title)
    made.draw_without_rendering()  # the layout of axes with a fixed aspect takes two passes
    return made


def _draw_film(axes: Axes3D, each: State, scale: ScalarMappable, factor: float) -> None:
    """The surface of the film, in the colours of the field, its displacements exaggerated."""
    nodes = each.border()
    corners = (each.points + factor * each.displacement)[nodes]
    shades = scale.to_rgba(each.values[nodes].mean(axis=1))
    axes.add_collection3d(Poly3DCollection(corners, facecolors=shades, edgecolors=shades, linewidths=0.2))
    low, high = each.points.min(axis=0), each.points.max(axis=0)
    high[2] += _bulge(each)  # the same for all states
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), zlim=(low[2], high[2]))
    axes.set_box_aspect(high - low, zoom=0.95)
    axes.view_init(ELEVATION, AZIMUTH)
    axes.set(xlabel="x (nm)", ylabel="y (nm)", zlabel="z (nm)")
    axes.locator_params(nbins=4)
    axes.locator_params(axis="z", nbins=2)
    axes.grid(False)
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.pane.fill = False
        axis.labelpad = 6.0
    axes.set_title(f"{each.text}\n({factor_text(factor)})")


def _draw_damage(axes: Axes, each: State) -> None:
    """The damage over the plane of the lowest interface that has any."""
    numbers = np.unique(each.interface["interface"])
    worst = max(numbers, key=lambda n: each.interface["damage"][each.interface["interface"] == n].max())
    here = each.interface["interface"] == worst
    x, y, _ = each.interface["points"][here].T
    axes.tripcolor(
        x, y, each.interface["damage"][here], cmap=DAMAGE.cmap, norm=DAMAGE.norm, shading="gouraud"
    )
    axes.set(xlabel="x (nm)", ylabel="y (nm)", aspect="equal")
    axes.margins(0.0)
    axes.spines[:].set_visible(True)
