"""What a case does to the cell, step by step, in the units of a model; and where a run is in it."""

from __future__ import annotations

from dataclasses import dataclass

from fem_sei.case.condition import Condition
from fem_sei.case.schema import Case
from fem_sei.studies.plating import Scales


@dataclass(frozen=True)
class Segment:
    """One step of the operation: a current or a potential, approached over a ramp, until the first of its
    ends: a time, a thickness gained, a condition of its own or (``stops``) one of the whole run."""

    control: str  # "current" or "potential"
    value: float
    ramp: float
    duration: float | None
    thickness: float | None
    conditions: tuple[Condition, ...]
    stops: tuple[Condition, ...]

    def at(self, elapsed: float, start_value: float) -> float:
        """Current or potential ``elapsed`` after the start."""
        if elapsed >= self.ramp:
            return self.value
        return start_value + (self.value - start_value) * elapsed / self.ramp

    @property
    def ends_by_thickness(self) -> bool:
        """Whether the thickness is an event: at a constant current it is a time."""
        return self.thickness is not None and (self.control == "potential" or self.ramp > 0)

    @property
    def longest(self) -> float | None:
        """When it ends at the latest, if that is known."""
        ends = [] if self.duration is None else [self.duration]
        if self.thickness is not None and not self.ends_by_thickness:
            ends.append(self.thickness / self.value)
        return min(ends, default=None)


@dataclass
class Position:
    """Where the operation is. ``start`` (None before the segment has begun), ``metal`` gained and ``value``
    imposed then. With the time levels and sums all that a restart needs."""

    index: int = 0
    start: float | None = None
    metal: float = 0.0
    value: float = 0.0


def segments(case: Case, s: Scales) -> list[Segment]:
    """The operation in the units of a model, cycles repeated."""
    found = []
    for step in case.operation.sequence:
        by_current = step.current_density is not None
        value = step.current_density / s.current if by_current else step.potential / s.potential
        until = step.until
        found.append(
            Segment(
                "current" if by_current else "potential",
                value,
                step.ramp / s.time,
                None if until.duration is None else until.duration / s.time,
                None if until.thickness is None else until.thickness / s.length,
                tuple(until.when),
                tuple(case.operation.stop),
            )
        )
    return found
