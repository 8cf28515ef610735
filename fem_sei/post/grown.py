"""The film of a film_growth run to scale, in the colours of its stress, on the metal that grew under it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from fem_sei.post.debonding import State, state
from fem_sei.post.film import add_layers, colours
from fem_sei.post.growth import moment_text
from fem_sei.post.movie import pixels
from fem_sei.post.open import Run
from fem_sei.post.style import METAL, STYLE, figure, save
from fem_sei.post.surface import PLAIN, Surface, surface

WIDTH = 9.0  # inches; 16 pixels go into a tenth
BESIDE = 2.0  # inches for the colour bar and the labels
HIGHEST = 4.2  # inches, of a panel
MARGIN = 0.05  # of the width that is shown
OLD_METAL = "0.82"


def draw_grown(run: Run, indices: Sequence[int], folder: Path) -> list[Path]:
    """The film at the outputs ``indices``, one below the other: ``film.png``."""
    states, surfaces = _read(run, indices)
    return [save(_draw(run, states, surfaces, _frame(run, states), colours(states)), folder / "film.png")]


def grown_frames(run: Run, indices: Sequence[int]) -> Iterator[np.ndarray]:
    """The frames of the animation, one output each."""
    states, surfaces = _read(run, indices)
    frame, scale = _frame(run, states), colours(states)
    for each, below in zip(states, surfaces, strict=True):
        yield pixels(_draw(run, [each], [below], frame, scale))


def _read(run: Run, indices: Sequence[int]) -> tuple[list[State], list[Surface | None]]:
    states = [state(run, index, moment_text(run, run.times[index])) for index in indices]
    return states, [surface(run, index) for index in indices]


def _frame(run: Run, states: Sequence[State]) -> tuple[float, float, float, float]:
    """Left, right, bottom and top (nm) of what is shown of all the states."""
    deformed = np.concatenate([each.points + each.displacement for each in states])
    (left, low), (right, high) = deformed[:, :2].min(axis=0), deformed[:, :2].max(axis=0)
    low = min(low, *(each.points[:, 1].min() for each in states))
    left = -right if run.mirrored else left
    margin = MARGIN * (right - left)
    return left, right, low - margin, high + margin


@matplotlib.rc_context(STYLE)
def _draw(
    run: Run,
    states: Sequence[State],
    surfaces: Sequence[Surface | None],
    frame: tuple[float, float, float, float],
    scale: ScalarMappable,
) -> Figure:
    left, right, bottom, top = frame
    panel = min(HIGHEST, (WIDTH - BESIDE) * (top - bottom) / (right - left))
    height = max(2.6, len(states) * (panel + 0.45) + 1.0)
    made = figure(WIDTH, round(10.0 * height) / 10.0)
    axes = made.subplots(len(states), 1, sharex=True, squeeze=False)[:, 0]
    for each, below, one in zip(states, surfaces, axes, strict=True):
        for sign in (1.0, -1.0) if run.mirrored else (1.0,):
            if below is not None:
                _add_metal(one, below, bottom, sign)
            add_layers(one, each, (each.points + each.displacement) * (sign, 1.0, 1.0), scale)
        one.set(xlim=(left, right), ylim=(bottom, top), aspect="equal", title=each.text, ylabel="y (nm)")
        one.locator_params(axis="y", nbins=4)
    axes[-1].set_xlabel("x (nm)")
    bar = made.colorbar(scale, ax=axes, label=states[0].quantity.label, aspect=6.0 * height, pad=0.015)
    bar.ax.ticklabel_format(scilimits=PLAIN)
    bar.ax.tick_params(labelsize=9)
    made.suptitle(f"{run.title}\ndark grey: metal grown since the start", fontsize=11)
    return made


def _add_metal(axes: Axes, below: Surface, bottom: float, sign: float) -> None:
    """The metal from the start, and what has grown on it."""
    first, now = (points[:, :2] * (sign, 1.0) for points in (below.before, below.now))
    axes.fill_between(first[:, 0], bottom, first[:, 1], facecolor=OLD_METAL, zorder=0)
    axes.fill(*np.concatenate([first, now[::-1]]).T, facecolor=METAL, zorder=1)
