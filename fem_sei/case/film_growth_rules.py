"""What must hold between the keys of a film_growth case, beyond the type of each; see `rules.py`."""

import itertools
from collections.abc import Iterator
from typing import Any

from fem_sei.case import estimates
from fem_sei.case.delamination_rules import flaw_lies_in_the_film, interface_is_stiff_enough
from fem_sei.case.film_growth import (
    CircularBump,
    FilmGrowthCase,
    FilmInterface,
    GrowthFeature,
    GrowthLayer,
    HalfCosine,
)
from fem_sei.case.plating_rules import roughness_repeats_in_the_domain, wave_fits_the_domain
from fem_sei.case.rules import (
    Application,
    Rule,
    applied_to_entries,
    material,
    no_such_material,
    of_every_study,
    time_steps_are_in_order,
)
from fem_sei.case.schema import Bump
from fem_sei.materials.catalogue import ION_CONDUCTOR, KINDS, METAL, SOLID
from fem_sei.materials.library import Material
from fem_sei.problems import Place, Problem
from fem_sei.units import show

KINETIC = ("exchange_current_density", "alpha", "surface_energy")  # of [kinetics], else of the metal


# Layers


def dimension_fits_the_keys(case: FilmGrowthCase) -> Iterator[Problem]:
    geometry = case.geometry
    if geometry.dimension == 2 and geometry.depth is not None:
        yield Problem(("geometry", "depth"), "a 2-D case has none")
    if geometry.dimension == 3 and geometry.depth is None:
        message = 'is missing: a 3-D case needs a length (like "80 nm")'
        yield Problem(("geometry", "depth"), message, about_key=True)
    if geometry.dimension == 3 and geometry.top == "conformal":
        yield Problem(("geometry", "top"), "a 3-D case needs level")
    if geometry.dimension == 3 and case.mechanics.assumption is not None:
        yield Problem(("mechanics", "assumption"), "a 3-D case has none")


def layer_has_what_it_needs(case: FilmGrowthCase, place: Place, layer: GrowthLayer) -> Iterator[Problem]:
    first = place[-1] == 0
    kinds = (METAL,) if first else (SOLID, ION_CONDUCTOR)
    if first:
        for key in ("residual_stress", "modulus_of_thickness"):
            if getattr(layer, key):
                yield Problem((*place, key), "the metal has none; only its surface counts")
    try:
        found = material(case, layer.material)
    except KeyError:
        yield no_such_material(case, (*place, "material"), layer.material, kinds)
        return
    if found is None:
        return
    place = (*place, "material")
    if first != (found.kind == METAL):
        wrong = KINDS[found.kind]
        needs = "the first layer must be a metal" if first else "only the first layer can be a metal"
        yield Problem(place, f"is {wrong}; {needs}")
        return
    needed = _of_metal(case) if first else properties_of_film(layer)
    if missing := [key for key in needed if key not in found]:
        use = "growing metal" if first else "an elastic film"
        yield Problem(place, f"has no {' and no '.join(missing)}, which {use} needs; give it in [materials]")
    for key in needed:
        if key in found and found[key].law is not None:
            yield Problem(place, f"has a law for {key}; film_growth needs a constant")


def _of_metal(case: FilmGrowthCase) -> tuple[str, ...]:
    return "V_m", "z", *(key for key in KINETIC if getattr(case.kinetics, key) is None)


def properties_of_film(layer: GrowthLayer) -> tuple[str, ...]:
    """The properties of its material that a film needs."""
    return ("nu",) if layer.modulus_of_thickness else ("E", "nu")


def thicknesses_of_the_table_rise(
    case: FilmGrowthCase, place: Place, layer: GrowthLayer
) -> Iterator[Problem]:
    at = [thickness for thickness, _ in layer.modulus_of_thickness or ()]
    if any(low >= high for low, high in itertools.pairwise(at)):
        yield Problem((*place, "modulus_of_thickness"), "needs thicknesses that increase")


def surface_stays_in_its_layers(case: FilmGrowthCase) -> Iterator[Problem]:
    crest, trough = estimates.surface_extent(case.geometry)
    metal, film = case.geometry.layers[:2]
    if -trough >= metal.thickness:
        message = f"the surface goes down to {show(trough, 'm')}"
        yield Problem(("geometry", "layers", 0, "thickness"), message)
    level = case.geometry.top == "level" or case.geometry.dimension == 3
    if level and crest >= film.thickness:
        message = f"the surface rises to {show(crest, 'm')}: nothing is left of a film with a level top"
        yield Problem(("geometry", "layers", 1, "thickness"), message)


# Surface


