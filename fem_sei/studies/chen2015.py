"""The literature model of electrodeposition, for comparison with published pictures only.

L. Chen et al., J. Power Sources 300 (2015) 376; Z. Hong, V. Viswanathan, ACS Energy Lett. 3 (2018) 1737;
Z. Ahmad, Z. Hong, V. Viswanathan, PNAS 117 (2020) 26672. Fields (P1): order parameter xi (1 metal, 0
electrolyte), cation concentration c, one electric potential phi of metal and electrolyte. f = F/RT:

  d xi/dt = -L_s [g'(xi) - k lap xi] - L_e h'(xi) {exp[(1-alpha) z f phi] - (c/c0) exp[-alpha z f phi]}
  d c/dt  = div[D (grad c + z c f grad phi)] - C_s d xi/dt
  div(sigma grad phi) = z F C_s d xi/dt
  g = W xi^2 (1-xi)^2,  h = xi^3 (6 xi^2 - 15 xi + 10),  D, sigma: weighted with h between metal and layer

The published constants follow from physical ones: with l = sqrt(k/2W) (interface_width = 4 l) and the
surface energy gamma = sqrt(k W/18), W = 3 gamma/l and k = 6 gamma l; a planar front at potential phi moves
at 6 l L_e {...} = i_BV V_m/(zF), so L_e = i0 V_m/(6 l z F). L_s is `interface_mobility`.

Boundaries: phi_s at the metal's end; phi = 0 or a uniform current, and c = c0, at the counter electrode; else
no flux. `salt_balance` tells of the cations in electrolyte and metal, which the equations keep;
`charge_balance` compares the metal with the charge through the counter electrode, which they do not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import ufl
from dolfinx import fem
from mpi4py import MPI

from fem_sei.numerics.front import level, profile
from fem_sei.studies.plating import FIELDS, PlatingModel, PlatingParameters
from fem_sei.studies.properties import evaluate

QUADRATURE_DEGREE = 4
METAL_DIFFUSIVITY = 1e-3  # of that in the layer: assumed (1e-6 changes the advance of Ahmad 2020 by 1.5 %)
NOTES = (
    "formulation chen2015 is the literature model, for comparison only; its known defects:",
    "the metal short-circuits the source: growth follows the metal's potential and the ions' migration, "
    "and the conductivity of the electrolyte has no effect on it",
    "charge through the counter electrode and metal grown agree only where the conductivity is the "
    "Nernst-Einstein value (see charge_balance)",
    "c falls below zero inside the metal, and there are no anions: at rest c = c0 exp(-F phi/RT)",
    "on meshes as coarse as the interface the front is pinned or 6 to 20 % fast",
    "interface_mobility times surface energy is about 1e5 times the physical mobility of Gibbs and Thomson; "
    "published rates of 0.2 to 1 um/s are 140 to 740 mA/cm^2",
)


@dataclass(frozen=True)
class Chen2015Parameters(PlatingParameters):
    """What the model needs beyond the study's parameters, SI."""

    interface_mobility: float = 0.0  # L_s, m^3/(J s)
    metal_conductivity: float = 0.0  # S/m


