"""Interfaces that may open, in the study "delamination": law, history and state at quadrature points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import basix.ufl
import numpy as np
import ufl
from dolfinx import fem
from mpi4py import MPI
from ufl.core.expr import Expr

from fem_sei.closed_form.cohesive import Bilinear
from fem_sei.numerics import compat
from fem_sei.numerics.submesh import Interface, Submesh
from fem_sei.physics.cohesive import BilinearLaw

INTERFACE_DEGREE = 4  # 3 points on a facet in 2-D, 6 in 3-D
STATE = ("damage", "energy_damage", "delta_n", "delta_t", "traction_n", "traction_t", "stored", "lost")


@dataclass(eq=False)
class Body:
    """Layers that are bonded to each other: their names, their mesh and displacement (in model lengths)."""

    layers: list[str]
    part: Submesh
    u: fem.Function
    v: Expr
    bcs: list[fem.DirichletBC] = field(default_factory=list)


@dataclass(eq=False)
class Joint:
    """An interface that may open, between two bodies or (``lower`` or ``upper`` None) a body and a rigid one;
    ``data``: its table in the case.

    ``measure``: integral over it; ``n``: its normal, upwards, in the integrand; ``area``: area per area of
    the mesh's facets (2 pi r in axisymmetry). ``d``: damage of the last accepted step; ``w``: 1 on the
    initial flaw, 0 elsewhere; ``spent``, ``delayed``: energy per area that the damage has taken, and its
    viscosity.
    Of the points that this rank owns: ``points`` (n, dim), ``weights`` (n), ``state`` (n, STATE).
    """

    name: str
    data: Any
    lower: Body | None
    upper: Body | None
    interface: Interface
    law: BilinearLaw
    measure: ufl.Measure
    n: Expr
    area: Expr

    def __post_init__(self) -> None:
        cell = self.interface.part.mesh.basix_cell()
        one = fem.functionspace(
            self.interface.part.mesh, basix.ufl.quadrature_element(cell, degree=INTERFACE_DEGREE)
        )
        self.d, self.w, self.spent, self.delayed = (fem.Function(one) for _ in range(4))
        element = basix.ufl.quadrature_element(cell, value_shape=(len(STATE),), degree=INTERFACE_DEGREE)
        self._space = fem.functionspace(self.interface.part.mesh, element)
        self.comm = self.interface.part.mesh.comm
        self.state = np.zeros((0, len(STATE)))
        self.points = self.weights = np.zeros(0)

    @property
    def sides(self) -> list[tuple[Body, float, str | None]]:
        """Bodies that it joins, the sign of their displacement in the jump, and their restriction."""
        below, above = ("+", "-") if self.interface.between else (None, None)
        found = [(self.upper, 1.0, above), (self.lower, -1.0, below)]
        return [(body, sign, side) for body, sign, side in found if body is not None]

    def here(self, quantity: Expr) -> Expr:
        """A quantity of the interface's points, in the integrand."""
        return quantity("+") if self.interface.between else quantity

    @property
    def jump(self) -> Expr:
        """[[u]] = u_upper - u_lower."""
        parts = [sign * (body.u(side) if side else body.u) for body, sign, side in self.sides]
        return sum(parts[1:], parts[0])

    def virtual_jump(self, body: Body) -> Expr | None:
        """[[v]] for the virtual displacement of one body, None if the interface does not touch it."""
        for one, sign, side in self.sides:
            if one is body:
                return sign * (body.v(side) if side else body.v)
        return None

    @property
    def damage(self) -> Expr:
        """Damage at the present displacement."""
        return self.law.damage(self.jump, self.n, self.here(self.d))

    @property
    def energy_damage(self) -> Expr:
        """Damage in energy at the present displacement."""
        return self.law.damage_in_energy(self.jump, self.n, self.damage)

    @property
    def traction(self) -> Expr:
        """Traction at the present displacement."""
        return self.law.traction(self.jump, self.n, self.here(self.d))

    # values at the points

    def prepare(self, entity_maps: object, position: Expr) -> None:
        """Compile what is evaluated at the points, and find these (collective)."""
        q = ufl.TestFunction(self._space)
        law, jump, n, old, new = self.law, self.jump, self.n, self.here(self.d), self.damage
        delta_n, sliding = law.parts(jump, n)
        normal = ufl.dot(self.traction, n)
        shear = self.traction - normal * n
        found = {
            "damage": new,
            "energy_damage": self.energy_damage,
            "delta_n": delta_n,
            "delta_t": ufl.sqrt(ufl.inner(sliding, sliding)),
            "traction_n": normal,
            "traction_t": ufl.sqrt(ufl.inner(shear, shear)),
            "stored": law.energy(jump, n, new),
            "lost": law.dissipated(jump, n, old, new),
        }
        values = ufl.as_vector([found[name] for name in STATE])
        maps = {"entity_maps": entity_maps}
        self._form = fem.form(ufl.inner(values, self.here(q)) * self.measure, **maps)
        ones = ufl.as_vector([self.area] + [1.0] * (len(STATE) - 1))
        where = [position[n] for n in range(len(position))]
        where = ufl.as_vector(where + [0.0] * (len(STATE) - len(where)))
        plain = fem.form(ufl.inner(ones, self.here(q)) * self.measure, **maps)
        self._lengths = np.ones((1, len(STATE)))
        sums = self._points_of(plain)
        self._lengths = sums[:, 1:2]  # the weight of each point in the mesh
        self.weights = sums[:, 0]
        at = self._points_of(fem.form(ufl.inner(where, self.here(q)) * self.measure, **maps))
        self.points = at[:, : len(position)]
        self.state = np.zeros((len(self.weights), len(STATE)))

    def _points_of(self, form: fem.Form) -> np.ndarray:
        """Integrals against the point-wise test functions, over the weights: (owned points, STATE)."""
        vector = fem.assemble_vector(form)
        vector.scatter_reverse(compat.ADD)
        owned = self._space.dofmap.index_map.size_local
        return vector.array.reshape(-1, len(STATE))[:owned] / self._lengths

    def evaluate(self) -> None:
        """The state at the present displacement (collective)."""
        self.state = self._points_of(self._form)

    def values(self, name: str) -> np.ndarray:
        """A quantity of `STATE` at the owned points, as it was found last."""
        return self.state[:, STATE.index(name)]

    def exhaustion(self) -> np.ndarray:
        """sqrt((<T_n>/N)^2 + (T_t/S)^2) at the owned points: 1 where the strength is reached."""
        opening = np.maximum(self.values("traction_n"), 0.0) / float(self.law.N.value)
        return np.hypot(opening, self.values("traction_t") / float(self.law.S.value))

    def accept(self, before: np.ndarray) -> None:
        """Remember the damage of the present ``state``; that ``before`` was the last accepted (collective).

        With viscosity, all that is dissipated is what the trapezoidal rule gives for the work of the traction
        less what is stored: for T = (1 - d) K delta that is (d - d_old) K delta_old.delta/2. What is beyond
        the fracture energy has gone into the viscosity.
        """
        lost = self._lost(before)
        _set(self.spent, self.dissipated + lost)
        if float(self.law.lag.value) > 0.0:
            growth = self.values("damage") - before[:, STATE.index("damage")]
            n, t = STATE.index("delta_n"), STATE.index("delta_t")
            opened = np.maximum(before[:, n], 0.0) * np.maximum(self.state[:, n], 0.0)
            slid = before[:, t] * self.state[:, t]
            force = (float(self.law.K_n.value) * opened + float(self.law.K_t.value) * slid) / 2.0
            _set(self.delayed, self.viscous + force * growth - lost)
        self.set_damage(self.values("damage"))

    def _lost(self, before: np.ndarray) -> np.ndarray:
        """What the growth of the damage has taken: the mean of that at the direction of the opening now and
        ``before``. With one of them the error would be of first order where the mode turns."""
        law = self.law
        numbers = (law.N, law.S, law.G_I, law.G_II, law.K_n, law.K_t, law.exponent)
        reference = Bilinear(*(float(one.value) for one in numbers), mixing=law.mixing)
        damage, delta_n, delta_t = (before[:, STATE.index(n)] for n in ("damage", "delta_n", "delta_t"))
        known = (delta_n > 0.0) | (delta_t > 0.0)
        at = np.where(known, delta_n, 1.0), np.where(known, delta_t, 0.0)
        lost = reference.dissipated(*at, self.values("damage")) - reference.dissipated(*at, damage)
        now = self.values("lost")
        return np.where(known, 0.5 * (now + lost), now)

    @property
    def dissipated(self) -> np.ndarray:
        """Energy per area that the damage has taken, at the owned points."""
        return self.spent.x.array[: len(self.weights)]

    @property
    def viscous(self) -> np.ndarray:
        """Energy per area that has gone into the viscosity of the damage, at the owned points."""
        return self.delayed.x.array[: len(self.weights)]

    def set_damage(self, values: np.ndarray) -> None:
        """Set the remembered damage at the owned points, and at the ghosts (collective)."""
        _set(self.d, values)

    def set_flaw(self, inside: np.ndarray, at_the_end: np.ndarray) -> None:
        """Make the points ``inside`` (bool) the initial flaw, apart from the start without work; others are
        ``at_the_end`` of the interface (collective)."""
        self.flawed, self.at_the_end = inside, at_the_end & ~inside
        _set(self.w, inside.astype(float))
        self.set_damage(inside.astype(float))
        self.evaluate()

    def integral(self, values: np.ndarray) -> float:
        """Integral of values at the owned points over the interface (collective)."""
        return self.comm.allreduce(float(np.dot(self.weights, values)))

    def largest(self, values: np.ndarray) -> float:
        """Largest value at any point, at least 0 (collective)."""
        return self.comm.allreduce(float(np.max(values, initial=0.0)), MPI.MAX)


def bilinear_law(
    data: Any, constant: Callable[[float], Expr], stress: float, length: float, lag: Expr
) -> BilinearLaw:
    """The law of an interface of the case in units of ``stress`` (Pa) and ``length`` (m)."""
    return BilinearLaw(
        N=constant(data.strength / stress),
        S=constant(data.shear_strength / stress),
        G_I=constant(data.fracture_energy / (stress * length)),
        G_II=constant(data.shear_fracture_energy / (stress * length)),
        K_n=constant(data.stiffness * length / stress),
        K_t=constant(data.shear_stiffness * length / stress),
        exponent=constant(data.mixing_exponent),
        lag=lag,
        mixing=data.mixing,
    )


def _set(function: fem.Function, values: np.ndarray) -> None:
    function.x.array[: len(values)] = values
    function.x.scatter_forward()
