"""What must hold between the keys of a plating case, beyond the type of each; see `rules.py`."""

import math
from collections.abc import Iterator

from fem_sei.case import estimates
from fem_sei.case.rules import (
    Application,
    Rule,
    applied_to_entries,
    material,
    no_such_material,
    of_every_study,
    time_steps_are_in_order,
)
from fem_sei.case.schema import Bump, Case, Feature, Layer, Nucleus, Roughness, Sinusoid, Step
from fem_sei.columns import STRESS_COLUMNS
from fem_sei.materials.catalogue import ION_CONDUCTOR, METAL
from fem_sei.materials.library import Material
from fem_sei.problems import Place, Problem
from fem_sei.units import show

NEEDED = {  # properties of materials, by kind
    METAL: ("V_m", "z", "exchange_current_density", "alpha", "surface_energy"),
    ION_CONDUCTOR: ("D", "t_plus", "kappa"),
}
OPTIONAL = {METAL: (), ION_CONDUCTOR: ("thermodynamic_factor",)}
ROOM_ABOVE_CREST = 3.0  # interface widths from a crest to the end of the layer above the metal
METAL_BELOW_TROUGH = 2.5  # interface widths, 10 l
PER_LAYER = 5.0  # interface widths in a layer's thickness
PER_FEATURE = {
    "width": 8.0,
    "wavelength": 20.0,
    "wavelength_y": 20.0,
    "radius": 5.0,
    "correlation_length": 5.0,
}
WIDTH: Place = ("phase_field", "interface_width")


# Layers and materials


def layer_has_a_material_of_its_kind(case: Case, place: Place, layer: Layer) -> Iterator[Problem]:
    kind = METAL if place[-1] == 0 else ION_CONDUCTOR
    place = (*place, "material")
    try:
        found = material(case, layer.material)
    except KeyError:
        yield no_such_material(case, place, layer.material, (kind,))
        return
    if found is None:
        return
    if found.kind != kind:
        only = "the first layer must be a metal" if kind == METAL else "only the first layer can be a metal"
        yield Problem(place, only)
        return
    missing = [key for key in NEEDED[kind] if key not in found]
    if missing:
        yield Problem(place, f"has no {', '.join(missing)}, which plating needs; give it in [materials]")


def metal_is_thick_enough(case: Case) -> Iterator[Problem]:
    layer, delta = case.geometry.layers[0], case.phase_field.interface_width
    least = METAL_BELOW_TROUGH * delta
    _, trough = estimates.surface_extent(case.geometry)
    if -trough >= layer.thickness:
        yield Problem(("geometry", "layers", 0, "thickness"), f"the surface goes down to {show(trough, 'm')}")
    elif layer.thickness + trough < least:
        message = (
            f"needs {METAL_BELOW_TROUGH} interface widths below its lowest point, {show(least - trough, 'm')}"
        )
        yield Problem(("geometry", "layers", 0, "thickness"), message)


# Surface


def dimension_fits_the_keys(case: Case) -> Iterator[Problem]:
    geometry = case.geometry
    d = geometry.dimension
    for key, least in (("width", 2), ("depth", 3)):
        if d >= least and getattr(geometry, key) is None:
            message = f'is missing: a {d}-D case needs a length (like "2 um")'
            yield Problem(("geometry", key), message, about_key=True)
    for key, fitting in (("width", (2, 3)), ("depth", (3,)), ("features", (2, 3))):
        if d not in fitting and getattr(geometry, key):
            yield Problem(("geometry", key), f"a {d}-D case has none")
    if geometry.mirror and d != 2:
        yield Problem(("geometry", "mirror"), f"a {d}-D case cannot be mirrored")


def _sides(case: Case) -> list[tuple[str, float]]:
    """Name and size of the domain along the surface, as far as given."""
    sides = [(key, getattr(case.geometry, key)) for key in ("width", "depth")]
    return [(key, size) for key, size in sides[: case.geometry.dimension - 1] if size is not None]


