"""Does a plating run make sense? The numbers that decide it.

The limits are those measured for the phase-field formulation of `studies/plating.py`.
"""

import math
from collections.abc import Iterator

import numpy as np
from scipy.constants import R

from fem_sei.case import plan
from fem_sei.case.assessment import Assessment, Row, choose, grade
from fem_sei.case.estimates import PlannedStep, Stack, planned_steps, pressure_shift, stack, surface_extent
from fem_sei.case.plating_rules import METAL_BELOW_TROUGH, PER_FEATURE, PER_LAYER, ROOM_ABOVE_CREST, is_solid
from fem_sei.case.schema import Bump, Case, Feature, Nucleus, Sinusoid
from fem_sei.closed_form import kinetics, transport
from fem_sei.closed_form.kinetics import F
from fem_sei.closed_form.surface import Surface
from fem_sei.materials.library import Material
from fem_sei.problems import dotted
from fem_sei.units import number, show

FIELDS = 3  # unknowns per node: xi, ln c, phi_e
BYTES_PER_DOF, BYTES_PER_RANK = {1: 3.5e3, 2: 3.5e3, 3: 4.5e3}, 0.25e9
SECONDS_PER_DOF_AND_STEP = {1: 5.5e-6, 2: 5.5e-6, 3: 30e-6}  # one core
TIP_SPEED = 1.4  # mean speed of a tip over that of the mean surface, for the number of steps
STARTING_STEPS = 20
GRADING = 1.3  # nodes of the whole mesh over those of the fine band
NODE_VOLUME = {1: 1.0, 2: 0.866, 3: 1.3}  # per node of the band, in element sizes^dimension
MUCH_MEMORY = 8e9  # B
T_TOLERANCE = 0.5  # K
TRANSPORT = ("D", "kappa", "t_plus", "thermodynamic_factor")


def assess(case: Case) -> Assessment:
    """Judge a resolved case."""
    cell = stack(case, case.metal, case.ion_conductors)
    rows = [*interface(case), *validity(case)]
    if all(row.verdict != "refuse" for row in rows):  # a law out of its mind gives no currents
        steps = planned_steps(case, cell, case.metal.value("V_m"))
        rows += [*transport_limits(case, cell, steps), *steady_state(case, cell, steps)]
        rows += [*capillarity(case), *stress(case), *growth(case, steps), *cost(case, steps)]
    return Assessment(rows)


def interface(case: Case) -> Iterator[Row]:
    """The interface width against the sizes it must resolve, the mesh against the interface width."""
    delta, m = case.phase_field.interface_width, case.mesh.elements_across_interface
    if case.phase_field.formulation == "chen2015":
        advice = "the literature model, for comparison only; the estimates below are not made for it"
        yield Row("formulation chen2015", 1.0, "", "warn", advice)
    yield Row("interface width delta", delta, "m")
    yield Row("length l = delta/4", case.l, "m")
    yield Row("element size h in the band", delta / m, "m")
    low = "interfaces of fewer elements pin the front" if m < 3 else "the front is 0.5 % fast at 4 elements"
    advice = f"{low}; choose elements_across_interface = 6" if m < 4 else ""
    yield Row("elements across the interface", m, "", grade(m >= 4, m >= 3), advice)
    for layer in case.geometry.layers[1:]:
        yield _resolved(f'delta / thickness of "{layer.name}"', delta, layer.thickness, PER_LAYER, 2.0)
    for n, feature in enumerate(case.geometry.features):
        for key, size in _sizes(feature):
            good = PER_FEATURE[key]
            yield _resolved(f"delta / {key} of features[{n}]", delta, size, good, good / 2.0)
        curvature = _curvature(case, feature)
        bent = curvature * case.l
        advice = (
            f"its tip is too sharp; choose interface_width = {choose(0.4 / curvature)}" if bent > 0.1 else ""
        )
        yield Row(f"curvature times l of features[{n}]", bent, "", grade(bent <= 0.1, bent <= 0.5), advice)


def _sizes(feature: Feature) -> list[tuple[str, float]]:
    """Keys and values of the lengths (m) along the surface that an interface must resolve."""
    sizes = [(key, getattr(feature, key, None)) for key in PER_FEATURE]
    return [(key, size) for key, size in sizes if size is not None]


