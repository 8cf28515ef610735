"""Three-dimensional runs: the front as triangles with its current density, and the pictures that show it."""

import numpy as np
import pytest
from fabricated import SITES, make_solid_run
from matplotlib.image import imread

from fem_sei.closed_form.kinetics import butler_volmer
from fem_sei.post import plot
from fem_sei.post.open import open_run
from fem_sei.post.scene import cut, front_profile, heading, view_of
from fem_sei.post.solid import CURRENT, front


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_solid_run(tmp_path_factory.mktemp("solid") / "run")


def expected_height(x, y, time):
    """Height of the fabricated front, in um."""
    return time * 10.0 / SITES * 1e6 + 0.2 * np.exp(-((x - 1.0) ** 2 + (y - 0.5) ** 2) / 0.4**2)


def test_the_front_is_where_it_was_put(folder):
    run = open_run(folder)
    found = front(run, 1)
    x, y, z = found.triangles.reshape(-1, 3).T
    assert np.abs(z - expected_height(x, y, found.time)).max() < 5e-3
    corners = found.triangles
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
    assert area.sum() == pytest.approx(2.0 * 1.0, rel=0.1)
    assert area.sum() > 2.0


def test_the_current_density_is_that_of_the_kinetics(folder):
    run = open_run(folder)
    found = front(run, 1)
    assert found.quantity is CURRENT
    z = found.triangles[:, :, 2].mean(axis=1)
    c = 1000.0 * (1.0 - 0.8 * np.clip((1.2 - z) / 1.2, 0.0, 1.0))
    voltage = np.interp(found.time, run.history["time"], run.history["cell_voltage"])
    eta = voltage + 0.02 - (0.02 + 0.05 * np.log(c / 1000.0))
    expected = butler_volmer(eta, 10.0, 0.5, 1, 298.15, c / 1000.0)
    assert np.abs(found.values - expected).max() < 0.05 * np.ptp(expected) + 0.02 * np.abs(expected).max()
    assert front(run, 0).quantity is not CURRENT  # no current yet


def test_the_plane_goes_through_the_highest_point(folder):
    run = open_run(folder)
    assert cut(run) == pytest.approx(0.5, abs=0.04)
    assert heading(run).endswith("at y = 0.5 µm")
    profile = front_profile(run, 1)
    assert np.abs(profile.y - expected_height(profile.x, 0.5, profile.time)).max() < 6e-3
    view = view_of(run)
    assert (view.left, view.right) == pytest.approx((0.0, 2.0))
    assert view.upwards == "z"


def test_all_pictures_are_drawn(folder):
    files = {file.name: file for file in plot(folder)}
    assert {"surface.png", "stack.png", "concentration.png", "potential.png", "front.png"} <= files.keys()
    for name in ("surface.png", "stack.png"):
        picture = imread(files[name])
        assert picture[:, :, :3].std() > 0.1  # not an empty sheet