def feature_stands_free(case: Case, place: Place, feature: Feature) -> Iterator[Problem]:
    if not isinstance(feature, Bump | Nucleus) or case.geometry.dimension == 1:
        return
    if isinstance(feature, Bump) and feature.height == 0.0:
        yield Problem((*place, "height"), "needs a length other than zero")
    at, key = _at(feature), "width" if isinstance(feature, Bump) else "radius"
    size, name = getattr(feature, key), f"the {feature.kind} of {key}"
    place = (*place, "at")
    if len(at) != case.geometry.dimension - 1:
        needs = (
            'one length (like "1 um")' if len(at) == 2 else 'a list of two lengths (like ["1 um", "1 um"])'
        )
        yield Problem(place, f"needs {needs} in {case.geometry.dimension}-D")
        return
    for x, (_, end) in zip(at, _sides(case), strict=False):
        if not 0.0 <= x <= end:
            yield Problem(place, f"is outside the domain, which goes from 0 to {show(end, 'm')}")
        elif not (x in (0.0, end) or size <= x <= end - size):
            message = f"{name} {show(size, 'm')} is cut by the edge; put it on the edge or further in"
            yield Problem(place, message)
    for n, other in enumerate(case.geometry.features[: place[-2]]):
        if type(other) is not type(feature) or len(_at(other)) != len(at):
            continue
        apart, sizes = math.dist(at, _at(other)), size + getattr(other, key)
        if apart < sizes:
            adding = "their widths add" if key == "width" else "their radii add"
            message = f"overlaps features[{n}]: {show(apart, 'm')} apart, {adding} up to {show(sizes, 'm')}"
            yield Problem(place, message)


def _at(feature: Bump | Nucleus) -> tuple[float, ...]:
    return feature.at if isinstance(feature.at, tuple) else (feature.at,)


def wave_fits_the_domain(case: Case, place: Place, wave: Feature) -> Iterator[Problem]:
    if not isinstance(wave, Sinusoid):
        return
    if wave.amplitude == 0.0:
        yield Problem((*place, "amplitude"), "needs a length other than zero")
    if wave.wavelength_y is not None and case.geometry.dimension == 2:
        yield Problem((*place, "wavelength_y"), "a 2-D case has none")
    for key, (name, size) in zip(("wavelength", "wavelength_y"), _sides(case), strict=False):
        if (wavelength := getattr(wave, key)) is None:
            continue
        halves = 2.0 * size / wavelength
        if round(halves) < 1 or abs(halves - round(halves)) > 1e-6 * halves:
            fitting = show(2.0 * size / max(1, round(halves)), "m")
            message = f"the {name} must hold an integer number of half wavelengths; {fitting} would fit"
            yield Problem((*place, key), message)


def roughness_repeats_in_the_domain(case: Case, place: Place, rough: Feature) -> Iterator[Problem]:
    if isinstance(rough, Roughness):
        for name, size in _sides(case):
            if 2.0 * rough.correlation_length > size:
                message = f"needs a length of at most half the {name}, {show(size / 2.0, 'm')}"
                yield Problem((*place, "correlation_length"), message)


def crest_stays_in_the_layer_above(case: Case) -> Iterator[Problem]:
    geometry, delta = case.geometry, case.phase_field.interface_width
    crest, _ = estimates.surface_extent(geometry)
    above = geometry.layers[1]
    room = 0.0 if delta > above.thickness else ROOM_ABOVE_CREST * delta
    if crest == 0.0 or crest <= above.thickness - room:
        return
    keys = ("height", "amplitude", "radius", "rms")
    heights = [
        (abs(getattr(f, key)), n, key)
        for n, f in enumerate(geometry.features)
        for key in keys
        if hasattr(f, key)
    ]
    _, n, key = max(heights, key=lambda entry: (entry[0], -entry[1]))
    message = (
        f'the surface rises to {show(crest, "m")}, higher than the layer above it allows: "{above.name}" is'
        f" {show(above.thickness, 'm')} thick, and {ROOM_ABOVE_CREST:g} interface widths must stay free"
    )
    yield Problem(("geometry", "features", n, key), message)


def interface_is_thinner_than_what_it_resolves(case: Case) -> Iterator[Problem]:
    delta = case.phase_field.interface_width
    sizes = []
    for n, layer in enumerate(case.geometry.layers[1:], 1):
        if hasattr(layer, "thickness"):
            name = f'layer "{layer.name}"' if hasattr(layer, "name") else f"layers[{n}]"
            sizes.append((name, layer.thickness, PER_LAYER))
    for n, feature in enumerate(case.geometry.features):
        for key, per in PER_FEATURE.items():
            if getattr(feature, key, None) is not None:
                sizes.append((f"{key} of features[{n}]", getattr(feature, key), per))
    smaller = [f"the {name} ({show(size, 'm')})" for name, size, _ in sizes if delta > size]
    if smaller:
        choose = show(min(size / per for _, size, per in sizes), "m", 3)
        yield Problem(WIDTH, f"is larger than {' and '.join(smaller)}; choose at most {choose}")


