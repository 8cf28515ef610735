"""Sizes that interfaces with a traction-separation law ask for: length of the process zone, element size,
stiffness; and how the layers of a stack hang together. SI floats, for resolved cases of delamination.
"""

from __future__ import annotations

import itertools
import math

from fem_sei.case.delamination import DelaminationCase, Interface

COMPLIANCE_RATIO = 10.0  # compliance of an adjacent layer over that of the closed interface
OPENING_RATIO = 50.0  # opening at which the traction vanishes over that at which damage begins
LEAST_ROOM = 4.0  # cohesive lengths beyond a flaw that its process zone takes: less is a false limit load


def levels(case: DelaminationCase) -> list[float]:
    """Heights (m) of the bottom of every layer and of the top of the last; 0 is the top of the first."""
    heights = [-case.geometry.layers[0].thickness]
    for layer in case.geometry.layers:
        heights.append(heights[-1] + layer.thickness)
    return [0.0 if n == 1 else height for n, height in enumerate(heights)]


def interface_names(case: DelaminationCase) -> list[str]:
    """Names of the interfaces of neighbouring layers, from the bottom; the n-th is below layer n + 1."""
    layers = case.geometry.layers
    return [f"{lower.name}|{upper.name}" for lower, upper in itertools.pairwise(layers)]


def bodies(case: DelaminationCase) -> list[list[int]]:
    """Numbers of the layers of each body, from the bottom: neighbours that are bonded and not rigid."""
    opening = {interface.on for interface in case.interfaces}
    found: list[list[int]] = []
    for n, layer in enumerate(case.geometry.layers):
        if layer.rigid:
            continue
        below = case.geometry.layers[n - 1] if n else None
        if below is None or below.rigid or f"{below.name}|{layer.name}" in opening:
            found.append([])
        found[-1].append(n)
    return found


def modulus(case: DelaminationCase, layer: int) -> float:
    """Modulus E' (Pa) of a layer in bending: E in plane stress, else E/(1 - nu^2); the mean over its height
    where it is graded."""
    found = case.geometry.layers[layer]
    material = case.materials[found.material]
    if found.modulus_profile:
        ends = itertools.pairwise(found.modulus_profile)
        E = sum(0.5 * (low + high) * (top - bottom) for (bottom, low), (top, high) in ends)
    else:
        E = material.value("E")
    if case.mechanics.assumption == "plane_stress":
        return E
    return E / (1.0 - material.value("nu") ** 2)


def sides(case: DelaminationCase, interface: Interface) -> dict[str, tuple[float, float]]:
    """Thickness h (m) and modulus E' (Pa, mean over the thickness) of the body on each side of an interface
    that is not rigid, by the name of the layer next to the interface."""
    upper = interface_names(case).index(interface.on) + 1
    found = {}
    for body in bodies(case):
        if body[-1] == upper - 1 or body[0] == upper:
            adjacent = case.geometry.layers[upper if body[0] == upper else upper - 1].name
            thicknesses = [case.geometry.layers[n].thickness for n in body]
            h = sum(thicknesses)
            E = sum(modulus(case, n) * t for n, t in zip(body, thicknesses, strict=True)) / h
            found[adjacent] = h, E
    return found


def cohesive_length(case: DelaminationCase, interface: Interface) -> float:
    """Length l_cz (m) of the process zone: the least, over both sides and both modes, of

        l_cz = min((E' G_c/sigma_c^2)^(1/4) h^(3/4), E' G_c/sigma_c^2),

    the first for slender arms of thickness h (Yang and Cox, Int. J. Fract. 133 (2005) 107), the second for
    thick ones (Hillerborg).
    """
    laws = (
        (interface.fracture_energy, interface.strength),
        (interface.shear_fracture_energy, interface.shear_strength),
    )
    lengths = []
    for h, E in sides(case, interface).values():
        for G_c, sigma_c in laws:
            thick = E * G_c / sigma_c**2
            lengths.append(min(thick**0.25 * h**0.75, thick))
    return min(lengths)


