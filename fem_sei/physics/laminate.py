"""Stress within a diffuse interface between two elastic materials, as in a stack of thin sheets of both.

With the share xi of material 1, the normal n of the interface and the mean strain e, the sheets have

    e_1 = e + (1 - xi) sym(a x n),   e_2 = e - xi sym(a x n),
    sigma = xi sigma_1(e_1) + (1 - xi) sigma_2(e_2)

with a from equal tractions, sigma_1 n = sigma_2 n: along the interface both strain alike, across it both
carry the same stress. A diffuse interface then acts like a sharp one but for terms of second order in its
width over its radius of curvature. Mixing the moduli instead leaves an error of first order that
grows with their ratio. (J. Mosler, O. Shchyglo, H. Montazer Hojjat, J. Mech. Phys. Solids 68 (2014) 251.)
"""

from __future__ import annotations

from dataclasses import dataclass

import ufl
from ufl.core.expr import Expr


@dataclass(frozen=True)
class Phase:
    """lambda tr(e - e* I) I + 2 mu (e - e* I) + sigma_0, with the ``eigenstrain`` e*, ``offset`` sigma_0."""

    E: Expr
    nu: Expr
    eigenstrain: Expr
    offset: Expr

    @property
    def lame(self) -> tuple[Expr, Expr]:
        """lambda and mu."""
        return self.E * self.nu / ((1 + self.nu) * (1 - 2 * self.nu)), self.E / (2 * (1 + self.nu))

    def stress(self, strain: Expr) -> Expr:
        """sigma (3, 3) at a strain (3, 3)."""
        lam, mu = self.lame
        elastic = strain - self.eigenstrain * ufl.Identity(3)
        return lam * ufl.tr(elastic) * ufl.Identity(3) + 2 * mu * elastic + self.offset


def laminate_stress(strain: Expr, xi: Expr, n: Expr, one: Phase, two: Phase) -> Expr:
    """sigma (3, 3) at the mean ``strain`` (3, 3); ``xi``: share of ``one``; ``n``: unit normal, or zero
    where there is no interface."""
    (lam_1, mu_1), (lam_2, mu_2) = one.lame, two.lame
    lam, mu = (1 - xi) * lam_1 + xi * lam_2, (1 - xi) * mu_1 + xi * mu_2
    t = (two.stress(strain) - one.stress(strain)) * n
    a = (t - (lam + mu) / (lam + 2 * mu) * ufl.dot(t, n) * n) / mu
    jump = ufl.sym(ufl.outer(a, n))
    return xi * one.stress(strain + (1 - xi) * jump) + (1 - xi) * two.stress(strain - xi * jump)