def literature_model_has_what_it_needs(case: Case) -> Iterator[Problem]:
    place: Place = ("phase_field", "interface_mobility")
    if case.phase_field.formulation != "chen2015":
        if case.phase_field.interface_mobility is not None:
            yield Problem(place, "goes only with formulation = chen2015")
        return
    if case.phase_field.interface_mobility is None:
        message = 'is missing: chen2015 needs an interface mobility (like "2.5e-6 m^3/(J*s)")'
        yield Problem(place, message, about_key=True)
    if case.operation.counter != "reservoir":
        yield Problem(("operation", "counter"), "chen2015 has no closed cell; it needs reservoir")
    if case.operation.counter_electrode != "uniform_current":
        yield Problem(("operation", "counter_electrode"), "chen2015 needs uniform_current, or a potential")
    try:
        metal = material(case, case.geometry.layers[0].material)
    except KeyError:
        return
    if metal is not None and metal.kind == METAL and "resistivity" not in metal:
        yield Problem(("geometry", "layers", 0, "material"), "has no resistivity, which chen2015 needs")


# Mechanics


def is_solid(found: Material) -> bool:
    """Whether a metal or ion conductor is elastic; without E and nu an ion conductor is a liquid."""
    return "E" in found and "nu" in found


def elastic_layer_has_both_moduli(case: Case, place: Place, layer: Layer) -> Iterator[Problem]:
    if case.mechanics is None or case.mechanics.stress != "elastic":
        return
    try:
        found = material(case, layer.material)
    except KeyError:
        return
    if found is None or is_solid(found):
        return
    missing = [key for key in ("E", "nu") if key not in found]
    if found.kind == METAL or len(missing) == 1:
        needed = ", ".join(missing)
        yield Problem(
            (*place, "material"), f"has no {needed}, which [mechanics] needs; give it in [materials]"
        )


def residual_stress_has_a_solid_to_be_in(case: Case, place: Place, layer: Layer) -> Iterator[Problem]:
    if layer.residual_stress is None:
        return
    place = (*place, "residual_stress")
    if case.mechanics is None or case.mechanics.stress != "elastic":
        yield Problem(place, 'goes only with [mechanics] and its stress = "elastic"')
    elif place[-2] == 0:
        yield Problem(place, "the metal has none; only layers on it can be stressed")
    elif not _is_solid_layer(case, layer):
        yield Problem(place, f'"{layer.material}" is a liquid here; give it E and nu in [materials]')


def _is_solid_layer(case: Case, layer: Layer) -> bool:
    """Whether a layer is solid, or of a material that could not be found or read."""
    try:
        found = material(case, layer.material)
    except KeyError:
        return True
    return found is None or is_solid(found)


def mechanics_has_what_it_needs(case: Case) -> Iterator[Problem]:
    if case.mechanics is None:
        columns = {stop.column for _, step in case.operation.places for stop in step.until.when}
        columns |= {stop.column for stop in case.operation.stop}
        for column in sorted(columns & STRESS_COLUMNS.keys()):
            yield Problem(("operation",), f"a condition on {column} goes only with [mechanics]")
        return
    if case.phase_field.formulation == "chen2015":
        yield Problem(("mechanics",), "chen2015 has no stress; needs formulation = conservative")
    if case.mechanics.stress == "uniform":
        for key in ("stack_stiffness", "growth_strain"):
            if getattr(case.mechanics, key):
                yield Problem(("mechanics", key), 'goes only with stress = "elastic"')
    elif case.mechanics.stack_stiffness and not _is_solid_layer(case, case.geometry.layers[-1]):
        name = case.geometry.layers[-1].name
        message = f'nothing holds the top of a liquid back: give the material of "{name}" E and nu'
        yield Problem(("mechanics", "stack_stiffness"), message)


# Operation and time


def step_gives_what_its_mode_needs(case: Case, place: Place, step: Step) -> Iterator[Problem]:
    mode = case.operation.mode
    if mode is None:
        drives = (step.current_density, step.potential)
        if drives == (None, None):
            message = 'needs current_density = "10 A/m^2" (zero rests) or potential = "-50 mV"'
            yield Problem(place, message)
        elif None not in drives:
            yield Problem((*place, "potential"), "does not go with a current_density in the same step")
        return
    needed, other = ("current_density", "potential")
    if mode == "potentiostatic":
        needed, other = other, needed
    if getattr(step, needed, None) is None and hasattr(step, needed):
        yield Problem((*place, needed), f"is missing: a {mode} step needs it", about_key=True)
    if getattr(step, other, None) is not None:
        yield Problem((*place, other), f"does not go with mode = {mode}")


