"""Transport of a binary salt M X_z (cation valence z, anion -1) through a stack of layers to a plating front.

With c the concentration of the metal ion (mol/m^3; the anions have z c) and i the ionic current density,

    cation flux      N+ = -D grad c + t+ i/(z F)
    anion flux       N- = -z D grad c - (1-t+) i/F
    salt balance     dc/dt = div( D grad c + (1-t+) i/(z F) )           (= -div N-/z)
    ionic current    i = -kappa [ grad phi_e - ((1+z)/z)(RT/F)(1-t+) TDF grad ln c ]

where phi_e is measured against a reference electrode of the metal at the same place. Stacks are listed
from the metal outwards, current densities are positive for deposition.

A front that deposits advances with v = i V_m/(z F) into the electrolyte and pushes the anions with it. In
the frame of the laboratory N- = z c_f v at the front, so

    D dc/dn = (1-t+) i/(z F) - c_f v = ((1-t+)/V_m - c_f) v.

References: J. Newman, K. Thomas-Alyea, Electrochemical Systems, 3rd ed. (2004), ch. 11-12 and 17; A. J. Bard,
L. R. Faulkner, Electrochemical Methods, 2nd ed. (2001), ch. 8; C. Monroe, J. Newman, J. Electrochem. Soc.
150 (2003) A1377.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.constants import R
from scipy.optimize import brentq
from scipy.special import erf

from .kinetics import F, inverse_butler_volmer


@dataclass(frozen=True)
class Layer:
    """One layer of a stack: `thickness` (m), salt diffusivity `D` (m^2/s), transference number `t_plus` of
    the cation, conductivity `kappa` (S/m; None: Nernst-Einstein), thermodynamic factor `tdf`."""

    thickness: float
    D: float
    t_plus: float
    kappa: float | None = None
    tdf: float = 1.0

    def resistance(self, c_inner: float, c_outer: float, z: int, T: float) -> float:
        """Integral of dx/kappa (ohm m^2) over the layer, with c linear from the inner to the outer side."""
        if self.kappa is not None:
            return self.thickness / self.kappa
        ratio = c_outer / c_inner - 1.0
        mean = c_inner if abs(ratio) < 1e-12 else c_inner * ratio / np.log1p(ratio)
        return self.thickness / nernst_einstein_kappa(self.D, mean, self.t_plus, z, T)


@dataclass(frozen=True)
class StackVoltage:
    """Cell voltage of a stack and its parts (V), all negative when plating; `c_front` in mol/m^3."""

    kinetic: float
    concentration: float
    ohmic: float
    c_front: float

    @property
    def total(self) -> float:
        return self.kinetic + self.concentration + self.ohmic


def nernst_einstein_kappa(D: ArrayLike, c: ArrayLike, t_plus: ArrayLike, z: int, T: float) -> np.ndarray:
    """Conductivity (S/m) z^2 F^2 D c/(R T (1+z) t+ (1-t+)) of a dilute salt of diffusivity `D`.

    Dilute theory: kappa = (F^2/RT)(z^2 D+ c + D- z c), t+ = z D+/(z D+ + D-) and D = (1+z) D+ D-/(z D+ + D-).
    Hence D+ = D/((1+z)(1-t+)), D- = z D/((1+z) t+), and their sum gives the formula. With it
    phi_e = ((1+z)/z)(RT/F) ln c wherever the anions are at rest (N- = 0), whatever t+ is.
    For z = 1 it is F^2 D c/(2 R T t+ (1-t+)). Newman & Thomas-Alyea ch. 11.
    """
    t_plus = np.asarray(t_plus, dtype=float)
    return z**2 * F**2 * np.asarray(D) * c / (R * T * (1 + z) * t_plus * (1.0 - t_plus))


def liquid_junction_factor(z: int, T: float) -> float:
    """((1+z)/z) R T/F (V), the factor of (1-t+) grad ln c in the diffusion potential."""
    return (1 + z) / z * R * T / F


def concentration_cell_voltage(
    c2: ArrayLike, c1: ArrayLike, t_plus: float, z: int, T: float, tdf: float = 1.0
) -> np.ndarray:
    """Potential (V) of a metal electrode at `c2` against one at `c1` at zero current,

    ((1+z)/z)(RT/F)(1-t+) TDF ln(c2/c1).
    Newman & Thomas-Alyea ch. 2 and 12 (concentration cell with transference).
    """
    return liquid_junction_factor(z, T) * (1.0 - t_plus) * tdf * np.log(np.asarray(c2) / np.asarray(c1))


def limiting_current(
    D: float | Sequence[float],
    thickness: float | Sequence[float],
    c0: float,
    t_plus: float | Sequence[float],
    z: int,
) -> float:
    """Steady current density (A/m^2) at which c = 0 at the front and c = `c0` behind the outermost layer.

    z F c0/sum_k((1-t_k) L_k/D_k); scalars for one layer, sequences (metal first) for a stack. The motion of
    the front does not change it, because the salt it pushes vanishes with c_f. Infinite if every t+ is 1.
    """
    drop = np.sum((1.0 - np.atleast_1d(t_plus)) * np.atleast_1d(thickness) / np.atleast_1d(D))
    return float(z * F * c0 / drop) if drop > 0.0 else np.inf


def limiting_current_closed(
    D: float | Sequence[float],
    thickness: float | Sequence[float],
    c0: float,
    t_plus: float | Sequence[float],
    z: int,
) -> float:
    """Limiting current density (A/m^2) between two metal electrodes that conserve the salt, `c0` its mean.

    2 z F D c0/((1-t+) L) for one layer. In a stack the profile is piecewise linear with the same mean.
    """
    length, D, t_plus = np.broadcast_arrays(np.atleast_1d(thickness), np.atleast_1d(D), np.atleast_1d(t_plus))
    drops = (1.0 - t_plus) * length / D
    mean = np.sum(length * (np.cumsum(drops) - drops / 2.0)) / np.sum(length)
    return float(z * F * c0 / mean)


def steady_front_concentration(
    i: float, layers: Sequence[Layer], c0: float, z: int, V_m: float | None = None
) -> float:
    """Concentration (mol/m^3) at the front of a stack with a reservoir at `c0`.

    At rest (`V_m` None) c_f = c0 - (i/(z F)) sum_k (1-t_k) L_k/D_k, negative above the limiting current.
    With `V_m` (m^3/mol) the salt swept by the front is counted: N- = z c_f v through the whole stack, hence
    c_f = (the above)/(1 - v sum_k L_k/D_k).
    The profile c0 - G(L - x) does not change in the frame of the laboratory while the front moves through it,
    so the error of the second form is O((v L/D)^2).
    """
    at_rest = c0 - i / (z * F) * sum((1.0 - k.t_plus) * k.thickness / k.D for k in layers)
    if V_m is None:
        return at_rest
    peclet = i * V_m / (z * F) * sum(k.thickness / k.D for k in layers)
    if peclet >= 1.0:
        raise ValueError("the front is faster than diffusion through the stack: no quasi-steady state exists")
    return at_rest / (1.0 - peclet)


def steady_concentrations(
    i: float, layers: Sequence[Layer], c0: float, z: int, V_m: float | None = None
) -> np.ndarray:
    """Concentrations (mol/m^3) at the front and behind every layer, see `steady_front_concentration`."""
    c_front = steady_front_concentration(i, layers, c0, z, V_m)
    swept = 0.0 if V_m is None else c_front * i * V_m / (z * F)
    rises = [((1.0 - k.t_plus) * i / (z * F) - swept) * k.thickness / k.D for k in layers]
    return c_front + np.concatenate(([0.0], np.cumsum(rises)))


def steady_stack_voltage(
    i: float,
    layers: Sequence[Layer],
    c0: float,
    *,
    i0: float,
    alpha: float,
    z: int,
    T: float,
    V_m: float | None = None,
    c_ref: float | None = None,
) -> StackVoltage:
    """Galvanostatic steady voltage of the metal against a reference electrode in the reservoir.

    V = eta + phi_e(front), phi_e = 0 in the reservoir of concentration `c0`, with the Butler-Volmer eta at
    the front concentration (`i0` at `c_ref`, default `c0`) and
    phi_e(front) = -sum_k [ ((1+z)/z)(RT/F)(1-t_k) TDF_k ln(c_outer/c_inner) + i int_k dx/kappa ].
    `V_m` as in `steady_front_concentration`. Raises ValueError above the limiting current.
    """
    c = steady_concentrations(i, layers, c0, z, V_m)
    if not c[0] > 0.0:
        raise ValueError(f"{i} A/m^2 is above the limiting current of the stack")
    kinetic = inverse_butler_volmer(i, i0, alpha, z, T, c[0] / (c_ref or c0))
    concentration = -sum(
        concentration_cell_voltage(outer, inner, k.t_plus, z, T, k.tdf)
        for k, inner, outer in zip(layers, c[:-1], c[1:], strict=True)
    )
    ohmic = -i * sum(
        k.resistance(inner, outer, z, T) for k, inner, outer in zip(layers, c[:-1], c[1:], strict=True)
    )
    return StackVoltage(float(kinetic), float(concentration), float(ohmic), float(c[0]))


def steady_stack_current(
    voltage: float,
    layers: Sequence[Layer],
    c0: float,
    *,
    i0: float,
    alpha: float,
    z: int,
    T: float,
    V_m: float | None = None,
    c_ref: float | None = None,
) -> float:
    """Steady current density (A/m^2) at the metal potential `voltage` (V): inverts `steady_stack_voltage`.

    Far below the potentials that a front concentration of 1e-12 c0 explains it is the limiting current.
    """

    def excess(i: float) -> float:
        state = steady_stack_voltage(i, layers, c0, i0=i0, alpha=alpha, z=z, T=T, V_m=V_m, c_ref=c_ref)
        return state.total - voltage

    if voltage == 0.0:
        return 0.0
    if voltage < 0.0:
        thickness, D, t_plus = zip(*((k.thickness, k.D, k.t_plus) for k in layers), strict=True)
        limit = limiting_current(D, thickness, c0, t_plus, z) * (1.0 - 1e-12)
        bound = min(i0, limit)
        while excess(bound) > 0.0:
            if bound == limit:
                return limit
            bound = min(2.0 * bound, limit)
    else:
        bound = -i0
        while excess(bound) < 0.0:
            bound *= 2.0
    return brentq(excess, 0.0, bound, xtol=1e-14 * abs(bound), rtol=1e-13)


def sand_time(D: float, c0: float, i: float, t_plus: float, z: int) -> float:
    """Sand's time pi D (z F c0/(2 i (1-t+)))^2 (s) of a fixed electrode before a semi-infinite electrolyte.

    Bard & Faulkner eq. 8.2.14 with the migration factor (1-t+).
    """
    return np.pi * D * (z * F * c0 / (2.0 * i * (1.0 - t_plus))) ** 2


def moving_front_concentration(
    t: ArrayLike, D: float, c0: float, i: float, t_plus: float, z: int, V_m: float
) -> np.ndarray:
    """Concentration (mol/m^3) at a front advancing at constant current into a semi-infinite electrolyte.

    Exact. In its frame u = c - A, A = (1-t+)/V_m, obeys u_t = D u_xx + v u_x with D u_x + v u = 0 at the
    front, as in sedimentation onto a wall. The Laplace transform inverts to, with s = v^2 t/(4 D),
        u_f = u_0 [ (1 + 2 s)(1 + erf(sqrt s)) + 2 sqrt(s/pi) exp(-s) ]       (stripping: sqrt s < 0).
    For small s it is the fixed electrode's c0 - 2 (1-t+) i/(z F) sqrt(t/(pi D)) plus the salt swept along.
    """
    v = i * V_m / (z * F)
    root = v * np.sqrt(np.asarray(t, dtype=float) / (4.0 * D))
    growth = (1.0 + 2.0 * root**2) * (1.0 + erf(root)) + 2.0 * root * np.exp(-(root**2)) / np.sqrt(np.pi)
    salt = (1.0 - t_plus) / V_m
    return salt + (c0 - salt) * growth


def moving_front_sand_time(D: float, c0: float, i: float, t_plus: float, z: int, V_m: float) -> float:
    """Time (s) at which `moving_front_concentration` is zero: Sand's time with the swept salt."""
    if c0 >= (1.0 - t_plus) / V_m:
        raise ValueError("the electrolyte holds more salt than the metal needs: the front is never depleted")

    def front(t: float) -> float:
        return float(moving_front_concentration(t, D, c0, i, t_plus, z, V_m))

    upper = sand_time(D, c0, i, t_plus, z)
    while front(upper) > 0.0:
        upper *= 2.0
    return brentq(front, 0.0, upper, rtol=1e-13)
