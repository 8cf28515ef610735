"""Quantities with units at the boundary of the program: text in, SI floats inside, readable text out.

`to_si("25 nm", LENGTH)` is 2.5e-8. Pint is used here and nowhere else; it is imported at the first quantity.
"""

import difflib
import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from scipy.constants import N_A


class UnitError(ValueError):
    """A text that is not a quantity of the dimension asked for; str() says what is expected."""


@dataclass(frozen=True)
class Dimension:
    """What a quantity measures: a `noun` for messages, the SI `unit`, an `example`, and usual `units`.

    `per_particle` (J) is the unit of one particle where a molar quantity may also be given so.
    """

    noun: str
    unit: str
    example: str
    units: tuple[str, ...] = ()
    per_particle: str | None = None

    @property
    def needs(self) -> str:
        """What a message asks for: `a length (like "20 nm")`."""
        return f'{self.noun} (like "{self.example}")'


LENGTH = Dimension("a length", "m", "20 nm", ("nm", "um", "mm", "m"))
TIME = Dimension("a time", "s", "10 min", ("ms", "s", "min", "h"))
TEMPERATURE = Dimension("a temperature", "K", "25 degC", ("K", "degC"))
CONCENTRATION = Dimension("a concentration", "mol/m^3", "1 mol/L", ("mol/m^3", "mol/L"))
POTENTIAL = Dimension("a potential", "V", "-50 mV", ("mV", "V"))
CURRENT_DENSITY = Dimension("a current density", "A/m^2", "1 mA/cm^2", ("A/m^2", "mA/cm^2"))
CHARGE_PER_AREA = Dimension("a charge per area", "C/m^2", "1 mA*h/cm^2", ("C/m^2", "mA*h/cm^2"))
DIFFUSIVITY = Dimension("a diffusivity", "m^2/s", "1e-13 m^2/s", ("m^2/s", "cm^2/s"))
CONDUCTIVITY = Dimension("a conductivity", "S/m", "10 mS/cm", ("S/m", "mS/cm", "S/cm"))
SURFACE_ENERGY = Dimension("an energy per area", "J/m^2", "0.5 J/m^2", ("J/m^2", "mJ/m^2", "N/m"))
ACTIVATION_ENERGY = Dimension(
    "an activation energy", "J/mol", "0.5 eV", ("eV", "kJ/mol", "J/mol"), per_particle="J"
)
PRESSURE = Dimension("a stress or modulus", "Pa", "5 GPa", ("Pa", "kPa", "MPa", "GPa"))
INTERFACE_STIFFNESS = Dimension(
    "an interface stiffness", "Pa/m", "1e20 Pa/m", ("Pa/m", "GPa/nm", "MPa/mm", "N/m^3")
)
TOUGHNESS = Dimension("a fracture toughness", "Pa*m^0.5", "1.9 MPa*m^0.5", ("MPa*m^0.5", "Pa*m^0.5"))
MOLAR_MASS = Dimension("a molar mass", "kg/mol", "6.94 g/mol", ("g/mol", "kg/mol"))
MOLAR_VOLUME = Dimension("a molar volume", "m^3/mol", "13 cm^3/mol", ("cm^3/mol", "m^3/mol"))
MOLAR_ENERGY = Dimension("a molar energy", "J/mol", "3.0 kJ/mol", ("J/mol", "kJ/mol"))
DENSITY = Dimension("a density", "kg/m^3", "534 kg/m^3", ("kg/m^3", "g/cm^3"))
RESISTIVITY = Dimension("a resistivity", "ohm*m", "9.28e-8 ohm*m", ("ohm*m", "ohm*cm"))
THERMAL_CONDUCTIVITY = Dimension("a thermal conductivity", "W/(m*K)", "85 W/(m*K)", ("W/(m*K)",))
HEAT_CAPACITY = Dimension("a heat capacity", "J/(kg*K)", "3.58 J/(g*K)", ("J/(g*K)", "J/(kg*K)"))
THERMAL_EXPANSION = Dimension("a thermal expansion", "K^-1", "46e-6 K^-1", ("K^-1",))
VISCOSITY = Dimension("a viscosity", "Pa*s", "4 mPa*s", ("mPa*s", "Pa*s"))
INTERFACE_MOBILITY = Dimension("an interface mobility", "m^3/(J*s)", "2.5e-6 m^3/(J*s)", ("m^3/(J*s)",))
RATE = Dimension("a rate", "s^-1", "7.7e-3 s^-1", ("s^-1", "Hz"))
NUMBER = Dimension("a plain number", "", "0.5")

