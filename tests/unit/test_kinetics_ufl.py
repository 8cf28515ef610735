"""The kinetics of the residual against the closed forms."""

import itertools

import numpy as np
import pytest
import ufl

from fem_sei.closed_form import kinetics as closed_form
from fem_sei.physics.kinetics import bounded_exp, butler_volmer, depletion_switch, positive_part

T = 298.15
THERMAL = 8.31446261815324 * T / 96485.33212


def value(function, *arguments):
    """A function of UFL expressions at numbers."""
    return float(function(*(ufl.as_ufl(float(argument)) for argument in arguments))(()))


@pytest.mark.parametrize(
    ("eta", "c", "alpha", "z"),
    list(itertools.product((-0.2, -0.05, -1e-4, 0.0, 0.03, 0.2), (0.2, 1.0, 1.4), (0.3, 0.5, 0.7), (1, 2))),
)
def test_butler_volmer_is_that_of_the_closed_form(eta, c, alpha, z):
    found = value(butler_volmer, eta / THERMAL, c, 30.0, alpha, z)
    expected = closed_form.butler_volmer(eta, 30.0, alpha, z, T, c)
    bias = (1e-4 / (2 * c)) ** 2 * (1 - alpha)  # of the smooth positive part
    assert found == pytest.approx(float(expected), rel=1.01 * bias + 1e-9, abs=1e-9)


def test_bounded_exp_is_exact_below_and_a_tangent_above():
    for x in (-700.0, -1.0, 0.0, 29.999):
        assert value(bounded_exp, x) == pytest.approx(np.exp(x), rel=1e-14)
    for x in (31.0, 60.0, 1e5):
        assert value(bounded_exp, x) == pytest.approx(np.exp(30.0) * (x - 29.0), rel=1e-14)


def test_bounded_exp_and_its_slope_are_continuous():
    h = 1e-6
    below, above = (value(bounded_exp, 30.0 + side * h) for side in (-1, 1))
    at = value(bounded_exp, 30.0)
    assert at == pytest.approx(np.exp(30.0), rel=1e-14)
    assert (at - below) / h == pytest.approx(np.exp(30.0), rel=1e-5)
    assert (above - at) / h == pytest.approx(np.exp(30.0), rel=1e-5)


def test_kinetics_stay_finite_at_absurd_overpotentials():
    for eta in (-1e4, 1e4):
        assert np.isfinite(value(butler_volmer, eta, 1.0, 1.0, 0.5, 2))
    assert value(butler_volmer, -5.0, -0.3, 1.0, 0.5, 1) >= 0.0  # extrapolated below zero salt


def test_positive_part():
    assert value(positive_part, 0.5) == pytest.approx(0.5, rel=1e-7)
    assert value(positive_part, 0.0) == pytest.approx(5e-5)
    assert 0.0 < value(positive_part, -2.0) < 1e-8


def test_depletion_switch():
    assert value(depletion_switch, 3.3 * 0.03, 0.03) == pytest.approx(1 - 0.0042, abs=1e-4)
    assert value(depletion_switch, 1.0, 0.03) == pytest.approx(1.0, abs=1e-6)
    assert value(depletion_switch, 0.003, 0.03) == pytest.approx(0.01, rel=1e-3)
