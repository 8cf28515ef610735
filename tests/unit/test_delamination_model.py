"""Equations of the study "delamination": residual and matrix of the solver at states in every branch."""

import numpy as np
import pytest
from mpi4py import MPI

from fem_sei.case import overrides
from fem_sei.case.loader import resolve
from fem_sei.studies.delamination_setup import build_model

BETWEEN = {  # two elastic layers
    "schema": 1,
    "case": {"name": "two", "study": "delamination"},
    "geometry": {
        "dimension": 2,
        "width": "8 nm",
        "layers": [
            {"name": "metal", "material": "soft", "thickness": "2 nm"},
            {"name": "sei", "material": "film", "thickness": "2 nm"},
        ],
    },
    "materials": {
        "film": {"kind": "solid", "E": "50 GPa", "nu": 0.25},
        "soft": {"kind": "solid", "E": "20 GPa", "nu": 0.3},
    },
    "interfaces": [
        {
            "on": "metal|sei",
            "strength": "1 GPa",
            "fracture_energy": "0.5 J/m^2",
            "shear_strength": "1.5 GPa",
            "shear_fracture_energy": "1.2 J/m^2",
            "stiffness": "2e19 Pa/m",
            "shear_stiffness": "1.3e19 Pa/m",
            "mixing_exponent": 1.7,
            "flaw": {"start": "0 nm", "end": "2 nm"},
        }
    ],
    "boundaries": [{"on": "bottom", "condition": "clamped"}],
    "loading": {"pressure": "300 MPa"},
    "mesh": {"elements_per_cohesive_length": 1.0, "coarse_size": "2 nm"},
}
ON_RIGID = {  # the lower one does not move
    "geometry.layers[metal].rigid": True,
    "geometry.layers[metal].material": "film",
    "boundaries": [{"on": "left", "condition": "symmetry"}],
}
VARIANTS = {
    "small, viscous, pressure on what debonds": {
        "loading.spread": "debonded",
        "boundaries": [
            {"on": "bottom", "condition": "clamped"},
            {"on": "top", "pressure": "50 MPa"},
        ],
    },
    "St Venant-Kirchhoff, plane stress, power law, follower on what debonds": {
        "mechanics.strain": "st_venant_kirchhoff",
        "mechanics.assumption": "plane_stress",
        "interfaces[0].mixing": "power_law",
        "loading.spread": "debonded",
        "loading.follower": True,
        "geometry.layers[sei].residual_stress": "200 MPa",
        "mesh.order": 1,
    },
    "neo-Hookean, axisymmetric, on a rigid metal, follower": ON_RIGID
    | {
        "mechanics.strain": "neo_hookean",
        "mechanics.assumption": "axisymmetric",
        "loading.follower": True,
        "geometry.layers[sei].eigenstrain": 0.01,
        "mesh.order": 1,
    },
    "3-D, on a rigid metal": ON_RIGID
    | {
        "geometry.dimension": 3,
        "geometry.depth": "4 nm",
        "geometry.width": "4 nm",
        "interfaces[0].flaw": {"centre": ["0 nm", "0 nm"], "radius": "2 nm"},
        "mesh.order": 1,
    },
}
CLOSE = 0.15  # scatter of the openings within a branch, of their size
# opening, sliding (in strength over stiffness) and the damage before
BRANCHES = {
    "elastic": (0.4, 0.2, 0.0),
    "softening": (4.0, 1.0, 0.0),
    "mixed": (2.0, 6.0, 0.1),
    "sliding": (0.0, 6.0, 0.0),
    "unloading": (3.0, 3.0, 0.95),
    "failed": (50.0, 20.0, 0.3),
    "contact": (-2.0, 0.3, 0.0),
    "contact, damaged": (-2.0, 3.0, 0.8),
    "contact, failed": (-2.0, 3.0, 1.0),
}


