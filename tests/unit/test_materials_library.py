"""The library of materials, and materials made from it."""

import pytest
from scipy.constants import physical_constants

from fem_sei.materials import library
from fem_sei.materials.catalogue import FLAGS, ION_CONDUCTOR, METAL, PROPERTIES
from fem_sei.materials.library import MaterialError

F = physical_constants["Faraday constant"][0]


def problems_of(table):
    with pytest.raises(MaterialError) as error:
        library.read("film", table)
    return [(problem.place, problem.message) for problem in error.value.problems]


@pytest.mark.parametrize("name", library.names())
def test_every_value_of_the_library_has_unit_flag_source_and_lies_in_its_range(name):
    material = library.from_library(name)
    assert material.title
    for key, found in material.properties.items():
        assert found.flag in set(FLAGS) - {"user"}, key
        assert found.source and found.source != "case file", key
        assert (found.value is None) != (found.law is None)
        assert found.unit == PROPERTIES[key].dimension.unit
        if found.range and found.value is not None:
            assert found.range[0] * (1 - 1e-12) <= found.value <= found.range[1] * (1 + 1e-12), key


def test_the_metals_are_there_with_what_plating_needs():
    assert library.names(METAL) == ["Li", "Na", "K", "Mg", "Ca", "Al"]
    for name in library.names(METAL):
        metal = library.from_library(name)
        assert metal.value("V_m") == pytest.approx(
            metal.value("molar_mass") / metal.value("density"), rel=3e-3
        )
    assert [library.from_library(name).z for name in library.names(METAL)] == [1, 1, 1, 2, 2, 3]


@pytest.mark.parametrize(
    ("name", "mAh_per_cm3"),
    [("Li", 2062), ("Na", 1128), ("K", 591), ("Mg", 3833), ("Ca", 2073), ("Al", 8046)],
)
def test_volumetric_capacities(name, mAh_per_cm3):
    metal = library.from_library(name)
    assert metal.z * F / metal.value("V_m") / 3.6e6 == pytest.approx(mAh_per_cm3, rel=2e-3)


def test_the_model_layers_of_jin():
    D = {"bare_Li_surface_model": 4.6e-13, "Al2O3_model": 1.0e-13, "LiAlOx_model": 1.4e-11}
    for name, expected in D.items():
        layer = library.from_library(name)
        assert layer.value("D") == expected
        assert "10.1002/smll.202203045" in layer["D"].source
        assert layer.value("t_plus") == 0.3
        assert {found.flag for found in layer.properties.values()} == {"assumed"}


def test_extending_keeps_the_sources_of_what_is_not_changed():
    film = library.read("film", {"extends": "library:Al2O3_model", "D": "2e-13 m^2/s"})
    assert (film.value("D"), film["D"].flag, film["D"].source) == (2e-13, "user", "case file")
    assert film["t_plus"].flag == "assumed"
    original = library.from_library("Al2O3_model")["kappa"](1000.0, 298.15)
    assert film["kappa"](1000.0, 298.15) == pytest.approx(2.0 * original, rel=1e-14)


def test_a_source_and_a_flag_may_be_given_for_the_table_or_for_a_value():
    table = {"extends": "library:LiF", "source": "own work", "flag": "measured", "kappa": "1e-6 S/m"}
    table["E"] = {"value": "60 GPa", "range": ["50 GPa", "70 GPa"], "source": "a paper"}
    film = library.read("film", table)
    assert (film["kappa"].flag, film["kappa"].source) == ("measured", "own work")
    assert (film["E"].source, film["E"].range) == ("a paper", (50e9, 70e9))


def test_a_new_material_with_a_law():
    table = {"kind": ION_CONDUCTOR, "t_plus": 0.4, "kappa": {"law": "nernst_einstein"}}
    table["D"] = {
        "law": "arrhenius",
        "value": "1e-11 m^2/s",
        "energy": "0.5 eV",
        "reference_temperature": "25 degC",
    }
    film = library.read("film", table)
    assert film["D"](1000.0, 298.15) == pytest.approx(1e-11)
    assert film["D"](1000.0, 330.0) > 5e-11
    assert film["kappa"](1000.0, 330.0) / film["kappa"](1000.0, 298.15) > 5.0 * 298.15 / 330.0


