"""Numbers and pictures of the page: docker/run python -m cases.verification.protocols.verify"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import ufl
from dolfinx import fem
from dolfinx.fem.petsc import assemble_vector

from cases.verification import common, stepping
from fem_sei.case.condition import read
from fem_sei.studies.plating import FIELDS

HERE = Path(__file__).parent
TWO_BUMPS = HERE.parents[1] / "tutorials" / "two_bumps.toml"
PLATE, REST, STRIP = (f'current_density="{i} A/m^2"' for i in (20, 0, -20))
PROTOCOLS = {
    "pulses": f'[{{repeat=10, steps=[{{{PLATE}, until={{duration="1 s"}}}}, '
    f'{{{REST}, until={{duration="1 s"}}}}]}}]',
    "current, then potential": f'[{{{PLATE}, until={{duration="60 s", when="cell_voltage < -55.5 mV"}}}}, '
    '{potential="-55.5 mV", until={duration="60 s", when="charge > 0.003 mA*h/cm^2"}}]',
    "plating and stripping": f'[{{repeat=4, steps=[{{{PLATE}, until={{thickness="10 nm"}}, ramp="0.5 s"}}, '
    f'{{{STRIP}, until={{thickness="-10 nm", when="cell_voltage > 50 mV"}}}}]}}]',
    "potentials and rest": '[{potential="-40 mV", until={duration="4 s"}}, '
    f'{{{REST}, until={{duration="2 s"}}}}, {{potential="40 mV", until={{thickness="-3 nm"}}, ramp="1 s"}}, '
    '{potential="0 V", until={duration="2 s"}}]',
}
CONDITIONS = (
    "deposited_thickness > 7 nm",
    "charge > 0.003 mA*h/cm^2",
    "tip > 6 nm",
    "cell_voltage < -55 mV",
    "c_min < 900 mol/m^3",
    "time > 3.21 s",
)


def outcome(protocol: str, counter: str, electrode: str = "uniform_current") -> common.Outcome:
    """A finished run of one of the protocols."""
    ends = f'counter="{counter}", counter_electrode="{electrode}"'
    return common.run(HERE / "case.toml", [f"operation={{{ends}, steps={PROTOCOLS[protocol]}}}"])


def passed_by(condition: str, changes: Sequence[str] = ()) -> tuple[float, float]:
    """Time (s) at which a condition ends a step at 20 A/m^2, and by which part of the last time step's
    change it was passed."""
    until = f'until={{duration="100 s", when="{condition}"}}'
    found = common.run(HERE / "case.toml", [f"operation.steps=[{{{PLATE}, {until}}}]", *changes])
    limit, (before, last) = read(condition), found.history[read(condition).column][-2:]
    return float(found.history["time"][-1]), float(-limit.distance(last) / abs(last - before))


def counter_electrode(electrode: str, profile: str = "direct") -> dict[str, np.ndarray | float]:
    """Two bumps close below the counter electrode at 10 A/m^2: ``x`` (m), ``current`` (A/m^2) and
    ``potential`` (V) along the counter electrode at the end; ``error`` of the mean current, worst ``balance``
    of charge and salt, Newton ``iterations`` per step, ``voltage`` (V)."""
    case, model = common.model_of(
        TWO_BUMPS,
        [
            'phase_field.interface_width="100 nm"',
            'geometry.layers=[{name="metal", material="Li", thickness="0.5 um"}, '
            '{name="layer", material="bare_Li_surface_model", thickness="0.6 um"}]',
            'operation.steps[0].until.thickness="10 nm"',
            "kinetics.exchange_current_density=100 A/m^2",
            f"operation.counter_electrode={electrode}",
            f"solver.profile={profile}",
            "mesh.growth_margin=1.0",
            "mesh.tip_margin=1.0",
        ],
    )
    rows = list(stepping.rows(case, model))
    currents = np.array([row["current_density"] for row in rows])
    x, current, potential = _along_the_counter_electrode(model)
    model.solver.close()
    return {
        "x": x,
        "current": current,
        "potential": potential,
        "error": float(np.abs(currents / case.operation.steps[0].current_density - 1).max()),
        "balance": max(row[name] for row in rows for name in ("charge_balance", "salt_balance")),
        "iterations": float(np.mean([row["newton_iterations"] for row in rows])),
        "voltage": rows[-1]["cell_voltage"],
    }


def _along_the_counter_electrode(model: stepping.PlatingModel) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x (m), current density (A/m^2, the residual of the fixed rows over the nodes' share of the surface) and
    potential against the metal (V) at the nodes of the counter electrode; on one rank."""
    stack, s, phi_e = model.stack, model.scales, FIELDS.index("phi_e")
    share = fem.form(ufl.TestFunction(model.scalar) * stack.ds(stack.boundaries["top"]))
    with assemble_vector(share).localForm() as local:
        area = local.array.copy()
    with assemble_vector(model.solver.F).localForm() as local:
        entering = local.array.reshape(-1, len(FIELDS))[model.nodes, phi_e].copy()
    entering += float(model.current.value) * area
    top = np.flatnonzero(area > 1e-12)
    order = top[np.argsort(model.scalar.tabulate_dof_coordinates()[top, 0])]
    x = model.scalar.tabulate_dof_coordinates()[order, 0] * s.length
    potential = (model.component("phi_e")[order] - float(model.phi_s.value)) * s.potential
    return x, entering[order] / area[order] * s.current, potential


