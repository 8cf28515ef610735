"""One scalar unknown beside the fields: F(u, p) = 0 with one scalar equation G(u, p) = target.

Newton's step of the whole, [[J, b], [c^T, d]] [du; dp] = -[F; G - target], takes a second solve with J:
J y = F, J z = b, dp = (c.y - (G - target))/(d - c.z), du = -(y + dp z).  (Bordering: Keller 1977; Govaerts,
Numerical Methods for Bifurcations of Dynamical Equilibria, 2000, 3.)
"""

from __future__ import annotations

import numpy as np
import ufl
from dolfinx import fem
from dolfinx.fem.petsc import assemble_vector
from petsc4py import PETSc

RTOL = 1e-4  # of the second solve where it is iterative: its error costs iterations, not accuracy


class Border:
    """The scalar unknown ``p`` (a constant of the residual), and G, for `BlockNewton`.

    ``column``: dF/dp (a form with a test function), ``total``: G, ``slope``: dG/dp, ``u``: the fields.
    G - target is solved to ``tolerance``. Only where ``active``: else p is given.
    """

    def __init__(
        self, p: fem.Constant, column: ufl.Form, total: ufl.Form, slope: ufl.Form, u: fem.Function
    ) -> None:
        self.p, self.comm = p, u.function_space.mesh.comm
        self.target, self.tolerance, self.active = 0.0, np.inf, False
        self.gap = 0.0  # G - target
        row = ufl.derivative(total, u, ufl.TestFunction(u.function_space))
        self._forms = {"b": fem.form(column), "c": fem.form(row)}
        self._total, self._slope = fem.form(total), fem.form(slope)
        self.b, self.c, self.z = (u.x.petsc_vec.duplicate() for _ in range(3))
        self.d = 0.0
        self._fresh = False  # z belongs to the present Jacobian
        self._ksp: PETSc.KSP | None = None

    @property
    def solved(self) -> bool:
        """Whether G is at its target."""
        return not self.active or abs(self.gap) <= self.tolerance

    def _sum(self, form: fem.Form) -> float:
        return self.comm.allreduce(fem.assemble_scalar(form))

    def evaluate(self) -> None:
        """G at the present state (collective)."""
        self.gap = self._sum(self._total) - self.target

    def linearise(self, fixed: list[np.ndarray]) -> None:
        """b, c, d at the present state; rows that are ``fixed`` do not answer to p (collective)."""
        for name, vector in (("b", self.b), ("c", self.c)):
            with vector.localForm() as local:
                local.set(0.0)
            assemble_vector(vector, self._forms[name])
            vector.ghostUpdate(PETSc.InsertMode.ADD, PETSc.ScatterMode.REVERSE)
            for rows in fixed:
                vector.array[rows] = 0.0
        self.d = self._sum(self._slope)
        self._fresh = False

    def solve_column(self, ksp: PETSc.KSP) -> None:
        """z = J^-1 b with the operators and the preconditioner of the main solve (collective)."""
        if self._fresh:
            return
        if self._ksp is None:
            self._ksp = PETSc.KSP().create(self.comm)
            self._ksp.setType(ksp.getType())
            self._ksp.setTolerances(rtol=RTOL)
            self._ksp.setPC(ksp.getPC())
        self._ksp.setOperators(*ksp.getOperators())
        self._ksp.solve(self.b, self.z)
        self._fresh = True

    def step(self, update: PETSc.Vec) -> float:
        """dp that meets the linearised G where u changes by -(``update`` + dp z)."""
        return (self.c.dot(update) - self.gap) / (self.d - self.c.dot(self.z))

    def close(self) -> None:
        """Free PETSc objects (collective)."""
        for thing in (self.b, self.c, self.z, *([self._ksp] if self._ksp else [])):
            thing.destroy()
