"""Interfaces that can open: a bilinear traction-separation law for mixed modes with irreversible damage.

With the opening delta_n = [[u]].n (n from the lower to the upper side), the sliding vector delta_t =
[[u]] - delta_n n, <x> = max(x, 0) and the damage d (0 intact, 1 apart):

T = (1 - d) (K_n <delta_n> n + K_t delta_t) + K_n min(delta_n, 0) n

so that closed faces press on each other with the full penalty stiffness, whatever the damage. Without damage
the energy is Y = (K_n <delta_n>^2 + K_t |delta_t|^2)/2, the share of sliding in it B = K_t |delta_t|^2/(2 Y),
and the tractions reach the strengths N, S where rho = sqrt((K_n <delta_n>/N)^2 + (K_t |delta_t|/S)^2) = 1
(quadratic criterion). Along a fixed direction Y_0 = Y/rho^2 is the energy at this onset; the traction falls
linearly to zero at rho_f = G_c(B)/Y_0, so that the work is G_c(B):

d = rho_f (rho - 1)/(rho (rho_f - 1)),   G_c = G_I + (G_II - G_I) B^eta          (Benzeggagh & Kenane 1996)
                                     or  G_c = [((1 - B)/G_I)^a + (B/G_II)^a]^(-1/a)    (power law)

d never falls: unloading is along the secant to the origin. The fraction of G_c that is dissipated, w =
(rho - 1)/(rho_f - 1), is called the damage in energy. (Camanho & Davila, NASA/TM-2002-211737; the
energy-based mixity and K_t/K_n = (G_I/G_II)(S/N)^2, with which the dissipation does not depend on the path of
the mode, from Turon et al., Eng. Fract. Mech. 77 (2010) 2506.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import ufl
from ufl.core.expr import Expr

ON_THE_WAY = 1e-10  # damage: where it has just grown it goes on, rounding must not decide that
TINY = 1e-24  # of the energy at onset: gives an unloaded point a direction (pure opening)


@dataclass(frozen=True)
class BilinearLaw:
    """Strengths ``N`` and ``S``, energies ``G_I`` and ``G_II``, stiffnesses ``K_n`` and ``K_t``, ``exponent``
    of the mixing rule, relaxation ``viscosity`` divided by the step (``lag``, zero without).

    ``N``, ..., ``lag`` are constants of the form; the damage at the last step is an argument of each method.
    """

    N: Expr
    S: Expr
    G_I: Expr
    G_II: Expr
    K_n: Expr
    K_t: Expr
    exponent: Expr
    lag: Expr
    mixing: Literal["benzeggagh_kenane", "power_law"] = "benzeggagh_kenane"

    def parts(self, jump: Expr, n: Expr) -> tuple[Expr, Expr]:
        """delta_n (scalar) and the sliding (vector) of the jump of the displacement."""
        delta_n = ufl.dot(jump, n)
        return delta_n, jump - delta_n * n

    def _direction(self, jump: Expr, n: Expr) -> tuple[Expr, Expr, Expr]:
        """rho, rho_f and G_c along the present direction of the opening."""
        delta_n, sliding = self.parts(jump, n)
        opening = ufl.conditional(ufl.gt(delta_n, 0.0), delta_n, 0.0)
        normal, shear = self.K_n * opening**2, self.K_t * ufl.inner(sliding, sliding)
        square = self.K_n * normal / self.N**2 + self.K_t * shear / self.S**2
        Y_0 = (normal + shear + TINY * self.N**2 / self.K_n) / (2.0 * (square + TINY))
        B = shear / (normal + shear + TINY * self.N**2 / self.K_n)
        if self.mixing == "power_law":
            opened, slid = ((1.0 - B + TINY) / self.G_I), ((B + TINY) / self.G_II)
            G_c = (opened**self.exponent + slid**self.exponent) ** (-1.0 / self.exponent)
        else:
            G_c = self.G_I + (self.G_II - self.G_I) * (B + TINY) ** self.exponent
        return ufl.sqrt(square + TINY), G_c / Y_0, G_c

    def damage(self, jump: Expr, n: Expr, old: Expr) -> Expr:
        """d after a step to this opening, where it was ``old`` before."""
        rho, rho_f, _ = self._direction(jump, n)
        beyond = ufl.conditional(ufl.gt(rho, 1.0), rho, 1.0)
        law = rho_f * (beyond - 1.0) / (beyond * (rho_f - 1.0))
        law = ufl.conditional(ufl.lt(rho, rho_f), law, 1.0)
        law = ufl.conditional(ufl.gt(law, old - ON_THE_WAY), law, old)
        return (law + self.lag * old) / (1.0 + self.lag)

    def traction(self, jump: Expr, n: Expr, old: Expr) -> Expr:
        """T that the upper side exerts on the lower one (vector); it works on the jump.

        Faces that just touch count as open: the first iteration from rest must not find them in contact.
        """
        delta_n, sliding = self.parts(jump, n)
        apart = 1.0 - self.damage(jump, n, old)
        opening = ufl.conditional(ufl.lt(delta_n, 0.0), delta_n, apart * delta_n)
        return self.K_n * opening * n + apart * self.K_t * sliding

    def energy(self, jump: Expr, n: Expr, damage: Expr) -> Expr:
        """Stored energy per area where the damage is ``damage``."""
        delta_n, sliding = self.parts(jump, n)
        opening = ufl.conditional(ufl.lt(delta_n, 0.0), delta_n**2, (1.0 - damage) * delta_n**2)
        return (self.K_n * opening + (1.0 - damage) * self.K_t * ufl.inner(sliding, sliding)) / 2.0

    def damage_in_energy(self, jump: Expr, n: Expr, damage: Expr) -> Expr:
        """w of a ``damage`` reached along the present direction: rho_d = rho_f/(rho_f - d (rho_f - 1))."""
        _, rho_f, _ = self._direction(jump, n)
        reached = rho_f / (rho_f - damage * (rho_f - 1.0))
        return (reached - 1.0) / (rho_f - 1.0)

    def dissipated(self, jump: Expr, n: Expr, old: Expr, damage: Expr) -> Expr:
        """Energy per area that the damage growing from ``old`` to ``damage`` takes at the present direction,
        without viscosity: G_c (w(damage) - w(old))."""
        G_c = self._direction(jump, n)[2]
        return G_c * (self.damage_in_energy(jump, n, damage) - self.damage_in_energy(jump, n, old))
