"""March a plating model through the steps of its operation: error control, retries, milestones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from dolfinx import fem
from mpi4py import MPI

from fem_sei.case.condition import Condition
from fem_sei.case.schema import Case
from fem_sei.numerics.newton import NewtonFailure
from fem_sei.numerics.time import (
    Landing,
    Levels,
    StepControl,
    bdf_coefficients,
    error_fraction,
    integrate_rate,
)
from fem_sei.studies.operation import Position, Segment, segments
from fem_sei.studies.plating import PlatingModel
from fem_sei.studies.plating_mechanics import StressSolverFailure

PSI_TOLERANCE = 0.05  # error of the front position per step, in l
LOG_C_TOLERANCE = 0.005  # error of ln c per step
BOUNDS = (-0.05, 1.05)  # of xi: outside, a step is rejected
SPEED_FLOOR = 1e-3  # of the speed that rebuilds the profile when all rests, in L0/t0
FIRST_STEP, SMALLEST_STEP = 1e-3, 1e-6  # travel of the front in l at the largest planned current
TOO_FAR = 1e-6  # part of a step by which an event may be passed
SMALLEST_STAGE = 1e-3  # of a jump that the first step cannot take at once
LANDING = 1e-9  # relative distance at which a target has been reached
STATE = (  # attributes of a March that decide how it goes on, beside its fields and its levels
    *("time", "number", "rejected", "dt_old", "applied", "fastest", "salt_start"),
    *("charge", "charge_old", "current", "salt_gain", "salt_gain_old"),
)

Row = dict[str, float | int]


class GaveUp(RuntimeError):
    """No step small enough could be solved: the state is the last good one, ``attempt`` (values of the
    mixed function) what the last try left."""

    def __init__(self, message: str, attempt: np.ndarray):
        super().__init__(message)
        self.attempt = attempt


@dataclass
class StepReport:
    """What is known of a step, in the model's units; ``row``: its line of the history (SI)."""

    number: int
    time: float
    dt: float
    current: float
    charge: float
    salt_gain: float
    fastest: float
    newton: int
    linear: int
    fraction: float = 0.0
    row: Row | None = None


