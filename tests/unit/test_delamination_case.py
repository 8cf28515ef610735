"""Delamination cases: what comes out of a case file, defaults that follow from other keys, sizes."""

import copy
from pathlib import Path

import pytest
from scipy.constants import physical_constants

from fem_sei.case import cohesive_sizes, overrides
from fem_sei.case.describe import resolved, values_used
from fem_sei.case.loader import load, resolve

F = physical_constants["Faraday constant"][0]
FILM = Path(__file__).parents[2] / "cases" / "tutorials" / "film_delamination.toml"
TABLES = {
    "schema": 1,
    "case": {"name": "film", "study": "delamination"},
    "geometry": {
        "dimension": 2,
        "width": "80 nm",
        "layers": [
            {"name": "metal", "material": "Li", "thickness": "20 nm", "rigid": True},
            {"name": "sei", "material": "film", "thickness": "4 nm"},
        ],
    },
    "materials": {"film": {"kind": "solid", "E": "50 GPa", "nu": 0.25}},
    "interfaces": [
        {
            "on": "metal|sei",
            "strength": "100 MPa",
            "fracture_energy": "0.2 J/m^2",
            "flaw": {"start": "0 nm", "end": "8 nm"},
        }
    ],
    "boundaries": [{"on": "left", "condition": "symmetry"}],
    "loading": {"pressure": "100 MPa"},
}
E_PLANE = 50e9 / (1.0 - 0.25**2)


def case_of(**changes):
    return resolve(overrides.apply(TABLES, {key.replace("__", "."): value for key, value in changes.items()}))


def beams(**changes):
    """Two elastic arms, opened at the left by a displacement: no [loading], no rigid layer."""
    tables = copy.deepcopy(TABLES)
    del tables["loading"]
    arm = {"material": "film", "thickness": "1.5 mm"}
    tables["geometry"] = {
        "dimension": 2,
        "width": "100 mm",
        "layers": [{"name": "lower", **arm}, {"name": "upper", **arm}],
    }
    law = {"on": "lower|upper", "strength": "20 MPa", "fracture_energy": "300 J/m^2"}
    tables["interfaces"] = [{**law, "flaw": {"start": "0 mm", "end": "30 mm"}}]
    tables["boundaries"] = [
        {"on": "right", "condition": "clamped"},
        {"on": "left", "layer": "upper", "displacement": {"y": "1 mm"}},
        {"on": "left", "layer": "lower", "displacement": {"y": "-1 mm"}},
    ]
    return resolve(overrides.apply(tables, {key.replace("__", "."): value for key, value in changes.items()}))


def test_a_case_in_si():
    case = load(FILM).case
    assert case.case.study == "delamination"
    assert [layer.thickness for layer in case.geometry.layers] == [20e-9, 4e-9]
    assert [layer.rigid for layer in case.geometry.layers] == [True, False]
    (interface,) = case.interfaces
    assert (interface.strength, interface.fracture_energy, interface.stiffness) == (1e8, 0.2, 1e20)
    assert (interface.flaw.start, interface.flaw.end) == (0.0, 8e-9)
    assert case.boundaries[0].condition == "symmetry" and case.boundaries[0].layer is None
    assert (case.loading.on, case.loading.pressure) == ("metal|sei", 1e8)
    assert case.materials["film"].value("E") == 50e9 and case.materials["Li"].kind == "metal"
    assert case.output.fields_every.count == 20 and case.output.checkpoint_every.wall == 600.0


def test_what_follows_from_other_keys():
    case = case_of()
    assert case.mechanics.assumption == "plane_strain" and case.path.control == "volume"
    (interface,) = case.interfaces
    assert (interface.shear_strength, interface.shear_fracture_energy) == (1e8, 0.2)
    assert interface.stiffness == pytest.approx(10.0 * E_PLANE / 4e-9)
    assert interface.shear_stiffness == interface.stiffness
    without = beams()
    assert without.loading is None and without.path.control == "load"


