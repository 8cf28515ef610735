"""Run folders of film growth made by hand: a bump that decays under a film which follows it."""

from pathlib import Path

import numpy as np
from fabricated_film import strip
from mpi4py import MPI

from fem_sei.results.fields import FieldSeries, Grid
from fem_sei.results.history import History, SummaryRow, write_summary
from fem_sei.results.manifest import Manifest
from fem_sei.results.run_folder import RunFolder

COMM = MPI.COMM_SELF
NM, MPA = 1e-9, 1e6
WIDTH, HEIGHT, GROWN = 40 * NM, 1 * NM, 2 * NM
STEPS, OUTPUTS_EVERY = 12, 3
UNITS = {
    "step": "",
    "time": "s",
    "dt": "s",
    "current_density": "A/m^2",
    "thickness": "m",
    "amplitude_far": "m",
    "amplitude_lowest": "m",
    "amplitude_ratio": "",
    "traction_tip": "Pa",
    "peak_compression": "Pa",
    "peak_tension": "Pa",
    "charge_balance": "",
    "shape_error": "",
    "work_balance": "",
    "max_opening": "m",
    "max_damage": "",
    "opened_length": "m",
    "newton_iterations": "",
}
SUMMARY = {
    "outcome": "",
    "grown": "m",
    "amplitude_ratio": "",
    "max_damage": "",
    "onset_thickness": "m",
}


def bump(x):
    return HEIGHT * np.exp(-((x / (5 * NM)) ** 2))


def ratio(step, left):
    """Falls linearly to ``left``."""
    return 1.0 - (1.0 - left) * step / STEPS


def row(step, left, moat, damage):
    part = step / STEPS
    far = HEIGHT * ratio(step, left)
    values = [step, 0.1 * part, 0.1 / STEPS, 70.0 - 20.0 * part, GROWN * part, far, far + moat * part]
    values += [ratio(step, left), -150 * MPA * part, -300 * MPA * part, 50 * MPA * part * (1.0 - part)]
    values += [1e-14, 1e-6, 1e-5, 0.01 * NM * damage * part, damage * part]
    values += [0.0 if damage < 1.0 else 5 * NM * part, 3 * step]
    return dict(zip(UNITS, values, strict=True))


def displacement(x, step, left):
    u = np.zeros((len(x), 3))
    u[:, 1] = GROWN * step / STEPS + bump(x) * (ratio(step, left) - 1.0)
    return u


def make_growth(
    folder: Path,
    thickness: float = 4 * NM,
    left: float = 0.5,
    moat: float = 0.0,
    damage: float | None = None,
    variant: str | None = None,
    finished: bool = True,
    dimension: int = 2,
) -> Path:
    """A film on a bump, the right half of it; with ``damage`` (at the end) it may come off."""
    run = RunFolder.create(folder, COMM)
    layers = [
        {"name": "metal", "bottom": -20 * NM, "top": 0.0, "rigid": True},
        {"name": "film", "bottom": 0.0, "top": thickness},
    ]
    manifest = Manifest(
        run.manifest,
        COMM,
        name="growth",
        title="Lithium plated under a film",
        study="film_growth",
        variant=variant,
        case={"interfaces": [] if damage is None else [{"on": "metal|film"}]},
        mesh={"dimension": dimension, "mirror": True, "width": WIDTH, "layers": layers},
    )
    points, cells, regions = strip(thickness, layers=1, across=60)
    points[:, 1] += bump(points[:, 0])
    x = np.linspace(0.0, WIDTH, 121)
    on_surface = np.column_stack([x, bump(x), 0.0 * x])
    lines = np.column_stack([np.arange(120), np.arange(1, 121)])
    films = FieldSeries(run, Grid(points, cells, "triangle", {"region": regions}))
    surface = FieldSeries(run, Grid(on_surface, lines, "line", {}), "interface")
    with History(run.history, UNITS, COMM) as history:
        for step in range((STEPS if finished else STEPS // 2) + 1):
            found = row(step, left, moat, damage or 0.0)
            if step > 0:
                history.append(found)
            if step % OUTPUTS_EVERY == 0:
                fall = np.exp(-((points[:, 1] / thickness) ** 2)) * bump(points[:, 0]) / HEIGHT
                u = displacement(points[:, 0], step, left)
                films.write(found["time"], {"displacement": u, "von_mises": 1e9 * fall * step / STEPS})
                zigzag = (-1.0) ** np.arange(len(x))
                surface.write(
                    found["time"],
                    {
                        "displacement": displacement(x, step, left),
                        "traction_n": -100 * MPA * step / STEPS * (bump(x) / HEIGHT + 0.5 * zigzag),
                        "traction_t": 30 * MPA * step / STEPS * np.sin(x / (5 * NM)),
                        "current_density": 70.0 - 20.0 * bump(x) / HEIGHT,
                        "delta_n": np.zeros(len(x)),
                    },
                )
    if finished:
        manifest.finish(0)
    return folder


def make_growth_sweep(
    folder: Path, cohesive: bool = True, strengths: tuple[str, ...] = ("100", "300")
) -> Path:
    """Three thicknesses and two strengths: the thickest film smooths most, but comes off where it is weak."""
    run = RunFolder.create(folder, COMM)
    rows = []
    for strength, damages in zip(strengths, ((0.0, 0.02, 0.1), (0.0, 0.004, 0.05)), strict=True):
        for thickness, left, damage in zip((2, 4, 8), (0.8, 0.75, 0.6), damages, strict=True):
            name = f"{thickness}nm_{strength}"
            moat = 0.1 * HEIGHT if thickness == 4 else 0.0
            own = damage if cohesive else None
            make_growth(folder / name, thickness * NM, left, moat, own, variant=name)
            found = {"outcome": "grows", "grown": GROWN, "amplitude_ratio": left}
            found |= {"max_damage": damage if cohesive else 0.0}
            if cohesive and damage > 0.0:
                found |= {"outcome": "damaged", "onset_thickness": 0.5 * GROWN}
            axes = {"thickness": f"{thickness} nm", "strength": strength}
            rows.append(SummaryRow(name, "done", found, axes))
    write_summary(run.summary, SUMMARY, rows, COMM)
    manifest = Manifest(
        run.manifest,
        COMM,
        kind="variants",
        variants=[row.name for row in rows],
        axes=["thickness", "strength"],
        name="films",
        title="Films of several thicknesses",
        study="film_growth",
    )
    manifest.finish(0)
    return folder