class March:
    """Iterate over accepted steps; the model always holds the last accepted state between them."""

    def __init__(self, case: Case, model: PlatingModel, milestones: Callable[[float], float]):
        """``milestones(t)``: the next time after t that a step must end at (output), in the model's units."""
        self.model, self.milestones = model, milestones
        self.plan = segments(case, model.scales)
        self.position = Position()
        self.stopped: Condition | None = None  # what ended the run before its last step
        self.tolerance, self.travel = case.time.tolerance, case.time.front_travel
        s = model.scales
        self.first = case.time.initial_step / s.time if case.time.initial_step else FIRST_STEP * model.l
        self.control = StepControl(
            dt=self.first,
            dt_min=case.time.min_step / s.time if case.time.min_step else SMALLEST_STEP * model.l,
            dt_max=case.time.max_step / s.time if case.time.max_step else np.inf,
        )
        self.levels, self.potentials = Levels(), Levels()  # of the fields, of phi_s
        self.time, self.number = 0.0, 0
        self.charge = self.charge_old = 0.0
        self.current = 0.0
        self.salt_gain = self.salt_gain_old = 0.0
        self.dt_old: float | None = None
        self.applied = 0.0  # current or potential of the last step
        self.rejected = 0
        self.salt_start = model.salt()
        self.fastest = self.speed_now = 0.0  # of the front: in the last accepted step, in the one under way
        self.left = np.empty(0)  # to the events of the segment, at the last accepted step
        self.row: Row | None = None  # of the last accepted step
        # makes the line of the history of a solved step, which conditions look at; see `Observer`
        self.measure: Callable[[StepReport], Row] = lambda report: {}
        self.older = fem.Function(model.space)  # the state before model.u2
        self.end = np.inf  # time at which all ends, whatever the last step of the operation says
        self.finished = False

    def state(self) -> dict[str, Any]:
        """What a continued march needs to go on as if it had not stopped (JSON), beside ``fields``."""
        return {name: getattr(self, name) for name in STATE} | {
            "dt": self.control.dt,
            "times": self.levels.times,
            "position": asdict(self.position),
            "control": self.model.control,
            "phi_s": [float(value[0]) for value in self.potentials.values],
            "left": self.left.tolist(),
            "row": self.row,
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
        self.control.dt, self.row = state["dt"], state["row"]
        self.position, self.left = Position(**state["position"]), np.array(state["left"], dtype=float)
        model = self.model
        model.u.x.array[:], model.phi_s.value = model.u1.x.array, state["phi_s"][0]
        if model.control != state["control"]:
            model.impose(state["control"])
        past = list(zip(state["times"], self.fields.values(), state["phi_s"], strict=False))
        for time, function, phi_s in reversed(past):
            model.u.x.array[:] = function.x.array
            self.levels.push(time, model.state())
            self.potentials.push(time, np.array([phi_s]))
        at = self.position
        if at.start is not None and at.index < len(self.plan):
            segment = self._segment()
            watched = len(self._smooth(segment))
            if segment.at(self.time - at.start, at.value) != self.applied:  # another plan: a jump
                self._start_anew()
            if watched != len(self.left):
                self.left = self._left(segment, self.row)

    def _segment(self) -> Segment:
        """The segment under way; the last one lasts until ``end``, whatever its own condition."""
        at, segment = self.position, self.plan[self.position.index]
        if at.index == len(self.plan) - 1 and np.isfinite(self.end):
            start = self.time if at.start is None else at.start
            return replace(segment, duration=self.end - start, thickness=None)
        return segment

    def run(self) -> Iterator[StepReport]:
        """Take all steps. Raises GaveUp with the reason when the smallest step fails."""
        self.finished = self.position.index >= len(self.plan)
        if not self.levels.values:
            self._remember()
        elif self.position.start is not None and not self.finished:
            self._advance(self._segment(), self.row)  # it may have ended, or end elsewhere now
        while not self.finished and self.time < self.end * (1 - LANDING):
            if self.position.start is None:
                self._begin(self._segment(), self.row)
            segment = self._segment()
            report = self._step(segment)
            self.row = report.row
            if segment.ramp and abs(self.time - self.position.start - segment.ramp) < LANDING * self.time:
                self._start_anew()
            report.fraction = self._advance(segment, self.row)
            yield report

    def _begin(self, segment: Segment, row: Row | None) -> None:
        """Impose what the segment gives from here on; ``row``: of the step before."""
        model = self.model
        if segment.control != model.control:
            self.applied = self.current if segment.control == "current" else model.cell_voltage()
            shift = model.impose(segment.control)
            self.levels.values[0][:, 2] += shift
            self.potentials.values[0] += shift
        self._start_anew()
        self.position = Position(self.position.index, self.time, model.metal_gain(), self.applied)
        self.left = self._left(segment, row, jumped=True)

    def _start_anew(self) -> None:
        """After a jump or a kink of what is imposed the past says nothing: backward Euler, a small step."""
        self.levels.forget()
        self.potentials.forget()
        self.dt_old = None
        self.control.dt = min(self.first, self.control.dt)

    def _advance(self, segment: Segment, row: Row) -> float:
        """After an accepted step: the next segment if this one has ended; returns the part of all done."""
        at, count = self.position, len(self.plan)
        share = 0.0
        if segment.longest is not None:
            share = (self.time - at.start) / segment.longest
        elif segment.thickness is not None:
            share = (self.model.metal_gain() - at.metal) / segment.thickness
        self.stopped = next((stop for stop in segment.stops if stop.distance(row[stop.column]) < 0), None)
        ended = (segment.longest is not None and share >= 1 - LANDING) or bool((self.left < 0).any())
        if self.stopped or (ended and at.index == count - 1):  # where it ended is kept for a restart
            self.finished = True
            return 1.0
        if ended:
            self.position = Position(at.index + 1)
        return (at.index + (1.0 if ended else min(share, 1.0))) / count

    def _left(self, segment: Segment, row: Row | None, jumped: bool = False) -> np.ndarray:
        """What is left to each event of a segment: met below zero; nan where that says nothing.

        ``jumped``: what is imposed changes now, and with it the columns that follow it.
        """
        left = []
        if segment.ends_by_thickness:
            gained = self.model.metal_gain() - self.position.metal
            left.append(1 - gained / segment.thickness)
        for condition in (*segment.conditions, *segment.stops):
            known = row is not None and not (jumped and condition.smooth != "always")
            left.append(condition.distance(row[condition.column]) if known else np.nan)
        return np.array(left)

    def _limits(self, segment: Segment) -> tuple[float, float]:
        """Next time to stop at, and the largest step."""
        start, longest = self.position.start, segment.longest
        stop = np.inf if longest is None else start + longest
        if segment.ramp and self.time < start + segment.ramp * (1 - LANDING):
            stop = min(stop, start + segment.ramp)
        stop = min(stop, self.end, self.milestones(self.time))
        return stop, self.travel * self.model.l / self.fastest if self.fastest else np.inf

    def _step(self, segment: Segment) -> StepReport:
        model, landing = self.model, None
        watched = segment.conditions or segment.stops
        while True:
            stop, limit = self._limits(segment)
            dt = landing.aim if landing else self.control.propose(self.time, stop, limit)
            new = stop if stop - (self.time + dt) <= 1e-12 * abs(self.time + dt) else self.time + dt
            dt = new - self.time
            try:
                weights, iterations = self._solve(segment, dt, new)
                error = self._check(new)
            except (NewtonFailure, StateOutOfRange, StressSolverFailure) as failure:
                attempt = model.u.x.array.copy()
                self._restore()
                landing = None
                self.rejected += 1
                if not self.control.reject(dt):
                    self.control.dt = self.dt_old or self.first  # where a restart tries again
                    smallest = self.control.dt_min * model.scales.time
                    message = f"no step above {smallest:.3g} s can be solved: {failure}"
                    raise GaveUp(message, attempt) from None
                continue
            if error > 2.0 and dt > 4 * self.control.dt_min and self.dt_old is not None:
                self._restore()
                landing = None
                self.rejected += 1
                self.control.reject(dt, error)
                continue
            current, influx = model.terminal_current(), model.salt_influx()
            charge = integrate_rate(current, self.charge, self.charge_old, weights)
            gain = integrate_rate(influx, self.salt_gain, self.salt_gain_old, weights)
            report = StepReport(
                self.number + 1, new, dt, current, charge, gain, self.speed_now,
                iterations, model.solver.linear_iterations,
            )  # fmt: skip
            if watched:
                report.row = self.measure(report)
            left = self._left(segment, report.row)
            if landing is None and ((self.left > 0) & (left < 0) & self._smooth(segment)).any():
                landing = Landing(dt, self.left, self._smooth(segment), TOO_FAR)
            if landing is None or landing.reached(dt, left):
                break
            self._restore()
        if landing is None:
            self.control.accept(dt, error)
        self.charge_old, self.charge = self.charge, charge
        self.salt_gain_old, self.salt_gain = self.salt_gain, gain
        self.current, self.left = current, left
        self.time, self.dt_old, self.fastest, self.number = new, dt, self.speed_now, report.number
        self._remember()
        report.row = report.row or self.measure(report)
        return report

    @staticmethod
    def _smooth(segment: Segment) -> np.ndarray:
        """Which events can be located, in the order of `_left`."""
        conditions = [one.smooth != "never" for one in (*segment.conditions, *segment.stops)]
        return np.array([True] * segment.ends_by_thickness + conditions, dtype=bool)

    def _remember(self) -> None:
        model = self.model
        self.older.x.array[:] = model.u2.x.array
        model.u2.x.array[:] = model.u1.x.array
        model.u1.x.array[:] = model.u.x.array
        self.levels.push(self.time, model.state())
        self.potentials.push(self.time, np.array([float(model.phi_s.value)]))

    def _restore(self) -> None:
        self.model.u.x.array[:] = self.model.u1.x.array
        self.model.phi_s.value = self.potentials.values[0][0]

    def _solve(self, segment: Segment, dt: float, new: float) -> tuple[tuple[float, float, float], int]:
        model = self.model
        weights = bdf_coefficients(dt, self.dt_old)
        model.a0.value, model.a1.value, model.a2.value = weights
        value = segment.at(new - self.position.start, self.position.value)
        model.set_imbalance(value if segment.control == "current" else self.current)
        guess = self.levels.extrapolate(new, order=1)
        bound = 20.0 * model.l
        psi = np.clip(guess[:, 0], -bound, bound)
        model.set_state(psi, guess[:, 1], guess[:, 2])
        model.u.x.scatter_forward()
        model.phi_s.value = self.potentials.extrapolate(new, order=1)[0]
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
        good, phi_s = model.u1.x.array.copy(), self.potentials.values[0][0]
        model.u.x.array[:], model.phi_s.value = good, phi_s
        model.drive(before)
        model.prepare_step(psi, SPEED_FLOOR)
        while reached < 1:
            target = min(1.0, reached + stage)
            model.u.x.array[:], model.phi_s.value = good, phi_s
            model.drive(before + target * (value - before))
            try:
                iterations += model.solver.solve()
            except NewtonFailure:
                stage /= 2
                if stage < SMALLEST_STAGE:
                    raise
            else:
                reached, stage = target, 1.5 * stage
                good, phi_s = model.u.x.array.copy(), float(model.phi_s.value)
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
