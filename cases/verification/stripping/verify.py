"""Voltage and front concentration while the metal dissolves; see README.md."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cases.verification import common
from fem_sei.closed_form.sand import MovingFrontRun

HERE = Path(__file__).parent
LAYERS = ((1e-13, -10), (1.4e-11, -10), (1.4e-11, -100))  # D (m^2/s), current density (A/m^2)


@dataclass(frozen=True)
class Comparison:
    """A run and the sharp-interface reference at its times."""

    run: common.Outcome
    sharp: MovingFrontRun

    @property
    def settled(self) -> np.ndarray:
        """Steps from which the discrete profile of the front has formed: more than l stripped."""
        return self.run.history["deposited_thickness"] < -self.run.case.l

    @property
    def errors(self) -> dict[str, np.ndarray]:
        """Relative errors of voltage and front concentration at the settled steps."""
        history = self.run.history
        pairs = {
            "voltage": ("cell_voltage", self.sharp.voltage),
            "concentration": ("c_tip", self.sharp.c_front),
        }
        return {
            name: (history[column] / reference - 1.0)[self.settled]
            for name, (column, reference) in pairs.items()
        }


def compare(D: float, current: float) -> Comparison:
    """Strip 0.15 um under a layer of diffusivity D (m^2/s)."""
    changes = [f"materials.layer.D={D} m^2/s", f"operation.steps[0].current_density={current} A/m^2"]
    result = common.run(HERE / "case.toml", changes)
    return Comparison(result, common.sharp_front(result.case, result.history["time"]))


def main() -> None:
    found = {layer: compare(*layer) for layer in LAYERS}
    rows = []
    for (D, current), c in found.items():
        history = c.run.history
        worst = [f"{100 * np.abs(error).max():.2f}" for error in c.errors.values()]
        voltages = (f"{1e3 * history['cell_voltage'][-1]:.2f}", f"{1e3 * c.sharp.voltage[-1]:.2f}")
        rows.append((f"{D:.2g}", current, *voltages, *worst, f"{history['charge_balance'].max():.0e}"))
    header = ("D (m^2/s)", "i (A/m^2)", "V at the end (mV)", "sharp front (mV)", "largest error of V (%)")
    print(common.markdown((*header, "of c at the front (%)", "charge balance"), rows))
    with common.picture(HERE / "stripping.png") as made:
        left, right = made.subplots(1, 2)
        for (D, current), c in found.items():
            stripped = -1e9 * c.run.history["deposited_thickness"]
            (line,) = left.plot(stripped, 1e3 * c.sharp.voltage, label=f"{D:.2g} m²/s, {current} A/m²")
            left.plot(
                stripped, 1e3 * c.run.history["cell_voltage"], "o", markersize=3, color=line.get_color()
            )
            right.plot(stripped[c.settled], 100 * c.errors["voltage"], color=line.get_color())
        left.set(xlabel="metal stripped (nm)", ylabel="cell voltage (mV)", ylim=(0, 80))
        left.set_title("lines: sharp moving front, points: fem_sei")
        left.legend(fontsize=9)
        right.set(xlabel="metal stripped (nm)", ylabel="error of the voltage (%)", ylim=(-1.1, 1.1))


if __name__ == "__main__":
    main()
