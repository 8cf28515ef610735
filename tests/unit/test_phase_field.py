"""The diffuse front: reaction density, its norm, the regularisation, the distance to the front."""

import math

import basix.ufl
import numpy as np
import pytest
import ufl
from scipy.integrate import quad, solve_ivp

from fem_sei.closed_form.fronts import travelling_profile
from fem_sei.physics import phase_field
from fem_sei.physics.phase_field import reaction_norm

CUTOFF, M = 3e-3, 8.0  # those of the plating study


def density(xi, norm, cutoff=CUTOFF):
    return float(phase_field.reaction_density(ufl.as_ufl(xi), ufl.as_ufl(1.0), cutoff, norm)(()))


def undistorted(cutoff):
    """Integral of max(xi(1-xi) - qc, 0) across the equilibrium profile, where |d xi/dx| = xi(1-xi)/l."""
    root = math.sqrt(1 - 4 * cutoff)
    ends = (1 - root) / 2, (1 + root) / 2
    return quad(lambda xi: 1 - cutoff / (xi * (1 - xi)), *ends, epsabs=1e-13)[0]


@pytest.mark.parametrize("cutoff", [1e-4, CUTOFF, 2e-2])
def test_norm_without_distortion_is_the_integral_across_the_profile(cutoff):
    assert reaction_norm(cutoff, 1e5) == pytest.approx(undistorted(cutoff), rel=1e-6)
    distortion = [1 - reaction_norm(cutoff, m) / undistorted(cutoff) for m in (16.0, 32.0)]
    assert 0 < distortion[1] == pytest.approx(distortion[0] / 4, rel=0.03)  # of second order in 1/m


def test_norm_of_the_study():
    assert undistorted(CUTOFF) / reaction_norm(CUTOFF, M) == pytest.approx(1.003, abs=5e-4)


def test_reaction_density_integrates_to_one_across_the_profile():
    norm = undistorted(CUTOFF)
    total, _ = quad(lambda x: density(travelling_profile(x, 1.0), norm), -12, 12, limit=400, epsabs=1e-7)
    assert total == pytest.approx(1.0, abs=1e-6)
    assert density(1e-4, norm) == 0.0 and density(1 - 1e-4, norm) == 0.0


def speed_of_a_travelling_front(spacing):
    """Speed of the front of d xi/dt = q + d/dx[m (d xi/dx + xi(1-xi))], lengths in l (finite volumes)."""
    x = np.arange(-15.0, 18.0, spacing)
    norm = reaction_norm(CUTOFF, M)

    def source(xi):
        return np.maximum(xi * (1 - xi) - CUTOFF, 0.0) / norm

    def rate(_time, xi):
        middle = 0.5 * (xi[1:] + xi[:-1])
        flux = M * (np.diff(xi) / spacing + middle * (1 - middle))
        return source(xi) + np.diff(np.concatenate([[0.0], flux, [0.0]])) / spacing

    band = {"method": "LSODA", "lband": 1, "uband": 1, "rtol": 1e-7, "atol": 1e-10}
    end = solve_ivp(rate, (0.0, 3.0), travelling_profile(x, 1.0), **band).y[:, -1]
    return source(end).sum() * spacing


def test_norm_makes_a_planar_front_move_at_the_speed_of_the_drive():
    coarse, fine = (speed_of_a_travelling_front(spacing) for spacing in (0.2, 0.1))
    assert fine + (fine - coarse) / 3 == pytest.approx(1.0, abs=2e-5)
    assert undistorted(CUTOFF) / reaction_norm(CUTOFF, M) - 1 > 2e-3  # the test can tell them apart


def test_regularisation_vanishes_on_the_profile_and_restores_it():
    domain = ufl.Mesh(basix.ufl.element("P", "interval", 1, shape=(1,)))
    x = ufl.SpatialCoordinate(domain)[0]
    for width, sign in ((1.0, 0), (1.5, 1), (0.7, -1)):  # too wide a front is compressed: towards the metal
        xi = (1 - ufl.tanh(x / (2 * width))) / 2
        flux = phase_field.regularisation_flux(xi, ufl.as_vector([-1.0]), 2.0, 1.0)
        flux = ufl.algorithms.apply_derivatives.apply_derivatives(
            ufl.algorithms.apply_algebra_lowering.apply_algebra_lowering(flux[0])
        )
        found = np.array([flux((at,)) for at in (-1.0, 0.0, 0.5)])
        np.testing.assert_allclose(np.sign(np.round(found, 12)), sign)


@pytest.mark.parametrize("x", [-3.0, -0.4, 0.0, 1.7])
def test_distance_is_that_to_the_front(x):
    found = float(phase_field.distance_to_front(ufl.as_ufl(float(travelling_profile(2 * x, 2.0))), 2.0)(()))
    assert found == pytest.approx(-2 * x, abs=0.1 if abs(x) > 1 else 5e-3)


def test_distance_is_bounded_in_the_bulk():
    bound = math.log(1 / phase_field.LOGIT_OFFSET)
    for xi, sign in ((1.0, 1), (1.04, 1), (0.0, -1), (-0.02, -1)):
        found = float(phase_field.distance_to_front(ufl.as_ufl(xi), 3.0)(()))
        assert found == pytest.approx(sign * 3.0 * bound, rel=1e-3)
