"""Meshes from files: named groups come back, and everything that does not fit the case is said at once."""

from pathlib import Path
from types import SimpleNamespace

import meshio
import numpy as np
import pytest
from dolfinx import fem
from mpi4py import MPI

from fem_sei.case.loader import load
from fem_sei.cli import main
from fem_sei.geometry.reader import MeshFileError, check_file
from fem_sei.geometry.stack import Box, MeshFile, MeshSizes, build_stack, write_msh

UM = 1e-6
ROOT = Path(__file__).parents[2]
TUTORIALS, MESHES = ROOT / "cases" / "tutorials", ROOT / "meshes"
BUMPS = TUTORIALS / "two_bumps.toml"
SIZES = MeshSizes(100e-9, 200e-9, [Box(0.0, UM, -0.1 * UM, 0.1 * UM, 0.0, UM)])


def geometry(dimension, **changes):
    layers = {"metal": 0.2, "coating": 0.4, "electrolyte": 0.4} | changes.pop("layers", {})
    given = {
        "dimension": dimension,
        "width": UM,
        "depth": 0.5 * UM,
        "layers": [SimpleNamespace(name=name, thickness=t * UM) for name, t in layers.items() if t],
        "features": [],
    }
    return SimpleNamespace(**given | changes)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The mesh of each dimension as fem-sei writes it."""
    folder = tmp_path_factory.mktemp("meshes")
    for dimension in (1, 2, 3):
        write_msh(folder / f"{dimension}.msh", geometry(dimension), SIZES)
    return folder


def areas(stack):
    """Size of every named part, in um^d."""
    one = fem.Constant(stack.mesh, 1.0)
    parts = [(stack.dx, stack.regions), (stack.dS, stack.interfaces), (stack.ds, stack.boundaries)]
    return {
        name: fem.assemble_scalar(fem.form(one * measure(tag)))
        for measure, tags in parts
        for name, tag in tags.items()
    }


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_a_mesh_written_is_the_mesh_read(files, dimension):
    built = build_stack(geometry(dimension), SIZES, MPI.COMM_SELF)
    file = MeshFile(files / f"{dimension}.msh", UM)
    read = build_stack(geometry(dimension), SIZES, MPI.COMM_SELF, file=file)
    assert areas(read) == pytest.approx(areas(built), rel=1e-12)
    assert read.summary() == pytest.approx(built.summary(), rel=1e-9)


def test_the_unit_of_the_file_counts(files):
    large = geometry(2, layers={"metal": 200, "coating": 400, "electrolyte": 400}, width=1e-3)
    read = build_stack(large, SIZES, MPI.COMM_SELF, file=MeshFile(files / "2.msh", 1e-3))
    assert areas(read)["top"] == pytest.approx(1000.0, rel=1e-12)


@pytest.mark.parametrize("dimension", [2, 3])
def test_formats_of_meshio_keep_their_groups(files, tmp_path, dimension):
    mesh = meshio.read(files / f"{dimension}.msh")
    kinds = {2: ("triangle", "line"), 3: ("tetra", "triangle")}[dimension]
    names = {tag: name for name, (tag, _) in mesh.field_data.items()}
    cells, tags = [], {}
    for kind in kinds:  # what .med files hold: a family of each cell
        cells.append((kind, mesh.cells_dict[kind]))
        found = mesh.cell_data_dict["gmsh:physical"][kind]
        tags |= {-int(tag): [names[tag]] for tag in np.unique(found)}
    families = [-mesh.cell_data_dict["gmsh:physical"][kind].astype(int) for kind in kinds]
    other = meshio.Mesh(mesh.points[:, :dimension], cells, cell_data={"cell_tags": families})
    other.cell_tags = tags
    other.write(tmp_path / "stack.med")
    read = build_stack(geometry(dimension), SIZES, MPI.COMM_SELF, file=MeshFile(tmp_path / "stack.med", UM))
    built = build_stack(geometry(dimension), SIZES, MPI.COMM_SELF)
    assert areas(read) == pytest.approx(areas(built), rel=1e-12)


def test_element_sets_of_abaqus_are_groups(files, tmp_path):
    mesh = meshio.read(files / "2.msh")
    cells = [(kind, mesh.cells_dict[kind]) for kind in ("triangle", "line")]
    sets = {
        name: [found.get(kind, np.zeros(0, dtype=int)) for kind in ("triangle", "line")]
        for name, found in mesh.cell_sets_dict.items()
        if name in ("metal", "coating", "electrolyte", "top")
    }
    meshio.Mesh(mesh.points, cells, cell_sets=sets).write(tmp_path / "stack.inp")
    read = build_stack(geometry(2), SIZES, MPI.COMM_SELF, file=MeshFile(tmp_path / "stack.inp", UM))
    assert areas(read) == pytest.approx(
        {"metal": 0.2, "coating": 0.4, "electrolyte": 0.4, "top": 1.0}, rel=1e-9
    )


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        (
            {"layers": {"coating": 0, "coatings": 0.4}, "width": 2 * UM},
            [
                'has no group of cells "coatings". Did you mean "coating"?',
                "reaches from 0 m to 1 um along x, the case from 0 m to 2 um",
            ],
        ),
        ({"layers": {"coating": 0, "electrolyte": 0.8}}, ["cells that belong to no layer"]),
        (
            {"layers": {"oxide": 0.1}},
            ['has no group of cells "oxide". There are: metal, coating, electrolyte.'],
        ),
        ({"dimension": 3}, ["needs tetrahedra of first order and nothing else, not"]),
    ],
)
def test_what_does_not_fit_is_said(files, changes, problems):
    with pytest.raises(MeshFileError) as error:
        build_stack(
            geometry(**{"dimension": 2} | changes), SIZES, MPI.COMM_SELF, file=MeshFile(files / "2.msh", UM)
        )
    for problem in problems:
        assert problem in str(error.value)


def test_bad_mesh_files_end_with_2_and_leave_nothing(files, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "case.toml").write_text(BUMPS.read_text() + "\n")
    (tmp_path / "broken.msh").write_text("no mesh")
    for file, words in {
        "missing.msh": "there is no file",
        "broken.msh": "cannot be read",
        str(files / "2.msh"): "reaches from 0 m to 1 um along x",
    }.items():
        for verb in ("run", "check", "mesh"):
            assert main([verb, "case.toml", "--set", f"mesh.file={file}"]) == 2
            assert words in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.msh", "case.toml"]


def test_the_ready_meshes_fit_their_cases():
    check_file(load(TUTORIALS / "scratched_coating.toml").case)
    column = load(
        TUTORIALS.parent / "verification" / "planar_speed" / "case.toml",
        [
            "geometry.dimension=3",
            'geometry.width="100 nm"',
            'geometry.depth="100 nm"',
            f"mesh.file={MESHES / 'column_3d.msh'}",
        ],
    )
    check_file(column.case)
    for file in MESHES.glob("*.msh"):
        assert file.stat().st_size < 300_000
