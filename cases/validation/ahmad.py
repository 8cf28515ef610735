"""Numbers and picture of the page ahmad_planar.md: docker/run python -m cases.validation.ahmad"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.constants import R

from cases.verification import common
from fem_sei.closed_form.kinetics import F, front_speed

HERE = Path(__file__).parent
PUBLISHED = {0.6: 21.0, 30.6: 26.0, 54.6: 31.0}  # s: um from the metal's end, of the authors' data files
METAL = 20.0  # um below the initial front
SETTINGS = {
    "the case (h = delta/6)": (),
    "h = delta/12": ("mesh.elements_across_interface=12",),
    "time.tolerance = 0.1": ("time.tolerance=0.1",),
    "kappa / 10": ('materials.liquid.kappa="0.119 S/m"',),
    "i0 x 10": ('kinetics.exchange_current_density="15000 A/m^2"',),
    "L_s / 2": ('phase_field.interface_mobility="1.27e-6 m^3/(J*s)"',),
}
SLOW = (  # kinetics so slow that the ions are in equilibrium in a thin cell
    'geometry.layers[metal].thickness="5 um"',
    'geometry.layers[electrolyte].thickness="10 um"',
    'kinetics.exchange_current_density="1 A/m^2"',
    'operation.steps=[{potential="-50 mV", until={duration="100 s"}}]',
    "output.fields_every={count=1}",
)


def outcome(changes: Sequence[str] = ()) -> common.Outcome:
    """A finished run of the case."""
    return common.run(HERE / "ahmad_planar.toml", changes)


def advance(found: common.Outcome) -> float:
    """Way of the front between 0.6 and 54.6 s, in um."""
    before, after = found.at("tip", np.array([0.6, 54.6]))
    return 1e6 * float(after - before)


def slow_speeds(elements: int) -> tuple[float, float]:
    """Speed of the front (m/s) with slow kinetics and h = delta/elements, and by the closed form.

    Without current of cations c = c0 exp(-f phi), so that
    v = i0 V_m/F {exp[-(1 + alpha) f phi_s] - exp[(1 - alpha) f phi_s]}.
    """
    found = outcome([*SLOW, f"mesh.elements_across_interface={elements}"])
    early, late = found.at("tip", np.array([50.0, 100.0]))
    electrode = common.electrode(found.case)
    alpha, phi = electrode["alpha"], found.case.operation.sequence[0].potential
    f = F / (R * electrode["T"])
    current = electrode["i0"] * (np.exp(-(1 + alpha) * f * phi) - np.exp((1 - alpha) * f * phi))
    return float(late - early) / 50.0, float(front_speed(current, electrode["V_m"], 1))


def main() -> None:
    rows, shown = [], None
    for label, changes in SETTINGS.items():
        found = outcome(changes)
        shown = shown or found
        h = found.history
        numbers = (advance(found), h["current_density"][-1], h["charge_balance"][-1])
        formatted = (f"{value:.{digits}f}" for value, digits in zip(numbers, (2, 0, 2), strict=True))
        rows.append([label, *formatted, f"{h['salt_balance'].max():.0e}", f"{h['profile_width'][-1]:.2f}"])
    header = ("setting", "advance (um)", "far current (A/m^2)", "charge", "cations", "width")
    print(common.markdown(header, rows))
    for elements in (8, 16):
        measured, theory = slow_speeds(elements)
        print(
            f"slow kinetics, delta/{elements}: {1e9 * measured:.4f} nm/s, closed form {1e9 * theory:.4f} nm/s"
        )
    with common.picture(HERE / "ahmad_planar.png") as made:
        left, right = made.subplots(1, 2)
        history = shown.history
        left.plot(history["time"], METAL + 1e6 * history["tip"], label="fem_sei, chen2015")
        left.errorbar(PUBLISHED.keys(), PUBLISHED.values(), yerr=0.5, fmt="o", color="C1", label="Ahmad 2020")
        left.set(xlabel="time (s)", ylabel="front (µm)")
        left.legend()
        metal = F / shown.case.metal.value("V_m") * history["deposited_thickness"]
        right.plot(history["time"], 1e-4 * metal, label="charge of the metal grown")
        right.plot(
            history["time"], 1e-4 * history["charge"], "--", label="charge through the counter electrode"
        )
        slow = outcome(SETTINGS["kappa / 10"]).history
        right.plot(slow["time"], 1e-4 * slow["charge"], ":", label="the same, kappa / 10")
        right.set(xlabel="time (s)", ylabel="charge (C/cm²)")
        right.legend()


if __name__ == "__main__":
    main()
