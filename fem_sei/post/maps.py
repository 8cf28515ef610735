"""A result of a sweep over two numeric axes as a map."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm

from fem_sei.post.style import STYLE, figure, save

LEVELS = 14
ROOM = 0.07  # of the length of an axis
WIDE = 5.0  # ratio of the ends of an axis from which it is drawn logarithmically


@dataclass(frozen=True)
class Map:
    """Values (n,) at places x, y (n,) of a full grid, nan where there is none, with the words for each;
    ``line``: a value whose contour is drawn, and what it is called; it is one of ``of`` (n,) if given, else
    of the values."""

    x: np.ndarray
    y: np.ndarray
    values: np.ndarray
    labels: tuple[str, str, str]
    line: tuple[float, str] | None = None
    of: np.ndarray | None = None


@matplotlib.rc_context(STYLE)
def draw_map(found: Map, title: str, file: Path) -> Path:
    """Draw the map as a picture of filled contours, the runs as dots with their values."""
    made = figure(7.2, 5.4)
    axes = made.subplots()
    x, y = np.unique(found.x), np.unique(found.y)
    grid = _on_grid(found, found.values)
    finite = found.values[np.isfinite(found.values)]
    low, high = finite.min(), finite.max()
    spread = low > 0.0 and high / low > WIDE
    levels = np.geomspace(low, high, LEVELS) if spread else np.linspace(low, high, LEVELS)
    if high > low:
        norm = LogNorm(low, high) if spread else None
        drawn = axes.contourf(x, y, grid, levels=levels, norm=norm, cmap="viridis")
        ticks = levels[:: (LEVELS - 1) // 4]
        bar = made.colorbar(drawn, ax=axes, label=found.labels[2], ticks=ticks)
        bar.ax.set_yticklabels([f"{tick:.3g}" for tick in ticks])
        bar.ax.minorticks_off()
    contoured = found.values if found.of is None else found.of
    if found.line is not None and np.nanmin(contoured) < found.line[0] < np.nanmax(contoured):
        look = {"colors": "white", "linestyles": "-", "linewidths": 2.0}
        line = axes.contour(x, y, _on_grid(found, contoured), levels=[found.line[0]], **look)
        axes.clabel(line, fmt={found.line[0]: found.line[1]}, fontsize=9)
    axes.plot(found.x, found.y, ".", color="white", markersize=4, clip_on=False)
    for at_x, at_y, value in zip(found.x, found.y, found.values, strict=True):
        if np.isfinite(value):
            axes.annotate(
                f"{value:.3g}", (at_x, at_y), (0, 4), textcoords="offset points", ha="center", fontsize=8,
                color="white", bbox={"boxstyle": "round,pad=0.15", "fc": "0.15", "ec": "none", "alpha": 0.6},
            )  # fmt: skip
    for name, values in (("x", x), ("y", y)):
        _scale(axes, name, values)
    axes.set_xlabel(found.labels[0])
    axes.set_ylabel(found.labels[1])
    axes.set_title(title, pad=12)
    return save(made, file)


def _on_grid(found: Map, values: np.ndarray) -> np.ndarray:
    x, y = np.unique(found.x), np.unique(found.y)
    grid = np.full((len(y), len(x)), np.nan)
    grid[np.searchsorted(y, found.y), np.searchsorted(x, found.x)] = values
    return grid


def _scale(axes: Axes, name: str, values: np.ndarray) -> None:
    """Ticks at the values of an axis, and room for the numbers around; logarithmic if they spread widely."""
    first, last = values[0], values[-1]
    if first > 0.0 and last / first > WIDE:
        axes.set(**{f"{name}scale": "log"})
        room = (last / first) ** ROOM
        limits = (first / room, last * room)
    else:
        limits = (first - ROOM * (last - first), last + ROOM * (last - first))
    axes.set(**{f"{name}lim": limits})
    axis = getattr(axes, f"{name}axis")
    axis.set_ticks(values, [f"{value:g}" for value in values], minor=False)
    axis.set_ticks([], minor=True)
