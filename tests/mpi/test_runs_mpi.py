"""Runs under mpirun: the same tables on any number of ranks, no hang when a rank fails."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fem_sei.post.open import open_run

ROOT = Path(__file__).parents[2]
TUTORIALS = ROOT / "cases" / "tutorials"
ENVIRONMENT = os.environ | {
    "PYTHONPATH": str(ROOT),
    "OMP_NUM_THREADS": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",  # Open MPI 5
    "OMPI_MCA_rmaps_base_oversubscribe": "1",  # Open MPI 4
    "OMPI_MCA_mpi_yield_when_idle": "1",  # more ranks than cores
}
SMALL = [  # two bumps on 3,200 nodes, a dozen steps
    'geometry.layers=[{name="metal", material="Li", thickness="0.3 um"},'
    '{name="coating", material="Al2O3_model", thickness="0.8 um"},'
    '{name="electrolyte", material="LiAlOx_model", thickness="0.4 um"}]',
    'phase_field.interface_width="100 nm"',
    "mesh.tip_margin=1.0",
    "mesh.growth_margin=1.0",
    'operation.steps[0].until={thickness="5 nm"}',
    'time.initial_step="0.1 s"',
    "output.fields_every={count=1}",
]
BETTER_LINEAR_SOLVES = [
    "solver.profile=iterative",
    "solver.petsc={ksp_rtol=1e-10, snes_ksp_ew=false}",
]
LEFT_OUT = (  # rounding decides them: balances, how often is smoothed, whether a last iteration is needed
    "charge_balance",
    "salt_balance",
    "linear_iterations",
    "newton_iterations",
)
pytestmark = pytest.mark.mpi


def mpirun(ranks, *command):
    started = ["mpirun", "-n", str(ranks), sys.executable, *map(str, command)]
    return subprocess.run(started, capture_output=True, text=True, env=ENVIRONMENT, timeout=300, check=False)


def run(ranks, folder, case, *changes):
    """The opened folder of a run on some ranks."""
    sets = [part for change in changes for part in ("--set", change)]
    done = mpirun(ranks, "-m", "fem_sei", "run", case, "--out", folder, "--no-pictures", *sets)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("results in") == 1  # one rank speaks
    opened = open_run(folder)
    assert opened.manifest["ranks"] == ranks and opened.manifest["warnings"] == []
    return opened


def assert_same_history(one, other, tolerance):
    assert list(one.history) == list(other.history)
    for name, values in one.history.items():
        expected = other.history[name]
        assert len(values) == len(expected)
        if name not in LEFT_OUT:
            limit = tolerance * np.abs(expected).max()
            np.testing.assert_allclose(values, expected, rtol=0, atol=limit, err_msg=name)


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone") / "run"
    return run(1, folder, TUTORIALS / "two_bumps.toml", *SMALL, "solver.profile=direct")


@pytest.mark.parametrize("ranks", [2, 3])
def test_the_same_history_on_any_number_of_ranks(tmp_path, alone, ranks):
    together = run(ranks, tmp_path / "run", TUTORIALS / "two_bumps.toml", *SMALL, "solver.profile=direct")
    assert_same_history(together, alone, 1e-8)
    assert together.history["charge_balance"].max() < 1e-10
    assert together.manifest["mesh"]["nodes"] == alone.manifest["mesh"]["nodes"]
    np.testing.assert_allclose(together.times, alone.times, rtol=1e-8)
    mine, theirs = together.fields(), alone.fields()
    order, same = (np.lexsort(np.round(fields.points[:, :2], 9).T) for fields in (mine, theirs))
    for name in ("xi", "c", "phi_e"):
        scale = np.abs(theirs[name]).max()
        np.testing.assert_allclose(mine[name][order], theirs[name][same], atol=1e-7 * scale, err_msg=name)


def test_the_iterative_solver_gives_the_same_history(tmp_path, alone):
    iterative = run(2, tmp_path / "run", TUTORIALS / "two_bumps.toml", *SMALL, *BETTER_LINEAR_SOLVES)
    assert_same_history(iterative, alone, 1e-8)


BLOCK = [  # a flat bump in a corner, 1,000 nodes, a few steps
    'geometry.width="0.2 um"',
    'geometry.depth="60 nm"',
    'geometry.layers=[{name="metal", material="Li", thickness="0.2 um"},'
    '{name="coating", material="Al2O3_model", thickness="0.4 um"},'
    '{name="electrolyte", material="LiAlOx_model", thickness="0.2 um"}]',
    'geometry.features=[{kind="bump", at=["0 um", "0 um"], height="40 nm", width="0.4 um"}]',
    'phase_field.interface_width="60 nm"',
    "mesh.tip_margin=1.0",
    "mesh.growth_margin=1.0",
    "mesh.elements_across_interface=3",
    'operation.steps[0].until={thickness="1 nm"}',
    'time.initial_step="0.2 s"',
    "output.fields_every={count=1}",
    "solver.profile=direct",
]


def test_three_dimensions_on_two_ranks(tmp_path):
    case = TUTORIALS / "rough_surface_3d.toml"
    one, two = (run(ranks, tmp_path / str(ranks), case, *BLOCK) for ranks in (1, 2))
    assert_same_history(two, one, 1e-8)
    for name in ("charge_balance", "salt_balance"):
        assert max(one.history[name].max(), two.history[name].max()) < 1e-10
    assert (two.dimension, two.fields().n_points) == (3, one.fields().n_points)


LINES = {
    "galvanostatic": ['operation.steps[0].until={thickness="10 nm"}'],
    "potentiostatic": [  # the current and the salt from the reservoir are sums over the ranks
        "operation.mode=potentiostatic",
        'operation.steps=[{potential="-30 mV", until={thickness="5 nm"}, ramp="1 s"},'
        '{potential="20 mV", until={duration="2 s"}}]',
    ],
    "protocol": [  # every rank must see a condition met in the same step
        'operation={counter="closed", counter_electrode="equipotential", stop="charge > 20 C/m^2", steps=['
        '{repeat=2, steps=[{current_density="5 A/m^2", until={duration="9 s", when="c_min < 900 mol/m^3"}}, '
        '{current_density="0 A/m^2", until={duration="1 s"}}]}, '
        '{potential="-20 mV", until={duration="9 s"}}]}'
    ],
}


def test_the_total_current_of_an_equipotential_electrode_on_two_ranks(tmp_path):
    changes = ["operation.counter_electrode=equipotential", "solver.profile=iterative"]
    history = run(2, tmp_path / "run", TUTORIALS / "two_bumps.toml", *SMALL, *changes).history
    np.testing.assert_allclose(history["current_density"], 10.0, rtol=1e-10)
    assert history["charge_balance"].max() < 1e-10 and history["salt_balance"].max() < 1e-10
    assert history["newton_iterations"].mean() < 4.5


@pytest.mark.parametrize("changes", LINES.values(), ids=LINES)
def test_a_line_on_two_ranks(tmp_path, changes):
    case, coarse = TUTORIALS / "planar_plating.toml", "output.fields_every={count=2}"
    one, two = (run(ranks, tmp_path / str(ranks), case, *changes, coarse) for ranks in (1, 2))
    assert_same_history(two, one, 1e-8)
    assert len(list((two.path / "fields").glob("*.vtu"))) == 2 * len(two.times)


FAILING = """
import sys
from mpi4py import MPI
from fem_sei import cli
from fem_sei.studies.observation import Observer

