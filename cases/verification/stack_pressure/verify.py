"""Shift of rest potential and speed by pressure; pressure that growth builds up; see README.md."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from dolfinx import fem
from mpi4py import MPI

from cases.verification import common
from fem_sei.case.loader import load
from fem_sei.closed_form.kinetics import butler_volmer, front_speed, stress_shift
from fem_sei.closed_form.stressed_stack import inclusion_pressure, stack_pressure, unstressed_inclusion
from fem_sei.geometry.sizes import Box, MeshSizes
from fem_sei.geometry.stack import build_stack
from fem_sei.numerics.front import FrontGeometry
from fem_sei.studies.plating_mechanics import ElasticStress, StressParameters

HERE = Path(__file__).parent
PRESSURE = 100e6  # Pa, of case.toml
REST = 'operation.steps=[{current_density="0 A/m^2", until={duration="1 s"}}]'
SETTLED = 0.075e-6  # m of growth before the speed is measured: 6 l
METALS = ("Li", "Na", "Mg")
POTENTIALS = (-0.03, -0.05, -0.1)  # V
WIDTHS = (100e-9, 50e-9, 25e-9)  # of the interface (m)
RADIUS = 0.1e-6  # m, of the disc
STIFFNESS, STRAIN = 1e15, 0.1  # Pa/m; of new metal
FRAME = [
    f'mechanics={{stack_pressure="1 MPa", stack_stiffness="{STIFFNESS} Pa/m", growth_strain={STRAIN}}}',
    'materials.undisturbed.E="10 GPa"',
    "materials.undisturbed.nu=0.3",
    'operation.steps[0].until={thickness="0.4 um"}',
]


def rest_potential(stress: str, metal: str) -> tuple[float, float]:
    """Cell voltage (V) at rest under pressure, and what it should be."""
    changes = [REST, f"mechanics.stress={stress}", f"geometry.layers[metal].material={metal}"]
    result = common.run(HERE / "case.toml", changes)
    own = common.electrode(result.case)
    return float(result.history["cell_voltage"][-1]), float(stress_shift(-PRESSURE, own["V_m"], own["z"]))


def speed(stress: str | None, potential: float = -0.05) -> tuple[float, float]:
    """Speed (m/s) at a fixed potential (V), and what it should be; without [mechanics] for None."""
    changes = [f"operation.steps[0].potential={potential} V"]
    case_file = HERE / "case.toml" if stress else HERE.parent / "planar_speed" / "case.toml"
    if stress:
        changes.append(f"mechanics.stress={stress}")
    else:
        changes += ["phase_field.interface_width=50 nm", 'operation.steps[0].until={thickness="0.2 um"}']
    result = common.run(case_file, changes)
    time, front = result.history["time"], result.history["tip"]
    found, _ = np.polyfit(time[front > SETTLED], front[front > SETTLED], 1)
    own = common.electrode(result.case)
    eta = potential - stress_shift(-PRESSURE if stress else 0.0, own["V_m"], own["z"])
    current = butler_volmer(eta, own["i0"], own["alpha"], own["z"], own["T"])
    return float(found), float(front_speed(current, own["V_m"], own["z"]))


def growth_in_a_frame(
    width: float = 50e-9, travel: float = 0.2
) -> tuple[dict[str, np.ndarray], float, float]:
    """Metal that grows in a stack whose top is held back: time (s), grown (m), pressure and that of the
    closed form for the same front (Pa); current density at the end and that of the closed form (A/m^2)."""
    changes = [*FRAME, f"phase_field.interface_width={width} m", f"time.front_travel={travel}"]
    result = common.run(HERE / "case.toml", changes)
    h, case, own = result.history, result.case, common.electrode(result.case)
    laws = [(m.value("E"), m.value("nu")) for m in (case.metal, *case.ion_conductors)]
    layers = [(layer.thickness, *law) for layer, law in zip(case.geometry.layers, laws, strict=True)]
    theory = stack_pressure(h["tip"], layers, STRAIN, case.mechanics.stack_pressure, STIFFNESS)
    eta = -0.05 + float(stress_shift(theory[-1], own["V_m"], own["z"]))
    current = float(butler_volmer(eta, own["i0"], own["alpha"], own["z"], own["T"]))
    curves = {
        "time": h["time"],
        "grown": h["tip"],
        "pressure": h["front_pressure"],
        "theory": theory,
    }
    return curves, float(h["current_density"][-1]), current


def disc(
    inside: tuple[float, float],
    outside: tuple[float, float],
    l: float,
    strain: float = 0.0,
    residual: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Normal stress (Pa) along the edge of a disc of metal in a large layer, and the angle there from the
    plane of the layer. `inside`, `outside`: E (Pa) and nu; `strain`: of the metal; `residual`: stress of the
    layer (Pa)."""
    changes = [
        "geometry.dimension=2",
        "geometry.width=2 um",
        "geometry.layers[metal].thickness=2 um",
        "geometry.layers[electrolyte].thickness=2 um",
    ]
    geometry = load(HERE / "case.toml", changes).case.geometry
    edge = 1.4 * RADIUS
    stack = build_stack(geometry, MeshSizes(l, 80e-9, [Box(0.0, edge, -edge, edge)]), MPI.COMM_WORLD, 1e-6)
    scalar = fem.functionspace(stack.mesh, ("P", 1))
    l, a = l / stack.length_scale, RADIUS / stack.length_scale
    front = FrontGeometry(scalar, l, 1.5 * l)
    p = StressParameters(
        elastic=True,
        shifts=True,
        pressure=0.0,
        growth_strain=strain,
        metal=inside,
        layers=dict.fromkeys(stack.regions, outside),
        residual_stress=dict.fromkeys(stack.regions, residual),
    )
    stress = ElasticStress(stack, front, scalar, p, unit=1e9)
    x = scalar.tabulate_dof_coordinates()
    psi = np.clip(a - np.hypot(x[:, 0], x[:, 1]), -20 * l, 20 * l)
    stress.start(np.full_like(psi, -20 * l))
    front.update(psi, with_curvature=False)
    stress.update(psi)
    edge = front.crossings(psi)
    return stress.unit * edge.sample(stress.normal.x.array), np.arctan2(edge.points[:, 1], edge.points[:, 0])


