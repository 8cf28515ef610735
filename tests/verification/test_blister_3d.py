"""A quarter of a round blister in three dimensions: multigrid against a factorisation, and the tangent."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from mpi4py import MPI

from fem_sei.case.loader import load
from fem_sei.studies.delamination_path import DelaminationPath
from fem_sei.studies.delamination_setup import build_model

BLISTER = Path(__file__).parents[2] / "cases" / "tutorials" / "blister_3d.toml"
COARSE = ("mesh.order=1", "mesh.elements_across=1")
ELASTIC_METAL = (
    "geometry.layers[metal].rigid=false",
    'boundaries=[{ on = "left", condition = "symmetry" }, { on = "front", condition = "symmetry" }, '
    '{ on = "bottom", condition = "clamped" }]',
)
STEPS = 9  # the last four damage the interface


def path_of(*changes):
    return DelaminationPath(build_model(load(BLISTER, [*COARSE, *changes]).case, MPI.COMM_WORLD))


def steps_of(profile, changes):
    path = path_of(f"solver.profile={profile}", *changes)
    found = []
    for report in islice(path.run(), STEPS):
        balance = (
            path.work
            - path.dissipated
            - path.model.elastic_energy()
            - sum(joint.integral(joint.values("stored")) for joint in path.model.joints)
        )
        here = (path.follower.here.load, path.opening_now, path.dissipated, balance / path.work)
        found.append((*here, report.iterations))
    fixed = path.follower.here.x[path.model.solver.fixed]
    path.model.close()
    return np.array(found), fixed


@pytest.mark.parametrize("changes", [(), ELASTIC_METAL], ids=["rigid metal", "elastic metal"])
def test_inexact_solves_do_not_change_the_path(changes):
    exact, _ = steps_of("direct", changes)
    found, fixed = steps_of("iterative", changes)
    assert exact[-1, 2] > 0.0
    assert found[:, :2] == pytest.approx(exact[:, :2], rel=1e-7)
    assert found[:, 2] == pytest.approx(exact[:, 2], rel=1e-6, abs=1e-6 * exact[-1, 2])
    assert found[:, 3] == pytest.approx(exact[:, 3], abs=1e-7)
    assert (found[:, 4] <= exact[:, 4] + 2).all()
    assert (fixed == 0.0).all()


@pytest.mark.parametrize("strain", ["small", "neo_hookean"])
def test_the_tangent_is_the_derivative_of_the_residual(strain):
    """Also where its constant part is kept: central differences at a random state, away from kinks."""
    path = path_of(f"mechanics.strain={strain}", "solver.profile=direct")
    solver = path.model.solver
    for _ in islice(path.run(), STEPS):
        pass
    state = 1.01 * path.follower.here.x  # where all damage grows
    direction = np.random.default_rng(1).normal(size=state.size) * (state != 0.0)
    size = 1e-7 * np.abs(state).max()
    residuals, product, zero = [], solver.x.duplicate(), solver.x.duplicate()
    zero.set(0.0)
    for sign in (1.0, -1.0):
        product.array[:] = state + sign * size * direction
        solver._assemble_residual(solver.snes, product, solver.b)
        residuals.append(solver.b.array_r.copy())
    expected = (residuals[0] - residuals[1]) / (2.0 * size)
    solver.x.array[:] = state
    solver._assemble_jacobian(solver.snes, zero, solver.A, solver.A)  # the second one from what was kept
    solver._assemble_jacobian(solver.snes, solver.x, solver.A, solver.A)
    solver.x.array[:] = direction
    solver.A.mult(solver.x, product)
    assert np.linalg.norm(product.array_r - expected) < 1e-4 * np.linalg.norm(expected)
    path.model.close()
