import numpy as np
import pytest
from scipy.linalg import eig

from fem_sei.closed_form import dispersion, transport
from fem_sei.closed_form.dispersion import FlatFront
from fem_sei.closed_form.kinetics import (
    F,
    butler_volmer,
    exchange_slope,
    gibbs_thomson,
    inverse_butler_volmer,
)
from fem_sei.closed_form.transport import Layer

LITHIUM = 1.0 / 7.64e4
COATING = [Layer(1e-6, 1e-13, 0.3)]
BASE = dict(current=10.0, c0=1000.0, i0=30.0, alpha=0.5, z=1, T=298.15, V_m=LITHIUM, gamma=0.0)


def front(layers=COATING, **changes):
    return FlatFront(layers, **(BASE | changes))


def chebyshev(n, length):
    """Chebyshev points y from 0 to `length` and their differentiation matrix (Trefethen 2000, ch. 6)."""
    x = np.cos(np.pi * np.arange(n + 1) / n)
    weight = np.r_[2.0, np.ones(n - 1), 2.0] * (-1.0) ** np.arange(n + 1)
    d = np.outer(weight, 1.0 / weight) / (x[:, None] - x[None, :] + np.eye(n + 1))
    d -= np.diag(d.sum(axis=1))
    return length * (1.0 - x) / 2.0, -2.0 / length * d


def full_growth_rate(flat, k, n=40):
    """omega of the linearised equations for c, phi_e and the front of one layer, nothing assumed of phi_e."""
    (layer,) = flat.layers
    i, z, v, G = flat.current, flat.z, flat.speed, flat.gradient
    y, d = chebyshev(n, layer.thickness)
    c, m = flat.c_front + G * y, n + 1
    laplace = d @ d - k**2 * np.eye(m)
    junction = transport.liquid_junction_factor(z, flat.T) * (1.0 - layer.t_plus)
    kappa_1 = float(transport.nernst_einstein_kappa(layer.D, 1.0, layer.t_plus, z, flat.T))
    field = (i / kappa_1 + junction * G) / c
    kinetics = (flat.i0, flat.alpha, z, flat.T, c[0] / flat.c0)
    slope = float(exchange_slope(inverse_butler_volmer(i, *kinetics), *kinetics))

    a, b = np.zeros((2 * m + 1, 2 * m + 1)), np.zeros((2 * m + 1, 2 * m + 1))
    salt, phi, height = slice(0, m), slice(m, 2 * m), 2 * m
    a[salt, salt], b[salt, salt] = layer.D * laplace + v * d, np.eye(m)
    a[phi, phi] = d @ (c[:, None] * d) - k**2 * np.diag(c)
    a[phi, salt] = d @ np.diag(field) - junction * laplace
    for row in (0, n, m, m + n):
        a[row], b[row] = 0.0, 0.0
    a[n, n] = a[m + n, m + n] = 1.0  # reservoir
    rate = np.zeros(2 * m + 1)
    rate[0], rate[m] = (1.0 - flat.alpha) * i / c[0], slope
    capillary = float(gibbs_thomson(flat.gamma, flat.V_m, k**2, z))
    rate[height] = rate[0] * G + slope * (field[0] - capillary)
    a[0, salt], b[0, height] = layer.D * d[0], flat.excess
    a[0, 0] += v
    a[0, height] = v * G
    a[m, phi] = kappa_1 * c[0] * d[0]
    a[m, salt] = -kappa_1 * junction * d[0]
    a[m, 0] += kappa_1 * field[0]
    a[m] -= rate
    a[height], b[height, height] = flat.V_m * rate / (z * F), 1.0
    scale = np.r_[np.full(m, 1e3), np.full(m, 0.025), 1e-6]
    a, b = a * scale, b * scale
    rows = np.abs(a).max(axis=1, keepdims=True)
    omega = eig(a / rows, b / rows, right=False)
    return np.max(omega[np.isfinite(omega)].real)