def element_size(case: DelaminationCase, interface: Interface) -> float:
    """Element size (m) along an interface that may open."""
    return cohesive_length(case, interface) / case.mesh.elements_per_cohesive_length


def default_stiffness(case: DelaminationCase, interface: Interface) -> float:
    """Stiffness K (Pa/m) of an interface before damage where the case gives none:

        K = max(10 E'/h, 50 sigma_c^2/(2 G_c)),

    E'/h of the stiffer neighbouring layer that is not rigid. The first term makes the closed interface ten
    times as stiff as that layer in its thickness. As an elastic foundation (film and interface in series,
    2 E'/h and K) it lengthens a flaw by 0.03 h, against 0.006 h for the factor 50 that Turon et al., Eng.
    Fract. Mech. 74 (2007) 1665 recommend for laminates, but damage then begins at a fifth of the opening
    and the load steps have to be as much smaller: give the stiffness to compare with sharp cracks. The
    second puts the onset of damage, delta_0 = sigma_c/K, at 1/50 or less of the final opening
    delta_f = 2 G_c/sigma_c. With the default shear stiffness that ratio is the same in shear.
    """
    upper = interface_names(case).index(interface.on) + 1
    layers = case.geometry.layers
    stiffest = max(modulus(case, n) / layers[n].thickness for n in (upper - 1, upper) if not layers[n].rigid)
    return max(
        COMPLIANCE_RATIO * stiffest,
        OPENING_RATIO * least_stiffness(interface.strength, interface.fracture_energy),
    )


def default_shear_stiffness(interface: Interface, K: float) -> float:
    """Shear stiffness K_s = K (G_Ic/G_IIc) (tau_c/sigma_c)^2 (Pa/m), with which the energy that mixed loading
    takes does not depend on the path (Turon et al., Compos. Struct. 92 (2010) 1857)."""
    energies = interface.fracture_energy / interface.shear_fracture_energy
    return K * energies * (interface.shear_strength / interface.strength) ** 2


def least_stiffness(strength: float, fracture_energy: float) -> float:
    """Stiffness sigma_c^2/(2 G_c) (Pa/m) that the bilinear law needs more than."""
    return strength**2 / (2.0 * fracture_energy)


def flaw_room(case: DelaminationCase, interface: Interface) -> float:
    """Shortest bonded length (m) from the flaw to an edge of the film; infinite without a flaw. An edge that
    the flaw begins at, or on which its middle lies, does not count."""
    flaw, geometry = interface.flaw, case.geometry
    if flaw is None:
        return math.inf
    if hasattr(flaw, "radius"):
        lengths = [
            distance - flaw.radius
            for at, side in zip(flaw.centre, (geometry.width, geometry.depth), strict=True)
            for distance in (at, side - at)
            if distance > 0.0
        ]
    else:
        lengths = [distance for distance in (flaw.start, geometry.width - flaw.end) if distance > 0.0]
    return min(lengths, default=math.inf)


def edges_of_flaw(case: DelaminationCase, interface: Interface) -> list[str]:
    """The edges of the domain that a flaw opens: those it begins or ends at, or has its middle on."""
    flaw, geometry = interface.flaw, case.geometry
    if flaw is None:
        return []
    if hasattr(flaw, "radius"):
        names, places = ("left", "right", "front", "back"), [*flaw.centre[:1] * 2, *flaw.centre[1:] * 2]
        ends = (0.0, geometry.width, 0.0, geometry.depth)
    else:
        names, places, ends = ("left", "right"), (flaw.start, flaw.end), (0.0, geometry.width)
    return [name for name, place, end in zip(names, places, ends, strict=True) if place == end]


def flaw_length(interface: Interface) -> float:
    """Length a_0 (m) of a flaw: its radius, what a strip opens from an edge, or half of one further in."""
    flaw = interface.flaw
    if hasattr(flaw, "radius"):
        return flaw.radius
    return flaw.end if flaw.start == 0.0 else 0.5 * (flaw.end - flaw.start)