def inclusion(
    inside: tuple[float, float], outside: tuple[float, float], l: float = 4e-9
) -> tuple[float, float, float]:
    """Pressure (Pa) at the edge of a disc of metal that expands by 1 % within a large layer: mean, largest
    deviation from it, and the closed form."""
    found = -disc(inside, outside, l, strain=0.01)[0]
    deviation = float(np.abs(found - found.mean()).max())
    return float(found.mean()), deviation, inclusion_pressure(0.01, inside, outside)


def metal_in_a_stressed_layer(l: float = 4e-9) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Angle along the edge of a disc of metal in a layer under tension, the normal stress there and that of
    the closed form, over the residual stress of the layer."""
    stress, angle = disc((10e9, 0.3), (10e9, 0.3), l, residual=100e6)
    return angle, stress / 100e6, unstressed_inclusion(1.0, 0.3, angle)


def time_to_grow(travel: float) -> float:
    """Time (s) in which the frame's metal grows, with steps of `travel` l: what staggering costs."""
    return float(growth_in_a_frame(travel=travel)[0]["time"][-1])


INCLUSIONS = {  # E (Pa) and nu inside and outside
    "equal": ((10e9, 0.3), (10e9, 0.3)),
    "lithium in a stiff layer": ((7.8e9, 0.38), (50e9, 0.2)),
    "stiff metal in a soft layer": ((50e9, 0.2), (7.8e9, 0.38)),
}


