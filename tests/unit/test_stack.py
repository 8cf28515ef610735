"""Stacks in one process: names, measures, sizes, quality, and what is refused."""

from types import SimpleNamespace

import numpy as np
import pytest
from dolfinx import fem
from mpi4py import MPI

from fem_sei.geometry import stack as stack_module
from fem_sei.geometry.regions import check_tags
from fem_sei.geometry.sizes import SizeField
from fem_sei.geometry.stack import Box, MeshError, MeshSizes, build_stack, write_msh
from fem_sei.numerics import compat

NM, UM = 1e-9, 1e-6
GAMMA_LEAST = 0.4  # triangles: ratio of inscribed to circumscribed circle


def case_geometry(*layers, width=None, features=()):
    """What a case's geometry looks like: layers are (name, thickness)."""
    return SimpleNamespace(
        dimension=1 if width is None else 2,
        width=width,
        mirror=False,
        layers=[SimpleNamespace(name=name, thickness=thickness) for name, thickness in layers],
        features=list(features),
    )


def bump(at, height, width):
    return SimpleNamespace(kind="bump", at=at * UM, height=height * UM, width=width * UM)


COATED = case_geometry(
    ("metal", 0.2 * UM),
    ("coating", 0.6 * UM),
    ("electrolyte", 1 * UM),
    width=1 * UM,
    features=[bump(0.5, 0.2, 0.2)],
)
SIZES = MeshSizes(25 * NM, 200 * NM, [Box(0.0, 1 * UM, -50 * NM, 300 * NM)])


@pytest.fixture(scope="module")
def coated():
    return build_stack(COATED, SIZES, MPI.COMM_SELF)


def test_names_come_back(coated):
    assert list(coated.regions) == ["metal", "coating", "electrolyte"]
    assert list(coated.interfaces) == ["metal|coating", "coating|electrolyte"]
    assert list(coated.boundaries) == ["bottom", "top", "left", "right"]
    assert set(coated.cell_tags.values) == set(coated.regions.values())
    assert set(coated.facet_tags.values) == {*coated.interfaces.values(), *coated.boundaries.values()}
    assert coated.layers == {
        "metal": pytest.approx((-0.2 * UM, 0.0)),
        "coating": pytest.approx((0.0, 0.6 * UM)),
        "electrolyte": pytest.approx((0.6 * UM, 1.6 * UM)),
    }


def test_measures_integrate_over_the_named_parts(coated):
    one = fem.Constant(coated.mesh, 1.0)

    def integral(measure):
        return fem.assemble_scalar(fem.form(one * measure))

    bump_area = 0.2 * 0.2 * np.sqrt(np.pi)
    assert integral(coated.dx(coated.regions["metal"])) == pytest.approx(0.2 + bump_area, rel=1e-3)
    assert integral(coated.dx(coated.regions["coating"])) == pytest.approx(0.6 - bump_area, rel=1e-3)
    assert integral(coated.dx) == pytest.approx(1.8, rel=1e-12)
    assert integral(coated.ds(coated.boundaries["left"])) == pytest.approx(1.8, rel=1e-12)
    assert integral(coated.ds(coated.boundaries["top"])) == pytest.approx(1.0, rel=1e-12)
    assert integral(coated.dS(coated.interfaces["coating|electrolyte"])) == pytest.approx(1.0, rel=1e-12)
    x = np.linspace(0.0, 1 * UM, 10_001)
    length = np.hypot(np.diff(x), np.diff(coated.surface.height(x))).sum() / UM
    assert integral(coated.dS(coated.interfaces["metal|coating"])) == pytest.approx(length, rel=2e-3)


def test_the_mesh_conforms_to_the_metal_surface(coated):
    coated.mesh.topology.create_connectivity(1, 0)
    coated.mesh.topology.create_connectivity(0, 2)
    facets = coated.facet_tags.find(coated.interfaces["metal|coating"])
    vertices = np.unique(np.concatenate([coated.mesh.topology.connectivity(1, 0).links(f) for f in facets]))
    x, y = coated.mesh.geometry.x[vertices, :2].T  # a P1 mesh numbers nodes as vertices on one rank
    assert np.allclose(y * UM, coated.surface.height(x * UM), rtol=0.0, atol=1e-9 * UM)
    assert np.diff(np.sort(x)).max() < 1.1 * 25e-3


