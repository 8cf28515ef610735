"""Values of material properties, as numbers or in UFL, for the equations of the studies."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import ufl
from ufl.core.expr import Expr

from fem_sei.materials.laws import NUMPY
from fem_sei.materials.library import Material

UFL_MATH = SimpleNamespace(exp=ufl.exp, sqrt=ufl.sqrt, ln=ufl.ln)


def is_nernst_einstein(material: Material) -> bool:
    """Whether kappa follows from D and t_plus."""
    law = material["kappa"].law
    return law is not None and law.name == "nernst_einstein"


def evaluate(material: Material, key: str, c: Any, temperature: float) -> Any:
    """A property in SI at the concentration c (mol/m^3, a number or UFL); an ideal solution unless told."""
    if key == "thermodynamic_factor" and key not in material.properties:
        return 1.0
    return material[key](c, temperature, UFL_MATH if isinstance(c, Expr) else NUMPY)


def depends_on_c(material: Material, key: str) -> bool:
    """Whether a property changes with the concentration."""
    if key not in material.properties or material[key].law is None:
        return False
    return len({float(material[key](c, 298.15)) for c in (500.0, 1000.0, 1500.0)}) > 1