def _curvature(case: Case, feature: Feature) -> float:
    """Largest principal curvature (1/m) of a feature."""
    if isinstance(feature, Bump):
        return 2.0 * abs(feature.height) / feature.width**2
    if isinstance(feature, Sinusoid):
        shortest = min(size for _, size in _sizes(feature))
        return (2.0 * math.pi / shortest) ** 2 * abs(feature.amplitude)
    if isinstance(feature, Nucleus):
        return 1.0 / feature.radius
    geometry = case.geometry
    return Surface([feature], geometry.dimension, geometry.width, geometry.depth).curvature_max


def _resolved(name: str, delta: float, size: float, good: float, least: float) -> Row:
    """A row for delta/size: ok up to 1/good, refused above 1/least."""
    ratio, slack = delta / size, 1.0 + 1e-9
    advice = f"choose interface_width = {choose(size / good)}" if ratio > slack / good else ""
    return Row(name, ratio, "", grade(ratio <= slack / good, ratio <= slack / least), advice)


def validity(case: Case) -> Iterator[Row]:
    """Laws of the materials against the temperature and the initial concentration."""
    c, T = case.conditions.concentration, case.conditions.temperature
    if "melting_temperature" in case.metal and case.metal.value("melting_temperature") <= T:
        melts = case.metal.value("melting_temperature")
        yield Row("temperature", T, "K", "warn", f"the metal melts at {number(melts)} K")
    for material in dict.fromkeys(layer.material for layer in case.geometry.layers[1:]):
        conductor = case.materials[material]
        for key in (key for key in TRANSPORT if key in conductor):
            found = conductor[key]
            value, law = float(found(c, T)), found.as_law
            name = f"{key} of {material}"
            if (value <= 0.0 and key != "t_plus") or (key == "t_plus" and not -1.0 < value <= 1.0):
                yield Row(
                    name, value, found.unit, "refuse", "the law has no meaning here; choose another material"
                )
            elif not law.c_range[0] <= c <= law.c_range[1]:
                low, high = (_molar(end) for end in law.c_range)
                yield Row(name, value, found.unit, "warn", f"the law was fitted from {low} to {high} mol/L")
            elif not law.T_range[0] - T_TOLERANCE <= T <= law.T_range[1] + T_TOLERANCE:
                low, high = (number(end, 5) for end in law.T_range)
                yield Row(name, value, found.unit, "warn", f"the law was fitted from {low} to {high} K")


def _fitted_range(conductor: Material) -> tuple[float, float]:
    """Concentrations (mol/m^3) at which all transport laws of a material hold."""
    ranges = [conductor[key].as_law.c_range for key in TRANSPORT if key in conductor]
    return max(low for low, _ in ranges), min(high for _, high in ranges)


def _molar(c: float) -> str:
    return number(c / 1000.0)


def transport_limits(case: Case, cell: Stack, steps: list[PlannedStep]) -> Iterator[Row]:
    """Limiting currents, and whether the planned steps can be carried."""
    i = max(step.current for step in steps)
    for n, layer in enumerate(case.geometry.layers[1:]):
        yield Row(f'limiting current of "{layer.name}"', cell.layer_limit(n), "A/m^2")
        share = cell.layers[n].t_plus
        if i > 0.0 and share < 1.0:
            sand = float(transport.sand_time(cell.layers[n].D, cell.c0, i, share, cell.z))
            yield Row(f'Sand\'s time of "{layer.name}"', sand, "s")
    kind = "salt conserved" if cell.closed else "reservoir"
    yield Row(f"limiting current of the stack ({kind})", cell.limit, "A/m^2")
    if any(step.current < 0.0 for step in steps) and math.isfinite(cell.stripping_limit):
        yield Row("limiting current of stripping", cell.stripping_limit, "A/m^2")
    for (place, step), planned in zip(case.operation.places, steps, strict=True):
        strips = planned.current < 0.0
        limit = cell.stripping_limit if strips else cell.limit
        if planned.current == 0.0 or (strips and math.isinf(limit)):
            continue
        where = "counter electrode" if strips else "metal"
        ratio, name = planned.current / limit, f"{dotted(place)}: current / limiting current"
        runs_out = cell.depletion_time(planned.current)
        choose = f"choose at most {show(0.8 * limit, 'A/m^2', 2)}"
        if ratio <= 0.9:
            yield Row(name, ratio)
        elif ratio <= 1.0:
            yield Row(name, ratio, "", "warn", f"close to the limit; {choose}")
        elif planned.duration <= runs_out:
            advice = f"the step ends before the salt runs out at about {show(runs_out, 's', 3)}"
            yield Row(name, ratio, "", "warn", advice)
        else:
            stops = step.until.duration is not None or bool(step.until.when)
            end = "the step's end" if stops else "the thickness is reached"
            after = show(runs_out, "s", 3)
            advice = f"the salt at the {where} runs out after about {after}, before {end}; {choose}"
            yield Row(name, ratio, "", "warn" if stops else "refuse", advice)


