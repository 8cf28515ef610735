import numpy as np
import pytest

from fem_sei.closed_form import kinetics

T = 298.15
THERMAL = 0.025692579  # R T/F at 298.15 K, V


def test_symmetric_butler_volmer_is_the_sinh_law():
    eta = np.array([-0.2, -0.05, 0.0, 0.03])
    expected = -2.0 * 30.0 * np.sqrt(0.5) * np.sinh(2 * eta / (2 * THERMAL))
    assert kinetics.butler_volmer(eta, 30.0, 0.5, 2, T, 0.5) == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("alpha", [0.01, 0.3, 0.5, 0.7, 0.99])
@pytest.mark.parametrize("z", [1, 2, 3])
def test_inverse_returns_every_current(alpha, z):
    i = np.concatenate((-np.logspace(10, -12, 45), [0.0], np.logspace(-12, 10, 45)))
    eta = kinetics.inverse_butler_volmer(i, 7.0, alpha, z, T, 0.4)
    assert kinetics.butler_volmer(eta, 7.0, alpha, z, T, 0.4) == pytest.approx(i, rel=1e-13)
    assert np.all(np.diff(eta) < 0.0)


def test_inverse_refuses_a_current_without_overpotential():
    with pytest.raises(ValueError, match="alpha"):
        kinetics.inverse_butler_volmer(1.0, 1.0, 1.0, 1, T)
    with pytest.raises(ValueError, match="positive"), np.errstate(divide="ignore"):
        kinetics.inverse_butler_volmer(1.0, 1.0, 0.5, 1, T, 0.0)


def test_tafel_slope_at_large_overpotential():
    decade = kinetics.inverse_butler_volmer([1e6, 1e7], 1.0, 0.3, 2, T)
    assert decade[0] - decade[1] == pytest.approx(np.log(10.0) * THERMAL / (0.3 * 2), rel=1e-6)


def test_slope_is_the_derivative_and_rest_resistance_its_inverse():
    eta, step = np.array([-0.15, 0.0, 0.08]), 1e-5
    args = (30.0, 0.3, 2, T, 0.6)
    change = kinetics.butler_volmer(eta - step, *args) - kinetics.butler_volmer(eta + step, *args)
    assert kinetics.exchange_slope(eta, *args) == pytest.approx(change / (2 * step), rel=1e-5)
    at_rest = kinetics.exchange_slope(0.0, 30.0, 0.3, 2, T)
    assert kinetics.charge_transfer_resistance(30.0, 2, T) == pytest.approx(1.0 / at_rest, rel=1e-12)
    assert kinetics.charge_transfer_resistance(30.0, 1, T) == pytest.approx(THERMAL / 30.0, rel=1e-7)
    assert kinetics.wagner_number(1.0, THERMAL / 30.0, 1e-6) == pytest.approx(856.42, rel=1e-5)


@pytest.mark.parametrize(
    "gamma, molar_mass, density, z, millivolt",
    [(0.5, 6.941e-3, 534.0, 1, 13.5), (0.54, 24.305e-3, 1738.0, 2, 7.8), (0.98, 26.982e-3, 2700.0, 3, 6.8)],
)
def test_capillary_potential_of_a_10_nm_sphere(gamma, molar_mass, density, z, millivolt):
    shift = kinetics.gibbs_thomson(gamma, molar_mass / density, 2.0 / 10e-9, z)
    assert 1e3 * shift == pytest.approx(millivolt, abs=0.06)


def test_front_speed_of_lithium():
    assert kinetics.front_speed(7371.5, 1.0 / 7.64e4, 1) == pytest.approx(1e-6, rel=1e-4)