def test_region_functions_have_the_value_of_their_region(coated):
    function = coated.region_function({"metal": 1.0, "coating": 2.0, "electrolyte": 5.0})
    middles = coated.mesh.geometry.x[compat.geometry_dofmap(coated.mesh)].mean(axis=1)
    values = function.x.array[function.function_space.dofmap.list[:, 0]]
    assert np.all(values[middles[:, 1] > 0.6] == 5.0)
    assert np.all(values[middles[:, 1] < -1e-3] == 1.0)
    tip = np.hypot(middles[:, 0] - 0.5, middles[:, 1] - 0.3) < 0.05
    assert tip.any() and np.all(values[tip] == 2.0)
    with pytest.raises(KeyError, match="values are needed for"):
        coated.region_function({"metal": 1.0, "coting": 2.0, "electrolyte": 5.0})


def test_elements_are_fine_in_the_box_coarse_far_away_and_well_shaped(coated):
    summary = coated.summary()
    assert summary["quality"] > GAMMA_LEAST
    assert summary["cells"] == coated.mesh.topology.index_map(2).size_global
    nodes = compat.geometry_dofmap(coated.mesh)
    middles = coated.mesh.geometry.x[nodes].mean(axis=1)
    h = coated.mesh.h(2, np.arange(len(nodes), dtype=np.int32))
    band = (middles[:, 1] > -0.05) & (middles[:, 1] < 0.3)
    assert np.median(h[band]) == pytest.approx(0.025, rel=0.15)
    assert h[band].max() < 1.5 * 0.025
    assert h[middles[:, 1] > 1.4].max() > 0.15
    assert summary["largest_cell"] < 1.4 * 200 * NM


def test_the_same_stack_gives_the_same_mesh(coated):
    again = build_stack(COATED, SIZES, MPI.COMM_SELF)
    assert np.array_equal(again.mesh.geometry.x, coated.mesh.geometry.x)


def test_thin_layers_are_resolved_without_being_asked():
    """4 nm of SEI next to 10 um of electrolyte, no box at all: two elements across, good triangles."""
    thin = case_geometry(("metal", 0.1 * UM), ("sei", 4 * NM), ("electrolyte", 10 * UM), width=0.2 * UM)
    summary = build_stack(thin, MeshSizes(1 * NM, 500 * NM), MPI.COMM_SELF).summary()
    assert summary["quality"] > GAMMA_LEAST
    assert summary["smallest_cell"] < 2.5 * NM
    assert 2000 < summary["cells"] < 10_000


def test_small_fine_zones_on_long_lines_are_not_missed():
    """A box far from the ends of 200 um wide layers; without cuts at its edges Gmsh would not see it."""
    wide = case_geometry(("metal", 3 * UM), ("electrolyte", 30 * UM), width=200 * UM)
    box = Box(118 * UM, 118.3 * UM, 16 * UM, 16.3 * UM)
    stack = build_stack(wide, MeshSizes(50 * NM, 10 * UM, [box]), MPI.COMM_SELF)
    x = stack.mesh.geometry.x
    inside = (abs(x[:, 0] - 118.15) < 0.16) & (abs(x[:, 1] - 16.15) < 0.16)
    assert 30 < np.count_nonzero(inside) < 80
    assert stack.quality > GAMMA_LEAST


def test_one_dimension_with_layers_from_4_nm_to_1_mm():
    layers = case_geometry(("metal", 1 * UM), ("sei", 4 * NM), ("electrolyte", 1e-3))
    sizes = MeshSizes(1 * NM, 50 * UM, [Box(0.0, 0.0, -20 * NM, 40 * NM)])
    stack = build_stack(layers, sizes, MPI.COMM_SELF)
    x = np.sort(stack.mesh.geometry.x[:, 0]) * UM
    steps = np.diff(x)
    assert (x[0], x[-1]) == pytest.approx((-1 * UM, 1e-3 + 4 * NM), rel=1e-12)
    for level in (0.0, 4 * NM):
        assert abs(x - level).min() < 1e-15
    band = (x[:-1] >= -20.1 * NM) & (x[1:] <= 40.1 * NM)
    assert steps[band] == pytest.approx(1 * NM, rel=1e-6)
    assert np.max(np.maximum(steps[1:] / steps[:-1], steps[:-1] / steps[1:])) < 1.26
    assert len(x) < 250
    assert stack.boundaries.keys() == {"bottom", "top"}
    assert len(stack.facet_tags.indices) == 4
    assert stack.facet_tags.find(stack.boundaries["top"]) == np.argmax(stack.mesh.geometry.x[:, 0])


