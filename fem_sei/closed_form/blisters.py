"""Blisters: clamped films under pressure p, as plates, membranes and in between, and what drives their edges.

Film thickness h, Young's modulus E, Poisson's ratio nu, E' = E/(1-nu^2), D = E' h^3/12. Strips have
half-width a (plane strain), discs radius a; p acts on all of the blister. N is the tension per width [N/m],
N0 that of the bonded film. A clamped edge advances with (Hutchinson and Suo 1992, rigid substrate)

    G = M^2/(2 D) + (N - N0)^2/(2 E' h),   M = D w'' at the edge.

References: S. Timoshenko, S. Woinowsky-Krieger, Theory of Plates and Shells, 2nd ed. (1959), ch. 1, 3, 13;
H. Hencky, Z. Math. Phys. 63 (1915) 311 (membranes); J. W. Hutchinson, Z. Suo, Adv. Appl. Mech. 29 (1992) 63.
SI units.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import solve_bvp, solve_ivp
from scipy.optimize import brentq

LIKE_A_PLATE = 1e-3  # a sqrt(N/D) below which the tension is neglected: a relative error of 1e-7


def bending_stiffness(E: float, nu: float, h: float) -> float:
    """D = E h^3/(12 (1 - nu^2)) [N m]."""
    return E * h**3 / (12.0 * (1.0 - nu**2))


def strip_plate(pressure: ArrayLike, D: float, a: float) -> tuple[np.ndarray, np.ndarray]:
    """Deflection of the middle p a^4/(24 D) [m], less than h, and G = p^2 a^4/(18 D) [J/m^2] of a strip."""
    pressure = np.asarray(pressure, dtype=float)
    return pressure * a**4 / (24.0 * D), pressure**2 * a**4 / (18.0 * D)


def strip_critical_pressure(D: float, G_c: float, a: float, h: float, chi: float = 0.0) -> float:
    """p_c = sqrt(18 D G_c)/(a + chi h)^2 [Pa]: small deflections, sharp crack.

    ``chi``: rotation of the film's root. 0.45 on a rigid substrate (nu = 0.25, a = 10 h; found with linear
    elasticity), 0.67 on one along which it slides, more if the interface yields before it opens.
    """
    return float(np.sqrt(18.0 * D * G_c)) / (a + chi * h) ** 2


def disc_plate(pressure: ArrayLike, D: float, a: float) -> tuple[np.ndarray, np.ndarray]:
    """Deflection of the middle p a^4/(64 D) [m], less than h, and G = p^2 a^4/(128 D) [J/m^2] of a disc."""
    pressure = np.asarray(pressure, dtype=float)
    return pressure * a**4 / (64.0 * D), pressure**2 * a**4 / (128.0 * D)


def disc_critical_pressure(D: float, G_c: float, a: float, h: float, chi: float = 0.0) -> float:
    """p_c = sqrt(128 D G_c)/(a + chi h)^2 [Pa]: small deflections, sharp crack.

    ``chi``: as for strips; 0.58 on a rigid substrate (nu = 0.25, a = 10 h).
    """
    return float(np.sqrt(128.0 * D * G_c)) / (a + chi * h) ** 2


def plateau_pressure(E: float, nu: float, h: float, a0: float, G_c: float) -> float:
    """Pressure [Pa] on the initial flaw (half-width a0) alone that drives any much longer crack of a strip.

    Far from the flaw the film is a straight membrane at the angle theta: it carries p a0 = N theta = E' h
    theta^3/2, and G = 3/8 E' h theta^4, so p = 1/(2 a0) (8 G_c/3)^(3/4) (E' h)^(1/4), whatever the length.
    """
    return (8.0 * G_c / 3.0) ** 0.75 * (E / (1.0 - nu**2) * h) ** 0.25 / (2.0 * a0)


@dataclass(frozen=True)
class Blister:
    """A bulged film: deflection ``w0`` of the middle [m], tension ``N`` at the edge [N/m], ``G`` [J/m^2],
    displaced ``volume`` (m^3; of strips m^2)."""

    w0: float
    N: float
    G: float
    volume: float


def strip(pressure: float, E: float, nu: float, h: float, a: float, N0: float = 0.0) -> Blister:
    """A strip within von Karman's theory, from plate to membrane: D w'''' - N w'' = p, N = N0 + E' h e.

    With k = sqrt(N/D): w' = (p/N)(a sinh(kx)/sinh(ka) - x); the stretch is e = 1/(2a) int_0^a w'^2 dx.
    ``N0`` >= 0, ``pressure`` > 0.
    """
    D, stiffness = bending_stiffness(E, nu, h), E / (1.0 - nu**2) * h
    x, weights = np.polynomial.legendre.leggauss(200)
    x, weights = 0.5 * a * (x + 1.0), 0.5 * a * weights

    def slope(N: float) -> np.ndarray:
        k = np.sqrt(N / D)
        if k * a < LIKE_A_PLATE:  # the difference below would lose its digits
            return -pressure * x * (a**2 - x**2) / (6.0 * D)
        shape = np.exp(k * (x - a)) * np.expm1(-2.0 * k * x) / np.expm1(-2.0 * k * a)
        return pressure / N * (a * shape - x)

    def excess(N: float) -> float:
        return N0 + stiffness / (2.0 * a) * float(weights @ slope(N) ** 2) - N

    membrane = N0 + (stiffness * (pressure * a) ** 2 / 6.0) ** (1.0 / 3.0)
    bound = 1.001 * min(membrane, excess(0.0))  # a membrane and a plate are stretched more
    N = brentq(excess, N0, bound, xtol=1e-14 * bound, rtol=1e-14)
    turn = slope(N)
    k = np.sqrt(N / D)
    curvature = (
        pressure / N * (k * a / np.tanh(k * a) - 1.0)
        if k * a >= LIKE_A_PLATE
        else pressure * a**2 / (3.0 * D)
    )
    G = 0.5 * D * curvature**2 + (N - N0) ** 2 / (2.0 * stiffness)
    return Blister(float(-weights @ turn), N, G, float(-2.0 * weights @ (x * turn)))


def disc(
    pressure: float, E: float, nu: float, h: float, a: float, N0: float = 0.0, guess: float = 0.0
) -> Blister:
    """A disc within von Karman's theory, from plate to membrane, or buckled where N0 < 0.

        phi'' + phi'/r - phi/r^2 = (N phi + p r/2)/D,   r N'' + 3 N' = -E h phi^2/(2 r),   phi = w',
        phi(0) = N'(0) = 0,   phi(a) = 0,   a N'(a) + (1 - nu)(N(a) - N0) = 0

    Solved by collocation, relative error about 1e-8. ``guess`` [m]: deflection to start from, needed to find
    the buckled shape. Raises RuntimeError if nothing is found.
    """
    D = bending_stiffness(E, nu, h)
    # in units of a and h: phi = h/a f, N = D/a^2 n
    load, couple = pressure * a**4 / (D * h), 6.0 * (1.0 - nu**2)  # E h^3/(2 D) = 6 (1-nu^2)
    far = N0 * a**2 / D

    def rates(r: np.ndarray, y: np.ndarray) -> np.ndarray:
        f, turn, n, rise = y  # turn = f' + f/r, so turn' = n f + load r/2
        return np.array([turn - f / r, n * f + 0.5 * load * r, rise, -3.0 * rise / r - couple * f**2 / r**2])

    near = 1e-4  # where the series f = f1 r, n = n0 - (couple/8) f1^2 r^2 starts

    def ends(left: np.ndarray, right: np.ndarray) -> np.ndarray:
        f, turn, _, rise = left
        return np.array(
            [
                f - 0.5 * turn * near,
                rise + 0.25 * couple * (f / near) ** 2 * near,
                right[0],
                right[3] + (1.0 - nu) * (right[2] - far),
            ]
        )

    r = np.linspace(near, 1.0, 200)
    size = guess / h if guess else load / 64.0 / (1.0 + (load / 64.0) ** 2) ** (1.0 / 3.0)
    start = [
        -4.0 * size * r * (1 - r**2),
        -8.0 * size * (1 - 2 * r**2),
        np.full_like(r, far + size**2),
        0 * r,
    ]
    found = solve_bvp(rates, ends, r, np.array(start), tol=1e-9, max_nodes=50_000)
    if not found.success:
        raise RuntimeError(f"no shape of the blister was found: {found.message}")
    x, weights = np.polynomial.legendre.leggauss(400)
    x, weights = near + 0.5 * (1.0 - near) * (x + 1.0), 0.5 * (1.0 - near) * weights
    f = found.sol(x)[0]
    edge = found.sol(1.0)
    N, moment = edge[2] * D / a**2, D * edge[1] * h / a**2
    G = moment**2 / (2.0 * D) + (N - N0) ** 2 * (1.0 - nu**2) / (2.0 * E * h)
    return Blister(
        float(-weights @ f) * h, float(N), float(G), float(-np.pi * weights @ (x**2 * f)) * h * a**2
    )


def membrane_coefficients(nu: float) -> tuple[float, float, float]:
    """C1, C2, C3 of a circular membrane (Hencky): deflection of the middle w0 = C1 (p a^4/(E h))^(1/3),
    displaced volume C2 pi a^2 w0, tension at the edge C3 (E h p^2 a^2)^(1/3).

    With N = (E h p^2 a^2)^(1/3) n and rho = r/a: n'' + 3 n'/rho = -1/(8 n^2), n' + (1-nu) n = 0 at the edge.
    The solution f of f'' + 3 f'/s = -1/f^2, f(0) = 1, is cut at the s where it meets the edge's condition.
    """
    start = 1e-3

    def rates(s: float, y: np.ndarray) -> list[float]:
        return [y[1], -3.0 * y[1] / s - 1.0 / y[0] ** 2, s / y[0], s**3 / y[0]]

    def edge(s: float, y: np.ndarray) -> float:
        return s * y[1] + (1.0 - nu) * y[0]

    edge.terminal = True
    first = [1.0 - start**2 / 8.0, -start / 4.0, start**2 / 2.0, start**4 / 4.0]
    run = solve_ivp(rates, (start, 4.0), first, events=edge, rtol=1e-11, atol=1e-14)
    end, (last, _, mean, third) = run.t_events[0][0], run.y_events[0][0]
    centre = (8.0 * end**2) ** (-1.0 / 3.0)  # n at the centre: n = centre f(s), s = end rho
    C1 = 0.5 * mean / (end**2 * centre)
    return float(C1), float(0.5 * third / (end**4 * centre) / C1), float(centre * last)


def membrane_disc(pressure: float, E: float, nu: float, h: float, a: float) -> Blister:
    """A circular membrane without bending stiffness or tension of its own (Hencky).

    V ~ p^(1/3) a^(10/3) and -dPi/da = G 2 pi a at constant p give G = (5/4) C2 p w0.
    """
    C1, C2, C3 = membrane_coefficients(nu)
    w0 = C1 * (pressure * a**4 / (E * h)) ** (1.0 / 3.0)
    N = C3 * (E * h * (pressure * a) ** 2) ** (1.0 / 3.0)
    return Blister(w0, N, 1.25 * C2 * pressure * w0, C2 * np.pi * a**2 * w0)
