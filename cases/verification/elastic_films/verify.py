"""Films under pressure and under stress of their own against plate theory; see README.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mpi4py import MPI

from cases.verification import common
from fem_sei.case import overrides
from fem_sei.case.loader import resolve
from fem_sei.closed_form import blisters, films
from fem_sei.studies.delamination import DelaminationModel
from fem_sei.studies.delamination_setup import build_model

HERE = Path(__file__).parent
E, NU, H, A = 50e9, 0.25, 10e-9, 500e-9  # Young's modulus, Poisson's ratio, thickness, half-width or radius
E_S, NU_S, H_S, MISFIT = 100e9, 0.3, 100e-9, 1e-3  # the substrate of bilayers
STRESS = 1e9  # of a film that comes loose
SYMMETRY = {"on": "left", "condition": "symmetry"}
PLATE = {  # a film, held at the right; x = 0 is its middle
    "schema": 1,
    "case": {"name": "plate", "study": "delamination"},
    "geometry": {
        "dimension": 2,
        "width": f"{A} m",
        "layers": [{"name": "film", "material": "film", "thickness": f"{H} m"}],
    },
    "materials": {
        "film": {"kind": "solid", "E": f"{E} Pa", "nu": NU},
        "substrate": {"kind": "solid", "E": f"{E_S} Pa", "nu": NU_S},
    },
    "boundaries": [
        SYMMETRY,
        {"on": "right", "condition": "clamped"},
        {"on": "bottom", "pressure": "1 Pa"},
    ],
    "mesh": {"coarse_size": f"{H} m"},
}
FINE = {"mesh.coarse_size": f"{H / 2.0} m"}
SVK = {"mechanics.strain": "st_venant_kirchhoff"}
DISC = {"mechanics.assumption": "axisymmetric"}


def model_of(*changes: Mapping[str, Any], tables: Mapping[str, Any] = PLATE) -> DelaminationModel:
    """The model of the tables with changes."""
    merged: dict[str, Any] = {}
    for change in changes:
        merged |= change
    return build_model(resolve(overrides.apply(tables, merged)), MPI.COMM_SELF)


def at_the_bottom(model: DelaminationModel) -> tuple[np.ndarray, np.ndarray]:
    """x and the displacement along y (m) of the nodes at the bottom of the lowest body, from the left."""
    body = model.bodies[0]
    x = body.u.function_space.tabulate_dof_coordinates()
    bottom = np.flatnonzero(np.isclose(x[:, 1], x[:, 1].min()))
    bottom = bottom[np.argsort(x[bottom, 0])]
    return x[bottom, 0] * model.L, body.u.x.array.reshape(-1, 2)[bottom, 1] * model.L


def solved(model: DelaminationModel, load: float = 1.0, held: float = 1.0) -> DelaminationModel:
    """The model at these factors of the load and of what is held."""
    model.held.value = held
    model.set_load(load, 1.0)
    model.solver.solve()
    return model


# plates under pressure


def deflection(pressures: Sequence[float], *changes: Mapping[str, Any]) -> np.ndarray:
    """Deflection (m) of the middle at growing pressures (Pa)."""
    model, found = model_of(*changes), []
    for pressure in pressures:
        found.append(at_the_bottom(solved(model, load=pressure))[1][0])
    model.close()
    return np.array(found)


def plate(strip: bool, pressure: float) -> float:
    """Deflection (m) of the middle of a thin clamped strip or disc, small or large (von Karman)."""
    shape = blisters.strip if strip else blisters.disc
    return shape(pressure, E, NU, H, A).w0


# buckling


def buckling(
    stresses: np.ndarray, *changes: Mapping[str, Any], pull: float = 1.0
) -> tuple[np.ndarray, float]:
    """Deflection (m) of the middle at growing compressions under a small pressure ``pull`` (Pa), and the
    buckling stress (Pa) by Southwell's line: (w - w_0)/sigma over w has the slope 1/sigma_c while w is small.
    """
    most = float(stresses.max())
    model = model_of(*changes, SVK, {"geometry.layers[film].residual_stress": f"{-most} Pa"})
    found = np.array([at_the_bottom(solved(model, pull, s / most))[1][0] for s in stresses])
    model.close()
    # w = w_0/(1 - sigma/sigma_c), w_0 that of the pressure alone
    straight = at_rest(pull, *changes)
    before = (found < 0.05 * H) & (stresses > 0.0)
    grown = found[before] - straight
    slope, _ = np.polyfit(found[before], grown / stresses[before], 1)
    return found, float(1.0 / slope)


def at_rest(pressure: float, *changes: Mapping[str, Any]) -> float:
    """Deflection (m) under a pressure without residual stress."""
    return float(deflection([pressure], *changes, SVK)[0])


# bilayers


@dataclass(frozen=True)
class Curved:
    """Curvature (1/m) of the middle of a bilayer, of the exact bilayer, and by Stoney's formula."""

    found: float
    exact: float
    stoney: float


