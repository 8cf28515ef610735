"""Plating and stripping of a metal through layers: the equations of the study.

Fields (P1): order parameter xi (1 metal, 0 outside), salt concentration c as y = ln(c/c0), potential
phi_e of the electrolyte against a reference electrode of the metal at the same place. The metal has one
potential phi_s. With eps = 1 - xi + eps_f, f = F/RT, z the valence and n the normal into the metal:

  (1) d xi/dt = V_m R + div[ M (grad xi - xi(1-xi)/l n) ]                  metal; the flux moves no front
  (2) d(eps c)/dt = div[ eps D grad c + (1-t+) i/(zF) ]                    salt: anions do not react
  (3) div i + zF R = 0,   i = -eps kappa [grad phi_e - ((1+z)/z)(RT/F)(1-t+) TDF grad ln c]      charge
  (4) zF R = q i_BV,   i_BV = i0 (c*/c_ref)^(1-alpha) [exp(-alpha z f eta) - exp((1-alpha) z f eta)]
      eta = phi_s - phi_e* + gamma V_m K/(zF) - V_m sigma_nn/(zF)      [sigma_nn: see `plating_mechanics`]
  (5) c*, phi_e*: extrapolated along n to the xi = 1/2 surface ("flat drive"); q: reaction density, whose
      integral across the front is 1, so that a planar front moves at i_BV V_m/(zF) whatever its width.

Far side ("counter"): c = c0 (reservoir) or no anion flux (closed cell). A potential phi_s is imposed against
phi_e = 0 there. A current is imposed as a uniform current density there (gauge phi_s = 0), or against an
equipotential counter electrode: phi_e = 0, and phi_s is one more unknown, with int zF R dx = total current
beside (1)-(3). All other walls: no flux.
The same source R in (1), (2) and (3) makes charge passed equal metal grown. No Nernst term in eta: the
reference electrode already contains it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import ufl
from dolfinx import fem
from mpi4py import MPI
from scipy.constants import R, physical_constants
from ufl.core.expr import Expr

from fem_sei.geometry.regions import StackMesh
from fem_sei.materials.library import Material
from fem_sei.numerics.bordered import Border
from fem_sei.numerics.compat import collapse, interpolation_points
from fem_sei.numerics.front import FrontGeometry, level, profile
from fem_sei.numerics.newton import BlockNewton
from fem_sei.physics import kinetics, phase_field, transport
from fem_sei.studies.plating_mechanics import StressParameters, front_stress
from fem_sei.studies.properties import depends_on_c, evaluate, is_nernst_einstein

F = physical_constants["Faraday constant"][0]
FIELDS = ("xi", "c", "phi_e")
TRANSPORT = ("D", "t_plus", "kappa", "thermodynamic_factor")
PREFIX = "femsei_plating_"  # of the solver's PETSc options
QUADRATURE_DEGREE = 2
IMBALANCE = 1e-11  # per unit of current: keeps the balances of a whole run at this level
SLOWEST = 0.3  # of the largest speed: lower bound of the local v in M = m l v, for closing valleys
SMALLEST_RATIO = 0.2  # of c at the front to c in its tail, for the extrapolation of the potential
LEAST_CURRENT = 1e-3  # in units of the largest planned one: below, rounding decides


@dataclass(frozen=True)
class PlatingParameters:
    """What the equations need, in SI units. ``layers``: ion conductor of each region (the metal region has
    that of the layer above it: what stripping uncovers)."""

    z: int
    V_m: float
    temperature: float
    i0: float
    alpha: float
    surface_energy: float
    concentration: float
    reference_concentration: float
    interface_width: float
    layers: Mapping[str, Material]
    counter: str  # "reservoir" or "closed"
    counter_electrode: str  # "uniform_current" or "equipotential", where a current is imposed
    current_scale: float  # A/m^2, a typical current density: sets the unit of time only
    mobility: float = 6.0  # m in M = m l v: how fast the profile recovers
    reaction_cutoff: float = 3e-3  # qc
    residual_porosity: float = 1e-3  # eps_f
    depletion_limit: float = 0.03  # c/c0 below which the reaction is switched off
    smoothing: float = 1.5  # of the normal, in units of the larger of l and the cell size
    mechanics: StressParameters | None = None


@dataclass(frozen=True)
class Scales:
    """Units of the dimensionless equations: L0, t0, c0, potential RT/F, current zF L0/(V_m t0)."""

    length: float
    time: float
    concentration: float
    potential: float
    current: float

    @classmethod
    def of(cls, p: PlatingParameters, length: float) -> Scales:
        speed = p.current_scale * p.V_m / (p.z * F)
        potential = R * p.temperature / F
        return cls(length, length / speed, p.concentration, potential, p.current_scale)


class PlatingModel:
    """Equations (1)-(5) on a meshed stack, ready to be stepped in time."""

    notes: tuple[str, ...] = ()  # what a user should know about the formulation

    def __init__(
        self,
        stack: StackMesh,
        p: PlatingParameters,
        cell_size: float,
        profile_options: Mapping[str, object],
        petsc_options: Mapping[str, object],
    ):
        self.stack, self.p = stack, p
        self.comm = stack.mesh.comm
        self.scales = Scales.of(p, stack.length_scale)
        self.l = p.interface_width / 4 / self.scales.length
        self.space = fem.functionspace(stack.mesh, ("P", 1, (len(FIELDS),)))
        self.scalar, dofs = collapse(self.space, 0)
        self.nodes = dofs // len(FIELDS)  # block of each scalar dof
        self.u, self.u1, self.u2 = (fem.Function(self.space) for _ in range(3))
        smoothing = p.smoothing * max(self.l, cell_size / self.scales.length)
        self.front = FrontGeometry(self.scalar, self.l, smoothing)
        unit = R * p.temperature / p.V_m
        self.stress = front_stress(stack, self.front, self.scalar, p.mechanics, unit)
        self._declare_constants()
        self._write_equations()
        self._set_boundary_conditions()
        self.solver = BlockNewton(
            self.residual,
            self.u,
            [],
            FIELDS,
            PREFIX,
            dict(profile_options),
            dict(petsc_options),
            damping=3.0,
            border=self.border,
        )
        self._observe()
        self.impose("current")
        self.set_imbalance(1.0)

    # -- equations ---------------------------------------------------------------------------------

    def _declare_constants(self) -> None:
        """Everything a user can change is a Constant: no recompilation per value."""
        mesh, p, s = self.stack.mesh, self.p, self.scales
        constant = lambda value: fem.Constant(mesh, float(value))  # noqa: E731
        self.a0, self.a1, self.a2 = constant(1), constant(-1), constant(0)
        self.phi_s, self.current = constant(0), constant(0)
        self.z, self.alpha = constant(p.z), constant(p.alpha)
        self.length = constant(self.l)
        self.i0 = constant(p.i0 / s.current * (p.concentration / p.reference_concentration) ** (1 - p.alpha))
        self.capillarity = constant(p.surface_energy * p.V_m / (p.z * R * p.temperature * s.length))
        self.beta = constant(1 / (p.V_m * p.concentration))
        self.cutoff = constant(p.reaction_cutoff)
        self.norm = constant(phase_field.reaction_norm(p.reaction_cutoff, p.mobility))
        self.eps_f = constant(p.residual_porosity)
        self.c_limit = constant(p.depletion_limit)
        self.mobility = fem.Function(self.stack.cellwise, name="mobility")
        self.mobility.x.array[:] = p.mobility * self.l

    def _write_equations(self) -> None:
        xi, y, phi_e = ufl.split(self.u)
        w, s, p = ufl.split(ufl.TestFunction(self.space))
        c = ufl.exp(y)
        n, K = self.front.normal, self.front.curvature
        eps = 1 - xi + self.eps_f
        self.stored = eps * c

        # kinetics at the front, source
        d = phase_field.distance_to_front(xi, self.length)
        c_front = phase_field.at_front(c, d, n)
        # near a front in equilibrium phi_e follows ((1+z)/z) ln c, which a straight line would miss
        b = (1 + self.z) / self.z
        change = ufl.ln(ufl.max_value(1 - d * ufl.dot(n, ufl.grad(y)), SMALLEST_RATIO))  # ln(c*/c)
        phi_front = phase_field.at_front(phi_e - b * y, d, n) + b * (y + change)
        dimension = self.stack.mesh.topology.dim
        phi_s = ufl.variable(self.phi_s)
        eta = phi_s - phi_front + self.capillarity * phase_field.curvature_at_front(K, d, dimension)
        if self.stress and self.stress.p.shifts:
            eta -= self.stress.normal / self.z
        self.rate = kinetics.depletion_switch(c, self.c_limit) * kinetics.butler_volmer(
            eta, c_front, self.i0, self.alpha, self.z
        )
        source = self.rate * phase_field.reaction_density(xi, self.length, self.cutoff, self.norm)

        # rates of change
        def stored(function: fem.Function) -> tuple:
            order, log_c, _ = ufl.split(function)
            return order, (1 - order + self.eps_f) * ufl.exp(log_c)

        (x0, s0), (x1, s1), (x2, s2) = stored(self.u), stored(self.u1), stored(self.u2)
        xi_rate = self.a0 * x0 + self.a1 * x1 + self.a2 * x2
        salt_rate = self.a0 * s0 + self.a1 * s1 + self.a2 * s2

        dx = self.stack.dx(metadata={"quadrature_degree": QUADRATURE_DEGREE})
        flux = phase_field.regularisation_flux(xi, n, self.mobility, self.length)
        residual = (xi_rate * w - source * w + ufl.dot(flux, ufl.grad(w)) + salt_rate * s + source * p) * dx
        for tags, properties in self._transport_groups(c):
            i = transport.ionic_current(eps, c, phi_e, self.z, properties)
            N = transport.salt_flux(eps, c, i, self.beta, properties)
            residual += (-ufl.dot(N, ufl.grad(s)) - ufl.dot(i, ufl.grad(p))) * dx(tags)
        counter = self.stack.ds(self.stack.boundaries["top"], metadata={"quadrature_degree": 1})
        self.residual = residual - self.current * p * counter
        self.border = None
        if self.p.counter_electrode == "equipotential":
            slope = ufl.diff(source, phi_s)
            self.border = Border(self.phi_s, slope * (p - w) * dx, source * dx, slope * dx, self.u)

    def _transport_groups(self, c: Expr) -> list[tuple[tuple[int, ...], transport.TransportProperties]]:
        """Regions whose properties are numbers (or Nernst-Einstein's kappa) share piecewise constant
        coefficients and one integral; a region with a law of concentration has an integral of its own."""
        p, sc = self.p, self.scales
        to_D = sc.time / sc.length**2
        to_kappa = sc.potential / (sc.length * sc.current)
        numbers: dict[str, dict[str, float]] = {}
        groups = []
        for region, material in p.layers.items():
            if any(depends_on_c(material, key) for key in ("D", "t_plus", "thermodynamic_factor")) or (
                depends_on_c(material, "kappa") and not is_nernst_einstein(material)
            ):
                at = {key: evaluate(material, key, c * p.concentration, p.temperature) for key in TRANSPORT}
                properties = transport.TransportProperties(
                    at["D"] * to_D, at["t_plus"], at["kappa"] * to_kappa / c, at["thermodynamic_factor"]
                )
                groups.append(((self.stack.regions[region],), properties))
            else:  # kappa/c is a number for Nernst-Einstein, kappa is one otherwise
                at = {key: evaluate(material, key, p.concentration, p.temperature) for key in TRANSPORT}
                ideal = is_nernst_einstein(material)
                numbers[region] = {
                    "D": at["D"] * to_D,
                    "t_plus": at["t_plus"],
                    "thermodynamic_factor": at["thermodynamic_factor"],
                    "kappa_over_c": at["kappa"] * to_kappa if ideal else 0.0,
                    "kappa": 0.0 if ideal else at["kappa"] * to_kappa,
                }
        if numbers:
            f = {key: self._by_region(numbers, key) for key in next(iter(numbers.values()))}
            constant_kappa = any(values["kappa"] for values in numbers.values())
            kappa_over_c = f["kappa_over_c"] + f["kappa"] / c if constant_kappa else f["kappa_over_c"]
            tags = tuple(self.stack.regions[region] for region in numbers)
            properties = transport.TransportProperties(
                f["D"], f["t_plus"], kappa_over_c, f["thermodynamic_factor"]
            )
            groups.append((tags, properties))
        return groups

    def _by_region(self, numbers: Mapping[str, Mapping[str, float]], key: str) -> fem.Function:
        return self.stack.region_function({r: numbers.get(r, {}).get(key, 0.0) for r in self.stack.regions})

    def _set_boundary_conditions(self) -> None:
        mesh, top = self.stack.mesh, self.stack.facet_tags.find(self.stack.boundaries["top"])
        facet_dim = mesh.topology.dim - 1
        mesh.topology.create_connectivity(facet_dim, facet_dim + 1)
        self.bcs = {}
        for name in ("c", "phi_e"):  # ln(c/c0) = 0 and phi_e = 0
            sub = self.space.sub(FIELDS.index(name))
            dofs = fem.locate_dofs_topological(sub, facet_dim, top)
            self.bcs[name] = fem.dirichletbc(0.0, dofs, sub)
        self.fixed: list[str] = []  # fields that are fixed at the counter electrode at present

    def impose(self, control: str) -> float:
        """From now on ``drive`` sets a "current" or a "potential"; nothing else changes (collective).

        Returns what was added to phi_e and phi_s, whose common zero is the counter electrode's potential or,
        where a uniform current enters there, the metal's.
        """
        self.control = control
        self.fixed = ["c"] if self.p.counter == "reservoir" else []
        if control == "potential" or self.border:
            self.fixed.append("phi_e")
            shift = -self.total(self._phi_form) / self.area
        else:
            shift = -float(self.phi_s.value)
        for function in (self.u, self.u1):
            function.x.array[FIELDS.index("phi_e") :: len(FIELDS)] += shift
        self.phi_s.value += shift
        self.current.value = 0.0
        if self.border:
            self.border.active = control == "current"
        self.solver.fix([self.bcs[name] for name in self.fixed])
        return shift

    # -- what can be observed ----------------------------------------------------------------------

    def _observe(self) -> None:
        xi = ufl.split(self.u)[0]
        dx = self.stack.dx(metadata={"quadrature_degree": QUADRATURE_DEGREE})
        counter = self.stack.ds(self.stack.boundaries["top"], metadata={"quadrature_degree": 1})
        self._start = fem.Function(self.space)
        self._gain_form = fem.form((xi - ufl.split(self._start)[0]) * dx)
        self._salt_form = fem.form(self.stored * dx)
        self._phi_form = fem.form(ufl.split(self.u)[2] * counter)
        if self.stress:
            weight = ufl.max_value(xi * (1 - xi) - self.cutoff, 0.0)
            self._stress_forms = [fem.form(weight * dx), fem.form(self.stress.normal * weight * dx)]
        points = interpolation_points(self.stack.cellwise)
        self._rate_at_cells = fem.Expression(self.rate, points)
        self._rate = fem.Function(self.stack.cellwise, name="rate")

    @property
    def area(self) -> float:
        """Area of the counter electrode, in units of L0^(d-1)."""
        if not hasattr(self, "_area"):
            one = fem.Constant(self.stack.mesh, 1.0)
            self._area = self.total(fem.form(one * self.stack.ds(self.stack.boundaries["top"])))
        return self._area

    def total(self, form: fem.Form) -> float:
        """Integral over all ranks (collective)."""
        return self.comm.allreduce(fem.assemble_scalar(form))

    def metal_gain(self) -> float:
        """Metal gained since the start per area, in L0 (integrated as a difference: no cancellation)."""
        return self.total(self._gain_form) / self.area

    def front_stress(self) -> float:
        """Mean normal stress along the front, in units of ``stress.unit``."""
        size, integral = (self.total(form) for form in self._stress_forms)
        return integral / size

    def salt(self) -> float:
        """Salt in the pores per area, in c0 L0."""
        return self.total(self._salt_form) / self.area

    def terminal_current(self) -> float:
        """Current density through the counter electrode after a solve, in the current unit: what is
        imposed, or the consistent flux through the nodes where phi_e is fixed."""
        if "phi_e" not in self.fixed:
            return float(self.current.value)
        return self.solver.reactions[self.fixed.index("phi_e")] / self.area

    def salt_influx(self) -> float:
        """Salt entering from the reservoir per area and time (consistent flux), in c0 L0/t0."""
        return self.solver.reactions[self.fixed.index("c")] / self.area if "c" in self.fixed else 0.0

    def cell_voltage(self) -> float:
        """phi_s minus phi_e at the counter electrode (mean), in RT/F: metal against counter."""
        return float(self.phi_s.value) - self.total(self._phi_form) / self.area

    # -- state -------------------------------------------------------------------------------------

    def component(self, name: str, function: fem.Function | None = None) -> np.ndarray:
        """Nodal values (scalar numbering, ghosts included) of a field: a copy."""
        values = (function or self.u).x.array.reshape(-1, len(FIELDS))
        return values[self.nodes, FIELDS.index(name)].copy()

    def concentration(self, values: np.ndarray) -> np.ndarray:
        """c/c0 from values of the component "c"."""
        return np.exp(values)

    def state(self) -> np.ndarray:
        """(nodes, 3): psi (level function of xi), ln c, phi_e: smooth in time, made to extrapolate."""
        return np.stack(
            [level(self.component("xi"), self.l), self.component("c"), self.component("phi_e")], axis=1
        )

    def set_state(self, psi: np.ndarray, y: np.ndarray, phi_e: np.ndarray) -> None:
        """Put a state into ``u``, ghosts included."""
        block = self.u.x.array.reshape(-1, len(FIELDS))
        block[self.nodes] = np.stack([profile(psi, self.l), y, phi_e], axis=1)

    def initialise(self) -> None:
        """Equilibrium profile around the metal surface, c = c0, phi_e = 0 (no current)."""
        points = (
            self.scalar.tabulate_dof_coordinates()[:, : self.stack.mesh.topology.dim] * self.scales.length
        )
        psi = self.stack.surface.signed_distance(points) / self.scales.length
        bound = 20 * self.l
        self.set_state(np.clip(psi, -bound, bound), np.zeros_like(psi), np.zeros_like(psi))
        self.u.x.scatter_forward()
        self._start.x.array[:] = self.u.x.array
        if self.stress:
            self.stress.start(self.state()[:, 0])

    def set_imbalance(self, current: float) -> None:
        """What a solve may leave of charge, salt and metal unaccounted for, at a current density."""
        per_field = np.array([1.0, 0.2 * float(self.beta.value), 1.0])
        charge = IMBALANCE * self.area * max(abs(current), LEAST_CURRENT)
        self.solver.tolerances.imbalance = charge * per_field
        if self.border:
            self.border.tolerance = charge

    def drive(self, value: float) -> None:
        """Impose a mean current density or a potential phi_s (see `impose`), in the model's units."""
        if self.control == "potential":
            self.phi_s.value = value
        elif self.border:
            self.border.target = value * self.area
        else:
            self.current.value = value

    def prepare_step(self, psi: np.ndarray, speed_floor: float) -> float:
        """Freeze what lags within a step (normals, curvature, mobility) at the predicted state in ``u``.

        Returns the largest speed of the front (L0/t0). ``speed_floor`` keeps the profile when all rests.
        """
        xi = profile(psi, self.l)
        self.solver.balancing = np.empty_like(psi)
        self.solver.balancing[self.nodes] = xi * (1 - xi)
        with self.solver.clock("normals and curvature"):
            self.front.update(psi, with_curvature=self.p.surface_energy > 0)
        if self.stress:
            with self.solver.clock("stress"):
                self.stress.update(psi)
        self._rate.interpolate(self._rate_at_cells)
        rate = np.abs(self._rate.x.array)
        corner = psi[self.front.grid.cells]
        near = np.abs(corner.mean(axis=1)) < 2.2 * self.l  # 0.1 < xi < 0.9
        fastest = self.comm.allreduce(float(rate[near].max(initial=0.0)), op=MPI.MAX)
        local = np.clip(rate, SLOWEST * fastest, fastest)
        self.mobility.x.array[:] = (
            self.p.mobility * self.l * np.maximum(local, speed_floor) * self.front.switch.x.array
        )
        return fastest
