"""Metal growing under an elastic film: linear stability of a flat surface, and the stress that stops growth.

A metal surface y = A cos(kx) under a film of thickness h that is free on top. Points of the surface move
along its normal, so that a growing wave pushes them sideways by X sin(kx) too, and the film answers with
the normal stress sigma_nn = -(K_yy (A - A_0) + K_yx X) cos(kx), tension positive. Per growth tau of the flat
surface

dA/dtau = -c_1 (K_yy (A - A_0) + K_yx X + gamma k^2 A),   dX/dtau = k A,

with c_1 = d(v/v_0)/d(sigma_nn) of the kinetics. The reactions are those of plane strain: with U(y) sin(kx),
V(y) cos(kx) and k = 1, U = (a + b y) e^-y, V = (a + b (3 - 4 nu) + b y) e^-y and its mirror image at the top
(Timoshenko & Goodier, Theory of Elasticity, 3rd ed. 1970, 24, written in displacements).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.constants import R
from scipy.linalg import expm

from fem_sei.closed_form.kinetics import F


def layer_reactions(k: float, h: float, E: float, nu: float) -> tuple[float, float]:
    """(K_yy, K_yx) in Pa/m of a layer ``h`` (m, may be inf) with Young's modulus ``E`` (Pa) and Poisson's
    ratio ``nu``, for the wave number ``k`` (1/m): minus its normal stress per displacement of its bottom
    across and along. A thin layer has E' h^3 k^4/3 and E' h^2 k^3/2 with E' = E/(1 - nu^2); a half-space
    4 mu (1 - nu) k/(3 - 4 nu) and that times (1 - 2 nu)/(2 (1 - nu)).
    """
    mu = E / (2.0 * (1.0 + nu))
    lam = E * nu / ((1.0 + nu) * (1.0 - 2.0 * nu))
    depth = min(k * h, 50.0)  # beyond, the top is out of reach

    def fields(y: float) -> np.ndarray:
        """U, V, sigma_yy, sigma_xy of the four solutions: rows."""
        columns = []
        for mirrored, (a, b) in ((m, ab) for m in (False, True) for ab in ((1.0, 0.0), (0.0, 1.0))):
            s = depth - y if mirrored else y
            decay, c = np.exp(-s), a + b * (3.0 - 4.0 * nu)
            U, V = (a + b * s) * decay, (c + b * s) * decay
            dU, dV = (b - a - b * s) * decay, (b - c - b * s) * decay
            if mirrored:  # along s = depth - y: V and d/dy change their signs, dV/dy does not
                V, dU = -V, -dU
            columns.append([U, V, lam * (U + dV) + 2.0 * mu * dV, mu * (dU - V)])
        return np.array(columns).T

    bottom, top = fields(0.0), fields(depth)
    given = np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 0.0], [0.0, 0.0]])  # (U, V) = (0, 1), then (1, 0)
    rows = np.vstack([bottom[:2], top[2:] / mu])
    stress = bottom[2] @ np.linalg.solve(rows, given)
    return float(-k * stress[0]), float(-k * stress[1])


def stress_sensitivity(eta: float, alpha: float, z: int, T: float, V_m: float) -> float:
    """c_1 = d(v/v_0)/d(sigma_nn) (1/Pa) at zero stress of Butler-Volmer at the overpotential ``eta`` (V)."""
    w = -z * F * eta / (R * T)
    slope = alpha * np.exp(alpha * w) + (1.0 - alpha) * np.exp(-(1.0 - alpha) * w)
    return V_m / (R * T) * slope / (np.exp(alpha * w) - np.exp(-(1.0 - alpha) * w))


def wave(
    tau: ArrayLike, k: float, reactions: tuple[float, float], c_1: float, gamma: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """A/A_0 and X/A_0 after the growth ``tau`` (m) of the flat surface, from ``layer_reactions``, ``c_1``
    (1/Pa) and the surface energy ``gamma`` (J/m^2)."""
    K_yy, K_yx = reactions
    matrix = np.array(
        [[-c_1 * (K_yy + gamma * k**2), -c_1 * K_yx, c_1 * K_yy], [k, 0.0, 0.0], [0.0, 0.0, 0.0]]
    )
    states = [expm(matrix * t) @ [1.0, 0.0, 1.0] for t in np.atleast_1d(tau)]
    found = np.reshape(states, (*np.shape(tau), 3))
    return found[..., 0], found[..., 1]


def stopping_stress(eta: float, z: int, V_m: float) -> float:
    """Normal stress (Pa, compression negative) of the metal at rest at the overpotential ``eta`` (V):
    sigma_nn = z F eta/V_m."""
    return z * F * eta / V_m
