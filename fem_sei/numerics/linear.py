"""PETSc option profiles: a named profile, then the case file's options, then the command line, which wins."""

from __future__ import annotations

import math

from petsc4py import PETSc

DIRECT_LIMITS = {1: math.inf, 2: 30_000, 3: 6_000}  # dofs from which multigrid beats a factorisation

ELASTIC_DIRECT_LIMITS = {
    1: math.inf,
    2: 200_000,
    3: 10_000,
}  # the same for displacements, with a margin for limit loads

_inserted: set[str] = set()  # names in PETSc's data base that are ours, not the user's

DIRECT = {"snes_linesearch_type": "basic", "ksp_type": "preonly", "pc_type": "lu",
          "pc_factor_mat_solver_type": "mumps"}  # fmt: skip
BOOMERAMG = {"ksp_type": "preonly", "pc_type": "hypre", "pc_hypre_type": "boomeramg",
             "pc_hypre_boomeramg_coarsen_type": "HMIS", "pc_hypre_boomeramg_interp_type": "ext+i",
             "pc_hypre_boomeramg_P_max": 4}  # fmt: skip
BOOMERAMG_3D = BOOMERAMG | {"pc_hypre_boomeramg_strong_threshold": 0.5}


def profile_options(profile: str, fields: tuple[str, ...], dofs: int, dimension: int) -> dict[str, object]:
    """Options of a coupled solve of P1 ``fields``.

    ``direct``: MUMPS. ``iterative``: flexible GMRES with a multiplicative splitting by field, one BoomerAMG
    V-cycle each, the preconditioner built once per time step. ``auto`` picks by the number of dofs.
    (SOR for the field that hardly couples in space is no faster, and where another field's rows are larger
    by many orders the loose tolerance then leaves that field unsolved.)
    """
    if profile == "auto":
        profile = "direct" if dofs < DIRECT_LIMITS[dimension] else "iterative"
    if profile == "direct":
        return DIRECT
    options: dict[str, object] = {
        "snes_linesearch_type": "basic",  # full steps; the update is damped where it is too large
        "ksp_type": "fgmres", "ksp_gmres_restart": 60, "ksp_max_it": 120, "ksp_rtol": 1e-3,
        "snes_ksp_ew": None, "snes_ksp_ew_version": 2, "snes_ksp_ew_rtol0": 1e-3, "snes_ksp_ew_rtolmax": 1e-3,
        "snes_lag_preconditioner": 20, "snes_lag_preconditioner_persists": False,
        "pc_type": "fieldsplit", "pc_fieldsplit_type": "multiplicative",
    }  # fmt: skip
    for name in fields:
        block = BOOMERAMG_3D if dimension == 3 else BOOMERAMG
        options |= {f"fieldsplit_{name}_{key}": value for key, value in block.items()}
    return options


def elastic_options(profile: str, dofs: int, dimension: int) -> dict[str, object]:
    """Options for displacements of one or several bodies: ``direct`` (MUMPS) or ``iterative`` (GMRES with
    smoothed aggregation, which needs the rigid body modes); ``auto`` picks by the number of dofs.

    GMRES, since softening makes the tangent indefinite and mixed modes make it unsymmetric. A loose tolerance
    costs at most one Newton iteration more and halves the time: updates are what is tested, not residuals.
    """
    if profile == "auto":
        profile = "direct" if dofs < ELASTIC_DIRECT_LIMITS[dimension] else "iterative"
    if profile == "direct":
        return DIRECT
    return {
        "snes_linesearch_type": "basic",
        "ksp_type": "gmres", "ksp_gmres_restart": 100, "ksp_max_it": 300, "ksp_rtol": 1e-3,
        "pc_type": "gamg", "pc_gamg_type": "agg", "pc_gamg_agg_nsmooths": 1, "pc_gamg_threshold": 0.02,
        "mg_levels_ksp_type": "chebyshev", "mg_levels_pc_type": "jacobi", "mg_levels_ksp_max_it": 2,
    }  # fmt: skip


def insert_options(prefix: str, *layers: dict[str, object]) -> list[str]:
    """Put option layers (later ones win) into PETSc's data base; what the user already set there wins.

    What an earlier solver of this prefix left there goes: its profile may have been another one. Returns the
    full names that were put in, so that unused ones can be reported.
    """
    remove_options([name for name in _inserted if name.startswith(prefix)])
    database = PETSc.Options()
    merged: dict[str, object] = {}
    for layer in layers:
        merged |= layer
    inserted = []
    for key, value in merged.items():
        name = prefix + key
        if not database.hasName(name):
            database.setValue(name, None if value is True else value)
            inserted.append(name)
    _inserted.update(inserted)
    return inserted


def remove_options(names: list[str]) -> None:
    """Take inserted options out again."""
    database = PETSc.Options()
    for name in names:
        database.delValue(name)
        _inserted.discard(name)
