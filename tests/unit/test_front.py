"""Geometry of a front: gradients on simplices, normals, curvature, crossings, width, pieces."""

import numpy as np
import pytest
from dolfinx import fem, mesh
from mpi4py import MPI

from fem_sei.numerics.front import FrontGeometry, level, profile
from fem_sei.numerics.simplex import SimplexGrid

COMM = MPI.COMM_SELF
RADIUS, L, SMOOTHING, CELLS = 0.5, 0.05, 0.06, 80


def p1(domain):
    return fem.functionspace(domain, ("P", 1))


def square(cells):
    """(-1, 1)^2 in 2 cells^2 triangles."""
    return mesh.create_rectangle(COMM, [np.array([-1.0, -1.0]), np.array([1.0, 1.0])], [cells, cells])


def distances(front, level_of):
    """Nodal values of a level function of (x, y)."""
    return level_of(*front.grid.points.T)


@pytest.fixture(scope="module")
def circle():
    """A disc of metal; psi is the signed distance to its edge, bounded like that of the study."""
    front = FrontGeometry(p1(square(CELLS)), L, SMOOTHING)
    psi = level(profile(distances(front, lambda x, y: RADIUS - np.hypot(x, y)), L), L)
    front.update(psi, with_curvature=True)
    return front, psi


# Cells


@pytest.mark.parametrize(
    ("domain", "size"),
    [
        (mesh.create_interval(COMM, 7, [0.0, 2.0]), 2.0),
        (mesh.create_rectangle(COMM, [np.zeros(2), np.array([2.0, 1.0])], [3, 4]), 2.0),
        (mesh.create_box(COMM, [np.zeros(3), np.array([2.0, 1.0, 3.0])], [2, 2, 3]), 6.0),
    ],
    ids=["1-D", "2-D", "3-D"],
)
def test_gradients_volumes_and_edges(domain, size):
    grid = SimplexGrid(p1(domain))
    slope = np.array([2.0, -3.0, 0.5])[: grid.dimension]
    gradient = grid.gradient(4.0 + grid.points @ slope)
    np.testing.assert_allclose(gradient, np.broadcast_to(slope, gradient.shape), rtol=1e-12)
    assert grid.volumes.sum() == pytest.approx(size)
    domain.topology.create_entities(1)
    assert len(grid.edges) == domain.topology.index_map(1).size_global
    assert len(np.unique(grid.edges, axis=0)) == len(grid.edges)


def test_extent_of_cells_along_a_direction():
    grid = SimplexGrid(p1(mesh.create_rectangle(COMM, [np.zeros(2), np.array([3.0, 1.0])], [6, 5])))
    for direction, extent in (((1.0, 0.0), 0.5), ((0.0, -1.0), 0.2)):
        along = np.tile(direction, (len(grid.cells), 1))
        np.testing.assert_allclose(grid.extent_along(along), extent)


# Level and profile


def test_level_is_the_inverse_of_the_profile():
    psi = np.linspace(-12, 12, 49) * L
    np.testing.assert_allclose(level(profile(psi, L), L), psi, atol=4e-4 * L)
    assert np.abs(level(np.array([-0.1, 0.0, 1.0, 1.2]), L)).max() < 20.8 * L


# Normals and curvature


def test_a_plane_has_its_normal_and_no_curvature():
    front = FrontGeometry(p1(square(40)), L, SMOOTHING)
    psi = level(profile(distances(front, lambda x, y: 0.02 - y), L), L)
    front.update(psi, with_curvature=True)
    near = np.abs(psi[front.grid.cells]).max(axis=1) < 3 * L
    normal = front.normal.x.array.reshape(-1, 2)[near]
    np.testing.assert_allclose(normal, np.broadcast_to([0.0, -1.0], normal.shape), atol=2e-4)
    assert np.abs(front.curvature.x.array[np.abs(psi) < 3 * L]).max() < 0.02


def test_normals_of_a_circle_point_to_its_middle(circle):
    front, psi = circle
    middle = front.grid.points[front.grid.cells].mean(axis=1)
    near = np.abs(psi[front.grid.cells]).max(axis=1) < 2 * L
    inwards = -middle[near] / np.linalg.norm(middle[near], axis=1)[:, None]
    error = front.normal.x.array.reshape(-1, 2)[near] - inwards
    assert np.linalg.norm(error, axis=1).max() < 0.02
    assert np.abs(error.mean(axis=0)).max() < 1e-3


def test_curvature_of_a_circle(circle):
    """K = 1/r: what the smoothing over the length s leaves is 9 (s/r)^4, 0.2 %."""
    front, psi = circle
    found = front.crossings(psi).sample(front.curvature.x.array)
    assert found.mean() == pytest.approx(1 / RADIUS, rel=4e-3)
    assert found.std() < 0.01 / RADIUS