def bump_stands_in_the_domain(
    case: FilmGrowthCase, place: Place, feature: GrowthFeature
) -> Iterator[Problem]:
    if not isinstance(feature, HalfCosine | CircularBump | Bump):
        return
    if feature.height == 0.0:
        yield Problem((*place, "height"), "needs a length other than zero")
    if isinstance(feature, CircularBump) and abs(feature.height) >= feature.radius:
        yield Problem((*place, "height"), f"needs to be below the radius, {show(feature.radius, 'm')}")
    geometry = case.geometry
    if isinstance(feature, HalfCosine | CircularBump) and geometry.dimension == 3:
        yield Problem((*place, "kind"), 'is for 2-D only; kind = "bump" is there in 3-D too')
        return
    at = feature.at if isinstance(feature.at, tuple) else (feature.at,)
    if len(at) != geometry.dimension - 1:
        needs = "one length" if geometry.dimension == 2 else 'a list of two lengths (like ["1 nm", "1 nm"])'
        yield Problem((*place, "at"), f"needs {needs} in {geometry.dimension}-D")
        return
    reach = getattr(feature, "radius", getattr(feature, "width", 0.0))
    for x, end in zip(at, (geometry.width, geometry.depth), strict=False):
        if not 0.0 <= x <= end:
            yield Problem((*place, "at"), f"is outside the domain, which goes from 0 to {show(end, 'm')}")
        elif not (x in (0.0, end) or reach <= x <= end - reach):
            message = f"{show(reach, 'm')} to each side are cut by the edge; put it on the edge or further in"
            yield Problem((*place, "at"), message)


# Operation


def one_thing_drives_the_growth(case: FilmGrowthCase) -> Iterator[Problem]:
    operation = case.operation
    given = [key for key in ("overpotential", "current_density") if getattr(operation, key) is not None]
    if not given:
        message = 'needs overpotential = "-0.1 V" or current_density = "10 A/m^2"'
        yield Problem(("operation",), message, about_key=True)
        return
    if len(given) == 2:
        yield Problem(("operation", "current_density"), "does not go with overpotential; give one")
        return
    value = getattr(operation, given[0])
    if value == 0.0:
        yield Problem(("operation", given[0]), "needs a value other than zero")
        return
    grows = (value > 0.0) == (given[0] == "current_density")
    target = operation.until.thickness
    if target == 0.0:
        yield Problem(("operation", "until", "thickness"), "needs a length other than zero")
    elif target is not None and (target > 0.0) != grows:
        verb = "deposits, so it must be positive" if grows else "strips, so it must be negative"
        yield Problem(("operation", "until", "thickness"), f"this {given[0].replace('_', ' ')} {verb}")


def ohmic_drop_has_conductivities(case: FilmGrowthCase) -> Iterator[Problem]:
    if not case.operation.ohmic_drop:
        return
    for n, layer in enumerate(case.geometry.layers[1:], 1):
        try:
            found = material(case, layer.material)
        except KeyError:
            continue
        if found is not None and not has_constant_kappa(found):
            message = "has no constant kappa, which operation.ohmic_drop needs; give it in [materials]"
            yield Problem(("geometry", "layers", n, "material"), message)


def has_constant_kappa(found: Material) -> bool:
    """Whether a material has a conductivity that does not depend on anything."""
    return "kappa" in found and found["kappa"].law is None


def interface_is_that_of_the_metal(
    case: FilmGrowthCase, place: Place, interface: FilmInterface
) -> Iterator[Problem]:
    metal, film = case.geometry.layers[:2]
    name = f"{metal.name}|{film.name}"
    if interface.on != name:
        yield Problem((*place, "on"), f'only the metal\'s can open, "{name}"')
    elif place[-1] > 0:
        yield Problem((*place, "on"), "is given by another entry too")
    if interface.flaw is not None and case.geometry.dimension == 3:
        yield Problem((*place, "flaw"), "a 3-D case has none")


def mesh_is_made(case: FilmGrowthCase) -> Iterator[Problem]:
    if case.mesh.file:
        yield Problem(
            ("mesh", "file"), "the mesh of film_growth follows the features; it is always made anew"
        )
    size, coarse = case.mesh.size, case.mesh.coarse_size
    if size is not None and coarse is not None and coarse < size:
        yield Problem(("mesh", "coarse_size"), f"is below the size along the surface, {show(size, 'm')}")
    if case.solver.profile == "iterative":
        message = "surface and film make a saddle point, which is solved directly; needs auto or direct"
        yield Problem(("solver", "profile"), message)


RULES: tuple[Rule, ...] = (
    dimension_fits_the_keys,
    surface_stays_in_its_layers,
    one_thing_drives_the_growth,
    ohmic_drop_has_conductivities,
    time_steps_are_in_order,
    mesh_is_made,
)
RULES_OF_ENTRIES: dict[Place, tuple[Rule, ...]] = {
    ("geometry", "layers"): (layer_has_what_it_needs, thicknesses_of_the_table_rise),
    ("geometry", "features"): (
        bump_stands_in_the_domain,
        wave_fits_the_domain,
        roughness_repeats_in_the_domain,
    ),
    ("interfaces",): (interface_is_that_of_the_metal, interface_is_stiff_enough, flaw_lies_in_the_film),
}


def applications(case: Any) -> Iterator[Application]:
    """Every rule with what it applies to: the case, or an entry of one of its lists and its place."""
    yield from of_every_study(case)
    yield from applied_to_entries(case, RULES_OF_ENTRIES)
    yield from ((rule, ()) for rule in RULES)


def properties_used(case: FilmGrowthCase) -> dict[str, tuple[str, ...]]:
    """The properties a resolved case uses, by material."""
    metal, *films = case.geometry.layers
    used: dict[str, tuple[str, ...]] = {metal.material: ("V_m", "z", *KINETIC)}
    ohmic = ("kappa",) if case.operation.ohmic_drop else ()
    for layer in films:
        of_film = (*used.get(layer.material, ()), *properties_of_film(layer), *ohmic)
        used[layer.material] = tuple(dict.fromkeys(of_film))
    return used
