"""What a sweep of film_growth runs shows: smoothing against damage, and the film to choose."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from fem_sei.post.axes import LINES, MARKERS, Abscissa, first_and_others, number, plane
from fem_sei.post.growth import NANOMETRE, initial_amplitude, may_open
from fem_sei.post.maps import Map, draw_map
from fem_sei.post.open import Run, read_summary
from fem_sei.post.style import COLOURS, MEGAPASCAL, STYLE, figure, save, tidy

MOST_DAMAGE = 0.01  # of the energy: a film with more is not recommended
AS_GOOD = 0.1  # of the height at the start: bumps that are this much higher than the best are in the window
UNDAMAGED = 1e-6  # less damage is drawn as this


@dataclass(frozen=True)
class Design:
    """A row of the table of a sweep: place on the first axis, the curve it belongs to, results in SI."""

    name: str
    word: str  # the place as it was written
    place: float
    curve: str
    done: bool
    ratio: float  # height of the tip over the far field, at the end / at the start; negative: a dip
    damage: float
    onset: float  # mean growth at the onset of damage, nan if there was none
    thickness: float  # mean growth at the end
    lowest: float  # height of the tip over the lowest point at the end / over the far field at the start
    compression: float
    tension: float

    @property
    def safe(self) -> bool:
        return self.done and self.damage <= MOST_DAMAGE and np.isfinite(self.left)

    @property
    def left(self) -> float:
        """How uneven the surface is at the end: a bump in a moat is not smooth, nor is a dip."""
        return float(np.fmax(abs(self.ratio), self.lowest))


def best(designs: Sequence[Design]) -> Design | None:
    """The recommended film: of those that reached the end with at most ``MOST_DAMAGE`` the one whose
    surface is the least uneven."""
    return min((one for one in designs if one.safe), key=lambda one: one.left, default=None)


def window(designs: Sequence[Design]) -> list[Design]:
    """The films around the best one, in the order of their places, that are safe as well and leave at most
    ``AS_GOOD`` of the initial height more than it does."""
    chosen = best(designs)
    if chosen is None:
        return []
    designs = sorted(designs, key=lambda one: one.place)
    good = [one.safe and one.left <= chosen.left + AS_GOOD for one in designs]
    first = last = designs.index(chosen)
    while first > 0 and good[first - 1]:
        first -= 1
    while last + 1 < len(good) and good[last + 1]:
        last += 1
    return designs[first : last + 1]


def draw_design(runs: Run, folder: Path) -> list[Path]:
    """``design.png`` and ``window.csv`` if the variants are those of a sweep, ``map.png`` if it has two axes
    of numbers."""
    rows, _ = read_summary(runs.path / "summary.csv")
    axes = [axis for axis in runs.manifest.get("axes", []) if rows and axis in rows[0]]
    if not axes:
        return []
    first, abscissa, others = first_and_others(axes, rows)
    measured = {run.path.name: _measured(run) for run in runs.variants}
    nothing = np.nan, np.nan, np.nan
    designs = [_design(row, first, abscissa, others, measured.get(row["name"], nothing)) for row in rows]
    if not any(np.isfinite(one.ratio) for one in designs):
        return []
    designs.sort(key=lambda one: one.place)
    curves = {one.curve: [each for each in designs if each.curve == one.curve] for one in designs}
    cohesive = may_open(runs.variants)
    return [
        _draw_designs(curves, abscissa, ", ".join(others), cohesive, runs.title, folder / "design.png"),
        *_draw_map(designs, rows, axes, cohesive, runs.title, folder),
        _write_windows(curves, first, others, rows, folder / "window.csv"),
    ]


def _measured(run: Run) -> tuple[float, float, float]:
    """Height of the tip over the lowest point at the end, over that above the far field at the start; largest
    compression and tension (Pa) at any time."""
    if not len(run.history.get("amplitude_far", ())):
        return np.nan, np.nan, np.nan
    history, first = run.history, initial_amplitude(run)
    lowest = history["amplitude_lowest"][-1] / first if first else np.nan
    return float(lowest), float(history["peak_compression"].min()), float(history["peak_tension"].max())


def _design(
    row: Mapping[str, str],
    first: str,
    abscissa: Abscissa,
    others: Sequence[str],
    measured: tuple[float, float, float],
) -> Design:
    names = ("amplitude_ratio", "max_damage", "onset_thickness", "grown")
    results = [number(row.get(name)) for name in names]
    curve, done = ", ".join(row[axis] for axis in others), row["status"] == "done"
    return Design(row["name"], row[first], abscissa.values[row[first]], curve, done, *results, *measured)


@matplotlib.rc_context(STYLE)
def _draw_designs(
    curves: Mapping[str, Sequence[Design]],
    abscissa: Abscissa,
    legend: str,
    cohesive: bool,
    title: str,
    file: Path,
) -> Path:
    """What is left of the bump over the first axis, and beside it the damage and when it began, or, of films
    that cannot come off, the largest tractions."""
    made = figure(15.0 if cohesive else 11.5, 5.8)
    left, *others = made.subplots(1, 3 if cohesive else 2)
    handles = []
    for row, (curve, designs) in enumerate(curves.items()):
        look = {
            "color": COLOURS[row % len(COLOURS)],
            "marker": MARKERS[row % len(MARKERS)],
            "linestyle": LINES[row % len(LINES)],
            "markersize": max(8.0 - row, 5.0),  # where curves are the same all of them are seen
        }
        _add(left, designs, [one.ratio for one in designs], look)
        places, lowest = np.array([(one.place, one.lowest) for one in designs]).T
        left.plot(places, lowest, color=look["color"], linestyle=":", linewidth=1.4)
        if cohesive:
            _add(others[0], designs, [max(one.damage, UNDAMAGED) for one in designs], look)
            _add(others[1], designs, [one.onset / NANOMETRE for one in designs], look)
        else:
            _add(others[0], designs, [one.compression / MEGAPASCAL for one in designs], look)
            _add(
                others[0],
                designs,
                [one.tension / MEGAPASCAL for one in designs],
                look | {"fillstyle": "none"},
            )
        chosen = best(designs)
        if chosen is not None:
            size = max(22.0 - 3.0 * row, 13.0)
            left.plot(chosen.place, chosen.ratio, "o", markersize=size, fillstyle="none", color=look["color"])
        if len(curves) > 1:
            handles.append(Line2D([], [], **look, label=f"{legend} {curve}"))
    left.set_ylabel("height of the bump at the end / at the start\n(tip − far field; dotted: tip − lowest)")
    if cohesive:
        _label_damage(*others, np.nanmax([one.thickness for designs in curves.values() for one in designs]))
    else:
        others[0].set_ylabel("normal traction (MPa):\nlargest compression (filled), tension (open)")
    for axes in (left, *others):
        tidy(axes)
        axes.margins(x=0.06)
        axes.set_xlabel(abscissa.label)
        if not abscissa.is_number:
            axes.set_xticks(list(abscissa.values.values()), list(abscissa.values))
    ring = {"linestyle": "", "marker": "o", "fillstyle": "none", "color": "0.3"}
    handles.append(Line2D([], [], **ring, markersize=12, label="best film"))
    if cohesive:
        handles.append(Line2D([], [], **ring, label=f"damage above {MOST_DAMAGE:.0%}"))
    made.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 6))
    made.suptitle(f"{title}\n{_verdict([one for designs in curves.values() for one in designs], cohesive)}")
    return save(made, file)


def _add(axes: Axes, designs: Sequence[Design], values: Sequence[float], look: Mapping[str, object]) -> None:
    """A curve whose points are hollow where the film is damaged too much."""
    places = np.array([one.place for one in designs])
    values, safe = np.array(values), np.array([one.safe for one in designs])
    axes.plot(places, values, **(dict(look) | {"marker": ""}))
    points = dict(look) | {"linestyle": ""}
    axes.plot(places[safe], values[safe], **points)
    axes.plot(places[~safe], values[~safe], **(points | {"fillstyle": "none", "markeredgewidth": 1.6}))


def _label_damage(damage: Axes, onset: Axes, thickness: float) -> None:
    damage.set_yscale("log")
    damage.set_ylim(UNDAMAGED / 2.0, max(2.0 * MOST_DAMAGE, damage.get_ylim()[1]))
    damage.axhline(MOST_DAMAGE, color="0.3", linestyle=":", linewidth=1.4)
    damage.set_ylabel(f"largest damage (of energy) at the end\n({UNDAMAGED:g}: none; dotted: allowed)")
    onset.axhline(thickness / NANOMETRE, color="0.3", linestyle=":", linewidth=1.4)
    onset.set_ylim(0.0, 1.08 * thickness / NANOMETRE)
    onset.set_ylabel("mean growth when damage begins (nm)\n(dotted: end of the runs)")


def _verdict(designs: Sequence[Design], cohesive: bool) -> str:
    chosen = best(designs)
    if chosen is None:
        return f"no film reaches the end with at most {MOST_DAMAGE:.0%} damage"
    left = f"tip − far field {chosen.ratio:.3g}, tip − lowest {chosen.lowest:.3g} of the initial height"
    damage = f", damage {chosen.damage:.2g} (at most {MOST_DAMAGE:.0%} allowed)" if cohesive else ""
    return f"recommended: {chosen.name}, {left}{damage}"


def _draw_map(
    designs: Sequence[Design],
    rows: Sequence[Mapping[str, str]],
    axes: Sequence[str],
    cohesive: bool,
    title: str,
    folder: Path,
) -> list[Path]:
    """What is left of the bump over two axes, with the line of the most damage that is allowed."""
    places = plane(axes, rows)
    by_name = {one.name: one for one in designs}
    ratios, damages = np.array([(by_name[row["name"]].ratio, by_name[row["name"]].damage) for row in rows]).T
    if places is None or not np.isfinite(ratios).any():
        return []
    x, y, *labels = places
    damages = np.log10(np.maximum(damages, UNDAMAGED))
    line = (float(np.log10(MOST_DAMAGE)), f"damage {MOST_DAMAGE:.0%}") if cohesive else None
    found = Map(x, y, ratios, (*labels, "height of the bump at the end / at the start"), line, damages)
    return [draw_map(found, title, folder / "map.png")]


def _write_windows(
    curves: Mapping[str, Sequence[Design]],
    first: str,
    others: Sequence[str],
    rows: Sequence[Mapping[str, str]],
    file: Path,
) -> Path:
    """For each value of the other axes the best film and the window around it; empty where none is safe."""
    words = {", ".join(row[axis] for axis in others): [row[axis] for axis in others] for row in rows}
    with open(file, "w", encoding="utf-8", newline="") as opened:
        table = csv.writer(opened)
        table.writerow(
            [*others, f"best_{first}", "amplitude_ratio", "tip_over_lowest", "max_damage", "from", "to"]
        )
        for curve, designs in curves.items():
            chosen, good = best(designs), window(designs)
            found = [""] * 6
            if chosen is not None:
                values = [repr(value) for value in (chosen.ratio, chosen.lowest, chosen.damage)]
                found = [chosen.word, *values, good[0].word, good[-1].word]
            table.writerow([*words[curve], *found])
    return file
