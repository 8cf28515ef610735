"""What a plating run reports: the columns of its history, its balances, its warnings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from mpi4py import MPI

from fem_sei import columns
from fem_sei.closed_form.kinetics import F
from fem_sei.studies.march import March, Row, StepReport
from fem_sei.studies.plating import PlatingModel

COLUMNS = {name: column.dimension.unit for name, column in columns.COLUMNS.items()}
STRESS_COLUMNS = {name: column.dimension.unit for name, column in columns.STRESS_COLUMNS.items()}
BALANCE_LIMIT = 1e-8  # a run that breaks its balances beyond this says so
WIDTH_LIMIT = 1.3  # 10-90 width of the front over its equilibrium value
CURVATURE_LIMIT = 0.2  # |K| l of the front: its width is then up to 1.2 (delta/4)
GRADIENT_LIMIT = 0.5  # change of ln c across l at the front: flat drive and cut-off lose accuracy above


class Observer:
    """Turns accepted steps into rows of the history and keeps an eye on the quality of the run."""

    def __init__(self, model: PlatingModel, march: March):
        """Also makes the rows that the march's stop conditions look at."""
        self.model, self.march = model, march
        march.measure = self.measure
        self.worst = {"charge": 0.0, "salt": 0.0}
        self.widest = self._widest = 1.0  # of the run, of the step measured last
        self.metal_scale = 0.0

    def state(self) -> dict[str, Any]:
        """What a continued run needs (JSON)."""
        return {"worst": self.worst, "widest": self.widest, "metal_scale": self.metal_scale}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up what ``state`` returned."""
        self.worst, self.widest, self.metal_scale = (
            state[name] for name in ("worst", "widest", "metal_scale")
        )

    def row(self, report: StepReport) -> Row:
        """The history columns after an accepted step; keeps the worst of the balances (collective)."""
        row, model = report.row, self.model
        self.metal_scale = self._scale(model.metal_gain(), report.charge)
        self.worst["charge"] = max(self.worst["charge"], row["charge_balance"])
        self.worst["salt"] = max(self.worst["salt"], row["salt_balance"])
        self.widest = max(self.widest, self._widest)
        return row

    def _scale(self, gained: float, charge: float) -> float:
        """What the charge balance is relative to: the largest charge so far (a full cycle returns to zero),
        at least that of l/1000."""
        return max(self.metal_scale, abs(gained), abs(charge), 1e-3 * self.model.l)

    def measure(self, report: StepReport) -> Row:
        """The history columns of a solved step, accepted or not (collective)."""
        model, s = self.model, self.model.scales
        self.psi, y, _ = model.state().T
        front = self._front(y)
        gained = model.metal_gain()
        charge_error = abs(gained - report.charge) / self._scale(gained, report.charge)
        salt_error = abs(model.salt() - self.march.salt_start - report.salt_gain) / self.march.salt_start
        narrowest, self._widest = model.front.width_range(self.psi)
        width = self._widest if self._widest - 1 >= 1 - narrowest else narrowest
        outside = y[self.psi < 0]
        lowest = model.comm.allreduce(float(outside.min(initial=np.inf)), op=MPI.MIN)
        return {
            "step": report.number,
            "time": report.time * s.time,
            "dt": report.dt * s.time,
            "current_density": report.current * s.current,
            "cell_voltage": model.cell_voltage() * s.potential,
            "charge": report.charge * s.length * model.p.z * F / model.p.V_m,
            "deposited_thickness": gained * s.length,
            "tip": front["tip"] * s.length,
            "valley": front["valley"] * s.length,
            "roughness": (front["tip"] - front["valley"]) * s.length,
            "c_tip": model.concentration(front["y_tip"]) * s.concentration,
            "c_valley": model.concentration(front["y_valley"]) * s.concentration,
            "c_min": model.concentration(lowest) * s.concentration,
            "charge_balance": charge_error,
            "salt_balance": salt_error,
            "profile_width": width,
            "metal_regions": model.front.count_pieces(self.psi),
            "newton_iterations": report.newton,
            "linear_iterations": report.linear,
            **self._front_pressure(),
        }

    def _front_pressure(self) -> Row:
        """-sigma_nn that the kinetics of the last step saw: mean over the front, smallest, largest (Pa)."""
        stress, comm = self.model.stress, self.model.comm
        if stress is None:
            return {}
        found = 0.0 - stress.unit * self.model.front.crossings(self.psi).sample(stress.normal.x.array)
        mean = 0.0 - stress.unit * self.model.front_stress()
        low = comm.allreduce(float(found.min(initial=np.inf)), op=MPI.MIN)
        high = comm.allreduce(float(found.max(initial=-np.inf)), op=MPI.MAX)
        return dict(zip(STRESS_COLUMNS, (mean, low, high), strict=True))

    def _front(self, y: np.ndarray) -> dict[str, float]:
        """Highest and lowest point of the front and ln c there, over all ranks."""
        model = self.model
        crossings = model.front.crossings(self.psi)
        heights, values = crossings.points[:, -1], crossings.sample(y)
        found = None
        if len(heights):
            top, bottom = int(np.argmax(heights)), int(np.argmin(heights))
            found = (heights[top], values[top], heights[bottom], values[bottom])
        parts = [part for part in model.comm.allgather(found) if part is not None]
        if not parts:
            return dict.fromkeys(("tip", "y_tip", "valley", "y_valley"), float("nan"))
        tip = max(parts, key=lambda part: part[0])
        valley = min(parts, key=lambda part: part[2])
        return {"tip": tip[0], "y_tip": tip[1], "valley": valley[2], "y_valley": valley[3]}

    def warnings(self, row: dict[str, float | int]) -> list[str]:
        """What a user should know about the state of the last row (collective)."""
        front, l = self.model.front, self.model.l
        found = []
        if row["metal_regions"] > 1:
            found.append("the metal is in more than one piece")
        if row["profile_width"] > WIDTH_LIMIT:
            found.append(f"the front is over {WIDTH_LIMIT} times as wide as it should be: refine the mesh")
        if front.unresolved(self.psi):
            found.append(
                "the front has left the finely meshed band: raise mesh.growth_margin or mesh.tip_margin"
            )
        if front.steepest(self.model.component("c"), self.psi) * l > GRADIENT_LIMIT:
            found.append(
                "the salt changes too much across the interface for its width: "
                "choose a smaller phase_field.interface_width"
            )
        if front.sharpest(self.psi) * l > CURVATURE_LIMIT:
            found.append(
                f"the front is bent to a radius below {1 / CURVATURE_LIMIT:.0f} l somewhere, too sharply for "
                "its width: choose a smaller phase_field.interface_width"
            )
        return found

    def verdict(self) -> list[str]:
        """Closing words about the quality of the run: empty if all is well."""
        return [
            f"the {name} balance is broken: {error:.1e} relative (limit {BALANCE_LIMIT:g})"
            for name, error in self.worst.items()
            if error > BALANCE_LIMIT
        ]
