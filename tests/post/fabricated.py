"""Run folders made by hand: analytic fields on small meshes, in the format that a run writes."""

import json
from itertools import permutations
from pathlib import Path

import meshio
import numpy as np

SITES = 7.64e4 * 96485.33212  # C/m^3 in the metal
WIDTH, METAL, COATING, TOP = 2e-6, 0.2e-6, 1.2e-6, 4.2e-6
INTERFACE = 25e-9 / 4.0
LAYERS = [
    {"name": "metal", "bottom": -METAL, "top": 0.0},
    {"name": "coating", "bottom": 0.0, "top": COATING},
    {"name": "electrolyte", "bottom": COATING, "top": TOP},
]
COLUMNS = (
    "step,time [s],dt [s],current_density [A/m^2],cell_voltage [V],charge [C/m^2],deposited_thickness [m],"
    "tip [m],valley [m],roughness [m],c_tip [mol/m^3],c_valley [mol/m^3],c_min [mol/m^3],charge_balance,"
    "salt_balance,profile_width,metal_regions,newton_iterations,linear_iterations"
)


def surface(x, grown, sharpening):
    return grown + 0.2e-6 * (1.0 + sharpening * grown / 0.3e-6) * np.exp(-(((x - 1e-6) / 0.2e-6) ** 2))


def salt(depth, drop):
    return 1000.0 * (1.0 - drop * np.clip(depth / COATING, 0.0, 1.0))


def write_manifest(folder: Path, dimension: int, variant: str | None, **entries) -> None:
    manifest = {
        "schema": 1,
        "kind": "run",
        "name": "two_bumps",
        "title": "Li plating under a film",
        "study": "plating",
        "status": "done",
        "exit_code": 0,
        "variant": variant,
        "variants": [],
        "case": {"operation": {"mode": "galvanostatic"}},
        "mesh": {"dimension": dimension, "mirror": dimension == 2, "width": WIDTH, "layers": LAYERS},
    }
    (folder / "run.json").write_text(json.dumps(manifest | entries))


def write_history(folder: Path, sharpening: float, drop: float, steps: int = 40) -> None:
    grown = np.linspace(0.0, 0.3e-6, steps + 1)[1:]
    tip = surface(1e-6, grown, sharpening)
    rows = np.column_stack(
        [
            np.arange(steps) + 1,
            grown * SITES / 10.0,
            np.full(steps, grown[0] * SITES / 10.0) * np.linspace(0.2, 2.0, steps),
            np.full(steps, 10.0),
            -0.02 - 0.05 * drop * (1.0 - np.exp(-grown / 2e-8)),
            grown * SITES,
            grown,
            tip,
            grown,
            tip - grown,
            salt(COATING - tip, drop),
            salt(COATING - grown, drop),
            salt(COATING - grown, drop) - 1.0,
            np.geomspace(1e-16, 1e-12, steps),
            np.zeros(steps),
            1.0 + 0.01 * np.sin(np.arange(steps)),
            np.ones(steps),
            np.full(steps, 3),
            np.full(steps, 9),
        ]
    )
    lines = [",".join(repr(float(value)) for value in row) for row in rows]
    (folder / "history.csv").write_text("\n".join([COLUMNS, *lines]) + "\n")


def write_fields(folder: Path, points, cells, kind, xi, c, phi_e, times) -> None:
    """Two pieces per time, as two ranks write them; the fields are functions of (points, time)."""
    (folder / "fields").mkdir()
    middle = points[cells].mean(axis=1)
    halves = middle[:, 0] < np.median(middle[:, 0])
    entries = []
    for number, time in enumerate(times):
        stem = f"fields_{number:06d}"
        for rank, mine in enumerate((halves, ~halves)):
            nodes, local = np.unique(cells[mine], return_inverse=True)
            own = points[nodes]
            meshio.Mesh(
                own,
                [(kind, local.reshape(-1, cells.shape[1]))],
                point_data={"xi": xi(own, time), "c": c(own, time), "phi_e": phi_e(own, time)},
                cell_data={"region": [np.ones(mine.sum(), dtype=np.int32)]},
            ).write(folder / "fields" / f"{stem}_{rank:04d}.vtu", file_format="vtu")
        (folder / "fields" / f"{stem}.pvtu").write_text(
            '<VTKFile type="PUnstructuredGrid" version="0.1" byte_order="LittleEndian"><PUnstructuredGrid>'
            '<PPoints><PDataArray type="Float64" NumberOfComponents="3"/></PPoints><PPointData>'
            + "".join(f'<PDataArray type="Float64" Name="{name}"/>' for name in ("xi", "c", "phi_e"))
            + '</PPointData><PCellData><PDataArray type="Int32" Name="region"/></PCellData>'
            + "".join(f'<Piece Source="{stem}_{rank:04d}.vtu"/>' for rank in (0, 1))
            + "</PUnstructuredGrid></VTKFile>"
        )
        entries.append(f'<DataSet timestep="{time!r}" part="0" file="fields/{stem}.pvtu"/>')
    (folder / "fields.pvd").write_text(
        '<VTKFile type="Collection" version="0.1"><Collection>' + "".join(entries) + "</Collection></VTKFile>"
    )


