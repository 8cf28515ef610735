"""PETSc options: profiles, and which layer of options wins."""

import pytest
from petsc4py import PETSc

from fem_sei.numerics.linear import DIRECT_LIMITS, insert_options, profile_options, remove_options

FIELDS = ("xi", "c", "phi_e")
PREFIX = "femsei_test_"


@pytest.fixture
def database():
    """PETSc's options, emptied of those of this file afterwards."""
    options = PETSc.Options()
    yield options
    for name in list(options.getAll()):
        if name.startswith(PREFIX):
            options.delValue(name)


def test_command_line_wins_over_case_over_profile(database):
    database.insertString(f"-{PREFIX}ksp_type cg")  # as options after -- are
    profile = {"ksp_type": "preonly", "pc_type": "lu", "ksp_rtol": 1e-3}
    case = {"ksp_type": "gmres", "pc_type": "ilu", "pc_factor_levels": 2}
    inserted = insert_options(PREFIX, profile, case)
    assert database.getString(PREFIX + "ksp_type") == "cg"
    assert database.getString(PREFIX + "pc_type") == "ilu"
    assert database.getReal(PREFIX + "ksp_rtol") == 1e-3
    assert database.getInt(PREFIX + "pc_factor_levels") == 2
    assert sorted(inserted) == [PREFIX + key for key in ("ksp_rtol", "pc_factor_levels", "pc_type")]


def test_what_was_inserted_can_be_withdrawn(database):
    database.insertString(f"-{PREFIX}ksp_type cg")
    remove_options(insert_options(PREFIX, {"ksp_type": "gmres", "pc_type": "lu"}))
    assert database.hasName(PREFIX + "ksp_type") and not database.hasName(PREFIX + "pc_type")


def test_a_solver_does_not_inherit_the_options_of_one_left_open(database):
    database.insertString(f"-{PREFIX}pc_type lu")
    insert_options(PREFIX, {"ksp_type": "fgmres", "snes_lag_preconditioner": 20})
    insert_options(PREFIX, {"ksp_type": "preonly"})
    assert database.getString(PREFIX + "ksp_type") == "preonly"
    assert not database.hasName(PREFIX + "snes_lag_preconditioner")
    assert database.getString(PREFIX + "pc_type") == "lu"  # the user's


@pytest.mark.parametrize(
    ("profile", "dofs", "dimension", "solver"),
    [
        ("auto", DIRECT_LIMITS[2] - 1, 2, "lu"),
        ("auto", DIRECT_LIMITS[2], 2, "fieldsplit"),
        ("auto", 10**7, 1, "lu"),  # a band matrix
        ("auto", DIRECT_LIMITS[3], 3, "fieldsplit"),
        ("direct", 10**7, 2, "lu"),
        ("iterative", 10, 2, "fieldsplit"),
    ],
)
def test_the_size_decides_the_profile(profile, dofs, dimension, solver):
    assert profile_options(profile, FIELDS, dofs, dimension)["pc_type"] == solver


def test_iterative_profile_has_a_preconditioner_for_every_field():
    options = profile_options("iterative", FIELDS, 10, 2)
    for name in FIELDS:
        assert options[f"fieldsplit_{name}_pc_type"] == "hypre"
        assert options[f"fieldsplit_{name}_ksp_type"] == "preonly"
