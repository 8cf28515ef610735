"""Study "film_growth": metal that is plated under an elastic film, with a sharp surface.

Fields: displacement u (m) of the film; on the surface of the metal, all on its undeformed mesh, the
displacement w of its points, the force q per undeformed area by which it holds the film, the area vector
a n (normal times area over undeformed area), with surface energy the capillary force g; in a film of given
conductivity its potential phi (V). For all test functions:

film        int P(u) : grad v dX - int q.v dA + p int cof F N.v dA_top = 0        (`physics.elasticity`)
joint       int r.(u - w) dA = 0 where the film is bonded for good, or
            int r.(q + T(u - w, d)) dA = 0 where it may come off       (`physics.cohesive`)
growth      int m.(dw/dt - v a n/|a n|) dA = 0,  v = i V_m/(z F)                  (`physics.growth`)
normal      int s.(a n - [a n](w)) dA = 0, [a n] from the tangents of the surface
capillary   int g.y dA = d/dw (int gamma |[a n](w)| dA) y: gamma K n per deformed area
charge      int kappa J F^-1 F^-T grad phi.grad psi dX + int i |a n| psi dA = 0,  phi = 0 on top

Points of the surface, and with them the film that is bonded to it, move along the normal without slip.
Under a film that has come off the metal fills the gap, or (under_open_film = "stops") v is multiplied by 1
minus the damage in energy.

The kinetics take the normal stress of the consistent forces, sigma_nn - gamma K = -(q + g).(a n)/|a n|^2, and
eta - phi at each place. The side walls are planes of symmetry. With m = a n the growth law says that the
metal swept by the surface, int [a n](w).dw/dt dA, is int v |a n| dA: the charge that has passed, to the
accuracy of the solver.

The potential of the metal eta is given, or follows from int i |a n| dA = current density * width.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import ufl
from dolfinx import fem
from petsc4py import PETSc
from scipy.constants import R
from ufl.core.expr import Expr

from fem_sei.case.film_growth_sizes import film_modulus, flat_current
from fem_sei.closed_form.kinetics import F
from fem_sei.geometry.regions import StackMesh
from fem_sei.numerics.coupled import CoupledNewton
from fem_sei.numerics.linear import elastic_options
from fem_sei.numerics.submesh import (
    facet_measure,
    interface_at_boundary,
    maps_for_assembly,
    submesh_of_regions,
)
from fem_sei.numerics.total import TotalCondition
from fem_sei.physics.elasticity import Kinematics, Solid
from fem_sei.physics.growth import area_vector, deposition
from fem_sei.studies.joints import INTERFACE_DEGREE, Body, Joint, bilinear_law

PREFIX = "film_growth_"
SMALL = 1e-6  # of the unit of length: a displacement that still counts
SLOPE_STEP = 1e-5  # of the unit of length
WALL = 1e-9  # of the width: a node so near to a side wall is on it


class FilmGrowthModel:
    """The equations of a case on its meshed film, and their solver.

    Lengths in ``L`` (``stack.length_scale``), stresses in ``S`` (the largest Young's modulus), potentials in
    RT/F, current densities in ``i_ref``, that of the unstressed flat surface (or the given mean), and times
    in ``T`` = L z F/(i_ref V_m): the time in model units is the growth of a flat surface.
    """

    def __init__(self, case: Any, stack: StackMesh):
        self.case, self.stack, self.mesh = case, stack, stack.mesh
        self.dim, self.comm, self.L = stack.mesh.topology.dim, stack.mesh.comm, stack.length_scale
        self.films = {layer.name: layer for layer in case.geometry.layers[1:]}
        self.S = max(film_modulus(case, layer) for layer in self.films.values())
        self._set_scales()
        self.weights = [self._constant(value) for value in (1.0, -1.0, 0.0)]
        self.moving = self._constant(1.0)  # 0: the surface stands still while all else finds its balance
        self.eta = self._constant((case.operation.overpotential or 0.0) / self.potential)
        self._spaces()
        self._laws()
        equations = list(self._equations())
        self.solver = CoupledNewton(
            [form for form, _ in equations],
            [pull for _, pull in equations],
            [fem.Function(one.function_space) for one in self.unknowns],
            self.unknowns,
            self._fixed(),
            self.eta,
            self.maps,
            PREFIX,
            (elastic_options("direct", 0, self.dim), dict(case.solver.petsc)),
            scale=SMALL,
        )
        names = {
            "u": "film",
            "w": "joint",
            "q": "growth",
            "area": "normal",
            "g": "capillary",
            "phi": "charge",
        }
        self.solver.names = tuple(names[one.name] for one in self.unknowns)
        if self.joint is not None:
            self.joint.prepare(self.maps, ufl.SpatialCoordinate(self.mesh))
            self.joint.set_flaw(self._in_flaw(self.joint), np.zeros(len(self.joint.weights), dtype=bool))
        if case.operation.current_density is not None:
            self.solver.condition = self._given_current()

    def _constant(self, value: float) -> fem.Constant:
        return fem.Constant(self.mesh, PETSc.ScalarType(value))

    def _material(self, layer: Any) -> Any:
        return self.case.materials[layer.material]

    def _set_scales(self) -> None:
        metal = self._material(self.case.geometry.layers[0])
        temperature = self.case.conditions.temperature
        self.z, self.V_m = metal.z, metal.value("V_m")
        self.potential = R * temperature / F
        self.i_ref = abs(flat_current(self.case))
        self.T = self.L * self.z * F / (self.i_ref * self.V_m)
        self.shift = self.V_m * self.S / (R * temperature)  # of w* per stress

    # fields

    def _spaces(self) -> None:
        """Unknowns, their test functions, and the measure of the surface."""
        order, dim = self.case.mesh.order, self.dim
        bottom, top = (self.stack.facet_tags.find(self.stack.boundaries[name]) for name in ("bottom", "top"))
        self.film_part = submesh_of_regions(self.mesh, self.stack.cell_tags, self.stack.regions.values())
        self.surface = interface_at_boundary(self.mesh, bottom)
        self.front = self.surface.part.mesh
        self.maps = maps_for_assembly([], [self.surface])
        vector = ("Lagrange", order, (dim,))

        def on_surface(name: str) -> fem.Function:
            return fem.Function(fem.functionspace(self.front, vector), name=name)

        self.u = fem.Function(fem.functionspace(self.mesh, vector), name="u")
        self.w, self.q, self.area = (on_surface(name) for name in ("w", "q", "area"))
        self.area.x.array[self.dim - 1 :: self.dim] = 1.0
        self.unknowns = [self.u, self.w, self.q, self.area]
        self.g = self.phi = None
        if self.case.kinetics.surface_energy > 0.0:
            self.g = on_surface("g")
            self.unknowns.append(self.g)
        if self.case.operation.ohmic_drop:
            self.phi = fem.Function(fem.functionspace(self.mesh, ("Lagrange", order)), name="phi")
            self.unknowns.append(self.phi)
        self._curve(bottom)
        self.before, self.earlier = (fem.Function(self.w.function_space) for _ in range(2))
        rows = [self.surface.entities, interface_at_boundary(self.mesh, top).entities]
        outer = facet_measure("ds", self.mesh, rows, INTERFACE_DEGREE)
        self.dA, self.dA_top = outer(0), outer(1)
        self.da = ufl.Measure("dx", domain=self.front, metadata={"quadrature_degree": INTERFACE_DEGREE})

    def _curve(self, bottom: np.ndarray) -> None:
        """Where the surface is: the mesh has straight edges between nodes on it, which would bend in growing.

        ``curved``: from places in the mesh to those X of the undeformed film, on the surface only.
        """
        space = self.u.function_space
        self.curved = fem.Function(space)
        nodes = fem.locate_dofs_topological(space, self.dim - 1, bottom)
        x = space.tabulate_dof_coordinates()[nodes].T
        height = self._height(x)
        self.curved.x.array[nodes * self.dim + self.dim - 1] = height - x[self.dim - 1]
        self.curved.x.scatter_forward()
        self.X = fem.Function(self.w.function_space)
        self.X.interpolate(lambda x: np.vstack([x[: self.dim - 1], self._height(x)]))

    def _height(self, x: np.ndarray) -> np.ndarray:
        return self.stack.surface.height(*x[: self.dim - 1] * self.L) / self.L

    def _fixed(self) -> list[list[fem.DirichletBC]]:
        """Essential values: no motion, force or normal across the side walls, phi = 0 on top."""
        sides, found = [self.case.geometry.width, self.case.geometry.depth], []
        for field in self.unknowns:
            space, bcs = field.function_space, []
            for axis in range(self.dim - 1) if field is not self.phi else ():
                end = sides[axis] / self.L
                dofs = fem.locate_dofs_geometrical(
                    (space.sub(axis), space.sub(axis).collapse()[0]),
                    lambda x, axis=axis, end=end: np.minimum(abs(x[axis]), abs(x[axis] - end)) < WALL * end,
                )
                zero = fem.Function(space.sub(axis).collapse()[0])
                bcs.append(fem.dirichletbc(zero, dofs, space.sub(axis)))
            if field is self.phi:
                facets = self.stack.facet_tags.find(self.stack.boundaries["top"])
                dofs = fem.locate_dofs_topological(space, self.dim - 1, facets)
                bcs.append(fem.dirichletbc(PETSc.ScalarType(0.0), dofs, space))
            found.append(bcs)
        return found

    # laws

    def _laws(self) -> None:
        """Solids, kinetics."""
        bent = ufl.Identity(self.dim) + ufl.grad(self.curved)
        kinematics = Kinematics("solid" if self.dim == 3 else "plane_strain", curving=bent)
        self.volume = ufl.det(bent)
        self.F = bent + ufl.grad(self.u)  # from the mesh to the deformed film
        self.solids = {
            name: Solid(
                E=self._constant(film_modulus(self.case, layer) / self.S),
                nu=self._constant(self._material(layer).value("nu")),
                eigenstrain=self._constant(0.0),
                residual_stress=self._constant(layer.residual_stress / self.S),
                kinematics=kinematics,
                strain=self.case.mechanics.strain,
            )
            for name, layer in self.films.items()
        }
        kinetics = self.case.kinetics
        self.stretch = ufl.sqrt(ufl.dot(self.area, self.area))
        self.normal = self.area / self.stretch
        self.sigma = -ufl.dot(self.q, self.area) / self.stretch**2
        felt = self.sigma if kinetics.stress_shift else ufl.as_ufl(0.0)
        if self.g is not None:
            felt = felt - ufl.dot(self.g, self.area) / self.stretch**2
        self.local = ufl.variable(self.eta)
        overpotential = self.local if self.phi is None else self.local - self.phi
        i0 = self._constant(kinetics.exchange_current_density / self.i_ref)
        drive = self._constant(self.shift) * felt - self.z * overpotential
        self.current = deposition(drive, i0, self._constant(kinetics.alpha))
        self.joint = self._joint() if self.case.interfaces else None
        if self.joint is not None and self.joint.data.under_open_film == "stops":
            self.current = (1.0 - self.joint.energy_damage) * self.current

    def _joint(self) -> Joint:
        """The interface by which the film may come off the metal."""
        data, self.lag = self.case.interfaces[0], self._constant(0.0)
        law = bilinear_law(data, self._constant, self.S, self.L, self.lag)
        metal = Body(["metal"], self.surface.part, self.w, ufl.TestFunction(self.w.function_space))
        film = Body(list(self.films), self.film_part, self.u, ufl.TestFunction(self.u.function_space))
        one = ufl.as_ufl(1.0)
        # the undeformed normal: with one that turns the traction would have no energy to be taken from
        upwards = self._undeformed_normal()
        return Joint(data.on, data, metal, film, self.surface, law, self.dA, upwards, one)

    def _undeformed_normal(self) -> Expr:
        """Normal of the surface itself before anything grows; that of the facets jumps, and would grip."""
        normal = fem.Function(self.w.function_space)

        def found(x: np.ndarray) -> np.ndarray:
            slopes = [self._slope(x, axis) for axis in range(self.dim - 1)]
            return np.vstack([*(-slope for slope in slopes), np.ones(x.shape[1])])

        normal.interpolate(found)
        return normal / ufl.sqrt(ufl.dot(normal, normal))

    def _slope(self, x: np.ndarray, axis: int) -> np.ndarray:
        """Slope of the surface along an axis, by differences."""
        step = np.zeros_like(x)
        step[axis] = SLOPE_STEP
        return (self._height(x + step) - self._height(x - step)) / (2.0 * SLOPE_STEP)

    def _in_flaw(self, joint: Joint) -> np.ndarray:
        """Which points of the interface are debonded from the start."""
        flaw = joint.data.flaw
        if flaw is None:
            return np.zeros(len(joint.weights), dtype=bool)
        return (joint.points[:, 0] > flaw.start / self.L) & (joint.points[:, 0] < flaw.end / self.L)

    def cells(self, name: str) -> ufl.Measure:
        """Integrals over a layer."""
        degree = max(1, 4 * (self.case.mesh.order - 1))
        return self.stack.dx(self.stack.regions[name], metadata={"quadrature_degree": degree})

    # equations

    def _equations(self) -> Iterator[tuple[ufl.Form, ufl.Form | None]]:
        """The residual of every unknown, tested in its space, and minus its derivative by eta."""
        v, r, m, s, *others = (ufl.TestFunction(one.function_space) for one in self.unknowns)
        film = sum(
            law.virtual_work(self.u, v) * self.volume * self.cells(n) for n, law in self.solids.items()
        )
        film -= ufl.dot(self.q, v) * self.dA
        if self.case.operation.stack_pressure:
            film += self._constant(self.case.operation.stack_pressure / self.S) * self.pushed(v)
        yield film, None
        tied = self.u - self.w if self.joint is None else self.q + self.joint.traction
        yield ufl.dot(r, tied) * self.dA, None
        a_0, a_1, a_2 = self.weights
        rate = a_0 * self.w + a_1 * self.before + a_2 * self.earlier
        speed = self.moving * self.current
        along = ufl.dot(m, self.normal)
        yield (
            (ufl.dot(m, rate) - speed * along) * self.dA,
            ufl.diff(speed, self.local) * along * self.dA,
        )
        turned = area_vector(self.front, self.X + self.w)
        yield ufl.dot(s, self.area - turned) * self.da, None
        if self.g is not None:
            y = others.pop(0)
            gamma = fem.Constant(self.front, self.case.kinetics.surface_energy / (self.S * self.L))
            self.surface_energy = gamma * ufl.sqrt(ufl.dot(turned, turned)) * self.da
            yield ufl.dot(self.g, y) * self.da - ufl.derivative(self.surface_energy, self.w, y), None
        if self.phi is not None:
            psi = others.pop(0)
            inverse = ufl.inv(self.F)
            field = ufl.det(self.F) * inverse * inverse.T * ufl.grad(self.phi)
            charge = self.current * self.stretch * psi * self.dA
            for name, layer in self.films.items():
                kappa = self._material(layer).value("kappa") * self.potential / (self.L * self.i_ref)
                charge += self._constant(kappa) * ufl.dot(field, ufl.grad(psi)) * self.cells(name)
            slope = ufl.diff(self.current, self.local)
            yield charge, -slope * self.stretch * psi * self.dA

    def pushed(self, v: Expr) -> ufl.Form:
        """int cof F N.v dA over the top: the volume by which v moves the deformed top outwards."""
        return ufl.dot(self.top_area_vector, v) * self.dA_top

    @property
    def top_area_vector(self) -> Expr:
        """cof F N, the deformed area of the top (undeformed at small strain)."""
        outward = ufl.FacetNormal(self.mesh)
        if self.case.mechanics.strain == "small":
            return outward
        return ufl.det(self.F) * ufl.inv(self.F).T * outward

    def _given_current(self) -> TotalCondition:
        total = self.current * self.stretch * self.dA
        slope = ufl.diff(self.current, self.local) * self.stretch * self.dA
        sign = np.sign(self.case.operation.current_density)
        return TotalCondition(self.solver, total, slope, sign * self.projected_area)

    @property
    def projected_area(self) -> float:
        """Width (times depth) of the domain in model units."""
        return self.case.geometry.width * (self.case.geometry.depth or self.L) / self.L**2

    def close(self) -> None:
        """Free PETSc objects (collective)."""
        self.solver.close()
