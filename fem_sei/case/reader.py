"""From the tables of a case file to the models of the schema, collecting every problem instead of the first.

`read(Case, data, (), problems)` returns the model; where something is wrong it returns as much of it as can
be read (attributes that cannot are absent), so that the rules can still look at the rest.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from annotated_types import MinLen
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from fem_sei.case.common import MaterialTable, Name, Table
from fem_sei.case.quantity import quantity_of
from fem_sei.materials import library
from fem_sei.materials.library import Material, MaterialError
from fem_sei.problems import Place, Problem, did_you_mean, shown, unknown_key

NAME_RULE = 'needs a name of letters, digits, "_", "-" and "+"'
EXPECTED = {
    str: "needs a text",
    bool: "needs true or false",
    int: "needs a whole number",
    float: "needs a number",
}


def key_of(name: str, field: FieldInfo) -> str:
    """The key of a field in the file."""
    return field.alias or name


def read(model: type[Table], data: Any, place: Place, problems: list[Problem]) -> Table:
    """The table of type `model` at `place`, whole or partial; see the module."""
    if not isinstance(data, Mapping):
        problems.append(Problem(place, "needs a table of keys"))
        return _partial(model, {})
    before = len(problems)
    fields = {key_of(name, field): (name, field) for name, field in model.model_fields.items()}
    problems += [unknown_key((*place, key), fields) for key in data if key not in fields]
    parts: dict[str, Any] = {}
    broken: list[str] = []
    for key, (name, field) in fields.items():
        if key not in data:
            if field.is_required():
                problems.append(Problem((*place, key), f"is missing: {expected(field)}", about_key=True))
            continue
        found_before = len(problems)
        value = _read_value(field, data[key], (*place, key), problems)
        if len(problems) == found_before or isinstance(value, (Table, list, dict)):
            parts[name] = value
        else:
            broken.append(name)
    if len(problems) > before:
        return _partial(model, parts, broken)
    try:
        return model.model_validate(_without_tables(data, parts))
    except ValidationError as error:  # a rule of the table as a whole
        message = error.errors()[0]["msg"].removeprefix("Value error, ")
        problems.append(Problem(place, message))
        return _partial(model, parts)


def expected(field: FieldInfo) -> str:
    """What a missing key needs, in a few words."""
    quantity = quantity_of(field)
    if quantity:
        return f"needs {quantity.needs}"
    if words := choices(_annotation(field)):
        return f"needs {either(words)}"
    meaning = field.description or tables_of(field.annotation)[0].__doc__
    return meaning[0].lower() + meaning[1:].split(". ")[0].rstrip(".")


def tables_of(annotation: Any) -> list[type[Table]]:
    """The tables a field holds: one, or the kinds a list may have."""
    if isinstance(annotation, type) and issubclass(annotation, Table):
        return [annotation]
    return [table for argument in get_args(annotation) for table in tables_of(argument)]


def _annotation(field: FieldInfo) -> Any:
    return Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation


def _read_value(field: FieldInfo, value: Any, place: Place, problems: list[Problem]) -> Any:
    """One value: a table, a list of tables, the materials, or a leaf."""
    if get_args(field.annotation)[1:] == (MaterialTable,):
        return _read_materials(value, place, problems)
    tables = tables_of(field.annotation)
    if not tables:
        return _read_leaf(_annotation(field), value, place, problems)
    if get_origin(field.annotation) is not list:
        return _read_entry(tables, value, place, problems)
    if not isinstance(value, list):
        problems.append(Problem(place, "needs a list of tables"))
        return []
    least = next((rule.min_length for rule in field.metadata if isinstance(rule, MinLen)), 0)
    if len(value) < least:
        problems.append(Problem(place, _at_least(least)))
    return [_read_entry(tables, entry, (*place, n), problems) for n, entry in enumerate(value)]


def _read_entry(tables: list[type[Table]], value: Any, place: Place, problems: list[Problem]) -> Table:
    """One table; of several types of table the key `kind` tells which, or its keys."""
    if len(tables) == 1 or not isinstance(value, Mapping):
        return read(tables[0], value, place, problems)
    if "kind" not in tables[0].model_fields:
        likely = max(tables, key=lambda table: len(table.model_fields.keys() & value.keys()))
        return read(likely, value, place, problems)
    by_kind = {get_args(table.model_fields["kind"].annotation)[0]: table for table in tables}
    kind = value.get("kind")
    if isinstance(kind, str) and kind in by_kind:
        return read(by_kind[kind], value, place, problems)
    if "kind" in value:
        problems.append(Problem((*place, "kind"), _needs_one_of(list(by_kind), kind)))
    else:
        problems.append(
            Problem((*place, "kind"), f"is missing: needs {either(list(by_kind))}", about_key=True)
        )
    return _partial(tables[0], {})


def _read_materials(value: Any, place: Place, problems: list[Problem]) -> dict[str, Material | None]:
    """[materials]: each table read by the library; None for those that cannot be read."""
    found: dict[str, Material | None] = {}
    if not isinstance(value, Mapping):
        problems.append(Problem(place, "needs a table of materials"))
        return found
    for name, table in value.items():
        here, found[name] = (*place, name), None
        if _read_leaf(Name, name, here, problems) is None:
            continue
        if not isinstance(table, Mapping):
            problems.append(Problem(here, "needs a table of properties"))
            continue
        try:
            found[name] = library.read(name, table)
        except MaterialError as error:
            problems += [Problem((*here, *p.place), p.message, p.about_key) for p in error.problems]
    return found


@cache
def _adapter(annotation: Any) -> TypeAdapter:
    return TypeAdapter(annotation)


def _read_leaf(annotation: Any, value: Any, place: Place, problems: list[Problem]) -> Any:
    """A quantity, number, text, choice or plain dict."""
    try:
        return _adapter(annotation).validate_python(value, strict=True)
    except ValidationError as error:
        seen = set()
        for fault in error.errors():
            at = (*place, *(part for part in fault["loc"] if _is_in(part, value)))
            if at not in seen:  # a union of types reports each of them
                problems.append(Problem(at, _message(annotation, fault)))
            seen.add(at)
        return None


def _is_in(part: Any, value: Any) -> bool:
    return part in value if isinstance(value, Mapping) else isinstance(value, list) and isinstance(part, int)


def _message(annotation: Any, fault: Mapping[str, Any]) -> str:
    """A fault found by pydantic, in the words of this program."""
    kind, context = fault["type"], fault.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if allowed := choices(annotation):
        return _needs_one_of(allowed, fault["input"])
    if get_origin(annotation) is dict:
        return "needs a text, a number, true or false" if fault["loc"] else "needs a table of keys"
    if kind == "string_pattern_mismatch":
        return NAME_RULE
    if kind == "too_short":
        return _at_least(context["min_length"])
    bounds = {"greater_than": "above {gt}", "greater_than_equal": "of at least {ge}"}
    bounds |= {"less_than": "below {lt}", "less_than_equal": "of at most {le}"}
    if kind in bounds:
        return f"needs a number {bounds[kind].format(**{k: f'{v:g}' for k, v in context.items()})}"
    for base in (bool, int, float, str):
        if kind.startswith(base.__name__) or (base is str and kind.startswith("string")):
            return EXPECTED[base]
    return fault["msg"]


def _at_least(count: int) -> str:
    return f"needs at least {count} {'entry' if count == 1 else 'entries'}"


def choices(annotation: Any) -> list[Any]:
    """What a Literal, or a Literal or None, allows; nothing for other types."""
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    parts = [part for part in get_args(annotation) if part is not NoneType]
    return choices(parts[0]) if len(parts) == 1 and NoneType in get_args(annotation) else []


def _needs_one_of(allowed: list[Any], given: Any) -> str:
    hint = did_you_mean(given, map(str, allowed)) if len(allowed) > 1 else ""
    return f"needs {either(allowed)}" + (f".{hint}" if hint else "")


def either(allowed: Iterable[Any]) -> str:
    """What may be chosen, in words: 1, 2 or 3."""
    words = [shown(choice) for choice in allowed]
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _without_tables(data: Mapping[str, Any], parts: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a table with its materials read, the rest as it is."""
    return {**data, "materials": parts["materials"]} if "materials" in parts else dict(data)


def _partial(model: type[Table], parts: Mapping[str, Any], broken: Sequence[str] = ()) -> Table:
    """As much of a table as could be read: what is broken, or required and missing, is no attribute."""
    table = model.model_construct(**parts)
    for name in broken:
        table.__dict__.pop(name, None)
    return table
