"""Stress in plating cases: the laminate of the front, states of stress, runs, restarts, bad input."""

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import ufl
from mpi4py import MPI

from fem_sei.case.checks import assess
from fem_sei.case.loader import CaseError, load
from fem_sei.cli import main
from fem_sei.closed_form.stressed_stack import inclusion_pressure, stack_pressure, uniaxial_modulus
from fem_sei.physics.laminate import Phase, laminate_stress
from fem_sei.post.open import open_run
from fem_sei.studies import stopping
from fem_sei.studies.plating_setup import build_model

ROOT = Path(__file__).parents[2]
CASE = ROOT / "cases" / "verification" / "stack_pressure" / "case.toml"
SOLID = ['materials.undisturbed.E="10 GPa"', "materials.undisturbed.nu=0.3"]
FRAME = 'mechanics={stack_pressure="1 MPa", stack_stiffness="1e15 Pa/m", growth_strain=0.1}'
COARSE = ["mesh.elements_across_interface=4", "time.front_travel=0.35"]
SHORT = [*COARSE, 'operation.steps[0].until={thickness="20 nm"}']


def model_of(*changes):
    return build_model(load(CASE, changes).case, MPI.COMM_SELF)


def moved(model, distance):
    """The stress when the flat front has moved by a distance (in L0); returns psi."""
    psi = np.clip(distance - model.front.grid.points[:, 0], -20 * model.l, 20 * model.l)
    model.front.update(psi, with_curvature=False)
    model.stress.update(psi)
    return psi


def front_pressure(model, psi):
    return -model.stress.unit * model.front.crossings(psi).sample(model.stress.normal.x.array)


def run(folder, *changes, case=CASE, code=0):
    sets = [part for change in changes for part in ("--set", change)]
    assert main(["run", str(case), "--out", str(folder), "--no-pictures", *sets]) == code
    return open_run(folder)


# Laminate


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_both_materials_of_a_laminate_carry_the_same_traction(share):
    """Against the mean strain split by a linear solve for the jump."""
    rng = np.random.default_rng(1)
    strain, offset = (rng.uniform(-1, 1, (3, 3)) for _ in range(2))
    strain, offset = strain + strain.T, offset + offset.T
    n = np.array([0.6, -0.8, 0.0])
    matrix = lambda values: ufl.as_matrix(values.tolist())  # noqa: E731
    one = Phase(2.0, 0.3, 0.1, matrix(offset))
    two = Phase(9.0, 0.1, -0.2, ufl.zero(3, 3))

    def stress(phase, e):
        return np.array(
            [[phase.stress(matrix(e))[i, j]._ufl_evaluate_scalar_() for j in range(3)] for i in range(3)]
        )

    def split(a):
        jump = (np.outer(a, n) + np.outer(n, a)) / 2
        return stress(one, strain + (1 - share) * jump), stress(two, strain - share * jump)

    def mismatch(a):
        first, second = split(a)
        return (first - second) @ n

    zero = mismatch(np.zeros(3))
    slope = np.column_stack([mismatch(unit) - zero for unit in np.eye(3)])
    first, second = split(np.linalg.solve(slope, -zero))
    found = laminate_stress(matrix(strain), share, ufl.as_vector(n.tolist()), one, two)
    found = np.array([[found[i, j]._ufl_evaluate_scalar_() for j in range(3)] for i in range(3)])
    np.testing.assert_allclose(found, share * first + (1 - share) * second, rtol=1e-12, atol=1e-12)


# States of stress


def test_pressure_reaches_the_metal_through_liquids_and_solids():
    for changes in ([], SOLID):
        model = model_of(*changes)
        np.testing.assert_allclose(front_pressure(model, moved(model, 0.1)), 100e6, rtol=1e-10)
        model.solver.close()


