"""Elastic laws, point by point: the stress is the derivative of the energy, closed forms, rotations."""

from functools import cache

import numpy as np
import pytest
import ufl
from dolfinx import fem, mesh
from mpi4py import MPI

from fem_sei.physics.elasticity import Kinematics, Solid, von_mises

E, NU = 2.0, 0.3
LAMBDA, MU = E * NU / ((1.0 + NU) * (1.0 - 2.0 * NU)), E / (2.0 * (1.0 + NU))
PLANAR = ("plane_strain", "plane_stress", "axisymmetric")
STRAINS = ("small", "st_venant_kirchhoff", "neo_hookean")


class Given(Kinematics):
    """Takes the displacement gradient itself for the displacement."""

    def gradient(self, u):
        return u


POINTS = 40


class Points:
    """A law at many points at once: stress (n, 3, 3), true stress (n, 3, 3), its equivalent and the
    energy (n) of displacement gradients (n, 3, 3)."""

    def __init__(self, strain, assumption):
        line = mesh.create_interval(MPI.COMM_SELF, POINTS, [0.0, float(POINTS)])
        self.H = fem.Function(fem.functionspace(line, ("DG", 0, (3, 3))))
        self.eigenstrain, self.residual_stress = (fem.Constant(line, 0.0) for _ in range(2))
        law = Solid(
            *(fem.Constant(line, value) for value in (E, NU)), self.eigenstrain, self.residual_stress,
            kinematics=Given(assumption), strain=strain,
        )  # fmt: skip
        P, sigma = law.stress(self.H), law.cauchy(self.H)
        values = [one[i, j] for one in (P, sigma) for i in range(3) for j in range(3)]
        values += [von_mises(sigma), law.energy(self.H)]
        test = ufl.TestFunction(fem.functionspace(line, ("DG", 0, (len(values),))))
        self.form = fem.form(ufl.inner(ufl.as_vector(values), test) * ufl.dx)

    def __call__(self, H, eigenstrain=0.0, residual_stress=0.0):
        self.eigenstrain.value, self.residual_stress.value = eigenstrain, residual_stress
        self.H.x.array[:] = 0.0
        self.H.x.array[: H.size] = H.ravel()
        found = fem.assemble_vector(self.form).array.reshape(POINTS, -1)[: len(H)]
        return found[:, :9].reshape(-1, 3, 3), found[:, 9:18].reshape(-1, 3, 3), found[:, 18], found[:, 19]


@cache
def points(strain, assumption):
    return Points(strain, assumption)


def gradient(assumption, size, seed=0):
    """A displacement gradient that the assumption allows."""
    H = size * np.random.default_rng(seed).uniform(-1.0, 1.0, (3, 3))
    if assumption != "solid":
        H[2, :2] = H[:2, 2] = 0.0
        H[2, 2] *= assumption == "axisymmetric"
    return H


@pytest.mark.parametrize("assumption", [*PLANAR, "solid"])
@pytest.mark.parametrize("strain", STRAINS)
def test_the_stress_is_the_derivative_of_the_energy(strain, assumption):
    """With eigenstrain and residual stress; in plane stress the out-of-plane stress is zero."""
    law, H, step, held = points(strain, assumption), gradient(assumption, 0.2), 1e-5, (0.05, 0.1)
    free = [(i, j) for i in range(3) for j in range(3) if assumption == "solid" or (i < 2 and j < 2)]
    free += [(2, 2)] if assumption == "axisymmetric" else []
    around = np.array([H] * (2 * len(free) + 1))
    for n, (i, j) in enumerate(free):
        around[2 * n, i, j] += step
        around[2 * n + 1, i, j] -= step
    stress, *_, energy = law(around, *held)
    derivative = (energy[:-1:2] - energy[1::2]) / (2.0 * step)
    np.testing.assert_allclose([stress[-1, i, j] for i, j in free], derivative, atol=1e-9)
    if assumption == "plane_stress":
        np.testing.assert_allclose(stress[:, 2, 2], 0.0, atol=1e-9)


@pytest.mark.parametrize("strain", STRAINS)
def test_small_gradients_give_hookes_law(strain):
    law, H = points(strain, "solid"), gradient("solid", 1e-7)
    expected = LAMBDA * np.trace(H) * np.eye(3) + MU * (H + H.T)
    np.testing.assert_allclose(law(H[None])[0][0], expected, atol=1e-12)
    e, sigma_0 = 1e-7, 3e-7
    expected += np.diag([sigma_0, sigma_0, 0.0]) - (3.0 * LAMBDA + 2.0 * MU) * e * np.eye(3)
    np.testing.assert_allclose(law(H[None], e, sigma_0)[0][0], expected, atol=1e-12)


