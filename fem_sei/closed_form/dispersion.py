"""Growth rate of a sinusoidal perturbation of a flat plating front under a stack of layers.

The front y = a exp(i k x + omega t) moves at v into layers of a binary salt; c = c0 behind the outermost one
(a well-stirred reservoir). Linearised about the quasi-steady state of `transport`, in the frame of the front
and at its present distance to the layer boundaries, with B the perturbation of c at y = 0:

  kinetics   omega a = V_m (R_c (B + G a) - R_g k^2 a),                G = dc/dy at the front
  salt       (S - v) B = v G a - ((1-t+)/V_m - c_f) omega a            (D dc/dn = ((1-t+)/V_m - c_f) v_n)
  diffusion  D (c'' - k^2 c) + v c' = omega c                          S = -D c'/c at y = 0

where R is the deposition rate (mol/(m^2 s)), R_c = dR/dc along the front and R_g k^2 its loss by curvature.
Elimination of B gives the implicit equation for omega

  omega [1 + V_m R_c ((1-t+)/V_m - c_f)/(S - v)] = V_m R_c G S/(S - v) - V_m R_g k^2.

For one layer S = v/2 + D Q coth(Q L), Q^2 = k^2 + omega/D + (v/(2 D))^2; a stack is a recursion over its
layers. The metal is an equipotential, so R depends on c and on the curvature alone if phi_e does on c:

  phi_e = ((1+z)/z)(RT/F) ln c + const

holds exactly where the anions are at rest and kappa is that of Nernst and Einstein in every layer (D and t+
may differ between layers, (D/(1-t+)) dc/dn is then continuous). The growth moves the anions: neglected are
relative errors of order t+ omega/(D k^2) and t+ V_m c_f/(1-t+), below 1 % for a molar salt.

References: W. W. Mullins, R. F. Sekerka, J. Appl. Phys. 35 (1964) 444; C. Monroe, J. Newman, J. Electrochem.
Soc. 150 (2003) A1377 and 151 (2004) A880.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from .kinetics import F, exchange_slope, front_speed, gibbs_thomson, inverse_butler_volmer
from .transport import Layer, liquid_junction_factor, steady_front_concentration, steady_stack_current


@dataclass(frozen=True)
class FlatFront:
    """A flat front plating at `current` (A/m^2) under `layers` and a reservoir.

    `layers` from the metal outwards, with Nernst-Einstein conductivities; `c0` (mol/m^3) in the reservoir,
    `i0` (A/m^2) at `c0`, `alpha`, `z`, `T` (K), `V_m` (m^3/mol), `gamma` (J/m^2) as in `kinetics`.
    """

    layers: Sequence[Layer]
    current: float
    c0: float
    i0: float
    alpha: float
    z: int
    T: float
    V_m: float
    gamma: float = 0.0

    def __post_init__(self) -> None:
        if any(k.kappa is not None or k.tdf != 1.0 for k in self.layers):
            raise ValueError("the dispersion relation needs Nernst-Einstein conductivities and TDF = 1")
        if not self.c_front > 0.0:
            raise ValueError(f"{self.current} A/m^2 is above the limiting current of the stack")

    @property
    def speed(self) -> float:
        """v (m/s)."""
        return float(front_speed(self.current, self.V_m, self.z))

    @property
    def c_front(self) -> float:
        """c_f (mol/m^3), with the salt swept by the front."""
        return steady_front_concentration(self.current, self.layers, self.c0, self.z, self.V_m)

    @property
    def excess(self) -> float:
        """(1-t+)/V_m - c_f (mol/m^3): salt that must diffuse to the front per volume of metal."""
        return (1.0 - self.layers[0].t_plus) / self.V_m - self.c_front

    @property
    def gradient(self) -> float:
        """G = dc/dn at the front (mol/m^4)."""
        return self.excess * self.speed / self.layers[0].D

    @property
    def rate_slopes(self) -> tuple[float, float]:
        """R_c (m/s) and R_g (mol/s): derivatives of the deposition rate, R = R_c dc - R_g d(curvature).

        R_c = [ (1-alpha) i + (-di/d eta) ((1+z)/z) RT/F ]/(z F c_f): exchange current density and phi_e(c).
        """
        i0, alpha, z, T, c = self.i0, self.alpha, self.z, self.T, self.c_front
        eta = inverse_butler_volmer(self.current, i0, alpha, z, T, c / self.c0)
        slope = float(exchange_slope(eta, i0, alpha, z, T, c / self.c0))
        by_concentration = ((1.0 - alpha) * self.current + slope * liquid_junction_factor(z, T)) / (z * F * c)
        return by_concentration, slope / (z * F) * float(gibbs_thomson(self.gamma, self.V_m, 1.0, z))

    @property
    def neutral_wavenumber(self) -> float:
        """k_c = sqrt(R_c G/R_g) (1/m) at which omega = 0, to the order v/(D k)."""
        by_concentration, by_curvature = self.rate_slopes
        return float(np.sqrt(by_concentration * self.gradient / by_curvature))

    def growth_rate(self, k: ArrayLike) -> np.ndarray:
        """omega (1/s) of wavenumbers `k` > 0 (1/m). Raises ValueError if one decays as fast as D k^2."""
        return np.vectorize(self._growth_rate, otypes=[float])(k)

    def _growth_rate(self, k: float) -> float:
        speed, excess = self.speed, self.excess
        by_concentration, by_curvature = self.rate_slopes
        destabilising = self.V_m * by_concentration * self.gradient
        stabilising = self.V_m * by_curvature * k**2

        def residual(omega: float) -> float:
            response = diffusion_response(k, omega, speed, self.layers)
            lag = response - speed
            return (
                omega * (1.0 + self.V_m * by_concentration * excess / lag)
                - destabilising * response / lag
                + stabilising
            )

        bound = 4.0 * (abs(destabilising) + stabilising)
        if bound == 0.0:
            return 0.0
        slowest = -min(layer.D for layer in self.layers) * k**2
        lower = max(-bound, slowest * (1.0 - 1e-9))
        if residual(lower) > 0.0:
            raise ValueError(
                f"no quasi-steady mode: wavenumber {k:.4g} 1/m decays as fast as the salt diffuses"
            )
        return brentq(residual, lower, bound, xtol=1e-13 * bound, rtol=1e-12)


def diffusion_response(k: float, omega: float, speed: float, layers: Sequence[Layer]) -> float:
    """S = -D c'/c (m/s) at the front of a perturbation exp(i k x + omega t) of c, zero behind the last layer.

    In each layer c = exp(-b y) [cosh Q(H-y) + r sinh Q(H-y)], b = v/(2 D), Q^2 = k^2 + omega/D + b^2, so
    S_inner = D [b + Q (r + tanh Q H)/(1 + r tanh Q H)] with r = (S_outer/D - b)/Q; (S/(1-t+)) is continuous.
    """
    response, t_outer = np.inf, layers[-1].t_plus
    for layer in reversed(layers):
        response *= (1.0 - layer.t_plus) / (1.0 - t_outer)
        b = speed / (2.0 * layer.D)
        q = np.sqrt(k**2 + omega / layer.D + b**2)
        tanh = np.tanh(q * layer.thickness)
        if np.isinf(response):
            spread = 1.0 / tanh
        else:
            r = (response / layer.D - b) / q
            spread = (r + tanh) / (1.0 + r * tanh)
        response, t_outer = layer.D * (b + q * spread), layer.t_plus
    return float(response)


def quasi_static_growth_rate(
    k: ArrayLike, D: float, thickness: float, V_m: float, R_c: float, R_g: float, G: float
) -> np.ndarray:
    """omega (1/s) without migration and with everything of order v/(D k) neglected,

    V_m (R_c G - R_g k^2)/(1 + R_c/(D k coth(k L))): the limit t+ = 0, omega << D k^2, c_f << 1/V_m.
    `R_c` in m/s, `R_g` in mol/s, `G` in mol/m^4.
    """
    k = np.asarray(k, dtype=float)
    return V_m * (R_c * G - R_g * k**2) / (1.0 + R_c * np.tanh(k * thickness) / (D * k))


def growth_factor(
    front: FlatFront, k: float, grown: ArrayLike, voltage: float | None = None, points: int = 16
) -> tuple[np.ndarray, np.ndarray]:
    """Amplitude over initial amplitude, and time (s), when the mean of `front` has advanced by `grown` (m).

    The innermost layer thins by the growth; the current is that of `front`, or with `voltage` (V) the steady
    one of that metal potential at every thickness. exp of the integral of omega/v over the growth,
    Gauss-Legendre with `points` points. `grown` must stay below the thickness of the innermost layer.
    """
    nodes, weights = np.polynomial.legendre.leggauss(points)

    def after(advance: float) -> FlatFront:
        first = replace(front.layers[0], thickness=front.layers[0].thickness - advance)
        layers = [first, *front.layers[1:]]
        current = front.current
        if voltage is not None:
            current = steady_stack_current(
                voltage, layers, front.c0, i0=front.i0, alpha=front.alpha, z=front.z, T=front.T, V_m=front.V_m
            )
        return replace(front, layers=layers, current=current)

    def integrals(total: float) -> tuple[float, float]:
        states = [after(total * (1.0 + node) / 2.0) for node in nodes]
        speed = np.array([state.speed for state in states])
        omega = np.array([float(state.growth_rate(k)) for state in states])
        return np.exp(total / 2.0 * weights @ (omega / speed)), total / 2.0 * weights @ (1.0 / speed)

    return np.vectorize(integrals, otypes=[float, float])(grown)
