"""Time steps of the study "film_growth": implicit BDF2, adaptive, rejected steps are tried again.

The first step is backward Euler. A step's local error is estimated from the extrapolation of w through the
last steps; the largest over the surface counts. Charge and metal are integrated by the formula of the step,
so that their balance shows the solver's accuracy and not that of the step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from mpi4py import MPI

from fem_sei.numerics.newton import NewtonFailure
from fem_sei.numerics.time import (
    Landing,
    Levels,
    StepControl,
    bdf_coefficients,
    error_fraction,
    integrate_rate,
)
from fem_sei.studies.film_growth import FilmGrowthModel
from fem_sei.studies.film_growth_measures import Measures
from fem_sei.studies.joints import STATE

UNCONTROLLED = 1  # first steps whose error is not known: there is nothing to extrapolate
DAMAGE_OF_STEP = 0.1  # largest growth of the damage in energy anywhere
LANDING = 1e-6  # of a step: how precisely a given growth is met


@dataclass
class Integral:
    """A quantity integrated over time: its last two values."""

    value: float = 0.0
    before: float = 0.0

    def after(self, rate: float, weights: tuple[float, float, float]) -> float:
        """Its value at the end of a step with this ``rate`` at its end."""
        return integrate_rate(rate, self.value, self.before, weights)

    def accept(self, value: float) -> None:
        """Take the step."""
        self.value, self.before = value, self.value


@dataclass
class GrowthMarch:
    """Advances a ``model``; times and lengths in its units. ``tolerance``: of the local error of w."""

    model: FilmGrowthModel
    control: StepControl
    tolerance: float
    time: float = 0.0
    steps: int = 0
    rejected: int = 0
    iterations: int = 0
    levels: list[Levels] = field(default_factory=list)
    charge: Integral = field(default_factory=Integral)
    metal: Integral = field(default_factory=Integral)
    work: float = 0.0

    def __post_init__(self) -> None:
        self.measures = Measures(self.model)

    def start(self) -> None:
        """Find the forces, and what else depends on them, before anything grows (collective)."""
        model = self.model
        model.moving.value = 0.0
        self._set_weights((1.0, -1.0, 0.0))
        self.iterations += model.solver.solve()
        model.moving.value = 1.0
        self.levels = [Levels() for _ in model.unknowns]
        self._push()
        if model.joint is not None:
            model.joint.evaluate()
            self.joint_state = model.joint.state.copy()

    def _set_weights(self, weights: tuple[float, float, float]) -> None:
        for constant, value in zip(self.model.weights, weights, strict=True):
            constant.value = value

    def _push(self) -> None:
        for levels, one in zip(self.levels, self.model.unknowns, strict=True):
            levels.push(self.time, one.x.array)

    def _restore(self) -> None:
        for levels, one in zip(self.levels, self.model.unknowns, strict=True):
            one.x.array[:] = levels.values[0]

    @property
    def _surface(self) -> Levels:
        """Those of w."""
        return self.levels[1]

    def attempt(self, dt: float) -> float:
        """Solve a step; returns its error over the tolerance, 0 where it is not known (collective).

        Raises NewtonFailure where it cannot be solved; the state is then the one before.
        """
        model, surface = self.model, self._surface
        times = surface.times
        older = times[0] - times[1] if len(times) > 1 else None
        self.formula = bdf_coefficients(dt, older)
        self._set_weights(self.formula)
        model.before.x.array[:] = surface.values[0]
        model.earlier.x.array[:] = surface.values[min(1, len(times) - 1)]
        if model.joint is not None:
            model.lag.value = model.joint.data.viscosity / model.T / dt
        new = self.time + dt
        for levels, one in zip(self.levels, model.unknowns, strict=True):
            one.x.array[:] = levels.extrapolate(new, order=2)
        predicted = model.w.x.array.copy()
        try:
            self.iterations += model.solver.solve()
        except NewtonFailure:
            self._restore()
            raise
        damage = self._damage_of_step()
        if len(times) <= UNCONTROLLED:
            return damage
        away = float(np.abs(model.w.x.array - predicted).max(initial=0.0))
        away = model.comm.allreduce(away, MPI.MAX)
        return max(error_fraction(times, new) * away / self.tolerance, damage)

    def _damage_of_step(self) -> float:
        """Largest growth of the damage in energy in the solved step, over what a step may do (collective)."""
        joint = self.model.joint
        if joint is None:
            return 0.0
        joint.evaluate()
        grown = joint.values("energy_damage") - self.joint_state[:, STATE.index("energy_damage")]
        return joint.largest(grown) / DAMAGE_OF_STEP

    def accept(self, dt: float) -> None:
        """Make the solved step the last one (collective)."""
        self.charge.accept(self.charge.after(self.measures.integral("current"), self.formula))
        self.metal.accept(self.metal.after(self.measures.swept(self.formula), self.formula))
        self.work += self.measures.work_of_step(*(self.levels[n].values[0] for n in (1, 2)))
        if self.model.joint is not None:
            self.model.joint.accept(self.joint_state)
            self.joint_state = self.model.joint.state.copy()
        self.time += dt
        self.steps += 1
        self._push()

    def steps_to(self, end: float, growth: float = np.inf) -> Iterator[None]:
        """March to the time ``end`` or the mean ``growth``, whichever is first; yields after every accepted
        step (collective). Raises NewtonFailure below the smallest step."""
        area = self.model.projected_area
        while self.time < end * (1.0 - 1e-12) and abs(self.metal.value) < growth * area * (1.0 - 1e-9):
            dt, error = self._solve_step(end, growth)
            self.accept(dt)
            self.control.accept(dt, error)
            yield

    def run(self, end: float, growth: float = np.inf) -> None:
        """The same, without looking at the steps."""
        for _ in self.steps_to(end, growth):
            pass

    def _solve_step(self, end: float, growth: float) -> tuple[float, float]:
        """Find a step that can be accepted; its length and error."""
        area, load = self.model.projected_area, float(self.model.eta.value)
        dt, landing = self.control.propose(self.time, end), None
        left = np.array([growth - abs(self.metal.value) / area])
        while True:
            self.model.eta.value = load
            try:
                error = self.attempt(dt)
            except NewtonFailure:
                if not self.control.reject(dt):
                    raise
                error = np.inf
            if error > 1.0:
                if np.isfinite(error) and not self.control.reject(dt, error):
                    raise NewtonFailure("the error stays above the tolerance", "growth", {"growth": error})
                self.rejected += 1
                dt, landing = self.control.dt, None
                continue
            gained = abs(self.metal.after(self.measures.swept(self.formula), self.formula)) / area
            now = np.array([growth - gained])
            if landing is None and now[0] >= 0.0:
                return dt, error
            landing = landing or Landing(dt, left, np.array([True]), LANDING)
            if landing.reached(dt, now):
                return dt, error
            dt = landing.aim

    def state(self) -> dict[str, Any]:
        """What a restart needs besides the levels of the fields (JSON)."""
        integrals = {
            name: [getattr(self, name).value, getattr(self, name).before] for name in ("charge", "metal")
        }
        counts = {name: getattr(self, name) for name in ("steps", "rejected", "iterations", "work")}
        potential = float(self.model.eta.value)
        return {"times": self._surface.times, "dt": self.control.dt, "eta": potential, **integrals, **counts}

    def restore(self, state: dict[str, Any]) -> None:
        """Take it up again, after the levels (collective)."""
        self.time, self.control.dt = state["times"][0], state["dt"]
        self.model.eta.value = state["eta"]
        for name in ("charge", "metal"):
            setattr(self, name, Integral(*state[name]))
        for name in ("steps", "rejected", "iterations", "work"):
            setattr(self, name, state[name])
        if self.model.joint is not None:
            self.model.joint.evaluate()
            self.joint_state = self.model.joint.state.copy()
