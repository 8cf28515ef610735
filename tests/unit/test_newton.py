"""Newton's method on small problems: convergence, failures, fluxes through fixed nodes, options."""

import contextlib

import numpy as np
import pytest
import ufl
from dolfinx import fem, mesh
from mpi4py import MPI
from petsc4py import PETSc

from fem_sei.numerics.newton import KEEP_JACOBIAN, BlockNewton, NewtonFailure

FIELDS = ("a", "b")
DIRECT = {"snes_linesearch_type": "basic", "ksp_type": "preonly", "pc_type": "lu"}
PREFIX = "femsei_test_"


class Problem:
    """Two fields on (0, 1); ``residual(a, b, w, v)`` integrated over the interval, both fixed at x = 0."""

    def __init__(self, residual, profile=None, user=None, damping=3.0, fixed=(0.0, 0.0)):
        domain = mesh.create_interval(MPI.COMM_SELF, 12, [0.0, 1.0])
        space = fem.functionspace(domain, ("P", 1, (2,)))
        self.u = fem.Function(space)
        form = residual(*ufl.split(self.u), *ufl.split(ufl.TestFunction(space))) * ufl.dx
        domain.topology.create_connectivity(0, 1)
        left = mesh.locate_entities_boundary(domain, 0, lambda x: np.isclose(x[0], 0.0))
        dofs = [fem.locate_dofs_topological(space.sub(i), 0, left) for i in range(2)]
        bcs = [fem.dirichletbc(fixed[i], dofs[i], space.sub(i)) for i in range(2)]
        self.solver = BlockNewton(
            form, self.u, bcs, FIELDS, PREFIX, profile or DIRECT, user or {}, damping=damping
        )
        self.updates = []
        self.solver.snes.setMonitor(lambda *_: self.updates.append(self.solver.update))

    def values(self, field):
        return self.u.x.array.reshape(-1, 2)[:, FIELDS.index(field)]


@contextlib.contextmanager
def problem(*arguments, **keywords):
    """A problem whose PETSc objects and options are gone afterwards."""
    made = Problem(*arguments, **keywords)
    try:
        yield made
    finally:
        made.solver.close()


def reaction_diffusion(a, b, w, v):
    """-a'' + e^a b = 1 and -b'' + b^3 + a = 5, no flux at x = 1."""
    return (
        ufl.dot(ufl.grad(a), ufl.grad(w))
        + ufl.exp(a) * b * w
        - w
        + ufl.dot(ufl.grad(b), ufl.grad(v))
        + (b**3 + a - 5.0) * v
    )


def test_newton_converges_quadratically():
    with problem(reaction_diffusion) as p:
        assert p.solver.solve() == len(p.updates) - 1
        updates = np.array(p.updates[1:])
        fresh = updates[:-1] >= KEEP_JACOBIAN  # below, the last Jacobian is used again
        assert fresh.sum() >= 3
        assert np.all(updates[1:][fresh] <= 2.0 * updates[:-1][fresh] ** 2)
        assert updates[-1] <= p.solver.tolerances.update
        assert np.abs(p.solver.b.array).max() < 1e-10
        assert p.values("b").max() > 0.5


def test_an_exact_start_needs_one_iteration():
    with problem(reaction_diffusion) as p:
        p.solver.solve()
        assert p.solver.solve() == 1


def test_the_reactions_are_the_fluxes_through_the_fixed_nodes():
    """What enters at x = 0 is what the sources take, to rounding: the balance of the equation."""
    with problem(reaction_diffusion, fixed=(0.3, 0.7)) as p:
        p.solver.solve()
        a, b = ufl.split(p.u)
        taken = [ufl.exp(a) * b - 1.0, b**3 + a - 5.0]
        for reaction, source in zip(p.solver.reactions, taken, strict=True):
            total = fem.assemble_scalar(fem.form(source * ufl.dx))
            assert reaction == pytest.approx(total, abs=1e-11)
        assert p.values("a")[0] == 0.3 and p.values("b")[0] == 0.7


