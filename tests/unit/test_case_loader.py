"""Reading case files: what comes out, `--set` changes, variants."""

import copy
from pathlib import Path

import pytest

from fem_sei.case import overrides
from fem_sei.case.loader import CaseError, load, resolve
from fem_sei.case.overrides import OverrideError

CASES = Path(__file__).parents[2] / "cases"
JIN = CASES / "validation" / "jin_coatings.toml"
TWO_BUMPS = CASES / "tutorials" / "two_bumps.toml"

TABLES = {
    "schema": 1,
    "case": {"name": "test", "study": "plating"},
    "conditions": {"concentration": "1 mol/L"},
    "geometry": {
        "dimension": 1,
        "layers": [
            {"name": "metal", "material": "Li", "thickness": "0.5 um"},
            {"name": "electrolyte", "material": "dilute_electrolyte_model", "thickness": "5 um"},
        ],
    },
    "phase_field": {"interface_width": "50 nm"},
    "operation": {
        "mode": "galvanostatic",
        "steps": [{"current_density": "1 mA/cm^2", "until": {"duration": "60 s"}}],
    },
}


def changed(**changes):
    return overrides.apply(TABLES, {key.replace("__", "."): value for key, value in changes.items()})


@pytest.mark.parametrize("path", sorted(CASES.rglob("*.toml")), ids=lambda path: path.stem)
def test_every_case_of_the_repository_loads(path):
    load(path)


def test_a_case_in_si():
    case = load(TWO_BUMPS).case
    assert case.conditions.temperature == 298.15
    assert case.conditions.concentration == 1000.0
    assert [layer.thickness for layer in case.geometry.layers] == [0.3e-6, 1e-6, 2e-6]
    assert case.geometry.features[1].at == 2e-6
    assert case.l == 12.5e-9
    assert case.operation.steps[0].until.thickness == 0.1e-6
    assert case.operation.steps[0].until.duration is None
    assert case.mesh.coarse_size is None


def test_materials_of_the_layers_and_kinetics_are_filled_in():
    case = resolve(TABLES)
    assert list(case.materials) == ["Li", "dilute_electrolyte_model"]
    assert case.metal.name == "Li"
    assert case.kinetics.exchange_current_density == 10.0
    assert case.kinetics.reference_concentration == 1000.0
    assert case.metal["alpha"].flag == "assumed"


def test_kinetics_of_the_case_go_before_the_library():
    case = resolve(
        changed(kinetics__exchange_current_density="3 mA/cm^2", kinetics__surface_energy="0 J/m^2")
    )
    assert case.kinetics.exchange_current_density == 30.0
    assert (case.kinetics.surface_energy, case.kinetics.alpha) == (0.0, 0.5)
    i0 = case.metal["exchange_current_density"]
    assert (i0.value, i0.flag, i0.source) == (30.0, "user", "case file")


def test_nernst_einstein_knows_the_valence_of_the_metal():
    table = copy.deepcopy(TABLES)
    lithium = resolve(table).ion_conductors[0]["kappa"](1000.0, 298.15)
    table["geometry"]["layers"][0]["material"] = "Mg"
    assert resolve(table).ion_conductors[0]["kappa"](1000.0, 298.15) == pytest.approx(lithium * 4 * 2 / 3)


def test_variants_are_cases_of_their_own():
    loaded = load(JIN)
    assert list(loaded.variants) == ["bare", "Al2O3", "LiAlOx"]
    assert [case.materials["film"].value("D") for case in loaded.variants.values()] == [
        4.6e-13,
        1e-13,
        1.4e-11,
    ]
    assert loaded.runs == loaded.variants
    assert loaded.text == JIN.read_text()
    assert "Al2O3 coating" in loaded.variants["Al2O3"].materials["film"].title


def test_without_variants_the_case_itself_is_run():
    loaded = load(TWO_BUMPS)
    assert loaded.runs == {None: loaded.case}


def test_changes_of_the_command_line_hold_for_every_variant():
    loaded = load(
        JIN, ["operation.steps[0].current_density=20 A/m^2", "geometry.layers[coating].thickness=0.9 um"]
    )
    for case in loaded.variants.values():
        assert case.operation.steps[0].current_density == 20.0
        assert case.geometry.layers[1].thickness == 0.9e-6


def test_a_variant_goes_before_the_command_line():
    loaded = load(JIN, ["materials.film.extends=library:LiAlOx_model"])
    assert loaded.case.materials["film"].value("D") == 1.4e-11
    assert loaded.variants["Al2O3"].materials["film"].value("D") == 1e-13


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("a.b=3", "a.b", 3),
        ("a.b=3.5", "a.b", 3.5),
        ("a.b=true", "a.b", True),
        ('a.b="20 A/m^2"', "a.b", "20 A/m^2"),
        ("a.b=20 A/m^2", "a.b", "20 A/m^2"),
        ("a.b=bare", "a.b", "bare"),
        ("a.b = { count = 3 }", "a.b", {"count": 3}),
        ("a.b=[1, 2]", "a.b", [1, 2]),
        ("a.b=x=y", "a.b", "x=y"),
        ("a.b=2026-01-01 nonsense", "a.b", "2026-01-01 nonsense"),
    ],
)
def test_values_of_changes_are_toml_or_texts(text, key, value):
    assert overrides.parse(text) == (key, value)


LEAVES = [
    "case.title",
    "conditions.concentration",
    "geometry.layers[0].thickness",
    "geometry.layers[electrolyte].material",
    "operation.steps[0].until.duration",
    "solver.petsc.ksp_rtol",  # makes the tables on the way
]


@pytest.mark.parametrize("key", LEAVES)
def test_a_change_changes_one_leaf_and_leaves_the_original_alone(key):
    before = copy.deepcopy(TABLES)
    result = overrides.apply(TABLES, {key: "new"})
    assert before == TABLES
    assert overrides.apply(result, {key: "new"}) == result
    assert result != TABLES
    leaf = result
    for part in key.replace("[electrolyte]", "[1]").replace("[", ".").replace("]", "").split("."):
        leaf = leaf[int(part) if part.isdecimal() else part]
    assert leaf == "new"


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("geometry.layers[2].thickness", "there is no entry 2; the list has 2 entries, counted from 0"),
        ("geometry.layers[metl].thickness", 'there is no entry named metl. Did you mean "metal"?'),
        ("case.name.x", "name is not a table"),
        ("case..name", "is not a dotted key"),
        ("", "is not a dotted key"),
    ],
)
def test_changes_that_cannot_be_made(key, message):
    with pytest.raises(OverrideError) as error:
        overrides.apply(TABLES, {key: 1})
    assert message in str(error.value)


@pytest.mark.parametrize("text", ["nonsense", "=3"])
def test_changes_without_key_or_value(text):
    with pytest.raises(OverrideError, match="needs key=value"):
        overrides.parse(text)


def test_resolve_lists_its_problems_too():
    with pytest.raises(CaseError) as error:
        resolve(changed(conditions__temperature="-5 K", geometry__width="1 um"))
    assert error.value.problems == [
        'conditions.temperature = "-5 K": needs a temperature (like "25 degC") above zero',
        'geometry.width = "1 um": a 1-D case has none',
    ]
