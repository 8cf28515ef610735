"""Laws of material properties: functions of concentration and temperature.

A law is called as law(c, T, math) with c in mol/m^3 and T in K. It works on floats, NumPy arrays and UFL
expressions alike: `math` offers exp, sqrt and ln (NumPy by default). Outside `c_range` and `T_range` a law
still evaluates; `fem-sei check` warns.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
from scipy.constants import R, physical_constants

from fem_sei import units
from fem_sei.units import Dimension

F = physical_constants["Faraday constant"][0]
MOLAR = 1000.0  # mol/m^3: the published fits take mol/L
NUMPY = SimpleNamespace(exp=np.exp, sqrt=np.sqrt, ln=np.log)
WIDE = (0.0, float("inf"))

Evaluate = Callable[[Any, Any, Any], Any]


@dataclass(frozen=True)
class Law:
    """A property as a function of c (mol/m^3) and T (K), with its parameters and the range of its fit."""

    name: str
    evaluate: Evaluate = field(repr=False, compare=False)
    formula: str
    parameters: dict[str, Any]
    c_range: tuple[float, float] = WIDE
    T_range: tuple[float, float] = WIDE

    def __call__(self, c: Any, T: Any, math: Any = NUMPY) -> Any:
        return self.evaluate(c, T, math)

    def describe(self) -> str:
        """One line: name, formula and parameters."""
        values = ", ".join(f"{key} = {value}" for key, value in self.parameters.items())
        return f"{self.name}: {self.formula}" + (f" with {values}" if values else "")


def constant(value: float) -> Law:
    """The same value everywhere."""
    return Law("constant", lambda c, T, math: value, "constant", {"value": value})


def arrhenius(value: float, energy: float, reference_temperature: float) -> Law:
    """value exp[-(energy/R)(1/T - 1/T_ref)], `energy` in J/mol."""

    def evaluate(c: Any, T: Any, math: Any) -> Any:
        return value * math.exp(-energy / R * (1.0 / T - 1.0 / reference_temperature))

    parameters = {"value": value, "energy": energy, "reference_temperature": reference_temperature}
    return Law("arrhenius", evaluate, "value exp[-(energy/R)(1/T - 1/T_ref)]", parameters)


def nernst_einstein(D: Law, t_plus: Law, z: int) -> Law:
    """Conductivity (S/m) of a dilute binary salt M X_z: z^2 F^2 D c/(R T (1+z) t+ (1-t+)).

    J. Newman, K. Thomas-Alyea, Electrochemical Systems, 3rd ed. (2004), ch. 11.
    """

    def evaluate(c: Any, T: Any, math: Any) -> Any:
        share = t_plus(c, T, math)
        return z**2 * F**2 * D(c, T, math) * c / (R * T * (1 + z) * share * (1.0 - share))

    c_range, T_range = _overlap(D.c_range, t_plus.c_range), _overlap(D.T_range, t_plus.T_range)
    formula = "z^2 F^2 D c/(R T (1+z) t_plus (1-t_plus))"
    return Law("nernst_einstein", evaluate, formula, {"z": z}, c_range, T_range)


def _overlap(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return max(one[0], other[0]), min(one[1], other[1])


# J. Landesfeind, H. A. Gasteiger, J. Electrochem. Soc. 166 (2019) A3079. The fits take c in mol/L.
LANDESFEIND = {"c_range": (0.1 * MOLAR, 3.0 * MOLAR), "T_range": (263.15, 323.15)}


def landesfeind2019_conductivity(p: list[float]) -> Law:
    """p1 (1 + T - p2) c [1 + p3 sqrt(c) + p4 (1 + p5 e^(1000/T)) c]/[1 + p6 c^4 e^(1000/T)] in mS/cm."""

    def evaluate(c: Any, T: Any, math: Any) -> Any:
        m, e = c / MOLAR, math.exp(1000.0 / T)
        above = 1.0 + p[2] * math.sqrt(m) + p[3] * (1.0 + p[4] * e) * m
        return 0.1 * p[0] * (1.0 + T - p[1]) * m * above / (1.0 + p[5] * m**4 * e)

    formula = "p1 (1 + T - p2) c [1 + p3 sqrt(c) + p4 (1 + p5 e^(1000/T)) c]/[1 + p6 c^4 e^(1000/T)] mS/cm"
    return Law("landesfeind2019_conductivity", evaluate, formula, {"p": p}, **LANDESFEIND)


def landesfeind2019_diffusivity(p: list[float]) -> Law:
    """1e-10 p1 exp(p2 c) exp(p3/T) exp(p4 c/T) in m^2/s."""

    def evaluate(c: Any, T: Any, math: Any) -> Any:
        m = c / MOLAR
        return 1e-10 * p[0] * math.exp(p[1] * m + p[2] / T + p[3] * m / T)

    formula = "1e-10 p1 exp(p2 c + p3/T + p4 c/T) m^2/s"
    return Law("landesfeind2019_diffusivity", evaluate, formula, {"p": p}, **LANDESFEIND)


def landesfeind2019_polynomial(p: list[float]) -> Law:
    """p1 + p2 c + p3 T + p4 c^2 + p5 c T + p6 T^2 + p7 c^3 + p8 c^2 T + p9 c T^2 (t_plus and the
    thermodynamic factor; the fits of t_plus turn negative at low temperature)."""

    def evaluate(c: Any, T: Any, math: Any) -> Any:
        m = c / MOLAR
        second = p[3] * m**2 + p[4] * m * T + p[5] * T**2
        return p[0] + p[1] * m + p[2] * T + second + p[6] * m**3 + p[7] * m**2 * T + p[8] * m * T**2

    formula = "p1 + p2 c + p3 T + p4 c^2 + p5 c T + p6 T^2 + p7 c^3 + p8 c^2 T + p9 c T^2"
    return Law("landesfeind2019_polynomial", evaluate, formula, {"p": p}, **LANDESFEIND)


# A. Nyman, M. Behm, G. Lindbergh, Electrochim. Acta 53 (2008) 6356: LiPF6 in EC:EMC 3:7 at 25 degC.
NYMAN = {"c_range": (0.2 * MOLAR, 2.0 * MOLAR), "T_range": (298.15, 298.15)}
OKANE_T = (273.15, 318.15)


def nyman2008_diffusivity(energy: float = 0.0) -> Law:
    """8.794e-11 c^2 - 3.972e-10 c + 4.862e-10 (m^2/s, c in mol/L), times an Arrhenius factor for `energy`
    (J/mol, reference 298.15 K)."""
    return _nyman(
        "nyman2008_diffusivity",
        lambda m: 8.794e-11 * m**2 - 3.972e-10 * m + 4.862e-10,
        "(8.794e-11 c^2 - 3.972e-10 c + 4.862e-10) m^2/s",
        energy,
    )


def nyman2008_conductivity(energy: float = 0.0) -> Law:
    """0.1297 c^3 - 2.51 c^1.5 + 3.329 c (S/m, c in mol/L), times an Arrhenius factor for `energy`."""
    return _nyman(
        "nyman2008_conductivity",
        lambda m: 0.1297 * m**3 - 2.51 * m**1.5 + 3.329 * m,
        "(0.1297 c^3 - 2.51 c^1.5 + 3.329 c) S/m",
        energy,
    )


def _nyman(name: str, at_25_degC: Callable[[Any], Any], formula: str, energy: float) -> Law:
    if energy == 0.0:
        return Law(name, lambda c, T, math: at_25_degC(c / MOLAR), formula, {}, **NYMAN)
    factor = arrhenius(1.0, energy, 298.15)

    def evaluate(c: Any, T: Any, math: Any) -> Any:
        return at_25_degC(c / MOLAR) * factor(c, T, math)

    formula += " exp[-(energy/R)(1/T - 1/298.15 K)]"
    return Law(name, evaluate, formula, {"energy": energy}, NYMAN["c_range"], OKANE_T)


# L. O. Valoen, J. N. Reimers, J. Electrochem. Soc. 152 (2005) A882: LiPF6 in PC:EC:DMC 10:27:63.
VALOEN = {"c_range": (0.01 * MOLAR, 3.9 * MOLAR), "T_range": (263.15, 333.15)}
LN10 = float(np.log(10.0))


def valoen2005_diffusivity() -> Law:
    """1e-4 10^(-4.43 - 54/(T - 229 - 5 c) - 0.22 c) in m^2/s, c in mol/L."""

    def evaluate(c: Any, T: Any, math: Any) -> Any:
        m = c / MOLAR
        return 1e-4 * math.exp(LN10 * (-4.43 - 54.0 / (T - 229.0 - 5.0 * m) - 0.22 * m))

    return Law(
        "valoen2005_diffusivity",
        evaluate,
        "1e-4 10^(-4.43 - 54/(T - 229 - 5 c) - 0.22 c) m^2/s",
        {},
        **VALOEN,
    )


def valoen2005_conductivity() -> Law:
    """0.1 c [-10.5 + 0.0740 T - 6.96e-5 T^2 + c (0.668 - 0.0178 T + 2.80e-5 T^2)
    + c^2 (0.494 - 8.86e-4 T)]^2 in S/m, c in mol/L."""

    def evaluate(c: Any, T: Any, math: Any) -> Any:
        m = c / MOLAR
        root = -10.5 + 0.0740 * T - 6.96e-5 * T**2 + m * (0.668 - 0.0178 * T + 2.80e-5 * T**2)
        return 0.1 * m * (root + m**2 * (0.494 - 8.86e-4 * T)) ** 2

    formula = (
        "0.1 c [-10.5 + 0.0740 T - 6.96e-5 T^2 + c (0.668 - 0.0178 T + 2.80e-5 T^2)"
        " + c^2 (0.494 - 8.86e-4 T)]^2 S/m"
    )
    return Law("valoen2005_conductivity", evaluate, formula, {}, **VALOEN)


def valoen2005_thermodynamic_factor(t_plus: float) -> Law:
    """[0.601 - 0.24 sqrt(c) + 0.982 (1 - 0.0052 (T - 298.15)) c^1.5]/(1 - t_plus), c in mol/L."""

    def evaluate(c: Any, T: Any, math: Any) -> Any:
        m = c / MOLAR
        product = 0.601 - 0.24 * math.sqrt(m) + 0.982 * (1.0 - 0.0052 * (T - 298.15)) * m**1.5
        return product / (1.0 - t_plus)

    formula = "[0.601 - 0.24 sqrt(c) + 0.982 (1 - 0.0052 (T - 298.15)) c^1.5]/(1 - t_plus)"
    return Law("valoen2005_thermodynamic_factor", evaluate, formula, {"t_plus": t_plus}, **VALOEN)


@dataclass(frozen=True)
class Template:
    """How a law is written in a file: what builds it and the dimension of each parameter.

    `own` stands for the dimension of the property the law is given for, an integer for a list of so many
    plain numbers. Parameters in `optional` may be left out.
    """

    build: Callable[..., Law]
    parameters: dict[str, Dimension | int | str] = field(default_factory=dict)
    optional: tuple[str, ...] = ()


TEMPLATES = {
    "arrhenius": Template(
        arrhenius,
        {"value": "own", "energy": units.ACTIVATION_ENERGY, "reference_temperature": units.TEMPERATURE},
    ),
    "landesfeind2019_conductivity": Template(landesfeind2019_conductivity, {"p": 6}),
    "landesfeind2019_diffusivity": Template(landesfeind2019_diffusivity, {"p": 4}),
    "landesfeind2019_polynomial": Template(landesfeind2019_polynomial, {"p": 9}),
    "nyman2008_diffusivity": Template(
        nyman2008_diffusivity, {"energy": units.ACTIVATION_ENERGY}, optional=("energy",)
    ),
    "nyman2008_conductivity": Template(
        nyman2008_conductivity, {"energy": units.ACTIVATION_ENERGY}, optional=("energy",)
    ),
    "valoen2005_diffusivity": Template(valoen2005_diffusivity),
    "valoen2005_conductivity": Template(valoen2005_conductivity),
    "valoen2005_thermodynamic_factor": Template(valoen2005_thermodynamic_factor, {"t_plus": units.NUMBER}),
    # for kappa only; D, t_plus and z come from the material itself
    "nernst_einstein": Template(nernst_einstein),
}
