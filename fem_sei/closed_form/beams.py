"""Beams cracked along their middle: double cantilever (mode I), end-notched flexure (mode II), both mixed.

Two arms of thickness h and width b, crack length a, modulus E (plane stress; for wide beams E/(1-nu^2)). The
arms are Euler-Bernoulli beams; the material ahead of the crack lets their ends rotate, which Williams' factor
chi turns into a longer crack: a + chi h in mode I, a + 0.42 chi h in mode II. SI units, load P [N].

References: J. G. Williams, Compos. Sci. Technol. 35 (1989) 367; ISO 25217 (double cantilever); J. R. Reeder,
J. H. Crews, AIAA J. 28 (1990) 1270 and ASTM D6671 (mixed mode); G = P^2/(2 b) dC/da throughout.
"""

import numpy as np
from numpy.typing import ArrayLike

MODE_II_ROTATION = 0.42  # of the correction in mode I (ASTM D6671)


def root_rotation(nu: float, plane_strain: bool = False) -> float:
    """Williams' chi of an isotropic beam: chi^2 = E/(11 G) [3 - 2 (Gamma/(1 + Gamma))^2], Gamma = 1.18 E/G.

    E/G = 2 (1 + nu), and with E/(1-nu^2) for E in plane strain 2/(1 - nu).
    """
    ratio = 2.0 / (1.0 - nu) if plane_strain else 2.0 * (1.0 + nu)
    gamma = 1.18 * ratio
    return float(np.sqrt(ratio / 11.0 * (3.0 - 2.0 * (gamma / (1.0 + gamma)) ** 2)))


def dcb_compliance(a: ArrayLike, E: float, b: float, h: float, chi: float = 0.0) -> np.ndarray:
    """Opening between the loaded ends over the load [m/N]: C = 8 (a + chi h)^3/(E b h^3)."""
    return 8.0 * (np.asarray(a) + chi * h) ** 3 / (E * b * h**3)


def dcb_energy_release_rate(
    load: ArrayLike, a: ArrayLike, E: float, b: float, h: float, chi: float = 0.0
) -> np.ndarray:
    """G_I = 12 P^2 (a + chi h)^2/(E b^2 h^3) [J/m^2]."""
    return 12.0 * (np.asarray(load) * (np.asarray(a) + chi * h)) ** 2 / (E * b**2 * h**3)


def dcb_crack_length(opening: ArrayLike, a0: float, G_c: float, E: float, h: float, chi: float) -> np.ndarray:
    """Crack length [m] at a growing ``opening`` Delta between the loaded ends: a0 until G_I = G_c, then
    (a + chi h)^2 = (3/2) Delta sqrt(E h^3/(12 G_c))."""
    grown = np.sqrt(1.5 * np.asarray(opening) * np.sqrt(E * h**3 / (12.0 * G_c))) - chi * h
    return np.maximum(a0, grown)


def dcb_load(
    opening: ArrayLike, a0: float, G_c: float, E: float, b: float, h: float, chi: float = 0.0
) -> np.ndarray:
    """Load [N] at a growing ``opening`` between the loaded ends, before and while the crack grows from a0."""
    a = dcb_crack_length(opening, a0, G_c, E, h, chi)
    return np.asarray(opening) / dcb_compliance(a, E, b, h, chi)


def enf_compliance(a: ArrayLike, span: float, E: float, b: float, h: float, chi: float = 0.0) -> np.ndarray:
    """Deflection under the load at mid-span over the load [m/N]: C = (2 L^3 + 3 a^3)/(8 E b h^3).

    ``span``: half the distance 2L of the supports; the crack a < L starts above one of them.
    """
    return (2.0 * span**3 + 3.0 * (np.asarray(a) + MODE_II_ROTATION * chi * h) ** 3) / (8.0 * E * b * h**3)


def enf_energy_release_rate(
    load: ArrayLike, a: ArrayLike, E: float, b: float, h: float, chi: float = 0.0
) -> np.ndarray:
    """G_II = 9 P^2 a^2/(16 E b^2 h^3) [J/m^2]."""
    reach = np.asarray(a) + MODE_II_ROTATION * chi * h
    return 9.0 * (np.asarray(load) * reach) ** 2 / (16.0 * E * b**2 * h**3)