class Chen2015Model(PlatingModel):
    """The equations above behind the interface of `PlatingModel`; the component "c" of u is c/c0 itself."""

    p: Chen2015Parameters
    notes = NOTES

    def _write_equations(self) -> None:
        p, s = self.p, self.scales
        xi, c, phi = ufl.split(self.u)
        w, q, r = ufl.split(ufl.TestFunction(self.space))
        constant = lambda value: fem.Constant(self.stack.mesh, float(value))  # noqa: E731
        l = p.interface_width / 4
        bulk = p.interface_mobility * s.time  # J/m^3 to rates in 1/t0
        L_W = constant(bulk * 3 * p.surface_energy / l)
        L_k = constant(bulk * 6 * p.surface_energy * l / s.length**2)
        L_e = constant(p.i0 / s.current / (6 * self.l))
        h = xi**3 * (6 * xi**2 - 15 * xi + 10)
        h_slope = 30 * xi**2 * (1 - xi) ** 2
        g_slope = 2 * xi * (1 - xi) * (1 - 2 * xi)
        z, alpha = self.z, self.alpha
        backward = ufl.exp((1 - alpha) * z * phi)
        reaction = L_e * (c * ufl.exp(-alpha * z * phi) - backward)
        self.rate = 6 * self.l * reaction  # of a planar front
        self.stored = c + self.beta * xi

        D = self._by_layer("D", s.time / s.length**2)
        kappa = self._by_layer("kappa", s.potential / (s.length * s.current))
        D_eff = D * (1 - h + METAL_DIFFUSIVITY * h)
        metal = p.metal_conductivity * s.potential / (s.length * s.current)
        sigma_eff = (1 - h) * kappa + h * constant(metal)

        old, older = ufl.split(self.u1), ufl.split(self.u2)
        xi_rate, c_rate = (
            self.a0 * new + self.a1 * old[n] + self.a2 * older[n] for n, new in enumerate((xi, c))
        )
        dx = self.stack.dx(metadata={"quadrature_degree": QUADRATURE_DEGREE})
        counter = self.stack.ds(self.stack.boundaries["top"], metadata={"quadrature_degree": 1})
        flux = D_eff * (ufl.grad(c) + z * c * ufl.grad(phi))
        self.residual = (
            (xi_rate + L_W * g_slope - h_slope * reaction) * w * dx
            + L_k * ufl.dot(ufl.grad(xi), ufl.grad(w)) * dx
            + ((c_rate + self.beta * xi_rate) * q + ufl.dot(flux, ufl.grad(q))) * dx
            + (xi_rate * r + sigma_eff * ufl.dot(ufl.grad(phi), ufl.grad(r))) * dx
            - self.current * r * counter
        )
        self.border = None

    def _by_layer(self, key: str, scale: float) -> fem.Function:
        """A property of the layers at the initial concentration, in the model's units."""
        at = (self.p.concentration, self.p.temperature)
        values = {name: {key: evaluate(m, key, *at) * scale} for name, m in self.p.layers.items()}
        return self._by_region(values, key)

    def _set_boundary_conditions(self) -> None:
        super()._set_boundary_conditions()
        facet_dim = self.stack.mesh.topology.dim - 1
        for name, where, value in (("c", "top", 1.0), ("metal", "bottom", self.phi_s)):
            sub = self.space.sub(FIELDS.index("c" if name == "c" else "phi_e"))
            facets = self.stack.facet_tags.find(self.stack.boundaries[where])
            dofs = fem.locate_dofs_topological(sub, facet_dim, facets)
            self.bcs[name] = fem.dirichletbc(value, dofs, sub)

    def impose(self, control: str) -> float:
        """As `PlatingModel.impose`; phi_s is imposed at the metal's end."""
        shift = super().impose(control)
        self.fixed.append("metal")
        self.solver.fix([self.bcs[name] for name in self.fixed])
        return shift

    def concentration(self, values: np.ndarray) -> np.ndarray:
        """c/c0 from values of the component "c"."""
        return values

    def initialise(self) -> None:
        """Equilibrium profile around the metal surface, no salt in the metal, phi = 0."""
        super().initialise()
        xi = self.component("xi")
        self.set_state(level(xi, self.l), 1 - xi, np.zeros_like(xi))
        self.u.x.scatter_forward()
        self._start.x.array[:] = self.u.x.array

    def prepare_step(self, psi: np.ndarray, speed_floor: float) -> float:
        """Nothing lags; returns the speed of the front that is predicted (L0/t0)."""
        xi = profile(psi, self.l)
        self.solver.balancing = np.empty_like(psi)
        self.solver.balancing[self.nodes] = xi * (1 - xi)
        self.front.update(psi, with_curvature=False)
        moved = np.abs(psi - level(self.component("xi", self.u1), self.l))[np.abs(psi) < 2.2 * self.l]
        return self.comm.allreduce(float(moved.max(initial=0.0)), op=MPI.MAX) * float(self.a0.value) / 1.5
