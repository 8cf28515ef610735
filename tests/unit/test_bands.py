"""Stacks of the delamination study: rigid layers, single layers, fine bands, vertices where flaws end."""

from types import SimpleNamespace

import numpy as np
import pytest
from mpi4py import MPI

from fem_sei.geometry.bands import Band, band_sizes
from fem_sei.geometry.layers import places
from fem_sei.geometry.reader import MeshFileError
from fem_sei.geometry.sizes import GRADING
from fem_sei.geometry.stack import MeshError, MeshFile, MeshSizes, build_stack, write_msh
from fem_sei.numerics import compat

NM, MM = 1e-9, 1e-3
GAMMA_LEAST = 0.4  # triangles: ratio of inscribed to circumscribed circle


def case_geometry(*layers, width, depth=None):
    """What a case's geometry looks like: layers are (name, thickness, rigid)."""
    return SimpleNamespace(
        dimension=2 if depth is None else 3,
        width=width,
        depth=depth,
        layers=[SimpleNamespace(name=name, thickness=h, rigid=rigid) for name, h, rigid in layers],
    )


def flaw(start, end):
    return SimpleNamespace(start=start, end=end)


def on_line(stack, axis, at):
    """Sorted other coordinate of the mesh's nodes on x = at or y = at, in units of the mesh."""
    x = stack.mesh.geometry.x
    return np.sort(x[np.abs(x[:, axis] - at) < 1e-9, 1 - axis])


def edge_ratio(stack):
    """Longest over shortest edge of the worst triangle."""
    nodes = stack.mesh.geometry.x[compat.geometry_dofmap(stack.mesh)]
    edges = np.linalg.norm(nodes - np.roll(nodes, 1, axis=1), axis=2)
    return float((edges.max(axis=1) / edges.min(axis=1)).max())


FILM = case_geometry(("metal", 20 * NM, True), ("sei", 4 * NM, False), width=80 * NM)
BAND = Band("metal|sei", 0.5 * NM, flaw(0.0, 8 * NM), 20 * NM)


def test_every_interface_is_found_in_the_mesh():
    layers = [("metal", NM, True), ("sei", NM, False), ("coating", NM, False), ("press", NM, True)]
    found = places(case_geometry(*layers, width=NM))
    assert found == {
        "metal|sei": ("boundary", "bottom"),
        "sei|coating": ("interface", "sei|coating"),
        "coating|press": ("boundary", "top"),
    }
    assert list(places(case_geometry(*layers[1:3], width=NM)).values()) == [("interface", "sei|coating")]


@pytest.mark.parametrize(
    ("rigid", "layers"),
    [
        ((True, False, False), {"sei": (0.0, 4.0), "coating": (4.0, 10.0)}),
        ((False, False, True), {"metal": (-20.0, 0.0), "sei": (0.0, 4.0)}),
        ((True, False, True), {"sei": (0.0, 4.0)}),
        ((False, False, False), {"metal": (-20.0, 0.0), "sei": (0.0, 4.0), "coating": (4.0, 10.0)}),
    ],
)
def test_rigid_layers_are_left_out_and_heights_count_from_the_first_layer(rigid, layers):
    thickness = {"metal": 20 * NM, "sei": 4 * NM, "coating": 6 * NM}
    stack_of = [(name, h, is_rigid) for (name, h), is_rigid in zip(thickness.items(), rigid, strict=True)]
    geometry = case_geometry(*stack_of, width=60 * NM)
    stack = build_stack(geometry, band_sizes(geometry, []), MPI.COMM_SELF, NM)
    assert stack.layers.keys() == layers.keys() == stack.regions.keys()
    for name, (low, high) in layers.items():
        assert stack.layers[name] == pytest.approx((low * NM, high * NM), abs=1e-20)
    assert set(stack.interfaces) == {name for kind, name in places(geometry).values() if kind == "interface"}
    y = stack.mesh.geometry.x[:, 1]
    assert (y.min(), y.max()) == pytest.approx((min(layers.values())[0], max(layers.values())[1]), abs=1e-12)


@pytest.mark.parametrize("across", [1, 2, 3])
def test_a_single_layer_has_fine_elements_where_the_process_zone_can_be(across):
    stack = build_stack(FILM, band_sizes(FILM, [BAND], across=across), MPI.COMM_SELF, NM)
    x = on_line(stack, 1, 0.0)
    steps = np.diff(x)
    assert np.abs(x - 8.0).min() < 1e-12
    band = (x[:-1] > 5.99) & (x[1:] < 28.01)
    assert np.count_nonzero(band) == 44
    assert steps[band] == pytest.approx(0.5, rel=1e-9)
    assert steps.max() <= 4.0 / across
    assert np.abs(np.diff(np.log(steps))).max() < 1.2 * GRADING
    assert len(on_line(stack, 0, 80.0)) >= across + 1
    assert stack.quality > GAMMA_LEAST and edge_ratio(stack) < 3.0


def test_the_band_covers_all_that_has_no_flaw_or_no_limit():
    for band, fine_from in ((Band("metal|sei", 0.5 * NM), 0.0), (Band("metal|sei", NM, BAND.flaw), 4.0)):
        x = on_line(build_stack(FILM, band_sizes(FILM, [band]), MPI.COMM_SELF, NM), 1, 0.0)
        assert np.diff(x)[x[:-1] > fine_from - 1e-9] == pytest.approx(band.size / NM, rel=1e-9)


