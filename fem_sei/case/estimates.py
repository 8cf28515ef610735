"""Estimates about a case before it runs, from the closed forms: steady state of the stack, current and
duration of the steps, extent of the surface. Properties are taken at the initial concentration.
"""

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

from fem_sei.case.schema import Case, Feature, Geometry, Step
from fem_sei.closed_form import transport
from fem_sei.closed_form.kinetics import F, front_speed, stress_shift
from fem_sei.closed_form.surface import Surface
from fem_sei.materials.library import Material, Property


@dataclass(frozen=True)
class Stack:
    """The layers above the metal with their transport properties, and the kinetics at the metal.

    `i0` holds at the concentration `c_ref`; `closed`: the salt is conserved, not fed from a reservoir.
    """

    layers: list[transport.Layer]
    c0: float
    T: float
    z: int
    i0: float
    alpha: float
    c_ref: float
    closed: bool

    def kappa(self, n: int, c: float) -> float:
        """Conductivity (S/m) of layer `n` at the concentration `c`."""
        layer = self.layers[n]
        if layer.kappa is not None:
            return layer.kappa
        return float(transport.nernst_einstein_kappa(layer.D, c, layer.t_plus, self.z, self.T))

    @property
    def limit(self) -> float:
        """Limiting current density (A/m^2) of the whole stack, infinite if no anions hold it back."""
        form = transport.limiting_current_closed if self.closed else transport.limiting_current
        return self._limit(form, self.layers)

    @property
    def stripping_limit(self) -> float:
        """Current density (A/m^2, negative) at which a closed cell's counter electrode runs out of salt."""
        if not self.closed or math.isinf(self.limit):
            return -math.inf
        drop = sum((1.0 - k.t_plus) * k.thickness / k.D for k in self.layers) / (self.z * F)
        return -self.c0 / (drop - self.c0 / self.limit)

    def layer_limit(self, n: int) -> float:
        """Limiting current density (A/m^2) of layer `n` alone, `c0` at its far side."""
        return self._limit(transport.limiting_current, self.layers[n : n + 1])

    def _limit(self, form: Any, layers: list[transport.Layer]) -> float:
        D, thickness, t_plus = ([getattr(k, name) for k in layers] for name in ("D", "thickness", "t_plus"))
        if all(share >= 1.0 for share in t_plus):
            return math.inf
        return form(D, thickness, self.c0, t_plus, self.z)

    def front_concentration(self, i: float) -> float:
        """Steady concentration (mol/m^3) at the metal; negative above the limiting current."""
        return self.c0 * (1.0 - i / self.limit)

    def voltage(self, i: float) -> transport.StackVoltage:
        """Steady cell voltage and its parts at a current density (A/m^2) below the limiting current."""
        c_outer = self.c0
        if self.closed:
            drop = sum((1.0 - k.t_plus) * k.thickness / k.D for k in self.layers) * i / (self.z * F)
            c_outer = self.front_concentration(i) + drop
        kinetics = {"i0": self.i0, "alpha": self.alpha, "z": self.z, "T": self.T, "c_ref": self.c_ref}
        return transport.steady_stack_voltage(i, self.layers, c_outer, **kinetics)

    def current(self, potential: float) -> float:
        """Steady current density (A/m^2) at a potential (V) of the metal against the counter electrode."""
        if potential == 0.0:
            return 0.0
        low, high = 0.0, min(self.limit * (1.0 - 1e-9), 1e9)
        if potential > 0.0:
            low, high = max(self.stripping_limit * (1.0 - 1e-9), -1e9), 0.0
        for _ in range(200):  # bisection: the voltage falls with the current
            middle = 0.5 * (low + high)
            low, high = (middle, high) if self.voltage(middle).total > potential else (low, middle)
        return 0.5 * (low + high)

    def depletion_time(self, i: float) -> float:
        """Time (s) until the salt at the metal runs out: Sand's time of the layer that cannot carry `i`.

        The layers below it are taken as steady. Infinite below the limiting current. For a stripping current
        the salt at the counter electrode counts, that of the outermost layer.
        """
        if i < 0.0:
            outer = self.layers[-1]
            spent = transport.sand_time(outer.D, self.c0, -i, outer.t_plus, self.z)
            return float(spent) if i < self.stripping_limit else math.inf
        c = self.c0
        for n, layer in enumerate(self.layers):
            drop = (1.0 - layer.t_plus) * layer.thickness / layer.D * i / (self.z * F)
            if drop >= c:
                return float(transport.sand_time(layer.D, c, i, layer.t_plus, self.z))
            c -= drop
            if self.closed and n == len(self.layers) - 1 and i > self.limit:
                return float(transport.sand_time(layer.D, c + drop, i, layer.t_plus, self.z))
        return math.inf


