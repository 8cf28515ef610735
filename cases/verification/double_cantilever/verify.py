"""Mode I: load, energy and work of a double cantilever beam, and what viscosity does; see README.md."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cases.verification import common, cracked_beams
from cases.verification.cracked_beams import Beam, Bent
from fem_sei.closed_form import beams

HERE = Path(__file__).parent
STEPS = (0.02, 0.005)
VISCOSITIES = (3e-3, 1e-3, 3e-4)
SHORT = (  # a crack of 10 mm in a beam of 22 mm, of fewer elements
    "geometry.width=24 mm",
    "interfaces[0].flaw.end=10 mm",
    "mesh.elements_per_cohesive_length=10",
    "boundaries[0].displacement.y=0.45 mm",
    "boundaries[1].displacement.y=-0.45 mm",
)


def curve(beam: Beam, a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Load (N/m) and opening (m) of a growing crack of length a (m)."""
    load = np.sqrt(beam.G_I * beam.E * beam.h**3 / 12.0) / (a + beam.chi * beam.h)
    return load, load * beams.dcb_compliance(a, beam.E, 1.0, beam.h, beam.chi)


def measure(changes: tuple[str, ...] = (), step: float | None = None) -> Bent:
    """A run of the case, its steps of the given size."""
    sizes = () if step is None else (f"path.first_step={step}", f"path.max_step={step}")
    return cracked_beams.run(HERE / "case.toml", curve, (*changes, *sizes), arms=2.0)


def main() -> None:
    runs = {step: measure(step=step) for step in STEPS}
    rows = [[f"steps of {step}", *cracked_beams.summary(found)] for step, found in runs.items()]
    print(common.markdown(cracked_beams.HEADER, rows))
    cracked_beams.draw(HERE / "double_cantilever.png", runs[STEPS[-1]], curve, "opening (mm)")
    print(
        common.markdown(
            ("viscosity", "viscous over fracture energy", "largest load", "balance", "steps"), viscous(runs)
        )
    )


def viscous(runs: dict[float, Bent]) -> list[list[str]]:
    """Rows of the table of viscosities, with the longest steps."""
    rows = []
    for viscosity in VISCOSITIES:
        found = measure((f"interfaces[0].viscosity={viscosity}",), step=STEPS[0])
        peak = found.load.max() / runs[STEPS[0]].load.max() - 1.0
        cells = [
            f"{100 * found.viscous:.2f} %",
            f"{100 * peak:+.2f} %",
            f"{found.balance:.1e}",
            f"{found.steps}",
        ]
        rows.append([f"{viscosity:g}", *cells])
    return rows


if __name__ == "__main__":
    main()