def steady_state(case: Case, cell: Stack, steps: list[PlannedStep]) -> Iterator[Row]:
    """Concentration at the metal, voltages, and how much of both lies inside the interface."""
    yield Row("charge-transfer number i0 / limiting current", cell.i0 / cell.limit)
    carried = [
        step.current for step in steps if cell.stripping_limit < step.current < cell.limit and step.current
    ]
    if not carried:
        return
    i = max(carried, key=abs)
    c = cell.front_concentration(i)
    low, high = _fitted_range(case.ion_conductors[0])
    advice = (
        "" if low <= c <= high else f"the layer's laws were fitted from {_molar(low)} to {_molar(high)} mol/L"
    )
    if c < 0.1 * cell.c0:
        advice = "nearly depleted: the voltage is only good to a few per cent"
    yield Row(f"at {number(i)} A/m^2: concentration at the metal", c, "mol/m^3", grade(not advice), advice)
    voltage = cell.voltage(i)
    yield Row("cell voltage, steady", voltage.total, "V")
    yield Row("  charge transfer", voltage.kinetic, "V")
    yield Row("  concentration", voltage.concentration, "V")
    yield Row("  resistance", voltage.ohmic, "V")
    first, kappa = cell.layers[0], cell.kappa(0, c)
    slope = float(
        kinetics.exchange_slope(voltage.kinetic, cell.i0, cell.alpha, cell.z, cell.T, c / cell.c_ref)
    )
    yield Row("Wagner number of the first layer", kinetics.wagner_number(kappa, 1.0 / slope, first.thickness))
    fast = cell.i0 * case.l / (cell.z * F * first.D * c)
    finer = choose(0.5 / fast * case.phase_field.interface_width) if fast > 1.0 else ""
    advice = f"the current may be 1 to 2 % high; choose interface_width = {finer}" if finer else ""
    yield Row("i0 l/(z F D c): kinetics against diffusion across l", fast, "", grade(not advice), advice)
    numbers = {
        "concentration": case.l * (1.0 - first.t_plus) * abs(i) / (cell.z * F * first.D * c),
        "potential": F * case.l * abs(i) / (kappa * R * cell.T),
    }
    for field, inside in numbers.items():
        finer = choose(0.2 / inside * case.phase_field.interface_width) if inside > 0.2 else ""
        advice = f"more than 1 % in voltage; choose interface_width = {finer}" if finer else ""
        yield Row(f"change of {field} across l", inside, "", grade(inside <= 0.2), advice)


def capillarity(case: Case) -> Iterator[Row]:
    """Surface energy against the size of the features."""
    gamma, V_m = case.kinetics.surface_energy, case.metal.value("V_m")
    d0 = gamma * V_m / (R * case.conditions.temperature)
    yield Row("capillary length d0 = gamma V_m / RT", d0, "m")
    sizes = [size for feature in case.geometry.features for _, size in _sizes(feature)]
    if sizes:
        yield Row("capillary number d0 / smallest feature", d0 / min(sizes))


def stress(case: Case) -> Iterator[Row]:
    """What the stack pressure does to the potential and to the metal, and which layers are liquids."""
    given, metal = case.mechanics, case.metal
    if given is None:
        return
    yield Row("stack pressure", given.stack_pressure, "Pa")
    shift = pressure_shift(case, metal.value("V_m"), metal.z)
    yield Row("shift of the rest potential by the stack pressure", shift, "V")
    if given.stress == "uniform":
        return
    for layer in case.geometry.layers[1:]:
        if not is_solid(case.materials[layer.material]):
            yield Row(f'"{layer.name}" is a liquid: its pressure', given.stack_pressure, "Pa")
    if "yield_stress" in metal:
        nu = metal.value("nu")
        ratio = given.stack_pressure * (1.0 - 2.0 * nu) / (1.0 - nu) / metal.value("yield_stress")
        advice = "a flat metal would yield; here it is elastic" if ratio > 1.0 else ""
        yield Row("shear by the pressure / yield stress of the metal", ratio, "", grade(not advice), advice)


