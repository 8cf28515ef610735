"""Blisters against the work of the pressure, von Karman's equations solved otherwise, and their limits."""

import numpy as np
import pytest
from scipy.integrate import quad, solve_bvp

from fem_sei.closed_form import blisters, films

E, NU, H, A = 50e9, 0.3, 4e-9, 40e-9
D = blisters.bending_stiffness(E, NU, H)
STIFFNESS = E / (1.0 - NU**2) * H


def released(volume, pressure, a, step=1e-3):
    """d/da of the complementary energy int_0^p V dp, by central differences with an error of (step)^4."""

    def energy(half_width):
        p, weights = np.polynomial.legendre.leggauss(16)
        root = 0.5 * (p + 1.0) * pressure ** (1.0 / 3.0)  # p = root^3: volumes of membranes are smooth in it
        inner = [volume(r**3, half_width) * 3.0 * r**2 for r in root]
        return 0.5 * pressure ** (1.0 / 3.0) * float(weights @ inner)

    near, far = (energy(a * (1 + k * step)) - energy(a * (1 - k * step)) for k in (1, 2))
    return (8.0 * near - far) / (12.0 * step * a)


def test_plates_release_the_work_of_the_pressure():
    """Per length of the edge, which is 2 pi a of discs."""
    pressure = 1e5

    def half_strip(p, a):
        return p * a**5 / (24.0 * D) * quad(lambda t: (1.0 - t**2) ** 2, 0.0, 1.0)[0]

    def disc(p, a):
        return 2.0 * np.pi * p * a**6 / (64.0 * D) * quad(lambda t: t * (1.0 - t**2) ** 2, 0.0, 1.0)[0]

    G = float(blisters.strip_plate(pressure, D, A)[1])
    assert released(half_strip, pressure, A) == pytest.approx(G, rel=1e-9)
    G = float(blisters.disc_plate(pressure, D, A)[1])
    assert released(disc, pressure, A) == pytest.approx(G * 2.0 * np.pi * A, rel=1e-9)


def test_critical_pressures_reach_the_fracture_energy():
    G_c = 0.2
    p = blisters.strip_critical_pressure(D, G_c, A, H, 0.7)
    assert blisters.strip_plate(p, D, A + 0.7 * H)[1] == pytest.approx(G_c, rel=1e-12)
    p = blisters.disc_critical_pressure(D, G_c, A, H, 0.6)
    assert blisters.disc_plate(p, D, A + 0.6 * H)[1] == pytest.approx(G_c, rel=1e-12)


@pytest.mark.parametrize("pressure", [1e6, 3e7, 1e9])
@pytest.mark.parametrize("N0", [0.0, 0.4])
def test_strips_obey_von_karman(pressure, N0):
    """Slope along x/a and the stretch it makes: boundary value problem with the tension as parameter."""
    found = blisters.strip(pressure, E, NU, H, A, N0)

    def rates(x, y, N):
        return np.array([y[1], (N[0] * y[0] + pressure * A * x) * A**2 / D, y[0] ** 2])

    def ends(left, right, N):
        return np.array([left[0], right[0], left[2], N0 + STIFFNESS / 2.0 * right[2] - N[0]])

    x = np.linspace(0.0, 1.0, 101)
    shape = -4.0 * found.w0 / A * x * (1.0 - x**2)
    guess = np.array([shape, np.gradient(shape, x), 0.0 * x])
    run = solve_bvp(rates, ends, x, guess, p=[found.N * 1.2], tol=1e-9, max_nodes=20_000)
    assert run.success
    assert run.p[0] == pytest.approx(found.N, rel=1e-6)
    assert -A * run.sol.antiderivative()(1.0)[0] == pytest.approx(found.w0, rel=1e-6)


