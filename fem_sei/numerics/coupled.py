"""Newton's method for displacements on several bodies, and for a load that a linear condition sets.

F_i(u_1, ..., u_n, p) = 0 for every body i, with exact tangents, and c.u + e p = target where the load p is an
unknown too: path following through points where the load falls. One PETSc matrix holds all bodies; the
condition is met by bordering (a second solve with the same factors, see `bordered`).
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import ufl
from dolfinx import fem
from mpi4py import MPI
from petsc4py import PETSc

from fem_sei.numerics import compat
from fem_sei.numerics.linear import insert_options, remove_options
from fem_sei.numerics.newton import KSP_REASONS, SNES_REASONS, NewtonFailure
from fem_sei.numerics.tangent import Tangent
from fem_sei.numerics.timing import Stopwatch

UPDATE = 1e-7  # relative update below which the step after it would change nothing (quadratic convergence)
DIVERGED = 1e9  # update over the size of the solution (the first one over that of next to nothing)
MAX_ITERATIONS, AT_FIRST = 15, 60  # contact that is found from nothing takes its time
ROUNDING = 1e-12
LOOSE = 1e-3  # relative residual of the second solve: an error there only slows the iteration down
WORN = 1.5  # growth of the linear iterations after which a kept preconditioner is built anew


@dataclass
class Condition:
    """c.u + e p = target: ``c`` in the layout of the solver's vectors, u and p the unknowns."""

    c: PETSc.Vec
    e: float
    target: float

    def gap(self, x: PETSc.Vec, load: float) -> float:
        """By how much the present state misses the target (collective)."""
        return self.c.dot(x) + self.e * load - self.target

    def linearise(self) -> None:
        """Bring c and e up to the present state: they are constant here."""


