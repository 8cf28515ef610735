"""What must hold between the keys of a delamination case, beyond the type of each; see `rules.py`."""

import itertools
from collections.abc import Iterator

from fem_sei.case.cohesive_sizes import interface_names, least_stiffness
from fem_sei.case.delamination import DelaminationCase, DiscFlaw, ElasticLayer, Interface, Loading, StripFlaw
from fem_sei.case.delamination_boundaries import RULES_OF_BOUNDARIES, something_holds_every_layer
from fem_sei.case.delamination_filling import PRINTED_PRESSURE
from fem_sei.case.rules import (
    Application,
    Rule,
    applied_to_entries,
    material,
    no_such_material,
    of_every_study,
)
from fem_sei.materials.catalogue import KINDS, METAL
from fem_sei.problems import Place, Problem, did_you_mean
from fem_sei.units import show

OVER_LOADED = "volume", "dissipation"  # controls that need the opened volume, or a load to release


# Layers


def dimension_fits_the_keys(case: DelaminationCase) -> Iterator[Problem]:
    if case.geometry.dimension == 2 and case.geometry.depth is not None:
        yield Problem(("geometry", "depth"), "a 2-D case has none")
    if case.geometry.dimension == 3 and case.geometry.depth is None:
        message = 'is missing: a 3-D case needs a length (like "80 nm")'
        yield Problem(("geometry", "depth"), message, about_key=True)
    if case.geometry.dimension == 3 and case.mechanics.assumption is not None:
        yield Problem(("mechanics", "assumption"), "a 3-D case has none")


def layer_is_elastic_or_rigid(case: DelaminationCase, place: Place, layer: ElasticLayer) -> Iterator[Problem]:
    try:
        found = material(case, layer.material)
    except KeyError:
        yield no_such_material(case, (*place, "material"), layer.material, list(KINDS))
        return
    if found is None or layer.rigid:
        return
    needed = properties_of_layer(layer)
    if missing := [key for key in needed if key not in found]:
        message = f"has no {' and no '.join(missing)}, which an elastic layer needs; give it in [materials]"
        yield Problem((*place, "material"), message)
    for key in needed:
        if key in found and found[key].law is not None:
            yield Problem((*place, "material"), f"has a law for {key}; delamination needs a constant")


def properties_of_layer(layer: ElasticLayer) -> tuple[str, ...]:
    """The properties of its material that a layer needs."""
    if layer.rigid:
        return ()
    return ("nu",) if layer.modulus_profile else ("E", "nu")


def rigid_layers_are_at_the_ends(
    case: DelaminationCase, place: Place, layer: ElasticLayer
) -> Iterator[Problem]:
    if not layer.rigid:
        return
    if place[-1] not in (0, len(case.geometry.layers) - 1):
        yield Problem((*place, "rigid"), "only the first and the last layer can be rigid")
    for key in ("residual_stress", "eigenstrain", "modulus_profile"):
        if getattr(layer, key):
            yield Problem((*place, key), "a rigid layer has none")


def something_can_deform(case: DelaminationCase) -> Iterator[Problem]:
    if case.geometry.layers and all(layer.rigid for layer in case.geometry.layers):
        yield Problem(("geometry", "layers"), "needs a layer that is not rigid", about_key=True)


def profile_goes_through_the_layer(
    case: DelaminationCase, place: Place, layer: ElasticLayer
) -> Iterator[Problem]:
    heights = [height for height, _ in layer.modulus_profile or ()]
    rising = all(low < high for low, high in itertools.pairwise(heights))
    if heights and not (rising and heights[0] == 0.0 and heights[-1] == 1.0):
        yield Problem((*place, "modulus_profile"), "needs heights that increase from 0 to 1")


# Interfaces


def interface_exists(case: DelaminationCase, place: Place, interface: Interface) -> Iterator[Problem]:
    names, layers = interface_names(case), case.geometry.layers
    place = (*place, "on")
    if interface.on not in names:
        turned = "|".join(reversed(interface.on.split("|")))
        hint = did_you_mean(turned if turned in names else interface.on, names)
        hint = hint or (f" There are: {', '.join(names)}." if names else " There is one layer only.")
        yield Problem(place, f"is no interface between neighbouring layers.{hint}")
        return
    lower = names.index(interface.on)
    if layers[lower].rigid and layers[lower + 1].rigid:
        yield Problem(place, "both of its layers are rigid; one must be able to come off")
    if interface.on in [other.on for other in case.interfaces[: place[1]] if hasattr(other, "on")]:
        yield Problem(place, "is given by another entry too")


