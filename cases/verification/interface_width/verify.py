"""Voltage and front concentration when the interface width changes by four; see README.md."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cases.verification import common

HERE = Path(__file__).parent
WIDTHS = (0.05, 0.1, 0.2)  # um
LAYERS = ((1e-13, 5), (1e-13, 8), (4.6e-13, 20), (1.4e-11, 100))  # D (m^2/s), current density (A/m^2)
GROWN = np.linspace(0.05e-6, 0.4e-6, 15)  # m, from one l of the widest front
COLUMNS = {"cell_voltage": "voltage", "c_tip": "concentration at the front"}


def measure(D: float, current: float) -> dict[float, dict[str, np.ndarray]]:
    """For each width (um), columns at the thicknesses GROWN; "sharp" names the reference of zero width."""
    found = {}
    for width in WIDTHS:
        changes = [
            f"phase_field.interface_width={width} um",
            f"materials.layer.D={D} m^2/s",
            f"operation.steps[0].current_density={current} A/m^2",
        ]
        result = common.run(HERE / "case.toml", changes)
        time = np.interp(GROWN, result.history["deposited_thickness"], result.history["time"])
        found[width] = {column: result.at(column, time) for column in COLUMNS}
    sharp = common.sharp_front(result.case, time)
    return found | {"sharp": {"cell_voltage": sharp.voltage, "c_tip": sharp.c_front}}


def spread(found: dict[float, dict[str, np.ndarray]], column: str, to: float | str) -> float:
    """Largest relative change of a column from any width to the width (or reference) `to`."""
    return max(float(np.abs(found[width][column] / found[to][column] - 1.0).max()) for width in WIDTHS)


def main() -> None:
    measured = {layer: measure(*layer) for layer in LAYERS}
    rows = []
    for (D, current), found in measured.items():
        lowest = found["sharp"]["c_tip"].min()
        errors = [
            f"{100 * spread(found, column, to):.2f}" for to in (WIDTHS[0], "sharp") for column in COLUMNS
        ]
        rows.append((f"{D:.2g}", current, f"{lowest:.0f}", *errors))
    header = ("D (m^2/s)", "i (A/m^2)", "lowest c (mol/m^3)", "V: change over 4 widths (%)", "c: change (%)")
    print(common.markdown((*header, "V: error against sharp (%)", "c: error (%)"), rows))
    with common.picture(HERE / "interface_width.png", 9.5, 6.4) as made:
        panels = made.subplots(2, len(LAYERS), sharex=True)
        for (above, below), ((D, current), found) in zip(panels.T, measured.items(), strict=True):
            for axes, column in ((above, "cell_voltage"), (below, "c_tip")):
                for width in WIDTHS:
                    error = 100 * (found[width][column] / found["sharp"][column] - 1.0)
                    axes.plot(1e6 * GROWN, error, label=f"δ = {1e3 * width:.0f} nm")
                axes.set(ylim=(-1.05, 1.05))
            above.set_title(f"{D:.2g} m²/s, {current} A/m²", fontsize=10)
            below.set_xlabel("metal grown (µm)")
        for axes, name in zip(panels[:, 0], COLUMNS.values(), strict=True):
            axes.set_ylabel(f"{name}:\nerror against the sharp front (%)")
        panels[0, 0].legend(fontsize=8)


if __name__ == "__main__":
    main()
