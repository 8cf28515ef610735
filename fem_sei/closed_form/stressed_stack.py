"""Pressure on metal that grows in an elastic stack, and on an inclusion that expands.

Isotropic small-strain elasticity, SI units; pressures positive in compression. The expansion is an
eigenstrain, the strain in all directions that the material would take if nothing held it.

References: J. D. Eshelby, Proc. R. Soc. A 241 (1957) 376; T. Mura, Micromechanics of Defects in Solids, 2nd
ed. (1987), section 11; S. P. Timoshenko, J. N. Goodier, Theory of Elasticity, 3rd ed. (1970), art. 28.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


def uniaxial_modulus(E: ArrayLike, nu: ArrayLike) -> np.ndarray:
    """M = E (1 - nu)/((1 + nu)(1 - 2 nu)): stress over strain where nothing strains across."""
    E, nu = np.asarray(E), np.asarray(nu)
    return E * (1 - nu) / ((1 + nu) * (1 - 2 * nu))


def stack_pressure(
    grown: ArrayLike, layers: Sequence[tuple[float, float, float]], strain: float, p_0: float, k: float
) -> np.ndarray:
    """Pressure (Pa) in a flat stack whose first layer grows at the expense of the second by `grown` (m).

        p (1 + k S) = p_0 (1 + k S_0) + k g eps* (1 + nu_1)/(1 - nu_1),   S = sum of h/M

    `layers`: thickness at the start (m), E (Pa) and nu of each, the metal first; they do not strain sideways.
    `strain`: eigenstrain of what has grown. The top is pressed with `p_0` at the start and held back with
    the stiffness `k` (Pa/m) from there.
    """
    g = np.asarray(grown, dtype=float)
    M = uniaxial_modulus([E for _, E, _ in layers], [nu for _, _, nu in layers])
    before = sum(h / m for (h, _, _), m in zip(layers, M, strict=True))
    after = before + g * (1 / M[0] - 1 / M[1])
    nu = layers[0][2]
    rise = g * strain * (1 + nu) / (1 - nu)
    return (p_0 * (1 + k * before) + k * rise) / (1 + k * after)


def inclusion_pressure(strain: float, inside: tuple[float, float], outside: tuple[float, float]) -> float:
    """Pressure (Pa) in a long cylinder of the eigenstrain `strain` in an infinite body, in plane strain.

        p = (1 + nu_i) eps*/[(1 + nu_o)/E_o + (1 + nu_i)(1 - 2 nu_i)/E_i]

    the same in all directions across its axis and everywhere in it, E eps*/(2 (1 - nu)) for equal materials.
    `inside`, `outside`: E (Pa) and nu.
    """
    (E_i, nu_i), (E_o, nu_o) = inside, outside
    return (1 + nu_i) * strain / ((1 + nu_o) / E_o + (1 + nu_i) * (1 - 2 * nu_i) / E_i)


def unstressed_inclusion(stress: float, nu: float, angle: ArrayLike) -> np.ndarray:
    """Normal stress (Pa) on a long cylinder without residual stress in a layer that has `stress` (Pa) in its
    plane, along the cylinder and across it, at the `angle` from the plane of the layer; equal moduli.

        sigma_nn/sigma_r = 1/2 - (1 - 2 nu)/(4 (1 - nu)) + [1/2 - 1/(8 (1 - nu))] cos 2 theta

    Eshelby's inclusion whose eigenstrain takes the layer's residual stress away, in plane strain.
    """
    mean = 0.5 - (1 - 2 * nu) / (4 * (1 - nu))
    return stress * (mean + (0.5 - 1 / (8 * (1 - nu))) * np.cos(2 * np.asarray(angle)))
