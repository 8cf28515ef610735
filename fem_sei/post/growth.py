"""Curves of film growth over the mean growth: shape of the surface, tractions, current, damage."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np

from fem_sei.post.open import Run
from fem_sei.post.plots import CURRENT, Curves, curves_figure
from fem_sei.post.style import STYLE, save

NANOMETRE = 1e-9  # m
AMPLITUDE = Curves(
    "height of the bump", "m", {"amplitude_far": "tip − far field", "amplitude_lowest": "tip − lowest"}
)
RATIO = Curves("height of the bump / at the start", "", {"amplitude_ratio": ""})
TRACTION = Curves(
    "normal traction",
    "Pa",
    {
        "traction_tip": "at the tip",
        "peak_tension": "largest tension",
        "peak_compression": "largest compression",
    },
)
EXTREMES = Curves(
    "normal traction",
    "Pa",
    {"peak_compression": "largest compression", "peak_tension": "largest tension"},
)
DAMAGE = Curves("largest damage (of energy)", "", {"max_damage": ""})
OVERPOTENTIAL = Curves("overpotential", "V", {"overpotential": ""})
OPENED = (
    Curves("opened length", "m", {"opened_length": ""}),
    Curves("largest opening", "m", {"max_opening": ""}),
)
QUALITY = (
    Curves("time step", "s", {"dt": ""}, logarithmic=True),
    Curves("Newton iterations so far", "", {"newton_iterations": ""}),
    Curves(
        "relative balance error",
        "",
        {"charge_balance": "charge", "work_balance": "work", "shape_error": "metal"},
        logarithmic=True,
    ),
)


def _response(runs: Sequence[Run]) -> Curves:
    """The current, or where that is given the overpotential."""
    operations = [(run.manifest.get("case") or {}).get("operation") or {} for run in runs]
    return OVERPOTENTIAL if all(each.get("current_density") for each in operations) else CURRENT


def may_open(runs: Sequence[Run]) -> bool:
    """Whether the film of any of the runs may come off."""
    return any((run.manifest.get("case") or {}).get("interfaces") for run in runs)


def grown(run: Run, time: float) -> float:
    """Mean growth (nm) at a time (s)."""
    if not len(run.history.get("thickness", ())):
        return 0.0 if time == 0.0 else np.nan
    times, values = (np.append(0.0, run.history[name]) for name in ("time", "thickness"))
    return float(np.interp(time, times, values)) / NANOMETRE


def moment_text(run: Run, time: float) -> str:
    growth = grown(run, time)
    return "at the start" if growth == 0.0 else f"{growth:.3g} nm grown"


def moments(run: Run, number: int) -> list[int]:
    """The outputs, at most ``number``, that divide the growth evenly, from the first to the last."""
    reached = np.array([grown(run, time) for time in run.times])
    if not np.isfinite(reached).all():
        return sorted({0, len(reached) - 1})
    return sorted({int(np.argmin(np.abs(reached - at))) for at in np.linspace(0.0, reached[-1], number)})


def initial_amplitude(run: Run) -> float:
    """Height (m) of the tip over the far field at the start, from the first step; 0 of a flat surface."""
    ratios = run.history["amplitude_ratio"]
    return float(run.history["amplitude_far"][0] / ratios[0]) if ratios[0] else 0.0


@matplotlib.rc_context(STYLE)
def draw_growth(run: Run, folder: Path) -> list[Path]:
    """The history of one run: ``growth.png``."""
    if not len(run.history.get("thickness", ())):
        return []
    made = curves_figure(
        [run], (AMPLITUDE, TRACTION, _response([run]), *_opening([run])), "thickness", run.title
    )
    first = initial_amplitude(run) / NANOMETRE
    if first > 0.0:
        ratio = made.axes[0].secondary_yaxis("right", functions=(lambda h: h / first, lambda h: h * first))
        ratio.set_ylabel("/ height at the start")
    return [save(made, folder / "growth.png")]


@matplotlib.rc_context(STYLE)
def draw_growths(runs: Sequence[Run], folder: Path, title: str) -> list[Path]:
    """The histories of several runs in one picture: ``growths.png``."""
    runs = [run for run in runs if len(run.history.get("thickness", ()))]
    if not runs:
        return []
    panels = (RATIO, EXTREMES, _response(runs), *_opening(runs))
    return [save(curves_figure(runs, panels, "thickness", title), folder / "growths.png")]


def _opening(runs: Sequence[Run]) -> tuple[Curves, ...]:
    if not may_open(runs):
        return ()
    opened = any(run.history["opened_length"].any() for run in runs)
    return (DAMAGE, *OPENED) if opened else (DAMAGE,)
