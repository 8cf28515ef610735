"""A mixed mode at one ratio: load and energy where one arm of a split cantilever is lifted; see README.md."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cases.verification import common, cracked_beams
from cases.verification.cracked_beams import Beam, Bent
from fem_sei.closed_form import beams
from fem_sei.closed_form.cohesive import mixed_toughness

HERE = Path(__file__).parent
SHORT = (
    "geometry.width=50 mm",
    "interfaces[0].flaw.end=25 mm",
    "boundaries[0].displacement.y=3.6 mm",
    "path.first_step=0.03",
    "path.max_step=0.03",
    "mesh.elements_per_cohesive_length=9",
)
POWER_LAW = ("interfaces[0].mixing=power_law", "interfaces[0].mixing_exponent=1.0")


def share(beam: Beam, a: np.ndarray) -> np.ndarray:
    """Share of sliding in the energy release rate at a crack length a (m)."""
    opening, sliding = beams.lifted_arm_energy_release_rates(1.0, a, beam.E, 1.0, beam.h, beam.chi)
    return sliding / (opening + sliding)


def curve_with(mixing: str) -> object:
    """Load (N/m) and deflection (m) of a growing crack of length a (m), for a rule of mixing."""

    def curve(beam: Beam, a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        G_c = mixed_toughness(share(beam, a), beam.G_I, beam.G_II, beam.exponent, mixing)
        unit = sum(beams.lifted_arm_energy_release_rates(1.0, a, beam.E, 1.0, beam.h, beam.chi))
        load = np.sqrt(G_c / unit)
        return load, load * beams.lifted_arm_compliance(a, beam.length, beam.E, 1.0, beam.h, beam.chi)

    return curve


def measure(changes: tuple[str, ...] = (), mixing: str = "benzeggagh_kenane") -> Bent:
    """A run of the case."""
    return cracked_beams.run(HERE / "case.toml", curve_with(mixing), changes, end=0.875)


def main() -> None:
    runs = {"Benzeggagh-Kenane, eta = 2": measure(), "power law, alpha = 1": measure(POWER_LAW, "power_law")}
    rows = [[name, *cracked_beams.summary(found)] for name, found in runs.items()]
    print(common.markdown(cracked_beams.HEADER, rows))
    for name, found in runs.items():
        beam = found.beam
        B = share(beam, np.array([beam.a0, 1.5 * beam.a0]))
        mixing = "power_law" if "power" in name else "benzeggagh_kenane"
        print(name, "share", B, "G_c", mixed_toughness(B, beam.G_I, beam.G_II, beam.exponent, mixing))
    first = next(iter(runs.values()))
    cracked_beams.draw(HERE / "mixed_mode.png", first, curve_with("benzeggagh_kenane"), "deflection (mm)")


if __name__ == "__main__":
    main()
