"""Films against the equilibrium of two layers, the energy of buckled shapes, and springs in series."""

import numpy as np
import pytest
from scipy.integrate import quad

from fem_sei.closed_form import films
from fem_sei.closed_form.blisters import bending_stiffness

E, NU, H, A = 50e9, 0.3, 4e-9, 40e-9


@pytest.mark.parametrize(("h", "M"), [(0.1, 3.0), (1.0, 1.0), (2.0, 0.3)])
def test_bilayers_are_in_equilibrium(h, M):
    """Strain e - kappa y in both layers, y up from the bottom of the substrate (thickness 1, modulus 1): no
    net force or moment with a film too short by the misfit. It curves upwards, kappa > 0."""
    misfit = 1e-3
    matrix, right = np.zeros((2, 2)), np.zeros(2)
    for modulus, low, high, free in ((1.0, 0.0, 1.0, 0.0), (M, 1.0, 1.0 + h, -misfit)):
        for row in range(2):
            moments = [quad(lambda y, n=row + column: y**n, low, high)[0] for column in range(2)]
            matrix[row] += modulus * np.array([moments[0], -moments[1]])
            right[row] += modulus * free * moments[0]
    _, curvature = np.linalg.solve(matrix, right)
    assert films.bilayer_curvature(misfit, M, h, 1.0, 1.0) == pytest.approx(curvature, rel=1e-12)


def test_thin_films_curve_their_substrate_as_stoney_says():
    """The error of Stoney is 4 M/M_s times the ratio of the thicknesses."""
    M, M_s = E / (1.0 - NU), 160e9 / (1.0 - 0.25)
    exact = films.bilayer_curvature(1e-3, M, 1e-9, M_s, 1e-6)
    stoney = films.stoney_curvature(M * 1e-3, 1e-9, 160e9, 0.25, 1e-6)
    assert stoney == pytest.approx(exact, rel=4.0 * max(1.0, M / M_s) * 1e-3)


def test_releases_are_the_elastic_energies():
    """Plane strain keeps the strain along the front; equibiaxial release takes all the energy."""
    stress = 200e6
    strain = stress * (1.0 - NU**2) / E
    assert films.plane_strain_release(stress, E, NU, H) == pytest.approx(0.5 * stress * strain * H, rel=1e-12)
    strain = stress * (1.0 - NU) / E
    assert films.equibiaxial_release(stress, E, NU, H) == pytest.approx(stress * strain * H, rel=1e-12)


def test_buckled_strips_fit_between_their_sides_and_drive_them_by_moment_and_stretch():
    """w = w0/2 (1 + cos(pi x/a)) balances D w'' + sigma_c h w; its length takes up sigma - sigma_c."""
    D, stiffness = bending_stiffness(E, NU, H), E / (1.0 - NU**2)
    critical = films.strip_buckling_stress(E, NU, H, A)
    assert D * (np.pi / A) ** 2 == pytest.approx(critical * H, rel=1e-12)
    for ratio in (1.0, 1.3, 4.0):
        w0, G = films.buckled_strip(ratio * critical, E, NU, H, A)
        square = quad(lambda t: np.sin(np.pi * t) ** 2, 0.0, 1.0)[0] * A * (w0 / 2.0 * np.pi / A) ** 2
        excess = (ratio - 1.0) * critical
        assert square / (2.0 * A) == pytest.approx(excess / stiffness, rel=1e-12, abs=1e-18)
        moment = D * w0 / 2.0 * (np.pi / A) ** 2
        driven = moment**2 / (2.0 * D) + excess**2 * H / (2.0 * stiffness)
        assert pytest.approx(driven, rel=1e-12, abs=1e-18) == G
    assert films.buckled_strip(0.5 * critical, E, NU, H, A) == (0.0, 0.0)


def test_wide_buckles_release_what_plane_strain_can():
    """The difference is 2 sigma_c/sigma."""
    stress = 1e4 * films.strip_buckling_stress(E, NU, H, A)
    G = films.buckled_strip(stress, E, NU, H, A)[1]
    assert pytest.approx(films.plane_strain_release(stress, E, NU, H), rel=2.01e-4) == G


def test_the_factor_of_circular_buckling():
    assert films.circular_buckling_stress(1.0, 0.0, 1.0, 1.0) == pytest.approx(1.2235, abs=5e-5)


def test_layers_and_interfaces_in_series():
    stress = films.series_stress(1e-11, [4e-9, 10e-9], [50e9, 20e9], [1e20])
    strains = stress * 4e-9 / 50e9 + stress * 10e-9 / 20e9
    assert strains + stress / 1e20 == pytest.approx(1e-11, rel=1e-12)