class CoupledNewton:
    """Solves the residuals (one linear form per body) for ``unknowns`` (vector Lagrange functions) and, with
    a `Condition`, for the constant ``load`` as well. ``bcs``: the essential values of each body; their rows
    are ``fixed``, and the residual there is the force by which they are kept (``reactions``).

    ``pull``: minus the derivative of each residual by the load (a form, or None where there is none);
    ``carried``: the derivative of the essential values by the load, as functions that are zero elsewhere.
    Where essential values change at a given load, the bodies follow them by the tangent before the iteration;
    with a condition the essential values of the present state must belong to its load. ``scale``: a
    displacement that is small but counts.
    """

    def __init__(
        self,
        residuals: list[ufl.Form],
        pull: list[ufl.Form | None],
        carried: list[fem.Function],
        unknowns: list[fem.Function],
        bcs: list[list[fem.DirichletBC]],
        load: fem.Constant,
        entity_maps: object,
        prefix: str,
        options: tuple[dict[str, object], dict[str, object]],
        scale: float,
    ):
        self.unknowns, self.bcs, self.load, self.scale = unknowns, bcs, load, scale
        self.comm = unknowns[0].function_space.mesh.comm
        self.maps, self.carried = entity_maps, carried
        self.F, self.P = self.compile(residuals), self.compile(pull)
        self.C: list[fem.Form | None] | None = None
        if self.comm.allreduce(any(one.x.array.any() for one in carried), MPI.LOR):
            self.C = self.compile([_carry(one, unknowns, carried) for one in residuals])
        self.tangent = Tangent(residuals, unknowns, entity_maps)
        self.A = self.tangent.A
        self.owned = [_owned(u) for u in unknowns]
        self.starts = np.concatenate([[0], np.cumsum(self.owned)])
        self.b, self.x, self.z, self.pulled, self.lifted, self.work = (
            self.A.createVecRight() for _ in range(6)
        )
        self.gather(self.lifted, carried)
        self.fixed = self._fixed_rows()
        self.reactions = np.zeros(len(self.fixed))
        self.condition: Condition | None = None
        self.patience = AT_FIRST  # iterations
        self.update, self.gap, self.linear_iterations = np.inf, 0.0, 0
        self.clock = Stopwatch()
        self._options = insert_options(prefix, *options)
        self.snes = self._build(prefix)
        self._column_solver: PETSc.KSP | None = None
        self._kept, self._pace = False, 0.0

    @property
    def dofs(self) -> int:
        """Number of displacement unknowns on all ranks."""
        return self.A.getSize()[0]

    def _fixed_rows(self) -> np.ndarray:
        """Rows of essential values that this rank owns."""
        rows = [np.zeros(0, dtype=np.int64)]
        for start, bcs in zip(self.starts, self.bcs, strict=False):
            for dofs, owned in (bc.dof_indices() for bc in bcs):
                rows.append(start + np.asarray(dofs[:owned], dtype=np.int64))
        return np.unique(np.concatenate(rows))

    def _build(self, prefix: str) -> PETSc.SNES:
        snes = PETSc.SNES().create(self.comm)
        snes.setOptionsPrefix(prefix)
        snes.setFunction(self._assemble_residual, self.b)
        snes.setJacobian(self._assemble_jacobian, self.A)
        snes.setConvergenceTest(self._converged)
        snes.getKSP().setOptionsPrefix(prefix)
        snes.setFromOptions()
        snes.getKSP().setPreSolve(self._before_linear_solve)
        snes.getKSP().setPostSolve(self._after_linear_solve)
        return snes

    # vectors

    def scatter(self, x: PETSc.Vec, functions: list[fem.Function] | None = None) -> None:
        """Put a vector of all unknowns into these, or other ``functions`` of their spaces (collective)."""
        values = x.array_r
        for u, start, size in zip(functions or self.unknowns, self.starts, self.owned, strict=False):
            u.x.array[:size] = values[start : start + size]
            u.x.scatter_forward()

    def gather(self, x: PETSc.Vec, functions: list[fem.Function] | None = None) -> None:
        """Put the unknowns, or other ``functions`` of their spaces, into a vector of all unknowns."""
        for u, start, size in zip(functions or self.unknowns, self.starts, self.owned, strict=False):
            x.array[start : start + size] = u.x.array[:size]

    def assemble(self, forms: list[fem.Form | None], vector: PETSc.Vec) -> PETSc.Vec:
        """Assemble one linear form per body into ``vector`` (collective)."""
        values = vector.array
        for form, start, size in zip(forms, self.starts, self.owned, strict=False):
            if form is None:
                values[start : start + size] = 0.0
                continue
            block = fem.assemble_vector(form)
            block.scatter_reverse(compat.ADD)
            values[start : start + size] = block.array[:size]
        return vector

    def compile(self, forms: list[ufl.Form | None]) -> list[fem.Form | None]:
        """Forms over the bodies (None stays None), for `assemble`."""
        return [None if one is None else fem.form(one, entity_maps=self.maps) for one in forms]

    def find_reactions(self) -> None:
        """``reactions`` at the present state (collective)."""
        self.reactions = self.assemble(self.F, self.b).array_r[self.fixed]

    # what SNES calls

    def _assemble_residual(self, _snes: PETSc.SNES, x: PETSc.Vec, b: PETSc.Vec) -> None:
        self.scatter(x)
        with self.clock("residual"):
            self.assemble(self.F, b)
        self.reactions = b.array_r[self.fixed]
        b.array[self.fixed] = 0.0
        if self.condition:
            self.gap = self.condition.gap(x, float(self.load.value))

    def _assemble_jacobian(self, _snes: PETSc.SNES, x: PETSc.Vec, _A: PETSc.Mat, _P: PETSc.Mat) -> None:
        self.scatter(x)
        with self.clock("jacobian"):
            self.tangent.assemble()
            self._fix()
        if self.condition:
            self.condition.linearise()

    def _fix(self) -> None:
        """Make rows and columns of essential values those of the identity."""
        first = self.A.getOwnershipRange()[0]
        self.A.zeroRowsColumns((first + self.fixed).astype(PETSc.IntType))

    def _before_linear_solve(self, ksp: PETSc.KSP, _rhs: PETSc.Vec, _update: PETSc.Vec) -> None:
        """Set the preconditioner up here, where it can be timed. One of an iterative solver is kept, over
        steps too, while it does well: only what happens in the process zone changes the matrix."""
        ksp.getPC().setReusePreconditioner(self._kept)
        with self.clock("preconditioner"):
            ksp.setUp()
            ksp.setUpOnBlocks()
        self._solve_started = time.perf_counter()

    def _after_linear_solve(self, ksp: PETSc.KSP, rhs: PETSc.Vec, update: PETSc.Vec) -> None:
        """Keep to the essential values, which multigrid only nearly does and no residual would show; add the
        part of the load; measure the update."""
        self._look_after_preconditioner(ksp)
        update.array[self.fixed] = rhs.array_r[self.fixed]
        change = 0.0
        if self.condition:
            c = self.condition.c
            self._solve_column(ksp)
            change = (c.dot(update) - self.gap) / (self.condition.e + c.dot(self.z))
            update.axpy(-change, self.z)
            self.load.value += change
        self.clock.seconds["linear solve"] += time.perf_counter() - self._solve_started
        size = max(self._largest(self.x), self.scale)
        self.update = max(self._largest(update) / size, abs(change))

    def _look_after_preconditioner(self, ksp: PETSc.KSP) -> None:
        """Keep the preconditioner of an iterative solver until it wears out: iterations per decade of the
        residual are compared with those of its first solve."""
        if ksp.getType() == PETSc.KSP.Type.PREONLY:
            return
        decades = -np.log10(ksp.getTolerances()[0])
        pace = ksp.getIterationNumber() / decades
        if not self._kept:
            self._pace = pace
        self._kept = ksp.getConvergedReason() > 0 and pace <= WORN * self._pace

    def _solve_column(self, ksp: PETSc.KSP) -> None:
        """z = J^-1 pull: what the displacements gain per load."""
        if self._column_solver is None:
            self._column_solver = PETSc.KSP().create(self.comm)
            self._column_solver.setType(ksp.getType())
            self._column_solver.setTolerances(rtol=LOOSE, max_it=ksp.getTolerances()[3])
            self._column_solver.setPC(ksp.getPC())
            self._column_solver.setInitialGuessNonzero(ksp.getType() != PETSc.KSP.Type.PREONLY)
        self._column_solver.setOperators(*ksp.getOperators())
        self.assemble(self.P, self.pulled)
        if self.C:
            self.pulled.axpy(-1.0, self.assemble(self.C, self.work))
        self.pulled.array[self.fixed] = self.lifted.array_r[self.fixed]
        self._column_solver.solve(self.pulled, self.z)
        self.z.array[self.fixed] = self.pulled.array_r[self.fixed]
        self.linear_iterations += self._column_solver.getIterationNumber()

    def _largest(self, vector: PETSc.Vec) -> float:
        return float(vector.norm(PETSc.NormType.NORM_INFINITY))

    def _converged(self, snes: PETSc.SNES, iteration: int, norms: tuple[float, float, float]) -> int:
        reasons = PETSc.SNES.ConvergedReason
        if not np.isfinite(norms[2]):
            return reasons.DIVERGED_FNORM_NAN
        if iteration > 0 and self.update <= UPDATE:
            return reasons.CONVERGED_SNORM_RELATIVE
        if iteration > 0 and self.update > DIVERGED:
            return reasons.DIVERGED_DTOL
        return reasons.DIVERGED_MAX_IT if iteration >= self.patience else reasons.ITERATING

    def solve(self) -> int:
        """Solve from the present values of the unknowns and the load; returns the number of iterations.

        Collective. Raises NewtonFailure where it does not converge (the unknowns are then of no use).
        """
        self.gather(self.x)
        self.update, self.linear_iterations = np.inf, 0
        if not self.condition:
            self._lift()
        self.snes.solve(None, self.x)
        self.scatter(self.x)
        self.linear_iterations += self.snes.getLinearSolveIterations()
        reason = self.snes.getConvergedReason()
        if reason <= 0:
            self._kept = False
            self.z.set(0.0)
            raise self._failure(reason)
        self.patience = MAX_ITERATIONS
        return self.snes.getIterationNumber()

    def _lift(self) -> None:
        """Take over new essential values and move everything with them by the tangent of the present state.

        Moving the fixed rows alone would tear or press on what is next to them, and the iteration would start
        from damage and contact that are not there.
        """
        moved = self.b.duplicate()
        moved.set(0.0)
        for u, bcs, start, size in zip(self.unknowns, self.bcs, self.starts, self.owned, strict=False):
            values = u.x.array.copy()
            for bc in bcs:
                bc.set(values)
            moved.array[start : start + size] = (values - u.x.array)[:size]
        if self._largest(moved) > ROUNDING * max(self._largest(self.x), self.scale):
            ksp = self.snes.getKSP()
            self._assemble_residual(self.snes, self.x, self.b)
            self.tangent.assemble()
            self.A.multAdd(moved, self.b, self.b)
            self.b.array[self.fixed] = -moved.array_r[self.fixed]
            self._fix()
            ksp.setOperators(self.A)
            update = self.x.duplicate()
            ksp.solve(self.b, update)
            self.linear_iterations += ksp.getIterationNumber()
            self.x.axpy(-1.0, update)
            update.destroy()
        moved.destroy()

    names: tuple[str, ...] = ()  # of the equations in messages; by default those of bodies

    def _failure(self, reason: int) -> NewtonFailure:
        name = SNES_REASONS.get(reason, str(reason))
        if reason == PETSc.SNES.ConvergedReason.DIVERGED_LINEAR_SOLVE:
            name += f" ({KSP_REASONS.get(self.snes.getKSP().getConvergedReason(), '?')})"
        residuals = {}
        for n, (start, size) in enumerate(zip(self.starts, self.owned, strict=False)):
            local = float(np.abs(self.b.array_r[start : start + size]).max(initial=0.0))
            name_of = self.names[n] if self.names else f"displacement of body {n + 1}"
            residuals[name_of] = self.comm.allreduce(local, MPI.MAX)
        worst = max(residuals, key=lambda name: np.nan_to_num(residuals[name], nan=np.inf))
        return NewtonFailure(name, worst, residuals)

    def unused_options(self) -> list[str]:
        """Names of the profile's and the case's options that nothing consumed."""
        return [name for name in self._options if not compat.petsc_option_used(name)]

    def close(self) -> None:
        """Free PETSc objects (collective) and withdraw the options."""
        remove_options(self._options)
        solvers = [self._column_solver] if self._column_solver else []
        for thing in (
            self.snes,
            *solvers,
            self.tangent,
            self.b,
            self.x,
            self.z,
            self.pulled,
            self.lifted,
            self.work,
        ):
            thing.destroy()


def _owned(u: fem.Function) -> int:
    dofmap = u.function_space.dofmap
    return dofmap.index_map.size_local * dofmap.index_map_bs


def _carry(residual: ufl.Form, unknowns: list[fem.Function], carried: list[fem.Function]) -> ufl.Form | None:
    """Derivative of a residual in the direction of ``carried``, None if there is none."""
    parts = [
        ufl.algorithms.expand_derivatives(ufl.derivative(residual, u, one))
        for u, one in zip(unknowns, carried, strict=True)
    ]
    parts = [part for part in parts if not part.empty()]
    return sum(parts[1:], parts[0]) if parts else None