@pytest.fixture(scope="module", params=VARIANTS.values(), ids=VARIANTS)
def model(request):
    found = build_model(resolve(overrides.apply(BETWEEN, request.param)), MPI.COMM_SELF)
    found.held.value, found.load.value = 1.0, 0.8
    yield found
    found.close()


def scattered(model, opening, sliding, random):
    """Displacements that open and slide the interface by about so much, in the solver's layout."""
    (joint,) = model.joints
    at_onset = joint.data.strength / joint.data.stiffness / model.L
    x = model.solver.x.duplicate()
    for body, start in zip(model.bodies, model.solver.starts, strict=False):
        u = np.zeros(body.u.x.array.reshape(-1, model.dim).shape)
        if body is joint.upper:
            u[:, model.dim - 1], u[:, 0] = opening * at_onset, sliding * at_onset
        size = CLOSE * at_onset * (np.hypot(opening, sliding) if opening else sliding)
        u += size * random.uniform(-0.5, 0.5, u.shape) * (0.3 if opening < 2.0 and sliding else 1.0)
        if not opening:  # pure sliding: no opening anywhere
            u[:, model.dim - 1] = 0.0
        x.array[start : start + u.size] = u.ravel()
    return x


def residual(model, x):
    model.solver._assemble_residual(None, x, model.solver.b)
    return model.solver.b.array_r.copy()


@pytest.mark.parametrize("lag", [0.0, 0.7], ids=["", "viscous"])
@pytest.mark.parametrize("branch", BRANCHES.values(), ids=BRANCHES)
def test_the_matrix_is_the_derivative_of_the_residual(model, branch, lag):
    """Against central differences along random displacements, rows of given displacements left out."""
    random, (opening, sliding, old) = np.random.default_rng(3), branch
    (joint,), solver = model.joints, model.solver
    joint.set_damage(np.full(len(joint.weights), old))
    model.lag.value = lag
    x = scattered(model, opening, sliding, random)
    solver._assemble_jacobian(solver.snes, x, solver.A, solver.A)
    joint.evaluate()
    if opening < 0.0:
        assert joint.values("delta_n").max() < 0.0
    elif opening > 0.0:
        assert joint.values("delta_n").min() > 0.0
    grows = joint.values("damage") > old + 1e-12
    assert grows.all() or not grows.any()
    along = x.duplicate()
    along.array[:] = random.uniform(-1.0, 1.0, along.getLocalSize())
    if not opening:  # stays pure sliding
        along.array.reshape(-1, model.dim)[:, model.dim - 1] = 0.0
    along.array[solver.fixed] = 0.0
    product = x.duplicate()
    solver.A.mult(along, product)
    step = 1e-5 * joint.data.strength / joint.data.stiffness / model.L
    moved = []
    for sign in (1.0, -1.0):
        to = x.copy()
        to.axpy(sign * step, along)
        moved.append(residual(model, to))
    expected = (moved[0] - moved[1]) / (2.0 * step)
    found = product.array_r
    np.testing.assert_allclose(found, expected, atol=2e-7 * np.abs(expected).max())


def test_the_pull_is_the_derivative_by_the_load(model):
    """What the load adds to the residual is minus `P` per load factor."""
    solver = model.solver
    joint = model.joints[0]
    joint.set_damage(np.full(len(joint.weights), 0.3))
    x = scattered(model, 1.0, 0.5, np.random.default_rng(0))
    residuals = []
    for load in (0.5, 0.9):
        solver.load.value = load
        residuals.append(residual(model, x))
    solver.load.value = 0.8
    solver.assemble(solver.P, solver.pulled)
    pulled = solver.pulled.array_r.copy()
    pulled[solver.fixed] = 0.0
    change = -(residuals[1] - residuals[0]) / 0.4
    np.testing.assert_allclose(pulled, change, atol=1e-12 * np.abs(pulled).max())
    assert np.abs(pulled).max() > 0.0
