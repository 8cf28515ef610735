"""Stress at the front of a plating study, and the shift of its equilibrium potential.

The chemical potential of the metal falls by V_m sigma_nn where its surface is pulled (tension positive;
Larche and Cahn, Acta Metall. 33 (1985) 331; Monroe and Newman, J. Electrochem. Soc. 152 (2005) A396), so that

  E_eq = E0 + V_m sigma_nn/(zF) - gamma V_m K/(zF),   eta = phi_s - phi_e - E_eq,   sigma_nn = n.sigma.n

and compression makes plating harder: 0.1347 mV/MPa for lithium.

"uniform": sigma_nn = -p everywhere, p the stack pressure. "elastic": equilibrium at small strain, with index
m of the metal, e of the layer at a place, xi = 1/(1 + exp(-SHARPNESS psi/l)) a sharper order parameter around
the same front and xi_0 that of the start,

  div sigma = 0,   sigma: of a laminate of xi of the metal and 1 - xi of the layer (`physics.laminate`)
  sigma_m = C_m : (e - eps* <xi - xi_0>/xi I)
  sigma_e = C_e : (e + eps* <xi_0 - xi>/(1 - xi) I) + sigma_r - p I [liquids only],   <x> = max(x, 0)
  sigma_r: residual stress of the layer, in its plane
  top: sigma n = -(p + k (u - u_0).n) n, u_0 the displacement at the start;   bottom and sides: u.n = 0, no
  shear.

A liquid (layer without E and nu) is at the pressure p wherever it is, as if joined to a reservoir: it is
given SOFTNESS times the smallest modulus of the solids, only to have a displacement. The third dimension of
a 2-D case does not strain (plane strain), in 1-D neither direction along the layers does (uniaxial strain).
Within a diffuse front sigma_nn falls short of its value at a sharp one by l ln 2 times the jump of its slope,
which is K times that of the stress along the front: it is therefore extrapolated along n from DEPTH l within
the metal, and smoothed over about l.

Staggered: solved once per try of a step, for the front predicted at its end, as normals and curvature are: an
error of second order in the step. Nothing of it is kept between steps: a run that is continued solves again.

What this is not. eps* is the misfit of metal that has replaced the layer (stripped metal: the opposite), a
parameter and not the volume of metal pushed under a film: the front still consumes what it grows into, and
new metal starts from the strain of that. No plasticity or creep, no large displacement, no convection by u,
no pressure of a liquid that is shut in, no effect of stress on transport. With a free top and flat layers
sigma_nn is -p whatever grows. For a film that is lifted and bent there is the study film_growth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import ufl
from dolfinx import fem
from dolfinx.fem.petsc import assemble_matrix, assemble_vector, create_matrix
from petsc4py import PETSc
from ufl.core.expr import Expr

from fem_sei.geometry.regions import StackMesh
from fem_sei.numerics.front import FrontGeometry, profile
from fem_sei.numerics.linear import elastic_options, insert_options
from fem_sei.numerics.near_nullspace import rigid_body_modes
from fem_sei.physics.elasticity import Kinematics
from fem_sei.physics.laminate import Phase, laminate_stress

PREFIX = "femsei_stress_"  # of the solver's PETSc options
RTOL = 1e-9  # the problem is linear: there is no iteration around it that would mend a loose solve
SOFTNESS = 1e-6  # of liquids, over the smallest Young's modulus of the solids
LIQUID_NU = 0.3  # as good as any
ASSUMPTION = {1: "uniaxial_strain", 2: "plane_strain", 3: "solid"}
NO_NORMAL = 0.1  # smoothed |n|^2 of a place too far from the front to have a normal
SHARPNESS = 3.0  # l over the length of the front that the stress sees
DEPTH = 4.0  # in l, where the stress at the front is taken from: xi = 0.98
FAINT = 1e-5  # weight of the places in the metal at one too far from them to know the stress there
TINY = 1e-30  # makes what divides positive


class StressSolverFailure(RuntimeError):
    """The linear solver of the displacement did not converge."""


@dataclass(frozen=True)
class StressParameters:
    """What the stress needs, SI. ``layers``: E and nu by region, of what is there where no metal is; None for
    liquids. ``residual_stress``: of the regions that have one."""

    elastic: bool
    shifts: bool
    pressure: float
    stiffness: float = 0.0
    growth_strain: float = 0.0
    metal: tuple[float, float] | None = None
    layers: Mapping[str, tuple[float, float] | None] = field(default_factory=dict)
    residual_stress: Mapping[str, float] = field(default_factory=dict)
    profile: str = "auto"


class FrontStress:
    """The normal stress at the front, ``normal`` (P1), in units of ``unit`` = RT/V_m; here -p everywhere."""

    def __init__(self, scalar: fem.FunctionSpace, p: StressParameters, unit: float) -> None:
        self.p, self.unit = p, unit
        self.normal = fem.Function(scalar, name="normal_stress")
        self.normal.x.array[:] = -p.pressure / unit

    def start(self, psi: np.ndarray) -> None:
        """Take the state at the start (nodal values of psi), from which growth and the support count."""

    def update(self, psi: np.ndarray) -> None:
        """Find the stress for nodal values of psi and the present normals of the front (collective)."""


class ElasticStress(FrontStress):
    """The normal stress at the front from the displacement ``u`` (P1, in L0); see the module."""

    def __init__(
        self,
        stack: StackMesh,
        front: FrontGeometry,
        scalar: fem.FunctionSpace,
        p: StressParameters,
        unit: float,
    ) -> None:
        super().__init__(scalar, p, unit)
        self.front, domain, self.length = front, stack.mesh, stack.length_scale
        self.dimension = domain.topology.dim
        space = fem.functionspace(domain, ("P", 1, (self.dimension,)))
        self.u, self.u_start = fem.Function(space, name="displacement"), fem.Function(space)
        self.xi, self.new, self.gone = (fem.Function(scalar) for _ in range(3))
        self._start = np.zeros_like(self.xi.x.array)  # xi_0
        self.kinematics = Kinematics(ASSUMPTION[self.dimension])
        sigma = self._law(stack)
        self._write_problem(stack, sigma)
        dx = ufl.dx(metadata={"quadrature_degree": 2})
        self.tensor = fem.Function(fem.functionspace(domain, ("DG", 0, (3, 3))), name="stress")
        mean = ufl.inner(sigma, ufl.TestFunction(self.tensor.function_space)) / ufl.CellVolume(domain)
        self._mean = fem.form(mean * dx)
        n, test, size = self._unit_normal(), ufl.TestFunction(scalar), ufl.dot(front.normal, front.normal)
        self._moments = fem.form(size * ufl.dot(n, self.tensor * n) * test * dx)
        self._weights = fem.form(size * test * dx)
        self._weight, self._diffuse, self._psi = (fem.Function(scalar) for _ in range(3))
        l, g = fem.Constant(domain, front.l), ufl.grad(self._diffuse)
        slope = ufl.dot(front.normal, g) / ufl.sqrt(size + TINY)
        inside = ufl.exp(-((self._psi / l - DEPTH) ** 2)) * size
        self._inner_moments = fem.form(inside * (self._diffuse - self._psi * slope) * test * dx)
        self._inner_weights = fem.form(inside * test * dx)

    def _law(self, stack: StackMesh) -> Expr:
        """sigma (3, 3) of the displacement u and the order parameter xi, in ``unit``."""
        p, constant = self.p, lambda value: fem.Constant(stack.mesh, float(value))
        solids = {region: law for region, law in p.layers.items() if law is not None}
        soft = SOFTNESS * min(E for E, _ in (p.metal, *solids.values()))
        moduli = {region: solids.get(region, (soft, LIQUID_NU)) for region in stack.regions}
        E = stack.region_function({region: E / self.unit for region, (E, _) in moduli.items()})
        nu = stack.region_function({region: nu for region, (_, nu) in moduli.items()})
        kept = {region: p.residual_stress.get(region, 0.0) / self.unit for region in stack.regions}
        fluid = {region: -p.pressure / self.unit * (region not in solids) for region in stack.regions}
        values = (p.metal[0] / self.unit, p.metal[1], p.growth_strain)
        E_metal, nu_metal, strain = (constant(value) for value in values)
        metal = Phase(E_metal, nu_metal, strain * self.new, ufl.zero(3, 3))
        stressed = self.kinematics.along_layer(stack.region_function(kept))
        offset = stressed + stack.region_function(fluid) * ufl.Identity(3)
        layer = Phase(E, nu, -strain * self.gone, offset)
        e = ufl.sym(self.kinematics.gradient(self.u))
        return laminate_stress(e, self.xi, self._unit_normal(), metal, layer)

    def _write_problem(self, stack: StackMesh, sigma: Expr) -> None:
        space, p = self.u.function_space, self.p
        v = ufl.TestFunction(space)
        pressure = fem.Constant(stack.mesh, p.pressure / self.unit)
        self.stiffness = fem.Constant(stack.mesh, 0.0)
        held = pressure + self.stiffness * (self.u - self.u_start)[self.dimension - 1]
        dx = ufl.dx(metadata={"quadrature_degree": 2})
        work = ufl.inner(sigma, self.kinematics.gradient(v)) * dx
        work += held * v[self.dimension - 1] * stack.ds(stack.boundaries["top"])
        self._residual = fem.form(work)
        self._tangent = fem.form(ufl.derivative(work, self.u, ufl.TrialFunction(space)))
        facet_dim = self.dimension - 1
        stack.mesh.topology.create_connectivity(facet_dim, self.dimension)
        across = {"left": 0, "right": 0, "front": 1, "back": 1, "bottom": self.dimension - 1}
        self.bcs = []
        for name, component in across.items():
            if name not in stack.boundaries:
                continue
            sub = space if self.dimension == 1 else space.sub(component)  # one component has no parts
            dofs = fem.locate_dofs_topological(sub, facet_dim, stack.facet_tags.find(stack.boundaries[name]))
            zero = (fem.Function(space), dofs) if self.dimension == 1 else (0.0, dofs, sub)
            self.bcs.append(fem.dirichletbc(*zero))
        owned = [bc.dof_indices() for bc in self.bcs]
        self._held_rows = np.unique(np.concatenate([rows[:count] for rows, count in owned])).astype(np.int32)
        self._A = create_matrix(self._tangent)
        self._b = self.u.x.petsc_vec.duplicate()
        dofs = space.dofmap.index_map.size_global * space.dofmap.index_map_bs
        options = elastic_options(p.profile, dofs, self.dimension)
        options = {key: value for key, value in options.items() if not key.startswith("snes")}
        if options["ksp_type"] != "preonly" and self.dimension > 1:
            options["ksp_rtol"] = RTOL
            rigid_body_modes(self._A, [space])
        insert_options(PREFIX, options)
        self._ksp = PETSc.KSP().create(stack.mesh.comm)
        self._ksp.setOptionsPrefix(PREFIX)
        self._ksp.setOperators(self._A)
        self._ksp.setFromOptions()

    def _unit_normal(self) -> Expr:
        """The normal of the front in the axes of the stress tensor; zero far from the front."""
        n, d = self.front.normal, self.dimension
        in_space = [0.0, n[0], 0.0] if d == 1 else [n[i] if i < d else 0.0 for i in range(3)]
        return ufl.as_vector(in_space) / ufl.sqrt(ufl.dot(n, n) + TINY)

    def start(self, psi: np.ndarray) -> None:
        """As `FrontStress.start`: a support of any stiffness exerts the pressure p then (collective)."""
        self.front.update(psi, with_curvature=False)
        self._start = self._metal(psi)
        self.stiffness.value = 0.0
        self.solve(psi)
        self.u_start.x.array[:] = self.u.x.array
        self.stiffness.value = self.p.stiffness * self.length / self.unit

    def _metal(self, psi: np.ndarray) -> np.ndarray:
        """The order parameter that the stress sees."""
        return profile(SHARPNESS * psi, self.front.l)

    def solve(self, psi: np.ndarray) -> None:
        """Find ``u``, and ``tensor``, the mean stress of every cell in ``unit``, with the present normals of
        the front (collective).

        Raises StressSolverFailure.
        """
        xi, start = self._metal(psi), self._start
        self.xi.x.array[:] = xi
        self.new.x.array[:] = np.maximum(xi - start, 0.0) / np.maximum(xi, TINY)
        self.gone.x.array[:] = np.maximum(start - xi, 0.0) / np.maximum(1 - xi, TINY)
        self.u.x.array[:] = 0.0
        with self._b.localForm() as local:
            local.set(0.0)
        assemble_vector(self._b, self._residual)
        self._b.ghostUpdate(PETSc.InsertMode.ADD, PETSc.ScatterMode.REVERSE)
        self._b.scale(-1.0)
        self._b.array[self._held_rows] = 0.0
        self._A.zeroEntries()
        assemble_matrix(self._A, self._tangent, self.bcs)
        self._A.assemble()
        self._ksp.solve(self._b, self.u.x.petsc_vec)
        if self._ksp.getConvergedReason() < 0:
            raise StressSolverFailure("the displacement could not be solved for")
        self.u.x.scatter_forward()
        self.tensor.x.array[:] = fem.assemble_vector(self._mean).array
        self.tensor.x.scatter_forward()

    def update(self, psi: np.ndarray) -> None:
        """As `FrontStress.update`. Nodes balance the mean stress of cells: in 1-D it is exact."""
        self.solve(psi)
        self._psi.x.array[:] = psi
        self.front.project(self._moments, self._diffuse)
        self.front.project(self._weights, self._weight)
        self._diffuse.x.array[:] /= np.maximum(self._weight.x.array, NO_NORMAL)
        self.front.smear(self._inner_moments, self.normal)
        self.front.smear(self._inner_weights, self._weight)
        weight, moment = self._weight.x.array, self.normal.x.array
        far = weight < FAINT
        moment[:] = np.where(far, -self.p.pressure / self.unit, moment / np.where(far, 1.0, weight))


def front_stress(
    stack: StackMesh,
    front: FrontGeometry,
    scalar: fem.FunctionSpace,
    p: StressParameters | None,
    unit: float,
) -> FrontStress | None:
    """The stress that a case asks for, if any; arguments as for `ElasticStress` (collective)."""
    if p is None:
        return None
    return ElasticStress(stack, front, scalar, p, unit) if p.elastic else FrontStress(scalar, p, unit)
