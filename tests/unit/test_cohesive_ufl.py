"""The solver's traction-separation law at points: against the law in NumPy, along paths, in its limits."""

from functools import cache

import numpy as np
import pytest
import ufl
from dolfinx import fem, mesh
from mpi4py import MPI

from fem_sei.closed_form.cohesive import MIXING, Bilinear, mixed_toughness
from fem_sei.physics.cohesive import BilinearLaw

POINTS = 200
NORMAL = (0.0, 1.0, 0.0)
DATA = {"N": 1.0, "S": 1.6, "G_I": 2.0, "G_II": 5.0, "K_n": 30.0, "K_t": 17.0, "exponent": 1.7}
TURON = DATA | {"K_t": 30.0 * 2.0 / 5.0 * 1.6**2}  # dissipation independent of the path of the mode
BENZEGGAGH_KENANE = MIXING[0]


class Points:
    """The law at many points at once: openings ``delta`` (n, 3) after the damage ``old`` (n)."""

    def __init__(self, mixing):
        line = mesh.create_interval(MPI.COMM_SELF, POINTS, [0.0, float(POINTS)])
        self.jump = fem.Function(fem.functionspace(line, ("DG", 0, (3,))))
        self.old, self.given = (fem.Function(fem.functionspace(line, ("DG", 0))) for _ in range(2))
        self.data = {name: fem.Constant(line, value) for name, value in DATA.items()}
        self.lag = fem.Constant(line, 0.0)
        law, n = BilinearLaw(**self.data, lag=self.lag, mixing=mixing), ufl.as_vector(NORMAL)
        new = law.damage(self.jump, n, self.old)
        T = law.traction(self.jump, n, self.old)
        values = [new, T[0], T[1], T[2], law.energy(self.jump, n, new)]
        values += [law.dissipated(self.jump, n, self.old, new), law.damage_in_energy(self.jump, n, new)]
        values += [law.energy(self.jump, n, self.given)]
        test = ufl.TestFunction(fem.functionspace(line, ("DG", 0, (len(values),))))
        self.form = fem.form(ufl.inner(ufl.as_vector(values), test) * ufl.dx)

    def __call__(self, delta, old=0.0, lag=0.0, given=0.0, **data):
        """Damage, traction (n, 3), stored energy, dissipated energy, its share, and what is stored at the
        damage ``given``; of as many points as there are openings."""
        delta, old = np.broadcast_arrays(delta, np.atleast_1d(np.asarray(old, dtype=float))[:, None])
        for name, value in (DATA | data).items():
            self.data[name].value = value
        self.lag.value = lag
        self.jump.x.array.reshape(-1, 3)[:] = NORMAL  # the points that are not asked for
        self.jump.x.array.reshape(-1, 3)[: len(delta)] = delta
        self.old.x.array[: len(delta)] = old[:, 0]
        self.given.x.array[:] = given
        found = fem.assemble_vector(self.form).array.reshape(POINTS, -1)[: len(delta)]
        return (found[:, 0], found[:, 1:4], *found[:, 4:].T)


@cache
def points(mixing=BENZEGGAGH_KENANE):
    return Points(mixing)


def opening(delta_n, delta_t, azimuth=0.0):
    """(n, 3): opening along y, sliding in the plane across it."""
    delta_n, delta_t = np.broadcast_arrays(np.atleast_1d(delta_n), delta_t)
    return np.stack([delta_t * np.cos(azimuth), delta_n, delta_t * np.sin(azimuth)], axis=1)


def follow(law, path, **data):
    """Along a path (steps, n, 3): damage, tractions, dissipated and stored energy, work by the trapezoidal
    rule, all at each step."""
    d, lost, states = np.zeros(path.shape[1]), 0.0, []
    for at in path:
        d, T, stored, growth, *_ = law(at, d, **data)
        lost = lost + growth
        states.append((d, T, lost, stored))
    d, T, lost, stored = (np.array(one) for one in zip(*states, strict=True))
    steps = 0.5 * ((T[1:] + T[:-1]) * np.diff(path, axis=0)).sum(axis=2)
    return d, T, lost, stored, np.concatenate([np.zeros((1, path.shape[1])), np.cumsum(steps, axis=0)])