def interface_is_stiff_enough(
    case: DelaminationCase, place: Place, interface: Interface
) -> Iterator[Problem]:
    laws = (
        ("stiffness", interface.strength, interface.fracture_energy, "sigma_c^2/(2 G_c)"),
        (
            "shear_stiffness",
            interface.shear_strength or interface.strength,
            interface.shear_fracture_energy or interface.fracture_energy,
            "sigma_c^2/(2 G_c) of shear",
        ),
    )
    for key, strength, energy, formula in laws:
        given, least = getattr(interface, key), least_stiffness(strength, energy)
        if given is not None and given <= least:
            message = f"is too small for the law; needs more than {formula} = {show(least, 'Pa/m', 6)}"
            yield Problem((*place, key), message)


def viscosity_goes_with_a_load(
    case: DelaminationCase, place: Place, interface: Interface
) -> Iterator[Problem]:
    if interface.viscosity and control_of(case) != "load":
        message = f'goes only with path.control = "load", not with "{control_of(case)}"'
        yield Problem((*place, "viscosity"), message)


def control_of(case: DelaminationCase) -> str:
    """What is prescribed along the path."""
    return case.path.control or ("load" if case.loading is None else "volume")


def flaw_lies_in_the_film(case: DelaminationCase, place: Place, interface: Interface) -> Iterator[Problem]:
    flaw, geometry, place = interface.flaw, case.geometry, (*place, "flaw")
    width = show(geometry.width, "m")
    if geometry.dimension == 3 and isinstance(flaw, StripFlaw):
        yield Problem(place, 'needs { centre = ["0 nm", "0 nm"], radius = "20 nm" } in 3-D')
    elif geometry.dimension == 2 and isinstance(flaw, DiscFlaw):
        yield Problem(place, 'needs { start = "0 nm", end = "20 nm" } in 2-D')
    elif isinstance(flaw, StripFlaw):
        if flaw.start < 0.0:
            yield Problem((*place, "start"), f"is outside the film, which goes from 0 to {width}")
        if flaw.end > geometry.width:
            yield Problem((*place, "end"), f"is outside the film, which goes from 0 to {width}")
        elif flaw.start >= flaw.end:
            yield Problem((*place, "end"), f"needs to be after the start, {show(flaw.start, 'm')}")
        elif flaw.start <= 0.0 and flaw.end == geometry.width:
            yield Problem((*place, "end"), "leaves nothing of the interface")
    elif flaw is not None and geometry.depth is not None:
        for key, at, side in zip(
            ("width", "depth"), flaw.centre, (geometry.width, geometry.depth), strict=True
        ):
            end = show(side, "m")
            if not 0.0 <= at <= side:
                yield Problem((*place, "centre"), f"is outside the film, whose {key} goes from 0 to {end}")
            elif max(at, side - at) <= flaw.radius:
                yield Problem((*place, "radius"), f"reaches the far end of the {key}, {end}")
            elif not (at in (0.0, side) or flaw.radius <= at <= side - flaw.radius):
                message = f"is cut by an edge along the {key}; put the centre on the edge or further in"
                yield Problem((*place, "radius"), message)


# Loading and path


def loading_has_a_flaw_to_act_on(case: DelaminationCase) -> Iterator[Problem]:
    if case.loading is None:
        return
    names = [interface.on for interface in case.interfaces]
    with_flaw = [interface.on for interface in case.interfaces if interface.flaw is not None]
    place: Place = ("loading", "on")
    flaw = 'flaw = { start = "0 nm", end = "8 nm" }'
    if case.geometry.dimension == 3:
        flaw = 'flaw = { centre = ["0 nm", "0 nm"], radius = "20 nm" }'
    if case.loading.on is not None and case.loading.on not in names:
        hint = did_you_mean(case.loading.on, names) or (f" There are: {', '.join(names)}." if names else "")
        yield Problem(place, f"is none of the interfaces that may open.{hint}")
    elif case.loading.on is not None and case.loading.on not in with_flaw:
        yield Problem(place, f"has no flaw for the pressure to act on; give the interface {flaw}")
    elif not with_flaw:
        message = f"needs an interface with a flaw for the pressure to act on, {flaw}"
        yield Problem(("loading",), message, about_key=True)
    elif case.loading.on is None and len(with_flaw) > 1:
        message = f"is missing: several interfaces have a flaw ({', '.join(with_flaw)})"
        yield Problem(place, message, about_key=True)


def loading_gives_one_pressure(case: DelaminationCase) -> Iterator[Problem]:
    if case.loading is None:
        return
    ways = ("pressure", "overpotential", "published")
    given = [key for key in ways if getattr(case.loading, key) is not None]
    if not given:
        message = 'needs pressure = "100 MPa", overpotential = "13 mV" or published = "text"'
        yield Problem(("loading",), message, about_key=True)
    yield from (Problem(("loading", key), f"does not go with {given[0]}; give one") for key in given[1:])
    if case.loading.overpotential == 0.0:
        yield Problem(("loading", "overpotential"), "needs a potential other than zero")


