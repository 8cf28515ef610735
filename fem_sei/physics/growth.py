"""A metal surface that grows by electrodeposition under load: its kinematics and its kinetics.

The surface carries its points along: x = X + w with the displacement w, on the mesh of facets that it was
at first. With tangents t of that mesh the area vector a n (normal times area over that of the facet) is
grad(x) t turned by 90 degrees in 2-D, grad(x) t_1 x grad(x) t_2 in 3-D.

Charge transfer, current positive for deposition, with w* = -z F (eta - V_m (sigma_nn - gamma K)/(z F))/(R T):

i = i0 (exp(alpha w*) - exp(-(1 - alpha) w*))

Stress shifts both branches, so that the metal rests where sigma_nn - gamma K = z F eta/V_m: tension (sigma_nn
> 0) promotes deposition, compression and the curvature K of tips impede it (chemical potential of the metal
mu = mu_0 - V_m (sigma_nn - gamma K); Larche & Cahn, Acta Metall. 21 (1973) 1051; Monroe & Newman, J.
Electrochem. Soc. 151 (2004) A880).
"""

from __future__ import annotations

import ufl
from dolfinx import mesh
from ufl.core.expr import Expr

from fem_sei.physics.kinetics import bounded_exp


def area_vector(facets: mesh.Mesh, x: Expr) -> Expr:
    """a n of the surface with points at ``x``, on a mesh of facets whose normals point upwards (along the
    last axis)."""
    dim = facets.geometry.dim
    J = ufl.Jacobian(facets)
    tangents = [ufl.grad(x) * J[:, n] for n in range(dim - 1)]
    turned, undeformed = (_turned(each) for each in (tangents, [J[:, n] for n in range(dim - 1)]))
    up = ufl.conditional(ufl.gt(undeformed[dim - 1], 0.0), 1.0, -1.0)
    return up * turned / ufl.sqrt(ufl.dot(undeformed, undeformed))


def _turned(tangents: list[Expr]) -> Expr:
    if len(tangents) == 1:
        return ufl.as_vector([-tangents[0][1], tangents[0][0]])
    return ufl.cross(*tangents)


def deposition(drive: Expr, i0: Expr, alpha: Expr) -> Expr:
    """Current density of deposition at the dimensionless driving force w*, in the unit of ``i0``."""
    return i0 * (bounded_exp(alpha * drive) - bounded_exp(-(1.0 - alpha) * drive))
