"""Residuals in UFL, one file per piece of physics: no files, no time loops, no solvers."""
