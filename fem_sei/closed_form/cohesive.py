"""Cohesive interfaces: the bilinear law for mixed modes at a given opening, and lengths of process zones.

Opening delta_n, sliding delta_t >= 0 [m], <x> = max(x, 0). Along a fixed direction the opening of size
delta_m = hypot(<delta_n>, delta_t) has the stiffness k = (K_n <delta_n>^2 + K_t delta_t^2)/delta_m^2; the
traction grows up to delta_0, where (K_n <delta_n>/N)^2 + (K_t delta_t/S)^2 = 1, and falls linearly to zero at
delta_f = 2 G_c/(k delta_0), so that the work is the fracture energy G_c of the direction.

References: P. P. Camanho, C. G. Davila, NASA/TM-2002-211737; A. Turon et al., Eng. Fract. Mech. 77 (2010)
2506 (the mode's share B of the energy; K_t/K_n = (G_I/G_II)(S/N)^2 makes the dissipation independent of the
path); M. L. Benzeggagh, M. Kenane, Compos. Sci. Technol. 56 (1996) 439. SI units.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

HUI = 2.0 / (3.0 * np.pi)  # C. Y. Hui et al., J. Appl. Phys. 93 (2003) 6183
MIXING = ("benzeggagh_kenane", "power_law")


def process_zone(E: float, G_c: float, strength: float, factor: float = 1.0) -> float:
    """Length [m] of the process zone in a large body: factor E' G_c/sigma_c^2.

    ``factor``: 1 of Hillerborg (1976), ``HUI`` of Hui, pi/8 of Dugdale and Barenblatt.
    """
    return factor * E * G_c / strength**2


def slender_process_zone(E: float, G_c: float, strength: float, h: float) -> float:
    """In arms of thickness h: (E' G_c/sigma_c^2)^(1/4) h^(3/4), no longer than in a large body.

    Q. Yang, B. Cox, Int. J. Fract. 133 (2005) 107.
    """
    large = process_zone(E, G_c, strength)
    return min(large, large**0.25 * h**0.75)


def mixed_toughness(
    B: ArrayLike,
    G_I: float,
    G_II: float,
    exponent: float,
    mixing: Literal["benzeggagh_kenane", "power_law"] = "benzeggagh_kenane",
) -> np.ndarray:
    """G_c [J/m^2] where the share B of the energy is that of sliding.

    Benzeggagh and Kenane: G_I + (G_II - G_I) B^eta; power law: G_c^-alpha = ((1-B)/G_I)^alpha +
    (B/G_II)^alpha.
    """
    B = np.asarray(B, dtype=float)
    if mixing == "power_law":
        return (((1.0 - B) / G_I) ** exponent + (B / G_II) ** exponent) ** (-1.0 / exponent)
    return G_I + (G_II - G_I) * B**exponent


@dataclass(frozen=True)
class Bilinear:
    """Strengths N, S [Pa], fracture energies G_I, G_II [J/m^2] and stiffnesses K_n, K_t [Pa/m]."""

    N: float
    S: float
    G_I: float
    G_II: float
    K_n: float
    K_t: float
    exponent: float = 2.0
    mixing: Literal["benzeggagh_kenane", "power_law"] = "benzeggagh_kenane"

    def limits(self, delta_n: ArrayLike, delta_t: ArrayLike) -> tuple[np.ndarray, ...]:
        """delta_m, delta_0, delta_f [m] and G_c [J/m^2] along the direction of the opening (not zero)."""
        opening, sliding = np.maximum(delta_n, 0.0), np.asarray(delta_t, dtype=float)
        size = np.hypot(opening, sliding)
        normal, shear = self.K_n * (opening / size) ** 2, self.K_t * (sliding / size) ** 2
        start = 1.0 / np.hypot(self.K_n * opening / size / self.N, self.K_t * sliding / size / self.S)
        G_c = mixed_toughness(shear / (normal + shear), self.G_I, self.G_II, self.exponent, self.mixing)
        return size, start, 2.0 * G_c / ((normal + shear) * start), G_c

    def damage(self, delta_n: ArrayLike, delta_t: ArrayLike, before: ArrayLike = 0.0) -> np.ndarray:
        """d = delta_f (delta_m - delta_0)/(delta_m (delta_f - delta_0)) between 0 and 1, never falling."""
        closed = (np.maximum(delta_n, 0.0) == 0.0) & (np.asarray(delta_t) == 0.0)
        size, start, end, _ = self.limits(np.where(closed, self.N / self.K_n, delta_n), delta_t)
        law = np.clip(end * (size - start) / (size * (end - start)), 0.0, 1.0)
        return np.maximum(before, np.where(closed, 0.0, law))

    def traction(
        self, delta_n: ArrayLike, delta_t: ArrayLike, damage: ArrayLike
    ) -> tuple[np.ndarray, np.ndarray]:
        """Normal and shear traction [Pa]: (1-d) K delta; closed faces press with all of K_n."""
        delta_n, intact = np.asarray(delta_n, dtype=float), 1.0 - np.asarray(damage)
        return self.K_n * delta_n * np.where(delta_n > 0.0, intact, 1.0), intact * self.K_t * delta_t

    def stored(self, delta_n: ArrayLike, delta_t: ArrayLike, damage: ArrayLike) -> np.ndarray:
        """Elastic energy [J/m^2], half the traction times the opening."""
        normal, shear = self.traction(delta_n, delta_t, damage)
        return 0.5 * (normal * delta_n + shear * delta_t)

    def dissipated(self, delta_n: ArrayLike, delta_t: ArrayLike, damage: ArrayLike) -> np.ndarray:
        """Energy [J/m^2] lost on the way to ``damage`` along this direction: G_c (delta_d - delta_0)/(delta_f
        - delta_0) at the largest opening delta_d = delta_0 delta_f/(delta_f - d (delta_f - delta_0))."""
        _, start, end, G_c = self.limits(delta_n, delta_t)
        reached = start * end / (end - np.asarray(damage) * (end - start))
        return G_c * (reached - start) / (end - start)
