"""What a film_growth run reports: the columns of its history, its balances, its result. All in SI."""

from __future__ import annotations

from typing import Any

from fem_sei.closed_form.kinetics import F
from fem_sei.studies.film_growth_march import GrowthMarch

CHARGE_LIMIT, WORK_LIMIT = 1e-8, 1e-2
ONSET = 1e-6  # damage in energy that counts as the onset
SUMMARY = {
    "outcome": "",
    "grown": "m",
    "amplitude_ratio": "",
    "peak_compression": "Pa",
    "peak_tension": "Pa",
    "safety_factor": "",
    "max_damage": "",
    "opened_length": "m",
    "onset_thickness": "m",
    "work_balance": "",
}


def columns(dimension: int) -> dict[str, str]:
    """Names and units of the history's columns; in 2-D per depth."""
    length, energy = ("m", "J/m") if dimension == 2 else ("m^2", "J")
    return {
        "step": "",
        "time": "s",
        "dt": "s",
        "current_density": "A/m^2",
        "overpotential": "V",
        "thickness": "m",
        "amplitude_far": "m",
        "amplitude_lowest": "m",
        "amplitude_ratio": "",
        "traction_tip": "Pa",
        "peak_compression": "Pa",
        "peak_tension": "Pa",
        "arc_length": length,
        "charge": "C/m^2",
        "charge_balance": "",
        "shape_error": "",
        "elastic_energy": energy,
        "interface_energy": energy,
        "dissipated_energy": energy,
        "viscous_energy": energy,
        "metal_work": energy,
        "work_balance": "",
        "max_opening": "m",
        "max_damage": "",
        "opened_length": length,
        "newton_iterations": "",
    }