def bilayer(h: float, residual: bool) -> Curved:
    """A film of thickness h (m) on a free substrate, plane strain; the misfit is a residual stress or a
    shrinkage (eigenstrain) of the film."""
    misfit = MISFIT * (1.0 + NU)  # in plane strain the film cannot shrink along the third direction
    stress = E / (1.0 - NU**2) * misfit
    layer = {"residual_stress": f"{stress} Pa"} if residual else {"eigenstrain": -MISFIT}
    changes = {
        "geometry.width": "1.5 um",
        "geometry.layers": [
            {"name": "substrate", "material": "substrate", "thickness": f"{H_S} m"},
            {"name": "film", "material": "film", "thickness": f"{h} m", **layer},
        ],
        "boundaries": [SYMMETRY, {"on": "bottom", "between": ["0 m", "0 m"], "displacement": {"y": "0 m"}}],
        "mesh.coarse_size": f"{H_S / 3.0} m",
    }
    model = solved(model_of(changes))
    x, w = at_the_bottom(model)
    model.close()
    inner = x < 0.8e-6
    curvature = 2.0 * np.polyfit(x[inner], w[inner], 2)[0]
    plane, plane_s = E / (1.0 - NU**2), E_S / (1.0 - NU_S**2)
    exact = films.bilayer_curvature(misfit, plane, h, plane_s, H_S)
    return Curved(float(curvature), float(exact), 6.0 * stress * h / (plane_s * H_S**2))


# release of residual stress


def release(stress: float, starts: Sequence[float]) -> np.ndarray:
    """Strain energy (J/m) of a bonded film with residual stress (Pa) that is loose from each of ``starts``
    (m) to its free end; G is what it loses per length."""
    found = []
    for start in starts:
        changes = {
            "geometry.width": f"{30.0 * H} m",
            "geometry.layers": [
                {"name": "base", "material": "film", "thickness": f"{H} m", "rigid": True},
                {
                    "name": "film",
                    "material": "film",
                    "thickness": f"{H} m",
                    "residual_stress": f"{stress} Pa",
                },
            ],
            "interfaces": [
                {
                    "on": "base|film",
                    "strength": "1 TPa",
                    "fracture_energy": "1e6 J/m^2",
                    "stiffness": f"{1e3 * E / H} Pa/m",
                    "shear_stiffness": f"{1e3 * E / H} Pa/m",
                    "flaw": {"start": f"{start} m", "end": f"{30.0 * H} m"},
                }
            ],
            "boundaries": [SYMMETRY],
            "mesh.coarse_size": f"{H / 6.0} m",
            "mesh.elements_per_cohesive_length": 100.0,
        }
        model = solved(model_of(changes), load=0.0)
        model.evaluate()
        (joint,) = model.joints
        total = model.elastic_energy() + joint.integral(joint.values("stored"))
        found.append(total * model.stress_scale * model.L**2)
        model.close()
    return np.array(found)


