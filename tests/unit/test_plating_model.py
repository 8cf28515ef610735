"""The plating model on tiny 1-D meshes: Jacobian, fluxes against the closed forms, balances of one step."""

from pathlib import Path

import numpy as np
import pytest
from dolfinx.fem.petsc import assemble_matrix, assemble_vector
from mpi4py import MPI

from fem_sei.case.loader import load
from fem_sei.closed_form.kinetics import F
from fem_sei.studies.plating import FIELDS, PlatingModel, Scales
from fem_sei.studies.plating_setup import build_model, parameters

PLANAR = Path(__file__).parents[2] / "cases" / "tutorials" / "planar_plating.toml"
# a dilute film, a layer of given conductivity, and an electrolyte whose properties all depend on c
LAYERS = (
    'geometry.layers=[{name="metal", material="Mg", thickness="0.3 um"},'
    '{name="film", material="film", thickness="0.3 um"},'
    '{name="solid", material="solid", thickness="0.3 um"},'
    '{name="electrolyte", material="LiPF6_EC_DMC", thickness="0.6 um"}]'
)
MIXED = [
    LAYERS,
    'materials.film={extends="library:dilute_electrolyte_model", D="2e-12 m^2/s"}',
    'materials.solid={extends="library:LiF", D="3e-12 m^2/s", t_plus=0.8, kappa="2e-3 S/m"}',
    'conditions.temperature="283.15 K"',
    "kinetics.alpha=0.3",
    "mesh.elements_across_interface=4",
]
POTENTIOSTATIC = [
    "operation.mode=potentiostatic",
    'operation.steps=[{potential="-50 mV", until={duration="10 s"}}]',
]


def case_of(*changes):
    return load(PLANAR, changes).case


def model_of(*changes):
    return build_model(case_of(*changes), MPI.COMM_SELF)


def excite(model):
    """A state off equilibrium everywhere, the front somewhat within the film; returns psi."""
    x = model.scalar.tabulate_dof_coordinates()[:, 0]
    psi = np.clip(0.05 + 0.01 * np.sin(9 * x) - x, -20 * model.l, 20 * model.l)
    for function, phase in ((model.u2, 0.2), (model.u1, 0.1), (model.u, 0.0)):
        model.set_state(psi - phase * 0.1, 0.3 * np.sin(5 * x + phase) - 0.2, np.cos(4 * x) - 2 * x)
        function.x.array[:] = model.u.x.array
    model.a0.value, model.a1.value, model.a2.value = 1.5, -2.0, 0.5
    model.phi_s.value = -1.3
    model.prepare_step(psi, 1e-3)
    return psi


def residual(model):
    with assemble_vector(model.solver.F).localForm() as local:
        return local.array.copy()


