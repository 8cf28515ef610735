"""The deformed film of a two-dimensional delamination run, with the damage along its interfaces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.tri import Triangulation

from fem_sei.post.debonding import NANOMETRE, State, state
from fem_sei.post.movie import pixels
from fem_sei.post.open import Run
from fem_sei.post.style import METAL, STYLE, figure, save

WIDTH = 9.0  # inches; 16 pixels go into a tenth
DAMAGE = ScalarMappable(Normalize(0.0, 1.0), "Reds")
DAMAGED = 0.01  # least damage that is kept in view
AROUND = 1.6  # times the damaged part is shown
BULGE = 0.1  # of the width that is shown, height of the largest displacement
BAR = 6.0  # colour bars: this times the height of the figure (inches) is their aspect
STRIP = 0.018  # of the width that is shown, height of the strip that shows the damage
SUBSTRATE = 0.035  # of the same, height of a rigid layer


@dataclass(frozen=True)
class Look:
    """The rectangle that is shown (nm) and the colours of the field, which all panels share, and what the
    displacements of each state are multiplied with."""

    left: float
    right: float
    bottom: float
    top: float
    colours: ScalarMappable
    factors: list[float]

    @property
    def width(self) -> float:
        return self.right - self.left


def look_at(run: Run, states: Sequence[State], together: bool) -> Look:
    """A view of the damaged part of the film and what is around it, that holds all the states, drawn with the
    same exaggeration or each with its own."""
    points = np.concatenate([each.points for each in states])
    right = points[:, 0].max()
    damaged = [
        each.interface["points"][each.interface["damage"] > DAMAGED, 0]
        for each in states
        if "damage" in each.interface
    ]
    reach = max((places.max() for places in damaged if places.size), default=right)
    height = np.ptp(points[:, 1])
    right = min(right, AROUND * reach + 2.0 * height)
    left = -right if run.mirrored else points[:, 0].min()
    width = right - left
    low = points[:, 1].min()
    factors = exaggerations(states, BULGE * width, together)
    tops = [
        (each.points[:, 1] + factor * each.displacement[:, 1]).max()
        for each, factor in zip(states, factors, strict=True)
    ]
    bottom, top = low - SUBSTRATE * width, max(tops) + 0.03 * width
    return Look(left, right, bottom, top, colours(states), factors)


def colours(states: Sequence[State]) -> ScalarMappable:
    """One scale for the field of all the states."""
    values = np.concatenate([each.values for each in states])
    low, high = np.nanpercentile(values, [0.1, 99.9])
    least = 1e-3 * max(abs(low), abs(high), 1e-3)  # a uniform field gets one colour
    if high - low < least:
        low, high = low - least, high + least
    return ScalarMappable(Normalize(low, high), states[0].quantity.colours)


def exaggerations(states: Sequence[State], height: float, together: bool) -> list[float]:
    """Factors of the displacements, round numbers of at least 1, that make the largest one ``height`` (nm) or
    a little less: that of each state, or with ``together`` of all."""
    largest = np.array([np.abs(each.displacement).max(initial=0.0) for each in states])
    largest = np.full_like(largest, largest.max()) if together else largest
    factors = []
    for size in largest:
        factor = max(1.0, height / size) if size > 0.0 else 1.0
        unit = 10.0 ** np.floor(np.log10(factor))
        factors.append(float(max(step * unit for step in (1, 2, 5) if step * unit <= factor * (1 + 1e-9))))
    return factors


def factor_text(factor: float) -> str:
    return "displacements to scale" if factor == 1.0 else f"displacements × {factor:g}"


def draw_film(run: Run, indices: Sequence[int], folder: Path) -> list[Path]:
    """The film at the outputs ``indices``, one below the other: ``film.png``."""
    states = [state(run, index) for index in indices]
    look = look_at(run, states, together=False)
    return [save(_draw(run, states, look, look.factors), folder / "film.png")]


def film_frames(run: Run, indices: Sequence[int]) -> Iterator[np.ndarray]:
    """The frames of the animation, one output each."""
    states = [state(run, index) for index in indices]
    look = look_at(run, states, together=True)
    for each, factor in zip(states, look.factors, strict=True):
        yield pixels(_draw(run, [each], look, [factor]))


@matplotlib.rc_context(STYLE)
def _draw(run: Run, states: Sequence[State], look: Look, factors: Sequence[float]) -> Figure:
    panel = (WIDTH - 3.2) * (look.top - look.bottom) / look.width
    height = max(2.6, len(states) * (panel + 0.55) + 1.3)
    made = figure(WIDTH, round(10.0 * height) / 10.0)
    axes = made.subplots(len(states), 1, sharex=True, squeeze=False)[:, 0]
    for each, factor, panel in zip(states, factors, axes, strict=True):
        _draw_state(panel, run, each, look, factor)
        panel.set_title(f"{each.text} ({factor_text(factor)})")
        panel.set_ylabel("y (nm)")
    axes[-1].set_xlabel("x (nm)")
    quantity = states[0].quantity
    bars = [(look.colours, quantity.label)]
    if any("damage" in each.interface for each in states):
        bars.append((DAMAGE, "damage of the interface"))
    for scale, label in bars:
        bar = made.colorbar(scale, ax=axes, shrink=0.95, aspect=BAR * height, pad=0.015)
        bar.set_label(label, fontsize=9)
        bar.ax.tick_params(labelsize=9)
    made.suptitle(run.title)
    return made


def _draw_state(axes: Axes, run: Run, each: State, look: Look, factor: float) -> None:
    deformed = each.points + factor * each.displacement
    for sign in (1.0, -1.0) if run.mirrored else (1.0,):
        add_layers(axes, each, deformed * (sign, 1.0, 1.0), look.colours)
        if "damage" in each.interface:
            _draw_damage(axes, each, look, sign)
    for layer in run.mesh.get("layers", []):
        if layer.get("rigid"):
            low, high = layer["bottom"] / NANOMETRE, layer["top"] / NANOMETRE
            axes.add_patch(Rectangle((look.left, low), look.width, high - low, facecolor=METAL, zorder=0))
    axes.set(xlim=(look.left, look.right), ylim=(look.bottom, look.top), aspect="equal")
    axes.locator_params(axis="y", nbins=4)


def add_layers(axes: Axes, each: State, deformed: np.ndarray, scale: ScalarMappable) -> None:
    """The field of a state on its mesh with nodes at ``deformed`` (n, 3), and the outlines of the layers."""
    mesh = Triangulation(deformed[:, 0], deformed[:, 1], each.cells)
    axes.tripcolor(mesh, each.values, cmap=scale.cmap, norm=scale.norm, shading="gouraud", zorder=2)
    axes.add_collection(outline(each, deformed))


def outline(each: State, deformed: np.ndarray) -> LineCollection:
    """The outlines of the layers with the nodes of the mesh at ``deformed`` (n, 3), without what lies on
    x = 0: a plane of symmetry, or the edge of the picture."""
    edges = deformed[each.border()][:, :, :2]
    edges = edges[np.abs(edges[:, :, 0]).max(axis=1) > 1e-6]
    return LineCollection(edges, colors="0.15", linewidths=0.6, zorder=3)


def _draw_damage(axes: Axes, each: State, look: Look, sign: float) -> None:
    """A strip just below every interface, where it was before loading."""
    for number in np.unique(each.interface["interface"]):
        here = each.interface["interface"] == number
        points, damage = each.interface["points"][here], each.interface["damage"][here]
        order = np.argsort(points[:, 0])
        x, y = sign * points[order, 0], points[order, 1]
        ends = np.concatenate([x[:1], (x[1:] + x[:-1]) / 2.0, x[-1:]])
        top, bottom = (np.full_like(ends, y.mean() - part * STRIP * look.width) for part in (0.15, 1.15))
        corners = [(ends[:-1], bottom[1:]), (ends[1:], bottom[1:]), (ends[1:], top[1:]), (ends[:-1], top[1:])]
        quads = np.stack([np.column_stack(corner) for corner in corners], axis=1)
        shades = DAMAGE.to_rgba(damage[order])
        axes.add_collection(
            PolyCollection(quads, facecolors=shades, edgecolors=shades, linewidths=0.3, zorder=4)
        )
