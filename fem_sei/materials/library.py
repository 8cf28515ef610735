"""Materials: the library that comes with the program, and the materials of a case file made from it.

A material is written as a TOML table, in the library as in a case file:

    [Al2O3_model]
    kind  = "ion_conductor"
    D     = { value = "1.0e-13 m^2/s", flag = "assumed", source = "Jin et al., Small 18 (2022) e2203045" }
    kappa = { law = "nernst_einstein" }

A case file may shorten a property to its value, and start from a library material with
extends = "library:NAME"; what it gives itself is flagged "user".
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import Any

from fem_sei.materials import laws
from fem_sei.materials.catalogue import FLAGS, KINDS, PROPERTIES, properties_of
from fem_sei.materials.laws import NUMPY, TEMPLATES, Law
from fem_sei.problems import Place, Problem, did_you_mean, unknown_key
from fem_sei.units import NUMBER, Dimension, UnitError, number, to_si

PREFIX = "library:"
TABLE_KEYS = ("extends", "kind", "title", "flag", "source")
PROPERTY_KEYS = ("value", "law", "range", "flag", "source")


class MaterialError(ValueError):
    """A material's table that cannot be read; `problems` have places relative to it."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(problem.message for problem in problems))


@dataclass(frozen=True)
class Property:
    """A property of a material: a `value` in SI or a `law` of c and T, and where it comes from.

    `range` (SI) is the spread found in the literature, `flag` one of `catalogue.FLAGS`.
    """

    value: float | None
    law: Law | None
    unit: str
    flag: str
    source: str
    range: tuple[float, float] | None = None

    def __call__(self, c: Any, T: Any, math: Any = NUMPY) -> Any:
        """The value at the concentration c (mol/m^3) and temperature T (K); see `laws.Law`."""
        return self.value if self.law is None else self.law(c, T, math)

    @property
    def as_law(self) -> Law:
        """The property as a law, a constant one for a plain value."""
        return laws.constant(self.value) if self.law is None else self.law

    def describe(self) -> str:
        """The value with few digits, or the law, without the unit."""
        return number(self.value, 6) if self.law is None else self.law.describe()


@dataclass(frozen=True)
class Material:
    """A material and its properties by name: material["D"](c, T), material.value("V_m")."""

    name: str
    kind: str
    title: str
    properties: Mapping[str, Property]

    def __getitem__(self, key: str) -> Property:
        if key not in self.properties:
            raise KeyError(f"material {self.name} has no {key}")
        return self.properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.properties

    def value(self, key: str) -> float:
        """The value (SI) of a property that is a constant, such as V_m."""
        found = self[key]
        if found.value is None:
            raise KeyError(f"{key} of material {self.name} is not a constant: {found.law.describe()}")
        return found.value

    @property
    def z(self) -> int:
        """Valence of the metal's ion."""
        return int(self.value("z"))

    def with_properties(self, changed: Mapping[str, Property]) -> "Material":
        """A copy with some properties replaced or added."""
        return replace(self, properties={**self.properties, **changed})

    def with_valence(self, z: int) -> "Material":
        """A copy whose Nernst-Einstein conductivity, if it has one, is that of ions of valence `z`."""
        kappa = self.properties.get("kappa")
        if kappa is None or kappa.law is None or kappa.law.name != "nernst_einstein":
            return self
        law = laws.nernst_einstein(self["D"].as_law, self["t_plus"].as_law, z)
        return self.with_properties({"kappa": replace(kappa, law=law)})


@lru_cache(maxsize=1)
def tables() -> dict[str, dict[str, Any]]:
    """The library as written: one table per material, in the order of the files."""
    folder = files("fem_sei.materials") / "library"
    found: dict[str, dict[str, Any]] = {}
    for path in ("metals", "electrolytes", "interphases", "coatings"):
        for name, table in tomllib.loads((folder / f"{path}.toml").read_text(encoding="utf-8")).items():
            if name in found:
                raise ValueError(f"the library has two materials named {name}")
            found[name] = table
    return found


def names(kind: str | None = None) -> list[str]:
    """Names in the library, of one kind if given."""
    return [name for name, table in tables().items() if kind in (None, table["kind"])]


