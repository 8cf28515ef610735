"""The surface of the metal under a growing film: its shape, and the tractions and the current along it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from fem_sei.post.debonding import State, interface, state
from fem_sei.post.film import outline
from fem_sei.post.growth import moment_text
from fem_sei.post.open import Run
from fem_sei.post.style import STYLE, figure, prefixed, save, shades, tidy

PANELS = {
    "traction_n": ("normal traction", "Pa"),
    "traction_t": ("shear traction", "Pa"),
    "current_density": ("current density", "A/m^2"),
    "delta_n": ("opening", "m"),
}
LEAST_OPENING = 1e-12  # m: less is the give of the cohesive law
FILM = "0.9"
PLAIN = (-3, 5)  # powers of ten between which numbers are written in full: stresses are in MPa
ABOVE = 2.0  # times the heights of the surfaces, most of the film that is shown above them


@dataclass(frozen=True, eq=False)
class Surface:
    """The surface at one output: nodes along x, before growth and now (n, 3) in nm, fields (n,) in SI."""

    text: str
    before: np.ndarray
    now: np.ndarray
    fields: dict[str, np.ndarray]


def surface(run: Run, index: int) -> Surface | None:
    """The surface at field output ``index``, if it was written."""
    time = run.times[index]
    found = interface(run, time)
    if "displacement" not in found:
        return None
    order = np.argsort(found["points"][:, 0], kind="stable")
    before = found["points"][order]
    fields = {name: found[name][order] for name in PANELS if name in found}
    return Surface(moment_text(run, time), before, before + 1e9 * found["displacement"][order], fields)


@matplotlib.rc_context(STYLE)
def draw_surface(run: Run, indices: Sequence[int], folder: Path) -> list[Path]:
    """Shapes, after figure 4(e) of Pirayesh et al. (2023), and the tractions that go with them, after 4(f):
    ``surface.png``."""
    states = [one for one in (surface(run, index) for index in indices) if one is not None]
    if not states:
        return []
    names = [name for name in PANELS if all(name in one.fields for one in states)]
    if not any((one.fields.get("delta_n", np.zeros(1)) > LEAST_OPENING).any() for one in states):
        names = [name for name in names if name != "delta_n"]
    made = figure(13.0, max(4.6, 1.9 * len(names) + 0.9))
    left, right = made.subfigures(1, 2)
    shape = left.subplots()
    colours = [(0.0, 0.0, 0.0), *shades(len(states))[1:]]
    _add_film(shape, state(run, indices[-1], ""), states)
    for one, colour in zip(states, colours, strict=True):
        shape.plot(one.now[:, 0], one.now[:, 1], color=colour, label=one.text)
    shape.set(xlabel="x (nm)", ylabel="height (nm)")
    panels = right.subplots(max(len(names), 1), 1, sharex=True, squeeze=False)[:, 0]
    for name, axes in zip(names, panels, strict=False):
        words, si = PANELS[name]
        unit, factor = prefixed(np.concatenate([one.fields[name] for one in states]), si)
        for one, colour in zip(states, colours, strict=True):
            values = factor * one.fields[name]
            axes.plot(one.now[:, 0], values, color=colour, linewidth=0.6, alpha=0.4)
            axes.plot(one.now[:, 0], _without_zigzag(values), color=colour, linewidth=1.4)
        axes.ticklabel_format(axis="y", scilimits=PLAIN)
        axes.set_ylabel(f"{words}\n({unit.replace('^2', '²')})")
        tidy(axes)
        axes.margins(x=0.0)
    panels[-1].set_xlabel("x (nm)")
    panels[0].set_title("lines: mean with the nodes beside; faint: at each node", fontsize=9)
    left.legend(
        *shape.get_legend_handles_labels(), loc="outside lower center", ncols=5, fontsize=9,
        columnspacing=1.2, handlelength=1.4,
    )  # fmt: skip
    made.suptitle(run.title)
    return [save(made, folder / "surface.png")]


def _without_zigzag(values: np.ndarray) -> np.ndarray:
    """Means with the weights 1/4, 1/2, 1/4, in which values that alternate from node to node cancel: those
    at the ends and in the middle of the edges do so where they change fast. The surface ends at walls of
    symmetry."""
    beyond = np.pad(values, 1, mode="reflect")
    return (beyond[:-2] + 2.0 * beyond[1:-1] + beyond[2:]) / 4.0


def _add_film(axes: Axes, film: State, surfaces: Sequence[Surface]) -> None:
    """The outlines of the layers; of a thick film only its lower part is shown."""
    deformed = film.points + film.displacement
    cells = deformed[film.cells][:, :, :2]
    shade = {"facecolors": FILM, "edgecolors": FILM, "linewidths": 0.3, "zorder": 0}
    axes.add_collection(PolyCollection(cells, label="film at the end", **shade))
    axes.add_collection(outline(film, deformed))
    heights = np.concatenate([one.now[:, 1] for one in surfaces])
    low, high = heights.min(), heights.max()
    top = min(deformed[:, 1].max(), high + ABOVE * (high - low))
    room = 0.05 * (top - low)
    axes.set(xlim=(deformed[:, 0].min(), deformed[:, 0].max()), ylim=(low - room, top + room))