def growth(case: Case, steps: list[PlannedStep]) -> Iterator[Row]:
    """Time, charge and growth as planned, and the room for it."""
    delta, layers, planned = case.phase_field.interface_width, case.geometry.layers, plan.planned_growth(case)
    crest, trough = surface_extent(case.geometry)
    tip = crest + planned.highest * (case.mesh.tip_margin if case.geometry.features else 1.0)
    yield Row("planned time", sum(one.duration for _, one in plan.sequence(case, steps)), "s")
    yield Row("planned charge, both ways", planned.path * case.metal.z * F / case.metal.value("V_m"), "C/m^2")
    yield Row("planned growth, at most", planned.highest, "m")
    room = sum(layer.thickness for layer in layers[1:]) - ROOM_ABOVE_CREST * delta
    first = layers[1].thickness - ROOM_ABOVE_CREST * delta
    verdict, advice = "ok", ""
    if crest + planned.highest > room:
        verdict, advice = "refuse", f'the metal would leave the stack; choose a thicker "{layers[-1].name}"'
    elif tip > room:
        verdict, advice = "warn", f'the tip may leave the stack; choose a thicker "{layers[-1].name}"'
    elif tip > first and len(layers) > 2:
        verdict, advice = "warn", f'the metal may grow through "{layers[1].name}" into "{layers[2].name}"'
    yield Row("highest tip to be expected", tip, "m", verdict, advice)
    if planned.lowest < 0.0:
        left = layers[0].thickness + trough + planned.lowest
        enough = left >= METAL_BELOW_TROUGH * delta
        advice = "" if enough else f'the metal is used up; choose "{layers[0].name}" thicker or strip less'
        yield Row("metal left at its thinnest", left, "m", "ok" if enough else "refuse", advice)


def cost(case: Case, steps: list[PlannedStep]) -> Iterator[Row]:
    """Time steps, unknowns, memory and wall time, to a factor of two."""
    h, path = plan.cell_size(case), plan.planned_growth(case).path
    speed = TIP_SPEED if case.geometry.features else 1.0
    count = STARTING_STEPS * len(case.operation.sequence) + speed * path / (case.time.front_travel * case.l)
    dimension = case.geometry.dimension
    nodes = _volume(case, plan.fine_band(case)) / (NODE_VOLUME[dimension] * h**dimension) * GRADING
    dofs = FIELDS * nodes
    memory = BYTES_PER_RANK + BYTES_PER_DOF[dimension] * dofs
    fits = memory < MUCH_MEMORY
    yield Row("time steps, about", round(count, -1))
    yield Row("degrees of freedom, about", float(f"{dofs:.2g}"))
    advice = "" if fits else "choose a wider interface, fewer elements across it, or less growth"
    yield Row("memory, about", memory, "B", grade(fits), advice)
    minutes = count * dofs * SECONDS_PER_DOF_AND_STEP[dimension] / 60.0
    yield Row("wall time on one core, about", 60.0 * float(f"{minutes:.1g}"), "s")


def _volume(case: Case, band: list[plan.Rectangle]) -> float:
    """Height (m), area or volume of the fine band: from its lowest level to the highest box of each place."""
    sides = [side for side in (case.geometry.width, case.geometry.depth) if side is not None]
    centres = [(np.arange(n) + 0.5) / n * side for n, side in zip((1000, 100), sides, strict=False)]
    x, depth, *_ = [*np.meshgrid(*centres), np.zeros(1), np.zeros(1)]
    tops = np.full(np.broadcast(x, depth).shape, -np.inf)
    for r in band:
        inside = (x >= r.x_min) & (x <= r.x_max) & (depth >= r.depth_min) & (depth <= r.depth_max)
        tops = np.where(inside, np.maximum(tops, r.y_max), tops)
    return float(tops.mean() - min(r.y_min for r in band)) * math.prod(sides)
