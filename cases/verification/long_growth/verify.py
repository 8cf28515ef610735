"""Sixty l of growth: a sharp bump at uniform speed against Huygens' construction; see README.md."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from mpi4py import MPI
from scipy.spatial import cKDTree

from cases.verification import common, stepping
from fem_sei.case.loader import load
from fem_sei.closed_form.fronts import huygens_height
from fem_sei.closed_form.kinetics import butler_volmer, front_speed
from fem_sei.closed_form.surface import Surface
from fem_sei.studies import plating_setup

HERE = Path(__file__).parent
GROWTH = 60.0  # l


@dataclass(frozen=True)
class Growth:
    """Error of the front in elements (along the normal), largest widths and pieces on the way, the front."""

    errors: np.ndarray
    widths: tuple[float, float]
    pieces: int
    front: np.ndarray
    expected: np.ndarray


def grow(kind: str, elements: int) -> Growth:
    """Grow on a "structured" or a "Gmsh" mesh of size delta/elements."""
    case = load(HERE / "case.toml").case
    kinetics, V_m = case.kinetics, case.metal.value("V_m")
    (step,) = case.operation.steps
    drive = butler_volmer(step.potential, kinetics.exchange_current_density, kinetics.alpha, 1, 298.15)
    speed = float(front_speed(drive, V_m, 1))
    size = case.phase_field.interface_width / elements
    changes = (
        f"mesh.elements_across_interface={elements}",
        f"mesh.coarse_size={size} m",
        f"operation.steps[0].until.duration={GROWTH * case.l / speed} s",
    )
    case = load(HERE / "case.toml", changes).case
    width, (metal, above) = case.geometry.width, (layer.thickness for layer in case.geometry.layers)
    surface = Surface(case.geometry.features, 2, width)
    if kind == "structured":
        domain = stepping.rectangle((0, -metal), (width, above), size)
        model = stepping.model_on(stepping.one_region(domain, surface), case)
    else:
        model = plating_setup.build_model(case, MPI.COMM_WORLD)
    history = [(row["profile_width"], row["metal_regions"]) for row in stepping.rows(case, model)]
    widths, pieces = np.array(history).T
    x = np.linspace(0.0, width, 8001)
    mirrored = lambda s: surface.height(np.abs(np.where(s > width, 2 * width - s, s)))  # noqa: E731
    expected = np.stack([x, huygens_height(x, mirrored, GROWTH * case.l)], axis=1)
    front = stepping.front(model)
    distance, _ = cKDTree(expected).query(front)
    ahead = np.where(front[:, 1] > np.interp(front[:, 0], *expected.T), 1, -1)
    return Growth(ahead * distance / size, (widths.min(), widths.max()), int(pieces.max()), front, expected)


def coupled() -> common.Outcome:
    """Two bumps under a slow layer, coupled to salt and charge, over 60 l of mean growth."""
    return common.run(HERE / "coupled.toml", ["output.fields_every={count=1}"])


def main() -> None:
    found = {(kind, n): grow(kind, n) for kind in ("structured", "Gmsh") for n in (4, 6)}
    rows = [
        (
            kind,
            f"delta/{n}",
            f"{f.errors.min():+.2f} to {f.errors.max():+.2f}",
            f"{f.widths[0]:.2f} to {f.widths[1]:.2f}",
            f.pieces,
        )
        for (kind, n), f in found.items()
    ]
    print(common.markdown(("mesh", "h", "error of the front (h)", "width over delta", "metal regions"), rows))
    history = coupled().history
    widths = f"{history['profile_width'].min():.3f} to {history['profile_width'].max():.3f}"
    print(
        f"coupled: width {widths}, metal regions {history['metal_regions'].max():.0f}, "
        f"charge {history['charge_balance'].max():.0e}, salt {history['salt_balance'].max():.0e}, "
        f"roughness {history['roughness'][0] * 1e9:.0f} -> {history['roughness'][-1] * 1e9:.0f} nm"
    )
    with common.picture(HERE / "long_growth.png", width=7.0, height=4.5) as made:
        axes = made.subplots()
        some = found["Gmsh", 4]
        axes.plot(*(1e6 * some.expected.T), color="0.2", label="Huygens' construction")
        for ((kind, n), f), marker in zip(found.items(), ".x+|", strict=True):
            axes.plot(*(1e6 * f.front.T), marker, ms=4, label=f"{kind}, h = delta/{n}")
        axes.set_xlabel("x (µm)")
        axes.set_ylabel("front after 60 l of growth (µm)")
        axes.legend(frameon=False)


if __name__ == "__main__":
    main()