def test_growth_in_a_frame_builds_up_the_pressure_of_the_closed_form_and_stripping_takes_it_away():
    model = model_of(*SOLID, FRAME, "mesh.elements_across_interface=8")
    layers = [(0.5e-6, 7.8e9, 0.38), (1.5e-6, 10e9, 0.3)]
    for distance in (0.1, 0.2):
        (found,) = front_pressure(model, moved(model, distance))
        assert found == pytest.approx(
            float(stack_pressure(1e-6 * distance, layers, 0.1, 1e6, 1e15)), rel=1e-3
        )
    (found,) = front_pressure(model, moved(model, 0.0))
    assert found == pytest.approx(1e6, rel=1e-9)
    (found,) = front_pressure(model, moved(model, -0.1))
    # stripped metal leaves a layer that wants to shrink: tension, with the layer's Poisson's ratio
    assert found < -1e6
    model.solver.close()


def test_residual_stress_of_a_flat_layer_stays_in_its_plane():
    layers = (
        'geometry.layers=[{name="metal", material="Li", thickness="0.5 um"},'
        '{name="film", material="film", thickness="0.5 um", residual_stress="-200 MPa"},'
        '{name="electrolyte", material="undisturbed", thickness="1 um"}]'
    )
    film = (
        'materials.film={kind="ion_conductor", D="1e-4 m^2/s", kappa="1e8 S/m", t_plus=1.0,'
        'E="50 GPa", nu=0.2}'
    )
    model = model_of(layers, film, 'mechanics.stack_pressure="0 MPa"')
    psi = moved(model, 0.0)
    assert abs(front_pressure(model, psi)).max() < 1.0
    stress = model.stress.unit * model.stress.tensor.x.array.reshape(-1, 3, 3)
    cells = model.stack.cell_tags.find(model.stack.regions["film"])
    far = cells[model.front.grid.points[model.front.grid.cells[cells], 0].min(axis=1) > 15 * model.l]
    expected = np.diag([-200e6, 0.0, -200e6])
    np.testing.assert_allclose(stress[far], np.broadcast_to(expected, (len(far), 3, 3)), atol=1.0)
    model.solver.close()


def test_closed_forms():
    assert uniaxial_modulus(1.0, 0.0) == 1.0
    assert inclusion_pressure(0.01, (10e9, 0.3), (10e9, 0.3)) == pytest.approx(10e9 * 0.01 / (2 * 0.7))
    layers = [(1e-6, 1e9, 0.0), (1e-6, 1e9, 0.0)]
    assert stack_pressure(0.0, layers, 0.1, 3e6, 1e15) == pytest.approx(3e6)
    assert stack_pressure(1e-7, layers, 0.1, 0.0, 1e30) == pytest.approx(1e9 * 0.1 * 0.05)  # a fixed gap


# Runs


def test_without_loads_the_history_is_that_without_mechanics(tmp_path):
    plain = run(tmp_path / "plain", *SHORT, case=ROOT / "cases/verification/planar_speed/case.toml").history
    assert "front_pressure" not in plain
    for name, table in (("uniform", '{stress="uniform"}'), ("elastic", "{}")):
        found = run(
            tmp_path / name,
            *SHORT,
            f"mechanics={table}",
            case=ROOT / "cases/verification/planar_speed/case.toml",
        ).history
        assert set(found) - set(plain) == {"front_pressure", "front_pressure_min", "front_pressure_max"}
        for key, values in plain.items():
            if not key.endswith(("balance", "iterations")):
                np.testing.assert_allclose(found[key], values, rtol=1e-10, err_msg=key)


def test_one_way_stress_is_found_but_does_not_shift_the_kinetics(tmp_path):
    table = FRAME.replace("}", ", stress_shift=false}")
    found = run(tmp_path / "one_way", *SHORT, *SOLID, table).history
    assert found["front_pressure"][-1] > 3e6
    plain = run(tmp_path / "none", *SHORT, *SOLID, 'mechanics={stress="uniform"}').history
    np.testing.assert_allclose(found["current_density"], plain["current_density"], rtol=1e-10)
    shifted = run(tmp_path / "two_way", *SHORT, *SOLID, FRAME).history
    assert shifted["current_density"][-1] < 0.99 * plain["current_density"][-1]