def main() -> None:
    rows, shown = [], {}
    for protocol in PROTOCOLS:
        for counter in ("closed", "reservoir"):
            found = shown[protocol, counter] = outcome(protocol, counter)
            balances = (f"{found.history[name].max():.1e}" for name in ("charge_balance", "salt_balance"))
            rows.append([protocol, counter, len(found.history["time"]), *balances])
    print(common.markdown(("protocol", "counter electrode", "steps", "charge", "salt"), rows))
    events = [(one, *passed_by(one), passed_by(one, ["time.tolerance=0.1"])[0]) for one in CONDITIONS]
    rows = [(one, f"{time:.6f}", f"{by:.1e}", f"{finer:.6f}") for one, time, by, finer in events]
    print(common.markdown(("condition", "time (s)", "passed by", "time, tolerance/10"), rows))
    one = {
        electrode: outcome("pulses", "closed", electrode)
        for electrode in ("uniform_current", "equipotential")
    }
    volts = [found.history["cell_voltage"] for found in one.values()]
    print(f"1-D, largest difference in voltage: {np.abs(volts[0] - volts[1]).max():.1e} V")
    two = {
        (electrode, profile): counter_electrode(electrode, profile)
        for electrode in ("uniform_current", "equipotential")
        for profile in ("direct", "iterative")
    }
    for label, found in two.items():
        names = ("error", "balance", "iterations", "voltage")
        print(*label, *(f"{name} {found[name]:.6g}" for name in names))
    with common.picture(HERE / "protocols.png", 10.0, 6.4) as made:
        (left, right), (below, last) = made.subplots(2, 2)
        for axes, protocol in (
            (left, "pulses"),
            (right, "current, then potential"),
            (below, "plating and stripping"),
        ):
            history = shown[protocol, "closed"].history
            axes.plot(history["time"], 1e3 * history["cell_voltage"], color="C0")
            axes.set(title=protocol, xlabel="time (s)", ylabel="cell voltage (mV)")
            twin = axes.twinx()
            twin.plot(history["time"], history["current_density"], color="C1", linewidth=1.0)
            twin.set_ylabel("current density (A/m²)", color="C1")
            twin.spines["right"].set_visible(True)
            axes.set_zorder(twin.get_zorder() + 1)  # its grid below the curves
            axes.patch.set_visible(False)
        for electrode in ("uniform_current", "equipotential"):
            found = two[electrode, "direct"]
            last.plot(1e6 * found["x"], found["current"], label=electrode.replace("_", " "))
        last.set(title="along the counter electrode", xlabel="x (µm)", ylabel="current density (A/m²)")
        last.legend()


if __name__ == "__main__":
    main()
