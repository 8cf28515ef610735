"""The way through a delamination case: loads that are held, the given load, the largest load, the end.

The path is followed step by step; where the load has to fall it does, and the largest load is a result. A
step is rejected and cut if Newton's method does not converge or a point would lose more than half of its
fracture energy at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from dolfinx import fem
from petsc4py import PETSc

from fem_sei.numerics.continuation import Control, Follower, Scales, StepSize
from fem_sei.numerics.newton import NewtonFailure
from fem_sei.studies.delamination import DelaminationModel
from fem_sei.studies.joints import STATE, Joint
from fem_sei.studies.load_curve import Curve
from fem_sei.studies.measures import ProcessZone, nearest_opening, opened_volume

MOST_DAMAGE = 0.5  # growth of the damage in energy at a point in one step
FALLEN = 0.02  # relative fall of the load after which the largest load is accepted as such
FIRST_GUESS = 1e-3  # load factor of the first solve, from which the scales follow
FASTER = 0.1  # the step may grow to this part of the way made, beyond the given load
STEADY = 1e-2  # dissipation over elastic work of a step from which on the dissipation can control it
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


class DelaminationPath:
    """Follows the path of a model, stage by stage; ``result`` is what it has found so far, in model units.

    The stages: "hold" brings in what is held; then either "load" raises the load factor to 1, with "corner"
    where it cannot rise, or "scales" takes a first small step and "limit" goes on to the largest load, with
    "crossing" to stop at load factor 1 on the way. Everything a stage knows is in attributes, so that a run
    can be continued from any step (`state`, `restore`).
    """

    def __init__(self, model: DelaminationModel) -> None:
        self.model, self.path = model, model.case.path
        self.number = self.rejected = 0
        self.joint = self._main_joint()
        solver = model.solver
        self.opening = nearest_opening(model, self.joint)
        self.volume = opened_volume(model, self.joint)
        measure = self.opening if self.path.control == "opening" else self.volume
        force = solver.assemble(solver.P, solver.x.duplicate())
        self.follower = Follower(solver, measure, force, ProcessZone(model))
        self.scales, self.curve = Scales(), Curve()
        self.work = self.last_dissipation = 0.0
        self.result: dict[str, Any] = {}
        first, least, most = self.path.first_step, self.path.min_step, self.path.max_step
        self.sizes = {
            "hold": StepSize(1.0, least, 1.0),
            "load": StepSize(first, least, most),
            "crossing": StepSize(1.0, least, 1.0),
            "measure": StepSize(first, least, most),
            "arc_length": StepSize(first, least, most),
            "dissipation": StepSize(0.0, least**2, np.inf),
            "zone": StepSize(ZONE_STEP, least, ZONE_STEP),
        }
        self.stage = "hold" if model.holds else self._main_stage
        self.control: Control = "measure"
        self.taken: float | None = None  # size of the last step with this control
        self.zone_until, self.corner = 0, 0.0
        self.previous = [fem.Function(body.u.function_space) for body in model.bodies]
        self.look_around()

    def look_around(self) -> None:
        """Evaluate what a step is compared with at the last accepted solution (collective)."""
        self.model.solver.find_reactions()
        self._external = self._external_forces()
        self._states = [joint.state for joint in self.model.joints]

    @property
    def _main_stage(self) -> str:
        return "load" if self.path.control == "load" else "scales"

    def _main_joint(self) -> Joint | None:
        """The interface with the pressure, else the first with a flaw, else the first, if there is any."""
        joints, loading = self.model.joints, self.model.case.loading
        if loading is not None:
            return next(joint for joint in joints if joint.name == loading.on)
        return next((joint for joint in joints if joint.data.flaw is not None), next(iter(joints), None))

    def run(self) -> Iterator[StepReport]:
        """Follow the path to its end; yields after every accepted step. Raises GaveUp."""
        stages = {
            "hold": self._hold,
            "load": self._raise_load,
            "corner": self._round_the_corner,
            "scales": self._find_scales,
            "limit": self._to_the_limit,
            "crossing": self._cross,
        }
        while self.stage != "done" and self.number < self.path.max_steps:
            yield from stages[self.stage]()
        if self.stage != "done":
            self.result["limit"] = "steps"

    # stages: each returns after a step, and is entered again as long as it is the stage

    def _hold(self) -> Iterator[StepReport]:
        """Bring in what is held."""
        held, size = self.model.held, self.sizes["hold"]
        reached = float(held.value)
        before = self.model.power_of_what_is_held()
        held.value = goal = min(1.0, reached + size.value)
        self.model.set_given()
        try:
            iterations = self.follower.to_load(0.0)
            self._judge()
        except (NewtonFailure, Rejected) as failure:
            held.value = reached
            self._cut(size, failure)
            return
        released = 0.5 * (before + self.model.power_of_what_is_held()) * (goal - reached)
        report = self._accept(iterations, "held" if goal == 1.0 else "", released)
        size.adapt(iterations)
        if goal == 1.0:
            self.stage = self._main_stage
        yield report

    def _raise_load(self) -> Iterator[StepReport]:
        """Raise the load factor towards 1."""
        size = self.sizes["load"]
        report = self._to_load(size)
        if report is None:
            if size.value < SMALL_STEP * size.most and self.dissipated > 0.0:
                self.stage, self.corner, self.taken = "corner", self.follower.here.load, None
                self.sizes["zone"].value = ZONE_STEP
                self._note()
            return
        if self._wide():
            self.result["limit"] = "opening"
        if self.follower.here.load == 1.0 or "limit" in self.result:
            self.stage = "done"
        yield report

    def _to_load(self, size: StepSize) -> StepReport | None:
        """A step towards load factor 1; None if it failed."""
        reached = self.follower.here.load
        goal = reached + size.value
        goal = 1.0 if goal > 1.0 - size.least else goal
        self.model.set_load(goal, goal - reached)
        try:
            iterations = self.follower.to_load(goal)
            self._judge()
        except (NewtonFailure, Rejected) as failure:
            self._cut(size, failure)
            return None
        report = self._accept(iterations, "load" if goal == 1.0 else "")
        size.adapt(iterations)
        return report

    def _round_the_corner(self) -> Iterator[StepReport]:
        """Where a given load cannot rise further: follow the opening of the process zone, along which the
        load falls, until it is back; or find that it does not come back, and this is the largest load."""
        report = self._along("zone")
        if report is None:
            return
        load = self.follower.here.load
        lowest = SNAPPED if self.model.case.loading is None else 1.0 - FALLEN
        if load > self.corner:
            self.stage, self.sizes["load"].value = "load", self.path.first_step
        elif load < lowest * self.corner:
            self.stage = "done"
            self.result |= {"limit": "falls", "critical_load": self.curve.largest}
        yield report

    def _find_scales(self) -> Iterator[StepReport]:
        """A first small step, from which follows how far it is to the given load."""
        iterations = self.follower.to_load(FIRST_GUESS)
        self._judge()
        report = self._accept(iterations)
        x = self.follower.here.x
        self.scales.measure = self.follower.measured() / FIRST_GUESS
        self.scales.length = self.follower.length(x) / FIRST_GUESS
        self.scales.energy = 0.5 * self.follower.dot(self.follower.force, x) / FIRST_GUESS
        if self.scales.measure <= 0.0:
            raise GaveUp("the pressure does not open the flaw")
        self.stage, self.control = "limit", self._control()
        self._note()
        yield report

    def _to_the_limit(self) -> Iterator[StepReport]:
        """A step on the way through the given load to the largest one, and until the load falls."""
        report = self._along(self.control, stop_at_the_load="opening" not in self.result)
        if report is None:
            return
        if self._ended():
            self.stage = "done"
        elif (then := self._control()) != self.control:
            self.control, self.taken = then, None
            for size in self.sizes.values():
                if np.isfinite(size.most):
                    size.value = max(size.value, SMALL_STEP * size.most)
            self.sizes["dissipation"].value = self.last_dissipation / self.scales.energy
        yield report

    def _along(self, control: Control, stop_at_the_load: bool = False) -> StepReport | None:
        """A step with the load as an unknown; None if it failed or has to be done otherwise."""
        size, here = self.sizes[control], self.follower.here.load
        try:
            iterations = self.follower.step(control, size.value, self.taken, self.scales)
            self._judge()
        except (NewtonFailure, Rejected) as failure:
            self._cut(size, failure)
            if control != "zone" and size.value < SMALL_STEP * size.most and self.dissipated > 0.0:
                self.control, self.taken, self.zone_until = "zone", None, self.number + ZONE_STEPS
            return None
        if stop_at_the_load and here < 1.0 <= float(self.model.load.value):
            self._back()
            self.stage, self.sizes["crossing"].value = "crossing", 1.0 - here
            return None
        self.model.set_given()
        report = self._accept(iterations)
        self.taken = size.value
        self._note()
        way = abs(self.follower.measured() / self.scales.measure)
        size.adapt(iterations, max(size.most, FASTER * way) if control != "zone" else None)
        return report

    def _cross(self) -> Iterator[StepReport]:
        """To the given load itself, which the last step was about to pass."""
        report = self._to_load(self.sizes["crossing"])
        if report is None:
            return
        if self.follower.here.load == 1.0:
            self.taken, self.stage = None, "limit" if self.path.find_limit else "done"
            self._note()
        yield report

    def _control(self) -> Control:
        """The control of the next step: the dissipation only where there is some."""
        chosen = self.path.control
        if self.number < self.zone_until:
            return "zone"
        if chosen == "arc_length" and self.follower.before is not None:
            return "arc_length"
        dissipates = self.last_dissipation > STEADY * self.follower.here.load**2 * self.scales.energy
        return "dissipation" if chosen == "dissipation" and dissipates else "measure"

    # a run that is continued

    def state(self) -> dict[str, Any]:
        """What is needed to go on besides the model's functions and ``previous``, which is set (JSON)."""
        self.follower.keep(self.previous)
        return {
            "number": self.number,
            "rejected": self.rejected,
            "stage": self.stage,
            "control": self.control,
            "taken": self.taken,
            "zone_until": self.zone_until,
            "corner": self.corner,
            "sizes": {name: size.value for name, size in self.sizes.items()},
            "scales": asdict(self.scales),
            "curve": asdict(self.curve),
            "work": self.work,
            "last_dissipation": self.last_dissipation,
            "result": self.result,
            "held": float(self.model.held.value),
            "load": self.follower.here.load,
            "load_before": None if self.follower.before is None else self.follower.before.load,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up ``state``; the functions have been filled (collective)."""
        for name in ("number", "rejected", "stage", "control", "taken", "zone_until", "corner", "work"):
            setattr(self, name, state[name])
        self.last_dissipation, self.result = state["last_dissipation"], state["result"]
        if self.result.get("limit") == "steps":
            del self.result["limit"]
        for name, value in state["sizes"].items():
            self.sizes[name].value = value
        self.scales, self.curve = Scales(**state["scales"]), Curve(**state["curve"])
        self.model.held.value = state["held"]
        self.model.set_load(state["load"], 1.0)
        self.follower.take_up(self.previous, state["load_before"])
        self.model.evaluate()
        self.look_around()

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
                f"the smallest step failed at load factor {self.follower.here.load:.4g}: {failure}. A finer "
                "mesh along the interface (mesh.elements_per_cohesive_length) or another path.control may "
                "help"
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

    def external_force_along(self, direction: PETSc.Vec) -> float:
        """Product of all forces from outside with a direction of the unknowns (collective)."""
        return self.follower.dot(direction, self._external)

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
        """Whether the largest load has been passed or cannot be found; says so in ``result`` (collective)."""
        found = ""
        if self._at_the_end():  # first: it makes the load fall, too
            found = "film_end"
        elif self.follower.here.load < (1.0 - FALLEN) * max(self.curve.loads):
            found = "falls"
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
