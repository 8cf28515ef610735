"""What a plating case leaves out, filled in: materials of the layers, and kinetics of the metal."""

from collections.abc import Iterable
from typing import Any

from fem_sei.case.rules import material
from fem_sei.case.schema import Case, Kinetics
from fem_sei.materials.catalogue import PROPERTIES
from fem_sei.materials.library import Material, Property

KINETIC_PROPERTIES = ("exchange_current_density", "alpha", "surface_energy")


def fill_in(case: Case) -> Case:
    """Every material a layer uses, the metal with the values of [kinetics] and these with the metal's."""
    used = {layer.material: material(case, layer.material) for layer in case.geometry.layers}
    metal = case.geometry.layers[0].material
    used[metal] = with_given(used[metal], case.kinetics, KINETIC_PROPERTIES)
    used = {name: one.with_valence(used[metal].z) for name, one in used.items()}
    kinetics = Kinetics.model_construct(
        **{key: used[metal].value(key) for key in KINETIC_PROPERTIES},
        reference_concentration=case.kinetics.reference_concentration or case.conditions.concentration,
    )
    return case.model_copy(update={"materials": used, "kinetics": kinetics})


def with_given(metal: Material, kinetics: Any, keys: Iterable[str]) -> Material:
    """The metal with those of the properties ``keys`` that [kinetics] gives."""
    given = {key: getattr(kinetics, key) for key in keys}
    return metal.with_properties(
        {key: _given(key, value) for key, value in given.items() if value is not None}
    )


def _given(key: str, value: float) -> Property:
    return Property(value, None, PROPERTIES[key].dimension.unit, "user", "case file")