@pytest.mark.parametrize(
    "changes, t_plus",
    [
        ({}, 0.3),
        ({"i0": 300.0}, 0.3),
        ({"i0": 1.0, "current": 5.0}, 0.3),
        ({"gamma": 5.0}, 0.3),
        ({"z": 2, "alpha": 0.3, "gamma": 0.5}, 0.3),
        ({}, 0.6),
        ({"current": -10.0}, 0.3),
    ],
)
def test_growth_rate_agrees_with_the_full_linearised_equations(changes, t_plus):
    flat = front([Layer(1e-6, 1e-13, t_plus)], **changes)
    k = 2.0 * np.pi / np.array([0.5e-6, 1e-6, 2e-6, 4e-6])
    exact = [full_growth_rate(flat, wavenumber) for wavenumber in k]
    assert flat.growth_rate(k) == pytest.approx(exact, rel=0.01)


def test_rate_slope_is_the_derivative_along_the_equipotential_front():
    flat = front(z=2, alpha=0.3)
    kinetics = (flat.i0, flat.alpha, flat.z, flat.T)
    eta = inverse_butler_volmer(flat.current, *kinetics, flat.c_front / 1000.0)

    def rate(c):
        potential = transport.liquid_junction_factor(2, flat.T) * np.log(c / flat.c_front)
        return butler_volmer(eta - potential, *kinetics, c / 1000.0) / (2 * F)

    change = rate(flat.c_front + 0.01) - rate(flat.c_front - 0.01)
    assert flat.rate_slopes[0] == pytest.approx(change / 0.02, rel=1e-6)


@pytest.mark.parametrize(
    "current, c_ratio, cut_off, fastest, growth",
    [
        (10.0, 0.9676, 16.3e-6, 144e-6, 1.5e-6),
        (100.0, 0.6761, 3.38e-6, 30.9e-6, 6.6e-5),
    ],
)
def test_sample_values_without_migration(current, c_ratio, cut_off, fastest, growth):
    """A front under 100 um of liquid with the rate (i0/F)[(c/c0) exp(-eta/2) - exp(eta/2)], T = 298.15 K."""
    D, L, thermal = 3.2e-10, 100e-6, 0.025692579
    root = (current / 30.0 + np.hypot(current / 30.0, 2.0 * np.sqrt(c_ratio))) / (2.0 * c_ratio)
    R_c = 30.0 / F / 1000.0 * root
    R_g = 30.0 / F / thermal * 0.5 * (c_ratio * root + 1.0 / root) * 0.5 * 1.309e-5 / F
    G = current / (F * D)
    depleted = G * L / 1000.0
    assert depleted == pytest.approx(1.0 - c_ratio, abs=1e-4)
    assert 2.0 * np.pi / np.sqrt(R_c * G / R_g) == pytest.approx(cut_off, rel=5e-3)
    wavelength = np.linspace(0.2, 3.0, 2001) * fastest
    omega = dispersion.quasi_static_growth_rate(2.0 * np.pi / wavelength, D, L, 1.309e-5, R_c, R_g, G)
    assert np.max(omega) == pytest.approx(growth, rel=2e-2)
    assert wavelength[np.argmax(omega)] == pytest.approx(fastest, rel=2e-2)


def test_vanishing_swept_salt_leaves_the_quasi_static_formula():
    tiny = 1e-6 * LITHIUM
    flat = front([Layer(1e-6, 1e-13, 1e-9)], V_m=tiny, gamma=5e6, current=5.0)
    k = 2.0 * np.pi / np.array([0.4e-6, 1e-6, 4e-6])
    R_c, R_g = flat.rate_slopes
    expected = dispersion.quasi_static_growth_rate(k, 1e-13, 1e-6, tiny, R_c, R_g, flat.gradient)
    assert flat.growth_rate(k) == pytest.approx(expected, rel=1e-5)


