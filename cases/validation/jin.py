"""Numbers of the page jin_coatings.md: ``docker/run python -m cases.validation.jin`` prints its tables.

The run folder of jin_coatings.toml is not needed: every number is computed anew, in this process.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cases.verification import common

HERE = Path(__file__).parent
LAYERS = {
    "Al2O3": "library:Al2O3_model",
    "bare": "library:bare_Li_surface_model",
    "LiAlOx": "library:LiAlOx_model",
}
GROWN = (0.1, 0.2, 0.3)  # um
# Roughness over its initial value at these thicknesses, by an independent program with a mesh that follows
# the front, interface width an eighth of the bump width; its spread over meshes and steps is 0.005.
REFERENCE = {"Al2O3": (1.424, 1.982, 2.62), "bare": (1.064, 1.147, 1.243), "LiAlOx": (0.976, 0.962, 0.953)}
SETTINGS = {  # of the convergence table
    "delta = w/4, h = delta/4 (the case)": (),
    "delta = w/4, h = delta/6": ("mesh.elements_across_interface=6",),
    "delta = w/4, steps half as long": ("time.front_travel=0.175", "time.tolerance=0.25"),
    "delta = w/6, h = delta/4": ("phase_field.interface_width=33.3 nm",),
    "delta = w/8, h = delta/4": ("phase_field.interface_width=25 nm",),
}


def outcome(layer: str, changes: Sequence[str] = (), case_file: str = "jin_coatings.toml") -> common.Outcome:
    """A finished run under one of the layers."""
    return common.run(HERE / case_file, [f"materials.film.extends={LAYERS[layer]}", *changes])


def roughness_ratio(found: common.Outcome, thickness: float) -> float:
    """Roughness at a mean thickness grown (m) over that of the initial surface."""
    bump = found.case.geometry.features[0]
    distance = found.case.geometry.width - bump.at  # of the lowest point from the bump
    initial = bump.height * (1 - np.exp(-((distance / bump.width) ** 2)))
    grown = found.history["deposited_thickness"]
    return float(np.interp(thickness, grown, found.history["roughness"]) / initial)


def main() -> None:
    rows = []
    for layer, reference in REFERENCE.items():
        found = outcome(layer)
        ratios = [roughness_ratio(found, 1e-6 * grown) for grown in GROWN]
        cells = (
            f"{own:.3f} ({100 * (own / other - 1):+.1f} %)"
            for own, other in zip(ratios, reference, strict=True)
        )
        last = found.history["c_tip"][-1]
        rows.append((layer, *cells, f"{found.history['c_min'].min():.0f}", f"{last:.0f}"))
    print(
        common.markdown(
            ("layer", *(f"{g} um" for g in GROWN), "lowest c (mol/m^3)", "c at the tip, end"), rows
        )
    )
    rows = []
    for name, changes in SETTINGS.items():
        found = outcome("Al2O3", changes)
        rows.append((name, *(f"{roughness_ratio(found, 1e-6 * grown):.3f}" for grown in GROWN)))
    print(common.markdown(("Al2O3", *(f"{g} um" for g in GROWN)), rows))
    rows = []
    for layer in LAYERS:
        found = outcome(layer, case_file="jin_thin_film.toml")
        rows.append((layer, f"{roughness_ratio(found, found.history['deposited_thickness'][-1]):.3f}"))
    print(common.markdown(("50 nm layer", "roughness ratio at 15 nm"), rows))


if __name__ == "__main__":
    main()
