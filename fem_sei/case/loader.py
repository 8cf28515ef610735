"""Reading a case file: TOML, `--set` changes, variants; all problems of all of them at once."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fem_sei.case import overrides, reader, rules
from fem_sei.case.overrides import OverrideError
from fem_sei.case.schema import Case, Kinetics
from fem_sei.materials.catalogue import PROPERTIES
from fem_sei.materials.library import Property
from fem_sei.problems import Problem, dotted


class CaseError(ValueError):
    """Input that cannot be run; `problems` holds one line each, str() lists them all."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True)
class LoadedCase:
    """A case file as read: the resolved `case` (base), `variants` by name, the raw `text` and its `path`, and
    the `changes` of the command line."""

    path: Path
    text: str
    case: Case
    variants: dict[str, Case] = field(default_factory=dict)
    changes: tuple[str, ...] = ()

    @property
    def runs(self) -> dict[str | None, Case]:
        """What is to be run: the variants by name, or the case itself under None."""
        return dict(self.variants) or {None: self.case}


def load(path: str | Path, changes: Sequence[str] = ()) -> LoadedCase:
    """Read a case file with the `key=value` changes of the command line; CaseError lists every problem."""
    path = Path(path)
    text, data = _parse(path)
    problems: list[str] = []
    for change in changes:
        try:
            key, value = overrides.parse(change)
            data = overrides.apply(data, {key: value})
        except OverrideError as error:
            problems.append(f"--set {change}: {error}")
    case, found = _resolve(data)
    lines = [problem.text(data) for problem in found]
    problems += [f"{path}: {line}" for line in lines]
    variants: dict[str, Case] = {}
    for place, name, table in _variants_of(data):
        try:
            changed = overrides.apply(data, table)
        except OverrideError as error:
            problems.append(f"{path}: {place}.set: {error}")
            continue
        variant, found = _resolve(changed)
        own = [problem.text(changed) for problem in found]
        problems += [f'{path}: variant "{name}": {line}' for line in own if line not in lines]
        if variant:
            variants[name] = _with_mesh_file(variant, path)
    if problems:
        raise CaseError(list(dict.fromkeys(problems)))
    return LoadedCase(path, text, _with_mesh_file(case, path), variants, tuple(changes))


def resolve(data: Mapping[str, Any]) -> Case:
    """The case described by tables as a case file has them; CaseError lists every problem."""
    case, problems = _resolve(data)
    if case is None:
        raise CaseError([problem.text(data) for problem in problems])
    return case


def _with_mesh_file(case: Case, path: Path) -> Case:
    """The case with the place of its mesh file, which the case file at ``path`` gives relative to itself."""
    if not case.mesh.file:
        return case
    mesh = case.mesh.model_copy(update={"file": str(path.parent / case.mesh.file)})
    return case.model_copy(update={"mesh": mesh})


def _parse(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
        return text, tomllib.loads(text)
    except FileNotFoundError:
        raise CaseError([f"{path}: no such file"]) from None
    except OSError as error:
        raise CaseError([f"{path}: cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise CaseError([f"{path}: is not a text file in UTF-8"]) from None
    except tomllib.TOMLDecodeError as error:
        raise CaseError([f"{path}: is not valid TOML: {error}"]) from None


def _variants_of(data: Mapping[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Place, name and `set` table of the variants that have both as they should be."""
    entries = data.get("variants", [])
    found = []
    for n, entry in enumerate(entries if isinstance(entries, list) else []):
        table = entry.get("set", {}) if isinstance(entry, dict) else None
        if isinstance(table, dict) and isinstance(entry.get("name"), str):
            found.append((dotted(("variants", n)), entry["name"], table))
    return found


def _resolve(data: Mapping[str, Any]) -> tuple[Case | None, list[Problem]]:
    """The case with its materials and kinetics filled in, or None and all its problems."""
    problems: list[Problem] = []
    case = reader.read(Case, data, (), problems)
    problems += rules.check(case, partial=bool(problems))
    if problems:
        return None, problems
    return _fill_in(case), []


def _fill_in(case: Case) -> Case:
    """Every material a layer uses, the metal with the values of [kinetics] and these with the metal's."""
    used = {layer.material: rules.material(case, layer.material) for layer in case.geometry.layers}
    metal = case.geometry.layers[0].material
    given = {key: getattr(case.kinetics, key) for key in KINETIC_PROPERTIES}
    used[metal] = used[metal].with_properties(
        {key: _given(key, value) for key, value in given.items() if value is not None}
    )
    used = {name: one.with_valence(used[metal].z) for name, one in used.items()}
    kinetics = Kinetics.model_construct(
        **{key: used[metal].value(key) for key in KINETIC_PROPERTIES},
        reference_concentration=case.kinetics.reference_concentration or case.conditions.concentration,
    )
    return case.model_copy(update={"materials": used, "kinetics": kinetics})


KINETIC_PROPERTIES = ("exchange_current_density", "alpha", "surface_energy")


def _given(key: str, value: float) -> Property:
    return Property(value, None, PROPERTIES[key].dimension.unit, "user", "case file")
