"""What a restart finds in a run folder: the case as it was run, what is done, what can be continued."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from fem_sei.case.checks import assess
from fem_sei.case.describe import resolved
from fem_sei.case.loader import CaseError, LoadedCase, load
from fem_sei.numerics.parallel import on_rank_zero
from fem_sei.results import checkpoint
from fem_sei.results.checkpoint import CheckpointError
from fem_sei.results.run_folder import RunFolder, RunFolderError, manifest_of
from fem_sei.studies.kinds import kind_of
from fem_sei.studies.running import Session

CHANGEABLE = ("solver", "output")  # tables that do not belong to the state of any study
MODE = "operation.mode"  # the equations of the potential belong to it
AT_THE_END = 1e-9  # relative distance at which a run has reached the time asked for


@dataclass(frozen=True)
class Found:
    """The case, and how each variant (the run itself: None) is to be run; no session for what is done."""

    loaded: LoadedCase
    session: Session
    sessions: dict[str | None, Session | None]


@dataclass(frozen=True)
class _State:
    """What is in the folder of one run: run.json (empty without one), time (s) of the checkpoint, mesh."""

    manifest: dict[str, Any]
    time: float | None
    has_mesh: bool


def examine(
    folder: RunFolder,
    until: float | None,
    changes: Sequence[str],
    petsc_args: Sequence[str],
    deadline: float,
    at_once: int,
) -> Found:
    """Read a run folder and check that it can be continued so; changes nothing (collective).

    Raises CaseError for changes that are wrong or that the saved state does not fit, RunFolderError for a
    folder that is no run, CheckpointError for a run without a checkpoint.
    """
    manifest = folder.read_manifest()
    before = manifest.get("given", {})
    given = {
        "set": [*before.get("set", []), *changes],
        "petsc": [*before.get("petsc", []), *petsc_args],
        "until": before.get("until") if until is None else until,
    }
    loaded = load(folder.path / "case.toml", given["set"])
    if problems := list(_problems(loaded, load(folder.path / "case.toml", before.get("set", [])), changes)):
        raise CaseError(problems)
    end = math.inf if given["until"] is None else given["until"]
    if until is not None and not kind_of(loaded.case).timed:
        raise RunFolderError(f"--until: a study of {loaded.case.case.study} does not run in time")
    session = Session(given, end, deadline, at_once=at_once)
    if manifest.get("kind") == "variants":
        places = {name: RunFolder(folder.path / name, folder.comm) for name in loaded.variants}
    else:
        places = {None: folder}
    states = on_rank_zero(folder.comm, lambda: {name: _look_at(place) for name, place in places.items()})
    for name, state in states.items():
        at = places[name].path
        if until is not None and state.time is not None and state.time > until * (1 + AT_THE_END):
            raise RunFolderError(f"{at} is already at {state.time:.6g} s, after --until {until:g} s")
        if state.time is None and (name is None or state.manifest.get("status") == "done"):
            raise CheckpointError(
                f"there is no checkpoint in {at}: run the case again, with --force or --out DIR"
            )
        if state.time is not None and not state.has_mesh:
            raise CheckpointError(f"{places[name].mesh} is missing: the checkpoint cannot be used without it")
    asked = until is not None or bool(changes)
    sessions = {name: _session(state, session, asked) for name, state in states.items()}
    return Found(loaded, session, sessions)


def _problems(loaded: LoadedCase, before: LoadedCase, changes: Sequence[str]) -> list[str]:
    """What the changes of a restart break: values that the saved state belongs to, and sense."""
    problems = []
    for name, case in loaded.runs.items() if changes else ():
        earlier = before.runs.get(name)
        if earlier is None:
            return ["variants: were others, which a restart cannot change"]
        old, new = dict(resolved(earlier)), dict(resolved(case))
        free = (*kind_of(case).changeable, *CHANGEABLE)
        fixed = [key for key in {**old, **new} if key == MODE or key.split(".")[0] not in ("case", *free)]
        problems += [
            f"{key} = {new.get(key)}: was {old.get(key)}, {_fixed(free)}"
            for key in fixed
            if old.get(key) != new.get(key)
        ]
        if case.materials != earlier.materials:
            problems.append(f"materials: {_fixed(free)}")
        problems += _refusals(case) if not problems else []
    return list(dict.fromkeys(problems))


def _fixed(free: tuple[str, ...]) -> str:
    *names, last = free
    return f"and a restart can only change {', '.join(names)} and {last}"


def _refusals(case: Any) -> list[str]:
    return [f"{row.name.strip()}: {row.advice}" for row in assess(case).of("refuse")]


def _look_at(place: RunFolder) -> _State:
    """Not collective. A variant that was killed before its first checkpoint, or not begun, has no time."""
    if not place.manifest.is_file():
        return _State({}, None, False)
    meta = checkpoint.newest_meta(place.checkpoint)
    time = None if meta is None else meta["time"]
    return _State(manifest_of(place.manifest), time, place.mesh.is_file())


def _session(state: _State, session: Session, asked: bool) -> Session | None:
    """How to go on from a state, ``asked`` to go further or differently; None if there is nothing to do."""
    done = state.manifest.get("status") == "done"
    if done and (not asked or (state.time or 0.0) >= session.until * (1 - AT_THE_END)):
        return None
    return session if state.time is None else replace(session, earlier=state.manifest)


def result_of(folder: RunFolder) -> dict[str, Any]:
    """What a run that is done has found (collective)."""
    return folder.read_manifest().get("result") or {}
