"""Charge transfer at a metal surface: Butler-Volmer, its inverse and slopes, and what shifts it.

Signs: current densities are positive for deposition, so a deposition overpotential is negative. The
overpotential eta = phi_s - phi_e uses phi_e measured against a reference electrode of the metal at the same
place, hence no Nernst term appears here. All functions broadcast over NumPy arrays.

References: J. Newman, K. Thomas-Alyea, Electrochemical Systems, 3rd ed. (2004), ch. 8; A. J. Bard,
L. R. Faulkner, Electrochemical Methods, 2nd ed. (2001), ch. 3.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.constants import R, physical_constants

F = physical_constants["Faraday constant"][0]


def butler_volmer(
    eta: ArrayLike, i0: ArrayLike, alpha: float, z: int, T: float, c_ratio: ArrayLike = 1.0
) -> np.ndarray:
    """Current density (A/m^2, positive for deposition) at the overpotential `eta` (V).

    i = i0 c_ratio^(1-alpha) [exp(-alpha z f eta) - exp((1-alpha) z f eta)],  f = F/(RT).
    `i0` (A/m^2) is the exchange current density at c_ratio = c/c_ref = 1, `alpha` in (0, 1) the cathodic
    transfer coefficient, `z` the valence, `T` in K.
    """
    w = -z * F / (R * T) * np.asarray(eta, dtype=float)
    prefactor = np.asarray(i0) * np.asarray(c_ratio, dtype=float) ** (1.0 - alpha)
    return prefactor * (np.expm1(alpha * w) - np.expm1(-(1.0 - alpha) * w))


def exchange_slope(
    eta: ArrayLike, i0: ArrayLike, alpha: float, z: int, T: float, c_ratio: ArrayLike = 1.0
) -> np.ndarray:
    """Slope -d i/d eta of `butler_volmer` (A/(m^2 V), positive) at the overpotential `eta` (V)."""
    f = z * F / (R * T)
    w = -f * np.asarray(eta, dtype=float)
    prefactor = np.asarray(i0) * np.asarray(c_ratio, dtype=float) ** (1.0 - alpha)
    return prefactor * f * (alpha * np.exp(alpha * w) + (1.0 - alpha) * np.exp(-(1.0 - alpha) * w))


def inverse_butler_volmer(
    i: ArrayLike, i0: ArrayLike, alpha: float, z: int, T: float, c_ratio: ArrayLike = 1.0
) -> np.ndarray:
    """Overpotential eta (V) at which `butler_volmer` gives the current density `i` (A/m^2).

    With w = -z F eta/(RT) and h(w) = exp(alpha w) - exp(-(1-alpha) w), Newton's method is applied to
    asinh(h(w)/2) = asinh(y/2), y = i/(i0 c_ratio^(1-alpha)). The left side rises with a slope that goes
    monotonically from 1-alpha to alpha, so Newton from w = 2 asinh(y/2), exact for alpha = 1/2, converges
    for every y. Raises ValueError for alpha outside (0, 1) or a current no overpotential gives.
    """
    if not 0.0 < alpha < 1.0:
        raise ValueError(f"alpha must lie in (0, 1), not {alpha}")
    prefactor = np.asarray(i0) * np.asarray(c_ratio, dtype=float) ** (1.0 - alpha)
    y = np.asarray(i, dtype=float) / prefactor
    if not np.all(np.isfinite(y)):
        raise ValueError("a current without finite overpotential: i0 and c_ratio must be positive")
    target = np.arcsinh(y / 2.0)
    w = 2.0 * target
    for _ in range(100):
        h = np.expm1(alpha * w) - np.expm1(-(1.0 - alpha) * w)
        slope = alpha * np.exp(alpha * w) + (1.0 - alpha) * np.exp(-(1.0 - alpha) * w)
        step = (target - np.arcsinh(h / 2.0)) * np.hypot(h, 2.0) / slope
        w = w + step
        if np.all(np.abs(step) <= 4e-15 * (1.0 + np.abs(w))):
            break
    return -R * T / (z * F) * w


def charge_transfer_resistance(i0: ArrayLike, z: int, T: float) -> np.ndarray:
    """Area-specific resistance RT/(z F i0) (ohm m^2) of the reaction at rest, Bard & Faulkner eq. 3.4.13."""
    return R * T / (z * F * np.asarray(i0, dtype=float))


def wagner_number(kappa: float, resistance: float, length: float) -> float:
    """Wa = kappa R_ct/length: above 1 the reaction, below 1 the electrolyte's resistance spreads the current.

    `kappa` in S/m, `resistance` in ohm m^2, `length` (m) the size of the unevenness. Newman & Thomas-Alyea
    ch. 18.
    """
    return kappa * resistance / length


def gibbs_thomson(gamma: ArrayLike, V_m: float, curvature: ArrayLike, z: int) -> np.ndarray:
    """Capillary potential gamma V_m K/(z F) (V) of a surface of curvature K (1/m, positive for a metal tip).

    `gamma` in J/m^2, `V_m` in m^3/mol; K is 1/r for a cylinder, 2/r for a sphere. The kinetics see
    eta + gibbs_thomson(...), so the metal rests at phi_s = phi_e - gibbs_thomson(...).
    """
    return np.asarray(gamma) * V_m * np.asarray(curvature) / (z * F)


def stress_shift(sigma_nn: ArrayLike, V_m: float, z: int) -> np.ndarray:
    """Shift V_m sigma_nn/(z F) (V) of the equilibrium potential of metal whose surface is pulled.

    `sigma_nn` (Pa): stress normal to the surface, tension positive. The kinetics see eta - stress_shift(...).
    F. Larche, J. W. Cahn, Acta Metall. 33 (1985) 331.
    """
    return np.asarray(sigma_nn) * V_m / (z * F)


def front_speed(i: ArrayLike, V_m: float, z: int) -> np.ndarray:
    """Speed i V_m/(z F) (m/s) of the metal surface that deposits the current density `i` (A/m^2)."""
    return np.asarray(i) * V_m / (z * F)
