"""Runs that are stopped under mpirun and continued on another number of ranks; faults on one of the ranks."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from fem_sei.cli import main
from fem_sei.post.open import open_run
from fem_sei.results import checkpoint
from fem_sei.studies.stopping import Decision, Watch

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("restart_program.py")
BUMPS = ROOT / "cases" / "verification" / "restart" / "bumps.toml"
CYCLE = ROOT / "cases" / "verification" / "restart" / "case.toml"
ENVIRONMENT = os.environ | {
    "PYTHONPATH": str(ROOT),
    "TERM": "dumb",
    "OMP_NUM_THREADS": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",  # Open MPI 5
    "OMPI_MCA_rmaps_base_oversubscribe": "1",  # Open MPI 4
    "OMPI_MCA_mpi_yield_when_idle": "1",  # more ranks than cores
}
pytestmark = pytest.mark.mpi


def mpirun(ranks, *command):
    started = ["mpirun", "-n", str(ranks), sys.executable, *map(str, command)]
    return subprocess.run(started, capture_output=True, text=True, env=ENVIRONMENT, timeout=120, check=False)


def run(case, folder, changes=()):
    sets = [part for change in changes for part in ("--set", change)]
    return ["run", str(case), "--out", str(folder), "--no-pictures", *sets]


BLOCK = (  # three dimensions
    *("geometry.dimension=3", "geometry.width=0.3 um", "geometry.depth=0.1 um", "solver.profile=direct"),
    "geometry.layers[coating].thickness=0.5 um",
    'geometry.features=[{kind="bump", at=["0 um", "0 um"], height="0.1 um", width="0.4 um"}]',
    'operation.steps[0].until={thickness="6 nm"}',
)


@pytest.mark.parametrize("changes", [(), BLOCK], ids=["2-D", "3-D"])
def test_a_run_goes_on_on_other_numbers_of_ranks(tmp_path, changes):
    """1 -> 2 -> 3 -> 1 ranks: the tables of one rank to 1e-10."""
    assert main(run(BUMPS, tmp_path / "whole", changes)) == 0
    folder = tmp_path / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Watch, "after_step", lambda self, now: Decision(False, "enough" if now > 0.2 else ""))
        assert main(run(BUMPS, folder, changes)) == 130
    for ranks in (2, 3):
        done = mpirun(ranks, PROGRAM, "stop", 4, "restart", folder, "--no-pictures")
        assert done.returncode == 130, done.stdout + done.stderr
    assert main(["restart", str(folder), "--no-pictures"]) == 0
    found, expected = open_run(folder), open_run(tmp_path / "whole")
    assert [entry["ranks"] for entry in found.manifest["restarts"]] == [2, 3, 1]
    for name, values in expected.history.items():
        if not name.endswith(("balance", "iterations")):
            limit = 1e-10 * np.abs(values).max()
            np.testing.assert_allclose(found.history[name], values, rtol=0, atol=limit, err_msg=name)
    assert found.history["charge_balance"].max() < 1e-10
    np.testing.assert_allclose(found.times, expected.times, rtol=1e-10)
    for number in range(len(expected.times)):
        mine, theirs = found.fields(index=number), expected.fields(index=number)
        order, same = (np.lexsort(np.round(fields.points, 9).T) for fields in (mine, theirs))
        np.testing.assert_allclose(mine["xi"][order], theirs["xi"][same], atol=1e-9)


FAULTS = {  # what is said, and where the results are
    "no_large_files": ("HDF5 failed on rank 1", "run"),
    "vanish": ("No such file", "moved"),
    "raise_on_rank_1": ("ZeroDivisionError: a bug on one rank", "run"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_on_one_rank_ends_the_job_with_its_message(tmp_path, fault):
    said, place = FAULTS[fault]
    done = mpirun(2, PROGRAM, fault, 4, *run(CYCLE, tmp_path / "run", ['time.max_step="0.2 s"']))
    assert done.returncode == (1 if fault == "raise_on_rank_1" else 4), done.stderr
    assert said in done.stderr
    folder = tmp_path / place
    before = json.loads(checkpoint.latest(folder / "checkpoint").read_text())["meta"]
    assert main(["restart", str(folder), "--no-pictures", "--until", f"{before['time'] + 0.3} s"]) == 0
    steps = open_run(folder).history["step"]
    np.testing.assert_array_equal(steps, np.arange(1, len(steps) + 1))
    assert steps[-1] > before["step"]


def test_a_signal_to_mpirun_leaves_a_checkpoint_of_the_last_step(tmp_path):
    """SIGUSR1, which mpirun passes on without killing the ranks afterwards."""
    folder = tmp_path / "run"
    command = ["mpirun", "-n", "2", sys.executable, "-m", "fem_sei"]
    process = subprocess.Popen(
        [*command, *run(CYCLE, folder, ['time.max_step="0.02 s"'])],
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(600):
            if (folder / "history.csv").is_file() and (folder / "history.csv").read_text().count("\n") > 5:
                break
            time.sleep(0.1)
        process.send_signal(signal.SIGUSR1)
        assert process.wait(timeout=60) == 130
    finally:
        process.kill()
    opened = open_run(folder)
    assert opened.manifest["status"] == "interrupted"
    meta = json.loads(checkpoint.latest(folder / "checkpoint").read_text())["meta"]
    assert meta["step"] == opened.history["step"][-1] >= 5
