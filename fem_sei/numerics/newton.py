"""Newton's method for a coupled residual: PETSc SNES, our convergence test, failures as exceptions."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import ufl
from dolfinx import fem
from dolfinx.fem.petsc import assemble_matrix, assemble_vector, create_matrix
from mpi4py import MPI
from petsc4py import PETSc

from fem_sei.numerics.bordered import Border
from fem_sei.numerics.compat import petsc_option_used
from fem_sei.numerics.linear import insert_options, remove_options
from fem_sei.numerics.timing import Stopwatch

KEEP_JACOBIAN = 1e-3  # update below which the Jacobian of the last iteration is used again
BALANCE = 2e-5  # update below which an inexact solve is balanced (earlier it would spoil the residual)
EXACT = 1e-8  # relative tolerance of linear solves where the profile's has failed
STAGNATION = 1e-10  # update below which rounding decides and a further iteration gains nothing


class NewtonFailure(RuntimeError):
    """A solve that did not converge: ``reason`` (PETSc's name) and ``worst_field`` (largest residual)."""

    def __init__(self, reason: str, worst_field: str, residuals: dict[str, float]):
        listed = ", ".join(f"{name} {value:.2e}" for name, value in residuals.items())
        super().__init__(f"{reason}; largest residual in the equation of {worst_field} (max-norms: {listed})")
        self.reason, self.worst_field, self.residuals = reason, worst_field, residuals


def _reason_names(cls: type) -> dict[int, str]:
    return {value: name for name, value in vars(cls).items() if isinstance(value, int)}


SNES_REASONS = _reason_names(PETSc.SNES.ConvergedReason)
KSP_REASONS = _reason_names(PETSc.KSP.ConvergedReason)


@dataclass
class Tolerances:
    """When a solve is done: largest update, and largest sum of each equation's residual.

    The sum of an equation's residual over all nodes is the amount of its conserved quantity that the
    solve leaves unaccounted for, per unit of time: ``imbalance`` bounds it for each field.
    """

    update: float
    imbalance: np.ndarray
    max_iterations: int = 15


class BlockNewton:
    """Solves F(u; v) = 0 for a P1 function ``u`` with several components, Jacobian by ``ufl.derivative``.

    Essential values are put into ``u`` before the iteration; their rows then keep the residual 0, and
    the unconstrained residual of those rows is the flux that enters there (``reactions``, one sum per
    boundary condition): the consistent flux that makes balances exact.

    ``balancing`` (set by the caller, nodal values): a shape local to where the reaction is. An inexact
    linear solve is corrected along it in each field so that the sums of the linear residual vanish: the
    balances are then as good as with a direct solver, without the iterations that would take.

    ``damping``: the update of all fields but the first is scaled down where its largest entry exceeds it.

    ``border``: a scalar unknown and its equation, solved together with the fields (see `Border`).
    """

    def __init__(
        self,
        residual: ufl.Form,
        u: fem.Function,
        bcs: list[fem.DirichletBC],
        fields: tuple[str, ...],
        prefix: str,
        profile: dict[str, object],
        user_options: dict[str, object],
        damping: float,
        border: Border | None = None,
    ):
        self.u, self.fields, self.damping, self.border = u, fields, damping, border
        self.F = fem.form(residual)
        # expand_derivatives first: otherwise DOLFINx 0.9 mis-binds coefficients of a re-used Jacobian
        self.J = fem.form(
            ufl.algorithms.expand_derivatives(
                ufl.derivative(residual, u, ufl.TrialFunction(u.function_space))
            )
        )
        self.tolerances = Tolerances(1e-6, np.full(len(fields), np.inf))
        index_map, self.bs = u.function_space.dofmap.index_map, u.function_space.dofmap.index_map_bs
        self.comm = u.function_space.mesh.comm
        self.owned = index_map.size_local * self.bs
        self.A = create_matrix(self.J)
        self.A.setBlockSize(self.bs)
        self.b = u.x.petsc_vec.duplicate()
        self.x = u.x.petsc_vec.duplicate()
        self.fix(bcs)
        self.update, self.linear_iterations = np.inf, 0
        self.sums = np.zeros(len(fields))
        self._options = insert_options(prefix, profile, user_options)
        self.clock = Stopwatch()
        self.balancing: np.ndarray | None = None
        self._columns: list[tuple[PETSc.Vec, PETSc.Vec]] = [
            (self.b.duplicate(), self.b.duplicate()) for _ in fields
        ]
        self.snes = self._build(prefix)

    def fix(self, bcs: list[fem.DirichletBC]) -> None:
        """Change which values are fixed, from the next solve on."""
        self.bcs = bcs
        self._bc_rows = [self._owned_rows(bc) for bc in bcs]
        self.reactions = [0.0] * len(bcs)

    def _owned_rows(self, bc: fem.DirichletBC) -> np.ndarray:
        rows, owned = bc.dof_indices()
        return np.asarray(rows[:owned], dtype=np.int32)

    def _build(self, prefix: str) -> PETSc.SNES:
        snes = PETSc.SNES().create(self.comm)
        snes.setOptionsPrefix(prefix)
        snes.setFunction(self._assemble_residual, self.b)
        snes.setJacobian(self._assemble_jacobian, self.A)
        snes.setConvergenceTest(self._converged)
        ksp = snes.getKSP()
        ksp.setOptionsPrefix(prefix)  # before the splitting is named, or its sub-options are never read
        if PETSc.Options().getString(prefix + "pc_type", "") == "fieldsplit":
            pc = ksp.getPC()
            pc.setOptionsPrefix(prefix)
            pc.setType("fieldsplit")
            pc.setFieldSplitFields(self.bs, *[(name, [i]) for i, name in enumerate(self.fields)])
        snes.setFromOptions()
        ksp.setPreSolve(self._before_linear_solve)
        ksp.setPostSolve(self._after_linear_solve)
        self._inexact = ksp.getType() != "preonly"
        return snes

    def _load(self, x: PETSc.Vec) -> None:
        x.ghostUpdate(PETSc.InsertMode.INSERT, PETSc.ScatterMode.FORWARD)
        with x.localForm() as local:
            self.u.x.array[:] = local.array_r

    def _assemble_residual(self, _snes: PETSc.SNES, x: PETSc.Vec, b: PETSc.Vec) -> None:
        self._load(x)
        with b.localForm() as local:
            local.set(0.0)
        with self.clock("residual"):
            assemble_vector(b, self.F)
            b.ghostUpdate(PETSc.InsertMode.ADD, PETSc.ScatterMode.REVERSE)
        values = b.array
        self.reactions = [float(values[rows].sum()) for rows in self._bc_rows]
        for rows in self._bc_rows:
            values[rows] = 0.0
        self.sums = values[: self.owned].reshape(-1, self.bs).sum(axis=0)
        self.sums = self.comm.allreduce(self.sums)
        if self.border and self.border.active:
            self.border.evaluate()

    def _assemble_jacobian(self, _snes: PETSc.SNES, x: PETSc.Vec, A: PETSc.Mat, _P: PETSc.Mat) -> None:
        if self.update < KEEP_JACOBIAN:  # it would change less than the linear solver's tolerance
            return
        self._load(x)
        A.zeroEntries()
        with self.clock("jacobian"):
            assemble_matrix(A, self.J, self.bcs)
            A.assemble()
        self._fresh = True
        if self.border and self.border.active:
            self.border.linearise(self._bc_rows)

    def _maximum(self, local: np.ndarray) -> np.ndarray:
        result = np.empty_like(local)
        self.comm.Allreduce(local, result, op=MPI.MAX)
        return result

    def _field_sums(self, vector: PETSc.Vec) -> np.ndarray:
        return self.comm.allreduce(vector.array_r.reshape(-1, self.bs).sum(axis=0))

    def _balance(self, rhs: PETSc.Vec, update: PETSc.Vec) -> None:
        """Add multiples of the balancing shapes so that each field's linear residual sums to zero."""
        if self._fresh:
            for i, (shape, image) in enumerate(self._columns):
                values = np.zeros(self.owned)
                values[i :: self.bs] = self.balancing[: self.owned // self.bs]
                for rows in self._bc_rows:
                    values[rows] = 0.0
                shape.array[:] = values
                self.A.mult(shape, image)
            self._column_sums = np.stack([self._field_sums(image) for _, image in self._columns], axis=1)
            self._fresh = False
        residual = rhs.duplicate()
        self.A.mult(update, residual)
        residual.aypx(-1.0, rhs)
        for rows in self._bc_rows:
            residual.array[rows] = 0.0
        amounts = np.linalg.solve(self._column_sums, self._field_sums(residual))
        residual.destroy()
        for amount, (shape, _) in zip(amounts, self._columns, strict=True):
            update.axpy(amount, shape)

    def _before_linear_solve(self, ksp: PETSc.KSP, _rhs: PETSc.Vec, _update: PETSc.Vec) -> None:
        """Set the preconditioner up here, where it can be timed."""
        with self.clock("preconditioner"):
            ksp.setUp()
            ksp.setUpOnBlocks()
        self._solve_started = time.perf_counter()

    def _after_linear_solve(self, ksp: PETSc.KSP, rhs: PETSc.Vec, update: PETSc.Vec) -> None:
        """Add the scalar unknown's part; balance the last updates of an inexact solve; damp large ones."""
        border, change = self.border if self.border and self.border.active else None, 0.0
        if border:
            border.solve_column(ksp)
            change = border.step(update)
            update.axpy(change, border.z)
        self.clock.seconds["linear solve"] += time.perf_counter() - self._solve_started
        values = np.abs(update.array_r.reshape(-1, self.bs))
        local = values.max(axis=0) if values.size else np.zeros(self.bs)
        largest = self._maximum(local)
        self.update = max(float(largest.max()), abs(change))
        scale = 1.0
        if self._inexact and self.balancing is not None and self.update < BALANCE:
            if border:
                rhs = rhs.copy()
                rhs.axpy(change, border.b)
            self._balance(rhs, update)
            if border:
                rhs.destroy()
        elif largest[1:].max() > self.damping:
            scale = self.damping / largest[1:].max()
            update.scale(scale)
        if border:
            border.p.value += scale * change

    def _converged(self, snes: PETSc.SNES, iteration: int, norms: tuple[float, float, float]) -> int:
        reasons = PETSc.SNES.ConvergedReason
        if not np.isfinite(norms[2]):
            return reasons.DIVERGED_FNORM_NAN
        balanced = (np.abs(self.sums) <= self.tolerances.imbalance).all()
        balanced = balanced and (self.border is None or self.border.solved)
        if iteration > 0 and (
            self.update <= STAGNATION or (balanced and self.update <= self.tolerances.update)
        ):
            return reasons.CONVERGED_SNORM_RELATIVE
        return reasons.DIVERGED_MAX_IT if iteration >= self.tolerances.max_iterations else reasons.ITERATING

    def solve(self) -> int:
        """Solve from the present value of ``u``; returns the number of Newton iterations.

        Where inexact linear solves do not lead to the solution, exact ones are tried, and kept if they do:
        the rows of one field can be larger by so many orders that the others are left unsolved.
        Collective. Raises NewtonFailure where it does not converge (``u`` is then of no use).
        """
        if not self._inexact or not self.snes.getUseEW():
            return self._solve()
        before = self.u.x.array.copy()
        scalar = float(self.border.p.value) if self.border else 0.0
        try:
            return self._solve()
        except NewtonFailure:
            self.u.x.array[:] = before
        if self.border:
            self.border.p.value = scalar
        ksp = self.snes.getKSP()
        loose = ksp.getTolerances()[0]
        self.snes.setUseEW(False)
        ksp.setTolerances(rtol=EXACT)
        try:
            return self._solve()
        except NewtonFailure:
            ksp.setTolerances(rtol=loose)
            self.snes.setUseEW(True)
            raise

    def _solve(self) -> int:
        for bc in self.bcs:
            bc.set(self.u.x.array)
        self.u.x.scatter_forward()
        self.u.x.petsc_vec.copy(self.x)
        self.x.ghostUpdate(PETSc.InsertMode.INSERT, PETSc.ScatterMode.FORWARD)
        self.update = np.inf
        self.snes.solve(None, self.x)
        self._load(self.x)
        self.linear_iterations = self.snes.getLinearSolveIterations()
        self.reactions = [float(self.comm.allreduce(value)) for value in self.reactions]
        reason = self.snes.getConvergedReason()
        if reason <= 0:
            raise self._failure(reason)
        return self.snes.getIterationNumber()

    def _failure(self, reason: int) -> NewtonFailure:
        name = SNES_REASONS.get(reason, str(reason))
        if reason == PETSc.SNES.ConvergedReason.DIVERGED_LINEAR_SOLVE:
            name += f" ({KSP_REASONS.get(self.snes.getKSP().getConvergedReason(), '?')})"
        values = np.abs(self.b.array_r.reshape(-1, self.bs))
        local = values.max(axis=0) if values.size else np.zeros(self.bs)
        largest = self._maximum(local)
        worst = self.fields[int(np.argmax(np.nan_to_num(largest, nan=np.inf)))]
        return NewtonFailure(name, worst, dict(zip(self.fields, largest, strict=True)))

    def unused_options(self) -> list[str]:
        """Names of the profile's and the case's options that nothing consumed."""
        return [name for name in self._options if not petsc_option_used(name)]

    def close(self) -> None:
        """Free PETSc objects (collective) and withdraw the options."""
        remove_options(self._options)
        for thing in (
            self.snes,
            self.A,
            self.b,
            self.x,
            *[vector for pair in self._columns for vector in pair],
        ):
            thing.destroy()
        if self.border:
            self.border.close()