def test_a_fine_zone_inside_a_long_line_is_meshed():
    layers = case_geometry(("metal", 1 * UM), ("electrolyte", 1e-3))
    sizes = MeshSizes(20 * NM, 50 * UM, [Box(0.0, 0.0, 400 * UM, 400.1 * UM)])
    x = np.sort(build_stack(layers, sizes, MPI.COMM_SELF).mesh.geometry.x[:, 0])
    assert np.count_nonzero((x > 399.999) & (x < 400.101)) == 6


def test_python_and_gmsh_agree_on_the_size_field():
    """Along the flat top the nodes of Gmsh are as far apart as the field says."""
    flat = case_geometry(("metal", 1 * UM), ("electrolyte", 1 * UM), width=10 * UM)
    sizes = MeshSizes(50 * NM, 500 * NM, [Box(4 * UM, 5 * UM, 0.9 * UM, 1 * UM)])
    stack = build_stack(flat, sizes, MPI.COMM_SELF)
    x = stack.mesh.geometry.x
    top = np.sort(x[abs(x[:, 1] - 1.0) < 1e-12, 0])
    middle = 0.5 * (top[1:] + top[:-1])
    layers = [(-1 * UM, 0.0, 1 * UM), (0.0, 1 * UM, 1 * UM)]
    field = SizeField(sizes, layers, [flat.width], UM)
    assert np.diff(top) == pytest.approx(field(middle, np.ones_like(middle)), rel=0.2)


def test_the_mesh_can_be_written_for_gmsh(tmp_path):
    path = tmp_path / "stack.msh"
    written = write_msh(path, COATED, SIZES)
    assert written["quality"] > GAMMA_LEAST
    text = path.read_text(errors="replace")
    for name in ("metal", "coating|electrolyte", "right"):
        assert f'"{name}"' in text
    assert f"{written['nodes']}" in text


@pytest.mark.parametrize(
    ("layers", "height", "words"),
    [
        ([("metal", 0.2), ("coating", 0.2), ("electrolyte", 1.0)], 0.25, 'nothing of layer "coating"'),
        ([("metal", 0.2), ("electrolyte", 1.0)], -0.3, 'nothing of layer "metal"'),
        ([("metal", 0.2), ("top", 1.0)], 0.0, "names of their own, which top are not"),
        ([("metal", 0.2), ("sei", 0.1), ("sei", 1.0)], 0.0, "names of their own, which sei are not"),
    ],
)
def test_impossible_stacks_are_refused(layers, height, words):
    scaled = [(name, thickness * UM) for name, thickness in layers]
    geometry = case_geometry(*scaled, width=1 * UM, features=[bump(0.5, height, 0.1)])
    with pytest.raises(MeshError, match=words):
        build_stack(geometry, SIZES, MPI.COMM_SELF)


def test_impossible_sizes_are_refused():
    with pytest.raises(ValueError, match="0 < fine <= coarse"):
        MeshSizes(2 * NM, 1 * NM)
    with pytest.raises(ValueError, match="wrong order"):
        MeshSizes(1 * NM, 2 * NM, [Box(1.0, 0.0, 0.0, 1.0)])


def test_what_gmsh_says_is_passed_on(monkeypatch):
    def fail(gmsh, plan):
        gmsh.model.geo.addLine(77, 78)

    monkeypatch.setattr(stack_module, "_generate", fail)
    with pytest.raises(MeshError, match=r"Gmsh could not mesh the stack: .*77"):
        build_stack(COATED, SIZES, MPI.COMM_SELF)
    monkeypatch.undo()
    build_stack(COATED, SIZES, MPI.COMM_SELF)  # and Gmsh can be used again


def test_lost_parts_are_noticed(coated):
    one = dict.fromkeys([*coated.regions, *coated.interfaces, *coated.boundaries], 1.0)
    with pytest.raises(MeshError, match=r'"metal" measures 0\.2\d+ instead of 1'):
        check_tags(coated, one)
    swapped = SimpleNamespace(**vars(coated))
    swapped.interfaces, swapped.boundaries = {}, {"metal|coating": coated.interfaces["metal|coating"]}
    with pytest.raises(MeshError, match=r'facets of "metal\|coating" lack one of 1 cells'):
        check_tags(swapped, one)