@pytest.mark.parametrize("field", [0, 1, 2], ids=FIELDS)
def test_jacobian_is_the_derivative_of_the_residual(field):
    """With z = 2, alpha = 0.3, a layer that follows laws of the concentration, and surface energy."""
    model = model_of(*MIXED, 'kinetics.surface_energy="5 J/m^2"', *POTENTIOSTATIC)
    assert model.p.z == 2 and float(model.alpha.value) == 0.3
    excite(model)
    jacobian = assemble_matrix(model.solver.J)  # without the fixed values
    jacobian.assemble()
    direction = np.zeros_like(model.u.x.array)
    direction[field :: len(FIELDS)] = np.random.default_rng(field).uniform(-1, 1, len(direction) // 3)
    vector = jacobian.createVecRight()
    vector.array[:] = direction
    exact = (jacobian * vector).array
    state, h = model.u.x.array.copy(), 1e-6
    ends = []
    for sign in (1, -1):
        model.u.x.array[:] = state + sign * h * direction
        ends.append(residual(model))
    difference = (ends[0] - ends[1]) / (2 * h)
    for equation in range(len(FIELDS)):
        rows = slice(equation, None, len(FIELDS))
        scale = np.abs(exact[rows]).max()
        assert np.abs(difference[rows] - exact[rows]).max() <= 1e-6 * scale + 1e-12


def gauss(ends):
    """Values at the two Gauss points of each cell of what is linear in it: (cells, 2)."""
    middle, half = ends.mean(axis=1), (ends[:, 1] - ends[:, 0]) / 2
    return middle[:, None] + half[:, None] * np.array([-1, 1]) / np.sqrt(3)


def cellwise_fluxes(model):
    """Fluxes of charge and salt through each cell, upwards, in SI; without metal or rates of change.

    A residual's sum over the nodes below a cell is the flux through the cell.
    """
    x = model.scalar.tabulate_dof_coordinates()[:, 0]
    y, phi = 0.4 * np.sin(3 * x) - 0.1 * x, 30 * np.cos(2 * x) - x
    block = model.u.x.array.reshape(-1, len(FIELDS))
    block[model.nodes] = np.stack([np.zeros_like(x), y, phi], axis=1)
    model.a0.value = model.a1.value = model.a2.value = 0.0
    found = residual(model).reshape(-1, len(FIELDS))[model.nodes]
    cells = model.front.grid.cells
    cells = np.take_along_axis(cells, np.argsort(x[cells], axis=1), axis=1)
    below = np.array([x <= x[lower] + 1e-9 for lower, _ in cells])
    s = model.scales
    fluxes = {"charge": below @ found[:, 2] * s.current}
    fluxes["salt"] = below @ found[:, 1] * s.concentration * s.length / s.time
    ends = {"x": x[cells] * s.length, "y": y[cells], "phi": phi[cells] * s.potential}
    return fluxes, ends


def test_fluxes_are_those_of_concentrated_solution_theory():
    """In every kind of layer: N and i of a binary salt from the library's laws at the Gauss points."""
    case = case_of(*MIXED)
    model = build_model(case, MPI.COMM_SELF)
    fluxes, ends = cellwise_fluxes(model)
    length = np.diff(ends["x"], axis=1)
    y = gauss(ends["y"])
    c, slope_y, slope_phi = (
        1000.0 * np.exp(y),
        np.diff(ends["y"], axis=1) / length,
        np.diff(ends["phi"], axis=1) / length,
    )
    T, z, porosity = 283.15, 2, 1.001
    seen = set()
    for name, tag in model.stack.regions.items():
        cells = model.stack.cell_tags.find(tag)
        material = model.p.layers[name]
        D, t_plus, kappa = (
            np.broadcast_to(material[key](c[cells], T), c[cells].shape) for key in ("D", "t_plus", "kappa")
        )
        factor = material["thermodynamic_factor"](c[cells], T) if "thermodynamic_factor" in material else 1.0
        diffusion = (1 + z) / z * model.scales.potential * (1 - t_plus) * factor * slope_y[cells]
        i = -porosity * kappa * (slope_phi[cells] - diffusion)
        N = -(porosity * D * c[cells] * slope_y[cells] + (1 - t_plus) * i / (z * F))
        for flux, expected in (("charge", i), ("salt", N)):
            expected = expected.mean(axis=1)
            limit = 1e-9 * np.abs(expected).max()
            np.testing.assert_allclose(fluxes[flux][cells], expected, rtol=1e-7, atol=limit)
        seen.add(material.name)
    assert seen == {"film", "solid", "LiPF6_EC_DMC"}


def test_the_metal_has_the_conductor_of_the_layer_on_it():
    layers = parameters(case_of(*MIXED)).layers
    assert layers["metal"] is layers["film"]
    first = parameters(case_of("geometry.layers[coating].material=LiPF6_EC_DMC")).layers
    assert first["metal"].name == "LiPF6_EC_DMC"


def step(model, dt):
    """One backward Euler step from the initial state."""
    model.u1.x.array[:] = model.u.x.array
    model.a0.value, model.a1.value, model.a2.value = 1 / dt, -1 / dt, 0.0
    model.prepare_step(model.state()[:, 0], 1.0)
    return model.solver.solve()


@pytest.mark.parametrize("counter", ["reservoir", "closed"])
@pytest.mark.parametrize("drive", [-1.0, 1.0], ids=["plating", "stripping"])
def test_one_potentiostatic_step_is_balanced(counter, drive):
    """Metal gained = charge through the counter electrode, salt gained = influx, by the consistent fluxes."""
    model = model_of(*MIXED, *POTENTIOSTATIC, f"operation.counter={counter}")
    dt, salt = 0.2 * model.l, model.salt()
    model.phi_s.value = drive
    step(model, dt)
    current = model.terminal_current()
    assert current * drive < 0  # a negative potential of the metal deposits
    assert model.metal_gain() == pytest.approx(current * dt, rel=1e-9)
    assert model.salt() - salt == pytest.approx(model.salt_influx() * dt, abs=1e-12)
    if counter == "closed":
        assert model.salt_influx() == 0.0
    assert model.cell_voltage() == pytest.approx(drive)


def test_one_galvanostatic_step_grows_what_faraday_says():
    model = model_of(*MIXED)
    dt = 0.2 * model.l
    model.current.value = 0.7
    step(model, dt)
    assert model.terminal_current() == 0.7
    assert model.metal_gain() == pytest.approx(0.7 * dt, rel=1e-9)
    assert model.cell_voltage() < 0
    # the unit of current moves the front by one unit of length in one of time
    s, p = model.scales, model.p
    assert s.current * p.V_m / (p.z * F) == pytest.approx(s.length / s.time)
    assert s == Scales.of(p, model.stack.length_scale)


def test_initial_state():
    model = model_of()
    s = model.scales
    assert model.metal_gain() == 0.0 and model.cell_voltage() == 0.0
    outside = 6e-6 / s.length
    total = 6.5e-6 / s.length
    assert model.salt() == pytest.approx(outside + model.p.residual_porosity * total, rel=1e-4)
    psi = model.state()[:, 0]
    x = model.scalar.tabulate_dof_coordinates()[:, 0]
    near = np.abs(x) < 10 * model.l
    np.testing.assert_allclose(psi[near], -x[near], atol=1e-3 * model.l)


def test_state_survives_being_set():
    model = model_of()
    psi = excite(model)
    state = model.state()
    model.set_state(*state.T)
    near = np.abs(psi) < 5 * model.l
    np.testing.assert_allclose(model.state()[near], state[near], atol=1e-6 * model.l)
    assert model.component("xi").min() > 0 and model.component("xi").max() < 1


def test_model_is_a_plating_model_of_its_case():
    model = model_of('conditions.concentration="0.5 mol/L"', 'kinetics.reference_concentration="1 mol/L"')
    assert isinstance(model, PlatingModel)
    i0 = model.p.i0 * 0.5**0.5 / model.scales.current
    assert float(model.i0.value) == pytest.approx(i0)
    assert float(model.beta.value) == pytest.approx(1 / (model.p.V_m * 500.0))
