"""Three dimensions against Butler-Volmer, Gibbs and Thomson, and two dimensions; see README.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from mpi4py import MPI

from cases.verification import common, stepping
from fem_sei.case.loader import load
from fem_sei.closed_form.kinetics import butler_volmer, front_speed, gibbs_thomson
from fem_sei.geometry.stack import Box, MeshSizes, build_stack

HERE = Path(__file__).parent
PLANAR, SPHERE = HERE.parent / "planar_speed" / "case.toml", HERE.parent / "gibbs_thomson" / "case.toml"
OVERPOTENTIAL = -0.05  # V
SETTLED = 0.08e-6  # m of growth before the speed is measured: 3 l
ROOM = 4.0  # between the sphere and the walls, in interface widths

SLICE = ("geometry.dimension=3", 'geometry.depth="0.1 um"')
EGG_BOX = (  # cos(kx) cos(ky) with the wave number of the wave, 2 pi/um, along the diagonal
    "geometry.dimension=3",
    f"geometry.width={0.5 * np.sqrt(2.0)} um",
    f"geometry.depth={0.5 * np.sqrt(2.0)} um",
    f"geometry.features[0].wavelength={np.sqrt(2.0)} um",
    f"geometry.features[0].wavelength_y={np.sqrt(2.0)} um",
)


@dataclass(frozen=True)
class Found:
    """What was measured, the worst charge and salt balance, and the nodes of the mesh."""

    value: float
    charge: float
    salt: float
    nodes: int

    @classmethod
    def of(cls, value: float, outcome: common.Outcome) -> Found:
        history, mesh = outcome.history, outcome.manifest["mesh"]
        balances = (float(np.max(np.abs(history[f"{name}_balance"]))) for name in ("charge", "salt"))
        return cls(value, *balances, mesh["nodes"])


def planar(elements: int, dimension: int = 3, thickness: str = "0.2 um") -> Found:
    """Relative error of the speed of a flat front in a column of 100 nm by 100 nm, at delta/elements."""
    sides = ("width", "depth")[: dimension - 1]
    changes = [f'geometry.{side}="100 nm"' for side in sides] + [
        f"geometry.dimension={dimension}",
        f"mesh.elements_across_interface={elements}",
        f"operation.steps[0].potential={OVERPOTENTIAL} V",
        f"operation.steps[0].until.thickness={thickness}",
    ]
    result = common.run(PLANAR, changes)
    time, grown = result.history["time"], result.history["deposited_thickness"]
    speed, _ = np.polyfit(time[grown > SETTLED], grown[grown > SETTLED], 1)
    own = common.electrode(result.case)
    current = butler_volmer(OVERPOTENTIAL, own["i0"], own["alpha"], own["z"], own["T"])
    return Found.of(float(speed / front_speed(current, own["V_m"], own["z"]) - 1.0), result)


@dataclass(frozen=True)
class Ball:
    """A sphere of a radius (m) about a corner of the domain, as a metal surface."""

    radius: float
    corner: np.ndarray

    def signed_distance(self, points: np.ndarray) -> np.ndarray:
        return self.radius - np.linalg.norm(points - self.corner, axis=1)


def sphere(radius: float, elements: int, duration: str = "10 min") -> Found:
    """Rest potential over gamma V_m 2/(z F r) of an eighth of a sphere of ``radius`` interface widths, in a
    cube of Gmsh's tetrahedra of size delta/elements."""
    changes = (f"mesh.elements_across_interface={elements}", f"operation.steps[0].until.duration={duration}")
    case = load(SPHERE, changes).case
    delta = case.phase_field.interface_width
    r, side = radius * delta, (radius + ROOM) * delta
    layers = [SimpleNamespace(name=name, thickness=side / 2) for name in ("lower", "upper")]
    cube = SimpleNamespace(dimension=3, width=side, depth=side, layers=layers, features=[])
    fine = Box(0.0, r + 2 * delta, -side / 2, r + 2 * delta - side / 2, 0.0, r + 2 * delta)
    stack = build_stack(cube, MeshSizes(delta / elements, delta, [fine]), MPI.COMM_WORLD)
    stack.surface = Ball(r, np.array([0.0, 0.0, -side / 2]))
    model = stepping.model_on(stack, case)
    sharp = gibbs_thomson(model.p.surface_energy, model.p.V_m, 2 / r, model.p.z)
    history = list(stepping.rows(case, model))
    charge, salt = (max(abs(row[f"{name}_balance"]) for row in history) for name in ("charge", "salt"))
    nodes = stack.mesh.geometry.index_map().size_global
    return Found(-history[-1]["cell_voltage"] / sharp, charge, salt, nodes)


@dataclass(frozen=True)
class Wave:
    """Mean thickness (m) and amplitude of the wave over the initial one during growth, balances, nodes."""

    thickness: np.ndarray
    growth: np.ndarray
    charge: float
    salt: float
    nodes: int


def wave(changes: Sequence[str] = ()) -> Wave:
    """Growth of the wave of the case with changes; the amplitude is fitted to the points of the front."""
    case, model = common.model_of(HERE / "case.toml", changes)
    (feature,) = case.geometry.features

    def amplitude() -> float:
        *along, height = stepping.front(model).T
        wavelengths = (feature.wavelength, feature.wavelength_y or np.inf)
        mode = np.prod([np.cos(2 * np.pi * x / w) for x, w in zip(along, wavelengths, strict=False)], axis=0)
        return float(np.polyfit(mode, height, 1)[0])

    start, found = amplitude(), [(0.0, 1.0, 0.0, 0.0)]
    for row in stepping.rows(case, model):
        balances = (abs(row["charge_balance"]), abs(row["salt_balance"]))
        found.append((row["deposited_thickness"], amplitude() / start, *balances))
    thickness, growth, charge, salt = np.array(found).T
    nodes = model.stack.mesh.geometry.index_map().size_global
    return Wave(thickness, growth, float(charge.max()), float(salt.max()), nodes)


def main() -> None:
    speeds = {n: planar(n) for n in (4, 6)}
    spheres = {(r, n): sphere(r, n) for r, n in ((3, 3), (5, 4))}
    waves = {"2-D": wave(), "slice": wave(SLICE), "egg box": wave(EGG_BOX)}
    rows = [("speed of a plane", f"delta/{n}", f"{100 * f.value:+.2f} %", f) for n, f in speeds.items()]
    rows += [
        ("rest potential of a sphere", f"delta/{n}, radius {r} delta", f"{100 * f.value - 100:+.2f} %", f)
        for (r, n), f in spheres.items()
    ]
    flat = waves["2-D"].growth[-1]
    rows += [
        (f"growth of a wave, {name}", "delta/4", f"{100 * (f.growth[-1] / flat - 1):+.2f} %", f)
        for name, f in waves.items()
    ]
    cells = [(*row, f.nodes, f"{f.charge:.0e}", f"{f.salt:.0e}") for *row, f in rows]
    print(common.markdown(("what", "mesh", "error", "nodes", "charge balance", "salt balance"), cells))
    print(f"the wave in 2-D grew by {flat:.4f}")
    with common.picture(HERE / "three_dimensions.png", width=6.5) as made:
        axes = made.subplots()
        for (name, found), style in zip(waves.items(), ("-", "o", "s"), strict=True):
            shown = slice(None, None, 1 if style == "-" else 3)
            axes.plot(1e9 * found.thickness[shown], found.growth[shown], style, label=name)
        axes.set(xlabel="mean thickness grown (nm)", ylabel="amplitude of the wave over the initial one")
        axes.legend(frameon=False)


if __name__ == "__main__":
    main()