def test_flaws_in_the_middle_have_two_ends_and_two_bands():
    sizes = band_sizes(FILM, [Band("metal|sei", 0.5 * NM, flaw(30 * NM, 50 * NM), 5 * NM)])
    x = on_line(build_stack(FILM, sizes, MPI.COMM_SELF, NM), 1, 0.0)
    for start, end in ((25.0, 32.0), (48.0, 55.0)):
        inside = x[(x > start - 1e-9) & (x < end + 1e-9)]
        assert inside == pytest.approx(np.arange(start, end + 0.25, 0.5), abs=1e-9)
    assert np.diff(x)[(x[:-1] > 36.0) & (x[1:] < 44.0)].min() > 1.0


def test_vertices_are_where_flaws_end_and_boundaries_begin_to_be_held():
    """Two arms 1.5 mm thick, held on parts of the left side and of the top; the interface is inside."""
    arms = case_geometry(("lower", 1.5 * MM, False), ("upper", 1.5 * MM, False), width=50 * MM)
    boundaries = [
        SimpleNamespace(on="left", between=(0.0, 0.4 * MM)),
        SimpleNamespace(on="top", between=(7 * MM, 50 * MM)),
        SimpleNamespace(on="right", between=None),
    ]
    band = Band("lower|upper", 0.25 * MM, flaw(0.0, 20.1 * MM), 10 * MM)
    stack = build_stack(arms, band_sizes(arms, [band], boundaries), MPI.COMM_SELF, MM)
    assert np.abs(on_line(stack, 0, 0.0) - 0.4).min() < 1e-12
    assert np.abs(on_line(stack, 1, 1.5) - 7.0).min() < 1e-12
    x = on_line(stack, 1, 0.0)
    assert np.abs(x - 20.1).min() < 1e-12
    assert np.diff(x)[(x[:-1] > 19.09) & (x[1:] < 30.11)].max() <= 0.25 * (1.0 + 1e-9)
    assert stack.quality > GAMMA_LEAST and edge_ratio(stack) < 3.0


def test_coarse_elements_are_no_larger_than_asked():
    sizes = band_sizes(FILM, [BAND], coarse=1 * NM)
    assert np.diff(on_line(build_stack(FILM, sizes, MPI.COMM_SELF, NM), 1, 0.0)).max() <= 1.0
    assert band_sizes(FILM, [BAND], coarse=0.1 * NM).fine == pytest.approx(0.1 * NM)


@pytest.mark.parametrize(
    ("centre", "radius", "share"),
    [
        ((0.0, 0.0), 8.0, 0.25),
        ((12.0, 0.0), 5.0, 0.5),
        ((12.0, 12.0), 6.0, 1.0),
        ((12.0, 12.0), 14.0, None),  # beyond the sides: four arcs
    ],
)
def test_discs_are_followed_by_the_mesh(centre, radius, share):
    """Facets wholly within the disc measure a disc with straight edges between vertices on its circle."""
    film = case_geometry(("metal", 5 * NM, True), ("sei", 4 * NM, False), width=24 * NM, depth=24 * NM)
    disc = SimpleNamespace(centre=[at * NM for at in centre], radius=radius * NM)
    sizes = band_sizes(film, [Band("metal|sei", 1 * NM, disc, 4 * NM)], across=1)
    stack = build_stack(film, sizes, MPI.COMM_SELF, NM)
    stack.mesh.topology.create_connectivity(2, 0)
    links = stack.mesh.topology.connectivity(2, 0)
    facets = stack.facet_tags.find(stack.boundaries["bottom"])
    corners = stack.mesh.geometry.x[np.array([links.links(f) for f in facets])][:, :, :2]
    away = np.linalg.norm(corners - centre, axis=2)
    inside, outside = np.all(away < radius + 1e-9, axis=1), np.all(away > radius - 1e-9, axis=1)
    assert np.all(inside | outside)
    edges = corners[:, 1:] - corners[:, :1]
    area = 0.5 * np.abs(np.linalg.det(edges[inside])).sum()
    if share is None:  # disc without four segments
        half = np.arccos(12.0 / radius)
        exact = np.pi * radius**2 - 4.0 * radius**2 * (half - np.sin(half) * np.cos(half))
    else:
        exact = share * np.pi * radius**2
    assert area == pytest.approx(exact, rel=(1.2 / radius) ** 2 / 6.0)  # arcs of 1.2 nm: 1 - sin(t)/t
    near = np.abs(away.mean(axis=1) - radius) < 1.0
    lengths = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
    assert np.median(lengths[near]) == pytest.approx(1.0, rel=0.2)
    assert stack.quality > 0.2


def test_discs_that_cover_everything_have_no_edge_and_grazing_ones_are_refused():
    film = case_geometry(("metal", 5 * NM, True), ("sei", 4 * NM, False), width=40 * NM, depth=40 * NM)

    def sizes(radius):
        disc = SimpleNamespace(centre=(20 * NM, 20 * NM), radius=radius * NM)
        return band_sizes(film, [Band("metal|sei", 1 * NM, disc, 4 * NM)])

    assert sizes(28.3).rings == []
    with pytest.raises(MeshError, match="the edge of a flaw grazes a side"):
        build_stack(film, sizes(20.0), MPI.COMM_SELF, NM)


def test_mesh_files_of_films_need_what_the_study_says(tmp_path):
    path = tmp_path / "film.msh"
    write_msh(path, FILM, band_sizes(FILM, [BAND]), NM)
    sizes = MeshSizes(NM, NM)
    read = build_stack(FILM, sizes, MPI.COMM_SELF, NM, MeshFile(path, NM, ("bottom", "left")))
    assert list(read.regions) == ["sei"] and "bottom" in read.boundaries
    with pytest.raises(MeshFileError, match='has no group of facets "front"'):
        build_stack(FILM, sizes, MPI.COMM_SELF, NM, MeshFile(path, NM, ("front",)))
