"""The diffuse metal front: profile, reaction density, and a regularisation that moves nothing.

xi is 1 in the metal and 0 outside; across a front at rest or in uniform motion

    xi = (1 - tanh(x/(2 l)))/2,   delta = 4 l,   psi = l ln(xi/(1-xi)) = -x (the signed distance).

The profile is kept by a conservative flux (Chiu and Lin, J. Comput. Phys. 230 (2011) 185; Olsson and
Kreiss, J. Comput. Phys. 210 (2005) 225) that vanishes on the profile: unlike Allen-Cahn it has no motion
by curvature and makes no metal.
"""

from __future__ import annotations

import math

import numpy as np
import ufl
from scipy.integrate import solve_ivp
from scipy.optimize import brentq
from ufl.core.expr import Expr

LOGIT_OFFSET = 2e-3  # bounds the extrapolation to the front: |d| <= l ln(1/LOGIT_OFFSET) = 6.2 l


def reaction_norm(cutoff: float, m: float) -> float:
    """N(qc, m) by which the reaction density is divided so that a planar front moves at exactly V_m R.

    The cut-off removes the reaction from the tails and the regularisation (M = m l v) brings it back at the
    cost of a distorted profile. With p(xi) = |d xi/dx|, r = xi(1-xi)/l and s = p - r, the profile that
    travels at the speed v of the drive satisfies m l ds/dxi = 1 - q/(r + s); in the tails, where q = 0,
    l s = xi/m ahead of the front and -(1-xi)/m behind it. N is what makes both ends meet: without the
    distortion it is sqrt(1-4qc) - 2 qc ln((1+sqrt(1-4qc))/(1-sqrt(1-4qc))), 0.3 % more at m = 8, qc = 3e-3.
    """
    root = math.sqrt(1 - 4 * cutoff)
    low, high = (1 - root) / 2, (1 + root) / 2
    undistorted = root - 2 * cutoff * math.log(high / low)

    def mismatch(norm: float) -> float:
        def slope(xi: float, s: np.ndarray) -> np.ndarray:
            r = xi * (1 - xi)
            return (1 - (r - cutoff) / norm / (r + s)) / m

        end = solve_ivp(slope, (low, high), [low / m], rtol=1e-9, atol=1e-12).y[0, -1]
        return end + (1 - high) / m

    return brentq(mismatch, 0.9 * undistorted, 1.02 * undistorted, xtol=1e-10)


def reaction_density(xi: Expr, l: Expr, cutoff: Expr, norm: Expr) -> Expr:
    """q = max(xi(1-xi) - qc, 0)/(N l): its integral across the front is 1 (N from ``reaction_norm``).

    Without the cut-off qc the reaction runs in the far tail at large overpotentials. Unit 1/length.
    """
    return ufl.max_value(xi * (1 - xi) - cutoff, 0.0) / (norm * l)


def regularisation_flux(xi: Expr, normal: Expr, mobility: Expr, l: Expr) -> Expr:
    """M (grad xi - xi(1-xi)/l n): diffusion against compression along the normal n into the metal.

    Enters d xi/dt = ... + div(flux); zero on the travelling profile whatever the curvature.
    """
    return mobility * (ufl.grad(xi) - xi * (1 - xi) / l * normal)


def distance_to_front(xi: Expr, l: Expr) -> Expr:
    """Signed distance (positive in the metal) l ln((xi+e)/(1-xi+e)) with xi clipped to [0, 1], e = 2e-3."""
    bounded = ufl.max_value(ufl.min_value(xi, 1.0), 0.0)
    return l * ufl.ln((bounded + LOGIT_OFFSET) / (1 - bounded + LOGIT_OFFSET))


def curvature_at_front(curvature: Expr, distance: Expr, dimension: int) -> Expr:
    """Curvature K/(1 + d K/(dim-1)) of the xi = 1/2 surface, from that of the level surface at distance d.

    Exact for the parallel surfaces of a cylinder or a sphere. With K itself, which is larger inside the
    front than outside, the two sides of a front at rest never agree: the reaction goes on in both
    directions and the profile diffuses away, five times as wide after ten hours.
    """
    return curvature / ufl.max_value(1 + distance * curvature / max(dimension - 1, 1), 0.5)


def at_front(field: Expr, distance: Expr, normal: Expr) -> Expr:
    """Value of a field at the xi = 1/2 surface, extrapolated along the normal: f - d n.grad f.

    Evaluating the kinetics with these values ("flat drive") makes the rate uniform across the front and
    cancels the first-order error of a diffuse front: the reaction otherwise shifts outwards.
    """
    return field - distance * ufl.dot(normal, ufl.grad(field))
