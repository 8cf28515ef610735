"""Critical pressure of a strip with a short process zone against fracture mechanics; see README.md."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cases.verification import common
from fem_sei.closed_form import blisters

HERE = Path(__file__).parent
STRENGTHS = (0.3, 1.0, 3.0, 10.0)  # GPa
ROOT = 0.45  # chi of a strip on a rigid substrate


@dataclass(frozen=True)
class Critical:
    """Critical pressure (Pa), that of a sharp crack, length of the process zone over the thickness, worst
    work balance, and the path: pressure (Pa) over opening (m)."""

    pressure: float
    sharp: float
    zone: float
    balance: float
    path: np.ndarray

    @property
    def error(self) -> float:
        """Relative difference from the sharp crack."""
        return self.pressure / self.sharp - 1.0


def measure(
    case_file: Path,
    formula: Callable[[float, float, float, float, float], float],
    root: float,
    changes: Sequence[str] = (),
) -> Critical:
    """Run a case and compare with ``formula`` (D, G_c, a, h, chi)."""
    outcome = common.run(case_file, changes)
    if outcome.exit_code:
        raise RuntimeError(f"the run ended with {outcome.exit_code}: {outcome.manifest.get('message')}")
    case, result, history = outcome.case, outcome.manifest["result"], outcome.history
    layer, (interface,) = case.geometry.layers[1], case.interfaces
    E, nu = (case.materials[layer.material].value(name) for name in ("E", "nu"))
    h = layer.thickness
    D = blisters.bending_stiffness(E, nu, h)
    sharp = formula(D, interface.fracture_energy, interface.flaw.end, h, root)
    zone = E / (1.0 - nu**2) * interface.fracture_energy / interface.strength**2
    return Critical(
        result["critical_pressure"],
        sharp,
        min(zone, zone**0.25 * h**0.75) / h,
        float(np.abs(history["work_balance"]).max()),
        np.array([history["opening"], history["pressure"]]),
    )


def page(
    here: Path, name: str, formula: Callable[[float, float, float, float, float], float], root: float
) -> None:
    """The table and the picture."""
    found = {
        strength: measure(here / "case.toml", formula, root, [f"interfaces[0].strength={strength} GPa"])
        for strength in STRENGTHS
    }
    rows = [
        [
            f"{s:g} GPa",
            f"{one.zone:.2g} h",
            f"{one.pressure / 1e6:.3f} MPa",
            f"{100 * one.error:+.2f} %",
            f"{one.balance:.0e}",
        ]
        for s, one in found.items()
    ]
    print(
        common.markdown(
            ("strength", "process zone", "critical pressure", "over the sharp crack", "work balance"), rows
        )
    )
    with common.picture(here / f"{name}.png", 5.5, 4.0) as made:
        axes = made.subplots()
        for strength, one in found.items():
            axes.plot(
                1e9 * one.path[0],
                1e-6 * one.path[1],
                ".-",
                linewidth=1.0,
                markersize=3.0,
                label=f"{strength:g} GPa",
            )
        axes.axhline(1e-6 * one.sharp, linestyle="--", color="0.5", label="sharp crack")
        axes.set(xlabel="opening of the middle (nm)", ylabel="pressure (MPa)")
        axes.legend()


def main() -> None:
    page(HERE, "strip_blister", blisters.strip_critical_pressure, ROOT)


if __name__ == "__main__":
    main()