def from_library(name: str) -> Material:
    """The material `name` of the library; KeyError with the closest name if there is none."""
    if name not in tables():
        raise KeyError(f'there is no material "{name}" in the library.{did_you_mean(name, tables())}')
    return read(name, tables()[name])


def read(name: str, table: Mapping[str, Any]) -> Material:
    """The material a table describes; MaterialError with everything that is wrong with it."""
    problems: list[Problem] = []
    base = _base(table, problems)
    kind = _kind(table, base, problems)
    if kind is None:
        raise MaterialError(problems)
    _check_flag(table, (), problems)
    allowed = properties_of(kind)
    properties = dict(base.properties) if base else {}
    for key, value in table.items():
        if key in TABLE_KEYS:
            if not isinstance(value, str):
                problems.append(Problem((key,), "needs a text"))
        elif key in allowed:
            if found := _property(key, value, table, problems):
                properties[key] = found
        elif key in PROPERTIES:
            problems.append(Problem((key,), f"{KINDS[kind]} has no such property"))
        else:
            problems.append(unknown_key((key,), [*TABLE_KEYS, *allowed]))
    if not problems:
        _bind_nernst_einstein(properties, problems)
    if problems:
        raise MaterialError(problems)
    title = table.get("title", base.title if base else name)
    return Material(name, kind, title, properties)


def _base(table: Mapping[str, Any], problems: list[Problem]) -> Material | None:
    """The library material a table extends."""
    extends = table.get("extends")
    if extends is None:
        return None
    origin = str(extends).removeprefix(PREFIX)
    if origin in tables() and str(extends).startswith(PREFIX):
        return from_library(origin)
    hint = did_you_mean(origin, tables()).replace('"', f'"{PREFIX}', 1)
    problems.append(Problem(("extends",), f'needs "{PREFIX}NAME" of a material in the library.{hint}'))
    return None


def _kind(table: Mapping[str, Any], base: Material | None, problems: list[Problem]) -> str | None:
    """The kind of material: given, or that of the material it extends."""
    if "kind" not in table:
        if base is None and not problems:
            message = f'needs extends = "{PREFIX}NAME", or kind = one of {", ".join(KINDS)}'
            problems.append(Problem((), message))
        return base.kind if base else None
    kind = table["kind"]
    if not isinstance(kind, str) or kind not in KINDS:
        hint = did_you_mean(kind, KINDS)
        problems.append(Problem(("kind",), f"needs one of {', '.join(KINDS)}" + (f".{hint}" if hint else "")))
        return None
    if base and base.kind != kind:
        problems.append(Problem(("kind",), f"{base.name} is {KINDS[base.kind]}"))
        return None
    return kind


def _property(key: str, given: Any, table: Mapping[str, Any], problems: list[Problem]) -> Property | None:
    """One property; `given` is its value or a table with value or law, and its source."""
    quality = PROPERTIES[key]
    entry = given if isinstance(given, dict) else {"value": given}
    place: Place = (key,) if isinstance(given, dict) else ()
    before = len(problems)
    _check_flag(entry, (key,), problems)
    value, law = None, None
    if "law" in entry:
        law = _law(key, entry, quality.dimension, problems)
    elif "value" in entry:
        at = (*place, "value") if place else (key,)
        value = _value(at, entry["value"], quality.dimension, problems)
        if value is not None and (fault := quality.fault(value)):
            problems.append(Problem(at, fault))
        problems += [
            unknown_key((key, other), PROPERTY_KEYS) for other in entry if other not in PROPERTY_KEYS
        ]
    else:
        problems.append(Problem((key,), "needs a value or a law"))
    spread = _spread(key, entry.get("range"), quality.dimension, problems)
    if len(problems) > before:
        return None
    source = entry.get("source", table.get("source", "case file"))
    flag = entry.get("flag", table.get("flag", "user"))
    return Property(value, law, quality.dimension.unit, flag, source, spread)


