"""A condition on an integral of the unknowns, for `coupled.CoupledNewton`: a given total current, say."""

from __future__ import annotations

import ufl
from dolfinx import fem
from petsc4py import PETSc

from fem_sei.numerics.coupled import CoupledNewton


class TotalCondition:
    """G(u, p) = ``target`` for the integral G = ``total`` of the unknowns u and the load p, ``slope`` =
    dG/dp: like `coupled.Condition`, c = dG/du and e = dG/dp at the present state."""

    def __init__(self, solver: CoupledNewton, total: ufl.Form, slope: ufl.Form, target: float) -> None:
        self.solver, self.target = solver, target
        self.comm = solver.comm
        self.c, self.e = solver.x.duplicate(), 0.0
        self._total = fem.form(total, entity_maps=solver.maps)
        self._slope = fem.form(slope, entity_maps=solver.maps)
        rows = []
        for u in solver.unknowns:
            row = ufl.derivative(total, u, ufl.TestFunction(u.function_space))
            row = ufl.algorithms.expand_derivatives(row)
            rows.append(None if row.empty() else row)
        self._rows = solver.compile(rows)

    def gap(self, _x: PETSc.Vec, _load: float) -> float:
        """By how much the present state misses the target (collective)."""
        return self.comm.allreduce(fem.assemble_scalar(self._total)) - self.target

    def linearise(self) -> None:
        """Bring c and e up to the present state (collective)."""
        self.solver.assemble(self._rows, self.c)
        self.e = self.comm.allreduce(fem.assemble_scalar(self._slope))
