"""A scalar unknown beside the fields: its equation is met, and Newton stays quadratic."""

import numpy as np
import pytest
import ufl
from dolfinx import fem, mesh
from mpi4py import MPI
from scipy.optimize import brentq

from fem_sei.numerics.bordered import Border
from fem_sei.numerics.newton import KEEP_JACOBIAN, BlockNewton

DIRECT = {"snes_linesearch_type": "basic", "ksp_type": "preonly", "pc_type": "lu"}
SLOPPY = {"snes_linesearch_type": "basic", "ksp_type": "gmres", "ksp_rtol": 1e-3, "pc_type": "jacobi"}
TARGET = 2.0


class Problem:
    """-a'' + a^3 = p^2 and -b'' + b = p a on (0, 1), both zero at x = 0; int a + b^2 + p dx is to be 2."""

    def __init__(self, profile):
        domain = mesh.create_interval(MPI.COMM_SELF, 12, [0.0, 1.0])
        space = fem.functionspace(domain, ("P", 1, (2,)))
        self.u, self.p = fem.Function(space), fem.Constant(domain, 0.5)
        p, (a, b), (w, v) = self.p, ufl.split(self.u), ufl.split(ufl.TestFunction(space))
        form = ufl.dot(ufl.grad(a), ufl.grad(w)) + (a**3 - p**2) * w
        form += ufl.dot(ufl.grad(b), ufl.grad(v)) + (b - p * a) * v
        column, total = (-2 * p * w - a * v) * ufl.dx, (a + b**2 + p) * ufl.dx
        one = fem.Constant(domain, 1.0)
        self.border = Border(p, column, total, one * ufl.dx, self.u)
        self.border.target, self.border.tolerance, self.border.active = TARGET, 1e-12, True
        domain.topology.create_connectivity(0, 1)
        left = mesh.locate_entities_boundary(domain, 0, lambda x: np.isclose(x[0], 0.0))
        bcs = []
        for i in range(2):
            sub = space.sub(i)
            bcs.append(fem.dirichletbc(0.0, fem.locate_dofs_topological(sub, 0, left), sub))
        self.solver = BlockNewton(
            form * ufl.dx, self.u, bcs, ("a", "b"), "femsei_bordered_", profile, {}, 3.0, self.border
        )
        self.total = fem.form(total)

    def excess(self, p):
        """What the scalar equation misses where p is given."""
        self.border.active, self.p.value = False, p
        self.u.x.array[:] = 0.1
        self.solver.solve()
        return fem.assemble_scalar(self.total) - TARGET


@pytest.fixture(params=[DIRECT, SLOPPY], ids=["direct", "sloppy"])
def problem(request):
    made = Problem(request.param)
    yield made
    made.solver.close()


def test_the_scalar_equation_is_met(problem):
    problem.solver.balancing = np.ones(13)
    problem.solver.tolerances.imbalance[:] = 1e-11
    problem.solver.solve()
    assert fem.assemble_scalar(problem.total) == pytest.approx(TARGET, abs=1e-11)
    found, fields = float(problem.p.value), problem.u.x.array.copy()
    expected = brentq(problem.excess, 0.1, 3.0, xtol=1e-14)
    assert found == pytest.approx(expected, rel=1e-8)
    problem.excess(expected)
    np.testing.assert_allclose(fields, problem.u.x.array, atol=1e-7)


def test_newton_stays_quadratic():
    problem = Problem(DIRECT)
    updates = []
    problem.solver.snes.setMonitor(lambda *_: updates.append(problem.solver.update))
    problem.solver.solve()
    problem.solver.close()
    updates = np.array(updates[1:])
    fresh = updates[:-1] >= KEEP_JACOBIAN  # below, the last Jacobian is used again
    assert fresh.sum() >= 2
    assert np.all(updates[1:][fresh] <= 3.0 * updates[:-1][fresh] ** 2)
