"""What a case plans to do, before anything runs: growth, times, and where the mesh has to be fine."""

from __future__ import annotations

from dataclasses import dataclass

from fem_sei.case.estimates import PlannedStep, planned_steps, stack
from fem_sei.case.schema import Case, Step
from fem_sei.closed_form.kinetics import front_speed

PADDING = 2.0  # fine on either side of the front, in interface widths: xi there is 3e-4 or 1 - 3e-4
FEW_CELLS = 12  # coarse cells across the thickest layer or the width


@dataclass(frozen=True)
class Rectangle:
    """Part of the cross-section (m); y is the direction of growth, 0 at the flat metal surface."""

    x_min: float
    x_max: float
    y_min: float
    y_max: float


@dataclass(frozen=True)
class Growth:
    """Planned mean thickness (m): ``highest`` and ``lowest``, and the ``path`` (up and down added)."""

    lowest: float
    highest: float
    path: float


def _steps(case: Case) -> list[PlannedStep]:
    return planned_steps(case, stack(case, case.metal, case.ion_conductors), case.metal.value("V_m"))


def sequence(case: Case, planned: list[PlannedStep]) -> list[tuple[Step, PlannedStep]]:
    """The steps as they are taken, cycles repeated, with their plans (``planned``: those written down)."""
    plans = {id(step): plan for (_, step), plan in zip(case.operation.places, planned, strict=True)}
    return [(step, plans[id(step)]) for step in case.operation.sequence]


def largest_current(case: Case) -> float:
    """Largest current density (A/m^2) that is planned; for a potential the steady one."""
    return max(abs(step.current) for step in _steps(case))


def lowest_front_concentration(case: Case) -> float:
    """Lowest steady concentration (mol/m^3) at the metal that is planned; 0 above the limiting current."""
    fresh = stack(case, case.metal, case.ion_conductors)
    return max(0.0, min(fresh.front_concentration(step.current) for step in _steps(case)))


def planned_growth(case: Case) -> Growth:
    """Mean thickness over the steps; for a potential what the steady current of the fresh stack grows."""
    V_m = case.metal.value("V_m")
    height = low = high = path = before = 0.0
    for step, planned in sequence(case, _steps(case)):
        gain = step.until.thickness
        if step.until.duration is not None:
            ramp = min(step.ramp, planned.duration)
            charge = planned.current * (planned.duration - ramp / 2) + before * ramp / 2
            in_time = float(front_speed(charge, V_m, case.metal.z))
            gain = in_time if gain is None else min(gain, in_time, key=abs)
        before = planned.current
        height += gain
        low, high, path = min(low, height), max(high, height), path + abs(gain)
    return Growth(low, high, path)


def cell_size(case: Case) -> float:
    """Element size h (m) in the band that the front crosses."""
    return case.phase_field.interface_width / case.mesh.elements_across_interface


def coarse_size(case: Case) -> float:
    """Largest element (m)."""
    if case.mesh.coarse_size is not None:
        return case.mesh.coarse_size
    sizes = [layer.thickness for layer in case.geometry.layers]
    across = min(max(sizes), case.geometry.width or max(sizes))
    return max(cell_size(case), across / FEW_CELLS)


def fine_band(case: Case) -> list[Rectangle]:
    """Where the front will pass, with room around it: all along the surface, and higher at features."""
    geometry, growth = case.geometry, planned_growth(case)
    pad = PADDING * case.phase_field.interface_width
    up, down = growth.highest * case.mesh.growth_margin, growth.lowest * case.mesh.growth_margin
    left, right = 0.0, geometry.width or 0.0
    waves = sum(abs(f.amplitude) for f in geometry.features if f.kind == "sinusoid")
    tip = case.mesh.tip_margin
    rise = up * (tip if waves else 1.0)
    band = [Rectangle(left, right, down * (tip if waves else 1.0) - waves - pad, rise + waves + pad)]
    for bump in (f for f in geometry.features if f.kind == "bump"):
        top, bottom = max(bump.height, 0.0), min(bump.height, 0.0)
        foot = 1.5 * bump.width + up + pad
        head = bump.width + 0.6 * up + pad
        band.append(Rectangle(bump.at - foot, bump.at + foot, bottom + down * tip - pad, top + up + pad))
        band.append(
            Rectangle(bump.at - head, bump.at + head, bottom + down * tip - pad, top + up * tip + pad)
        )
    return [Rectangle(max(r.x_min, left), min(r.x_max, right), r.y_min, r.y_max) for r in band]
