"""The metal surface: heights, slopes, true distance."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from fem_sei.geometry.features import Surface

UM = 1e-6


def bump(at, height, width):
    return SimpleNamespace(kind="bump", at=at * UM, height=height * UM, width=width * UM)


def sinusoid(amplitude, wavelength):
    return SimpleNamespace(kind="sinusoid", amplitude=amplitude * UM, wavelength=wavelength * UM)


JIN = Surface([bump(1.0, 0.2, 0.2)], 2, 2 * UM)
ROUGH = Surface([bump(0.3, 0.3, 0.1), sinusoid(0.05, 0.8)], 2, 2 * UM)  # inclined at the right wall


def test_heights_are_the_formulas_and_add_up():
    x = np.linspace(0.0, 2 * UM, 7)
    expected = 0.3 * UM * np.exp(-(((x - 0.3 * UM) / (0.1 * UM)) ** 2)) + 0.05 * UM * np.cos(
        2 * np.pi * x / (0.8 * UM)
    )
    assert np.allclose(ROUGH.height(x), expected, rtol=1e-14, atol=0.0)
    assert ROUGH.height(0.3 * UM).shape == ()


def test_slope_is_the_derivative_of_the_height():
    x = np.linspace(0.1 * UM, 1.9 * UM, 101)
    step = 1e-5 * UM
    numeric = (ROUGH.height(x + step) - ROUGH.height(x - step)) / (2 * step)
    assert np.allclose(ROUGH.slope(x), numeric, atol=1e-7)


def test_crest_trough_and_curvature():
    assert JIN.crest == pytest.approx(0.2 * UM, rel=1e-9)
    assert 0.0 <= JIN.trough < 1e-9 * UM
    assert JIN.curvature_max == pytest.approx(2 * 0.2 / 0.2**2 / UM, rel=1e-9)  # 2 H/w^2 at the tip
    wave = Surface([sinusoid(0.05, 0.8)], 2, 0.4 * UM)
    assert (wave.crest, wave.trough) == pytest.approx((0.05 * UM, -0.05 * UM), rel=1e-9)


@pytest.mark.parametrize("surface", [JIN, ROUGH])
def test_distance_is_the_least_distance_found_by_brute_force(surface):
    rng = np.random.default_rng(3)
    x = rng.uniform(0.0, surface.width, 60)
    points = np.column_stack([x, surface.height(x) + rng.normal(0.0, 0.1 * UM, x.size)])
    distance = surface.signed_distance(points)
    t = np.linspace(0.0, surface.width, 200_001)
    for point, found in zip(points, distance, strict=True):

        def separation(s, point=point):
            return np.hypot(s - point[0], surface.height(s) - point[1])

        best = t[np.argmin(separation(t))]
        bounds = (max(best - 1e-10, 0.0), min(best + 1e-10, surface.width))
        exact = min(
            minimize_scalar(separation, bounds=bounds, method="bounded", options={"xatol": 1e-18}).fun,
            *(separation(bound) for bound in bounds),
        )
        assert abs(found) == pytest.approx(exact, abs=1e-14)  # 3e-6 of an interface width of 5 nm
        assert (found > 0.0) == (point[1] < surface.height(point[0]))


def test_points_on_the_surface_have_no_distance():
    x = np.linspace(0.0, 2 * UM, 333)
    assert np.max(np.abs(ROUGH.signed_distance(np.column_stack([x, ROUGH.height(x)])))) < 1e-20


def test_the_walls_are_mirrors():
    """Distance to the half of a bump cut by the wall = distance to the whole bump, and to its images."""
    half = Surface([bump(0.0, 0.2, 0.2)], 2, 1 * UM)
    whole = Surface([bump(1.0, 0.2, 0.2)], 2, 2 * UM)
    x, y = np.meshgrid(np.linspace(0.0, 1.0, 21) * UM, np.linspace(-0.3, 0.6, 19) * UM)
    points = np.column_stack([x.ravel(), y.ravel()])
    assert np.allclose(
        half.signed_distance(points),
        whole.signed_distance(points + np.array([1 * UM, 0.0])),
        rtol=0.0,
        atol=1e-15,
    )


def test_a_small_bump_in_a_wide_domain_is_seen():
    wide = Surface([bump(500.0, 0.2, 0.05)], 2, 1000 * UM)
    assert wide.crest == pytest.approx(0.2 * UM, rel=1e-6)
    tip = np.array([[500 * UM, 0.3 * UM]])
    assert wide.signed_distance(tip) == pytest.approx(-0.1 * UM, rel=1e-9)


def test_flat_surfaces_are_planes():
    assert np.array_equal(Surface([], 1).signed_distance([[-2.0], [3.0]]), [2.0, -3.0])
    assert np.array_equal(Surface([], 2, 1.0).signed_distance([[0.2, -2.0], [0.7, 3.0]]), [2.0, -3.0])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([bump(0, 1, 1)], 1), "1-D surface is flat"),
        (([], 2), "needs the width"),
        (([SimpleNamespace(kind="crack")], 2, 1.0), 'unknown kind of feature "crack"'),
        (([], 3, 1.0), "dimension 1 or 2"),
    ],
)
def test_impossible_surfaces_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        Surface(*arguments)