class GrowthObserver:
    """Turns accepted steps of a ``march`` into rows of the history."""

    def __init__(self, march: GrowthMarch) -> None:
        self.march, self.model = march, march.model
        self.columns = columns(self.model.dim)
        self.area = self.model.L ** (self.model.dim - 1)
        self.energy = self.model.S * self.area * self.model.L
        self.first: dict[str, float] = {}  # values at the start
        self.worst = {"charge": 0.0, "work": 0.0, "shape": 0.0}
        self.extremes = [0.0, 0.0]  # largest compression and tension so far
        self.exhausted = 0.0  # largest traction so far over the strength, by the criterion of the law
        self.onset: dict[str, float] | None = None
        self.time_before = 0.0

    def _stored(self) -> tuple[float, float, float, float]:
        """Energies: of films and pressure, of the interface, dissipated, lost to viscosity (collective)."""
        measures, joint = self.march.measures, self.model.joint
        pressure = self.model.case.operation.stack_pressure / self.model.S
        films = measures.integral("elastic") + pressure * measures.integral("volume_below_top")
        if joint is None:
            return films, 0.0, 0.0, 0.0
        return (
            films,
            joint.integral(joint.values("stored")),
            joint.integral(joint.dissipated),
            joint.integral(joint.viscous),
        )

    def begin(self) -> None:
        """Remember the start (collective)."""
        measures = self.march.measures
        films, stored, *_ = self._stored()
        far, lowest = measures.amplitudes(measures.profile()["x"])
        volume = measures.integral("volume_of_metal")
        self.first = {"energy": films + stored, "far": far, "lowest": lowest, "volume": volume}

    def row(self) -> dict[str, float | int]:
        """The history columns of the last accepted step (collective)."""
        march, model, measures, joint = self.march, self.model, self.march.measures, self.model.joint
        profile, area = measures.profile(), self.model.projected_area
        far, lowest = measures.amplitudes(profile["x"])
        traction = profile["traction"] * model.S
        films, stored, dissipated, viscous = self._stored()
        gained = films + stored + dissipated + viscous - self.first["energy"]
        charge, metal = march.charge.value, march.metal.value
        balance = {
            "charge": abs(charge - metal) / max(abs(charge), 1e-300),
            "work": abs(gained - march.work) / max(abs(march.work), abs(gained), 1e-12 * area),
            "shape": abs(measures.integral("volume_of_metal") - self.first["volume"] - metal)
            / max(abs(metal), 1e-300),
        }
        self.worst = {key: max(self.worst[key], balance[key]) for key in balance}
        even = measures.evened(traction)
        low, high = min(float(even.min()), 0.0), max(float(even.max()), 0.0)
        self.extremes = [min(self.extremes[0], low), max(self.extremes[1], high)]
        damage = opening = opened = 0.0
        if joint is not None:
            spent, fresh = joint.values("energy_damage"), ~joint.flawed
            damage, opening = joint.largest(spent * fresh), joint.largest(joint.values("delta_n")) * model.L
            opened = joint.integral(((joint.values("damage") >= 1.0) & fresh).astype(float)) * self.area
            self.exhausted = max(self.exhausted, joint.largest(joint.exhaustion() * fresh))
            if self.onset is None and damage > ONSET:
                self.onset = {"thickness": metal / area * model.L, "time": march.time * model.T}
        time = march.time * model.T
        found = {
            "step": march.steps,
            "time": time,
            "dt": time - self.time_before,
            "current_density": measures.integral("current") / area * model.i_ref,
            "overpotential": float(model.eta.value) * model.potential,
            "thickness": metal / area * model.L,
            "amplitude_far": far * model.L,
            "amplitude_lowest": lowest * model.L,
            "amplitude_ratio": far / self.first["far"] if self.first["far"] else 1.0,
            "traction_tip": float(traction[measures.tip]),
            "peak_compression": low,
            "peak_tension": high,
            "arc_length": measures.integral("arc_length") * self.area,
            "charge": charge / area * model.L * model.z * F / model.V_m,
            "charge_balance": balance["charge"],
            "shape_error": balance["shape"],
            "elastic_energy": measures.integral("elastic") * self.energy,
            "interface_energy": stored * self.energy,
            "dissipated_energy": dissipated * self.energy,
            "viscous_energy": viscous * self.energy,
            "metal_work": march.work * self.energy,
            "work_balance": balance["work"],
            "max_opening": opening,
            "max_damage": damage,
            "opened_length": opened,
            "newton_iterations": march.iterations,
        }
        self.time_before = time
        return found

    def result(self, last: dict[str, Any]) -> dict[str, Any]:
        """What the run has found, see SUMMARY. Not collective."""
        kept = {key: last[key] for key in SUMMARY if key in last}
        kept |= dict(zip(("peak_compression", "peak_tension"), self.extremes, strict=True))
        kept |= {"grown": last.get("thickness", 0.0), "work_balance": self.worst["work"]}
        if self.exhausted > 0.0:
            kept["safety_factor"] = 1.0 / self.exhausted
        outcome = "grows"
        if last.get("opened_length"):
            outcome = "comes off"
        elif self.onset is not None:
            outcome = "damaged"
        onset = (
            {"onset_thickness": self.onset["thickness"], "onset_time": self.onset["time"]}
            if self.onset
            else {}
        )
        return {"outcome": outcome} | kept | onset

    def verdict(self) -> list[str]:
        """What is wrong with the run. Not collective."""
        said = []
        if self.worst["charge"] > CHARGE_LIMIT:
            said.append(f"charge and metal differ by {self.worst['charge']:.1e}")
        if self.worst["work"] > WORK_LIMIT:
            off = f"{self.worst['work']:.1%}"
            said.append(f"the work balance is off by {off}: smaller steps are needed (time.max_step)")
        return said

    def state(self) -> dict[str, Any]:
        """What a checkpoint needs (JSON)."""
        names = ("first", "worst", "extremes", "exhausted", "onset", "time_before")
        return {name: getattr(self, name) for name in names}

    def restore(self, state: dict[str, Any]) -> None:
        """Take it up again."""
        for name, value in state.items():
            setattr(self, name, value)
