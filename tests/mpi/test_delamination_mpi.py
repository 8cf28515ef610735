"""Delamination under mpirun: the same tables on any number of ranks, restarts on another number, kills."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from fem_sei.post.open import open_run

ROOT = Path(__file__).parents[2]
FILM = ROOT / "cases" / "tutorials" / "film_delamination.toml"
ENVIRONMENT = os.environ | {
    "PYTHONPATH": str(ROOT),
    "TERM": "dumb",
    "OMP_NUM_THREADS": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",  # Open MPI 5
    "OMPI_MCA_rmaps_base_oversubscribe": "1",  # Open MPI 4
    "OMPI_MCA_mpi_yield_when_idle": "1",  # more ranks than cores
}
ELASTIC_METAL = [  # an interface between two bodies, on both of which the pressure acts
    "geometry.layers[metal].rigid=false",
    'geometry.layers[metal].thickness="8 nm"',
    'boundaries=[{on="left", condition="symmetry"}, {on="bottom", condition="clamped"}]',
    "loading.pressure=60 MPa",
    "output.fields_every={count=1}",
    "solver.profile=direct",
]
BLISTER = [  # a quarter of a disc in three dimensions
    "geometry.dimension=3",
    'geometry.width="30 nm"',
    'geometry.depth="30 nm"',
    "interfaces[0].strength=1 GPa",
    "loading.pressure=400 MPa",
    "path.first_step=0.1",
    "path.max_step=0.3",
    'interfaces[0].flaw={centre=["0 nm", "0 nm"], radius="8 nm"}',
    'boundaries=[{on="left", condition="symmetry"}, {on="front", condition="symmetry"}]',
    "mesh.elements_per_cohesive_length=4",
    "mesh.elements_across=1",
    "mesh.order=1",
    "path.max_steps=4",
    "output.fields_every={count=1}",
    "solver.profile=direct",
]
NOT_COMPARED = ("work_balance", "newton_iterations", "linear_iterations")  # rounding
pytestmark = pytest.mark.mpi


def command(ranks, *rest):
    return ["mpirun", "-n", str(ranks), sys.executable, "-m", "fem_sei", *map(str, rest)]


def start(ranks, *rest):
    done = subprocess.run(
        command(ranks, *rest), capture_output=True, text=True, env=ENVIRONMENT, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def options(folder, changes):
    sets = [part for change in changes for part in ("--set", change)]
    return ["run", FILM, "--out", folder, "--no-pictures", *sets]


def assert_same_table(one, other, tolerance=1e-8):
    assert list(one.history) == list(other.history)
    for name, expected in other.history.items():
        if name not in NOT_COMPARED:
            limit = tolerance * np.abs(expected).max()
            np.testing.assert_allclose(one.history[name], expected, rtol=0, atol=limit, err_msg=name)
    for name, expected in other.manifest["result"].items():
        found = one.manifest["result"][name]
        if isinstance(expected, str):
            assert found == expected
        elif name != "work_balance":
            assert found == pytest.approx(expected, rel=tolerance), name


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """The film on elastic metal, on one rank."""
    folder = tmp_path_factory.mktemp("film") / "run"
    start(1, *options(folder, ELASTIC_METAL))
    return open_run(folder)


@pytest.mark.parametrize("ranks", [2, 3])
def test_a_film_on_elastic_metal(tmp_path, film, ranks):
    start(ranks, *options(tmp_path / "run", ELASTIC_METAL))
    found = open_run(tmp_path / "run")
    assert found.manifest["ranks"] == ranks
    assert film.manifest["result"]["limit"] == "falls"
    assert film.history["process_zone"].max() > 0.0
    assert_same_table(found, film)


def test_a_blister_in_three_dimensions(tmp_path):
    for ranks in (1, 3):
        start(ranks, *options(tmp_path / str(ranks), BLISTER))
    one, three = (open_run(tmp_path / str(ranks)) for ranks in (1, 3))
    assert one.history["process_zone"].max() > 0.0
    assert_same_table(three, one)


def test_a_killed_run_goes_on_on_another_number_of_ranks(tmp_path, film):
    """SIGKILL in the middle; then 2 ranks go on where 1 was: the same table."""
    folder = tmp_path / "run"
    changes = [*ELASTIC_METAL, 'output.checkpoint_every={wall="1 ms"}']
    run = subprocess.Popen(
        [sys.executable, "-m", "fem_sei", *map(str, options(folder, changes))],
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
    )
    table, deadline = folder / "history.csv", time.monotonic() + 200.0
    while not (table.exists() and len(table.read_text().splitlines()) > 8):
        assert run.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert len(open_run(folder).history["step"]) < len(film.history["step"])
    start(2, "restart", folder, "--no-pictures")
    found = open_run(folder)
    assert [entry["ranks"] for entry in found.manifest["restarts"]] == [2]
    assert_same_table(found, film)
