"""Galvanostatic cell voltage against its kinetic, concentration and ohmic parts; see README.md."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cases.verification import common
from fem_sei.case import estimates
from fem_sei.closed_form.kinetics import F
from fem_sei.closed_form.sand import MovingFrontRun
from fem_sei.closed_form.transport import StackVoltage, steady_stack_current, steady_stack_voltage

HERE = Path(__file__).parent
SEI = (
    "materials.layer={kind = 'ion_conductor', D = '1e-12 m^2/s', t_plus = 0.99, kappa = '1e-5 S/m'}",
    "geometry.layers[layer].thickness=100 nm",
    "phase_field.interface_width=10 nm",
    "operation.steps[0].until.thickness=30 nm",
)
FAST = ("materials.layer.D=1.4e-11 m^2/s",)
STACKS = {
    "0.5 µm of 1e-13 m²/s, 10 A/m²": (),
    "0.5 µm of 1e-13 m²/s, 20 A/m²": ("operation.steps[0].current_density=20 A/m^2",),
    "0.5 µm of 1.4e-11 m²/s, 10 A/m²": FAST,
    "0.5 µm of 1.4e-11 m²/s, 100 A/m²": (*FAST, "operation.steps[0].current_density=100 A/m^2"),
    "0.5 µm of 1.4e-11 m²/s, 300 A/m²": (*FAST, "operation.steps[0].current_density=300 A/m^2"),
    "SEI, 100 nm of 1e-5 S/m, 10 A/m²": SEI,
}

FAST_KINETICS = ((300, 100, -30), (300, 50, -30), (300, 100, -60), (1000, 100, -30))  # A/m^2, nm, mV


@dataclass(frozen=True)
class Comparison:
    """A run, the sharp-interface reference at its times, and the steady parts of the voltage at its end."""

    run: common.Outcome
    sharp: MovingFrontRun
    steady: StackVoltage

    @property
    def voltage_error(self) -> np.ndarray:
        """Relative, against the sharp interface, at every step."""
        return self.run.history["cell_voltage"] / self.sharp.voltage - 1.0

    @property
    def concentration_error(self) -> np.ndarray:
        """Relative, of the concentration at the front."""
        return self.run.history["c_tip"] / self.sharp.c_front - 1.0

    @property
    def settled(self) -> np.ndarray:
        """Steps from which the discrete profile of the front has formed: growth above l."""
        return self.run.history["deposited_thickness"] > self.run.case.l

    @property
    def steady_error(self) -> float:
        """Relative error of the last voltage against the closed form with the layer as thin as it is."""
        return float(self.run.history["cell_voltage"][-1] / self.steady.total - 1.0)


def compare(name: str) -> Comparison:
    """Run a stack and its reference."""
    result = common.run(HERE / "case.toml", STACKS[name])
    case = result.case
    first, *others = estimates.stack(case, case.metal, case.ion_conductors).layers
    thinned = replace(first, thickness=first.thickness - result.history["deposited_thickness"][-1])
    steady = steady_stack_voltage(
        case.operation.steps[0].current_density,
        [thinned, *others],
        case.conditions.concentration,
        **common.electrode(case),
    )
    return Comparison(result, common.sharp_front(case, result.history["time"]), steady)


def current_error(i0: float, delta: float, voltage: float) -> tuple[float, float]:
    """Relative error of the current at a given voltage (mV) after 100 nm of growth, and the number
    i0 l/(F D c_f): above 1 the kinetics is faster than the salt can even out over the interface."""
    changes = (
        f"kinetics.exchange_current_density={i0} A/m^2",
        f"phase_field.interface_width={delta} nm",
        "geometry.layers[metal].thickness=0.5 um",
        "operation.mode=potentiostatic",
        f"operation.steps=[{{potential = '{voltage} mV', until = {{thickness = '100 nm'}}}}]",
    )
    result = common.run(HERE / "case.toml", changes)
    case, last = result.case, {name: column[-1] for name, column in result.history.items()}
    first, *others = estimates.stack(case, case.metal, case.ion_conductors).layers
    thinned = replace(first, thickness=first.thickness - last["deposited_thickness"])
    sharp = steady_stack_current(
        1e-3 * voltage, [thinned, *others], case.conditions.concentration, **common.electrode(case)
    )
    number = i0 * case.l / (F * first.D * last["c_tip"])
    return last["current_density"] / sharp - 1.0, number


def main() -> None:
    found = {name: compare(name) for name in STACKS}
    rows = []
    for name, c in found.items():
        parts = [c.steady.kinetic, c.steady.concentration, c.steady.ohmic, c.steady.total]
        last = 1e3 * c.run.history["cell_voltage"][-1]
        worst = 100 * np.abs(c.voltage_error[c.settled]).max()
        values = (*(f"{1e3 * part:.2f}" for part in parts), f"{last:.2f}")
        rows.append((name, *values, f"{100 * c.steady_error:+.2f}", f"{worst:.2f}"))
    header = ("stack", "kinetic", "concentration", "ohmic (mV)", "sum (mV)", "fem_sei (mV)", "error (%)")
    print(common.markdown((*header, "largest error against the moving front (%)"), rows))
    rows = []
    for i0, delta, voltage in FAST_KINETICS:
        error, number = current_error(i0, delta, voltage)
        rows.append((i0, delta, voltage, f"{number:.2f}", f"{100 * error:+.2f}"))
    header = ("i0 (A/m^2)", "delta (nm)", "voltage (mV)", "i0 l/(F D c_f)", "error of the current (%)")
    print(common.markdown(header, rows))
    with common.picture(HERE / "stack_voltage.png", 9.5, 4.2) as made:
        left, right = made.subplots(1, 2)
        for name, c in found.items():
            grown = 1e9 * c.run.history["deposited_thickness"]
            (line,) = left.plot(grown, 1e3 * c.sharp.voltage, label=name)
            left.plot(grown, 1e3 * c.run.history["cell_voltage"], "o", markersize=3, color=line.get_color())
            right.plot(grown[c.settled], 100 * c.voltage_error[c.settled], color=line.get_color())
        left.set(xlabel="metal grown (nm)", ylabel="cell voltage (mV)", ylim=(-235, 0))
        left.set_title("lines: sharp moving front, points: fem_sei")
        left.legend(fontsize=8, loc="lower right")
        right.set(xlabel="metal grown (nm)", ylabel="error of the voltage (%)", ylim=(-1.1, 1.1))
        for limit in (-1.0, 1.0):
            right.axhline(limit, color="0.3", linewidth=1)


if __name__ == "__main__":
    main()
