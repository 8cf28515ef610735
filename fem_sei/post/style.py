"""How figures look: fonts, colours, units and names of the quantities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

DPI = 160
METAL = "0.62"
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")  # Okabe and Ito
COULOMB_PER_MAH = 3.6e4  # C/m^2 in 1 mAh/cm^2
STYLE = {
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.labelsize": 11,
    "figure.titlesize": 13,
    "legend.fontsize": 10,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.formatter.useoffset": False,
    "axes.formatter.limits": (-3, 4),
    "axes.prop_cycle": f"cycler(color={list(COLOURS)})",
}


@dataclass(frozen=True)
class Quantity:
    """A field: its words, the unit it is shown in, what to multiply the SI value with, its colours."""

    words: str
    unit: str
    factor: float
    colours: str

    @property
    def label(self) -> str:
        return f"{self.words} ({self.unit})"


MEGAPASCAL = 1e6  # Pa
STRESSES = {  # the fields of a film, the first that is there being shown
    "von_mises": Quantity("von Mises stress", "MPa", 1e-6, "viridis"),
    "principal_max": Quantity("largest principal stress", "MPa", 1e-6, "viridis"),
}
FIELDS = {
    "c": Quantity("salt concentration", "mol/L", 1e-3, "viridis"),
    "phi_e": Quantity("electrolyte potential vs. Li", "mV", 1e3, "YlOrRd_r"),
}


def figure(width: float, height: float, layout: str = "constrained", dpi: int = DPI) -> Figure:
    """An empty figure of this size in inches, which needs no window system."""
    made = Figure(figsize=(width, height), dpi=dpi, layout=layout)
    FigureCanvasAgg(made)
    return made


def save(made: Figure, path: Path) -> Path:
    made.savefig(path, bbox_inches="tight", pad_inches=0.12)
    return path


def shades(number: int) -> list[tuple[float, ...]]:
    """Colours for curves at successive times, early light, late dark."""
    return [colormaps["YlGnBu"](value) for value in np.linspace(0.35, 1.0, number)]


def time_text(seconds: float) -> str:
    """A time as a person would say it."""
    if seconds == 0.0:
        return "0 s"
    unit, factor = time_unit(seconds)
    return f"{seconds * factor:.3g} {unit}"


def time_unit(longest: float) -> tuple[str, float]:
    """Unit for times up to ``longest`` (s), and what to multiply seconds with."""
    if longest < 1.0:
        return "ms", 1e3
    if longest < 300.0:
        return "s", 1.0
    return ("min", 1.0 / 60.0) if longest < 18000.0 else ("h", 1.0 / 3600.0)


def length_unit(values: Sequence[float] | np.ndarray) -> tuple[str, float]:
    """Unit for lengths given in m, and what to multiply them with."""
    largest = np.nanmax(np.abs(values), initial=0.0)
    return ("nm", 1e9) if largest < 1e-7 else ("µm", 1e6)


def prefixed(values: Sequence[float] | np.ndarray, unit: str) -> tuple[str, float]:
    """An SI unit with the prefix that suits the largest of ``values``, and what to multiply them with.

    Stresses are in MPa; of m^2 and m^3 the metre gets the prefix.
    """
    largest = np.nanmax(np.abs(values), initial=0.0)
    base, _, power = unit.partition("^")
    if unit == "Pa":
        return "MPa", 1.0 / MEGAPASCAL
    if base == "m":
        power = int(power or 1)
        shown, factor = length_unit([largest ** (1.0 / power)])
        return shown + {1: "", 2: "²", 3: "³"}[power], factor**power
    if not unit or largest == 0.0 or not np.isfinite(largest):
        return unit, 1.0
    exponent = int(np.clip(np.floor(np.log10(largest) / 3.0), -6, 3))
    return "afpnµm kMG"[exponent + 6].strip() + unit, 10.0 ** (-3 * exponent)


def tidy(axes: Axes) -> None:
    """A light grid behind the curves, and room for a line that is flat."""
    axes.grid(color="0.9", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.margins(x=0.02)
    low, high = axes.get_ylim()
    least = 1e-3 * max(abs(low), abs(high))
    if axes.get_yscale() == "linear" and high - low < least:
        axes.set_ylim((low + high - least) / 2.0, (low + high + least) / 2.0)
