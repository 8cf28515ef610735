"""The properties a material may have: name, dimension, allowed values, meaning."""

from dataclasses import dataclass

from fem_sei import units
from fem_sei.units import Dimension

METAL, ION_CONDUCTOR, SOLID = "metal", "ion_conductor", "solid"
KINDS = {
    METAL: "a metal",
    ION_CONDUCTOR: "an ion conductor (electrolyte, SEI or coating)",
    SOLID: "a solid of which only the elasticity matters",
}
FLAGS = {
    "measured": "read in the source named",
    "fitted": "parameters of a fit to measurements",
    "estimated": "derived from other numbers or calculated, or a magnitude whose source was not traced",
    "assumed": "chosen for a model, without a measurement behind it",
    "user": "given in the case file",
}
INF = float("inf")


@dataclass(frozen=True)
class Quality:
    """What a property is: its dimension, meaning, the kinds of material that have it, and its bounds.

    Bounds are exclusive below and inclusive above unless `open_above`; `whole` asks for an integer.
    """

    dimension: Dimension
    meaning: str
    kinds: tuple[str, ...]
    above: float = 0.0
    up_to: float = INF
    open_above: bool = False
    whole: bool = False

    def fault(self, value: float) -> str | None:
        """What is wrong with a value in SI, or None."""
        if self.whole and value != int(value):
            return f"needs a whole number from {self.above + 1:g} to {self.up_to:g}"
        if value > self.above and (value < self.up_to or (value == self.up_to and not self.open_above)):
            return None
        if self.up_to == INF:
            return f"needs {self.dimension.noun} above {self.above:g}"
        end = "below" if self.open_above else "up to"
        return f"needs {self.dimension.noun} above {self.above:g} and {end} {self.up_to:g}"


ALL, BOTH = (METAL, ION_CONDUCTOR, SOLID), (METAL, ION_CONDUCTOR)
CONDUCTING = (ION_CONDUCTOR, SOLID)
ONLY_METAL, ONLY_ION = (METAL,), (ION_CONDUCTOR,)

PROPERTIES = {
    # metals: identity and electrochemistry
    "molar_mass": Quality(units.MOLAR_MASS, "molar mass", ONLY_METAL),
    "V_m": Quality(units.MOLAR_VOLUME, "molar volume of the metal", ONLY_METAL),
    "z": Quality(units.NUMBER, "valence of the ion", ONLY_METAL, up_to=3.0, whole=True),
    "lattice_constant": Quality(units.LENGTH, "lattice constant a", ONLY_METAL),
    "standard_potential": Quality(
        units.POTENTIAL, "standard potential in water against the hydrogen electrode", ONLY_METAL, above=-INF
    ),
    "exchange_current_density": Quality(
        units.CURRENT_DENSITY, "exchange current density i0 at the reference concentration", ONLY_METAL
    ),
    "alpha": Quality(units.NUMBER, "cathodic transfer coefficient", ONLY_METAL, up_to=1.0, open_above=True),
    "surface_energy": Quality(
        units.SURFACE_ENERGY, "energy of the metal surface, gamma", ONLY_METAL, above=-1e-300
    ),
    "self_diffusivity": Quality(units.DIFFUSIVITY, "self-diffusivity of the metal", ONLY_METAL),
    "resistivity": Quality(units.RESISTIVITY, "electrical resistivity", ONLY_METAL),
    "melting_temperature": Quality(units.TEMPERATURE, "melting temperature", ONLY_METAL),
    "fusion_enthalpy": Quality(units.MOLAR_ENERGY, "enthalpy of fusion", ONLY_METAL),
    # ion conductors: transport
    "D": Quality(units.DIFFUSIVITY, "diffusivity of the salt", ONLY_ION),
    "t_plus": Quality(units.NUMBER, "transference number of the cation", ONLY_ION, above=-1.0, up_to=1.0),
    "kappa": Quality(units.CONDUCTIVITY, "ionic conductivity", CONDUCTING),
    "thermodynamic_factor": Quality(units.NUMBER, "1 + d ln f/d ln c", ONLY_ION),
    "electronic_conductivity": Quality(units.CONDUCTIVITY, "electronic conductivity", ONLY_ION),
    "migration_barrier": Quality(units.ACTIVATION_ENERGY, "barrier of ion migration", ONLY_ION),
    "relative_permittivity": Quality(units.NUMBER, "relative permittivity", ONLY_ION),
    "viscosity": Quality(units.VISCOSITY, "viscosity", ONLY_ION),
    # mechanics
    "E": Quality(units.PRESSURE, "Young's modulus", ALL),
    "nu": Quality(units.NUMBER, "Poisson's ratio", ALL, above=-1.0, up_to=0.5, open_above=True),
    "bulk_modulus": Quality(units.PRESSURE, "bulk modulus", BOTH),
    "shear_modulus": Quality(units.PRESSURE, "shear modulus", BOTH),
    "C11": Quality(units.PRESSURE, "elastic constant of the crystal", BOTH),
    "C12": Quality(units.PRESSURE, "elastic constant of the crystal", BOTH),
    "C13": Quality(units.PRESSURE, "elastic constant of the crystal", BOTH),
    "C33": Quality(units.PRESSURE, "elastic constant of the crystal", BOTH),
    "C44": Quality(units.PRESSURE, "elastic constant of the crystal", BOTH),
    "yield_stress": Quality(units.PRESSURE, "yield stress", ONLY_METAL),
    "creep_rate": Quality(units.RATE, "creep rate at 1 MPa: rate (stress/MPa)^creep_exponent", ONLY_METAL),
    "creep_exponent": Quality(units.NUMBER, "exponent of power-law creep", ONLY_METAL),
    "strength": Quality(units.PRESSURE, "tensile strength", BOTH),
    "residual_stress": Quality(units.PRESSURE, "residual stress, tension positive", ONLY_ION, above=-INF),
    "fracture_toughness": Quality(units.TOUGHNESS, "fracture toughness K_IC", ONLY_ION),
    "fracture_energy": Quality(units.SURFACE_ENERGY, "fracture energy G_c", ONLY_ION),
    # both
    "density": Quality(units.DENSITY, "density", BOTH),
    "heat_capacity": Quality(units.HEAT_CAPACITY, "specific heat capacity", BOTH),
    "thermal_conductivity": Quality(units.THERMAL_CONDUCTIVITY, "thermal conductivity", BOTH),
    "thermal_expansion": Quality(units.THERMAL_EXPANSION, "linear thermal expansion", BOTH),
}


def properties_of(kind: str) -> list[str]:
    """Names of the properties a kind of material may have."""
    return [name for name, quality in PROPERTIES.items() if kind in quality.kinds]