def test_the_law_sets_the_stiffness_of_a_thick_film():
    case = case_of(
        geometry__layers=[
            TABLES["geometry"]["layers"][0],
            {"name": "sei", "material": "film", "thickness": "20 um"},
        ]
    )
    (interface,) = case.interfaces
    assert interface.stiffness == pytest.approx(50.0 * (1e8) ** 2 / (2 * 0.2))
    assert interface.strength / interface.stiffness == pytest.approx(2 * 0.2 / 1e8 / 50.0)


def test_shear_stiffness_makes_the_energy_independent_of_the_path():
    laws = {"interfaces[0].shear_strength": "150 MPa", "interfaces[0].shear_fracture_energy": "0.6 J/m^2"}
    (interface,) = resolve(overrides.apply(TABLES, laws)).interfaces
    ratio = interface.shear_stiffness / interface.stiffness
    assert ratio == pytest.approx(0.2 / 0.6 * (150 / 100) ** 2)
    onsets = [interface.strength / interface.stiffness, interface.shear_strength / interface.shear_stiffness]
    ends = [2 * 0.2 / interface.strength, 2 * 0.6 / interface.shear_strength]
    assert ends[0] / onsets[0] == pytest.approx(ends[1] / onsets[1])


@pytest.mark.parametrize(
    ("loading", "pressure"),
    [
        ({"pressure": "30 MPa"}, 30e6),
        ({"overpotential": "-13.47 mV", "metal": "Li"}, F * 0.01347 / 13.0e-6),
        ({"overpotential": "10 mV", "metal": "Mg"}, 2 * F * 0.01 / 13.98e-6),
        ({"published": "text", "metal": "Li"}, 100e6),
        ({"published": "text", "metal": "Na"}, 59e6),
        ({"published": "molar_volume", "metal": "Li"}, 100e6),
        ({"published": "molar_volume", "metal": "Na"}, 100e6 * 13.0 / 23.75),
        ({"published": "molar_volume", "metal": "K"}, 100e6 * 13.0 / 45.36),
    ],
)
def test_pressure_of_every_kind_of_loading(loading, pressure):
    assert case_of(loading=loading).loading.pressure == pytest.approx(pressure, rel=1e-4)


def test_an_overpotential_of_13_47_mV_on_lithium_is_100_MPa():
    case = case_of(loading={"overpotential": "13.47 mV", "metal": "Li"})
    assert case.loading.pressure == pytest.approx(100e6, rel=1e-3)


def test_the_values_used_are_those_of_elastic_layers_and_of_the_metal_that_presses():
    case = case_of(loading={"overpotential": "10 mV", "metal": "Na"})
    used = [(material, key) for material, key, _ in values_used(case)]
    assert used == [("film", "E"), ("film", "nu"), ("Na", "V_m"), ("Na", "z")]
    graded = [[0.0, "30 GPa"], [1.0, "165 GPa"]]
    case = resolve(overrides.apply(TABLES, {"geometry.layers[sei].modulus_profile": graded}))
    assert [key for _, key, _ in values_used(case)] == ["nu"]
    lines = dict(resolved(case))
    assert lines["geometry.layers[1].modulus_profile"] == "0: 30 GPa, 1: 165 GPa"
    assert lines["interfaces[0].flaw.end"] == "8e-09 m  (8 nm)"


def test_a_metal_of_the_library_can_be_elastic():
    tables = overrides.apply(TABLES, {"geometry.layers[metal].rigid": False})
    tables["boundaries"].append({"on": "bottom", "condition": "clamped"})
    used = {(material, key): found for material, key, found in values_used(resolve(tables))}
    assert used["Li", "E"].value == 7.8e9 and used["Li", "nu"].value == 0.38


# Sizes