def test_the_sum_of_each_residual_is_held_to_its_tolerance():
    with problem(reaction_diffusion) as p:
        p.solver.tolerances.imbalance[:] = 1e-13
        iterations = p.solver.solve()
        assert np.all(np.abs(p.solver.sums) <= 1e-13) or p.updates[-1] < 1e-10
        p.u.x.array[:] = 0.0
        p.solver.tolerances.imbalance[:] = np.inf
        assert p.solver.solve() <= iterations


def unsolvable(a, b, w, v):
    return ufl.dot(ufl.grad(a), ufl.grad(w)) - w + 1e3 * (b**2 + 1.0) * v


def test_a_failure_says_why_and_in_which_equation():
    with problem(unsolvable, fixed=(0.0, 0.7)) as p:
        p.u.x.array[:] = 0.7
        with pytest.raises(NewtonFailure) as raised:
            p.solver.solve()
        assert raised.value.worst_field == "b" and raised.value.reason == "DIVERGED_MAX_IT"
        assert set(raised.value.residuals) == set(FIELDS)
        assert "largest residual in the equation of b" in str(raised.value)


def not_a_number(a, b, w, v):
    return ufl.dot(ufl.grad(a), ufl.grad(w)) - w + ufl.ln(b - 1.0) * v + b * v


def test_a_residual_that_is_no_number_is_a_failure():
    with problem(not_a_number) as p, pytest.raises(NewtonFailure, match=r"NAN|LINEAR_SOLVE"):
        p.solver.solve()


def test_a_linear_solver_that_gives_up_is_a_failure():
    weak = {"ksp_type": "gmres", "ksp_max_it": 1, "ksp_rtol": 1e-12, "pc_type": "none"}
    reason = r"DIVERGED_LINEAR_SOLVE \(DIVERGED_MAX_IT\)"
    with problem(reaction_diffusion, profile=weak) as p, pytest.raises(NewtonFailure, match=reason):
        p.solver.solve()


def test_after_a_failure_a_good_start_is_solved():
    def cube_root(a, b, w, v):
        return (a - 1.0) * w + (b**3 - 8.0) * v

    with problem(cube_root, fixed=(1.0, 2.0)) as p:
        p.u.x.array[1::2] = np.nan
        with pytest.raises(NewtonFailure):
            p.solver.solve()
        p.u.x.array[:] = 1.5
        p.solver.solve()
        np.testing.assert_allclose(p.values("b"), 2.0)


def test_large_updates_are_damped_except_in_the_first_field():
    def linear(a, b, w, v):
        return (a - 100.0) * w + (b - 10.0) * v

    with problem(linear, fixed=(100.0, 10.0), damping=4.0) as p:
        assert p.solver.solve() > 2
        np.testing.assert_allclose(p.values("b"), 10.0)
    with problem(linear, fixed=(100.0, 10.0), damping=20.0) as p:
        assert p.solver.solve() <= 2  # the first field's update of 100 is not held back
        np.testing.assert_allclose(p.values("a"), 100.0)


def test_an_inexact_solve_is_balanced():
    """With a shape to balance along, the sums of the residuals vanish although the solver is sloppy."""
    sloppy = {"ksp_type": "gmres", "ksp_rtol": 1e-2, "pc_type": "jacobi"}
    with problem(reaction_diffusion, profile=sloppy) as p:
        p.solver.balancing = np.ones(len(p.values("a")))
        p.solver.tolerances.imbalance[:] = 1e-11
        p.solver.solve()
        assert np.all(np.abs(p.solver.sums) <= 1e-11)


def test_unused_options_are_reported():
    user = {"ksp_gmres_restart": 30, "pc_factor_shift_type": "nonzero"}
    with problem(reaction_diffusion, user=user) as p:
        p.solver.solve()
        assert p.solver.unused_options() == [PREFIX + "ksp_gmres_restart"]


def test_a_second_solver_with_the_same_prefix_starts_clean():
    """Variants of a case run one after the other: the options of one are no business of the next."""
    options = PETSc.Options()
    with problem(reaction_diffusion) as p:
        p.solver.solve()
    assert not [name for name in options.getAll() if name.startswith(PREFIX)]
    with problem(reaction_diffusion, user={"snes_linesearch_type": "bt"}) as p:
        assert options.getString(PREFIX + "snes_linesearch_type") == "bt"
        assert p.solver.solve() > 2
