"""Films with residual stress: curvature of the substrate, energy of release, buckling; layers in series.

Film thickness h, Young's modulus E, Poisson's ratio nu; stresses and strains positive in tension, except in
buckling where ``stress`` is the compression. SI units.

References: G. G. Stoney, Proc. R. Soc. A 82 (1909) 172; S. Timoshenko, J. Opt. Soc. Am. 11 (1925) 233;
J. W. Hutchinson, Z. Suo, Adv. Appl. Mech. 29 (1992) 63, section VI (release and buckling of strips);
J. W. Hutchinson, M. D. Thouless, E. G. Liniger, Acta Metall. Mater. 40 (1992) 295 (circular buckles).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import jn_zeros


def stoney_curvature(stress: float, h: float, E_s: float, nu_s: float, h_s: float) -> float:
    """Curvature [1/m] of a substrate under a much thinner film: 6 sigma h (1 - nu_s)/(E_s h_s^2)."""
    return 6.0 * stress * h * (1.0 - nu_s) / (E_s * h_s**2)


def bilayer_curvature(misfit: float, M: float, h: float, M_s: float, h_s: float) -> float:
    """Curvature [1/m] of two layers of any thickness whose free strains differ by ``misfit`` (Timoshenko).

        kappa = 6 eps (1 + m)^2/{(h + h_s) [3 (1 + m)^2 + (1 + m n)(m^2 + 1/(m n))]},  m = h/h_s, n = M/M_s

    ``misfit``: stress-free strain of the substrate less that of the film; positive stretches the film and
    curves its side inwards. M: E of beams, E/(1-nu^2) in plane strain, E/(1-nu) of plates bent to a sphere.
    """
    m, n = h / h_s, M / M_s
    return 6.0 * misfit * (1 + m) ** 2 / ((h + h_s) * (3 * (1 + m) ** 2 + (1 + m * n) * (m**2 + 1 / (m * n))))


def plane_strain_release(stress: ArrayLike, E: float, nu: float, h: float) -> np.ndarray:
    """G [J/m^2] of a long straight front releasing all ``stress`` across it: (1 - nu^2) sigma^2 h/(2 E)."""
    return (1.0 - nu**2) * np.asarray(stress) ** 2 * h / (2.0 * E)


def equibiaxial_release(stress: ArrayLike, E: float, nu: float, h: float) -> np.ndarray:
    """G [J/m^2] where equibiaxial ``stress`` is released altogether: (1 - nu) sigma^2 h/E."""
    return (1.0 - nu) * np.asarray(stress) ** 2 * h / E


def strip_buckling_stress(E: float, nu: float, h: float, a: float) -> float:
    """Compression [Pa] at which a clamped strip of half-width a buckles: (pi^2/12) E/(1-nu^2) (h/a)^2."""
    return np.pi**2 / 12.0 * E / (1.0 - nu**2) * (h / a) ** 2


def buckled_strip(
    stress: ArrayLike, E: float, nu: float, h: float, a: float
) -> tuple[np.ndarray, np.ndarray]:
    """Deflection of the middle [m] and G at the sides [J/m^2] of a strip under residual compression.

        w0 = h sqrt(4/3 (sigma/sigma_c - 1)),   G = (1-nu^2) h/(2E) (sigma - sigma_c)(sigma + 3 sigma_c)

    Both are zero below the buckling stress sigma_c. Exact within von Karman's theory.
    """
    critical = strip_buckling_stress(E, nu, h, a)
    stress = np.maximum(stress, critical)
    deflection = h * np.sqrt(4.0 / 3.0 * (stress / critical - 1.0))
    return deflection, (1.0 - nu**2) * h / (2.0 * E) * (stress - critical) * (stress + 3.0 * critical)


def circular_buckling_stress(E: float, nu: float, h: float, a: float) -> float:
    """Equibiaxial compression [Pa] at which a clamped circular film of radius a buckles: 1.2235 E/(1-nu^2)
    (h/a)^2; the factor is j^2/12 with the first zero j of the Bessel function J1."""
    return float(jn_zeros(1, 1)[0]) ** 2 / 12.0 * E / (1.0 - nu**2) * (h / a) ** 2


def buckled_disc(stress: ArrayLike, E: float, nu: float, h: float, a: float) -> tuple[np.ndarray, np.ndarray]:
    """Deflection of the middle [m] and G at the edge [J/m^2] of a circular film under residual compression.

        w0 = h sqrt((sigma/sigma_c - 1)/c1),         c1 = 0.2473 (1 + nu) + 0.2231 (1 - nu^2)
        G = c2 (1 - nu) h/E (sigma^2 - sigma_c^2),   c2 = 1/(1 + 0.9021 (1 - nu))

    Asymptotic for sigma near sigma_c; both are zero below.
    """
    critical = circular_buckling_stress(E, nu, h, a)
    stress = np.maximum(stress, critical)
    c1 = 0.2473 * (1.0 + nu) + 0.2231 * (1.0 - nu**2)
    c2 = 1.0 / (1.0 + 0.9021 * (1.0 - nu))
    deflection = h * np.sqrt((stress / critical - 1.0) / c1)
    return deflection, c2 * (1.0 - nu) * h / E * (stress**2 - critical**2)


def series_stress(
    displacement: float, thicknesses: Sequence[float], moduli: Sequence[float], stiffnesses: Sequence[float]
) -> float:
    """Stress [Pa] of layers (uniaxial moduli) and penalty interfaces [Pa/m] in series pulled apart by
    ``displacement`` [m]: U/(sum h/E + sum 1/K). The jump of an interface is stress/K."""
    compliance = sum(h / E for h, E in zip(thicknesses, moduli, strict=True))
    return displacement / (compliance + sum(1.0 / K for K in stiffnesses))
