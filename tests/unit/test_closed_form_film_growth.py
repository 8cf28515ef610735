"""Reactions of a layer against its thin and thick limits, and the two-by-two system of a wave."""

import numpy as np
import pytest

from fem_sei.closed_form.film_growth import layer_reactions, stopping_stress, stress_sensitivity, wave

E, NU, V_M = 50e9, 0.25, 13.0e-6
K = 2.0 * np.pi / 10e-9


@pytest.mark.parametrize("nu", [0.0, 0.25, 0.45])
def test_thin_and_thick_layers(nu: float) -> None:
    thin = 0.01 / K
    plane = E / (1.0 - nu**2)
    K_yy, K_yx = layer_reactions(K, thin, E, nu)
    assert K_yy == pytest.approx(plane * thin**3 * K**4 / 3.0, rel=1e-3)
    assert K_yx == pytest.approx(plane * thin**2 * K**3 / 2.0, rel=1e-3)
    mu = E / (2.0 * (1.0 + nu))
    K_yy, K_yx = layer_reactions(K, np.inf, E, nu)
    assert K_yy == pytest.approx(4.0 * mu * (1.0 - nu) * K / (3.0 - 4.0 * nu), rel=1e-12)
    assert K_yx / K_yy == pytest.approx((1.0 - 2.0 * nu) / (2.0 * (1.0 - nu)), rel=1e-12)


def test_decay_rates_of_stress_dominated_growth() -> None:
    """Stress at rest: K_yy (A - A0) + K_yx X = 0: A falls by k K_yx/K_yy, 3/(2h) thin, k/3 half-space."""
    h = 0.02 / K
    thin = layer_reactions(K, h, E, NU)
    assert K * thin[1] / thin[0] == pytest.approx(1.5 / h, rel=1e-3)
    tau, stiff = np.array([1e-9, 2e-9]), 1e3
    A, X = wave(tau, K, tuple(stiff * one for one in layer_reactions(K, np.inf, E, NU)), 2.73e-9)
    assert A[1] / A[0] == pytest.approx(np.exp(-K / 3.0 * 1e-9), rel=1e-3)
    assert X[0] == pytest.approx(3.0 * (1.0 - A[0]), rel=1e-3)


def test_surface_energy_alone() -> None:
    gamma, c_1 = 0.5, 2.73e-9
    A, _ = wave(1e-9, K, (0.0, 0.0), c_1, gamma)
    assert pytest.approx(np.exp(-c_1 * gamma * K**2 * 1e-9), rel=1e-12) == A


def test_kinetics_of_lithium() -> None:
    assert stress_sensitivity(-0.1, 0.5, 1, 298.15, V_M) == pytest.approx(2.73e-9, rel=1e-3)
    assert stopping_stress(-0.1, 1, V_M) == pytest.approx(-742e6, rel=1e-3)
