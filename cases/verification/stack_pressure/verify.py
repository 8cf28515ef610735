"""Shift of rest potential and speed by pressure; pressure that growth builds up; see README.md."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from dolfinx import fem
from mpi4py import MPI

from cases.verification import common
from fem_sei.case.loader import load
from fem_sei.closed_form.kinetics import butler_volmer, front_speed, stress_shift
from fem_sei.closed_form.stressed_stack import inclusion_pressure, stack_pressure
from fem_sei.geometry.sizes import Box, MeshSizes
from fem_sei.geometry.stack import build_stack
from fem_sei.numerics.front import FrontGeometry
from fem_sei.studies.plating_mechanics import ElasticStress, StressParameters

HERE = Path(__file__).parent
PRESSURE = 100e6  # Pa, of case.toml
REST = 'operation.steps=[{current_density="0 A/m^2", until={duration="1 s"}}]'
SETTLED = 0.075e-6  # m of growth before the speed is measured: 6 l
METALS = ("Li", "Na", "Mg")
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


def inclusion(
    inside: tuple[float, float], outside: tuple[float, float], l: float = 4e-9, radius: float = 0.1e-6
) -> tuple[float, float, float]:
    """Pressure (Pa) at the edge of a disc of metal that expands within a large layer: mean, largest deviation
    from it, and the closed form. `inside`, `outside`: E (Pa) and nu."""
    changes = [
        "geometry.dimension=2",
        "geometry.width=2 um",
        "geometry.layers[metal].thickness=2 um",
        "geometry.layers[electrolyte].thickness=2 um",
    ]
    geometry = load(HERE / "case.toml", changes).case.geometry
    edge = 1.4 * radius
    stack = build_stack(geometry, MeshSizes(l, 80e-9, [Box(0.0, edge, -edge, edge)]), MPI.COMM_WORLD, 1e-6)
    scalar = fem.functionspace(stack.mesh, ("P", 1))
    l, a = l / stack.length_scale, radius / stack.length_scale
    front = FrontGeometry(scalar, l, 1.5 * l)
    laws = dict.fromkeys(stack.regions, outside)
    p = StressParameters(True, True, 0.0, growth_strain=0.01, metal=inside, layers=laws)
    stress = ElasticStress(stack, front, scalar, p, unit=1e9)
    x = scalar.tabulate_dof_coordinates()
    psi = np.clip(a - np.hypot(x[:, 0], x[:, 1]), -20 * l, 20 * l)
    stress.start(np.full_like(psi, -20 * l))
    front.update(psi, with_curvature=False)
    stress.update(psi)
    found = -stress.unit * front.crossings(psi).sample(stress.normal.x.array)
    return (
        float(found.mean()),
        float(np.abs(found - found.mean()).max()),
        inclusion_pressure(0.01, inside, outside),
    )
