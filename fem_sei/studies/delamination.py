"""Study "delamination": elastic layers joined by interfaces that may open.

Fields, one displacement u (m) on each body; a body is all layers between two interfaces that may open, the
layers in it are bonded perfectly. Rigid layers do not move and are not meshed.

Equilibrium of all bodies, for every virtual displacement v that vanishes where the displacement is given:

  sum over bodies       int P(u) : grad v dX                       (`physics.elasticity`)
  + sum over interfaces int T([[u]], d) . [[v]] dA                 (`physics.cohesive`)
  = p int w n . [[v]] dA                                           pressure in the flaw, dead
    (or p int w (cof F_upper n . v_upper - cof F_lower n . v_lower) dA, follower)
  - sum over boundaries p_b int N . v dA                           outer pressure, dead (or cof F N, follower)

[[u]] = u_upper - u_lower and n points upwards; dX and dA are undeformed, also in the traction-separation law
at finite strain. w is 1 on the initial flaw and 0 elsewhere, or with spread = "debonded" the damage in energy
as it grows. All loads and given displacements are proportional to the load factor, except those that are
held: these, residual stresses and eigenstrains are brought in first, by the factor `held` from 0 to 1.

The damage d of each interface is kept at its quadrature points and grows only when a step is accepted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import ufl
from dolfinx import fem
from petsc4py import PETSc
from ufl.core.expr import Expr

from fem_sei.case.cohesive_sizes import cohesive_length, element_size
from fem_sei.geometry.regions import StackMesh
from fem_sei.numerics.coupled import CoupledNewton
from fem_sei.numerics.linear import elastic_options
from fem_sei.numerics.near_nullspace import rigid_body_modes
from fem_sei.numerics.submesh import (
    facet_measure,
    interface_at_boundary,
    interface_between,
    maps_for_assembly,
    submesh_of_regions,
)
from fem_sei.physics.elasticity import Kinematics, Solid
from fem_sei.studies.joints import INTERFACE_DEGREE, Body, Joint, bilinear_law
from fem_sei.studies.supports import facets_of, fix_displacements

PREFIX = "delamination_"
SMALL = 1e-6  # displacement over the thickness of the thinnest layer that still counts


class DelaminationModel:
    """The equations of a case on a meshed stack, and their solver. Lengths are in ``stack.length_scale``,
    stresses in ``stress_scale`` (the largest Young's modulus).

    ``places``: where each interface of the case is in the mesh: ("interface", its name), or ("boundary",
    "bottom" or "top") for one to a rigid layer. ``load``: the load factor, ``held``: that of what is held.
    """

    def __init__(self, case: Any, stack: StackMesh, places: dict[str, tuple[str, str]]):
        self.case, self.stack, self.mesh = case, stack, stack.mesh
        self.dim, self.comm, self.L = stack.mesh.topology.dim, stack.mesh.comm, stack.length_scale
        self.layers = {layer.name: layer for layer in case.geometry.layers if not layer.rigid}
        self.stress_scale = max(self._modulus(layer) for layer in self.layers.values())
        self.load, self.held, self.lag = (self._constant(0.0) for _ in range(3))
        self.r = ufl.SpatialCoordinate(self.mesh)
        assumption = "solid" if self.dim == 3 else case.mechanics.assumption
        self.kinematics = Kinematics(assumption or "plane_strain", radius=self.r[0])

        self.bodies = self._bodies()
        self.joints = self._joints(places)
        interfaces = [joint.interface for joint in self.joints]
        self.maps = maps_for_assembly([body.part for body in self.bodies], interfaces)
        growing = ufl.variable(self.held)
        self.solids = {name: self._solid(layer, growing) for name, layer in self.layers.items()}
        self.given = fix_displacements(case, stack, self.bodies)
        pull = [_sum(form for form, held in self._loads(body) if not held) for body in self.bodies]
        self.solver = CoupledNewton(
            [self._residual(body) for body in self.bodies],
            pull,
            self._carried(),
            [body.u for body in self.bodies],
            [body.bcs for body in self.bodies],
            self.load,
            self.maps,
            PREFIX,
            self._options(),
            scale=SMALL * min(layer.thickness for layer in self.layers.values()) / self.L,
        )
        rigid_body_modes(self.solver.A, [body.u.function_space for body in self.bodies])
        self.external = self.solver.compile([self._all_loads(body) for body in self.bodies])
        self.energy = fem.form(
            sum(
                self.solids[name].energy(body.u) * self.volume * self.cells(name)
                for body in self.bodies
                for name in body.layers
            ),
            entity_maps=self.maps,
        )
        self._power = self._form_of_power(growing)
        for joint in self.joints:
            joint.prepare(self.maps, self.r("+") if joint.interface.between else self.r)
            joint.set_flaw(self._in_flaw(joint), self._at_the_end(joint))

    def _constant(self, value: float) -> fem.Constant:
        return fem.Constant(self.mesh, PETSc.ScalarType(value))

    def _options(self) -> tuple[dict[str, object], dict[str, object]]:
        sizes = [b.u.function_space.dofmap.index_map.size_global * self.dim for b in self.bodies]
        return elastic_options(self.case.solver.profile, sum(sizes), self.dim), dict(self.case.solver.petsc)

    # bodies and materials

    def _bodies(self) -> list[Body]:
        opening = {interface.on for interface in self.case.interfaces}
        groups: list[list[str]] = []
        names = list(self.layers)
        for n, name in enumerate(names):
            if n == 0 or f"{names[n - 1]}|{name}" in opening:
                groups.append([])
            groups[-1].append(name)
        bodies = []
        for layers in groups:
            tags = [self.stack.regions[name] for name in layers]
            part = submesh_of_regions(self.mesh, self.stack.cell_tags, tags)
            space = fem.functionspace(part.mesh, ("Lagrange", self.case.mesh.order, (self.dim,)))
            bodies.append(Body(layers, part, fem.Function(space, name="u"), ufl.TestFunction(space)))
        return bodies

    def _modulus(self, layer: Any) -> float:
        """Largest Young's modulus of a layer (Pa)."""
        profile = layer.modulus_profile
        return max(E for _, E in profile) if profile else self._material(layer).value("E")

    def _material(self, layer: Any) -> Any:
        return self.case.materials[layer.material]

    def _solid(self, layer: Any, growing: Expr) -> Solid:
        """The law of a layer, in model units; a graded modulus is linear between the given heights."""
        material = self._material(layer)
        if layer.modulus_profile:
            bottom, top = (y / self.L for y in self.stack.layers[layer.name])
            heights = [self._constant(bottom + at * (top - bottom)) for at, _ in layer.modulus_profile]
            moduli = [self._constant(E / self.stress_scale) for _, E in layer.modulus_profile]
            E = _piecewise_linear(self.r[self.dim - 1], heights, moduli)
        else:
            E = self._constant(material.value("E") / self.stress_scale)
        return Solid(
            E=E,
            nu=self._constant(material.value("nu")),
            eigenstrain=growing * self._constant(layer.eigenstrain),
            residual_stress=growing * self._constant(layer.residual_stress / self.stress_scale),
            kinematics=self.kinematics,
            strain=self.case.mechanics.strain,
        )

    @property
    def volume(self) -> Expr:
        """Volume (area) per area (length) of the mesh: 1, in axisymmetry 2 pi r."""
        axisymmetric = self.kinematics.assumption == "axisymmetric"
        return 2.0 * np.pi * self.r[0] if axisymmetric else ufl.as_ufl(1.0)

    def cells(self, name: str) -> ufl.Measure:
        """Cell integrals over a layer; the degree is exact for linear elasticity in the plane."""
        order = self.case.mesh.order
        linear = self.case.mechanics.strain == "small" and self.kinematics.assumption != "axisymmetric"
        graded = 2 if self.layers[name].modulus_profile else 0
        degree = max(1, (2 if linear else 4) * (order - 1)) + graded
        return self.stack.dx(self.stack.regions[name], metadata={"quadrature_degree": degree})

    # interfaces

    def _joints(self, places: dict[str, tuple[str, str]]) -> list[Joint]:
        of_layer = {name: body for body in self.bodies for name in body.layers}
        found = []
        for data in self.case.interfaces:
            lower, upper = (of_layer.get(name) for name in data.on.split("|"))
            kind, name = places[data.on]
            tags = self.stack.interfaces if kind == "interface" else self.stack.boundaries
            facets = self.stack.facet_tags.find(tags[name])
            if kind == "interface":
                below = [self.stack.regions[layer] for layer in lower.layers]
                interface = interface_between(self.mesh, self.stack.cell_tags, facets, below)
            else:
                interface = interface_at_boundary(self.mesh, facets)
            found.append((data, lower, upper, interface))
        return [self._joint(*one, measure) for one, measure in zip(found, self._measures(found), strict=True)]

    def _measures(self, found: list[tuple[Any, ...]]) -> Iterator[ufl.Measure]:
        """One kind of integral for all interfaces between bodies, one for those at the boundary."""
        numbers = {True: 0, False: 0}
        measures = {}
        for between in numbers:
            entities = [one.entities for *_, one in found if one.between == between]
            kind = "dS" if between else "ds"
            measures[between] = facet_measure(kind, self.mesh, entities, INTERFACE_DEGREE)
        for *_, one in found:
            yield measures[one.between](numbers[one.between])
            numbers[one.between] += 1

    def _joint(self, data: Any, lower: Any, upper: Any, interface: Any, measure: ufl.Measure) -> Joint:
        outward = ufl.FacetNormal(self.mesh)
        law = bilinear_law(data, self._constant, self.stress_scale, self.L, self.lag)
        if interface.between:
            n, area = outward("+"), self.volume("+")
        else:
            n, area = outward if upper is None else -outward, self.volume
        return Joint(data.on, data, lower, upper, interface, law, measure, n, area)

    def _in_flaw(self, joint: Joint) -> np.ndarray:
        """Which points of an interface belong to its initial flaw."""
        flaw = joint.data.flaw
        if flaw is None:
            return np.zeros(len(joint.weights), dtype=bool)
        if self.dim == 3:
            centre = np.array(flaw.centre) / self.L
            return np.linalg.norm(joint.points[:, :2] - centre, axis=1) < flaw.radius / self.L
        return (joint.points[:, 0] > flaw.start / self.L) & (joint.points[:, 0] < flaw.end / self.L)

    def _at_the_end(self, joint: Joint) -> np.ndarray:
        """Which points are next to the end of the interface that a growing flaw would reach."""
        near = element_size(self.case, joint.data) / self.L
        if self.dim == 3:
            sides = np.array([self.case.geometry.width, self.case.geometry.depth]) / self.L
            return (sides - joint.points[:, :2] < near).any(axis=1)
        return self.case.geometry.width / self.L - joint.points[:, 0] < near

    # equilibrium

    def _residual(self, body: Body) -> ufl.Form:
        inner = sum(
            self.solids[name].virtual_work(body.u, body.v) * self.volume * self.cells(name)
            for name in body.layers
        )
        for joint in self.joints:
            v = joint.virtual_jump(body)
            if v is not None:
                inner += ufl.dot(joint.traction, v) * joint.area * joint.measure
        loads = self._all_loads(body)
        return inner if loads is None else inner - loads

    def _all_loads(self, body: Body) -> ufl.Form | None:
        """Loads on a body at the present factors."""
        return _sum((self.held if held else self.load) * form for form, held in self._loads(body))

    def _loads(self, body: Body) -> Iterator[tuple[ufl.Form, bool]]:
        """Loads on a body at factor 1, and whether each is held."""
        loading = self.case.loading
        for joint in self.joints:
            v = joint.virtual_jump(body)
            if loading is None or joint.name != loading.on or v is None:
                continue
            p = self._constant(loading.pressure / self.stress_scale)
            side = next(side for one, _, side in joint.sides if one is body)
            force = self._cofactor(body, side) * joint.n if loading.follower else joint.n
            yield p * self._loaded(joint) * ufl.dot(force, v) * joint.area * joint.measure, False
        outward = ufl.FacetNormal(self.mesh)
        for boundary in self.case.boundaries:
            if boundary.pressure is None:
                continue
            entities = interface_at_boundary(self.mesh, facets_of(self.stack, boundary, body)).entities
            measure = facet_measure("ds", self.mesh, [entities], INTERFACE_DEGREE)(0)
            p = self._constant(boundary.pressure / self.stress_scale)
            force = self._cofactor(body, None) * outward if boundary.follower else outward
            yield -p * ufl.dot(force, body.v) * self.volume * measure, boundary.held

    def _loaded(self, joint: Joint) -> Expr:
        """w: where the pressure acts on an interface."""
        w = joint.here(joint.w)
        if self.case.loading.spread == "flaw":
            return w
        grown = joint.energy_damage
        return ufl.conditional(ufl.gt(grown, w), grown, w)

    def _cofactor(self, body: Body, side: str | None) -> Expr:
        """cof F = J F^-T, which turns an undeformed area vector into the deformed one."""
        F = ufl.Identity(3) + self.kinematics.gradient(body.u)
        whole = ufl.det(F) * ufl.inv(F).T
        whole = whole(side) if side else whole
        rows = range(self.dim)
        return ufl.as_matrix([[whole[i, j] for j in rows] for i in rows])

    def _carried(self) -> list[fem.Function]:
        """Derivative of the given displacements by the load factor, zero elsewhere."""
        found = [fem.Function(body.u.function_space) for body in self.bodies]
        for one in self.given:
            if not one.held:
                found[one.body].x.array[one.dofs] = one.value
        return found

    # what a step needs

    @property
    def cohesive_length(self) -> float:
        """Shortest length of a process zone."""
        return min(cohesive_length(self.case, joint.data) for joint in self.joints) / self.L

    @property
    def thickness(self) -> float:
        """Thickness of the thinnest body."""
        layers = self.layers
        return min(sum(layers[name].thickness for name in body.layers) for body in self.bodies) / self.L

    def set_given(self) -> None:
        """Given displacements at the present factors."""
        for one in self.given:
            one.constant.value = one.value * float(self.held.value if one.held else self.load.value)

    def set_load(self, load: float, step: float) -> None:
        """Set the load factor, reached in a ``step`` of it: the given displacements and the viscosity."""
        self.load.value = load
        self.set_given()
        viscosity = max((joint.data.viscosity for joint in self.joints), default=0.0)
        self.lag.value = viscosity / step

    @property
    def holds(self) -> bool:
        """Whether anything is held: loads, displacements, stresses or strains of layers."""
        layers = self.layers.values()
        return any(boundary.held for boundary in self.case.boundaries) or any(
            layer.residual_stress or layer.eigenstrain for layer in layers
        )

    def power_of_what_is_held(self) -> float:
        """Derivative of the strain energy by the factor `held` at fixed displacement (collective)."""
        return self.comm.allreduce(fem.assemble_scalar(self._power)) if self._power is not None else 0.0

    def _form_of_power(self, growing: Expr) -> fem.Form | None:
        strained = [
            (body, name)
            for body in self.bodies
            for name in body.layers
            if self.layers[name].residual_stress or self.layers[name].eigenstrain
        ]
        if not strained:
            return None
        terms = [
            ufl.diff(self.solids[name].energy(body.u), growing) * self.volume * self.cells(name)
            for body, name in strained
        ]
        return fem.form(sum(terms[1:], terms[0]), entity_maps=self.maps)

    def evaluate(self) -> None:
        """The state of the interfaces at the present displacement (collective)."""
        for joint in self.joints:
            joint.evaluate()

    def elastic_energy(self) -> float:
        """Strain energy of all layers, in stress_scale * L^d (collective)."""
        return self.comm.allreduce(fem.assemble_scalar(self.energy))

    def close(self) -> None:
        """Free PETSc objects (collective)."""
        self.solver.close()


def _sum(forms: Iterator[ufl.Form]) -> ufl.Form | None:
    """Sum of forms, None if there are none."""
    total = None
    for form in forms:
        total = form if total is None else total + form
    return total


def _piecewise_linear(y: Expr, at: list[Expr], values: list[Expr]) -> Expr:
    """The function of y with ``values`` at the places ``at``, linear between them."""
    result = values[-1]
    for n in range(len(at) - 2, -1, -1):
        slope = (values[n + 1] - values[n]) / (at[n + 1] - at[n])
        result = ufl.conditional(ufl.lt(y, at[n + 1]), values[n] + slope * (y - at[n]), result)
    return result
