"""Stress in plating cases on several ranks: the tables of one rank."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fem_sei.cli import main
from fem_sei.post.open import open_run

ROOT = Path(__file__).parents[2]
BUMPS = ROOT / "cases" / "verification" / "restart" / "bumps.toml"
ENVIRONMENT = os.environ | {
    "PYTHONPATH": str(ROOT),
    "TERM": "dumb",
    "OMP_NUM_THREADS": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",  # Open MPI 5
    "OMPI_MCA_rmaps_base_oversubscribe": "1",  # Open MPI 4
    "OMPI_MCA_mpi_yield_when_idle": "1",  # more ranks than cores
}
CHANGES = (  # a coating under tension that new metal pushes against, below a liquid under pressure
    'mechanics={stack_pressure="20 MPa", growth_strain=0.05}',
    'geometry.layers[coating].residual_stress="100 MPa"',
    'materials.coating={extends="library:Al2O3_model", E="20 GPa", nu=0.3}',
    "geometry.layers[coating].material=coating",
    'operation.steps[0].until={thickness="3 nm"}',
)
pytestmark = pytest.mark.mpi


@pytest.mark.parametrize("profile", ["direct", "iterative"])
def test_stress_on_two_ranks_is_that_on_one(tmp_path, profile):
    sets = [part for change in (*CHANGES, f"solver.profile={profile}") for part in ("--set", change)]
    command = ["run", str(BUMPS), "--no-pictures", *sets, "--out"]
    assert main([*command, str(tmp_path / "one")]) == 0
    done = subprocess.run(
        ["mpirun", "-n", "2", sys.executable, "-m", "fem_sei", *command, str(tmp_path / "two")],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    one, two = (open_run(tmp_path / name).history for name in ("one", "two"))
    tolerance = 1e-8 if profile == "direct" else 1e-5
    for name in (
        "tip",
        "valley",
        "cell_voltage",
        "front_pressure",
        "front_pressure_min",
        "front_pressure_max",
    ):
        limit = tolerance * np.abs(one[name]).max()
        np.testing.assert_allclose(two[name], one[name], rtol=0, atol=limit, err_msg=name)
    assert one["front_pressure_max"][-1] > 1.2 * one["front_pressure_min"][-1]
