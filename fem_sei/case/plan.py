"""What a case plans to do, before anything runs: growth, times, and where the mesh has to be fine."""

from __future__ import annotations

from dataclasses import dataclass

from fem_sei.case.schema import Case
from fem_sei.closed_form.kinetics import butler_volmer, front_speed
from fem_sei.closed_form.transport import limiting_current

PADDING = 2.0  # fine on either side of the front, in interface widths: xi there is 3e-4 or 1 - 3e-4
FEW_CELLS = 12  # coarse cells across the thickest layer or the width
LARGEST_CASE_DRIVE = 1e3  # cap on exp in the estimate of a potentiostatic current, in i0


@dataclass(frozen=True)
class Rectangle:
    """Part of the cross-section (m); y is the direction of growth, 0 at the flat metal surface."""

    x_min: float
    x_max: float
    y_min: float
    y_max: float


@dataclass(frozen=True)
class Growth:
    """Planned mean thickness (m): ``highest`` and ``lowest`` reached, and the ``path`` (up and down added)."""

    lowest: float
    highest: float
    path: float


def exchange_current_density(case: Case) -> float:
    """i0 (A/m^2) of the case, or of its metal."""
    given = case.kinetics.exchange_current_density
    return case.metal.value("exchange_current_density") if given is None else given


def transfer_coefficient(case: Case) -> float:
    """alpha of the case, or of its metal."""
    return case.metal.value("alpha") if case.kinetics.alpha is None else case.kinetics.alpha


def surface_energy(case: Case) -> float:
    """gamma (J/m^2) of the case, or of its metal."""
    given = case.kinetics.surface_energy
    return case.metal.value("surface_energy") if given is None else given


def stack_limiting_current(case: Case) -> float:
    """Limiting current density (A/m^2) of all layers in series, at the conditions of the case."""
    conditions, conductors = case.conditions, case.ion_conductors
    c, T = conditions.concentration, conditions.temperature
    thickness = [layer.thickness for layer in case.geometry.layers[1:]]
    D = [material["D"](c, T) for material in conductors]
    t_plus = [material["t_plus"](c, T) for material in conductors]
    return float(limiting_current(D, thickness, c, t_plus, int(case.metal.value("z"))))


def largest_current(case: Case) -> float:
    """Largest current density (A/m^2) that is planned: given, or at most what kinetics and salt allow."""
    if case.operation.mode == "galvanostatic":
        return max(abs(step.current_density) for step in case.operation.steps)
    return max(_potentiostatic_current(case, abs(step.potential)) for step in case.operation.steps)


def _potentiostatic_current(case: Case, potential: float) -> float:
    z, i0 = int(case.metal.value("z")), exchange_current_density(case)
    drive = butler_volmer(-potential, 1.0, transfer_coefficient(case), z, case.conditions.temperature)
    return min(i0 * min(float(drive), LARGEST_CASE_DRIVE), stack_limiting_current(case))


def planned_growth(case: Case) -> Growth:
    """Mean thickness over the steps; for a potential and a duration, at most what the current allows."""
    V_m, z = case.metal.value("V_m"), int(case.metal.value("z"))
    height, low, high, path = 0.0, 0.0, 0.0, 0.0
    before = 0.0
    for step in case.operation.steps:
        if step.until.thickness is not None:
            gain = step.until.thickness
        elif case.operation.mode == "galvanostatic":
            mean_time = step.until.duration - min(step.ramp, step.until.duration) / 2
            rest = min(step.ramp, step.until.duration) / 2
            gain = float(front_speed(step.current_density * mean_time + before * rest, V_m, z))
        else:
            current = _potentiostatic_current(case, abs(step.potential))
            gain = float(front_speed(current, V_m, z)) * step.until.duration * (-1 if step.potential > 0 else 1)
        before = step.current_density or 0.0
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
        band.append(Rectangle(bump.at - head, bump.at + head, bottom + down * tip - pad, top + up * tip + pad))
    return [Rectangle(max(r.x_min, left), min(r.x_max, right), r.y_min, r.y_max) for r in band]