def loading_names_its_metal(case: DelaminationCase) -> Iterator[Problem]:
    if case.loading is None:
        return
    name, published, place = case.loading.metal, case.loading.published, ("loading", "metal")
    by = "published" if published is not None else "overpotential"
    if published is None and case.loading.overpotential is None:
        if name is not None:
            yield Problem(place, "goes only with overpotential or published")
        return
    if name is None:
        yield Problem(place, f'is missing: {by} needs a metal (like "Li")', about_key=True)
        return
    try:
        found = material(case, name)
    except KeyError:
        yield no_such_material(case, place, name, (METAL,))
        return
    if found is None:
        return
    if found.kind != METAL:
        yield Problem(place, f"is {KINDS[found.kind]}; needs a metal")
    elif missing := [key for key in properties_of_metal(case.loading) if key not in found]:
        yield Problem(place, f"has no {' and no '.join(missing)}, which {by} needs; give it in [materials]")
    elif published == "text" and name not in PRINTED_PRESSURE:
        printed = " and ".join(PRINTED_PRESSURE)
        yield Problem(
            place, f'the text gives a pressure for {printed} only; published = "molar_volume" for any'
        )


def properties_of_metal(loading: Loading) -> tuple[str, ...]:
    """The properties of its metal that the pressure follows from."""
    if loading.overpotential is not None:
        return ("V_m", "z")
    return ("V_m",) if loading.published == "molar_volume" else ()


def follower_pressure_needs_large_strain(case: DelaminationCase) -> Iterator[Problem]:
    if case.mechanics.strain != "small":
        return
    message = 'goes only with mechanics.strain = "st_venant_kirchhoff" or "neo_hookean"'
    if case.loading is not None and case.loading.follower:
        yield Problem(("loading", "follower"), message)
    for n, boundary in enumerate(case.boundaries):
        if boundary.follower:
            yield Problem(("boundaries", n, "follower"), message)


def control_fits_the_loading(case: DelaminationCase) -> Iterator[Problem]:
    if case.loading is None and case.path.control in OVER_LOADED:
        yield Problem(("path", "control"), "goes only with [loading]; needs opening, arc_length or load")
    if case.path.control == "opening" and not case.interfaces:
        yield Problem(("path", "control"), "goes only with [[interfaces]] that may open")


def steps_of_the_path_are_in_order(case: DelaminationCase) -> Iterator[Problem]:
    for low, high in itertools.pairwise(("min_step", "first_step", "max_step")):
        least, most = getattr(case.path, low), getattr(case.path, high)
        if least <= most:
            continue
        if high in case.path.model_fields_set:
            yield Problem(("path", high), f"is below {low} ({least:g})")
        else:
            yield Problem(("path", low), f"is above {high} ({most:g})")


def something_loads_the_case(case: DelaminationCase) -> Iterator[Problem]:
    strained = any(layer.residual_stress or layer.eigenstrain for layer in case.geometry.layers)
    driven = any(entry.displacement is not None or entry.pressure for entry in case.boundaries)
    if case.loading is None and not strained and not driven:
        message = (
            "is missing: nothing loads the case; give [loading], a boundary with a displacement or a"
            " pressure, or a layer with residual_stress or eigenstrain"
        )
        yield Problem(("loading",), message, about_key=True)


RULES: tuple[Rule, ...] = (
    dimension_fits_the_keys,
    something_can_deform,
    loading_has_a_flaw_to_act_on,
    loading_gives_one_pressure,
    loading_names_its_metal,
    follower_pressure_needs_large_strain,
    control_fits_the_loading,
    steps_of_the_path_are_in_order,
    something_loads_the_case,
    something_holds_every_layer,
)
RULES_OF_ENTRIES: dict[Place, tuple[Rule, ...]] = {
    ("geometry", "layers"): (
        layer_is_elastic_or_rigid,
        rigid_layers_are_at_the_ends,
        profile_goes_through_the_layer,
    ),
    ("interfaces",): (
        interface_exists,
        interface_is_stiff_enough,
        viscosity_goes_with_a_load,
        flaw_lies_in_the_film,
    ),
    ("boundaries",): RULES_OF_BOUNDARIES,
}


def applications(case: DelaminationCase) -> Iterator[Application]:
    """Every rule with what it applies to: the case, or an entry of one of its lists and its place."""
    yield from of_every_study(case)
    yield from applied_to_entries(case, RULES_OF_ENTRIES)
    yield from ((rule, ()) for rule in RULES)


def properties_used(case: DelaminationCase) -> dict[str, tuple[str, ...]]:
    """The properties a resolved case uses, by material."""
    used: dict[str, tuple[str, ...]] = {}
    for layer in case.geometry.layers:
        used[layer.material] = tuple(
            dict.fromkeys((*used.get(layer.material, ()), *properties_of_layer(layer)))
        )
    if case.loading is not None and case.loading.metal is not None:
        of_metal = properties_of_metal(case.loading)
        used[case.loading.metal] = (*used.get(case.loading.metal, ()), *of_metal)
    return used
