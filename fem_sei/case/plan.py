"""What a case plans to do, before anything runs: growth, times, and where the mesh has to be fine."""

from __future__ import annotations

from dataclasses import dataclass

from fem_sei.case.estimates import PlannedStep, planned_steps, stack, surface_extent
from fem_sei.case.schema import Case, Step
from fem_sei.closed_form.kinetics import front_speed

PADDING = 2.0  # fine on either side of the front, in interface widths: xi there is 3e-4 or 1 - 3e-4
FEW_CELLS = 12  # coarse cells across the thickest layer or the width


@dataclass(frozen=True)
class Rectangle:
    """Part of the domain (m); y is the direction of growth, 0 at the flat metal surface (in 3-D at the metal
    surface itself, nuclei left out), x goes along the width and depth along the depth."""

    x_min: float
    x_max: float
    y_min: float
    y_max: float
    depth_min: float = 0.0
    depth_max: float = 0.0


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
    across = min(size for size in (max(sizes), case.geometry.width, case.geometry.depth) if size)
    return max(cell_size(case), across / FEW_CELLS)


def fine_band(case: Case) -> list[Rectangle]:
    """Where the front will pass, with room around it: all along the surface, and higher at features.

    In 3-D the mesh follows the surface, and with it the band: its heights are above the surface.
    """
    geometry, growth = case.geometry, planned_growth(case)
    pad = PADDING * case.phase_field.interface_width
    up, down = growth.highest * case.mesh.growth_margin, growth.lowest * case.mesh.growth_margin
    sides = [geometry.width or 0.0, geometry.depth or 0.0]
    waves = [f for f in geometry.features if f.kind in ("sinusoid", "roughness")]
    crest, trough = surface_extent(geometry.model_copy(update={"features": waves}))
    tip = case.mesh.tip_margin
    if geometry.dimension == 3:
        crest = trough = 0.0
    margin = tip if waves else 1.0
    # middle along the surface, reach from there, lowest and highest
    band = [((0.0, 0.0), max(sides), down * margin + trough - pad, up * margin + crest + pad)]
    for feature in (f for f in geometry.features if f.kind == "bump"):
        height = feature.height if geometry.dimension == 2 else 0.0
        foot = 1.5 * feature.width + up + pad
        head = feature.width + 0.6 * up + pad
        low, high = min(height, 0.0) + down * tip - pad, max(height, 0.0) + pad
        band += [(feature.at, foot, low, high + up), (feature.at, head, low, high + up * tip)]
    for feature in (f for f in geometry.features if f.kind == "nucleus"):
        reach = feature.radius + up * tip + pad
        band.append((feature.at, reach, trough + down * tip - pad, crest + reach))
    found = []
    for at, reach, low, high in band:
        along = at if isinstance(at, tuple) else (at, 0.0)
        (x_min, depth_min), (x_max, depth_max) = (
            [min(max(middle + sign * reach, 0.0), side) for middle, side in zip(along, sides, strict=True)]
            for sign in (-1.0, 1.0)
        )
        found.append(Rectangle(x_min, x_max, low, high, depth_min, depth_max))
    return found
