"""Pictures in a plane, of runs in two and three dimensions: the front over concentration and potential."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from fem_sei.post.open import Run
from fem_sei.post.scene import Scene, View, front_profile, heading, scene, view_of
from fem_sei.post.style import COULOMB_PER_MAH, FIELDS, METAL, STYLE, figure, save, shades, tidy, time_text

PIXELS = 700
PANEL_HEIGHT = 3.1  # inches
NARROWEST = 1.7  # inches, width of a panel
ROW = 11.0  # inches, width of the panels of a row
SLIDE = 16.0 / 9.0
FILES = {"c": "concentration.png", "phi_e": "potential.png"}


class Panel:
    """A map on its axes, showing the rectangle ``view``; :meth:`show` replaces the moment that it shows."""

    def __init__(self, axes: Axes, run: Run, view: View, field: str, colours: ScalarMappable) -> None:
        self._axes = axes
        self._view = view
        self._field = field
        self._factor = FIELDS[field].factor
        self._image = axes.imshow(np.zeros((2, 2)), origin="lower", cmap=colours.cmap, norm=colours.norm)
        self._moving: list = []
        axes.spines[:].set_visible(True)
        axes.locator_params(nbins=5)
        boundaries = [top for _, _, top in run.layers[1:-1] if view.bottom < top < view.top]
        axes.hlines(boundaries, view.left, view.right, color="white", linewidth=1.6, alpha=0.6)
        axes.hlines(boundaries, view.left, view.right, color="0.15", linewidth=0.8, linestyle=(0, (5, 3)))

    def show(self, moment: Scene) -> None:
        for artist in self._moving:
            artist.remove()
        rows, columns = moment.metal.shape
        left, right, bottom, top = moment.view.extent
        x = left + (np.arange(columns) + 0.5) * (right - left) / columns
        y = bottom + (np.arange(rows) + 0.5) * (top - bottom) / rows
        # The metal reaches the border of the view, half a pixel further than its outermost pixel.
        x[[0, -1]], y[[0, -1]] = (left, right), (bottom, top)
        self._image.set_data(self._factor * moment.fields[self._field])
        self._image.set_extent(moment.view.extent)
        self._moving = [self._axes.contourf(x, y, moment.metal, levels=[0.0, np.inf], colors=METAL)]
        lines = LineCollection(moment.front, colors="black", linewidths=1.3)
        self._moving.append(self._axes.add_collection(lines))
        self._axes.set(xlim=self._view.extent[:2], ylim=self._view.extent[2:])


def name_layers(axes: Axes, run: Run, view: View) -> None:
    """Write the names of the layers at the right of a panel, and how far a layer goes that is cut off."""
    names = axes.secondary_yaxis("right")
    places, texts = [], []
    for name, low, high in run.layers:
        if low < view.top and high > view.bottom:
            places.append((max(low, view.bottom) + min(high, view.top)) / 2.0)
            texts.append(f"{name}\n(to {high:.3g} µm)" if high > 1.001 * view.top else name)
    names.set_yticks(places, texts)
    names.tick_params(length=0, labelsize=9, labelcolor="0.3")
    names.spines[:].set_visible(False)


def colour_scale(field: str, scenes: Sequence[Scene]) -> ScalarMappable:
    """One scale for all the scenes, over what is outside the metal."""
    values = [FIELDS[field].factor * moment.outside_metal(field) for moment in scenes]
    low = min((part.min() for part in values if part.size), default=0.0)
    high = max((part.max() for part in values if part.size), default=1.0)
    least = 1e-3 * max(abs(low), abs(high), 1e-3)  # a uniform field gets one colour, not a rainbow of noise
    if high - low < least:
        low, high = low - least, high + least
    return ScalarMappable(Normalize(low, high), FIELDS[field].colours)


def add_colour_bar(
    made: Figure, colours: ScalarMappable, axes: Sequence[Axes], field: str, location: str = "right"
) -> None:
    bar = made.colorbar(
        colours, ax=axes, label=FIELDS[field].label, location=location, shrink=0.9, aspect=25, pad=0.02
    )
    bar.outline.set_linewidth(0.6)


def panel_grid(rows: int, columns: int, view: View) -> tuple[Figure, np.ndarray]:
    """A figure with room for titles and a colour bar, and its axes (rows, columns)."""
    width, height = _panel_size(view, columns)
    made = figure(columns * (width + 0.3) + 2.0, rows * (height + 0.5) + 0.9, layout="compressed")
    made.get_layout_engine().set(w_pad=0.1)
    axes = made.subplots(rows, columns, sharex="col", sharey="row", squeeze=False)
    for panel in axes[-1]:
        panel.set_xlabel("x (µm)")
    for panel in axes[:, 0]:
        panel.set_ylabel(f"{view.upwards} (µm)")
    return made, axes


def _panel_size(view: View, columns: int) -> tuple[float, float]:
    """Width and height of a panel in inches."""
    width = float(np.clip(PANEL_HEIGHT * view.aspect, NARROWEST, ROW / columns))
    return width, min(PANEL_HEIGHT, width / view.aspect)


def columns_for(number: int, view: View) -> int:
    """Columns that give ``number`` panels the shape of a slide, as nearly as can be without empty places."""

    def misfit(columns: int) -> float:
        width, height = _panel_size(view, columns)
        rows = -(-number // columns)
        return abs(np.log(columns * width / (rows * height) / SLIDE)) + (rows * columns - number)

    return min(range(1, number + 1), key=misfit)


@matplotlib.rc_context(STYLE)
def draw_maps(run: Run, indices: Sequence[int], folder: Path) -> list[Path]:
    """One picture per field: the field outputs ``indices`` side by side on the same colour scale."""
    view = view_of(run)
    scenes = [scene(run, index, view, PIXELS) for index in indices]
    columns = columns_for(len(scenes), view)
    written = []
    for field in scenes[0].fields:
        made, axes = panel_grid(-(-len(scenes) // columns), columns, view)
        colours = colour_scale(field, scenes)
        for panel, moment in zip(axes.flat, scenes, strict=False):
            Panel(panel, run, view, field, colours).show(moment)
            panel.set_title(moment_text(moment))
        for empty, above in zip(axes[-1], axes[max(len(axes) - 2, 0)], strict=True):
            if empty in axes.flat[len(scenes) :]:
                empty.set_visible(False)
                above.tick_params(labelbottom=True)
                above.set_xlabel("x (µm)")
        for panel in axes[:, -1]:
            name_layers(panel, run, view)
        add_colour_bar(made, colours, axes, field)
        made.suptitle(heading(run))
        written.append(save(made, folder / FILES[field]))
    return written


@matplotlib.rc_context(STYLE)
def draw_front(run: Run, indices: Sequence[int], folder: Path) -> list[Path]:
    """The shape of the front, and the concentration along it, at several times."""
    profiles = [front_profile(run, index) for index in indices]
    made = figure(7.0, 6.4)
    shape, salt = made.subplots(2, 1, sharex=True)
    for profile, colour in zip(profiles, shades(len(profiles)), strict=True):
        shape.plot(profile.x, profile.y, color=colour, label=time_text(profile.time))
        salt.plot(profile.x, FIELDS["c"].factor * profile.c, color=colour)
    shape.set_ylabel("height of the front (µm)")
    shape.legend(title="time", loc="center left", bbox_to_anchor=(1.0, 0.5))
    salt.set(xlabel="x (µm)", ylabel="salt concentration\nat the front (mol/L)")
    for axes in (shape, salt):
        tidy(axes)
        axes.margins(x=0.0)
    made.suptitle(heading(run))
    return [save(made, folder / "front.png")]


def moment_text(moment: Any) -> str:
    """Time and charge of a scene or a front, for the title of its panel."""
    return f"{time_text(moment.time)}, {moment.charge / COULOMB_PER_MAH:.3g} mAh/cm²"
