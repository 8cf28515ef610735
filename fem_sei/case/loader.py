"""Reading a case file: TOML, `--set` changes, variants and sweeps; all problems of all of them at once."""

import itertools
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fem_sei.case import overrides, reader, rules
from fem_sei.case.overrides import OverrideError
from fem_sei.case.studies import STUDIES, Study
from fem_sei.case.sweep import Run, faults_of_names, runs_of
from fem_sei.problems import Problem, did_you_mean, dotted, shown


class CaseError(ValueError):
    """Input that cannot be run; `problems` holds one line each, str() lists them all."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True)
class LoadedCase:
    """A case file as read: the resolved `case` (base), `variants` by name (those of a sweep, too), the raw
    `text` and its `path`, the `changes` of the command line, and the `axes` of a sweep: for each variant the
    value on each axis as text (empty without a sweep)."""

    path: Path
    text: str
    case: Any
    variants: dict[str, Any] = field(default_factory=dict)
    changes: tuple[str, ...] = ()
    axes: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def runs(self) -> dict[str | None, Any]:
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
    variants: dict[str, Any] = {}
    axes: dict[str, dict[str, str]] = {}
    runs = list(itertools.islice(runs_of(data), rules.MOST_RUNS + 1))
    problems += [f"{path}: sweep: {fault}" for fault in faults_of_names(runs)]
    for run in runs if len(runs) <= rules.MOST_RUNS else ():
        try:
            changed = _changed(data, run)
        except OverrideError as error:
            problems.append(f"{path}: {error}")
            continue
        variant, found = _resolve(changed)
        own = [line for line in (problem.text(changed) for problem in found) if line not in lines]
        problems += [f'{path}: variant "{run.name}": {line}' for line in own]
        if run.axes:  # the runs of a sweep share many values; what is wrong with one is said once
            lines += own
            axes[run.name] = dict(run.axes)
        if variant:
            variants[run.name] = _with_mesh_file(variant, path)
    if problems:
        raise CaseError(list(dict.fromkeys(problems)))
    return LoadedCase(path, text, _with_mesh_file(case, path), variants, tuple(changes), axes)


def _changed(data: Mapping[str, Any], run: Run) -> Mapping[str, Any]:
    """The tables with the changes of a run; OverrideError with the place of the one that cannot be made."""
    for place, changes in run.changes:
        try:
            data = overrides.apply(data, changes)
        except OverrideError as error:
            raise OverrideError(f"{dotted(place)}: {error}") from None
    return data


def resolve(data: Mapping[str, Any]) -> Any:
    """The case described by tables as a case file has them; CaseError lists every problem."""
    case, problems = _resolve(data)
    if case is None:
        raise CaseError([problem.text(data) for problem in problems])
    return case


def _with_mesh_file(case: Any, path: Path) -> Any:
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


def _resolve(data: Mapping[str, Any]) -> tuple[Any, list[Problem]]:
    """The case with what it leaves out filled in, or None and all its problems."""
    problems: list[Problem] = []
    study, data = _study_of(data, problems)
    case = reader.read(study.model, data, (), problems)
    problems += rules.check(case, study.rules(case), partial=bool(problems))
    if problems:
        return None, problems
    return study.fill_in(case), []


def _study_of(data: Mapping[str, Any], problems: list[Problem]) -> tuple[Study, Mapping[str, Any]]:
    """The study of a case, and its tables. Of a wrong or missing study the tables name the likely one, the
    closest or the one with most of the keys, so that the rest can be read."""
    table = data.get("case", {})
    given = table.get("study") if isinstance(table, Mapping) else None
    if isinstance(given, str) and given in STUDIES:
        return STUDIES[given], data
    choices = reader.either(STUDIES)
    close = did_you_mean(given, STUDIES)
    keys = {name: study.model.model_fields.keys() & data.keys() for name, study in STUDIES.items()}
    likely = next((n for n in STUDIES if shown(n) in close), max(keys, key=lambda n: len(keys[n])))
    if "case" in data and isinstance(table, Mapping):
        if "study" in table:
            problems.append(
                Problem(("case", "study"), f"needs {choices}.{close}" if close else f"needs {choices}")
            )
        else:
            problems.append(Problem(("case", "study"), f"is missing: needs {choices}", about_key=True))
        data = {**data, "case": {**table, "study": likely}}
    return STUDIES[likely], data
