"""Does a film_growth run make sense? The numbers that decide it."""

import math
from collections.abc import Iterator

from fem_sei.case.assessment import Assessment, Row, choose, grade
from fem_sei.case.estimates import surface_extent
from fem_sei.case.film_growth import FilmGrowthCase
from fem_sei.case.film_growth_sizes import film_modulus, flat_current, planned_growth
from fem_sei.closed_form.film_growth import layer_reactions, stopping_stress, stress_sensitivity
from fem_sei.closed_form.kinetics import F, front_speed, inverse_butler_volmer
from fem_sei.units import show

LEAST_ELEMENTS = 8.0  # in half the width of a feature: tip stress to 5 %
STALLS = 0.95  # of the stress that stops growth
GRADING = 0.25  # growth of the elements per distance from the surface


def assess(case: FilmGrowthCase) -> Assessment:
    """Judge a resolved case."""
    return Assessment([*kinetics(case), *films(case), *interface(case), *resolution(case), *cost(case)])


def _overpotential(case: FilmGrowthCase) -> float:
    """Overpotential (V) of the flat surface without stress."""
    operation, own = case.operation, case.kinetics
    if operation.overpotential is not None:
        return operation.overpotential
    metal, T = _metal(case), case.conditions.temperature
    i0 = own.exchange_current_density
    return float(inverse_butler_volmer(operation.current_density, i0, own.alpha, metal.z, T))


def _metal(case: FilmGrowthCase) -> object:
    return case.materials[case.geometry.layers[0].material]


def kinetics(case: FilmGrowthCase) -> Iterator[Row]:
    """Growth of a flat surface, and the stress that stops it."""
    metal, eta = _metal(case), _overpotential(case)
    V_m, i = metal.value("V_m"), flat_current(case)
    yield Row("current density of a flat surface", i, "A/m^2")
    yield Row("its speed", float(front_speed(i, V_m, metal.z)), "m/s")
    stop = stopping_stress(eta, metal.z, V_m)
    yield Row("normal stress that stops growth", stop, "Pa")
    pressure, driven = case.operation.stack_pressure, case.operation.overpotential is not None
    if pressure:
        share = -pressure / stop
        stalls = driven and case.kinetics.stress_shift and share >= STALLS
        advice = f"nothing would grow; choose below {show(-STALLS * stop, 'Pa', 3)}" if stalls else ""
        yield Row("stack pressure / that stress", share, "", grade(not stalls, False), advice)
    if case.operation.ohmic_drop:
        drop = sum(
            i * layer.thickness / case.materials[layer.material].value("kappa")
            for layer in case.geometry.layers[1:]
        )
        yield Row("ohmic drop of the flat films at this current", drop, "V")
    sizes = [
        s for f in case.geometry.features for s in (getattr(f, "radius", getattr(f, "width", None)),) if s
    ]
    if sizes and case.kinetics.surface_energy:
        shift = case.kinetics.surface_energy * V_m / (metal.z * F * min(sizes))
        yield Row("shift gamma V_m/(z F r) of the smallest feature", shift, "V")


def films(case: FilmGrowthCase) -> Iterator[Row]:
    """Stiffness of the films, and how fast stress levels the first wave of the width."""
    geometry = case.geometry
    for layer in geometry.layers[1:]:
        yield Row(f'modulus of "{layer.name}"', film_modulus(case, layer), "Pa")
    eta, metal = _overpotential(case), _metal(case)
    if len(geometry.layers) > 2 or eta >= 0.0:
        return
    film, nu = geometry.layers[1], case.materials[geometry.layers[1].material].value("nu")
    sizes = [
        s for f in geometry.features for s in (getattr(f, "radius", getattr(f, "wavelength", 0.0) / 2),) if s
    ]
    if not sizes:
        return
    k = math.pi / min(sizes)
    K_yy, K_yx = layer_reactions(k, film.thickness, film_modulus(case, film), nu)
    c_1 = stress_sensitivity(
        eta, case.kinetics.alpha, metal.z, case.conditions.temperature, metal.value("V_m")
    )
    yield Row("k h of the smallest feature", k * film.thickness)
    yield Row("growth over which its stress builds up", 1.0 / (c_1 * K_yy), "m")
    yield Row("growth over which it then is levelled", K_yy / (k * K_yx), "m")


def interface(case: FilmGrowthCase) -> Iterator[Row]:
    """Openings of the traction-separation law, and its process zone against the mesh."""
    for one in case.interfaces:
        end = 2.0 * one.fracture_energy / one.strength
        yield Row(f"{one.on}: stiffness K", one.stiffness, "Pa/m")
        yield Row(f"{one.on}: opening delta_0 at the onset of damage", one.strength / one.stiffness, "m")
        yield Row(f"{one.on}: opening delta_f without traction", end, "m")
        film = case.geometry.layers[1]
        E, h = film_modulus(case, film), film.thickness
        thick = E * one.fracture_energy / one.strength**2
        length = min(thick**0.25 * h**0.75, thick)
        elements = length / case.mesh.size
        advice = "" if elements >= 4.0 else f"choose mesh.size of at most {choose(length / 4.0)}"
        yield Row(f"{one.on}: elements per cohesive length", elements, "", grade(not advice), advice)


def resolution(case: FilmGrowthCase) -> Iterator[Row]:
    """Elements along the surface, and steps."""
    yield Row("element size along the surface", case.mesh.size, "m")
    for n, feature in enumerate(case.geometry.features):
        for key in ("radius", "width", "correlation_length", "wavelength"):
            if (size := getattr(feature, key, None)) is None:
                continue
            half = size / 2.0 if key == "wavelength" else size
            elements = half / case.mesh.size
            advice = (
                ""
                if elements >= LEAST_ELEMENTS
                else f"choose mesh.size of at most {choose(half / LEAST_ELEMENTS)}"
            )
            yield Row(
                f"elements in the {key} of features[{n}]",
                half / case.mesh.size,
                "",
                grade(not advice),
                advice,
            )
    crest, trough = surface_extent(case.geometry)
    yield Row("height of the surface", crest - trough, "m")
    yield Row("planned growth", planned_growth(case), "m")


def cost(case: FilmGrowthCase) -> Iterator[Row]:
    """Unknowns, to a factor of two."""
    geometry, size = case.geometry, case.mesh.size
    d, area = geometry.dimension, geometry.width * (geometry.depth or 1.0)
    height = sum(layer.thickness for layer in geometry.layers[1:])
    grown = size + GRADING * height
    corners = area * (size ** (1 - d) - grown ** (1 - d)) / ((d - 1) * GRADING)
    nodes = {2: 4.0, 3: 8.0}[d] * corners / 0.87
    on_surface = area * (2.0 / size) ** (d - 1)
    yield Row("degrees of freedom, about", float(f"{d * (nodes + 3.0 * on_surface):.2g}"))
