"""Elastic layers: isotropic, small or finite strain, in plane strain, plane stress, axisymmetry, 3-D or 1-D.

Everything is a 3x3 tensor in the axes (x, y, out of plane) in 2-D, (r, z, theta) in axisymmetry, (x, y, z) in
3-D, and in 1-D (uniaxial strain) those of 2-D, moving along y alone. With the displacement gradient
H = du/dX, F = I + H, E = (F^T F - I)/2 and e = (H + H^T)/2:

small strain           sigma = lambda tr(e - e*) I + 2 mu (e - e*) + sigma_0
St Venant-Kirchhoff    S = lambda tr(E - E*) I + 2 mu (E - E*) + sigma_0,  P = F S
neo-Hookean            psi = mu (tr(F_e^T F_e) - 3 - 2 ln J_e)/2 + lambda (ln J_e)^2/2,  F_e = F/(1 + e*),
                       P = dpsi/dF + F sigma_0

(Bonet & Wood, Nonlinear Continuum Mechanics for Finite Element Analysis, 2nd ed. 2008, 6.4; Holzapfel,
Nonlinear Solid Mechanics, 2000, 6.5.) P is the stress per undeformed area whose work is P : dH. The
eigenstrain e* I (E* = (e* + e*^2/2) I) is what a layer would assume if it were free; sigma_0 is its residual
stress, equal in the two directions along the layer and zero across.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import ufl
from ufl.core.expr import Expr

Assumption = Literal["plane_strain", "plane_stress", "axisymmetric", "solid", "uniaxial_strain"]
Strain = Literal["small", "st_venant_kirchhoff", "neo_hookean"]
LOCAL_ITERATIONS = 5  # Newton's for the thickness stretch of plane stress; starts from the linear solution


@dataclass(frozen=True)
class Kinematics:
    """From a displacement (2 or 3 components) to 3x3 tensors; ``radius``: the coordinate r of axisymmetry;
    ``curving``: gradient of the body's undeformed places by those of its mesh, where the mesh has straight
    edges and the body has not."""

    assumption: Assumption
    radius: Expr | None = None
    curving: Expr | None = None

    def gradient(self, u: Expr) -> Expr:
        """Displacement gradient H; the out-of-plane entry of plane stress is left at zero."""
        H = ufl.grad(u) if self.curving is None else ufl.grad(u) * ufl.inv(self.curving)
        if self.assumption == "solid":
            return H
        if self.assumption == "uniaxial_strain":
            return ufl.as_matrix([[0.0, 0.0, 0.0], [0.0, H[0, 0], 0.0], [0.0, 0.0, 0.0]])
        hoop = u[0] / self.radius if self.assumption == "axisymmetric" else 0.0
        return ufl.as_matrix([[H[0, 0], H[0, 1], 0.0], [H[1, 0], H[1, 1], 0.0], [0.0, 0.0, hoop]])

    def along_layer(self, value: Expr) -> Expr:
        """The tensor with ``value`` in the two directions along a layer, zero in that of growth."""
        if self.assumption == "solid":
            return ufl.as_matrix([[value, 0.0, 0.0], [0.0, value, 0.0], [0.0, 0.0, 0.0]])
        return ufl.as_matrix([[value, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, value]])


@dataclass(frozen=True)
class Solid:
    """A layer's law: Young's modulus ``E``, Poisson's ratio ``nu``, ``eigenstrain``, ``residual_stress``."""

    E: Expr
    nu: Expr
    eigenstrain: Expr
    residual_stress: Expr
    kinematics: Kinematics
    strain: Strain

    @property
    def lame(self) -> tuple[Expr, Expr]:
        """lambda and mu."""
        return self.E * self.nu / ((1.0 + self.nu) * (1.0 - 2.0 * self.nu)), self.E / (2.0 * (1.0 + self.nu))

    def _strain(self, H: Expr) -> Expr:
        """e - e* or E - E*, with the strain across the plane where its stress is zero."""
        e = self.eigenstrain
        if self.strain == "small":
            found = ufl.sym(H) - e * ufl.Identity(3)
        else:
            found = (H + H.T + H.T * H) / 2.0 - (e + e**2 / 2.0) * ufl.Identity(3)
        if self.kinematics.assumption == "plane_stress":
            lam, mu = self.lame
            across = -(lam * (found[0, 0] + found[1, 1]) + self._residual[2, 2]) / (lam + 2.0 * mu)
            found = found + (across - found[2, 2]) * _out_of_plane()
        return found

    @property
    def _residual(self) -> Expr:
        return self.kinematics.along_layer(self.residual_stress)

    def _elastic_gradient(self, H: Expr) -> Expr:
        """F_e of the neo-Hookean law; in plane stress with the stretch f that leaves no stress across."""
        F = (ufl.Identity(3) + H) / (1.0 + self.eigenstrain)
        if self.kinematics.assumption != "plane_stress":
            return F
        lam, mu = self.lame
        area = ufl.ln(F[0, 0] * F[1, 1] - F[0, 1] * F[1, 0])
        # ln f from lam (area + ln f) + mu (f^2 - 1) + f^2 sigma_0/(1 + e*) = 0
        pull = mu + self._residual[2, 2] / (1.0 + self.eigenstrain)
        stretch = -(lam * area + pull - mu) / (lam + 2.0 * pull)
        for _ in range(LOCAL_ITERATIONS):
            square = ufl.exp(2.0 * stretch)
            stretch -= (lam * (area + stretch) + pull * square - mu) / (lam + 2.0 * pull * square)
        return F + (ufl.exp(stretch) - F[2, 2]) * _out_of_plane()

    def energy(self, u: Expr) -> Expr:
        """Strain energy per undeformed volume, counted from the undeformed state without residual stress."""
        H = self.kinematics.gradient(u)
        lam, mu = self.lame
        if self.strain == "neo_hookean":
            F = self._elastic_gradient(H)
            J = ufl.det(F)
            psi = mu * (ufl.inner(F, F) - 3.0 - 2.0 * ufl.ln(J)) / 2.0 + lam * ufl.ln(J) ** 2 / 2.0
            whole = F * (1.0 + self.eigenstrain)
            return psi * (1.0 + self.eigenstrain) ** 3 + ufl.inner(
                self._residual, (whole.T * whole - ufl.Identity(3)) / 2.0
            )
        strain = self._strain(H)
        offset = self.eigenstrain + (0.0 if self.strain == "small" else self.eigenstrain**2 / 2.0)
        return (
            lam * ufl.tr(strain) ** 2 / 2.0
            + mu * ufl.inner(strain, strain)
            + ufl.inner(self._residual, strain + offset * ufl.Identity(3))
        )

    def stress(self, u: Expr) -> Expr:
        """First Piola-Kirchhoff stress P (sigma at small strain), force per undeformed area: (3, 3)."""
        H = self.kinematics.gradient(u)
        lam, mu = self.lame
        if self.strain == "neo_hookean":
            F = self._elastic_gradient(H)
            inverse = ufl.inv(F).T
            P = mu * (F - inverse) + lam * ufl.ln(ufl.det(F)) * inverse
            growth = 1.0 + self.eigenstrain
            return P * growth**2 + F * growth * self._residual
        strain = self._strain(H)
        S = lam * ufl.tr(strain) * ufl.Identity(3) + 2.0 * mu * strain + self._residual
        return S if self.strain == "small" else (ufl.Identity(3) + H) * S

    def cauchy(self, u: Expr) -> Expr:
        """True stress sigma = P F^T/J, force per deformed area: (3, 3)."""
        if self.strain == "small":
            return self.stress(u)
        F = ufl.Identity(3) + self.kinematics.gradient(u)
        if self.kinematics.assumption == "plane_stress":
            F = F + (self._thickness_stretch(u) - 1.0) * _out_of_plane()
        return self.stress(u) * F.T / ufl.det(F)

    def _thickness_stretch(self, u: Expr) -> Expr:
        H = self.kinematics.gradient(u)
        if self.strain == "neo_hookean":
            return self._elastic_gradient(H)[2, 2] * (1.0 + self.eigenstrain)
        e = self.eigenstrain
        return ufl.sqrt(1.0 + 2.0 * (self._strain(H)[2, 2] + e + e**2 / 2.0))

    def virtual_work(self, u: Expr, v: Expr) -> Expr:
        """P : dv/dX, the work of the stress in a virtual displacement v, per undeformed volume."""
        return ufl.inner(self.stress(u), self.kinematics.gradient(v))


def _out_of_plane() -> Expr:
    return ufl.as_matrix([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]])


def von_mises(sigma: Expr) -> Expr:
    """Equivalent stress sqrt(3/2 s:s) of the deviator s."""
    s = ufl.dev(sigma)
    return ufl.sqrt(1.5 * ufl.inner(s, s))
