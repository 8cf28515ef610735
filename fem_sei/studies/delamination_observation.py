"""What a delamination run reports: the columns of its history, its balance, its result."""

from __future__ import annotations

from typing import Any

import numpy as np

from fem_sei.case.cohesive_sizes import element_size
from fem_sei.studies.delamination import DelaminationModel
from fem_sei.studies.delamination_path import DelaminationPath, StepReport

BALANCE_LIMIT = 1e-2  # of the work: steps that are too long for the trapezoidal rule
SUMMARY = {
    "outcome": "",
    "pressure": "Pa",
    "critical_pressure": "Pa",
    "limit": "",
    "opening": "m",
    "normalised_opening": "",
    "work_balance": "",
}


def columns(dimension: int, axisymmetric: bool) -> dict[str, str]:
    """Names and units of the history's columns; in the plane per depth."""
    per_depth = dimension == 2 and not axisymmetric
    area, volume = ("m", "m^2") if per_depth else ("m^2", "m^3")
    energy, force = ("J/m", "N/m") if per_depth else ("J", "N")
    return {
        "step": "",
        "held": "",
        "load_factor": "",
        "pressure": "Pa",
        "opening": "m",
        "max_opening": "m",
        "opened_volume": volume,
        "debonded": area,
        "process_zone": area,
        "max_damage": "",
        "max_traction": "Pa",
        "reaction": force,
        "elastic_energy": energy,
        "interface_energy": energy,
        "dissipated_energy": energy,
        "viscous_energy": energy,
        "external_work": energy,
        "work_balance": "",
        "newton_iterations": "",
        "linear_iterations": "",
    }


class DelaminationObserver:
    """Turns accepted steps into rows of the history, in SI."""

    def __init__(self, model: DelaminationModel, path: DelaminationPath) -> None:
        self.model, self.path = model, path
        self.columns = columns(model.dim, model.kinematics.assumption == "axisymmetric")
        per_depth = self.columns["debonded"] == "m"
        self.area = model.L if per_depth else model.L**2
        self.energy = model.stress_scale * self.area * model.L
        self.worst = 0.0
        # the balance is relative to the work so far, at least to the fracture energy of one element
        self.most_work = min(
            (element_size(model.case, one) * one.fracture_energy for one in model.case.interfaces),
            default=0.0,
        ) / (model.stress_scale * model.L**2)
        given = [one for one in model.given if not one.held]
        self.way = max((abs(one.value) for one in given), default=0.0)
        self.way = model.comm.allreduce(self.way, max)
        self.along = model.solver.x.duplicate()
        model.solver.gather(self.along, model.solver.carried)

    def row(self, report: StepReport) -> dict[str, float | int]:
        """The history columns of an accepted step (collective)."""
        model, path, L, stress = self.model, self.path, self.model.L, self.model.stress_scale
        joints, load = model.joints, path.follower.here.load
        loading = model.case.loading
        elastic = model.elastic_energy()
        stored = sum(joint.integral(joint.values("stored")) for joint in joints)
        viscous = sum(joint.integral(joint.viscous) for joint in joints)
        dissipated = path.dissipated
        self.most_work = max(self.most_work, abs(path.work), elastic + stored + dissipated)
        balance = (elastic + stored + dissipated + viscous - path.work) / (self.most_work or 1.0)
        self.worst = max(self.worst, abs(balance))
        failed = [(joint.values("damage") >= 1.0) & ~joint.flawed for joint in joints]
        partly = [(joint.values("energy_damage") > 0.0) & (joint.values("damage") < 1.0) for joint in joints]
        return {
            "step": report.number,
            "held": float(model.held.value),
            "load_factor": load,
            "pressure": load * loading.pressure if loading is not None else 0.0,
            "opening": path.opening_now * L,
            "max_opening": max((joint.largest(joint.values("delta_n")) for joint in joints), default=0.0) * L,
            "opened_volume": path.follower.dot(path.volume, path.follower.here.x) * self.area * L,
            "debonded": self._sum(failed) * self.area,
            "process_zone": self._sum(partly) * self.area,
            "max_damage": max(
                (joint.largest(joint.values("damage") * ~joint.flawed) for joint in joints), default=0.0
            ),
            "max_traction": stress
            * max((joint.largest(joint.values("traction_n")) for joint in joints), default=0.0),
            "reaction": self._reaction() * stress * self.area,
            "elastic_energy": elastic * self.energy,
            "interface_energy": stored * self.energy,
            "dissipated_energy": dissipated * self.energy,
            "viscous_energy": viscous * self.energy,
            "external_work": path.work * self.energy,
            "work_balance": balance,
            "newton_iterations": report.iterations,
            "linear_iterations": report.linear_iterations,
        }

    def _sum(self, chosen: list[np.ndarray]) -> float:
        """Area of the chosen points of all interfaces (collective)."""
        return sum(
            joint.integral(these.astype(float))
            for joint, these in zip(self.model.joints, chosen, strict=True)
        )

    def _reaction(self) -> float:
        """Force that the given displacements work with, per the largest of them (collective)."""
        if not self.way:
            return 0.0
        along = self.path.external_force_along(self.along)
        return along / self.way

    def result(self) -> dict[str, Any]:
        """What the run has found, in SI: see SUMMARY (collective)."""
        model, found = self.model, self.path.result
        loading = model.case.loading
        limit = found.get("limit", "")
        result: dict[str, Any] = {"work_balance": self.worst, "limit": limit}
        if "opening" in found:
            result |= {
                "opening": found["opening"] * model.L,
                "normalised_opening": found["opening"] / model.thickness,
            }
        if loading is None:
            return result | {"outcome": "loaded" if "opening" in found else "gave way"}
        result["pressure"] = loading.pressure
        if "critical_load" in found:
            result["critical_pressure"] = found["critical_load"] * loading.pressure
        outcome = "equilibrium" if "opening" in found else "delaminates"
        if "opening" not in found and limit not in ("falls", "plateau"):
            outcome = "unknown"
        return result | {"outcome": outcome}

    def verdict(self) -> list[str]:
        """What is wrong with the run. Not collective."""
        found, said = self.path.result.get("limit", ""), []
        if self.worst > BALANCE_LIMIT:
            said.append(
                f"the work balance is off by {self.worst:.1%}: smaller steps (path.max_step) are needed"
            )
        if found == "film_end":
            said.append(
                "the process zone has reached the end of the film: what is given as critical pressure is no "
                "property of the interface; make geometry.width larger"
            )
        if found in ("opening", "steps"):
            said.append(
                "the largest load has not been reached: the critical pressure is at least what is given"
            )
        return said