def enf_critical_load(a: ArrayLike, G_c: float, E: float, b: float, h: float, chi: float = 0.0) -> np.ndarray:
    """Load [N] at which a crack of length a < L grows: P = (4 b/(3 a)) sqrt(G_c E h^3).

    With ``enf_compliance`` the path of a growing crack. Under a growing deflection it snaps unless
    a > L/3^(1/3), where P C has its minimum.
    """
    return 4.0 * b * np.sqrt(G_c * E * h**3) / (3.0 * (np.asarray(a) + MODE_II_ROTATION * chi * h))


def mixed_mode_energy_release_rates(
    load: ArrayLike, a: ArrayLike, lever: float, span: float, E: float, b: float, h: float, chi: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """G_I, G_II [J/m^2] of mixed-mode bending, the load P on a lever c = ``lever`` beyond mid-span.

        G_I = 3 P^2 (3c - L)^2 (a + chi h)^2/(4 E b^2 h^3 L^2),
        G_II = 9 P^2 (c + L)^2 (a + 0.42 chi h)^2/(16 E b^2 h^3 L^2)

    It pulls the cracked end with P c/L and pushes mid-span with P (c + L)/L: a double cantilever under
    P (3c - L)/(4L) and an end-notched flexure under P (c + L)/L. Below c = L/3 the arms would overlap.
    """
    if lever < span / 3.0:
        raise ValueError(f"the arms overlap for levers below L/3 = {span / 3.0:g} m, and {lever:g} m is less")
    load = np.asarray(load)
    opening = dcb_energy_release_rate(load * (3.0 * lever - span) / (4.0 * span), a, E, b, h, chi)
    shearing = enf_energy_release_rate(load * (lever + span) / span, a, E, b, h, chi)
    return opening, shearing


def mixed_mode_lever(shear_share: float, span: float) -> float:
    """Lever c [m] for which G_II/(G_I + G_II) is ``shear_share``, without the rotation of the arms' ends.

    (3c - L)/(c + L) = sqrt(3 G_I/(4 G_II)), which is below 3: the share is above 1/13.
    """
    ratio = np.sqrt(0.75 * (1.0 - shear_share) / shear_share)
    if not 0.0 <= ratio < 3.0:
        raise ValueError(
            f"no lever gives a share of {shear_share:g} of mode II: it is above 1/13 and up to 1"
        )
    return float(span * (1.0 + ratio) / (3.0 - ratio))


def lifted_arm_compliance(
    a: ArrayLike, length: float, E: float, b: float, h: float, chi: float = 0.0
) -> np.ndarray:
    """Deflection over the load [m/N] where one arm of a split cantilever of this ``length`` is lifted:
    C = [L^3/2 + 2 (a + chi h)^3 + (3/2) (a + 0.42 chi h)^3]/(E b h^3).

    Half of the load opens the arms, half bends both: a double cantilever and an end-loaded split.
    """
    opening, shearing = np.asarray(a) + chi * h, np.asarray(a) + MODE_II_ROTATION * chi * h
    return (0.5 * length**3 + 2.0 * opening**3 + 1.5 * shearing**3) / (E * b * h**3)


def lifted_arm_energy_release_rates(
    load: ArrayLike, a: ArrayLike, E: float, b: float, h: float, chi: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """G_I = 3 P^2 (a + chi h)^2/(E b^2 h^3), G_II = 9 P^2 (a + 0.42 chi h)^2/(4 E b^2 h^3) [J/m^2]: without
    the rotation of the arms' ends G_II/(G_I + G_II) = 3/7 at any length."""
    opening = dcb_energy_release_rate(0.5 * np.asarray(load), a, E, b, h, chi)
    shearing = np.asarray(load) * (np.asarray(a) + MODE_II_ROTATION * chi * h)
    return opening, 9.0 * shearing**2 / (4.0 * E * b**2 * h**3)