DIMENSIONS = tuple(value for value in globals().values() if isinstance(value, Dimension))
UNITS = sorted({unit for dimension in DIMENSIONS for unit in dimension.units})

# A number, then a unit that starts with a letter (or a micro, ohm, angstrom or degree sign).
NUMBER_AND_UNIT = re.compile(
    r"\s*(?P<number>[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|nan|inf(?:inity)?))\s*(?P<unit>\S.*?)?\s*"
)

# The units a value in SI is shown in, by size; CURRENT_DENSITY and the like stay as they are.
SHOWN_IN = {
    "m": (("nm", 1e-9), ("um", 1e-6), ("mm", 1e-3), ("m", 1.0)),
    "s": (("us", 1e-6), ("ms", 1e-3), ("s", 1.0), ("min", 60.0), ("h", 3600.0)),
    "V": (("uV", 1e-6), ("mV", 1e-3), ("V", 1.0)),
    "mol/m^3": (("mol/m^3", 1.0), ("mol/L", 1e3)),
    "Pa": (("Pa", 1.0), ("kPa", 1e3), ("MPa", 1e6), ("GPa", 1e9)),
    "B": (("kB", 1e3), ("MB", 1e6), ("GB", 1e9)),
}


@lru_cache(maxsize=1)
def registry() -> Any:
    """The one pint registry, built when the first quantity is read."""
    import pint

    return pint.UnitRegistry()


@lru_cache(maxsize=4096)
def to_si(text: str, dimension: Dimension) -> float:
    """The value of a text like "25 nm" in the SI unit of `dimension`; UnitError if it is none.

    Number and unit are taken apart first, because pint refuses "25 degC" as one expression.
    """
    match = NUMBER_AND_UNIT.fullmatch(text)
    if match is None:
        raise UnitError(f"needs {dimension.needs}, got a text that does not start with a number")
    unit_text = match["unit"]
    if unit_text is None:
        raise UnitError(f"needs {dimension.needs}, got a number without a unit")
    value = float(match["number"])
    try:
        if not unit_text[0].isalpha() and unit_text[0] != "°":  # pint would take 200%nm for 2 nm
            raise ValueError(unit_text)
        unit = registry().parse_units(unit_text)
    except Exception:  # pint raises errors of many kinds, also the tokenizer's
        close = difflib.get_close_matches(unit_text, UNITS, n=1, cutoff=0.5)
        hint = f'. Did you mean "{close[0]}"?' if close else ""
        raise UnitError(f'needs {dimension.needs}, and "{unit_text}" is not a known unit{hint}') from None
    target, scale = dimension.unit, 1.0
    if dimension.per_particle and unit.dimensionality == _dimensionality(dimension.per_particle):
        target, scale = dimension.per_particle, N_A
    if unit.dimensionality != _dimensionality(target):
        raise UnitError(f"needs {dimension.needs}, got {_noun(unit)}")
    value = scale * registry().Quantity(value, unit).to(target).magnitude
    value = float(f"{value:.14g}")  # 25 nm is 2.5e-8, not 2.5000000000000002e-8
    if not math.isfinite(value):
        raise UnitError(f"needs {dimension.needs}, got a value that is not finite")
    return value


def number(value: float, digits: int = 4) -> str:
    """A number for reading: few digits, and no exponent for sizes a reader takes in at a glance."""
    if value == 0.0 or 1e-3 <= abs(value) < 1e6:
        text = f"{value:.{digits}g}"
        return f"{value:.0f}" if "e" in text else text
    return f"{value:.{digits}g}"


def show(value: float, unit: str, digits: int = 4) -> str:
    """A value in SI for reading, in a unit of its size: show(2.5e-8, "m") is "25 nm"."""
    choices = SHOWN_IN.get(unit)
    if choices and value != 0.0 and math.isfinite(value):
        fitting = [choice for choice in choices if abs(value) >= choice[1] * (1 - 1e-9)]
        unit, size = (fitting or choices[:1])[-1]
        value = value / size
    return f"{number(value, digits)} {unit}".rstrip()


def _dimensionality(unit: str) -> Any:
    return registry().parse_units(unit).dimensionality


def _noun(unit: Any) -> str:
    """What a pint unit measures, in the words of DIMENSIONS where they have one."""
    if unit.dimensionless:
        return "a plain number"
    for dimension in DIMENSIONS:
        if dimension.unit and unit.dimensionality == _dimensionality(dimension.unit):
            return dimension.noun
    if unit.dimensionality == _dimensionality("J"):
        return "an energy"
    return f"something in {unit:~C}".replace("**", "^")