@pytest.mark.parametrize("mixing", MIXING)
def test_the_law_in_numpy_at_random_openings(mixing):
    """Open and closed, before and after damage, loading and unloading, failed."""
    law, reference = points(mixing), Bilinear(**DATA, mixing=mixing)
    random = np.random.default_rng(1)
    size, angle = 10.0 ** random.uniform(-2.5, 1.2, POINTS), random.uniform(-0.5, 1.0, POINTS) * np.pi
    delta_n, delta_t = size * np.cos(angle), size * np.abs(np.sin(angle))
    kinds = random.integers(0, 3, POINTS)
    old = np.choose(kinds, [np.zeros(POINTS), random.uniform(size=POINTS), np.ones(POINTS)])
    d, T, stored, lost, *_ = law(opening(delta_n, delta_t, 0.7), old)
    expected = reference.damage(delta_n, delta_t, old)
    branches = set(zip(delta_n > 0.0, kinds, d > old + 1e-12, d > 1.0 - 1e-12, strict=True))
    assert len(branches) >= 9
    np.testing.assert_allclose(d, expected, atol=1e-13)
    normal, shear = reference.traction(delta_n, delta_t, expected)
    np.testing.assert_allclose(T, opening(normal, shear, 0.7), atol=1e-11 * np.abs(normal).max())
    np.testing.assert_allclose(stored, reference.stored(delta_n, delta_t, expected), rtol=1e-9, atol=1e-12)
    both = [reference.dissipated(delta_n, delta_t, one) for one in (expected, old)]
    np.testing.assert_allclose(lost, both[0] - both[1], atol=1e-11)


@pytest.mark.parametrize("mixing", MIXING)
def test_the_work_along_a_direction_is_the_fracture_energy(mixing):
    """G_I in mode I, G_II in mode II, the rule of mixing between them; K_n and K_t are not the same."""
    law, reference = points(mixing), Bilinear(**DATA, mixing=mixing)
    angles = np.linspace(0.0, 0.5 * np.pi, 11)
    direction = opening(np.cos(angles), np.sin(angles))
    _, start, end, _ = reference.limits(np.cos(angles), np.sin(angles))
    sizes = np.concatenate([np.linspace(0.0, start, 3), np.linspace(start, end, 60)[1:], [1.5 * end]])
    d, T, lost, stored, work = follow(law, sizes[:, :, None] * direction)
    sliding, opened = DATA["K_t"] * np.sin(angles) ** 2, DATA["K_n"] * np.cos(angles) ** 2
    share = sliding / (sliding + opened)
    G_c = mixed_toughness(share, DATA["G_I"], DATA["G_II"], DATA["exponent"], mixing)
    assert (G_c[0], G_c[-1]) == pytest.approx((DATA["G_I"], DATA["G_II"]), rel=1e-12)
    np.testing.assert_allclose(work[-1], G_c, rtol=1e-9)
    np.testing.assert_allclose(lost[-1], G_c, rtol=1e-9)
    np.testing.assert_allclose(work, lost + stored, atol=1e-9)  # the balance, at every step
    assert np.diff(d, axis=0).min() > -1e-14
    np.testing.assert_allclose(d[[2, -1]].T, np.broadcast_to([0.0, 1.0], (11, 2)), atol=1e-12)
    np.testing.assert_allclose(np.hypot(T[2, :, 1] / DATA["N"], T[2, :, 0] / DATA["S"]), 1.0, rtol=1e-12)
    np.testing.assert_allclose(law(direction * end[:, None], d[30])[4], 1.0, rtol=1e-12)
    np.testing.assert_allclose(law(0.1 * direction * end[:, None], d[30])[4], lost[30] / G_c, atol=1e-9)


@pytest.mark.parametrize("damage", [0.4, 0.99])
def test_unloading_is_on_the_secant_to_the_origin(damage):
    at = opening(0.02 * np.array([1.0, 0.5, 0.01]), 0.01 * np.array([1.0, 0.5, 0.01]))
    d, T, *_ = points()(at, damage * np.ones(3))
    np.testing.assert_allclose(d, damage, rtol=1e-14, atol=1e-14)
    expected = (1.0 - damage) * at * [DATA["K_t"], DATA["K_n"], DATA["K_t"]]
    np.testing.assert_allclose(T, expected, rtol=1e-12)


