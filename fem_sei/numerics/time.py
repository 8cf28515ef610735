"""Variable-step BDF2: coefficients, predictor, error estimate, and the choice of the next step."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

PATIENCE = 16  # tries to land on an event before it is bisected


def bdf_coefficients(dt: float, dt_old: float | None) -> tuple[float, float, float]:
    """Weights (a0, a1, a2) of d u/dt ~ a0 u_new + a1 u_old + a2 u_older at the new time.

    Backward Euler where ``dt_old`` is None, else BDF2 on unequal steps (Hairer, Norsett and Wanner,
    Solving ODEs I, III.5) with r = dt/dt_old:
    a0 = (1+2r)/((1+r) dt), a1 = -(1+r)/dt, a2 = r^2/((1+r) dt). Unit 1/s when the steps are in s.
    """
    if dt_old is None:
        return 1.0 / dt, -1.0 / dt, 0.0
    r = dt / dt_old
    return (1 + 2 * r) / ((1 + r) * dt), -(1 + r) / dt, r * r / ((1 + r) * dt)


def integrate_rate(rate: float, value: float, value_old: float, weights: tuple[float, float, float]) -> float:
    """Integral of a rate by the same formula as the fields: a0 Q_new + a1 Q + a2 Q_old = rate.

    A balance between an integrated flux and a stored amount then holds to solver accuracy, not to the
    accuracy of the time step.
    """
    a0, a1, a2 = weights
    return (rate - a1 * value - a2 * value_old) / a0


@dataclass
class Levels:
    """Values of one field at the last three accepted times, newest first, with their times."""

    values: list[np.ndarray] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def push(self, time: float, value: np.ndarray) -> None:
        """Store a copy of an accepted value; the fourth newest is dropped."""
        self.values = [value.copy(), *self.values[:2]]
        self.times = [time, *self.times[:2]]

    def forget(self) -> None:
        """Keep only the newest level: after a jump of the data the past says nothing about the future."""
        self.values, self.times = self.values[:1], self.times[:1]

    def extrapolate(self, time: float, order: int = 2) -> np.ndarray:
        """Polynomial through the stored levels (at most ``order`` + 1 of them), evaluated at ``time``."""
        count = min(len(self.values), order + 1)
        nodes = self.times[:count]
        result = np.zeros_like(self.values[0])
        for i in range(count):
            weight = 1.0
            for j in range(count):
                if j != i:
                    weight *= (time - nodes[j]) / (nodes[i] - nodes[j])
            result += weight * self.values[i]
        return result


def error_fraction(times: list[float], time: float) -> float:
    """Share of (corrector - predictor) that is the local error of BDF2 (Milne's device).

    With predictor through the last three levels (errors in multiples of u'''):
    BDF2: h^2 (h + h1)^2 / (6 (2h + h1)), predictor: h (h + h1)(h + h1 + h2)/6; 2/11 on equal steps.
    With fewer levels (after a restart of the formula) the whole difference counts.
    Gresho and Sani, Incompressible Flow and the FEM, 3.16.
    """
    if len(times) < 3:
        return 1.0
    h, h1, h2 = time - times[0], times[0] - times[1], times[1] - times[2]
    corrector = h * (h + h1) ** 2 / (6 * (2 * h + h1))
    predictor = (h + h1) * (h + h1 + h2) / 6
    return corrector / (corrector + predictor)


@dataclass
class StepControl:
    """Chooses the steps: error per step, limit on the travel of the front, milestones, retries.

    ``growth`` and ``cutback`` bound the ratio of successive steps; BDF2 is zero-stable below 1 + sqrt(2).
    All times in the unit of the caller.
    """

    dt: float
    dt_min: float
    dt_max: float = np.inf
    growth: float = 1.6
    cutback: float = 0.5
    safety: float = 0.85

    def propose(self, time: float, milestone: float, limit: float = np.inf) -> float:
        """Step to take from ``time``: no further than the milestone, which is met exactly.

        The last two steps before a milestone are made equal, so that no sliver is left.
        """
        dt = min(self.dt, self.dt_max, limit)
        left = milestone - time
        if left <= dt * (1 + 1e-9):
            return left
        return min(dt, left / 2) if left < 2 * dt else dt

    def accept(self, dt: float, error: float) -> None:
        """Set the next step after an accepted one with ``error`` (1 = tolerance) of third order."""
        factor = self.safety * max(error, 1e-10) ** (-1.0 / 3.0)
        # a step shortened to meet a milestone must not hold back the next one
        self.dt = max(
            dt * float(np.clip(factor, self.cutback, self.growth)),
            min(self.dt, dt * 2.4) if factor > 1 else 0.0,
        )

    def reject(self, dt: float, error: float | None = None) -> bool:
        """Shorten after a rejected step; False where the smallest step has been reached."""
        factor = (
            self.cutback if error is None else float(np.clip(self.safety * error ** (-1.0 / 3.0), 0.2, 0.8))
        )
        self.dt = dt * factor
        return self.dt >= self.dt_min


class Landing:
    """Finds the step that ends where the first of several quantities falls below zero (Illinois method).

    ``aim`` is the step to try next. The secant through the ends of a bracket is followed; the value at an end
    that stays is halved, so that both ends close in (Dowell and Jarratt, BIT 11 (1971) 168); what jumps is
    bisected in the end. A step ends at most ``tolerance`` (part of it) behind the event, not before.
    """

    def __init__(self, dt: float, left: np.ndarray, located: np.ndarray, tolerance: float):
        """``left``: what was left to each event before the step ``dt``; only those ``located`` count."""
        self.aim, self.tolerance, self.located = dt, tolerance, located
        self.ends, self.left = [0.0, dt], [left, left]  # of the bracket: too short, too long
        self.weights, self.last, self.tries = [1.0, 1.0], -1, 0

    def reached(self, dt: float, left: np.ndarray) -> bool:
        """Take note of a step that was tried; True if it is the one to keep."""
        passed = int(((left < 0) & (self.left[0] >= 0) & self.located).any())
        self.ends[passed], self.left[passed], self.weights[passed] = dt, left, 1.0
        if passed == self.last:
            self.weights[1 - passed] /= 2
        self.last, self.tries = passed, self.tries + 1
        low, high = self.ends
        root = self._secant(1.0, 1.0)
        near = self.tolerance * max(root, self.tolerance * high)
        if passed and (high - root <= near or high - low <= self.tolerance * high):
            return True
        if self.tries > 3 * PATIENCE:  # rounding decides: as good as it gets
            return True
        self.aim = min(self._secant(*self.weights) + near / 2, high)
        if self.tries > PATIENCE:
            self.aim = (low + high) / 2
        return False

    def _secant(self, *weights: float) -> float:
        """The first zero of the straight lines through the ends of the bracket."""
        between = self.located & (self.left[0] >= 0) & (self.left[1] < 0)
        low, high = (weight * left[between] for weight, left in zip(weights, self.left, strict=True))
        return self.ends[0] + (self.ends[1] - self.ends[0]) * (low / (low - high)).min(initial=1.0)