def main() -> None:
    D = blisters.bending_stiffness(E, NU, H)
    rows = []
    small = 24.0 * D * 0.01 * H / A**4
    for name, strip, changes in (("strip", True, {}), ("disc", False, DISC)):
        small = 0.01 * H * (24.0 if strip else 64.0) * D / A**4
        linear = deflection([small], FINE, changes)[0] / (0.01 * H) - 1.0
        pressures = small * np.array([50.0, 100.0, 200.0, 400.0, 800.0])
        large = deflection(pressures, FINE, SVK, changes)
        exact = np.array([plate(strip, p) for p in pressures])
        errors = large / exact - 1.0
        rows.append([name, f"{100 * linear:+.2f} %", f"{exact[0] / H:.2f} to {exact[-1] / H:.2f}"])
        rows[-1] += [f"{100 * errors.min():+.2f} to {100 * errors.max():+.2f} %"]
    print(common.markdown(("plate", "small deflection", "w0/h", "large deflection"), rows))
    rows = []
    with common.picture(HERE / "elastic_films.png") as made:
        left, right = made.subplots(1, 2)
        for name, changes, critical, shape in (
            ("strip", {}, films.strip_buckling_stress(E, NU, H, A), films.buckled_strip),
            ("disc", DISC, films.circular_buckling_stress(E, NU, H, A), films.buckled_disc),
        ):
            stresses = critical * np.concatenate(
                [np.linspace(0.0, 0.9, 10), np.linspace(0.95, 1.2, 11)[1:], np.linspace(1.3, 2.0, 8)]
            )
            pull = 1e-4 * H * (24.0 if name == "strip" else 64.0) * D / A**4
            found, southwell = buckling(stresses, FINE, changes, pull=pull)
            exact, _ = shape(stresses, E, NU, H, A)
            after = stresses > 1.15 * critical
            errors = found[after] / exact[after] - 1.0
            rows.append([name, f"{critical / 1e6:.3f} MPa", f"{100 * (southwell / critical - 1.0):+.2f} %"])
            rows[-1] += [f"{100 * errors.min():+.2f} to {100 * errors.max():+.2f} %"]
            (line,) = left.plot(stresses / critical, found / H, "o", markersize=3.5, label=name)
            left.plot(stresses / critical, exact / H, "-", color=line.get_color(), linewidth=1.0)
        left.set(xlabel="compression over buckling stress", ylabel="deflection over thickness")
        left.legend()
        print(common.markdown(("buckling", "plate theory", "Southwell", "w0 beyond 1.15"), rows))
        ratios, curves = np.array([0.02, 0.05, 0.1, 0.3, 1.0]), []
        for ratio in ratios:
            curves.append([bilayer(ratio * H_S, residual) for residual in (True, False)])
        rows = [
            [
                f"{ratio}",
                *(f"{100 * (one.found / one.exact - 1.0):+.2f} %" for one in pair),
                f"{100 * (pair[0].stoney / pair[0].exact - 1.0):+.1f} %",
            ]
            for ratio, pair in zip(ratios, curves, strict=True)
        ]
        print(
            common.markdown(
                ("film over substrate", "residual stress", "eigenstrain", "Stoney's formula"), rows
            )
        )
        right.loglog(
            ratios, [pair[0].exact * H_S for pair in curves], "-", label="exact bilayer", linewidth=1.0
        )
        right.loglog(ratios, [pair[0].stoney * H_S for pair in curves], ":", color="0.5", label="Stoney")
        right.loglog(
            ratios, [pair[0].found * H_S for pair in curves], "o", markersize=4, label="residual stress"
        )
        right.loglog(ratios, [pair[1].found * H_S for pair in curves], "x", label="eigenstrain")
        right.set(xlabel="film over substrate thickness", ylabel="curvature times substrate thickness")
        right.legend()
    energies = release(STRESS, (16.0 * H, 14.0 * H))
    G, exact = (energies[0] - energies[1]) / (2.0 * H), float(films.plane_strain_release(STRESS, E, NU, H))
    print(f"release of {STRESS / 1e9:g} GPa: {G:.6g} J/m^2, {100 * (G / exact - 1.0):+.3f} %")


if __name__ == "__main__":
    main()
