"""Curves of the history of one run or of several, and profiles of one-dimensional runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from textwrap import fill

import matplotlib
import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from fem_sei.post.open import Run
from fem_sei.post.style import (
    COLOURS,
    COULOMB_PER_MAH,
    FIELDS,
    STYLE,
    figure,
    length_unit,
    prefixed,
    save,
    shades,
    tidy,
    time_text,
    time_unit,
)

LINES = ("-", "--", ":")  # of the columns of one panel, where colours tell the runs apart
LINES_OF_ONE_RUN = ("-", "-", "--")
LABEL = 22  # characters in a line of a label


@dataclass(frozen=True)
class Curves:
    """A panel: its label, the unit of its columns (as in the table), the columns and what each is called."""

    label: str
    unit: str
    columns: dict[str, str]
    logarithmic: bool = False


VOLTAGE = Curves("cell voltage", "V", {"cell_voltage": ""})
CURRENT = Curves("current density", "A/m^2", {"current_density": ""})
TIP = Curves("position of the front", "m", {"tip": ""})
HEIGHTS = Curves("height of the metal", "m", {"tip": "tip", "valley": "valley"})
ROUGHNESS = Curves("roughness (tip - valley)", "m", {"roughness": ""})
SALT = Curves(
    "salt concentration", "mol/m^3", {"c_tip": "at the tip", "c_valley": "in the valley", "c_min": "lowest"}
)
SALT_AT_FRONT = Curves("salt concentration at the front", "mol/m^3", {"c_tip": ""})
QUALITY = (
    Curves("time step", "s", {"dt": ""}, logarithmic=True),
    Curves("iterations of a step", "", {"newton_iterations": "Newton", "linear_iterations": "linear"}),
    Curves("relative balance error", "", {"charge_balance": "charge", "salt_balance": "salt"}, True),
    Curves("interface width / planar width", "", {"profile_width": ""}),
)


def draw_histories(runs: Sequence[Run], folder: Path, stem: str, title: str) -> list[Path]:
    """Voltage (or current), front and salt over charge and over time: ``stem_charge.png``, ``stem_time.png``.

    Several runs get a colour each; the curves of one run get a colour each.
    """
    runs = [run for run in runs if len(run.history.get("time", ()))]
    if not runs:
        return []
    driven = VOLTAGE if any(_is_driven_by_current(run) for run in runs) else CURRENT
    flat = all(run.dimension == 1 for run in runs)
    panels = (driven, TIP, SALT_AT_FRONT) if flat else (driven, HEIGHTS, ROUGHNESS, SALT)
    return [
        save(curves_figure(runs, panels, over, title), folder / f"{stem}_{over}.png")
        for over in ("charge", "time")
    ]


def draw_quality(run: Run, folder: Path, panels: Sequence[Curves] = QUALITY) -> list[Path]:
    """Step sizes, iterations, balances and interface width over the steps: ``numerics.png``."""
    if not len(run.history.get("step", ())):
        return []
    return [save(curves_figure([run], panels, "step", run.title), folder / "numerics.png")]


@matplotlib.rc_context(STYLE)
def draw_profiles(run: Run, indices: Sequence[int], folder: Path) -> list[Path]:
    """Order parameter, concentration and potential over x at several times of a one-dimensional run."""
    colours = shades(len(indices))
    curves = [(run, index, time_text(run.times[index])) for index in indices]
    made = profiles_figure(curves, colours, "time")
    made.suptitle(run.title)
    return [save(made, folder / "profiles.png")]


def profiles_figure(curves: Sequence[tuple[Run, int, str]], colours: Sequence, legend: str) -> Figure:
    """Profiles over x of (run, number of its field output, name in the legend)."""
    datasets = [run.fields(index=index) for run, index, _ in curves]
    fields = [name for name in FIELDS if all(name in dataset.point_data for dataset in datasets)]
    made = figure(7.5, 2.2 * (len(fields) + 1) + 0.6)
    order, *others = made.subplots(len(fields) + 1, 1, sharex=True)
    for (_, _, name), dataset, colour in zip(curves, datasets, cycle(colours), strict=False):
        along = np.argsort(dataset.points[:, 0])
        x, xi = dataset.points[along, 0], np.asarray(dataset["xi"])[along]
        order.plot(x, xi, color=colour, label=name)
        for field, axes in zip(fields, others, strict=True):
            values = FIELDS[field].factor * np.asarray(dataset[field])[along]
            axes.plot(x, np.where(xi < 0.5, values, np.nan), color=colour)  # has no meaning in the metal
    order.set_ylabel("order parameter\n(1 metal)")
    order.legend(title=legend, loc="center left", bbox_to_anchor=(1.0, 0.5))
    for field, axes in zip(fields, others, strict=True):
        axes.set_ylabel(fill(FIELDS[field].label, LABEL))
    others[-1].set_xlabel("x (µm)")
    for axes in (order, *others):
        tidy(axes)
        axes.margins(x=0.0)
    _mark_layers(curves[0][0], [order, *others])
    return made


def _mark_layers(run: Run, axes: Sequence[Axes]) -> None:
    """Lines between the layers, and the names of the layers above the first panel."""
    for name, low, high in run.layers:
        axes[0].annotate(
            name, ((low + high) / 2.0, 1.0), (0, 4), xycoords=("data", "axes fraction"),
            textcoords="offset points", ha="center", fontsize=9, color="0.3",
        )  # fmt: skip
    for _, _, boundary in run.layers[1:-1]:
        for panel in axes:
            panel.axvline(boundary, color="0.4", linewidth=0.8, linestyle=(0, (5, 3)))


@matplotlib.rc_context(STYLE)
def curves_figure(runs: Sequence[Run], panels: Sequence[Curves], over: str, title: str) -> Figure:
    """A panel for each of ``panels`` over a column of the history: charge, time, step or thickness."""
    columns = {4: 2, 6: 3}.get(len(panels), len(panels))
    rows = len(panels) // columns
    made = figure(5.2 * columns, 3.2 * rows + 0.8)
    grid = made.subplots(rows, columns, sharex=True, squeeze=False)
    colours = COLOURS if len(runs) <= len(COLOURS) else colormaps["turbo"](np.linspace(0.02, 0.98, len(runs)))
    word, factor = _abscissa(runs, over)
    for curves, axes in zip(panels, grid.flat, strict=True):
        _draw_panel(axes, runs, colours, curves, over, factor)
    for axes in grid[-1]:
        axes.set_xlabel(word)
    if over == "charge":
        for axes in grid[0]:
            convert = (lambda charge: charge / COULOMB_PER_MAH, lambda charge: charge * COULOMB_PER_MAH)
            second = axes.secondary_xaxis("top", functions=convert)
            second.set_xlabel("charge (mAh/cm²)")
            second.xaxis.set_major_locator(MaxNLocator(5))
    if len(runs) > 1:
        handles = [
            Line2D([], [], color=colour, label=run.label) for run, colour in zip(runs, colours, strict=False)
        ]
        made.legend(handles=handles, loc="outside lower center", ncols=min(len(runs), 5), fontsize=11)
    made.suptitle(title)
    return made


def _draw_panel(
    axes: Axes, runs: Sequence[Run], colours: Sequence, curves: Curves, over: str, factor: float
) -> None:
    unit, scale = _shown_unit(runs, curves)
    several = len(runs) > 1
    looks = [
        {
            "color": "0.3" if several else COLOURS[line],
            "linestyle": (LINES if several else LINES_OF_ONE_RUN)[line],
        }
        for line in range(len(curves.columns))
    ]
    for run, colour in zip(runs, colours, strict=False):
        for column, look in zip(curves.columns, looks, strict=True):
            if column not in run.history:
                continue
            values = scale * run.history[column]
            axes.plot(
                factor * run.history[over],
                _loggable(values) if curves.logarithmic else values,
                marker="o" if len(values) == 1 else None,
                **look | ({"color": colour} if several else {}),
            )
    axes.set_ylabel(f"{curves.label} ({unit})" if unit else curves.label)
    if curves.logarithmic:
        axes.set_yscale("log")
    tidy(axes)
    if len(curves.columns) > 1:
        names = zip(curves.columns.values(), looks, strict=True)
        handles = [Line2D([], [], label=name, **look) for name, look in names]
        above = {"loc": "lower left", "bbox_to_anchor": (0.0, 1.0), "ncols": 2, "borderaxespad": 0.0}
        axes.legend(handles=handles, **(above if several and over == "thickness" else {}))


def _abscissa(runs: Sequence[Run], over: str) -> tuple[str, float]:
    if over == "time":
        unit, factor = time_unit(max(run.history["time"][-1] for run in runs))
        return f"time ({unit})", factor
    if over == "thickness":
        unit, factor = length_unit(np.concatenate([run.history[over] for run in runs]))
        return f"mean growth ({unit})", factor
    return ("charge (C/m²)", 1.0) if over == "charge" else ("step", 1.0)


def _shown_unit(runs: Sequence[Run], curves: Curves) -> tuple[str, float]:
    """Unit in which a panel is drawn, and what to multiply its columns with."""
    columns = [run.history.get(name, np.empty(0)) for run in runs for name in curves.columns]
    values = np.concatenate(columns)
    if curves.unit == "m":
        return length_unit(values)
    if curves.unit == "Pa":
        return prefixed(values, "Pa")
    if curves.unit == "V":
        return ("mV", 1e3) if np.nanmax(np.abs(values), initial=0.0) < 1.0 else ("V", 1.0)
    if curves.unit == "mol/m^3":
        return "mol/L", 1e-3
    return curves.unit.replace("^2", "²"), 1.0


def _loggable(values: np.ndarray) -> np.ndarray:
    """Sizes of the values; nothing where there is none."""
    return np.where(values == 0.0, np.nan, np.abs(values))


def _is_driven_by_current(run: Run) -> bool:
    steps = run.manifest.get("case", {}).get("operation", {}).get("steps", [])
    steps = [inner for step in steps for inner in step.get("steps", [step])]
    return all(step.get("potential") is None for step in steps)
