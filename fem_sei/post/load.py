"""Curves of delamination: load, energies and debonding over the opening, of one run or of several."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes

from fem_sei.post.debonding import at_step, critical_pressure, given_pressure, load_column, marked
from fem_sei.post.open import Run
from fem_sei.post.plots import Curves
from fem_sei.post.style import COLOURS, MEGAPASCAL, STYLE, figure, prefixed, save, tidy

LOADS = {"pressure": "pressure in the flaw", "reaction": "reaction"}
ENERGIES = {
    "external_work": ("work of the load", "0.4", "--"),
    "elastic_energy": ("elastic, layers", COLOURS[0], "-"),
    "interface_energy": ("elastic, interface", COLOURS[5], "-"),
    "dissipated_energy": ("dissipated", COLOURS[1], "-"),
    "viscous_energy": ("viscous", COLOURS[3], "-"),
}
DEBONDING = {
    "debonded": ("failed beyond the flaw", COLOURS[1], "-"),
    "process_zone": ("process zone", COLOURS[2], "-"),
}
QUALITY = (
    Curves("load factor", "", {"load_factor": ""}),
    Curves("largest traction", "Pa", {"max_traction": ""}),
    Curves("iterations of a step", "", {"newton_iterations": "Newton", "linear_iterations": "linear"}),
    Curves("relative work balance error", "", {"work_balance": ""}, logarithmic=True),
)


@matplotlib.rc_context(STYLE)
def draw_load(run: Run, folder: Path) -> list[Path]:
    """Load with critical and given pressure, energies and debonding over the opening: ``load.png``."""
    if not len(run.history.get("opening", ())):
        return []
    made = figure(13.5, 4.4)
    load, energies, debonding = made.subplots(1, 3)
    unit, factor = prefixed(run.history["opening"], "m")
    _add_load(load, run, unit, factor)
    _add_columns(energies, run, ENERGIES, "energy", factor)
    _add_columns(debonding, run, DEBONDING, "debonding along the interface", factor)
    for axes in (load, energies, debonding):
        axes.set_xlabel(f"opening of the flaw ({unit})")
    made.suptitle(run.title)
    return [save(made, folder / "load.png")]


def _add_load(axes: Axes, run: Run, unit: str, factor: float) -> None:
    column = load_column([run])
    load_unit, load_factor = prefixed(run.history.get(column, []), run.history.units.get(column, ""))
    add_curve(axes, run, column, factor, load_factor, color=COLOURS[0])
    axes.set_ylabel(f"{LOADS[column]} ({load_unit})")
    if column == "pressure":
        critical, given = critical_pressure(run), given_pressure(run)
        if critical is not None:
            text = f"critical: {critical / MEGAPASCAL:.4g} MPa"
            axes.axhline(load_factor * critical, color=COLOURS[1], linestyle="--", linewidth=1.2, label=text)
        if given is not None:
            text = f"given: {given / MEGAPASCAL:.4g} MPa"
            axes.axhline(load_factor * given, color=COLOURS[2], linestyle=":", linewidth=1.6, label=text)
    shown = [run.times[index] for index in marked(run)] if run.outputs else []
    x, y = ([at_step(run, name, step) for step in shown] for name in ("opening", column))
    if shown:
        axes.plot(
            factor * np.array(x), load_factor * np.array(y), "o", color="black", label="shown in film.png"
        )
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]), top=1.28 * axes.get_ylim()[1])  # room for the legend
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper right", fontsize=9)
    tidy(axes)


def add_curve(axes: Axes, run: Run, column: str, factor: float, load_factor: float, **look: object) -> None:
    """The load ``column`` over the opening, from the unloaded film on."""
    x, y = (np.append(0.0, run.history[name]) for name in ("opening", column))
    axes.plot(factor * x, load_factor * y, **look)


def _add_columns(
    axes: Axes, run: Run, columns: dict[str, tuple[str, str, str]], label: str, factor: float
) -> None:
    """Columns over the opening, all of the unit of the first; what is zero throughout is left out."""
    there = [name for name in columns if name in run.history and np.nan_to_num(run.history[name]).any()]
    there = [name for name in there if run.history.units[name] == run.history.units[there[0]]]
    if not there:
        axes.text(0.5, 0.5, "none", ha="center", va="center", transform=axes.transAxes, color="0.5")
        axes.set_yticks([])
    else:
        values = np.concatenate([run.history[name] for name in there])
        unit, scale = prefixed(values, run.history.units[there[0]])
        label = f"{label} ({unit})"
    for name in there:
        words, colour, line = columns[name]
        x, y = np.append(0.0, factor * run.history["opening"]), np.append(0.0, scale * run.history[name])
        axes.plot(x, y, color=colour, linestyle=line, label=words)
    axes.set_ylabel(label)
    tidy(axes)
    if there:
        axes.legend(loc="upper left", fontsize=9)


@matplotlib.rc_context(STYLE)
def draw_loads(runs: Sequence[Run], folder: Path, title: str) -> list[Path]:
    """The load curves of several runs in one picture: ``loads.png``."""
    runs = [run for run in runs if len(run.history.get("opening", ()))]
    if not runs:
        return []
    made = figure(8.0, 5.0)
    add_loads(made.subplots(), runs, [run.label for run in runs], [c for c, _ in zip(cycle(COLOURS), runs)])
    made.suptitle(title)
    return [save(made, folder / "loads.png")]


def add_loads(axes: Axes, runs: Sequence[Run], labels: Sequence[str], colours: Sequence[object]) -> None:
    """The load curves of runs on one pair of axes, with a legend beside it."""
    column = load_column(runs)
    unit, factor = prefixed(np.concatenate([run.history["opening"] for run in runs]), "m")
    loads = np.concatenate([run.history.get(column, []) for run in runs])
    load_unit, load_factor = prefixed(loads, runs[0].history.units.get(column, ""))
    for run, label, colour in zip(runs, labels, colours, strict=True):
        if column in run.history:
            add_curve(axes, run, column, factor, load_factor, color=colour, label=label)
    axes.set(xlabel=f"opening of the flaw ({unit})", ylabel=f"{LOADS[column]} ({load_unit})")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=9)
    tidy(axes)