def test_levels_and_bodies_of_a_laminate():
    layers = [
        {"name": "metal", "material": "Li", "thickness": "20 nm", "rigid": True},
        {"name": "a", "material": "film", "thickness": "4 nm"},
        {"name": "b", "material": "film", "thickness": "2 nm"},
        {"name": "c", "material": "film", "thickness": "3 nm"},
    ]
    law = {"strength": "100 MPa", "fracture_energy": "0.2 J/m^2"}
    case = case_of(
        geometry__layers=layers,
        interfaces=[{"on": "b|c", **law, "flaw": {"start": "0 nm", "end": "8 nm"}}],
    )
    assert cohesive_sizes.levels(case) == pytest.approx([-20e-9, 0.0, 4e-9, 6e-9, 9e-9])
    assert cohesive_sizes.bodies(case) == [[1, 2], [3]]
    assert cohesive_sizes.interface_names(case) == ["metal|a", "a|b", "b|c"]
    assert cohesive_sizes.sides(case, case.interfaces[0]) == {
        "b": pytest.approx((6e-9, E_PLANE)),
        "c": pytest.approx((3e-9, E_PLANE)),
    }


def test_cohesive_length_of_thin_and_of_thick_films():
    case = case_of()
    slender = (E_PLANE * 0.2 / 1e16) ** 0.25 * 4e-9**0.75
    assert slender == pytest.approx(16.16e-9, rel=1e-3)
    assert cohesive_sizes.cohesive_length(case, case.interfaces[0]) == pytest.approx(slender)
    assert cohesive_sizes.element_size(case, case.interfaces[0]) == pytest.approx(slender / 8.0)
    weak = resolve(overrides.apply(TABLES, {"interfaces[0].shear_strength": "1 GPa"}))
    shear = (E_PLANE * 0.2 / 1e18) ** 0.25 * 4e-9**0.75
    assert cohesive_sizes.cohesive_length(weak, weak.interfaces[0]) == pytest.approx(shear)
    thick = resolve(overrides.apply(TABLES, {"interfaces[0].strength": "2 GPa"}))
    short = E_PLANE * 0.2 / 4e18
    assert cohesive_sizes.cohesive_length(thick, thick.interfaces[0]) == pytest.approx(short)


def test_plane_stress_and_graded_layers_in_the_modulus():
    assert cohesive_sizes.modulus(case_of(mechanics__assumption="plane_stress"), 1) == pytest.approx(50e9)
    graded = [[0.0, "10 GPa"], [0.5, "30 GPa"], [1.0, "30 GPa"]]
    case = resolve(overrides.apply(TABLES, {"geometry.layers[sei].modulus_profile": graded}))
    assert cohesive_sizes.modulus(case, 1) == pytest.approx(25e9 / (1 - 0.25**2))


def test_room_and_edges_of_flaws():
    case = case_of()
    (strip,) = case.interfaces
    assert cohesive_sizes.flaw_room(case, strip) == pytest.approx(72e-9)
    assert cohesive_sizes.edges_of_flaw(case, strip) == ["left"]
    assert cohesive_sizes.flaw_length(strip) == 8e-9
    inside = strip.model_copy(update={"flaw": strip.flaw.model_copy(update={"start": 4e-9})})
    assert cohesive_sizes.flaw_room(case, inside) == pytest.approx(4e-9)
    assert cohesive_sizes.edges_of_flaw(case, inside) == []
    assert cohesive_sizes.flaw_length(inside) == pytest.approx(2e-9)


def test_a_disc_in_three_dimensions():
    tables = overrides.apply(TABLES, {"geometry.dimension": 3, "geometry.depth": "120 nm"})
    tables["interfaces"][0]["flaw"] = {"centre": ["0 nm", "60 nm"], "radius": "20 nm"}
    case = resolve(tables)
    (interface,) = case.interfaces
    assert case.mechanics.assumption is None
    assert interface.flaw.centre == (0.0, 60e-9)
    assert cohesive_sizes.flaw_room(case, interface) == pytest.approx(40e-9)
    assert cohesive_sizes.edges_of_flaw(case, interface) == ["left"]
    assert cohesive_sizes.flaw_length(interface) == 20e-9
