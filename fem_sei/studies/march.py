"""March a plating model through the steps of its operation: error control, retries, milestones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from dolfinx import fem
from mpi4py import MPI

from fem_sei.case.schema import Case
from fem_sei.numerics.newton import NewtonFailure
from fem_sei.numerics.time import Levels, StepControl, bdf_coefficients, error_fraction, integrate_rate
from fem_sei.studies.plating import PlatingModel

PSI_TOLERANCE = 0.05  # error of the front position per step, in l
LOG_C_TOLERANCE = 0.005  # error of ln c per step
BOUNDS = (-0.05, 1.05)  # of xi: outside, a step is rejected
SPEED_FLOOR = 1e-3  # of the speed that rebuilds the profile when all rests, in L0/t0
FIRST_STEP, SMALLEST_STEP = 1e-3, 1e-6  # travel of the front in l at the largest planned current
TOO_FAR = 1e-6  # part of a step by which a thickness may be passed
SMALLEST_STAGE = 1e-3  # of a jump that the first step cannot take at once
LANDING = 1e-9  # relative distance at which a target has been reached
STATE = (  # attributes of a March that decide how it goes on, beside its fields and its levels
    *("time", "number", "rejected", "dt_old", "applied", "fastest", "salt_start"),
    *("charge", "charge_old", "current", "current_old", "salt_gain", "salt_gain_old"),
    *("index", "start", "metal"),
)


class GaveUp(RuntimeError):
    """No step small enough could be solved: the state is the last good one, ``attempt`` (values of the
    mixed function) what the last try left."""

    def __init__(self, message: str, attempt: np.ndarray):
        super().__init__(message)
        self.attempt = attempt


@dataclass
class StepReport:
    """What is known of an accepted step, in the model's units."""

    number: int
    time: float
    dt: float
    current: float
    charge: float
    salt_gain: float
    fastest: float
    newton: int
    linear: int
    fraction: float


@dataclass(frozen=True)
class Segment:
    """One step of the operation: from a value to a value over a ramp, until a time or a thickness gained."""

    start_value: float
    value: float
    ramp: float
    duration: float | None
    thickness: float | None

    def at(self, elapsed: float) -> float:
        """Current or potential ``elapsed`` after the start."""
        if elapsed >= self.ramp:
            return self.value
        return self.start_value + (self.value - self.start_value) * elapsed / self.ramp


def segments(case: Case, model: PlatingModel) -> list[Segment]:
    """The operation in the model's units; a thickness at a given current becomes a time."""
    galvanostatic = case.operation.mode == "galvanostatic"
    s, before, found = model.scales, 0.0, []
    for step in case.operation.steps:
        value = step.current_density / s.current if galvanostatic else step.potential / s.potential
        ramp = step.ramp / s.time
        duration = None if step.until.duration is None else step.until.duration / s.time
        thickness = None if step.until.thickness is None else step.until.thickness / s.length
        if galvanostatic and thickness is not None:
            duration, thickness = _time_to_grow(thickness, before, value, ramp), None
        found.append(Segment(before, value, ramp, duration, thickness))
        before = value
    return found


def _time_to_grow(thickness: float, before: float, value: float, ramp: float) -> float:
    """Duration in which a current (in units of speed) with a ramp deposits a thickness."""
    ramped = (before + value) / 2 * ramp
    if (thickness - ramped) * value >= 0:
        return ramp + (thickness - ramped) / value
    slope = (value - before) / ramp  # reached while still ramping: before t + slope t^2/2 = thickness
    return (-before + np.sign(thickness) * np.sqrt(before**2 + 2 * slope * thickness)) / slope