def row(self, report):
    if MPI.COMM_WORLD.rank == 1 and report.number == 3:
        raise ZeroDivisionError("a bug on one rank")
    return original(self, report)

original, Observer.row = Observer.row, row
sys.exit(cli.main(sys.argv[1:]))
"""


def test_a_rank_that_fails_ends_the_job_with_its_message(tmp_path):
    done = mpirun(
        2, "-c", FAILING, "run", TUTORIALS / "planar_plating.toml", "--out", tmp_path / "run", "--no-pictures"
    )
    assert done.returncode != 0
    assert "ZeroDivisionError: a bug on one rank" in done.stderr
    assert len(open_run(tmp_path / "run").history["time"]) == 2


@pytest.mark.parametrize(
    "change, words",
    [
        ("mesh.file=nowhere.msh", "there is no file"),
        ('phase_field.interface_width="2 um"', "is larger than the layer"),
    ],
)
def test_bad_input_is_said_once_and_ends_all_ranks(tmp_path, change, words):
    command = ["-m", "fem_sei", "run", TUTORIALS / "planar_plating.toml", "--out", tmp_path / "run"]
    done = mpirun(2, *command, "--set", change)
    assert done.returncode == 2
    assert done.stderr.count(words) == 1
    assert not (tmp_path / "run").exists()
