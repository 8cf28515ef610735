"""Salt and charge in a binary electrolyte M X_z, against a reference electrode of the metal.

Everything dimensionless as in ``studies.plating.Scales``: c over c0, potentials in RT/F.
"""

from __future__ import annotations

from dataclasses import dataclass

import ufl
from ufl.core.expr import Expr


@dataclass
class TransportProperties:
    """Properties of an ion conductor as UFL expressions of position and concentration.

    D: salt diffusivity. t_plus: transference number of the cation against the solvent.
    kappa_over_c: conductivity divided by concentration (constant in Nernst-Einstein's limit, which
    keeps the diffusion potential free of 1/c). thermodynamic_factor: 1 + dln f/dln c.
    """

    D: Expr
    t_plus: Expr
    kappa_over_c: Expr
    thermodynamic_factor: Expr


def ionic_current(porosity: Expr, c: Expr, phi_e: Expr, z: Expr, p: TransportProperties) -> Expr:
    """i = -eps kappa [grad phi_e - ((1+z)/z)(1-t+) TDF grad ln c], c here with its gradient.

    The second term is the diffusion potential between reference electrodes of the metal; z = 1 gives
    the factor 2(1-t+). Newman and Thomas-Alyea, Electrochemical Systems, eq. 12.27 with s+ = -1, n = z.
    """
    diffusion_potential = (1 + z) / z * (1 - p.t_plus) * p.thermodynamic_factor
    return -porosity * p.kappa_over_c * (c * ufl.grad(phi_e) - diffusion_potential * ufl.grad(c))


def salt_flux(porosity: Expr, c: Expr, current: Expr, beta: Expr, p: TransportProperties) -> Expr:
    """Flux of the anions over z, N = -(eps D grad c + (1-t+) beta i): the anions do not react.

    d(eps c)/dt + div N = 0. ``beta``: metal sites over salt concentration (converts current to salt).
    """
    return -(porosity * p.D * ufl.grad(c) + (1 - p.t_plus) * beta * current)