class March:
    """Iterate over accepted steps; the model always holds the last accepted state between them."""

    def __init__(self, case: Case, model: PlatingModel, milestones: Callable[[float], float]):
        """``milestones(t)``: the next time after t that a step must end at (output), in the model's units."""
        self.model, self.milestones = model, milestones
        self.plan = segments(case, model)
        self.tolerance, self.travel = case.time.tolerance, case.time.front_travel
        s = model.scales
        self.first = case.time.initial_step / s.time if case.time.initial_step else FIRST_STEP * model.l
        self.control = StepControl(
            dt=self.first,
            dt_min=case.time.min_step / s.time if case.time.min_step else SMALLEST_STEP * model.l,
            dt_max=case.time.max_step / s.time if case.time.max_step else np.inf,
        )
        self.levels = Levels()
        self.time, self.number = 0.0, 0
        self.charge = self.charge_old = 0.0
        self.current = self.current_old = 0.0
        self.salt_gain = self.salt_gain_old = 0.0
        self.dt_old: float | None = None
        self.applied = 0.0  # current or potential of the last step
        self.rejected = 0
        self.salt_start = model.salt()
        self.fastest = self.speed_now = 0.0  # of the front: in the last accepted step, in the one under way
        self.older = fem.Function(model.space)  # the state before model.u2
        self.end = np.inf  # time at which all ends, whatever the last step of the operation says
        self.index = 0  # step of the operation under way, the time and the metal gained when it began
        self.start = self.metal = 0.0

    def state(self) -> dict[str, Any]:
        """What a continued march needs to go on as if it had not stopped (JSON), beside ``fields``."""
        return {name: getattr(self, name) for name in STATE} | {
            "dt": self.control.dt,
            "times": self.levels.times,
        }

    @property
    def fields(self) -> dict[str, fem.Function]:
        """The last three accepted states, newest first."""
        return {"now": self.model.u1, "before": self.model.u2, "older": self.older}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a march from what ``state`` returned, with ``fields`` filled (before ``run``)."""
        if state["number"] == 0:
            return
        for name in STATE:
            setattr(self, name, state[name])
        self.control.dt = state["dt"]
        times = state["times"]
        for time, function in reversed(list(zip(times, self.fields.values(), strict=False))):
            self.model.u.x.array[:] = function.x.array
            self.levels.push(time, self.model.state())
        under_way = self.plan[self.index : self.index + 1]
        if under_way and under_way[0].at(self.time - self.start) != self.applied:  # another plan: a jump
            self._start_anew()

    def run(self) -> Iterator[StepReport]:
        """Take all steps. Raises GaveUp with the reason when the smallest step fails."""
        continued = self.number > 0
        if not continued:
            self._remember()
        for index in range(self.index, len(self.plan)):
            if self.time >= self.end * (1 - LANDING):
                return
            if not continued:
                self._start_anew()
                self.index, self.start, self.metal = index, self.time, self.model.metal_gain()
            start, metal, segment = self.start, self.metal, self.plan[index]
            if index == len(self.plan) - 1 and np.isfinite(self.end):
                segment = replace(segment, duration=self.end - start, thickness=None)
            done = self._progress(segment, start, metal) if continued else 0.0
            continued = False
            while done < 1 - LANDING:
                report = self._step(segment, start, metal)
                done = self._progress(segment, start, metal)
                if segment.ramp and abs(self.time - start - segment.ramp) < LANDING * self.time:
                    self._start_anew()
                report.fraction = (index + min(done, 1.0)) / len(self.plan)
                yield report

    def _start_anew(self) -> None:
        """After a jump or a kink of what is imposed the past says nothing: backward Euler, a small step."""
        self.levels.forget()
        self.dt_old = None
        self.control.dt = min(self.first, self.control.dt)

    def _progress(self, segment: Segment, start: float, metal: float) -> float:
        if self.time >= self.end * (1 - LANDING):
            return 1.0
        if segment.duration is not None:
            return (self.time - start) / segment.duration
        return (self.model.metal_gain() - metal) / segment.thickness * (1 + LANDING)

    def _limits(self, segment: Segment, start: float, metal: float) -> tuple[float, float]:
        """Next time to stop at, and the largest step."""
        stop = np.inf if segment.duration is None else start + segment.duration
        if segment.ramp and self.time < start + segment.ramp * (1 - LANDING):
            stop = min(stop, start + segment.ramp)
        stop = min(stop, self.end, self.milestones(self.time))
        limit = self.travel * self.model.l / self.fastest if self.fastest else np.inf
        if segment.thickness is not None and self.dt_old is not None:
            left = segment.thickness - (self.model.metal_gain() - metal)
            limit = min(limit, max(self._time_to_gain(left), self.control.dt_min))
        return stop, limit

    def _time_to_gain(self, left: float) -> float:
        """Time in which the current, going on as over the last step, deposits ``left``."""
        rate = self.current
        if rate * left <= 0:
            return np.inf
        slope = (rate - self.current_old) / self.dt_old if len(self.levels.times) > 2 else 0.0
        root = np.sqrt(max(rate**2 + 2 * slope * left, 0.0))
        return 2 * left / (rate + np.sign(rate) * root)

    def _step(self, segment: Segment, start: float, metal: float) -> StepReport:
        model, landing = self.model, np.inf
        before = model.metal_gain()
        while True:
            stop, limit = self._limits(segment, start, metal)
            dt = self.control.propose(self.time, stop, min(limit, landing))
            new = stop if stop - (self.time + dt) <= 1e-12 * abs(self.time + dt) else self.time + dt
            dt = new - self.time
            try:
                weights, iterations = self._solve(segment, start, dt, new)
                error = self._check(new)
            except (NewtonFailure, StateOutOfRange) as failure:
                attempt = model.u.x.array.copy()
                self._restore()
                self.rejected += 1
                if not self.control.reject(dt):
                    self.control.dt = self.dt_old or self.first  # where a restart tries again
                    smallest = self.control.dt_min * model.scales.time
                    message = f"no step above {smallest:.3g} s can be solved: {failure}"
                    raise GaveUp(message, attempt) from None
                continue
            if error > 2.0 and dt > 4 * self.control.dt_min and self.dt_old is not None:
                self._restore()
                self.rejected += 1
                self.control.reject(dt, error)
                continue
            if segment.thickness is not None:
                share = (segment.thickness - (before - metal)) / (model.metal_gain() - before)
                if 0 < share < 1 - TOO_FAR:  # the thickness aimed at was passed: go back and land on it
                    self._restore()
                    landing = dt * share
                    continue
            break
        self.control.accept(dt, error)
        current, influx = model.terminal_current(), model.salt_influx()
        charge = integrate_rate(current, self.charge, self.charge_old, weights)
        gain = integrate_rate(influx, self.salt_gain, self.salt_gain_old, weights)
        self.charge_old, self.charge = self.charge, charge
        self.current_old, self.current = self.current, current
        self.salt_gain_old, self.salt_gain = self.salt_gain, gain
        self.time, self.dt_old, self.fastest = new, dt, self.speed_now
        self.number += 1
        self._remember()
        return StepReport(
            self.number,
            new,
            dt,
            current,
            charge,
            gain,
            self.fastest,
            iterations,
            model.solver.linear_iterations,
            0.0,
        )

    def _remember(self) -> None:
        model = self.model
        self.older.x.array[:] = model.u2.x.array
        model.u2.x.array[:] = model.u1.x.array
        model.u1.x.array[:] = model.u.x.array
        self.levels.push(self.time, model.state())

    def _restore(self) -> None:
        self.model.u.x.array[:] = self.model.u1.x.array

    def _solve(
        self, segment: Segment, start: float, dt: float, new: float
    ) -> tuple[tuple[float, float, float], int]:
        model = self.model
        weights = bdf_coefficients(dt, self.dt_old)
        model.a0.value, model.a1.value, model.a2.value = weights
        value = segment.at(new - start)
        model.set_imbalance(value if model.p.mode == "galvanostatic" else self.current)
        guess = self.levels.extrapolate(new, order=1)
        bound = 20.0 * model.l
        psi = np.clip(guess[:, 0], -bound, bound)
        model.set_state(psi, guess[:, 1], guess[:, 2])
        model.u.x.scatter_forward()
        model.drive(value)
        self.speed_now = model.prepare_step(psi, SPEED_FLOOR)
        try:
            iterations = model.solver.solve()
        except NewtonFailure:
            if self.dt_old is not None:
                raise
            iterations = self._solve_in_stages(psi, value)
        self.applied = value
        return weights, iterations

    def _solve_in_stages(self, psi: np.ndarray, value: float) -> int:
        """The first step after a jump of the current or potential: approach the new value gradually.

        Resistive layers and small i0 put the potential far from where the iteration starts, and with it
        the speed by which the profile is kept: that is taken anew at the end.
        """
        model, before, reached, stage, iterations = self.model, self.applied, 0.0, 0.25, 0
        good = model.u1.x.array.copy()
        model.u.x.array[:] = good
        model.drive(before)
        model.prepare_step(psi, SPEED_FLOOR)
        while reached < 1:
            target = min(1.0, reached + stage)
            model.u.x.array[:] = good
            model.drive(before + target * (value - before))
            try:
                iterations += model.solver.solve()
            except NewtonFailure:
                stage /= 2
                if stage < SMALLEST_STAGE:
                    raise
            else:
                reached, stage = target, 1.5 * stage
                good = model.u.x.array.copy()
        self.speed_now = model.prepare_step(psi, SPEED_FLOOR)
        return iterations + model.solver.solve()

    def _check(self, new: float) -> float:
        """Error of the step in tolerances; raises StateOutOfRange where the state makes no sense."""
        model = self.model
        xi = model.component("xi")
        low, high = float(xi.min(initial=0.0)), float(xi.max(initial=1.0))
        state = model.state()
        predicted = self.levels.extrapolate(new, order=2)
        share = error_fraction(self.levels.times, new)
        difference = np.abs(state - predicted) * share
        near = np.abs(state[:, 0]) < 2 * model.l
        outside = state[:, 0] < 0
        errors = [
            float(difference[near, 0].max(initial=0.0)) / (PSI_TOLERANCE * model.l),
            float(difference[outside, 1].max(initial=0.0)) / LOG_C_TOLERANCE,
        ]
        comm = model.comm
        error = comm.allreduce(max(errors), op=MPI.MAX) / self.tolerance
        low, high = comm.allreduce(low, op=MPI.MIN), comm.allreduce(high, op=MPI.MAX)
        if not (np.isfinite(error) and BOUNDS[0] <= low and high <= BOUNDS[1]):
            raise StateOutOfRange(f"xi between {low:.3g} and {high:.3g}, error {error:.3g}")
        return error


class StateOutOfRange(RuntimeError):
    """A solved step whose fields make no sense."""
