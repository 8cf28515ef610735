import numpy as np
import pytest

from fem_sei.closed_form.fronts import huygens_height, travelling_profile


def test_profile_has_the_width_of_its_length():
    x = np.array([-50.0, -2.0 * np.arctanh(0.8), 0.0, 2.0 * np.arctanh(0.8), 50.0])
    assert travelling_profile(x, 1.0) == pytest.approx([1.0, 0.9, 0.5, 0.1, 0.0], abs=1e-12)


def test_circle_grows_and_shrinks_to_circles():
    def cap(x):
        return np.sqrt(np.maximum(4.0 - x**2, 0.0))

    x = np.linspace(-1.0, 1.0, 21)
    assert huygens_height(x, cap, 1.5) == pytest.approx(np.sqrt(3.5**2 - x**2), rel=1e-12)
    assert huygens_height(x, cap, -0.3) == pytest.approx(np.sqrt(1.7**2 - x**2), rel=1e-12)
    assert huygens_height(x, cap, 0.0) == pytest.approx(cap(x), rel=1e-12)


def test_groove_becomes_a_shock_and_a_ridge_an_arc():
    x = np.linspace(-1.0, 1.0, 41)
    assert huygens_height(x, np.abs, 0.4) == pytest.approx(np.abs(x) + 0.4 * np.sqrt(2.0), rel=1e-12)
    corner = 0.4 / np.sqrt(2.0)
    arc = np.sqrt(np.maximum(0.16 - x**2, 0.0))
    ridge = np.where(np.abs(x) < corner, arc, 0.4 * np.sqrt(2.0) - np.abs(x))
    assert huygens_height(x, lambda s: -np.abs(s), 0.4) == pytest.approx(ridge, abs=1e-12)


def test_gaussian_bump_has_the_offset_curve_before_and_constant_distance_after_the_shock():
    def bump(x):
        return 10.0 * np.exp(-((x / 6.0) ** 2))

    for distance, reach in ((1.0, 4.0), (60.0, 1.0)):
        start = np.linspace(-reach, reach, 33)  # starting points whose rays meet no other ray
        slope = -start / 18.0 * bump(start)
        norm = np.hypot(1.0, slope)
        x, y = start - distance * slope / norm, bump(start) + distance / norm
        assert huygens_height(x, bump, distance) == pytest.approx(y, rel=1e-12)
    # the points of the front are at the given distance from the closest point of the initial curve
    x = np.linspace(-80.0, 80.0, 33)
    y = huygens_height(x, bump, 60.0)
    start = np.linspace(-150.0, 150.0, 200001)
    closest = [np.min(np.hypot(a - start, b - bump(start))) for a, b in zip(x, y, strict=True)]
    assert closest == pytest.approx(np.full(33, 60.0), rel=1e-6)
    assert y[0] == pytest.approx(60.0, rel=1e-3)
    assert huygens_height(np.array(0.0), bump, 60.0) == pytest.approx(70.0, rel=1e-12)