def make_run(
    folder: Path, variant: str | None = None, sharpening: float = 2.0, drop: float = 0.8, outputs: int = 7
) -> Path:
    """The right half of a cell with two bumps that grow sharper."""
    folder.mkdir(parents=True)
    write_manifest(folder, 2, variant)
    write_history(folder, sharpening, drop)
    across = np.linspace(0.0, WIDTH, 61)
    up = np.concatenate([np.linspace(-METAL, COATING, 141), np.linspace(COATING, TOP, 21)[1:]])
    x, y = np.meshgrid(across, up)
    points = np.column_stack([x.ravel(), y.ravel(), np.zeros(x.size)])
    corner = (np.arange(len(up) - 1)[:, None] * len(across) + np.arange(len(across) - 1)).ravel()
    row = len(across)
    cells = np.vstack(
        [
            np.column_stack([corner, corner + 1, corner + row + 1]),
            np.column_stack([corner, corner + row + 1, corner + row]),
        ]
    )

    def height(p, time):
        return surface(p[:, 0], time * 10.0 / SITES, sharpening)

    def xi(p, time):
        return 0.5 * (1.0 - np.tanh((p[:, 1] - height(p, time)) / (2.0 * INTERFACE)))

    def c(p, time):
        return salt(COATING - np.maximum(p[:, 1], height(p, time)), drop if time > 0.0 else 0.0)

    def phi_e(p, time):
        return -0.02 + 0.05 * np.log(c(p, time) / 1000.0)

    times = [float(time) for time in np.linspace(0.0, 0.3e-6 * SITES / 10.0, outputs)]
    write_fields(folder, points, cells, "triangle", xi, c, phi_e, times)
    return folder


def make_solid_run(folder: Path, drop: float = 0.8) -> Path:
    """A hill in the middle of a block, structured tetrahedra."""
    folder.mkdir(parents=True)
    case = {
        "operation": {"mode": "galvanostatic"},
        "conditions": {"temperature": 298.15},
        "kinetics": {"exchange_current_density": 10.0, "alpha": 0.5, "reference_concentration": 1000.0},
    }
    write_manifest(folder, 3, None, case=case, materials=[{"material": "Li", "property": "z", "value": 1}])
    write_history(folder, 0.0, drop)
    axes = [np.linspace(0.0, WIDTH, 25), np.linspace(0.0, WIDTH / 2, 15), np.linspace(-METAL, TOP, 80)]
    shape = [len(axis) for axis in axes]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    number = np.arange(len(points)).reshape(shape)
    corner = {
        (i, j, k): number[i : shape[0] - 1 + i, j : shape[1] - 1 + j, k : shape[2] - 1 + k].ravel()
        for i in (0, 1)
        for j in (0, 1)
        for k in (0, 1)
    }
    cells = []
    for order in permutations(np.eye(3, dtype=int)):  # Kuhn's six tetrahedra of a cube
        path = np.cumsum([np.zeros(3, dtype=int), *order], axis=0)
        cells.append(np.column_stack([corner[tuple(place)] for place in path.tolist()]))

    def height(p, time):
        r2 = (p[:, 0] - 1e-6) ** 2 + (p[:, 1] - 0.5e-6) ** 2
        return time * 10.0 / SITES + 0.2e-6 * np.exp(-r2 / 0.4e-6**2)

    def xi(p, time):
        return 0.5 * (1.0 - np.tanh((p[:, 2] - height(p, time)) / 50e-9))

    def c(p, time):
        return salt(COATING - p[:, 2], drop if time > 0.0 else 0.0)

    def phi_e(p, time):
        return 0.02 + 0.05 * np.log(c(p, time) / 1000.0)

    write_fields(folder, points, np.vstack(cells), "tetra", xi, c, phi_e, [0.0, 0.15e-6 * SITES / 10.0])
    return folder


def make_planar_run(folder: Path, variant: str | None = None, drop: float = 0.8) -> Path:
    """A flat front in one dimension."""
    folder.mkdir(parents=True)
    write_manifest(folder, 1, variant)
    write_history(folder, 0.0, drop)
    rng = np.random.default_rng(1)
    x = rng.permutation(np.linspace(-METAL, TOP, 900))  # the points of a mesh are in no order
    order = np.argsort(x)
    points = np.column_stack([x, np.zeros((len(x), 2))])

    def xi(p, time):
        return 0.5 * (1.0 - np.tanh((p[:, 0] - time * 10.0 / SITES) / (2.0 * INTERFACE)))

    def c(p, time):
        return salt(COATING - p[:, 0], drop if time > 0.0 else 0.0)

    def phi_e(p, time):
        return 0.05 * np.log(c(p, time) / 1000.0)

    times = [float(time) for time in np.linspace(0.0, 0.3e-6 * SITES / 10.0, 5)]
    cells = np.column_stack([order[:-1], order[1:]])
    write_fields(folder, points, cells, "line", xi, c, phi_e, times)
    return folder


def make_variants(folder: Path) -> Path:
    names = ["Al2O3", "bare"]
    folder.mkdir()
    write_manifest(folder, 2, None, kind="variants", variants=names)
    for name, sharpening, drop in zip(names, (3.0, 0.4), (0.9, 0.3), strict=True):
        make_run(folder / name, name, sharpening, drop, outputs=4)
    return folder
