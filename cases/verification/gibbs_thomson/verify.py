"""Rest potential and area of a round piece of metal at zero current; see README.md."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cases.verification import common, stepping
from fem_sei.case.loader import load
from fem_sei.closed_form.kinetics import gibbs_thomson

HERE = Path(__file__).parent
ROOM = 5.0  # between the circle and the walls, in interface widths


@dataclass(frozen=True)
class Disc:
    """A circle of a radius (m) about the origin, as a metal surface."""

    radius: float

    def signed_distance(self, points: np.ndarray) -> np.ndarray:
        return self.radius - np.hypot(points[:, 0], points[:, 1])


@dataclass(frozen=True)
class Rest:
    """Rest potential over gamma V_m/(z F r), drift of the area (relative), width of the front over delta
    (what is farthest from 1), and the course of potential and width in time (s)."""

    ratio: float
    drift: float
    width: float
    times: np.ndarray
    ratios: np.ndarray
    widths: np.ndarray


def rest(radius: float, elements: int, duration: str = "10 h") -> Rest:
    """A circle of ``radius`` interface widths in a square of structured triangles of size delta/elements."""
    changes = (f"mesh.elements_across_interface={elements}", f"operation.steps[0].until.duration={duration}")
    case = load(HERE / "case.toml", changes).case
    delta = case.phase_field.interface_width
    disc, half = Disc(radius * delta), (radius + ROOM) * delta
    square = stepping.rectangle((-half, -half), (half, half), delta / elements)
    model = stepping.model_on(stepping.one_region(square, disc), case)
    sharp = gibbs_thomson(model.p.surface_energy, model.p.V_m, 1 / disc.radius, model.p.z)
    course = [
        (row["time"], -row["cell_voltage"] / sharp, row["profile_width"])
        for row in stepping.rows(case, model)
    ]
    times, ratios, widths = np.array(course).T
    area = np.pi * (disc.radius / model.scales.length) ** 2
    width = float(widths[np.abs(widths - 1).argmax()])
    return Rest(float(ratios[-1]), abs(model.metal_gain() * model.area) / area, width, times, ratios, widths)


def main() -> None:
    found = {(r, n): rest(r, n) for r, n in ((5, 4), (5, 8), (10, 4))}
    rows = [
        (f"{r} delta", f"delta/{n}", f"{f.ratio:.4f}", f"{f.width:.3f}", f"{f.drift:.0e}")
        for (r, n), f in found.items()
    ]
    header = ("radius", "h", "potential over gamma V_m/(z F r)", "width over delta", "drift of the area")
    print(common.markdown(header, rows))
    with common.picture(HERE / "gibbs_thomson.png", width=9.0) as made:
        left, right = made.subplots(1, 2)
        for (r, n), f in found.items():
            left.plot(f.times, f.ratios, label=f"radius {r} delta, h = delta/{n}")
            right.plot(f.times, f.widths)
        left.axhspan(0.99, 1.01, color="0.92")
        left.set(
            xscale="log", ylim=(0.96, 1.04), xlabel="time (s)", ylabel="rest potential over γ V_m/(z F r)"
        )
        right.axhspan(0.85, 1.15, color="0.92")
        right.set(xscale="log", ylim=(0.8, 1.2), xlabel="time (s)", ylabel="width of the front over delta")
        left.legend(frameon=False)


if __name__ == "__main__":
    main()
