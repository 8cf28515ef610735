"""Path following: solutions of F(u, p) = 0 one after the other, also where the load p has to fall.

A control says how far a step goes: by the load itself, by a linear measure of the solution (an opening, an
opened volume), by the energy that the step dissipates, or along the path (arc length). In all but the first
the load is an unknown, and the control is one linear equation for it (`coupled.Condition`):

measure      m.(u - u_n) = s
dissipation  [p_n f.(u - u_n) - (p - p_n) f.u_n]/2 = s            unloading goes to the origin (Gutierrez,
             Commun. Numer. Meth. Eng. 20 (2004) 19; Verhoosel et al., IJNME 77 (2009) 1290)
arc length   t.(u - u_n)/|u|^2 + t_p (p - p_n) = s, t along the last step (Riks 1979, fixed normal plane)
zone         z.(u - u_n) = s z.u_n, z.u the opening of what is being damaged: it grows with the crack also
             where load and displacements jump back (local control: Geers, IJNME 46 (1999) 177)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from dolfinx import fem
from petsc4py import PETSc

from fem_sei.numerics.coupled import Condition, CoupledNewton

Control = Literal["measure", "dissipation", "arc_length", "zone"]


@dataclass(frozen=True)
class Point:
    """A solution: the unknowns of this rank and the load."""

    x: np.ndarray
    load: float


class Follower:
    """Takes steps from the last accepted solution ``here``; ``before`` is the one accepted before it.

    A step leaves its solution in the unknowns of the ``solver``; then either `accept` or `reject` it.
    ``measure``: the vector m; ``force``: the vector f, the load at p = 1; ``zone``: returns z at the last
    accepted solution.
    """

    def __init__(
        self, solver: CoupledNewton, measure: PETSc.Vec, force: PETSc.Vec, zone: Callable[[], PETSc.Vec]
    ) -> None:
        self.solver, self.measure, self.force, self.zone = solver, measure, force, zone
        self.here = self._present()
        self.before: Point | None = None
        self._work = solver.x.duplicate()

    def _present(self) -> Point:
        vector = self.solver.x.duplicate()
        self.solver.gather(vector)
        found = Point(vector.array_r.copy(), float(self.solver.load.value))
        vector.destroy()
        return found

    def measured(self) -> float:
        """m.u at the last accepted solution (collective)."""
        return self.dot(self.measure, self.here.x)

    def dot(self, vector: PETSc.Vec, x: np.ndarray) -> float:
        """Product of a vector with unknowns of this rank, over all ranks (collective)."""
        self._work.array[:] = x
        return vector.dot(self._work)

    def length(self, x: np.ndarray) -> float:
        """Euclidean norm over all ranks."""
        self._work.array[:] = x
        return self._work.norm()

    def to_load(self, load: float) -> int:
        """Solve at a given load; returns the number of Newton iterations. Raises NewtonFailure."""
        self.solver.condition = None
        fraction = 0.0
        if self.before is not None and self.here.load != self.before.load:
            fraction = (load - self.here.load) / (self.here.load - self.before.load)
        self._start(fraction if -1.0 <= fraction <= 2.0 else 0.0, load)
        return self.solver.solve()

    def step(self, control: Control, size: float, size_before: float | None, scales: Scales) -> int:
        """Solve one step of ``size`` with the load as an unknown; ``size_before``: that of the last step
        with it, None if there was none (no extrapolation then). Raises NewtonFailure."""
        self.solver.condition = self._condition(control, size, scales)
        fraction = size / size_before if size_before and self.before is not None else 0.0
        fraction = min(fraction, 2.0)
        change = self.here.load - self.before.load if self.before is not None else 0.0
        self._start(fraction, self.here.load + fraction * change)
        try:
            return self.solver.solve()
        finally:
            self.solver.condition = None

    def _start(self, fraction: float, load: float) -> None:
        """Extrapolate the last step."""
        x = self.here.x
        if fraction:
            x = x + fraction * (x - self.before.x)
        self._put(Point(x, load))

    def _condition(self, control: Control, size: float, scales: Scales) -> Condition:
        x, p = self.here.x, self.here.load
        if control == "measure":
            return Condition(self.measure, 0.0, self.measured() + size * scales.measure)
        if control == "zone":
            c = self.zone()
            return Condition(c, 0.0, (1.0 + size) * self.dot(c, x))
        c = self.solver.x.duplicate()
        if control == "dissipation":
            self.force.copy(c)
            c.scale(0.5 * p)
            return Condition(c, -0.5 * self.dot(self.force, x), size * scales.energy)
        t, t_p = x - self.before.x, p - self.before.load
        length = np.hypot(self.length(t) / scales.length, t_p)
        c.array[:] = t / (length * scales.length**2)
        e = t_p / length
        return Condition(c, e, self.dot(c, x) + e * p + size)

    def accept(self) -> None:
        """Make the present solution the last accepted one."""
        self.before, self.here = self.here, self._present()

    def keep(self, functions: list[fem.Function]) -> None:
        """Put the solution before the last one (zero if there is none) into ``functions``."""
        self._work.array[:] = 0.0 if self.before is None else self.before.x
        self.solver.scatter(self._work, functions)

    def take_up(self, functions: list[fem.Function], load_before: float | None) -> None:
        """Go on from the present solution; the one before it is in ``functions`` (see `keep`)."""
        self.here = self._present()
        self.solver.gather(self._work, functions)
        self.before = None if load_before is None else Point(self._work.array_r.copy(), load_before)

    def reject(self) -> None:
        """Go back to the last accepted solution."""
        self._put(self.here)

    def _put(self, point: Point) -> None:
        self._work.array[:] = point.x
        self.solver.scatter(self._work)
        self.solver.load.value = point.load


@dataclass
class Scales:
    """What a step of size 1 is: of the measure, of the energy, and of the length of u (arc length)."""

    measure: float = 1.0
    energy: float = 1.0
    length: float = 1.0


@dataclass
class StepSize:
    """Step size between ``least`` and ``most``, from Newton's iterations and what was rejected."""

    value: float
    least: float
    most: float
    few: int = 5
    many: int = 8

    def cut(self) -> bool:
        """Halve; False if that is below the least step."""
        self.value /= 2.0
        return self.value >= self.least

    def adapt(self, iterations: int, most: float | None = None) -> None:
        """After an accepted step."""
        if iterations <= self.few:
            self.value *= 1.5
        elif iterations > self.many:
            self.value *= 0.7
        self.value = min(self.value, most or self.most)
