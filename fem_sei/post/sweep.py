"""What a sweep of delamination runs shows: opening and critical pressure over an axis, all load curves."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from fem_sei.post.axes import LINES, MARKERS, Abscissa, first_and_others, number, plane
from fem_sei.post.load import add_loads, draw_loads
from fem_sei.post.maps import Map, draw_map
from fem_sei.post.open import Run, read_summary
from fem_sei.post.style import COLOURS, MEGAPASCAL, STYLE, figure, save, shades, tidy

STANDS, DETACHED = "equilibrium", "delaminates"
BAND = 0.16  # of the height of the panel, for the films that come off

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Film:
    """A row of the table of a sweep: place on the first axis, the curve it belongs to, results in SI."""

    name: str
    place: float
    curve: str
    outcome: str
    opening: float  # normalised
    critical: float  # Pa
    given: float  # Pa


def draw_sweep(runs: Run, folder: Path) -> list[Path]:
    """``sweep.png`` if the variants are those of a sweep, ``map.png`` if it has two numeric axes, and the
    load curves: ``loads.png``."""
    rows, _ = read_summary(runs.path / "summary.csv")
    axes = [axis for axis in runs.manifest.get("axes", []) if rows and axis in rows[0]]
    if not axes:
        return draw_loads(runs.variants, folder, runs.title)
    first, abscissa, others = first_and_others(axes, rows)
    films = [_film(row, abscissa.values[row[first]], others) for row in rows]
    films.sort(key=lambda film: film.place)
    return [
        *_draw_films(films, abscissa, folder, runs.title),
        *_draw_map(rows, axes, folder, runs.title),
        *_draw_loads(runs, films, {row["name"]: row[first] for row in rows}, folder),
    ]


def _draw_map(rows: Sequence[Mapping[str, str]], axes: Sequence[str], folder: Path, title: str) -> list[Path]:
    """The critical pressure over two numeric axes, with the contour of the given pressure: films beyond it
    come off."""
    places = plane(axes, rows)
    if places is None:
        return []
    critical, given = (
        np.array([number(row.get(key)) for row in rows]) / MEGAPASCAL
        for key in ("critical_pressure", "pressure")
    )
    if not np.isfinite(critical).any():
        return []
    line = (given[0], f"given: {given[0]:g} MPa") if len(set(given)) == 1 else None
    x, y, *labels = places
    found = Map(x, y, critical, (*labels, "critical pressure (MPa)"), line)
    return [draw_map(found, title, folder / "map.png")]


def _film(row: Mapping[str, str], place: float, others: Sequence[str]) -> Film:
    curve = ", ".join(row[axis] for axis in others)
    numbers = [number(row.get(key)) for key in ("normalised_opening", "critical_pressure", "pressure")]
    return Film(row["name"], place, curve, row.get("outcome") or row["status"], *numbers)


@matplotlib.rc_context(STYLE)
def _draw_films(films: Sequence[Film], abscissa: Abscissa, folder: Path, title: str) -> list[Path]:
    """Opening at the given pressure over film thickness, after figure 4(b) of Pirayesh et al. (2023)
    ("dendrite length at equilibrium"), and the pressure that each film bears beside the given one."""
    curves = list(dict.fromkeys(film.curve for film in films))
    made = figure(11.5, 4.8)
    left, right = made.subplots(1, 2)
    for row, curve in enumerate(curves):
        mine = [film for film in films if film.curve == curve]
        look = {"color": COLOURS[row % len(COLOURS)], "marker": MARKERS[row % len(MARKERS)]}
        standing = [film for film in mine if film.outcome == STANDS]
        left.plot([f.place for f in standing], [f.opening for f in standing], label=curve or None, **look)
        known = [film for film in mine if np.isfinite(film.critical)]
        right.plot(
            [f.place for f in known],
            [f.critical / MEGAPASCAL for f in known],
            label=curve or None,
            linestyle=LINES[row % len(LINES)],  # the pressures of several curves may be the same
            **look,
        )
        right.plot(
            [f.place for f in mine], [f.given / MEGAPASCAL for f in mine], color=look["color"], linestyle=":"
        )
    left.set_ylim(bottom=0.0)
    _mark_detached(left, films, curves)
    left.set_ylabel("opening at the given pressure / thickness")
    right.set_ylim(bottom=0.0)
    right.set_ylabel("pressure (MPa)")
    for axes in (left, right):
        tidy(axes)
        axes.margins(x=0.06)
        axes.set_xlabel(abscissa.label)
        if not abscissa.is_number:
            axes.set_xticks(list(abscissa.values.values()), list(abscissa.values))
    handles = [*right.get_legend_handles_labels()[0]]
    handles += [
        Line2D([], [], color="0.3", label="critical pressure"),
        Line2D([], [], color="0.3", linestyle=":", label="given pressure"),
    ]
    right.legend(handles=handles, loc="best", fontsize=9)
    if len(curves) > 1:
        left.legend(fontsize=9, loc="center right")
    made.suptitle(title)
    return [save(made, folder / "sweep.png")]


def _mark_detached(axes: Axes, films: Sequence[Film], curves: Sequence[str]) -> None:
    """Films without an equilibrium, in a band at the top of the panel."""
    detached = [film for film in films if film.outcome == DETACHED]
    for film in films:
        if film.outcome not in (STANDS, DETACHED):
            log.warning("%s is not in sweep.png: %s", film.name, film.outcome)
    if not detached:
        return
    top = axes.get_ylim()[1]
    axes.set_ylim(0.0, top / (1.0 - BAND))
    axes.axhspan(top, top / (1.0 - BAND), color="0.93", zorder=0)
    axes.text(0.98, 1.0 - BAND / 2, "no equilibrium:\nthe film comes off", transform=axes.transAxes,
              ha="right", va="center", fontsize=9, color="0.3")  # fmt: skip
    for row, curve in enumerate(curves):
        look = {"color": COLOURS[row % len(COLOURS)], "marker": MARKERS[row % len(MARKERS)]}
        height = top / (1.0 - BAND) * (1.0 - BAND * (row + 1) / (len(curves) + 1))
        places = [film.place for film in detached if film.curve == curve]
        axes.plot(
            places,
            [height] * len(places),
            linestyle="",
            markersize=7,
            fillstyle="none",
            markeredgewidth=1.8,
            **look,
        )


@matplotlib.rc_context(STYLE)
def _draw_loads(runs: Run, films: Sequence[Film], places: Mapping[str, str], folder: Path) -> list[Path]:
    """The load curves, a panel for each curve of ``sweep.png``."""
    by_name = {run.path.name: run for run in runs.variants if len(run.history.get("opening", ()))}
    films = [film for film in films if film.name in by_name]
    curves = list(dict.fromkeys(film.curve for film in films))
    if not curves:
        return []
    made = figure(5.4 * len(curves) + 0.6, 4.6)
    panels = made.subplots(1, len(curves), sharey=True, squeeze=False)[0]
    for curve, axes in zip(curves, panels, strict=True):
        mine = [film for film in films if film.curve == curve]
        labels = [places[film.name] for film in mine]
        add_loads(axes, [by_name[film.name] for film in mine], labels, shades(len(mine)))
        axes.set_title(curve)
    made.suptitle(runs.title)
    return [save(made, folder / "loads.png")]