@pytest.mark.parametrize("assumption", PLANAR)
@pytest.mark.parametrize("strain", STRAINS)
def test_residual_stress_and_eigenstrain_in_a_layer_that_cannot_move(strain, assumption):
    """sigma_xx = sigma_0 and sigma_xx = sigma_yy = - E e/(1 - 2 nu); in plane stress the layer gives way
    across the plane, which takes lambda/(lambda + 2 mu) of the stress there from those in the plane."""
    law, still, e, sigma_0 = points(strain, assumption), np.zeros((1, 3, 3)), 1e-7, 3e-7
    grown, stressed = law(still, e)[0][0], law(still, 0.0, sigma_0)[0][0]
    released = LAMBDA / (LAMBDA + 2.0 * MU) if assumption == "plane_stress" else 0.0
    np.testing.assert_allclose(
        grown[[0, 1], [0, 1]], -(3.0 * LAMBDA + 2.0 * MU) * e * (1.0 - released), rtol=1e-5
    )
    np.testing.assert_allclose(
        np.diag(stressed)[:2], sigma_0 * np.array([1.0 - released, -released]), rtol=1e-5, atol=1e-14
    )


def bar(stretch, across):
    """H of bars along x in plane stress, with the stretch across them in the plane."""
    return np.array(
        [np.diag([one - 1.0, other - 1.0, 0.0]) for one, other in zip(stretch, across, strict=True)]
    )


STRETCHES = np.array([0.8, 0.99, 1.0001, 1.3])


def test_a_bar_of_st_venant_kirchhoff_material():
    """E_22 = E_33 = -nu E_11 gives S = E E_11, P = stretch S; the true stress is P over the area."""
    green = 0.5 * (STRETCHES**2 - 1.0)
    across = np.sqrt(1.0 - 2.0 * NU * green)
    P, sigma, mises, energy = points("st_venant_kirchhoff", "plane_stress")(bar(STRETCHES, across))
    expected = np.zeros((4, 3, 3))
    expected[:, 0, 0] = STRETCHES * E * green
    np.testing.assert_allclose(P, expected, atol=1e-12)
    np.testing.assert_allclose(sigma, expected / across[:, None, None] ** 2, atol=1e-12)
    np.testing.assert_allclose(mises, np.abs(sigma[:, 0, 0]), atol=1e-12)
    np.testing.assert_allclose(energy, 0.5 * E * green**2, atol=1e-14)


def test_a_bar_of_neo_hookean_material():
    """The stretch f across leaves mu (f^2 - 1) + lambda ln J = 0; tau = mu (stretch^2 - f^2)."""
    f = np.ones(4)
    for _ in range(60):
        residual = MU * (f**2 - 1.0) + LAMBDA * np.log(STRETCHES * f**2)
        f -= residual / (2.0 * MU * f + 2.0 * LAMBDA / f)
    P, sigma, *_ = points("neo_hookean", "plane_stress")(bar(STRETCHES, f))
    expected = np.zeros((4, 3, 3))
    expected[:, 0, 0] = MU * (STRETCHES**2 - f**2) / STRETCHES
    np.testing.assert_allclose(P, expected, atol=1e-10)
    np.testing.assert_allclose(sigma, expected / f[:, None, None] ** 2, atol=1e-10)


@pytest.mark.parametrize("strain", STRAINS[1:])
def test_a_rotation_of_all_changes_nothing_but_the_direction(strain):
    """Also with eigenstrain and residual stress: sigma(Q F) = Q sigma(F) Q^T."""
    c, s = np.cos(0.9), np.sin(0.9)
    Q = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]) @ np.array([[1, 0, 0], [0, c, s], [0, -s, c]])
    F = np.eye(3) + gradient("solid", 0.2)
    _, sigma, _, energy = points(strain, "solid")(np.array([F, Q @ F]) - np.eye(3), 0.04, 0.2)
    np.testing.assert_allclose(sigma[1], Q @ sigma[0] @ Q.T, atol=1e-12)
    np.testing.assert_allclose(sigma[0], sigma[0].T, atol=1e-12)
    assert energy[1] == pytest.approx(energy[0], rel=1e-12)


@pytest.mark.parametrize("strain", STRAINS)
def test_a_layer_that_has_grown_freely_has_no_stress(strain):
    P, *_, energy = points(strain, "solid")(0.07 * np.eye(3)[None], 0.07)
    np.testing.assert_allclose(P, 0.0, atol=1e-14)
    assert energy[0] == pytest.approx(0.0, abs=1e-14)