@pytest.mark.parametrize("damage", [0.0, 0.7, 1.0])
def test_closed_faces_press_with_the_full_stiffness(damage):
    """Also after complete failure, where they slide on each other without friction."""
    at = opening([-0.01, -10.0], [0.005, 0.0])
    d, T, stored, *_ = points()(at, damage * np.ones(2))
    np.testing.assert_allclose(d, damage, rtol=1e-14, atol=1e-14)
    np.testing.assert_allclose(T[:, 1], -DATA["K_n"] * np.array([0.01, 10.0]), rtol=1e-12)
    assert T[0, 0] == pytest.approx((1.0 - damage) * DATA["K_t"] * 0.005, rel=1e-12, abs=1e-14)
    assert stored[1] == pytest.approx(0.5 * DATA["K_n"] * 100.0, rel=1e-12)


def test_reload_after_complete_failure():
    """Pulled off, pressed together, pulled again: nothing, all of K_n, nothing, and G_I is lost once."""
    sizes = np.concatenate([np.linspace(0.0, 5.0, 101), np.linspace(5.0, -0.1, 52)[1:], [0.0, 1.0]])
    d, T, lost, *_ = follow(points(), np.array([opening(size, 0.0) for size in sizes]))
    assert (d[100, 0], lost[-1, 0]) == pytest.approx((1.0, DATA["G_I"]), rel=1e-10)
    pressed = sizes[101:] < 0.0
    np.testing.assert_allclose(T[101:, 0, 1][pressed], DATA["K_n"] * sizes[101:][pressed], rtol=1e-12)
    np.testing.assert_allclose(T[101:, 0, 1][~pressed], 0.0, atol=1e-12)


def test_with_turons_stiffness_a_turn_of_the_mode_costs_nothing():
    """K_t = K_n (G_I/G_II)(S/N)^2: half of the damage in one mode and the rest in the other, in both orders,
    takes half of both energies."""
    reference = Bilinear(**TURON)
    _, starts, ends, _ = reference.limits([1.0, 0.0], [0.0, 1.0])
    half, up = 0.5 * (starts + ends), np.linspace(0.0, 1.0, 400)[:, None]
    still = np.zeros_like(up)
    first = [half[0] * up, still], [still, half[1] * up]
    then = [still, 1.01 * ends[1] * up], [1.01 * ends[0] * up, still]
    paths = []
    for one, other in zip(first, then, strict=True):
        delta_n, delta_t = (np.concatenate([a, a[::-1], b])[:, 0] for a, b in zip(one, other, strict=True))
        paths.append(opening(delta_n, delta_t))
    d, _, lost, _, work = follow(points(), np.stack(paths, axis=1), **TURON)
    np.testing.assert_allclose(d[-1], 1.0, rtol=1e-12)
    half_of_both = 0.5 * (DATA["G_I"] + DATA["G_II"])
    np.testing.assert_allclose(lost[-1], half_of_both, rtol=1e-9)
    np.testing.assert_allclose(work[-1], half_of_both, rtol=2e-3)  # steps across the kinks


def test_viscosity_delays_the_damage():
    """(d - d_old) (1 + lag) = d_law - d_old: backward Euler of lag d' = d_law - d."""
    at = opening(0.2, 0.1)
    full, part = (points()(at, [0.2], lag=lag)[0] for lag in (0.0, 3.0))
    assert full > 0.5
    assert (part - 0.2) * 4.0 == pytest.approx(full - 0.2, rel=1e-12)


def test_the_dissipation_is_the_work_of_the_force_on_the_damage_also_where_the_mode_turns():
    """-d(stored)/dd; with first order in the step, of which the direction at the end is taken."""
    errors = []
    for steps in (50, 100):
        t = np.linspace(0.0, 1.0, steps + 1)
        path = opening(0.1 + 0.9 * t, 0.1 + 2.0 * t**2)[:, None, :]
        d, _, lost, *_ = follow(points(), path, **TURON)
        Y = np.array([points()(at, **TURON)[5] - points()(at, given=1.0, **TURON)[5] for at in path])
        work = (0.5 * (Y[1:] + Y[:-1]) * np.diff(d, axis=0)).sum()
        errors.append(abs(lost[-1, 0] - lost[0, 0] - work) / lost[-1, 0])
    assert d[-1] < 1.0
    assert errors[1] < 2e-3
    assert errors[0] / errors[1] > 1.6