def test_fast_kinetics_is_mullins_and_sekerka():
    flat = front(i0=1e9, gamma=0.5)
    k = 2.0 * np.pi / np.array([0.2e-6, 0.5e-6, 2e-6])
    R_c, R_g = flat.rate_slopes
    local = LITHIUM * 1e-13 * k / np.tanh(k * 1e-6) / 0.7 * (flat.gradient - R_g / R_c * k**2)
    assert flat.growth_rate(k) == pytest.approx(local, rel=0.02)


def test_slow_kinetics_leaves_the_concentration_alone():
    flat = front(i0=0.01, current=0.01, gamma=0.5)
    k = 2.0 * np.pi / np.array([0.5e-6, 2e-6])
    R_c, R_g = flat.rate_slopes
    assert flat.growth_rate(k) == pytest.approx(LITHIUM * (R_c * flat.gradient - R_g * k**2), rel=2e-3)


def test_cut_off_of_the_coating():
    flat = front(gamma=5.0)
    cut_off = flat.neutral_wavenumber
    assert 2e6 * np.pi / cut_off == pytest.approx(0.416, rel=6e-3)
    assert 2e6 * np.pi / front(gamma=0.5).neutral_wavenumber == pytest.approx(0.13, rel=2e-2)
    assert flat.growth_rate(0.99 * cut_off) > 0.0 > flat.growth_rate(1.01 * cut_off)


def test_two_layers():
    k = 2.0 * np.pi / np.array([0.5e-6, 2e-6, 8e-6])
    split = front([Layer(0.3e-6, 1e-13, 0.3), Layer(0.7e-6, 1e-13, 0.3)])
    assert split.growth_rate(k) == pytest.approx(front().growth_rate(k), rel=1e-10)
    stirred = front([*COATING, Layer(1e-6, 1e-8, 0.3)])
    assert stirred.growth_rate(k) == pytest.approx(front().growth_rate(k), rel=1e-3)
    # S of a thin first layer is that of the second one, times the ratio of the factors (1-t+)
    thin = dispersion.diffusion_response(1e6, 0.0, 0.0, [Layer(1e-12, 1e-13, 0.9), Layer(1e-6, 1e-12, 0.3)])
    assert thin == pytest.approx(0.1 / 0.7 * 1e-12 * 1e6 / np.tanh(1.0), rel=1e-4)


def test_growth_factor_of_a_short_advance_is_the_growth_rate():
    flat = front(gamma=0.5)
    voltage = transport.steady_stack_voltage(
        10.0, COATING, 1000.0, i0=30.0, alpha=0.5, z=1, T=298.15, V_m=LITHIUM
    ).total
    for mode in (None, voltage):
        factor, time = dispersion.growth_factor(flat, 3e6, np.array([1e-11, 0.3e-6]), mode)
        assert np.log(factor[0]) / time[0] == pytest.approx(flat.growth_rate(3e6), rel=1e-4)
        more, longer = dispersion.growth_factor(flat, 3e6, 0.3e-6, mode, points=24)
        assert factor[1] == pytest.approx(float(more), rel=1e-8)
        assert time[1] == pytest.approx(float(longer), rel=1e-8)
    # at constant potential a thinner layer carries more current
    assert time[1] < 0.3e-6 / flat.speed


def test_growth_factor_of_a_stable_wavelength_decays():
    factor, time = dispersion.growth_factor(front(gamma=5.0), 2.0 * np.pi / 0.3e-6, 0.05e-6)
    assert factor < 1.0
    assert time == pytest.approx(0.05e-6 / front().speed)


def test_refusals():
    with pytest.raises(ValueError, match="Nernst-Einstein"):
        front([Layer(1e-6, 1e-13, 0.3, kappa=1e-4)])
    with pytest.raises(ValueError, match="limiting"):
        front(current=20.0)
    with pytest.raises(ValueError, match="no quasi-steady mode"):
        front(gamma=1e6).growth_rate(1e9)
