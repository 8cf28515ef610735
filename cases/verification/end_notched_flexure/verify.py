"""Mode II: load, energy and work balance of an end-notched beam; see README.md."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cases.verification import common, cracked_beams
from cases.verification.cracked_beams import Beam, Bent
from fem_sei.closed_form import beams

HERE = Path(__file__).parent
STEPS = (0.02, 0.007)
LOAD_AT = 0.5  # of the length
SHORT = ("path.first_step=0.03", "path.max_step=0.03", "mesh.elements_per_cohesive_length=9")


def curve(beam: Beam, a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Load (N/m) and deflection (m) of a growing crack of length a (m), which is below the load at last."""
    a = a[a < LOAD_AT * beam.length]
    load = beams.enf_critical_load(a, beam.G_II, beam.E, 1.0, beam.h, beam.chi)
    return load, load * beams.enf_compliance(a, LOAD_AT * beam.length, beam.E, 1.0, beam.h, beam.chi)


def measure(changes: tuple[str, ...] = (), step: float | None = None) -> Bent:
    """A run of the case, its steps of the given size; until the process zone is below the load."""
    sizes = () if step is None else (f"path.first_step={step}", f"path.max_step={step}")
    return cracked_beams.run(HERE / "case.toml", curve, (*changes, *sizes), end=LOAD_AT)


def main() -> None:
    runs = {step: measure(step=step) for step in STEPS}
    rows = [[f"steps of {step}", *cracked_beams.summary(found)] for step, found in runs.items()]
    print(common.markdown(cracked_beams.HEADER, rows))
    cracked_beams.draw(HERE / "end_notched_flexure.png", runs[STEPS[-1]], curve, "deflection (mm)")


if __name__ == "__main__":
    main()
