"""Numbers about a film_growth case before it runs: moduli, planned growth, element size. SI floats."""

from __future__ import annotations

import numpy as np

from fem_sei.case.film_growth import FilmGrowthCase, GrowthLayer
from fem_sei.closed_form.kinetics import butler_volmer, front_speed

PER_FEATURE = {"radius": 20.0, "width": 12.0, "wavelength": 24.0, "wavelength_y": 24.0}
PER_FEATURE |= {"correlation_length": 10.0}  # elements in a feature's size
ALONG = 50.0  # elements along the width, at least


def film_modulus(case: FilmGrowthCase, layer: GrowthLayer) -> float:
    """Young's modulus (Pa) of a film, by its thickness where the case says so."""
    if layer.modulus_of_thickness:
        return float(np.interp(layer.thickness, *zip(*layer.modulus_of_thickness, strict=True)))
    return case.materials[layer.material].value("E")


def flat_current(case: FilmGrowthCase) -> float:
    """Current density (A/m^2) of a flat surface without stress and ohmic drop, or the given mean."""
    operation, kinetics = case.operation, case.kinetics
    if operation.current_density is not None:
        return operation.current_density
    metal = case.materials[case.geometry.layers[0].material]
    i0, alpha, T = kinetics.exchange_current_density, kinetics.alpha, case.conditions.temperature
    return float(butler_volmer(operation.overpotential, i0, alpha, metal.z, T))


def planned_growth(case: FilmGrowthCase) -> float:
    """Growth (m, positive) of an unstressed flat surface over the run; what is needed at least for a
    thickness."""
    metal = case.materials[case.geometry.layers[0].material]
    speed = abs(float(front_speed(flat_current(case), metal.value("V_m"), metal.z)))
    until = case.operation.until
    ends = [] if until.duration is None else [speed * until.duration]
    return min([*ends, *([] if until.thickness is None else [abs(until.thickness)])])


def default_size(case: FilmGrowthCase) -> float:
    """Length (m) of the elements along the surface: fine enough for its features and the first film."""
    geometry = case.geometry
    sizes = [geometry.width / ALONG, geometry.layers[1].thickness / case.mesh.elements_across]
    for feature in geometry.features:
        for key, number in PER_FEATURE.items():
            if getattr(feature, key, None):
                sizes.append(getattr(feature, key) / number)
    return min(sizes)
