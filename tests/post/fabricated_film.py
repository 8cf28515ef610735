"""Run folders of delamination made by hand: a strip or a disc that bends over its flaw like a plate."""

from itertools import permutations
from pathlib import Path

import numpy as np
from mpi4py import MPI

from fem_sei.results.fields import FieldSeries, Grid
from fem_sei.results.history import History, SummaryRow, write_summary
from fem_sei.results.manifest import Manifest
from fem_sei.results.run_folder import RunFolder

COMM = MPI.COMM_SELF
NM, MPA = 1e-9, 1e6
FLAW, WIDTH = 8 * NM, 40 * NM
STIFFNESS = 50e9 / (1 - 0.25**2)  # E', Pa
STRENGTH = 100 * MPA
STEPS = 20
UNITS = {
    "step": "",
    "load_factor": "",
    "pressure": "Pa",
    "opening": "m",
    "max_opening": "m",
    "opened_volume": "m^2",
    "debonded": "m",
    "process_zone": "m",
    "max_damage": "",
    "max_traction": "Pa",
    "reaction": "N/m",
    "elastic_energy": "J/m",
    "interface_energy": "J/m",
    "dissipated_energy": "J/m",
    "viscous_energy": "J/m",
    "external_work": "J/m",
    "work_balance": "",
    "newton_iterations": "",
    "linear_iterations": "",
}


def pressure(step, critical):
    """Rises to the critical pressure at 3/4 of the steps, then falls."""
    part = step / (0.75 * STEPS)
    return critical * part * (2.0 - part)


def half_length(step):
    """Where the film is held: it gives way towards the end."""
    return FLAW * (1.0 + 0.5 * (step / STEPS) ** 3)


def deflection(r, step, critical, thickness, round_flaw=False):
    """Of a clamped plate of half length a: p (a^2 - x^2)^2 / (24 D'), of a disc p (a^2 - r^2)^2 / (64 D)."""
    rigidity = STIFFNESS * thickness**3 / 12.0 * (64.0 if round_flaw else 24.0)
    a = half_length(step)
    return pressure(step, critical) / rigidity * np.clip(a**2 - r**2, 0.0, None) ** 2


def row(step, critical, thickness):
    p, a = pressure(step, critical), half_length(step)
    w = deflection(0.0, step, critical, thickness)
    work = 0.5 * p * w * a * 8.0 / 15.0
    dissipated = 0.2 * (a - FLAW)
    values = [step, p / critical, p, w, w, w * a * 8 / 15, max(0.0, a - 1.3 * FLAW), a - FLAW, 1.0]
    values += [STRENGTH * min(1.0, step / 5.0), -p * FLAW, 0.8 * work, 0.2 * work, dissipated, 0.0]
    values += [work + dissipated, 1e-9 * step, 4, 0 if step % 2 else 9]
    return dict(zip(UNITS, values, strict=True))


def strip(thickness, layers=2, across=120, up=3):
    """Points, triangles and regions of a strip of ``layers`` layers, each with points of its own."""
    points, cells, regions = [], [], []
    for layer in range(layers):
        x, y = np.meshgrid(
            np.linspace(0.0, WIDTH, across + 1),
            thickness / layers * (layer + np.linspace(0.0, 1.0, up + 1)),
        )
        corner = (np.arange(up)[:, None] * (across + 1) + np.arange(across)).ravel() + sum(map(len, points))
        above = corner + across + 1
        cells += [
            np.column_stack([corner, corner + 1, above + 1]),
            np.column_stack([corner, above + 1, above]),
        ]
        points.append(np.column_stack([x.ravel(), y.ravel(), np.zeros(x.size)]))
        regions += [np.full(2 * len(corner), layer + 1)]
    return np.concatenate(points), np.concatenate(cells), np.concatenate(regions)


def block(thickness, across=20, up=2):
    """Points and tetrahedra of a quarter of a film."""
    axes = [np.linspace(0.0, WIDTH / 2, across + 1)] * 2 + [np.linspace(0.0, thickness, up + 1)]
    shape = [len(axis) for axis in axes]
    number = np.arange(np.prod(shape)).reshape(shape)
    cells = []
    for order in permutations(np.eye(3, dtype=int)):  # Kuhn's six tetrahedra of a cube
        path = np.cumsum([np.zeros(3, dtype=int), *order], axis=0)
        cells.append(
            np.column_stack(
                [
                    number[tuple(slice(s, n - 1 + s) for s, n in zip(at, shape, strict=True))].ravel()
                    for at in path
                ]
            )
        )
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    cells = np.concatenate(cells)
    return points, cells, np.ones(len(cells), dtype=int)


def film_fields(points, step, critical, thickness, dimension):
    """Kirchhoff's plate: u = -(z - h/2) grad w, sigma_rr = -E' (z - h/2) w''."""
    r = np.linalg.norm(points[:, : dimension - 1], axis=1)
    lever, small = points[:, dimension - 1] - thickness / 2.0, 1e-3 * NM

    def w(at):
        return deflection(at, step, critical, thickness, dimension == 3)

    slope = (w(r + small) - w(np.abs(r - small))) / (2.0 * small)
    curvature = (w(r + small) - 2.0 * w(r) + w(np.abs(r - small))) / small**2
    u = np.zeros((len(points), 3))
    outwards = points[:, : dimension - 1] / np.maximum(r, small)[:, None]
    u[:, : dimension - 1] = -(lever * slope)[:, None] * outwards
    u[:, dimension - 1] = w(r)
    stress = np.zeros((len(points), 9))
    stress[:, 0] = -STIFFNESS * lever * curvature
    stress[:, 8] = 0.25 * stress[:, 0]
    size = np.abs(stress[:, 0]) * np.sqrt(1.0 - 0.25 + 0.25**2)
    return {
        "displacement": u,
        "stress": stress,
        "von_mises": size,
        "principal_max": np.maximum(stress[:, 0], 0.0),
        "principal_min": np.minimum(stress[:, 0], 0.0),
    }


