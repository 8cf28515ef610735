"""The tangent matrix of several bodies, of which only what changes is assembled anew."""

from __future__ import annotations

from typing import Any

import ufl
from dolfinx import fem
from petsc4py import PETSc

from fem_sei.numerics import compat


class Tangent:
    """The matrix ``A`` of dF_i/du_j for residuals F_i and vector Lagrange functions u_j.

    Integrals over cells in which no function is left, those of linear elasticity, must not depend on anything
    that changes: they are assembled once and copied; those over interfaces (or at finite strain all) are
    added at every call.
    """

    def __init__(self, residuals: list[ufl.Form], unknowns: list[fem.Function], entity_maps: object) -> None:
        forms = [[_derivative(one, u) for u in unknowns] for one in residuals]
        constant = [[_part(one, True) for one in row] for row in forms]
        changing = [[_part(one, False) for one in row] for row in forms]
        # both matrices need a block for every body on the diagonal
        linear = all(rows[n][n] is not None for rows in (constant, changing) for n in range(len(unknowns)))
        if not linear:
            changing = [[_part(one) for one in row] for row in forms]
        self._changing = _compiled(changing, entity_maps)
        self.A = compat.block_matrix(self._changing)
        self._constant: PETSc.Mat | None = None
        if linear:
            self._keep(_compiled(constant, entity_maps))
        self.A.setOption(PETSc.Mat.Option.KEEP_NONZERO_PATTERN, True)

    def _keep(self, forms: list[list[fem.Form | None]]) -> None:
        """Assemble the constant part, in the pattern of the whole."""
        once = compat.block_matrix(forms)
        compat.assemble_block_matrix(once, forms, [])
        once.assemble()
        part = self.A
        compat.assemble_block_matrix(part, self._changing, [])
        part.assemble()
        self.A = once.copy()
        self.A.axpy(1.0, part, PETSc.Mat.Structure.DIFFERENT_NONZERO_PATTERN)
        self.A.setLGMap(*part.getLGMap())
        self._constant = self.A.duplicate()
        self._constant.axpy(1.0, once, PETSc.Mat.Structure.SUBSET_NONZERO_PATTERN)
        for matrix in (once, part):
            matrix.destroy()

    def assemble(self) -> None:
        """At the present state, as if nothing were given (collective)."""
        if self._constant is None:
            self.A.zeroEntries()
        else:
            self._constant.copy(self.A, PETSc.Mat.Structure.SAME_NONZERO_PATTERN)
        compat.assemble_block_matrix(self.A, self._changing, [])
        self.A.assemble()

    def destroy(self) -> None:
        """Free PETSc objects (collective)."""
        for matrix in (self.A, self._constant):
            if matrix is not None:
                matrix.destroy()


def _derivative(residual: ufl.Form, u: fem.Function) -> ufl.Form:
    """Derivative in the direction of a trial function."""
    # expand_derivatives first: otherwise DOLFINx 0.9 mis-binds coefficients of a re-used Jacobian
    return ufl.algorithms.expand_derivatives(ufl.derivative(residual, u, ufl.TrialFunction(u.function_space)))


def _part(form: ufl.Form, constant: bool | None = None) -> ufl.Form | None:
    """The integrals of a form that are constant, the others, or all; None if there are none."""
    found = [one for one in form.integrals() if constant in (None, _is_constant(one))]
    return ufl.Form(found) if found else None


def _is_constant(integral: Any) -> bool:
    return integral.integral_type() == "cell" and not ufl.algorithms.extract_coefficients(
        integral.integrand()
    )


def _compiled(forms: list[list[ufl.Form | None]], entity_maps: object) -> list[list[fem.Form | None]]:
    return [[None if one is None else fem.form(one, entity_maps=entity_maps) for one in row] for row in forms]