def test_runtime_info_names_what_runs():
    info = compat.runtime_info()
    assert {"dolfinx", "petsc", "petsc4py", "mpi", "mpi4py", "gmsh", "python", "blas"} <= info.keys()
    assert all(isinstance(info[f"has_{package}"], bool) for package in ("hypre", "mumps", "superlu_dist"))


BLOCK = SimpleNamespace(
    dimension=3,
    width=1 * UM,
    depth=0.8 * UM,
    layers=[
        SimpleNamespace(name="metal", thickness=0.3 * UM),
        SimpleNamespace(name="coating", thickness=0.6 * UM),
        SimpleNamespace(name="electrolyte", thickness=1 * UM),
    ],
    features=[SimpleNamespace(kind="bump", at=(0.5 * UM, 0.4 * UM), height=0.15 * UM, width=0.25 * UM)],
)
BLOCK_SIZES = MeshSizes(50 * NM, 200 * NM, [Box(0.0, 1 * UM, -100 * NM, 150 * NM, 0.0, 0.8 * UM)])


@pytest.fixture(scope="module")
def block():
    return build_stack(BLOCK, BLOCK_SIZES, MPI.COMM_SELF)


def test_three_dimensions_have_names_measures_and_good_tetrahedra(block):
    one = fem.Constant(block.mesh, 1.0)

    def integral(measure):
        return fem.assemble_scalar(fem.form(one * measure))

    assert list(block.boundaries) == ["bottom", "top", "left", "right", "front", "back"]
    bump_volume = np.pi * 0.25**2 * 0.15
    assert integral(block.dx(block.regions["metal"])) == pytest.approx(0.24 + bump_volume, rel=5e-3)
    assert integral(block.dx(block.regions["coating"])) == pytest.approx(0.48 - bump_volume, rel=5e-3)
    assert integral(block.dx(block.regions["electrolyte"])) == pytest.approx(0.8, rel=1e-12)
    assert integral(block.dS(block.interfaces["coating|electrolyte"])) == pytest.approx(0.8, rel=1e-12)
    for name, area in {
        "top": 0.8,
        "bottom": 0.8,
        "left": 1.52,
        "right": 1.52,
        "front": 1.9,
        "back": 1.9,
    }.items():
        assert integral(block.ds(block.boundaries[name])) == pytest.approx(area, rel=2e-3), name
    assert block.quality > 0.15


def test_three_dimensional_meshes_follow_the_surface_with_elements_of_one_size(block):
    block.mesh.topology.create_connectivity(2, 0)
    facets = block.facet_tags.find(block.interfaces["metal|coating"])
    vertices = np.unique(np.concatenate([block.mesh.topology.connectivity(2, 0).links(f) for f in facets]))
    x, y, z = block.mesh.geometry.x[vertices].T
    assert np.allclose(z * UM, block.surface.height(x * UM, y * UM), rtol=0.0, atol=1e-9 * UM)
    nodes = block.mesh.geometry.x[compat.geometry_dofmap(block.mesh)]
    middles = nodes.mean(axis=1)
    above = middles[:, 2] - block.surface.height(middles[:, 0] * UM, middles[:, 1] * UM) / UM
    size = np.cbrt(np.abs(np.linalg.det(nodes[:, 1:] - nodes[:, :1]) / 6.0) * 6.0 * np.sqrt(2.0))
    band = (above > -0.1) & (above < 0.15)
    assert np.median(size[band]) == pytest.approx(0.05, rel=0.25)
    assert size[band].max() < 2 * 0.05
    assert size[middles[:, 2] > 1.3].max() > 0.12


def test_the_same_block_gives_the_same_mesh(block):
    again = build_stack(BLOCK, BLOCK_SIZES, MPI.COMM_SELF)
    assert np.array_equal(again.mesh.geometry.x, block.mesh.geometry.x)


def test_surfaces_too_steep_for_a_mesh_are_refused():
    spike = SimpleNamespace(kind="bump", at=(0.5 * UM, 0.4 * UM), height=0.5 * UM, width=0.05 * UM)
    steep = SimpleNamespace(**{**vars(BLOCK), "features": [spike]})
    with pytest.raises(MeshError, match="too steep"):
        build_stack(steep, BLOCK_SIZES, MPI.COMM_SELF)
