"""Sand's time: when the salt at a plating front runs out; see README.md."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cases.verification import common
from fem_sei.closed_form.sand import MovingFrontRun
from fem_sei.closed_form.transport import moving_front_sand_time, sand_time

HERE = Path(__file__).parent
WIDTHS = (0.1, 0.2, 0.4)  # um
THRESHOLD = -1.0  # V: in the sharp reference the voltage is here 0.02 % before the salt is gone
FITTED = (0.15, 0.6)  # c_front/c0 between which the concentration is extrapolated to zero


@dataclass(frozen=True)
class Depletion:
    """A run into depletion with its sharp reference; times in s."""

    run: common.Outcome
    sharp: MovingFrontRun
    exact: float  # Sand's time with the moving front
    formula: float  # Sand's formula, fixed electrode

    @property
    def voltage_time(self) -> float:
        """When the cell voltage passes the threshold."""
        history = self.run.history
        return float(np.interp(-THRESHOLD, -history["cell_voltage"], history["time"]))

    @property
    def extrapolated_time(self) -> float:
        """When the front concentration, nearly linear in sqrt(t), would vanish."""
        history = self.run.history
        share = history["c_tip"] / self.run.case.conditions.concentration
        fitted = (share > FITTED[0]) & (share < FITTED[1])
        return float(np.polyfit(share[fitted], np.sqrt(history["time"][fitted]), 2)[-1] ** 2)

    def error(self, time: float) -> float:
        """Relative error of a time against the exact one."""
        return time / self.exact - 1.0


def measure(width: float) -> Depletion:
    """Plate until the solver gives up, with an interface of `width` um."""
    result = common.run(HERE / "case.toml", [f"phase_field.interface_width={width} um"])
    own = common.electrode(result.case)
    (electrolyte,) = result.case.ion_conductors
    c0, i = result.case.conditions.concentration, result.case.operation.steps[0].current_density
    D, t_plus = electrolyte.value("D"), electrolyte.value("t_plus")
    exact = moving_front_sand_time(D, c0, i, t_plus, own["z"], own["V_m"])
    times = np.concatenate((np.linspace(0.0, 0.98, 200), 1.0 - np.geomspace(0.02, 1e-9, 100), [1.1])) * exact
    sharp = common.sharp_front(result.case, times)
    return Depletion(result, sharp, exact, sand_time(D, c0, i, t_plus, own["z"]))


def main() -> None:
    found = {width: measure(width) for width in WIDTHS}
    first = found[WIDTHS[0]]
    print(f"Sand's time {first.exact:.4f} s (formula for a fixed electrode {first.formula:.4f} s),", end=" ")
    print(f"sharp reference {first.sharp.depletion_time:.4f} s")
    rows = []
    for width, run in found.items():
        times = (run.voltage_time, run.extrapolated_time, float(run.run.history["time"][-1]))
        rows.append(
            (width, *(f"{time:.3f} ({100 * run.error(time):+.2f} %)" for time in times), run.run.exit_code)
        )
    header = ("delta (um)", "voltage passes -1 V (s)", "extrapolated c = 0 (s)", "run ends (s)", "exit code")
    print(common.markdown(header, rows))
    with common.picture(HERE / "sand_time.png") as made:
        left, right = made.subplots(1, 2)
        left.plot(first.sharp.t, first.sharp.c_front, color="black", label="sharp moving front")
        right.plot(first.sharp.t, first.sharp.voltage, color="black")
        for width, run in found.items():
            h = run.run.history
            left.plot(h["time"], h["c_tip"], "--", label=f"fem_sei, δ = {width} µm")
            right.plot(h["time"], h["cell_voltage"], "--")
        for axes in (left, right):
            axes.axvline(first.exact, color="0.5", linewidth=1)
            axes.axvline(first.formula, color="0.5", linewidth=1, linestyle=":")
            axes.set(xlabel="time (s)")
        left.set(ylabel="concentration at the front (mol/m³)")
        left.legend(fontsize=9)
        right.axhline(THRESHOLD, color="0.8", linewidth=1)
        right.set(ylabel="cell voltage (V)", ylim=(-2, 0), title="grey: exact, dotted: Sand's formula")


if __name__ == "__main__":
    main()