def _check_flag(table: Mapping[str, Any], place: Place, problems: list[Problem]) -> None:
    """The flag of a material or of one value, if there is one."""
    flag = table.get("flag", "user")
    if not isinstance(flag, str) or flag not in FLAGS:
        message = f"needs one of {', '.join(FLAGS)}.{did_you_mean(flag, FLAGS)}".rstrip(".")
        problems.append(Problem((*place, "flag"), message))


def _value(at: Place, given: Any, dimension: Dimension, problems: list[Problem]) -> float | None:
    """A number in SI from a text with a unit, or from a plain number where the property has no dimension."""
    plain = isinstance(given, (int, float)) and not isinstance(given, bool)
    try:
        if dimension is NUMBER:
            if plain and abs(given) < float("inf"):
                return float(given)
            raise UnitError("needs a plain number")
        if plain or not isinstance(given, str):
            raise UnitError(f"needs {dimension.needs}" + (", got a number without a unit" if plain else ""))
        return to_si(given, dimension)
    except UnitError as error:
        problems.append(Problem(at, str(error)))
        return None


def _spread(
    key: str, given: Any, dimension: Dimension, problems: list[Problem]
) -> tuple[float, float] | None:
    """The range of a property, [low, high]."""
    if given is None:
        return None
    if not isinstance(given, list) or len(given) != 2:
        problems.append(Problem((key, "range"), "needs two values, [low, high]"))
        return None
    low, high = (_value((key, "range", n), end, dimension, problems) for n, end in enumerate(given))
    return None if low is None or high is None else (low, high)


def _law(key: str, entry: Mapping[str, Any], own: Dimension, problems: list[Problem]) -> Law | None:
    """The law an entry names, with its parameters; nernst_einstein is bound to D and t_plus afterwards."""
    name = entry["law"]
    template = TEMPLATES.get(name) if isinstance(name, str) else None
    if template is None:
        close = did_you_mean(name, TEMPLATES) or f" There are: {', '.join(TEMPLATES)}."
        problems.append(Problem((key, "law"), f"is not a known law.{close}"))
        return None
    if name == "nernst_einstein" and key != "kappa":
        problems.append(Problem((key, "law"), "is a law for kappa only"))
        return None
    before = len(problems)
    known = ("law", "range", "flag", "source", *template.parameters)
    problems += [unknown_key((key, other), known) for other in entry if other not in known]
    arguments = {}
    for parameter, dimension in template.parameters.items():
        at = (key, parameter)
        if parameter not in entry:
            if parameter not in template.optional:
                problems.append(Problem(at, f"is missing: the law {name} needs it", about_key=True))
        elif isinstance(dimension, int):
            given = entry[parameter]
            if not isinstance(given, list) or len(given) != dimension:
                problems.append(Problem(at, f"needs {dimension} numbers"))
            else:
                arguments[parameter] = [_value((*at, n), p, NUMBER, problems) for n, p in enumerate(given)]
        else:
            dimension = own if dimension == "own" else dimension
            arguments[parameter] = _value(at, entry[parameter], dimension, problems)
    if len(problems) > before:
        return None
    if name == "nernst_einstein":
        return Law(name, lambda c, T, math: None, "", {})  # a placeholder, see _bind_nernst_einstein
    return template.build(**arguments)


def _bind_nernst_einstein(properties: dict[str, Property], problems: list[Problem]) -> None:
    """Give a Nernst-Einstein conductivity the material's own D and t_plus (valence 1 until told)."""
    kappa = properties.get("kappa")
    if kappa is None or kappa.law is None or kappa.law.name != "nernst_einstein":
        return
    if missing := [key for key in ("D", "t_plus") if key not in properties]:
        problems.append(Problem(("kappa",), f"the law nernst_einstein needs {' and '.join(missing)}"))
        return
    share = properties["t_plus"].value
    if share is not None and not 0.0 < share < 1.0:
        problems.append(
            Problem(
                ("t_plus",), "the law nernst_einstein of kappa needs t_plus between 0 and 1, or give kappa"
            )
        )
        return
    law = laws.nernst_einstein(properties["D"].as_law, properties["t_plus"].as_law, 1)
    properties["kappa"] = replace(kappa, law=law)
