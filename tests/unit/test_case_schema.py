"""The schema as documentation: JSON Schema and the list of keys."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from fem_sei.case import describe
from fem_sei.case.delamination import DelaminationCase
from fem_sei.case.loader import load
from fem_sei.case.schema import Case
from fem_sei.case.studies import STUDIES

CASES = sorted((Path(__file__).parents[2] / "cases").rglob("*.toml"))
PLANAR = next(path for path in CASES if path.stem == "planar_plating")
SCHEMA = describe.json_schema()


def complaints(value, schema, place=""):
    """What a small JSON Schema validator (of the keywords used) has against a value."""
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        found = [list(complaints(value, choice, place)) for choice in choices]
        if all(found):
            yield from min(found, key=len)
        return
    kinds = {
        "string": str,
        "object": dict,
        "array": list,
        "boolean": bool,
        "integer": int,
        "number": (int, float),
    }
    if "type" in schema and not isinstance(value, kinds.get(schema["type"], type(None))):
        yield f"{place} is no {schema['type']}"
        return
    if "const" in schema and value != schema["const"]:
        yield f"{place} is not {schema['const']}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{place} is none of {schema['enum']}"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{place} does not match"
    if isinstance(value, list):
        for n, entry in enumerate(value):
            yield from complaints(entry, schema["items"], f"{place}[{n}]")
    if isinstance(value, dict):
        yield from (f"{place}.{key} is missing" for key in schema.get("required", ()) if key not in value)
        for key, entry in value.items():
            known = schema.get("properties", {}).get(key)
            patterns = [s for p, s in schema.get("patternProperties", {}).items() if re.search(p, key)]
            if known or patterns:
                yield from complaints(entry, known or patterns[0], f"{place}.{key}")
            elif schema.get("additionalProperties", True) is False:
                yield f"{place}.{key} is unknown"


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_json_schema_accepts_the_cases_of_the_repository(path):
    assert list(complaints(tomllib.loads(path.read_text()), SCHEMA)) == []


def test_the_json_schema_refuses_what_the_program_refuses():
    case = tomllib.loads(PLANAR.read_text())
    case["case"]["study"] = "platin"
    case["geometry"]["layers"][0]["thickness"] = "nm"
    case["geometry"]["layers"][1]["thicknes"] = "1 nm"
    del case["conditions"]["concentration"]
    assert sorted(complaints(case, SCHEMA)) == [
        ".case.study is not plating",
        ".conditions.concentration is missing",
        ".geometry.layers[0].thickness does not match",
        ".geometry.layers[1].thicknes is unknown",
    ]


def test_the_json_schema_helps_an_editor():
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    width = SCHEMA["$defs"]["PhaseField"]["properties"]["interface_width"]
    assert width["type"] == "string" and width["examples"] == ["20 nm"] and width["description"]
    for definition in SCHEMA["$defs"].values():
        for key, entry in definition["properties"].items():
            pointed_at = SCHEMA["$defs"].get(entry.get("$ref", "").rsplit("/", 1)[-1], {})
            assert "description" in entry or "description" in pointed_at, key
            assert entry.get("default", "") is not None, key
    for study in ("Case", "DelaminationCase"):
        materials = SCHEMA["$defs"][study]["properties"]["materials"]["patternProperties"]
        (material,) = materials.values()
        assert "1e-13 m^2/s" in material["properties"]["D"]["description"]


def test_every_key_is_listed_with_its_meaning():
    listed = {key: (takes, meaning) for key, takes, meaning in describe.keys(Case)}
    assert listed["phase_field.interface_width"][0] == "length, required"
    assert listed["conditions.temperature"][0] == "temperature, default 298.15 K"
    assert listed["time.front_travel"][0] == "number, default 0.35"
    assert listed["operation.counter"][0] == 'reservoir | closed, default "reservoir"'
    assert listed["geometry.features[]{bump}.height"][0] == "length, required"


def test_keys_of_delamination_say_what_they_take():
    takes = {key: takes for key, takes, _ in describe.keys(DelaminationCase)}
    assert takes["loading.metal"] == "text, optional"
    assert takes["interfaces[].flaw.centre"] == "list of two, length each, required"
    assert takes["geometry.layers[].modulus_profile"] == "list of [height, stress or modulus], optional"
    assert takes["sweep[].values"] == "list, required"
    assert takes["output.checkpoint_every.wall"] == "time, default 10 min"


@pytest.mark.parametrize("study", STUDIES)
def test_every_key_of_every_study_has_a_meaning(study):
    model = STUDIES[study].model
    listed = {key: meaning for key, _, meaning in describe.keys(model)}
    assert all(listed.values())
    assert set(model.model_fields) - {"schema_version"} <= {re.split(r"[.\[{]", key)[0] for key in listed}


def test_the_resolved_case_in_words():
    lines = dict(describe.resolved(load(PLANAR).case))
    assert lines["phase_field.interface_width"] == "5e-08 m  (50 nm)"
    assert lines["conditions.temperature"] == "298.15 K"
    assert lines["operation.steps[0].current_density"] == "5 A/m^2"
    assert lines["geometry.layers[1].name"] == '"coating"'


def test_the_values_a_study_uses():
    used = [(material, key) for material, key, _ in describe.values_used(load(PLANAR).case)]
    assert ("Li", "V_m") in used and ("Al2O3_model", "D") in used
    assert ("Li", "E") not in used