def test_a_run_stops_at_a_pressure_and_writes_stress_and_displacement(tmp_path):
    found = run(tmp_path / "run", *COARSE, *SOLID, FRAME, 'operation.stop="front_pressure > 5 MPa"')
    assert found.history["front_pressure"][-1] == pytest.approx(5e6, rel=1e-5)
    fields = found.fields(index=-1)
    assert fields["stress"].reshape(-1, 3, 3).shape[0] == len(fields.points)
    np.testing.assert_allclose(fields["stress"].reshape(-1, 9)[:, 4], -5e6, rtol=1e-3)
    # the top has risen by what holds it back, from where the first pressure had pressed it
    S = 0.5e-6 / uniaxial_modulus(7.8e9, 0.38) + 1.5e-6 / uniaxial_modulus(10e9, 0.3)
    top = fields["displacement"][np.argmax(np.abs(fields.points).max(axis=1))]
    assert top == pytest.approx(4e6 / 1e15 - 1e6 * S, rel=1e-3)


def test_a_run_goes_on_as_if_it_had_not_stopped(tmp_path, monkeypatch):
    changes = [*SHORT, *SOLID, FRAME]
    whole = run(tmp_path / "whole", *changes)
    after_step, taken = stopping.Watch.after_step, []

    def counted(self, now):
        taken.append(now)
        if len(taken) == 5:
            os.kill(os.getpid(), signal.SIGTERM)
        return after_step(self, now)

    monkeypatch.setattr(stopping.Watch, "after_step", counted)
    run(tmp_path / "run", *changes, code=130)
    assert main(["restart", str(tmp_path / "run"), "--no-pictures"]) == 0
    assert (tmp_path / "run" / "history.csv").read_bytes() == (whole.path / "history.csv").read_bytes()
    assert json.loads((tmp_path / "run" / "run.json").read_text())["status"] == "done"


# Bad input and checks


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (['mechanics.stress="plastic"'], 'needs "uniform" or "elastic"'),
        (["mechanics.stack_pressure=5"], "got a number without a unit"),
        (['mechanics.stack_pressure="-1 MPa"'], "zero or more"),
        (["mechanics.growth_strain=0.7"], "below 0.5"),
        (['mechanics.stack_stiffness="1e15 Pa/m"'], "nothing holds the top of a liquid back"),
        (['mechanics={stress="uniform", growth_strain=0.1}'], 'goes only with stress = "elastic"'),
        (['materials.undisturbed.E="1 GPa"'], "has no nu, which [mechanics] needs"),
        (['operation.steps[0].potential="-10 mV"'], "this step strips, so the thickness must be negative"),
        (['geometry.layers[metal].residual_stress="1 MPa"'], "the metal has none"),
        (['geometry.layers[electrolyte].residual_stress="1 MPa"'], "is a liquid here"),
        (
            ['mechanics.stress="uniform"', 'geometry.layers[electrolyte].residual_stress="1 MPa"'],
            "goes only with [mechanics]",
        ),
        (
            ["phase_field.formulation=chen2015", 'phase_field.interface_mobility="1e-6 m^3/(J*s)"'],
            "chen2015 has no stress",
        ),
    ],
)
def test_bad_input(changes, said):
    with pytest.raises(CaseError) as caught:
        load(CASE, changes)
    assert said in str(caught.value)


def test_a_condition_on_the_pressure_needs_mechanics():
    with pytest.raises(CaseError) as caught:
        load(ROOT / "cases/tutorials/planar_plating.toml", ['operation.stop="front_pressure > 1 MPa"'])
    assert "a condition on front_pressure goes only with [mechanics]" in str(caught.value)


def test_checks_tell_the_shift_and_when_the_metal_would_yield():
    rows = {row.name: row for row in assess(load(CASE).case).rows}
    assert rows["shift of the rest potential by the stack pressure"].value == pytest.approx(
        -13.47e-3, rel=1e-3
    )
    assert rows["shear by the pressure / yield stress of the metal"].verdict == "warn"
    free = assess(load(CASE, ["mechanics.stress_shift=false"]).case)
    planned, unshifted = (rows["planned time"].value, {r.name: r for r in free.rows}["planned time"].value)
    assert planned == pytest.approx(unshifted * 68.04 / 46.33, rel=1e-3)  # currents by Butler-Volmer
    assert '"electrolyte" is a liquid: its pressure' in rows
