"""The state along the interfaces of a delamination run: tractions, opening and damage over the position."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes

from fem_sei.post.debonding import interface, moment_text
from fem_sei.post.open import Run
from fem_sei.post.style import STYLE, figure, prefixed, save, shades, tidy

PANELS = {
    "traction_n": ("normal traction", "Pa"),
    "traction_t": ("shear traction", "Pa"),
    "delta_n": ("opening", "m"),
    "damage": ("damage", ""),
}
BINS = 80  # along the radius of a round flaw
NOTHING = 0.02  # of the largest value of a field
BESIDE = 0.25
ENERGY_DAMAGE = "energy_damage"


@matplotlib.rc_context(STYLE)
def draw_traction(run: Run, indices: Sequence[int], folder: Path) -> list[Path]:
    """Tractions, opening and damage of every interface at several outputs: ``traction.png``, one column per
    interface."""
    steps = [run.times[index] for index in indices]
    states = [(step, interface(run, step)) for step in steps]
    states = [(step, state) for step, state in states if state]
    names = [name for name in PANELS if all(name in state for _, state in states)]
    if not states or not names:
        return []
    numbers = sorted(set(np.concatenate([state["interface"] for _, state in states]).astype(int)))
    made = figure(6.2 * len(numbers) + 2.6, 2.0 * len(names) + 1.0)
    grid = made.subplots(len(names), len(numbers), sharex="col", sharey="row", squeeze=False)
    for column, number in zip(grid.T, numbers, strict=True):
        for (step, state), colour in zip(states, shades(len(states)), strict=True):
            here = state["interface"] == number
            place, order = _position(run, number, state["points"][here])
            for name, axes in zip(names, column, strict=True):
                _, factor = _unit(name, states)
                values = factor * state[name][here]
                _add(axes, run, place, order, values, color=colour, label=moment_text(run, step))
                if name == "damage" and ENERGY_DAMAGE in state:
                    _add(axes, run, place, order, state[ENERGY_DAMAGE][here], color=colour, linestyle=":")
        column[0].set_xlim(*_reach(run, number, [state for _, state in states], names))
        column[0].set_title(_name(run, number))
        across = "distance from the centre of the flaw" if run.dimension == 3 else _abscissa(run)
        column[-1].set_xlabel(f"{across} (nm)")
    for name, row in zip(names, grid, strict=True):
        unit, _ = _unit(name, states)
        words = PANELS[name][0]
        if name == "damage" and all(ENERGY_DAMAGE in state for _, state in states):
            words += "\n(dotted: of energy)"
        row[0].set_ylabel(f"{words}\n({unit})" if unit else words)
        for axes in row:
            tidy(axes)
    grid[0, -1].legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=9)
    made.suptitle(run.title)
    return [save(made, folder / "traction.png")]


def _reach(
    run: Run, number: int, states: Sequence[dict[str, np.ndarray]], names: Sequence[str]
) -> tuple[float, float]:
    """The part of the interface that is shown (nm): where something happens, and as much beside it."""
    place = np.concatenate(
        [_position(run, number, state["points"][state["interface"] == number])[0] for state in states]
    )
    happens = np.zeros(len(place), dtype=bool)
    for name in names:
        size = np.abs(np.concatenate([state[name][state["interface"] == number] for state in states]))
        happens |= size > NOTHING * size.max(initial=0.0)
    low, high = place[happens].min(initial=place.max()), place[happens].max(initial=place.min())
    beside = BESIDE * max(high - low, 0.0)
    return max(place.min(), low - beside), min(place.max(), high + beside) if happens.any() else place.max()


def _unit(name: str, states: Sequence[tuple[float, dict[str, np.ndarray]]]) -> tuple[str, float]:
    return prefixed(np.concatenate([state[name] for _, state in states]), PANELS[name][1])


def _position(run: Run, number: int, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Position of the points (nm), and the order along it."""
    place = points[:, 0]
    if run.dimension == 3:
        flaw = _interface(run, number).get("flaw") or {}
        centre = np.array(flaw.get("centre") or (0.0, 0.0), dtype=float) * 1e9
        place = np.hypot(*(points[:, :2] - centre).T)
    return place, np.argsort(place, kind="stable")


def _add(
    axes: Axes, run: Run, place: np.ndarray, order: np.ndarray, values: np.ndarray, **look: object
) -> None:
    """A curve over the position; of a round flaw the mean over rings."""
    x, y = place[order], values[order]
    if run.dimension == 3:
        ring = np.minimum((BINS * x / x[-1]).astype(int), BINS - 1)
        counts = np.bincount(ring, minlength=BINS)
        x, y = (np.bincount(ring, each, BINS)[counts > 0] / counts[counts > 0] for each in (x, y))
    axes.plot(x, y, linewidth=1.4, **look)


def _interface(run: Run, number: int) -> dict[str, object]:
    interfaces = (run.manifest.get("case") or {}).get("interfaces") or []
    return interfaces[number] if number < len(interfaces) else {}


def _name(run: Run, number: int) -> str:
    return str(_interface(run, number).get("on", f"interface {number + 1}"))


def _abscissa(run: Run) -> str:
    assumption = ((run.manifest.get("case") or {}).get("mechanics") or {}).get("assumption")
    return "r" if assumption == "axisymmetric" else "x"