def test_a_bubble_in_the_metal_has_negative_curvature(circle):
    front, psi = circle
    front.update(-psi, with_curvature=True)
    assert front.crossings(-psi).sample(front.curvature.x.array).mean() == pytest.approx(-2.0, rel=4e-3)
    front.update(psi, with_curvature=True)


# Position


def test_crossings_lie_on_the_circle(circle):
    front, psi = circle
    found = front.crossings(psi)
    h = 2.0 / CELLS * np.sqrt(2)
    assert np.abs(np.linalg.norm(found.points, axis=1) - RADIUS).max() < h**2 / (8 * RADIUS) * 1.1
    angles = np.sort(np.arctan2(*found.points.T))
    assert np.diff(angles).max() < 2 * h / RADIUS  # all around


def test_samples_at_crossings_are_linear_in_space(circle):
    front, psi = circle
    found = front.crossings(psi)
    nodal = 3.0 + front.grid.points @ [1.0, -2.0]
    np.testing.assert_allclose(found.sample(nodal), 3.0 + found.points @ [1.0, -2.0], rtol=1e-12)


def test_no_front_has_no_crossings(circle):
    front, psi = circle
    assert len(front.crossings(np.full_like(psi, L)).points) == 0
    assert front.width_range(np.full_like(psi, -L)) == (np.inf, 0.0)
    assert front.count_pieces(np.full_like(psi, -L)) == 0


def test_sharpest_bend_and_steepest_field_at_the_front(circle):
    front, psi = circle
    front.update(level(profile(psi, L), L), with_curvature=False)
    assert front.sharpest(psi) == pytest.approx(1 / RADIUS, rel=0.02)
    assert front.steepest(front.grid.points @ [3.0, 4.0], psi) == pytest.approx(5.0, rel=1e-12)


# Width and resolution


@pytest.mark.parametrize("stretch", [1.0, 1.3, 0.8])
def test_width_of_a_plane_tanh_profile(stretch):
    front = FrontGeometry(p1(square(40)), L, SMOOTHING)
    psi = distances(front, lambda x, y: (0.013 - y) / stretch)
    psi = level(profile(psi, L), L)
    front.update(psi, with_curvature=False)
    assert front.width_range(psi) == pytest.approx((stretch, stretch), rel=1e-6)


def test_width_of_a_curved_front_is_measured_everywhere(circle):
    """A front that is 1.0 times as wide as it should be on the left and 1.4 times on the right."""
    front, _ = circle
    psi = distances(front, lambda x, y: (RADIUS - np.hypot(x, y)) / (1.2 + 0.4 * x))
    low, high = front.width_range(level(profile(psi, L), L))
    flat = 2.0 / CELLS / RADIUS  # the gradient of a cell is that of a point to first order in h/r
    assert low == pytest.approx(1.0, rel=flat) and high == pytest.approx(1.4, rel=flat)


def test_coarse_cells_are_switched_off_and_noticed():
    domain = mesh.create_interval(COMM, 60, [-1.0, 1.0])
    x = domain.geometry.x[:, 0]
    x[:] = np.where(x > 0, 4 * x, x)  # cells of 0.033 below 0, of 0.133 above; 2 l = 0.1
    front = FrontGeometry(p1(domain), L, SMOOTHING)
    left, right = (side(front.grid.points[front.grid.cells][:, :, 0], axis=1) for side in (np.min, np.max))
    for at, coarse in ((-0.3, False), (1.05, True)):
        psi = level(profile(at - front.grid.points[:, 0], L), L)
        front.update(psi, with_curvature=False)
        assert front.unresolved(psi) == coarse
        near = (right > at - 11 * L) & (left < at + 11 * L)
        far = (right < at - 12 * L) | (left > at + 12 * L)
        on = front.switch.x.array > 0
        assert on[near & (right < 0.01)].all() and not on[left > -0.01].any() and not on[far].any()


# Pieces


@pytest.mark.parametrize(
    ("middles", "pieces"),
    [
        ([(0.0, 0.0)], 1),
        ([(-0.5, 0.1), (0.5, 0.0)], 2),
        ([(-0.25, 0.0), (0.25, 0.0)], 1),
        ([(x, y) for x in (-0.7, 0, 0.7) for y in (-0.7, 0, 0.7)], 9),
    ],
)
def test_pieces_of_metal(circle, middles, pieces):
    front, _ = circle
    psi = 0.3 - np.min([np.linalg.norm(front.grid.points - middle, axis=1) for middle in middles], axis=0)
    assert front.count_pieces(psi) == pieces