def test_unknown_names_come_with_the_closest():
    with pytest.raises(KeyError, match='Did you mean "Li2CO3"'):
        library.from_library("LiCO3")
    with pytest.raises(KeyError, match="material Li has no kappa"):
        library.from_library("Li")["kappa"]
    with pytest.raises(KeyError, match="D of material LiPF6_EC_DMC is not a constant"):
        library.from_library("LiPF6_EC_DMC").value("D")


BASE = {"extends": "library:Al2O3_model"}


@pytest.mark.parametrize(
    ("table", "place", "message"),
    [
        ({}, (), 'needs extends = "library:NAME", or kind = one of metal, ion_conductor, solid'),
        ({"kind": ["x"]}, ("kind",), "needs one of metal, ion_conductor, solid"),
        (
            {**BASE, "kind": "metal"},
            ("kind",),
            "Al2O3_model is an ion conductor (electrolyte, SEI or coating)",
        ),
        ({"kind": "metall"}, ("kind",), 'needs one of metal, ion_conductor, solid. Did you mean "metal"?'),
        (
            {"extends": "Al2O3_model"},
            ("extends",),
            'needs "library:NAME" of a material in the library. Did you mean "library:Al2O3_model"?',
        ),
        (
            {"extends": "library:Al2O3_modell"},
            ("extends",),
            'needs "library:NAME" of a material in the library. Did you mean "library:Al2O3_model"?',
        ),
        ({**BASE, "d": "1e-13 m^2/s"}, ("d",), 'is not a known key. Did you mean "D"?'),
        (
            {**BASE, "V_m": "13 cm^3/mol"},
            ("V_m",),
            "an ion conductor (electrolyte, SEI or coating) has no such property",
        ),
        (
            {**BASE, "D": "1e-13 m/s"},
            ("D",),
            'needs a diffusivity (like "1e-13 m^2/s"), got something in m/s',
        ),
        (
            {**BASE, "D": 1e-13},
            ("D",),
            'needs a diffusivity (like "1e-13 m^2/s"), got a number without a unit',
        ),
        ({**BASE, "D": "0 m^2/s"}, ("D",), "needs a diffusivity above 0"),
        ({**BASE, "D": {"value": "-1 m^2/s"}}, ("D", "value"), "needs a diffusivity above 0"),
        ({**BASE, "D": {}}, ("D",), "needs a value or a law"),
        ({**BASE, "D": {"law": "arhenius"}}, ("D", "law"), 'is not a known law. Did you mean "arrhenius"?'),
        ({**BASE, "D": {"law": "nernst_einstein"}}, ("D", "law"), "is a law for kappa only"),
        ({**BASE, "D": {"law": "landesfeind2019_diffusivity", "p": [1.0]}}, ("D", "p"), "needs 4 numbers"),
        (
            {**BASE, "D": {"value": "1 m^2/s", "sorce": "x"}},
            ("D", "sorce"),
            'is not a known key. Did you mean "source"?',
        ),
        ({**BASE, "D": {"value": "1 m^2/s", "range": "x"}}, ("D", "range"), "needs two values, [low, high]"),
        ({**BASE, "t_plus": "0.3"}, ("t_plus",), "needs a plain number"),
        ({**BASE, "t_plus": 1.5}, ("t_plus",), "needs a plain number above -1 and up to 1"),
        (
            {**BASE, "t_plus": 1.0},
            ("t_plus",),
            "the law nernst_einstein of kappa needs t_plus between 0 and 1, or give kappa",
        ),
        (
            {**BASE, "flag": "guess"},
            ("flag",),
            "needs one of measured, fitted, estimated, assumed, user",
        ),
        ({"extends": "library:Li", "z": 1.5}, ("z",), "needs a whole number from 1 to 3"),
        ({"extends": "library:Li", "alpha": 1.0}, ("alpha",), "needs a plain number above 0 and below 1"),
        (
            {"kind": "ion_conductor", "t_plus": 0.3, "kappa": {"law": "nernst_einstein"}},
            ("kappa",),
            "the law nernst_einstein needs D",
        ),
    ],
)
def test_faulty_tables_say_where_and_what(table, place, message):
    assert problems_of(table) == [(place, message)]


def test_all_faults_of_a_table_at_once():
    table = {**BASE, "D": "3 s", "t_plus": "x", "kapa": 1}
    assert [place for place, _ in problems_of(table)] == [("D",), ("t_plus",), ("kapa",)]
