"""Sharp-interface reference of one-dimensional plating at constant current, with the motion of the front.

A metal front at x = s(t), ds/dt = v = i V_m/(z F), moves into a stack of layers of a binary salt. In the
frame of the laboratory, with i the deposition current (see `transport` for the fluxes),

    dc/dt = -dJ/dx,   J = N-/z = -D dc/dx + (1-t+) i/(z F),   J(s) = c v,
    far end: c = c0 (reservoir) or J = 0 (closed cell: the salt is conserved).

The first layer is meshed in coordinates that shrink with it (x = s + (x_1 - s) xi), the others stand still.
Vertex-centred finite volumes on a mesh graded towards both ends of each layer, second order; the unknown is
the salt in each volume, so the inventory of a closed cell is conserved to rounding. Time: scipy's BDF.
The voltage is that of the metal against a reference electrode at the far end, as in `steady_stack_voltage`.

References: J. Newman, K. Thomas-Alyea, Electrochemical Systems, 3rd ed. (2004), ch. 11; J. Crank, Free and
Moving Boundary Problems (1984), ch. 5 (front-fixing).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import solve_ivp
from scipy.sparse import csc_array, diags_array

from .kinetics import F, inverse_butler_volmer
from .transport import Layer, liquid_junction_factor, nernst_einstein_kappa

_GRADING = 2.0  # nodes of a layer: thickness (1 + tanh(_GRADING k)/tanh(_GRADING))/2, k uniform in [-1, 1]


@dataclass(frozen=True)
class MovingFrontRun:
    """History of a run: a row or an entry per time `t` (s).

    `x` node positions (m, 0 at the initial front), `c` concentrations there (mol/m^3), `c_front`, `voltage`
    (V, with c >= 1e-12 c0), `salt` between front and far end (mol/m^2). `depletion_time` (s) is when the
    front concentration vanished: the run stops there and it is the last of `t`; None if it did not.
    """

    t: np.ndarray
    x: np.ndarray
    c: np.ndarray
    c_front: np.ndarray
    voltage: np.ndarray
    salt: np.ndarray
    depletion_time: float | None


def moving_front(
    layers: Sequence[Layer],
    current: float,
    c0: float,
    times: ArrayLike,
    *,
    i0: float,
    alpha: float,
    z: int,
    T: float,
    V_m: float,
    closed: bool = False,
    c_ref: float | None = None,
    elements: int = 400,
    rtol: float = 1e-7,
) -> MovingFrontRun:
    """Plate (strip if `current` < 0) at constant `current` (A/m^2) from uniform `c0`; report at `times` (s).

    `layers` from the metal outwards; an infinite thickness of the last one stands for a semi-infinite
    electrolyte. `V_m` = 0 freezes the front. `i0` at `c_ref` (default `c0`). `elements` per layer: the error
    falls with their square. Raises ValueError if the front would cross the first layer within `times`.
    """
    times = np.atleast_1d(np.asarray(times, dtype=float))
    stack = _Stack(layers, current, c0, times[-1], z, V_m, closed, elements)

    def empty(t: float, salt: np.ndarray) -> float:
        return salt[0]

    empty.terminal = True
    run = solve_ivp(
        lambda t, salt: stack.matrix(t) @ salt + stack.source(t),
        (0.0, times[-1]),
        stack.volumes(0.0)[: stack.unknowns] * c0,
        method="BDF",
        dense_output=True,
        jac=lambda t, salt: stack.matrix(t),
        events=empty,
        rtol=rtol,
        atol=rtol * 1e-3 * c0 * stack.volumes(0.0)[0],
        first_step=1e-8 * times[-1],
    )
    if run.status < 0:
        raise RuntimeError(f"the moving-front reference did not finish: {run.message}")
    depletion = float(run.t_events[0][0]) if run.t_events[0].size else None
    t = times if depletion is None else np.append(times[times < depletion], depletion)
    x = np.array([stack.positions(now) for now in t])
    c = np.array([stack.concentrations(now, run.sol(now)) for now in t])
    kinetic = inverse_butler_volmer(current, i0, alpha, z, T, np.maximum(c[:, 0], 1e-12 * c0) / (c_ref or c0))
    voltage = kinetic + np.array([stack.potential_at_front(a, b, T) for a, b in zip(x, c, strict=True)])
    salt = np.array([stack.volumes(now) @ row for now, row in zip(t, c, strict=True)])
    return MovingFrontRun(t, x, c, c[:, 0], voltage, salt, depletion)


class _Stack:
    """Finite volumes: d(salt)/dt = matrix(t) salt + source(t) for the salt (mol/m^2) of every volume."""

    def __init__(
        self,
        layers: Sequence[Layer],
        current: float,
        c0: float,
        end: float,
        z: int,
        V_m: float,
        closed: bool,
        elements: int,
    ) -> None:
        self.current, self.c0, self.z, self.closed = current, c0, z, closed
        self.speed = current * V_m / (z * F)
        travel = self.speed * end
        thickness = [
            k.thickness if np.isfinite(k.thickness) else 8.0 * np.sqrt(k.D * end) + 2.0 * abs(travel)
            for k in layers
        ]
        if travel >= thickness[0]:
            raise ValueError("the front crosses the first layer within the given times")
        spread = np.linspace(-1.0, 1.0, elements + 1)
        shape = (1.0 + np.tanh(_GRADING * spread) / np.tanh(_GRADING)) / 2.0
        edges = np.concatenate(([0.0], np.cumsum(thickness)))
        self.nodes = np.concatenate(
            [[0.0], *(a + width * shape[1:] for a, width in zip(edges[:-1], thickness, strict=True))]
        )
        self.weights = np.maximum(0.0, 1.0 - self.nodes / thickness[0])
        self.layer_of = np.repeat(np.arange(len(layers)), elements)
        self.layers = layers
        self.D = np.array([k.D for k in layers])[self.layer_of]
        self.t_plus = np.array([k.t_plus for k in layers])[self.layer_of]
        self.unknowns = self.nodes.size if closed else self.nodes.size - 1

    def positions(self, t: float) -> np.ndarray:
        return self.nodes + self.weights * self.speed * t

    def volumes(self, t: float) -> np.ndarray:
        h = np.diff(self.positions(t))
        return np.concatenate(([0.0], h / 2.0)) + np.concatenate((h / 2.0, [0.0]))

    def concentrations(self, t: float, salt: np.ndarray) -> np.ndarray:
        c = salt / self.volumes(t)[: self.unknowns]
        return c if self.closed else np.append(c, self.c0)

    def matrix(self, t: float) -> csc_array:
        """Tridiagonal matrix of the fluxes relative to the moving faces, columns per unit of salt."""
        h = np.diff(self.positions(t))
        drift = self.speed * (self.weights[:-1] + self.weights[1:]) / 2.0
        inner, outer = (
            self.D / h - drift / 2.0,
            -self.D / h - drift / 2.0,
        )  # of c at either end of the element
        volume, n = self.volumes(t), self.unknowns
        below = inner / volume[:-1]
        diagonal = (np.append(-inner, 0.0) + np.concatenate(([0.0], outer))) / volume
        above = -outer / volume[1:]
        return diags_array((below[: n - 1], diagonal[:n], above[: n - 1]), offsets=(-1, 0, 1), format="csc")

    def source(self, t: float) -> np.ndarray:
        flux = (1.0 - self.t_plus) * self.current / (self.z * F)
        rate = np.append(-flux, 0.0) + np.concatenate(([0.0], flux))
        if self.closed:
            return rate
        h = self.positions(t)[-1] - self.positions(t)[-2]
        drift = self.speed * (self.weights[-2] + self.weights[-1]) / 2.0
        rate[-2] -= (-self.D[-1] / h - drift / 2.0) * self.c0
        return rate[:-1]

    def potential_at_front(self, x: np.ndarray, c: np.ndarray, T: float) -> float:
        """phi_e (V) at the front against the far end: diffusion potentials and ohmic drops."""
        c = np.maximum(c, 1e-12 * self.c0)
        step = np.diff(np.log(c))
        mean = np.where(np.abs(step) < 1e-9, c[:-1], np.diff(c) / np.where(step == 0.0, 1.0, step))
        total = 0.0
        for index, layer in enumerate(self.layers):
            here = self.layer_of == index
            kappa = layer.kappa or nernst_einstein_kappa(layer.D, mean[here], layer.t_plus, self.z, T)
            junction = liquid_junction_factor(self.z, T) * (1.0 - layer.t_plus) * layer.tdf
            total -= np.sum(self.current * np.diff(x)[here] / kappa + junction * step[here])
        return float(total)
