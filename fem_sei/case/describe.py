"""Texts about cases: the resolved case in SI, the list of all keys, the JSON Schema for editors."""

import json
from collections.abc import Iterator
from typing import Any, get_args, get_origin

from pydantic.json_schema import models_json_schema

from fem_sei.case.common import Table
from fem_sei.case.quantity import quantity_of
from fem_sei.case.reader import choices, key_of, tables_of
from fem_sei.case.studies import STUDIES
from fem_sei.materials.catalogue import FLAGS, KINDS, PROPERTIES, properties_of
from fem_sei.materials.library import Property
from fem_sei.units import show

NOT_SHOWN = ("materials", "variants", "sweep")


def resolved(case: Table) -> Iterator[tuple[str, str]]:
    """Key and value of everything a case says, quantities in SI: ("geometry.width", "2e-06 m  (2 um)")."""
    yield from _entries(case, "")


def values_used(case: Any) -> Iterator[tuple[str, str, Property]]:
    """Material, key and property of every material value that the study of the case uses."""
    for name, keys in STUDIES[case.case.study].properties(case).items():
        for key in keys:
            if key in case.materials[name]:
                yield name, key, case.materials[name][key]


def _entries(table: Table, prefix: str) -> Iterator[tuple[str, str]]:
    for name, field in type(table).model_fields.items():
        value, key = getattr(table, name), prefix + key_of(name, field)
        if value is None or name in NOT_SHOWN:
            continue
        if isinstance(value, Table):
            yield from _entries(value, f"{key}.")
        elif isinstance(value, list):
            for n, entry in enumerate(value):
                if isinstance(entry, Table):
                    yield from _entries(entry, f"{key}[{n}].")
                else:
                    yield f"{key}[{n}]", entry.text
        elif quantity := quantity_of(field):
            yield key, quantity.describe(value)
        else:
            yield key, json.dumps(value, ensure_ascii=False)


def keys(model: type[Table], prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """Every key of case files: dotted key, what it takes (with the default), and its meaning."""
    for name, field in model.model_fields.items():
        key = prefix + key_of(name, field)
        tables = tables_of(field.annotation)
        many = "[]" if get_origin(field.annotation) is list else ""
        if not tables:
            yield key, _takes(field), " ".join((field.description or "").split())
        for table in tables:
            kind = table.model_fields.get("kind")
            suffix = f"{{{get_args(kind.annotation)[0]}}}" if kind else ""
            needed = "required" if field.is_required() else "optional"
            yield f"{key}{many}{suffix}", f"table, {needed}", " ".join((table.__doc__ or "").split())
            yield from keys(table, f"{key}{many}{suffix}.")


def material_keys() -> Iterator[tuple[str, str, str]]:
    """Every key of a table of [materials]: key, what it takes, and its meaning."""
    for key, meaning in (
        ("extends", 'the library material to start from, "library:NAME"'),
        ("kind", " or ".join(KINDS)),
        ("title", "one line"),
        ("source", "where the values given here come from"),
        ("flag", ", ".join(FLAGS)),
    ):
        yield f"materials.NAME.{key}", "text", meaning
    for kind in KINDS:
        for key in properties_of(kind):
            quality = PROPERTIES[key]
            takes = quality.dimension.noun.split(" ", 1)[1]
            yield f"materials.NAME.{key}", takes, f"{quality.meaning} ({kind})"


def _takes(field: Any) -> str:
    """`length, required`, `number, default 0.35`."""
    quantity, annotation = quantity_of(field), field.annotation
    annotation = str if annotation == str | None else annotation
    if quantity:
        words = quantity.words
    elif allowed := choices(annotation):
        words = " | ".join(str(choice) for choice in allowed)
    else:
        plain = {str: "text", bool: "true | false", int: "number", float: "number"}
        plain_of = {dict: "table", list: "list" if annotation == list[Any] else "text or list of texts"}
        words = plain.get(annotation, plain_of.get(get_origin(annotation), "number"))
    if field.is_required():
        return f"{words}, required"
    if field.default is None or field.default in ({}, "", []):
        return f"{words}, optional"
    default = show(field.default, quantity.dimension.unit, 6) if quantity else json.dumps(field.default)
    return f"{words}, default {default}"


def json_schema() -> dict[str, Any]:
    """The JSON Schema of case files, for editors and other programs: one of those of the studies."""
    models = [(study.model, "validation") for study in STUDIES.values()]
    found, schema = models_json_schema(models, by_alias=True, title="Case file of fem_sei")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["oneOf"] = [found[model] for model in models]
    for study in STUDIES.values():
        table = schema["$defs"][study.model.__name__]["properties"]["materials"]["patternProperties"]
        for entry in table.values():
            for key, quality in PROPERTIES.items():
                entry["properties"][key] = {"description": f"{quality.meaning}: {quality.dimension.needs}"}
    for definition in schema["$defs"].values():
        for entry in definition["properties"].values():
            if "default" in entry and not isinstance(entry["default"], (str, bool)):
                is_text = entry.get("type") == "string"  # a quantity, whose default is in SI
                if is_text or entry["default"] is None or isinstance(entry["default"], dict):
                    del entry["default"]
    return schema