@pytest.mark.parametrize("pressure", [1e6, 3e7, 1e9])
@pytest.mark.parametrize("N0", [0.0, 0.4])
def test_edges_of_strips_are_driven_by_the_work_of_the_pressure(pressure, N0):
    found = blisters.strip(pressure, E, NU, H, A, N0)
    work = released(lambda p, a: 0.5 * blisters.strip(p, E, NU, H, a, N0).volume, pressure, A)
    assert work == pytest.approx(found.G, rel=1e-5)


def test_edges_of_discs_are_driven_by_the_work_of_the_pressure():
    pressure = 1e8
    found = blisters.disc(pressure, E, NU, H, A)
    work = released(lambda p, a: blisters.disc(p, E, NU, H, a).volume, pressure, A, step=1e-2)
    assert found.w0 > H
    assert work == pytest.approx(2.0 * np.pi * A * found.G, rel=1e-5)


def test_small_deflections_are_those_of_plates():
    for shape, plate in ((blisters.strip, blisters.strip_plate), (blisters.disc, blisters.disc_plate)):
        found, (w0, G) = shape(1e5, E, NU, H, A), plate(1e5, D, A)
        error = (w0 / H) ** 2  # of the plate, times less than 1
        assert found.w0 == pytest.approx(float(w0), rel=error + 1e-6)
        assert pytest.approx(float(G), rel=2.0 * error + 1e-6) == found.G


def test_large_deflections_approach_the_membrane_with_the_width_of_the_bent_edge():
    gaps = []
    for pressure in (1e9, 8e9):
        found, membrane = blisters.disc(pressure, E, NU, H, A), blisters.membrane_disc(pressure, E, NU, H, A)
        bent = np.sqrt(D / found.N) / A
        assert found.w0 == pytest.approx(membrane.w0, rel=bent)
        assert pytest.approx(membrane.N, rel=3.0 * bent) == found.N
        assert pytest.approx(membrane.G, rel=3.0 * bent) == found.G
        gaps.append(1.0 - found.G / membrane.G)
    assert gaps[1] < 0.6 * gaps[0]  # the tension is four times as large, the bent edge half as wide


@pytest.mark.parametrize("nu", [0.2, 0.3, 0.4])
def test_membranes_agree_with_henckys_numbers_and_drive_their_edge_by_stretch_and_slope(nu):
    C1, C2, C3 = blisters.membrane_coefficients(nu)
    assert pytest.approx({0.2: 0.677, 0.3: 0.653, 0.4: 0.626}[nu], abs=6e-4) == C1
    slope = 1.0 / (2.0 * C3)  # of N w' = -p r/2 at the edge
    assert pytest.approx(C3**2 * (1.0 - nu**2) / 2.0 + C3 * slope**2 / 2.0, rel=1e-7) == 1.25 * C1 * C2


def test_long_cracks_of_strips_run_at_the_plateau():
    """A straight membrane at the angle theta with the load p a0 in the middle: d/da of stretch less work."""
    a0, G_c = 8e-9, 0.2
    load = blisters.plateau_pressure(E, NU, H, a0, G_c) * a0

    def potential(a):
        theta = (2.0 * load / STIFFNESS) ** (1.0 / 3.0)  # where it is stationary
        return a * (STIFFNESS * theta**4 / 8.0 - load * theta)

    assert potential(A) - potential(1.1 * A) == pytest.approx(0.1 * A * G_c, rel=1e-9)


@pytest.mark.parametrize("nu", [0.0, 0.3])
def test_discs_buckle_as_the_asymptotic_formulas_say(nu):
    """1 % above the buckling stress; what the formulas leave out is less than a tenth of that."""
    stress = 1.01 * films.circular_buckling_stress(E, nu, H, A)
    w0, G = films.buckled_disc(stress, E, nu, H, A)
    found = blisters.disc(0.0, E, nu, H, A, N0=-stress * H, guess=float(w0))
    assert found.w0 == pytest.approx(float(w0), rel=1e-3)
    assert pytest.approx(float(G), rel=1e-3) == found.G