def stack(case: Case, metal: Material, conductors: list[Material]) -> Stack:
    """The stack of a case with its materials; `case.kinetics` goes before the metal's own values."""
    c0, T, z = case.conditions.concentration, case.conditions.temperature, metal.z

    def at_start(found: Property) -> float:
        return float(found(c0, T))

    layers = []
    for layer, conductor in zip(case.geometry.layers[1:], conductors, strict=True):
        kappa = conductor["kappa"]
        dilute = kappa.law is not None and kappa.law.name == "nernst_einstein"
        factor = at_start(conductor["thermodynamic_factor"]) if "thermodynamic_factor" in conductor else 1.0
        layers.append(
            transport.Layer(
                layer.thickness,
                at_start(conductor["D"]),
                at_start(conductor["t_plus"]),
                None if dilute else at_start(kappa),
                factor,
            )
        )
    kinetics = case.kinetics
    return Stack(
        layers,
        c0,
        T,
        z,
        kinetics.exchange_current_density or metal.value("exchange_current_density"),
        kinetics.alpha or metal.value("alpha"),
        kinetics.reference_concentration or c0,
        case.operation.counter == "closed",
    )


@dataclass(frozen=True)
class PlannedStep:
    """A step as planned: current density (A/m^2, steady if the potential is given) and duration (s)."""

    current: float
    duration: float


def planned_steps(case: Case, stack: Stack, V_m: float) -> list[PlannedStep]:
    """The steps of a case as they are written down (``operation.places``: those of a cycle once), whose metal
    has the molar volume `V_m` (m^3/mol). Conditions (``until.when``) are not foreseen."""
    rest = pressure_shift(case, V_m, stack.z)
    return [_planned(step, stack, V_m, rest) for _, step in case.operation.places]


def pressure_shift(case: Case, V_m: float, z: int) -> float:
    """Rest potential (V) of the metal under the stack pressure; zero without [mechanics]."""
    given = case.mechanics
    pressure = given.stack_pressure if given is not None and given.stress_shift else 0.0
    return float(stress_shift(-pressure, V_m, z))


def _planned(step: Step, stack: Stack, V_m: float, rest: float) -> PlannedStep:
    current = stack.current(step.potential - rest) if step.current_density is None else step.current_density
    ends = [] if step.until.duration is None else [step.until.duration]
    if step.until.thickness is not None:
        speed = float(front_speed(current, V_m, stack.z))
        ends.append(step.until.thickness / speed + 0.5 * step.ramp)
    return PlannedStep(current, min(ends))


def surface_extent(geometry: Geometry) -> tuple[float, float]:
    """Highest and lowest point (m) of the metal surface over its flat level; 0 for what is no surface."""
    return _extent(tuple(geometry.features), geometry.dimension, geometry.width, geometry.depth)


@cache
def _extent(features: tuple[Feature, ...], *size: Any) -> tuple[float, float]:
    try:
        surface = Surface(features, *size)
    except ValueError:  # the rules say what is wrong with it
        return 0.0, 0.0
    return surface.crest, surface.trough
