"""Potential of a cell at rest, with uniform salt and with a salt gradient; see README.md."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cases.verification import common
from fem_sei.case import estimates
from fem_sei.closed_form.transport import concentration_cell_voltage
from fem_sei.studies.march import March
from fem_sei.studies.observation import Observer

HERE = Path(__file__).parent
PLATEAU = 0.3  # um: up to here the salt is uniform at first, as it is at a metal through which no salt passes


def rest_potential(concentration: str) -> float:
    """Largest cell voltage (V) at rest with the same concentration everywhere."""
    changes = [f"conditions.concentration={concentration}", "kinetics.reference_concentration=1 mol/L"]
    return float(np.abs(common.run(HERE / "case.toml", changes).history["cell_voltage"]).max())


def concentration_cell(ratio: float, t_plus_coating: float) -> dict[str, np.ndarray]:
    """History of a cell that relaxes without current from `ratio` times the reservoir's concentration at the
    metal: time (s), c_front (mol/m^3), voltage and theory (V)."""
    changes = [f"materials.slow_coating={{extends = 'library:Al2O3_model', t_plus = {t_plus_coating}}}"]
    case, model = common.model_of(
        HERE / "case.toml", [*changes, "geometry.layers[coating].material=slow_coating"]
    )
    height = model.front.grid.points[:, 0]
    edges = np.cumsum([0.0, *(1e6 * layer.thickness for layer in case.geometry.layers[1:])])  # um
    way = np.clip((height - PLATEAU) / (edges[-1] - PLATEAU), 0.0, 1.0)
    start = model.state()
    model.set_state(start[:, 0], np.log(ratio) * (1.0 + np.cos(np.pi * way)) / 2.0, start[:, 2])
    layers = estimates.stack(case, case.metal, case.ion_conductors).layers
    march = March(case, model, lambda now: np.inf)
    observer = Observer(model, march)
    rows = []
    for report in march.run():
        row = observer.row(report)
        order = np.argsort(height)
        inner = np.interp(edges, height[order], model.component("c")[order])  # ln c at the layers' edges
        inner[0] = np.log(row["c_tip"] / case.conditions.concentration)
        drops = [
            concentration_cell_voltage(
                np.exp(outer), np.exp(below), layer.t_plus, 1, case.conditions.temperature
            )
            for layer, below, outer in zip(layers, inner[:-1], inner[1:], strict=True)
        ]
        rows.append((row["time"], row["c_tip"], row["cell_voltage"], -sum(drops)))
    model.solver.close()
    return dict(zip(("time", "c_front", "voltage", "theory"), np.array(rows).T, strict=True))


CELLS = {
    (ratio, t_plus): f"{ratio:g} : 1, t+ {t_plus} / 0.3" for ratio in (0.1, 3.0) for t_plus in (0.3, 0.8)
}


def main() -> None:
    for concentration in ("1 mol/L", "0.1 mol/L"):
        print(f"rest potential at {concentration}: {1e3 * rest_potential(concentration):.1e} mV")
    found = {label: concentration_cell(*cell) for cell, label in CELLS.items()}
    rows = [
        (
            label,
            f"{1e3 * h['voltage'][0]:.3f}",
            f"{1e3 * h['theory'][0]:.3f}",
            f"{1e3 * np.abs(h['voltage'] - h['theory']).max():.4f}",
        )
        for label, h in found.items()
    ]
    header = ("c at the metal : reservoir, t+", "V at the start (mV)", "theory (mV)", "largest error (mV)")
    print(common.markdown(header, rows))
    with common.picture(HERE / "rest_and_concentration_cell.png") as made:
        left, right = made.subplots(1, 2)
        for label, h in found.items():
            (line,) = left.plot(h["time"], 1e3 * h["theory"], label=label)
            left.plot(h["time"], 1e3 * h["voltage"], "o", markersize=4, color=line.get_color())
            right.semilogy(h["time"], 1e3 * np.abs(h["voltage"] - h["theory"]))
        left.set(xlabel="time (s)", ylabel="cell voltage (mV)", title="lines: theory, points: fem_sei")
        left.legend(fontsize=9)
        right.axhline(0.05, color="0.3", linewidth=1)
        right.set(xlabel="time (s)", ylabel="error (mV)", title="accepted below 0.05 mV")


if __name__ == "__main__":
    main()
