"""The metal surface: heights, slopes, true distance."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar

from fem_sei.closed_form.surface import Surface

UM = 1e-6


def bump(at, height, width):
    at = tuple(np.array(at) * UM) if np.ndim(at) else at * UM
    return SimpleNamespace(kind="bump", at=at, height=height * UM, width=width * UM)


def sinusoid(amplitude, wavelength, wavelength_y=None):
    other = None if wavelength_y is None else wavelength_y * UM
    return SimpleNamespace(
        kind="sinusoid", amplitude=amplitude * UM, wavelength=wavelength * UM, wavelength_y=other
    )


def roughness(rms, length, seed):
    return SimpleNamespace(kind="roughness", rms=rms * UM, correlation_length=length * UM, seed=seed)


def nucleus(at, radius):
    at = tuple(np.array(at) * UM) if np.ndim(at) else at * UM
    return SimpleNamespace(kind="nucleus", at=at, radius=radius * UM)


JIN = Surface([bump(1.0, 0.2, 0.2)], 2, 2 * UM)
ROUGH = Surface([bump(0.3, 0.3, 0.1), sinusoid(0.05, 0.8)], 2, 2 * UM)  # inclined at the right wall


def test_heights_are_the_formulas_and_add_up():
    x = np.linspace(0.0, 2 * UM, 7)
    expected = 0.3 * UM * np.exp(-(((x - 0.3 * UM) / (0.1 * UM)) ** 2)) + 0.05 * UM * np.cos(
        2 * np.pi * x / (0.8 * UM)
    )
    assert np.allclose(ROUGH.height(x), expected, rtol=1e-14, atol=0.0)
    assert ROUGH.height(0.3 * UM).shape == ()


@pytest.mark.parametrize("dimension", [2, 3])
def test_derivatives_are_those_of_the_heights(dimension):
    n = dimension - 1
    at = 0.3 if n == 1 else (0.3, 0.4)
    features = [bump(at, 0.3, 0.1), sinusoid(0.05, 0.8, None if n == 1 else 1.0), roughness(0.02, 0.2, 5)]
    surface = Surface(features, dimension, 2 * UM, 1 * UM)
    t = np.random.default_rng(0).uniform(0.1 * UM, 0.9 * UM, (50, n))
    _, gradient, second = surface._derivatives(t, 2)
    step = 1e-5 * UM
    for axis in range(n):
        ahead, behind = (surface._derivatives(t + sign * step * np.eye(n)[axis], 1) for sign in (1, -1))
        assert np.allclose(gradient[:, axis], (ahead[0] - behind[0]) / (2 * step), atol=1e-7)
        numeric = (ahead[1] - behind[1]) / (2 * step)
        assert np.allclose(second[:, axis], numeric, atol=1e-7 * np.abs(second).max())


def test_crest_trough_and_curvature():
    assert JIN.crest == pytest.approx(0.2 * UM, rel=1e-9)
    assert 0.0 <= JIN.trough < 1e-9 * UM
    assert JIN.curvature_max == pytest.approx(2 * 0.2 / 0.2**2 / UM, rel=1e-9)  # 2 H/w^2 at the tip
    wave = Surface([sinusoid(0.05, 0.8)], 2, 0.4 * UM)
    assert (wave.crest, wave.trough) == pytest.approx((0.05 * UM, -0.05 * UM), rel=1e-9)


@pytest.mark.parametrize("surface", [JIN, ROUGH])
def test_distance_is_the_least_distance_found_by_brute_force(surface):
    rng = np.random.default_rng(3)
    x = rng.uniform(0.0, surface.lengths[0], 60)
    points = np.column_stack([x, surface.height(x) + rng.normal(0.0, 0.1 * UM, x.size)])
    distance = surface.signed_distance(points)
    t = np.linspace(0.0, surface.lengths[0], 200_001)
    for point, found in zip(points, distance, strict=True):

        def separation(s, point=point):
            return np.hypot(s - point[0], surface.height(s) - point[1])

        best = t[np.argmin(separation(t))]
        bounds = (max(best - 1e-10, 0.0), min(best + 1e-10, surface.lengths[0]))
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
        (([], 3, 1.0), "needs the .*depth"),
        (([], 4, 1.0), "dimension 1, 2 or 3"),
        (([bump(0, 1, 1)], 3, 1.0, 1.0), "is at 2 coordinates"),
    ],
)
def test_impossible_surfaces_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        Surface(*arguments)


def test_distance_in_three_dimensions_is_the_least_distance():
    features = [bump((0.4, 0.6), 0.2, 0.25), sinusoid(0.03, 0.5, 1.0), roughness(0.01, 0.3, 2)]
    surface = Surface(features, 3, 1 * UM, 1 * UM)
    rng = np.random.default_rng(4)
    x, y = rng.uniform(0.0, 1 * UM, (2, 25))
    points = np.column_stack([x, y, surface.height(x, y) + rng.normal(0.0, 0.05 * UM, x.size)])
    for point, found in zip(points, surface.signed_distance(points), strict=True):

        def square(t, point=point):
            return np.hypot(*(t - point[:2] / UM)) ** 2 + (surface.height(*(t * UM)) - point[2]) ** 2 / UM**2

        starts = np.clip(point[:2] / UM + 0.02 * rng.normal(size=(6, 2)), 0.0, 1.0)
        least = min(minimize(square, start, bounds=[(0, 1)] * 2, tol=1e-14).fun for start in starts)
        assert abs(found) == pytest.approx(np.sqrt(least) * UM, abs=1e-5 * UM)  # minimize: 1e-8 of a square
        assert abs(found) < (np.sqrt(least) + 1e-12) * UM + 1e-16
        assert (found > 0.0) == (point[2] < surface.height(*point[:2]))
    on_it = np.column_stack([x, y, surface.height(x, y)])
    assert np.max(np.abs(surface.signed_distance(on_it))) < 1e-20


def test_a_bump_in_three_dimensions_is_that_of_two_turned_around_its_axis():
    flat = Surface([bump(1.0, 0.2, 0.2)], 2, 2 * UM)
    turned = Surface([bump((0.0, 0.0), 0.2, 0.2)], 3, 1 * UM, 1 * UM)
    assert turned.crest == pytest.approx(0.2 * UM, rel=1e-12)
    assert turned.curvature_max == pytest.approx(flat.curvature_max, rel=1e-9)
    rng = np.random.default_rng(1)
    r, angle, z = rng.uniform(0, 0.7 * UM, 40), rng.uniform(0, np.pi / 2, 40), rng.uniform(-0.2, 0.4, 40) * UM
    found = turned.signed_distance(np.column_stack([r * np.cos(angle), r * np.sin(angle), z]))
    expected = flat.signed_distance(np.column_stack([1 * UM + r, z]))
    assert np.allclose(found, expected, rtol=0.0, atol=1e-15)


@pytest.mark.parametrize("dimension", [2, 3])
def test_roughness_has_the_given_rms_and_no_mean(dimension):
    surface = Surface([roughness(0.03, 0.2, 7)], dimension, 1 * UM, 1.5 * UM)
    t = [(np.arange(200) + 0.5) / 200 * length for length in surface.lengths]  # exact for the cosines
    heights = surface.height(*np.meshgrid(*t, indexing="ij"))
    assert np.sqrt(np.mean(heights**2)) == pytest.approx(0.03 * UM, rel=1e-12)
    assert abs(heights.mean()) < 1e-12 * UM
    wall = [np.zeros(1), *(np.full(1, 0.3 * UM) for _ in t[1:])]
    assert abs(surface._derivatives(np.stack(wall, axis=1), 1)[1][0, 0]) < 1e-12
    again = Surface([roughness(0.03, 0.2, 7)], dimension, 1 * UM, 1.5 * UM)
    assert np.array_equal(surface.height(*wall), again.height(*wall))
    other = Surface([roughness(0.03, 0.2, 8)], dimension, 1 * UM, 1.5 * UM)
    assert not np.allclose(surface.height(*wall), other.height(*wall), rtol=1e-3)


@pytest.mark.parametrize(("dimension", "seeds"), [(2, 200), (3, 20)])
def test_roughness_has_the_given_correlation(dimension, seeds):
    """exp(-r^2/lc^2), measured away from the walls, within four standard errors of the ensemble."""
    lc, width = 0.1, 4.0 if dimension == 2 else 2.0
    x = np.linspace(0.15, 0.55, 41) * width  # pairs of x and x + lag are inside
    y = np.linspace(0.2, 0.8, 13) * width
    for lag in (0.5 * lc, lc, 2 * lc):
        found = []
        for seed in range(seeds):
            surface = Surface([roughness(0.03, lc, seed)], dimension, width * UM, width * UM)
            first, second = (
                surface.height(*np.meshgrid(*[(x + shift) * UM, y * UM][: dimension - 1]))
                for shift in (0.0, lag)
            )
            found.append(np.mean(first * second) / (0.03 * UM) ** 2)
        error = np.std(found) / np.sqrt(seeds)
        assert np.mean(found) == pytest.approx(np.exp(-((lag / lc) ** 2)), abs=4 * error + 0.01)
        assert error < 0.05


def test_nuclei_are_half_balls_on_the_surface():
    surface = Surface([nucleus((0.5, 0.5), 0.2)], 3, 1 * UM, 1 * UM)
    assert (surface.crest, surface.trough) == pytest.approx((0.2 * UM, 0.0))
    assert surface.curvature_max == pytest.approx(5 / UM)
    points = np.array([[0.5, 0.5, 0.25], [0.5, 0.5, 0.1], [0.1, 0.5, 0.05], [0.1, 0.1, -0.1]]) * UM
    assert surface.signed_distance(points) == pytest.approx(np.array([-0.05, 0.1, -0.05, 0.1]) * UM)
    disc = Surface([sinusoid(0.05, 1.0), nucleus(0.5, 0.2)], 2, 1 * UM)
    assert disc.crest == pytest.approx(0.15 * UM)  # it sits in the trough


def test_bumps_of_finite_width():
    outline = {"at": 1.0 * UM, "height": 0.2 * UM, "radius": 0.4 * UM}
    cosine = Surface([SimpleNamespace(kind="half_cosine", **outline)], 2, 2 * UM)
    x = np.array([0.6, 0.8, 1.0, 1.3, 1.5]) * UM
    assert cosine.height(x) == pytest.approx(
        0.1 * UM * (1.0 + np.cos(np.pi * np.minimum(np.abs(x - UM) / (0.4 * UM), 1.0))), abs=1e-20
    )
    assert cosine.curvature_max == pytest.approx(0.1 * UM * (np.pi / (0.4 * UM)) ** 2, rel=1e-3)
    arc = Surface([SimpleNamespace(kind="circular", **outline)], 2, 2 * UM)
    R = (0.4**2 + 0.2**2) / (3 * 0.2) * UM  # of the cap; the fillet at the foot has half of it
    cap, foot = np.array([0.8, 1.0, 1.2]) * UM, np.array([0.62, 0.7, 1.35]) * UM
    assert np.hypot(cap - UM, arc.height(cap) - 0.2 * UM + R) == pytest.approx(R, rel=1e-12)
    beyond = np.hypot(np.abs(foot - UM) - 0.4 * UM, arc.height(foot) - R / 2.0)
    assert beyond == pytest.approx(R / 2.0, rel=1e-12)
    assert arc.curvature_max == pytest.approx(2.0 / R, rel=1e-3)
    assert arc.height(x[[0, 4]]) == pytest.approx(0.0, abs=1e-15)
    for surface in (cosine, arc):
        assert (surface.crest, surface.trough) == pytest.approx((0.2 * UM, 0.0), abs=1e-15)
        points = np.array([[1.0, 0.5], [1.0, 0.1]]) * UM
        assert surface.signed_distance(points)[0] == pytest.approx(-0.3 * UM, rel=1e-6)