def interface_fields(points, step, critical, thickness, dimension):
    r = np.linalg.norm(points[:, : dimension - 1], axis=1)
    a = half_length(step)
    damage = np.where(r < FLAW, 1.0, np.clip((a - r) / (0.5 * FLAW), 0.0, 1.0))
    ahead = np.exp(-np.clip(r - a, 0.0, None) / (2 * NM)) * (r > FLAW)
    traction = STRENGTH * min(1.0, step / 5.0) * ahead * (1.0 - damage)
    return {
        "damage": damage,
        "delta_n": deflection(r, step, critical, thickness, dimension == 3),
        "delta_t": 0.1 * deflection(r, step, critical, thickness, dimension == 3),
        "traction_n": traction,
        "traction_t": 0.4 * traction * np.cos((r - a) / (3 * NM)),
        "energy_damage": damage**3,
    }


def make_film(
    folder: Path,
    thickness: float = 4 * NM,
    critical: float = 117.4 * MPA,
    given: float = 100 * MPA,
    dimension: int = 2,
    variant: str | None = None,
    finished: bool = True,
    leave_out: tuple[str, ...] = (),
) -> Path:
    """A film on a rigid metal with a pressurised flaw at its left end; ``leave_out`` are fields."""
    run = RunFolder.create(folder, COMM)
    layers = [
        {"name": "metal", "bottom": -20 * NM, "top": 0.0, "rigid": True},
        {"name": "sei", "bottom": 0.0, "top": thickness},
    ]
    flaw = {"start": 0.0, "end": FLAW} if dimension == 2 else {"centre": [0.0, 0.0], "radius": FLAW}
    manifest = Manifest(
        run.manifest,
        COMM,
        name="film",
        title="SEI film on Li, flaw under pressure",
        study="delamination",
        variant=variant,
        case={"interfaces": [{"on": "metal|sei", "flaw": flaw}], "loading": {"pressure": given}},
        mesh={"dimension": dimension, "mirror": False, "width": WIDTH, "layers": layers},
    )
    if dimension == 2:
        points, cells, regions = strip(thickness)
        on_interface = np.linspace(0.0, WIDTH, 301)[:, None] * (1.0, 0.0, 0.0)
    else:
        points, cells, regions = block(thickness)
        across = np.linspace(0.0, WIDTH / 2, 41)
        x, y = np.meshgrid(across, across)
        on_interface = np.column_stack([x.ravel(), y.ravel(), 0.0 * x.ravel()])
    number = np.zeros(len(on_interface), dtype=np.int32)
    cloud = Grid(on_interface, np.arange(len(number))[:, None], "vertex", {"interface": number})
    kind = {2: "triangle", 3: "tetra"}[dimension]
    films = FieldSeries(run, Grid(points, cells, kind, {"region": regions}))
    interfaces = FieldSeries(run, cloud, "interface")
    last = STEPS if finished else STEPS // 2
    with History(run.history, UNITS, COMM) as history:
        for step in range(last + 1):
            if step > 0:
                history.append(row(step, critical, thickness))
            if step % 4 == 0:
                arguments = step, critical, thickness, dimension
                for series, make, at in (
                    (films, film_fields, points),
                    (interfaces, interface_fields, on_interface),
                ):
                    fields = make(at, *arguments)
                    series.write(step, {name: fields[name] for name in fields if name not in leave_out})
    if finished:
        manifest.finish(0, result=result(thickness, critical, given))
    return folder


def result(thickness, critical, given):
    """What the run found at the given pressure."""
    found = {"outcome": "delaminates", "critical_pressure": critical, "pressure": given}
    if given is not None and given < critical:
        step = 0.75 * STEPS * (1.0 - np.sqrt(1.0 - given / critical))
        opening = deflection(0.0, step, critical, thickness)
        found |= {"outcome": "equilibrium", "opening": opening, "normalised_opening": opening / thickness}
    return found


def make_sweep(folder: Path) -> Path:
    """Four thicknesses on two metals; one film comes off."""
    run = RunFolder.create(folder, COMM)
    rows = []
    for metal, given in (("Li", 100 * MPA), ("Na", 59 * MPA)):
        for thickness, critical in ((4, 89.1), (6, 150.0), (10, 260.0), (20, 640.0)):
            name = f"{thickness}nm_{metal}"
            make_film(folder / name, thickness * NM, critical * MPA, given, variant=name)
            found = result(thickness * NM, critical * MPA, given)
            rows.append(SummaryRow(name, "done", found, {"thickness": f"{thickness} nm", "metal": metal}))
    units = {
        "outcome": "",
        "critical_pressure": "Pa",
        "pressure": "Pa",
        "opening": "m",
        "normalised_opening": "",
    }
    write_summary(run.summary, units, rows, COMM)
    names = [row.name for row in rows]
    entries = {"name": "films", "title": "SEI films on Li and Na", "study": "delamination"}
    manifest = Manifest(
        run.manifest, COMM, kind="variants", variants=names, axes=["thickness", "metal"], **entries
    )
    manifest.finish(0)
    return folder
