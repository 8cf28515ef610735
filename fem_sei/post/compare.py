"""Several runs in one figure: curves, fronts at equal charge, maps on one colour scale."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np

from fem_sei.post.growth import draw_growths
from fem_sei.post.load import draw_loads
from fem_sei.post.open import Run, RunError, make_folder, open_run
from fem_sei.post.pictures import FILES as MAP_FILES
from fem_sei.post.pictures import Panel, add_colour_bar, colour_scale, moment_text, name_layers, panel_grid
from fem_sei.post.plots import draw_histories, profiles_figure
from fem_sei.post.scene import front_profile, scene, union, view_of
from fem_sei.post.style import COLOURS, COULOMB_PER_MAH, FIELDS, STYLE, figure, save, tidy

PIXELS = 500
MOMENTS = (0.25, 1.0)  # rows of the maps, in parts of the charge that all the runs have reached

LOAD_OR_GROWTH = {"delamination": draw_loads, "film_growth": draw_growths}  # studies compared in one figure

log = logging.getLogger(__name__)


def compare(runs: Sequence[Path], out: Path) -> list[Path]:
    """Draw the runs together into the folder ``out`` and return the files. Raises RunError.

    A folder of kind "variants" stands for all its variants.
    """
    opened = [open_run(path) for path in runs]
    single = [run for entry in opened for run in (entry.variants or [entry]) if run.manifest["kind"] == "run"]
    if len(single) < 2:
        raise RunError("nothing to compare: give at least two runs, or one with variants")
    titles = list(dict.fromkeys(run.manifest.get("title") or run.label for run in single))
    studies = sorted({run.study for run in single})
    if len(studies) > 1:
        raise RunError(f"nothing to compare: these are runs of different studies, {' and '.join(studies)}")
    if studies[0] in LOAD_OR_GROWTH:
        make_folder(out)
        return LOAD_OR_GROWTH[studies[0]](with_distinct_labels(single), out, " / ".join(titles))
    return draw_comparison(single, out, " / ".join(titles))


def draw_comparison(runs: Sequence[Run], folder: Path, title: str) -> list[Path]:
    """All comparisons that the runs have the results for; ``compare_*.png`` in ``folder``."""
    make_folder(folder)
    runs = with_distinct_labels(runs)
    written = draw_histories(runs, folder, "compare", title)
    drawable = [run for run in runs if run.outputs]
    for left_out in (run for run in runs if not run.outputs):
        log.warning("%s has no field output yet: it is not in the pictures", left_out.path)
    planes = [run for run in drawable if run.dimension > 1]
    lines = [run for run in drawable if run.dimension == 1]
    if len(planes) > 1:
        written += _draw_maps(planes, folder, title)
        written += _draw_fronts(planes, folder, title)
    if len(lines) > 1:
        written += _draw_profiles(lines, folder, title)
    return written


def at_equal_charge(runs: Sequence[Run], part: float) -> list[int]:
    """For each run its field output nearest to ``part`` of the charge that all of them have reached."""
    reached = [run.charges[np.argmax(np.abs(run.charges))] for run in runs]
    target = part * min(reached, key=abs)
    return [int(np.argmin(np.abs(run.charges - target))) for run in runs]


def with_distinct_labels(runs: Sequence[Run]) -> list[Run]:
    """The runs, those with equal labels named after their folders as well."""
    counts = Counter(run.label for run in runs)
    return [
        replace(run, manifest={**run.manifest, "variant": f"{run.path.parent.name}/{run.path.name}"})
        if counts[run.label] > 1
        else run
        for run in runs
    ]


@matplotlib.rc_context(STYLE)
def _draw_maps(runs: Sequence[Run], folder: Path, title: str) -> list[Path]:
    """A row per moment, a column per run, one picture per field."""
    views = [view_of(run) for run in runs]
    rows = [
        [scene(run, index, view, PIXELS) for run, index, view in zip(runs, indices, views, strict=True)]
        for indices in (at_equal_charge(runs, part) for part in MOMENTS)
    ]
    moments = [moment for row in rows for moment in row]
    shown = union(views)
    written = []
    for field in FIELDS:
        if not all(field in moment.fields for moment in moments):
            continue
        made, axes = panel_grid(len(rows), len(runs), shown)
        colours = colour_scale(field, moments)
        for panels, row in zip(axes, rows, strict=True):
            for panel, run, moment in zip(panels, runs, row, strict=True):
                Panel(panel, run, shown, field, colours).show(moment)
                name = f"{run.label}\n" if panel in axes[0] else ""
                panel.set_title(name + moment_text(moment))
            name_layers(panels[-1], runs[-1], shown)
        add_colour_bar(made, colours, axes, field)
        made.suptitle(title)
        written.append(save(made, folder / f"compare_{MAP_FILES[field]}"))
    return written


@matplotlib.rc_context(STYLE)
def _draw_fronts(runs: Sequence[Run], folder: Path, title: str) -> list[Path]:
    """Fronts of all runs at the largest charge that all have reached, and the concentration along them."""
    made = figure(7.0, 6.8)
    shape, salt = made.subplots(2, 1, sharex=True)
    start = front_profile(runs[0], 0)
    shape.plot(start.x, start.y, color="0.5", linestyle=":", label="at the start")
    indices = at_equal_charge(runs, 1.0)
    for row, (run, index) in enumerate(zip(runs, indices, strict=True)):
        profile = front_profile(run, index)
        shape.plot(profile.x, profile.y, color=COLOURS[row % len(COLOURS)], label=run.label)
        salt.plot(profile.x, FIELDS["c"].factor * profile.c, color=COLOURS[row % len(COLOURS)])
    charge = np.mean([run.charges[index] for run, index in zip(runs, indices, strict=True)])
    shape.set(ylabel="height of the front (µm)", title=f"after {charge / COULOMB_PER_MAH:.3g} mAh/cm²")
    salt.set(xlabel="x (µm)", ylabel="salt concentration\nat the front (mol/L)")
    for axes in (shape, salt):
        tidy(axes)
        axes.margins(x=0.0)
    made.legend(loc="outside lower center", ncols=min(len(runs) + 1, 5))
    made.suptitle(title)
    return [save(made, folder / "compare_front.png")]


@matplotlib.rc_context(STYLE)
def _draw_profiles(runs: Sequence[Run], folder: Path, title: str) -> list[Path]:
    """Profiles of one-dimensional runs at the largest charge that all have reached."""
    indices = at_equal_charge(runs, 1.0)
    curves = [(run, index, run.label) for run, index in zip(runs, indices, strict=True)]
    made = profiles_figure(curves, COLOURS, "run")
    made.suptitle(title)
    return [save(made, folder / "compare_profiles.png")]