def main() -> None:
    rows = []
    for metal in METALS:
        found, expected = rest_potential("elastic", metal)
        uniform = rest_potential("uniform", metal)[0]
        values = (f"{1e3 * value:.4f}" for value in (expected, uniform, found))
        rows.append((metal, *values, f"{100 * (found / expected - 1):.1e}"))
    print(common.markdown(("metal", "theory (mV)", "uniform (mV)", "elastic (mV)", "error (%)"), rows))
    rows = []
    for stress in (None, "uniform", "elastic"):
        found, expected = zip(*(speed(stress, potential) for potential in POTENTIALS), strict=True)
        errors = (f"{100 * (a / b - 1):+.3f}" for a, b in zip(found, expected, strict=True))
        rows.append((stress or "no [mechanics]", *errors))
    header = ("error of the speed (%) at", *(f"{1e3 * potential:.0f} mV" for potential in POTENTIALS))
    print(common.markdown(header, rows))
    frames = {width: growth_in_a_frame(width) for width in WIDTHS}
    rows = [
        (
            f"{1e9 * width:.0f}",
            f"{1e-6 * curves['theory'][-1]:.3f}",
            f"{100 * (curves['pressure'][-1] / curves['theory'][-1] - 1):+.3f}",
            f"{100 * (current / expected - 1):+.3f}",
        )
        for width, (curves, current, expected) in frames.items()
    ]
    print(common.markdown(("delta (nm)", "pressure (MPa)", "error (%)", "error of the current (%)"), rows))
    times = [time_to_grow(travel) for travel in (0.4, 0.2, 0.1)]
    print(f"time to grow with steps of 0.4, 0.2, 0.1 l: {times} s")
    rows = []
    for name, materials in INCLUSIONS.items():
        for l in (8e-9, 4e-9):
            mean, deviation, expected = inclusion(*materials, l)
            error, spread = 100 * (mean / expected - 1), 100 * deviation / mean
            rows.append((name, f"{1e9 * l:.0f}", f"{1e-6 * expected:.2f}", f"{error:+.2f}", f"{spread:.2f}"))
    header = (
        "inclusion of radius 100 nm",
        "l (nm)",
        "theory (MPa)",
        "error (%)",
        "spread along the front (%)",
    )
    print(common.markdown(header, rows))
    for l in (8e-9, 4e-9):
        angle, stress, expected = metal_in_a_stressed_layer(l)
        error = 100 * np.abs(stress - expected).max()
        print(f"disc in a layer under tension, l = {1e9 * l:.0f} nm: largest error {error:.2f} % of it")
    with common.picture(HERE / "stack_pressure.png", 13.0) as made:
        left, right, last = made.subplots(1, 3)
        order = np.argsort(angle)
        (line,) = last.plot(np.degrees(angle[order]), expected[order])
        some = order[:: max(1, len(order) // 25)]
        last.plot(np.degrees(angle[some]), stress[some], "o", color=line.get_color())
        last.set(
            xlabel="angle from the plane of the layer (degrees)",
            ylabel="normal stress / residual stress",
            title="disc in a stressed layer",
        )
        pressures = np.linspace(0.0, 150.0, 31)
        own = common.electrode(load(HERE / "case.toml").case)
        for potential in POTENTIALS:
            eta = potential - stress_shift(-1e6 * pressures, own["V_m"], own["z"])
            current = butler_volmer(eta, own["i0"], own["alpha"], own["z"], own["T"])
            label = f"{1e3 * potential:.0f} mV"
            (line,) = left.plot(pressures, 1e9 * front_speed(current, own["V_m"], own["z"]), label=label)
            points = (speed(None, potential)[0], speed("elastic", potential)[0])
            left.plot([0.0, 1e-6 * PRESSURE], [1e9 * v for v in points], "o", color=line.get_color())
        left.set(
            xlabel="stack pressure (MPa)",
            ylabel="speed of the front (nm/s)",
            title="lines: theory, points: fem_sei",
        )
        left.legend()
        curves = frames[WIDTHS[-1]][0]
        (line,) = right.plot(1e9 * curves["grown"], 1e-6 * curves["theory"])
        some = slice(None, None, max(1, len(curves["grown"]) // 12))
        right.plot(1e9 * curves["grown"][some], 1e-6 * curves["pressure"][some], "o", color=line.get_color())
        right.set(xlabel="growth (nm)", ylabel="pressure at the front (MPa)", title="in a stiff frame")


if __name__ == "__main__":
    main()
