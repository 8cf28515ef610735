"""Does a delamination run make sense? The numbers that decide it.

Closed forms for the pressurised strip of Hutchinson and Suo (Adv. Appl. Mech. 29 (1992)) with the rotation of
the root; the limits are those measured for films of nanometres.
"""

import math
from collections.abc import Iterator

from fem_sei.case import cohesive_sizes
from fem_sei.case.assessment import Assessment, Row, choose, grade
from fem_sei.case.delamination import DelaminationCase, Interface
from fem_sei.case.mesh_estimate import expected_nodes
from fem_sei.units import show

LEAST_ELEMENTS = 4.0  # per cohesive length: the critical pressure to 0.2 %, openings to 1 %
LEAST_OPENING_RATIO = 10.0  # final opening over that at the onset of damage
ROOT_ROTATION = 0.72  # of the film's thickness: what the bonded side gives adds to the length of the flaw
LARGEST_STRAIN = 0.05  # of a layer before anything moves


def assess(case: DelaminationCase) -> Assessment:
    """Judge a resolved case."""
    rows = [*layers(case)]
    for interface in case.interfaces:
        rows += [
            *law(case, interface),
            *resolution(case, interface),
            *room(case, interface),
            *symmetry(case, interface),
        ]
    return Assessment([*rows, *pressure(case), *cost(case)])


def layers(case: DelaminationCase) -> Iterator[Row]:
    """Stiffness of the layers, and the strain they start with."""
    for n, layer in enumerate(case.geometry.layers):
        if layer.rigid:
            continue
        E = cohesive_sizes.modulus(case, n)
        yield Row(f"""modulus E' of "{layer.name}\"""", E, "Pa")
        strain = abs(layer.residual_stress) / E + abs(layer.eigenstrain)
        if strain:
            fits = strain <= LARGEST_STRAIN or case.mechanics.strain != "small"
            advice = "" if fits else "too much for small strain; choose mechanics.strain = neo_hookean"
            yield Row(f'strain that "{layer.name}" starts with', strain, "", grade(fits), advice)


def law(case: DelaminationCase, interface: Interface) -> Iterator[Row]:
    """Openings of the traction-separation law, in both modes if they differ."""
    modes = {
        "": (interface.stiffness, interface.strength, interface.fracture_energy),
        ", shear": (interface.shear_stiffness, interface.shear_strength, interface.shear_fracture_energy),
    }
    if modes[""] == modes[", shear"]:
        del modes[", shear"]
    for mode, (K, sigma_c, G_c) in modes.items():
        onset, end = sigma_c / K, 2.0 * G_c / sigma_c
        yield Row(f"{interface.on}: stiffness K{mode}", K, "Pa/m")
        better = show(LEAST_OPENING_RATIO * cohesive_sizes.least_stiffness(sigma_c, G_c), "Pa/m", 3)
        good = end >= LEAST_OPENING_RATIO * onset
        advice = "" if good else f"the interface is soft before it breaks; choose at least {better}"
        yield Row(
            f"{interface.on}: opening delta_0 at the onset of damage{mode}", onset, "m", grade(good), advice
        )
        yield Row(f"{interface.on}: opening delta_f without traction{mode}", end, "m")


def resolution(case: DelaminationCase, interface: Interface) -> Iterator[Row]:
    """Process zone against the layers and the mesh."""
    length, elements = cohesive_sizes.cohesive_length(case, interface), case.mesh.elements_per_cohesive_length
    for layer, (h, E) in cohesive_sizes.sides(case, interface).items():
        group = E * interface.fracture_energy / interface.strength**2 / h
        yield Row(f"""{interface.on}: E' G_c/(sigma_c^2 h) of "{layer}\"""", group)
    yield Row(f"{interface.on}: cohesive length l_cz", length, "m")
    yield Row(f"{interface.on}: element size", length / elements, "m")
    advice = ""
    if elements < LEAST_ELEMENTS:
        advice = (
            f"the cohesive length {show(length, 'm')} needs at least {LEAST_ELEMENTS:g} elements, of at most"
            f" {choose(length / LEAST_ELEMENTS)}; choose mesh.elements_per_cohesive_length = 8"
        )
    name = f"{interface.on}: elements per cohesive length"
    yield Row(name, elements, "", grade(not advice, False), advice)


def room(case: DelaminationCase, interface: Interface) -> Iterator[Row]:
    """Size of the flaw, and the bonded interface beside it."""
    if interface.flaw is None:
        return
    thinnest, _ = min(cohesive_sizes.sides(case, interface).values())
    yield Row(f"{interface.on}: length of the flaw a_0/h", cohesive_sizes.flaw_length(interface) / thinnest)
    left, length = cohesive_sizes.flaw_room(case, interface), cohesive_sizes.cohesive_length(case, interface)
    if math.isinf(left):
        return
    advice = ""
    if left < cohesive_sizes.LEAST_ROOM * length:
        needed = choose(1.01 * cohesive_sizes.LEAST_ROOM * length)
        advice = (
            f"the process zone would reach the end of the film, which gives a false limit load: {needed} of"
            f" bonded interface are needed beside the flaw, there are {show(left, 'm')}"
        )
    name = f"{interface.on}: bonded interface beside the flaw / cohesive length"
    yield Row(name, left / length, "", grade(not advice, False), advice)


def symmetry(case: DelaminationCase, interface: Interface) -> Iterator[Row]:
    """A flaw under pressure that begins at an edge, as half a flaw does, where nothing holds that edge."""
    if case.loading is None or case.loading.on != interface.on:
        return
    named = {boundary.on for boundary in case.boundaries}
    if case.mechanics.assumption == "axisymmetric":
        named.add("left")
    for edge in cohesive_sizes.edges_of_flaw(case, interface):
        if edge not in named:
            advice = (
                f'free there; if it is the middle of the flaw, give on = "{edge}", condition = "symmetry"'
            )
            length = cohesive_sizes.flaw_length(interface)
            yield Row(f'{interface.on}: flaw at the edge "{edge}"', length, "m", "warn", advice)


def pressure(case: DelaminationCase) -> Iterator[Row]:
    """The pressure on the flaw, and what a sharp crack in plane strain would bear:

    p_c = sqrt(18 D' G_c)/(a_0 + 0.72 h)^2,   D' = E' h^3/12.
    """
    if case.loading is None:
        return
    yield Row("pressure at load factor 1", case.loading.pressure, "Pa")
    if case.mechanics.assumption != "plane_strain":
        return
    interface = next(one for one in case.interfaces if one.on == case.loading.on)
    h, E = min(cohesive_sizes.sides(case, interface).values())
    stiffness = E * h**3 / 12.0
    a = cohesive_sizes.flaw_length(interface) + ROOT_ROTATION * h
    yield Row(
        "critical pressure of a sharp crack",
        math.sqrt(18.0 * stiffness * interface.fracture_energy) / a**2,
        "Pa",
    )


def cost(case: DelaminationCase) -> Iterator[Row]:
    """Unknowns of the displacement, to some 30 %; a mesh from a file has its own."""
    if not case.mesh.file:
        unknowns = case.geometry.dimension * expected_nodes(case)
        yield Row("degrees of freedom, about", float(f"{unknowns:.2g}"))
