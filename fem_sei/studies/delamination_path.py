"""The way through a delamination case: loads that are held, the given load, the largest load, the end.

The path is followed step by step; where the load has to fall it does, and the largest load is a result. A
step is rejected and cut if Newton's method does not converge or a point would lose more than half of its
fracture energy at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fem_sei.numerics.continuation import Control, Follower, Scales, StepSize
from fem_sei.numerics.newton import NewtonFailure
from fem_sei.studies.delamination import DelaminationModel
from fem_sei.studies.joints import STATE, Joint
from fem_sei.studies.measures import ProcessZone, nearest_opening, opened_volume

MOST_DAMAGE = 0.5  # growth of the damage in energy at a point in one step
FALLEN = 0.02  # relative fall of the load after which the largest load is accepted as such
FIRST_GUESS = 1e-3  # load factor of the first solve, from which the scales follow
FASTER = 0.1  # the step may grow to this part of the way made, beyond the given load
STEADY = 1e-2  # dissipation over elastic work of a step from which on the dissipation can control it
PLATEAU = 2e-3  # relative rise of the load during the last cohesive length of crack advance: neutral
END_DAMAGE = 1e-2  # damage in energy at the far end of an interface: it is too short
SMALL_STEP = 0.02  # of the largest step: below, the opening of the process zone takes over the control
ZONE_STEP = 0.02  # relative growth of that opening in a step
ZONE_STEPS = 5  # steps at least that it keeps the control
SNAPPED = 0.5  # load over that at a corner below which there is no way round it
WIDE = 10.0  # opening over the thickness of what lifts off, at which it has come off


class GaveUp(RuntimeError):
    """The smallest step did not converge; str() says where and what to try."""


class Rejected(RuntimeError):
    """A converged step that is too large; str() says why."""


@dataclass
class StepReport:
    """An accepted step. ``event``: "" or "held" (all held loads are on) or "load" (at the given load)."""

    number: int
    iterations: int
    linear_iterations: int
    event: str = ""


@dataclass
class Curve:
    """Load, measure and crack advance of the steps so far."""

    measures: list[float] = field(default_factory=list)
    loads: list[float] = field(default_factory=list)
    advances: list[float] = field(default_factory=list)

    def add(self, measure: float, load: float, advance: float) -> None:
        """A step more."""
        self.measures.append(measure)
        self.loads.append(load)
        self.advances.append(advance)

    @property
    def largest(self) -> float:
        """Largest load, at the vertex of the parabola through the three steps around it."""
        n = int(np.argmax(self.loads))
        if n in (0, len(self.loads) - 1):
            return self.loads[n]
        x, y = np.array(self.measures[n - 1 : n + 2]), np.array(self.loads[n - 1 : n + 2])
        a, b, c = np.polyfit((x - x[1]) / (x[2] - x[0]), y, 2)
        return float(c - b**2 / (4.0 * a)) if a < 0.0 else self.loads[n]

    def flat(self, length: float) -> bool:
        """Whether the load has hardly changed while the crack advanced by the last ``length``."""
        before = [n for n, advance in enumerate(self.advances) if advance <= self.advances[-1] - length]
        if not before or self.advances[before[-1]] <= 0.0:
            return False
        recent = self.loads[before[-1] :]
        return max(recent) - min(recent) < PLATEAU * max(recent)


class DelaminationPath:
    """Follows the path of a model. ``result``: what it found ("limit", "critical_load", ...), model units."""

    def __init__(self, model: DelaminationModel) -> None:
        self.model, self.path = model, model.case.path
        self.number = self.rejected = 0
        self.joint = self._main_joint()
        solver = model.solver
        self.opening = nearest_opening(model, self.joint)
        volume = opened_volume(model, self.joint)
        measure = self.opening if self.path.control == "opening" else volume
        force = solver.assemble(solver.P, solver.x.duplicate())
        self.follower = Follower(solver, measure, force, ProcessZone(model))
        self.volume = volume
        self.scales, self.curve = Scales(), Curve()
        self.work, self.last_dissipation = 0.0, 0.0
        self.result: dict[str, Any] = {}
        self._external = self._external_forces()
        self._states = [joint.state for joint in model.joints]
        self._sizes = {
            "measure": StepSize(self.path.first_step, self.path.min_step, self.path.max_step),
            "arc_length": StepSize(self.path.first_step, self.path.min_step, self.path.max_step),
            "dissipation": StepSize(0.0, self.path.min_step**2, np.inf),
            "zone": StepSize(ZONE_STEP, self.path.min_step, ZONE_STEP),
        }
        self._zone_until = 0  # the step until which the process zone has the control

    def _main_joint(self) -> Joint:
        """The interface with the pressure, else the first with a flaw, else the first."""
        joints, loading = self.model.joints, self.model.case.loading
        if loading is not None:
            return next(joint for joint in joints if joint.name == loading.on)
        return next((joint for joint in joints if joint.data.flaw is not None), joints[0])

    def run(self) -> Iterator[StepReport]:
        """Follow the path to its end; yields after every accepted step. Raises GaveUp."""
        if self.model.holds:
            yield from self._hold()
        if self.path.control == "load":
            yield from self._by_load(1.0, self.path.first_step)
        else:
            yield from self._find_scales()
            yield from self._to_the_limit()

    # stages

    def _hold(self) -> Iterator[StepReport]:
        """Bring in what is held."""
        held, size = self.model.held, StepSize(1.0, self.path.min_step, 1.0)
        while (reached := float(held.value)) < 1.0:
            before = self.model.power_of_what_is_held()
            held.value = goal = min(1.0, reached + size.value)
            self.model.set_given()
            try:
                iterations = self.follower.to_load(0.0)
                self._judge()
            except (NewtonFailure, Rejected) as failure:
                held.value = reached
                self._cut(size, failure)
                continue
            released = 0.5 * (before + self.model.power_of_what_is_held()) * (goal - reached)
            yield self._accept(iterations, "held" if goal == 1.0 else "", released)
            size.adapt(iterations)

    def _by_load(self, end: float, first: float) -> Iterator[StepReport]:
        """Raise the load factor to ``end``, beginning with the step ``first``."""
        size = StepSize(first, self.path.min_step, max(first, self.path.max_step))
        while (reached := self.follower.here.load) < end:
            goal = reached + size.value
            goal = end if goal > end - self.path.min_step else goal
            self.model.set_load(goal, goal - reached)
            try:
                iterations = self.follower.to_load(goal)
                self._judge()
            except (NewtonFailure, Rejected) as failure:
                self._cut(size, failure)
                if size.value < SMALL_STEP * size.most and self.dissipated > 0.0:
                    yield from self._round_the_corner()
                    size.value = first
                    if "limit" in self.result:
                        return
                continue
            yield self._accept(iterations, "load" if goal == 1.0 else "")
            size.adapt(iterations)
            if self._wide():
                self.result["limit"] = "opening"
                return

    def _round_the_corner(self) -> Iterator[StepReport]:
        """Where a given load cannot rise further: follow the opening of the process zone, along which the load
        falls, until it is back; or find that it does not come back, and this is the largest load."""
        corner, size = self.follower.here.load, self._sizes["zone"]
        size.value, taken = size.most, None
        lowest = SNAPPED if self.model.case.loading is None else 1.0 - FALLEN
        self._note()
        while self.number < self.path.max_steps:
            try:
                iterations = self.follower.step("zone", size.value, taken, self.scales)
                self._judge()
            except (NewtonFailure, Rejected) as failure:
                self._cut(size, failure)
                continue
            taken = size.value
            self.model.set_given()
            yield self._accept(iterations)
            self._note()
            size.adapt(iterations)
            if self.follower.here.load > corner:
                return
            if self.follower.here.load < lowest * corner:
                self.result |= {"limit": "falls", "critical_load": self.curve.largest}
                return

    def _find_scales(self) -> Iterator[StepReport]:
        """A first small step, from which follows how far it is to the given load."""
        iterations = self.follower.to_load(FIRST_GUESS)
        self._judge()
        yield self._accept(iterations)
        x = self.follower.here.x
        self.scales.measure = self.follower.measured() / FIRST_GUESS
        self.scales.length = self.follower.length(x) / FIRST_GUESS
        self.scales.energy = 0.5 * self.follower.dot(self.follower.force, x) / FIRST_GUESS
        if self.scales.measure <= 0.0:
            raise GaveUp("the pressure does not open the flaw")

    def _to_the_limit(self) -> Iterator[StepReport]:
        """Through the given load to the largest one, until the load falls."""
        control, taken = self._control(), None
        self._note()
        while self.number < self.path.max_steps:
            size = self._sizes[control]
            try:
                iterations = self.follower.step(control, size.value, taken, self.scales)
                self._judge()
            except (NewtonFailure, Rejected) as failure:
                self._cut(size, failure)
                if control != "zone" and size.value < SMALL_STEP * size.most and self.dissipated > 0.0:
                    control, taken, self._zone_until = "zone", None, self.number + ZONE_STEPS
                continue
            load = float(self.model.load.value)
            if "opening" not in self.result and self.follower.here.load < 1.0 <= load:
                self._back()
                yield from self._by_load(1.0, 1.0 - self.follower.here.load)
                taken = None
                self._note()
                if not self.path.find_limit:
                    return
                continue
            taken = size.value
            yield self._accept(iterations)
            self._note()
            way = self.follower.measured() / self.scales.measure
            size.adapt(iterations, max(size.most, FASTER * way))
            if self._ended():
                return
            if (then := self._control()) != control:
                control, taken = then, None
                for size in self._sizes.values():
                    size.value = (
                        max(size.value, SMALL_STEP * size.most) if np.isfinite(size.most) else size.value
                    )
                self._sizes["dissipation"].value = self.last_dissipation / self.scales.energy

    def _control(self) -> Control:
        """The control of the next step: the dissipation only where there is some."""
        chosen = self.path.control
        if self.number < self._zone_until:
            return "zone"
        if chosen == "arc_length" and self.follower.before is not None:
            return "arc_length"
        dissipates = self.last_dissipation > STEADY * self.follower.here.load**2 * self.scales.energy
        return "dissipation" if chosen == "dissipation" and dissipates else "measure"

    # one step

    def _judge(self) -> None:
        """Look at the interfaces; raises Rejected where a point has lost too much at once (collective)."""
        self._states = [joint.state for joint in self.model.joints]
        self.model.evaluate()
        column = STATE.index("energy_damage")
        for joint, before in zip(self.model.joints, self._states, strict=True):
            growth = joint.largest(joint.values("energy_damage") - before[:, column])
            if growth > MOST_DAMAGE:
                raise Rejected(f"a point of {joint.name} would lose {growth:.0%} of its fracture energy")

    def _back(self) -> None:
        """Return to the last accepted step (collective)."""
        self.follower.reject()
        self.model.set_given()
        for joint, state in zip(self.model.joints, self._states, strict=True):
            joint.state = state

    def _cut(self, size: StepSize, failure: Exception) -> None:
        """Go back and halve the step; raises GaveUp below the least one."""
        self.rejected += 1
        self._back()
        if not size.cut():
            raise GaveUp(
                f"the smallest step failed at load factor {self.follower.here.load:.4g}: {failure}. A finer mesh "
                "along the interface (mesh.elements_per_cohesive_length) or another path.control may help"
            )

    def _accept(self, iterations: int, event: str = "", released: float = 0.0) -> StepReport:
        """Take over the step: energies, damage, the solution. ``released``: work of what is held."""
        before, self._external = self._external, self._external_forces()
        lost = self.dissipated
        for joint, state in zip(self.model.joints, self._states, strict=True):
            joint.accept(state)
        self._states = [joint.state for joint in self.model.joints]
        self.last_dissipation = self.dissipated - lost
        x = self.follower.here.x
        self.follower.accept()
        work = 0.5 * float(np.dot(before + self._external, self.follower.here.x - x))
        self.work += self.model.comm.allreduce(work) + released
        self.number += 1
        if event == "load":
            self.result["opening"] = self.opening_now
        return StepReport(self.number, iterations, self.model.solver.linear_iterations, event)

    def _external_forces(self) -> np.ndarray:
        """All forces on the bodies from outside: loads and reactions, in the layout of the solver."""
        solver = self.model.solver
        vector = solver.assemble(self.model.external, solver.x.duplicate())
        values = vector.array_r.copy()
        vector.destroy()
        values[solver.fixed] += solver.reactions
        return values

    # what is known of the path

    @property
    def dissipated(self) -> float:
        """Fracture energy that the damage of all interfaces has taken (collective)."""
        return sum(joint.integral(joint.dissipated) for joint in self.model.joints)

    @property
    def opening_now(self) -> float:
        """Opening at the start or centre of the flaw at the last accepted step (collective)."""
        return self.follower.dot(self.opening, self.follower.here.x)

    def advance(self) -> float:
        """Area that has failed beyond the flaw, partly failed areas by their share of energy (collective)."""
        return self.joint.integral(self.joint.values("energy_damage") * ~self.joint.flawed)

    def _note(self) -> None:
        self.curve.add(self.follower.measured(), self.follower.here.load, self.advance())

    def _ended(self) -> bool:
        """Whether the largest load has been passed, or cannot be found; says so in ``result`` (collective)."""
        found = ""
        if self.follower.here.load < (1.0 - FALLEN) * max(self.curve.loads):
            found = "falls"
        elif self._at_the_end():
            found = "film_end"
        elif self.model.dim == 2 and self.curve.flat(self.model.cohesive_length):
            found = "plateau"
        elif self._wide():
            found = "opening"
        if found:
            self.result["limit"] = found
        self.result["critical_load"] = self.curve.largest
        return bool(found)

    def _at_the_end(self) -> bool:
        """Whether the damage has reached the far end of the interface: what follows is no property of it."""
        joint = self.joint
        return joint.largest(joint.values("energy_damage") * joint.at_the_end) > END_DAMAGE

    def _wide(self) -> bool:
        """Whether the flaw has opened as far as the case wants to see, or the film has come off."""
        given = self.path.stop_opening
        most = WIDE * self.model.thickness if given is None else given / self.model.L
        return self.opening_now > most