def growth_has_the_sign_of_the_current(case: Case, place: Place, step: Step) -> Iterator[Problem]:
    target = step.until.thickness
    if target is None or (step.current_density is None) == (step.potential is None):
        return
    grows = _rest_potential(case) - step.potential if step.current_density is None else step.current_density
    place = (*place, "until", "thickness")
    if target == 0.0:
        yield Problem(place, "needs a length other than zero")
    elif grows == 0.0:
        yield Problem(place, "is never reached at rest; give a duration")
    elif target * grows < 0.0:
        verb = (
            "strips, so the thickness must be negative" if grows < 0.0 else "deposits, so it must be positive"
        )
        yield Problem(place, f"this step {verb}")


def _rest_potential(case: Case) -> float:
    """Of the metal under the stack pressure; zero if its material cannot be read."""
    try:
        metal = material(case, case.geometry.layers[0].material)
    except KeyError:
        return 0.0
    if metal is None or "V_m" not in metal or "z" not in metal:
        return 0.0
    return estimates.pressure_shift(case, metal.value("V_m"), metal.z)


def ramp_ends_before_the_step(case: Case, place: Place, step: Step) -> Iterator[Problem]:
    if step.until.duration is not None and step.ramp > step.until.duration:
        yield Problem((*place, "ramp"), f"is longer than the step ({show(step.until.duration, 's')})")


def current_without_end_is_below_the_limit(case: Case, place: Place, step: Step) -> Iterator[Problem]:
    if hasattr(step, "until") or not (step.current_density or 0.0) > 0.0:
        return
    try:
        materials = [material(case, layer.material) for layer in case.geometry.layers]
        limit = estimates.stack(case, materials[0], materials[1:]).limit
    except KeyError:
        return
    if step.current_density > limit:
        message = (
            f"is above the limiting current of the stack ({show(limit, 'A/m^2', 3)}) with no stop condition"
        )
        yield Problem((*place, "current_density"), message)


def coarse_mesh_is_coarser(case: Case) -> Iterator[Problem]:
    fine = case.phase_field.interface_width / case.mesh.elements_across_interface
    if case.mesh.coarse_size is not None and case.mesh.coarse_size < fine:
        message = f"is below the element size in the band, {show(fine, 'm')}"
        yield Problem(("mesh", "coarse_size"), message)


RULES: tuple[Rule, ...] = (
    dimension_fits_the_keys,
    metal_is_thick_enough,
    crest_stays_in_the_layer_above,
    interface_is_thinner_than_what_it_resolves,
    time_steps_are_in_order,
    coarse_mesh_is_coarser,
    literature_model_has_what_it_needs,
    mechanics_has_what_it_needs,
)
RULES_OF_ENTRIES: dict[Place, tuple[Rule, ...]] = {
    ("geometry", "layers"): (
        layer_has_a_material_of_its_kind,
        elastic_layer_has_both_moduli,
        residual_stress_has_a_solid_to_be_in,
    ),
    ("geometry", "features"): (
        feature_stands_free,
        wave_fits_the_domain,
        roughness_repeats_in_the_domain,
    ),
}
RULES_OF_STEPS: tuple[Rule, ...] = (  # also of those within a cycle
    step_gives_what_its_mode_needs,
    growth_has_the_sign_of_the_current,
    ramp_ends_before_the_step,
    current_without_end_is_below_the_limit,
)


def applications(case: Case) -> Iterator[Application]:
    """Every rule with what it applies to: the case, or an entry of one of its lists and its place."""
    yield from of_every_study(case)
    yield from applied_to_entries(case, RULES_OF_ENTRIES)
    if isinstance(getattr(getattr(case, "operation", None), "steps", None), list):
        for place, step in case.operation.places:
            yield from ((rule, (("operation", *place), step)) for rule in RULES_OF_STEPS)
    yield from ((rule, ()) for rule in RULES)


def properties_used(case: Case) -> dict[str, tuple[str, ...]]:
    """The properties a resolved case uses, by material."""
    moduli = ("E", "nu") if case.mechanics and case.mechanics.stress == "elastic" else ()
    return {
        name: (*NEEDED[material.kind], *OPTIONAL[material.kind], *moduli)
        for name, material in case.materials.items()
    }
