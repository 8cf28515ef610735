"""Spaces, solvers and time stepping: knows DOLFINx and PETSc, not what the fields mean."""
